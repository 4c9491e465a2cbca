//! The whole way over real TLS, against the in-memory server.

use postseal_test_server::{Fault, Options, Protocol, Security, TestServer};
use postseal_types::Listener;

use super::*;
use crate::heard::Heard;
use crate::imap::{Change, FetchItems, FetchStream, Flag, FlagChange, PartNumber, Role, Search, Unreadable};
use crate::{Connector, PeerFault, Server, TlsConfig};

const ALICE: &str = "alice@example.test";

async fn start(options: Options) -> TestServer {
    TestServer::start(options.user(ALICE, "wonderland")).await.unwrap()
}

async fn open(server: &TestServer, security: Security) -> Result<ImapConnection, Error> {
    open_with(server, security, timeouts()).await
}

async fn open_with(
    server: &TestServer,
    security: Security,
    timeouts: Timeouts,
) -> Result<ImapConnection, Error> {
    let tls = TlsConfig::default().only_roots(server.ca().root_pem().as_bytes()).unwrap();
    let connector = Connector::new(&Runtime::current().unwrap(), &tls).unwrap().with_timeouts(timeouts);
    let how = match security {
        Security::Tls => crate::Security::Tls,
        Security::StartTls => crate::Security::StartTls,
    };
    let address = Server::new("localhost", server.imap(security).port(), how).unwrap();
    ImapConnection::open(&connector, &address).await
}

async fn session(server: &TestServer) -> ImapSession {
    let credentials = Credentials::password(ALICE, "wonderland").unwrap();
    open(server, Security::Tls).await.unwrap().log_in(&credentials).await.unwrap()
}

async fn in_time<T>(test: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, test).await.unwrap()
}

