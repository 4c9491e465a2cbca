//! Transfer encodings: every body leaves here as 7-bit text in lines that no gateway has a reason to touch.
//!
//! RFC 3156, section 3, asks for that in what is signed: no 8-bit data, no white space at the end of a line, no line that begins
//! with `From `. We keep to it in every message, so that signing changes nothing about a body.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::boundary::stands_in;

/// The longest line of encoded data (RFC 2045, sections 6.7 and 6.8).
const MAX_ENCODED_LINE: usize = 76;
/// A text with longer lines than RFC 5322, section 2.1.1, recommends is encoded.
const MAX_PLAIN_LINE: usize = 78;
/// A message that is passed on as it is may have lines as long as RFC 5322, section 2.1.1, allows.
const MAX_LINE: usize = 998;

/// The octets of a line of base64.
const LINE_OCTETS: usize = MAX_ENCODED_LINE / 4 * 3;

/// A body and its transfer encoding.
#[derive(Debug, Clone)]
pub(super) enum Encoded<'a> {
    /// 7-bit text, as it is.
    Plain(Cow<'a, [u8]>),
    /// Text that is in quoted-printable already.
    Quoted(Vec<u8>),
    /// What becomes base64 where it is written.
    Base64(Cow<'a, [u8]>),
}

impl Encoded<'_> {
    /// The name of the encoding.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Plain(_) => "7bit",
            Self::Quoted(_) => "quoted-printable",
            Self::Base64(_) => "base64",
        }
    }

    /// The octets that it has when it is written.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Plain(text) => text.len(),
            Self::Quoted(text) => text.len(),
            Self::Base64(data) => data.len().div_ceil(3) * 4 + data.len().div_ceil(LINE_OCTETS) * 2,
        }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Plain(text) => out.extend_from_slice(text),
            Self::Quoted(text) => out.extend_from_slice(text),
            Self::Base64(data) => write_base64(data, out),
        }
    }

    /// Whether `boundary` stands in it; no boundary can stand in what is encoded.
    pub(super) fn holds(&self, boundary: &str) -> bool {
        matches!(self, Self::Plain(text) if stands_in(boundary, text))
    }
}

/// Encodes a text: as it is where that is safe, else in quoted-printable, or in
/// base64 where that is much shorter. All line breaks become CRLF.
pub(super) fn text(text: &str) -> Encoded<'_> {
    let text = with_crlf(text.as_bytes());
    if is_safe(&text, MAX_PLAIN_LINE) {
        return Encoded::Plain(text);
    }
    let quoted = quoted_printable(&text);
    // Base64 turns three octets into four; quoted-printable may take a little more, for it can be read as it is.
    if quoted.len() <= text.len() * 3 / 2 + 16 { Encoded::Quoted(quoted) } else { Encoded::Base64(text) }
}

/// A message that can stand inside another as it is, with its line breaks made CRLF; `None` where only an encoding would save it.
pub(super) fn plain_message(message: &[u8]) -> Option<Encoded<'_>> {
    let bytes = with_crlf(message);
    is_safe(&bytes, MAX_LINE).then_some(Encoded::Plain(bytes))
}

/// Writes bytes that must come back exactly.
fn write_base64(data: &[u8], out: &mut Vec<u8>) {
    let mut line = [0; MAX_ENCODED_LINE];
    for octets in data.chunks(LINE_OCTETS) {
        // A line has room for the octets of a line.
        let length = STANDARD.encode_slice(octets, &mut line).unwrap_or_default();
        out.extend_from_slice(line.get(..length).unwrap_or_default());
        out.extend_from_slice(b"\r\n");
    }
}

/// Whether no gateway has a reason to change any of these lines.
fn is_safe(text: &[u8], max_line: usize) -> bool {
    // Without a way out of the middle of a line, many octets are looked at in one step.
    let is_plain =
        |line: &[u8]| line.iter().fold(true, |all, &b| all & (b == b'\t' || (b' '..=b'~').contains(&b)));
    lines(text).all(|line| {
        line.len() <= max_line
            && !line.starts_with(b"From ")
            && !matches!(line.last(), Some(b' ' | b'\t'))
            && is_plain(line)
    })
}

