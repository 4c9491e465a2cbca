//! Reading OpenPGP messages and signatures.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::SystemTime;

use openpgp::packet::{Packet, SEIP, Tag};
use openpgp::parse::buffered_reader::BufferedReader;
use openpgp::parse::stream::{DecryptorBuilder, DetachedVerifierBuilder, VerifierBuilder};
use openpgp::parse::{PacketParser, PacketParserResult, Parse};
use postseal_types::Secret;
use sequoia_openpgp as openpgp;

use super::line_ends::LineEnds;
use super::mail_armor::dearmored;
use super::policy::{CLOCK_SKEW, checked};
use super::reader::{Extent, Reader};
use super::{Fingerprint, KeyHandle, Keyring, PgpError, PgpLimits, SignatureResult};

/// How to read messages.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ReadOptions<'a> {
    /// What a stranger can make us compute or keep.
    pub limits: PgpLimits,
    /// Passphrases to try, for messages that are encrypted to one.
    pub passphrases: Vec<&'a Secret>,
}

/// A message that was decrypted, and whose integrity is proven.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decrypted {
    /// The plaintext.
    pub data: Vec<u8>,
    /// To whom it was encrypted, and how.
    pub encryption: Encryption,
    /// The signatures inside the encryption, each with what became of it; empty when it is not signed.
    pub signatures: Vec<SignatureResult>,
}

/// To whom a message is encrypted, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Encryption {
    /// The keys that it names, in its order. Hidden recipients and passphrases aren't named.
    pub recipients: Vec<KeyHandle>,
    /// The cipher, such as `AES-256`.
    pub cipher: String,
    /// The mode of authenticated encryption, such as `OCB` (SEIPDv2); `None` where a modification detection code protects the
    /// message instead (SEIPDv1).
    pub aead: Option<String>,
}

/// The data of a signed message, and its signatures. Whether to believe the data is up to [`Verified::signatures`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// What was signed.
    pub data: Vec<u8>,
    /// Each signature with what became of it; at least one.
    pub signatures: Vec<SignatureResult>,
}

/// Decrypts a message, armored or binary, and checks the signatures inside.
///
/// Nothing is handed out before the integrity of all of it is proven. A bad signature is not an error; see
/// [`Decrypted::signatures`].
///
/// # Errors
///
/// [`PgpError::Tampered`] when the data was changed or cut; [`PgpError::KeyMissing`] and [`PgpError::KeyLocked`] when no key fits;
/// [`PgpError::WrongPassphrase`] when the message has a passphrase, and none of those given fits; [`PgpError::NotEncrypted`],
/// [`PgpError::NoIntegrity`], [`PgpError::Malformed`], [`PgpError::LimitExceeded`], [`PgpError::PolicyRefused`] and
/// [`PgpError::Unsupported`] as they say.
pub fn decrypt(
    message: &[u8],
    keyring: &Keyring,
    options: &ReadOptions<'_>,
    now: SystemTime,
) -> Result<Decrypted, PgpError> {
    let (data, reader) = read(Form::Encrypted, message, keyring, options, now)?;
    reader.decrypted(data)
}

/// Reads a signed message, inline or cleartext-signed, armored or binary, and checks its signatures.
///
/// Text around an armored message is no part of it, is not signed, and is not returned.
///
/// # Errors
///
/// [`PgpError::NotSigned`] and [`PgpError::Malformed`] when it is something else; [`PgpError::LimitExceeded`].
pub fn verify_inline(
    message: &[u8],
    keyring: &Keyring,
    options: &ReadOptions<'_>,
    now: SystemTime,
) -> Result<Verified, PgpError> {
    let (data, reader) = read(Form::Signed, message, keyring, options, now)?;
    if reader.signatures.is_empty() {
        return Err(PgpError::NotSigned);
    }
    Ok(Verified { data, signatures: reader.signatures })
}

/// Checks detached signatures (armored or binary) over `data`. Returns each with what became of it; at least one.
///
/// # Errors
///
/// [`PgpError::Malformed`] when `signature` is something else; [`PgpError::LimitExceeded`].
pub fn verify_detached(
    data: &[u8],
    signature: &[u8],
    keyring: &Keyring,
    options: &ReadOptions<'_>,
    now: SystemTime,
) -> Result<Vec<SignatureResult>, PgpError> {
    verify_detached_for(Vec::new(), data, signature, keyring, options, now)
}

