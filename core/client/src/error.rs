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
        }
    }

    /// Whether the same call may work later without a change by the caller.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Session(error) if error.is_retryable())
    }
}
