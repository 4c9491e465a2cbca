use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use openpgp::armor::Kind;
use openpgp::cert::{CertBuilder, CipherSuite};
use openpgp::serialize::Serialize;
use openpgp::types::Features;
use openpgp::{Cert, Profile};
use postseal_types::Secret;
use sequoia_openpgp as openpgp;

use super::armor::{self, read_certs};
use super::policy::checked;
use super::unlock;
use super::{Certificate, Fingerprint, PgpError, PgpLimits, RevocationCertificate, UnlockedKey, UserId};

/// Which kind of key to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum KeyProfile {
    /// A v4 key (EdDSA and ECDH over Curve25519) that every OpenPGP program reads, GnuPG 2.2 included; so are the messages that others
    /// send to it, since it asks for SEIPDv1 (RFC 9580, section 5.13.1) and nothing newer.
    #[default]
    Compatible,
    /// A v6 key (Ed25519 and X25519) of RFC 9580, with authenticated encryption (SEIPDv2). Programs before 2024, and GnuPG, can't read it.
    Modern,
    /// A v6 key that is of two kinds at once (RFC 9980): ML-DSA-65 with Ed25519 and, to encrypt, ML-KEM-768 with X25519. Each holds as long as one of its
    /// kinds does, so what is encrypted to it today can't be read with a quantum computer of tomorrow. Few programs read it yet, and it is
    /// large: a certificate with armor has 31 KB, a signature more than 3.
    PostQuantum,
}

/// A secret key as it is stored: with its certificate, and as a rule locked with a passphrase.
///
/// Nothing can be done with it but to store it, to show whose it is, and to [`unlock`](SecretKey::unlock) it.
#[derive(Clone)]
pub struct SecretKey {
    cert: Arc<Cert>,
    certificate: Certificate,
}

impl SecretKey {
    /// Makes a key: a primary key that certifies, a subkey that signs, a subkey that encrypts. It doesn't expire.
    ///
    /// Keep the [`RevocationCertificate`] apart from the key: it is the way to say that the key is lost. Without a passphrase the
    /// secret parts are stored in the clear.
    ///
    /// # Errors
    ///
    /// [`PgpError::TimeOutOfRange`] when `now` is before 1970 or after 2106; [`PgpError::EmptyPassphrase`].
    pub fn generate(
        profile: KeyProfile,
        user_id: &UserId,
        passphrase: Option<&Secret>,
        now: SystemTime,
    ) -> Result<(Self, RevocationCertificate), PgpError> {
        const STEP: PgpError = PgpError::Internal { what: "generating a key" };
        if passphrase.is_some_and(Secret::is_empty) {
            return Err(PgpError::EmptyPassphrase);
        }
        let builder = CertBuilder::new()
            .set_creation_time(checked(now)?)
            .set_cipher_suite(CipherSuite::Cv25519)
            .add_userid(user_id.packet())
            .add_signing_subkey()
            .add_subkey(
                openpgp::types::KeyFlags::empty().set_transport_encryption().set_storage_encryption(),
                None,
                None,
            )
            .set_password(passphrase.map(|secret| secret.expose().into()));
        let builder = match profile {
            KeyProfile::Compatible => builder
                .set_profile(Profile::RFC4880)
                // Sequoia's default also announces SEIPDv2, which GnuPG can't read.
                .and_then(|builder| builder.set_features(Features::empty().set_seipdv1())),
            KeyProfile::Modern => builder.set_profile(Profile::RFC9580),
            KeyProfile::PostQuantum => {
                builder.set_cipher_suite(CipherSuite::MLDSA65_Ed25519).set_profile(Profile::RFC9580)
            }
        };
        let (cert, revocation) = builder.and_then(CertBuilder::generate).map_err(|_| STEP)?;
        Ok((Self::from_cert(cert)?, RevocationCertificate::new(revocation)))
    }

    /// Reads one secret key, armored or binary, locked or not.
    ///
    /// # Errors
    ///
    /// [`PgpError::Malformed`] when there is no key or more than one, [`PgpError::NoSecretKey`] for a certificate only.
    pub fn import(data: &[u8]) -> Result<Self, PgpError> {
        let mut keys = Self::import_all(data)?;
        match (keys.pop(), keys.is_empty()) {
            (Some(key), true) => Ok(key),
            _ => Err(PgpError::Malformed { what: "expected exactly one secret key" }),
        }
    }

    /// Reads all secret keys in `data`, armored (one block or several) or binary; certificates without secret parts are left out.
    ///
    /// # Errors
    ///
    /// As for [`SecretKey::import`].
    pub fn import_all(data: &[u8]) -> Result<Vec<Self>, PgpError> {
        let keys: Vec<Self> = read_certs(data)?
            .into_iter()
            .filter(Cert::is_tsk)
            .map(Self::from_cert)
            .collect::<Result<_, _>>()?;
        if keys.is_empty() { Err(PgpError::NoSecretKey) } else { Ok(keys) }
    }

