use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use postseal_session::Listener;

/// One piece of work that is made of several, each with a count of its own, for a listener who hears of the whole.
pub(crate) struct Parts {
    listener: Option<Listener>,
    /// How long the parts are that were begun.
    begun: u64,
    total: u64,
    told: Arc<AtomicU64>,
}

impl Parts {
    pub(crate) fn new(listener: Option<Listener>, lengths: impl Iterator<Item = usize>) -> Self {
        let total = lengths.fold(0_u64, |total, length| total.saturating_add(length as u64));
        Self { listener, begun: 0, total, told: Arc::default() }
    }

    /// The listener for the next part, of so many bytes.
    pub(crate) fn begin(&mut self, length: usize) -> Option<Listener> {
        let (before, total, told) = (self.begun, self.total, Arc::clone(&self.told));
        self.begun = before.saturating_add(length as u64);
        let whole = self.listener.clone()?;
        Some(Listener::new(move |done: u64, _| {
            let done = before.saturating_add(done);
            told.store(done, Ordering::Relaxed);
            whole.tell(done, Some(total));
        }))
    }

    /// All is done, or left out for good.
    pub(crate) fn finish(&self) {
        if let Some(listener) = &self.listener
            && self.told.load(Ordering::Relaxed) != self.total
        {
            listener.tell(self.total, Some(self.total));
        }
    }
}
