//! Messages whose bulk is encrypted or decrypted by ciphers of the caller's.
//!
//! A WebAssembly module has no AES of the processor's, and the page around it has. So these operations stop where the content is to be
//! encrypted or decrypted, tell the caller how, and go on with what comes back. What needs care stays here: session keys, formats,
//! signatures, limits.

use std::io::Write;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::SystemTime;

use openpgp::armor::Kind;
use openpgp::crypto::{self, SessionKey};
use openpgp::packet::{Packet, SEIP};
use openpgp::parse::stream::{DecryptionHelper, VerificationHelper, VerifierBuilder};
use openpgp::parse::{Dearmor, PacketParserBuilder, PacketParserResult, Parse};
use openpgp::policy::Policy;
use openpgp::serialize::stream::Message;
use openpgp::types::{AEADAlgorithm, SymmetricAlgorithm};
use sequoia_openpgp as openpgp;

use super::layer::Format;
#[cfg(feature = "rust-primitives")]
use super::layer::{CIPHER, MODE};
use super::mail_armor::dearmored;
use super::open::{BUFFER, is_stub, octets_of, read_signed};
use super::policy::checked;
use super::reader::{Counted, Reader};
use super::seal::{ENCRYPTING, Encrypting, OVERHEAD, begin_content, write_session_keys};
#[cfg(feature = "rust-primitives")]
use super::seipdv2;
use super::{Decrypted, Encryption, Fingerprint, Keyring, PgpData, PgpError, ReadOptions, Recipients};

/// The least octets of a chunk: each is one call of the caller's.
const LEAST_CHUNK: u64 = 16 * 1024;

/// AES' block.
const BLOCK: usize = 16;
/// What a packet of either version has in front of what is encrypted: its version, and in SEIPDv2 cipher, mode, chunk size and salt, too.
const VERSION: usize = 1;
const FIELDS: usize = 4 + 32;
/// What a SEIPDv1 packet has in front of its content: a random block, and two octets of it again (RFC 9580, section 5.13.1).
const PREFIX: usize = BLOCK + 2;
/// The header of the modification detection code (section 5.14), and its length.
const MDC: [u8; 2] = [0xD3, 0x14];
pub(super) const DIGEST: usize = 20;
/// The header of a packet whose length is known, and the one octet that an encrypted and a compressed one have in front of their content.
const HEADER: usize = 7;

/// Which ciphers the caller has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BulkCiphers {
    /// AES-128 and AES-256 in CFB mode, to decrypt with.
    pub cfb: bool,
    /// The same in Galois/Counter Mode.
    pub gcm: bool,
    /// AES-256 in OCB mode. That one is ours, not the caller's, in a way that takes many blocks at once and several copies of the message
    /// (with `crypto-rust`; docs/adr).
    pub ocb: bool,
}

/// How the content of a message is encrypted, for whoever decrypts it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BulkCipher {
    /// SEIPDv1 (RFC 9580, section 5.13.1): AES in CFB mode, its IV all zeros, with the session key itself. The plaintext ends with a
    /// modification detection code, whose 20 octets are the SHA-1 of all that is before them.
    Cfb,
    /// SEIPDv2 with GCM (section 5.13.2).
    Gcm {
        /// The salt of HKDF-SHA256, which makes of the session key the message key, as long as it, and the first 4 octets of the nonces;
        /// `header` is its `info`. The other 8 octets of a nonce are the chunk's number.
        salt: [u8; 32],
        /// The associated data of each chunk, and the first part of that of the last tag.
        header: [u8; 5],
        /// How many octets of plaintext each chunk has but the last one; a tag of 16 octets follows each of them.
        chunk: usize,
    },
}

/// What became of decrypting.
#[derive(Debug)]
pub enum BegunDecryption {
    /// It is done.
    Done(Decrypted),
    /// The caller's turn.
    Bulk(BulkDecryption),
}

/// A message whose session key was found, and whose content the caller decrypts.
pub struct BulkDecryption {
    cipher: BulkCipher,
    sealed: Sealed,
}

