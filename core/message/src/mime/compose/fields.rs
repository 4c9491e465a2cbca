//! Header fields on the wire: folded, encoded, never longer than a line may be.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::{Mailbox, MessageId};

/// Lines are folded to stay within this (RFC 5322, section 2.1.1), and a line with an encoded word must (RFC 2047, section 2).
const FOLD_AT: usize = 76;
/// The longest word that stands in a header as it is: a longer one is encoded, for only that can be folded, and no line may
/// have more than 998 octets.
const MAX_WORD: usize = 900;
/// The most characters inside an encoded word: 75 are allowed in all (RFC 2047, section 2), but with this the first one still
/// fits beside `Reply-To:`.
const WORD_ROOM: usize = 52;

/// Appends one header field with its line break to `out`: `Name: value`, folded at spaces.
///
/// A run of several spaces is kept: the line breaks before it, and unfolding (RFC 5322, section 2.2.3) gives it back.
pub(super) fn fold(out: &mut String, name: &str, value: &str) {
    fold_words(out, name, value.split(' '));
}

/// Appends an `HP-Outer` field, which says what stands outside an encrypted message. Its grammar wants `Name: ` in one piece (RFC 9788,
/// section 2.2.1), so that the space in there must not become a fold.
pub(super) fn hp_outer(out: &mut String, name: &str, value: &str) {
    let mut words = value.split(' ');
    let first = [name, ": ", words.next().unwrap_or_default()].concat();
    fold_words(out, "HP-Outer", std::iter::once(first.as_str()).chain(words));
}

/// Appends a field of these words, which have a space between each other; a run of several spaces has empty words in it.
fn fold_words<'a>(out: &mut String, name: &str, words: impl Iterator<Item = &'a str>) {
    out.push_str(name);
    out.push(':');
    let (mut column, mut gap) = (name.len() + 1, 0);
    for (at, word) in words.enumerate() {
        gap += 1;
        if word.is_empty() {
            continue;
        }
        // The first word stays with the name, for some readers take a field that begins with a fold for empty.
        let may_fold = at > 0 || word.contains("=?");
        if may_fold && column + gap + word.len() > FOLD_AT {
            out.push_str("\r\n");
            column = 0;
        }
        out.extend(std::iter::repeat_n(' ', gap));
        out.push_str(word);
        column += gap + word.len();
        gap = 0;
    }
    out.push_str("\r\n");
}

/// The value of an unstructured field: as it is where it can be, else in encoded words (RFC 2047).
pub(super) fn text(text: &str) -> String {
    let is_plain = text.bytes().all(|b| (b' '..=b'~').contains(&b))
        && !text.starts_with(' ')
        && !text.ends_with(' ')
        && !text.contains("=?")
        && text.split(' ').all(|word| word.len() <= MAX_WORD)
        // Runs of spaces so long that they would make a line of their own.
        && !text.contains(&" ".repeat(FOLD_AT / 2));
    if is_plain { text.to_owned() } else { encoded_words(text) }
}

/// The value of an address field. Domains go out as A-labels (RFC 5890); a local part beyond ASCII stays as it is (RFC 6532).
pub(super) fn mailboxes<'a>(list: impl IntoIterator<Item = &'a Mailbox>) -> String {
    let written: Vec<_> = list.into_iter().map(mailbox).collect();
    written.join(", ")
}

fn mailbox(mailbox: &Mailbox) -> String {
    let address = mailbox.address().to_wire();
    match mailbox.name() {
        Some(name) => format!("{} <{address}>", phrase(name)),
        // Some readers would take the quoted string for a name.
        None if address.starts_with('"') => format!("<{address}>"),
        None => address,
    }
}

/// A display name: atoms, a quoted string, or encoded words.
fn phrase(name: &str) -> String {
    let is_atom = |word: &str| {
        !word.is_empty()
            && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
    };
    let quoted = format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""));
    if text(&quoted) != quoted {
        encoded_words(name)
    } else if name.split(' ').all(is_atom) {
        name.to_owned()
    } else {
        quoted
    }
}

/// The value of a field of message identifiers.
pub(super) fn message_ids<'a>(ids: impl IntoIterator<Item = &'a MessageId>) -> String {
    let written: Vec<_> = ids.into_iter().map(MessageId::to_string).collect();
    written.join(" ")
}

/// Encoded words of UTF-8, each of whole characters: "Q" where half of them stay readable that way, else "B".
fn encoded_words(text: &str) -> String {
    let readable = text.bytes().filter(|&byte| is_q_safe(byte) || byte == b' ').count();
    let (kind, encode): (_, fn(&str) -> String) = if readable * 2 >= text.chars().count() {
        ('Q', q_encoded)
    } else {
        ('B', |piece| STANDARD.encode(piece))
    };
    let mut words = Vec::new();
    let mut piece = String::new();
    for c in text.chars() {
        piece.push(c);
        if encode(&piece).len() > WORD_ROOM {
            piece.pop();
            words.push(format!("=?utf-8?{kind}?{}?=", encode(&std::mem::take(&mut piece))));
            piece.push(c);
        }
    }
    words.push(format!("=?utf-8?{kind}?{}?=", encode(&piece)));
    words.join(" ")
}

