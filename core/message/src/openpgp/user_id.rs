use std::fmt;

use postseal_types::Address;
use sequoia_openpgp as openpgp;

use crate::mime::Mailbox;

/// Who a certificate says it belongs to, by convention `Name <local@domain>` (RFC 9580, section 5.11).
///
/// A user ID is a claim by the holder of the key, no more: anyone can make a key that says anything.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserId(String);

impl UserId {
    /// A user ID of a name, where there is one, and an address.
    ///
    /// Angle brackets, parentheses and control characters in the name are left out: other programs would find another address,
    /// or a comment, in them.
    #[must_use]
    pub fn new(name: Option<&str>, address: &Address) -> Self {
        let name: String = name.unwrap_or_default().chars().filter(|c| !forbidden(*c)).collect();
        match name.trim() {
            "" => Self(format!("<{address}>")),
            name => Self(format!("{name} <{address}>")),
        }
    }

    /// The whole text, with anything that is no UTF-8 replaced.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address in it, where there is exactly one in the conventional place.
    #[must_use]
    pub fn address(&self) -> Option<Address> {
        Convention::of(&self.0)?.address
    }

    /// The name in it, where there is one.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        Convention::of(&self.0)?.name.map(str::to_owned)
    }

    pub(super) fn packet(&self) -> openpgp::packet::UserID {
        openpgp::packet::UserID::from(self.0.as_str())
    }

    pub(super) fn from_sequoia(packet: &openpgp::packet::UserID) -> Self {
        Self(String::from_utf8_lossy(packet.value()).into_owned())
    }
}

/// What a user ID says by convention: `alice@example.org`, `Alice`, `Alice (at work)`, or one of the two with `<alice@example.org>` after it.
///
/// As Sequoia reads it, but without a regular expression: that one is a third of a megabyte of code in a
/// WebAssembly module. An address behind a comment that has brackets in it, and no name, is not looked for.
struct Convention<'a> {
    name: Option<&'a str>,
    address: Option<Address>,
}

impl<'a> Convention<'a> {
    /// `None` where it keeps to no convention.
    fn of(text: &'a str) -> Option<Self> {
        if text.chars().any(|c| c.is_ascii_control() && c != '\t') {
            return None;
        }
        if let Some(address) = address(text) {
            return Some(Self { name: None, address: Some(address) });
        }
        let Some(inside) = text.strip_suffix('>') else {
            return Some(Self { name: Some(name(text).filter(|_| !is_uri(text))?), address: None });
        };
        let (before, inside) = inside.rsplit_once('<')?;
        let name = if before.trim_matches(SPACE).is_empty() { None } else { Some(name(before)?) };
        if is_uri(inside) {
            return Some(Self { name, address: None });
        }
        Some(Self { name, address: Some(address(inside)?) })
    }
}

const SPACE: [char; 2] = [' ', '\t'];

/// An address of the plain kind: no quotes, no comments, no literals, for a program that reads user IDs in another way finds other addresses in those.
fn address(text: &str) -> Option<Address> {
    let plain = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c);
    let (local, domain) = text.split_once('@')?;
    (local.chars().all(plain) && domain.chars().all(plain)).then(|| Address::parse(text).ok()).flatten()
}

/// The name, without the comment after it.
fn name(text: &str) -> Option<&str> {
    let text = text.trim_matches(SPACE);
    let name = match text.strip_suffix(')').and_then(|text| text.rsplit_once('(')) {
        Some((name, comment)) if !name.is_empty() && !comment.contains(')') => name.trim_end_matches(SPACE),
        _ => text,
    };
    (!name.is_empty() && !name.contains(['<', '>'])).then_some(name)
}

/// Whether it begins as a URI does (RFC 3986, section 3.1), and goes on without a space.
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(letters)
        && !rest.is_empty()
        && !rest.contains(['<', '>', ' ', '\t'])
}

fn forbidden(c: char) -> bool {
    c.is_control() || matches!(c, '<' | '>' | '(' | ')')
}