    /// The key in binary form, locked with its passphrase.
    ///
    /// # Errors
    ///
    /// [`PgpError::Unprotected`] when a part of it has no passphrase: [`SecretKey::dangerous_export_unprotected`] exports such a
    /// key.
    pub fn export(&self) -> Result<Secret, PgpError> {
        if self.is_protected() { Ok(self.dangerous_export_unprotected()) } else { Err(PgpError::Unprotected) }
    }

    /// The key with ASCII armor, locked with its passphrase.
    ///
    /// # Errors
    ///
    /// As for [`SecretKey::export`].
    pub fn export_armored(&self) -> Result<Secret, PgpError> {
        Ok(armor::enarmor(Kind::SecretKey, self.export()?.expose()).into())
    }

    /// The key in binary form, whether it is locked or not. Whoever reads an unlocked one can read and sign everything.
    #[must_use]
    pub fn dangerous_export_unprotected(&self) -> Secret {
        let mut bytes = Vec::new();
        // Writing to memory can't fail.
        _ = self.cert.as_tsk().serialize(&mut bytes);
        Secret::new(bytes)
    }

    /// Whether every secret part of it is locked with a passphrase.
    #[must_use]
    pub fn is_protected(&self) -> bool {
        self.cert.keys().secret().all(|key| key.key().secret().is_encrypted())
    }

    /// Unlocks the key. Parts that have no passphrase are taken as they are; parts that aren't there (on a smart card) are left out.
    ///
    /// This is slow by design: deriving the key from the passphrase takes up to a second.
    ///
    /// # Errors
    ///
    /// [`PgpError::WrongPassphrase`] when the passphrase unlocks none of the locked parts; [`PgpError::NoSecretKey`] when there is
    /// none; [`PgpError::LimitExceeded`] where that takes more memory or time than [`PgpLimits::default`] allows.
    pub fn unlock(&self, passphrase: &Secret) -> Result<UnlockedKey, PgpError> {
        self.unlock_within(passphrase, &PgpLimits::default())
    }

    /// The same within other limits on memory and time, for a key that was made for a larger machine.
    ///
    /// # Errors
    ///
    /// As for [`SecretKey::unlock`].
    pub fn unlock_within(&self, passphrase: &Secret, limits: &PgpLimits) -> Result<UnlockedKey, PgpError> {
        let cert = unlock::unlock(&self.cert, passphrase, limits)?;
        Ok(UnlockedKey::new(Arc::new(cert), self.certificate.clone()))
    }

    /// The key ready for use, if no part of it has a passphrase. Parts that aren't there (on a smart card) are left out.
    ///
    /// # Errors
    ///
    /// [`PgpError::KeyLocked`] when a part of it has.
    pub fn unlock_unprotected(&self) -> Result<UnlockedKey, PgpError> {
        if self.cert.keys().secret().any(|part| unlock::is_locked(part.key())) {
            return Err(PgpError::KeyLocked { keys: vec![self.fingerprint().clone().into()] });
        }
        self.unlock_partly()
    }

    /// The key ready for use, with those of its parts that have no passphrase: what an [`UnlockedKey`] that was exported could do.
    ///
    /// # Errors
    ///
    /// [`PgpError::NoSecretKey`] when there is no such part.
    pub fn unlock_partly(&self) -> Result<UnlockedKey, PgpError> {
        if self.cert.keys().unencrypted_secret().next().is_none() {
            return Err(PgpError::NoSecretKey);
        }
        Ok(UnlockedKey::new(self.cert.clone(), self.certificate.clone()))
    }

    /// The same key, locked with another passphrase.
    ///
    /// # Errors
    ///
    /// [`PgpError::WrongPassphrase`] when `old` is not its passphrase; [`PgpError::EmptyPassphrase`] for `new`.
    pub fn change_passphrase(&self, old: &Secret, new: &Secret) -> Result<Self, PgpError> {
        self.unlock(old)?.lock(new)
    }

    /// The public part.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The fingerprint of the primary key.
    #[must_use]
    pub fn fingerprint(&self) -> &Fingerprint {
        self.certificate.fingerprint()
    }

    pub(super) fn from_cert(cert: Cert) -> Result<Self, PgpError> {
        let certificate = Certificate::from_cert(cert.clone().strip_secret_key_material())?;
        Ok(Self { cert: Arc::new(cert), certificate })
    }
}

/// The fingerprint only.
impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({})", self.fingerprint())
    }
}
