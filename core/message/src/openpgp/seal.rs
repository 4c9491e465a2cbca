//! Making OpenPGP messages and signatures.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::SystemTime;

use openpgp::armor::Kind;
use openpgp::policy::StandardPolicy;
use openpgp::serialize::Serialize;
use openpgp::serialize::stream::{self, LiteralWriter, Message};
use openpgp::types::HashAlgorithm;
use postseal_types::Secret;
use sequoia_openpgp as openpgp;

use super::certificate::EncryptionKey;
use super::layer::{End, Format, Layer};
use super::mail_armor::MailArmor;
use super::policy::{checked, policy};
use super::{Certificate, PgpError, Signatory, UnlockedKey, Unusable, armor};

/// The hash of all our signatures; [`MICALG`] says so in a header.
const HASH: HashAlgorithm = HashAlgorithm::SHA512;
/// The `micalg` parameter of multipart/signed for our signatures (RFC 3156, section 5).
pub(crate) const MICALG: &str = "pgp-sha512";

/// OpenPGP data that was just made: an encrypted or signed message, or a signature.
#[derive(Debug, Clone, PartialEq)]
pub struct PgpData {
    bytes: Vec<u8>,
    kind: Kind,
}

impl PgpData {
    pub(super) const fn new(bytes: Vec<u8>, kind: Kind) -> Self {
        Self { bytes, kind }
    }

    /// The packets in binary form.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The packets in binary form.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The same with ASCII armor (RFC 9580, section 6), with LF line ends.
    #[must_use]
    pub fn to_armored(&self) -> String {
        armor::enarmor(self.kind, &self.bytes)
    }
}

/// Who shall be able to read a message, and who signs it.
#[derive(Debug, Clone, Default)]
pub struct Recipients<'a> {
    holders: Vec<Holder<'a>>,
    passphrases: Vec<&'a Secret>,
    signer: Option<Signer<'a>>,
}

/// Who signs, with the part of the key that does where it was found already.
#[derive(Debug, Clone)]
enum Signer<'a> {
    Key(&'a UnlockedKey),
    Found(&'a Signatory),
}

impl Signer<'_> {
    fn signatory(&self, now: SystemTime) -> Result<Signatory, PgpError> {
        match self {
            Self::Key(key) => key.signer(now),
            Self::Found(found) => Ok((*found).clone()),
        }
    }
}

/// The holder of a certificate, with the keys to encrypt to where they were found already.
#[derive(Debug, Clone)]
pub(crate) struct Holder<'a> {
    certificate: &'a Certificate,
    keys: Option<Arc<[EncryptionKey]>>,
}

impl<'a> Holder<'a> {
    /// With the keys that can be encrypted to at `now`.
    pub(super) fn found(certificate: &'a Certificate, now: SystemTime) -> Result<Self, Unusable> {
        let keys = certificate.encryption_keys(&policy(now), now)?;
        Ok(Self { certificate, keys: Some(keys.into()) })
    }

    pub(super) const fn certificate(&self) -> &'a Certificate {
        self.certificate
    }

    fn keys(
        &self,
        policy: &StandardPolicy<'_>,
        now: SystemTime,
    ) -> Result<Cow<'_, [EncryptionKey]>, PgpError> {
        match &self.keys {
            Some(keys) => Ok(Cow::Borrowed(keys)),
            None => {
                let found = self.certificate.encryption_keys(policy, now);
                found.map(Cow::Owned).map_err(|reason| self.unusable(reason))
            }
        }
    }

    fn unusable(&self, reason: Unusable) -> PgpError {
        PgpError::KeyUnusable { key: self.certificate.fingerprint().clone().into(), reason }
    }
}

impl<'a> Recipients<'a> {
    /// The holders of these certificates.
    pub fn new(certificates: impl IntoIterator<Item = &'a Certificate>) -> Self {
        Self::of(certificates.into_iter().map(|certificate| Holder { certificate, keys: None }))
    }

    /// The same, each once.
    pub(crate) fn of(holders: impl IntoIterator<Item = Holder<'a>>) -> Self {
        let mut unique: Vec<Holder<'_>> = Vec::new();
        for holder in holders {
            let fingerprint = holder.certificate.fingerprint();
            if !unique.iter().any(|known| known.certificate.fingerprint() == fingerprint) {
                unique.push(holder);
            }
        }
        Self { holders: unique, ..Self::default() }
    }

    /// And whoever knows this passphrase.
    #[must_use]
    pub fn with_passphrase(mut self, passphrase: &'a Secret) -> Self {
        self.passphrases.push(passphrase);
        self
    }

    /// Signs the message inside the encryption; the signature names the recipients, so that none of them can pass it on as if it
    /// were meant for someone else.
    #[must_use]
    pub fn signed_by(mut self, signer: &'a UnlockedKey) -> Self {
        self.signer = Some(Signer::Key(signer));
        self
    }

