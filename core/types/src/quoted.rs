//! Texts of others in messages of ours. Rust's own `{:?}` is for those who debug, and a build may leave it out: the WebAssembly modules do.

/// In quotes, what can't be shown escaped.
#[doc(hidden)]
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text, '\''))
}

/// A character in the same way.
#[doc(hidden)]
#[must_use]
pub fn quoted_character(character: char) -> String {
    format!("'{}'", escaped(character.encode_utf8(&mut [0; 4]), '"'))
}

/// `plain` is the quotation mark of the other kind.
fn escaped(text: &str, plain: char) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if character == plain {
            escaped.push(character);
        } else {
            escaped.extend(character.escape_debug());
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_rust_shows() {
        for text in
            ["", "a b", "O'Brien \"the\" \\'other'", "a\r\nb\u{0}", "\u{301}e\u{301}", "\u{202E}txt", "日本"]
        {
            assert_eq!(quoted(text), format!("{text:?}"));
            for character in text.chars() {
                assert_eq!(quoted_character(character), format!("{character:?}"));
            }
        }
    }
}
