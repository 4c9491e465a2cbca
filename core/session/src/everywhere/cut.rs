//! The connection, cut, stalled and garbled at every byte that the server sends.

use postseal_test_server::{Fault, Protocol, TestCa};
use postseal_types::ErrorCode;
use tokio::time::Instant;

use super::diary::{Claim, Diary, Page, World};
use super::imap::MOVE_IN_STEPS;
use super::smtp::{BEFORE, BEHIND};
use super::*;
use crate::imap;

/// A session to be broken: its protocol, and what its server lacks.
#[derive(Debug, Clone, Copy)]
struct Walk {
    protocol: Protocol,
    missing: &'static [&'static str],
}

/// How it is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Cut,
    Stall,
    Garble,
}

/// What came of a session.
struct Played {
    pages: Vec<Page>,
    /// The world after all was said and done.
    end: World,
    took: Duration,
    /// How many bytes the server has sent.
    sent: usize,
}

impl How {
    fn at(self, byte: usize) -> Fault {
        let place = Fault::at_byte(byte);
        match self {
            Self::Cut => place.cut(),
            Self::Stall => place.stall(),
            Self::Garble => place.garble(),
        }
    }

    /// Whether a session that is broken so may end with `error`.
    fn explains(self, error: &Error) -> bool {
        match (self, error) {
            (Self::Cut, _) => matches!(error.code(), ErrorCode::Protocol | ErrorCode::Network),
            (Self::Stall, Error::Timeout { step: "NOOP", after }) => {
                [TIMEOUTS.progress, imap::SIGN_OF_LIFE].contains(after)
            }
            (Self::Stall, Error::Timeout { after, .. }) => {
                [TIMEOUTS.progress, TIMEOUTS.final_reply].contains(after)
            }
            (Self::Stall, _) => false,
            // Garbage is no answer, or never the end of one, or hides what the server can do.
            (Self::Garble, _) => {
                matches!(error.code(), ErrorCode::Protocol | ErrorCode::Timeout | ErrorCode::Unsupported)
            }
        }
    }
}

impl Walk {
    async fn play(self, ca: &TestCa, fault: Option<Fault>) -> Played {
        let server = start(ca, self.protocol, self.missing).await;
        let messages: &[&[u8]] = match self.protocol {
            Protocol::Smtp => &[],
            Protocol::Imap => &super::imap::MESSAGES,
            Protocol::Pop3 => &super::pop3::MESSAGES,
        };
        messages.iter().for_each(|message| _ = server.deliver(ALICE, "INBOX", message).unwrap());
        fault.into_iter().for_each(|fault| server.inject(self.protocol, fault));
        let mut diary = Diary::new(&server, self.protocol);
        let took = leaves_no_task(async {
            let (begun, stream) = (Instant::now(), server.connect(self.protocol));
            let walking = async {
                match self.protocol {
                    Protocol::Smtp => super::smtp::walk(&mut diary, stream).await,
                    Protocol::Imap => super::imap::walk(&mut diary, stream).await,
                    Protocol::Pop3 => super::pop3::walk(&mut diary, stream).await,
                }
            };
            _ = within_a_day(walking).await;
            let took = begun.elapsed();
            // A server that stalls does so for ever.
            server.cut_connections();
            took
        })
        .await;
        let pages = diary.pages;
        let sent = server.transcript()[0].server_bytes().len();
        server.stop().await;
        Played { pages, end: World::of(&server), took, sent }
    }

    /// Breaks the session in each way at each place.
    fn break_everywhere(self) {
        let ca = TestCa::new().unwrap();
        in_turns(async {
            let honest = self.play(&ca, None).await;
            let is_done = |page: &Page| matches!(page.claim, Claim::Done(_));
            assert!(honest.pages.iter().all(is_done), "{:#?}", honest.pages);
            for how in [How::Cut, How::Stall, How::Garble] {
                for at in 0..honest.sent {
                    let broken = self.play(&ca, Some(how.at(at))).await;
                    judge(&honest, &broken, how, &format!("{self:?}, {how:?} at {at}"));
                }
            }
        });
    }
}

