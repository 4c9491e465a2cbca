use std::sync::Arc;

use postseal::session::imap as core;
use tokio::sync::Mutex;

use crate::cancel::cancellable;
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
pub struct Watch(Mutex<Option<core::Watch>>);

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
        cancellable(cancel, async {
            match self.0.lock().await.as_mut() {
                Some(watch) => Ok::<_, PostsealError>(Some(watch.next().await?.into())),
                None => Ok(None),
            }
        })
        .await
    }

    /// Ends the watch, once a wait that is under way has its end. May be called more than once.
    pub async fn stop(&self) {
        self.0.lock().await.take();
    }
}

impl Watch {
    pub(super) fn new(watch: core::Watch) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Some(watch))))
    }
}
