//! Sealing: from a draft to the copies that travel.

use std::time::SystemTime;

use postseal_types::{Address, Envelope, ErrorCode};

use crate::mime::{
    Boundaries, Composed, ContentType, Draft, HeaderProtection, Mailbox, Multipart, NoRandomness,
    end_last_line, stands_in,
};
use crate::openpgp::{
    Holder, Keyring, MICALG, PgpError, Recipients, Signatory, Unusable, encrypt_for_mail, sign_for_mail,
};

/// How a message is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protection {
    /// Not at all: everyone on the way can read and change it.
    None,
    /// Signed (RFC 3156, section 5): everyone can read it, nobody can change it unnoticed.
    Sign,
    /// Encrypted (RFC 3156, section 4): only its recipients can read it; it does not prove who wrote it.
    Encrypt,
    /// Signed, and encrypted together with its signature (RFC 3156, section 6.2): what mail should be.
    SignAndEncrypt,
}

impl Protection {
    const fn signs(self) -> bool {
        matches!(self, Self::Sign | Self::SignAndEncrypt)
    }

    const fn encrypts(self) -> bool {
        matches!(self, Self::Encrypt | Self::SignAndEncrypt)
    }

    const fn of_headers(self) -> HeaderProtection {
        match self {
            Self::None => HeaderProtection::None,
            Self::Sign => HeaderProtection::Clear,
            Self::Encrypt | Self::SignAndEncrypt => HeaderProtection::Cipher,
        }
    }
}

/// What is seldom other than the default when sealing.
#[derive(Debug, Clone)]
pub struct SealOptions {
    /// Encrypts to the sender's own certificate too, so that the sender can read what was sent. The default.
    pub encrypt_to_self: bool,
    /// Where the boundaries come from; the operating system's random source by default.
    pub boundaries: Option<Boundaries>,
}

impl Default for SealOptions {
    fn default() -> Self {
        Self { encrypt_to_self: true, boundaries: None }
    }
}

/// A sealed message: one copy for the recipients who see each other, and one for each Bcc recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sealed {
    /// What is to be submitted: the copy for the `To` and `Cc` recipients, if there are any, then one for each Bcc recipient.
    pub copies: Vec<SealedCopy>,
    own_copy: OwnCopy,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum OwnCopy {
    NotWanted,
    First,
    Apart(Vec<u8>),
}

impl Sealed {
    /// The copy for the sender's own records. It is the first of the copies, unless all recipients are Bcc; then it is one that only
    /// the sender can read. `None` where the sender asked not to be able to read it.
    #[must_use]
    pub fn own_copy(&self) -> Option<&[u8]> {
        match &self.own_copy {
            OwnCopy::NotWanted => None,
            OwnCopy::First => self.copies.first().map(|copy| copy.bytes.as_slice()),
            OwnCopy::Apart(bytes) => Some(bytes),
        }
    }

    /// Whether the sender's own copy is the first of the copies, and so need not be kept twice.
    #[must_use]
    pub fn own_copy_is_first(&self) -> bool {
        self.own_copy == OwnCopy::First
    }
}

/// One copy of a sealed message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SealedCopy {
    /// Whom the copy is for.
    pub envelope: Envelope,
    /// The message, ready to be submitted.
    pub bytes: Vec<u8>,
}

/// Why a message could not be sealed as asked for. Nothing is sealed with less protection instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The draft has no recipients.
    #[error("the message has no recipients")]
    NoRecipients,
    /// Some recipients have no usable certificate; every one of them is named.
    #[error("no usable certificate for {}", listed(.recipients))]
    CertificatesMissing {
        /// The recipients, in the order of the draft.
        recipients: Vec<MissingCertificate>,
    },
    /// The sender could not read the message, for want of a usable certificate of their own.
    #[error("no usable certificate for the sender's own copy ({})", .0.address)]
    OwnCertificateMissing(MissingCertificate),
    /// The sender's secret key is missing, locked or unusable.
    #[error("the message can't be signed: {0}")]
    SigningKey(#[source] PgpError),
    /// The OpenPGP operation failed.
    #[error(transparent)]
    Pgp(#[from] PgpError),
    /// The operating system gave no random bytes.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// Somebody to whom nothing can be encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MissingCertificate {
    /// Whose certificate is wanted.
    pub address: Address,
    /// Why the best one at hand can't be used; `None` where there is none at all.
    pub unusable: Option<Unusable>,
}

impl SealError {
    /// The stable code of this error.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NoRecipients => ErrorCode::InvalidInput,
            Self::CertificatesMissing { .. } | Self::OwnCertificateMissing(_) => ErrorCode::KeyMissing,
            Self::SigningKey(error) | Self::Pgp(error) => error.code(),
            Self::NoRandomness(error) => error.code(),
        }
    }
}

