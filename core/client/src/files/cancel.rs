use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::Error;

/// Ends work that it was given to. Clones are the same token; one may be given to several pieces of work.
#[derive(Debug, Clone, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// A token that is not cancelled.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the work to end; it does so at the next opportunity, with [`Error::Cancelled`]. There is no way back.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Whether a piece of work has to end: its token is cancelled, or nobody waits for it any more.
#[derive(Debug, Clone)]
pub(super) struct Stop {
    given: CancelToken,
    own: CancelToken,
}

impl Stop {
    pub(super) fn new(token: &CancelToken) -> Self {
        Self { given: token.clone(), own: CancelToken::new() }
    }

    /// Asks to end when what is returned is dropped. Other work with the same token goes on.
    pub(super) fn when_dropped(&self) -> CancelOnDrop {
        CancelOnDrop(self.own.clone())
    }

    pub(super) fn is_asked_for(&self) -> bool {
        self.given.is_cancelled() || self.own.is_cancelled()
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        if self.is_asked_for() { Err(Error::Cancelled) } else { Ok(()) }
    }

    /// The same where only an error of I/O gets through.
    pub(super) fn check_io(&self) -> io::Result<()> {
        self.check().map_err(io::Error::other)
    }
}

pub(super) struct CancelOnDrop(CancelToken);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
