use std::sync::Arc;

use futures::FutureExt as _;
use postseal::session::{Error, imap as core};

use super::records::{BodyStructure, Flag, ImapEnvelope, Uid};
use crate::bytes::Bytes;
use crate::cancel::cancellable;
use crate::numbers::{Timestamp, checked, signed};
use crate::pull::Pull;
use crate::{CancelToken, PostsealError};

/// What to fetch of each message.
#[derive(Debug, Clone, Default, PartialEq, Eq, uniffi::Record)]
pub struct FetchItems {
    /// Its flags.
    #[uniffi(default = false)]
    pub flags: bool,
    /// Its size.
    #[uniffi(default = false)]
    pub size: bool,
    /// When the server took it in.
    #[uniffi(default = false)]
    pub received: bool,
    /// Its envelope, as the server sees it.
    #[uniffi(default = false)]
    pub envelope: bool,
    /// Its structure, as the server sees it.
    #[uniffi(default = false)]
    pub structure: bool,
    /// The whole message.
    #[uniffi(default = false)]
    pub whole: bool,
    /// Its header.
    #[uniffi(default = false)]
    pub header: bool,
    /// These fields of its header alone.
    #[uniffi(default)]
    pub header_fields: Vec<String>,
    /// These parts, by their numbers: `2.1` is the first part of the second part.
    #[uniffi(default)]
    pub parts: Vec<String>,
    /// The MIME headers of these parts.
    #[uniffi(default)]
    pub part_headers: Vec<String>,
}

/// Adds one of the simple items.
type Add = fn(core::FetchItems) -> core::FetchItems;

impl TryFrom<FetchItems> for core::FetchItems {
    type Error = PostsealError;

    fn try_from(wanted: FetchItems) -> Result<Self, PostsealError> {
        let mut items = Self::new();
        let simple: [(bool, Add); 7] = [
            (wanted.flags, Self::flags),
            (wanted.size, Self::size),
            (wanted.received, Self::received),
            (wanted.envelope, Self::envelope),
            (wanted.structure, Self::structure),
            (wanted.whole, Self::whole),
            (wanted.header, Self::header),
        ];
        for (_, add) in simple.into_iter().filter(|(is_wanted, _)| *is_wanted) {
            items = add(items);
        }
        if !wanted.header_fields.is_empty() {
            items =
                items.header_fields(&wanted.header_fields.iter().map(String::as_str).collect::<Vec<_>>())?;
        }
        for number in &wanted.parts {
            items = items.part(part_number(number)?);
        }
        for number in &wanted.part_headers {
            items = items.part_header(part_number(number)?);
        }
        Ok(items)
    }
}

/// `2.1`
fn part_number(text: &str) -> Result<core::PartNumber, PostsealError> {
    let steps: Result<Vec<u32>, _> = text.split('.').map(str::parse).collect();
    Ok(core::PartNumber::new(&steps.unwrap_or_default())?)
}

/// Messages, fetched batch by batch as they are asked for; made by `ImapSession.fetch`. Letting go of it drains the batch under way.
#[derive(Debug, uniffi::Object)]
pub struct FetchStream(Pull<Messages>);

#[uniffi::export]
impl FetchStream {
    /// The next message; none after the last one, or after an error. Giving up the wait loses nothing.
    ///
    /// # Errors
    ///
    /// `UidValidityChanged` where the mailbox was rebuilt, `NotFound` where it is gone; what ends a session.
    #[uniffi::method(default(cancel = None))]
    pub async fn next(&self, cancel: Option<Arc<CancelToken>>) -> Result<Option<Fetched>, PostsealError> {
        let next = cancellable(cancel, self.0.pull(async |messages| messages.next().await)).await?;
        Ok(next.map(Into::into))
    }