/// Whether two addresses are one mailbox: domains as they compare, local parts without regard to ASCII case.
///
/// RFC 5321, section 2.4, leaves the case of the local part to the receiving server; none that matters tells two people apart by it,
/// and senders do write it differently.
pub(crate) fn same_mailbox(a: &Address, b: &Address) -> bool {
    a.ascii_domain() == b.ascii_domain() && a.local().eq_ignore_ascii_case(b.local())
}

impl From<&Mailbox> for UserId {
    fn from(mailbox: &Mailbox) -> Self {
        Self::new(mailbox.name(), mailbox.address())
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn alice() -> Address {
        Address::parse("alice@example.test").unwrap()
    }

    #[test]
    fn a_name_cannot_smuggle_in_another_address() {
        let user_id = UserId::new(Some("Eve <bob@example.test> (x)\n"), &alice());
        assert_eq!(user_id.as_str(), "Eve bob@example.test x <alice@example.test>");
        assert_eq!(user_id.address(), Some(alice()));
    }

    #[test]
    fn a_user_id_without_a_name_is_an_address() {
        let user_id = UserId::new(None, &alice());
        assert_eq!((user_id.as_str(), user_id.name()), ("<alice@example.test>", None));
        assert_eq!(user_id.address(), Some(alice()));
    }

    /// Sequoia's own reading is the standard: what it takes for a name or an address is one, but for what is no valid address.
    #[test]
    fn user_ids_are_read_as_sequoia_reads_them() {
        let names = [
            "",
            "Alice",
            "Dr. Alice O'Hara",
            "Ünï Cödé",
            "a@b",
            "\"Alice, Bob\"",
            "A (b) c",
            "a:b c",
            " Alice ",
        ];
        let comments = ["", "(work)", "(at work)", "()", "(a) (b)", "(a <b>)", "((a))"];
        let ends = [
            "",
            "<alice@example.test>",
            "<Alice@Example.TEST>",
            "<ali.ce+x@example.test>",
            "<ü@example.test>",
            "< alice@example.test>",
            "<alice@example.test> ",
            "<alice@example.test>x",
            "<alice@example.test><bob@example.test>",
            "<alice@bob@example.test>",
            "<.alice@example.test>",
            "<\"alice\"@example.test>",
            "<alice@[127.0.0.1]>",
            "<https://example.test/>",
            "<>",
            "alice@example.test",
            "https://example.test/",
        ];
        let mut found = 0;
        for name in names {
            for (comment, end) in comments.iter().flat_map(|comment| ends.map(|end| (comment, end))) {
                let text = [name, comment, end].map(str::trim_start).join(" ");
                for text in [text.clone(), text.trim().to_owned(), format!("{text}\n"), text.replace(' ', "")]
                {
                    let (packet, user_id) = (openpgp::packet::UserID::from(text.as_str()), UserId(text));
                    let address = packet.email().ok().flatten().and_then(|text| Address::parse(text).ok());
                    let name = packet.name().ok().flatten().map(str::to_owned);
                    let read = (user_id.name(), user_id.address());
                    match read {
                        // Brackets in a comment that stands alone are more than we care to understand.
                        (None, None) if user_id.0.trim_start().starts_with("(a<b>)") => {}
                        (None, None) if user_id.0.trim_start().starts_with("(a <b>)") => {}
                        _ => assert_eq!(read, (name, address.clone()), "{:?}", user_id.0),
                    }
                    found += usize::from(address.is_some());
                }
            }
        }
        assert!(found > 400, "{found}");
    }

    #[test]
    fn only_the_case_of_the_local_part_is_ignored() {
        let parse = |text| Address::parse(text).unwrap();
        assert!(same_mailbox(&parse("Alice@EXAMPLE.test"), &alice()));
        assert!(!same_mailbox(&parse("alicе@example.test"), &alice()), "a Cyrillic е");
        assert!(!same_mailbox(&parse("alice@example.tes"), &alice()));
    }
}
