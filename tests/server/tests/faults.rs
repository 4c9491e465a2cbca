//! The server misbehaves exactly where it is told to, and ends when it is told to.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::net::SocketAddr;
use std::time::Duration;

use postseal_test_server::ca::Validity;
use postseal_test_server::script::{Script, ScriptError};
use postseal_test_server::{Fault, Options, Protocol, Security, TestServer, TlsVersions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const ALICE: &str = "alice@example.test";

async fn start(options: Options) -> TestServer {
    TestServer::start(options.user(ALICE, "wonderland")).await.unwrap()
}

/// How a conversation ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Closed,
    Open,
}

/// Sends `input` in the clear, and checks what comes back and how it ends; an open end is one without a byte for a while.
async fn hear(address: SocketAddr, input: &[u8], expected: &[u8], end: End, what: &str) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(input).await.unwrap();
    let mut heard = Vec::new();
    let reading = async {
        while heard.len() < expected.len() && stream.read_buf(&mut heard).await.is_ok_and(|count| count > 0) {
        }
    };
    tokio::time::timeout(Duration::from_secs(10), reading).await.expect(what);
    assert_eq!(String::from_utf8_lossy(&heard), String::from_utf8_lossy(expected), "{what}");
    let patience = if end == End::Open { Duration::from_millis(100) } else { Duration::from_secs(10) };
    match tokio::time::timeout(patience, stream.read_buf(&mut heard)).await {
        Ok(more) => assert_eq!((more.unwrap_or(0), end), (0, End::Closed), "{what}"),
        Err(_) => assert_eq!(end, End::Open, "{what}"),
    }
}

const GREETING: &str = "220 mx.example.test ESMTP\r\n";

#[tokio::test]
async fn each_place_and_each_effect() {
    let reply = "250 2.0.0 ok\r\n";
    for (fault, heard, end) in [
        (Fault::before(0).cut(), String::new(), End::Closed),
        (Fault::before(0).stall(), String::new(), End::Open),
        (Fault::after(0).cut(), GREETING.to_owned(), End::Closed),
        (
            Fault::instead_of(0).refuse("554 5.3.2 busy"),
            format!("554 5.3.2 busy\r\n{reply}{reply}"),
            End::Open,
        ),
        (Fault::before(2).cut(), format!("{GREETING}{reply}"), End::Closed),
        (Fault::after("noop").stall(), format!("{GREETING}{reply}"), End::Open),
        (Fault::before("NOOP").say("x").times(1), format!("{GREETING}x{reply}{reply}"), End::Open),
        (Fault::instead_of("NOOP").say("").times(1), format!("{GREETING}{reply}"), End::Open),
        (Fault::instead_of("NOO").cut(), format!("{GREETING}{reply}{reply}"), End::Open),
        (Fault::at_byte(3).cut(), "220".to_owned(), End::Closed),
        (Fault::at_byte(30).stall(), format!("{GREETING}250"), End::Open),
        (Fault::at_byte(0).say("junk\r\n"), format!("junk\r\n{GREETING}{reply}{reply}"), End::Open),
    ] {
        let server = start(Options::new()).await;
        server.inject(Protocol::Smtp, fault.clone());
        server.inject(Protocol::Pop3, Fault::before(0).cut());
        let what = format!("{fault:?}");
        hear(server.smtp(Security::StartTls), b"NOOP\r\nNOOP\r\n", heard.as_bytes(), end, &what).await;
    }
}

#[tokio::test]
async fn garbage_keeps_its_line_ends() {
    let server = start(Options::new()).await;
    server.inject(Protocol::Smtp, Fault::before("NOOP").garble());
    let garbled: Vec<u8> = b"250 2.0.0 ok".iter().map(|byte| byte ^ 0x80).collect();
    let expected = [GREETING.as_bytes(), &garbled, b"\r\n"].concat();
    hear(server.smtp(Security::StartTls), b"NOOP\r\n", &expected, End::Open, "garbage").await;
}

