//! Encoded words in header text (RFC 2047).

use std::borrow::Cow;

use memchr::memchr2;

use super::super::field::is_forbidden;
use super::encoding::Encoding;
use super::{charset, transfer};

/// A piece of header text.
pub(super) enum Piece<'a> {
    Plain(&'a str),
    /// The label of a charset, and octets in it.
    Encoded(&'a str, Vec<u8>),
}

/// The value of an unstructured field as text on one line.
pub(super) fn decode(value: &[u8]) -> String {
    one_line(&decode_words(unfolded(value).trim_matches([' ', '\t'])))
}

/// The value of a field without its line breaks (RFC 5322, section 2.2.3).
pub(super) fn unfolded(value: &[u8]) -> String {
    // Most are ASCII, on one line.
    if value.is_ascii() && memchr2(b'\r', b'\n', value).is_none() {
        return str::from_utf8(value).unwrap_or_default().to_owned();
    }
    let unfolded: Vec<u8> = value.iter().copied().filter(|b| !b"\r\n".contains(b)).collect();
    charset::decode(None, &unfolded).0
}

/// Control characters and line separators become spaces: what an encoded word smuggles in must not look like a second line.
pub(super) fn one_line(text: &str) -> String {
    text.replace(is_forbidden, " ")
}

/// Decodes the encoded words in `text`. White space between two of them belongs to neither (RFC 2047, section 6.2).
pub(super) fn decode_words(text: &str) -> Cow<'_, str> {
    if !text.contains("=?") {
        return Cow::Borrowed(text);
    }
    let mut decoded = String::with_capacity(text.len());
    let mut pending: Option<(&str, Vec<u8>)> = None;
    let mut pieces = split(text).into_iter().peekable();
    while let Some(piece) = pieces.next() {
        match piece {
            Piece::Encoded(label, octets) => match &mut pending {
                // Characters of several octets get torn between words, so that the octets are joined first.
                Some((last, joined)) if last.eq_ignore_ascii_case(label) && !is_stateful(label) => {
                    joined.extend_from_slice(&octets);
                }
                _ => flush(&mut pending, Some((label, octets)), &mut decoded),
            },
            Piece::Plain(gap) if is_gap(gap, &pending, pieces.peek()) => {}
            Piece::Plain(plain) => {
                flush(&mut pending, None, &mut decoded);
                decoded.push_str(plain);
            }
        }
    }
    flush(&mut pending, None, &mut decoded);
    Cow::Owned(decoded)
}

/// Whether octets in this charset mean what an escape sequence before them says. Each word of it begins and ends in ASCII
/// (RFC 2047, section 3), and two escape sequences in a row would be an error.
fn is_stateful(label: &str) -> bool {
    Encoding::of(label).is_some_and(|encoding| encoding.is_stateful())
}

fn is_gap(text: &str, before: &Option<(&str, Vec<u8>)>, after: Option<&Piece<'_>>) -> bool {
    before.is_some() && matches!(after, Some(Piece::Encoded(..))) && text.trim_matches([' ', '\t']).is_empty()
}

fn flush<'a>(
    pending: &mut Option<(&'a str, Vec<u8>)>,
    next: Option<(&'a str, Vec<u8>)>,
    decoded: &mut String,
) {
    if let Some((label, octets)) = std::mem::replace(pending, next) {
        decoded.push_str(&charset::decode_piece(label, &octets));
    }
}

/// Splits text into encoded words and what is between them.
fn split(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut plain_from, mut at) = (0, 0);
    while let Some(found) = text.get(at..).and_then(|rest| rest.find("=?")) {
        let start = at + found;
        match encoded_word(text.get(start..).unwrap_or_default()) {
            Some((word, length)) => {
                if start > plain_from {
                    pieces.push(Piece::Plain(text.get(plain_from..start).unwrap_or_default()));
                }
                pieces.push(word);
                at = start + length;
                plain_from = at;
            }
            None => at = start + 2,
        }
    }
    pieces.push(Piece::Plain(text.get(plain_from..).unwrap_or_default()));
    pieces
}

/// Reads `=?charset?Q?…?=` at the start of `text`; also gives its length. `None` for anything else, and for a charset that can't be
/// decoded: then the reader sees the word as it was sent.
pub(super) fn encoded_word(text: &str) -> Option<(Piece<'_>, usize)> {
    let mut fields = text.strip_prefix("=?")?.splitn(4, '?');
    let (charset, kind, payload, rest) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    // RFC 2231, section 5: a language may follow the charset.
    let label = charset.split('*').next().unwrap_or_default();
    if !rest.starts_with('=') || Encoding::of(label).is_none() {
        return None;
    }
    let octets = match kind {
        "B" | "b" => transfer::base64(payload.as_bytes()),
        "Q" | "q" => q_decoded(payload),
        _ => return None,
    };
    let length = 2 + charset.len() + 1 + kind.len() + 1 + payload.len() + 2;
    Some((Piece::Encoded(label, octets), length))
}

fn q_decoded(payload: &str) -> Vec<u8> {
    let mut octets = Vec::with_capacity(payload.len());
    transfer::quoted(payload.replace('_', " ").as_bytes(), &mut octets);
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_words_are_decoded_and_joined() {
        for (value, text) in [
            (&b" Hello  world "[..], "Hello  world"),
            (b" one\r\n two", "one two"),
            (b"=?ISO-8859-1?Q?a_=FC?=", "a ü"),
            (b"=?utf-8*de?b?w7w=?=!", "ü!"),
            (b"=?utf-8?q?a?=\r\n =?utf-8?q?b?= =?latin1?q?=FC?= c", "abü c"),
            // A character torn between two words.
            (b"=?utf-8?q?=C3?= =?utf-8?q?=BC?=", "ü"),
            (b"=?iso-2022-jp?b?GyRCJUYbKEI=?= =?ISO-2022-JP?b?GyRCJTkbKEI=?=", "テス"),
            (b"x=?utf-8?q?a?=y", "xay"),
            (b"=?utf-8?b?77u/?= =?us-ascii?q?=C3=BC?=", "\u{feff}ü"),
            (b"=?utf-8?q?a b?=", "a b"),
            (b"=?iso-2022-kr?b?Gw==?=", "=?iso-2022-kr?b?Gw==?="),
            (b"=?utf-8?x?a?= =? =?a?q?", "=?utf-8?x?a?= =? =?a?q?"),
            (b"=?utf-8?q?a=0D=0ABcc:_b=00?=", "a  Bcc: b "),
            (b"\xfc", "ü"),
            ("ü\u{2028}".as_bytes(), "ü "),
            (b"", ""),
        ] {
            assert_eq!(decode(value), text, "{}", String::from_utf8_lossy(value));
        }
    }
}
