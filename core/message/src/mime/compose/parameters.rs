//! Fields with parameters, such as `Content-Type` (RFC 2045, section 5.1; RFC 2231).

use std::fmt::Write as _;

use super::super::ContentType;
use super::super::content_type::is_name;

/// The longest line, with the semicolon at its end (RFC 5322, section 2.1.1).
const MAX_LINE: usize = 78;
/// The longest piece of a parameter that fits into a line of its own, between a space and a semicolon.
const MAX_PIECE: usize = MAX_LINE - 2;

/// A `Content-Type` field.
pub(super) fn content_type(value: &ContentType) -> String {
    structured("Content-Type", value.essence(), value.parameters())
}

/// A field of the form `Name: token; parameter="value"`, with its line break.
pub(super) fn structured<'a>(
    name: &str,
    token: &str,
    parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> String {
    let mut field = format!("{name}: {token}");
    let mut column = field.len();
    // What came with a file of somebody else may have any name.
    let parameters = parameters.into_iter().filter(|(name, _)| is_name(name));
    let mut pieces = parameters.flat_map(|(name, value)| pieces(name, value)).peekable();
    while let Some(piece) = pieces.next() {
        field.push(';');
        let semicolon = usize::from(pieces.peek().is_some());
        if column + "; ".len() + piece.len() + semicolon > MAX_LINE {
            field.push_str("\r\n");
            column = 0;
        } else {
            column += 1;
        }
        field.push(' ');
        field.push_str(&piece);
        column += 1 + piece.len();
    }
    field.push_str("\r\n");
    field
}

/// A parameter: quoted where that is short and plain, else percent-encoded, in pieces where it is long.
fn pieces(name: &str, value: &str) -> Vec<String> {
    let quoted = format!("{name}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
    // Some readers decode encoded words even here: what only looks like one must come back as it was.
    let is_plain = value.bytes().all(|b| (b' '..=b'~').contains(&b)) && !value.contains("=?");
    if is_plain && quoted.len() <= MAX_PIECE {
        return vec![quoted];
    }
    let whole = format!("{name}*=UTF-8''{}", value.chars().map(percent_encoded).collect::<String>());
    if whole.len() <= MAX_PIECE {
        return vec![whole];
    }
    let mut pieces = Vec::new();
    let mut piece = format!("{name}*0*=UTF-8''");
    let mut start = piece.len();
    for encoded in value.chars().map(percent_encoded) {
        if piece.len() + encoded.len() > MAX_PIECE && piece.len() > start {
            pieces.push(std::mem::take(&mut piece));
            piece = format!("{name}*{}*=", pieces.len());
            start = piece.len();
        }
        piece.push_str(&encoded);
    }
    pieces.push(piece);
    pieces
}

/// A character as an extended value holds it (RFC 2231, section 7).
fn percent_encoded(character: char) -> String {
    if character.is_ascii_alphanumeric() || "!#$&+-.^_`{|}~".contains(character) {
        return character.to_string();
    }
    let mut encoded = String::new();
    for byte in character.encode_utf8(&mut [0; 4]).bytes() {
        _ = write!(encoded, "%{byte:02X}");
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disposition(file_name: &str) -> String {
        structured("Content-Disposition", "attachment", [("filename", file_name)])
    }

    #[test]
    fn parameters_are_quoted_or_extended() {
        for (file_name, written) in [
            ("a \"b\\\".txt", "filename=\"a \\\"b\\\\\\\".txt\""),
            ("", "filename=\"\""),
            ("Übersicht.pdf", "filename*=UTF-8''%C3%9Cbersicht.pdf"),
            ("a'b%*.pdf\u{7f}", "filename*=UTF-8''a%27b%25%2A.pdf%7F"),
            ("=?utf-8?q?a?=", "filename*=UTF-8''%3D%3Futf-8%3Fq%3Fa%3F%3D"),
        ] {
            assert_eq!(disposition(file_name), format!("Content-Disposition: attachment; {written}\r\n"));
        }
    }

    #[test]
    fn a_long_parameter_comes_in_pieces_of_whole_characters() {
        let field = disposition(&"日".repeat(8));
        let encoded = "%E6%97%A5";
        assert_eq!(
            field,
            format!(
                "Content-Disposition: attachment;\r\n filename*0*=UTF-8''{};\r\n filename*1*={}\r\n",
                encoded.repeat(6),
                encoded.repeat(2)
            )
        );
        for file_name in ["日本".repeat(40), "x".repeat(200), "\\\"".repeat(100)] {
            let field = disposition(&file_name);
            assert!(field.split("\r\n").all(|line| line.len() <= MAX_LINE), "{field}");
        }
    }

    #[test]
    fn a_line_holds_as_many_parameters_as_fit() {
        let field = |value: usize| structured("A", "b/c", [("x", &*"v".repeat(value)), ("y", "z")]);
        assert_eq!(field(59), format!("A: b/c; x=\"{}\"; y=\"z\"\r\n", "v".repeat(59)));
        assert_eq!(field(60), format!("A: b/c; x=\"{}\";\r\n y=\"z\"\r\n", "v".repeat(60)));
        assert_eq!(structured("A", "b", [("not a token", "x")]), "A: b\r\n");
    }
}
