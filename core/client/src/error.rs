use std::io;
use std::path::{Path, PathBuf};

use postseal_message::mime::{FieldError, MimeError, NewIdError};
use postseal_message::openpgp::PgpError;
use postseal_message::pgpmime::{OpenError, SealError};
use postseal_types::ErrorCode;

/// What went wrong, by the layer that met it; every error of the crates below becomes one with `?`. [`Error::code`] is the same stable code in every layer and language.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The network, TLS, or a mail server.
    #[error(transparent)]
    Session(#[from] postseal_session::Error),
    /// The message could not be sealed as asked for, so nothing was sent.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The message could not be opened; nothing of it is handed out.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A text can't stand in a message: an address, a subject, a file name.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// An identifier for a message can't be made.
    #[error(transparent)]
    NewId(#[from] NewIdError),
    /// A message is past a limit.
    #[error(transparent)]
    Mime(#[from] MimeError),
    /// An operation on OpenPGP keys or data failed.
    #[error(transparent)]
    Pgp(#[from] PgpError),
    /// The account has no server that mail is fetched from, or not of the kind that the call needs.
    #[error("the account has no {protocol} server")]
    NotConfigured {
        /// `IMAP`, `POP3`, or `IMAP or POP3`.
        protocol: &'static str,
    },
    /// The message is no longer on the server.
    #[error("the message is no longer on the server")]
    MessageGone,
    /// A file could not be read or written. What was to be written is not there, not even in part.
    #[error("{action} {}: {kind}", path.display())]
    File {
        /// `reading` or `writing`.
        action: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why not; for a file that is to be written, [`AlreadyExists`](io::ErrorKind::AlreadyExists) where replacing it was not
        /// asked for.
        kind: io::ErrorKind,
    },
    /// What the path names is something else than a file: a folder, say.
    #[error("{} is not a file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The file is longer than it may be for this.
    #[error("{} has more than {limit} bytes", path.display())]
    FileTooLong {
        /// Which file.
        path: PathBuf,
        /// The limit.
        limit: usize,
    },
    /// The caller gave up. What was to be written is not there.
    #[error("cancelled by the caller")]
    Cancelled,
}

impl Error {
    /// The stable code, the same in every language.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Session(error) => error.code(),
            Self::Seal(error) => error.code(),
            Self::Open(error) => error.code(),
            Self::Field(error) => error.code(),
            Self::NewId(error) => error.code(),
            Self::Mime(error) => error.code(),
            Self::Pgp(error) => error.code(),
            Self::NotConfigured { .. } => ErrorCode::InvalidInput,
            Self::MessageGone => ErrorCode::NotFound,
            Self::File { kind: io::ErrorKind::NotFound, .. } => ErrorCode::NotFound,
            Self::File { kind: io::ErrorKind::AlreadyExists, .. } => ErrorCode::AlreadyExists,
            Self::File { .. } => ErrorCode::File,
            Self::NotAFile { .. } => ErrorCode::InvalidInput,
            Self::FileTooLong { .. } => ErrorCode::LimitExceeded,
            Self::Cancelled => ErrorCode::Cancelled,
        }
    }

    /// Whether the same call may work later without a change by the caller.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Session(error) if error.is_retryable())
    }

    pub(crate) fn file(action: &'static str, path: &Path, error: &io::Error) -> Self {
        Self::File { action, path: path.to_owned(), kind: error.kind() }
    }
}
