//! The SMTP side, spoken to line by line.
#![allow(clippy::unwrap_used, clippy::panic)]

use postseal_test_server::script::Script;
use postseal_test_server::{Accepted, Options, Protocol, Recipient, Security, TestServer};

const ALICE: &str = "alice@example.test";
const BOB: &str = "bob@example.test";
/// PLAIN for Alice, in Base64.
const PLAIN: &str = "AGFsaWNlQGV4YW1wbGUudGVzdAB3b25kZXJsYW5k";

async fn start(options: Options) -> TestServer {
    TestServer::start(options.user(ALICE, "wonderland").user(BOB, "builder")).await.unwrap()
}

async fn run(server: &TestServer, security: Security, text: &str) {
    let played = Script::parse(text).tls(server.ca()).drive(server.smtp(security)).await;
    if let Err(error) = played {
        panic!("{error}\n{:#?}", server.transcript().last().unwrap().server_lines());
    }
}

/// Drives a conversation that begins logged in, over implicit TLS; extensions are left out of the script.
async fn talk(server: &TestServer, text: &str) {
    let hello = "TLS\nS: 220 mx.example.test ESMTP\nC: HELO client.test\nS: 250 mx.example.test";
    run(server, Security::Tls, &format!("{hello}\nC: AUTH PLAIN {PLAIN}\nS: 235 …\n{text}")).await;
}

#[tokio::test]
async fn extensions_follow_tls_and_nothing_is_done_before_it() {
    let server = start(Options::new().max_message(1000)).await;
    run(
        &server,
        Security::StartTls,
        "
        S: 220 mx.example.test ESMTP
        C: MAIL FROM:<alice@example.test>
        S: 503 5.5.1 EHLO first
        C: EHLO client.test
        S: 250-mx.example.test
        S: 250-PIPELINING
        S: 250-8BITMIME
        S: 250-SMTPUTF8
        S: 250-SIZE 1000
        S: 250-CHUNKING
        S: 250-DSN
        S: 250-ENHANCEDSTATUSCODES
        S: 250 STARTTLS
        C: AUTH PLAIN
        S: 538 5.7.11 encryption required
        C: MAIL FROM:<alice@example.test>
        S: 530 5.7.0 STARTTLS first
        C: STARTTLS
        S: 220 2.0.0 go ahead
        TLS
        C: MAIL FROM:<alice@example.test>
        S: 503 5.5.1 EHLO first
        C: EHLO client.test
        S: 250-mx.example.test
        S: 250-PIPELINING
        S: 250-8BITMIME
        S: 250-SMTPUTF8
        S: 250-SIZE 1000
        S: 250-CHUNKING
        S: 250-DSN
        S: 250-ENHANCEDSTATUSCODES
        S: 250 AUTH PLAIN LOGIN XOAUTH2
        C: STARTTLS
        S: 503 5.5.1 TLS is up already
        C: MAIL FROM:<alice@example.test>
        S: 530 5.7.0 authentication required
        C: QUIT
        S: 221 2.0.0 bye
        ",
    )
    .await;
    let conversation = server.transcript().pop().unwrap();
    let clear = "MAIL FROM:<alice@example.test>\r\nEHLO client.test\r\nAUTH PLAIN\r\nMAIL FROM:<alice@example.test>\r\n\
                 STARTTLS\r\n";
    assert_eq!(conversation.client_bytes_in_the_clear(), clear.as_bytes());
    assert_eq!(conversation.client_lines().last().unwrap(), "QUIT");
}

#[tokio::test]
async fn the_three_mechanisms() {
    let server = start(Options::new().token(ALICE, "t0ken")).await;
    run(
        &server,
        Security::Tls,
        r"
        TLS
        S: 220 …
        C: AUTH PLAIN
        S: 334\x20
        C: AGFsaWNlQGV4YW1wbGUudGVzdAB3cm9uZw==
        S: 535 5.7.8 credentials are wrong
        C: AUTH PLAIN =
        S: 501 5.5.2 malformed response
        C: AUTH CRAM-MD5
        S: 504 5.5.4 mechanism not offered
        C: AUTH LOGIN
        S: 334 VXNlcm5hbWU6
        C: YWxpY2VAZXhhbXBsZS50ZXN0
        S: 334 UGFzc3dvcmQ6
        C: *
        S: 501 5.5.2 cancelled, or not Base64
        C: AUTH XOAUTH2 dXNlcj1hbGljZUBleGFtcGxlLnRlc3QBYXV0aD1CZWFyZXIgd3JvbmcBAQ==
        S: 334 eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIiwic2NvcGUiOiJodHRwczovL21haWwuZXhhbXBsZS50ZXN0LyJ9
        C:
        S: 535 5.7.8 credentials are wrong
        C: AUTH XOAUTH2
        S: 334\x20
        C: dXNlcj1hbGljZUBleGFtcGxlLnRlc3QBYXV0aD1CZWFyZXIgdDBrZW4BAQ==
        S: 235 2.7.0 logged in
        C: AUTH PLAIN
        S: 503 5.5.1 logged in already
        ",
    )
    .await;
    run(
        &server,
        Security::Tls,
        "
        TLS
        S: 220 …
        C: AUTH LOGIN YWxpY2VAZXhhbXBsZS50ZXN0
        S: 334 UGFzc3dvcmQ6
        C: d29uZGVybGFuZA==
        S: 235 2.7.0 logged in
        ",
    )
    .await;
}

