//! Files: what is large goes by path.

use std::path::Path;
use std::sync::Arc;

use postseal as core;

use crate::cancel::cancellable;
use crate::foreign::{ProgressListener, listener};
use crate::numbers::{checked, signed};
use crate::openpgp::{Certificate, Keyring, SignatureResult, UnlockedKey};
use crate::verdict::Encryption;
use crate::{CancelToken, PostsealError, runtime};

/// The bytes of a file that holds a message.
pub(crate) async fn read(path: String, cancel: Option<Arc<CancelToken>>) -> Result<Vec<u8>, PostsealError> {
    let runtime = runtime::shared()?;
    cancellable(cancel, core::read_file(&runtime, Path::new(&path), core::MAX_MESSAGE)).await
}

/// Writes a file that must not exist yet; it is there whole or not at all.
pub(crate) async fn write(
    path: String,
    data: impl AsRef<[u8]> + Send + 'static,
    cancel: Option<Arc<CancelToken>>,
) -> Result<(), PostsealError> {
    let runtime = runtime::shared()?;
    cancellable(cancel, core::write_file(&runtime, Path::new(&path), data, false)).await
}

/// Something shared, and the bytes in it.
pub(crate) struct Within<T>(pub(crate) Arc<T>, pub(crate) fn(&T) -> &[u8]);

impl<T> AsRef<[u8]> for Within<T> {
    fn as_ref(&self) -> &[u8] {
        (self.1)(&self.0)
    }
}

/// Who shall be able to read what is encrypted, and who signs it.
#[derive(Clone, Default, uniffi::Record)]
#[uniffi::export(Debug, Display)]
pub struct PgpRecipients {
    /// The holders of these certificates.
    #[uniffi(default)]
    pub certificates: Vec<Arc<Certificate>>,
    /// And whoever knows one of these passphrases.
    #[uniffi(default)]
    pub passphrases: Vec<String>,
    /// Signs it inside the encryption.
    #[uniffi(default)]
    pub signer: Option<Arc<UnlockedKey>>,
}

impl From<PgpRecipients> for core::FileRecipients {
    fn from(recipients: PgpRecipients) -> Self {
        let certificates = recipients.certificates.iter().map(|certificate| certificate.0.clone());
        let mut whole = Self::new(certificates);
        for passphrase in recipients.passphrases {
            whole = whole.with_passphrase(passphrase.into());
        }
        match recipients.signer {
            Some(signer) => whole.signed_by(signer.0.clone()),
            None => whole,
        }
    }
}

/// Encrypts a file into another one, which is there whole or not at all. It takes little memory, whatever its size.
///
/// # Errors
///
/// `AlreadyExists` where the target is there and may not be overwritten; `NotFound` and `File`; `KeyMissing` for a certificate that
/// can't be used; `InvalidInput` where there is nobody to encrypt to.
#[uniffi::export(default(overwrite = false, progress = None, cancel = None))]
pub async fn encrypt_file(
    from: String,
    to: String,
    recipients: PgpRecipients,
    overwrite: bool,
    progress: Option<Arc<dyn ProgressListener>>,
    cancel: Option<Arc<CancelToken>>,
) -> Result<(), PostsealError> {
    let runtime = runtime::shared()?;
    let mut options = core::FileOptions::default();
    (options.overwrite, options.progress) = (overwrite, listener(progress));
    let recipients = recipients.into();
    let work = core::encrypt_file(&runtime, Path::new(&from), Path::new(&to), &recipients, &options);
    cancellable(cancel, work).await
}

/// How to read what is encrypted or signed.
#[derive(Clone, Default, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug, Display)]
pub struct PgpOptions {
    /// Passphrases to try, for data that is encrypted to one.
    #[uniffi(default)]
    pub passphrases: Vec<String>,
    /// The most bytes of plaintext; 64 MiB in memory and 4 GiB in files where nothing is given.
    #[uniffi(default)]
    pub max_bytes: Option<i64>,
}

/// A file that was decrypted.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct DecryptedFile {
    /// How many bytes it has.
    pub length: i64,
    /// To whom it was encrypted, and how.
    pub encryption: Encryption,
    /// The signatures inside the encryption; empty where it is not signed.
    pub signatures: Vec<SignatureResult>,
}

/// Decrypts a file, armored or binary, into another one, which is there only once the integrity of all of it is proven.
///
/// # Errors
///
/// `Tampered`, `KeyMissing`, `WrongPassphrase`, `Malformed` and `LimitExceeded`; `AlreadyExists`, `NotFound` and `File`. A bad signature
/// is no error: it is one of the signatures.
#[uniffi::export(default(options = None, overwrite = false, progress = None, cancel = None))]
pub async fn decrypt_file(
    from: String,
    to: String,
    keyring: Arc<Keyring>,
    options: Option<PgpOptions>,
    overwrite: bool,
    progress: Option<Arc<dyn ProgressListener>>,
    cancel: Option<Arc<CancelToken>>,
) -> Result<DecryptedFile, PostsealError> {
    let (runtime, keyring) = (runtime::shared()?, keyring.snapshot());
    let given = options.unwrap_or_default();
    let mut options = core::FileOptions::default();
    (options.overwrite, options.progress) = (overwrite, listener(progress));
    options.passphrases = given.passphrases.into_iter().map(Into::into).collect();
    if let Some(most) = given.max_bytes {
        options.limits.plaintext = checked(most, "max_bytes")?;
    }
    let work = core::decrypt_file(&runtime, Path::new(&from), Path::new(&to), &keyring, &options);
    let decrypted = cancellable(cancel, work).await?;
    Ok(DecryptedFile {
        length: signed(decrypted.length),
        encryption: (&decrypted.encryption).into(),
        signatures: decrypted.signatures.iter().map(Into::into).collect(),
    })
}
