//! One typed error, which the face makes an `Error` of.

use std::fmt;

use postseal_message::mime::{MimeError, NewIdError, NoRandomness};
use postseal_message::openpgp::{FingerprintError, PgpError};
use postseal_message::pgpmime::{MissingCertificate as Missing, SealError};
use postseal_types::ErrorCode;
use serde::Serialize;
use tsify::Tsify;
use wasm_bindgen::JsValue;

/// Why an operation failed, with everything that is known of it.
#[derive(Debug, Clone, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// The stable code, one of those in docs/errors.md.
    pub code: String,
    /// A sentence for people.
    pub message: String,
    /// What was given and can't be used, where that is to blame.
    #[tsify(optional)]
    pub field: Option<String>,
    /// The limit that was passed.
    #[tsify(optional)]
    pub limit: Option<f64>,
    /// Everyone to whom nothing can be encrypted.
    pub missing: Vec<MissingCertificate>,
    /// The keys that would do, or the one that doesn't.
    pub keys: Vec<String>,
    /// Whether a passphrase would do, too.
    pub takes_passphrase: bool,
}

/// Somebody to whom nothing can be encrypted.
#[derive(Debug, Clone, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct MissingCertificate {
    /// Whose certificate is wanted.
    pub address: String,
    /// Why the best one at hand can't be used; undefined where there is none at all.
    #[tsify(optional)]
    pub unusable: Option<String>,
}

impl Failure {
    pub(crate) fn new(code: ErrorCode, message: impl fmt::Display) -> Self {
        Self {
            code: code.as_str().to_owned(),
            message: message.to_string(),
            field: None,
            limit: None,
            missing: Vec::new(),
            keys: Vec::new(),
            takes_passphrase: false,
        }
    }

    /// The same, with what is to blame.
    pub(crate) fn about(mut self, field: &str) -> Self {
        self.message = format!("invalid {field}: {}", self.message);
        self.field = Some(field.to_owned());
        self
    }

    /// What JavaScript gave is not of the shape that was agreed on.
    pub(crate) fn shape(error: impl fmt::Display) -> Self {
        Self::new(ErrorCode::InvalidInput, error)
    }
}

/// Names what is to blame when something given can't be used.
pub(crate) trait About<T> {
    fn about(self, field: &str) -> Result<T, Failure>;
}

impl<T, E: fmt::Display> About<T> for Result<T, E> {
    fn about(self, field: &str) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(ErrorCode::InvalidInput, error).about(field))
    }
}

impl From<Failure> for JsValue {
    fn from(failure: Failure) -> Self {
        serde_wasm_bindgen::to_value(&failure).unwrap_or(Self::UNDEFINED)
    }
}

impl From<PgpError> for Failure {
    fn from(error: PgpError) -> Self {
        let mut failure = Self::new(error.code(), &error);
        match &error {
            PgpError::KeyMissing { recipients, takes_passphrase } => {
                failure.keys = recipients.iter().map(ToString::to_string).collect();
                failure.takes_passphrase = *takes_passphrase;
            }
            PgpError::KeyLocked { keys } => failure.keys = keys.iter().map(ToString::to_string).collect(),
            PgpError::KeyUnusable { key, .. } => failure.keys = vec![key.to_string()],
            PgpError::LimitExceeded { limit, .. } => failure.limit = Some(*limit as f64),
            PgpError::NoRecipients => failure.field = Some("recipients".to_owned()),
            PgpError::EmptyPassphrase => failure.field = Some("passphrase".to_owned()),
            _ => {}
        }
        failure
    }
}

impl From<MimeError> for Failure {
    fn from(error: MimeError) -> Self {
        let mut failure = Self::new(error.code(), error);
        failure.limit = match &error {
            MimeError::MessageTooLong { limit, .. }
            | MimeError::TooDeep { limit }
            | MimeError::TooManyParts { limit }
            | MimeError::TooManyHeaders { limit }
            | MimeError::HeadersTooLong { limit } => Some(*limit as f64),
            _ => None,
        };
        failure
    }
}

impl From<SealError> for Failure {
    fn from(error: SealError) -> Self {
        let (code, message) = (error.code(), error.to_string());
        match error {
            SealError::Pgp(error) => error.into(),
            SealError::SigningKey(error) => Self { message, ..error.into() },
            SealError::CertificatesMissing { recipients } => {
                let missing = recipients.iter().map(Into::into).collect();
                Self { missing, ..Self::new(code, message) }
            }
            SealError::OwnCertificateMissing(own) => {
                Self { missing: vec![(&own).into()], ..Self::new(code, message) }
            }
            SealError::NoRecipients => Self { field: Some("to".to_owned()), ..Self::new(code, message) },
            _ => Self::new(code, message),
        }
    }
}

impl From<&Missing> for MissingCertificate {
    fn from(missing: &Missing) -> Self {
        Self {
            address: missing.address.to_string(),
            unusable: missing.unusable.as_ref().map(ToString::to_string),
        }
    }
}

impl From<NewIdError> for Failure {
    fn from(error: NewIdError) -> Self {
        Self::new(error.code(), error)
    }
}

impl From<NoRandomness> for Failure {
    fn from(error: NoRandomness) -> Self {
        Self::new(error.code(), error)
    }
}

impl From<FingerprintError> for Failure {
    fn from(error: FingerprintError) -> Self {
        Self::new(ErrorCode::InvalidInput, error).about("fingerprint")
    }
}

#[cfg(feature = "full")]
impl From<postseal_message::pgpmime::OpenError> for Failure {
    fn from(error: postseal_message::pgpmime::OpenError) -> Self {
        use postseal_message::pgpmime::OpenError;
        let (code, message) = (error.code(), error.to_string());
        match error {
            OpenError::Pgp(error) => error.into(),
            OpenError::Mime(error) => error.into(),
            OpenError::TooManyLayers { limit } => {
                Self { limit: Some(limit as f64), ..Self::new(code, message) }
            }
            _ => Self::new(code, message),
        }
    }
}