#[tokio::test]
async fn a_cut_under_tls_comes_without_a_close_notify_at_any_byte() {
    let server = start(Options::new()).await;
    for at in 0..40 {
        server.clear_faults();
        server.inject(Protocol::Smtp, Fault::at_byte(at).cut());
        let script = Script::parse("TLS\nS: 220 mx.example.test ESMTP\nC: NOOP\nS: 250 2.0.0 ok");
        let end = script.tls(server.ca()).drive(server.smtp(Security::Tls)).await;
        let cut = matches!(&end, Err(ScriptError::Io { reason, .. }) if reason.contains("close_notify"));
        assert!(cut, "{at}: {end:?}");
        assert_eq!(server.transcript().pop().unwrap().server_bytes().len(), at);
    }
}

#[tokio::test]
async fn a_message_is_accepted_though_its_final_reply_is_lost() {
    let server = start(Options::new()).await;
    server.inject(Protocol::Smtp, Fault::before(".").cut());
    let script = Script::parse(
        "
        TLS
        S: 220 …
        C: HELO x
        S: 250 …
        C: AUTH PLAIN AGFsaWNlQGV4YW1wbGUudGVzdAB3b25kZXJsYW5k
        S: 235 …
        C: MAIL FROM:<alice@example.test>
        S: 250 …
        C: RCPT TO:<alice@example.test>
        S: 250 …
        C: DATA
        S: 354 …
        C: hello
        C: .
        S: 250 …
        ",
    );
    let end = script.clone().tls(server.ca()).drive(server.smtp(Security::Tls)).await;
    assert!(matches!(end, Err(ScriptError::Io { line: 16, .. })), "{end:?}");
    assert_eq!(server.messages(ALICE, "INBOX"), [b"hello\r\n"]);

    // Cut before it is carried out: the client can't tell, and nothing was sent.
    server.clear_faults();
    server.inject(Protocol::Smtp, Fault::instead_of(".").cut());
    let end = script.tls(server.ca()).drive(server.smtp(Security::Tls)).await;
    assert!(matches!(end, Err(ScriptError::Io { line: 16, .. })), "{end:?}");
    assert_eq!(server.accepted().len(), 1);
}

#[tokio::test]
async fn starttls_with_words_too_many_on_either_side() {
    let server = start(Options::new()).await;
    // The client's words ahead of the handshake end the connection.
    let expected = format!("{GREETING}220 2.0.0 go ahead\r\n");
    let input = b"STARTTLS\r\nNOOP\r\n";
    hear(server.smtp(Security::StartTls), input, expected.as_bytes(), End::Closed, "client").await;

    // The server's words behind its reply come in the same segment.
    server.inject(Protocol::Imap, Fault::after("STARTTLS").say("* PREAUTH hi\r\n"));
    let mut stream = TcpStream::connect(server.imap(Security::StartTls)).await.unwrap();
    let mut buffer = vec![0; 4096];
    let _ = stream.read(&mut buffer).await.unwrap();
    stream.write_all(b"a STARTTLS\r\n").await.unwrap();
    let count = stream.read(&mut buffer).await.unwrap();
    assert_eq!(buffer.get(..count).unwrap(), b"a OK begin TLS\r\n* PREAUTH hi\r\n");
}

#[tokio::test]
async fn bad_certificates_are_bad_and_tls_versions_are_kept_to() {
    for (options, reason) in [
        (Options::new().certificate(Validity::Expired), "expired"),
        (Options::new().certificate(Validity::NotYetValid), "not valid yet"),
        (Options::new().names(&["elsewhere.test"]), "not valid for name"),
        (Options::new().certificate(Validity::SelfSigned), "UnknownIssuer"),
        (Options::new().certificate(Validity::Client), "does not allow extended key usage"),
        (Options::new().client_certificates(), "ertificateRequired"),
    ] {
        let server = start(options).await;
        let script = Script::parse("TLS\nS: 220 …\nC: NOOP\nS: 250 …").tls(server.ca());
        let end = script.drive(server.smtp(Security::Tls)).await;
        assert!(end.as_ref().is_err_and(|error| error.to_string().contains(reason)), "{reason}: {end:?}");
        while !server.transcript().iter().all(|conversation| conversation.ended) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(server.transcript().pop().unwrap().handshake.unwrap().is_err(), "{reason}");
    }
    for (versions, version) in [(TlsVersions::Only12, "TLSv1_2"), (TlsVersions::Only13, "TLSv1_3")] {
        let server = start(Options::new().tls(versions)).await;
        let script = Script::parse("TLS\nS: 220 …\nC: QUIT\nS: 221 …").tls(server.ca());
        script.drive(server.smtp(Security::Tls)).await.unwrap();
        let handshake = server.transcript().pop().unwrap().handshake.unwrap().unwrap();
        assert_eq!(handshake.version, version);
        let post_quantum = handshake.group.as_deref() == Some("X25519MLKEM768");
        assert_eq!(post_quantum, versions == TlsVersions::Only13);
        assert_eq!(handshake.server_name.as_deref(), Some("localhost"));
        assert!(!handshake.resumed && !handshake.client_certificate);
    }
}

