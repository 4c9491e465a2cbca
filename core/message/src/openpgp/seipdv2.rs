//! The encrypted packet of today (RFC 9580, section 5.13.2), in OCB mode.
//!
//! The library's own is slow: it makes the cipher anew for each chunk, and takes block after block.

use openpgp::crypto::SessionKey;
use openpgp::crypto::aead::{SEIPv2Schedule, Schedule};
use sequoia_openpgp as openpgp;
use zeroize::Zeroizing;

use super::container::{Container, Parts, Sink};
use super::layer::{CIPHER, MODE};
use super::ocb::{NONCE, Ocb, TAG};

/// The octets of plaintext in a chunk: whoever reads the message holds one of them before its tag proves it.
const CHUNK: usize = 64 * 1024;

/// A packet whose content is being written.
pub(super) struct Seipdv2<'s> {
    parts: Parts<'s>,
    cipher: Ocb,
    schedule: SEIPv2Schedule,
    chunk: Vec<u8>,
    number: u64,
    length: u64,
}

impl<'s> Seipdv2<'s> {
    /// Begins the packet; the session key is one of AES-256.
    pub(super) fn begin(sink: Sink<'s>, session_key: &SessionKey) -> openpgp::Result<Self> {
        let mut salt = [0; 32];
        openpgp::crypto::random(&mut salt)?;
        let schedule = SEIPv2Schedule::new(session_key, CIPHER, MODE, CHUNK, &salt)?;
        let cipher = schedule.chunk(0, &mut |key, _, _| Ok(Ocb::new((&**key).try_into()?)))?;
        let mut parts = Parts::begin(sink)?;
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
}

impl Container for Seipdv2<'_> {
    fn encrypt(&mut self, octets: &[u8]) -> openpgp::Result<()> {
        let mut left = octets;
        while !left.is_empty() {
            let (some, rest) = left.split_at(left.len().min(CHUNK - self.chunk.len()));
            self.chunk.extend_from_slice(some);
            left = rest;
            if self.chunk.len() == CHUNK {
                self.write_chunk()?;
            }
        }
        Ok(())
    }

    /// Writes the rest, and the tag that says that it is the end.
    fn end(mut self: Box<Self>) -> openpgp::Result<()> {
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

/// The plaintext of a packet's content, AES-256 in OCB mode, with `room` for so many octets in front of it; `None` unless all of it is proven.
pub(super) fn decrypt(
    ciphertext: &[u8],
    session_key: &SessionKey,
    salt: &[u8],
    chunk: usize,
    room: usize,
) -> Option<Vec<u8>> {
    let schedule = SEIPv2Schedule::new(session_key, CIPHER, MODE, chunk, salt).ok()?;
    let cipher = schedule.chunk(0, &mut |key, _, _| Ok(Ocb::new((&**key).try_into()?))).ok()?;
    let (chunks, last) = ciphertext.split_last_chunk::<TAG>()?;
    let mut plaintext = Zeroizing::new(Vec::with_capacity(room + chunks.len()));
    plaintext.resize(room, 0);
    let mut number = 0;
    for sealed in chunks.chunks(chunk + TAG) {
        // No chunk is empty.
        let (sealed, tag) = sealed.split_last_chunk::<TAG>().filter(|(sealed, _)| !sealed.is_empty())?;
        let begin = plaintext.len();
        plaintext.extend_from_slice(sealed);
        let data = plaintext.get_mut(begin..)?;
        let is_right = schedule.chunk(number, &mut |_, nonce, associated| {
            Ok(cipher.decrypt(checked(nonce)?, associated, data, tag))
        });
        is_right.ok().filter(|is_right| *is_right)?;
        number += 1;
    }
    let is_whole =
        schedule.finalizer(number, (plaintext.len() - room) as u64, &mut |_, nonce, associated| {
            Ok(cipher.decrypt(checked(nonce)?, associated, &mut [], last))
        });
    is_whole.ok().filter(|is_whole| *is_whole)?;
    Some(std::mem::take(&mut *plaintext))
}

fn checked(nonce: &[u8]) -> openpgp::Result<&[u8; NONCE]> {
    Ok(nonce.try_into()?)
}