/// The lines of a text, without their line breaks; what stands behind the last line break is one, too.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut start = 0;
    memchr::memchr_iter(b'\n', text).chain([text.len()]).map(move |end| {
        let line = text.get(start..end).unwrap_or_default();
        start = end + 1;
        line.strip_suffix(b"\r").unwrap_or(line)
    })
}

/// Makes CR, LF and CRLF all CRLF.
fn with_crlf(text: &[u8]) -> Cow<'_, [u8]> {
    let is_canonical = memchr::memchr2_iter(b'\r', b'\n', text).all(|at| match text.get(at) {
        Some(b'\r') => text.get(at + 1) == Some(&b'\n'),
        _ => at.checked_sub(1).and_then(|before| text.get(before)) == Some(&b'\r'),
    });
    if is_canonical {
        return Cow::Borrowed(text);
    }
    let mut canonical = Vec::with_capacity(text.len() + text.len() / 32);
    let mut rest = text;
    while let Some(end) = memchr::memchr2(b'\r', b'\n', rest) {
        let (line, after) = rest.split_at(end);
        canonical.extend_from_slice(line);
        canonical.extend_from_slice(b"\r\n");
        rest = after.strip_prefix(b"\r\n").or(after.get(1..)).unwrap_or_default();
    }
    canonical.extend_from_slice(rest);
    Cow::Owned(canonical)
}

/// Quoted-printable (RFC 2045, section 6.7) of a text whose line breaks are CRLF.
fn quoted_printable(text: &[u8]) -> Vec<u8> {
    let mut output = Vec::with_capacity(text.len() * 5 / 4);
    let mut lines = lines(text).peekable();
    while let Some(line) = lines.next() {
        quote_line(line, &mut output);
        if lines.peek().is_some() {
            output.extend_from_slice(b"\r\n");
        }
    }
    output
}

fn quote_line(line: &[u8], output: &mut Vec<u8>) {
    let (mut rest, mut column) = (line, 0);
    while let Some((first, others)) = rest.split_first() {
        // One column is kept for the `=` of a soft line break, but not at the end of the line.
        let room = |length| MAX_ENCODED_LINE - column - usize::from(length < rest.len());
        // A soft line break may bring `From ` to the start of a line, too.
        let plain = if column == 0 && rest.starts_with(b"From ") { 0 } else { plain_octets(rest) };
        let fitting = if plain <= room(plain) { plain } else { plain.min(room(0)) };
        if fitting > 0 {
            let (piece, after) = rest.split_at(fitting);
            output.extend_from_slice(piece);
            (rest, column) = (after, column + fitting);
        } else if plain == 0 && room(1) >= 3 {
            output.extend_from_slice(format!("={first:02X}").as_bytes());
            (rest, column) = (others, column + 3);
        } else {
            output.extend_from_slice(b"=\r\n");
            column = 0;
        }
    }
}

