//! Connections as they break in life, below the protocols: the bytes on the wire are cut, stalled and changed anywhere, from the greeting
//! in the clear through the handshake to the last record, and waits are dropped at any time. Nothing is left over: no task, no
//! descriptor, no connection.
//!
//! What a break does at every byte that the protocols say is in core/session/src/everywhere.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use postseal_session::imap::MailboxName;
use postseal_session::{
    Connector, Credentials, Delivery, Error, ImapConnection, Pop3Connection, Pop3Update, Runtime, Security,
    SendOptions, Server, SmtpConnection, Timeouts, TlsConfig,
};
use postseal_test_server::{Options, Protocol, Security as Port, TestServer};
use postseal_types::{Address, Envelope, ErrorCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, mpsc};

const PROTOCOLS: [Protocol; 3] = [Protocol::Smtp, Protocol::Imap, Protocol::Pop3];

/// Short, so that a stall is soon over. A busy machine may run into them elsewhere too; what is claimed must hold all the same.
const SHORT: Timeouts = Timeouts {
    connect: Duration::from_secs(5),
    handshake: Duration::from_millis(300),
    token: Duration::from_millis(300),
    progress: Duration::from_millis(300),
    final_reply: Duration::from_millis(400),
    close: Duration::from_millis(200),
};

/// No session with these deadlines takes longer, even on a busy machine.
const BOUND: Duration = Duration::from_secs(30);

/// How many sessions run side by side.
const AT_ONCE: usize = 64;

/// The tests of this program count what the process has open, so they take turns.
static TURN: Mutex<()> = Mutex::const_new(());

/// What happens to the bytes from the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Cut,
    Stall,
    /// One bit is flipped.
    Change,
}

/// What a session claims to have done.
#[derive(Debug, PartialEq, Eq)]
enum Claim {
    Done,
    NotDone,
    Unknown,
}

/// A server, and one user for each session.
struct World {
    server: TestServer,
    tls: TlsConfig,
    users: AtomicUsize,
}

impl World {
    async fn new() -> Self {
        let server = TestServer::start(Options::new()).await.unwrap();
        let tls = TlsConfig::default().only_roots(server.ca().root_pem().as_bytes()).unwrap();
        Self { server, tls, users: AtomicUsize::new(0) }
    }

    fn user(&self) -> String {
        let user = format!("u{}@example.test", self.users.fetch_add(1, Ordering::Relaxed));
        self.server.add_user(&user, "wonderland");
        user
    }

    fn connector(&self, timeouts: Timeouts) -> Connector {
        // Each has a store of tickets of its own: every handshake is a full one.
        Connector::new(&Runtime::current().unwrap(), &self.tls).unwrap().with_timeouts(timeouts)
    }

    fn port(&self, protocol: Protocol, port: Port) -> u16 {
        let address = match protocol {
            Protocol::Smtp => self.server.smtp(port),
            Protocol::Imap => self.server.imap(port),
            Protocol::Pop3 => self.server.pop3(port),
        };
        address.port()
    }

    /// How many of the user's messages there are, wherever they are.
    fn stored(&self, user: &str) -> usize {
        ["INBOX", "Sent"].iter().map(|mailbox| self.server.messages(user, mailbox).len()).sum()
    }
}

fn message(user: &str) -> Vec<u8> {
    format!("Subject: to {user}\r\n\r\nhello\r\n").into_bytes()
}

