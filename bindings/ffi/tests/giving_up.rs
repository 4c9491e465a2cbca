//! What a cancel, a failing listener and a dropped handle leave behind.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use postseal_ffi::*;
use postseal_test_server::{Options, Security as Begin, TestServer};

const MESSAGE: &[u8] = b"Subject: one\r\n\r\nHello.\r\n";
/// No call takes more polls than this.
const POLLS: usize = 200;

struct World {
    server: TestServer,
    connector: Arc<Connector>,
}

impl World {
    async fn new() -> Self {
        let options = Options::new().names(&["localhost"]).user("alice@example.test", "pw");
        let server = TestServer::start(options).await.unwrap();
        server.deliver("alice@example.test", "INBOX", MESSAGE).unwrap();
        let roots = vec![server.ca().root_pem()];
        let tls = TlsOptions { roots, only_given_roots: true, ..TlsOptions::default() };
        Self { connector: Connector::new(Some(tls), None, None).unwrap(), server }
    }

    fn at(address: std::net::SocketAddr) -> Server {
        Server { host: "localhost".to_owned(), port: address.port().into(), security: Security::Tls }
    }

    async fn imap(&self, cancel: Option<Arc<CancelToken>>) -> Result<Arc<ImapSession>, PostsealError> {
        let server = Self::at(self.server.imap(Begin::Tls));
        ImapSession::connect(self.connector.clone(), server, alice(), cancel).await
    }

    async fn smtp(&self, cancel: Option<Arc<CancelToken>>) -> Result<Arc<SmtpSession>, PostsealError> {
        let server = Self::at(self.server.smtp(Begin::Tls));
        SmtpSession::connect(self.connector.clone(), server, alice(), cancel).await
    }

    async fn pop3(&self, cancel: Option<Arc<CancelToken>>) -> Result<Arc<Pop3Session>, PostsealError> {
        let server = Self::at(self.server.pop3(Begin::Tls));
        Pop3Session::connect(self.connector.clone(), server, alice(), cancel).await
    }
}

fn alice() -> Arc<Credentials> {
    Credentials::password("alice@example.test", "pw".to_owned()).unwrap()
}

fn envelope() -> Envelope {
    Envelope { from: Some("alice@example.test".to_owned()), to: vec!["alice@example.test".to_owned()] }
}

/// Polls a call, and fires its token before the poll of that number; what came of it, and whether the token had fired by then.
async fn fired_at<T>(
    number: usize,
    call: impl AsyncFnOnce(Arc<CancelToken>) -> Result<T, PostsealError>,
) -> (Result<T, PostsealError>, bool) {
    let token = CancelToken::new();
    let mut work = pin!(call(token.clone()));
    let mut polls = 0;
    let outcome = poll_fn(|cx| {
        if polls == number {
            token.cancel();
        }
        polls += 1;
        work.as_mut().poll(cx)
    });
    let outcome = tokio::time::timeout(Duration::from_secs(60), outcome).await.expect("a call hangs");
    (outcome, token.is_cancelled())
}

/// Plays a call again and again, given up at each of its stages, until it comes to its end; after each the session is usable or closed.
async fn at_every_stage<T>(
    call: impl AsyncFn(Arc<CancelToken>) -> Result<T, PostsealError>,
    works: impl AsyncFn() -> bool,
) {
    for number in 0..POLLS {
        let (outcome, fired) = fired_at(number, &call).await;
        match outcome {
            Err(error) => assert_eq!((error.code().as_str(), fired), ("cancelled", true), "{error:?}"),
            Ok(_) if !fired => return,
            // The token came too late for this poll.
            Ok(_) => {}
        }
        assert!(works().await, "given up at poll {number}");
    }
    panic!("a call takes more than {POLLS} polls");
}

#[tokio::test]
async fn calls_that_are_given_up_at_any_stage_leave_the_session_usable_or_closed() {
    let world = World::new().await;
    let imap = world.imap(None).await.unwrap();
    let imap_works = async || imap.noop(None).await.is_ok() || imap.is_closed();
    at_every_stage(async |token| imap.status("INBOX", Some(token)).await, imap_works).await;
    at_every_stage(async |token| imap.list(Some(token)).await, imap_works).await;
    let validity = imap.examine("INBOX", None).await.unwrap().uid_validity;
    let uid = Uid { validity, number: 1 };
    at_every_stage(async |token| imap.message("INBOX", uid, None, Some(token)).await, imap_works).await;

    let smtp = world.smtp(None).await.unwrap();
    let smtp_works = async || smtp.noop(None).await.is_ok() || smtp.is_closed();
    let send = async |token| smtp.send(envelope(), MESSAGE.into(), None, None, Some(token)).await;
    at_every_stage(send, smtp_works).await;

    let pop3 = world.pop3(None).await.unwrap();
    let pop3_works = async || pop3.noop(None).await.is_ok() || pop3.is_closed();
    at_every_stage(async |token| pop3.messages(Some(token)).await, pop3_works).await;
    at_every_stage(async |token| pop3.message(1, None, Some(token)).await, pop3_works).await;
    assert!(!imap.is_closed() && !smtp.is_closed() && !pop3.is_closed(), "each was usable throughout");
}

