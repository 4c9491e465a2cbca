use std::fmt;
use std::str::FromStr;

use sequoia_openpgp as openpgp;

/// The fingerprint of a key or certificate (RFC 9580, section 5.5.4): 20 octets for v4, 32 for v6.
///
/// Printed as upper-case hexadecimal digits without spaces; parsed with or without spaces, in either case.
///
/// ```
/// use postseal_message::openpgp::Fingerprint;
/// let fingerprint: Fingerprint = "eb85 bb5f a33a 75e1 5e94  4e63 f231 550c 4f47 e38e".parse()?;
/// assert_eq!(fingerprint.to_string(), "EB85BB5FA33A75E15E944E63F231550C4F47E38E");
/// assert_eq!(fingerprint.version(), 4);
/// assert_eq!(fingerprint.key_id().to_string(), "F231550C4F47E38E");
/// # Ok::<(), postseal_message::openpgp::FingerprintError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(Digits);

/// The short name of a key: 8 octets of its fingerprint (RFC 9580, section 5.5.4).
///
/// A key ID is a hint for finding a key, never a proof of which key it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 8]);

/// How a message names a key: by fingerprint, or, in older formats, only by key ID.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum KeyHandle {
    /// The whole fingerprint.
    Fingerprint(Fingerprint),
    /// Only the key ID.
    KeyId(KeyId),
}

/// The text is no fingerprint and no key ID: not 16, 40 or 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} hexadecimal digits")]
pub struct FingerprintError {
    expected: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Digits {
    V4([u8; 20]),
    V6([u8; 32]),
}

impl Fingerprint {
    /// The octets: 20 for a v4 key, 32 for a v6 key.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Digits::V4(bytes) => bytes,
            Digits::V6(bytes) => bytes,
        }
    }

    /// The version of the key: 4 or 6.
    #[must_use]
    pub const fn version(&self) -> u8 {
        match self.0 {
            Digits::V4(_) => 4,
            Digits::V6(_) => 6,
        }
    }

    /// The key ID: the last 8 octets for v4, the first 8 for v6.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        let octets = match &self.0 {
            Digits::V4(bytes) => bytes.last_chunk(),
            Digits::V6(bytes) => bytes.first_chunk(),
        };
        KeyId(octets.copied().unwrap_or_default())
    }

    /// `None` for versions other than 4 and 6, which no certificate of ours has.
    pub(super) fn from_sequoia(fingerprint: &openpgp::Fingerprint) -> Option<Self> {
        match fingerprint {
            openpgp::Fingerprint::V4(bytes) => Some(Self(Digits::V4(*bytes))),
            openpgp::Fingerprint::V6(bytes) => Some(Self(Digits::V6(*bytes))),
            _ => None,
        }
    }
}

impl KeyId {
    /// The 8 octets.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

impl KeyHandle {
    /// The key ID, which both forms have.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        match self {
            Self::Fingerprint(fingerprint) => fingerprint.key_id(),
            Self::KeyId(id) => *id,
        }
    }

    /// Whether this names the key that has `fingerprint`. By key ID that is a guess.
    #[must_use]
    pub fn names(&self, fingerprint: &Fingerprint) -> bool {
        match self {
            Self::Fingerprint(own) => own == fingerprint,
            Self::KeyId(id) => *id == fingerprint.key_id(),
        }
    }

    /// `None` for the wildcard (a hidden recipient) and for unknown forms.
    pub(super) fn from_sequoia(handle: &openpgp::KeyHandle) -> Option<Self> {
        match handle {
            openpgp::KeyHandle::Fingerprint(f) => Fingerprint::from_sequoia(f).map(Self::Fingerprint),
            openpgp::KeyHandle::KeyID(id) if id.is_wildcard() => None,
            openpgp::KeyHandle::KeyID(id) => id.as_bytes().try_into().ok().map(|b| Self::KeyId(KeyId(b))),
        }
    }
}

impl From<Fingerprint> for KeyHandle {
    fn from(fingerprint: Fingerprint) -> Self {
        Self::Fingerprint(fingerprint)
    }
}

impl From<KeyId> for KeyHandle {
    fn from(id: KeyId) -> Self {
        Self::KeyId(id)
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let bytes = from_hex(text).unwrap_or_default();
        if let Ok(v4) = bytes.as_slice().try_into() {
            return Ok(Self(Digits::V4(v4)));
        }
        let v6 = bytes.as_slice().try_into().map_err(|_| FingerprintError { expected: "40 or 64" })?;
        Ok(Self(Digits::V6(v6)))
    }
}

impl FromStr for KeyId {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let bytes = from_hex(text).unwrap_or_default();
        bytes.as_slice().try_into().map(Self).map_err(|_| FingerprintError { expected: "16" })
    }
}

impl FromStr for KeyHandle {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        text.parse()
            .map(Self::KeyId)
            .or_else(|_| text.parse().map(Self::Fingerprint))
            .map_err(|_| FingerprintError { expected: "16, 40 or 64" })
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> =
        text.chars().filter(|c| *c != ' ').map(|c| c.to_digit(16)).collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| (high << 4 | low) as u8).collect())
}

fn write_hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(self.as_bytes(), f)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl fmt::Display for KeyHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fingerprint(fingerprint) => fingerprint.fmt(f),
            Self::KeyId(id) => id.fmt(f),
        }
    }
}

impl fmt::Debug for KeyHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyHandle({self})")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::string_slice)]
mod tests {
    use super::*;

    const V6: &str = "CB186C4F0609A697E4D52DFA6C722B0C1F1E27C18A56708F6525EC27BAD9ACC9";

    #[test]
    fn both_versions_parse_and_print() {
        let v6: Fingerprint = V6.parse().unwrap();
        assert_eq!((v6.to_string().as_str(), v6.version()), (V6, 6));
        assert_eq!(v6.key_id().to_string(), "CB186C4F0609A697");
        assert_eq!(format!("{v6:?}"), format!("Fingerprint({V6})"));
    }

    #[test]
    fn everything_else_is_refused() {
        for text in
            ["", "0", "zz", "00112233445566778899AABBCCDDEEFF0011223", "é", &V6[1..], &format!("{V6}00")]
        {
            assert_eq!(Fingerprint::from_str(text), Err(FingerprintError { expected: "40 or 64" }), "{text}");
        }
        assert!("0011223344556677".parse::<KeyId>().is_ok());
        assert!("001122334455667".parse::<KeyId>().is_err());
    }

    #[test]
    fn a_handle_names_its_key_and_no_other() {
        let v6: Fingerprint = V6.parse().unwrap();
        let other: Fingerprint = "EB85BB5FA33A75E15E944E63F231550C4F47E38E".parse().unwrap();
        for handle in [KeyHandle::from(v6.clone()), KeyHandle::from(v6.key_id())] {
            assert!(handle.names(&v6));
            assert!(!handle.names(&other));
        }
    }
}
