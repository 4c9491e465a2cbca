//! Waits that are dropped: the client stays usable, and what went out is whole and went out once.

use std::pin::pin;
use std::task::Poll;

use super::*;

/// Polls `wait` as often as it is woken, but no more than `polls` times, and drops it. What it gave, if it came to an end.
pub(super) async fn drop_after<T>(polls: usize, wait: impl Future<Output = T>) -> Option<T> {
    let (mut wait, mut left) = (pin!(wait), polls);
    std::future::poll_fn(|cx| {
        if left > 0 {
            left -= 1;
            if let Poll::Ready(value) = wait.as_mut().poll(cx) {
                return Poll::Ready(Some(value));
            }
        }
        if left == 0 { Poll::Ready(None) } else { Poll::Pending }
    })
    .await
}

/// Drops `act` after each number of polls until it gets to its end, and uses the client after each.
async fn drop_everywhere<T, E: std::fmt::Debug>(
    act: impl AsyncFn() -> Result<T, E>,
    usable: impl AsyncFn(),
) -> usize {
    for polls in 0.. {
        let outcome = drop_after(polls, act()).await;
        usable().await;
        if let Some(outcome) = outcome {
            outcome.unwrap();
            return polls;
        }
    }
    unreachable!("an operation takes a number of polls")
}

#[tokio::test]
async fn reading_goes_on_after_any_dropped_wait() {
    bounded(async {
        let world = World::new().await;
        for text in ["Subject: one\r\n\r\n1\r\n", "Subject: two\r\n\r\n2\r\n"] {
            world.server.deliver("bob@example.test", "INBOX", text.as_bytes()).unwrap();
        }
        for incoming in [Protocol::Imap, Protocol::Pop3] {
            let bob = world.client("bob", &[], incoming);
            let usable = async || {
                let inbox = bob.inbox().await.unwrap();
                let subjects: Vec<_> = inbox.iter().map(|summary| summary.subject.as_deref()).collect();
                assert_eq!(subjects, [Some("one"), Some("two")]);
            };
            // With a session at hand, and without one.
            for connected in [true, false] {
                let before = async || {
                    if !connected {
                        bob.close().await.unwrap();
                    }
                };
                let handle = bob.inbox().await.unwrap().remove(1).handle;
                let stored = &world.server.messages("bob@example.test", "INBOX")[1];
                let inbox = async || {
                    before().await;
                    bob.inbox().await
                };
                drop_everywhere(inbox, usable).await;
                let fetch = async || {
                    before().await;
                    bob.fetch(&handle).await
                };
                drop_everywhere(fetch, usable).await;
                assert_eq!(bob.fetch(&handle).await.unwrap(), *stored);
                let open = async || {
                    before().await;
                    bob.open(&handle).await
                };
                drop_everywhere(open, usable).await;
                if incoming == Protocol::Imap {
                    drop_everywhere(async || bob.mailboxes().await, usable).await;
                    let messages = async || {
                        before().await;
                        bob.messages(&MailboxName::inbox()).await
                    };
                    drop_everywhere(messages, usable).await;
                }
            }
            drop_everywhere(async || bob.close().await, usable).await;
            bob.close().await.unwrap();
        }
        world.server.stop().await;
        assert!(world.server.transcript().iter().all(|conversation| conversation.ended));
    })
    .await;
}

#[tokio::test]
async fn sealing_and_opening_go_on_after_any_dropped_wait() {
    bounded(async {
        let world = World::new().await;
        let alice = world.client("alice", &["bob"], Protocol::Imap);
        let bob = world.client("bob", &["alice"], Protocol::Imap);
        let draft = world.draft().to(world.mailbox("bob"));
        let seal = async || alice.seal(&draft, Protection::SignAndEncrypt).await;
        let sealed = seal().await.unwrap().copies.remove(0).bytes;
        let open = async || bob.open_bytes(sealed.as_slice()).await;
        let usable = async || {
            assert_eq!(seal().await.unwrap().copies.len(), 1);
            assert_eq!(open().await.unwrap().verdict.level(), VerdictLevel::Sealed);
        };
        drop_everywhere(seal, usable).await;
        drop_everywhere(open, usable).await;
        assert!(world.server.transcript().is_empty(), "neither needs a server");
    })
    .await;
}

#[tokio::test]
async fn a_dropped_send_goes_out_once_or_not_at_all() {
    bounded(async {
        let world = World::new().await;
        let alice = world.client("alice", &["bob"], Protocol::Imap);
        let send = async || {
            let draft = world.draft().to(world.mailbox("bob"));
            alice.send(&draft, Protection::Sign).await
        };
        let polls = drop_everywhere(send, async || {
            assert!(alice.mailboxes().await.unwrap().len() > 1);
        })
        .await;
        assert!(polls > 5, "it takes more than {polls} polls to seal, connect, log in, send and file");
        alice.close().await.unwrap();
        // The sessions that were left alone take their leave.
        while !world.server.transcript().iter().all(|conversation| conversation.ended) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let bob = world.client("bob", &["alice"], Protocol::Imap);
        let inbox = bob.inbox().await.unwrap();
        assert_eq!(inbox.len(), world.server.accepted().len());
        assert!((1..=polls).contains(&inbox.len()), "{}", inbox.len());
        let mut ids: Vec<_> = inbox.iter().map(|summary| summary.message_id.clone().unwrap()).collect();
        for summary in &inbox {
            let opened = bob.open(&summary.handle).await.unwrap();
            assert_eq!(opened.verdict.level(), VerdictLevel::Authentic, "it is whole");
        }
        let count = ids.len();
        ids.sort_by_key(ToString::to_string);
        ids.dedup();
        assert_eq!(ids.len(), count, "none went out twice");
        bob.close().await.unwrap();
    })
    .await;
}
