//! Every wait, dropped after every number of polls, while the server's answers come byte by byte.

mod imap;
mod pop3;
mod smtp;

use std::task::Poll;

use postseal_test_server::TestCa;
use postseal_types::ErrorCode;

use super::drip::{Drip, Tap};
use super::*;

/// No operation here takes more turns.
const MOST_POLLS: usize = 3000;

/// Polls `wait` so many times, with a poll of another task after each, and drops it. What it gave, if it came to an end.
async fn drop_after<T>(polls: usize, wait: impl Future<Output = T>) -> Option<T> {
    let mut wait = std::pin::pin!(wait);
    for _ in 0..polls {
        if let Poll::Ready(value) = futures::poll!(wait.as_mut()) {
            return Some(value);
        }
        tokio::task::yield_now().await;
    }
    None
}

/// A connection that is to be dropped from, with its server.
struct Place {
    server: TestServer,
    tap: Tap,
    polls: usize,
}

impl Place {
    /// Drops `wait` while the answers drip; afterwards they flow.
    async fn drop<T>(&self, wait: impl Future<Output = T>) -> Option<T> {
        self.tap.drip(true);
        let outcome = drop_after(self.polls, wait).await;
        self.tap.drip(false);
        outcome
    }
}

/// Runs `case` with a fresh server for each number of polls, from 0 until it says that nothing was left to drop. No run leaves a task.
async fn at_every_poll(
    protocol: Protocol,
    missing: &[&str],
    messages: &[&[u8]],
    case: impl AsyncFn(&Place, Drip) -> bool,
) {
    let ca = TestCa::new().unwrap();
    for polls in 0..MOST_POLLS {
        let server = start(&ca, protocol, missing).await;
        messages.iter().for_each(|message| _ = server.deliver(ALICE, "INBOX", message).unwrap());
        let place = Place { server, tap: Tap::default(), polls };
        let connected = async { case(&place, Drip::new(place.server.connect(protocol), &place.tap)).await };
        let is_over = leaves_no_task(within_a_day(connected)).await;
        place.server.stop().await;
        if is_over {
            return;
        }
    }
    panic!("{protocol:?}: still not over");
}

/// Whether the session can be used: it can, or it says that it is closed and answers so.
fn is_usable(answer: Result<(), Error>, is_closed: bool) -> bool {
    match answer {
        Ok(()) => true,
        Err(error) => {
            assert!(is_closed && error.code() == ErrorCode::Closed, "{error:?}");
            false
        }
    }
}