/// The same where it is known who reads it: a signature that names others as those whom the data is for is not good then.
pub(crate) fn verify_detached_for(
    readers: Vec<Fingerprint>,
    data: &[u8],
    signature: &[u8],
    keyring: &Keyring,
    options: &ReadOptions<'_>,
    now: SystemTime,
) -> Result<Vec<SignatureResult>, PgpError> {
    let now = checked(now)?;
    let mut reader = Reader::new(keyring, options, now);
    reader.readers = readers;
    let policy = reader.packet_policy();
    DetachedVerifierBuilder::from_bytes(signature)
        .and_then(|builder| builder.with_policy(&policy, now + CLOCK_SKEW, &mut reader))
        .and_then(|mut verifier| verifier.verify_bytes(data))
        .map_err(|error| reader.failure(&error))?;
    reader.saw(LineEnds::of(data));
    match reader.signatures {
        none if none.is_empty() => Err(PgpError::Malformed { what: "expected a detached signature" }),
        signatures => Ok(signatures),
    }
}

#[derive(Clone, Copy)]
enum Form {
    Encrypted,
    Signed,
}

/// How many octets of a message are read that is in memory.
pub(super) fn octets_of(message: &[u8]) -> Arc<AtomicU64> {
    Arc::new((message.len() as u64).into())
}

fn read<'a>(
    form: Form,
    message: &[u8],
    keyring: &'a Keyring,
    options: &'a ReadOptions<'a>,
    now: SystemTime,
) -> Result<(Vec<u8>, Reader<'a>), PgpError> {
    let packets = dearmored(message);
    let message = packets.as_deref().unwrap_or(message);
    let mut reader = Reader::new(keyring, options, checked(now)?);
    reader.octets = octets_of(message);
    reader.is_stub = is_stub(PacketParser::from_bytes(message), options.limits.packets);
    // Without compression the content is shorter than the message.
    let buffer = message.len().clamp(LEAST_BUFFER, BUFFER);
    let mut data = Vec::with_capacity(message.len().min(options.limits.plaintext));
    match form {
        Form::Encrypted => DecryptorBuilder::from_bytes(message)
            .and_then(|begun| read_encrypted(begun, &mut reader, buffer, &mut data)),
        Form::Signed => VerifierBuilder::from_bytes(message)
            .and_then(|begun| read_signed(begun, &mut reader, buffer, &mut data)),
    }
    .map_err(|error| reader.failure(&error))?;
    data.shrink_to_fit();
    Ok((data, reader))
}

/// Whether a message is an encrypted packet (SEIPDv1) that is too short to hold anything: sequoia-openpgp 2.4.2 panics when it is cut
/// between the check of the session key and the modification detection code (`data_consume_hard(…).unwrap()` in parse.rs).
///
/// [`Reader::inspect`](super::reader::Reader) refuses encryption inside of another packet, so only the outermost ones count here.
pub(super) fn is_stub(mut next: openpgp::Result<PacketParserResult<'_>>, packets: usize) -> bool {
    // A block and two octets of it again; an empty literal packet at least; the modification detection code.
    const SHORTEST: usize = 8 + 2 + 8 + 22;
    for _ in 0..=packets {
        let Ok(PacketParserResult::Some(mut parser)) = next else { break };
        match &parser.packet {
            Packet::SEIP(SEIP::V1(_)) => {
                return parser.data(SHORTEST).map_or(0, <[u8]>::len) < SHORTEST;
            }
            Packet::Literal(_) | Packet::CompressedData(_) | Packet::SEIP(_) => break,
            // Encryption of other kinds. To go on would be to read all of it, and the reader refuses it.
            Packet::Unknown(other) if matches!(other.tag(), Tag::SED | Tag::AED) => break,
            _ => next = parser.next().map(|(_, next)| next),
        }
    }
    false
}

