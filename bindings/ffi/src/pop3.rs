//! POP3: one maildrop, and the messages in it.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, SystemTime};

use postseal::session as core;

use crate::bytes::Bytes;
use crate::cancel::{cancellable, cancellable_task};
use crate::connector::{Connector, Server, TlsInfo};
use crate::credentials::Credentials;
use crate::error::{Failure, Refusal};
use crate::foreign::{ProgressListener, listener};
use crate::message::Message;
use crate::numbers::{checked, signed};
use crate::pull::Pull;
use crate::{CancelToken, PostsealError, runtime};

/// The most bytes of a message that is fetched whole.
const MAX_MESSAGE: usize = postseal::MAX_MESSAGE;

/// A POP3 session, logged in: it holds the maildrop, and keeps others out of it.
///
/// **Deletions** are marks until [`Pop3Session::quit`]: only that has the server remove the messages. Whatever else ends the session leaves
/// every message where it was.
#[derive(Debug, uniffi::Object)]
pub struct Pop3Session(core::Pop3Session);

#[uniffi::export]
impl Pop3Session {
    /// Connects and logs in.
    ///
    /// # Errors
    ///
    /// `Network`, `Timeout`, `Tls` and `Certificate` where there is no connection; `LoginRefused`, also where another session holds the
    /// maildrop; `Unsupported`.
    #[uniffi::constructor(default(cancel = None))]
    pub async fn connect(
        connector: Arc<Connector>,
        server: Server,
        credentials: Arc<Credentials>,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Arc<Self>, PostsealError> {
        cancellable_task(cancel, async move {
            let connection = core::Pop3Connection::open(&connector.0, &server.try_into()?).await?;
            let session = connection.log_in(&credentials.0).await.map_err(core::Error::from)?;
            Ok::<_, PostsealError>(Arc::new(Self(session)))
        })
        .await
    }

    /// What the TLS handshake agreed on.
    #[must_use]
    pub fn tls(&self) -> Option<TlsInfo> {
        self.0.tls().map(Into::into)
    }

    /// Whether the server announced the capability, such as `TOP`; none where it announced nothing at all.
    #[must_use]
    pub fn has_capability(&self, name: &str) -> Option<bool> {
        let capabilities = self.0.capabilities();
        capabilities.is_known().then(|| capabilities.has(name))
    }

    /// What the server announced behind the capability: `60` for `EXPIRE 60`; empty where there is nothing.
    #[must_use]
    pub fn capability_arguments(&self, name: &str) -> Option<String> {
        self.0.capabilities().arguments(name).map(str::to_owned)
    }

    /// How many messages there are, and their size together.
    ///
    /// # Errors
    ///
    /// `Refused`; what ends a session: `Network`, `Timeout`, `Protocol`, `Closed`.
    #[uniffi::method(default(cancel = None))]
    pub async fn stat(&self, cancel: Option<Arc<CancelToken>>) -> Result<Maildrop, PostsealError> {
        cancellable(cancel, self.0.stat()).await.map(Into::into)
    }

    /// The messages with their sizes and unique ids, in the order of their numbers. Those marked as deleted are left out.
    ///
    /// # Errors
    ///
    /// As for [`Pop3Session::stat`]; `LimitExceeded` past 250,000 messages.
    #[uniffi::method(default(cancel = None))]
    pub async fn messages(
        &self,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Vec<Pop3Message>, PostsealError> {
        let messages = cancellable(cancel, self.0.messages()).await?;
        Ok(messages.into_iter().map(Into::into).collect())
    }

    /// Retrieves a message in chunks, as they are asked for. Other calls wait until the stream was read to its end or let go of.
    ///
    /// # Errors
    ///
    /// As for [`Pop3Session::stat`]; `InvalidInput` for a number below 1.
    #[uniffi::method(default(progress = None, cancel = None))]
    pub async fn retrieve(
        &self,
        number: i32,
        progress: Option<Arc<dyn ProgressListener>>,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Arc<MessageStream>, PostsealError> {
        let number = checked(number, "number")?;
        let stream = cancellable(cancel, self.0.with_progress(listener(progress)).retrieve(number)).await?;
        Ok(Arc::new(MessageStream(Pull::new(stream))))
    }

    /// Retrieves a whole message of at most 64 MiB. It stays on this side until its parts are asked for.
    ///
    /// # Errors
    ///
    /// As for [`Pop3Session::retrieve`]; `LimitExceeded` for a larger one.
    #[uniffi::method(default(progress = None, cancel = None))]
    pub async fn message(
        &self,
        number: i32,
        progress: Option<Arc<dyn ProgressListener>>,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Arc<Message>, PostsealError> {
        let number = checked(number, "number")?;
        let session = self.0.with_progress(listener(progress));
        let bytes = cancellable(cancel, session.retrieve_to_vec(number, MAX_MESSAGE)).await?;
        runtime::compute(move || Message::taking(bytes)).await
    }

    /// Retrieves messages one after the other, in their order, as they are asked for: the fast way to many. Nothing is sent before the
    /// first [`Pop3Retrieval::next`].
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a message that is none.
    #[uniffi::method(default(progress = None))]
    pub fn retrieve_all(
        &self,
        messages: Vec<Pop3Message>,
        progress: Option<Arc<dyn ProgressListener>>,
    ) -> Result<Arc<Pop3Retrieval>, PostsealError> {
        let messages = messages.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
        let retrieval = self.0.with_progress(listener(progress)).retrieve_all(messages, MAX_MESSAGE);
        Ok(Arc::new(Pop3Retrieval(Pull::new(retrieval))))
    }

    /// The header of a message and the first lines of its body.
    ///
    /// # Errors
    ///
    /// `Unsupported` where the server announces no TOP; those of [`Pop3Session::retrieve`].
    #[uniffi::method(default(cancel = None))]
    pub async fn top(
        &self,
        number: i32,
        lines: i32,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Bytes, PostsealError> {
        let (number, lines) = (checked(number, "number")?, checked(lines, "lines")?);
        cancellable(cancel, self.0.top(number, lines, MAX_MESSAGE)).await.map(Bytes)
    }

    /// Marks a message as deleted; [`Pop3Session::quit`] has the server remove it.
    ///
    /// # Errors
    ///
    /// `Refused` where there is no such message; those of [`Pop3Session::retrieve`].
    #[uniffi::method(default(cancel = None))]
    pub async fn delete(&self, number: i32, cancel: Option<Arc<CancelToken>>) -> Result<(), PostsealError> {
        cancellable(cancel, self.0.delete(checked(number, "number")?)).await
    }

    /// Marks messages as deleted, in few round trips. Returns what went wrong with each, in their order; none where nothing did.
    ///
    /// # Errors
    ///
    /// As for [`Pop3Session::retrieve`].
    #[uniffi::method(default(cancel = None))]
    pub async fn delete_all(
        &self,
        numbers: Vec<i32>,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Vec<Option<Failure>>, PostsealError> {
        let numbers: Vec<u32> =
            numbers.into_iter().map(|number| checked(number, "numbers")).collect::<Result<_, _>>()?;
        let answers = cancellable(cancel, self.0.delete_all(&numbers)).await?;
        Ok(answers.into_iter().map(|answer| answer.err().map(Into::into)).collect())
    }

    /// Takes the marks off all messages.
    ///
    /// # Errors
    ///
    /// As for [`Pop3Session::stat`].
    #[uniffi::method(default(cancel = None))]
    pub async fn reset(&self, cancel: Option<Arc<CancelToken>>) -> Result<(), PostsealError> {
        cancellable(cancel, self.0.reset()).await
    }

    /// Does nothing, and keeps the server from ending an idle session.
    ///
    /// # Errors
    ///
    /// As for [`Pop3Session::stat`].
    #[uniffi::method(default(cancel = None))]
    pub async fn noop(&self, cancel: Option<Arc<CancelToken>>) -> Result<(), PostsealError> {
        cancellable(cancel, self.0.noop()).await
    }

    /// Ends the session, has the server remove the messages that were marked as deleted, and tells what became of them.
    ///
    /// # Errors
    ///
    /// `Closed` where the session had ended before: then nothing was removed.
    #[uniffi::method(default(cancel = None))]
    pub async fn quit(&self, cancel: Option<Arc<CancelToken>>) -> Result<Pop3Update, PostsealError> {
        cancellable(cancel, self.0.quit()).await.map(Into::into)
    }

    /// Ends the session without removing anything. May be called more than once, and never waits for long.
    ///
    /// # Errors
    ///
    /// `Forked` in a forked child.
    #[uniffi::method(default(cancel = None))]
    pub async fn close(&self, cancel: Option<Arc<CancelToken>>) -> Result<(), PostsealError> {
        cancellable(cancel, self.0.close()).await
    }

    /// Whether the session has ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }
}

/// What a maildrop holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct Maildrop {
    /// How many messages; those marked as deleted don't count.
    pub messages: i64,
    /// Their size together, in octets.
    pub octets: i64,
}

impl From<core::Maildrop> for Maildrop {
    fn from(maildrop: core::Maildrop) -> Self {
        Self { messages: signed(maildrop.messages), octets: signed(maildrop.octets) }
    }
}

/// A message of a maildrop, as the server lists it. The number holds for one session only; the unique id is what an app may keep.
#[derive(Debug, Clone, PartialEq, Eq, Hash, uniffi::Record)]
pub struct Pop3Message {
    /// The number in this session, from 1.
    pub number: i32,
    /// The size in octets, as the server counts it: good for an estimate, and no promise.
    pub size: i64,
    /// The unique id, where the server has UIDL.
    pub uid: Option<String>,
}

impl From<core::Pop3Message> for Pop3Message {
    fn from(message: core::Pop3Message) -> Self {
        Self {
            number: message.number.try_into().unwrap_or(i32::MAX),
            size: signed(message.size),
            uid: message.uid.map(|uid| uid.to_string()),
        }
    }
}

impl TryFrom<Pop3Message> for core::Pop3Message {
    type Error = PostsealError;

    fn try_from(message: Pop3Message) -> Result<Self, PostsealError> {
        Ok(Self {
            number: checked(message.number, "number")?,
            size: checked(message.size, "size")?,
            uid: message.uid.map(|uid| uid.parse()).transpose()?,
        })
    }
}

/// What became of the deletions at the end of a session.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Pop3Update {
    /// The server removed all that were marked.
    Committed {
        /// How many.
        deleted: i64,
    },
    /// The server says that it could not remove all of them; which ones, the next session shows.
    Failed {
        /// Its words.
        refusal: Refusal,
    },
    /// The answer was lost: the messages are there still, or they are not. The next session shows.
    Unknown {
        /// What lost the answer.
        because: Failure,
    },
}

impl From<core::Pop3Update> for Pop3Update {
    fn from(update: core::Pop3Update) -> Self {
        match update {
            core::Pop3Update::Committed { deleted } => Self::Committed { deleted: signed(deleted) },
            core::Pop3Update::Failed(refusal) => Self::Failed { refusal: (&refusal).into() },
            core::Pop3Update::Unknown(error) => Self::Unknown { because: error.into() },
            _ => Self::Unknown { because: core::Error::Closed { because: None }.into() },
        }
    }
}

/// A message on its way, in chunks that are pulled. While it is neither read to its end nor let go of, the session's other calls wait:
/// up to a minute, and then the stream is given up.
#[derive(Debug, uniffi::Object)]
pub struct MessageStream(Pull<core::MessageStream>);

#[uniffi::export]
impl MessageStream {
    /// The next bytes of the message, never empty; none at its end, and from then on. Giving up the wait loses nothing.
    ///
    /// # Errors
    ///
    /// `Cancelled` where the stream was given up; what broke the session, where it broke. The message is incomplete then.
    #[uniffi::method(default(cancel = None))]
    pub async fn next_chunk(&self, cancel: Option<Arc<CancelToken>>) -> Result<Option<Bytes>, PostsealError> {
        let chunk = cancellable(cancel, self.0.pull(async |stream| stream.next_chunk().await)).await?;
        Ok(chunk.map(Bytes))
    }

    /// Lets go of the message: the session goes on where little of it is left, and is closed otherwise. May be called more than once.
    pub async fn stop(&self) {
        self.0.release().await;
    }
}

/// Many messages, one after the other, as they are asked for. It may be let go of at any time.
#[derive(Debug, uniffi::Object)]
pub struct Pop3Retrieval(Pull<core::Pop3Retrieval>);

#[uniffi::export]
impl Pop3Retrieval {
    /// The next message; none after the last. Giving up the wait loses nothing.
    ///
    /// # Errors
    ///
    /// Those that end the session, after all messages that came before. What concerns one message alone is in the result.
    #[uniffi::method(default(cancel = None))]
    pub async fn next(
        &self,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Option<Pop3Retrieved>, PostsealError> {
        let next = cancellable(cancel, self.0.pull(async |retrieval| retrieval.next().await)).await?;
        Ok(next.map(Into::into))
    }

    /// Lets go of the messages that are left. May be called more than once.
    pub async fn stop(&self) {
        self.0.release().await;
    }
}

/// One of many messages.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Pop3Retrieved {
    /// Which message.
    pub message: Pop3Message,
    /// Its bytes, where they are had.
    pub data: Option<Bytes>,
    /// Why they are not, where they aren't; it concerns this message alone.
    pub failure: Option<Failure>,
}

impl From<core::Pop3Retrieved> for Pop3Retrieved {
    fn from(retrieved: core::Pop3Retrieved) -> Self {
        let (data, failure) = match retrieved.bytes {
            Ok(bytes) => (Some(Bytes(bytes)), None),
            Err(error) => (None, Some(error.into())),
        };
        Self { message: retrieved.message.into(), data, failure }
    }
}

/// Which messages of a maildrop were fetched before, for those who leave them on the server. An app keeps one list for each maildrop.
#[derive(Debug, uniffi::Object)]
pub struct SeenUids(std::sync::Mutex<core::SeenUids>);

#[uniffi::export]
impl SeenUids {
    /// A list as it was saved by [`SeenUids::save`]; nothing at all is an empty list.
    ///
    /// # Errors
    ///
    /// `InvalidInput`, naming the line, where it is no such list.
    #[uniffi::constructor]
    pub fn load(data: &[u8]) -> Result<Arc<Self>, PostsealError> {
        Ok(Arc::new(Self(std::sync::Mutex::new(core::SeenUids::from_bytes(data)?))))
    }

    /// The list as lines of text, to be kept.
    #[must_use]
    pub fn save(&self) -> Bytes {
        self.lock().to_bytes().into()
    }

    /// Those messages of a listing that were not seen yet. A message without a unique id can't be remembered: it is always new.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a message that is none.
    pub fn new_messages(&self, listing: Vec<Pop3Message>) -> Result<Vec<Pop3Message>, PostsealError> {
        let listing = listed(listing)?;
        Ok(self.lock().new_messages(&listing).into_iter().cloned().map(Into::into).collect())
    }

    /// Whether a message was marked before.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a message that is none.
    pub fn has_seen(&self, message: Pop3Message) -> Result<bool, PostsealError> {
        Ok(self.lock().has_seen(&message.try_into()?))
    }

    /// Marks a message as seen now; the time of an earlier mark stays. Returns whether it is remembered, as one without a unique id
    /// can't be.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a message that is none.
    pub fn mark(&self, message: Pop3Message) -> Result<bool, PostsealError> {
        Ok(self.lock().mark(&message.try_into()?, SystemTime::now()))
    }

    /// Those messages of a listing that were first seen at least so long ago.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a message that is none.
    pub fn to_delete(
        &self,
        listing: Vec<Pop3Message>,
        keep: Duration,
    ) -> Result<Vec<Pop3Message>, PostsealError> {
        let listing = listed(listing)?;
        let old = self.lock();
        Ok(old.to_delete(&listing, SystemTime::now(), keep).into_iter().cloned().map(Into::into).collect())
    }

    /// Forgets the messages that are no longer in a listing, which must be a complete one: else they would be new again.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a message that is none.
    pub fn forget_gone(&self, listing: Vec<Pop3Message>) -> Result<(), PostsealError> {
        self.lock().forget_gone(&listed(listing)?);
        Ok(())
    }

    /// How many messages are remembered.
    #[must_use]
    pub fn count(&self) -> i64 {
        signed(self.lock().len())
    }
}

impl SeenUids {
    fn lock(&self) -> std::sync::MutexGuard<'_, core::SeenUids> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn listed(listing: Vec<Pop3Message>) -> Result<Vec<core::Pop3Message>, PostsealError> {
    listing.into_iter().map(TryInto::try_into).collect()
}
