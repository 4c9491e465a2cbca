//! Waits for IMAP that are dropped after every number of polls.

use futures::TryStreamExt as _;
use futures::future::BoxFuture;

use super::super::diary::World;
use super::super::imap::{MESSAGES, name};
use super::*;
use crate::ImapSession;
use crate::imap::{Change, FetchItems, Flag, FlagChange, MailboxName, Search, Uid, UidSet, UidValidity};

async fn session(stream: Drip) -> ImapSession {
    super::super::imap(stream).await.unwrap().log_in(&credentials()).await.unwrap()
}

fn inbox() -> MailboxName {
    MailboxName::inbox()
}

/// The handles of the messages in INBOX. The server in memory gives the first mailbox of a user always the same UIDVALIDITY.
fn uid(number: u32) -> Uid {
    Uid::new(UidValidity::new(1001).unwrap(), number).unwrap()
}

fn all() -> UidSet {
    UidSet::all(uid(1).validity())
}

/// Calls a method, and tells what it gave.
type Act = for<'a> fn(&'a ImapSession) -> BoxFuture<'a, Result<String, Error>>;

fn told<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Result<String, Error> {
    outcome.map(|value| format!("{value:?}"))
}

const READING: [Act; 9] = [
    |session| Box::pin(async { told(session.list().await) }),
    |session| Box::pin(async { told(session.status(&inbox()).await) }),
    |session| Box::pin(async { told(session.select(&inbox()).await) }),
    |session| Box::pin(async { told(session.examine(&name("Sent")).await) }),
    |session| Box::pin(async { told(session.search(&inbox(), &Search::all()).await) }),
    |session| Box::pin(async { told(session.message(&inbox(), uid(2)).await) }),
    |session| Box::pin(async { told(session.id(&[("name", "test")]).await) }),
    |session| Box::pin(async { told(session.noop().await) }),
    |session| {
        Box::pin(async {
            let items = FetchItems::new().flags().size().envelope().structure();
            told(session.fetch(&inbox(), &all(), &items).try_collect::<Vec<_>>().await)
        })
    },
];

const CHANGING: [Act; 12] = [
    |session| Box::pin(async { told(session.create(&name("new")).await) }),
    |session| Box::pin(async { told(session.delete(&name("Junk")).await) }),
    |session| Box::pin(async { told(session.rename(&name("Junk"), &name("new")).await) }),
    |session| Box::pin(async { told(session.subscribe(&name("Junk")).await) }),
    |session| Box::pin(async { told(session.unsubscribe(&inbox()).await) }),
    |session| {
        Box::pin(async {
            let change = FlagChange::Add(vec![Flag::Seen]);
            told(session.store(&inbox(), &all(), &change).await)
        })
    },
    |session| Box::pin(async { told(session.copy(&inbox(), &uid(1).into(), &name("Sent")).await) }),
    |session| Box::pin(async { told(session.move_to(&inbox(), &uid(1).into(), &name("Sent")).await) }),
    |session| Box::pin(async { told(session.expunge(&inbox()).await) }),
    |session| Box::pin(async { told(session.expunge_uids(&inbox(), &uid(3).into()).await) }),
    |session| Box::pin(async { told(session.remove(&inbox(), &uid(2).into()).await) }),
    |session| Box::pin(async { told(session.append(&name("Sent"), MESSAGES[0], &[], None).await) }),
];

/// What the session tells of the mailboxes is what there is.
async fn sees_the_truth(place: &Place, session: &ImapSession) {
    // What was begun for nobody is done first.
    session.noop().await.unwrap();
    let names: Vec<_> = place.server.mailboxes(ALICE).into_iter().map(|(name, _)| name).collect();
    let mut listed: Vec<_> =
        session.list().await.unwrap().iter().map(|info| info.name.as_str().to_owned()).collect();
    listed.sort_by_key(|name| names.iter().position(|known| known == name));
    assert_eq!(listed, names, "after {}", place.polls);
    let there = place.server.messages(ALICE, "INBOX");
    let whole = FetchItems::new().whole();
    let fetched: Vec<_> = session.fetch(&inbox(), &all(), &whole).try_collect().await.unwrap();
    let fetched: Vec<_> = fetched.into_iter().map(|message| message.whole.unwrap()).collect();
    assert_eq!(fetched, there, "after {}", place.polls);
    let sent = session.status(&name("Sent")).await.unwrap().messages;
    assert_eq!(sent, u32::try_from(place.server.messages(ALICE, "Sent").len()).ok());
}

