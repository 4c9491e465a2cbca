//! AUTH: the mechanisms, and what may go wrong with each.

use std::pin::Pin;
use std::sync::Arc;

use postseal_types::Secret;

use super::*;
use crate::{Denied, PeerFault, Refusal, TokenProvider};

/// Logs in with `credentials` where `offer` is the server's AUTH line and `script` what follows EHLO.
async fn log_in(
    offer: &str,
    script: &str,
    credentials: &Credentials,
) -> Result<SmtpSession, Denied<SmtpConnection>> {
    let script = format!("S: 220 hi\nC: EHLO [127.0.0.1]\nS: 250-mx.test\nS: 250 {offer}\n{script}");
    let mut outcome = None;
    for chunks in BOTH {
        let (connection, server) = bounded(open(&script, chunks, Security::Tls)).await;
        let this = bounded(connection.unwrap().log_in(credentials)).await;
        if let Ok(session) = &this {
            session.close().await.unwrap();
        }
        let listens = this.as_ref().is_err_and(|denied| denied.connection.is_some());
        if !listens {
            server.await.unwrap().unwrap();
        }
        outcome = Some(this);
    }
    outcome.unwrap()
}

fn refused(code: u16, enhanced: Option<crate::EnhancedCode>, text: &str) -> Error {
    Error::LoginRefused(Refusal { code: Some(code), enhanced, ..Refusal::new("AUTH", text.as_bytes()) })
}

const BYE: &str = "C: QUIT\nS: 221 bye";
const TOKEN_1: &str = "dXNlcj1hbGljZQFhdXRoPUJlYXJlciB0b2tlbi0xAQE=";
const TOKEN_2: &str = "dXNlcj1hbGljZQFhdXRoPUJlYXJlciB0b2tlbi0yAQE=";

#[tokio::test]
async fn each_mechanism_says_its_lines() {
    let password = alice();
    let token = Credentials::token("alice", "token-1").unwrap();
    let certificate = Credentials::certificate("alice").unwrap();
    for (offer, credentials, exchange) in [
        ("AUTH PLAIN EXTERNAL", &certificate, "C: AUTH EXTERNAL YWxpY2U=\n".to_owned()),
        ("AUTH LOGIN PLAIN", &password, "C: AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=\n".to_owned()),
        ("AUTH PLAIN", &password, "C: AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=\n".to_owned()),
        (
            "AUTH LOGIN",
            &password,
            "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: YWxpY2U=\nS: 334 UGFzc3dvcmQ6\nC: d29uZGVybGFuZA==\n"
                .to_owned(),
        ),
        ("AUTH XOAUTH2 PLAIN", &token, format!("C: AUTH XOAUTH2 {TOKEN_1}\n")),
        (
            "AUTH OAUTHBEARER",
            &token,
            "C: AUTH OAUTHBEARER bixhPWFsaWNlLAFhdXRoPUJlYXJlciB0b2tlbi0xAQE=\n".to_owned(),
        ),
    ] {
        let script = format!("{exchange}S: 235 2.7.0 ok\n{BYE}");
        log_in(offer, &script, credentials).await.map(|_| ()).map_err(Error::from).unwrap();
    }
}

#[tokio::test]
async fn an_initial_response_that_would_make_the_line_too_long_waits_for_the_challenge() {
    for (length, fits) in [(347, true), (348, false)] {
        let token = Credentials::token("alice", "t".repeat(length)).unwrap();
        let exchange = if fits {
            "C: AUTH XOAUTH2 dXNlcj1hbGljZ…"
        } else {
            "C: AUTH XOAUTH2\nS: 334 \nC: dXNlcj1hbGljZ…"
        };
        let script = format!("{exchange}\nS: 235 ok\n{BYE}");
        log_in("AUTH XOAUTH2", &script, &token).await.map(|_| ()).map_err(Error::from).unwrap();
    }
}

