use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use postseal as core;
use postseal::Secret;

use super::certificate::{Certificate, RevocationCertificate};
use super::passphrase;
use crate::bytes::Bytes;
use crate::cancel::cancellable;
use crate::numbers::checked;
use crate::values::Mailbox;
use crate::{CancelToken, PostsealError, runtime};

/// Which kind of key to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum KeyProfile {
    /// A v4 key that every OpenPGP program reads, GnuPG included.
    Compatible,
    /// A v6 key of RFC 9580, with authenticated encryption. Programs before 2024, and GnuPG, can't read it.
    Modern,
    /// A v6 key of RFC 9980, whose messages can't be read with a quantum computer of tomorrow either: ML-DSA-65 with Ed25519, ML-KEM-768 with X25519. Few
    /// programs read it yet.
    PostQuantum,
}

impl From<KeyProfile> for core::KeyProfile {
    fn from(profile: KeyProfile) -> Self {
        match profile {
            KeyProfile::Compatible => Self::Compatible,
            KeyProfile::Modern => Self::Modern,
            KeyProfile::PostQuantum => Self::PostQuantum,
        }
    }
}

/// A new key, and what revokes it.
#[derive(Debug, uniffi::Object)]
pub struct GeneratedKey {
    key: Arc<SecretKey>,
    revocation: Arc<RevocationCertificate>,
}

#[uniffi::export]
impl GeneratedKey {
    /// The key.
    #[must_use]
    pub fn key(&self) -> Arc<SecretKey> {
        self.key.clone()
    }

    /// To be kept apart from the key: it is the way to say that the key is lost.
    #[must_use]
    pub fn revocation(&self) -> Arc<RevocationCertificate> {
        self.revocation.clone()
    }
}

/// Makes a key: a primary key that certifies, a subkey that signs, a subkey that encrypts. It doesn't expire.
///
/// Without a passphrase the secret parts are stored in the clear.
///
/// # Errors
///
/// `InvalidInput` where the mailbox is none, or the passphrase is empty.
#[uniffi::export(default(passphrase = None, cancel = None))]
pub async fn generate_key(
    profile: KeyProfile,
    owner: Mailbox,
    passphrase: Option<String>,
    cancel: Option<Arc<CancelToken>>,
) -> Result<Arc<GeneratedKey>, PostsealError> {
    let user_id = core::UserId::from(&owner.core("owner")?);
    let secret = passphrase.map(Secret::from);
    let make =
        move || core::SecretKey::generate(profile.into(), &user_id, secret.as_ref(), SystemTime::now());
    let (key, revocation) = cancellable(cancel, runtime::compute(make)).await?;
    Ok(Arc::new(GeneratedKey {
        key: Arc::new(SecretKey(key)),
        revocation: Arc::new(RevocationCertificate(revocation)),
    }))
}

/// A secret key as it is stored: with its certificate, and as a rule locked with a passphrase. It never shows a secret.
#[derive(Debug, uniffi::Object)]
#[uniffi::export(Display)]
pub struct SecretKey(pub(crate) core::SecretKey);

#[uniffi::export]
impl SecretKey {
    /// Reads one secret key, armored or binary, locked or not.
    ///
    /// # Errors
    ///
    /// `Malformed` when there is no key or more than one, `KeyMissing` for a certificate only.
    #[uniffi::constructor]
    pub fn import(data: &[u8]) -> Result<Arc<Self>, PostsealError> {
        Ok(Arc::new(Self(core::SecretKey::import(data)?)))
    }

    /// The key in binary form, locked with its passphrase.
    ///
    /// # Errors
    ///
    /// `InvalidInput` when a part of it has no passphrase: [`SecretKey::dangerous_export_unprotected`] exports such a key.
    pub fn export(&self) -> Result<Bytes, PostsealError> {
        Ok(self.0.export()?.expose().into())
    }

    /// The key with ASCII armor, locked with its passphrase.
    ///
    /// # Errors
    ///
    /// As for [`SecretKey::export`].
    pub fn export_armored(&self) -> Result<String, PostsealError> {
        Ok(self.0.export_armored()?.expose_str().unwrap_or_default().to_owned())
    }

    /// The key in binary form, whether or not it has a passphrase. Whoever reads an unprotected one can read and sign everything.
    #[must_use]
    pub fn dangerous_export_unprotected(&self) -> Bytes {
        self.0.dangerous_export_unprotected().expose().to_vec().into()
    }

    /// Whether all secret parts are locked with a passphrase.
    #[must_use]
    pub fn is_protected(&self) -> bool {
        self.0.is_protected()
    }