/// Logs in, and does one thing that can be seen on the server: sends a message to the user, files one, or deletes the only one.
async fn act(
    protocol: Protocol,
    connector: &Connector,
    server: &Server,
    user: &str,
) -> Result<Claim, (Claim, Error)> {
    let credentials = Credentials::password(user, "wonderland").unwrap();
    let not_done = |error: Error| (Claim::NotDone, error);
    match protocol {
        Protocol::Smtp => {
            let session = SmtpConnection::open(connector, server).await.map_err(not_done)?;
            let session = session.log_in(&credentials).await.map_err(|denied| not_done(denied.error))?;
            let address = Address::parse(user).unwrap();
            let envelope = Envelope { from: Some(address.clone()), to: vec![address] };
            let receipt = session.send(&envelope, message(user), &SendOptions::default()).await;
            session.close().await.unwrap();
            match receipt.map_err(not_done)?.message {
                Delivery::Sent { .. } => Ok(Claim::Done),
                Delivery::Unknown { because } => Err((Claim::Unknown, because)),
                other => panic!("nobody refused: {other:?}"),
            }
        }
        Protocol::Imap => {
            let session = ImapConnection::open(connector, server).await.map_err(not_done)?;
            let session = session.log_in(&credentials).await.map_err(|denied| not_done(denied.error))?;
            let sent = MailboxName::new("Sent").unwrap();
            let appended = session.append(&sent, message(user), &[], None).await;
            session.close().await.unwrap();
            appended.map(|_| Claim::Done).map_err(|error| (Claim::Unknown, error))
        }
        Protocol::Pop3 => {
            let session = Pop3Connection::open(connector, server).await.map_err(not_done)?;
            let session = session.log_in(&credentials).await.map_err(|denied| not_done(denied.error))?;
            session.delete(1).await.map_err(not_done)?;
            let update = session.quit().await.map_err(not_done)?;
            session.close().await.unwrap();
            match update {
                Pop3Update::Committed { .. } => Ok(Claim::Done),
                Pop3Update::Unknown(error) => Err((Claim::Unknown, error)),
                other => panic!("nobody refused: {other:?}"),
            }
        }
    }
}

/// Where lines to the server begin, one at a time. It is used again and again: a port of its own for every line, and the machine would
/// soon have none left, since each rests for a minute.
struct Stand(TcpListener);

impl Stand {
    async fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    fn server(&self) -> Server {
        Server::new("localhost", self.0.local_addr().unwrap().port(), Security::StartTls).unwrap()
    }
}

/// Stands between client and server for one connection, and breaks it after `at` of the server's bytes. How many there were.
async fn break_line(Stand(listener): &Stand, server: u16, how: How, at: usize) -> usize {
    let (client, _) = listener.accept().await.unwrap();
    let server = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
    _ = (client.set_nodelay(true), server.set_nodelay(true));
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
        (client.into_split(), server.into_split());
    let forward = async {
        _ = tokio::io::copy(&mut from_client, &mut to_server).await;
        _ = to_server.shutdown().await;
    };
    let count = AtomicUsize::new(0);
    let backward = async {
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = from_server.read(&mut buffer).await {
            let bytes = &mut buffer[..read];
            let before = count.fetch_add(read, Ordering::Relaxed);
            if let Some(place) = at.checked_sub(before).filter(|&place| place < read) {
                if how != How::Change {
                    _ = to_client.write_all(&bytes[..place]).await;
                    return how == How::Stall;
                }
                bytes[place] ^= 1;
            }
            if to_client.write_all(bytes).await.is_err() {
                break;
            }
        }
        _ = to_client.shutdown().await;
        true
    };
    // A stalled line lasts until the client hangs up, a cut one ends at once.
    tokio::select! {
        () = forward => {}
        () = async { if backward.await { std::future::pending().await } } => {}
    }
    count.into_inner()
}

/// One session through a line that breaks. Whether it got through, and how many bytes the server sent.
async fn broken(
    world: &World,
    stand: &Stand,
    protocol: Protocol,
    (how, at): (How, usize),
    timeouts: Timeouts,
) -> (bool, usize) {
    let user = world.user();
    let before = usize::from(protocol == Protocol::Pop3);
    if protocol == Protocol::Pop3 {
        world.server.deliver(&user, "INBOX", &message(&user)).unwrap();
    }
    let connector = world.connector(timeouts);
    let server = stand.server();
    let acting = tokio::time::timeout(BOUND, act(protocol, &connector, &server, &user));
    let line = break_line(stand, world.port(protocol, Port::StartTls), how, at);
    let place = format!("{protocol:?}, {how:?} at {at}");
    let (outcome, sent) = tokio::join!(acting, tokio::time::timeout(BOUND, line));
    let outcome = outcome.unwrap_or_else(|_| panic!("{place}: it hangs"));
    let sent = sent.unwrap_or_else(|_| panic!("{place}: open"));
    let (claim, error) = match outcome {
        Ok(claim) => (claim, None),
        Err((claim, error)) => (claim, Some(error)),
    };
    let changed = world.stored(&user) != before;
    match claim {
        Claim::Done => assert!(changed, "{place}: it was not done"),
        Claim::NotDone => assert!(!changed, "{place}: it was done: {error:?}"),
        Claim::Unknown => {}
    }
    if let Some(error) = &error {
        let is_defect =
            matches!(error.code(), ErrorCode::Internal | ErrorCode::InvalidInput | ErrorCode::Closed);
        assert!(!is_defect, "{place}: {error:?}");
    }
    (error.is_none(), sent)
}

