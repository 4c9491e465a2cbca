//! Opening: from the bytes that came to a message and a verdict.

use std::borrow::Cow;
use std::time::SystemTime;

use postseal_types::{ErrorCode, Secret};

use super::inline::{self, Block, Kind};
use super::layer::{self, Layer, Sealed};
use super::verdict::{Coverage, EncryptionVerdict, SignatureVerdict};
use super::{HeaderVerdict, Reason, Repair, Verdict, headers, judge};
use crate::mime::{Limits, Message, MimeError};
use crate::openpgp::{
    Encryption, Keyring, PgpError, PgpLimits, ReadOptions, SignatureFault, SignatureResult, SignatureStatus,
    decrypt, verify_detached_for, verify_inline,
};

/// What a message may have at most to be opened, and what may open it besides the keys.
#[derive(Debug, Clone, Copy)]
pub struct OpenOptions<'a> {
    /// Limits on the message, and again on what is inside each layer of it.
    pub limits: Limits,
    /// Limits on each encrypted or signed layer.
    pub pgp: PgpLimits,
    /// The most layers of encryption and signatures, one inside the other.
    pub layers: usize,
    /// Passphrases to try, in this order, where no key opens what is encrypted.
    pub passphrases: &'a [Secret],
}

impl OpenOptions<'_> {
    /// The default of [`OpenOptions::layers`]: what is signed, encrypted and signed again has 3.
    pub const LAYERS: usize = 4;
}

impl Default for OpenOptions<'_> {
    fn default() -> Self {
        Self { limits: Limits::default(), pgp: PgpLimits::default(), layers: Self::LAYERS, passphrases: &[] }
    }
}

/// A message that was opened.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Opened {
    /// The message inside all layers of protection, with the header fields that were protected. Fields that were not come from
    /// outside; the verdict tells them apart.
    ///
    /// Where a part of the message was encrypted, this is that part. What stood around it is not in here, so that decrypted text
    /// can't get mixed into the HTML of somebody else.
    pub message: Message,
    /// What can be believed about it.
    pub verdict: Verdict,
    /// What was put right to open it.
    pub repairs: Vec<Repair>,
}

/// Why a message can't be opened. No error holds anything of the plaintext.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The message, or what is inside it, goes past one of [`OpenOptions::limits`].
    #[error(transparent)]
    Mime(#[from] MimeError),
    /// What is encrypted can't be decrypted.
    #[error(transparent)]
    Pgp(#[from] PgpError),
    /// More layers than [`OpenOptions::layers`].
    #[error("the message has more than {limit} layers of encryption and signatures")]
    TooManyLayers {
        /// The limit.
        limit: usize,
    },
}

impl OpenError {
    /// The stable code of this error.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Mime(error) => error.code(),
            Self::Pgp(error) => error.code(),
            Self::TooManyLayers { .. } => ErrorCode::LimitExceeded,
        }
    }
}

/// Opens a message: PGP/MIME (RFC 3156) in all its combinations, inline PGP, and messages without any protection, whose verdict
/// says so.
///
/// A bad signature is no error: the verdict names it. A `Vec<u8>` is taken over without a copy, and freed as soon as what is inside it
/// is out; a slice is copied.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use postseal_message::mime::{Date, Draft, Mailbox, MessageId};
/// use postseal_message::openpgp::{KeyProfile, Keyring, SecretKey, UserId};
/// use postseal_message::pgpmime::{Protection, VerdictLevel, open, seal};
///
/// let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
/// let alice = Mailbox::parse("Alice <alice@example.test>")?;
/// let user_id = UserId::new(alice.name(), alice.address());
/// let (key, _revocation) = SecretKey::generate(KeyProfile::Modern, &user_id, None, now)?;
/// let mut keyring = Keyring::new();
/// keyring.add_secret_key(key);
///
/// let note = Draft::new(alice.clone(), Date::utc(now)?, MessageId::parse("<1@example.test>")?)
///     .to(alice)
///     .text("a note to self");
/// let sealed = seal(&note, Protection::SignAndEncrypt, &keyring, &Default::default(), now)?;
///
/// let opened = open(&sealed.copies[0].bytes, &keyring, &Default::default(), now)?;
/// assert_eq!(opened.verdict.level(), VerdictLevel::Sealed);
/// assert_eq!(opened.verdict.reasons(), []);
/// assert_eq!(opened.message.text_body().unwrap().as_str(), "a note to self");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`OpenError`]: [`PgpError::KeyMissing`] names the keys that could decrypt it; after [`PgpError::Tampered`] nothing is known of
/// the content, since not one byte was handed out. Where only a part of the message is encrypted, and not to us, the rest can be
/// read: that is no error, but [`Reason::UnreadablePart`].
pub fn open<'a>(
    bytes: impl Into<Cow<'a, [u8]>>,
    keyring: &Keyring,
    options: &OpenOptions<'_>,
    now: SystemTime,
) -> Result<Opened, OpenError> {
    open_message(Message::parse(bytes, &options.limits)?, keyring, options, now)
}

