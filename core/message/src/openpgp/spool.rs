//! Decrypting what is too large for memory, into a spool that is handed over once all of it is proven.

use std::io::{self, Cursor, Read, Write};
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use openpgp::parse::stream::DecryptorBuilder;
use openpgp::parse::{PacketParser, Parse};
use sequoia_openpgp as openpgp;

use super::open::{BUFFER, is_stub, read_encrypted};
use super::policy::checked;
use super::reader::Reader;
use super::watched::Watched;
use super::{Encryption, Keyring, PgpError, ReadOptions, SignatureResult, StreamError};

/// A message that was decrypted into a spool, and whose integrity is proven.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spooled<S> {
    /// The spool, with the whole plaintext in it.
    pub spool: S,
    /// How many octets of plaintext were written to it.
    pub length: u64,
    /// To whom it was encrypted, and how.
    pub encryption: Encryption,
    /// The signatures inside the encryption, each with what became of it; empty when it is not signed.
    pub signatures: Vec<SignatureResult>,
}

/// The most octets in front of the encrypted data: a session key for each recipient, and little else.
const PRELUDE: usize = 4 * 1024 * 1024;

/// Decrypts a message, armored or binary, from `source` into `spool`, and checks the signatures inside.
///
/// What is written to the spool is not proven before the end of the message, and a message that was changed may put anything there. So
/// the spool is taken, and comes back in [`Spooled`] only when the integrity of the whole is proven; after an error it is dropped. Let it be
/// something whose content goes with it, such as a temporary file that nobody else reads.
///
/// Memory is needed for a part of the message only. [`PgpLimits::plaintext`](super::PgpLimits::plaintext) bounds what is written.
///
/// # Errors
///
/// As for [`decrypt`](super::decrypt), and what `source` and `spool` say.
pub fn decrypt_to<S: Write>(
    source: impl Read + Send + Sync,
    spool: S,
    keyring: &Keyring,
    options: &ReadOptions<'_>,
    now: SystemTime,
) -> Result<Spooled<S>, StreamError> {
    let mut reader = Reader::new(keyring, options, checked(now)?);
    let (mut source, mut spool) = (Watched::new(source), Watched::new(spool));
    reader.octets = source.passed();
    let outcome = read(&mut source, &mut spool, &mut reader).and_then(|()| Ok(spool.flush()?));
    source.check(StreamError::Read)?;
    spool.check(StreamError::Write)?;
    outcome.map_err(|error| reader.failure(&error))?;
    let length = spool.passed().load(Ordering::Relaxed);
    let (Watched { inner: spool, .. }, signatures) = (spool, reader.signatures);
    let encryption = reader.encryption.ok_or(PgpError::NotEncrypted)?;
    Ok(Spooled { spool, length, encryption, signatures })
}

fn read(
    source: &mut (impl Read + Send + Sync),
    spool: &mut impl Write,
    reader: &mut Reader<'_>,
) -> openpgp::Result<()> {
    let mut prelude = Kept { source, octets: Vec::new() };
    reader.is_stub = is_stub(PacketParser::from_reader(&mut prelude), reader.limits.packets);
    let Kept { source, octets } = prelude;
    if octets.len() >= PRELUDE {
        let what = "octets in front of the encrypted data";
        return reader.stop(PgpError::LimitExceeded { what, limit: PRELUDE });
    }
    let message = DecryptorBuilder::from_reader(Cursor::new(octets).chain(source))?;
    read_encrypted(message, reader, BUFFER, spool)
}

/// Keeps what is read, so that it can be read again; ends where that is too much.
struct Kept<R> {
    source: R,
    octets: Vec<u8>,
}

impl<R: Read> Read for Kept<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = PRELUDE.saturating_sub(self.octets.len()).min(buffer.len());
        let room = buffer.get_mut(..room).unwrap_or_default();
        let length = self.source.read(room)?;
        self.octets.extend_from_slice(room.get(..length).unwrap_or_default());
        Ok(length)
    }
}
