//! Reading OpenPGP messages and signatures.

use std::io::{self, Read};
use std::time::SystemTime;

use openpgp::packet::{Packet, SEIP};
use openpgp::parse::buffered_reader::BufferedReader;
use openpgp::parse::stream::{DecryptorBuilder, DetachedVerifierBuilder, VerifierBuilder};
use openpgp::parse::{PacketParser, PacketParserResult, Parse};
use postseal_types::Secret;
use sequoia_openpgp as openpgp;

use super::mail_armor::dearmored;
use super::policy::{CLOCK_SKEW, checked};
use super::reader::Reader;
use super::{KeyHandle, Keyring, PgpError, PgpLimits, SignatureResult};

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
    let encryption = reader.encryption.ok_or(PgpError::NotEncrypted)?;
    Ok(Decrypted { data, encryption, signatures: reader.signatures })
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
    let now = checked(now)?;
    let mut reader = Reader::new(keyring, options, now);
    let policy = reader.packet_policy();
    DetachedVerifierBuilder::from_bytes(signature)
        .and_then(|builder| builder.with_policy(&policy, now + CLOCK_SKEW, &mut reader))
        .and_then(|mut verifier| verifier.verify_bytes(data))
        .map_err(|error| reader.failure(&error))?;
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

fn read<'a>(
    form: Form,
    message: &[u8],
    keyring: &'a Keyring,
    options: &'a ReadOptions<'a>,
    now: SystemTime,
) -> Result<(Vec<u8>, Reader<'a>), PgpError> {
    let (now, limit) = (checked(now)?, options.limits.plaintext);
    let packets = dearmored(message);
    let message = packets.as_deref().unwrap_or(message);
    refuse_stub(message, options.limits.packets)?;
    let mut reader = Reader::new(keyring, options, now);
    match read_proven(form, message, &mut reader).map_err(|error| reader.failure(&error))? {
        Some(data) => Ok((data, reader)),
        None => Err(PgpError::LimitExceeded { what: "octets of plaintext", limit }),
    }
}

/// Refuses an encrypted packet (SEIPDv1) that is too short to hold anything: sequoia-openpgp 2.4.2 panics when it is cut between the
/// check of the session key and the modification detection code (`data_consume_hard(…).unwrap()` in parse.rs).
///
/// [`Reader::inspect`](super::reader::Reader) refuses encryption inside of another packet, so only the outermost ones count here.
fn refuse_stub(message: &[u8], packets: usize) -> Result<(), PgpError> {
    // A block and two octets of it again; an empty literal packet at least; the modification detection code.
    const SHORTEST: usize = 8 + 2 + 8 + 22;
    let mut next = PacketParser::from_bytes(message);
    for _ in 0..=packets {
        let Ok(PacketParserResult::Some(mut parser)) = next else { break };
        match &parser.packet {
            Packet::SEIP(SEIP::V1(_)) => {
                return match parser.data(SHORTEST) {
                    Ok(data) if data.len() >= SHORTEST => Ok(()),
                    _ => Err(PgpError::Tampered),
                };
            }
            Packet::Literal(_) | Packet::CompressedData(_) | Packet::SEIP(_) => break,
            _ => next = parser.next().map(|(_, next)| next),
        }
    }
    Ok(())
}

/// How much of the content the library holds in its own buffers, of which there are several. The rest goes to ours as it is read; either
/// way it is held back until all of it is proven.
const BUFFER: usize = 256 * 1024;
/// The least that the library takes for its buffers.
const LEAST_BUFFER: usize = 1024;

/// The content, once it is read to its end and proven; `None` when it is longer than the limit: nothing of it is proven then.
fn read_proven(form: Form, message: &[u8], reader: &mut Reader<'_>) -> openpgp::Result<Option<Vec<u8>>> {
    let policy = reader.packet_policy();
    let (time, limit) = (reader.now + CLOCK_SKEW, reader.limits.plaintext);
    // Without compression the content is shorter than the message.
    let buffer = message.len().clamp(LEAST_BUFFER, BUFFER);
    let mut data = Vec::with_capacity(message.len().min(limit));
    let is_proven = match form {
        Form::Encrypted => {
            let builder = DecryptorBuilder::from_bytes(message)?.buffer_size(buffer);
            let mut source = builder.with_policy(&policy, time, reader)?;
            read_to_end(&mut source, &mut data, buffer, limit)?;
            source.message_processed()
        }
        Form::Signed => {
            let builder = VerifierBuilder::from_bytes(message)?.buffer_size(buffer);
            let mut source = builder.with_policy(&policy, time, reader)?;
            read_to_end(&mut source, &mut data, buffer, limit)?;
            source.message_processed()
        }
    };
    data.shrink_to_fit();
    Ok((is_proven && data.len() <= limit).then_some(data))
}

/// Reads `source` to its end, which it has only where its content is proven, but not far past `limit`.
///
/// Never more than `buffer` at once: where there is more in the buffers beneath, sequoia-openpgp 2.4.2 would lose count of what it gave
/// out (`2 * self.buffer_size - self.cursor` in parse/stream.rs).
fn read_to_end(source: &mut impl Read, data: &mut Vec<u8>, buffer: usize, limit: usize) -> io::Result<()> {
    let mut piece = vec![0; buffer];
    while data.len() <= limit {
        let length = source.read(&mut piece)?;
        if length == 0 {
            break;
        }
        data.extend_from_slice(piece.get(..length).unwrap_or_default());
    }
    Ok(())
}
