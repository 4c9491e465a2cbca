//! Files by path: encrypted, decrypted, attached. No file is ever there by half.

mod attach;
mod cancel;
mod source;
mod target;
mod whole;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use postseal_message::openpgp::{
    self, Certificate, Encryption, Keyring, PgpLimits, ReadOptions, Recipients, SignatureResult, StreamError,
    UnlockedKey,
};
use postseal_session::Runtime;
use postseal_types::{Listener, Secret};

pub use self::attach::{MAX_ATTACHMENT, attach_file};
pub use self::cancel::CancelToken;
use self::cancel::Stop;
use self::source::Source;
use self::target::Target;
pub use self::whole::{read_file, write_file};
use crate::Error;

/// Who shall be able to decrypt a file, and who signs it.
#[derive(Debug, Clone, Default)]
pub struct FileRecipients {
    certificates: Vec<Certificate>,
    passphrases: Vec<Secret>,
    signer: Option<UnlockedKey>,
}

impl FileRecipients {
    /// The holders of these certificates.
    pub fn new(certificates: impl IntoIterator<Item = Certificate>) -> Self {
        Self { certificates: certificates.into_iter().collect(), ..Self::default() }
    }

    /// And whoever knows this passphrase.
    #[must_use]
    pub fn with_passphrase(mut self, passphrase: Secret) -> Self {
        self.passphrases.push(passphrase);
        self
    }

    /// Signs the file inside the encryption, for these recipients and nobody else.
    #[must_use]
    pub fn signed_by(mut self, signer: UnlockedKey) -> Self {
        self.signer = Some(signer);
        self
    }

    fn recipients(&self) -> Recipients<'_> {
        let recipients = Recipients::new(&self.certificates);
        let recipients = self.passphrases.iter().fold(recipients, Recipients::with_passphrase);
        match &self.signer {
            Some(signer) => recipients.signed_by(signer),
            None => recipients,
        }
    }
}

/// How a file is encrypted or decrypted.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FileOptions {
    /// Whether a file at the target is replaced. It is refused otherwise.
    pub overwrite: bool,
    /// Is told how many octets of the source are through, and how many there are.
    pub progress: Option<Listener>,
    /// Ends the work when it is [cancelled](CancelToken::cancel).
    pub cancel: CancelToken,
    /// Passphrases to try when decrypting.
    pub passphrases: Vec<Secret>,
    /// What decrypting may cost. The plaintext may have 4 GiB here, unless set otherwise: it needs room on the disk, and not in memory.
    pub limits: PgpLimits,
}

/// The least that `usize` can count to, on any machine, where it has 32 bits; one file on a FAT volume can have no more.
const PLAINTEXT: usize = u32::MAX as usize;

impl Default for FileOptions {
    fn default() -> Self {
        let mut limits = PgpLimits::default();
        limits.plaintext = PLAINTEXT;
        Self {
            overwrite: false,
            progress: None,
            cancel: CancelToken::default(),
            passphrases: Vec::new(),
            limits,
        }
    }
}

/// What is known of a file that was decrypted. Whether to believe its content is up to [`DecryptedFile::signatures`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecryptedFile {
    /// How many octets were written.
    pub length: u64,
    /// To whom it was encrypted, and how.
    pub encryption: Encryption,
    /// The signatures inside the encryption, each with what became of it; empty when it is not signed.
    pub signatures: Vec<SignatureResult>,
}

/// Encrypts the file `from` into the file `to`, in binary form (RFC 9580), and signs it where `recipients` says so.
///
/// The target is written beside its place under another name, for its owner's eyes only (mode 0600), and is put there when it is whole
/// and on the disk. When the work fails, panics or is cancelled, nothing of it stays; where the process is killed, a file whose
/// name begins with `.postseal-` may. Memory is needed for a small part of the file.
///
/// # Errors
///
/// [`Error::Pgp`] as [`openpgp::encrypt`] says; [`Error::File`] and [`Error::NotAFile`] when a file can't be read or written, or the
/// target is there already; [`Error::Cancelled`].
///
/// # Cancel safety
///
/// Dropping the wait ends the work at the next piece of the file, as [`FileOptions::cancel`] does.
pub async fn encrypt_file(
    runtime: &Runtime,
    from: &Path,
    to: &Path,
    recipients: &FileRecipients,
    options: &FileOptions,
) -> Result<(), Error> {
    let recipients = recipients.clone();
    Job::new(from, to, options).run(runtime, move |job| job.encrypt(&recipients)).await
}

