//! Giving up: a token that ends the calls that hold it.

use std::future::Future;
use std::sync::Arc;

use postseal::session::Error as SessionError;
use tokio::sync::watch;

use crate::{PostsealError, runtime};

/// Ends the calls that it was given to: each ends as [`PostsealError::Cancelled`], at once, also where it had not begun.
///
/// It may be given to any number of calls, and stays cancelled. What a call had begun on a session is carried to its end behind the
/// scenes, so the session stays usable or says that it is closed.
#[derive(Debug, uniffi::Object)]
pub struct CancelToken(watch::Sender<bool>);

#[uniffi::export]
impl CancelToken {
    /// A token that is not cancelled.
    #[uniffi::constructor]
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Ends every call that holds this token, now and later. May be called from any thread, and more than once.
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }

    /// Whether it was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        *self.0.borrow()
    }
}

impl Default for CancelToken {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl CancelToken {
    /// What `work` gives, where this does not fire before; once it has fired nothing begins.
    pub(crate) async fn unless_cancelled<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut fired = self.0.subscribe();
        tokio::select! {
            biased;
            // The sender lives as long as `self`, so there is no other end.
            _ = fired.wait_for(|cancelled| *cancelled) => None,
            done = work => Some(done),
        }
    }
}

/// The same for work during which something is held that others wait for. It goes on as a task of the runtime, so that a caller whose
/// executor stops polling, without letting go, holds up nobody.
pub(crate) async fn cancellable_task<T, E>(
    cancel: Option<Arc<CancelToken>>,
    work: impl Future<Output = Result<T, E>> + Send + 'static,
) -> Result<T, PostsealError>
where
    T: Send + 'static,
    E: Into<PostsealError> + Send + 'static,
{
    let runtime = runtime::shared()?;
    let task = async { runtime.run_task(work).await?.map_err(Into::into) };
    cancellable::<T, PostsealError>(cancel, task).await
}

/// Does `work` until `cancel` fires; a token that has fired before lets nothing begin.
pub(crate) async fn cancellable<T, E: Into<PostsealError>>(
    cancel: Option<Arc<CancelToken>>,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, PostsealError> {
    let done = match cancel {
        Some(token) => token.unless_cancelled(work).await.ok_or(SessionError::Cancelled)?,
        None => work.await,
    };
    done.map_err(Into::into)
}
