use postseal as core;

use crate::error::Failure;
use crate::imap::Uid;
use crate::smtp::Receipt;
use crate::values::Envelope;

/// What became of a sent draft: of each of its copies, and of the sender's own.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct SendReport {
    /// One entry per copy: the one for the open recipients, then one for each Bcc recipient.
    pub copies: Vec<CopyReport>,
    /// Where the sender's own copy went.
    pub own_copy: OwnCopy,
    /// Whether every copy was taken over for every recipient.
    pub is_sent_to_all: bool,
    /// Whether some copy was taken over, or may have been.
    pub may_be_sent: bool,
}

impl From<core::SendReport> for SendReport {
    fn from(report: core::SendReport) -> Self {
        Self {
            is_sent_to_all: report.is_sent_to_all(),
            may_be_sent: report.may_be_sent(),
            copies: report.copies.into_iter().map(Into::into).collect(),
            own_copy: report.own_copy.into(),
        }
    }
}

/// What became of one copy.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct CopyReport {
    /// Whom it was for.
    pub envelope: Envelope,
    /// The server's receipt, where there is one.
    pub receipt: Option<Receipt>,
    /// Why there is none: the copy was not sent, because the session failed before its data.
    pub failure: Option<Failure>,
}

impl From<core::CopyReport> for CopyReport {
    fn from(report: core::CopyReport) -> Self {
        let envelope = (&report.envelope).into();
        match report.receipt {
            Ok(receipt) => Self { envelope, receipt: Some(receipt.into()), failure: None },
            Err(error) => Self { envelope, receipt: None, failure: Some(error.into()) },
        }
    }
}

/// Where the sender's own copy of a message went.
#[derive(Debug, Clone, PartialEq, uniffi::Enum)]
pub enum OwnCopy {
    /// Filed by us.
    Filed {
        /// The mailbox with the role *Sent*.
        mailbox: String,
        /// Its handle there, where the server tells.
        uid: Option<Uid>,
    },
    /// Not filed: the account says so, has no IMAP server, or its server files what is submitted by itself.
    NotWanted,
    /// Not filed, because no copy was sent.
    NothingSent,
    /// The message was sent, but filing the copy failed. Never a reason to send it again.
    Failed {
        /// Why.
        failure: Failure,
    },
}

impl From<core::OwnCopy> for OwnCopy {
    fn from(own: core::OwnCopy) -> Self {
        match own {
            core::OwnCopy::Filed { mailbox, uid } => {
                Self::Filed { mailbox: mailbox.as_str().to_owned(), uid: uid.map(Into::into) }
            }
            core::OwnCopy::NothingSent => Self::NothingSent,
            core::OwnCopy::Failed(error) => Self::Failed { failure: error.into() },
            _ => Self::NotWanted,
        }
    }
}
