//! The POP3 side, spoken to line by line.
#![allow(clippy::unwrap_used, clippy::panic)]

use postseal_test_server::script::Script;
use postseal_test_server::{Options, Protocol, Security, TestServer};

const ALICE: &str = "alice@example.test";

async fn start(options: Options) -> TestServer {
    let server = TestServer::start(options.user(ALICE, "wonder land")).await.unwrap();
    server.deliver(ALICE, "INBOX", b"Subject: one\r\n\r\n.dot\r\n..\r\nthree\r\n");
    server.deliver(ALICE, "INBOX", b"Subject: two\r\n\r\nno end");
    server
}

async fn run(server: &TestServer, security: Security, text: &str) {
    let played = Script::parse(text).tls(server.ca()).drive(server.pop3(security)).await;
    if let Err(error) = played {
        panic!("{error}\n{:#?}", server.transcript().last().unwrap().server_lines());
    }
}

#[tokio::test]
async fn a_maildrop_is_listed_read_and_emptied() {
    let server = start(Options::new()).await;
    run(
        &server,
        Security::StartTls,
        r"
        S: +OK mail.example.test
        C: CAPA
        S: +OK capabilities
        S: TOP
        S: UIDL
        S: PIPELINING
        S: RESP-CODES
        S: AUTH-RESP-CODE
        S: STLS
        S: .
        C: USER alice@example.test
        S: -ERR STLS first
        C: STLS
        S: +OK begin TLS
        TLS
        C: CAPA
        S: +OK capabilities
        S: TOP
        S: UIDL
        S: USER
        S: PIPELINING
        S: RESP-CODES
        S: AUTH-RESP-CODE
        S: SASL PLAIN XOAUTH2
        S: .
        C: STAT
        S: -ERR unknown, or log in first
        C: USER alice@example.test
        S: +OK …
        C: PASS wrong
        S: -ERR [AUTH] credentials are wrong
        C: PASS wonder land
        S: -ERR USER first
        C: USER alice@example.test
        S: +OK …
        C: PASS wonder land
        S: +OK logged in
        # Pipelined, and answered in order.
        C| STAT\r\nLIST\r\nLIST 2\r\nUIDL\r\nUIDL 3\r\n
        S: +OK 2 55
        S: +OK
        S: 1 33
        S: 2 22
        S: .
        S: +OK 2 22
        S: +OK
        S: 1 1001.1
        S: 2 1001.2
        S: .
        S: -ERR no such message
        C: RETR 1
        S: +OK 33 octets
        S: Subject: one
        S:
        S: ..dot
        S: ...
        S: three
        S: .
        C: TOP 1 1
        S: +OK 33 octets
        S: Subject: one
        S:
        S: ..dot
        S: .
        C: TOP 1 0
        S: +OK 33 octets
        S: Subject: one
        S:
        S: .
        C: TOP 2 9
        S: +OK 22 octets
        S: Subject: two
        S:
        S: no end
        S: .
        C: DELE 1
        S: +OK marked
        C: DELE 1
        S: -ERR no such message
        C: LIST
        S: +OK
        S: 2 22
        S: .
        C: RSET
        S: +OK
        C: DELE 2
        S: +OK marked
        C: NOOP
        S: +OK
        C: QUIT
        S: +OK bye
        ",
    )
    .await;
    assert_eq!(server.messages(ALICE, "INBOX").len(), 1);
}

#[tokio::test]
async fn without_quit_nothing_is_removed_and_the_lock_ends_with_the_session() {
    let server = start(Options::new()).await;
    let login = "TLS\nS: +OK …\nC: USER alice@example.test\nS: +OK …\nC: PASS wonder land\n";
    run(&server, Security::Tls, &format!("{login}S: +OK …\nC: DELE 1\nS: +OK …")).await;
    while !server.transcript().iter().all(|conversation| conversation.ended) {
        tokio::task::yield_now().await;
    }
    assert_eq!(server.messages(ALICE, "INBOX").len(), 2);
    // Two at a time: the second is turned away while the first is there.
    let (address, ca) = (server.pop3(Security::Tls), server.ca());
    let first = Script::parse(&format!("{login}S: +OK …\nSTALL")).tls(ca).drive(address);
    let second = async {
        while !server.transcript().iter().any(|one| !one.ended && one.server_lines().len() == 3) {
            tokio::task::yield_now().await;
        }
        run(&server, Security::Tls, &format!("{login}S: -ERR [IN-USE] …")).await;
        server.stop().await;
    };
    let (first, ()) = tokio::join!(first, second);
    first.unwrap();
}

#[tokio::test]
async fn sasl_with_and_without_initial_response() {
    let server = start(Options::new().token(ALICE, "t0ken")).await;
    run(
        &server,
        Security::Tls,
        r"
        TLS
        S: +OK …
        C: AUTH PLAIN
        S: +\x20
        C: AGFsaWNlQGV4YW1wbGUudGVzdAB3cm9uZw==
        S: -ERR [AUTH] …
        C: AUTH XOAUTH2 dXNlcj1hbGljZUBleGFtcGxlLnRlc3QBYXV0aD1CZWFyZXIgd3JvbmcBAQ==
        S: + eyJzdGF0dXMiOiI0MDEi…
        C: *
        S: -ERR …
        C: AUTH XOAUTH2 dXNlcj1hbGljZUBleGFtcGxlLnRlc3QBYXV0aD1CZWFyZXIgdDBrZW4BAQ==
        S: +OK logged in
        C: QUIT
        S: +OK bye
        ",
    )
    .await;
}

#[tokio::test]
async fn what_is_not_offered_is_not_honoured() {
    let options =
        Options::new().login_before_tls().without(Protocol::Pop3, "STLS").without(Protocol::Pop3, "UIDL");
    let server = start(options).await;
    run(
        &server,
        Security::StartTls,
        "
        S: +OK …
        C: STLS
        S: -ERR STLS is not offered
        C: AUTH PLAIN AGFsaWNlQGV4YW1wbGUudGVzdAB3b25kZXIgbGFuZA==
        S: +OK logged in
        C: UIDL
        S: -ERR unknown command
        ",
    )
    .await;
    let leaked = server.transcript().pop().unwrap().client_bytes_in_the_clear();
    assert!(leaked.starts_with(b"STLS\r\nAUTH PLAIN AGFs"));
}
