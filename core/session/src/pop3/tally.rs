use std::sync::{Arc, Mutex, PoisonError};

use postseal_types::{Listener, Meter};

/// Counts what comes of messages, where somebody listens. Shared between a handle and the task, so that a wait that is dropped does
/// not lose the count.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally(Option<Arc<Mutex<Meter>>>);

impl Tally {
    pub(super) fn new(listener: Option<Listener>, total: Option<u64>) -> Self {
        Self(listener.map(|listener| Arc::new(Mutex::new(Meter::new(Some(listener), total)))))
    }

    pub(super) fn advance(&self, bytes: usize) {
        self.with(|meter| meter.advance(bytes));
    }

    pub(super) fn finish(&self) {
        self.with(Meter::finish);
    }

    fn with(&self, act: impl FnOnce(&mut Meter)) {
        if let Some(meter) = &self.0 {
            act(&mut meter.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}
