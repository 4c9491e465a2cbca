//! A failure that ends a session is told when the session has ended, so that a caller who looks finds it closed.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use postseal_session::imap::MailboxName;
use postseal_session::{
    Connector, Credentials, Error, ImapConnection, PeerFault, Pop3Connection, Runtime, Security, SendOptions,
    Server, SmtpConnection, TlsConfig,
};
use postseal_test_server::{Fault, Options, Protocol, Security as Begin, TestServer};
use postseal_types::{Address, Envelope};

const ALICE: &str = "alice@example.test";
/// How often each failure is met: a race is not lost every time.
const ROUNDS: usize = 20;
/// No test takes longer.
const DEADLINE: Duration = Duration::from_secs(60);

fn disconnected(step: &'static str) -> Error {
    PeerFault::Disconnected { step }.into()
}

/// Runs a test with sessions on threads of their own.
fn with_server(test: impl AsyncFnOnce(TestServer, Connector, Credentials)) {
    let server_runtime = tokio::runtime::Runtime::new().unwrap();
    let options = Options::new().user(ALICE, "wonderland");
    let server = server_runtime.block_on(TestServer::start(options)).unwrap();
    let tls = TlsConfig::default().only_roots(server.ca().root_pem().as_bytes()).unwrap();
    let connector = Connector::new(&Runtime::new().unwrap(), &tls).unwrap();
    let alice = Credentials::password(ALICE, "wonderland").unwrap();
    server_runtime.block_on(async {
        tokio::time::timeout(DEADLINE, test(server, connector, alice)).await.unwrap();
    });
}

fn at(port: u16) -> Server {
    Server::new("127.0.0.1", port, Security::Tls).unwrap()
}

#[test]
fn smtp() {
    with_server(async |server, connector, alice| {
        let address = || Address::parse(ALICE).unwrap();
        let envelope = Envelope { from: Some(address()), to: vec![address()] };
        for _ in 0..ROUNDS {
            let connection =
                SmtpConnection::open(&connector, &at(server.smtp(Begin::Tls).port())).await.unwrap();
            let session = connection.log_in(&alice).await.unwrap();
            server.inject(Protocol::Smtp, Fault::instead_of("MAIL").cut());
            let error = session.send(&envelope, &b"a\r\n"[..], &SendOptions::default()).await.unwrap_err();
            assert_eq!((error, session.is_closed()), (disconnected("MAIL"), true));
        }
    });
}

#[test]
fn imap() {
    with_server(async |server, connector, alice| {
        for _ in 0..ROUNDS {
            let connection =
                ImapConnection::open(&connector, &at(server.imap(Begin::Tls).port())).await.unwrap();
            let session = connection.log_in(&alice).await.unwrap();
            server.inject(Protocol::Imap, Fault::instead_of("STATUS").cut());
            let error = session.status(&MailboxName::inbox()).await.unwrap_err();
            assert_eq!((error, session.is_closed()), (disconnected("STATUS"), true));
        }
    });
}

/// Somebody with one message. The server may hold the maildrop of the user before for a moment yet.
fn user(server: &TestServer, round: usize, message: &[u8]) -> Credentials {
    let address = format!("user{round}@example.test");
    server.add_user(&address, "wonderland");
    server.deliver(&address, "INBOX", message).unwrap();
    Credentials::password(&address, "wonderland").unwrap()
}

#[test]
fn pop3() {
    with_server(async |server, connector, _| {
        for round in 0..ROUNDS {
            let user = user(&server, round, b"a\r\n");
            let connection =
                Pop3Connection::open(&connector, &at(server.pop3(Begin::Tls).port())).await.unwrap();
            let session = connection.log_in(&user).await.unwrap();
            let step = if round % 4 == 0 { "STAT" } else { "RETR" };
            let listed = session.messages().await.unwrap();
            server.inject(Protocol::Pop3, Fault::instead_of(step).cut());
            let error = match round % 4 {
                0 => session.stat().await.unwrap_err(),
                1 => session.retrieve_to_vec(1, 1024).await.unwrap_err(),
                2 => session.retrieve_all(listed, 1024).next().await.unwrap_err(),
                _ => session.retrieve(1).await.unwrap_err(),
            };
            assert_eq!((error, session.is_closed()), (disconnected(step), true));
        }
    });
}

#[test]
fn pop3_in_the_middle_of_a_stream() {
    with_server(async |server, connector, _| {
        for round in 0..ROUNDS {
            let user = user(&server, round, &b"some text\r\n".repeat(20_000));
            server.inject(Protocol::Pop3, Fault::at_byte(100_000).cut());
            let connection =
                Pop3Connection::open(&connector, &at(server.pop3(Begin::Tls).port())).await.unwrap();
            let session = connection.log_in(&user).await.unwrap();
            let mut stream = session.retrieve(1).await.unwrap();
            let error = loop {
                match stream.next_chunk().await {
                    Ok(chunk) => assert!(chunk.is_some(), "it was cut"),
                    Err(error) => break error,
                }
            };
            assert_eq!((error, session.is_closed()), (disconnected("RETR"), true));
        }
    });
}
