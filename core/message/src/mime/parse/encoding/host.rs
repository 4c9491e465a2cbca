//! By the host: a web page or Node has a `TextDecoder`, which keeps to the same standard.

use std::borrow::Cow;
use std::sync::OnceLock;

/// Decodes the encodings of the WHATWG Encoding Standard for this crate, where it has no tables of its own: in WebAssembly without an operating
/// system. The crate for web pages gives it; without one, UTF-8 and Windows-1252 are known.
pub trait CharsetDecoder: Sync {
    /// The name of the encoding that has this label, in lower case. None where it is unknown, or retired (`replacement`).
    fn name(&self, label: &str) -> Option<String>;

    /// Decodes a text in which U+FEFF is a character like any other. What means nothing becomes U+FFFD or, where it is to be `fatal`, the
    /// whole text none.
    fn decode(&self, name: &str, bytes: &[u8], fatal: bool) -> Option<String>;
}

static HOST: OnceLock<&'static dyn CharsetDecoder> = OnceLock::new();

/// Says who decodes. The first one stays.
pub fn set_charset_decoder(decoder: &'static dyn CharsetDecoder) {
    // The second one does the same.
    let _ = HOST.set(decoder);
}

/// The byte order marks of the standard, and what each says.
const MARKS: [(&[u8], &str); 3] =
    [(b"\xef\xbb\xbf", "utf-8"), (b"\xfe\xff", "utf-16be"), (b"\xff\xfe", "utf-16le")];

/// The upper half of Windows-1252 up to 0x9F; the rest is as in Unicode. By ourselves, for Node 20 to 23 take it for ISO-8859-1.
const WINDOWS_1252: [char; 32] = [
    '\u{20ac}', '\u{81}', '\u{201a}', '\u{192}', '\u{201e}', '\u{2026}', '\u{2020}', '\u{2021}', '\u{2c6}',
    '\u{2030}', '\u{160}', '\u{2039}', '\u{152}', '\u{8d}', '\u{17d}', '\u{8f}', '\u{90}', '\u{2018}',
    '\u{2019}', '\u{201c}', '\u{201d}', '\u{2022}', '\u{2013}', '\u{2014}', '\u{2dc}', '\u{2122}', '\u{161}',
    '\u{203a}', '\u{153}', '\u{9d}', '\u{17e}', '\u{178}',
];

/// An encoding that can be decoded safely, by its name in the standard.
pub(in crate::mime::parse) struct Encoding(String);

impl Encoding {
    /// The encoding of a label, in any case and with spaces around it. None for one that is unknown, or that the standard retired.
    pub(in crate::mime::parse) fn of(label: &str) -> Option<Self> {
        let known =
            ["utf-8", "windows-1252"].into_iter().find(|known| label.trim().eq_ignore_ascii_case(known));
        known.map(str::to_owned).or_else(|| HOST.get()?.name(label)).map(Self)
    }

    pub(in crate::mime::parse) fn windows_1252() -> Self {
        Self("windows-1252".to_owned())
    }

    /// Whether octets mean what an escape sequence before them says.
    pub(in crate::mime::parse) fn is_stateful(&self) -> bool {
        self.0 == "iso-2022-jp"
    }

    /// A whole text, and whether something in it means nothing. A byte order mark at its start says more than the label, and is none of it.
    pub(in crate::mime::parse) fn decode(&self, bytes: &[u8]) -> (String, bool) {
        let marked = MARKS.iter().find_map(|(mark, label)| Some((bytes.strip_prefix(*mark)?, *label)));
        let (bytes, name) = marked.unwrap_or((bytes, &self.0));
        decode(name, bytes)
    }

    /// A piece of a text, in which U+FEFF is a character like any other.
    pub(in crate::mime::parse) fn decode_piece(&self, bytes: &[u8]) -> String {
        decode(&self.0, bytes).0
    }
}

fn decode(name: &str, bytes: &[u8]) -> (String, bool) {
    if name == "utf-8" {
        return match String::from_utf8_lossy(bytes) {
            Cow::Borrowed(text) => (text.to_owned(), false),
            Cow::Owned(text) => (text, true),
        };
    }
    if name == "windows-1252" {
        return (bytes.iter().map(|byte| windows_1252(*byte)).collect(), false);
    }
    let text = |fatal| HOST.get()?.decode(name, bytes, fatal);
    match text(true) {
        Some(text) => (text, false),
        None => (text(false).unwrap_or_default(), true),
    }
}

fn windows_1252(byte: u8) -> char {
    let special = byte.checked_sub(0x80).and_then(|index| WINDOWS_1252.get(usize::from(index)));
    special.copied().unwrap_or(char::from(byte))
}