/// Drops `act` everywhere; afterwards it was done whole or not at all, and the session sees which.
async fn drop_everywhere(missing: &[&str], act: Act) {
    let whole = std::sync::Mutex::new(Vec::new());
    at_every_poll(Protocol::Imap, missing, &MESSAGES, async |place, stream| {
        place.server.set_flags(ALICE, "INBOX", 3, &["\\Deleted"]);
        let (session, before) = (session(stream).await, World::of(&place.server));
        let acted = place.drop(act(&session)).await;
        sees_the_truth(place, &session).await;
        session.close().await.unwrap();
        let mut worlds = whole.lock().unwrap();
        let now = World::of(&place.server);
        if now != before && !worlds.contains(&now) {
            worlds.push(now);
        }
        acted.is_some_and(|acted| acted.is_ok())
    })
    .await;
    assert!(whole.into_inner().unwrap().len() <= 1, "there is one way to do it, and one not to");
}

#[test]
fn what_reads_leaves_the_next_call_its_own_answer() {
    in_turns(async {
        for act in READING {
            drop_everywhere(&[], act).await;
        }
    });
}

#[test]
fn what_changes_is_done_whole_or_not_at_all() {
    in_turns(async {
        for act in CHANGING {
            drop_everywhere(&[], act).await;
        }
        // With a literal that waits for consent.
        drop_everywhere(&["LITERAL+"], CHANGING[10]).await;
        // In three commands.
        drop_everywhere(&["MOVE"], CHANGING[7]).await;
    });
}

#[test]
fn a_dropped_wait_on_a_stream_loses_nothing() {
    in_turns(async {
        at_every_poll(Protocol::Imap, &[], &MESSAGES, async |place, stream| {
            let session = session(stream).await;
            let mut messages = session.fetch(&inbox(), &all(), &FetchItems::new().whole());
            let first = place.drop(messages.next()).await;
            let mut fetched: Vec<_> = first.clone().flatten().into_iter().collect();
            while let Some(message) = messages.next().await {
                fetched.push(message);
            }
            let fetched: Vec<_> =
                fetched.into_iter().map(|message| message.unwrap().whole.unwrap()).collect();
            assert_eq!(fetched, MESSAGES);
            session.close().await.unwrap();
            first.is_some()
        })
        .await;
    });
}

#[test]
fn a_dropped_wait_for_news_loses_none() {
    in_turns(async {
        for missing in [&[][..], &["IDLE"]] {
            at_every_poll(Protocol::Imap, missing, &MESSAGES, async |place, stream| {
                let session = session(stream).await;
                let mut watch = session.watch(&inbox()).await.unwrap();
                place.server.deliver(ALICE, "INBOX", MESSAGES[0]);
                let first = place.drop(watch.next()).await;
                let told = match first.clone() {
                    Some(told) => told,
                    None => watch.next().await,
                };
                assert_eq!(told, Ok(Change::Exists(4)));
                sees_the_truth(place, &session).await;
                session.close().await.unwrap();
                // Without IDLE nothing moves for a minute, however often it is polled.
                first.is_some() || (!missing.is_empty() && place.polls == 100)
            })
            .await;
        }
    });
}

#[test]
fn a_dropped_watch_leaves_the_session_usable() {
    in_turns(async {
        at_every_poll(Protocol::Imap, &[], &MESSAGES, async |place, stream| {
            let session = session(stream).await;
            let watched = place
                .drop(async {
                    let mut watch = session.watch(&inbox()).await?;
                    place.server.deliver(ALICE, "INBOX", MESSAGES[0]);
                    watch.next().await
                })
                .await;
            sees_the_truth(place, &session).await;
            session.close().await.unwrap();
            watched.is_some()
        })
        .await;
    });
}

#[test]
fn a_dropped_login_closes_the_connection() {
    in_turns(async {
        for missing in [&[][..], &["SASL-IR"], &["AUTH=PLAIN"]] {
            at_every_poll(Protocol::Imap, missing, &[], async |place, stream| {
                let connection = super::super::imap(stream).await.unwrap();
                place.drop(connection.log_in(&credentials())).await.is_some_and(|session| session.is_ok())
            })
            .await;
        }
    });
}

#[test]
fn a_dropped_close_is_a_close() {
    in_turns(async {
        at_every_poll(Protocol::Imap, &[], &[], async |place, stream| {
            let session = session(stream).await;
            let closed = place.drop(session.close()).await;
            assert_eq!(is_usable(session.noop().await, session.is_closed()), place.polls == 0);
            session.close().await.unwrap();
            closed.is_some()
        })
        .await;
    });
}
