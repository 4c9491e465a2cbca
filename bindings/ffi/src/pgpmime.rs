//! Sealing a draft, and opening a message into one verdict.

use std::sync::Arc;
use std::time::SystemTime;

use postseal as core;
use postseal::Secret;
use postseal::message::{mime, pgpmime};

use crate::bytes::Bytes;
use crate::cancel::cancellable;
use crate::files;
use crate::foreign::ProgressListener;
use crate::message::Message;
use crate::numbers::{checked, signed};
use crate::openpgp::Keyring;
use crate::smtp::{Receipt, SendOptions, SmtpSession};
use crate::values::{Draft, Envelope};
use crate::verdict::{Repair, Verdict};
use crate::{CancelToken, PostsealError, runtime};

/// How a message is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
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

impl From<Protection> for core::Protection {
    fn from(protection: Protection) -> Self {
        match protection {
            Protection::Unprotected => Self::None,
            Protection::Sign => Self::Sign,
            Protection::Encrypt => Self::Encrypt,
            Protection::SignAndEncrypt => Self::SignAndEncrypt,
        }
    }
}

/// What is seldom other than the default when sealing.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SealOptions {
    /// Encrypts to the sender's own certificate too, so that the sender can read what was sent.
    #[uniffi(default = true)]
    pub encrypt_to_self: bool,
}

impl SealOptions {
    /// What the core takes; its own defaults where nothing is given.
    fn core(given: Option<Self>) -> pgpmime::SealOptions {
        let defaults = pgpmime::SealOptions::default();
        let encrypt_to_self = given.map_or(defaults.encrypt_to_self, |given| given.encrypt_to_self);
        pgpmime::SealOptions { encrypt_to_self, ..defaults }
    }
}

/// Seals a draft: one copy for the recipients who see each other, and one for each Bcc recipient.
///
/// # Errors
///
/// `KeyMissing` names everyone without a usable certificate; nothing is sealed with less protection instead. `InvalidInput` names the
/// field of the draft that can't be used.
#[uniffi::export(default(options = None, cancel = None))]
pub async fn seal_message(
    draft: Draft,
    protection: Protection,
    keyring: Arc<Keyring>,
    options: Option<SealOptions>,
    cancel: Option<Arc<CancelToken>>,
) -> Result<Arc<Sealed>, PostsealError> {
    let keyring = keyring.snapshot();
    let seal = move || {
        let draft = draft.core()?;
        let options = SealOptions::core(options);
        let sealed = pgpmime::seal(&draft, protection.into(), &keyring, &options, SystemTime::now())?;
        Ok::<_, PostsealError>(Sealed::new(sealed))
    };
    cancellable(cancel, runtime::compute(seal)).await
}

/// A sealed message.
#[derive(Debug, uniffi::Object)]
pub struct Sealed {
    copies: Vec<Arc<SealedCopy>>,
    own_copy: Option<Arc<SealedCopy>>,
}

#[uniffi::export]
impl Sealed {
    /// What is to be submitted: the copy for the `To` and `Cc` recipients, if there are any, then one for each Bcc recipient.
    #[must_use]
    pub fn copies(&self) -> Vec<Arc<SealedCopy>> {
        self.copies.clone()
    }

    /// The copy for the sender's own records; none where the sender asked not to be able to read it.
    #[must_use]
    pub fn own_copy(&self) -> Option<Arc<SealedCopy>> {
        self.own_copy.clone()
    }
}

impl Sealed {
    pub(crate) fn new(sealed: core::Sealed) -> Arc<Self> {
        let is_first = sealed.own_copy_is_first();
        let apart = if is_first { None } else { sealed.own_copy().map(Arc::from) };
        let copies = sealed.copies.into_iter().map(|copy| SealedCopy::new(copy.envelope, copy.bytes.into()));
        let copies: Vec<_> = copies.collect();
        let own = if is_first { copies.first().map(|first| first.bytes.clone()) } else { apart };
        let nobody = core::Envelope { from: None, to: Vec::new() };
        let own_copy = own.map(|bytes| SealedCopy::new(nobody, bytes));
        Arc::new(Self { copies, own_copy })
    }
}

/// One copy of a sealed message: whom it is for, and its bytes, which need not cross into the app.
#[derive(Debug, uniffi::Object)]
pub struct SealedCopy {
    envelope: core::Envelope,
    bytes: Arc<[u8]>,
}

#[uniffi::export]
impl SealedCopy {
    /// Whom the copy is for. That of the sender's own copy is empty.
    #[must_use]
    pub fn envelope(&self) -> Envelope {
        (&self.envelope).into()
    }

    /// The message, ready to be submitted. Large ones are better [sent](SmtpSession::send_copy) or [saved](SealedCopy::save).
    #[must_use]
    pub fn data(&self) -> Bytes {
        self.bytes.to_vec().into()
    }

