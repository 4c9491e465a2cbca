use std::fmt;

use postseal_types::ErrorCode;

use super::KeyHandle;

/// Why an OpenPGP operation failed.
///
/// A bad signature is no error: it is a [`SignatureStatus`](super::SignatureStatus), since a message with one can still be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PgpError {
    /// The encrypted data was changed, cut or damaged. Not one byte of plaintext was handed out.
    #[error("the encrypted data was changed or is incomplete")]
    Tampered,
    /// The data has no integrity protection at all (RFC 9580, section 5.7), so nothing it says can be believed.
    #[error("the encrypted data has no integrity protection")]
    NoIntegrity,
    /// None of the keys that the data is encrypted to is at hand.
    #[error("no secret key for this message: it is encrypted to {}", readers(.recipients, *.takes_passphrase))]
    KeyMissing {
        /// The keys that the data names; empty when it names none (only a passphrase, or hidden recipients).
        recipients: Vec<KeyHandle>,
        /// Whether a passphrase would do, too; none was given.
        takes_passphrase: bool,
    },
    /// A secret key that fits is at hand, but locked.
    #[error("the secret key is locked: {}", listed(.keys))]
    KeyLocked {
        /// The locked keys, any of which would do.
        keys: Vec<KeyHandle>,
    },
    /// The passphrase does not unlock the key or the message.
    #[error("wrong passphrase")]
    WrongPassphrase,
    /// A certificate or key can't be used for this at the given time.
    #[error("key {key} can't be used: {reason}")]
    KeyUnusable {
        /// The certificate.
        key: KeyHandle,
        /// Why not.
        reason: Unusable,
    },
    /// The secret key has no passphrase, so exporting it would lay it open.
    #[error("the secret key has no passphrase")]
    Unprotected,
    /// The passphrase that was to lock a key, or to encrypt to, is empty, and would protect nothing.
    #[error("an empty passphrase protects nothing")]
    EmptyPassphrase,
    /// The secret key material that is needed is not there: a public key only, or a stub that points to a smart card.
    #[error("there is no secret key material")]
    NoSecretKey,
    /// The data is not encrypted, though it was to be decrypted.
    #[error("the data is not encrypted")]
    NotEncrypted,
    /// The data is not signed, though it was to be verified.
    #[error("the data is not signed")]
    NotSigned,
    /// The data is no well-formed OpenPGP message, key or signature.
    #[error("malformed OpenPGP data: {what}")]
    Malformed {
        /// What was expected there.
        what: &'static str,
    },
    /// A named limit was passed (see [`PgpLimits`](super::PgpLimits)).
    #[error("more than {limit} {what}")]
    LimitExceeded {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// An algorithm that is too weak at the given time, or not allowed at all.
    #[error("refused by policy: {what}")]
    PolicyRefused {
        /// What was refused.
        what: String,
    },
    /// An algorithm or format that this build does not have.
    #[error("not supported: {what}")]
    Unsupported {
        /// The algorithm or format.
        what: String,
    },
    /// The time lies outside what OpenPGP can express (1970 to 2106).
    #[error("the given time can't be expressed in OpenPGP")]
    TimeOutOfRange,
    /// Nobody to encrypt to was given.
    #[error("there is nobody to encrypt to")]
    NoRecipients,
    /// The OpenPGP library failed in a way that it should not.
    #[error("internal error: {what}")]
    Internal {
        /// The step that failed.
        what: &'static str,
    },
}

/// Why data could not be encrypted or decrypted from one stream to another.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The OpenPGP operation failed.
    #[error(transparent)]
    Pgp(#[from] PgpError),
    /// The source could not be read.
    #[error("reading: {0}")]
    Read(std::io::Error),
    /// The sink could not be written to.
    #[error("writing: {0}")]
    Write(std::io::Error),
}

/// Why a certificate can't be used at the given time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unusable {
    /// It has expired.
    Expired,
    /// It was made later than the given time.
    NotYetValid,
    /// It was revoked.
    Revoked,
    /// It has no key for this purpose (encrypting or signing) that is alive, not revoked, and of a supported algorithm.
    NoSuitableKey,
    /// Its self-signatures are missing, broken or too weak, or its keys are no keys.
    Invalid,
}

impl PgpError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Tampered | Self::NoIntegrity => ErrorCode::Tampered,
            Self::KeyMissing { .. }
            | Self::KeyLocked { .. }
            | Self::KeyUnusable { .. }
            | Self::NoSecretKey => ErrorCode::KeyMissing,
            Self::WrongPassphrase => ErrorCode::WrongPassphrase,
            Self::NotEncrypted | Self::NotSigned | Self::Malformed { .. } => ErrorCode::Malformed,
            Self::LimitExceeded { .. } => ErrorCode::LimitExceeded,
            Self::PolicyRefused { .. } => ErrorCode::Refused,
            Self::Unsupported { .. } => ErrorCode::Unsupported,
            Self::TimeOutOfRange | Self::NoRecipients | Self::Unprotected | Self::EmptyPassphrase => {
                ErrorCode::InvalidInput
            }
            Self::Internal { .. } => ErrorCode::Internal,
        }
    }
}

impl StreamError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Pgp(error) => error.code(),
            Self::Read(_) | Self::Write(_) => ErrorCode::File,
        }
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expired => "it has expired",
            Self::NotYetValid => "it is not valid yet",
            Self::Revoked => "it was revoked",
            Self::NoSuitableKey => "it has no usable key for this purpose",
            Self::Invalid => "its self-signatures are missing, broken or too weak",
        })
    }
}

fn readers(recipients: &[KeyHandle], takes_passphrase: bool) -> String {
    match (recipients, takes_passphrase) {
        ([], true) => "a passphrase".to_owned(),
        (_, true) => format!("{} and a passphrase", listed(recipients)),
        (_, false) => listed(recipients),
    }
}

fn listed(keys: &[KeyHandle]) -> String {
    if keys.is_empty() {
        return "nobody by name".to_owned();
    }
    keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
