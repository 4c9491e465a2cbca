//! Transfer decodings (RFC 2045, section 6): as much as can be read of what is broken.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::memchr;

/// How the body of a part is encoded (RFC 2045, section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransferEncoding {
    /// Not at all: `7bit`, `8bit`, `binary`, or nothing said.
    Identity,
    /// `quoted-printable`.
    QuotedPrintable,
    /// `base64`.
    Base64,
    /// Something else, which is handed out as it stands.
    Unknown,
}

impl TransferEncoding {
    /// Reads the value of a `Content-Transfer-Encoding` field.
    pub(super) fn read(value: &[u8]) -> Self {
        // Some programs put a semicolon or a comment after the word.
        let word = value.trim_ascii().split(|b| b.is_ascii_whitespace() || b"(;".contains(b)).next();
        match word.unwrap_or_default().to_ascii_lowercase().as_slice() {
            b"" | b"7bit" | b"8bit" | b"binary" => Self::Identity,
            b"quoted-printable" => Self::QuotedPrintable,
            b"base64" => Self::Base64,
            _ => Self::Unknown,
        }
    }

    /// Undoes the encoding.
    pub(super) fn decode(self, body: &[u8]) -> Cow<'_, [u8]> {
        match self {
            Self::Identity | Self::Unknown => Cow::Borrowed(body),
            Self::QuotedPrintable => Cow::Owned(quoted_printable(body)),
            Self::Base64 => Cow::Owned(base64(body)),
        }
    }
}

/// Decodes base64. Characters outside the alphabet are skipped (RFC 2045, section 6.8), and padding may stand anywhere, for some
/// programs encode in pieces.
pub(super) fn base64(body: &[u8]) -> Vec<u8> {
    let mut decoder = Base64 { bytes: Vec::with_capacity(body.len() / 4 * 3), bits: 0, count: 0 };
    let mut rest = body;
    while !rest.is_empty() {
        let (line, after) = rest.split_at(memchr(b'\n', rest).map_or(rest.len(), |end| end + 1));
        line.trim_ascii_end().chunks(Base64::PIECE).for_each(|piece| decoder.decode(piece));
        rest = after;
    }
    decoder.bytes
}

/// Base64 that is being decoded: what there is so far, and the bits of the next octet.
struct Base64 {
    bytes: Vec<u8>,
    bits: u32,
    count: u32,
}

impl Base64 {
    /// The longest line that RFC 2045, section 6.8, allows.
    const PIECE: usize = 76;

    fn decode(&mut self, piece: &[u8]) {
        if self.count != 0 || !self.decode_well_formed(piece) {
            piece.iter().for_each(|&byte| self.decode_one(byte));
        }
    }

    /// Most lines are as they should be, and decoded at once; false for one that isn't.
    fn decode_well_formed(&mut self, piece: &[u8]) -> bool {
        let mut octets = [0; Self::PIECE / 4 * 3];
        let decoded = STANDARD.decode_slice(piece, &mut octets).ok().and_then(|length| octets.get(..length));
        decoded.is_some_and(|octets| {
            self.bytes.extend_from_slice(octets);
            true
        })
    }

    fn decode_one(&mut self, byte: u8) {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                (self.bits, self.count) = (0, 0);
                return;
            }
            _ => return,
        };
        self.bits = (self.bits << 6) | u32::from(six);
        self.count += 6;
        if self.count >= 8 {
            self.count -= 8;
            self.bytes.push((self.bits >> self.count) as u8);
            self.bits &= (1 << self.count) - 1;
        }
    }
}

/// Decodes quoted-printable. White space at the end of a line is dropped (RFC 2045, section 6.7, rule 3), and an `=` that
/// introduces nothing stands for itself. A line break stands for CRLF (rule 4), however the message writes its own.
fn quoted_printable(body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(body.len());
    let mut lines = body.split(|&b| b == b'\n').peekable();
    while let Some(line) = lines.next() {
        let has_break = lines.peek().is_some();
        let line = line.trim_ascii_end();
        let (line, is_soft) = match line.strip_suffix(b"=") {
            Some(rest) => (rest, true),
            None => (line, false),
        };
        quoted(line, &mut bytes);
        if has_break && !is_soft {
            bytes.extend_from_slice(b"\r\n");
        }
    }
    bytes
}