#[tokio::test]
async fn a_trickle_comes_byte_by_byte() {
    let server = start(Options::new()).await;
    server.inject(Protocol::Smtp, Fault::after(0).trickle(Duration::from_millis(5)));
    let mut stream = TcpStream::connect(server.smtp(Security::StartTls)).await.unwrap();
    stream.write_all(b"NOOP\r\n").await.unwrap();
    stream.read_exact(&mut [0; GREETING.len()]).await.unwrap();
    let begun = std::time::Instant::now();
    stream.read_exact(&mut [0; 14]).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(14 * 5 - 5));
}

#[tokio::test]
async fn a_lost_network_ends_the_connections_there_are_and_no_others() {
    let server = start(Options::new()).await;
    let mut greeting = [0; GREETING.len()];
    let mut stream = TcpStream::connect(server.smtp(Security::StartTls)).await.unwrap();
    stream.read_exact(&mut greeting).await.unwrap();
    server.cut_connections();
    assert_eq!(stream.read(&mut [0; 9]).await.unwrap_or(0), 0);
    let mut stream = TcpStream::connect(server.smtp(Security::StartTls)).await.unwrap();
    stream.read_exact(&mut greeting).await.unwrap();
}

#[tokio::test]
async fn a_flood_has_an_opening_and_no_end_and_a_pipe_is_a_connection() {
    let server = start(Options::new()).await;
    server.inject(Protocol::Smtp, Fault::instead_of("NOOP").flood("250-first\r\n", "250-x\r\n"));
    let mut pipe = server.connect(Protocol::Smtp);
    pipe.write_all(b"NOOP\r\n").await.unwrap();
    let opening = format!("{GREETING}250-first\r\n");
    let mut heard = vec![0; opening.len() + 7 * 100_000];
    pipe.read_exact(&mut heard).await.unwrap();
    assert_eq!(heard, [opening.clone(), "250-x\r\n".repeat(100_000)].concat().as_bytes());
    drop(pipe);
    server.stop().await;
    let conversation = server.transcript().pop().expect("a conversation");
    assert_eq!(conversation.server_bytes(), opening.as_bytes());
    assert!(conversation.ended && conversation.client_bytes_in_the_clear().is_empty());
}

#[tokio::test]
async fn an_idle_client_is_dropped() {
    let server = start(Options::new().idle(Duration::from_millis(50))).await;
    hear(server.smtp(Security::StartTls), b"", GREETING.as_bytes(), End::Closed, "idle").await;
}

#[tokio::test]
async fn stop_ends_everything_twice_and_drop_does_too() {
    let server = start(Options::new()).await;
    server.inject(Protocol::Smtp, Fault::before(0).stall());
    let address = server.smtp(Security::StartTls);
    let mut stream = TcpStream::connect(address).await.unwrap();
    while server.transcript().is_empty() {
        tokio::task::yield_now().await;
    }
    server.stop().await;
    server.stop().await;
    assert_eq!(stream.read(&mut [0; 9]).await.unwrap_or(0), 0);
    assert!(TcpStream::connect(address).await.is_err());
    assert!(server.transcript().iter().all(|conversation| conversation.ended));

    let server = start(Options::new()).await;
    let mut stream = TcpStream::connect(server.pop3(Security::StartTls)).await.unwrap();
    let mut greeting = [0; 23];
    stream.read_exact(&mut greeting).await.unwrap();
    drop(server);
    assert_eq!(stream.read(&mut [0; 9]).await.unwrap_or(0), 0);
}
