use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use openpgp::cert::CertRevocationBuilder;
use openpgp::cert::amalgamation::key::PrimaryKey;
use openpgp::cert::amalgamation::{ValidAmalgamation, ValidateAmalgamation};
use openpgp::crypto::{Password, S2K};
use openpgp::packet::key::{SecretKeyMaterial, SecretParts, UnspecifiedRole};
use openpgp::packet::{Key, Packet};
use openpgp::types::{ReasonForRevocation, RevocationStatus};
use openpgp::{Cert, KeyHandle as SequoiaHandle};
use postseal_types::Secret;
use sequoia_openpgp as openpgp;

use super::policy::{checked, has_its_curve, policy, usable};
use super::{
    Certificate, Fingerprint, KeyHandle, PgpError, PgpLimits, RevocationCertificate, SecretKey, Signatory,
    Unusable,
};

/// A secret key ready for use. Its secret parts are kept encrypted in memory while they rest, and are wiped when it is dropped.
#[derive(Clone)]
pub struct UnlockedKey {
    cert: Arc<Cert>,
    certificate: Certificate,
}

impl UnlockedKey {
    /// The same key, locked with a passphrase, to be stored.
    ///
    /// # Errors
    ///
    /// [`PgpError::NoSecretKey`] when there is nothing to lock; [`PgpError::EmptyPassphrase`].
    pub fn lock(&self, passphrase: &Secret) -> Result<SecretKey, PgpError> {
        const STEP: PgpError = PgpError::Internal { what: "locking a key" };
        if passphrase.is_empty() {
            return Err(PgpError::EmptyPassphrase);
        }
        let password = Password::from(passphrase.expose());
        let locked = self
            .cert
            .keys()
            .unencrypted_secret()
            .map(|part| {
                let locked = part.key().clone().encrypt_secret(&password).map_err(|_| STEP)?;
                Ok(secret_packet(locked, part.primary()))
            })
            .collect::<Result<Vec<_>, PgpError>>()?;
        if locked.is_empty() {
            return Err(PgpError::NoSecretKey);
        }
        SecretKey::from_cert(Cert::clone(&self.cert).insert_packets(locked).map_err(|_| STEP)?.0)
    }

    /// The same key to be stored without a passphrase. Whoever reads it can read and sign everything.
    ///
    /// # Errors
    ///
    /// Only if the key is of a version that can't be here: [`PgpError::Unsupported`].
    pub fn dangerous_unprotected(&self) -> Result<SecretKey, PgpError> {
        SecretKey::from_cert(Cert::clone(&self.cert))
    }

    /// Makes a new revocation certificate, for a key that came without one.
    ///
    /// # Errors
    ///
    /// [`PgpError::NoSecretKey`] when the secret part of the primary key is not there.
    pub fn revocation(&self, now: SystemTime) -> Result<RevocationCertificate, PgpError> {
        const STEP: PgpError = PgpError::Internal { what: "making a revocation certificate" };
        let mut signer = self
            .cert
            .primary_key()
            .key()
            .clone()
            .parts_into_secret()
            .and_then(Key::into_keypair)
            .map_err(|_| PgpError::NoSecretKey)?;
        CertRevocationBuilder::new()
            .set_signature_creation_time(checked(now)?)
            .and_then(|builder| builder.set_reason_for_revocation(ReasonForRevocation::Unspecified, b""))
            .and_then(|builder| builder.build(&mut signer, &self.cert, None))
            .map(RevocationCertificate::new)
            .map_err(|_| STEP)
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

    pub(super) fn new(cert: Arc<Cert>, certificate: Certificate) -> Self {
        Self { cert, certificate }
    }

    /// A part of it that signs, usable at `now`.
    pub(super) fn signer(&self, now: SystemTime) -> Result<Signatory, PgpError> {
        if !cfg!(feature = "signing") {
            return Err(PgpError::NoSecretKey);
        }
        let policy = policy(now);
        let unusable = |reason| PgpError::KeyUnusable { key: self.fingerprint().clone().into(), reason };
        let valid = self.cert.with_policy(&policy, now).map_err(|_| {
            // The certificate knows why.
            unusable(self.certificate.check(now).err().unwrap_or(Unusable::Invalid))
        })?;
        usable(&valid).map_err(unusable)?;
        // Whether a key is bound takes longest to say, so those that can't sign go first.
        let key = self
            .cert
            .keys()
            .unencrypted_secret()
            .filter(|key| key.key().pk_algo().for_signing() && key.key().pk_algo().is_supported())
            .filter_map(|key| key.with_policy(&policy, now).ok())
            .filter(|key| key.for_signing() && key.alive().is_ok() && has_its_curve(key.key()))
            .find(|key| !matches!(key.revocation_status(), RevocationStatus::Revoked(_)))
            .ok_or_else(|| unusable(Unusable::NoSuitableKey))?;
        // Each signature names it: the key remembers it from here on, and so do its copies.
        _ = key.key().fingerprint();
        Signatory::new(key.key().clone())
    }

    /// The secret parts that `recipient` names; all of them when it names none (a hidden recipient).
    ///
    /// What has expired or was revoked still has to open the mail of its time.
    pub(super) fn decryption_keys<'a>(
        &'a self,
        recipient: Option<&'a SequoiaHandle>,
    ) -> impl Iterator<Item = &'a Key<SecretParts, UnspecifiedRole>> {
        self.cert
            .keys()
            .unencrypted_secret()
            .filter(move |part| recipient.is_none_or(|handle| part.key().key_handle().aliases(handle)))
            .map(|part| part.key())
            .filter(|key| key.pk_algo().for_encryption())
    }

    pub(super) fn cert(&self) -> &Cert {
        &self.cert
    }
}

