//! From bytes to text: every charset of the WHATWG Encoding Standard, and an honest flag for the rest.

use super::encoding::Encoding;

/// What was wrong with the charset of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CharsetFault {
    /// The charset is not one that can be decoded safely: unknown, or one of those that the Encoding Standard retired
    /// (ISO-2022-KR, HZ-GB-2312, …). What is ASCII in the text, or UTF-8, is kept; each other octet shows as U+FFFD.
    Unknown,
    /// Some octets mean nothing in the charset that was named, and show as U+FFFD.
    Malformed,
}

/// A text as it was decoded, with what is needed to do better where that went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    text: String,
    charset: Option<String>,
    fault: Option<(CharsetFault, Vec<u8>)>,
}

impl Text {
    /// Decodes `bytes`; CRLF becomes a line feed.
    pub(super) fn decode(label: Option<&str>, bytes: &[u8]) -> Self {
        let (text, fault) = decode(label, bytes);
        Self {
            text: if text.contains("\r\n") { text.replace("\r\n", "\n") } else { text },
            charset: label.map(str::to_ascii_lowercase),
            fault: fault.map(|fault| (fault, bytes.to_vec())),
        }
    }

    /// The same with its text changed.
    pub(super) fn map(self, change: impl FnOnce(String) -> String) -> Self {
        Self { text: change(self.text), ..self }
    }

    /// The text. Lines end with a line feed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The text, without a copy.
    #[must_use]
    pub fn into_string(self) -> String {
        self.text
    }

    /// The charset that the message names, in lower case; `None` where it names none.
    #[must_use]
    pub fn charset(&self) -> Option<&str> {
        self.charset.as_deref()
    }

    /// What was wrong with the charset, if anything: then the text is not all that was written.
    #[must_use]
    pub fn fault(&self) -> Option<CharsetFault> {
        self.fault.as_ref().map(|(fault, _)| *fault)
    }

    /// The octets of the text before its charset was applied, kept where [`Text::fault`] says that something was wrong.
    #[must_use]
    pub fn raw(&self) -> Option<&[u8]> {
        self.fault.as_ref().map(|(_, raw)| raw.as_slice())
    }
}

impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

/// Decodes a whole text in the charset of that label. A byte order mark at its start is none of it.
pub(super) fn decode(label: Option<&str>, bytes: &[u8]) -> (String, Option<CharsetFault>) {
    let Some(label) = label.map(str::trim).filter(|label| says_something(label)) else {
        return decode_unlabelled(bytes);
    };
    let Some(encoding) = Encoding::of(label) else {
        let kept = String::from_utf8_lossy(bytes).replace('\x1b', "\u{fffd}");
        return (kept, Some(CharsetFault::Unknown));
    };
    let (text, malformed) = encoding.decode(bytes);
    (text, malformed.then_some(CharsetFault::Malformed))
}

/// Decodes a piece of a text, in which U+FEFF is a character like any other.
pub(super) fn decode_piece(label: &str, bytes: &[u8]) -> String {
    match Encoding::of(label).filter(|_| says_something(label)) {
        Some(encoding) => encoding.decode_piece(bytes),
        None => decode_unlabelled(bytes).0,
    }
}

/// Whether a label says more than none: much that is labelled as ASCII isn't.
fn says_something(label: &str) -> bool {
    !label.is_empty() && !label.eq_ignore_ascii_case("us-ascii")
}