fn open_message(
    outer: Message,
    keyring: &Keyring,
    options: &OpenOptions<'_>,
    now: SystemTime,
) -> Result<Opened, OpenError> {
    let mut opener = Opener::new(keyring, options, now);
    let content = opener.content(&outer)?;
    let (message, headers) = match content {
        Some(content) => {
            let (combination, headers) = headers::combine(&outer, &content, opener.encryption.is_some());
            drop(outer);
            let message = combination.complete(content, &options.limits)?;
            let shows_fields_inside = opener.encryption.is_some() && !headers.protected.is_empty();
            (if shows_fields_inside { message.hiding_legacy_display() } else { message }, headers)
        }
        None => {
            let headers = HeaderVerdict::unprotected(&outer);
            (outer, headers)
        }
    };
    let verdict = opener.verdict(&message, headers);
    Ok(Opened { message, verdict, repairs: opener.repairs })
}

/// A signature that was found, and what it covers.
pub(super) type Found = (SignatureResult, Coverage);

struct Opener<'a> {
    keyring: &'a Keyring,
    options: &'a OpenOptions<'a>,
    now: SystemTime,
    layers: usize,
    encryption: Option<Encryption>,
    /// Whether everything the reader sees was inside the layers opened so far.
    is_all: bool,
    signatures: Vec<Found>,
    notes: Vec<Reason>,
    repairs: Vec<Repair>,
}

impl<'a> Opener<'a> {
    fn new(keyring: &'a Keyring, options: &'a OpenOptions<'a>, now: SystemTime) -> Self {
        Self {
            keyring,
            options,
            now,
            layers: 0,
            encryption: None,
            is_all: true,
            signatures: Vec::new(),
            notes: Vec::new(),
            repairs: Vec::new(),
        }
    }

    /// What is inside all layers; `None` where the message is to be shown as it came.
    fn content(&mut self, outer: &Message) -> Result<Option<Message>, OpenError> {
        if let Some(layer) = layer::of(outer.root()) {
            return self.enter_all(layer);
        }
        // As many as there may be layers: each costs an attempt with every key.
        for layer in layer::encrypted_inside(outer).take(self.options.layers) {
            self.is_all = false;
            let entered = self.enter(layer);
            if let Some(content) = self.unless_unreadable(entered)? {
                return self.enter_rest(content).map(Some);
            }
        }
        let block = inline::find(outer);
        match layer::signed_inside(outer) {
            Some(layer) if block.as_ref().is_none_or(|block| block.kind == Kind::Cleartext) => {
                // What is signed is shown together with what is not, as it came.
                self.is_all = false;
                self.enter(layer)?;
                Ok(None)
            }
            _ => block.map_or(Ok(None), |block| self.enter_block(&block)),
        }
    }

    /// Enters `layer` and all layers inside it.
    fn enter_all(&mut self, layer: Layer<'_>) -> Result<Option<Message>, OpenError> {
        match self.enter(layer)? {
            Some(content) => self.enter_rest(content).map(Some),
            None => Ok(None),
        }
    }

    /// Enters all layers inside `content`.
    fn enter_rest(&mut self, mut content: Message) -> Result<Message, OpenError> {
        while let Some(layer) = layer::of(content.root()) {
            match self.enter(layer)? {
                Some(inner) => content = inner,
                None => break,
            }
        }
        Ok(content)
    }