/// The fingerprint only: nothing of the secret parts.
impl fmt::Debug for UnlockedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnlockedKey({})", self.fingerprint())
    }
}

/// `cert` with every secret part unlocked that `passphrase` unlocks.
pub(super) fn unlock(cert: &Cert, passphrase: &Secret, limits: &PgpLimits) -> Result<Cert, PgpError> {
    let password = Password::from(passphrase.expose());
    let (mut unlocked, mut wrong, mut open) = (Vec::new(), false, false);
    for part in cert.keys().secret() {
        match part.key().secret() {
            SecretKeyMaterial::Unencrypted(_) => open = true,
            SecretKeyMaterial::Encrypted(secret) if is_stub(secret.s2k()) => {}
            SecretKeyMaterial::Encrypted(secret) => {
                check_cost(secret.s2k(), limits)?;
                match part.key().clone().decrypt_secret(&password) {
                    Ok(key) => unlocked.push(secret_packet(key, part.primary())),
                    Err(_) => wrong = true,
                }
            }
        }
    }
    match (unlocked.is_empty(), wrong, open) {
        (true, true, _) => Err(PgpError::WrongPassphrase),
        (true, false, false) => Err(PgpError::NoSecretKey),
        _ => cert
            .clone()
            .insert_packets(unlocked)
            .map(|(cert, _)| cert)
            .map_err(|_| PgpError::Internal { what: "unlocking a key" }),
    }
}

/// Whether a secret part is there and has a passphrase.
pub(super) fn is_locked(key: &Key<SecretParts, UnspecifiedRole>) -> bool {
    matches!(key.secret(), SecretKeyMaterial::Encrypted(secret) if !is_stub(secret.s2k()))
}

/// GnuPG's mark for a secret part that is somewhere else, and anything else that isn't known.
fn is_stub(s2k: &S2K) -> bool {
    matches!(s2k, S2K::Private { .. } | S2K::Unknown { .. })
}

/// Refuses parameters by which a stranger's key or message would take all memory or time.
pub(super) fn check_cost(s2k: &S2K, limits: &PgpLimits) -> Result<(), PgpError> {
    let (memory, passes) = (limits.passphrase_memory, limits.passphrase_passes);
    let S2K::Argon2 { m, t, .. } = s2k else { return Ok(()) };
    // `m` is an exponent, of KiB.
    let needed = 1024_usize.checked_shl((*m).into()).filter(|needed| needed >> m == 1024);
    if needed.is_none_or(|needed| needed > memory) {
        return Err(PgpError::LimitExceeded { what: "octets of memory for a passphrase", limit: memory });
    }
    if *t > passes {
        return Err(PgpError::LimitExceeded { what: "passes for a passphrase", limit: passes.into() });
    }
    Ok(())
}

fn secret_packet(key: Key<SecretParts, UnspecifiedRole>, primary: bool) -> Packet {
    if primary {
        Packet::SecretKey(key.role_into_primary())
    } else {
        Packet::SecretSubkey(key.role_into_subordinate())
    }
}

/// Every key of `cert` that `handle` names.
pub(super) fn names_key_of(handle: &KeyHandle, certificate: &Certificate) -> bool {
    certificate.key_fingerprints().any(|fingerprint| handle.names(&fingerprint))
}