/// Who decrypts it, and how.
#[derive(Clone)]
pub(super) enum Way {
    Callers(BulkCipher),
    #[cfg(feature = "rust-primitives")]
    Ocb {
        salt: [u8; 32],
        chunk: usize,
    },
}

/// A content that is encrypted, and what is known of it.
pub(super) struct Sealed {
    session_key: SessionKey,
    ciphertext: Vec<u8>,
    encryption: Encryption,
    /// Who decrypts it, where that is the holder of a key.
    identity: Option<Fingerprint>,
    counted: Counted,
    octets: Arc<AtomicU64>,
}

impl std::fmt::Debug for BulkDecryption {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BulkDecryption").field("cipher", &self.cipher).finish_non_exhaustive()
    }
}

/// Decrypts a message like [`decrypt`](super::decrypt), unless one of `ciphers` decrypts its content. That costs the caller several copies
/// of it, and so is for large messages.
///
/// # Errors
///
/// As for [`decrypt`](super::decrypt).
pub fn begin_decrypt(
    message: &[u8],
    keyring: &Keyring,
    options: &ReadOptions<'_>,
    ciphers: BulkCiphers,
    now: SystemTime,
) -> Result<BegunDecryption, PgpError> {
    let packets = dearmored(message);
    let message = packets.as_deref().unwrap_or(message);
    match Sealed::find(message, keyring, options, ciphers, now)? {
        Some((Way::Callers(cipher), sealed)) => Ok(BegunDecryption::Bulk(BulkDecryption { cipher, sealed })),
        #[cfg(feature = "rust-primitives")]
        Some((Way::Ocb { salt, chunk }, sealed)) => {
            let plaintext = seipdv2::decrypt(&sealed.ciphertext, &sealed.session_key, &salt, chunk, HEADER);
            let plaintext = plaintext.ok_or(PgpError::Tampered)?;
            let content = HEADER..plaintext.len();
            sealed.opened(plaintext, content, keyring, options, now).map(BegunDecryption::Done)
        }
        None => super::decrypt(message, keyring, options, now).map(BegunDecryption::Done),
    }
}

impl BulkDecryption {
    /// How many octets of no meaning are in front of a plaintext in GCM: it isn't copied for what goes there.
    pub const ROOM: usize = HEADER;

    /// How the content is encrypted.
    #[must_use]
    pub const fn cipher(&self) -> &BulkCipher {
        &self.cipher
    }

    /// The session key: 16 or 32 octets.
    #[must_use]
    pub fn session_key(&self) -> &[u8] {
        &self.sealed.session_key
    }

    /// The content, as it is encrypted. It can be taken once.
    #[must_use]
    pub fn take_ciphertext(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.sealed.ciphertext)
    }

    /// Goes on with a plaintext whose integrity is proven: of GCM, after every tag was found right, the last one too, without the tags, and
    /// with [`ROOM`](Self::ROOM) in front of it. Of CFB it is all of what was decrypted, with the random block and the modification
    /// detection code, and `digest` is the SHA-1 of it without the last 20 octets; it is compared here.
    ///
    /// # Errors
    ///
    /// As for [`decrypt`](super::decrypt): [`PgpError::Tampered`] when the code is another, or the content is none.
    pub fn finish(
        self,
        plaintext: Vec<u8>,
        digest: Option<&[u8]>,
        keyring: &Keyring,
        options: &ReadOptions<'_>,
        now: SystemTime,
    ) -> Result<Decrypted, PgpError> {
        let content = match self.cipher {
            BulkCipher::Cfb => proven(&plaintext, digest.unwrap_or_default()).ok_or(PgpError::Tampered)?,
            BulkCipher::Gcm { .. } if plaintext.len() < Self::ROOM => return Err(PgpError::Tampered),
            BulkCipher::Gcm { .. } => Self::ROOM..plaintext.len(),
        };
        self.sealed.opened(plaintext, content, keyring, options, now)
    }
}

