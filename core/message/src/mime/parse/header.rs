//! The header section of a part: its fields as they stand, and what they say.

use std::ops::Range;

use memchr::memchr;

use super::super::MimeError;
use super::limits::Limits;
use super::words;

/// UTF-8 for U+FEFF.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One field, as ranges of the message.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) name: Range<usize>,
    /// From after the colon to before the last line break; folds included.
    pub(super) value: Range<usize>,
}

/// A header field of a parsed message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header<'a> {
    name: &'a str,
    value: &'a [u8],
}

impl<'a> Header<'a> {
    pub(super) fn new(bytes: &'a [u8], field: &Field) -> Self {
        let slice = |range: &Range<usize>| bytes.get(range.clone()).unwrap_or_default();
        // A name is ASCII, or its line would not have been taken for a field.
        Self { name: str::from_utf8(slice(&field.name)).unwrap_or_default(), value: slice(&field.value) }
    }

    /// The name as it is written; its case means nothing.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// Whether the field has this name, in any case.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The value as it stands in the message: everything between the colon and the last line break.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.value
    }

    /// The value as text on one line: unfolded (RFC 5322, section 2.2.3), encoded words decoded (RFC 2047), control characters
    /// made spaces, and white space at both ends dropped. An encoded word in an unknown charset stays as it is.
    #[must_use]
    pub fn text(&self) -> String {
        words::decode(self.value)
    }
}

/// Splits a header section, which begins at `range.start`, into its fields; also gives where the body begins.
///
/// Lines end in CRLF or LF. A line that is no field is passed over, like the `From ` line of an mbox; but where no field came
/// before it the part has no header section, and the body begins there. A byte order mark before the first field is passed over,
/// too: some programs put one into every text that they write.
pub(super) fn split(
    bytes: &[u8],
    range: &Range<usize>,
    limits: &Limits,
) -> Result<(Vec<Field>, usize), MimeError> {
    let mut fields: Vec<Field> = Vec::new();
    let mut at = range.start;
    let mut is_field = false;
    if bytes.get(range.clone()).is_some_and(|part| part.starts_with(BYTE_ORDER_MARK)) {
        at += BYTE_ORDER_MARK.len();
    }
    while at < range.end {
        let rest = bytes.get(at..range.end).unwrap_or_default();
        let length = memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        let line = without_break(rest.get(..length).unwrap_or_default());
        if at + length - range.start > limits.header_bytes && !line.is_empty() {
            return Err(MimeError::HeadersTooLong { limit: limits.header_bytes });
        }
        if line.is_empty() {
            return Ok((fields, at + length));
        }
        let is_fold = line.first().is_some_and(|b| b" \t".contains(b));
        if let (true, true, Some(field)) = (is_fold, is_field, fields.last_mut()) {
            field.value.end = at + line.len();
        } else if let Some(field) = read(line, at) {
            if fields.len() == limits.headers {
                return Err(MimeError::TooManyHeaders { limit: limits.headers });
            }
            fields.push(field);
            is_field = true;
        } else if fields.is_empty() && !line.starts_with(b"From ") && !line.starts_with(b">From ") {
            return Ok((fields, at));
        } else {
            is_field = false;
        }
        at += length;
    }
    Ok((fields, range.end))
}

/// Reads `name:value`; white space before the colon is of old (RFC 5322, section 4.5).
fn read(line: &[u8], start: usize) -> Option<Field> {
    let colon = memchr(b':', line)?;
    let name = line.get(..colon)?.trim_ascii_end();
    let is_name = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    is_name.then(|| Field { name: start..start + name.len(), value: start + colon + 1..start + line.len() })
}

pub(super) fn without_break(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn split_all(text: &str) -> (Vec<(&str, &str)>, &str) {
        let (fields, body) = split(text.as_bytes(), &(0..text.len()), &Limits::default()).unwrap();
        let fields =
            fields.iter().map(|f| (text.get(f.name.clone()).unwrap(), text.get(f.value.clone()).unwrap()));
        (fields.collect(), text.get(body..).unwrap())
    }

    #[test]
    fn fields_are_split_exactly() {
        let text = "A: b\r\nSubject : one\r\n two\r\n\tthree\r\nEmpty:\r\n\r\nbody: x\r\n";
        let fields = vec![("A", " b"), ("Subject", " one\r\n two\r\n\tthree"), ("Empty", "")];
        assert_eq!(split_all(text), (fields.clone(), "body: x\r\n"));
        let lf = text.replace("\r\n", "\n");
        let fields = vec![("A", " b"), ("Subject", " one\n two\n\tthree"), ("Empty", "")];
        assert_eq!(split_all(&lf), (fields, "body: x\n"));
    }

    #[test]
    fn lines_that_are_no_fields_are_passed_over() {
        assert_eq!(
            split_all("From me\nA: b\nwhat is this\n folded\nC: d\n\nx"),
            (vec![("A", " b"), ("C", " d")], "x")
        );
        assert_eq!(split_all("just text\n\nmore"), (vec![], "just text\n\nmore"));
        assert_eq!(split_all("\u{feff}A: b\n\n\u{feff}x"), (vec![("A", " b")], "\u{feff}x"));
        assert_eq!(split_all("\u{feff}From me\nA: b\n\nx"), (vec![("A", " b")], "x"));
        assert_eq!(split_all("\u{feff}text"), (vec![], "text"));
        assert_eq!(split_all("\nx"), (vec![], "x"));
        assert_eq!(split_all("A: b"), (vec![("A", " b")], ""));
        assert_eq!(split_all(""), (vec![], ""));
    }

    #[test]
    fn limits_hold_at_and_one_past() {
        let limits = Limits { headers: 2, header_bytes: 12, ..Limits::default() };
        let error = |text: &str| split(text.as_bytes(), &(0..text.len()), &limits).err();
        assert_eq!(error("A: b\r\nC: d\r\n\r\nbody of any length"), None);
        assert_eq!(error("A: b\r\nC: d1\r\n\r\n"), Some(MimeError::HeadersTooLong { limit: 12 }));
        assert_eq!(error("A:\nB:\nC:\n\n"), Some(MimeError::TooManyHeaders { limit: 2 }));
    }
}
