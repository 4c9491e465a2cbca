//! Secret keys: as they are stored, and ready for use.

use postseal_message::openpgp;
use postseal_types::Secret;
use serde::Deserialize;
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;

use crate::time::time;
use crate::value::taken;
use crate::{Certificate, Failure, MailboxLike};

/// Which kind of key to make.
#[derive(Debug, Clone, Copy, Deserialize, Tsify)]
#[serde(rename_all = "kebab-case")]
pub enum KeyProfile {
    /// A v4 key that every OpenPGP program reads, GnuPG included.
    Compatible,
    /// A v6 key of RFC 9580, with authenticated encryption. Programs before 2024, and GnuPG, can't read it.
    Modern,
    /// A v6 key of RFC 9980, whose messages can't be read with a quantum computer of tomorrow either: ML-DSA-65 with Ed25519, ML-KEM-768 with X25519. Few
    /// programs read it yet.
    PostQuantum,
}

/// A new key, and what revokes it.
#[wasm_bindgen]
pub struct GeneratedKey {
    key: openpgp::SecretKey,
    revocation: openpgp::RevocationCertificate,
}

#[wasm_bindgen]
impl GeneratedKey {
    /// The key.
    #[must_use]
    pub fn key(&self) -> SecretKey {
        SecretKey(self.key.clone())
    }

    /// The revocation certificate, to be kept apart from the key: with ASCII armor, as other programs take it.
    #[must_use]
    pub fn revocation(&self) -> String {
        self.revocation.export_armored()
    }
}

/// Makes a key: a primary key that certifies, a subkey that signs, a subkey that encrypts. It doesn't expire.
///
/// Without a passphrase the secret parts are stored in the clear.
///
/// # Errors
///
/// `invalid-input` where the mailbox is none.
#[wasm_bindgen(js_name = generateKey)]
pub fn generate_key(
    profile: Ts<KeyProfile>,
    owner: Ts<MailboxLike>,
    passphrase: Option<Vec<u8>>,
    now: f64,
) -> Result<GeneratedKey, Failure> {
    let user_id = openpgp::UserId::from(&taken(&owner, "owner")?.core("owner")?);
    let passphrase = passphrase.map(Secret::new);
    let profile = match taken(&profile, "profile")? {
        KeyProfile::Compatible => openpgp::KeyProfile::Compatible,
        KeyProfile::Modern => openpgp::KeyProfile::Modern,
        KeyProfile::PostQuantum => openpgp::KeyProfile::PostQuantum,
    };
    let (key, revocation) = openpgp::SecretKey::generate(profile, &user_id, passphrase.as_ref(), time(now)?)?;
    Ok(GeneratedKey { key, revocation })
}

/// A secret key as it is stored: with its certificate, and as a rule locked with a passphrase.
#[wasm_bindgen]
pub struct SecretKey(pub(crate) openpgp::SecretKey);

#[wasm_bindgen]
impl SecretKey {
    /// Reads all secret keys in `data`, armored (one block or several) or binary; certificates without secret parts are left out.
    ///
    /// # Errors
    ///
    /// `malformed`; `key-missing` where there are certificates only.
    #[wasm_bindgen(js_name = importAll)]
    pub fn import_all(data: Vec<u8>) -> Result<Vec<Self>, Failure> {
        // A key without a passphrase is a secret.
        let data = Secret::new(data);
        Ok(openpgp::SecretKey::import_all(data.expose())?.into_iter().map(Self).collect())
    }

    /// The key in binary form. Whoever reads one that is not protected can read and sign everything.
    #[wasm_bindgen(js_name = dangerousExportUnprotected)]
    #[must_use]
    pub fn dangerous_export_unprotected(&self) -> js_sys::Uint8Array {
        self.0.dangerous_export_unprotected().expose().into()
    }

    /// The key with ASCII armor, locked with its passphrase.
    ///
    /// # Errors
    ///
    /// `invalid-input` when a part of it has no passphrase.
    #[wasm_bindgen(js_name = exportArmored)]
    pub fn export_armored(&self) -> Result<String, Failure> {
        Ok(self.0.export_armored()?.expose_str().unwrap_or_default().to_owned())
    }

    /// Whether all secret parts are locked with a passphrase.
    #[wasm_bindgen(js_name = isProtected)]
    #[must_use]
    pub fn is_protected(&self) -> bool {
        self.0.is_protected()
    }

    /// The key, ready for use. Deriving its key from the passphrase takes no more than so many bytes of memory, 64 MiB where nothing is
    /// given.
    ///
    /// # Errors
    ///
    /// `wrong-passphrase`; `key-missing` where the secret parts are not there; `limit-exceeded`.
    pub fn unlock(&self, passphrase: Vec<u8>, max_memory: Option<usize>) -> Result<UnlockedKey, Failure> {
        let mut limits = openpgp::PgpLimits::default();
        limits.passphrase_memory = max_memory.unwrap_or(limits.passphrase_memory);
        Ok(UnlockedKey(self.0.unlock_within(&Secret::new(passphrase), &limits)?))
    }

    /// The key, ready for use, with those parts of it that have no passphrase.
    ///
    /// # Errors
    ///
    /// `key-missing` when there is no such part.
    #[wasm_bindgen(js_name = unlockPartly)]
    pub fn unlock_partly(&self) -> Result<UnlockedKey, Failure> {
        Ok(UnlockedKey(self.0.unlock_partly()?))
    }

    /// The key, ready for use, where it has no passphrase.
    ///
    /// # Errors
    ///
    /// `key-missing` when a part of it is locked.
    #[wasm_bindgen(js_name = unlockUnprotected)]
    pub fn unlock_unprotected(&self) -> Result<UnlockedKey, Failure> {
        Ok(UnlockedKey(self.0.unlock_unprotected()?))
    }

    /// The public part.
    #[must_use]
    pub fn certificate(&self) -> Certificate {
        Certificate(self.0.certificate().clone())
    }
}

/// A secret key ready for use. Its secret parts are kept encrypted in memory while they rest, and are wiped when it is freed.
#[wasm_bindgen]
pub struct UnlockedKey(pub(crate) openpgp::UnlockedKey);

#[wasm_bindgen]
impl UnlockedKey {
    /// The same key, locked with a passphrase, to be stored.
    ///
    /// # Errors
    ///
    /// `key-missing` when there is nothing to lock.
    pub fn lock(&self, passphrase: Vec<u8>) -> Result<SecretKey, Failure> {
        Ok(SecretKey(self.0.lock(&Secret::new(passphrase))?))
    }

    /// The same key to be stored without a passphrase. Whoever reads it can read and sign everything.
    ///
    /// # Errors
    ///
    /// `unsupported` for a key of a version that can't be here.
    #[wasm_bindgen(js_name = dangerousUnprotected)]
    pub fn dangerous_unprotected(&self) -> Result<SecretKey, Failure> {
        Ok(SecretKey(self.0.dangerous_unprotected()?))
    }

    /// Makes a new revocation certificate, with ASCII armor, for a key that came without one.
    ///
    /// # Errors
    ///
    /// `key-missing` when the secret part of the primary key is not there.
    pub fn revocation(&self, now: f64) -> Result<String, Failure> {
        Ok(self.0.revocation(time(now)?)?.export_armored())
    }

    /// The public part.
    #[must_use]
    pub fn certificate(&self) -> Certificate {
        Certificate(self.0.certificate().clone())
    }

    /// The same key once more, to be freed apart from this one.
    #[must_use]
    pub fn share(&self) -> Self {
        Self(self.0.clone())
    }
}
