use postseal_types::{AddressError, ErrorCode, quoted_character};

/// Why a text can't stand in a field of a message.
///
/// Each type that goes into a header checks its text once, when it is made: nothing that a caller passes on can end a header
/// line early or start another.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldError {
    /// The text is empty where something must stand.
    #[error("the text is empty")]
    Empty,
    /// A character that can't stand there: a line break, NUL or another control character anywhere, and what the field's
    /// own grammar excludes.
    #[error("the character {} is not allowed there", quoted_character(*character))]
    Forbidden {
        /// The first such character.
        character: char,
    },
    /// The text does not have the form of the field.
    #[error("this is not {expected}")]
    Form {
        /// What was expected, in words.
        expected: &'static str,
    },
    /// The address is not one.
    #[error("the address is not valid")]
    Address(#[from] AddressError),
    /// A header field that a draft writes itself, or never writes at all (`Bcc`).
    #[error("the header field {name} is not the caller's to set")]
    Reserved {
        /// The name as it was given.
        name: String,
    },
    /// The text is longer than fits.
    #[error("the text is longer than {limit} octets")]
    TooLong {
        /// The most octets that fit.
        limit: usize,
    },
    /// The date is outside the years 1900 to 9999, or its UTC offset is a day or more.
    #[error("the date can't be written in a header")]
    Date,
}

impl FieldError {
    /// The stable code: always [`ErrorCode::InvalidInput`].
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        ErrorCode::InvalidInput
    }
}

/// The operating system gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct NoRandomness;

impl NoRandomness {
    /// The stable code: always [`ErrorCode::Internal`].
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        ErrorCode::Internal
    }
}
/// Why a message was not parsed.
///
/// Broken mail is not an error: it is read as far as it goes. Only what goes past a [`Limits`](super::Limits) is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MimeError {
    /// The message is longer than [`Limits::message_bytes`](super::Limits::message_bytes).
    #[error("the message has {bytes} octets, more than the limit of {limit}")]
    MessageTooLong {
        /// Its length.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// Parts are nested deeper than [`Limits::depth`](super::Limits::depth).
    #[error("parts are nested deeper than {limit}")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// There are more parts than [`Limits::parts`](super::Limits::parts).
    #[error("the message has more than {limit} parts")]
    TooManyParts {
        /// The limit.
        limit: usize,
    },
    /// One header section has more fields than [`Limits::headers`](super::Limits::headers).
    #[error("a header section has more than {limit} fields")]
    TooManyHeaders {
        /// The limit.
        limit: usize,
    },
    /// One header section is longer than [`Limits::header_bytes`](super::Limits::header_bytes).
    #[error("a header section has more than {limit} octets")]
    HeadersTooLong {
        /// The limit.
        limit: usize,
    },
}

impl MimeError {
    /// The stable code: always [`ErrorCode::LimitExceeded`].
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        ErrorCode::LimitExceeded
    }
}
