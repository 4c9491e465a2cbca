//! Data that is signed or encrypted, and how it is read.

use std::time::SystemTime;

use js_sys::Uint8Array;
use postseal_message::openpgp;
use postseal_types::Secret;
use serde::Serialize;
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;

use crate::data::written;
use crate::time::{as_optional_date, time};
use crate::value::given;
use crate::verdict::Encryption;
use crate::{Failure, Keyring, UnlockedKey};

/// How to read what is encrypted or signed: passphrases to try, and limits.
#[derive(Default)]
#[wasm_bindgen]
pub struct ReadOptions {
    pub(crate) passphrases: Vec<Secret>,
    pub(crate) max_bytes: Option<usize>,
}

#[wasm_bindgen]
impl ReadOptions {
    /// No passphrases, and the usual limits.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// And this passphrase (UTF-8).
    #[wasm_bindgen(js_name = addPassphrase)]
    pub fn add_passphrase(&mut self, passphrase: Vec<u8>) {
        self.passphrases.push(Secret::new(passphrase));
    }

    /// The most bytes of a message, and of what is inside each layer of it.
    #[wasm_bindgen(js_name = limitBytes)]
    pub fn limit_bytes(&mut self, most: f64) {
        // What is past the largest number is the largest number.
        self.max_bytes = Some(most as usize);
    }
}

impl ReadOptions {
    /// What the core takes, which borrows the passphrases.
    pub(crate) fn core(&self) -> openpgp::ReadOptions<'_> {
        let mut options = openpgp::ReadOptions::default();
        options.passphrases = self.passphrases.iter().collect();
        options.limits.plaintext = self.max_bytes.unwrap_or(options.limits.plaintext);
        options
    }
}

/// What was decrypted, and whose integrity is proven.
#[derive(Debug, Clone, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct Decrypted {
    /// The plaintext.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    #[tsify(type = "Uint8Array")]
    pub data: Uint8Array,
    /// To whom it was encrypted, and how.
    pub encryption: Encryption,
    /// The signatures inside the encryption; empty where it is not signed.
    pub signatures: Vec<SignatureResult>,
}

impl From<openpgp::Decrypted> for Decrypted {
    fn from(decrypted: openpgp::Decrypted) -> Self {
        Self {
            data: Uint8Array::from(decrypted.data.as_slice()),
            encryption: (&decrypted.encryption).into(),
            signatures: decrypted.signatures.iter().map(Into::into).collect(),
        }
    }
}

/// Makes a detached signature, in binary form or as text (`armored`).
///
/// # Errors
///
/// `key-missing` where the key can't sign.
#[wasm_bindgen(js_name = signDetached)]
pub fn sign_detached(data: &[u8], key: &UnlockedKey, armored: bool, now: f64) -> Result<Vec<u8>, Failure> {
    Ok(written(openpgp::sign_detached(data, &key.0, time(now)?)?, armored))
}

/// Signs data into a message that holds it, in binary form or as text (`armored`).
///
/// # Errors
///
/// As for [`sign_detached`].
#[wasm_bindgen(js_name = signInline)]
pub fn sign_inline(data: &[u8], key: &UnlockedKey, armored: bool, now: f64) -> Result<Vec<u8>, Failure> {
    Ok(written(openpgp::sign_inline(data, &key.0, time(now)?)?, armored))
}

/// Signs a text so that it stays readable (cleartext signature).
///
/// # Errors
///
/// As for [`sign_detached`].
#[wasm_bindgen(js_name = signCleartext)]
pub fn sign_cleartext(text: &str, key: &UnlockedKey, now: f64) -> Result<String, Failure> {
    Ok(openpgp::sign_cleartext(text, &key.0, time(now)?)?)
}

/// The data of a signed message, and its signatures. Whether to believe the data is up to these.
#[derive(Debug, Clone, Serialize, Tsify)]
pub struct Verified {
    /// What was signed.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    #[tsify(type = "Uint8Array")]
    pub data: Uint8Array,
    /// Each signature with what became of it; at least one.
    pub signatures: Vec<SignatureResult>,
}

/// Reads a signed message, inline or cleartext-signed, armored or binary, and checks its signatures.
///
/// # Errors
///
/// `malformed` where it is something else; `limit-exceeded`.
#[wasm_bindgen(js_name = verifyInline)]
pub fn verify_inline(message: &[u8], keyring: &Keyring, now: f64) -> Result<Ts<Verified>, Failure> {
    let verified = openpgp::verify_inline(message, &keyring.0, &openpgp::ReadOptions::default(), time(now)?)?;
    given(Verified {
        data: Uint8Array::from(verified.data.as_slice()),
        signatures: verified.signatures.iter().map(Into::into).collect(),
    })
}

/// Each detached signature with what became of it; at least one.
#[derive(Debug, Clone, Serialize, Tsify)]
pub struct Signatures(Vec<SignatureResult>);

/// Checks detached signatures, armored or binary.
///
/// # Errors
///
/// `malformed` where `signature` is something else; `limit-exceeded`.
#[wasm_bindgen(js_name = verifyDetached)]
pub fn verify_detached(
    data: &[u8],
    signature: &[u8],
    keyring: &Keyring,
    now: f64,
) -> Result<Ts<Signatures>, Failure> {
    let options = openpgp::ReadOptions::default();
    let results = openpgp::verify_detached(data, signature, &keyring.0, &options, time(now)?)?;
    given(Signatures(results.iter().map(Into::into).collect()))
}

/// One signature, and what became of it.
#[derive(Debug, Clone, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct SignatureResult {
    /// Whether it is good, bad, or can't be checked.
    pub status: SignatureStatus,
    /// The key that it names as its maker: a claim, unless it is good.
    #[tsify(optional)]
    pub issuer: Option<String>,
    /// When it was made, as its maker says.
    #[serde(serialize_with = "as_optional_date")]
    #[tsify(optional, type = "Date")]
    pub made: Option<SystemTime>,
    /// The hash algorithm, such as `SHA512`; undefined for a signature that could not be read.
    #[tsify(optional)]
    pub hash: Option<String>,
}

/// What became of one signature.
#[derive(Debug, Clone, Serialize, Tsify)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum SignatureStatus {
    /// The data is what was signed, by a key of a certificate that is at hand and can be used now.
    Good {
        /// The fingerprint of the certificate.
        certificate: String,
        /// The fingerprint of its key that made the signature.
        key: String,
    },
    /// The certificate of the signer is not at hand, so nothing can be said.
    UnknownSigner,
    /// The signature is not good.
    Bad {
        /// Names why not, such as `mismatch`: stable, and the same in every language.
        reason: String,
    },
}

impl From<&openpgp::SignatureResult> for SignatureResult {
    fn from(result: &openpgp::SignatureResult) -> Self {
        Self {
            status: (&result.status).into(),
            issuer: result.issuer.as_ref().map(ToString::to_string),
            made: result.made,
            hash: result.hash.clone(),
        }
    }
}

impl From<&openpgp::SignatureStatus> for SignatureStatus {
    fn from(status: &openpgp::SignatureStatus) -> Self {
        match status {
            openpgp::SignatureStatus::Good { certificate, key } => {
                Self::Good { certificate: certificate.to_string(), key: key.to_string() }
            }
            openpgp::SignatureStatus::Bad(fault) => Self::Bad { reason: fault.id().to_owned() },
            _ => Self::UnknownSigner,
        }
    }
}