#[tokio::test]
async fn a_refused_password_hands_the_connection_back_and_is_not_echoed() {
    let script = "C: AUTH PLAIN …\nS: 535-5.7.8 wonderland is wrong,\nS: 535 5.7.8 sorry\n\
                  C: AUTH PLAIN …\nS: 454 4.7.0 later";
    let denied = log_in("AUTH PLAIN", script, &alice()).await.err().unwrap();
    assert_eq!(denied.error, refused(535, Some(crate::EnhancedCode(5, 7, 8)), "… is wrong, sorry"));
    let denied = denied.connection.unwrap().log_in(&alice()).await.err().unwrap();
    assert_eq!(denied.error, refused(454, Some(crate::EnhancedCode(4, 7, 0)), "later"));
    assert!(denied.error.is_retryable());
    assert!(denied.connection.is_some());
}

#[tokio::test]
async fn a_refused_token_says_why() {
    let token = Credentials::token("alice", "token-1").unwrap();
    let script = "C: AUTH XOAUTH2 …\nS: 334 eyJzdGF0dXMiOiI0MDEifQ==\nC:\nS: 535 5.7.8 no";
    let denied = log_in("AUTH XOAUTH2", script, &token).await.err().unwrap();
    let enhanced = Some(crate::EnhancedCode(5, 7, 8));
    assert_eq!(denied.error, refused(535, enhanced, r#"no {"status":"401"}"#));

    let script = "C: AUTH OAUTHBEARER …\nS: 334 eyJzdGF0dXMiOiI0MDEifQ==\nC: AQ==\nS: 535 5.7.8 no";
    let denied = log_in("AUTH OAUTHBEARER", script, &token).await.err().unwrap();
    assert_eq!(denied.error, refused(535, enhanced, r#"no {"status":"401"}"#));
    assert!(denied.connection.is_some());
}

struct Numbered;

impl TokenProvider for Numbered {
    fn token<'a>(
        &'a self,
        refused: Option<&'a Secret>,
    ) -> Pin<Box<dyn Future<Output = Result<Secret, String>> + Send + 'a>> {
        Box::pin(async move {
            match refused.and_then(Secret::expose_str) {
                None => Ok(Secret::from("token-1")),
                Some("token-1") => Ok(Secret::from("token-2")),
                Some(other) => Err(format!("asked once too often, after {other}")),
            }
        })
    }
}

#[tokio::test]
async fn a_token_provider_is_asked_once_more() {
    let provided = Credentials::token_provider("alice", Arc::new(Numbered)).unwrap();
    let first =
        format!("C: AUTH XOAUTH2 {TOKEN_1}\nS: 334 e30=\nC:\nS: 535 old\nC: AUTH XOAUTH2 {TOKEN_2}\n");
    let script = format!("{first}S: 235 ok\n{BYE}");
    log_in("AUTH XOAUTH2", &script, &provided).await.map(|_| ()).map_err(Error::from).unwrap();
    let script = format!("{first}S: 535 still no");
    let denied = log_in("AUTH XOAUTH2", &script, &provided).await.err().unwrap();
    assert_eq!(denied.error, refused(535, None, "still no"));
}

#[tokio::test]
async fn nothing_is_sent_where_no_mechanism_fits() {
    let token = Credentials::token("alice", "token-1").unwrap();
    for (offer, credentials, extension) in [
        ("SIZE", &alice(), "AUTH PLAIN"),
        ("AUTH XOAUTH2 CRAM-MD5", &alice(), "AUTH PLAIN"),
        ("AUTH PLAIN LOGIN", &token, "AUTH XOAUTH2"),
    ] {
        let denied = log_in(offer, "CUT", credentials).await.err().unwrap();
        assert_eq!(denied.error, Error::Unsupported { extension });
        assert!(denied.connection.is_some());
    }
}

#[tokio::test]
async fn a_broken_exchange_closes_the_connection() {
    let unexpected = |line: &str| PeerFault::Unexpected { step: "AUTH", line: line.to_owned() };
    for (answer, error) in [
        ("S: 334 again", unexpected("again").into()),
        ("S: 421 enough", PeerFault::Goodbye { text: "enough".to_owned() }.into()),
        ("S: hm", unexpected("hm").into()),
        ("CUT", Error::from(PeerFault::Disconnected { step: "AUTH" })),
    ] {
        let denied =
            log_in("AUTH PLAIN", &format!("C: AUTH PLAIN …\n{answer}"), &alice()).await.err().unwrap();
        assert_eq!(denied.error, error);
        assert!(denied.connection.is_none());
    }
}
