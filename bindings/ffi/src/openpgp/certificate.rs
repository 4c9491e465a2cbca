use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use postseal as core;
use postseal::Address;

use crate::PostsealError;
use crate::bytes::Bytes;
use crate::error::About as _;
use crate::numbers::Timestamp;

/// A certificate: the public half of a key, with the user IDs that its holder gave it.
#[derive(Debug, uniffi::Object)]
#[uniffi::export(Display)]
pub struct Certificate(pub(crate) core::Certificate);

#[uniffi::export]
impl Certificate {
    /// Reads one certificate, armored or binary. Secret key material in it is dropped.
    ///
    /// # Errors
    ///
    /// `Malformed` when there is none, more than one, or something else; `LimitExceeded` past 16 MiB.
    #[uniffi::constructor]
    pub fn import(data: &[u8]) -> Result<Arc<Self>, PostsealError> {
        Ok(Arc::new(Self(core::Certificate::import(data)?)))
    }

    /// The certificate in binary form.
    #[must_use]
    pub fn export(&self) -> Bytes {
        self.0.export().into()
    }

    /// The certificate with ASCII armor: text that can go into a message or a file.
    #[must_use]
    pub fn export_armored(&self) -> String {
        self.0.export_armored()
    }

    /// The fingerprint of the primary key, which is the name of the certificate.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.0.fingerprint().to_string()
    }

    /// The version of the key: 4 or 6.
    #[must_use]
    pub fn version(&self) -> i32 {
        self.0.fingerprint().version().into()
    }

    /// The fingerprints of all its keys, the primary one first.
    #[must_use]
    pub fn key_fingerprints(&self) -> Vec<String> {
        self.0.key_fingerprints().map(|fingerprint| fingerprint.to_string()).collect()
    }

    /// When the primary key was made.
    #[must_use]
    pub fn created(&self) -> Timestamp {
        self.0.created().into()
    }

    /// When it expires; none for never.
    #[must_use]
    pub fn expires(&self) -> Option<Timestamp> {
        self.0.expires(SystemTime::now()).map(Into::into)
    }

    /// Whether its holder has revoked it, as far as the signatures that we have say.
    #[must_use]
    pub fn is_revoked(&self) -> bool {
        self.0.is_revoked(SystemTime::now())
    }

    /// Why it can't be used for anything, in words; none where it can be used.
    #[must_use]
    pub fn unusable(&self) -> Option<String> {
        self.0.check(SystemTime::now()).err().map(|reason| reason.to_string())
    }

    /// The user IDs that are bound and not revoked, the primary one first.
    #[must_use]
    pub fn user_ids(&self) -> Vec<UserId> {
        self.0.user_ids(SystemTime::now()).iter().map(Into::into).collect()
    }

    /// Whether one of its user IDs has this address (the case of ASCII letters doesn't matter).
    ///
    /// # Errors
    ///
    /// `InvalidInput` where it is no address.
    pub fn speaks_for(&self, address: &str) -> Result<bool, PostsealError> {
        Ok(self.0.speaks_for(&Address::parse(address).about("address")?, SystemTime::now()))
    }

    /// The algorithms of its keys in words, as in `Ed25519, X25519`.
    #[must_use]
    pub fn algorithms(&self) -> String {
        self.0.algorithms()
    }

    /// Whether one can encrypt to it now.
    #[must_use]
    pub fn can_encrypt(&self) -> bool {
        self.0.can_encrypt(SystemTime::now())
    }

    /// Whether it has a key that can make signatures now. The secret part is another matter.
    #[must_use]
    pub fn can_sign(&self) -> bool {
        self.0.can_sign(SystemTime::now())
    }

    /// This certificate with everything that `other`, another version of it, knows.
    ///
    /// # Errors
    ///
    /// `Malformed` when `other` is another certificate.
    pub fn merge(&self, other: &Self) -> Result<Arc<Self>, PostsealError> {
        Ok(Arc::new(Self(self.0.clone().merge(other.0.clone())?)))
    }

    /// This certificate, revoked by `revocation`.
    ///
    /// # Errors
    ///
    /// `Malformed` when the revocation belongs to another certificate, or is not valid.
    pub fn revoke(&self, revocation: &RevocationCertificate) -> Result<Arc<Self>, PostsealError> {
        Ok(Arc::new(Self(self.0.clone().revoke(&revocation.0)?)))
    }
}

impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

/// Reads all certificates in `data`, armored (one block or several) or binary.
///
/// # Errors
///
/// `Malformed` when not one could be read; `LimitExceeded` past 16 MiB.
#[uniffi::export]
pub fn import_certificates(data: &[u8]) -> Result<Vec<Arc<Certificate>>, PostsealError> {
    let all = core::Certificate::import_all(data)?;
    Ok(all.into_iter().map(|certificate| Arc::new(Certificate(certificate))).collect())
}

/// Who a certificate says it belongs to. It is a claim by the holder of the key, no more.
#[derive(Debug, Clone, PartialEq, Eq, Hash, uniffi::Record)]
pub struct UserId {
    /// The whole text.
    pub text: String,
    /// The name in it, where there is one.
    pub name: Option<String>,
    /// The address in it, where there is exactly one.
    pub address: Option<String>,
}

impl From<&core::UserId> for UserId {
    fn from(id: &core::UserId) -> Self {
        let address = id.address().map(|address| address.to_string());
        Self { text: id.as_str().to_owned(), name: id.name(), address }
    }
}

/// A signature that, once published, says that a certificate must not be used any more. To be kept apart from the key.
#[derive(Debug, uniffi::Object)]
pub struct RevocationCertificate(pub(super) core::RevocationCertificate);

#[uniffi::export]
impl RevocationCertificate {
    /// Reads a revocation certificate, armored or binary.
    ///
    /// # Errors
    ///
    /// `Malformed` for anything else.
    #[uniffi::constructor]
    pub fn import(data: &[u8]) -> Result<Arc<Self>, PostsealError> {
        Ok(Arc::new(Self(core::RevocationCertificate::import(data)?)))
    }

    /// The revocation certificate in binary form.
    #[must_use]
    pub fn export(&self) -> Bytes {
        self.0.export().into()
    }

    /// The revocation certificate with ASCII armor, as other programs take it.
    #[must_use]
    pub fn export_armored(&self) -> String {
        self.0.export_armored()
    }

    /// The key that it revokes, as far as the signature names it.
    #[must_use]
    pub fn revokes(&self) -> Option<String> {
        self.0.revokes().map(|key| key.to_string())
    }
}