impl Sealed {
    /// `None` where something is out of the ordinary: the usual way says what.
    pub(super) fn find(
        message: &[u8],
        keyring: &Keyring,
        options: &ReadOptions<'_>,
        ciphers: BulkCiphers,
        now: SystemTime,
    ) -> Result<Option<(Way, Self)>, PgpError> {
        let mut reader = Reader::new(keyring, options, checked(now)?);
        reader.is_stub = is_stub(packets_of(message), options.limits.packets);
        let policy = reader.packet_policy();
        let (mut pkesks, mut skesks) = (Vec::new(), Vec::new());
        let mut next = packets_of(message);
        let (mut parser, way, hint) = loop {
            let Ok(PacketParserResult::Some(parser)) = next else { return Ok(None) };
            let is_usual = policy.packet(&parser.packet).is_ok()
                && (&mut reader).inspect(&parser).is_ok()
                && parser.possible_message().is_ok();
            if !is_usual {
                return Ok(None);
            }
            match &parser.packet {
                Packet::SEIP(container) => match way_of(container, ciphers) {
                    Some((way, hint)) => break (parser, way, hint),
                    None => return Ok(None),
                },
                Packet::PKESK(_) | Packet::SKESK(_) | Packet::Marker(_) | Packet::Padding(_) => {}
                _ => return Ok(None),
            }
            let Ok((packet, rest)) = parser.next() else { return Ok(None) };
            match packet {
                Packet::PKESK(pkesk) => pkesks.push(pkesk),
                Packet::SKESK(skesk) => skesks.push(skesk),
                _ => {}
            }
            next = Ok(rest);
        };
        let (fields, aead) = match &way {
            Way::Callers(BulkCipher::Cfb) => (VERSION, None),
            Way::Callers(BulkCipher::Gcm { .. }) => (FIELDS, Some(AEADAlgorithm::GCM)),
            #[cfg(feature = "rust-primitives")]
            Way::Ocb { .. } => (FIELDS, Some(AEADAlgorithm::OCB)),
        };
        // Before the session key is looked for, since the usual way looks for it again.
        let Some(ciphertext) = content_of_container(message, fields) else { return Ok(None) };
        let mut found = None;
        let identity = (&mut reader)
            .decrypt(&pkesks, &skesks, hint, &mut |cipher, key| {
                let cipher = hint.or(cipher);
                let fits = parser.decrypt(cipher, key).is_ok();
                if fits {
                    found = cipher.map(|cipher| (cipher, key.clone()));
                }
                fits
            })
            .map_err(|error| reader.failure(&error))?;
        let Some((cipher, session_key)) = found.filter(|(cipher, _)| is_offered(*cipher)) else {
            return Ok(None);
        };
        let sealed = Self {
            encryption: Encryption {
                recipients: std::mem::take(&mut reader.recipients),
                cipher: cipher.to_string(),
                aead: aead.map(|aead| aead.to_string()),
            },
            session_key,
            ciphertext,
            identity: identity.and_then(|cert| Fingerprint::from_sequoia(&cert.fingerprint())),
            counted: reader.counted(aead.is_none()),
            octets: octets_of(message),
        };
        Ok(Some((way, sealed)))
    }

    /// What stands in the plaintext, at `content`, behind at least [`HEADER`] octets. All of it is proven.
    fn opened(
        self,
        mut plaintext: Vec<u8>,
        content: Range<usize>,
        keyring: &Keyring,
        options: &ReadOptions<'_>,
        now: SystemTime,
    ) -> Result<Decrypted, PgpError> {
        // The content stands where it stood: inside of one packet, here one that is compressed with nothing.
        let length = u32::try_from(content.len() + 1).map_err(|_| PgpError::Tampered)?;
        let [a, b, c, d] = length.to_be_bytes();
        let packet = plaintext.get_mut(content.start - HEADER..content.end).unwrap_or_default();
        if let Some(header) = packet.first_chunk_mut() {
            *header = [0xC8, 0xFF, a, b, c, d, 0];
        }
        let mut reader = Reader::new(keyring, options, checked(now)?);
        reader.resume(self.encryption, self.identity, self.counted, self.octets);
        let mut data = Vec::with_capacity(content.len().min(options.limits.plaintext));
        VerifierBuilder::from_bytes(packet)
            .and_then(|begun| read_signed(begun, &mut reader, BUFFER, &mut data))
            .map_err(|error| reader.failure(&error))?;
        data.shrink_to_fit();
        reader.decrypted(data)
    }
}

