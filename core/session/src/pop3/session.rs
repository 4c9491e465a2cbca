use std::sync::Arc;
use std::time::Duration;

use postseal_types::Listener;

use super::capabilities::Pop3Capabilities;
use super::conversation::Conversation;
use super::message::{Maildrop, Pop3Message};
use super::retrieval::Pop3Retrieval;
use super::stream::MessageStream;
use super::tally::Tally;
use super::task::{Command, Request, Task};
use crate::task::TaskHandle;
use crate::tls::TlsInfo;
use crate::{Error, Refusal, Runtime};

/// A POP3 session: somebody is logged in and holds the maildrop (RFC 1939's TRANSACTION state).
///
/// Clones share the session, which is a task of its own; each method sends it a command and waits for the answer.
///
/// **Deletions** are marks until [`quit`](Self::quit): only that has the server remove the messages. Whatever else ends the
/// session (`close`, the last handle dropped, a failure) leaves every message where it was.
///
/// # Errors
///
/// Besides those named at each method: [`Error::Closed`] once the session has ended; [`Error::Timeout`], [`Error::Network`],
/// [`Error::Peer`] and [`Error::LimitExceeded`] end it.
///
/// # Cancel safety
///
/// Dropping the future of any method is safe: a command that hasn't begun is skipped, and one that has is read to its end.
#[derive(Debug, Clone)]
pub struct Pop3Session {
    task: TaskHandle<Command>,
    facts: Arc<Facts>,
    listener: Option<Listener>,
}

#[derive(Debug)]
struct Facts {
    tls: Option<TlsInfo>,
    capabilities: Pop3Capabilities,
    patience: Duration,
}

/// What became of the deletions at the end of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pop3Update {
    /// The server removed all that were marked.
    Committed {
        /// How many.
        deleted: usize,
    },
    /// The server says that it could not remove all of them; which ones, the next session shows (RFC 1939, section 6).
    Failed(Refusal),
    /// The answer was lost: the messages are there still, or they are not. The next session shows.
    Unknown(Error),
}

impl Pop3Session {
    pub(super) fn start(
        runtime: &Runtime,
        conversation: Conversation,
        capabilities: Pop3Capabilities,
    ) -> Result<Self, Error> {
        let facts = Facts {
            tls: conversation.tls().cloned(),
            capabilities: capabilities.clone(),
            patience: conversation.timeouts().close,
        };
        let log = conversation.log().clone();
        let task =
            TaskHandle::start(runtime, log, |queue| Task::new(conversation, &capabilities, queue).serve())?;
        Ok(Self { task, facts: Arc::new(facts), listener: None })
    }

    /// The same session, with a listener that is told of each [`retrieve`](Self::retrieve), [`retrieve_to_vec`](Self::retrieve_to_vec)
    /// and [`retrieve_all`](Self::retrieve_all) how much came; `None` takes the listener away.
    ///
    /// How much there is in all is known beforehand with [`retrieve_all`](Self::retrieve_all), which has the sizes that the server
    /// lists; else at the end.
    #[must_use]
    pub fn with_progress(&self, listener: impl Into<Option<Listener>>) -> Self {
        Self { listener: listener.into(), ..self.clone() }
    }

    /// What the TLS handshake agreed on; `None` for a session over a stream of the caller's ([`dangerous`](crate::dangerous)).
    #[must_use]
    pub fn tls(&self) -> Option<&TlsInfo> {
        self.facts.tls.as_ref()
    }

    /// What the server offers.
    #[must_use]
    pub fn capabilities(&self) -> &Pop3Capabilities {
        &self.facts.capabilities
    }

    /// How many messages there are, and their size together (STAT: RFC 1939, section 5).
    ///
    /// # Errors
    ///
    /// [`Error::Refused`], and those of the [session](Self).
    pub async fn stat(&self) -> Result<Maildrop, Error> {
        self.task.call(Command::Stat).await
    }

    /// The messages with their sizes and unique ids, in the order of their numbers (LIST and UIDL: RFC 1939, sections 5 and 7).
    ///
    /// Messages marked as deleted are left out. A server without UIDL gives no ids.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`]; [`Error::LimitExceeded`] past 250,000 messages; those of the [session](Self).
    pub async fn messages(&self) -> Result<Vec<Pop3Message>, Error> {
        self.task.call(Command::Messages).await
    }

    /// Retrieves a message in chunks, as they are asked for (RETR: RFC 1939, section 5). Retrieving does not delete.
    ///
    /// Other commands wait until the stream was read to its end or dropped; see [`MessageStream`] for what that means.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] where there is no such message; [`Error::InvalidInput`] for the number 0; those of the [session](Self).
    pub async fn retrieve(&self, number: u32) -> Result<MessageStream, Error> {
        let request = Request::retrieve(number)?;
        let tally = Tally::new(self.listener.clone(), None);
        let parts = self.task.call(|reply| Command::Stream { request, tally, reply }).await?;
        Ok(MessageStream::new(parts, self.task.clone()))
    }