/// Text without a charset is ASCII (RFC 2046, section 4.1.2). What isn't is mostly UTF-8, and else from an old Windows.
fn decode_unlabelled(bytes: &[u8]) -> (String, Option<CharsetFault>) {
    match std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)) {
        Ok(text) => (text.to_owned(), None),
        Err(_) => (Encoding::windows_1252().decode_piece(bytes), Some(CharsetFault::Malformed)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every encoding of the standard but `replacement`, with a sample in it.
    const SAMPLES: &[(&str, &[u8], &str)] = &[
        ("utf-8", b"\xc3\xbc\xe2\x82\xac", "ü€"),
        ("ibm866", b"\x8f\xe0\xa8", "При"),
        ("iso-8859-2", b"\xb1\xb3", "ął"),
        ("iso-8859-3", b"\xa1\xb1", "Ħħ"),
        ("iso-8859-4", b"\xa2\xbf", "ĸŋ"),
        ("iso-8859-5", b"\xbf\xe0\xd8", "При"),
        ("iso-8859-6", b"\xe5\xd1\xcd", "مرح"),
        ("iso-8859-7", b"\xc3\xe5\xe9\xdc", "Γειά"),
        ("iso-8859-8", b"\xf9\xec\xe5\xed", "שלום"),
        ("iso-8859-8-i", b"\xf9\xec\xe5\xed", "שלום"),
        ("iso-8859-10", b"\xa1\xb1", "Ąą"),
        ("iso-8859-13", b"\xc0\xe0", "Ąą"),
        ("iso-8859-14", b"\xa1\xa2", "Ḃḃ"),
        ("iso-8859-15", b"\xa4", "€"),
        ("iso-8859-16", b"\xa4\xaa", "€Ș"),
        ("koi8-r", b"\xf0\xd2\xc9", "При"),
        ("koi8-u", b"\xf0\xd2\xc9\xa6", "Приі"),
        ("macintosh", b"\x87\x8e", "áé"),
        ("windows-874", b"\xcb\xc7\xd1", "หวั"),
        ("windows-1250", b"\x9a\xe8", "šč"),
        ("windows-1251", b"\xcf\xf0\xe8", "При"),
        ("windows-1252", b"\x80\xfc", "€ü"),
        ("windows-1253", b"\xca\xf9\xe4", "Κωδ"),
        ("windows-1254", b"\xfd\xfe", "ış"),
        ("windows-1255", b"\xf9\xec", "של"),
        ("windows-1256", b"\xe3\xd1", "مر"),
        ("windows-1257", b"\xe0\xf5", "ąõ"),
        ("windows-1258", b"Ch\xe0o\xd2", "Chào\u{309}"),
        ("x-mac-cyrillic", b"\x8f\xf0", "Пр"),
        ("gbk", b"\xc4\xe3\xba\xc3", "你好"),
        ("gb18030", b"\xc4\xe3\x81\x30\x81\x30", "你\u{80}"),
        ("big5", b"\xa7A\xa6n", "你好"),
        ("euc-jp", b"\xa5\xcf\xa5\xed", "ハロ"),
        ("iso-2022-jp", b"\x1b$B%O%m\x1b(B", "ハロ"),
        ("shift_jis", b"\x83n\x83\x8d", "ハロ"),
        ("euc-kr", b"\xbe\xc8\xb3\xe7", "안녕"),
        ("utf-16be", b"\x30\xcf\x30\xed", "ハロ"),
        ("utf-16le", b"\xcf\x30\xed\x30", "ハロ"),
        ("x-user-defined", b"\x80\xff", "\u{f780}\u{f7ff}"),
    ];

    #[test]
    fn every_whatwg_charset_is_decoded() {
        // All encodings of the standard but "replacement".
        assert_eq!(SAMPLES.len(), 39);
        for &(label, bytes, text) in SAMPLES {
            let decoded = Text::decode(Some(label), bytes);
            assert_eq!((decoded.as_str(), decoded.fault(), decoded.raw()), (text, None, None), "{label}");
        }
        // Labels are names of the standard, in any case, and aliases.
        for label in ["UTF8", " Latin1 ", "ISO-8859-1", "cp1252", "ks_c_5601-1987", "unicode-1-1-utf-8"] {
            assert_eq!(decode(Some(label), b"abc"), ("abc".into(), None), "{label}");
        }
    }

    #[test]
    fn what_cannot_be_decoded_is_flagged_and_kept() {
        for label in ["iso-2022-kr", "hz-gb-2312", "iso-2022-cn", "utf-7", "x-unheard-of"] {
            let decoded = Text::decode(Some(label), b"a\x1b$)C\xff\r\n");
            assert_eq!(decoded.as_str(), "a\u{fffd}$)C\u{fffd}\n", "{label}");
            assert_eq!(decoded.fault(), Some(CharsetFault::Unknown), "{label}");
            assert_eq!(decoded.raw(), Some(&b"a\x1b$)C\xff\r\n"[..]), "{label}");
            assert_eq!(decoded.charset(), Some(label));
        }
        assert_eq!(decode(Some("x-unknown"), "ü".as_bytes()), ("ü".into(), Some(CharsetFault::Unknown)));
        let malformed = Text::decode(Some("utf-8"), b"a\xff");
        assert_eq!((malformed.as_str(), malformed.fault()), ("a\u{fffd}", Some(CharsetFault::Malformed)));
        assert_eq!(malformed.raw(), Some(&b"a\xff"[..]));
    }

    #[test]
    fn a_text_without_charset_is_utf_8_or_else_windows() {
        assert_eq!(decode(None, "ü".as_bytes()), ("ü".into(), None));
        assert_eq!(decode(Some("US-ASCII"), "ü".as_bytes()), ("ü".into(), None));
        assert_eq!(decode(None, b"\xfc"), ("ü".into(), Some(CharsetFault::Malformed)));
    }
}
