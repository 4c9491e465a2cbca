//! Waits for POP3 that are dropped after every number of polls.

use futures::future::BoxFuture;

use super::super::pop3::MESSAGES;
use super::*;
use crate::{Pop3Session, Pop3Update};

/// A message of some 12 chunks: more than may wait for a reader.
fn large() -> Vec<u8> {
    [b"Subject: large\r\n\r\n".to_vec(), b".a line of twenty b\r\n".repeat(20_000)].concat()
}

async fn session(stream: Drip) -> Pop3Session {
    super::super::pop3(stream).await.unwrap().log_in(&credentials()).await.unwrap()
}

/// What the server has in the maildrop.
fn kept(place: &Place) -> Vec<Vec<u8>> {
    place.server.messages(ALICE, "INBOX")
}

/// Calls a method, and tells what it gave.
type Act = for<'a> fn(&'a Pop3Session) -> BoxFuture<'a, Result<String, Error>>;

fn told<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Result<String, Error> {
    outcome.map(|value| format!("{value:?}"))
}

const ACTS: [Act; 9] = [
    |session| Box::pin(async { told(session.stat().await) }),
    |session| Box::pin(async { told(session.messages().await) }),
    |session| Box::pin(async { told(session.retrieve_to_vec(1, 1000).await) }),
    |session| Box::pin(async { told(session.top(1, 1, 1000).await) }),
    |session| Box::pin(async { told(session.delete_all(&[1, 2]).await) }),
    |session| Box::pin(async { told(session.delete(3).await) }),
    |session| Box::pin(async { told(session.reset().await) }),
    |session| Box::pin(async { told(session.noop().await) }),
    |session| Box::pin(async { told(session.retrieve(1).await.map(drop)) }),
];

#[test]
fn the_next_call_gets_its_own_answer() {
    in_turns(async {
        for missing in [&[][..], &["PIPELINING"]] {
            for act in ACTS {
                at_every_poll(Protocol::Pop3, missing, &MESSAGES, async |place, stream| {
                    let session = session(stream).await;
                    let acted = place.drop(act(&session)).await;
                    // A command that had begun was carried out, also for nobody.
                    session.reset().await.unwrap();
                    assert_eq!(session.stat().await.unwrap().messages, 3);
                    assert_eq!(session.retrieve_to_vec(3, 1000).await.unwrap(), MESSAGES[2]);
                    assert_eq!(session.messages().await.unwrap().len(), 3);
                    assert!(session.delete(9).await.is_err_and(|error| error.code() == ErrorCode::Refused));
                    session.close().await.unwrap();
                    assert_eq!(kept(place), MESSAGES);
                    acted.is_some_and(|acted| acted.is_ok())
                })
                .await;
            }
        }
    });
}

#[test]
fn a_dropped_wait_on_a_stream_loses_nothing() {
    in_turns(async {
        let large = large();
        at_every_poll(Protocol::Pop3, &[], &[MESSAGES[0], &large[..400]], async |place, stream| {
            let session = session(stream).await;
            place.tap.drip(true);
            let mut message = session.retrieve(2).await.unwrap();
            let first = place.drop(message.next_chunk()).await;
            let mut bytes = first.clone().transpose().unwrap().flatten().unwrap_or_default();
            while let Some(chunk) = message.next_chunk().await.unwrap() {
                bytes.extend_from_slice(&chunk);
            }
            assert!(bytes.starts_with(&large[..400]));
            session.close().await.unwrap();
            first.is_some()
        })
        .await;
        at_every_poll(Protocol::Pop3, &[], &MESSAGES, async |place, stream| {
            let session = session(stream).await;
            let mut all = session.retrieve_all(session.messages().await.unwrap(), 1000);
            let first = place.drop(all.next()).await;
            let mut bytes: Vec<_> = first.clone().transpose().unwrap().flatten().into_iter().collect();
            while let Some(retrieved) = all.next().await.unwrap() {
                bytes.push(retrieved);
            }
            let bytes: Vec<_> = bytes.into_iter().map(|retrieved| retrieved.bytes.unwrap()).collect();
            assert_eq!(bytes, MESSAGES);
            session.close().await.unwrap();
            first.is_some()
        })
        .await;
    });
}

#[test]
fn a_dropped_stream_leaves_the_session_usable() {
    in_turns(async {
        at_every_poll(Protocol::Pop3, &[], &MESSAGES, async |place, stream| {
            let session = session(stream).await;
            let read = place
                .drop(async {
                    let mut all = session.retrieve_all(session.messages().await?, 1000);
                    while all.next().await?.is_some() {}
                    Ok::<_, Error>(())
                })
                .await;
            assert_eq!(session.retrieve_to_vec(3, 1000).await.unwrap(), MESSAGES[2]);
            session.close().await.unwrap();
            read.is_some_and(|read| read.is_ok())
        })
        .await;
        let large = large();
        at_every_poll(Protocol::Pop3, &[], &[MESSAGES[0], &large], async |place, stream| {
            let session = session(stream).await;
            let mut message = session.retrieve(2).await.unwrap();
            // In steps of many bytes: what differs is how many chunks were taken.
            for _ in 0..place.polls {
                _ = message.next_chunk().await.unwrap();
            }
            drop(message);
            assert_eq!(session.retrieve_to_vec(1, 1000).await.unwrap(), MESSAGES[0]);
            session.close().await.unwrap();
            place.polls == 14
        })
        .await;
    });
}

#[test]
fn a_dropped_quit_is_done_or_not_begun() {
    in_turns(async {
        at_every_poll(Protocol::Pop3, &[], &MESSAGES, async |place, stream| {
            let session = session(stream).await;
            session.delete_all(&[1, 2]).await.unwrap();
            let ended = place.drop(session.quit()).await;
            if is_usable(session.noop().await, session.is_closed()) {
                session.close().await.unwrap();
                assert_eq!(kept(place), MESSAGES);
            } else {
                assert_eq!(kept(place), MESSAGES[2..]);
            }
            ended.is_some_and(|ended| {
                assert_eq!(ended, Ok(Pop3Update::Committed { deleted: 2 }));
                true
            })
        })
        .await;
    });
}

#[test]
fn a_dropped_close_is_a_close() {
    in_turns(async {
        at_every_poll(Protocol::Pop3, &[], &MESSAGES, async |place, stream| {
            let session = session(stream).await;
            session.delete(1).await.unwrap();
            let closed = place.drop(session.close()).await;
            assert_eq!(is_usable(session.noop().await, session.is_closed()), place.polls == 0);
            session.close().await.unwrap();
            assert_eq!(kept(place), MESSAGES);
            closed.is_some()
        })
        .await;
    });
}

#[test]
fn a_dropped_login_closes_the_connection() {
    in_turns(async {
        for missing in [&[][..], &["AUTH=PLAIN"]] {
            at_every_poll(Protocol::Pop3, missing, &[], async |place, stream| {
                let connection = super::super::pop3(stream).await.unwrap();
                place.drop(connection.log_in(&credentials())).await.is_some_and(|session| session.is_ok())
            })
            .await;
        }
    });
}