    /// The key, ready for use.
    ///
    /// # Errors
    ///
    /// `WrongPassphrase`; `KeyMissing` where the secret parts are not there.
    #[uniffi::method(default(cancel = None))]
    pub async fn unlock(
        self: Arc<Self>,
        passphrase: String,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Arc<UnlockedKey>, PostsealError> {
        let secret = super::passphrase(passphrase);
        let unlocked = cancellable(cancel, runtime::compute(move || self.0.unlock(&secret))).await?;
        Ok(Arc::new(UnlockedKey(unlocked)))
    }

    /// The key, ready for use, where deriving its key from the passphrase takes more memory than the usual 64 MiB: up to so many bytes.
    ///
    /// # Errors
    ///
    /// As for [`SecretKey::unlock`]; `LimitExceeded` where it takes more still.
    #[uniffi::method(default(cancel = None))]
    pub async fn unlock_within(
        self: Arc<Self>,
        passphrase: String,
        max_memory: i64,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Arc<UnlockedKey>, PostsealError> {
        let secret = super::passphrase(passphrase);
        let mut limits = core::PgpLimits::default();
        limits.passphrase_memory = checked(max_memory, "max_memory")?;
        let unlock = move || self.0.unlock_within(&secret, &limits);
        Ok(Arc::new(UnlockedKey(cancellable(cancel, runtime::compute(unlock)).await?)))
    }

    /// The key, ready for use, where it has no passphrase.
    ///
    /// # Errors
    ///
    /// `KeyMissing` when a part of it is locked.
    pub fn unlock_unprotected(&self) -> Result<Arc<UnlockedKey>, PostsealError> {
        Ok(Arc::new(UnlockedKey(self.0.unlock_unprotected()?)))
    }

    /// The same key, locked with another passphrase.
    ///
    /// # Errors
    ///
    /// `WrongPassphrase` when `old` is not its passphrase; `InvalidInput` when `new` is empty.
    #[uniffi::method(default(cancel = None))]
    pub async fn change_passphrase(
        self: Arc<Self>,
        old: String,
        new: String,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Arc<Self>, PostsealError> {
        let (old, new) = (passphrase(old), passphrase(new));
        let change = move || self.0.change_passphrase(&old, &new);
        Ok(Arc::new(Self(cancellable(cancel, runtime::compute(change)).await?)))
    }

    /// The public part.
    #[must_use]
    pub fn certificate(&self) -> Arc<Certificate> {
        Arc::new(Certificate(self.0.certificate().clone()))
    }

    /// The fingerprint of the primary key.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.0.fingerprint().to_string()
    }
}

impl fmt::Display for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

/// Reads all secret keys in `data`, armored (one block or several) or binary; certificates without secret parts are left out.
///
/// # Errors
///
/// `Malformed`; `KeyMissing` where there are certificates only.
#[uniffi::export]
pub fn import_secret_keys(data: &[u8]) -> Result<Vec<Arc<SecretKey>>, PostsealError> {
    let all = core::SecretKey::import_all(data)?;
    Ok(all.into_iter().map(|key| Arc::new(SecretKey(key))).collect())
}

/// A secret key ready for use. Its secret parts are kept encrypted in memory while they rest, and are wiped when it is let go of.
#[derive(Debug, uniffi::Object)]
#[uniffi::export(Display)]
pub struct UnlockedKey(pub(crate) core::UnlockedKey);

#[uniffi::export]
impl UnlockedKey {
    /// The same key, locked with a passphrase, to be stored.
    ///
    /// # Errors
    ///
    /// `KeyMissing` when there is nothing to lock; `InvalidInput` when the passphrase is empty.
    #[uniffi::method(default(cancel = None))]
    pub async fn lock(
        self: Arc<Self>,
        passphrase: String,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Arc<SecretKey>, PostsealError> {
        let secret = super::passphrase(passphrase);
        let locked = cancellable(cancel, runtime::compute(move || self.0.lock(&secret))).await?;
        Ok(Arc::new(SecretKey(locked)))
    }

    /// The same key to be stored without a passphrase. Whoever reads it can read and sign everything.
    ///
    /// # Errors
    ///
    /// `Unsupported` for a key of a version that can't be here.
    pub fn dangerous_unprotected(&self) -> Result<Arc<SecretKey>, PostsealError> {
        Ok(Arc::new(SecretKey(self.0.dangerous_unprotected()?)))
    }

    /// Makes a new revocation certificate, for a key that came without one.
    ///
    /// # Errors
    ///
    /// `KeyMissing` when the secret part of the primary key is not there.
    pub fn revocation(&self) -> Result<Arc<RevocationCertificate>, PostsealError> {
        Ok(Arc::new(RevocationCertificate(self.0.revocation(SystemTime::now())?)))
    }

    /// The public part.
    #[must_use]
    pub fn certificate(&self) -> Arc<Certificate> {
        Arc::new(Certificate(self.0.certificate().clone()))
    }

    /// The fingerprint of the primary key.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.0.fingerprint().to_string()
    }
}

impl fmt::Display for UnlockedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}
