//! ASCII armor (RFC 9580, section 6), and what is common to reading certificates and keys.

use std::io::Write;

use openpgp::Cert;
use openpgp::armor::{Kind, Writer};
use openpgp::cert::CertParser;
use openpgp::parse::Parse;
use openpgp::serialize::Marshal;
use sequoia_openpgp as openpgp;

use super::{PgpError, PgpLimits};

/// `bytes` with armor.
pub(super) fn enarmor(kind: Kind, bytes: &[u8]) -> String {
    let mut out = Vec::new();
    // Writing to memory can't fail, and the armor of bytes is ASCII.
    if let Ok(mut writer) = Writer::new(&mut out, kind) {
        _ = writer.write_all(bytes);
        _ = writer.finalize();
    }
    String::from_utf8(out).unwrap_or_default()
}

/// Reads certificates and keys, secret parts included.
pub(super) fn read_certs(data: &[u8]) -> Result<Vec<Cert>, PgpError> {
    const NONE: PgpError = PgpError::Malformed { what: "expected a certificate or key" };
    PgpLimits::check_key_data(data)?;
    let mut certs = Vec::new();
    for block in blocks(data) {
        let parser = CertParser::from_bytes(block).map_err(|_| NONE)?;
        certs.extend(parser.filter_map(Result::ok).filter_map(writable));
    }
    if certs.is_empty() { Err(NONE) } else { Ok(certs) }
}

/// `cert` without the packets that the library reads and can't write, such as a signature that names its issuer by a fingerprint
/// of an unknown version: the export would end at the first of them.
fn writable(cert: Cert) -> Option<Cert> {
    if is_writable(&cert.as_tsk()) {
        return Some(cert);
    }
    Cert::from_packets(cert.into_tsk().into_packets().filter(is_writable)).ok()
}

/// Whether the library can write what it has read.
pub(super) fn is_writable(read: &impl Marshal) -> bool {
    read.serialize(&mut std::io::sink()).is_ok()
}

/// The armored blocks of a text; binary data as it is.
///
/// The first octet of a packet has its highest bit set (RFC 9580, section 4.2), so text is told from packets by it.
fn blocks(data: &[u8]) -> Vec<&[u8]> {
    const BEGIN: &[u8] = b"-----BEGIN PGP ";
    if data.first().is_none_or(|first| first & 0x80 != 0) && !data.starts_with("\u{feff}".as_bytes()) {
        return vec![data];
    }
    let starts: Vec<usize> = data
        .windows(BEGIN.len())
        .enumerate()
        .filter_map(|(at, window)| (window == BEGIN).then_some(at))
        .collect();
    let ends = starts.iter().skip(1).copied().chain([data.len()]);
    starts.iter().zip(ends).filter_map(|(start, end)| data.get(*start..end)).collect()
}
