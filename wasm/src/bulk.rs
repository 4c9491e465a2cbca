//! Messages whose bulk is encrypted or decrypted by the platform around the module, which has AES of the processor's.

use std::time::SystemTime;

use js_sys::Uint8Array;
use postseal_message::openpgp::{self, BegunDecryption, BegunEncryption, BulkCipher, BulkCiphers, PgpError};
use tsify::Ts;
use wasm_bindgen::prelude::*;

use crate::data::written;
use crate::time::time;
use crate::value::given;
use crate::{Decrypted, Failure, Keyring, ReadOptions, Recipients};

/// From how many bytes on it takes less time to decrypt many blocks at once than it takes to copy them.
const MANY: usize = 256 * 1024;

/// A message that is decrypted already, or whose content the caller decrypts.
#[wasm_bindgen]
pub struct BulkDecryption {
    step: Option<BegunDecryption>,
    /// To know signers by.
    keyring: openpgp::Keyring,
    max_bytes: Option<usize>,
    now: SystemTime,
}

/// Decrypts data in memory, armored or binary, and checks the signatures inside; unless the caller decrypts its content, with a cipher that is
/// said to be there.
///
/// # Errors
///
/// `tampered`, `key-missing`, `wrong-passphrase`, `malformed` and `limit-exceeded`. A bad signature is no error: it is one of the
/// signatures.
#[wasm_bindgen(js_name = beginBulkDecryption)]
pub fn begin_bulk_decryption(
    data: &[u8],
    keyring: &Keyring,
    options: &ReadOptions,
    cfb: bool,
    gcm: bool,
    now: f64,
) -> Result<BulkDecryption, Failure> {
    let now = time(now)?;
    let mut ciphers = BulkCiphers::default();
    (ciphers.cfb, ciphers.gcm, ciphers.ocb) = (cfb, gcm, data.len() >= MANY);
    let step = openpgp::begin_decrypt(data, &keyring.0, &options.core(), ciphers, now)?;
    let mut public = openpgp::Keyring::new();
    if let BegunDecryption::Bulk(_) = step {
        keyring.0.certificates().for_each(|certificate| public.add_certificate(certificate.clone()));
    }
    Ok(BulkDecryption { step: Some(step), keyring: public, max_bytes: options.max_bytes, now })
}

#[wasm_bindgen]
impl BulkDecryption {
    /// Whether it is decrypted already.
    #[wasm_bindgen(js_name = isDone)]
    pub fn is_done(&self) -> bool {
        !matches!(self.step, Some(BegunDecryption::Bulk(_)))
    }

    /// Where the content is in GCM: the 5 bytes of the associated data of each chunk, the last of which is the binary logarithm of a chunk's
    /// length, less 6; and the 32 of the salt. Otherwise it is in CFB mode.
    pub fn gcm(&self) -> Option<Vec<u8>> {
        match &self.step {
            Some(BegunDecryption::Bulk(bulk)) => match bulk.cipher() {
                BulkCipher::Gcm { salt, header, .. } => Some([&header[..], salt].concat()),
                _ => None,
            },
            _ => None,
        }
    }

    /// The session key, which the caller wipes.
    #[wasm_bindgen(js_name = dangerousSessionKey)]
    pub fn dangerous_session_key(&self) -> Uint8Array {
        match &self.step {
            Some(BegunDecryption::Bulk(bulk)) => bulk.session_key().into(),
            _ => Uint8Array::default(),
        }
    }

    /// The content, as it is encrypted. It can be taken once.
    #[wasm_bindgen(js_name = takeCiphertext)]
    pub fn take_ciphertext(&mut self) -> Vec<u8> {
        match &mut self.step {
            Some(BegunDecryption::Bulk(bulk)) => bulk.take_ciphertext(),
            _ => Vec::new(),
        }
    }

    /// Goes on with a plaintext whose integrity is proven, or with none where it isn't. Of GCM there are 7 bytes of no meaning
    /// in front of it. Of CFB it is all that was decrypted, and `digest` the
    /// SHA-1 of it without the last 20 bytes.
    ///
    /// # Errors
    ///
    /// As for `beginBulkDecryption`.
    pub fn finish(
        &mut self,
        plaintext: Option<Vec<u8>>,
        digest: Option<Vec<u8>>,
    ) -> Result<Ts<Decrypted>, Failure> {
        let decrypted = match self.step.take() {
            Some(BegunDecryption::Done(done)) => done,
            Some(BegunDecryption::Bulk(bulk)) => {
                let plaintext = plaintext.ok_or(PgpError::Tampered)?;
                let mut options = openpgp::ReadOptions::default();
                options.limits.plaintext = self.max_bytes.unwrap_or(options.limits.plaintext);
                bulk.finish(plaintext, digest.as_deref(), &self.keyring, &options, self.now)?
            }
            None => return Err(ended()),
        };
        given(decrypted.into())
    }
}

/// A message that is encrypted already, or whose content the caller encrypts.
#[wasm_bindgen]
pub struct BulkEncryption {
    step: Option<BegunEncryption>,
    armored: bool,
}

/// Encrypts data in memory, into binary form or into text (`armored`); where it is worthwhile (`is_bulk`) the caller encrypts its content, if the
/// format is one for that.
///
/// # Errors
///
/// `key-missing` for a certificate that can't be used; `invalid-input` where there is nobody to encrypt to.
#[wasm_bindgen(js_name = beginBulkEncryption)]
pub fn begin_bulk_encryption(
    data: &[u8],
    recipients: &Recipients,
    armored: bool,
    is_bulk: bool,
    now: f64,
) -> Result<BulkEncryption, Failure> {
    let now = time(now)?;
    let step = recipients.with(|recipients| {
        if is_bulk {
            openpgp::begin_encrypt(data, recipients, now)
        } else {
            openpgp::encrypt(data, recipients, now).map(BegunEncryption::Done)
        }
    })?;
    Ok(BulkEncryption { step: Some(step), armored })
}

#[wasm_bindgen]
impl BulkEncryption {
    /// What the caller encrypts, and its SHA-1 behind it, by AES in CFB mode, the IV all zeros; nothing where all is done. It can be taken once.
    #[wasm_bindgen(js_name = takePlaintext)]
    pub fn take_plaintext(&mut self) -> Option<Vec<u8>> {
        match &mut self.step {
            Some(BegunEncryption::Bulk(bulk)) => Some(bulk.take_plaintext()),
            _ => None,
        }
    }

    /// The session key, which the caller wipes.
    #[wasm_bindgen(js_name = dangerousSessionKey)]
    pub fn dangerous_session_key(&self) -> Uint8Array {
        match &self.step {
            Some(BegunEncryption::Bulk(bulk)) => bulk.session_key().into(),
            _ => Uint8Array::default(),
        }
    }

    /// Goes on with what was encrypted.
    ///
    /// # Errors
    ///
    /// `internal` where it has another length.
    pub fn finish(&mut self, ciphertext: Option<Vec<u8>>) -> Result<Vec<u8>, Failure> {
        let made = match self.step.take() {
            Some(BegunEncryption::Done(done)) => done,
            Some(BegunEncryption::Bulk(bulk)) => bulk.finish(&ciphertext.unwrap_or_default())?,
            None => return Err(ended()),
        };
        Ok(written(made, self.armored))
    }
}

fn ended() -> Failure {
    Failure::new(postseal_types::ErrorCode::Closed, "the message has ended")
}
