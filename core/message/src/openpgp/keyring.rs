use std::collections::BTreeMap;
use std::time::SystemTime;

use postseal_types::{Address, Secret};

use super::seal::Holder;
use super::unlock::names_key_of;
use super::{Certificate, Fingerprint, KeyHandle, PgpError, SecretKey, Signatory, UnlockedKey, Unusable};

/// The certificates and secret keys at hand.
///
/// What stands in it is believed: a certificate that is added speaks for the addresses in its user IDs. Whether to add one is
/// the app's decision.
#[derive(Debug, Clone, Default)]
pub struct Keyring {
    certificates: BTreeMap<Fingerprint, Certificate>,
    secrets: BTreeMap<Fingerprint, Held>,
}

#[derive(Debug, Clone)]
enum Held {
    Locked(SecretKey),
    Unlocked(UnlockedKey),
}

impl Keyring {
    /// An empty keyring.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a certificate, or merges it with the version that is there.
    pub fn add_certificate(&mut self, certificate: Certificate) {
        let merged = match self.certificates.remove(certificate.fingerprint()) {
            // Where both together are too much, what is known stays.
            Some(known) => known.clone().merge(certificate).unwrap_or(known),
            None => certificate,
        };
        self.certificates.insert(merged.fingerprint().clone(), merged);
    }

    /// Adds a secret key and its certificate. A key without a passphrase is ready for use; another one is once it is
    /// [unlocked](Keyring::unlock).
    pub fn add_secret_key(&mut self, key: SecretKey) {
        match key.unlock_unprotected() {
            Ok(unlocked) => self.add_unlocked_key(unlocked),
            Err(_) => {
                self.add_certificate(key.certificate().clone());
                self.secrets.insert(key.fingerprint().clone(), Held::Locked(key));
            }
        }
    }

    /// Whose secret keys are here.
    pub(crate) fn holders(&self) -> Vec<Fingerprint> {
        self.secrets.keys().cloned().collect()
    }

    /// Adds a secret key that is ready for use, and its certificate.
    pub fn add_unlocked_key(&mut self, key: UnlockedKey) {
        self.add_certificate(key.certificate().clone());
        self.secrets.insert(key.fingerprint().clone(), Held::Unlocked(key));
    }

    /// Unlocks the secret key with this fingerprint; one that is ready for use stays so.
    ///
    /// # Errors
    ///
    /// As for [`SecretKey::unlock`], and [`PgpError::NoSecretKey`] when there is no such key.
    pub fn unlock(&mut self, fingerprint: &Fingerprint, passphrase: &Secret) -> Result<(), PgpError> {
        let held = self.secrets.get_mut(fingerprint).ok_or(PgpError::NoSecretKey)?;
        if let Held::Locked(key) = held {
            *held = Held::Unlocked(key.unlock(passphrase)?);
        }
        Ok(())
    }

    /// Removes a certificate, with its secret key where there is one. Returns whether it was there.
    pub fn remove(&mut self, fingerprint: &Fingerprint) -> bool {
        let secret = self.secrets.remove(fingerprint).is_some();
        self.certificates.remove(fingerprint).is_some() || secret
    }

    /// All certificates, in the order of their fingerprints.
    pub fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        self.certificates.values()
    }

    /// The certificate with this fingerprint (of its primary key).
    #[must_use]
    pub fn certificate(&self, fingerprint: &Fingerprint) -> Option<&Certificate> {
        self.certificates.get(fingerprint)
    }

    /// The certificates that have a key, primary or subkey, of this name. By key ID there may be several.
    pub fn by_handle<'a>(&'a self, handle: &'a KeyHandle) -> impl Iterator<Item = &'a Certificate> {
        self.certificates.values().filter(move |certificate| names_key_of(handle, certificate))
    }

    /// The certificates that speak for `address` at `now`, the best first.
    ///
    /// The order is the same on every machine: those that can be used for encryption first, then those whose secret key is here,
    /// then the newer ones, then by fingerprint.
    #[must_use]
    pub fn by_address(&self, address: &Address, now: SystemTime) -> Vec<&Certificate> {
        let mut found: Vec<_> = self.certificates().filter(|c| c.speaks_for(address, now)).collect();
        found.sort_by_cached_key(|certificate| {
            let fingerprint = certificate.fingerprint();
            let own = self.secrets.contains_key(fingerprint);
            (
                !certificate.can_encrypt(now),
                !own,
                std::cmp::Reverse(certificate.created()),
                fingerprint.clone(),
            )
        });
        found
    }

    /// The certificate to encrypt to for `address` at `now`: the first of [`Keyring::by_address`].
    ///
    /// # Errors
    ///
    /// `None` when there is no certificate for the address; the reason why the best one can't be used otherwise.
    pub fn encryption_certificate(
        &self,
        address: &Address,
        now: SystemTime,
    ) -> Result<&Certificate, Option<Unusable>> {
        self.holder(address, now).map(|holder| holder.certificate())
    }

    /// The same with the keys to encrypt to, which are found on the way.
    pub(crate) fn holder(&self, address: &Address, now: SystemTime) -> Result<Holder<'_>, Option<Unusable>> {
        let best = self.by_address(address, now).into_iter().next().ok_or(None)?;
        Holder::found(best, now).map_err(Some)
    }

    /// The secret key to sign with as `address` at `now`: the first of [`Keyring::by_address`] whose secret key is here and that can
    /// sign.
    ///
    /// # Errors
    ///
    /// [`PgpError::KeyLocked`] when it has to be unlocked first, [`PgpError::KeyUnusable`] when it has expired or the like,
    /// [`PgpError::NoSecretKey`] when there is none.
    pub fn signing_key(&self, address: &Address, now: SystemTime) -> Result<&UnlockedKey, PgpError> {
        self.signer(address, now).map(|(key, _)| key)
    }

    /// The same with the part of it that signs, which is found on the way.
    pub(crate) fn signer(
        &self,
        address: &Address,
        now: SystemTime,
    ) -> Result<(&UnlockedKey, Signatory), PgpError> {
        let mut error = PgpError::NoSecretKey;
        for certificate in self.by_address(address, now) {
            let key = certificate.fingerprint();
            let failure = match self.secrets.get(key) {
                None => continue,
                Some(Held::Unlocked(key)) => match key.signer(now) {
                    Ok(signatory) => return Ok((key, signatory)),
                    Err(failure) => failure,
                },
                Some(Held::Locked(_)) => match certificate.check(now) {
                    Ok(()) => PgpError::KeyLocked { keys: vec![key.clone().into()] },
                    Err(reason) => PgpError::KeyUnusable { key: key.clone().into(), reason },
                },
            };
            // A key that only has to be unlocked is what the user can do something about.
            let is_locked = |error: &PgpError| matches!(error, PgpError::KeyLocked { .. });
            if error == PgpError::NoSecretKey || (is_locked(&failure) && !is_locked(&error)) {
                error = failure;
            }
        }
        Err(error)
    }

    /// The secret keys that are ready for use, in the order of their fingerprints.
    pub fn unlocked_keys(&self) -> impl Iterator<Item = &UnlockedKey> {
        self.secrets.values().filter_map(|held| match held {
            Held::Unlocked(key) => Some(key),
            Held::Locked(_) => None,
        })
    }

    /// The secret keys that have to be unlocked before use, in the order of their fingerprints.
    pub fn locked_keys(&self) -> impl Iterator<Item = &SecretKey> {
        self.secrets.values().filter_map(|held| match held {
            Held::Locked(key) => Some(key),
            Held::Unlocked(_) => None,
        })
    }
}
