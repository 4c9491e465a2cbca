//! The whole way over TLS on loopback, against the test server: honest, and at fault.

use postseal_test_server::{Fault, Options, Protocol, Security as Port, TestServer};
use postseal_types::Listener;
use tokio::time::timeout;

use super::*;
use crate::heard::Heard;
use crate::{Connector, MessageStream, PeerFault, Pop3Update, Security, Server, TlsConfig};

const DOTS: &[u8] = b"Subject: dots\r\n\r\n.\r\n..\r\n.leading\r\nbare\n.\nlf\r\n\r\n.\r\n";

async fn start(options: Options) -> TestServer {
    TestServer::start(options.user("alice", "wonderland").token("alice", "looking-glass")).await.unwrap()
}

/// Short deadlines, so that a stall is over soon.
fn short() -> Timeouts {
    Timeouts { progress: Duration::from_secs(3), close: Duration::from_millis(300), ..timeouts() }
}

async fn open(
    server: &TestServer,
    port: Port,
    tls: TlsConfig,
    timeouts: Timeouts,
) -> Result<Pop3Connection, Error> {
    let connector = Connector::new(&Runtime::current().unwrap(), &tls).unwrap().with_timeouts(timeouts);
    let security = if port == Port::Tls { Security::Tls } else { Security::StartTls };
    let address = Server::new("127.0.0.1", server.pop3(port).port(), security).unwrap();
    timeout(PATIENCE, Pop3Connection::open(&connector, &address)).await.unwrap()
}

fn trusting(server: &TestServer) -> TlsConfig {
    TlsConfig::default().only_roots(server.ca().root_pem().as_bytes()).unwrap()
}

async fn reach(server: &TestServer, port: Port) -> Result<Pop3Connection, Error> {
    open(server, port, trusting(server), timeouts()).await
}

async fn session(server: &TestServer) -> Pop3Session {
    reach(server, Port::Tls).await.unwrap().log_in(&alice()).await.unwrap()
}

async fn read(mut stream: MessageStream) -> Vec<u8> {
    let mut message = Vec::new();
    while let Some(chunk) = stream.next_chunk().await.unwrap() {
        message.extend_from_slice(&chunk);
    }
    message
}

#[tokio::test]
async fn messages_come_exactly_as_they_are_by_every_way() {
    let big = b".begins with a dot\r\nordinary\r\n".repeat(20_000);
    for port in [Port::Tls, Port::StartTls] {
        for missing in [&[][..], &["PIPELINING"], &["AUTH=PLAIN"]] {
            let options =
                missing.iter().fold(Options::new(), |options, one| options.without(Protocol::Pop3, one));
            let server = start(options).await;
            for message in [DOTS, &big, b"no line end"] {
                server.deliver("alice", "INBOX", message).unwrap();
            }
            let session = reach(&server, port).await.unwrap().log_in(&alice()).await.unwrap();
            let listing = session.messages().await.unwrap();
            let sizes: Vec<_> = listing.iter().map(|message| (message.number, message.size)).collect();
            assert_eq!(sizes, [(1, DOTS.len() as u64), (2, big.len() as u64), (3, 11)]);
            assert!(listing.iter().all(|message| message.uid.is_some()));
            assert_eq!(session.stat().await.unwrap().messages, 3);

            assert!(read(session.retrieve(2).await.unwrap()).await == big);
            let mut all = session.retrieve_all(listing, 1 << 20);
            for expected in [DOTS, &big, b"no line end\r\n"] {
                assert!(all.next().await.unwrap().unwrap().bytes.unwrap() == expected);
            }
            assert_eq!(all.next().await, Ok(None));
            let top = session.top(1, 1, 100).await;
            assert_eq!(top, Ok(b"Subject: dots\r\n\r\n.\r\n".to_vec()));

            assert_eq!(session.delete_all(&[1, 3]).await, Ok(vec![Ok(()), Ok(())]));
            assert_eq!(session.quit().await, Ok(Pop3Update::Committed { deleted: 2 }));
            assert!(server.messages("alice", "INBOX") == [big.clone()]);
            let heard = server.transcript();
            let clear = heard.first().unwrap().client_bytes_in_the_clear();
            assert_eq!(clear, if port == Port::Tls { &b""[..] } else { b"STLS\r\n" });
        }
    }
}

