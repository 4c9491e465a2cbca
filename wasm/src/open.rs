//! Opening a message into one verdict.

use postseal_message::mime::Limits;
use postseal_message::pgpmime;
use serde::Serialize;
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;

use crate::time::time;
use crate::value::given;
use crate::verdict::{Note, Verdict};
use crate::{Failure, Keyring, Message, ReadOptions};

/// A message that was opened.
#[derive(Debug, Clone, Serialize, Tsify)]
pub struct Opened {
    /// The message inside all layers of protection, with the header fields that were protected.
    pub message: Message,
    /// What can be believed about it.
    pub verdict: Verdict,
    /// What was put right to open it.
    pub repairs: Vec<Note>,
}

/// Opens a message: decrypts, verifies and judges it. One without any protection opens too, and its verdict says so.
///
/// # Errors
///
/// `key-missing` names the keys that could decrypt it; `wrong-passphrase`; `tampered`, after which nothing is known of the content, since
/// not one byte was handed out; `limit-exceeded`. A bad signature is no error: the verdict names it.
#[wasm_bindgen]
pub fn open(
    message: &[u8],
    keyring: &Keyring,
    options: &ReadOptions,
    now: f64,
) -> Result<Ts<Opened>, Failure> {
    let mut all =
        pgpmime::OpenOptions { passphrases: &options.passphrases, ..pgpmime::OpenOptions::default() };
    if let Some(most) = options.max_bytes {
        all.limits = Limits { message_bytes: most, ..all.limits };
        all.pgp.plaintext = most;
    }
    let opened = pgpmime::open(message, &keyring.0, &all, time(now)?)?;
    given(Opened {
        message: (&opened.message).into(),
        verdict: (&opened.verdict).into(),
        repairs: opened.repairs.iter().map(Into::into).collect(),
    })
}
