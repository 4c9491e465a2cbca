use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use crate::Error;

/// The SHA-256 hash of a certificate's SubjectPublicKeyInfo (RFC 7469, section 2.4): it names a key, however often the
/// certificate around it is renewed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpkiHash([u8; 32]);

impl SpkiHash {
    /// A hash from its 32 bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The hash of the key in a certificate (DER); `None` where that can't be parsed.
    #[must_use]
    pub fn of(certificate: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
        Some(Self(Sha256::digest(certificate.public_key().raw).into()))
    }
}

impl fmt::Display for SpkiHash {
    /// 64 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for SpkiHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SpkiHash({self})")
    }
}

impl FromStr for SpkiHash {
    type Err = Error;

    /// Parses 64 hexadecimal digits; colons between bytes are fine.
    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || Error::invalid("SPKI hash", "not 64 hexadecimal digits");
        let digits: Vec<u32> = text
            .chars()
            .filter(|&c| c != ':')
            .map(|c| c.to_digit(16))
            .collect::<Option<_>>()
            .ok_or_else(wrong)?;
        let bytes: Vec<u8> = digits
            .chunks(2)
            .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
            .filter_map(|byte| u8::try_from(byte).ok())
            .collect();
        if digits.len() != 64 {
            return Err(wrong());
        }
        bytes.try_into().map(Self).map_err(|_| wrong())
    }
}

/// A certificate that was not trusted: all that an app needs to show it, and to offer a pin.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateFault {
    /// The host that was to be reached.
    pub host: String,
    /// Why it was refused.
    pub reason: CertificateReason,
    /// What the server presented, its own certificate first.
    pub chain: Vec<CertificateInfo>,
}

impl fmt::Display for CertificateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the certificate of {} is not trusted: {}", self.host, self.reason)
    }
}

impl std::error::Error for CertificateFault {}

/// Why a certificate was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateReason {
    /// No trusted root vouches for it; a self-signed certificate is one case.
    #[error("it is not signed by a trusted authority")]
    UnknownIssuer,
    /// Its time is over.
    #[error("it has expired")]
    Expired,
    /// Its time has not come yet; the device's clock may be wrong.
    #[error("it is not valid yet")]
    NotYetValid,
    /// It is for other hosts; their names are in [`CertificateInfo::names`].
    #[error("it is for another host")]
    WrongName,
    /// It is fine otherwise, but none of the required pins matches its key.
    #[error("its key is not the pinned one")]
    NotPinned,
    /// It has been revoked.
    #[error("it has been revoked")]
    Revoked,
    /// A signature in the chain is of a kind that is not accepted, such as one with SHA-1.
    #[error("it is signed in a way that is not secure")]
    BadSignature,
    /// It is not for authenticating servers.
    #[error("it is not for servers")]
    WrongPurpose,
    /// It can't be parsed, or has a critical extension that is not understood.
    #[error("{0}")]
    Malformed(String),
}

/// One certificate, as it can be shown to a person.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateInfo {
    /// The certificate itself.
    pub der: Vec<u8>,
    /// The subject's distinguished name; empty where the certificate can't be parsed.
    pub subject: String,
    /// The issuer's distinguished name.
    pub issuer: String,
    /// The host names and IP addresses that it is for.
    pub names: Vec<String>,
    /// The start of its validity.
    pub not_before: Option<SystemTime>,
    /// The end of its validity.
    pub not_after: Option<SystemTime>,
    /// The hash of its key, for [`TlsConfig::trust_key`](crate::TlsConfig::trust_key).
    pub spki: Option<SpkiHash>,
}

impl CertificateInfo {
    pub(crate) fn of(der: &[u8]) -> Self {
        let Ok((_, parsed)) = X509Certificate::from_der(der) else {
            return Self {
                der: der.to_vec(),
                subject: String::new(),
                issuer: String::new(),
                names: Vec::new(),
                not_before: None,
                not_after: None,
                spki: None,
            };
        };
        let validity = parsed.validity();
        Self {
            der: der.to_vec(),
            subject: crate::error::server_text(parsed.subject().to_string().as_bytes()),
            issuer: crate::error::server_text(parsed.issuer().to_string().as_bytes()),
            names: alternative_names(&parsed),
            not_before: time(validity.not_before.timestamp()),
            not_after: time(validity.not_after.timestamp()),
            spki: SpkiHash::of(der),
        }
    }

    /// Whether it vouches for itself.
    pub(crate) fn is_self_issued(&self) -> bool {
        !self.subject.is_empty() && self.subject == self.issuer
    }
}

impl fmt::Debug for CertificateInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificateInfo")
            .field("subject", &self.subject)
            .field("issuer", &self.issuer)
            .field("names", &self.names)
            .field("spki", &self.spki)
            .finish_non_exhaustive()
    }
}

fn alternative_names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    let shown = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some(crate::error::server_text(name.as_bytes())),
        GeneralName::IPAddress(bytes) => match <[u8; 4]>::try_from(*bytes) {
            Ok(v4) => Some(std::net::Ipv4Addr::from(v4).to_string()),
            Err(_) => <[u8; 16]>::try_from(*bytes).ok().map(|v6| std::net::Ipv6Addr::from(v6).to_string()),
        },
        _ => None,
    };
    extension.value.general_names.iter().filter_map(shown).collect()
}

fn time(seconds: i64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(seconds).ok()?))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_reads_back_from_its_text() {
        let hash = SpkiHash::from_bytes([0xab; 32]);
        assert_eq!(hash.to_string().parse::<SpkiHash>().unwrap(), hash);
        assert_eq!(["ab"; 32].join(":").parse::<SpkiHash>().unwrap(), hash);
        for text in ["", "ab", &"g".repeat(64), &"a".repeat(63), &"a".repeat(66)] {
            assert!(text.parse::<SpkiHash>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_broken_certificate_is_shown_as_bytes_only() {
        let info = CertificateInfo::of(b"not a certificate");
        assert_eq!((info.spki, info.subject.as_str()), (None, ""));
    }
}
