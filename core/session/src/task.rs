//! A session is a task of ours behind a channel: callers only ever wait for an answer, so that a dropped wait can't tear a reply in half.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::AbortHandle;

use crate::log::Log;
use crate::{Error, Runtime};

/// How many commands may wait for a session.
const QUEUE: usize = 32;

/// Where the answer to a command goes.
#[derive(Debug)]
pub(crate) struct Reply<T>(oneshot::Sender<Result<T, Error>>);

impl<T> Reply<T> {
    /// Gives the answer; a caller that no longer waits does not get it.
    pub(crate) fn give(self, answer: Result<T, Error>) {
        _ = self.0.send(answer);
    }

    /// Gives `outcome`. A failure that ends the session is for the task to return instead: its caller hears of it from the task's end,
    /// and so finds the session closed.
    pub(crate) fn settle(self, outcome: Result<T, Error>) -> Result<(), Error> {
        match outcome {
            Err(error) if !error.keeps_session() => Err(error),
            outcome => {
                self.give(outcome);
                Ok(())
            }
        }
    }

    /// Whether the caller stopped waiting. A command whose caller left before it began is not begun.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.0.is_closed()
    }
}

/// An answer that is still to come.
#[derive(Debug)]
pub(crate) struct Answer<T>(oneshot::Receiver<Result<T, Error>>);

/// The callers' end of a session's task. Clones share the session; it ends when the last one is gone, or at [`TaskHandle::close`].
#[derive(Debug)]
pub(crate) struct TaskHandle<C>(Arc<Shared<C>>);

impl<C> Clone for TaskHandle<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

#[derive(Debug)]
struct Shared<C> {
    runtime: Runtime,
    /// `None` once the session was closed by the caller.
    commands: Mutex<Option<mpsc::Sender<C>>>,
    /// How the task ended, once it has.
    ended: watch::Receiver<Option<Result<(), Error>>>,
    abort: AbortHandle,
}

