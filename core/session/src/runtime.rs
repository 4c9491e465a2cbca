use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::task::JoinHandle;

use crate::Error;

/// The threads that sessions run on.
///
/// Sessions never use the runtime that happens to be around: they run on the one they were given, so calls may come from any
/// thread, any executor and any language. Clones share the threads, which end when the last clone and session is gone.
#[derive(Clone, Debug)]
pub struct Runtime(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    handle: Handle,
    /// `None` where the runtime is the caller's own, or was shut down.
    owned: Mutex<Option<tokio::runtime::Runtime>>,
    process: u32,
}

impl Runtime {
    /// Starts a runtime of its own, with two worker threads.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] where the operating system gives no threads.
    pub fn new() -> Result<Self, Error> {
        let owned = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("postseal")
            .enable_all()
            .build()
            .map_err(|error| Error::internal(format!("no runtime: {error}")))?;
        Ok(Self::from_parts(owned.handle().clone(), Some(owned)))
    }

    /// The tokio runtime that the caller is running on, for programs that have one.
    ///
    /// It must have its time and I/O drivers enabled, and outlive the sessions.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] outside a tokio runtime.
    pub fn current() -> Result<Self, Error> {
        let handle = Handle::try_current()
            .map_err(|_| Error::invalid("runtime", "the caller is on no tokio runtime"))?;
        Ok(Self::from_parts(handle, None))
    }

    fn from_parts(handle: Handle, owned: Option<tokio::runtime::Runtime>) -> Self {
        Self(Arc::new(Inner { handle, owned: Mutex::new(owned), process: std::process::id() }))
    }

    /// Ends the threads of a runtime of its own, and waits for them, but no longer than `limit`. Sessions on it are cut, and whatever is asked
    /// of it from now on ends as [`Error::Closed`]. Nothing happens to a runtime that is the caller's.
    ///
    /// For the end of a process in which a thread must not be left that calls back into what is being taken down. Not to be called
    /// on the runtime's own threads.
    pub fn shut_down(&self, limit: Duration) {
        let owned = self.0.owned.lock().unwrap_or_else(PoisonError::into_inner).take();
        // In a forked child the threads are not there to be waited for.
        match owned {
            Some(runtime) if self.check().is_ok() => runtime.shutdown_timeout(limit),
            Some(runtime) => std::mem::forget(runtime),
            None => {}
        }
    }

    /// Runs `future` on the runtime's threads and waits for it here; for callers without an executor.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] on a thread of a tokio runtime, which must not block; [`Error::Forked`] in a forked child.
    pub fn block_on<F: Future>(&self, future: F) -> Result<F::Output, Error> {
        self.check()?;
        if Handle::try_current().is_ok() {
            return Err(Error::invalid("thread", "a thread of an async runtime must not block"));
        }
        Ok(self.0.handle.block_on(future))
    }

    /// Runs `work` on a thread for long computations, and waits for it without blocking the caller's thread.
    ///
    /// For what would hold up an async thread: sealing or opening a large message. Dropping the wait does not stop the work.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] where `work` panicked; [`Error::Closed`] where the runtime was shut down; [`Error::Forked`] in a forked child.
    pub async fn run_blocking<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        self.check()?;
        self.0.handle.spawn_blocking(work).await.map_err(|gone| match gone.is_panic() {
            true => Error::internal("a computation panicked"),
            false => Error::Closed { because: None },
        })
    }

    /// Runs `future` as a task of the runtime, and only waits for it here; dropping the wait ends the task.
    ///
    /// For a caller whose executor may stop polling a future without dropping it: what the future holds, others would wait for in vain.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] where the task panicked; [`Error::Closed`] where the runtime was shut down; [`Error::Forked`] in a forked child.
    pub async fn run_task<T, F>(&self, future: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let mut task = AbortOnDrop(self.spawn(future)?);
        match (&mut task.0).await {
            Ok(output) => Ok(output),
            Err(gone) if gone.is_panic() => Err(Error::internal("a task panicked")),
            Err(_) => Err(Error::Closed { because: None }),
        }
    }

    /// The same for what can fail.
    pub(crate) async fn run<T, F>(&self, future: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        self.run_task(future).await?
    }

    pub(crate) fn spawn<F>(&self, future: F) -> Result<JoinHandle<F::Output>, Error>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        self.check()?;
        Ok(self.0.handle.spawn(future))
    }

    /// Threads do not survive a `fork()`: in the child nothing would ever answer.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.0.process == std::process::id() { Ok(()) } else { Err(Error::Forked) }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // A plain drop would block, and panics on a thread of another runtime.
        let owned = self.owned.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = owned.take() {
            runtime.shutdown_background();
        }
    }
}

struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn work_runs_without_any_ambient_runtime() {
        let runtime = Runtime::new().unwrap();
        let inner = runtime.clone();
        assert_eq!(futures::executor::block_on(async move { inner.run(async { Ok(7) }).await }), Ok(7));
        assert_eq!(runtime.block_on(async { 8 }), Ok(8));
    }

    #[tokio::test]
    async fn a_panicking_task_is_an_internal_error() {
        let runtime = Runtime::current().unwrap();
        let result: Result<(), _> = runtime.run(async { panic!("on purpose") }).await;
        assert_eq!(result, Err(Error::internal("a task panicked")));
    }

    #[tokio::test]
    async fn blocking_and_dropping_on_a_runtime_thread_are_safe() {
        let runtime = Runtime::new().unwrap();
        let refused = Error::invalid("thread", "a thread of an async runtime must not block");
        assert_eq!(runtime.block_on(async {}), Err(refused));
        drop(runtime);
    }

    #[tokio::test]
    async fn a_panicking_computation_is_an_internal_error() {
        let runtime = Runtime::current().unwrap();
        assert_eq!(runtime.run_blocking(|| 7).await, Ok(7));
        let result: Result<(), _> = runtime.run_blocking(|| panic!("on purpose")).await;
        assert_eq!(result, Err(Error::internal("a computation panicked")));
    }

    #[test]
    fn what_was_shut_down_has_no_thread_left_and_does_no_work() {
        let runtime = Runtime::new().unwrap();
        let (clone, (sender, receiver)) = (runtime.clone(), std::sync::mpsc::channel::<()>());
        // The task holds the sender until the runtime drops it.
        drop(
            runtime
                .spawn(async move {
                    std::future::pending::<()>().await;
                    drop(sender)
                })
                .unwrap(),
        );
        runtime.shut_down(Duration::from_secs(60));
        assert_eq!(receiver.try_recv(), Err(std::sync::mpsc::TryRecvError::Disconnected));
        runtime.shut_down(Duration::from_secs(60));
        let closed = Error::Closed { because: None };
        assert_eq!(futures::executor::block_on(clone.run(async { Ok(7) })), Err(closed.clone()));
        assert_eq!(futures::executor::block_on(clone.run_blocking(|| 7)), Err(closed));
    }

    #[test]
    fn there_is_no_current_runtime_outside_one() {
        assert_eq!(Runtime::current().err().map(|e| e.code()), Some(postseal_types::ErrorCode::InvalidInput));
    }
}
