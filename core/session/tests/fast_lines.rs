//! A line on which much comes fast, where the socket is not watched all the time: it ends, is cut and stalls in the midst of a batch, and what is handed
//! out is what was sent.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::time::Duration;

use postseal_session::imap::{FetchItems, MailboxName, UidSet};
use postseal_session::{
    Connector, Credentials, Error, ImapConnection, Runtime, Security, Server, Timeouts, TlsConfig,
};
use postseal_test_server::{Options, Security as Port, TestServer};
use postseal_types::ErrorCode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy};
use tokio::net::{TcpListener, TcpStream};

const ALICE: &str = "alice@example.test";
/// Two batches.
const MESSAGES: usize = 80;
const SIZE: usize = 62_500;
/// Long enough for a busy machine, and soon over.
const PROGRESS: Duration = Duration::from_secs(2);

/// What happens to the bytes from the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Cut,
    Stall,
    /// For so long that the socket is watched again.
    Pause,
}

fn message(number: usize) -> Vec<u8> {
    let head = format!("Subject: {number}\r\n\r\n").into_bytes();
    let body = (head.len()..SIZE).map(|place| b'a' + ((place * 7 + number) % 26) as u8);
    head.iter().copied().chain(body).collect()
}

/// Stands between client and server for one connection, and breaks it after `at` of the server's bytes.
async fn break_line(listener: TcpListener, server: u16, how: How, at: u64) {
    let (mut client, _) = listener.accept().await.unwrap();
    let mut server = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
    _ = (client.set_nodelay(true), server.set_nodelay(true));
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
        (client.split(), server.split());
    let backward = async {
        _ = copy(&mut (&mut from_server).take(at), &mut to_client).await;
        match how {
            How::Cut => return,
            How::Stall => std::future::pending().await,
            How::Pause => tokio::time::sleep(Duration::from_millis(20)).await,
        }
        _ = copy(&mut from_server, &mut to_client).await;
        _ = to_client.shutdown().await;
    };
    tokio::select! {
        _ = copy(&mut from_client, &mut to_server) => {}
        () = backward => {}
    }
}

/// Fetches all messages through a line that breaks; how many there were before it ended, and why it did.
async fn fetch(server: &TestServer, how: How, at: u64) -> (usize, Option<Error>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = Server::new("localhost", listener.local_addr().unwrap().port(), Security::Tls).unwrap();
    let line = tokio::spawn(break_line(listener, server.imap(Port::Tls).port(), how, at));
    let tls = TlsConfig::default().only_roots(server.ca().root_pem().as_bytes()).unwrap();
    let timeouts = Timeouts { progress: PROGRESS, close: PROGRESS, ..Timeouts::default() };
    let connector = Connector::new(&Runtime::current().unwrap(), &tls).unwrap().with_timeouts(timeouts);
    let connection = ImapConnection::open(&connector, &place).await.unwrap();
    let session = connection.log_in(&Credentials::password(ALICE, "wonderland").unwrap()).await.unwrap();
    let inbox = MailboxName::inbox();
    let everything = UidSet::all(session.examine(&inbox).await.unwrap().uid_validity);
    let mut stream = session.fetch(&inbox, &everything, &FetchItems::new().whole());
    let (mut count, mut failed) = (0, None);
    while let Some(next) = stream.next().await {
        match next {
            Ok(fetched) => {
                assert!(fetched.whole == Some(message(count)), "message {count}, {how:?} at {at}");
                count += 1;
            }
            Err(error) => failed = Some(error),
        }
    }
    session.close().await.unwrap();
    line.await.unwrap();
    (count, failed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fast_line_that_ends_stalls_or_pauses_anywhere_loses_nothing_that_came() {
    let server = TestServer::start(Options::new().user(ALICE, "wonderland")).await.unwrap();
    for number in 0..MESSAGES {
        server.deliver(ALICE, "INBOX", &message(number)).unwrap();
    }
    // A stall takes as long as the deadline, so there are fewer of them.
    let stalls = [1, 5, 8].map(|step| (How::Stall, step));
    let fetching = (0..9).flat_map(|step| [(How::Cut, step), (How::Pause, step)]).chain(stalls);
    // Side by side they would not be fast.
    for (how, step) in fetching {
        let at = step * 500_000 + 504_321;
        let (count, failed) = fetch(&server, how, at).await;
        let whole = usize::try_from(at).unwrap() / SIZE;
        match (how, failed.map(|error| error.code())) {
            (How::Pause, None) => assert_eq!(count, MESSAGES),
            (How::Cut, Some(ErrorCode::Network | ErrorCode::Protocol))
            | (How::Stall, Some(ErrorCode::Timeout)) => {
                // The handshake and the records around the messages take some of the bytes.
                assert!(
                    (whole.saturating_sub(2)..=whole).contains(&count),
                    "{count} of {whole}, {how:?} at {at}"
                );
            }
            (_, code) => panic!("{how:?} at {at}: {code:?} after {count} messages"),
        }
    }
}