/// Holds what a broken session claims against what the server has done, and against the same session when nothing breaks.
fn judge(honest: &Played, broken: &Played, how: How, place: &str) {
    let is_done = |page: &&Page| matches!(page.claim, Claim::Done(_));
    let done = broken.pages.iter().take_while(is_done).count();
    for (page, expected) in broken.pages.iter().zip(&honest.pages).take(done) {
        assert_eq!(page.step, expected.step, "{place}");
        assert!(page.world == expected.world, "{place}: {} was not done", page.step);
        let Claim::Done(result) = &page.claim else { unreachable!() };
        // A response code whose name is garbled is none: then nobody learns of the handles.
        let knows_less = how == How::Garble
            && matches!(
                (page.step, result.as_str()),
                ("APPEND", "None") | ("COPY" | "MOVE" | MOVE_IN_STEPS, "[]")
            );
        assert!(page.claim == expected.claim || knows_less, "{place}: {page:?}");
    }
    let limit = match broken.pages.get(done) {
        Some(failed) => {
            fails(honest, broken, done, how, place);
            deadline(failed.step)
        }
        None => {
            assert!(broken.end == honest.end, "{place}");
            Duration::ZERO
        }
    };
    // A server without IDLE is asked once a minute, also when nothing breaks.
    let limit = limit + honest.took + TIMEOUTS.close + Duration::from_secs(1);
    assert!(broken.took <= limit, "{place}: took {:?}", broken.took);
}

/// Judges the first step that was not done, and what followed it.
fn fails(honest: &Played, broken: &Played, failed: usize, how: How, place: &str) {
    let (page, expected) = (&broken.pages[failed], &honest.pages[failed]);
    assert_eq!(page.step, expected.step, "{place}");
    // The first step, to open, changes nothing.
    let (before, after) = (&honest.pages[failed.saturating_sub(1)].world, &expected.world);
    let (error, is_true) = match &page.claim {
        Claim::NotDone(error) => (error, broken.end == *before),
        Claim::Unknown(error) if page.step == MOVE_IN_STEPS => (error, broken.end.keeps_all_of(before)),
        Claim::Unknown(error) => (error, broken.end == *before || broken.end == *after),
        Claim::Done(_) => unreachable!(),
    };
    assert!(is_true, "{place}: {} is not as it was said: {:?}", page.step, page.claim);
    assert!(how.explains(error), "{place}: {} {error:?}", page.step);
    for next in &broken.pages[failed + 1..] {
        let is_closed = match &next.claim {
            Claim::Done(_) => next.step == "close",
            // It waited already, and so it has met the failure too.
            Claim::NotDone(met) if (page.step, next.step) == (BEFORE, BEHIND) => met == error,
            Claim::NotDone(error) | Claim::Unknown(error) => error.code() == ErrorCode::Closed,
        };
        assert!(is_closed, "{place}: {next:?}");
    }
}

/// How long a step may stand still.
fn deadline(step: &str) -> Duration {
    match step {
        "send" | BEFORE | BEHIND => TIMEOUTS.final_reply,
        "news" => imap::IDLE_RENEWAL + TIMEOUTS.progress,
        _ => TIMEOUTS.progress,
    }
}

#[test]
fn smtp_with_chunking() {
    Walk { protocol: Protocol::Smtp, missing: &[] }.break_everywhere();
}

#[test]
fn smtp_with_pipelining() {
    Walk { protocol: Protocol::Smtp, missing: &["CHUNKING"] }.break_everywhere();
}

#[test]
fn smtp_step_by_step() {
    let missing = &["CHUNKING", "PIPELINING", "AUTH=PLAIN"];
    Walk { protocol: Protocol::Smtp, missing }.break_everywhere();
}

#[test]
fn pop3_with_pipelining() {
    Walk { protocol: Protocol::Pop3, missing: &[] }.break_everywhere();
}

#[test]
fn pop3_step_by_step() {
    let missing = &["PIPELINING", "AUTH=PLAIN"];
    Walk { protocol: Protocol::Pop3, missing }.break_everywhere();
}

#[test]
fn imap_with_all_extensions() {
    Walk { protocol: Protocol::Imap, missing: &[] }.break_everywhere();
}

#[test]
fn imap_with_few_extensions() {
    let missing = &["LITERAL+", "SASL-IR", "LIST-EXTENDED", "IDLE", "MOVE"];
    Walk { protocol: Protocol::Imap, missing }.break_everywhere();
}