    /// Retrieves a message of at most `limit` bytes (RETR: RFC 1939, section 5).
    ///
    /// # Errors
    ///
    /// [`Error::LimitExceeded`] for a larger one: what is left of it is passed over where that is less than 1 MiB, otherwise the
    /// session is closed, as [`is_closed`](Self::is_closed) tells. And those of [`retrieve`](Self::retrieve).
    pub async fn retrieve_to_vec(&self, number: u32, limit: usize) -> Result<Vec<u8>, Error> {
        let tally = Tally::new(self.listener.clone(), None);
        let message = self.fetch_one(Request::retrieve(number)?, limit, tally.clone()).await?;
        tally.finish();
        Ok(message)
    }

    /// Retrieves `messages`, each of at most `limit` bytes, one after the other and in their order, as they are asked for.
    ///
    /// This is the fast way to many messages: they are asked for in batches of 64 or of 4 MiB, one batch ahead of the caller, and
    /// where the server has PIPELINING (RFC 2449, section 6.6) a batch takes one round trip. Other commands run between two
    /// batches. Nothing is sent before the first [`Pop3Retrieval::next`].
    #[must_use]
    pub fn retrieve_all(&self, messages: Vec<Pop3Message>, limit: usize) -> Pop3Retrieval {
        Pop3Retrieval::new(self.task.clone(), messages, limit, self.listener.clone())
    }

    /// The header of a message and the first `lines` lines of its body, at most `limit` bytes (TOP: RFC 1939, section 7).
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] where the server announces no TOP; those of [`retrieve_to_vec`](Self::retrieve_to_vec).
    pub async fn top(&self, number: u32, lines: u32, limit: usize) -> Result<Vec<u8>, Error> {
        if !self.facts.capabilities.may_have("TOP") {
            return Err(Error::Unsupported { extension: "TOP" });
        }
        self.fetch_one(Request::top(number, lines)?, limit, Tally::default()).await
    }

    async fn fetch_one(&self, request: Request, limit: usize, tally: Tally) -> Result<Vec<u8>, Error> {
        let requests = vec![request];
        let mut batch = self.task.call(|reply| Command::Fetch { requests, limit, tally, reply }).await?;
        match (batch.answers.pop_front(), batch.broken) {
            (Some(answer), _) => answer,
            // The same error, once the session has ended.
            (None, Some(_)) => Err(self.task.reason(true).await),
            (None, None) => Err(Error::internal("a message was asked for and not answered")),
        }
    }

    /// Marks a message as deleted; [`quit`](Self::quit) has the server remove it (DELE: RFC 1939, section 5).
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] where there is no such message; [`Error::InvalidInput`] for the number 0; those of the [session](Self).
    pub async fn delete(&self, number: u32) -> Result<(), Error> {
        self.delete_all(&[number]).await?.pop().unwrap_or(Ok(()))
    }

    /// Marks messages as deleted, each as [`delete`](Self::delete) does; in one round trip for every 64 of them where the server has
    /// PIPELINING. Returns what the server said to each, in the order of `numbers`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] for the number 0; those of the [session](Self).
    pub async fn delete_all(&self, numbers: &[u32]) -> Result<Vec<Result<(), Error>>, Error> {
        let requests = numbers.iter().map(|&number| Request::delete(number)).collect::<Result<_, _>>()?;
        self.task.call(|reply| Command::Delete { requests, reply }).await
    }

    /// Takes the marks off all messages (RSET: RFC 1939, section 5).
    ///
    /// # Errors
    ///
    /// [`Error::Refused`], and those of the [session](Self).
    pub async fn reset(&self) -> Result<(), Error> {
        self.task.call(Command::Reset).await
    }

    /// Does nothing, and keeps the server from ending an idle session (NOOP: RFC 1939, section 5).
    ///
    /// # Errors
    ///
    /// [`Error::Refused`], and those of the [session](Self).
    pub async fn noop(&self) -> Result<(), Error> {
        self.task.call(Command::Noop).await
    }

    /// Ends the session and has the server remove the messages that were marked as deleted (QUIT: RFC 1939, section 6).
    ///
    /// It tells what became of them. Where none was marked that is always `Committed { deleted: 0 }`.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] where the session had ended before: then nothing was removed.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future before QUIT was sent ends nothing. After that it runs to its end, and the messages are removed.
    pub async fn quit(&self) -> Result<Pop3Update, Error> {
        self.task.call(Command::Quit).await
    }

    /// Ends the session without removing anything: marks are taken off before QUIT is sent, and where that fails the connection is
    /// cut, which leaves the messages too (RFC 1939, section 6). Takes no longer than
    /// [`Timeouts::close`](crate::Timeouts::close), whatever the server does. Idempotent.
    ///
    /// # Errors
    ///
    /// [`Error::Forked`] in a forked child, which has nothing to close.
    pub async fn close(&self) -> Result<(), Error> {
        self.task.close(self.facts.patience).await
    }

    /// Whether the session has ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.task.is_closed()
    }
}
