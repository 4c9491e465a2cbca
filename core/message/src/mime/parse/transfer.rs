//! Transfer decodings (RFC 2045, section 6): as much as can be read of what is broken.

use std::borrow::Cow;

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
    let mut bytes = Vec::with_capacity(body.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0_u32);
    for &byte in body {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                (bits, count) = (0, 0);
                continue;
            }
            _ => continue,
        };
        bits = (bits << 6) | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    bytes
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
    while let Some((&first, tail)) = rest.split_first() {
        match tail {
            [high, low, after @ ..] if first == mark && hex(*high).is_some() && hex(*low).is_some() => {
                bytes.push(hex(*high).unwrap_or_default() << 4 | hex(*low).unwrap_or_default());
                rest = after;
            }
            _ => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
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
            (b"A", &[]),
            (b"====", &[]),
        ] {
            assert_eq!(base64(body), bytes, "{body:?}");
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
