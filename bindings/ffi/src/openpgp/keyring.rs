use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use postseal as core;
use postseal::message::openpgp::KeyHandle;
use postseal::{Address, PgpError};

use super::certificate::Certificate;
use super::secret_key::{SecretKey, UnlockedKey};
use crate::cancel::cancellable;
use crate::error::About as _;
use crate::{CancelToken, PostsealError, runtime};

/// The certificates and secret keys at hand. What stands in it is believed: a certificate that is added speaks for the addresses in
/// its user IDs, so whether to add one is the app's decision.
///
/// It may be changed at any time and from any thread; a call that is under way goes on with what was there when it began.
#[derive(Debug, uniffi::Object)]
pub struct Keyring(RwLock<Arc<core::Keyring>>);

#[uniffi::export]
impl Keyring {
    /// An empty keyring.
    #[uniffi::constructor]
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self(RwLock::default()))
    }

    /// Adds a certificate, or merges it with the version that is there.
    pub fn add_certificate(&self, certificate: &Certificate) {
        self.change(|keyring| keyring.add_certificate(certificate.0.clone()));
    }

    /// Adds a secret key and its certificate. A key without a passphrase is ready for use; another one is once it is
    /// [unlocked](Keyring::unlock).
    pub fn add_secret_key(&self, key: &SecretKey) {
        self.change(|keyring| keyring.add_secret_key(key.0.clone()));
    }

    /// Adds a secret key that is ready for use, and its certificate.
    pub fn add_unlocked_key(&self, key: &UnlockedKey) {
        self.change(|keyring| keyring.add_unlocked_key(key.0.clone()));
    }

    /// Unlocks the secret key with this fingerprint; one that is ready for use stays so.
    ///
    /// # Errors
    ///
    /// `WrongPassphrase`; `KeyMissing` when there is no such key.
    #[uniffi::method(default(cancel = None))]
    pub async fn unlock(
        self: Arc<Self>,
        fingerprint: String,
        passphrase: String,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<(), PostsealError> {
        let (fingerprint, secret) = (super::fingerprint(&fingerprint)?, super::passphrase(passphrase));
        let keyring = self.snapshot();
        if keyring.unlocked_keys().any(|key| *key.fingerprint() == fingerprint) {
            return Ok(());
        }
        let unlock = move || {
            let locked = keyring.locked_keys().find(|key| *key.fingerprint() == fingerprint);
            locked.ok_or(PgpError::NoSecretKey)?.unlock(&secret)
        };
        let key = cancellable(cancel, runtime::compute(unlock)).await?;
        self.change(|keyring| {
            // It may have been removed meanwhile.
            if keyring.locked_keys().any(|locked| locked.fingerprint() == key.fingerprint()) {
                keyring.add_unlocked_key(key);
            }
        });
        Ok(())
    }

    /// Removes a certificate, with its secret key where there is one. Returns whether it was there.
    ///
    /// # Errors
    ///
    /// `InvalidInput` where it is no fingerprint.
    pub fn remove(&self, fingerprint: &str) -> Result<bool, PostsealError> {
        let fingerprint = super::fingerprint(fingerprint)?;
        Ok(self.change(|keyring| keyring.remove(&fingerprint)))
    }

    /// All certificates, in the order of their fingerprints.
    #[must_use]
    pub fn certificates(&self) -> Vec<Arc<Certificate>> {
        shared(self.snapshot().certificates())
    }

    /// The certificate with this fingerprint (of its primary key).
    ///
    /// # Errors
    ///
    /// `InvalidInput` where it is no fingerprint.
    pub fn certificate(&self, fingerprint: &str) -> Result<Option<Arc<Certificate>>, PostsealError> {
        let fingerprint = super::fingerprint(fingerprint)?;
        Ok(shared(self.snapshot().certificate(&fingerprint)).pop())
    }

    /// The certificates that have a key, primary or subkey, of this fingerprint or key ID. By key ID there may be several.
    ///
    /// # Errors
    ///
    /// `InvalidInput` where it is neither.
    pub fn by_handle(&self, handle: &str) -> Result<Vec<Arc<Certificate>>, PostsealError> {
        let handle: KeyHandle = handle.parse().about("handle")?;
        Ok(shared(self.snapshot().by_handle(&handle)))
    }

    /// The certificates that speak for an address, the best first.
    ///
    /// # Errors
    ///
    /// `InvalidInput` where it is no address.
    pub fn by_address(&self, address: &str) -> Result<Vec<Arc<Certificate>>, PostsealError> {
        let address = Address::parse(address).about("address")?;
        Ok(shared(self.snapshot().by_address(&address, SystemTime::now())))
    }

    /// The certificate to encrypt to for an address; none where there is none that can be used.
    ///
    /// # Errors
    ///
    /// `InvalidInput` where it is no address.
    pub fn encryption_certificate(&self, address: &str) -> Result<Option<Arc<Certificate>>, PostsealError> {
        let address = Address::parse(address).about("address")?;
        Ok(shared(self.snapshot().encryption_certificate(&address, SystemTime::now()).ok()).pop())
    }

    /// The secret key to sign with as an address.
    ///
    /// # Errors
    ///
    /// `KeyMissing` where there is none, or it is locked or unusable; `InvalidInput` where it is no address.
    pub fn signing_key(&self, address: &str) -> Result<Arc<UnlockedKey>, PostsealError> {
        let address = Address::parse(address).about("address")?;
        let keyring = self.snapshot();
        Ok(Arc::new(UnlockedKey(keyring.signing_key(&address, SystemTime::now())?.clone())))
    }

    /// The secret keys that are ready for use, in the order of their fingerprints.
    #[must_use]
    pub fn unlocked_keys(&self) -> Vec<Arc<UnlockedKey>> {
        self.snapshot().unlocked_keys().map(|key| Arc::new(UnlockedKey(key.clone()))).collect()
    }

    /// The secret keys that have to be unlocked before use, in the order of their fingerprints.
    #[must_use]
    pub fn locked_keys(&self) -> Vec<Arc<SecretKey>> {
        self.snapshot().locked_keys().map(|key| Arc::new(SecretKey(key.clone()))).collect()
    }
}

impl Keyring {
    /// What is in it now.
    pub(crate) fn snapshot(&self) -> Arc<core::Keyring> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change<T>(&self, change: impl FnOnce(&mut core::Keyring) -> T) -> T {
        change(Arc::make_mut(&mut self.0.write().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn shared<'a>(certificates: impl IntoIterator<Item = &'a core::Certificate>) -> Vec<Arc<Certificate>> {
    certificates.into_iter().map(|certificate| Arc::new(Certificate(certificate.clone()))).collect()
}