#[tokio::test]
async fn connecting_can_be_given_up_at_any_stage() {
    let world = World::new().await;
    let server_answers = async || world.imap(None).await.is_ok();
    at_every_stage(async |token| world.imap(Some(token)).await, server_answers).await;
    at_every_stage(async |token| world.smtp(Some(token)).await, server_answers).await;
}

#[tokio::test]
async fn a_send_that_was_given_up_can_still_be_asked_for() {
    let world = World::new().await;
    let smtp = world.smtp(None).await.unwrap();
    for number in 0..3 {
        let id = SendId::new();
        let options = SendOptions { id: Some(id.clone()), ..SendOptions::default() };
        let call =
            async |token| smtp.send(envelope(), MESSAGE.into(), Some(options), None, Some(token)).await;
        let (outcome, _) = fired_at(number, call).await;
        let asked = smtp.outcome(id, None).await;
        match (outcome, asked) {
            (Ok(receipt), asked) => assert_eq!(asked.unwrap(), receipt),
            (Err(_), Ok(receipt)) => assert!(receipt.is_sent, "{receipt:?}"),
            (Err(_), Err(error)) => {
                assert!(["cancelled", "not-found"].contains(&error.code().as_str()), "{error:?}");
            }
        }
    }
}

/// Counts its calls, and throws at each.
#[derive(Default)]
struct Throwing(AtomicUsize);

impl ProgressListener for Throwing {
    fn progress(&self, _done: i64, _total: Option<i64>) -> Result<(), CallbackError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Err(CallbackError::Failed { detail: "on purpose".to_owned() })
    }
}

/// Remembers what it was told.
#[derive(Default)]
struct Told(Mutex<Vec<(i64, Option<i64>)>>);

impl ProgressListener for Told {
    fn progress(&self, done: i64, total: Option<i64>) -> Result<(), CallbackError> {
        self.0.lock().unwrap().push((done, total));
        Ok(())
    }
}

#[tokio::test]
async fn a_listener_that_throws_is_passed_over_and_another_one_hears_of_the_end() {
    let world = World::new().await;
    let smtp = world.smtp(None).await.unwrap();
    let message = [MESSAGE, "A line of no interest.\r\n".repeat(20_000).as_bytes()].concat();
    let (throwing, told) = (Arc::new(Throwing::default()), Arc::new(Told::default()));
    let before = failed_callbacks();
    let listeners: [Arc<dyn ProgressListener>; 2] = [throwing.clone(), told.clone()];
    for listener in listeners {
        let receipt =
            smtp.send(envelope(), message.clone().into(), None, Some(listener), None).await.unwrap();
        assert!(receipt.is_sent_to_all, "{receipt:?}");
    }
    let thrown = throwing.0.load(Ordering::Relaxed);
    assert!(thrown > 1 && failed_callbacks() - before >= i64::try_from(thrown).unwrap());
    let (done, total) = *told.0.lock().unwrap().last().unwrap();
    assert_eq!(Some(done), total);
}

#[tokio::test]
async fn nothing_is_kept_of_what_was_given_up_or_let_go_of() {
    let world = World::new().await;
    let (credentials, listener) = (alice(), Arc::new(Told::default()));
    for number in [0, 1, 2, usize::MAX] {
        let server = World::at(world.server.imap(Begin::Tls));
        let connect = async |token| {
            ImapSession::connect(world.connector.clone(), server, credentials.clone(), Some(token)).await
        };
        if let (Ok(session), _) = fired_at(number, connect).await {
            let validity = session.examine("INBOX", None).await.unwrap().uid_validity;
            let uid = Uid { validity, number: 1 };
            session.message("INBOX", uid, Some(listener.clone()), None).await.unwrap();
            session.close(None).await.unwrap();
            assert_eq!(Arc::strong_count(&session), 1);
        }
    }
    assert_eq!(Arc::strong_count(&credentials), 1);
    assert_eq!(Arc::strong_count(&listener), 1);
    assert_eq!(Arc::strong_count(&world.connector), 1);
    // Each connection that was begun has its end, too.
    let open = || world.server.transcript().iter().filter(|conversation| !conversation.ended).count();
    for _ in 0..600 {
        if open() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{} connections were left open", open());
}

/// An executor may stop polling and keep the future, as a thread does that waits for something else meanwhile.
#[tokio::test]
async fn a_caller_who_stops_polling_holds_up_nobody() {
    let world = World::new().await;
    let login = |address| Login { server: World::at(address), credentials: alice() };
    let account = Account {
        mailbox: Mailbox { address: "alice@example.test".to_owned(), name: None },
        submission: login(world.server.smtp(Begin::Tls)),
        imap: Some(login(world.server.imap(Begin::Tls))),
        pop3: None,
        sent_copy: None,
    };
    let client = MailClient::new(&world.connector, account, Keyring::new()).unwrap();
    for polls in 1..6 {
        let mut stuck = pin!(client.inbox(None));
        for _ in 0..polls {
            _ = poll_fn(|cx| Poll::Ready(stuck.as_mut().poll(cx).is_ready())).await;
        }
        let other = tokio::time::timeout(Duration::from_secs(60), client.inbox(None)).await;
        assert_eq!(other.expect("it waits for one who does nothing").unwrap().len(), 1);
        client.close(None).await.unwrap();
    }
}
