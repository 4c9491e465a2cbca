//! What a mail reader does: pages through a mailbox, marks, moves and deletes.

use postseal::message::openpgp::{Recipients, encrypt};
use postseal::{Deleted, Flag, FlagChange, MessageSummary, OpenOptions, Secret};

use super::*;

const BOB: &str = "bob@example.test";

fn letter(number: usize) -> Vec<u8> {
    format!("Subject: {number}\r\n\r\ntext\r\n").into_bytes()
}

fn deliver(world: &World, numbers: impl Iterator<Item = usize>) {
    numbers.for_each(|number| {
        world.server.deliver(BOB, "INBOX", &letter(number)).unwrap();
    });
}

fn subjects(messages: &[MessageSummary]) -> Vec<&str> {
    messages.iter().map(|message| message.subject.as_deref().unwrap()).collect()
}

#[tokio::test]
async fn a_mailbox_is_paged_through_newest_first() {
    bounded(async {
        let world = World::new().await;
        deliver(&world, 1..=5);
        for incoming in [Protocol::Imap, Protocol::Pop3] {
            let bob = world.client("bob", &[], incoming);
            let inbox = MailboxName::inbox();
            let first = bob.page(&inbox, None, 2).await.unwrap();
            assert_eq!((subjects(&first.messages), first.has_more), (vec!["5", "4"], true));
            let next = bob.page(&inbox, Some(&first.messages[1].handle), 2).await.unwrap();
            assert_eq!((subjects(&next.messages), next.has_more), (vec!["3", "2"], true));
            let last = bob.page(&inbox, Some(&next.messages[1].handle), 2).await.unwrap();
            assert_eq!((subjects(&last.messages), last.has_more), (vec!["1"], false));
            let none = bob.page(&inbox, Some(&last.messages[0].handle), 2).await.unwrap();
            assert_eq!((subjects(&none.messages), none.has_more), (vec![], false));
            let all = bob.page(&inbox, None, 5).await.unwrap();
            assert_eq!((all.messages.len(), all.has_more), (5, false));
            let empty = bob.page(&inbox, None, 0).await.unwrap();
            assert_eq!((empty.messages.len(), empty.has_more), (0, true));
            bob.close().await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn pages_reach_over_wide_gaps_and_around_what_is_gone() {
    bounded(async {
        let world = World::new().await;
        deliver(&world, 1..=200);
        for uid in (2..=150).chain([199]) {
            assert!(world.server.remove(BOB, "INBOX", uid));
        }
        let bob = world.client("bob", &[], Protocol::Imap);
        let inbox = MailboxName::inbox();
        let page = bob.page(&inbox, None, 48).await.unwrap();
        assert_eq!(page.messages.len(), 48);
        assert_eq!(subjects(&page.messages[..2]), ["200", "198"]);
        assert!(page.has_more);
        // The one that the next page begins before is gone meanwhile.
        let oldest = page.messages.last().unwrap();
        assert_eq!(oldest.subject.as_deref(), Some("152"));
        assert!(world.server.remove(BOB, "INBOX", 152));
        let page = bob.page(&inbox, Some(&oldest.handle), 48).await.unwrap();
        assert_eq!((subjects(&page.messages), page.has_more), (vec!["151", "1"], false));
    })
    .await;
}

#[tokio::test]
async fn a_page_of_the_wrong_kind_or_of_a_rebuilt_mailbox_is_an_error() {
    bounded(async {
        let world = World::new().await;
        deliver(&world, 1..=2);
        let (imap, pop3) =
            (world.client("bob", &[], Protocol::Imap), world.client("bob", &[], Protocol::Pop3));
        let (inbox, sent) = (MailboxName::inbox(), MailboxName::new("Sent").unwrap());
        let in_imap = imap.page(&inbox, None, 1).await.unwrap().messages.remove(0).handle;
        let in_pop3 = pop3.page(&inbox, None, 1).await.unwrap().messages.remove(0).handle;
        let not = |protocol| postseal::Error::NotConfigured { protocol };
        assert_eq!(pop3.page(&inbox, Some(&in_imap), 1).await.unwrap_err(), not("IMAP"));
        assert_eq!(pop3.page(&sent, None, 1).await.unwrap_err(), not("IMAP"));
        assert_eq!(imap.page(&inbox, Some(&in_pop3), 1).await.unwrap_err(), not("POP3"));
        assert_eq!(imap.page(&sent, Some(&in_imap), 1).await.unwrap_err().code(), ErrorCode::InvalidInput);
        assert_eq!(imap.mark_read(&in_pop3, true).await.unwrap_err(), not("IMAP"));
        assert_eq!(imap.move_to(&in_pop3, &sent).await.unwrap_err(), not("IMAP"));
        assert_eq!(imap.delete(&in_pop3).await.unwrap_err(), not("POP3"));
        pop3.close().await.unwrap();

        assert!(world.server.rebuild_mailbox(BOB, "INBOX"));
        // The session may still be in the mailbox as it was.
        imap.close().await.unwrap();
        let rebuilt = imap.page(&inbox, Some(&in_imap), 1).await.unwrap_err();
        assert_eq!(rebuilt.code(), ErrorCode::UidValidityChanged);
    })
    .await;
}

#[tokio::test]
async fn flags_are_changed_and_shown() {
    bounded(async {
        let world = World::new().await;
        deliver(&world, 1..=1);
        let bob = world.client("bob", &[], Protocol::Imap);
        let shown = async || {
            let message = bob.inbox().await.unwrap().remove(0);
            (message.is_read, message.is_answered, message.is_flagged)
        };
        assert_eq!(shown().await, (Some(false), Some(false), Some(false)));
        let handle = bob.inbox().await.unwrap().remove(0).handle;
        bob.mark_read(&handle, true).await.unwrap();
        let flags = FlagChange::Add(vec![Flag::Answered, Flag::Flagged]);
        bob.change_flags(&handle, &flags).await.unwrap();
        assert_eq!(shown().await, (Some(true), Some(true), Some(true)));
        bob.mark_read(&handle, false).await.unwrap();
        assert_eq!(shown().await, (Some(false), Some(true), Some(true)));
        assert!(world.server.remove(BOB, "INBOX", 1));
        bob.mark_read(&handle, true).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn messages_are_moved_thrown_away_and_removed() {
    bounded(async {
        let world = World::new().await;
        deliver(&world, 1..=2);
        let bob = world.client("bob", &[], Protocol::Imap);
        let there = |mailbox| world.server.messages(BOB, mailbox);
        let archive = MailboxName::new("Sent").unwrap();
        let inbox = bob.inbox().await.unwrap();
        let moved = bob.move_to(&inbox[0].handle, &archive).await.unwrap().unwrap();
        assert_eq!((there("INBOX"), there("Sent")), (vec![letter(2)], vec![letter(1)]));
        assert_eq!(bob.fetch(&moved).await.unwrap(), letter(1));
        assert_eq!(bob.move_to(&inbox[0].handle, &archive).await.unwrap(), None, "it is no longer there");

        let Deleted::Trashed(Some(trashed)) = bob.delete(&moved).await.unwrap() else { panic!() };
        assert_eq!((there("Sent"), there("Trash")), (vec![], vec![letter(1)]));
        assert_eq!(bob.delete(&trashed).await.unwrap(), Deleted::Removed);
        assert_eq!(there("Trash"), Vec::<Vec<u8>>::new());
        let nowhere = MailboxName::new("Nowhere").unwrap();
        assert_eq!(bob.move_to(&inbox[1].handle, &nowhere).await.unwrap_err().code(), ErrorCode::NotFound);

        let pop3 = world.client("bob", &[], Protocol::Pop3);
        let handle = pop3.inbox().await.unwrap().remove(0).handle;
        assert_eq!(pop3.delete(&handle).await.unwrap(), Deleted::Removed);
        assert_eq!(there("INBOX"), Vec::<Vec<u8>>::new());
        assert_eq!(pop3.delete(&handle).await.unwrap_err(), postseal::Error::MessageGone);
        pop3.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn without_uidplus_a_removed_message_is_marked_and_no_other_is_taken() {
    bounded(async {
        let options = ["UIDPLUS", "MOVE"];
        let world = World::with(
            options.iter().fold(Options::new(), |options, one| options.without(Protocol::Imap, one)),
        )
        .await;
        for number in 1..=2 {
            world.server.deliver(BOB, "Trash", &letter(number)).unwrap();
        }
        assert!(world.server.set_flags(BOB, "Trash", 1, &["\\Deleted"]));
        let bob = world.client("bob", &[], Protocol::Imap);
        let trash = MailboxName::new("Trash").unwrap();
        let handle = bob.messages(&trash).await.unwrap().remove(0).handle;
        assert_eq!(bob.delete(&handle).await.unwrap(), Deleted::Marked);
        assert_eq!(world.server.messages(BOB, "Trash"), [letter(1), letter(2)]);
        assert_eq!(subjects(&bob.messages(&trash).await.unwrap()), Vec::<&str>::new());
    })
    .await;
}

#[tokio::test]
async fn without_uidplus_and_move_what_was_thrown_away_or_moved_is_listed_no_more() {
    bounded(async {
        let options = Options::new().without(Protocol::Imap, "UIDPLUS").without(Protocol::Imap, "MOVE");
        let world = World::with(options).await;
        deliver(&world, 1..=4);
        let bob = world.client("bob", &[], Protocol::Imap);
        let (inbox, sent) = (MailboxName::inbox(), MailboxName::new("Sent").unwrap());
        let listed = bob.inbox().await.unwrap();
        assert_eq!(bob.delete(&listed[3].handle).await.unwrap(), Deleted::Trashed(None));
        assert_eq!(bob.move_to(&listed[1].handle, &sent).await.unwrap(), None);
        assert_eq!(world.server.messages(BOB, "INBOX").len(), 4, "the server keeps them");
        assert_eq!(subjects(&bob.inbox().await.unwrap()), ["1", "3"]);
        let page = bob.page(&inbox, None, 1).await.unwrap();
        assert_eq!((subjects(&page.messages), page.has_more), (vec!["3"], true));
        let page = bob.page(&inbox, Some(&page.messages[0].handle), 1).await.unwrap();
        assert_eq!((subjects(&page.messages), page.has_more), (vec!["1"], false));
    })
    .await;
}

#[tokio::test]
async fn a_message_that_is_encrypted_to_a_passphrase_is_opened_with_it() {
    bounded(async {
        let world = World::new().await;
        let (right, wrong) = (Secret::from("correct horse"), Secret::from("battery staple"));
        let recipients = Recipients::new([]).with_passphrase(&right);
        let data = encrypt(b"Between us\r\n", &recipients, SystemTime::now()).unwrap().to_armored();
        let message = format!("From: alice@example.test\r\nContent-Type: text/plain\r\n\r\n{data}");
        world.server.deliver(BOB, "INBOX", message.as_bytes()).unwrap();
        let bob = world.client("bob", &[], Protocol::Imap);
        let handle = bob.inbox().await.unwrap().remove(0).handle;
        let with = |passphrases| OpenOptions { passphrases, ..OpenOptions::default() };
        let both = [wrong.clone(), right];
        let opened = bob.open_with(&handle, &with(&both)).await.unwrap();
        assert_eq!(opened.verdict.level(), VerdictLevel::Encrypted);
        assert_eq!(opened.message.text_body().unwrap().as_str().trim_end(), "Between us");
        let bytes = bob.fetch(&handle).await.unwrap();
        let opened = bob.open_bytes_with(bytes, &with(&both)).await.unwrap();
        assert_eq!(opened.verdict.level(), VerdictLevel::Encrypted);
        let error = bob.open_with(&handle, &with(&[wrong])).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::WrongPassphrase);
        assert_eq!(bob.open(&handle).await.unwrap_err().code(), ErrorCode::KeyMissing);
    })
    .await;
}
