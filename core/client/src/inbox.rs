use postseal_message::mime::{Date, Limits, Message, MessageId};
use postseal_message::pgpmime::{OpenOptions, Opened};
use postseal_session::imap::{FetchItems, Flag, MailboxInfo, MailboxName, Uid, UidSet};
use postseal_session::{ImapSession, Pop3Message, Pop3Session, UniqueId};

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
    /// Whether it was answered; `None` with POP3.
    pub is_answered: Option<bool>,
    /// Whether it is marked for attention; `None` with POP3.
    pub is_flagged: Option<bool>,
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
    /// No list has those that are marked as deleted ([`Deleted::Marked`](crate::Deleted::Marked)), whoever marked them.
    ///
    /// # Errors
    ///
    /// [`Error::Session`]; [`Error::NotConfigured`] for an account without IMAP.
    pub async fn messages(&self, mailbox: &MailboxName) -> Result<Vec<MessageSummary>, Error> {
        let session = self.imap().await?;
        let validity = session.examine(mailbox).await?.uid_validity;
        MessageSummary::fetch(&session, mailbox, &UidSet::all(validity)).await
    }

    async fn maildrop(&self) -> Result<Vec<MessageSummary>, Error> {
        let session = self.pop3(true).await?;
        let mut summaries = Vec::new();
        for message in session.messages().await? {
            summaries.push(MessageSummary::of_maildrop(&session, message).await?);
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
            MessageHandle::Imap { mailbox, uid } => {
                let session = self.imap().await?.with_progress(self.listener.clone());
                gone(session.message(mailbox, *uid).await)
            }
            MessageHandle::Pop3 { id } => {
                let session = self.pop3(false).await?;
                let listed = session.messages().await?;
                let found = listed.into_iter().find(|message| message.uid.as_ref() == Some(id));
                let message = found.ok_or(Error::MessageGone)?;
                // Asked for with its size, so that it is known how much there is to come.
                let told = session.with_progress(self.listener.clone());
                let retrieved = told.retrieve_all(vec![message], MAX_MESSAGE).next().await?;
                Ok(retrieved.ok_or(Error::MessageGone)?.bytes?)
            }
        }
    }

    /// Fetches a message and opens it: decrypts, verifies and judges it.
    ///
    /// # Errors
    ///
    /// Those of [`MailClient::fetch`] and [`MailClient::open_bytes`].
    pub async fn open(&self, handle: &MessageHandle) -> Result<Opened, Error> {
        self.open_with(handle, &OpenOptions::default()).await
    }

    /// The same with passphrases to try, or other limits.
    ///
    /// # Errors
    ///
    /// Those of [`MailClient::fetch`] and [`MailClient::open_bytes`].
    pub async fn open_with(
        &self,
        handle: &MessageHandle,
        options: &OpenOptions<'_>,
    ) -> Result<Opened, Error> {
        self.open_bytes_with(self.fetch(handle).await?, options).await
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
    /// The messages of a mailbox that are not marked as deleted, in ascending order of their UIDs.
    pub(crate) async fn fetch(
        session: &ImapSession,
        mailbox: &MailboxName,
        uids: &UidSet,
    ) -> Result<Vec<Self>, Error> {
        let items = FetchItems::new().flags().size().header();
        let mut stream = session.fetch(mailbox, uids, &items);
        let mut summaries = Vec::new();
        while let Some(fetched) = stream.next().await {
            let fetched = fetched?;
            if fetched.flags.as_ref().is_some_and(|flags| flags.contains(&Flag::Deleted)) {
                continue;
            }
            let handle = MessageHandle::Imap { mailbox: mailbox.clone(), uid: fetched.uid };
            let header = fetched.header.unwrap_or_default();
            summaries.push(Self::new(
                handle,
                fetched.size.unwrap_or_default(),
                fetched.flags.as_deref(),
                &header,
            ));
        }
        Ok(summaries)
    }

    /// A message of a maildrop.
    pub(crate) async fn of_maildrop(session: &Pop3Session, message: Pop3Message) -> Result<Self, Error> {
        let unsupported = postseal_session::Error::Unsupported { extension: "UIDL" };
        let id = message.uid.ok_or(unsupported)?;
        let header = session.top(message.number, 0, MAX_HEADER).await?;
        Ok(Self::new(MessageHandle::Pop3 { id }, message.size, None, &header))
    }

    /// What a header says; one that can't be read says nothing, and the message is listed all the same.
    fn new(handle: MessageHandle, size: u64, flags: Option<&[Flag]>, header: &[u8]) -> Self {
        let has = |flag| flags.map(|flags| flags.contains(&flag));
        let parsed = Message::parse(header, &Limits::default()).ok();
        let from = parsed.as_ref().map(|message| {
            message.from().mailboxes().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        });
        Self {
            handle,
            size,
            is_read: has(Flag::Seen),
            is_answered: has(Flag::Answered),
            is_flagged: has(Flag::Flagged),
            message_id: parsed.as_ref().and_then(Message::message_id),
            date: parsed.as_ref().and_then(Message::date),
            from: from.unwrap_or_default(),
            subject: parsed.as_ref().and_then(Message::subject),
        }
    }
}