#[tokio::test]
async fn a_message_goes_in_and_comes_out_byte_by_byte() {
    in_time(async {
        let server = start(Options::new()).await;
        for security in [Security::Tls, Security::StartTls] {
            let credentials = Credentials::password(ALICE, "wonderland").unwrap();
            let connection = open(&server, security).await.unwrap();
            assert!(!connection.is_preauthenticated());
            let session = connection.log_in(&credentials).await.unwrap();
            assert!(session.capabilities().has("idle"));

            let mailboxes = session.list().await.unwrap();
            let sent = mailboxes.iter().find(|info| info.role == Some(Role::Sent)).unwrap();
            let message = b"Subject: hi\r\n\r\n{5}\r\n\xe9 \"(\\\r\n".to_vec();
            let uid =
                session.append(&sent.name, message.clone(), &[Flag::Seen], None).await.unwrap().unwrap();
            assert_eq!(session.message(&sent.name, uid).await.unwrap(), message);

            let items = FetchItems::new().flags().size().envelope().structure();
            let fetched = session.fetch(&sent.name, &uid.into(), &items).next().await.unwrap().unwrap();
            assert_eq!(fetched.size, Some(message.len() as u64));
            assert!(fetched.flags.unwrap().contains(&Flag::Seen));
            assert_eq!(fetched.envelope.unwrap().subject.as_deref(), Some(&b"hi"[..]));
            assert_eq!(fetched.structure.unwrap().media_type, "text/plain");
            assert_eq!(fetched.unreadable, Vec::<Unreadable>::new());
            session.close().await.unwrap();
            assert!(session.is_closed());
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    in_time(async {
        let server = start(Options::new()).await;
        let session = session(&server).await;
        let nowhere = MailboxName::new("nowhere").unwrap();
        let missing = Error::NotFound { what: "mailbox" };
        assert_eq!(session.examine(&nowhere).await, Err(missing.clone()));
        assert_eq!(session.append(&nowhere, "x\r\n", &[], None).await, Err(missing));
        let selected = session.select(&inbox()).await.unwrap();
        let uid = Uid::new(selected.uid_validity, 999).unwrap();
        assert_eq!(session.message(&inbox(), uid).await, Err(Error::NotFound { what: "message" }));
    })
    .await;
}

#[tokio::test]
async fn messages_are_found_marked_moved_and_expunged() {
    in_time(async {
        let server = start(Options::new()).await;
        for subject in ["one", "zwölf", "three"] {
            server.deliver(ALICE, "INBOX", format!("Subject: {subject}\r\n\r\n{subject}\r\n").as_bytes());
        }
        let session = session(&server).await;
        let all = session.search(&inbox(), &Search::all()).await.unwrap();
        let &[first, second, third] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!(session.search(&inbox(), &Search::text("zwölf")).await, Ok(vec![second]));

        let add = FlagChange::Add(vec![Flag::Seen, Flag::keyword("work").unwrap()]);
        session.store(&inbox(), &first.into(), &add).await.unwrap();
        let unseen = Search::without_flag(Flag::Seen);
        assert_eq!(session.search(&inbox(), &unseen).await, Ok(vec![second, third]));

        let trash = MailboxName::new("Trash").unwrap();
        let moved = session.move_to(&inbox(), &second.into(), &trash).await.unwrap();
        let &[(from, to)] = moved.as_slice() else { panic!("{moved:?}") };
        assert_eq!(from, second);
        assert_eq!(session.message(&trash, to).await.unwrap(), "Subject: zwölf\r\n\r\nzwölf\r\n".as_bytes());

        let deleted = FlagChange::Add(vec![Flag::Deleted]);
        session.store(&inbox(), &UidSet::of([first, third]).unwrap(), &deleted).await.unwrap();
        session.expunge_uids(&inbox(), &first.into()).await.unwrap();
        assert_eq!(session.search(&inbox(), &Search::all()).await, Ok(vec![third]));
        session.expunge(&inbox()).await.unwrap();
        assert_eq!(session.status(&inbox()).await.unwrap().messages, Some(0));
    })
    .await;
}

/// Two of them make a batch.
fn large() -> Vec<u8> {
    [b"Subject: x\r\n\r\n".to_vec(), b"0123456789abcde\n".repeat(100_000)].concat()
}

/// A session with five large messages, and a fetch of them that has not begun.
async fn fetch_of_large_messages(server: &TestServer) -> (ImapSession, FetchStream) {
    let numbers = [(); 5].map(|()| server.deliver(ALICE, "INBOX", &large()).unwrap());
    let session = session(server).await;
    let validity = session.examine(&inbox()).await.unwrap().uid_validity;
    let uids = UidSet::of(numbers.map(|number| Uid::new(validity, number).unwrap())).unwrap();
    let stream = session.fetch(&inbox(), &uids, &FetchItems::new().whole());
    (session, stream)
}

/// How many batches of messages were asked for.
fn batches_asked_for(server: &TestServer) -> usize {
    let lines = server.transcript().last().unwrap().client_bytes();
    String::from_utf8_lossy(&lines).matches("BODY.PEEK[]").count()
}

#[tokio::test]
async fn a_slow_reader_holds_up_one_batch_and_nobody_else() {
    in_time(async {
        let server = start(Options::new()).await;
        let (session, mut stream) = fetch_of_large_messages(&server).await;
        // One batch is fetched ahead, and no more.
        for _ in 0..2 {
            assert!(stream.next().await.unwrap().unwrap().whole.unwrap() == large());
            session.noop().await.unwrap();
            assert_eq!(batches_asked_for(&server), 2);
        }
        assert!(stream.next().await.unwrap().unwrap().whole.unwrap() == large());
        // Dropped in the middle of a batch, it is drained, and the session goes on.
        drop(stream);
        session.noop().await.unwrap();
        let asked = batches_asked_for(&server);
        assert!((2..=3).contains(&asked), "{asked}");
    })
    .await;
}

#[tokio::test]
async fn one_batch_ahead_is_fetched_without_the_reader() {
    in_time(async {
        let server = start(Options::new()).await;
        let (session, mut stream) = fetch_of_large_messages(&server).await;
        assert!(futures::poll!(Box::pin(stream.next())).is_pending());
        while batches_asked_for(&server) < 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        session.noop().await.unwrap();
        assert_eq!(batches_asked_for(&server), 2);
        assert!(stream.next().await.unwrap().unwrap().whole.unwrap() == large());
    })
    .await;
}

#[tokio::test]
async fn a_call_that_waits_comes_before_the_batch_ahead() {
    in_time(async {
        let server = start(Options::new()).await;
        let (session, mut stream) = fetch_of_large_messages(&server).await;
        assert!(futures::poll!(Box::pin(stream.next())).is_pending());
        session.noop().await.unwrap();
        assert_eq!(batches_asked_for(&server), 1);
        assert!(stream.next().await.unwrap().unwrap().whole.unwrap() == large());
    })
    .await;
}

#[tokio::test]
async fn a_watch_comes_before_the_batch_ahead() {
    in_time(async {
        let server = start(Options::new()).await;
        let (session, mut stream) = fetch_of_large_messages(&server).await;
        let mut watch = session.watch(&inbox()).await.unwrap();
        assert!(futures::poll!(Box::pin(stream.next())).is_pending());
        while batches_asked_for(&server) == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        server.deliver(ALICE, "INBOX", b"Subject: x\r\n\r\n").unwrap();
        assert_eq!(watch.next().await, Ok(Change::Exists(6)));
        assert_eq!(batches_asked_for(&server), 1);
    })
    .await;
}

/// tokio lets a task do so much at a time and then says that nothing is ready: that is not the end of the messages.
#[tokio::test]
async fn a_task_that_is_out_of_its_turn_loses_no_message() {
    in_time(async {
        let server = start(Options::new()).await;
        let large = [&b"Subject: x\r\n\r\n"[..], &vec![b'x'; 300_000]].concat();
        for _ in 0..2 {
            server.deliver(ALICE, "INBOX", &large).unwrap();
        }
        let session = session(&server).await;
        let uids = UidSet::all(session.examine(&inbox()).await.unwrap().uid_validity);
        let mut stream = session.fetch(&inbox(), &uids, &FetchItems::new().whole());
        assert!(stream.next().await.unwrap().is_ok());
        // The batch is here to its end when this one has had its turn.
        session.noop().await.unwrap();
        while tokio::task::coop::has_budget_remaining() {
            tokio::task::coop::consume_budget().await;
        }
        assert!(stream.next().await.is_some_and(|second| second.is_ok()));
        assert!(stream.next().await.is_none());
    })
    .await;
}

#[tokio::test]
async fn a_rebuilt_mailbox_refuses_old_handles() {
    in_time(async {
        let server = start(Options::new()).await;
        let number = server.deliver(ALICE, "INBOX", b"Subject: x\r\n\r\n").unwrap();
        let session = session(&server).await;
        let old = session.examine(&inbox()).await.unwrap().uid_validity;
        let uid = Uid::new(old, number).unwrap();
        assert!(server.rebuild_mailbox(ALICE, "INBOX"));
        let new = session.examine(&inbox()).await.unwrap().uid_validity;
        let changed = Error::UidValidityChanged { expected: old.value(), actual: new.value() };
        assert_eq!(session.message(&inbox(), uid).await, Err(changed.clone()));
        let change = FlagChange::Replace(vec![]);
        assert_eq!(session.store(&inbox(), &uid.into(), &change).await, Err(changed));
        assert!(session.message(&inbox(), Uid::new(new, 999).unwrap()).await.is_err());
        assert!(!session.is_closed());
    })
    .await;
}

#[tokio::test]
async fn a_new_message_wakes_who_watches() {
    in_time(async {
        for options in [Options::new(), Options::new().without(Protocol::Imap, "UIDPLUS")] {
            let server = start(options).await;
            let session = session(&server).await;
            let mut watch = session.watch(&inbox()).await.unwrap();
            server.deliver(ALICE, "INBOX", b"Subject: x\r\n\r\n");
            assert_eq!(watch.next().await, Ok(Change::Exists(1)));
            let found = session.search(&inbox(), &Search::all()).await.unwrap();
            assert_eq!(found.len(), 1);
            session.close().await.unwrap();
            assert_eq!(watch.next().await, Err(Error::Closed { because: None }));
        }
    })
    .await;
}

#[tokio::test]
async fn nothing_is_believed_before_tls() {
    in_time(async {
        let server = start(Options::new().preauth(ALICE)).await;
        let refused = open(&server, Security::StartTls).await.err();
        assert_eq!(refused, Some(PeerFault::PreauthBeforeTls.into()));
        assert!(open(&server, Security::Tls).await.unwrap().is_preauthenticated());
        let server = start(Options::new().without(Protocol::Imap, "STARTTLS")).await;
        let refused = open(&server, Security::StartTls).await.err();
        assert_eq!(refused, Some(Error::Unsupported { extension: "STARTTLS" }));
        assert!(!server.view().contains(b"wonderland"));
    })
    .await;
}

/// The calls, each with the command that it comes to.
const COMMANDS: [&str; 12] = [
    "AUTHENTICATE",
    "LIST",
    "STATUS",
    "CREATE",
    "EXAMINE",
    "UID SEARCH",
    "UID FETCH",
    "SELECT",
    "UID STORE",
    "UID MOVE",
    "APPEND",
    "NOOP",
];

/// Makes every call; the first failure.
async fn everything(server: &TestServer, timeouts: Timeouts) -> Result<(), Error> {
    let credentials = Credentials::password(ALICE, "wonderland").unwrap();
    let session = open_with(server, Security::Tls, timeouts).await?.log_in(&credentials).await?;
    session.list().await?;
    session.status(&inbox()).await?;
    session.create(&MailboxName::new("new").unwrap()).await?;
    let uids = UidSet::all(session.examine(&inbox()).await?.uid_validity);
    session.search(&inbox(), &Search::all()).await?;
    let items = FetchItems::new().flags();
    session.fetch(&inbox(), &uids, &items).next().await.transpose()?;
    session.store(&inbox(), &uids, &FlagChange::Add(vec![Flag::Seen])).await?;
    session.move_to(&inbox(), &uids, &MailboxName::new("Trash").unwrap()).await?;
    session.append(&inbox(), "x\r\n", &[], None).await?;
    session.noop().await
}

#[tokio::test]
async fn a_line_dropped_in_any_command_is_a_typed_error_in_time() {
    let brief = Timeouts { progress: Duration::from_millis(300), ..timeouts() };
    for command in COMMANDS {
        for stalls in [false, true] {
            let server = start(Options::new()).await;
            server.deliver(ALICE, "INBOX", b"Subject: x\r\n\r\n");
            let place = Fault::instead_of(command);
            server.inject(Protocol::Imap, if stalls { place.stall() } else { place.cut() });
            match in_time(everything(&server, if stalls { brief } else { timeouts() })).await {
                Err(Error::Timeout { step, after }) if stalls => {
                    assert_eq!((step, after), (command, brief.progress));
                }
                Err(Error::Peer(PeerFault::Disconnected { step }) | Error::Network { step, .. })
                    if !stalls =>
                {
                    assert_eq!(step, command);
                }
                other => panic!("{command}, {stalls}: {other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_command_refused_leaves_the_session_usable() {
    in_time(async {
        let server = start(Options::new()).await;
        server.inject(Protocol::Imap, Fault::instead_of("STATUS").refuse("NO [CANNOT] not now").times(1));
        let session = session(&server).await;
        let Err(Error::Refused(refusal)) = session.status(&inbox()).await else { panic!() };
        assert_eq!((refusal.command, refusal.text.as_str()), ("STATUS", "not now"));
        assert_eq!(refusal.response_code.as_deref(), Some("CANNOT"));
        assert_eq!(session.status(&inbox()).await.unwrap().messages, Some(0));
    })
    .await;
}

#[tokio::test]
async fn a_listener_is_told_how_much_of_messages_went_through() {
    in_time(async {
        // With literals that wait for consent, and without.
        for missing in [None, Some("LITERAL+")] {
            let options =
                missing.iter().fold(Options::new(), |options, one| options.without(Protocol::Imap, one));
            let server = start(options).await;
            let heard = Heard::default();
            let session = session(&server).await;
            let told = session.with_progress(heard.listener());
            let big = [&b"Subject: big\r\n\r\n"[..], &b"some text\r\n".repeat(100_000)].concat();
            let mut uids = Vec::new();
            for message in [&big[..], b"a\r\n", &big] {
                uids.push(told.append(&inbox(), message, &[], None).await.unwrap().unwrap());
                heard.assert_whole(message.len() as u64);
            }
            assert_eq!(told.message(&inbox(), uids[0]).await.unwrap(), big);
            heard.assert_whole(big.len() as u64);

            // One that is refused at its end did not come to it.
            let long = b"some text\r\n".repeat(10_000);
            let nowhere = MailboxName::new("Nowhere").unwrap();
            told.append(&nowhere, long.as_slice(), &[], None).await.unwrap_err();
            heard.assert_unfinished(long.len() as u64);

            // Many in several batches are one piece of work, and its size is known from the first byte on.
            let all = UidSet::of(uids.iter().copied()).unwrap();
            let total = 2 * big.len() as u64 + 3;
            let mut stream = told.fetch(&inbox(), &all, &FetchItems::new().whole());
            while let Some(message) = stream.next().await {
                message.unwrap();
            }
            let calls = heard.take();
            assert!(calls.iter().all(|(_, of)| *of == Some(total)), "{calls:?}");
            assert_eq!(calls.last(), Some(&(total, Some(total))));

            // What is not the size of the message is known at the end.
            let mut stream = told.fetch(
                &inbox(),
                &uids[0].into(),
                &FetchItems::new().part(PartNumber::new(&[1]).unwrap()),
            );
            while let Some(message) = stream.next().await {
                message.unwrap();
            }
            let calls = heard.take();
            let (last, before) = calls.split_last().unwrap();
            let body = big.len() as u64 - 16;
            assert_eq!(*last, (body, Some(body)));
            assert!(!before.is_empty() && before.iter().all(|(_, of)| of.is_none()), "{before:?}");

            let panicking = session.with_progress(Listener::new(|_, _| panic!("on purpose")));
            assert_eq!(panicking.message(&inbox(), uids[2]).await.unwrap(), big);
            told.append(&nowhere, big, &[], None).await.unwrap_err();
            assert!(!session.is_closed());
        }
    })
    .await;
}