#[tokio::test]
async fn a_message_arrives_to_the_byte_and_with_its_envelope() {
    let server = start(Options::new()).await;
    talk(
        &server,
        r#"
        C| MAIL FROM:<alice@example.test> SIZE=50 BODY=8BITMIME RET=HDRS ENVID=q+2B1\r\n
        C| RCPT TO:<bob@example.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;bob@example.test\r\nRCPT TO:<nobody@example.test>\r\nDATA\r\n
        S: 250 2.1.0 sender ok
        S: 250 2.1.5 recipient ok
        S: 550 5.1.1 no such user here
        S: 354 …
        C| Subject: dots\r\n\r\n..\r\n...two\r\na.\r\n\xff\nbare\rends\0\r\n.\r\n
        S: 250 2.0.0 queued as 1
        C: MAIL FROM:<>
        S: 250 …
        C: RCPT TO:<ALICE@example.test>
        S: 250 …
        C: BDAT 5
        C| one\r\n
        S: 250 2.0.0 5 octets received
        C: BDAT 4 LAST
        C| .\r\n.
        S: 250 2.0.0 queued as 2
        "#,
    )
    .await;
    let first = b"Subject: dots\r\n\r\n.\r\n..two\r\na.\r\n\xff\nbare\rends\0\r\n".to_vec();
    let second = b"one\r\n.\r\n.".to_vec();
    let strings = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    let accepted = [
        Accepted {
            user: ALICE.to_owned(),
            mail_from: ALICE.to_owned(),
            mail_params: strings(&["SIZE=50", "BODY=8BITMIME", "RET=HDRS", "ENVID=q+2B1"]),
            recipients: vec![Recipient {
                address: BOB.to_owned(),
                params: strings(&["NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;bob@example.test"]),
            }],
            bytes: first.clone(),
        },
        Accepted {
            user: ALICE.to_owned(),
            mail_from: String::new(),
            mail_params: Vec::new(),
            recipients: vec![Recipient { address: "ALICE@example.test".to_owned(), params: Vec::new() }],
            bytes: second.clone(),
        },
    ];
    assert_eq!(server.accepted(), accepted);
    assert_eq!(server.messages(BOB, "INBOX"), [first]);
    assert_eq!(server.messages(ALICE, "INBOX"), [second]);
    let seen = server.view().stored.iter().find_map(|message| message.field("subject"));
    assert_eq!(seen.as_deref(), Some("dots"));
    assert!(server.view().contains(b"Subject: dots"));
    assert!(!server.view().contains(b"Subject: other"));
}

#[tokio::test]
async fn what_the_rfcs_forbid_is_refused_and_the_session_goes_on() {
    let server = start(Options::new().max_message(20)).await;
    talk(
        &server,
        "
        C: RCPT TO:<bob@example.test>
        S: 503 5.5.1 MAIL first
        C: MAIL FROM: <alice@example.test>
        S: 501 5.5.4 …
        C: MAIL FROM:alice@example.test
        S: 501 5.5.4 …
        C: MAIL FROM:<alice@example.test> SIZE=21
        S: 552 5.3.4 …
        C: MAIL FROM:<alice@example.test> BODY=BINARYMIME
        S: 501 5.5.4 …
        C: MAIL FROM:<alice@example.test> FOO
        S: 555 5.5.4 …
        C: MAIL FROM:<älice@example.test>
        S: 553 5.6.7 …
        C: MAIL FROM:<älice@example.test> SMTPUTF8
        S: 250 …
        C: MAIL FROM:<alice@example.test>
        S: 503 5.5.1 …
        C: DATA
        S: 554 5.5.1 no valid recipients
        C: RCPT TO:<bob@example.test> NOTIFY=SOMETIMES
        S: 501 5.5.4 …
        C: RCPT TO:<bob@example.test>
        S: 250 …
        C: DATA
        S: 354 …
        C: 12345678901234567890
        C: .
        S: 552 5.3.4 …
        C: DATA
        S: 503 5.5.1 MAIL first
        C: MAIL FROM:<alice@example.test>
        S: 250 …
        C: RCPT TO:<bob@example.test>
        S: 250 …
        C: DATA
        S: 354 …
        C: ä
        C: .
        S: 554 5.6.1 8-bit data without BODY=8BITMIME
        C: BDAT 3 LAST
        C| abc
        S: 503 5.5.1 MAIL first
        C: RSET
        S: 250 …
        C: VRFY bob
        S: 252 …
        C: EXPN staff
        S: 500 5.5.2 unknown command
        C: NOOP
        S: 250 2.0.0 ok
        ",
    )
    .await;
    assert_eq!(server.accepted(), []);
}

#[tokio::test]
async fn what_is_not_offered_is_neither_announced_nor_honoured() {
    let mut options = Options::new().relay();
    for extension in
        ["STARTTLS", "CHUNKING", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES", "AUTH=LOGIN", "AUTH=XOAUTH2"]
    {
        options = options.without(Protocol::Smtp, extension);
    }
    let server = start(options.login_before_tls().with(Protocol::Smtp, "XFOO 1")).await;
    run(
        &server,
        Security::StartTls,
        &format!(
            "
            S: 220 …
            C: EHLO client.test
            S: 250-mx.example.test
            S: 250-PIPELINING
            S: 250-8BITMIME
            S: 250-SIZE 67108864
            S: 250-XFOO 1
            S: 250 AUTH PLAIN
            C: STARTTLS
            S: 502 STARTTLS is not offered
            C: AUTH LOGIN
            S: 504 mechanism not offered
            C: AUTH PLAIN {PLAIN}
            S: 235 logged in
            C: MAIL FROM:<alice@example.test> SMTPUTF8
            S: 555 …
            C: MAIL FROM:<alice@example.test>
            S: 250 …
            C: RCPT TO:<anyone@elsewhere.test>
            S: 250 recipient ok
            C: BDAT 1 LAST
            C| x
            S: 502 BDAT is not offered
            "
        ),
    )
    .await;
}
