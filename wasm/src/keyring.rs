//! The certificates and secret keys at hand.

use postseal_message::openpgp;
use postseal_message::openpgp::{Fingerprint, KeyHandle};
use postseal_types::Address;
use wasm_bindgen::prelude::*;

use crate::failure::About;
use crate::time::time;
use crate::{Certificate, Failure, SecretKey, UnlockedKey};

/// The certificates and secret keys at hand. What stands in it is believed: a certificate that is added speaks for the addresses in its
/// user IDs, so whether to add one is the app's decision.
#[derive(Default)]
#[wasm_bindgen]
pub struct Keyring(pub(crate) openpgp::Keyring);

#[wasm_bindgen]
impl Keyring {
    /// An empty keyring.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a certificate, or merges it with the version that is there.
    #[wasm_bindgen(js_name = addCertificate)]
    pub fn add_certificate(&mut self, certificate: &Certificate) {
        self.0.add_certificate(certificate.0.clone());
    }

    /// Adds a secret key and its certificate. A key without a passphrase is ready for use.
    #[wasm_bindgen(js_name = addSecretKey)]
    pub fn add_secret_key(&mut self, key: &SecretKey) {
        self.0.add_secret_key(key.0.clone());
    }

    /// Adds a secret key that is ready for use, and its certificate.
    #[wasm_bindgen(js_name = addUnlockedKey)]
    pub fn add_unlocked_key(&mut self, key: &UnlockedKey) {
        self.0.add_unlocked_key(key.0.clone());
    }

    /// Removes a certificate, with its secret key where there is one. Returns whether it was there.
    ///
    /// # Errors
    ///
    /// `invalid-input` where it is no fingerprint.
    pub fn remove(&mut self, fingerprint: &str) -> Result<bool, Failure> {
        Ok(self.0.remove(&fingerprint.parse::<Fingerprint>()?))
    }

    /// All certificates, in the order of their fingerprints.
    #[must_use]
    pub fn certificates(&self) -> Vec<Certificate> {
        shared(self.0.certificates())
    }

    /// The certificates that have a key, primary or subkey, of this fingerprint or key ID. By key ID there may be several.
    ///
    /// # Errors
    ///
    /// `invalid-input` where it is neither.
    #[wasm_bindgen(js_name = byHandle)]
    pub fn by_handle(&self, handle: &str) -> Result<Vec<Certificate>, Failure> {
        let handle: KeyHandle = handle.parse().about("handle")?;
        Ok(shared(self.0.by_handle(&handle)))
    }

    /// The certificates that speak for an address, the best first.
    ///
    /// # Errors
    ///
    /// `invalid-input` where it is no address.
    #[wasm_bindgen(js_name = byAddress)]
    pub fn by_address(&self, address: &str, now: f64) -> Result<Vec<Certificate>, Failure> {
        let address = Address::parse(address).about("address")?;
        Ok(shared(self.0.by_address(&address, time(now)?)))
    }

    /// The certificate to encrypt to for an address; undefined where there is none that can be used.
    ///
    /// # Errors
    ///
    /// `invalid-input` where it is no address.
    #[wasm_bindgen(js_name = encryptionCertificate)]
    pub fn encryption_certificate(&self, address: &str, now: f64) -> Result<Option<Certificate>, Failure> {
        let address = Address::parse(address).about("address")?;
        Ok(self.0.encryption_certificate(&address, time(now)?).ok().map(|found| Certificate(found.clone())))
    }

    /// The secret key to sign with as an address.
    ///
    /// # Errors
    ///
    /// `key-missing` where there is none, or it is locked or unusable; `invalid-input` where it is no address.
    #[wasm_bindgen(js_name = signingKey)]
    pub fn signing_key(&self, address: &str, now: f64) -> Result<UnlockedKey, Failure> {
        let address = Address::parse(address).about("address")?;
        Ok(UnlockedKey(self.0.signing_key(&address, time(now)?)?.clone()))
    }

    /// The fingerprints of the secret keys that are ready for use.
    #[wasm_bindgen(js_name = unlockedKeys)]
    #[must_use]
    pub fn unlocked_keys(&self) -> Vec<String> {
        self.0.unlocked_keys().map(|key| key.fingerprint().to_string()).collect()
    }

    /// The fingerprints of the secret keys that have to be unlocked before use.
    #[wasm_bindgen(js_name = lockedKeys)]
    #[must_use]
    pub fn locked_keys(&self) -> Vec<String> {
        self.0.locked_keys().map(|key| key.fingerprint().to_string()).collect()
    }
}

fn shared<'a>(certificates: impl IntoIterator<Item = &'a openpgp::Certificate>) -> Vec<Certificate> {
    certificates.into_iter().map(|certificate| Certificate(certificate.clone())).collect()
}