    /// The same by the part of a key that was found already.
    pub(crate) fn signed_with(mut self, signatory: &'a Signatory) -> Self {
        self.signer = Some(Signer::Found(signatory));
        self
    }

    /// The part of the signer's key that signs, where there is a signer.
    pub(super) fn signatory(&self, now: SystemTime) -> Result<Option<Signatory>, PgpError> {
        self.signer.as_ref().map(|signer| signer.signatory(now)).transpose()
    }
}

/// Encrypts `data`, and signs it where `recipients` says so.
///
/// With AES-256, in the newest format that all recipients announce: SEIPDv2 with OCB or SEIPDv1 (RFC 9580, section 5.13). Not
/// compressed, since the size of compressed data tells about its content.
///
/// # Errors
///
/// [`PgpError::KeyUnusable`] for the first certificate that can't be encrypted to, or a signer that can't sign;
/// [`PgpError::NoRecipients`] when there is nobody; [`PgpError::EmptyPassphrase`].
pub fn encrypt(data: &[u8], recipients: &Recipients<'_>, now: SystemTime) -> Result<PgpData, PgpError> {
    let mut bytes = Vec::with_capacity(data.len() + OVERHEAD);
    write_encrypted(data, recipients, now, &mut bytes)?;
    Ok(PgpData { bytes, kind: Kind::Message })
}

/// Encrypts like [`encrypt`], and appends the message to `out` as it stands in mail: with ASCII armor, in lines that end in CRLF.
pub(crate) fn encrypt_for_mail(
    data: &[u8],
    recipients: &Recipients<'_>,
    now: SystemTime,
    out: &mut Vec<u8>,
) -> Result<(), PgpError> {
    let mut armor = MailArmor::begin(out, data.len() + OVERHEAD);
    write_encrypted(data, recipients, now, &mut armor)?;
    armor.end();
    Ok(())
}

pub(super) const ENCRYPTING: PgpError = PgpError::Internal { what: "encrypting" };
/// Room for recipients, signature and packet headers; more of them only cost a reallocation.
pub(super) const OVERHEAD: usize = 4096;

fn write_encrypted(
    data: &[u8],
    recipients: &Recipients<'_>,
    now: SystemTime,
    sink: impl Write + Send + Sync,
) -> Result<(), PgpError> {
    begin_encrypted(recipients, now, sink)?.whole(data)
}

/// A message that is being encrypted. What is written to it is its content, and it has to be ended.
pub(super) struct Encrypting<'s> {
    content: Message<'s>,
    layer: End<'s>,
}

impl<'s> Encrypting<'s> {
    /// Encrypts in this layer, and signs where there is a signer.
    pub(super) fn begin(
        recipients: &Recipients<'_>,
        signer: Option<Signatory>,
        now: SystemTime,
        layer: Layer,
        sink: impl Write + Send + Sync + 's,
    ) -> Result<Self, PgpError> {
        let (message, layer) = layer.begin(sink).map_err(|_| ENCRYPTING)?;
        Ok(Self { content: begin_content(recipients, signer, now, message)?, layer })
    }

    pub(super) fn end(self) -> Result<(), PgpError> {
        self.content.finalize().and_then(|()| (self.layer)()).map_err(|_| ENCRYPTING)
    }

    /// Writes all of its content, and ends it.
    pub(super) fn whole(mut self, data: &[u8]) -> Result<(), PgpError> {
        self.write_all(data).map_err(|_| ENCRYPTING)?;
        self.end()
    }
}

impl Write for Encrypting<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.content.write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.content.flush()
    }
}

/// Begins an encrypted message, signed where `recipients` says so. What is then written is its content.
pub(super) fn begin_encrypted<'s>(
    recipients: &Recipients<'_>,
    now: SystemTime,
    mut sink: impl Write + Send + Sync + 's,
) -> Result<Encrypting<'s>, PgpError> {
    let now = checked(now)?;
    let signer = recipients.signatory(now)?;
    let layer = write_session_keys(recipients, now, &mut sink)?;
    Encrypting::begin(recipients, signer, now, layer, sink)
}

/// Begins what stands inside of the encryption, signed where there is a signer.
pub(super) fn begin_content<'s>(
    recipients: &Recipients<'_>,
    signer: Option<Signatory>,
    now: SystemTime,
    message: Message<'s>,
) -> Result<Message<'s>, PgpError> {
    let message = match signer {
        Some(signer) => sign_for(recipients, signer, now, message),
        None => Ok(message),
    };
    message.and_then(|message| LiteralWriter::new(message).build()).map_err(|_| ENCRYPTING)
}

