//! Waits for SMTP that are dropped after every number of polls.

use super::super::smtp::{MESSAGES, envelope};
use super::*;
use crate::{Delivery, SendId, SendOptions, SmtpSession};

async fn session(stream: Drip) -> SmtpSession {
    super::super::smtp(stream).await.unwrap().log_in(&credentials()).await.unwrap()
}

/// A session after something was dropped sends a message, which arrives once and whole.
async fn sends(place: &Place, session: &SmtpSession) {
    session.noop().await.unwrap();
    let receipt = session.send(&envelope(), MESSAGES[2], &SendOptions::default()).await.unwrap();
    assert!(receipt.is_sent(), "{receipt:?}");
    assert_eq!(arrived(place, MESSAGES[2]), 1);
    session.close().await.unwrap();
}

fn arrived(place: &Place, message: &[u8]) -> usize {
    place.server.accepted().iter().filter(|accepted| accepted.bytes == message).count()
}

#[test]
fn a_dropped_send_is_truthful() {
    in_turns(async {
        for missing in [&[][..], &["CHUNKING"], &["CHUNKING", "PIPELINING"]] {
            at_every_poll(Protocol::Smtp, missing, &[], async |place, stream| {
                let (session, id) = (session(stream).await, SendId::new());
                let options = SendOptions { id: Some(id), ..SendOptions::default() };
                let sent = place.drop(session.send(&envelope(), MESSAGES[0], &options)).await;
                let outcome = session.outcome(id).await;
                match &outcome {
                    Ok(receipt) if receipt.is_sent() => assert_eq!(arrived(place, MESSAGES[0]), 1),
                    // Not begun; or begun, and ended before the message.
                    Err(Error::NotFound { .. }) if place.polls == 0 => {}
                    Err(Error::Cancelled) => {}
                    other => panic!("{missing:?} after {}: {other:?}", place.polls),
                }
                sends(place, &session).await;
                assert_eq!(arrived(place, MESSAGES[0]), usize::from(outcome.is_ok()), "{missing:?}");
                sent.is_some_and(|sent| {
                    assert!(matches!(sent.unwrap().message, Delivery::Sent { .. }));
                    true
                })
            })
            .await;
        }
    });
}

#[test]
fn a_send_dropped_beside_another_harms_nothing_but_itself() {
    in_turns(async {
        for missing in [&[][..], &["CHUNKING"], &["CHUNKING", "PIPELINING"]] {
            for is_first in [true, false] {
                at_every_poll(Protocol::Smtp, missing, &[], async |place, stream| {
                    drop_beside_another(place, &session(stream).await, is_first).await
                })
                .await;
            }
        }
    });
}

/// Sends two messages at once, and drops the wait for the first or the second. Whether it came to its end before.
async fn drop_beside_another(place: &Place, session: &SmtpSession, is_first: bool) -> bool {
    let (to, id) = (envelope(), SendId::new());
    let named = SendOptions { id: Some(id), ..SendOptions::default() };
    let options = SendOptions::default();
    let dropped = place.drop(session.send(&to, MESSAGES[0], &named));
    let kept = session.send(&to, MESSAGES[1], &options);
    // In the order in which they are polled first, and so queued.
    let (dropped, kept) = if is_first {
        futures::join!(dropped, kept)
    } else {
        let (kept, dropped) = futures::join!(kept, dropped);
        (dropped, kept)
    };
    let outcome = session.outcome(id).await;
    sends(place, session).await;
    match &outcome {
        Ok(receipt) => assert!(receipt.is_sent(), "{receipt:?}"),
        Err(Error::NotFound { .. }) if place.polls == 0 => {}
        Err(error) => assert_eq!(*error, Error::Cancelled, "after {}", place.polls),
    }
    assert_eq!(arrived(place, MESSAGES[0]), usize::from(outcome.is_ok()), "after {}", place.polls);
    assert!(kept.unwrap().is_sent());
    assert_eq!(arrived(place, MESSAGES[1]), 1);
    dropped.is_some_and(|dropped| {
        assert_eq!(dropped, outcome);
        true
    })
}

#[test]
fn other_dropped_waits_lose_nothing() {
    in_turns(async {
        at_every_poll(Protocol::Smtp, &[], &[], async |place, stream| {
            let session = session(stream).await;
            let answer = place.drop(session.noop()).await;
            sends(place, &session).await;
            answer.is_some_and(|answer| answer == Ok(()))
        })
        .await;
        at_every_poll(Protocol::Smtp, &[], &[], async |place, stream| {
            let (session, id) = (session(stream).await, SendId::new());
            let options = SendOptions { id: Some(id), ..SendOptions::default() };
            let to = envelope();
            let (receipt, outcome) = futures::join!(session.send(&to, MESSAGES[0], &options), async {
                tokio::task::yield_now().await;
                place.drop(session.outcome(id)).await
            });
            assert_eq!(session.outcome(id).await, receipt);
            sends(place, &session).await;
            outcome.is_some_and(|outcome| outcome == receipt)
        })
        .await;
    });
}

#[test]
fn a_dropped_login_closes_the_connection() {
    in_turns(async {
        for missing in [&[][..], &["AUTH=PLAIN"]] {
            at_every_poll(Protocol::Smtp, missing, &[], async |place, stream| {
                let connection = super::super::smtp(stream).await.unwrap();
                place.drop(connection.log_in(&credentials())).await.is_some_and(|session| session.is_ok())
            })
            .await;
        }
    });
}

#[test]
fn a_dropped_close_is_a_close() {
    in_turns(async {
        at_every_poll(Protocol::Smtp, &[], &[], async |place, stream| {
            let session = session(stream).await;
            let closed = place.drop(session.close()).await;
            let is_usable = is_usable(session.noop().await, session.is_closed());
            assert_eq!(is_usable, place.polls == 0);
            session.close().await.unwrap();
            closed.is_some()
        })
        .await;
    });
}
