//! The threads that everything runs on: one small runtime for the process.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use postseal::Runtime;

use crate::PostsealError;
use crate::foreign;

/// How long threads that work may take to end.
const FAREWELL: Duration = Duration::from_secs(2);

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

/// Ends all sessions and the threads of this process, within a few seconds, and has nothing that the app wrote called any more. For the end
/// of a process in a language whose runtime can't be called into by then.
#[uniffi::export]
pub fn shut_down() {
    foreign::silence();
    let ended = SHARED.lock().unwrap_or_else(PoisonError::into_inner).take();
    ended.into_iter().for_each(|(_, runtime)| runtime.shut_down(FAREWELL));
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