    /// Notes that what was encrypted can't be read. A message that has something else to show is shown as it came then; it may be a
    /// text about encryption, or hold a part that was never meant for us.
    fn unless_unreadable<T>(
        &mut self,
        outcome: Result<Option<T>, OpenError>,
    ) -> Result<Option<T>, OpenError> {
        match outcome {
            Err(OpenError::Pgp(
                error @ (PgpError::KeyMissing { .. }
                | PgpError::Malformed { .. }
                | PgpError::PolicyRefused { .. }
                | PgpError::Unsupported { .. }),
            )) => {
                // It was not entered.
                self.layers = self.layers.saturating_sub(1);
                self.notes.push(Reason::UnreadablePart { error });
                Ok(None)
            }
            other => other,
        }
    }

    /// Enters one layer; `None` where it can't be entered and has to be shown as it is.
    fn enter(&mut self, layer: Layer<'_>) -> Result<Option<Message>, OpenError> {
        let content = match layer {
            Layer::Signed { content, signature } => {
                self.count()?;
                self.verify(content, &signature)?;
                Cow::Borrowed(content)
            }
            Layer::Encrypted(Sealed { data, is_all, repair }) => {
                self.count()?;
                let content = self.decrypt(&data, is_all)?;
                self.repairs.extend(repair);
                Cow::Owned(content)
            }
            Layer::Malformed => {
                self.found_malformed();
                return Ok(None);
            }
            Layer::Foreign { protocol, content } => {
                self.notes.push(Reason::OtherProtocol { protocol: protocol.map(str::to_owned) });
                let Some(content) = content else { return Ok(None) };
                self.count()?;
                Cow::Borrowed(content)
            }
        };
        Ok(Some(Message::parse(content, &self.options.limits)?))
    }

    fn count(&mut self) -> Result<(), OpenError> {
        if self.layers == self.options.layers {
            return Err(OpenError::TooManyLayers { limit: self.options.layers });
        }
        self.layers += 1;
        Ok(())
    }

    /// Notes the signatures of `multipart/signed`.
    fn verify(&mut self, content: &[u8], signature: &[u8]) -> Result<(), OpenError> {
        let canonical = with_crlf(content);
        if matches!(canonical, Cow::Owned(_)) {
            self.repairs.push(Repair::LineEnds);
        }
        let options = self.read_options();
        // Inside of an encryption it has to be for whoever reads it.
        let readers = if self.encryption.is_some() { self.keyring.holders() } else { Vec::new() };
        match verify_detached_for(readers, &canonical, signature, self.keyring, &options, self.now) {
            Ok(results) => self.found(results),
            Err(error @ (PgpError::LimitExceeded { .. } | PgpError::TimeOutOfRange)) => {
                return Err(error.into());
            }
            Err(_) => self.found_malformed(),
        }
        Ok(())
    }

    fn decrypt(&mut self, data: &[u8], is_all: bool) -> Result<Vec<u8>, OpenError> {
        let decrypted = decrypt(data, self.keyring, &self.read_options(), self.now)?;
        for (_, coverage) in &mut self.signatures {
            *coverage = Coverage::Ciphertext;
        }
        self.is_all &= is_all;
        self.encryption = Some(decrypted.encryption);
        self.found(decrypted.signatures);
        Ok(decrypted.data)
    }

    fn enter_block(&mut self, block: &Block<'_>) -> Result<Option<Message>, OpenError> {
        self.count()?;
        let text = match block.kind {
            Kind::Message => self.decrypt(&block.data, block.is_all).map(Some),
            Kind::Cleartext => self.verify_block(block),
        };
        let text = match text {
            Err(OpenError::Pgp(PgpError::NotEncrypted)) => self.verify_block(block),
            other => other,
        };
        let text = if block.is_all { text? } else { self.unless_unreadable(text)? };
        let Some(text) = text else { return Ok(None) };
        self.repairs.extend(block.repair);
        // The charset stands outside, where anyone can change it. It counts where the text can't be told to be UTF-8.
        let is_utf8 = str::from_utf8(&text).is_ok();
        let is_encrypted = self.encryption.is_some();
        let counts = |charset: &&str| !is_utf8 || (!is_encrypted && is_seven_bit(charset));
        let entity = inline::entity(&text, block.charset.filter(counts).filter(|charset| !is_wide(charset)));
        Ok(Some(Message::parse(entity, &self.options.limits)?))
    }

