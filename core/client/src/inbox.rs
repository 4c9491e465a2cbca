use postseal_message::mime::{Date, Limits, Message, MessageId};
use postseal_message::pgpmime::Opened;
use postseal_session::UniqueId;
use postseal_session::imap::{FetchItems, Flag, MailboxInfo, MailboxName, Uid, UidSet};

use crate::account::Incoming;
use crate::{Error, MailClient};

/// The largest message that is fetched, in bytes. It bounds the memory that one message can take.
pub const MAX_MESSAGE: usize = 64 * 1024 * 1024;

/// Names one message on the server, for as long as the server keeps it. It can be stored and used with a later session.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MessageHandle {
    /// A message in an IMAP mailbox. The UID carries its UIDVALIDITY, so a mailbox that was rebuilt is noticed.
    Imap {
        /// The mailbox.
        mailbox: MailboxName,
        /// The UID there.
        uid: Uid,
    },
    /// A message in a POP3 maildrop.
    Pop3 {
        /// Its unique id (UIDL).
        id: UniqueId,
    },
}

/// A message in a list: what its outer header says, unverified and, for an encrypted message, without its subject.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct MessageSummary {
    /// Names the message for [`MailClient::fetch`] and [`MailClient::open`].
    pub handle: MessageHandle,
    /// Its size in bytes, as the server tells.
    pub size: u64,
    /// Whether it was read; `None` with POP3, which does not know.
    pub is_read: Option<bool>,
    /// Its identifier, where the header has a valid one.
    pub message_id: Option<MessageId>,
    /// When it says it was written.
    pub date: Option<Date>,
    /// Whom it says it is from, for people to read.
    pub from: String,
    /// The subject that the servers can see; `[...]` in a message with a protected one.
    pub subject: Option<String>,
}

impl MailClient {
    /// The messages in the inbox, in the server's order: the oldest first, as a rule.
    ///
    /// By POP3 the list is that of a session of its own, so new messages show; each message costs a round trip for its header.
    /// The session stays open for fetching, and keeps other clients out of the maildrop until [`MailClient::close`].
    ///
    /// # Errors
    ///
    /// [`Error::Session`]; [`Error::NotConfigured`] for an account without IMAP and POP3.
    pub async fn inbox(&self) -> Result<Vec<MessageSummary>, Error> {
        match &self.account().incoming {
            Some(Incoming::Imap(_)) => self.messages(&MailboxName::inbox()).await,
            Some(Incoming::Pop3(_)) => self.maildrop().await,
            None => Err(Error::NotConfigured { protocol: "IMAP or POP3" }),
        }
    }

    /// The mailboxes of the account, with their roles (IMAP).
    ///
    /// # Errors
    ///
    /// [`Error::Session`]; [`Error::NotConfigured`] for an account without IMAP.
    pub async fn mailboxes(&self) -> Result<Vec<MailboxInfo>, Error> {
        Ok(self.imap().await?.list().await?)
    }

    /// The messages in a mailbox, in the server's order (IMAP).
    ///
    /// # Errors
    ///
    /// [`Error::Session`]; [`Error::NotConfigured`] for an account without IMAP.
    pub async fn messages(&self, mailbox: &MailboxName) -> Result<Vec<MessageSummary>, Error> {
        let session = self.imap().await?;
        let validity = session.examine(mailbox).await?.uid_validity;
        let items = FetchItems::new().flags().size().header();
        let mut stream = session.fetch(mailbox, &UidSet::all(validity), &items);
        let mut summaries = Vec::new();
        while let Some(fetched) = stream.next().await {
            let fetched = fetched?;
            let handle = MessageHandle::Imap { mailbox: mailbox.clone(), uid: fetched.uid };
            let is_read = fetched.flags.as_ref().map(|flags| flags.contains(&Flag::Seen));
            let header = fetched.header.unwrap_or_default();
            summaries.push(MessageSummary::new(handle, fetched.size.unwrap_or_default(), is_read, &header));
        }
        Ok(summaries)
    }

    async fn maildrop(&self) -> Result<Vec<MessageSummary>, Error> {
        let session = self.pop3(true).await?;
        let mut summaries = Vec::new();
        for message in session.messages().await? {
            let Some(id) = message.uid else {
                return Err(postseal_session::Error::Unsupported { extension: "UIDL" }.into());
            };
            let header = session.top(message.number, 0, MAX_HEADER).await?;
            summaries.push(MessageSummary::new(MessageHandle::Pop3 { id }, message.size, None, &header));
        }
        Ok(summaries)
    }

    /// Fetches a message as it is on the server, byte by byte; it is not marked as read.
    ///
    /// # Errors
    ///
    /// [`Error::MessageGone`] where it is no longer there; [`Error::Session`], with UIDVALIDITY changed where the mailbox was rebuilt;
    /// [`Error::NotConfigured`] where the account has no server of the handle's kind.
    pub async fn fetch(&self, handle: &MessageHandle) -> Result<Vec<u8>, Error> {
        match handle {
            MessageHandle::Imap { mailbox, uid } => gone(self.imap().await?.message(mailbox, *uid).await),
            MessageHandle::Pop3 { id } => {
                let session = self.pop3(false).await?;
                let listed = session.messages().await?;
                let found = listed.iter().find(|message| message.uid.as_ref() == Some(id));
                let number = found.ok_or(Error::MessageGone)?.number;
                gone(session.retrieve_to_vec(number, MAX_MESSAGE).await)
            }
        }
    }

    /// Fetches a message and opens it: decrypts, verifies and judges it.
    ///
    /// # Errors
    ///
    /// Those of [`MailClient::fetch`] and [`MailClient::open_bytes`].
    pub async fn open(&self, handle: &MessageHandle) -> Result<Opened, Error> {
        self.open_bytes(self.fetch(handle).await?).await
    }
}

/// The most of a message's header that is read for a list.
const MAX_HEADER: usize = 256 * 1024;

fn gone<T>(result: Result<T, postseal_session::Error>) -> Result<T, Error> {
    result.map_err(|error| match error {
        postseal_session::Error::NotFound { what: "message" } => Error::MessageGone,
        error => error.into(),
    })
}

impl MessageSummary {
    /// What a header says; one that can't be read says nothing, and the message is listed all the same.
    fn new(handle: MessageHandle, size: u64, is_read: Option<bool>, header: &[u8]) -> Self {
        let parsed = Message::parse(header, &Limits::default()).ok();
        let from = parsed.as_ref().map(|message| {
            message.from().mailboxes().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        });
        Self {
            handle,
            size,
            is_read,
            message_id: parsed.as_ref().and_then(Message::message_id),
            date: parsed.as_ref().and_then(Message::date),
            from: from.unwrap_or_default(),
            subject: parsed.as_ref().and_then(Message::subject),
        }
    }
}
