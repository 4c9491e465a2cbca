//! OpenPGP: certificates, keys, and the ring that holds them. The time is that of the clock.

mod certificate;
mod data;
mod keyring;
mod secret_key;

pub use certificate::{Certificate, RevocationCertificate, UserId, import_certificates};
pub use data::{
    Decrypted, Encryptor, SignatureResult, SignatureStatus, Verified, decrypt, encrypt, sign_cleartext,
    sign_detached, sign_inline, verify_detached, verify_inline,
};
pub use keyring::Keyring;
pub use secret_key::{GeneratedKey, KeyProfile, SecretKey, UnlockedKey, generate_key, import_secret_keys};

use postseal::{Fingerprint, Secret};

use crate::PostsealError;
use crate::error::About as _;

/// A fingerprint as apps write it.
fn fingerprint(text: &str) -> Result<Fingerprint, PostsealError> {
    text.parse().about("fingerprint")
}

/// A passphrase as it comes over the boundary.
fn passphrase(text: String) -> Secret {
    text.into()
}
