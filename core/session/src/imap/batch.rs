//! How a fetch is divided: into batches, so that nothing is read ahead without bound, and what came of them into parcels for the reader.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use postseal_types::{Listener, Meter};
use tokio::sync::mpsc;

use super::fetch::Fetched;

/// The most messages that are fetched in one batch.
pub(super) const MAX_BATCH: usize = 64;
/// The most bytes of messages in one batch; a larger message makes a batch of its own.
const MAX_BATCH_BYTES: u64 = 4 << 20;
/// How many bytes of messages are handed to the reader at once: each time wakes a thread.
const PARCEL: usize = 256 << 10;
/// How many they may become where they come faster than this: then it is the waking that costs.
const LARGE_PARCEL: usize = 1 << 20;
const FAST: Duration = Duration::from_millis(10);
/// The most messages whose sizes are asked for at once.
const MAX_SIZES: usize = 1024;

/// What is still to be fetched, in ascending order.
pub(super) struct Left {
    /// UIDs with the sizes of their messages.
    pub(super) sized: VecDeque<(u32, u64)>,
    /// The UIDs behind them, of which the sizes are not known.
    numbers: VecDeque<u32>,
    /// Counts what comes, where somebody listens.
    pub(super) meter: Option<Meter>,
}

impl Left {
    pub(super) fn new(numbers: Vec<u32>, listener: Option<Listener>) -> Self {
        let meter = listener.map(|listener| Meter::new(Some(listener), None));
        Self { sized: VecDeque::new(), numbers: numbers.into(), meter }
    }

    /// Tells the listener how much is to come, where the sizes of all messages are known.
    pub(super) fn estimate(&mut self, is_too_large: impl Fn(u64) -> bool) {
        let Some(meter) = self.meter.as_mut().filter(|_| self.numbers.is_empty()) else {
            return;
        };
        let sizes = self.sized.iter().map(|(_, size)| *size).filter(|size| !is_too_large(*size));
        meter.expect_left(Some(sizes.fold(0, u64::saturating_add)));
    }

    /// Tells the listener where nothing more comes.
    pub(super) fn finish_if_empty(&mut self) {
        if self.is_empty()
            && let Some(meter) = &mut self.meter
        {
            meter.finish();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sized.is_empty() && self.numbers.is_empty()
    }

    /// Takes out the UIDs of the next batch where their sizes don't matter.
    pub(super) fn take_numbers(&mut self) -> Vec<u32> {
        self.numbers.drain(..self.numbers.len().min(MAX_BATCH)).collect()
    }

    /// Takes out UIDs to ask the sizes of: many, but no longer a list of ranges than that of a batch can be (RFC 2683, section
    /// 3.2.1.5, has servers take lines of about 1000 bytes).
    pub(super) fn take_unsized(&mut self) -> Vec<u32> {
        let (mut ranges, mut last) = (0, None);
        let fits = |&&number: &&u32| {
            ranges += usize::from(last.is_none_or(|last: u32| last.checked_add(1) != Some(number)));
            last = Some(number);
            ranges <= MAX_BATCH
        };
        let count = self.numbers.iter().take(MAX_SIZES).take_while(fits).count();
        self.numbers.drain(..count).collect()
    }

    /// Takes out the next message where `is_too_large` says so of its size.
    pub(super) fn take_too_large(&mut self, is_too_large: impl Fn(u64) -> bool) -> Option<(u32, u64)> {
        self.sized.pop_front_if(|(_, size)| is_too_large(*size))
    }

    /// Takes out the UIDs of the next batch, up to one that is too large; with the bytes of their messages.
    pub(super) fn take_sized(&mut self, is_too_large: impl Fn(u64) -> bool) -> (Vec<u32>, u64) {
        let (mut chosen, mut total) = (Vec::new(), 0_u64);
        while let Some(&(number, size)) = self.sized.front() {
            let with_it = total.saturating_add(size);
            let is_full = chosen.len() == MAX_BATCH || with_it > MAX_BATCH_BYTES;
            if is_too_large(size) || (is_full && !chosen.is_empty()) {
                break;
            }
            total = with_it;
            chosen.push(number);
            self.sized.pop_front();
        }
        (chosen, total)
    }
}

/// Messages on their way to the reader.
pub(super) struct Parcels<'a> {
    arrivals: &'a mpsc::UnboundedSender<Vec<Fetched>>,
    /// How many parcels the reader has not taken yet, those of earlier batches too.
    untaken: &'a AtomicUsize,
    next: Vec<Fetched>,
    bytes: usize,
    since: Instant,
    /// How many are on their way.
    pub(super) sent: usize,
}

impl<'a> Parcels<'a> {
    pub(super) fn new(arrivals: &'a mpsc::UnboundedSender<Vec<Fetched>>, untaken: &'a AtomicUsize) -> Self {
        Self { arrivals, untaken, next: Vec::new(), bytes: 0, since: Instant::now(), sent: 0 }
    }

    pub(super) fn add(&mut self, message: Fetched) {
        self.bytes += message.weight();
        self.next.push(message);
        if self.bytes >= LARGE_PARCEL || self.bytes >= PARCEL && self.since.elapsed() >= FAST {
            self.send();
        }
    }

    pub(super) fn send(&mut self) {
        if !self.next.is_empty() {
            (self.bytes, self.since) = (0, Instant::now());
            self.sent += 1;
            self.untaken.fetch_add(1, Ordering::Relaxed);
            // A stream that was dropped wants no more of them.
            _ = self.arrivals.send(std::mem::take(&mut self.next));
        }
    }
}