/// The characters that an encoded word may hold as they are even in a phrase (RFC 2047, section 5).
fn is_q_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!*+-/".contains(&byte)
}

fn q_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b' ' => "_".to_owned(),
            _ if is_q_safe(byte) => char::from(byte).to_string(),
            _ => format!("={byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn folded(name: &str, value: &str) -> String {
        let mut field = String::new();
        fold(&mut field, name, value);
        field
    }

    fn outer(name: &str, value: &str) -> String {
        let mut field = String::new();
        hp_outer(&mut field, name, value);
        field
    }

    #[test]
    fn folds_at_spaces_and_keeps_them() {
        assert_eq!(folded("A", "b"), "A: b\r\n");
        assert_eq!(folded("A", ""), "A:\r\n");
        let (long, tail) = ("x".repeat(70), "y".repeat(10));
        assert_eq!(folded("A", &format!("{long} {tail}")), format!("A: {long}\r\n {tail}\r\n"));
        assert_eq!(folded("A", &format!("{long}   {tail} z")), format!("A: {long}\r\n   {tail} z\r\n"));
        assert_eq!(folded("Abc", &"z".repeat(76)), format!("Abc: {}\r\n", "z".repeat(76)));
        let (name, word) = ("N".repeat(60), text(&"ü".repeat(10)));
        assert_eq!(folded(&name, &word), format!("{name}:\r\n {word}\r\n"));
    }

    #[test]
    fn hp_outer_keeps_name_and_value_together() {
        assert_eq!(outer("Subject", "[...]"), "HP-Outer: Subject: [...]\r\n");
        assert_eq!(outer("X-Two", "a  b"), "HP-Outer: X-Two: a  b\r\n");
        let (word, id) = (text(&"ü".repeat(18)), format!("<{}@x>", "i".repeat(90)));
        assert_eq!(outer("X-From", &word), format!("HP-Outer:\r\n X-From: {word}\r\n"));
        assert_eq!(outer("Message-ID", &id), format!("HP-Outer: Message-ID: {id}\r\n"));
    }

    #[test]
    fn a_text_is_encoded_only_where_it_must_be() {
        assert_eq!(text("Hello,  world: 100% (really)"), "Hello,  world: 100% (really)");
        assert_eq!(text("Grüße aus Köln"), "=?utf-8?Q?Gr=C3=BC=C3=9Fe_aus_K=C3=B6ln?=");
        assert_eq!(text("привет"), "=?utf-8?B?0L/RgNC40LLQtdGC?=");
        assert_eq!(text(" x"), "=?utf-8?Q?_x?=");
        assert_eq!(text("x "), "=?utf-8?Q?x_?=");
        // What only looks encoded must come back as it was.
        assert_eq!(text("=?utf-8?Q?x?="), "=?utf-8?Q?=3D=3Futf-8=3FQ=3Fx=3F=3D?=");
        assert_eq!(text(&"w".repeat(MAX_WORD)), "w".repeat(MAX_WORD));
        assert!(text(&"w".repeat(MAX_WORD + 1)).starts_with("=?utf-8?Q?www"));
    }

    #[test]
    fn encoded_words_are_short_and_hold_whole_characters() {
        for sample in ["ü", "日本語の件名", "a日本", "👩‍👩‍👧‍👦"] {
            let encoded = text(&sample.repeat(100));
            for word in encoded.split(' ') {
                assert!(word.len() <= 75, "{word}");
                let payload = word.strip_prefix("=?utf-8?B?").unwrap().strip_suffix("?=").unwrap();
                assert!(String::from_utf8(STANDARD.decode(payload).unwrap()).is_ok(), "{word}");
            }
            assert!(folded("Subject", &encoded).split("\r\n").all(|line| line.len() <= 76));
        }
    }

    #[test]
    fn names_are_atoms_quoted_or_encoded() {
        for (name, written) in [
            ("Bob Builder", "Bob Builder"),
            ("Builder, Bob", "\"Builder, Bob\""),
            ("Bob \"The\" B\\", "\"Bob \\\"The\\\" B\\\\\""),
            ("bob@example.test", "\"bob@example.test\""),
            ("Bøb", "=?utf-8?Q?B=C3=B8b?="),
            ("=?x?=", "=?utf-8?B?PT94Pz0=?="),
        ] {
            assert_eq!(phrase(name), written);
        }
    }

    #[test]
    fn an_international_domain_goes_out_as_a_labels() {
        let list = [
            Mailbox::parse("Bob <bob@bücher.example>").unwrap(),
            Mailbox::parse("grüße@example.test").unwrap(),
            Mailbox::parse("\"a b\"@example.test").unwrap(),
        ];
        assert_eq!(
            mailboxes(&list),
            "Bob <bob@xn--bcher-kva.example>, grüße@example.test, <\"a b\"@example.test>"
        );
    }
}