fn listed(recipients: &[MissingCertificate]) -> String {
    recipients.iter().map(|missing| missing.address.to_string()).collect::<Vec<_>>().join(", ")
}

/// Seals a draft: composes it, and signs and encrypts it as asked for (PGP/MIME, RFC 3156).
///
/// The subject and the other header fields are protected too (RFC 9788): outside an encrypted message the subject is `[...]`. Each
/// Bcc recipient gets a copy of their own, encrypted to them alone, and nothing in any other copy shows that there is one.
///
/// # Errors
///
/// [`SealError::CertificatesMissing`] names every recipient without a usable certificate at `now`; [`SealError`] says what else may
/// be missing.
pub fn seal(
    draft: &Draft,
    protection: Protection,
    keyring: &Keyring,
    options: &SealOptions,
    now: SystemTime,
) -> Result<Sealed, SealError> {
    let open = addresses(draft.open_recipients());
    // Whoever is seen anyway needs no hidden copy.
    let mut hidden = addresses(draft.hidden_recipients());
    hidden.retain(|address| !open.contains(address));
    if open.is_empty() && hidden.is_empty() {
        return Err(SealError::NoRecipients);
    }
    let sender = draft.sender().address();
    let keys = Keys::find(protection, keyring, sender, &open, &hidden, options, now)?;
    let boundaries = options.boundaries.clone().map_or_else(Boundaries::random, Ok)?;
    let mut sealer = Sealer::new(draft, protection, keys.signer, boundaries, now);

    let mut copies = Vec::new();
    if !open.is_empty() {
        let bytes = sealer.copy(keys.open.iter().chain(&keys.own).cloned())?;
        copies.push(SealedCopy { envelope: envelope(sender, open), bytes });
    }
    let own_copy = match copies.first() {
        _ if !options.encrypt_to_self => OwnCopy::NotWanted,
        Some(_) => OwnCopy::First,
        None => OwnCopy::Apart(sealer.copy(keys.own)?),
    };
    for (index, address) in hidden.into_iter().enumerate() {
        let bytes = sealer.copy(keys.hidden.get(index).cloned())?;
        copies.push(SealedCopy { envelope: envelope(sender, vec![address]), bytes });
    }
    Ok(Sealed { copies, own_copy })
}

/// Each address once, in the order of the draft.
fn addresses<'a>(mailboxes: impl Iterator<Item = &'a Mailbox>) -> Vec<Address> {
    let mut unique = Vec::new();
    for mailbox in mailboxes {
        if !unique.contains(mailbox.address()) {
            unique.push(mailbox.address().clone());
        }
    }
    unique
}

fn envelope(sender: &Address, to: Vec<Address>) -> Envelope {
    Envelope { from: Some(sender.clone()), to }
}

/// All keys that sealing needs; they are found before anything is made.
#[derive(Default)]
struct Keys<'a> {
    open: Vec<Holder<'a>>,
    hidden: Vec<Holder<'a>>,
    own: Option<Holder<'a>>,
    signer: Option<Signatory>,
}

impl<'a> Keys<'a> {
    fn find(
        protection: Protection,
        keyring: &'a Keyring,
        sender: &Address,
        open: &[Address],
        hidden: &[Address],
        options: &SealOptions,
        now: SystemTime,
    ) -> Result<Self, SealError> {
        let mut keys = Self::default();
        if protection.encrypts() {
            let mut missing = Vec::new();
            let mut find = |address: &Address| match keyring.holder(address, now) {
                Ok(holder) => Some(holder),
                Err(unusable) => {
                    missing.push(MissingCertificate { address: address.clone(), unusable });
                    None
                }
            };
            keys.open = open.iter().filter_map(&mut find).collect();
            keys.hidden = hidden.iter().filter_map(&mut find).collect();
            if !missing.is_empty() {
                return Err(SealError::CertificatesMissing { recipients: missing });
            }
        }
        if protection.encrypts() && options.encrypt_to_self {
            let own = keyring.holder(sender, now).map_err(|unusable| {
                SealError::OwnCertificateMissing(MissingCertificate { address: sender.clone(), unusable })
            });
            keys.own = Some(own?);
        }
        if protection.signs() {
            keys.signer = Some(keyring.signer(sender, now).map_err(SealError::SigningKey)?.1);
        }
        Ok(keys)
    }
}

