use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use postseal_types::Secret;

use super::*;
use crate::{PeerFault, TokenProvider};

/// The greeting and the capabilities of a server that has these besides what there is to ask for after a login.
fn offering(capabilities: &str) -> String {
    format!("S: +OK hi\nC: CAPA\nS: +OK\nS: TOP\nS: UIDL\nS: PIPELINING\nS: {capabilities}\nS: .\n")
}

#[tokio::test]
async fn a_password_goes_by_plain_where_it_is_offered() {
    let script = "
        C: AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=
        S: +OK in
        C: NOOP
        S: +OK
    ";
    converse(&format!("{}{script}", offering("SASL LOGIN PLAIN\nS: USER")), async |connection| {
        assert_eq!(connection.log_in(&alice()).await.unwrap().noop().await, Ok(()));
    })
    .await;
}

#[tokio::test]
async fn a_server_without_capa_gets_user_and_pass() {
    let script = "
        S: +OK hi
        C: CAPA
        S: -ERR what?
        C: USER alice
        S: +OK
        C: PASS wonderland
        S: +OK in
        C: CAPA
        S: -ERR what?
    ";
    converse(script, async |connection| {
        assert!(!connection.capabilities().is_known());
        connection.log_in(&alice()).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn what_is_announced_only_after_the_login_counts() {
    let script = "
        S: +OK hi
        C: CAPA
        S: +OK
        S: USER
        S: SASL PLAIN
        S: .
        C: AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=
        S: +OK
        C: CAPA
        S: +OK
        S: UIDL
        S: PIPELINING
        S: .
    ";
    converse(script, async |connection| {
        assert!(!connection.capabilities().has("PIPELINING"));
        let session = connection.log_in(&alice()).await.unwrap();
        assert!(session.capabilities().has("pipelining"));
        assert!(!session.capabilities().has("SASL"));
    })
    .await;
}

#[tokio::test]
async fn a_refused_login_hands_the_connection_back() {
    let script = "
        C: USER alice
        S: +OK
        C: PASS looking-glass
        S: -ERR [AUTH] looking-glass is not the password
        C: USER alice
        S: -ERR slow down
        C: USER alice
        S: +OK
        C: PASS wonderland
        S: +OK in
    ";
    converse(&format!("{}{script}", offering("USER")), async |connection| {
        let wrong = Credentials::password("alice", "looking-glass").unwrap();
        let (error, connection) = denied(connection.log_in(&wrong).await);
        let code = Some("AUTH".to_owned());
        let refused = Refusal { response_code: code, ..refusal("PASS", "… is not the password") };
        assert_eq!(error, Error::LoginRefused(refused));
        let (error, connection) = denied(connection.log_in(&alice()).await);
        assert_eq!(error, Error::LoginRefused(refusal("USER", "slow down")));
        connection.log_in(&alice()).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_refusal_that_is_not_for_the_credentials_is_no_refused_login() {
    for (code, is_transient) in
        [("IN-USE", true), ("LOGIN-DELAY", true), ("SYS/TEMP", true), ("SYS/PERM", false)]
    {
        let script = format!(
            "{}C: AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=\nS: -ERR [{}] not now\n",
            offering("SASL PLAIN"),
            code.to_lowercase(),
        );
        converse(&script, async |connection| {
            let (error, _) = denied(connection.log_in(&alice()).await);
            let refused =
                Refusal { response_code: Some(code.to_owned()), ..refusal("AUTH PLAIN", "not now") };
            assert_eq!((error.is_retryable(), error), (is_transient, Error::Refused(refused)));
        })
        .await;
    }
}

#[tokio::test]
async fn what_the_server_does_not_offer_is_not_tried() {
    converse(&offering("SASL PLAIN"), async |connection| {
        let token = Credentials::token("alice", "t").unwrap();
        let (error, _) = denied(connection.log_in(&token).await);
        assert_eq!(error, Error::Unsupported { extension: "XOAUTH2" });
    })
    .await;
}

#[tokio::test]
async fn who_has_shown_a_certificate_says_a_name() {
    let who = Credentials::certificate("alice").unwrap();
    let script = format!("{}C: AUTH EXTERNAL YWxpY2U=\nS: +OK in\n", offering("SASL PLAIN EXTERNAL"));
    converse(&script, async |connection| {
        connection.log_in(&who).await.unwrap();
    })
    .await;
    converse(&offering("USER"), async |connection| {
        let (error, _) = denied(connection.log_in(&who).await);
        assert_eq!(error, Error::Unsupported { extension: "EXTERNAL" });
    })
    .await;
}

#[tokio::test]
async fn user_and_pass_are_the_last_resort_of_a_password() {
    let offer = offering("SASL CRAM-MD5");
    converse(&format!("{offer}C: USER alice\nS: +OK\nC: PASS wonderland\nS: +OK\n"), async |connection| {
        connection.log_in(&alice()).await.unwrap();
    })
    .await;
    converse(
        &format!("{offer}C: USER alice\nS: +OK\nC: PASS wonderland\nS: -ERR no\n"),
        async |connection| {
            let (error, _) = denied(connection.log_in(&alice()).await);
            assert_eq!(error, Error::LoginRefused(refusal("PASS", "no")));
        },
    )
    .await;
    converse(&format!("{offer}C: USER alice\nS: -ERR [SYS/TEMP] later\n"), async |connection| {
        let (error, _) = denied(connection.log_in(&alice()).await);
        let code = Some("SYS/TEMP".to_owned());
        assert_eq!(error, Error::Refused(Refusal { response_code: code, ..refusal("USER", "later") }));
    })
    .await;
    converse(&format!("{offer}C: USER alice\nS: -ERR unknown command\n"), async |connection| {
        let (error, _) = denied(connection.log_in(&alice()).await);
        assert_eq!(error, Error::Unsupported { extension: "USER" });
    })
    .await;
}

#[tokio::test]
async fn a_refused_token_says_why() {
    let reason = BASE64.encode(br#"{"status":"400","scope":"mail"}"#);
    let script = format!(
        "{}
        C: AUTH XOAUTH2 dXNlcj1hbGljZQFhdXRoPUJlYXJlciB0b2tlbgEB
        S: + {reason}
        C:
        S: -ERR [AUTH] no
        C: NOOP
        S: +OK
        ",
        offering("SASL PLAIN XOAUTH2 OAUTHBEARER")
    );
    converse(&script, async |connection| {
        let token = Credentials::token("alice", "token").unwrap();
        let (error, mut connection) = denied(connection.log_in(&token).await);
        let refused = Refusal {
            response_code: Some("AUTH".to_owned()),
            ..refusal("AUTH XOAUTH2", r#"no {"status":"400","scope":"mail"}"#)
        };
        assert_eq!(error, Error::LoginRefused(refused));
        assert_eq!(connection.conversation_mut().command("NOOP", "NOOP").await, Ok(Vec::new()));
    })
    .await;
}

#[tokio::test]
async fn a_long_token_waits_for_the_go_ahead() {
    // "AUTH OAUTHBEARER " and CRLF leave 236 bytes of base64 on the line: 177 of the response.
    let token = |length: usize| "t".repeat(length - "n,a=alice,\x01auth=Bearer \x01\x01".len());
    let response =
        |length: usize| BASE64.encode(format!("n,a=alice,\x01auth=Bearer {}\x01\x01", token(length)));
    let fits = format!("C: AUTH OAUTHBEARER {}\nS: +OK\n", response(177));
    let is_too_long = format!("C: AUTH OAUTHBEARER\nS: +\nC: {}\nS: +OK\n", response(178));
    for (script, length) in [(fits, 177), (is_too_long, 178)] {
        converse(&format!("{}{script}", offering("SASL OAUTHBEARER")), async |connection| {
            connection.log_in(&Credentials::token("alice", token(length)).unwrap()).await.unwrap();
        })
        .await;
    }
}

struct Fresh;

impl TokenProvider for Fresh {
    fn token<'a>(
        &'a self,
        refused: Option<&'a Secret>,
    ) -> Pin<Box<dyn Future<Output = Result<Secret, String>> + Send + 'a>> {
        Box::pin(async move { Ok(Secret::from(if refused.is_some() { "new" } else { "old" })) })
    }
}

#[tokio::test]
async fn a_token_provider_is_asked_once_more() {
    let script = "
        C: AUTH XOAUTH2 dXNlcj1hbGljZQFhdXRoPUJlYXJlciBvbGQBAQ==
        S: -ERR expired
        C: AUTH XOAUTH2 dXNlcj1hbGljZQFhdXRoPUJlYXJlciBuZXcBAQ==
    ";
    let offer = offering("SASL XOAUTH2");
    let credentials = Credentials::token_provider("alice", Arc::new(Fresh)).unwrap();
    converse(&format!("{offer}{script}S: +OK\n"), async |connection| {
        connection.log_in(&credentials).await.unwrap();
    })
    .await;
    converse(&format!("{offer}{script}S: -ERR still not\n"), async |connection| {
        let (error, _) = denied(connection.log_in(&credentials).await);
        assert_eq!(error, Error::LoginRefused(refusal("AUTH XOAUTH2", "still not")));
    })
    .await;
}

#[tokio::test]
async fn a_login_that_the_server_breaks_leaves_no_connection() {
    let unexpected = |step, line: &str| Error::from(PeerFault::Unexpected { step, line: line.to_owned() });
    for (answer, error) in [
        ("S: + more?", unexpected("AUTH", "more?")),
        ("S: ?", unexpected("AUTH", "?")),
        ("S: AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=", unexpected("AUTH", "AUTH PLAIN …")),
        ("CUT", PeerFault::Disconnected { step: "AUTH" }.into()),
    ] {
        let script = format!("{}C: AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=\n{answer}\n", offering("SASL PLAIN"));
        converse(&script, async |connection| {
            let denied = connection.log_in(&alice()).await.err().unwrap();
            assert_eq!((denied.error, denied.connection.is_none()), (error.clone(), true));
        })
        .await;
    }
}

#[tokio::test]
async fn a_connection_may_take_leave_without_a_login() {
    converse(&format!("{}C: QUIT\nS: +OK bye", offering("USER")), async |connection| {
        connection.close().await
    })
    .await;
}

struct Failing;

impl TokenProvider for Failing {
    fn token<'a>(
        &'a self,
        _refused: Option<&'a Secret>,
    ) -> Pin<Box<dyn Future<Output = Result<Secret, String>> + Send + 'a>> {
        Box::pin(async { Err("nobody is signed in".to_owned()) })
    }
}

#[tokio::test]
async fn a_token_provider_that_has_none_leaves_the_connection_as_it_is() {
    let credentials = Credentials::token_provider("alice", Arc::new(Failing)).unwrap();
    converse(&format!("{}C: QUIT\nS: +OK", offering("SASL XOAUTH2")), async |connection| {
        let (error, connection) = denied(connection.log_in(&credentials).await);
        assert_eq!(error, Error::invalid("token", "nobody is signed in"));
        connection.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_server_that_refuses_the_connection_says_why() {
    let (stream, _server) = Script::parse("S: -ERR [SYS/TEMP] full").play(Chunks::OneByte);
    let refused = Refusal { response_code: Some("SYS/TEMP".to_owned()), ..refusal("the greeting", "full") };
    assert_eq!(connect(stream).await.err(), Some(Error::Refused(refused)));
    let (stream, _server) = Script::parse("S: 220 mx.test").play(Chunks::OneByte);
    let fault = PeerFault::Unexpected { step: "the greeting", line: "220 mx.test".to_owned() };
    assert_eq!(connect(stream).await.err(), Some(fault.into()));
}
