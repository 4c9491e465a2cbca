//! What is pulled, item after item, until it is let go of.

use tokio::sync::Mutex;

use crate::cancel::CancelToken;

/// A stream or watch of the core's. One pulls at a time; letting go of it ends a pull that is under way.
pub(crate) struct Pull<T> {
    held: Mutex<Option<T>>,
    released: CancelToken,
}

impl<T> Pull<T> {
    pub(crate) fn new(held: T) -> Self {
        Self { held: Mutex::new(Some(held)), released: CancelToken::default() }
    }

    /// What `step` gives; the default of that, which stands for the end, once it was let go of.
    pub(crate) async fn pull<R: Default, E>(
        &self,
        step: impl AsyncFnOnce(&mut T) -> Result<R, E>,
    ) -> Result<R, E> {
        let pulled = self.released.unless_cancelled(async {
            match self.held.lock().await.as_mut() {
                Some(held) => step(held).await,
                None => Ok(R::default()),
            }
        });
        pulled.await.unwrap_or_else(|| Ok(R::default()))
    }

    /// Lets go of it, and hands it over; nothing the second time.
    pub(crate) async fn release(&self) -> Option<T> {
        self.released.cancel();
        self.held.lock().await.take()
    }
}

impl<T> std::fmt::Debug for Pull<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pull").field("released", &self.released.is_cancelled()).finish_non_exhaustive()
    }
}
