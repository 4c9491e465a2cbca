//! The greeting, and the ways to log in.

use std::sync::Arc;

use futures::future::BoxFuture;
use postseal_types::Secret;

use super::*;
use crate::{Denied, PeerFault, Refusal, TokenProvider};

/// Plays a conversation from the greeting on, whole and byte by byte, and gives each outcome to `check`.
async fn outcome(script: &str, credentials: &Credentials, check: impl Fn(Result<(), Error>)) {
    for chunks in [Chunks::Whole, Chunks::OneByte] {
        let (stream, server) = Script::parse(script).play(chunks);
        let played = async {
            let result = match connect(stream).await {
                Ok(connection) => connection.log_in(credentials).await.map(drop).map_err(Error::from),
                Err(error) => Err(error),
            };
            check(result);
            server.await.unwrap().unwrap();
        };
        tokio::time::timeout(PATIENCE, played).await.unwrap();
    }
}

fn refused(command: &'static str, code: &str, text: &str) -> Error {
    let response_code = Some(code.to_owned()).filter(|code| !code.is_empty());
    Error::LoginRefused(Refusal { response_code, ..Refusal::new(command, text.as_bytes()) })
}

#[tokio::test]
async fn capabilities_are_asked_for_where_they_are_not_given() {
    let script = "
        S: * OK hi
        C: {a} CAPABILITY
        S: * CAPABILITY IMAP4rev1 AUTH=PLAIN
        S: {a} OK
        C: {b} AUTHENTICATE PLAIN
        S: +
        C: AGFsaWNlAHdvbmRlcmxhbmQ=
        S: {b} OK in
        C: {c} CAPABILITY
        S: * CAPABILITY IMAP4rev1 IDLE
        S: {c} OK done
        C: {d} LOGOUT
        S: * BYE bye
        S: {d} OK
    ";
    outcome(script, &credentials(), |result| assert_eq!(result, Ok(()))).await;
}

#[tokio::test]
async fn an_alert_that_echoes_the_secret_is_blanked() {
    let script = "
        S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi
        C: {a} AUTHENTICATE PLAIN
        S: +
        C: AGFsaWNlAHdvbmRlcmxhbmQ=
        S: * OK [ALERT] wonderland is a weak password
        S: {a} OK [CAPABILITY IMAP4rev1] in
    ";
    let (stream, _server) = Script::parse(script).play(Chunks::Whole);
    let session = connect(stream).await.unwrap().log_in(&credentials()).await.unwrap();
    assert_eq!(session.take_alerts(), ["… is a weak password"]);
}

#[tokio::test]
async fn the_login_command_is_there_for_servers_without_sasl() {
    let script = "
        S: * OK [CAPABILITY IMAP4rev1] hi
        C: {a} LOGIN \"al\\\\\"ice\\\\\\\\\" {11}
        S: + go on
        C: wünderland
        S: {a} OK [CAPABILITY IMAP4rev1] in
        C: {d} LOGOUT
        S: {d} OK
    ";
    let who = Credentials::password("al\"ice\\", "wünderland").unwrap();
    outcome(script, &who, |result| assert_eq!(result, Ok(()))).await;
}

#[tokio::test]
async fn nothing_secret_is_said_where_the_server_forbids_it() {
    let script = "S: * OK [CAPABILITY IMAP4rev1 LOGINDISABLED] hi";
    outcome(script, &credentials(), |result| {
        assert_eq!(result, Err(Error::Unsupported { extension: "AUTH=PLAIN" }));
    })
    .await;
    let token = Credentials::token("alice", "t").unwrap();
    outcome("S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi", &token, |result| {
        assert_eq!(result, Err(Error::Unsupported { extension: "AUTH=XOAUTH2" }));
    })
    .await;
}

#[tokio::test]
async fn a_refused_login_says_why_and_echoes_nothing() {
    let script = "
        S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hi
        C: {a} AUTHENTICATE PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=
        S: {a} NO [AUTHENTICATIONFAILED] not wonderland
    ";
    let error = refused("AUTHENTICATE", "AUTHENTICATIONFAILED", "not …");
    outcome(script, &credentials(), |result| assert_eq!(result, Err(error.clone()))).await;
    let script = script.replace("AUTHENTICATIONFAILED", "UNAVAILABLE");
    outcome(&script, &credentials(), |result| {
        let error = result.unwrap_err();
        assert!(matches!(&error, Error::Refused(_)) && error.is_retryable(), "{error:?}");
    })
    .await;
}

#[tokio::test]
async fn who_has_shown_a_certificate_says_a_name() {
    let who = Credentials::certificate("alice").unwrap();
    for exchange in [
        "EXTERNAL SASL-IR] hi\nC: {a} AUTHENTICATE EXTERNAL YWxpY2U=",
        "EXTERNAL] hi\nC: {a} AUTHENTICATE EXTERNAL\nS: +\nC: YWxpY2U=",
    ] {
        let script = format!(
            "S: * OK [CAPABILITY IMAP4rev1 AUTH={exchange}\nS: {{a}} OK [CAPABILITY IMAP4rev1] in\nC: {{b}} LOGOUT\nS: {{b}} OK"
        );
        outcome(&script, &who, |result| assert_eq!(result, Ok(()))).await;
    }
    outcome("S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi", &who, |result| {
        assert_eq!(result, Err(Error::Unsupported { extension: "AUTH=EXTERNAL" }));
    })
    .await;
}