/// Writes the session key of an encryption that is about to begin, for everyone who shall read it.
pub(super) fn write_session_keys(
    recipients: &Recipients<'_>,
    now: SystemTime,
    sink: &mut dyn Write,
) -> Result<Layer, PgpError> {
    let (holders, policy) = (&recipients.holders, policy(now));
    if holders.is_empty() && recipients.passphrases.is_empty() {
        return Err(PgpError::NoRecipients);
    }
    if recipients.passphrases.iter().any(|passphrase| passphrase.is_empty()) {
        return Err(PgpError::EmptyPassphrase);
    }
    let keys: Vec<_> = holders.iter().map(|holder| holder.keys(&policy, now)).collect::<Result<_, _>>()?;
    let mut all = keys.iter().flat_map(|keys| keys.iter());
    let is_modern = !keys.is_empty() && all.all(EncryptionKey::reads_seipdv2);
    let format = if is_modern { Format::Seipdv2 } else { Format::Seipdv1 };
    let layer = Layer::new(format).map_err(|_| ENCRYPTING)?;
    for (holder, keys) in holders.iter().zip(&keys) {
        for key in keys.iter() {
            let packet = layer.for_key(key).map_err(|_| holder.unusable(Unusable::Invalid))?;
            packet.serialize(sink).map_err(|_| ENCRYPTING)?;
        }
    }
    for passphrase in &recipients.passphrases {
        let packet = layer.for_passphrase(passphrase);
        packet.and_then(|packet| packet.serialize(sink)).map_err(|_| ENCRYPTING)?;
    }
    Ok(layer)
}

/// Signs what is written, for these recipients.
fn sign_for<'s>(
    recipients: &Recipients<'_>,
    signer: Signatory,
    now: SystemTime,
    message: Message<'s>,
) -> openpgp::Result<Message<'s>> {
    let mut layer = stream::Signer::new(message, signer.into_pair())?.hash_algo(HASH)?.creation_time(now);
    for holder in &recipients.holders {
        layer = layer.add_intended_recipient(holder.certificate.cert());
    }
    layer.build()
}

/// Signs `data`; the signature is apart from it (RFC 9580, section 10.4).
///
/// # Errors
///
/// [`PgpError::KeyUnusable`] or [`PgpError::NoSecretKey`] when the key can't sign at `now`.
pub fn sign_detached(data: &[u8], key: &UnlockedKey, now: SystemTime) -> Result<PgpData, PgpError> {
    let bytes = sign(data, &Signer::Key(key), now, Form::Detached)?;
    Ok(PgpData { bytes, kind: Kind::Signature })
}

/// Signs like [`sign_detached`], and gives the signature as it stands in mail: with ASCII armor, in lines that end in CRLF.
pub(crate) fn sign_for_mail(data: &[u8], signatory: &Signatory, now: SystemTime) -> Result<String, PgpError> {
    let bytes = sign(data, &Signer::Found(signatory), now, Form::Detached)?;
    Ok(armor::enarmor(Kind::Signature, &bytes).replace('\n', "\r\n"))
}

/// Signs `data`; the message holds both. It is not encrypted: anyone can read it.
///
/// # Errors
///
/// As for [`sign_detached`].
pub fn sign_inline(data: &[u8], key: &UnlockedKey, now: SystemTime) -> Result<PgpData, PgpError> {
    let bytes = sign(data, &Signer::Key(key), now, Form::Inline)?;
    Ok(PgpData { bytes, kind: Kind::Message })
}

/// Signs `text` so that it stays readable (the cleartext signature framework, RFC 9580, section 7). White space at line ends is not
/// signed. Lines end in LF in it, also those that ended in CR LF or in a CR alone.
///
/// # Errors
///
/// As for [`sign_detached`].
pub fn sign_cleartext(text: &str, key: &UnlockedKey, now: SystemTime) -> Result<String, PgpError> {
    // A CR alone is signed as the end of a line, and so it is one.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let bytes = sign(text.as_bytes(), &Signer::Key(key), now, Form::Cleartext)?;
    String::from_utf8(bytes).map_err(|_| PgpError::Internal { what: "signing text" })
}

enum Form {
    Detached,
    Inline,
    Cleartext,
}

fn sign(data: &[u8], signer: &Signer<'_>, now: SystemTime, form: Form) -> Result<Vec<u8>, PgpError> {
    let now = checked(now)?;
    let pair = signer.signatory(now)?.into_pair();
    let mut bytes = Vec::new();
    (|| {
        let signer = stream::Signer::new(Message::new(&mut bytes), pair)?.hash_algo(HASH)?.creation_time(now);
        let mut message = match form {
            Form::Detached => signer.detached().build()?,
            Form::Inline => return write_literal(signer.build()?, data),
            Form::Cleartext => signer.cleartext().build()?,
        };
        message.write_all(data)?;
        message.finalize()
    })()
    .map_err(|_| PgpError::Internal { what: "signing" })?;
    Ok(bytes)
}

fn write_literal(message: Message<'_>, data: &[u8]) -> openpgp::Result<()> {
    let mut literal = LiteralWriter::new(message).build()?;
    literal.write_all(data)?;
    literal.finalize()
}
