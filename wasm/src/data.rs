//! Data that is encrypted, in memory or piece by piece.

use postseal_message::openpgp;
use wasm_bindgen::prelude::*;

use crate::time::time;
use crate::{Failure, Recipients};

/// Encrypts data in memory, into binary form or into text (`armored`).
///
/// # Errors
///
/// `key-missing` for a certificate that can't be used; `invalid-input` where there is nobody to encrypt to.
#[cfg(not(feature = "full"))]
#[wasm_bindgen]
pub fn encrypt(data: &[u8], recipients: &Recipients, armored: bool, now: f64) -> Result<Vec<u8>, Failure> {
    let now = time(now)?;
    let made = recipients.with(|recipients| openpgp::encrypt(data, recipients, now))?;
    Ok(written(made, armored))
}

/// What was just made, as it is wanted: as packets, or as text that can go into a message or a file.
pub(crate) fn written(data: openpgp::PgpData, armored: bool) -> Vec<u8> {
    if armored { data.to_armored().into_bytes() } else { data.into_bytes() }
}

/// Encrypts data that comes in pieces, in little memory.
#[wasm_bindgen]
pub struct Encryptor(Option<openpgp::Encryptor>);

#[wasm_bindgen]
impl Encryptor {
    /// Begins a message. The keys are needed here only.
    ///
    /// # Errors
    ///
    /// `key-missing` for a certificate that can't be used; `invalid-input` where there is nobody to encrypt to.
    #[wasm_bindgen(constructor)]
    pub fn new(recipients: &Recipients, now: f64) -> Result<Self, Failure> {
        let now = time(now)?;
        recipients.with(|recipients| Ok(Self(Some(openpgp::Encryptor::new(recipients, now)?))))
    }

    /// Encrypts a piece, and returns what of the message is ready; that may be nothing yet.
    ///
    /// # Errors
    ///
    /// `closed` after the end; `internal`.
    pub fn write(&mut self, data: &[u8]) -> Result<Vec<u8>, Failure> {
        Ok(self.0.as_mut().ok_or_else(ended)?.write(data)?)
    }

    /// Ends the message, and returns the rest of it. Without this it is refused as tampered by whoever decrypts it.
    ///
    /// # Errors
    ///
    /// As for [`Encryptor::write`].
    pub fn finish(&mut self) -> Result<Vec<u8>, Failure> {
        Ok(self.0.take().ok_or_else(ended)?.finish()?)
    }
}

fn ended() -> Failure {
    Failure::new(postseal_types::ErrorCode::Closed, "the message has ended")
}