#[tokio::test]
async fn a_goodbye_before_the_refusal_is_a_refused_login_without_a_connection() {
    let provider = Credentials::token_provider("alice", Arc::new(Refreshing)).unwrap();
    for (offer, command, who) in [
        ("AUTH=PLAIN SASL-IR", "AUTHENTICATE", credentials()),
        ("AUTH=XOAUTH2 SASL-IR", "AUTHENTICATE", provider),
        ("", "LOGIN", credentials()),
    ] {
        let goodbye = || Error::from(PeerFault::Goodbye { text: "enough".to_owned() });
        for (rest, error) in [
            ("S: {a} NO [AUTHENTICATIONFAILED] wrong", refused(command, "AUTHENTICATIONFAILED", "wrong")),
            ("S: {a} OK in", goodbye()),
            ("S: * NO again", goodbye()),
            ("CUT", goodbye()),
        ] {
            let head = format!("S: * OK [CAPABILITY IMAP4rev1 {offer}] hi\nC: {{a}} {command} …\n");
            let script = Script::parse(&format!("{head}S: * BYE enough\n{rest}"));
            let (stream, server) = script.play(Chunks::OneByte);
            let denied = connect(stream).await.unwrap().log_in(&who).await.err().unwrap();
            assert_eq!((denied.error, denied.connection.is_none()), (error, true), "{command} {rest}");
            server.await.unwrap().unwrap();
        }
    }
}

#[tokio::test]
async fn a_refused_connection_can_be_used_again() {
    let script = "
        S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hi
        C: {a} AUTHENTICATE PLAIN AGFsaWNlAGxvb2tpbmctZ2xhc3M=
        S: {a} NO no
        C: {b} AUTHENTICATE PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=
        S: {b} OK [CAPABILITY IMAP4rev1] yes
        C: {d} LOGOUT
        S: {d} OK
    ";
    for chunks in [Chunks::Whole, Chunks::OneByte] {
        let (stream, server) = Script::parse(script).play(chunks);
        let wrong = Credentials::password("alice", "looking-glass").unwrap();
        let Denied { error, connection } = connect(stream).await.unwrap().log_in(&wrong).await.unwrap_err();
        assert_eq!(error, refused("AUTHENTICATE", "", "no"));
        let session = connection.unwrap().log_in(&credentials()).await.unwrap();
        session.close().await.unwrap();
        server.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_refused_token_is_explained_by_the_challenge() {
    let script = "
        S: * OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2 SASL-IR] hi
        C: {a} AUTHENTICATE XOAUTH2 dXNlcj1hbGljZQFhdXRoPUJlYXJlciB0MGtlbgEB
        S: + eyJzdGF0dXMiOiI0MDAifQ==
        C:
        S: {a} NO denied
    ";
    let token = Credentials::token("alice", "t0ken").unwrap();
    let error = refused("AUTHENTICATE", "", "denied {\"status\":\"400\"}");
    outcome(script, &token, |result| assert_eq!(result, Err(error.clone()))).await;
}

#[tokio::test]
async fn what_is_no_welcome_is_a_typed_error() {
    let unexpected =
        |line: &str| Error::from(PeerFault::Unexpected { step: "the greeting", line: line.to_owned() });
    for (script, error) in [
        ("S: * BYE full\nCUT", PeerFault::Goodbye { text: "full".to_owned() }.into()),
        ("S: * NO go\nCUT", unexpected("go")),
        ("S: * LIST () NIL x\nCUT", unexpected("no greeting")),
        ("S: 220 mx.test\nCUT", unexpected("220 mx.test")),
        ("S| * OK h\nCUT", PeerFault::Disconnected { step: "the greeting" }.into()),
        ("S: * OK [CAPABILITY IMAP2] old\nCUT", Error::Unsupported { extension: "IMAP4rev1" }),
    ] {
        outcome(script, &credentials(), |result| assert_eq!(result, Err(error.clone()), "{script}")).await;
    }
}

#[tokio::test]
async fn preauth_through_tls_needs_no_login() {
    let script = "
        S: * PREAUTH [CAPABILITY IMAP4rev1] you are alice
        C: {a} NOOP
        S: {a} OK
        C: {b} LOGOUT
        S: {b} OK
    ";
    for chunks in [Chunks::Whole, Chunks::OneByte] {
        let (stream, server) = Script::parse(script).play(chunks);
        let connection = connect(stream).await.unwrap();
        assert!(connection.is_preauthenticated());
        let session = connection.log_in(&credentials()).await.unwrap();
        session.noop().await.unwrap();
        session.close().await.unwrap();
        server.await.unwrap().unwrap();
    }
}

/// Gives an expired token first, and a fresh one when that was refused.
struct Refreshing;

impl TokenProvider for Refreshing {
    fn token<'a>(&'a self, refused: Option<&'a Secret>) -> BoxFuture<'a, Result<Secret, String>> {
        Box::pin(async move { Ok(Secret::from(if refused.is_some() { "fresh" } else { "stale" })) })
    }
}

#[tokio::test]
async fn a_token_provider_is_asked_once_more() {
    let script = "
        S: * OK [CAPABILITY IMAP4rev1 AUTH=OAUTHBEARER SASL-IR] hi
        C: {a} AUTHENTICATE OAUTHBEARER bixhPWFsaWNlLAFhdXRoPUJlYXJlciBzdGFsZQEB
        S: + eyJzdGF0dXMiOiI0MDEifQ==
        C: AQ==
        S: {a} NO denied
        C: {b} AUTHENTICATE OAUTHBEARER bixhPWFsaWNlLAFhdXRoPUJlYXJlciBmcmVzaAEB
        S: {b} OK [CAPABILITY IMAP4rev1] in
        C: {d} LOGOUT
        S: {d} OK
    ";
    let who = Credentials::token_provider("alice", Arc::new(Refreshing)).unwrap();
    outcome(script, &who, |result| assert_eq!(result, Ok(()))).await;
}
