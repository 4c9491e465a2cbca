//! Waiting for mail: what comes is told once, whatever happens to the session.

use postseal::{MailWatch, MailboxChange};

use super::*;

const BOB: &str = "bob@example.test";

fn deliver(world: &World, subject: &str) {
    let letter = format!("Subject: {subject}\r\n\r\ntext\r\n");
    world.server.deliver(BOB, "INBOX", letter.as_bytes()).unwrap();
}

async fn watch(world: &World) -> (MailClient, MailWatch) {
    let bob = world.client("bob", &[], Protocol::Imap);
    let watch = bob.watch(&MailboxName::inbox()).await.unwrap();
    (bob, watch)
}

/// The subjects of the mail that comes next.
async fn arrived(watch: &mut MailWatch) -> Vec<String> {
    loop {
        match watch.next().await.unwrap() {
            MailboxChange::Arrived(messages) => {
                return messages.into_iter().map(|message| message.subject.unwrap()).collect();
            }
            MailboxChange::Changed => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn mail_is_told_when_it_comes_and_once() {
    bounded(async {
        let world = World::new().await;
        deliver(&world, "before");
        let (bob, mut watch) = watch(&world).await;
        deliver(&world, "one");
        assert_eq!(arrived(&mut watch).await, ["one"]);
        {
            let waiting = arrived(&mut watch);
            let mut waiting = std::pin::pin!(waiting);
            assert!(futures::poll!(waiting.as_mut()).is_pending());
            deliver(&world, "two");
            assert_eq!(waiting.await, ["two"]);
        }
        // The client's own session can be used meanwhile.
        assert_eq!(bob.inbox().await.unwrap().len(), 3);
        bob.mark_read(&bob.inbox().await.unwrap()[0].handle, true).await.unwrap();
        assert!(matches!(watch.next().await.unwrap(), MailboxChange::Changed));
        assert!(world.server.remove(BOB, "INBOX", 1));
        assert!(matches!(watch.next().await.unwrap(), MailboxChange::Changed));
        watch.close().await.unwrap();
        bob.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn what_a_watch_tells_can_be_opened_and_changed_at_once() {
    bounded(async {
        let world = World::new().await;
        let (bob, mut watch) = watch(&world).await;
        for subject in ["one", "two", "three"] {
            deliver(&world, subject);
            let arrived = loop {
                if let MailboxChange::Arrived(messages) = watch.next().await.unwrap() {
                    break messages;
                }
            };
            let opened = bob.open(&arrived[0].handle).await.unwrap();
            assert_eq!(opened.message.subject().as_deref(), Some(subject));
            bob.mark_read(&arrived[0].handle, true).await.unwrap();
        }
        assert!(bob.inbox().await.unwrap().iter().all(|message| message.is_read == Some(true)));
        watch.close().await.unwrap();
        bob.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_lost_session_is_told_and_what_came_meanwhile_is_not_lost() {
    bounded(async {
        let world = World::new().await;
        let (_bob, mut watch) = watch(&world).await;
        deliver(&world, "one");
        assert_eq!(arrived(&mut watch).await, ["one"]);
        for round in ["two", "three"] {
            world.server.cut_connections();
            let error = watch.next().await.unwrap_err();
            assert!(error.is_retryable(), "{error:?}");
            deliver(&world, round);
            assert_eq!(arrived(&mut watch).await, [round]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_dropped_wait_loses_no_mail() {
    bounded(async {
        let world = World::new().await;
        let (_bob, mut watch) = watch(&world).await;
        let mut told = Vec::new();
        for number in 0..20 {
            let subject = number.to_string();
            deliver(&world, &subject);
            // Each time it is dropped after another number of polls, then waited for.
            let dropped = dropping::drop_after(number, arrived(&mut watch)).await;
            told.extend(match dropped {
                Some(subjects) => subjects,
                None => arrived(&mut watch).await,
            });
        }
        let expected: Vec<_> = (0..20).map(|number| number.to_string()).collect();
        assert_eq!(told, expected);
    })
    .await;
}

#[tokio::test]
async fn a_rebuilt_mailbox_is_told_once_and_watched_from_its_end() {
    bounded(async {
        let world = World::new().await;
        deliver(&world, "before");
        let (_bob, mut watch) = watch(&world).await;
        assert!(world.server.rebuild_mailbox(BOB, "INBOX"));
        world.server.cut_connections();
        let mut errors = Vec::new();
        while errors.last() != Some(&ErrorCode::UidValidityChanged) {
            errors.push(watch.next().await.unwrap_err().code());
        }
        deliver(&world, "after");
        assert_eq!(arrived(&mut watch).await, ["after"], "{errors:?}");
    })
    .await;
}

#[tokio::test]
async fn only_imap_can_watch_and_only_what_is_there() {
    bounded(async {
        let world = World::new().await;
        let pop3 = world.client("bob", &[], Protocol::Pop3);
        let error = pop3.watch(&MailboxName::inbox()).await.unwrap_err();
        assert_eq!(error, postseal::Error::NotConfigured { protocol: "IMAP" });
        let imap = world.client("bob", &[], Protocol::Imap);
        let error = imap.watch(&MailboxName::new("Nowhere").unwrap()).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::NotFound);
    })
    .await;
}
