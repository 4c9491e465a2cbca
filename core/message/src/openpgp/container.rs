//! An encrypted packet that is being written, of either version.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sequoia_openpgp as openpgp;

/// The binary logarithm of the length of the parts that a packet is written in (RFC 9580, section 4.2.1.4).
const PART: u8 = 16;

/// Where the message goes.
pub(super) type Sink<'s> = Box<dyn Write + Send + Sync + 's>;

/// A packet whose content is being written. It has to be ended.
pub(super) trait Container: Send + Sync {
    /// Encrypts the next octets of the content.
    fn encrypt(&mut self, octets: &[u8]) -> openpgp::Result<()>;

    /// Writes the rest, and what proves that it is the end.
    fn end(self: Box<Self>) -> openpgp::Result<()>;
}

/// A packet that is written to by a message around its content, which keeps it, and is ended by someone else.
#[derive(Clone)]
pub(super) struct Shared<'s>(Arc<Mutex<Option<Box<dyn Container + 's>>>>);

impl<'s> Shared<'s> {
    pub(super) fn new(packet: impl Container + 's) -> Self {
        Self(Arc::new(Mutex::new(Some(Box::new(packet)))))
    }

    pub(super) fn end(&self) -> openpgp::Result<()> {
        let packet = self.lock().take().ok_or(io::ErrorKind::BrokenPipe).map_err(io::Error::from)?;
        packet.end()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Box<dyn Container + 's>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Shared<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let mut packet = self.lock();
        let encrypted = packet.as_mut().ok_or(io::ErrorKind::BrokenPipe)?.encrypt(octets);
        if encrypted.is_err() {
            // Nothing is to be written behind a gap, and such a packet has no end.
            *packet = None;
        }
        encrypted.map(|()| octets.len()).map_err(io::Error::other)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A packet in parts, since its length is known at its end only.
pub(super) struct Parts<'s> {
    sink: Sink<'s>,
    part: Vec<u8>,
}

impl<'s> Parts<'s> {
    /// Begins a packet of symmetrically encrypted and integrity protected data (RFC 9580, section 5.13).
    pub(super) fn begin(mut sink: Sink<'s>) -> io::Result<Self> {
        const SEIPD: u8 = 18;
        sink.write_all(&[0xC0 | SEIPD])?;
        Ok(Self { sink, part: Vec::new() })
    }

    pub(super) fn write(&mut self, mut octets: &[u8]) -> io::Result<()> {
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

    pub(super) fn end(mut self) -> io::Result<()> {
        self.sink.write_all(&[0xFF])?;
        self.sink.write_all(&(self.part.len() as u32).to_be_bytes())?;
        self.sink.write_all(&self.part)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use openpgp::crypto::SessionKey;

    use super::super::seipdv1::Seipdv1;
    use super::super::seipdv2::Seipdv2;
    use super::super::tests::{key, keyring, now, options};
    use super::super::{Encryptor, KeyProfile, Recipients, decrypt, encrypt};
    use super::*;

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

    /// It takes nothing more, whatever the sink says then.
    #[test]
    fn a_packet_that_could_not_be_written_has_no_end() {
        let (key, sink) = (SessionKey::new(32).unwrap(), || Box::new(Full(1000)));
        let older = Shared::new(Seipdv1::begin(sink(), &key).unwrap());
        let newer = Shared::new(Seipdv2::begin(sink(), &key).unwrap());
        for mut packet in [older, newer] {
            assert!(packet.write_all(&[7; 3 << PART]).is_err());
            assert_eq!(packet.write(b"more").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
            assert!(packet.end().is_err());
        }
    }

    /// Where a chunk, a piece or a part ends with the content, and an octet before and after it; written at once and in pieces.
    #[test]
    fn content_of_every_length_around_a_boundary_is_read() {
        let content: Vec<u8> = (0..3_usize << PART).map(|at| (at % 251) as u8).collect();
        for (profile, boundaries) in [
            (KeyProfile::Compatible, [super::super::seipdv1::PIECE, 1 << PART]),
            (KeyProfile::Modern, [1 << PART, 2 << PART]),
        ] {
            let alice = key(profile, "alice", now());
            let ring = keyring([&alice]);
            let around = boundaries.into_iter().flat_map(|end| end - 100..end + 20);
            for length in around.chain([0, 1, content.len()]) {
                let content = &content[..length];
                let recipients = Recipients::new([alice.certificate()]);
                let whole = encrypt(content, &recipients, now()).unwrap().into_bytes();
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
}
