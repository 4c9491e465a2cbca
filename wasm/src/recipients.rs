//! Who shall be able to read what is encrypted, and who signs it.

use postseal_message::openpgp;
use postseal_types::Secret;
use wasm_bindgen::prelude::*;

use crate::{Certificate, Failure};

/// Who shall be able to read what is encrypted, and who signs it.
#[derive(Default)]
#[wasm_bindgen]
pub struct Recipients {
    certificates: Vec<openpgp::Certificate>,
    passphrases: Vec<Secret>,
    #[cfg(feature = "full")]
    signer: Option<openpgp::UnlockedKey>,
}

#[wasm_bindgen]
impl Recipients {
    /// Nobody yet.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// And the holder of this certificate.
    #[wasm_bindgen(js_name = addCertificate)]
    pub fn add_certificate(&mut self, certificate: &Certificate) {
        self.certificates.push(certificate.0.clone());
    }

    /// And whoever knows this passphrase (UTF-8).
    #[wasm_bindgen(js_name = addPassphrase)]
    pub fn add_passphrase(&mut self, passphrase: Vec<u8>) {
        self.passphrases.push(Secret::new(passphrase));
    }

    /// Signs it inside the encryption.
    #[cfg(feature = "full")]
    #[wasm_bindgen(js_name = signWith)]
    pub fn sign_with(&mut self, key: &crate::UnlockedKey) {
        self.signer = Some(key.0.clone());
    }
}

#[cfg(not(feature = "full"))]
impl Recipients {
    /// The certificates, to be found by address.
    pub(crate) fn keyring(&self) -> openpgp::Keyring {
        let mut keyring = openpgp::Keyring::new();
        self.certificates.iter().for_each(|certificate| keyring.add_certificate(certificate.clone()));
        keyring
    }
}

impl Recipients {
    /// Does something with what the core takes, which borrows all that it names.
    pub(crate) fn with<T>(
        &self,
        act: impl FnOnce(&openpgp::Recipients<'_>) -> Result<T, openpgp::PgpError>,
    ) -> Result<T, Failure> {
        let mut recipients = openpgp::Recipients::new(&self.certificates);
        for passphrase in &self.passphrases {
            recipients = recipients.with_passphrase(passphrase);
        }
        #[cfg(feature = "full")]
        if let Some(signer) = &self.signer {
            recipients = recipients.signed_by(signer);
        }
        Ok(act(&recipients)?)
    }
}