/// Decodes `=XX` within a line.
pub(super) fn quoted(line: &[u8], bytes: &mut Vec<u8>) {
    escaped(b'=', line, bytes);
}

/// Decodes two hexadecimal digits behind each `mark`; a mark that introduces nothing stands for itself.
pub(super) fn escaped(mark: u8, text: &[u8], bytes: &mut Vec<u8>) {
    let mut rest = text;
    while let Some((plain, tail)) = memchr(mark, rest).and_then(|at| rest.split_at_checked(at)) {
        bytes.extend_from_slice(plain);
        rest = match tail {
            [_, high, low, after @ ..] if hex(*high).is_some() && hex(*low).is_some() => {
                bytes.push(hex(*high).unwrap_or_default() << 4 | hex(*low).unwrap_or_default());
                after
            }
            _ => {
                bytes.push(mark);
                tail.get(1..).unwrap_or_default()
            }
        };
    }
    bytes.extend_from_slice(rest);
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_name_of_an_encoding() {
        for (value, encoding) in [
            (&b""[..], TransferEncoding::Identity),
            (b" 8BIT ", TransferEncoding::Identity),
            (b" Quoted-Printable", TransferEncoding::QuotedPrintable),
            (b"base64; x", TransferEncoding::Base64),
            (b"\r\n base64 (comment)", TransferEncoding::Base64),
            (b"x-uuencode", TransferEncoding::Unknown),
        ] {
            assert_eq!(TransferEncoding::read(value), encoding);
        }
    }

    #[test]
    fn base64_is_read_as_far_as_it_goes() {
        for (body, bytes) in [
            (&b"AAEC\r\nAwQ=\r\n"[..], &[0, 1, 2, 3, 4][..]),
            (b"AAEC*!\0AwQ", &[0, 1, 2, 3, 4]),
            (b"AA==AAEC", &[0, 0, 1, 2]),
            (b"AAE", &[0, 1]),
            (b"AAECA\nwQFBgc=", &[0, 1, 2, 3, 4, 5, 6, 7]),
            // Bits behind the last octet, and padding that is missing or too much.
            (b"AAF=\nAAEC", &[0, 1, 0, 1, 2]),
            (b"AA=\nAAEC", &[0, 0, 1, 2]),
            (b"AA===\nAAEC", &[0, 0, 1, 2]),
            (b"A", &[]),
            (b"====", &[]),
        ] {
            assert_eq!(base64(body), bytes, "{body:?}");
        }
    }

    #[test]
    fn lines_of_base64_may_have_any_length() {
        let octets: Vec<u8> = (0..=255).collect();
        let text = STANDARD.encode(&octets);
        for length in [1, 3, 4, 60, 75, 76, 77, 80, 100, 344] {
            let lines: Vec<&[u8]> = text.as_bytes().chunks(length).collect();
            assert_eq!(base64(&lines.join(&b"\r\n"[..])), octets, "{length}");
        }
    }

    #[test]
    fn quoted_printable_is_read_as_far_as_it_goes() {
        for (body, bytes) in [
            (&b"a=3Db=\r\nc \t\r\nd"[..], &b"a=bc\r\nd"[..]),
            (b"=c3=BC= \nx", "üx".as_bytes()),
            (b"==\r\nx", b"=x"),
            (b"=", b""),
            (b"=4", b"=4"),
            (b"=XY=4", b"=XY=4"),
            (b"a\nb\r\n", b"a\r\nb\r\n"),
            // A soft line break and nothing after it: mail-parser 0.11 panics here before a boundary.
            (b"=\n", b""),
        ] {
            assert_eq!(quoted_printable(body), bytes, "{body:?}");
        }
    }
}
