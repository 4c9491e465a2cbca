use std::sync::Arc;

use postseal::session::imap as core;

use crate::cancel::cancellable;
use crate::pull::Pull;
use crate::{CancelToken, PostsealError};

/// News of a mailbox. What adds up while nobody asks is told once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Change {
    /// Messages have come.
    Exists {
        /// This many there are now.
        count: i64,
    },
    /// Messages were removed.
    Expunged {
        /// This many.
        count: i64,
    },
    /// Flags of some messages have changed.
    Flags,
}

impl From<core::Change> for Change {
    fn from(change: core::Change) -> Self {
        match change {
            core::Change::Exists(count) => Self::Exists { count: count.into() },
            core::Change::Expunged(count) => Self::Expunged { count: count.into() },
            _ => Self::Flags,
        }
    }
}

/// A mailbox that is being watched; [`Watch::stop`] or letting go of it ends the watch.
#[derive(Debug, uniffi::Object)]
pub struct Watch(Pull<core::Watch>);

#[uniffi::export]
impl Watch {
    /// Waits for the next change, for as long as it takes; none once the watch was stopped. Giving up the wait loses nothing.
    ///
    /// # Errors
    ///
    /// What ended the watch: the failure of the session, `UidValidityChanged` or `NotFound` where the mailbox was rebuilt or removed;
    /// `Closed` after that.
    #[uniffi::method(default(cancel = None))]
    pub async fn next(&self, cancel: Option<Arc<CancelToken>>) -> Result<Option<Change>, PostsealError> {
        let next = cancellable(cancel, self.0.pull(async |watch| watch.next().await.map(Some))).await?;
        Ok(next.map(Into::into))
    }

    /// Ends the watch, and a wait that is under way. May be called more than once.
    pub async fn stop(&self) {
        self.0.release().await;
    }
}

impl Watch {
    pub(super) fn new(watch: core::Watch) -> Arc<Self> {
        Arc::new(Self(Pull::new(watch)))
    }
}