#[tokio::test]
async fn deletions_wait_for_quit() {
    let server = start(Options::new()).await;
    server.deliver("alice", "INBOX", DOTS).unwrap();
    for polite in [true, false] {
        let session = session(&server).await;
        session.delete(1).await.unwrap();
        if polite {
            session.close().await.unwrap();
        } else {
            server.cut_connections();
        }
        assert_eq!(server.messages("alice", "INBOX"), [DOTS]);
    }
    // Whether the update was done when its answer was lost is not to be known from here.
    for (fault, left) in [(Fault::instead_of("QUIT").cut(), 1), (Fault::before("QUIT").cut(), 0)] {
        let server = start(Options::new()).await;
        server.deliver("alice", "INBOX", DOTS).unwrap();
        server.inject(Protocol::Pop3, fault);
        let session = session(&server).await;
        session.delete(1).await.unwrap();
        let lost = Error::from(PeerFault::Disconnected { step: "QUIT" });
        assert_eq!(session.quit().await, Ok(Pop3Update::Unknown(lost)));
        assert_eq!(server.messages("alice", "INBOX").len(), left);
    }
}

#[tokio::test]
async fn every_kind_of_login_works_and_a_refused_one_hands_the_connection_back() {
    let server = start(Options::new()).await;
    let token = |token: &str| Credentials::token("alice", token).unwrap();
    let connection = reach(&server, Port::StartTls).await.unwrap();
    let wrong = Credentials::password("alice", "underland").unwrap();
    let (error, connection) = denied(connection.log_in(&wrong).await);
    let code = Some("AUTH".to_owned());
    let refused = Refusal { response_code: code.clone(), ..refusal("AUTH PLAIN", "credentials are wrong") };
    assert_eq!(error, Error::LoginRefused(refused));
    let (error, connection) = denied(connection.log_in(&token("expired")).await);
    let why =
        r#"credentials are wrong {"status":"401","schemes":"bearer","scope":"https://mail.example.test/"}"#;
    let refused = Refusal { response_code: code, ..refusal("AUTH XOAUTH2", why) };
    assert_eq!(error, Error::LoginRefused(refused));
    let session = connection.log_in(&token("looking-glass")).await.unwrap();
    assert_eq!(session.noop().await, Ok(()));

    let second = reach(&server, Port::Tls).await.unwrap();
    let (error, second) = denied(second.log_in(&alice()).await);
    let busy = "another session holds the maildrop";
    let refused = Refusal { response_code: Some("IN-USE".to_owned()), ..refusal("AUTH PLAIN", busy) };
    assert_eq!((error.is_retryable(), error), (true, Error::Refused(refused)));
    session.close().await.unwrap();
    second.log_in(&alice()).await.unwrap();
}

#[tokio::test]
async fn without_tls_nothing_is_said() {
    let injected: &[u8] = b"+OK injected\r\n";
    let bytes = injected.len();
    for (options, fault, error) in [
        (Options::new().without(Protocol::Pop3, "STLS"), None, Error::Unsupported { extension: "STLS" }),
        (
            Options::new().login_before_tls(),
            Some(Fault::instead_of("STLS").refuse("-ERR not today")),
            Error::Unsupported { extension: "STLS" },
        ),
        (
            Options::new(),
            Some(Fault::instead_of("STLS").say([b"+OK go\r\n", injected].concat())),
            PeerFault::PlaintextAfterStartTls { bytes }.into(),
        ),
        (
            Options::new(),
            Some(Fault::instead_of("STLS").cut()),
            PeerFault::Disconnected { step: "STLS" }.into(),
        ),
    ] {
        let server = start(options).await;
        if let Some(fault) = fault {
            server.inject(Protocol::Pop3, fault);
        }
        assert_eq!(reach(&server, Port::StartTls).await.err(), Some(error));
        assert_eq!(server.view().received, b"STLS\r\n");
    }
}

#[tokio::test]
async fn an_unknown_authority_gets_no_credentials() {
    let (server, other) = (start(Options::new()).await, start(Options::new()).await);
    for port in [Port::Tls, Port::StartTls] {
        let error = open(&server, port, trusting(&other), timeouts()).await.err();
        assert!(matches!(error, Some(Error::Certificate(_))), "{error:?}");
    }
    assert_eq!(server.view().received, b"STLS\r\n");
}

