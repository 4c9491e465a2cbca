//! The armor of encrypted messages in mail (RFC 9580, section 6), in both directions: most of what is sealed and opened is in it, and the
//! library's own costs more than all of its cryptography.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::{memchr, memmem, memrchr};

const BEGIN: &[u8] = b"-----BEGIN PGP MESSAGE-----";
const END: &[u8] = b"-----END PGP MESSAGE-----";
/// What all programs write: lines of 64 characters.
const LINE_OCTETS: usize = 48;
const LINE: usize = LINE_OCTETS / 3 * 4;

/// Writes a message to the end of a mail, with armor in lines that end in CRLF.
pub(super) struct MailArmor<'a> {
    out: &'a mut Vec<u8>,
    /// The octets of a line that is not full yet.
    line: Vec<u8>,
    checksum: Checksum,
}

impl<'a> MailArmor<'a> {
    /// Begins the armor of about `length` octets.
    pub(super) fn begin(out: &'a mut Vec<u8>, length: usize) -> Self {
        out.reserve((length / LINE_OCTETS + 1) * (LINE + 2) + BEGIN.len() + END.len() + 8);
        out.extend_from_slice(BEGIN);
        out.extend_from_slice(b"\r\n\r\n");
        Self { out, line: Vec::with_capacity(LINE_OCTETS), checksum: Checksum::default() }
    }

    /// Ends the armor.
    pub(super) fn end(self) {
        write_line(&self.line, self.out);
        if let Some(sum) = self.checksum.end() {
            self.out.push(b'=');
            write_line(&sum, self.out);
        }
        self.out.extend_from_slice(END);
        self.out.extend_from_slice(b"\r\n");
    }
}

impl Write for MailArmor<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.checksum.update(octets);
        let missing = (LINE_OCTETS - self.line.len()) % LINE_OCTETS;
        let (first, rest) = octets.split_at(missing.min(octets.len()));
        self.line.extend_from_slice(first);
        if self.line.len() == LINE_OCTETS {
            write_line(&self.line, self.out);
            self.line.clear();
        }
        let lines = rest.chunks_exact(LINE_OCTETS);
        self.line.extend_from_slice(lines.remainder());
        lines.for_each(|line| write_line(line, self.out));
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The checksum behind the armor, where one has to be (RFC 9580, section 6.1.1): none around SEIPDv2, and one around what a program might read that
/// needs it. GnuPG 2.2 does: where the last line has no padding either, it takes the end of the armor for more of the message.
#[derive(Default)]
struct Checksum {
    /// The first octets, until they are enough to tell.
    head: Vec<u8>,
    digest: Option<crc::Digest<'static, u32, Tables>>,
}

/// Native code has room for the larger tables.
#[cfg(not(target_arch = "wasm32"))]
type Tables = crc::Table<16>;
#[cfg(target_arch = "wasm32")]
type Tables = crc::Table<1>;

static CRC24: crc::Crc<u32, Tables> = crc::Crc::<u32, Tables>::new(&crc::CRC_24_OPENPGP);

/// How many octets tell: the header of the first packet, of two octets or three, and its version.
const HEAD: usize = 4;

impl Checksum {
    fn update(&mut self, octets: &[u8]) {
        let (first, rest) = octets.split_at(octets.len().min(HEAD - self.head.len()));
        if !first.is_empty() {
            self.head.extend_from_slice(first);
            if self.head.len() == HEAD && !begins_seipdv2(&self.head) {
                let mut digest = CRC24.digest();
                digest.update(&self.head);
                self.digest = Some(digest);
            }
        }
        if let Some(digest) = &mut self.digest {
            digest.update(rest);
        }
    }

    fn end(self) -> Option<[u8; 3]> {
        let [_, sum @ ..] = self.digest?.finalize().to_be_bytes();
        Some(sum)
    }
}

/// Whether a message begins with a session key for SEIPDv2: those have version 6 (RFC 9580, section 5.1.2).
fn begins_seipdv2(head: &[u8]) -> bool {
    match head {
        [_, length, version, _] if *length < 192 => *version == 6,
        [_, _, _, version] => *version == 6,
        _ => false,
    }
}

/// Writes up to [`LINE_OCTETS`] as a line; nothing where there is nothing.
fn write_line(octets: &[u8], out: &mut Vec<u8>) {
    let mut line = [0; LINE];
    let length = STANDARD.encode_slice(octets, &mut line).unwrap_or_default();
    if let Some(text @ [_, ..]) = line.get(..length) {
        out.extend_from_slice(text);
        out.extend_from_slice(b"\r\n");
    }
}

/// The longest line that is read (RFC 9580, section 6.2).
const MAX_LINE: usize = 76;

/// The packets of an armored message. `None` for anything that is not written as everybody writes it: to make something of that is left
/// to the library.
pub(super) fn dearmored(message: &[u8]) -> Option<Vec<u8>> {
    let armor = message.trim_ascii().strip_prefix(BEGIN)?.strip_suffix(END)?;
    let mut lines = without_checksum(after_headers(armor)?)?;
    let mut octets = Vec::with_capacity(lines.len() / 4 * 3);
    while !lines.is_empty() {
        let (line, rest) = split_line(lines);
        // Padding is at the end of the last line only.
        let is_padded_within = line.ends_with(b"=") && !rest.is_empty();
        if line.is_empty() || line.len() > MAX_LINE || !line.len().is_multiple_of(4) || is_padded_within {
            return None;
        }
        STANDARD.decode_vec(line, &mut octets).ok()?;
        lines = rest;
    }
    (!octets.is_empty()).then_some(octets)
}

