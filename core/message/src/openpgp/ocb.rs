//! AES-256 in Offset Codebook Mode (RFC 7253).
//!
//! The crate of this mode hands its cipher block after block, one at a time. Ciphers take several at once, in hardware as in software, and
//! are several times as fast then; that is all that is done here.

use aes::Aes256;
use aes::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use zeroize::Zeroizing;

/// The length of the tag, and of a block.
pub(super) const TAG: usize = 16;
const BLOCK: usize = 16;
pub(super) const NONCE: usize = 15;
/// How many blocks are encrypted at once: no cipher takes more.
const WIDTH: usize = 64;

/// A key with what is derived from it (section 4.1). Blocks are numbers here, the first octet the highest.
pub(super) struct Ocb {
    cipher: Aes256,
    /// `L_*`, `L_$` and then each `L_i`, as far as there are numbers of blocks with `i` zeros at their end.
    masks: Zeroizing<[u128; 2 + usize::BITS as usize]>,
}

impl Ocb {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        let cipher = Aes256::new(key.into());
        let mut next = encrypt(&cipher, 0);
        let masks = std::array::from_fn(|_| {
            let mask = next;
            next = double(mask);
            mask
        });
        Self { cipher, masks: Zeroizing::new(masks) }
    }

    /// Encrypts `data` in place, and gives its tag, which also stands for `associated` data (section 4.2).
    pub(super) fn encrypt(&self, nonce: &[u8; NONCE], associated: &[u8], data: &mut [u8]) -> [u8; TAG] {
        let cipher =
            |blocks: &mut [[u8; BLOCK]]| self.cipher.encrypt_blocks(Array::cast_slice_from_core_mut(blocks));
        self.crypt(nonce, associated, data, Plain::Before, cipher).to_be_bytes()
    }

    /// Decrypts `data` in place, and says whether the tag is right (section 4.3). Where it isn't, what then stands in `data` means nothing.
    pub(super) fn decrypt(
        &self,
        nonce: &[u8; NONCE],
        associated: &[u8],
        data: &mut [u8],
        tag: &[u8; TAG],
    ) -> bool {
        let cipher =
            |blocks: &mut [[u8; BLOCK]]| self.cipher.decrypt_blocks(Array::cast_slice_from_core_mut(blocks));
        // One comparison of all bits: how many of them are right takes no time.
        self.crypt(nonce, associated, data, Plain::Behind, cipher) ^ u128::from_be_bytes(*tag) == 0
    }

    /// Goes over `data` with a cipher of its blocks, and gives the tag.
    fn crypt(
        &self,
        nonce: &[u8; NONCE],
        associated: &[u8],
        data: &mut [u8],
        plain: Plain,
        cipher: impl Fn(&mut [[u8; BLOCK]]),
    ) -> u128 {
        let [last, all, masks @ ..] = &*self.masks;
        let (mut offset, mut sum) = (self.first_offset(nonce), 0);
        let (blocks, rest) = data.as_chunks_mut::<BLOCK>();
        let (mut number, mut offsets) = (0_usize, [0; WIDTH]);
        for blocks in blocks.chunks_mut(WIDTH) {
            for (block, own) in blocks.iter_mut().zip(&mut offsets) {
                number += 1;
                offset ^= masks.get(number.trailing_zeros() as usize).copied().unwrap_or_default();
                let given = u128::from_be_bytes(*block);
                sum ^= plain.before(given);
                *own = offset;
                *block = (given ^ offset).to_be_bytes();
            }
            cipher(blocks);
            for (block, own) in blocks.iter_mut().zip(&offsets) {
                let made = u128::from_be_bytes(*block) ^ own;
                sum ^= plain.behind(made);
                *block = made.to_be_bytes();
            }
        }
        if !rest.is_empty() {
            offset ^= last;
            sum ^= plain.before(padded(rest));
            let pad = encrypt(&self.cipher, offset).to_be_bytes();
            rest.iter_mut().zip(pad).for_each(|(octet, pad)| *octet ^= pad);
            sum ^= plain.behind(padded(rest));
        }
        encrypt(&self.cipher, sum ^ offset ^ all) ^ self.hash(associated)
    }

    /// The offset in front of the first block.
    fn first_offset(&self, nonce: &[u8; NONCE]) -> u128 {
        let mut block = [1; BLOCK];
        block.iter_mut().skip(1).zip(nonce).for_each(|(octet, of_nonce)| *octet = *of_nonce);
        let nonce = u128::from_be_bytes(block);
        let (top, bottom) = (encrypt(&self.cipher, nonce & !0x3F), (nonce & 0x3F) as u32);
        // The 64 bits behind `top` are the sum of its first 64 and of those 8 further on.
        let behind = (top >> 64) ^ ((top >> 56) & u128::from(u64::MAX));
        match bottom {
            0 => top,
            bottom => (top << bottom) | (behind >> (64 - bottom)),
        }
    }

    /// What the tag has of the associated data.
    fn hash(&self, associated: &[u8]) -> u128 {
        let [last, _, masks @ ..] = &*self.masks;
        let (blocks, rest) = associated.as_chunks::<BLOCK>();
        let (mut offset, mut sum) = (0, 0);
        for (block, number) in blocks.iter().zip(1_usize..) {
            offset ^= masks.get(number.trailing_zeros() as usize).copied().unwrap_or_default();
            sum ^= encrypt(&self.cipher, u128::from_be_bytes(*block) ^ offset);
        }
        if !rest.is_empty() {
            sum ^= encrypt(&self.cipher, padded(rest) ^ offset ^ last);
        }
        sum
    }
}

