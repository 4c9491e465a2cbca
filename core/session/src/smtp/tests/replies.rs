//! Greetings, replies to EHLO, and what is no reply.

use super::*;
use crate::{PeerFault, Refusal, SmtpExtensions};

/// The extensions, or the error, of a server whose greeting and reply to EHLO these are.
async fn greeted_by(greeting: &str, ehlo: &str) -> Result<SmtpExtensions, Error> {
    let said = |lines: &str| lines.lines().map(|line| format!("S: {line}\n")).collect::<String>();
    let script = format!("{}C: EHLO [127.0.0.1]\n{}", said(greeting), said(ehlo));
    let mut outcomes = Vec::new();
    for chunks in BOTH {
        let (connection, _server) = bounded(open(&script, chunks, Security::Tls)).await;
        outcomes.push(connection.map(|connection| connection.extensions().clone()));
    }
    assert_eq!(outcomes[0], outcomes[1]);
    outcomes.remove(0)
}

fn unexpected(step: &'static str, line: &str) -> Result<SmtpExtensions, Error> {
    Err(PeerFault::Unexpected { step, line: line.to_owned() }.into())
}

#[tokio::test]
async fn extensions_are_read_in_any_case_and_strangers_ignored() {
    let ehlo = "250-mx.test SIZE 1\n250-size 35882577\n250-8BitMime\n250-Auth=Plain LOGIN\n250-AUTH xoauth2\n\
                250-X-STRANGE a=b\n250-\n250-PIPELINING\n250-chunking\n250-DSN\n250 SMTPUTF8";
    let expected = SmtpExtensions {
        size: true,
        max_size: Some(35_882_577),
        eight_bit_mime: true,
        smtputf8: true,
        dsn: true,
        pipelining: true,
        chunking: true,
        auth: ["PLAIN", "LOGIN", "XOAUTH2"].map(str::to_owned).to_vec(),
    };
    assert_eq!(greeted_by("220-mx.test\n220-\n220", ehlo).await, Ok(expected));
    assert_eq!(greeted_by("220 mx.test", "250").await, Ok(SmtpExtensions::default()));
    for size in ["SIZE", "SIZE 0", "SIZE many"] {
        let expected = SmtpExtensions { size: true, ..SmtpExtensions::default() };
        assert_eq!(greeted_by("220 mx.test", &format!("250-mx.test\n250 {size}")).await, Ok(expected));
    }
}

#[tokio::test]
async fn a_server_that_does_not_want_to_talk_is_quoted() {
    let refused = |command, code, text: &str| {
        Err(Error::Refused(Refusal { code: Some(code), ..Refusal::new(command, text.as_bytes()) }))
    };
    assert_eq!(
        greeted_by("554-no\n554 mail for you", "").await,
        refused("the greeting", 554, "no mail for you")
    );
    assert_eq!(greeted_by("220 hi", "502 what?").await, refused("EHLO", 502, "what?"));
    let goodbye = |text: &str| Err(PeerFault::Goodbye { text: text.to_owned() }.into());
    assert_eq!(greeted_by("421 4.3.2 too busy", "").await, goodbye("too busy"));
    assert_eq!(greeted_by("220 hi", "421-shutting\n421 down").await, goodbye("shutting down"));
}

#[tokio::test]
async fn what_is_no_reply_is_a_typed_error() {
    for line in ["hi", "22", "220_hi", "2a0 hi", "120 hi", "620 hi", "* OK hi", "+OK hi"] {
        assert_eq!(greeted_by(line, "").await, unexpected("the greeting", line));
    }
    assert_eq!(greeted_by("220 hi", "250-a\n251 b").await, unexpected("EHLO", "251 b"));
    assert_eq!(greeted_by("334 go on", "").await, unexpected("the greeting", "334 go on"));
    let gone = |step| Err(PeerFault::Disconnected { step }.into());
    for (script, step) in [
        ("S: 220-cut\nCUT", "the greeting"),
        ("S: 220 hi\nC: EHLO …\nS| 25\nCUT", "EHLO"),
        ("CUT", "the greeting"),
    ] {
        let (connection, _server) = open(script, Chunks::Whole, Security::Tls).await;
        assert_eq!(connection.map(|_| ()), gone(step));
    }
}

#[tokio::test]
async fn a_reply_may_be_as_long_as_its_limits_and_no_longer() {
    let long = |octets: usize| format!("250 {}", "x".repeat(octets - 4));
    assert_eq!(greeted_by("220 hi", &long(12_292)).await, Ok(SmtpExtensions::default()));
    let over = Error::LimitExceeded { what: "the length of a line", limit: 12_292 };
    assert_eq!(greeted_by("220 hi", &long(12_293)).await, Err(over));

    let many = |lines: usize| format!("{}250 x", "250-x\n".repeat(lines - 1));
    assert_eq!(greeted_by("220 hi", &many(128)).await, Ok(SmtpExtensions::default()));
    let over = Error::LimitExceeded { what: "the lines of a reply", limit: 128 };
    assert_eq!(greeted_by("220 hi", &many(129)).await, Err(over));
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_not_waited_for_for_ever() {
    for (script, step) in
        [("STALL", "the greeting"), ("S: 220 hi\nSTALL", "EHLO"), ("S| 220 h\nSTALL", "the greeting")]
    {
        let (connection, _server) = open(script, Chunks::Whole, Security::Tls).await;
        let timeout = Error::Timeout { step, after: TIMEOUTS.progress };
        assert_eq!(connection.map(|_| ()), Err(timeout));
    }
}

#[tokio::test]
async fn after_starttls_a_server_does_not_greet_again() {
    for chunks in BOTH {
        let script = "C: EHLO [127.0.0.1]\nS: 250 mx.test\nC: QUIT\nS: 221 bye";
        let (connection, server) = bounded(open(script, chunks, Security::StartTls)).await;
        bounded(connection.unwrap().close()).await;
        server.await.unwrap().unwrap();
    }
}
