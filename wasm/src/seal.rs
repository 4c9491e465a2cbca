//! Sealing a draft.

use js_sys::Uint8Array;
use postseal_message::openpgp::Keyring as CoreKeyring;
use postseal_message::pgpmime;
#[cfg(feature = "full")]
use serde::Deserialize;
use serde::Serialize;
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;

use crate::time::time;
use crate::value::{given, taken};
use crate::{Draft, Failure};

/// How a message is protected.
#[cfg(feature = "full")]
#[derive(Debug, Clone, Copy, Deserialize, Tsify)]
#[serde(rename_all = "kebab-case")]
pub enum Protection {
    /// Not at all: everyone on the way can read and change it.
    Unprotected,
    /// Signed: everyone can read it, nobody can change it unnoticed.
    Sign,
    /// Encrypted: only its recipients can read it; it does not prove who wrote it.
    Encrypt,
    /// Signed, and encrypted together with its signature: what mail should be.
    SignAndEncrypt,
}

/// Who a message comes from and whom it goes to, as the servers see it. A Bcc recipient stands here and in no header.
#[derive(Debug, Clone, Serialize, Tsify)]
pub struct Envelope {
    /// The address to which reports of non-delivery go.
    #[tsify(optional)]
    pub from: Option<String>,
    /// The recipients.
    pub to: Vec<String>,
}

/// One copy of a sealed message.
#[derive(Debug, Clone, Serialize, Tsify)]
pub struct SealedCopy {
    /// Whom the copy is for.
    pub envelope: Envelope,
    /// The message, ready to be submitted.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    #[tsify(type = "Uint8Array")]
    pub bytes: Uint8Array,
}

/// A sealed message.
#[derive(Debug, Clone, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct Sealed {
    /// What is to be submitted: the copy for the `To` and `Cc` recipients, if there are any, then one for each Bcc recipient.
    pub copies: Vec<SealedCopy>,
    /// The copy for the sender's own records; undefined where the sender asked not to be able to read it.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    #[tsify(optional, type = "Uint8Array")]
    pub own_copy: JsValue,
}

/// Seals with the keys of a keyring.
pub(crate) fn seal_with(
    draft: &Draft,
    protection: pgpmime::Protection,
    keyring: &CoreKeyring,
    encrypt_to_self: bool,
    now: f64,
) -> Result<Ts<Sealed>, Failure> {
    let draft = draft.core(now)?;
    let options = pgpmime::SealOptions { encrypt_to_self, ..pgpmime::SealOptions::default() };
    let sealed = pgpmime::seal(&draft, protection, keyring, &options, time(now)?)?;
    let copies: Vec<SealedCopy> = sealed.copies.iter().map(Into::into).collect();
    let own_copy = sealed.own_copy().map_or(JsValue::UNDEFINED, |own| match copies.first() {
        // The same bytes cross once.
        Some(first) if sealed.own_copy_is_first() => first.bytes.clone().into(),
        _ => Uint8Array::from(own).into(),
    });
    given(Sealed { copies, own_copy })
}

/// Seals a draft: one copy for the recipients who see each other, and one for each Bcc recipient.
///
/// # Errors
///
/// `key-missing` names everyone without a usable certificate; nothing is sealed with less protection instead. `invalid-input` names the
/// field of the draft that can't be used.
#[cfg(feature = "full")]
#[wasm_bindgen]
pub fn seal(
    draft: Ts<Draft>,
    protection: Ts<Protection>,
    keyring: &crate::Keyring,
    encrypt_to_self: bool,
    now: f64,
) -> Result<Ts<Sealed>, Failure> {
    let protection = match taken(&protection, "protection")? {
        Protection::Unprotected => pgpmime::Protection::None,
        Protection::Sign => pgpmime::Protection::Sign,
        Protection::Encrypt => pgpmime::Protection::Encrypt,
        Protection::SignAndEncrypt => pgpmime::Protection::SignAndEncrypt,
    };
    seal_with(&taken(&draft, "draft")?, protection, &keyring.0, encrypt_to_self, now)
}

/// Seals a draft to the holders of certificates: encrypted, and not signed.
///
/// # Errors
///
/// `key-missing` names everyone without a usable certificate; `invalid-input` names the field of the draft that can't be used.
#[cfg(not(feature = "full"))]
#[wasm_bindgen]
pub fn seal(
    draft: Ts<Draft>,
    recipients: &crate::Recipients,
    encrypt_to_self: bool,
    now: f64,
) -> Result<Ts<Sealed>, Failure> {
    seal_with(
        &taken(&draft, "draft")?,
        pgpmime::Protection::Encrypt,
        &recipients.keyring(),
        encrypt_to_self,
        now,
    )
}

impl From<&pgpmime::SealedCopy> for SealedCopy {
    fn from(copy: &pgpmime::SealedCopy) -> Self {
        Self {
            envelope: Envelope {
                from: copy.envelope.from.as_ref().map(ToString::to_string),
                to: copy.envelope.to.iter().map(ToString::to_string).collect(),
            },
            bytes: Uint8Array::from(copy.bytes.as_slice()),
        }
    }
}