/// How much of the content the library holds in its own buffers, of which there are several. The rest goes to ours as it is read; either
/// way it is held back until all of it is proven.
pub(super) const BUFFER: usize = 256 * 1024;
/// The least that the library takes for its buffers.
const LEAST_BUFFER: usize = 1024;

/// Writes the content of an encrypted message to `out`. Nothing of it is proven before this has ended well.
pub(super) fn read_encrypted(
    message: DecryptorBuilder<'_>,
    reader: &mut Reader<'_>,
    buffer: usize,
    out: &mut impl Write,
) -> openpgp::Result<()> {
    let (policy, time) = (reader.packet_policy(), reader.now + CLOCK_SKEW);
    let mut source = message.buffer_size(buffer).with_policy(&policy, time, &mut *reader)?;
    let extent = source.helper_ref().extent();
    let outcome = extent.copy(&mut source, out, buffer)?;
    let is_whole = source.message_processed();
    drop(source);
    reader.ended(outcome, is_whole)
}

/// The same for a signed message.
pub(super) fn read_signed(
    message: VerifierBuilder<'_>,
    reader: &mut Reader<'_>,
    buffer: usize,
    out: &mut impl Write,
) -> openpgp::Result<()> {
    let (policy, time) = (reader.packet_policy(), reader.now + CLOCK_SKEW);
    let mut source = message.buffer_size(buffer).with_policy(&policy, time, &mut *reader)?;
    let extent = source.helper_ref().extent();
    let outcome = extent.copy(&mut source, out, buffer)?;
    let is_whole = source.message_processed();
    drop(source);
    reader.ended(outcome, is_whole)
}

impl Extent {
    /// Copies a content to its end; that it is too long is told where it is proven.
    fn copy(
        &self,
        source: &mut impl Read,
        out: &mut impl Write,
        buffer: usize,
    ) -> io::Result<Result<LineEnds, PgpError>> {
        let mut out = Looking { out, ends: LineEnds::default() };
        if copy(source, &mut out, buffer, |copied| copied <= self.limit as u64)? {
            return Ok(Ok(out.ends));
        }
        let is_proven =
            !self.proven_last || copy(source, &mut io::sink(), buffer, |passed| self.passes_over(passed))?;
        Ok(Err(if is_proven { self.exceeded() } else { PgpError::Tampered }))
    }
}

/// Looks at what is written.
struct Looking<W> {
    out: W,
    ends: LineEnds,
}

impl<W: Write> Write for Looking<W> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let length = self.out.write(octets)?;
        self.ends.add(octets.get(..length).unwrap_or_default());
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Copies `source` to its end, which it has only where its content is proven. Ends when so much is no longer within the limit; false then. It
/// counts in 64 bits, so that it can get past the largest limit, too.
///
/// Never more than `buffer` at once: where there is more in the buffers beneath, sequoia-openpgp 2.4.2 would lose count of what it gave
/// out (`2 * self.buffer_size - self.cursor` in parse/stream.rs).
fn copy(
    source: &mut impl Read,
    out: &mut impl Write,
    buffer: usize,
    is_within: impl Fn(u64) -> bool,
) -> io::Result<bool> {
    let (mut piece, mut copied) = (vec![0; buffer], 0_u64);
    while is_within(copied) {
        let length = source.read(&mut piece)?;
        if length == 0 {
            return Ok(true);
        }
        out.write_all(piece.get(..length).unwrap_or_default())?;
        copied = copied.saturating_add(length as u64);
    }
    Ok(false)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// So many octets, which nobody makes.
    struct Phantom(u64);

    impl Read for Phantom {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = usize::try_from(self.0).unwrap_or(usize::MAX).min(buffer.len());
            self.0 -= length as u64;
            Ok(length)
        }
    }

    /// What a 32-bit machine can count to in a `usize` is the limit of files.
    #[test]
    fn the_largest_limit_of_a_small_machine_holds() {
        const LIMIT: u32 = u32::MAX;
        let copied = |length| {
            let limit = usize::try_from(LIMIT).unwrap();
            copy(&mut Phantom(length), &mut io::sink(), 1 << 24, |copied| copied <= limit as u64).unwrap()
        };
        assert!(copied(LIMIT.into()));
        assert!(!copied(u64::from(LIMIT) + 1));
    }
}