/// How many descriptors this process has; 0 where the system doesn't tell.
fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// Waits until nothing is open that was not before; what the kernel and the server still put away takes a moment.
async fn nothing_is_left(before: (usize, usize)) {
    let settled = async {
        while tasks() > before.0 || descriptors() > before.1 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let settled = tokio::time::timeout(BOUND, settled).await;
    assert!(settled.is_ok(), "left over: {:?}, before: {before:?}", (tasks(), descriptors()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_broken_below_tls_leaves_no_lie_and_nothing_open() {
    let _alone = TURN.lock().await;
    let world = Arc::new(World::new().await);
    let before = (tasks(), descriptors());
    let (free, mut stands) = mpsc::unbounded_channel();
    for _ in 0..AT_ONCE {
        free.send(Stand::new().await).unwrap();
    }
    for protocol in PROTOCOLS {
        let stand = Stand::new().await;
        let whole = (How::Cut, usize::MAX);
        let (is_done, length) = broken(&world, &stand, protocol, whole, Timeouts::default()).await;
        assert!(is_done, "{protocol:?} without a break");
        let mut sessions = tokio::task::JoinSet::new();
        for at in 0..length {
            for how in [How::Cut, How::Stall, How::Change] {
                let stand = stands.recv().await.unwrap();
                let (world, free) = (Arc::clone(&world), free.clone());
                sessions.spawn(async move {
                    _ = broken(&world, &stand, protocol, (how, at), SHORT).await;
                    free.send(stand).unwrap();
                });
            }
        }
        while let Some(session) = sessions.join_next().await {
            session.unwrap();
        }
    }
    drop(stands);
    nothing_is_left(before).await;
    assert!(world.server.transcript().iter().all(|conversation| conversation.ended));
}

/// Opens a connection and closes it, in one of the three protocols.
async fn open(protocol: Protocol, connector: &Connector, server: &Server) -> Result<(), Error> {
    match protocol {
        Protocol::Smtp => SmtpConnection::open(connector, server).await?.close().await,
        Protocol::Imap => drop(ImapConnection::open(connector, server).await?),
        Protocol::Pop3 => Pop3Connection::open(connector, server).await?.close().await,
    }
    Ok(())
}

/// What comes of `future` within so many polls.
async fn polled<F: Future>(mut polls: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(move |cx| {
        let Some(left) = polls.checked_sub(1) else { return Poll::Ready(None) };
        polls = left;
        match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_dropped_at_any_time_closes_the_connection() {
    let _alone = TURN.lock().await;
    let world = World::new().await;
    let before = (tasks(), descriptors());
    for (protocol, port) in
        PROTOCOLS.into_iter().flat_map(|protocol| [(protocol, Port::Tls), (protocol, Port::StartTls)])
    {
        let security = if port == Port::Tls { Security::Tls } else { Security::StartTls };
        let server = Server::new("localhost", world.port(protocol, port), security).unwrap();
        // After every number of polls, and after every tenth of a millisecond: the work is done by a task of the library's own, which
        // gets on while nobody polls.
        for polls in 0.. {
            let connector = world.connector(Timeouts::default());
            if let Some(opened) = polled(polls, open(protocol, &connector, &server)).await {
                opened.unwrap();
                break;
            }
        }
        // Until one gets to its end before it is dropped.
        for step in 0_u32.. {
            let connector = world.connector(Timeouts::default());
            let opening = open(protocol, &connector, &server);
            let opened = tokio::time::timeout(step * Duration::from_micros(100), opening).await;
            if let Ok(opened) = opened {
                opened.unwrap();
                break;
            }
        }
        open(protocol, &world.connector(Timeouts::default()), &server).await.unwrap();
    }
    nothing_is_left(before).await;
    assert!(world.server.transcript().iter().all(|conversation| conversation.ended));
}