    /// The next messages: as many as are here, at least one and at most `most`; empty after the last one. Many messages cost less
    /// this way than one by one.
    ///
    /// # Errors
    ///
    /// As for [`FetchStream::next`]; what came before the error is handed out first.
    #[uniffi::method(default(cancel = None))]
    pub async fn next_batch(
        &self,
        most: i32,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Vec<Fetched>, PostsealError> {
        let most = checked(most, "most")?;
        let batch = cancellable(cancel, self.0.pull(async |messages| messages.batch(most).await)).await?;
        Ok(batch.into_iter().map(Into::into).collect())
    }

    /// Lets go of the messages that are left. May be called more than once.
    pub async fn stop(&self) {
        self.0.release().await;
    }
}

impl FetchStream {
    pub(super) fn new(stream: core::FetchStream) -> Arc<Self> {
        Arc::new(Self(Pull::new(Messages { stream, failed: None })))
    }
}

/// The core's stream, and what ended it, where that came behind messages that had to be handed out first.
struct Messages {
    stream: core::FetchStream,
    failed: Option<Error>,
}

impl Messages {
    async fn next(&mut self) -> Result<Option<core::Fetched>, Error> {
        match self.failed.take() {
            Some(error) => Err(error),
            None => self.stream.next().await.transpose(),
        }
    }

    /// Waits for one message, and takes what others are here.
    async fn batch(&mut self, most: usize) -> Result<Vec<core::Fetched>, Error> {
        let mut batch = Vec::from_iter(self.next().await?);
        while !batch.is_empty() && batch.len() < most {
            match self.stream.next().now_or_never() {
                Some(Some(Ok(message))) => batch.push(message),
                Some(Some(Err(error))) => {
                    self.failed = Some(error);
                    break;
                }
                Some(None) | None => break,
            }
        }
        Ok(batch)
    }
}

/// What was fetched of a message. What was not asked for is none or empty.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Fetched {
    /// Its handle.
    pub uid: Uid,
    /// Its flags.
    pub flags: Option<Vec<Flag>>,
    /// Its size in bytes.
    pub size: Option<i64>,
    /// When the server took it in.
    pub received: Option<Timestamp>,
    /// Its envelope, as the server sees it.
    pub envelope: Option<ImapEnvelope>,
    /// Its structure, as the server sees it: the part itself first, then what is in it, in the order of the message.
    pub structure: Vec<BodyStructure>,
    /// Its header, or the fields that were asked for, as they stand in the message.
    pub header: Option<Bytes>,
    /// The whole message, byte by byte.
    pub whole: Option<Bytes>,
    /// Parts, encoded as they are in the message.
    pub parts: Vec<FetchedPart>,
    /// The MIME headers of parts.
    pub part_headers: Vec<FetchedPart>,
    /// What was asked for and can't be had. The other fields stand.
    pub unreadable: Vec<Unreadable>,
}

impl From<core::Fetched> for Fetched {
    fn from(fetched: core::Fetched) -> Self {
        let parts = |parts: Vec<(core::PartNumber, Vec<u8>)>| {
            parts
                .into_iter()
                .map(|(number, data)| FetchedPart { number: number.to_string(), data: Bytes(data) })
                .collect()
        };
        Self {
            uid: fetched.uid.into(),
            flags: fetched.flags.map(|flags| flags.iter().map(Into::into).collect()),
            size: fetched.size.map(signed),
            received: fetched.received.map(Into::into),
            envelope: fetched.envelope.map(Into::into),
            structure: fetched.structure.as_ref().map(BodyStructure::flatten).unwrap_or_default(),
            header: fetched.header.map(Bytes),
            whole: fetched.whole.map(Bytes),
            parts: parts(fetched.parts),
            part_headers: parts(fetched.part_headers),
            unreadable: fetched.unreadable.into_iter().map(Into::into).collect(),
        }
    }
}

/// A part of a message that was fetched, or its header.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct FetchedPart {
    /// Its number, such as `2.1`.
    pub number: String,
    /// The bytes.
    pub data: Bytes,
}

/// Why something of a message can't be had.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Unreadable {
    /// The server sent something for this item that is not what it should be.
    Malformed {
        /// The item's name in the protocol.
        item: String,
    },
    /// The message is too large to be fetched.
    TooLarge {
        /// Its size in bytes.
        size: i64,
    },
}

impl From<core::Unreadable> for Unreadable {
    fn from(why: core::Unreadable) -> Self {
        match why {
            core::Unreadable::TooLarge { size } => Self::TooLarge { size: signed(size) },
            core::Unreadable::Malformed { item } => Self::Malformed { item },
            _ => Self::Malformed { item: String::new() },
        }
    }
}
