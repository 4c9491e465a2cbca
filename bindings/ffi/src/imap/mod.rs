//! IMAP: the mailboxes of an account, and the messages in them.

mod fetch;
mod records;
mod search;
mod session;
mod watch;

pub use fetch::{FetchItems, FetchStream, Fetched, FetchedPart, Unreadable};
pub use records::{
    BodyKind, BodyParameter, BodyStructure, Flag, FlagChange, ImapEnvelope, ImapEnvelopeAddress, MailboxInfo,
    MailboxStatus, Moved, Role, Selected, ServerField, Uid, UidSet,
};
pub use search::Search;
pub use session::ImapSession;
pub use watch::{Change, Watch};