    /// How many bytes the message has.
    #[must_use]
    pub fn size(&self) -> i64 {
        signed(self.bytes.len())
    }

    /// Writes the message to a file, which must not exist yet.
    ///
    /// # Errors
    ///
    /// `AlreadyExists` and `File` where it can't be written.
    #[uniffi::method(default(cancel = None))]
    pub async fn save(&self, path: String, cancel: Option<Arc<CancelToken>>) -> Result<(), PostsealError> {
        files::write(path, self.bytes.clone(), cancel).await
    }
}

impl SealedCopy {
    fn new(envelope: core::Envelope, bytes: Arc<[u8]>) -> Arc<Self> {
        Arc::new(Self { envelope, bytes })
    }

    /// The bytes, shared.
    pub(crate) fn bytes(&self) -> Arc<[u8]> {
        self.bytes.clone()
    }
}

#[uniffi::export]
impl SmtpSession {
    /// Sends a copy of a sealed message to whom it is for, as [`SmtpSession::send`] does.
    ///
    /// # Errors
    ///
    /// As for [`SmtpSession::send`].
    #[uniffi::method(default(options = None, progress = None, cancel = None))]
    pub async fn send_copy(
        &self,
        copy: Arc<SealedCopy>,
        options: Option<SendOptions>,
        progress: Option<Arc<dyn ProgressListener>>,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Receipt, PostsealError> {
        self.transmit(copy.envelope(), copy.bytes(), options, progress, cancel).await
    }
}

/// What may open a message besides the keys, and what it may have at most.
#[derive(Clone, Default, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug, Display)]
pub struct OpenOptions {
    /// Passphrases to try, in this order, where no key opens what is encrypted.
    #[uniffi(default)]
    pub passphrases: Vec<String>,
    /// The most bytes of a message, and of what is inside each layer of it; 64 MiB where nothing is given.
    #[uniffi(default)]
    pub max_bytes: Option<i64>,
}

impl OpenOptions {
    /// The passphrases, to be borrowed by [`OpenOptions::core`].
    pub(crate) fn secrets(&self) -> Vec<Secret> {
        self.passphrases.iter().map(|text| text.as_str().into()).collect()
    }

    /// What the core takes.
    pub(crate) fn core<'a>(&self, passphrases: &'a [Secret]) -> Result<core::OpenOptions<'a>, PostsealError> {
        let mut options = core::OpenOptions { passphrases, ..core::OpenOptions::default() };
        if let Some(most) = self.max_bytes {
            let most = checked(most, "max_bytes")?;
            options.limits = mime::Limits { message_bytes: most, ..options.limits };
            options.pgp.plaintext = most;
        }
        Ok(options)
    }
}

/// A message that was opened.
#[derive(Debug, uniffi::Object)]
pub struct Opened {
    message: Arc<Message>,
    verdict: Verdict,
    repairs: Vec<Repair>,
}

#[uniffi::export]
impl Opened {
    /// The message inside all layers of protection, with the header fields that were protected.
    #[must_use]
    pub fn message(&self) -> Arc<Message> {
        self.message.clone()
    }

    /// What can be believed about it.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict.clone()
    }

    /// What was put right to open it.
    #[must_use]
    pub fn repairs(&self) -> Vec<Repair> {
        self.repairs.clone()
    }
}

impl Opened {
    pub(crate) fn new(opened: core::Opened) -> Arc<Self> {
        Arc::new(Self {
            verdict: (&opened.verdict).into(),
            repairs: opened.repairs.iter().map(Into::into).collect(),
            message: Arc::new(Message(opened.message)),
        })
    }
}

/// Opens a message: decrypts, verifies and judges it. One without any protection opens too, and its verdict says so.
///
/// # Errors
///
/// `KeyMissing` names the keys that could decrypt it; `WrongPassphrase`; `Tampered`, after which nothing is known of the content, since
/// not one byte was handed out; `LimitExceeded`. A bad signature is no error: the verdict names it.
#[uniffi::export(default(options = None, cancel = None))]
pub async fn open_message(
    message: Arc<Message>,
    keyring: Arc<Keyring>,
    options: Option<OpenOptions>,
    cancel: Option<Arc<CancelToken>>,
) -> Result<Arc<Opened>, PostsealError> {
    let keyring = keyring.snapshot();
    let open = move || {
        let options = options.unwrap_or_default();
        let passphrases = options.secrets();
        let bytes = message.0.as_bytes();
        let opened = pgpmime::open(bytes, &keyring, &options.core(&passphrases)?, SystemTime::now())?;
        Ok::<_, PostsealError>(Opened::new(opened))
    };
    cancellable(cancel, runtime::compute(open)).await
}
