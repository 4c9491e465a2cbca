use std::sync::Arc;
use std::time::SystemTime;

use postseal::Secret;
use postseal::message::openpgp as core;

use super::keyring::Keyring;
use super::secret_key::UnlockedKey;
use crate::PostsealError;
use crate::bytes::Bytes;
use crate::files::{PgpOptions, PgpRecipients};
use crate::numbers::{Timestamp, checked};
use crate::verdict::Encryption;

/// What was just made, as it is wanted: as packets, or as text that can go into a message or a file.
fn written(data: core::PgpData, armored: bool) -> Bytes {
    if armored { data.to_armored().into_bytes().into() } else { data.into_bytes().into() }
}

/// Encrypts data in memory, into binary form or into text (`armored`). Larger data is better [encrypted from file to file](crate::encrypt_file), or in pieces: [`Encryptor`].
///
/// # Errors
///
/// `KeyMissing` for a certificate that can't be used; `InvalidInput` where there is nobody to encrypt to.
#[uniffi::export(default(armored = false))]
pub fn encrypt(data: &[u8], recipients: PgpRecipients, armored: bool) -> Result<Bytes, PostsealError> {
    let made = recipients.with(|recipients| Ok(core::encrypt(data, recipients, SystemTime::now())?))?;
    Ok(written(made, armored))
}

impl PgpRecipients {
    /// Does something with what the core takes, which borrows all that it names.
    fn with<T>(
        &self,
        act: impl FnOnce(&core::Recipients<'_>) -> Result<T, PostsealError>,
    ) -> Result<T, PostsealError> {
        let secrets: Vec<Secret> = self.passphrases.iter().map(|text| text.as_str().into()).collect();
        let mut recipients =
            core::Recipients::new(self.certificates.iter().map(|certificate| &certificate.0));
        for secret in &secrets {
            recipients = recipients.with_passphrase(secret);
        }
        if let Some(signer) = &self.signer {
            recipients = recipients.signed_by(&signer.0);
        }
        act(&recipients)
    }
}

/// What was decrypted, and whose integrity is proven.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Decrypted {
    /// The plaintext.
    pub data: Bytes,
    /// To whom it was encrypted, and how.
    pub encryption: Encryption,
    /// The signatures inside the encryption; empty where it is not signed.
    pub signatures: Vec<SignatureResult>,
}

/// Decrypts data in memory, armored or binary, and checks the signatures inside.
///
/// # Errors
///
/// `Tampered`, `KeyMissing`, `WrongPassphrase`, `Malformed` and `LimitExceeded`. A bad signature is no error: it is one of the signatures.
#[uniffi::export(default(options = None))]
pub fn decrypt(
    data: &[u8],
    keyring: &Keyring,
    options: Option<PgpOptions>,
) -> Result<Decrypted, PostsealError> {
    let keyring = keyring.snapshot();
    let decrypted = options
        .unwrap_or_default()
        .with(|options| Ok(core::decrypt(data, &keyring, options, SystemTime::now())?))?;
    Ok(Decrypted {
        data: decrypted.data.into(),
        encryption: (&decrypted.encryption).into(),
        signatures: decrypted.signatures.iter().map(Into::into).collect(),
    })
}

impl PgpOptions {
    /// Does something with what the core takes, which borrows the passphrases.
    fn with<T>(
        &self,
        act: impl FnOnce(&core::ReadOptions<'_>) -> Result<T, PostsealError>,
    ) -> Result<T, PostsealError> {
        let secrets: Vec<Secret> = self.passphrases.iter().map(|text| text.as_str().into()).collect();
        let mut options = core::ReadOptions::default();
        options.passphrases = secrets.iter().collect();
        if let Some(most) = self.max_bytes {
            options.limits.plaintext = checked(most, "max_bytes")?;
        }
        act(&options)
    }
}

/// Makes a detached signature, in binary form or as text (`armored`).
///
/// # Errors
///
/// `KeyMissing` where the key can't sign.
#[uniffi::export(default(armored = false))]
pub fn sign_detached(data: &[u8], key: &UnlockedKey, armored: bool) -> Result<Bytes, PostsealError> {
    Ok(written(core::sign_detached(data, &key.0, SystemTime::now())?, armored))
}

/// Signs data into a message that holds it, in binary form or as text (`armored`).
///
/// # Errors
///
/// As for [`sign_detached`].
#[uniffi::export(default(armored = false))]
pub fn sign_inline(data: &[u8], key: &UnlockedKey, armored: bool) -> Result<Bytes, PostsealError> {
    Ok(written(core::sign_inline(data, &key.0, SystemTime::now())?, armored))
}

/// Signs a text so that it stays readable (cleartext signature).
///
/// # Errors
///
/// As for [`sign_detached`].
#[uniffi::export]
pub fn sign_cleartext(text: &str, key: &UnlockedKey) -> Result<String, PostsealError> {
    Ok(core::sign_cleartext(text, &key.0, SystemTime::now())?)
}

/// The data of a signed message, and its signatures. Whether to believe the data is up to these.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Verified {
    /// What was signed.
    pub data: Bytes,
    /// Each signature with what became of it; at least one.
    pub signatures: Vec<SignatureResult>,
}