    /// The text of a block that is signed; `None` where the message is to be shown as it came.
    fn verify_block(&mut self, block: &Block<'_>) -> Result<Option<Vec<u8>>, OpenError> {
        self.is_all &= block.is_all;
        match verify_inline(&block.data, self.keyring, &self.read_options(), self.now) {
            Ok(verified) => {
                self.found(verified.signatures);
                Ok(block.is_all.then_some(verified.data))
            }
            Err(error @ (PgpError::LimitExceeded { .. } | PgpError::TimeOutOfRange)) => Err(error.into()),
            Err(_) => {
                self.found_malformed();
                Ok(None)
            }
        }
    }

    fn found(&mut self, results: Vec<SignatureResult>) {
        let coverage = if self.is_all { Coverage::All } else { Coverage::Part };
        self.signatures.extend(results.into_iter().map(|result| (result, coverage)));
    }

    /// What says that it is signed, but can't be read as such.
    fn found_malformed(&mut self) {
        let status = SignatureStatus::Bad(SignatureFault::Malformed);
        self.found(vec![SignatureResult { status, issuer: None, made: None, hash: None, is_text: false }]);
    }

    fn read_options(&self) -> ReadOptions<'a> {
        ReadOptions {
            limits: self.options.pgp,
            passphrases: self.options.passphrases.iter().collect(),
            ..ReadOptions::default()
        }
    }

    fn verdict(&mut self, message: &Message, headers: HeaderVerdict) -> Verdict {
        let mut notes = std::mem::take(&mut self.notes);
        let senders = message.from();
        notes.extend(judge::misleading_name(&senders));
        notes.extend(self.repairs.iter().map(|repair| Reason::Repaired(*repair)));
        let from = judge::sender(message, &senders);
        let signature = judge::best(&self.signatures, from, self.keyring, self.now);
        let is_proven =
            self.encryption.is_some() || matches!(signature.verdict, SignatureVerdict::Valid { .. });
        let headers = if is_proven { headers } else { headers.unproven() };
        Verdict {
            encryption: match self.encryption.take() {
                None => EncryptionVerdict::None,
                Some(encryption) if self.is_all => EncryptionVerdict::All(encryption),
                Some(encryption) => EncryptionVerdict::Part(encryption),
            },
            from: judge::from(&signature.verdict, from, self.keyring, self.now),
            signature: signature.verdict,
            signature_coverage: signature.coverage,
            headers,
            notes,
        }
    }
}

/// Whether texts in a charset look like ASCII.
fn is_seven_bit(charset: &str) -> bool {
    charset.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("iso-2022"))
}

/// Whether no text in a charset could be signed within another: its lines are none there.
fn is_wide(charset: &str) -> bool {
    ["utf-16", "utf-32", "ucs-", "unicode", "iso-10646", "csunicode"]
        .iter()
        .any(|start| charset.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start)))
}

/// The bytes with CRLF at the end of each line, which is what a signature is made over (RFC 3156, section 5).
fn with_crlf(content: &[u8]) -> Cow<'_, [u8]> {
    let is_bare = |at: usize| at == 0 || content.get(at - 1) != Some(&b'\r');
    if !memchr::memchr_iter(b'\n', content).any(is_bare) {
        return Cow::Borrowed(content);
    }
    let mut canonical = Vec::with_capacity(content.len() + content.len() / 32);
    for line in content.split_inclusive(|&byte| byte == b'\n') {
        match line.strip_suffix(b"\n") {
            Some(text) => {
                canonical.extend_from_slice(text.strip_suffix(b"\r").unwrap_or(text));
                canonical.extend_from_slice(b"\r\n");
            }
            None => canonical.extend_from_slice(line),
        }
    }
    Cow::Owned(canonical)
}
