//! Giving up: a token that ends the calls that hold it.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use postseal::session::Error as SessionError;
use tokio::sync::watch;

use crate::PostsealError;

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
        Arc::new(Self(watch::Sender::new(false)))
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

impl CancelToken {
    /// Waits until it is cancelled.
    async fn cancelled(&self) {
        // The sender lives as long as `self`, so there is no other end.
        _ = self.0.subscribe().wait_for(|cancelled| *cancelled).await;
    }
}

/// Does `work` until `cancel` fires; a token that has fired before lets nothing begin.
pub(crate) async fn cancellable<T, E: Into<PostsealError>>(
    cancel: Option<Arc<CancelToken>>,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, PostsealError> {
    let Some(token) = cancel else { return work.await.map_err(Into::into) };
    let (mut cancelled, mut work) = (pin!(token.cancelled()), pin!(work));
    std::future::poll_fn(|cx| {
        if cancelled.as_mut().poll(cx).is_ready() {
            return std::task::Poll::Ready(Err(SessionError::Cancelled.into()));
        }
        work.as_mut().poll(cx).map(|done| done.map_err(Into::into))
    })
    .await
}