/// Puts the wrapping around the content, which is frozen once: what was signed is what is sent, in every copy.
struct Sealer {
    protection: Protection,
    header: Vec<u8>,
    content: Vec<u8>,
    signer: Option<Signatory>,
    boundaries: Boundaries,
    now: SystemTime,
}

impl Sealer {
    fn new(
        draft: &Draft,
        protection: Protection,
        signer: Option<Signatory>,
        mut boundaries: Boundaries,
        now: SystemTime,
    ) -> Self {
        let Composed { header, entity } = draft.compose(protection.of_headers(), &mut boundaries);
        Self { protection, header, content: entity.to_bytes(), signer, boundaries, now }
    }

    /// One copy, readable for `holders`.
    fn copy<'c>(&mut self, holders: impl IntoIterator<Item = Holder<'c>>) -> Result<Vec<u8>, SealError> {
        let mut copy = match self.protection {
            Protection::None => [self.header.as_slice(), &self.content].concat(),
            Protection::Sign => self.signed()?,
            Protection::Encrypt | Protection::SignAndEncrypt => self.encrypted(holders)?,
        };
        end_last_line(&mut copy);
        Ok(copy)
    }

    /// `multipart/signed` (RFC 3156, section 5).
    fn signed(&mut self) -> Result<Vec<u8>, SealError> {
        let signer = self.signer.as_ref().ok_or(SealError::SigningKey(PgpError::NoSecretKey))?;
        let signature = sign_for_mail(&self.content, signer, self.now)?;
        let content_type = ContentType::of("multipart/signed")
            .with("micalg", MICALG)
            .with("protocol", "application/pgp-signature");
        // The signature is base64, in which no boundary can stand.
        let boundary = self.boundaries.absent(|boundary| stands_in(boundary, &self.content));

        let mut copy = self.header.clone();
        copy.reserve(self.content.len() + signature.len() + WRAPPING);
        let mut parts = Multipart::begin(&mut copy, content_type, &boundary);
        parts.next().extend_from_slice(&self.content);
        let part = parts.next();
        part.extend_from_slice(SIGNATURE_FIELDS);
        part.extend_from_slice(signature.as_bytes());
        parts.end();
        Ok(copy)
    }

    /// `multipart/encrypted` (RFC 3156, sections 4 and 6.2).
    fn encrypted<'c>(&mut self, holders: impl IntoIterator<Item = Holder<'c>>) -> Result<Vec<u8>, SealError> {
        let mut recipients = Recipients::of(holders);
        if let Some(signer) = &self.signer {
            recipients = recipients.signed_with(signer);
        }
        let content_type =
            ContentType::of("multipart/encrypted").with("protocol", "application/pgp-encrypted");
        // The version has no boundary in it, and base64 can't have one.
        let boundary = self.boundaries.next();

        let mut copy = self.header.clone();
        let mut parts = Multipart::begin(&mut copy, content_type, &boundary);
        parts.next().extend_from_slice(VERSION_PART);
        let part = parts.next();
        part.extend_from_slice(DATA_FIELDS);
        encrypt_for_mail(&self.content, &recipients, self.now, part)?;
        parts.end();
        Ok(copy)
    }
}

/// More than the fields and delimiters of a wrapping have.
const WRAPPING: usize = 1024;
const SIGNATURE_FIELDS: &[u8] = b"Content-Type: application/pgp-signature; name=\"signature.asc\"\r\n\
    Content-Description: OpenPGP digital signature\r\n\r\n";
const VERSION_PART: &[u8] = b"Content-Type: application/pgp-encrypted\r\n\
    Content-Description: PGP/MIME version identification\r\n\r\nVersion: 1\r\n";
const DATA_FIELDS: &[u8] = b"Content-Type: application/octet-stream; name=\"encrypted.asc\"\r\n\
    Content-Description: OpenPGP encrypted message\r\n\
    Content-Disposition: inline; filename=\"encrypted.asc\"\r\n\r\n";
