use std::sync::{Mutex, PoisonError};

use futures::lock::{Mutex as Turns, MutexGuard as Turn};

/// A place for the session that is kept for the next call.
///
/// Whoever checks or makes one takes a turn, so that nobody makes a second; what is kept is at hand meanwhile, so that to end it waits
/// for no server.
#[derive(Debug)]
pub(crate) struct Slot<S> {
    kept: Mutex<Option<S>>,
    turns: Turns<()>,
}

impl<S> Default for Slot<S> {
    fn default() -> Self {
        Self { kept: Mutex::default(), turns: Turns::default() }
    }
}

impl<S: Clone> Slot<S> {
    /// Waits until nobody else has the turn.
    pub(crate) async fn turn(&self) -> Turn<'_, ()> {
        self.turns.lock().await
    }

    pub(crate) fn get(&self) -> Option<S> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn put(&self, session: S) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(session);
    }

    pub(crate) fn take(&self) -> Option<S> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