/// The packets as they stand there: where Sequoia would look for armor further on, `content_of_container` wouldn't.
fn packets_of(message: &[u8]) -> openpgp::Result<PacketParserResult<'_>> {
    PacketParserBuilder::from_bytes(message)?.dearmor(Dearmor::Disabled).build()
}

/// How the content of a packet would be decrypted, and its cipher where it names that.
fn way_of(container: &SEIP, ciphers: BulkCiphers) -> Option<(Way, Option<SymmetricAlgorithm>)> {
    match container {
        SEIP::V1(_) if ciphers.cfb => Some((Way::Callers(BulkCipher::Cfb), None)),
        SEIP::V2(seip)
            if ciphers.gcm && seip.aead() == AEADAlgorithm::GCM && is_offered(seip.symmetric_algo()) =>
        {
            let chunk = seip.chunk_size();
            let size = u8::try_from(chunk.checked_ilog2()?).ok()?.checked_sub(6)?;
            let header = [0xD2, 2, seip.symmetric_algo().into(), seip.aead().into(), size];
            (chunk >= LEAST_CHUNK).then_some(())?;
            let cipher = BulkCipher::Gcm { salt: *seip.salt(), header, chunk: usize::try_from(chunk).ok()? };
            Some((Way::Callers(cipher), Some(seip.symmetric_algo())))
        }
        #[cfg(feature = "rust-primitives")]
        SEIP::V2(seip) if ciphers.ocb && seip.aead() == MODE && seip.symmetric_algo() == CIPHER => {
            let way = Way::Ocb { salt: *seip.salt(), chunk: usize::try_from(seip.chunk_size()).ok()? };
            Some((way, Some(CIPHER)))
        }
        _ => None,
    }
}

/// Whether it is one of those that everyone has who has any.
fn is_offered(cipher: SymmetricAlgorithm) -> bool {
    matches!(cipher, SymmetricAlgorithm::AES128 | SymmetricAlgorithm::AES256)
}

/// The content of the encrypted packet at the end of a message, behind its `fields`, with its parts put together. The packets in front of it
/// were read by the library; nothing may follow.
///
/// The library would find it as well, and copy and hash the whole of it several times on the way.
pub(super) fn content_of_container(message: &[u8], fields: usize) -> Option<Vec<u8>> {
    const SEIPD: u8 = 0xD2;
    let mut rest = message;
    loop {
        let (&first, mut after) = rest.split_first()?;
        let (mut content, mut left) = (Vec::new(), fields);
        if first == SEIPD {
            content.reserve_exact(after.len());
        }
        loop {
            let (length, is_last) =
                if first < 0xC0 { (older_length(first, &mut after)?, true) } else { length(&mut after)? };
            let octets = after.split_off(..length)?;
            if first == SEIPD {
                let skipped = left.min(length);
                content.extend_from_slice(octets.get(skipped..)?);
                left -= skipped;
            }
            if is_last {
                break;
            }
        }
        if first == SEIPD {
            return after.is_empty().then_some(content);
        }
        rest = after;
    }
}

/// The length of a packet, or of a part of it where that is not the last (RFC 9580, section 4.2.1).
fn length(header: &mut &[u8]) -> Option<(usize, bool)> {
    let first = usize::from(*header.split_off_first()?);
    Some(match first {
        0..192 => (first, true),
        192..224 => ((first - 192) * 256 + usize::from(*header.split_off_first()?) + 192, true),
        224..255 => (1 << (first & 0x1F), false),
        _ => (number(4, header)?, true),
    })
}

/// The length of a packet whose first octet is of the older form; not one that goes on to the end (section 4.2.2).
fn older_length(first: u8, header: &mut &[u8]) -> Option<usize> {
    match first & 3 {
        3 => None,
        size => number(1 << size, header),
    }
}

