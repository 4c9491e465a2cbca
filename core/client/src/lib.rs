//! Secure mail as a library: sealed with OpenPGP, carried over TLS.
//!
//! A [`MailClient`] serves one [`Account`]: it seals a [`Draft`] and submits it, lists what arrived, fetches it and opens it. What
//! it stands on is here too, for everything that the facade does not do: [`session`] speaks SMTP, IMAP and POP3; [`message`] makes
//! and reads mail.
//!
//! The vocabulary is re-exported at the top, so that an app names one crate.

mod account;
mod changes;
mod error;
mod files;
mod inbox;
mod mail_client;
mod page;
mod parts;
mod report;
mod send;
mod slot;
mod watch;

pub use account::{Account, SentCopy};
pub use changes::Deleted;
pub use error::Error;
pub use files::{
    CancelToken, DecryptedFile, FileOptions, FileRecipients, MAX_ATTACHMENT, attach_file, decrypt_file,
    encrypt_file, read_file, write_file,
};
pub use inbox::{MAX_MESSAGE, MessageHandle, MessageSummary};
pub use mail_client::MailClient;
pub use page::Page;
pub use report::{CopyReport, OwnCopy, SendReport};
pub use watch::{MailWatch, MailboxChange};

pub use postseal_message as message;
pub use postseal_session as session;

pub use postseal_message::mime::{
    Attachment, Boundaries, ContentType, Date, Draft, FieldError, HeaderName, HeaderValue, Limits, Mailbox,
    Message, MessageId, MimeError, NewIdError, Part,
};
pub use postseal_message::openpgp::{
    Certificate, Encryption, Fingerprint, KeyProfile, Keyring, PgpError, PgpLimits, RevocationCertificate,
    SecretKey, SignatureResult, SignatureStatus, UnlockedKey, UserId,
};
pub use postseal_message::pgpmime::{
    OpenError, OpenOptions, Opened, Protection, SealError, SealOptions, Sealed, SealedCopy, Verdict,
    VerdictLevel, open, seal,
};
pub use postseal_session::imap::{Flag, FlagChange, MailboxInfo, MailboxName, Role};
pub use postseal_session::{
    CertificateFault, Connector, Credentials, Delivery, Host, ImapSession, LogAnswer, LogEvent, LogKind,
    LogLevel, LogSink, Pop3Session, Protocol, Receipt, Runtime, Security, Server, SmtpSession, SpkiHash,
    Timeouts, TlsConfig, TlsInfo, TlsVersion, TokenProvider,
};
pub use postseal_types::{Address, AddressError, Envelope, ErrorCode, Listener, Progress, Secret};

/// The examples of the README, compiled and run as doc tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
