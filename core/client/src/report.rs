use postseal_session::imap::{MailboxName, Uid};
use postseal_session::{Delivery, Receipt};
use postseal_types::Envelope;

use crate::Error;

/// What became of a sent draft: of each of its copies, and of the sender's own.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SendReport {
    /// One entry per copy: the one for the open recipients, then one for each Bcc recipient.
    pub copies: Vec<CopyReport>,
    /// Where the sender's own copy went.
    pub own_copy: OwnCopy,
}

/// What became of one copy.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CopyReport {
    /// Whom it was for.
    pub envelope: Envelope,
    /// The server's receipt; an error where the copy was not sent because the session failed before its data.
    pub receipt: Result<Receipt, postseal_session::Error>,
}

/// Where the sender's own copy of a message went.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum OwnCopy {
    /// Filed by us.
    Filed {
        /// The mailbox with the role *Sent*.
        mailbox: MailboxName,
        /// Its UID there, where the server tells (UIDPLUS, RFC 4315).
        uid: Option<Uid>,
    },
    /// Not filed: the account says so, has no IMAP server, or its server files what is submitted by itself.
    NotWanted,
    /// Not filed, because no copy was sent.
    NothingSent,
    /// The message was sent, but filing the copy failed. Never a reason to send it again.
    Failed(Error),
}

impl SendReport {
    /// Whether every copy was taken over for every recipient.
    #[must_use]
    pub fn is_sent_to_all(&self) -> bool {
        self.copies.iter().all(|copy| copy.receipt.as_ref().is_ok_and(Receipt::is_sent_to_all))
    }

    /// Whether some copy was taken over, or may have been.
    #[must_use]
    pub fn may_be_sent(&self) -> bool {
        self.copies.iter().any(|copy| {
            let delivery = copy.receipt.as_ref().map(|receipt| &receipt.message);
            matches!(delivery, Ok(Delivery::Sent { .. } | Delivery::Unknown { .. }))
        })
    }
}
