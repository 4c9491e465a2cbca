//! ASCII armor (RFC 9580, section 6), and what is common to reading certificates and keys.

use std::io::Write;

use openpgp::Cert;
use openpgp::armor::{Kind, Writer};
use openpgp::cert::CertParser;
use openpgp::packet::{Packet, Tag};
use openpgp::parse::{PacketParser, PacketParserResult, Parse};
use openpgp::serialize::Marshal;
use sequoia_openpgp as openpgp;

use super::{PgpError, PgpLimits, bounds};

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
    let (mut certs, mut refused) = (Vec::new(), None);
    for block in blocks(data) {
        let mut packets = packets(block).map_err(|_| NONE)?;
        packets.retain(is_writable);
        for packets in bounds::apart(packets) {
            // One that is too much keeps nobody from the others.
            match bounds::kept_within(packets) {
                Ok(packets) => certs.extend(CertParser::from_iter(packets).filter_map(Result::ok)),
                Err(error) => refused = refused.or(Some(error)),
            }
        }
    }
    if certs.is_empty() { Err(refused.unwrap_or(NONE)) } else { Ok(certs) }
}

/// The packets of a block up to the first that is none of a certificate or is broken. What is compressed is not looked into: it never is
/// part of a certificate, and may become any amount of data.
pub(super) fn packets(block: &[u8]) -> openpgp::Result<Vec<Packet>> {
    let mut packets = Vec::new();
    let mut next = PacketParser::from_bytes(block)?;
    while let PacketParserResult::Some(mut parser) = next {
        if matches!(parser.packet.tag(), Tag::CompressedData | Tag::SEIP | Tag::SED | Tag::Literal) {
            break;
        }
        // A signature of a kind that this library doesn't know, say, is kept as it is.
        let Ok(_) = parser.buffer_unread_content() else { break };
        let Ok((packet, following)) = parser.next() else { break };
        packets.push(packet);
        next = following;
    }
    Ok(packets)
}

/// Whether the library can write what it has read: not, say, a signature that names its issuer by a fingerprint of an unknown version. The
/// export of a certificate would end at the first of them.
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