fn number(octets: usize, header: &mut &[u8]) -> Option<usize> {
    header
        .split_off(..octets)?
        .iter()
        .try_fold(0_usize, |number, octet| Some(number.checked_mul(256)? + usize::from(*octet)))
}

/// Where the packets are in a plaintext whose modification detection code is right.
fn proven(plaintext: &[u8], digest: &[u8]) -> Option<Range<usize>> {
    let (before, code) = plaintext.split_at_checked(plaintext.len().checked_sub(DIGEST)?)?;
    let content = before.strip_suffix(&MDC)?;
    let (block, again) = content.get(..PREFIX)?.split_at_checked(BLOCK)?;
    (digest == code && block.ends_with(again)).then_some(PREFIX..content.len())
}

/// What became of encrypting.
#[derive(Debug)]
pub enum BegunEncryption {
    /// It is done.
    Done(PgpData),
    /// The caller's turn.
    Bulk(BulkEncryption),
}

/// A message whose content the caller encrypts: SEIPDv1 (RFC 9580, section 5.13.1).
pub struct BulkEncryption {
    head: Vec<u8>,
    session_key: SessionKey,
    plaintext: Vec<u8>,
    length: usize,
}

impl std::fmt::Debug for BulkEncryption {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BulkEncryption").field("length", &self.length).finish_non_exhaustive()
    }
}

/// Encrypts data like [`encrypt`](super::encrypt), unless it goes into SEIPDv1, whose content the caller encrypts.
///
/// # Errors
///
/// As for [`encrypt`](super::encrypt).
pub fn begin_encrypt(
    data: &[u8],
    recipients: &Recipients<'_>,
    now: SystemTime,
) -> Result<BegunEncryption, PgpError> {
    let now = checked(now)?;
    let signer = recipients.signatory(now)?;
    let mut bytes = Vec::with_capacity(data.len() + OVERHEAD);
    let layer = write_session_keys(recipients, now, &mut bytes)?;
    match layer.format() {
        Format::Seipdv1 => {
            let (head, session_key, mut plaintext) = (bytes.clone(), layer.into_session_key(), bytes);
            plaintext.clear();
            let mut block = [0; BLOCK];
            crypto::random(&mut block).map_err(|_| ENCRYPTING)?;
            plaintext.extend(block);
            plaintext.extend_from_within(BLOCK - 2..);
            let mut content = begin_content(recipients, signer, now, Message::new(&mut plaintext))?;
            content.write_all(data).map_err(|_| ENCRYPTING)?;
            content.finalize().map_err(|_| ENCRYPTING)?;
            plaintext.extend(MDC);
            Ok(BegunEncryption::Bulk(BulkEncryption {
                head,
                session_key,
                length: plaintext.len(),
                plaintext,
            }))
        }
        Format::Seipdv2 => {
            Encrypting::begin(recipients, signer, now, layer, &mut bytes)?.whole(data)?;
            Ok(BegunEncryption::Done(PgpData::new(bytes, Kind::Message)))
        }
    }
}

impl BulkEncryption {
    /// The session key: 32 octets.
    #[must_use]
    pub fn session_key(&self) -> &[u8] {
        &self.session_key
    }

    /// What is to be encrypted; its SHA-1 goes behind it. It can be taken once.
    #[must_use]
    pub fn take_plaintext(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.plaintext)
    }

    /// Goes on with the SHA-1 of the plaintext, and with both as they are encrypted: by AES in CFB mode, the IV all zeros.
    ///
    /// # Errors
    ///
    /// [`PgpError::Internal`] when the ciphertext has another length.
    pub fn finish(self, ciphertext: &[u8]) -> Result<PgpData, PgpError> {
        if ciphertext.len() != self.length + DIGEST {
            return Err(ENCRYPTING);
        }
        let length = u32::try_from(ciphertext.len() + 1).map_err(|_| ENCRYPTING)?;
        let mut bytes = self.head;
        bytes.reserve_exact(ciphertext.len() + HEADER);
        bytes.extend([0xD2, 0xFF]);
        bytes.extend(length.to_be_bytes());
        bytes.push(1);
        bytes.extend(ciphertext);
        Ok(PgpData::new(bytes, Kind::Message))
    }
}