/// Decrypts the file `from`, armored or binary, into the file `to`, and checks the signatures inside.
///
/// The target is there only once the integrity of all of it is proven. A bad signature is no error; see
/// [`DecryptedFile::signatures`]. Apart from that it is written as [`encrypt_file`] does it.
///
/// # Errors
///
/// [`Error::Pgp`] as [`openpgp::decrypt`] says; [`Error::File`] and [`Error::NotAFile`] when a file can't be read or written, or the
/// target is there already; [`Error::Cancelled`].
///
/// # Cancel safety
///
/// As for [`encrypt_file`].
pub async fn decrypt_file(
    runtime: &Runtime,
    from: &Path,
    to: &Path,
    keyring: &Keyring,
    options: &FileOptions,
) -> Result<DecryptedFile, Error> {
    let keyring = keyring.clone();
    Job::new(from, to, options).run(runtime, move |job| job.decrypt(&keyring)).await
}

/// One file that becomes another.
struct Job {
    from: PathBuf,
    to: PathBuf,
    options: FileOptions,
    stop: Stop,
}

impl Job {
    fn new(from: &Path, to: &Path, options: &FileOptions) -> Self {
        let stop = Stop::new(&options.cancel);
        Self { from: from.to_owned(), to: to.to_owned(), options: options.clone(), stop }
    }

    /// Works on a thread for it; stops when the wait is dropped.
    async fn run<T: Send + 'static>(
        self,
        runtime: &Runtime,
        work: impl FnOnce(Self) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let _waiting = self.stop.when_dropped();
        runtime.run_blocking(move || work(self)).await?
    }

    fn encrypt(self, recipients: &FileRecipients) -> Result<(), Error> {
        let (mut source, mut target) = self.open()?;
        let now = SystemTime::now();
        openpgp::encrypt_to(&mut source, &mut target, &recipients.recipients(), now)
            .map_err(|error| self.failure(error))?;
        self.keep(source, target)
    }

    fn decrypt(self, keyring: &Keyring) -> Result<DecryptedFile, Error> {
        let (mut source, target) = self.open()?;
        let mut options = ReadOptions::default();
        options.limits = self.options.limits;
        options.passphrases = self.options.passphrases.iter().collect();
        let opened = openpgp::decrypt_to(&mut source, target, keyring, &options, SystemTime::now())
            .map_err(|error| self.failure(error))?;
        self.keep(source, opened.spool)?;
        let (length, encryption, signatures) = (opened.length, opened.encryption, opened.signatures);
        Ok(DecryptedFile { length, encryption, signatures })
    }

    fn open(&self) -> Result<(Source, Target), Error> {
        self.stop.check()?;
        let source = Source::open(&self.from, self.options.progress.clone(), self.stop.clone())?;
        Ok((source, Target::create(&self.to, self.options.overwrite, self.stop.clone())?))
    }

    /// Puts the target in its place, unless it is not wanted any more.
    fn keep(&self, source: Source, target: Target) -> Result<(), Error> {
        self.stop.check()?;
        target.keep()?;
        source.finish();
        Ok(())
    }

    fn failure(&self, error: StreamError) -> Error {
        match error {
            StreamError::Pgp(error) => error.into(),
            StreamError::Read(_) | StreamError::Write(_) if self.stop.is_asked_for() => Error::Cancelled,
            StreamError::Read(error) => Error::file("reading", &self.from, &error),
            StreamError::Write(error) => Error::file("writing", &self.to, &error),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Write as _;

    use super::*;

    /// All of a source may have been read long before what it unpacks to is written.
    #[test]
    fn writing_ends_where_it_is_cancelled() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        std::fs::write(&from, "content").unwrap();
        let options = FileOptions::default();
        let job = Job::new(&from, &to, &options);
        let (_, mut target) = job.open().unwrap();
        target.write_all(b"a piece").unwrap();
        options.cancel.cancel();
        let stopped = target.write_all(b"another").unwrap_err();
        assert_eq!(job.failure(StreamError::Write(stopped)), Error::Cancelled);
        drop(target);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