impl<C: Send + 'static> TaskHandle<C> {
    /// Starts `serve` as a task. It ends when its channel does, and returns what broke the session, if anything did.
    pub(crate) fn start<F>(
        runtime: &Runtime,
        log: Log,
        serve: impl FnOnce(mpsc::Receiver<C>) -> F,
    ) -> Result<Self, Error>
    where
        F: Future<Output = Result<(), Error>> + Send + 'static,
    {
        let (commands, queue) = mpsc::channel(QUEUE);
        let (end, ended) = watch::channel(None);
        let work = AssertUnwindSafe(serve(queue)).catch_unwind();
        let task = runtime.spawn(async move {
            let outcome = work.await.unwrap_or_else(|_| Err(Error::internal("the session's task panicked")));
            log.closed(outcome.as_ref().err().map(Error::code));
            _ = end.send(Some(outcome));
        })?;
        let shared = Shared {
            runtime: runtime.clone(),
            commands: Mutex::new(Some(commands)),
            ended,
            abort: task.abort_handle(),
        };
        Ok(Self(Arc::new(shared)))
    }

    /// Sends a command and waits for its answer.
    ///
    /// Dropping the wait is safe at any point: the task finishes or skips the command.
    pub(crate) async fn call<T>(&self, command: impl FnOnce(Reply<T>) -> C) -> Result<T, Error> {
        let mut answer = self.begin(command).await?;
        self.wait(&mut answer).await
    }

    /// Sends a command whose answer is waited for later. To drop the [`Answer`] is to leave.
    pub(crate) async fn begin<T>(&self, command: impl FnOnce(Reply<T>) -> C) -> Result<Answer<T>, Error> {
        let (reply, answer) = oneshot::channel();
        self.post(command(Reply(reply))).await?;
        Ok(Answer(answer))
    }

    /// Waits for the answer to a command that was begun. Dropping the wait loses nothing.
    pub(crate) async fn wait<T>(&self, answer: &mut Answer<T>) -> Result<T, Error> {
        self.check()?;
        match (&mut answer.0).await {
            Ok(answer) => answer,
            Err(_) => Err(self.reason(true).await),
        }
    }

    /// Sends a command that has no answer, or answers by a way of its own.
    pub(crate) async fn post(&self, command: C) -> Result<(), Error> {
        self.check()?;
        let commands = self.0.commands.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(commands) = commands else {
            return Err(Error::Closed { because: None });
        };
        match commands.send(command).await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.reason(false).await),
        }
    }

    /// Fails in a forked child, where no task would ever answer.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.0.runtime.check()
    }

    /// Ends the session politely, and by force after `patience`. Does nothing where it has ended already.
    pub(crate) async fn close(&self, patience: Duration) -> Result<(), Error> {
        drop(self.0.commands.lock().unwrap_or_else(PoisonError::into_inner).take());
        let mut ended = self.0.ended.clone();
        let abort = self.0.abort.clone();
        self.0
            .runtime
            .run(async move {
                if tokio::time::timeout(patience, ended.wait_for(Option::is_some)).await.is_err() {
                    abort.abort();
                }
                Ok(())
            })
            .await
    }

    /// Whether the session has ended, or was told to.
    pub(crate) fn is_closed(&self) -> bool {
        let told = self.0.commands.lock().unwrap_or_else(PoisonError::into_inner).is_none();
        told || self.0.ended.borrow().is_some() || self.0.ended.has_changed().is_err()
    }

    /// Whether a command waits for its turn, or the session was told to end. What could go on for long gives way then.
    pub(crate) fn is_awaited(&self) -> bool {
        let commands = self.0.commands.lock().unwrap_or_else(PoisonError::into_inner);
        commands.as_ref().is_none_or(|commands| commands.capacity() < commands.max_capacity())
    }

    /// Why the session has no answer: the failure itself to the one whose command met it, [`Error::Closed`] to all after.
    pub(crate) async fn reason(&self, met: bool) -> Error {
        let mut ended = self.0.ended.clone();
        let outcome = ended.wait_for(Option::is_some).await.map(|outcome| outcome.clone());
        match outcome {
            Ok(Some(Err(error))) if met => error,
            Ok(Some(Err(error))) => Error::Closed { because: Some(error.code()) },
            _ => Error::Closed { because: None },
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use postseal_types::ErrorCode;

    use super::*;

    enum Command {
        Add(u32, Reply<u32>),
        Break(Reply<u32>),
        Panic(Reply<u32>),
        Hang(Reply<u32>),
    }

    fn adder() -> TaskHandle<Command> {
        TaskHandle::start(&Runtime::current().unwrap(), Log::default(), |mut queue| async move {
            let mut sum = 0;
            while let Some(command) = queue.recv().await {
                match command {
                    Command::Add(_, reply) if reply.is_abandoned() => {}
                    Command::Add(more, reply) => {
                        sum += more;
                        reply.give(Ok(sum));
                    }
                    Command::Break(_reply) => return Err(Error::internal("broken")),
                    Command::Panic(_reply) => panic!("on purpose"),
                    Command::Hang(_reply) => std::future::pending().await,
                }
            }
            Ok(())
        })
        .unwrap()
    }

    const PATIENCE: Duration = Duration::from_millis(50);

    #[tokio::test]
    async fn a_command_whose_caller_left_is_not_begun() {
        let task = adder();
        assert_eq!(task.call(|reply| Command::Add(1, reply)).await, Ok(1));
        let mut left = Box::pin(task.call(|reply| Command::Add(100, reply)));
        assert!(futures::poll!(left.as_mut()).is_pending());
        drop(left);
        assert_eq!(task.call(|reply| Command::Add(1, reply)).await, Ok(2));
    }

    #[tokio::test]
    async fn the_failure_goes_to_its_caller_and_closed_to_all_after() {
        let task = adder();
        assert_eq!(task.call(Command::Break).await, Err(Error::internal("broken")));
        let closed = Err(Error::Closed { because: Some(ErrorCode::Internal) });
        assert_eq!(task.call(|reply| Command::Add(1, reply)).await, closed);
        assert!(task.is_closed());

        let task = adder();
        assert_eq!(task.call(Command::Panic).await, Err(Error::internal("the session's task panicked")));
    }

    #[test]
    fn a_failure_that_ends_the_session_is_told_by_its_end() {
        let (reply, mut answer) = oneshot::channel::<Result<u32, Error>>();
        let broken = Error::internal("broken");
        assert_eq!(Reply(reply).settle(Err(broken.clone())), Err(broken));
        assert_eq!(answer.try_recv(), Err(oneshot::error::TryRecvError::Closed));

        for outcome in [Ok(1), Err(Error::Cancelled)] {
            let (reply, mut answer) = oneshot::channel();
            assert_eq!(Reply(reply).settle(outcome.clone()), Ok(()));
            assert_eq!(answer.try_recv(), Ok(outcome));
        }
    }

    #[tokio::test]
    async fn a_session_is_awaited_while_a_command_waits_and_once_it_was_told_to_end() {
        let task = adder();
        assert!(!task.is_awaited());
        let mut waiting = Box::pin(task.call(|reply| Command::Add(1, reply)));
        assert!(futures::poll!(waiting.as_mut()).is_pending());
        assert!(task.is_awaited());
        assert_eq!(waiting.await, Ok(1));
        assert!(!task.is_awaited());
        assert_eq!(task.close(PATIENCE).await, Ok(()));
        assert!(task.is_awaited());
    }

    #[tokio::test]
    async fn close_is_idempotent_and_never_waits_for_ever() {
        let task = adder();
        assert_eq!(task.close(PATIENCE).await, Ok(()));
        assert_eq!(task.close(PATIENCE).await, Ok(()));
        assert_eq!(task.call(|reply| Command::Add(1, reply)).await, Err(Error::Closed { because: None }));

        let task = adder();
        let hanging = tokio::spawn({
            let task = task.clone();
            async move { task.call(Command::Hang).await }
        });
        tokio::task::yield_now().await;
        assert_eq!(task.close(PATIENCE).await, Ok(()));
        assert_eq!(hanging.await.unwrap(), Err(Error::Closed { because: None }));
    }
}