/// On which side of the cipher the plaintext is, whose sum goes into the tag.
#[derive(Clone, Copy, PartialEq)]
enum Plain {
    Before,
    Behind,
}

impl Plain {
    fn before(self, block: u128) -> u128 {
        if self == Self::Before { block } else { 0 }
    }

    fn behind(self, block: u128) -> u128 {
        if self == Self::Behind { block } else { 0 }
    }
}

fn encrypt(cipher: &Aes256, block: u128) -> u128 {
    let mut block = block.to_be_bytes().into();
    cipher.encrypt_block(&mut block);
    u128::from_be_bytes(block.into())
}

/// Twice a block, in the field that they are in (section 2). In constant time: it is of the key.
const fn double(block: u128) -> u128 {
    (block << 1) ^ ((block >> 127) * 0x87)
}

/// A part of a block, with a bit behind it.
fn padded(part: &[u8]) -> u128 {
    let mut block = [0; BLOCK];
    block.iter_mut().zip(part.iter().copied().chain([0x80])).for_each(|(octet, given)| *octet = given);
    u128::from_be_bytes(block)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use ocb3::aead::{AeadInPlace, KeyInit as _};

    /// Lengths around a block and around as many as are encrypted at once, nonces with all 64 values of the bits that only shift.
    #[test]
    fn it_is_what_the_crate_of_the_mode_does() {
        let key: [u8; 32] = std::array::from_fn(|at| at as u8 * 7);
        let (own, other) = (Ocb::new(&key), ocb3::Ocb3::<aes_older::Aes256, _>::new(&key.into()));
        let lengths = (0..=65).chain([511, 512, 1023, 1024, 1025, 1040, 4096, 4099, 65_536]);
        for (length, number) in lengths.zip(0_u8..) {
            let nonce: [u8; NONCE] = std::array::from_fn(|at| number ^ at as u8);
            let associated: Vec<u8> = (0..number % 37).collect();
            let mut data: Vec<u8> = (0..length).map(|at| (at * 31) as u8).collect();
            let mut expected = data.clone();
            let tag = other.encrypt_in_place_detached(&nonce.into(), &associated, &mut expected).unwrap();
            assert_eq!(own.encrypt(&nonce, &associated, &mut data), <[u8; TAG]>::from(tag), "{length}");
            assert_eq!(data, expected, "{length}");
            let mut decrypted = data.clone();
            assert!(own.decrypt(&nonce, &associated, &mut decrypted, &tag.into()), "{length}");
            assert!(decrypted.iter().zip(0..).all(|(octet, at)| *octet == (at * 31) as u8), "{length}");
            let mut other_tag: [u8; TAG] = tag.into();
            other_tag[usize::from(number) % TAG] ^= 1 << (number % 8);
            assert!(!own.decrypt(&nonce, &associated, &mut data.clone(), &other_tag), "{length}");
            if let Some(octet) = data.get_mut(usize::from(number) * 7 % length.max(1) as usize) {
                *octet ^= 1;
                assert!(!own.decrypt(&nonce, &associated, &mut data, &tag.into()), "{length}");
            }
        }
    }
}