/// The lines without the checksum at their end, which says nothing that the cryptography doesn't say better. `None` where the last line
/// has no end.
fn without_checksum(lines: &[u8]) -> Option<&[u8]> {
    let body = lines.strip_suffix(b"\n")?.trim_ascii_end();
    let start = memrchr(b'\n', body).map_or(0, |end| end + 1);
    let (above, last) = body.split_at(start);
    Some(if is_checksum(last) { above } else { lines })
}

/// What follows the empty line behind the armor's headers, which mean nothing.
fn after_headers(armor: &[u8]) -> Option<&[u8]> {
    let (first, mut rest) = split_line(armor);
    if !first.is_empty() {
        return None;
    }
    loop {
        let (line, after) = split_line(rest);
        if line.is_empty() {
            return Some(after);
        }
        memmem::find(line, b": ").filter(|_| !after.is_empty())?;
        rest = after;
    }
}

/// The first line, without its line break, and what follows.
fn split_line(text: &[u8]) -> (&[u8], &[u8]) {
    let length = memchr(b'\n', text).map_or(text.len(), |end| end + 1);
    let (line, rest) = text.split_at(length);
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    (line.strip_suffix(b"\r").unwrap_or(line), rest)
}

/// The last line of the armor in older programs: `=` and 24 bits.
fn is_checksum(line: &[u8]) -> bool {
    matches!(line, [b'=', sum @ ..] if sum.len() == 4 && !sum.contains(&b'='))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn armored(octets: &[u8], pieces: usize) -> String {
        let mut out = Vec::new();
        let mut armor = MailArmor::begin(&mut out, octets.len());
        octets.chunks(pieces).for_each(|piece| armor.write_all(piece).unwrap());
        armor.end();
        String::from_utf8(out).unwrap()
    }

    /// What the library makes of it.
    fn by_the_library(armor: &str) -> Vec<u8> {
        let mut octets = Vec::new();
        let mut reader = sequoia_openpgp::armor::Reader::from_bytes(armor.as_bytes(), None);
        io::Read::read_to_end(&mut reader, &mut octets).unwrap();
        octets
    }

    #[test]
    fn is_written_in_lines_of_64_and_read_back_by_both() {
        let octets: Vec<u8> = (0..=255).collect();
        for length in [1, 2, 3, 47, 48, 49, 96, 100, 256] {
            let whole = armored(&octets[..length], length);
            assert!(whole.split("\r\n").all(|line| line.len() <= 64 && !line.contains('\n')));
            for pieces in [1, 5, 48, 50] {
                assert_eq!(armored(&octets[..length], pieces), whole);
            }
            assert_eq!(by_the_library(&whole), octets[..length]);
            for text in [whole.clone(), whole.replace("\r\n", "\n"), format!("\n {whole}\n")] {
                assert_eq!(dearmored(text.as_bytes()).unwrap(), octets[..length], "{text}");
            }
        }
        assert_eq!(
            armored(b"abcd", 4),
            "-----BEGIN PGP MESSAGE-----\r\n\r\nYWJjZA==\r\n=S2Mq\r\n-----END PGP MESSAGE-----\r\n"
        );
    }

    /// Ours says nothing of a checksum that is wrong; the library's writer is the measure of one that is right.
    #[test]
    fn there_is_a_checksum_but_around_seipdv2() {
        let small: Vec<u8> = [0xc1, 100, 3].into_iter().chain(0..250).collect();
        let large: Vec<u8> = [0xc1, 0xc1, 0xcc, 3].into_iter().chain(0..250).collect();
        for octets in [small, large] {
            let library = super::super::armor::enarmor(sequoia_openpgp::armor::Kind::Message, &octets);
            assert_eq!(armored(&octets, 7), library.replace('\n', "\r\n"));
        }
        for modern in [[0xc1, 100, 6, 0], [0xc1, 0xc1, 0xcc, 6], [0xc3, 29, 6, 26]] {
            assert!(!armored(&modern, 1).contains("\r\n="));
        }
    }

    #[test]
    fn headers_and_checksum_are_passed_over() {
        for (headers, sum) in [("Version: x\nComment: y\n", "=twTO\n"), ("", "=twTO\n"), ("A: b\n", "")] {
            let text =
                format!("-----BEGIN PGP MESSAGE-----\n{headers}\nYWJj\nZA==\n{sum}-----END PGP MESSAGE-----");
            assert_eq!(dearmored(text.as_bytes()).unwrap(), b"abcd", "{text}");
        }
    }

    #[test]
    fn what_nobody_writes_is_left_to_the_library() {
        let text = |body: &str| format!("-----BEGIN PGP MESSAGE-----{body}-----END PGP MESSAGE-----");
        for body in [
            "",
            "\n",
            "x\n\nYWJj\n",
            "\nYWJj\n",
            "\nA: b\n",
            "\nA: b\nYWJj\n",
            "\n\nYW Jj\n",
            "\n\nYWJ\nj\n",
            "\n\nYWI=\nYWJj\n",
            "\n\nYWJj\n\nYWJj\n",
            "\n\nYWJj\n=twTO\nYWJj\n",
            "\n\nYWJj\n=tw\n",
            "\n\n=twTO\n",
            "\n\nYWJjZA==\nYWJj\n",
            "\n\nYWJjZB==\n",
            "\n\nYW=j\n",
            "\n\nYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJj\n",
            "\n\nYWJj",
            "\n\n> YWJj\n",
            "\n\nYWJj\n-----END PGP MESSAGE-----\n",
        ] {
            assert_eq!(dearmored(text(body).as_bytes()), None, "{body:?}");
        }
        for other in ["", "abc", "-----BEGIN PGP MESSAGE-----\n\nYWJj\n", "x-----BEGIN PGP MESSAGE-----"] {
            assert_eq!(dearmored(other.as_bytes()), None, "{other}");
        }
    }
}
