//! OpenPGP (RFC 9580): keys, certificates, and messages as bytes.
//!
//! The library underneath is sequoia-openpgp; none of its types shows here, and everything about it stays in this module. Three
//! rules hold throughout:
//!
//! - **Time is a parameter.** Whether a key has expired or an algorithm is too weak is asked for a given `now`; the clock is never
//!   read.
//! - **No plaintext before integrity.** Decryption holds everything back until the last octet is proven, up to a
//!   [limit](PgpLimits::PLAINTEXT); what doesn't fit into memory is held back in a [spool](decrypt_to).
//! - **What a stranger can make us compute has a [limit](PgpLimits).**
//!
//! ```
//! use std::time::{Duration, SystemTime};
//! use postseal_message::openpgp::{self, KeyProfile, Keyring, Recipients, SecretKey, UserId};
//! use postseal_types::Address;
//!
//! let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
//! let alice = UserId::new(Some("Alice"), &Address::parse("alice@example.test")?);
//! let (key, _revocation) = SecretKey::generate(KeyProfile::Modern, &alice, None, now)?;
//!
//! let sealed = openpgp::encrypt(b"a secret", &Recipients::new([key.certificate()]), now)?;
//!
//! let mut keyring = Keyring::new();
//! keyring.add_secret_key(key);
//! let opened = openpgp::decrypt(sealed.as_bytes(), &keyring, &Default::default(), now)?;
//! assert_eq!(opened.data, b"a secret");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod armor;
mod bounds;
mod bulk;
mod certificate;
#[cfg(feature = "rust-primitives")]
mod container;
mod encryptor;
mod error;
mod fingerprint;
mod keyring;
mod layer;
mod limits;
mod line_ends;
mod mail_armor;
#[cfg(feature = "rust-primitives")]
mod ocb;
mod open;
mod policy;
mod reader;
mod revocation;
mod seal;
mod secret_key;
#[cfg(feature = "rust-primitives")]
mod seipdv1;
#[cfg(feature = "rust-primitives")]
mod seipdv2;
mod session_key;
mod signatory;
mod signature;
mod spool;
mod unlock;
mod user_id;
mod watched;

pub use bulk::{
    BegunDecryption, BegunEncryption, BulkCipher, BulkCiphers, BulkDecryption, BulkEncryption, begin_decrypt,
    begin_encrypt,
};
pub use certificate::Certificate;
pub use encryptor::{Encryptor, encrypt_to};
pub use error::{PgpError, StreamError, Unusable};
pub use fingerprint::{Fingerprint, FingerprintError, KeyHandle, KeyId};
pub use keyring::Keyring;
pub use limits::PgpLimits;
pub(crate) use open::verify_detached_for;
pub use open::{Decrypted, Encryption, ReadOptions, Verified, decrypt, verify_detached, verify_inline};
pub use revocation::RevocationCertificate;
pub(crate) use seal::{Holder, MICALG, encrypt_for_mail, sign_for_mail};
pub use seal::{PgpData, Recipients, encrypt, sign_cleartext, sign_detached, sign_inline};
pub use secret_key::{KeyProfile, SecretKey};
pub(crate) use signatory::Signatory;
pub use signature::{SignatureFault, SignatureResult, SignatureStatus};
pub use spool::{Spooled, decrypt_to};
pub use unlock::UnlockedKey;
pub use user_id::UserId;
pub(crate) use user_id::same_mailbox;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
pub(crate) mod tests;
