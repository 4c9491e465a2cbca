use postseal as core;
use postseal::MailboxName;
use postseal::session::imap;

use crate::PostsealError;
use crate::imap::Uid;
use crate::numbers::signed;
use crate::values::MessageDate;

/// Names one message on the server, for as long as the server keeps it. It can be stored and used with a later session.
#[derive(Debug, Clone, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum MessageHandle {
    /// A message in an IMAP mailbox.
    Imap {
        /// The mailbox.
        mailbox: String,
        /// The handle there.
        uid: Uid,
    },
    /// A message in a POP3 maildrop.
    Pop3 {
        /// Its unique id.
        id: String,
    },
}

impl MessageHandle {
    /// None for a kind that is new in the core.
    pub(super) fn of(handle: &core::MessageHandle) -> Option<Self> {
        match handle {
            core::MessageHandle::Imap { mailbox, uid } => {
                Some(Self::Imap { mailbox: mailbox.as_str().to_owned(), uid: (*uid).into() })
            }
            core::MessageHandle::Pop3 { id } => Some(Self::Pop3 { id: id.to_string() }),
            _ => None,
        }
    }
}

impl TryFrom<MessageHandle> for core::MessageHandle {
    type Error = PostsealError;

    fn try_from(handle: MessageHandle) -> Result<Self, PostsealError> {
        Ok(match handle {
            MessageHandle::Imap { mailbox, uid } => {
                Self::Imap { mailbox: MailboxName::new(&mailbox)?, uid: imap::Uid::try_from(uid)? }
            }
            MessageHandle::Pop3 { id } => Self::Pop3 { id: id.parse()? },
        })
    }
}

/// A message in a list: what its outer header says, unverified and, for an encrypted message, without its subject.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct MessageSummary {
    /// Names the message for fetching and opening it.
    pub handle: MessageHandle,
    /// Its size in bytes, as the server tells.
    pub size: i64,
    /// Whether it was read; none with POP3, which does not know.
    pub is_read: Option<bool>,
    /// Whether it was answered; none with POP3.
    pub is_answered: Option<bool>,
    /// Whether it is marked for attention; none with POP3.
    pub is_flagged: Option<bool>,
    /// Its identifier, where the header has a valid one.
    pub message_id: Option<String>,
    /// When it says it was written.
    pub date: Option<MessageDate>,
    /// Whom it says it is from, for people to read.
    pub from: String,
    /// The subject that the servers can see; `[...]` in a message with a protected one.
    pub subject: Option<String>,
}

/// Every summary, but of messages whose kind is new in the core.
pub(super) fn summaries(messages: Vec<core::MessageSummary>) -> Vec<MessageSummary> {
    messages.into_iter().filter_map(MessageSummary::of).collect()
}

impl MessageSummary {
    fn of(summary: core::MessageSummary) -> Option<Self> {
        Some(Self {
            handle: MessageHandle::of(&summary.handle)?,
            size: signed(summary.size),
            is_read: summary.is_read,
            is_answered: summary.is_answered,
            is_flagged: summary.is_flagged,
            message_id: summary.message_id.map(|id| id.as_str().to_owned()),
            date: summary.date.map(Into::into),
            from: summary.from,
            subject: summary.subject,
        })
    }
}

/// A part of a mailbox.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Page {
    /// The messages, the newest first.
    pub messages: Vec<MessageSummary>,
    /// Whether there are older ones.
    pub has_more: bool,
}

impl From<core::Page> for Page {
    fn from(page: core::Page) -> Self {
        Self { has_more: page.has_more, messages: summaries(page.messages) }
    }
}

/// Where a deleted message went.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Deleted {
    /// Into the trash.
    Trashed {
        /// What names it there, where the server tells.
        handle: Option<MessageHandle>,
    },
    /// It is gone for good.
    Removed,
    /// It is marked as deleted, and waits for somebody to expunge the mailbox: the server can't remove it alone.
    Marked,
}

impl From<core::Deleted> for Deleted {
    fn from(deleted: core::Deleted) -> Self {
        match deleted {
            core::Deleted::Trashed(handle) => {
                Self::Trashed { handle: handle.as_ref().and_then(MessageHandle::of) }
            }
            core::Deleted::Removed => Self::Removed,
            _ => Self::Marked,
        }
    }
}