#[tokio::test]
async fn a_fault_in_any_command_is_a_typed_error_in_time() {
    let commands = ["CAPA", "AUTH", "STAT", "LIST", "UIDL", "TOP", "RETR", "DELE", "RSET", "NOOP"];
    let cases = commands.iter().flat_map(|&command| {
        let place = move || Fault::instead_of(command);
        let half = Fault::instead_of(command).say("+OK 1 ha");
        [
            (command, place().cut()),
            (command, place().stall()),
            (command, half),
            (command, Fault::before(command).garble()),
        ]
    });
    let outcomes = cases.map(async |(command, fault)| {
        // A server of its own, since one that stalls keeps the maildrop.
        let server = start(Options::new().without(Protocol::Pop3, "PIPELINING")).await;
        server.deliver("alice", "INBOX", DOTS).unwrap();
        server.inject(Protocol::Pop3, fault.clone());
        (command, fault, timeout(PATIENCE, walk(&server)).await.unwrap())
    });
    for (command, fault, outcome) in futures::future::join_all(outcomes).await {
        let error = outcome.unwrap_err();
        let fits = match &error {
            Error::Peer(PeerFault::Disconnected { step } | PeerFault::Unexpected { step, .. })
            | Error::Timeout { step, .. }
            | Error::Network { step, .. } => *step == command,
            _ => false,
        };
        assert!(fits, "{command} {fault:?} {error:?}");
    }
}

/// Every command once.
async fn walk(server: &TestServer) -> Result<(), Error> {
    let connection = open(server, Port::Tls, trusting(server), short()).await?;
    let session = connection.log_in(&alice()).await?;
    session.stat().await?;
    session.messages().await?;
    session.top(1, 0, 1000).await?;
    session.retrieve_to_vec(1, 1000).await?;
    session.delete(1).await?;
    session.reset().await?;
    session.noop().await
}

#[tokio::test]
async fn calls_may_come_from_any_executor() {
    let server = start(Options::new()).await;
    server.deliver("alice", "INBOX", DOTS).unwrap();
    let tls = trusting(&server);
    let address = Server::new("127.0.0.1", server.pop3(Port::Tls).port(), Security::Tls).unwrap();
    let elsewhere = std::thread::spawn(move || {
        let connector = Connector::new(&Runtime::new().unwrap(), &tls).unwrap();
        futures::executor::block_on(async {
            let session = Pop3Connection::open(&connector, &address).await?.log_in(&alice()).await?;
            let mut stream = session.retrieve(1).await?;
            let first = stream.next_chunk().await?;
            session.close().await?;
            Ok::<_, Error>(first)
        })
    });
    let first = tokio::task::spawn_blocking(|| elsewhere.join().unwrap()).await.unwrap();
    assert_eq!(first, Ok(Some(DOTS.to_vec())));
}

#[tokio::test]
async fn a_listener_is_told_how_much_of_messages_came() {
    let big = b".begins with a dot\r\nordinary\r\n".repeat(20_000);
    for missing in [&[][..], &["PIPELINING"]] {
        let options =
            missing.iter().fold(Options::new(), |options, one| options.without(Protocol::Pop3, one));
        let server = start(options).await;
        for message in [&big[..], DOTS, &big] {
            server.deliver("alice", "INBOX", message).unwrap();
        }
        let heard = Heard::default();
        let session = session(&server).await;
        let told = session.with_progress(heard.listener());
        let size = big.len() as u64;

        assert_eq!(told.retrieve_to_vec(1, big.len()).await.unwrap(), big);
        heard.assert_whole(size);
        assert_eq!(read(told.retrieve(1).await.unwrap()).await, big);
        heard.assert_whole(size);

        // Many are one piece of work; what is too large to be asked for is no part of it.
        let listed = session.messages().await.unwrap();
        for (limit, total) in [(big.len(), 2 * size + DOTS.len() as u64), (DOTS.len(), DOTS.len() as u64)] {
            let mut retrieval = told.retrieve_all(listed.clone(), limit);
            while retrieval.next().await.unwrap().is_some() {}
            let calls = heard.take();
            assert!(calls.iter().all(|(_, of)| *of == Some(total)), "{calls:?}");
            assert_eq!(calls.last(), Some(&(total, Some(total))));
        }

        // Not of a message that is refused or too large, nor of a header.
        told.retrieve_to_vec(9, 1).await.unwrap_err();
        told.top(2, 0, 1024).await.unwrap();
        assert_eq!(heard.take(), []);
        told.retrieve_to_vec(1, 20_000).await.unwrap_err();
        assert!(heard.take().iter().all(|(_, of)| of.is_none()));

        let panicking = session.with_progress(Listener::new(|_, _| panic!("on purpose")));
        assert_eq!(panicking.retrieve_to_vec(3, big.len()).await.unwrap(), big);
        session.close().await.unwrap();
    }
}
