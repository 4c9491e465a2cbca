//! The threads that everything runs on: one small runtime for the process.

use std::sync::{Mutex, PoisonError};

use postseal::Runtime;

use crate::PostsealError;

/// The runtime, and the process that it was made in.
static SHARED: Mutex<Option<(u32, Runtime)>> = Mutex::new(None);

/// The runtime of this process. It begins with the first call; a forked child, which has none of its parent's threads, gets another
/// one, and what was made in the parent stays unusable there.
pub(crate) fn shared() -> Result<Runtime, PostsealError> {
    let process = std::process::id();
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, runtime)) = shared.as_ref().filter(|(owner, _)| *owner == process) {
        return Ok(runtime.clone());
    }
    let runtime = Runtime::new()?;
    // The parent's can't be shut down from here: its threads are not in this process.
    std::mem::forget(shared.replace((process, runtime.clone())));
    Ok(runtime)
}

/// Runs a long computation on a thread of its own.
pub(crate) async fn compute<T, E>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, PostsealError>
where
    T: Send + 'static,
    E: Into<PostsealError> + Send + 'static,
{
    shared()?.run_blocking(work).await?.map_err(Into::into)
}
