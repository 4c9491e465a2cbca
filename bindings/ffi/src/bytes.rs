//! Bytes that cross the boundary in one piece.

use uniffi::{FfiConverter, MetadataBuffer, RustBuffer, TypeId, check_remaining};

/// Bytes. UniFFI takes a `Vec<u8>` over one byte at a time, which costs a third of the time of a large fetch; to the languages this is
/// the same type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Bytes(pub Vec<u8>);

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

/// The form is that of `Vec<u8>`: the length as four octets, big-endian, and the bytes.
// SAFETY: the trait asks that writing and reading fit together, and fit what the metadata says; the tests below compare both with UniFFI's own.
unsafe impl<UT> FfiConverter<UT> for Bytes {
    type FfiType = RustBuffer;

    const TYPE_ID_META: MetadataBuffer = <Vec<u8> as TypeId<UT>>::TYPE_ID_META;

    fn lower(bytes: Self) -> RustBuffer {
        let mut buffer = Vec::with_capacity(bytes.0.len() + size_of::<i32>());
        <Self as FfiConverter<UT>>::write(bytes, &mut buffer);
        RustBuffer::from_vec(buffer)
    }

    fn try_lift(buffer: RustBuffer) -> uniffi::Result<Self> {
        let whole = buffer.destroy_into_vec();
        let mut rest = whole.as_slice();
        let bytes = <Self as FfiConverter<UT>>::try_read(&mut rest)?;
        // UniFFI's own reading refuses what is left over, too.
        if rest.is_empty() { Ok(bytes) } else { Err(uniffi::deps::anyhow::anyhow!("bytes are left over")) }
    }

    fn write(bytes: Self, buffer: &mut Vec<u8>) {
        // No message is near the 2 GiB that a length can say.
        let length = i32::try_from(bytes.0.len()).unwrap_or(i32::MAX);
        buffer.extend_from_slice(&length.to_be_bytes());
        buffer.extend_from_slice(&bytes.0);
    }

    fn try_read(buffer: &mut &[u8]) -> uniffi::Result<Self> {
        check_remaining(buffer, size_of::<i32>())?;
        let (length, rest) = buffer.split_first_chunk().unwrap_or((&[0; 4], buffer));
        let length = usize::try_from(i32::from_be_bytes(*length))?;
        check_remaining(rest, length)?;
        let (bytes, rest) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        *buffer = rest;
        Ok(Self(bytes.to_vec()))
    }
}

uniffi::derive_ffi_traits!(blanket Bytes);

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use uniffi::{Lift, Lower};

    use super::*;
    use crate::UniFfiTag;

    #[test]
    fn the_form_is_that_of_uniffi() {
        for bytes in [Vec::new(), vec![7], (0..=255).cycle().take(100_000).collect()] {
            let theirs = <Vec<u8> as Lower<UniFfiTag>>::lower(bytes.clone()).destroy_into_vec();
            let ours = <Bytes as Lower<UniFfiTag>>::lower(Bytes(bytes.clone())).destroy_into_vec();
            assert!(ours == theirs);
            let lifted = <Bytes as Lift<UniFfiTag>>::try_lift(RustBuffer::from_vec(theirs)).unwrap();
            assert!(lifted.0 == bytes);
            let back = <Vec<u8> as Lift<UniFfiTag>>::try_lift(RustBuffer::from_vec(ours)).unwrap();
            assert!(back == bytes);
        }
    }

    #[test]
    fn what_is_cut_or_longer_than_it_says_is_refused() {
        for wrong in [&b""[..], b"\0\0\0", b"\0\0\0\x02a", b"\0\0\0\x01ab", b"\xff\xff\xff\xff"] {
            let lifted = <Bytes as Lift<UniFfiTag>>::try_lift(RustBuffer::from_vec(wrong.to_vec()));
            assert!(lifted.is_err(), "{}", wrong.escape_ascii());
        }
    }
}
