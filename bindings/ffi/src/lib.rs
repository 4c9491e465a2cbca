//! Postseal for Kotlin, Swift and Python: the core's types, mirrored for UniFFI.
//!
//! Nothing is decided here. Values are records of plain texts that the core's types check when they are used; what has a life is an
//! object; every error is a [`PostsealError`]; and each call that waits takes a [`CancelToken`] as its last argument.
#![allow(clippy::result_large_err, reason = "UniFFI carries errors as they are: a box can't cross")]

#[cfg(target_os = "android")]
mod android;
mod attachment;
mod bytes;
mod cancel;
mod client;
mod connector;
mod credentials;
mod error;
mod files;
mod foreign;
mod imap;
mod message;
mod numbers;
mod openpgp;
mod pgpmime;
mod pop3;
mod pull;
mod runtime;
mod secrecy;
mod smtp;
mod values;
mod verdict;

pub use attachment::Attachment;
pub use bytes::Bytes;
pub use cancel::CancelToken;
pub use client::*;
pub use connector::{
    CertificateFault, CertificateInfo, CertificateReason, ClientCertificate, Connector, HostKey, Security,
    Server, Timeouts, TlsInfo, TlsOptions, TlsVersion, TrustSource,
};
pub use credentials::{Credentials, TokenAnswer, TokenProvider};
pub use error::{Failure, MissingCertificate, PostsealError, Refusal};
pub use files::{DecryptedFile, PgpOptions, PgpRecipients, decrypt_file, encrypt_file};
pub use foreign::{
    CallbackError, LogEvent, LogKind, LogLevel, LogSink, ProgressListener, Protocol, failed_callbacks,
    silence,
};
pub use imap::*;
pub use message::{AddressList, Message, Part, Text, TransferEncoding};
pub use numbers::Timestamp;
pub use openpgp::*;
pub use pgpmime::*;
pub use pop3::*;
pub use runtime::shut_down;
pub use smtp::{
    Delivery, Dsn, Notify, Receipt, RecipientOutcome, ReturnedContent, SendId, SendOptions, SmtpExtensions,
    SmtpSession,
};
pub use values::{
    Draft, Envelope, HeaderField, Mailbox, MessageDate, check_draft, compose_draft, parse_mailbox,
};
pub use verdict::*;

uniffi::setup_scaffolding!();

/// The version of the library, such as `0.1.0`.
#[uniffi::export]
#[must_use]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// Every error code, as in docs/errors.md.
#[uniffi::export]
#[must_use]
pub fn error_codes() -> Vec<String> {
    postseal::ErrorCode::ALL.iter().map(ToString::to_string).collect()
}
