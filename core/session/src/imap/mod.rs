//! IMAP: the mailboxes of an account, and the messages in them (IMAP4rev1, RFC 3501; read with RFC 9051).
//!
//! An [`ImapConnection`] has TLS and a greeting, an [`ImapSession`] has a login. No call needs a mailbox to be selected first: each
//! names its mailbox, and the session's task selects what it needs. Messages are named by [`Uid`]s, which carry the UIDVALIDITY of
//! their mailbox: where that has changed, [`Error::UidValidityChanged`](crate::Error::UidValidityChanged) comes instead of another
//! message.
//!
//! # What a server may send
//!
//! Every response is read whole, and within limits, before it is looked at: a line may have 4 MiB, a literal 64 MiB; all
//! responses to one command 32 MiB (128 MiB where whole messages or parts are fetched), 1,000,000 words and items outside of literals,
//! and 250,000 in number; parentheses may nest 32 deep. Past a limit the session ends with
//! [`Error::LimitExceeded`](crate::Error::LimitExceeded). What can't be read within the limits harms nothing but itself: an item of
//! a message is named in [`Fetched::unreadable`], and other responses that nobody can make sense of are passed over.
//!
//! Nothing that is sent or received is ever logged: there is no library below this module that could.

mod batch;
mod capabilities;
mod change;
mod command;
mod connection;
mod cursor;
mod date;
mod dialogue;
mod engine;
mod envelope;
mod fetch;
mod flag;
mod gather;
mod guard;
mod items;
mod list;
mod login;
mod mailboxes;
mod name;
mod response;
mod search;
mod select;
mod session;
mod structure;
mod uid;
mod utf7;
mod watch;

pub use capabilities::Capabilities;
pub use change::{FlagChange, Moved};
pub use connection::ImapConnection;
pub use date::Date;
pub use envelope::{Envelope, EnvelopeAddress};
pub use fetch::{FetchStream, Fetched, Unreadable};
pub use flag::{Flag, Keyword};
pub use items::FetchItems;
pub use list::{MailboxInfo, Role};
pub use mailboxes::MailboxStatus;
pub use name::MailboxName;
pub use search::Search;
pub use select::Selected;
pub use session::ImapSession;
#[cfg(test)]
pub(crate) use session::SIGN_OF_LIFE;
pub use structure::{Content, PartNumber, Single, Structure};
pub use uid::{Uid, UidSet, UidValidity};
#[cfg(test)]
pub(crate) use watch::IDLE_RENEWAL;
pub use watch::{Change, Watch};

#[cfg(test)]
mod tests;
