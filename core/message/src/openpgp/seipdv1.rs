//! The encrypted packet that everyone reads (RFC 9580, section 5.13.1).
//!
//! The library's own has all the ciphers of thirty years in it, and hashes with a SHA-1 that looks for collisions, which nobody can prepare
//! here: what is hashed begins with a random block.

use aes_older::Aes256;
use aes_older::cipher::KeyIvInit;
use cfb_mode::BufEncryptor;
use openpgp::crypto::{self, SessionKey};
use sequoia_openpgp as openpgp;
use sha1::{Digest, Sha1};
use zeroize::Zeroizing;

use super::container::{Container, Parts, Sink};
use super::layer::CIPHER;

/// The length of AES' block.
const BLOCK: usize = 16;
/// The header of the modification detection code (section 5.14).
const MDC: [u8; 2] = [0xD3, 0x14];
/// How many octets are encrypted at once.
pub(super) const PIECE: usize = 16 * 1024;

/// A packet whose content is being written.
pub(super) struct Seipdv1<'s> {
    parts: Parts<'s>,
    cipher: BufEncryptor<Aes256>,
    digest: Sha1,
    /// What is encrypted in it; nothing else is left there.
    piece: Vec<u8>,
}

impl<'s> Seipdv1<'s> {
    /// Begins the packet; the session key is one of AES-256.
    pub(super) fn begin(sink: Sink<'s>, session_key: &SessionKey) -> openpgp::Result<Self> {
        let mut parts = Parts::begin(sink)?;
        parts.write(&[1])?;
        let cipher = cfb(session_key)?;
        let mut packet = Self { parts, cipher, digest: Sha1::new(), piece: Vec::new() };
        // In front of the content are a random block, and two octets of it again.
        let mut block = [0; BLOCK];
        crypto::random(&mut block)?;
        let [.., a, b] = block;
        packet.encrypt(&block)?;
        packet.encrypt(&[a, b])?;
        Ok(packet)
    }

    fn write(&mut self, octets: &[u8]) -> openpgp::Result<()> {
        self.piece.clear();
        self.piece.extend_from_slice(octets);
        self.cipher.encrypt(&mut self.piece);
        Ok(self.parts.write(&self.piece)?)
    }
}

impl Container for Seipdv1<'_> {
    fn encrypt(&mut self, octets: &[u8]) -> openpgp::Result<()> {
        octets.chunks(PIECE).try_for_each(|piece| {
            self.digest.update(piece);
            self.write(piece)
        })
    }

    /// Writes the modification detection code: what was changed has another.
    fn end(mut self: Box<Self>) -> openpgp::Result<()> {
        self.digest.update(MDC);
        let digest = self.digest.finalize_reset();
        self.write(&MDC)?;
        self.write(&digest)?;
        Ok(self.parts.end()?)
    }
}

/// A session key of AES-256, encrypted with another (section 5.3.1).
pub(super) fn wrap(session_key: &SessionKey, key: &SessionKey) -> openpgp::Result<Box<[u8]>> {
    let mut wrapped = Zeroizing::new([&[CIPHER.into()], &**session_key].concat());
    cfb(key)?.encrypt(&mut wrapped);
    Ok(wrapped.as_slice().into())
}

/// AES-256 in CFB mode, the IV all zeros.
fn cfb(key: &SessionKey) -> openpgp::Result<BufEncryptor<Aes256>> {
    Ok(BufEncryptor::new_from_slices(key, &[0; BLOCK])?)
}