/// Reads a signed message, inline or cleartext-signed, armored or binary, and checks its signatures.
///
/// # Errors
///
/// `Malformed` where it is something else; `LimitExceeded`.
#[uniffi::export]
pub fn verify_inline(message: &[u8], keyring: &Keyring) -> Result<Verified, PostsealError> {
    let options = core::ReadOptions::default();
    let verified = core::verify_inline(message, &keyring.snapshot(), &options, SystemTime::now())?;
    Ok(Verified {
        data: verified.data.into(),
        signatures: verified.signatures.iter().map(Into::into).collect(),
    })
}

/// Checks detached signatures, armored or binary. Returns each with what became of it; at least one.
///
/// # Errors
///
/// `Malformed` where `signature` is something else; `LimitExceeded`.
#[uniffi::export]
pub fn verify_detached(
    data: &[u8],
    signature: &[u8],
    keyring: &Keyring,
) -> Result<Vec<SignatureResult>, PostsealError> {
    let (options, keyring) = (core::ReadOptions::default(), keyring.snapshot());
    let results = core::verify_detached(data, signature, &keyring, &options, SystemTime::now())?;
    Ok(results.iter().map(Into::into).collect())
}

/// One signature, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SignatureResult {
    /// Whether it is good, bad, or can't be checked.
    pub status: SignatureStatus,
    /// The key that it names as its maker: a claim, unless it is good.
    pub issuer: Option<String>,
    /// When it was made, as its maker says.
    pub made: Option<Timestamp>,
    /// The hash algorithm, such as `SHA512`; none for a signature that could not be read.
    pub hash: Option<String>,
}

impl From<&core::SignatureResult> for SignatureResult {
    fn from(result: &core::SignatureResult) -> Self {
        Self {
            status: (&result.status).into(),
            issuer: result.issuer.as_ref().map(ToString::to_string),
            made: result.made.map(Into::into),
            hash: result.hash.clone(),
        }
    }
}

/// What became of one signature.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
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

impl From<&core::SignatureStatus> for SignatureStatus {
    fn from(status: &core::SignatureStatus) -> Self {
        match status {
            core::SignatureStatus::Good { certificate, key } => {
                Self::Good { certificate: certificate.to_string(), key: key.to_string() }
            }
            core::SignatureStatus::Bad(fault) => Self::Bad { reason: fault.id().to_owned() },
            _ => Self::UnknownSigner,
        }
    }
}

/// Encrypts data that comes in pieces, in little memory. Calls are synchronous: a piece is taken without a copy.
#[derive(Debug, uniffi::Object)]
pub struct Encryptor(std::sync::Mutex<Option<Box<core::Encryptor>>>);

#[uniffi::export]
impl Encryptor {
    /// Begins a message.
    ///
    /// # Errors
    ///
    /// `KeyMissing` for a certificate that can't be used; `InvalidInput` where there is nobody to encrypt to.
    #[uniffi::constructor]
    pub fn new(recipients: PgpRecipients) -> Result<Arc<Self>, PostsealError> {
        let encryptor =
            recipients.with(|recipients| Ok(core::Encryptor::new(recipients, SystemTime::now())?))?;
        Ok(Arc::new(Self(std::sync::Mutex::new(Some(Box::new(encryptor))))))
    }

    /// Takes the next piece of plaintext, and returns what of the message is ready: often nothing, since it comes some megabytes at a
    /// time.
    ///
    /// # Errors
    ///
    /// `InvalidInput` after the end.
    pub fn write(&self, data: &[u8]) -> Result<Bytes, PostsealError> {
        Ok(self.lock().as_mut().ok_or_else(ended)?.write(data)?.into())
    }

    /// Ends the message, and returns the rest of it. Without it the message is cut, and nobody will open it.
    ///
    /// # Errors
    ///
    /// `InvalidInput` after the end.
    pub fn finish(&self) -> Result<Bytes, PostsealError> {
        Ok(self.lock().take().ok_or_else(ended)?.finish()?.into())
    }
}

impl Encryptor {
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Box<core::Encryptor>>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn ended() -> PostsealError {
    PostsealError::invalid("encryptor", "the message has ended")
}
