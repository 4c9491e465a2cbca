//! The encrypted packet of today (RFC 9580, section 5.13.2), in OCB mode.
//!
//! The library's own is slow: it makes the cipher anew for each chunk, and encrypts block after block.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use openpgp::crypto::SessionKey;
use openpgp::crypto::aead::{SEIPv2Schedule, Schedule};
use sequoia_openpgp as openpgp;

use super::layer::{CIPHER, MODE};
use super::ocb::{NONCE, Ocb, TAG};

/// The octets of plaintext in a chunk: whoever reads the message holds one of them before its tag proves it.
const CHUNK: usize = 64 * 1024;
/// The binary logarithm of the length of the parts that the packet is written in (section 4.2.1.4).
const PART: u8 = 16;

/// A packet whose content is being written. It has to be ended.
struct Seipdv2<W> {
    parts: Parts<W>,
    cipher: Ocb,
    schedule: SEIPv2Schedule,
    chunk: Vec<u8>,
    number: u64,
    length: u64,
}

impl<W: Write> Seipdv2<W> {
    /// Begins the packet; the session key is one of AES-256.
    fn begin(sink: W, session_key: &SessionKey) -> openpgp::Result<Self> {
        let mut salt = [0; 32];
        openpgp::crypto::random(&mut salt)?;
        let schedule = SEIPv2Schedule::new(session_key, CIPHER, MODE, CHUNK, &salt)?;
        let cipher = schedule.chunk(0, &mut |key, _, _| Ok(Ocb::new((&**key).try_into()?)))?;
        let mut parts = Parts::begin(sink, 18)?;
        let chunk_size = CHUNK.trailing_zeros() as u8 - 6;
        parts.write(&[2, CIPHER.into(), MODE.into(), chunk_size])?;
        parts.write(&salt)?;
        Ok(Self { parts, cipher, schedule, chunk: Vec::new(), number: 0, length: 0 })
    }

    fn write_chunk(&mut self) -> openpgp::Result<()> {
        let tag = self.schedule.chunk(self.number, &mut |_, nonce, associated| {
            Ok(self.cipher.encrypt(checked(nonce)?, associated, &mut self.chunk))
        })?;
        self.length += self.chunk.len() as u64;
        self.number += 1;
        self.parts.write(&self.chunk)?;
        self.chunk.clear();
        Ok(self.parts.write(&tag)?)
    }

    /// Writes the rest, and the tag that says that it is the end.
    fn end(mut self) -> openpgp::Result<()> {
        if !self.chunk.is_empty() {
            self.write_chunk()?;
        }
        let tag: [u8; TAG] =
            self.schedule.finalizer(self.number, self.length, &mut |_, nonce, associated| {
                Ok(self.cipher.encrypt(checked(nonce)?, associated, &mut []))
            })?;
        self.parts.write(&tag)?;
        Ok(self.parts.end()?)
    }
}

fn checked(nonce: &[u8]) -> openpgp::Result<&[u8; NONCE]> {
    Ok(nonce.try_into()?)
}

impl<W: Write> Write for Seipdv2<W> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let mut left = octets;
        while !left.is_empty() {
            let (some, rest) = left.split_at(left.len().min(CHUNK - self.chunk.len()));
            self.chunk.extend_from_slice(some);
            left = rest;
            if self.chunk.len() == CHUNK {
                self.write_chunk().map_err(io::Error::other)?;
            }
        }
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A packet that is written to by a message around its content, which keeps it, and is ended by someone else.
pub(super) struct Shared<'s>(Arc<Mutex<Option<Sunk<'s>>>>);

type Sunk<'s> = Seipdv2<Box<dyn Write + Send + Sync + 's>>;

impl Clone for Shared<'_> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<'s> Shared<'s> {
    pub(super) fn begin(
        sink: impl Write + Send + Sync + 's,
        session_key: &SessionKey,
    ) -> openpgp::Result<Self> {
        let packet = Seipdv2::begin(Box::new(sink) as _, session_key)?;
        Ok(Self(Arc::new(Mutex::new(Some(packet)))))
    }

    pub(super) fn end(&self) -> openpgp::Result<()> {
        let packet = self.lock().take().ok_or(io::ErrorKind::BrokenPipe).map_err(io::Error::from)?;
        packet.end()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Sunk<'s>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Shared<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let mut packet = self.lock();
        let written = packet.as_mut().ok_or(io::ErrorKind::BrokenPipe)?.write(octets);
        if written.is_err() {
            // Nothing is to be written behind a gap, and such a packet has no end.
            *packet = None;
        }
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A packet in parts, since its length is known at its end only.
struct Parts<W> {
    sink: W,
    part: Vec<u8>,
}

impl<W: Write> Parts<W> {
    fn begin(mut sink: W, tag: u8) -> io::Result<Self> {
        sink.write_all(&[0xC0 | tag])?;
        Ok(Self { sink, part: Vec::new() })
    }

    fn write(&mut self, mut octets: &[u8]) -> io::Result<()> {
        // The last part has another header, and so can't be written before it is known to be the last.
        while self.part.len() + octets.len() > 1 << PART {
            let (some, rest) = octets.split_at((1 << PART) - self.part.len());
            self.sink.write_all(&[0xE0 | PART])?;
            self.sink.write_all(&self.part)?;
            self.sink.write_all(some)?;
            self.part.clear();
            octets = rest;
        }
        self.part.extend_from_slice(octets);
        Ok(())
    }

    fn end(mut self) -> io::Result<()> {
        self.sink.write_all(&[0xFF])?;
        self.sink.write_all(&(self.part.len() as u32).to_be_bytes())?;
        self.sink.write_all(&self.part)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::super::tests::{key, keyring, now, options};
    use super::super::{Encryptor, KeyProfile, Recipients, decrypt};
    use super::*;

    /// It takes nothing more, whatever the sink says then.
    #[test]
    fn a_packet_that_could_not_be_written_has_no_end() {
        struct Full(usize);
        impl Write for Full {
            fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
                self.0 = self.0.checked_sub(octets.len()).ok_or(io::ErrorKind::StorageFull)?;
                Ok(octets.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut packet = Shared::begin(Full(1000), &SessionKey::new(32).unwrap()).unwrap();
        assert!(packet.write_all(&[7; 3 * CHUNK]).is_err());
        assert_eq!(packet.write(b"more").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        assert!(packet.end().is_err());
    }

    /// Where a chunk or a part ends with the content, and an octet before and after it; written at once and in pieces.
    #[test]
    fn content_of_every_length_around_a_chunk_is_read() {
        let alice = key(KeyProfile::Modern, "alice", now());
        let ring = keyring([&alice]);
        let content: Vec<u8> = (0..3 * super::CHUNK).map(|at| (at % 251) as u8).collect();
        let lengths = [1, 2].map(|chunks| chunks * super::CHUNK);
        for length in lengths.into_iter().flat_map(|end| end - 100..end + 20).chain([0, 1, content.len()]) {
            let content = &content[..length];
            let recipients = Recipients::new([alice.certificate()]);
            let whole = super::super::encrypt(content, &recipients, now()).unwrap().into_bytes();
            let mut encryptor = Encryptor::new(&recipients, now()).unwrap();
            let mut pieces = Vec::new();
            for piece in content.chunks(10_007) {
                pieces.extend(encryptor.write(piece).unwrap());
            }
            pieces.extend(encryptor.finish().unwrap());
            for message in [whole, pieces] {
                assert!(decrypt(&message, &ring, &options(), now()).unwrap().data == content, "{length}");
            }
        }
    }
}