/// How many octets at the start of `line` stand as they are, as far as one line of the output reaches.
fn plain_octets(line: &[u8]) -> usize {
    let is_plain = |byte: &u8| matches!(byte, b' ' | b'\t') || (byte.is_ascii_graphic() && *byte != b'=');
    let count = line.iter().take(MAX_ENCODED_LINE).take_while(|byte| is_plain(byte)).count();
    // White space at the end of a line doesn't last.
    let is_whole = count == line.len() && matches!(line.last(), Some(b' ' | b'\t'));
    count - usize::from(is_whole)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn written(encoded: &Encoded<'_>) -> String {
        let mut bytes = Vec::new();
        encoded.write(&mut bytes);
        assert_eq!(bytes.len(), encoded.len());
        String::from_utf8(bytes).unwrap()
    }

    fn encoded(input: &str) -> (&'static str, String) {
        let encoded = text(input);
        (encoded.name(), written(&encoded))
    }

    #[test]
    fn a_harmless_text_stays_as_it_is_but_for_its_line_breaks() {
        assert_eq!(encoded("one\ntwo\r\nthree\rfour\n"), ("7bit", "one\r\ntwo\r\nthree\r\nfour\r\n".into()));
        assert_eq!(encoded("\r\r\n\n"), ("7bit", "\r\n\r\n\r\n".into()));
        assert_eq!(encoded(""), ("7bit", String::new()));
        assert_eq!(encoded(&"x".repeat(78)), ("7bit", "x".repeat(78)));
    }

    #[test]
    fn what_a_gateway_might_touch_is_quoted() {
        let qp = "quoted-printable";
        assert_eq!(encoded("From here\n>From\nSo From "), (qp, "=46rom here\r\n>From\r\nSo From=20".into()));
        assert_eq!(encoded("-- \nBob"), (qp, "--=20\r\nBob".into()));
        assert_eq!(encoded("a=b\t\n"), (qp, "a=3Db=09\r\n".into()));
        assert_eq!(
            encoded("nul\0 and ü, in a long enough text"),
            (qp, "nul=00 and =C3=BC, in a long enough text".into())
        );
        assert_eq!(encoded("привет, мир"), ("base64", "0L/RgNC40LLQtdGCLCDQvNC40YA=\r\n".into()));
    }

    #[test]
    fn long_lines_break_softly_within_76_columns() {
        let (encoding, quoted) = encoded(&"x".repeat(79));
        assert_eq!(
            (encoding, quoted),
            ("quoted-printable", format!("{}=\r\n{}", "x".repeat(75), "x".repeat(4)))
        );
        // Exactly 76 characters fit into the last piece.
        let (_, quoted) = encoded(&format!("{}\nü", "x".repeat(76 + 75)));
        assert_eq!(quoted, format!("{}=\r\n{}\r\n=C3=BC", "x".repeat(75), "x".repeat(76)));
        // What is quoted at the start of a line counts, too.
        let (_, quoted) = encoded(&format!("\0{}", "x".repeat(74)));
        assert_eq!(quoted, format!("=00{}=\r\nxx", "x".repeat(72)));
        let (_, quoted) = encoded(&format!("\0{}", "x".repeat(73)));
        assert_eq!(quoted, format!("=00{}", "x".repeat(73)));
        // `From ` that a soft break brings to the start of a line is quoted, too.
        let (_, quoted) = encoded(&format!("{}From you, and more of it", "x".repeat(75)));
        assert_eq!(quoted, format!("{}=\r\n=46rom you, and more of it", "x".repeat(75)));
        let (_, quoted) = encoded(&"ü= ".repeat(500));
        assert!(quoted.split("\r\n").all(|line| line.len() <= 76 && !line.ends_with([' ', '\t'])));
    }

    #[test]
    fn base64_has_lines_of_76() {
        let base64 = |data: &'static [u8]| written(&Encoded::Base64(data.into()));
        assert_eq!(base64(&[0; 58]), format!("{}\r\nAA==\r\n", "A".repeat(76)));
        assert_eq!(base64(&[0; 57]), format!("{}\r\n", "A".repeat(76)));
        assert_eq!(base64(b""), "");
    }

    #[test]
    fn a_message_is_passed_on_as_it_is_only_where_it_is_safe() {
        assert_eq!(written(&plain_message(b"A: b\n\nc").unwrap()), "A: b\r\n\r\nc");
        let long = |n| format!("A: b\r\n\r\n{}", "x".repeat(n)).into_bytes();
        assert!(plain_message(&long(998)).is_some());
        assert!(plain_message(&long(999)).is_none());
        assert!(plain_message("A: ü".as_bytes()).is_none());
        assert!(plain_message(b"A: b \r\n").is_none());
        assert!(plain_message(b"From b\r\n").is_none());
    }
}
