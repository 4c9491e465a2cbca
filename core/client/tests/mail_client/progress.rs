//! How much of a send and of a fetch went over the network.

use std::sync::{Arc, Mutex};

use postseal::{Attachment, ContentType, Listener};

use super::*;

type Call = (u64, Option<u64>);

#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<Call>>>);

impl Heard {
    fn listener(&self) -> Listener {
        let calls = Arc::clone(&self.0);
        Listener::new(move |done, total| calls.lock().unwrap().push((done, total)))
    }

    /// The total, after a look at whether it was told as it should be, in so many calls at least.
    fn whole(&self, calls_at_least: usize) -> u64 {
        let calls = std::mem::take(&mut *self.0.lock().unwrap());
        let (total, of) = *calls.last().unwrap();
        assert_eq!(Some(total), of, "{calls:?}");
        assert!(calls.iter().all(|(_, of)| *of == Some(total)), "{calls:?}");
        assert!(calls.is_sorted_by(|one, next| one.0 < next.0), "{calls:?}");
        assert!(calls.len() >= calls_at_least, "{calls:?}");
        total
    }
}

fn large(world: &World) -> Draft {
    let bytes = b"some data, ".repeat(30_000);
    let kind = ContentType::parse("application/octet-stream").unwrap();
    world.draft().attach(Attachment::new(kind, bytes).unwrap())
}

#[tokio::test]
async fn a_send_is_one_piece_of_work_with_all_its_copies() {
    bounded(async {
        let world = World::new().await;
        let heard = Heard::default();
        let draft = large(&world).to(world.mailbox("bob")).bcc(world.mailbox("carol"));
        let length = |user, mailbox| world.server.messages(user, mailbox).last().unwrap().len() as u64;
        for filed in [SentCopy::Always, SentCopy::Never] {
            let alice = world
                .client_with("alice", &["bob", "carol"], Protocol::Imap, |account| account.sent_copy(filed))
                .with_progress(heard.listener());
            let report = alice.send(&draft, Protection::Sign).await.unwrap();
            assert!(report.is_sent_to_all());
            // The server puts its own lines before what was sent.
            let accepted: u64 = world
                .server
                .accepted()
                .iter()
                .rev()
                .take(2)
                .map(|accepted| accepted.bytes.len() as u64)
                .sum();
            let own = if filed == SentCopy::Always { length("alice@example.test", "Sent") } else { 0 };
            assert_eq!(heard.whole(10), accepted + own, "{filed:?}");
            alice.close().await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_fetched_is_told_and_a_listener_that_panics_harms_nothing() {
    bounded(async {
        let world = World::new().await;
        let alice = world.client("alice", &["bob"], Protocol::Imap);
        alice.send(&large(&world).to(world.mailbox("bob")), Protection::Sign).await.unwrap();
        let stored = world.server.messages("bob@example.test", "INBOX").remove(0);
        for incoming in [Protocol::Imap, Protocol::Pop3] {
            let bob = world.client("bob", &["alice"], incoming);
            let handle = bob.inbox().await.unwrap().remove(0).handle;
            let heard = Heard::default();
            let told = bob.with_progress(heard.listener());
            assert_eq!(told.fetch(&handle).await.unwrap(), stored);
            assert_eq!(heard.whole(1), stored.len() as u64);
            assert_eq!(told.open(&handle).await.unwrap().verdict.level(), VerdictLevel::Authentic);
            assert_eq!(heard.whole(1), stored.len() as u64);
            bob.fetch(&handle).await.unwrap();
            told.with_progress(None).fetch(&handle).await.unwrap();
            assert_eq!(heard.0.lock().unwrap().len(), 0, "only the handle that was given it tells it");

            let panicking = bob.with_progress(Listener::new(|_, _| panic!("on purpose")));
            assert_eq!(panicking.fetch(&handle).await.unwrap(), stored);
            bob.close().await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn a_send_that_fails_is_not_told_to_have_ended() {
    bounded(async {
        let world = World::new().await;
        let heard = Heard::default();
        let alice = world.client("alice", &["bob"], Protocol::Imap).with_progress(heard.listener());
        world.server.inject(Protocol::Smtp, Fault::instead_of("MAIL").cut());
        alice.send(&large(&world).to(world.mailbox("bob")), Protection::Sign).await.unwrap_err();
        assert_eq!(*heard.0.lock().unwrap(), []);
    })
    .await;
}
