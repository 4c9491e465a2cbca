use std::sync::Arc;

use postseal as core;

use super::listing::{MessageSummary, summaries};
use crate::cancel::cancellable;
use crate::pull::Pull;
use crate::{CancelToken, PostsealError};

/// A mailbox that is watched for mail. Letting go of it ends its session.
#[derive(Debug, uniffi::Object)]
pub struct MailWatch(pub(super) Pull<core::MailWatch>);

#[uniffi::export]
impl MailWatch {
    /// Waits for the next change, for as long as it takes; none once the watch was closed. Giving up the wait loses nothing.
    ///
    /// # Errors
    ///
    /// What ended the session. The watch goes on: the next call connects anew where that is needed, and tells what came meanwhile.
    #[uniffi::method(default(cancel = None))]
    pub async fn next(
        &self,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Option<MailboxChange>, PostsealError> {
        let next = cancellable(cancel, self.0.pull(async |watch| watch.next().await.map(Some))).await?;
        Ok(next.map(Into::into))
    }

    /// Ends the watch, a wait that is under way, and, politely, its session. May be called more than once.
    ///
    /// # Errors
    ///
    /// `Forked` in a forked child.
    #[uniffi::method(default(cancel = None))]
    pub async fn close(&self, cancel: Option<Arc<CancelToken>>) -> Result<(), PostsealError> {
        cancellable(cancel, async {
            match self.0.release().await {
                Some(watch) => watch.close().await,
                None => Ok(()),
            }
        })
        .await
    }
}

/// News of a mailbox.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum MailboxChange {
    /// Messages have come.
    Arrived {
        /// The oldest first.
        messages: Vec<MessageSummary>,
    },
    /// Messages were removed, or their flags have changed: what is shown of the mailbox may be out of date.
    Changed,
}

impl From<core::MailboxChange> for MailboxChange {
    fn from(change: core::MailboxChange) -> Self {
        match change {
            core::MailboxChange::Arrived(messages) => Self::Arrived { messages: summaries(messages) },
            _ => Self::Changed,
        }
    }
}
