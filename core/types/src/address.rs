use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use crate::domain::to_ascii;
use crate::quoted::quoted_character;

/// The longest local part, in octets (RFC 5321, section 4.5.3.1.1).
const MAX_LOCAL: usize = 64;
/// The longest domain, in octets (RFC 5321, section 4.5.3.1.2).
const MAX_DOMAIN: usize = 255;

/// An e-mail address, `local@domain` (RFC 5321, section 4.1.2; non-ASCII as in RFC 6531, section 3.3).
///
/// An `Address` can't hold control characters, angle brackets, or white space outside a quoted local part, so no later code has
/// to check. Nor can its local part look like an encoded word (RFC 2047): programs that decode addresses before they read
/// them would find another address in it. The domain may be given in Unicode or as A-labels; both compare equal. The local part
/// keeps its case: what it means is the receiving server's business.
///
/// ```
/// use postseal_types::Address;
/// let address = Address::parse("grüße@Bücher.example")?;
/// assert_eq!(address.local(), "grüße");
/// assert_eq!(address.ascii_domain(), "xn--bcher-kva.example");
/// assert_eq!(address, Address::parse("grüße@xn--bcher-kva.example")?);
/// assert!(Address::parse("a@b.example\r\nRCPT TO:<c@d.example>").is_err());
/// # Ok::<(), postseal_types::AddressError>(())
/// ```
#[derive(Clone)]
pub struct Address {
    local: String,
    domain: String,
    ascii_domain: String,
}

/// Why a text is not an [`Address`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// There is no `@`.
    #[error("the address has no @")]
    NoAt,
    /// A character that an address can't hold at this place.
    #[error("the address holds the character {}, which is not allowed there", quoted_character(*character))]
    Forbidden {
        /// The first such character.
        character: char,
    },
    /// The part before the `@` is empty, has an empty atom between dots or an unfinished quoted string, or looks like an encoded
    /// word.
    #[error("the part before the @ is not well formed")]
    LocalPart,
    /// The part after the `@` is no domain name and no address literal.
    #[error("the part after the @ is neither a domain name nor an address literal")]
    Domain,
    /// Longer than RFC 5321 allows: 64 octets before the `@`, 255 after it.
    #[error("the address is longer than RFC 5321 allows")]
    TooLong,
}

impl Address {
    /// Parses `local@domain`.
    ///
    /// # Errors
    ///
    /// [`AddressError`] says which part is wrong, and how.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if let Some(character) = text.chars().find(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
        {
            return Err(AddressError::Forbidden { character });
        }
        let (local, domain) = text.rsplit_once('@').ok_or(AddressError::NoAt)?;
        check_local(local)?;
        Ok(Self { local: local.to_owned(), domain: domain.to_owned(), ascii_domain: ascii_domain(domain)? })
    }

    /// The part before the `@`, with its quotes where it has them.
    #[must_use]
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The part after the `@`, as it was given.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The domain in lower case and as A-labels (RFC 5890), the form for DNS and for SMTP; an address literal as given.
    #[must_use]
    pub fn ascii_domain(&self) -> &str {
        &self.ascii_domain
    }

    /// Whether only a server with SMTPUTF8 (RFC 6531) can take this address: the local part is not ASCII.
    #[must_use]
    pub fn needs_smtputf8(&self) -> bool {
        !self.local.is_ascii()
    }

    /// `local@domain` with the domain as A-labels: the form for the wire.
    #[must_use]
    pub fn to_wire(&self) -> String {
        format!("{}@{}", self.local, self.ascii_domain)
    }
}

fn check_local(local: &str) -> Result<(), AddressError> {
    if local.len() > MAX_LOCAL {
        return Err(AddressError::TooLong);
    }
    let mut before = None;
    for character in local.chars() {
        if is_unseen(character) && !joins(before, character) {
            return Err(AddressError::Forbidden { character });
        }
        before = Some(character);
    }
    if local.split_once("=?").is_some_and(|(_, rest)| rest.contains("?=")) {
        return Err(AddressError::LocalPart);
    }
    match local.strip_prefix('"') {
        Some(quoted) => check_quoted(quoted),
        None => local.split('.').try_for_each(check_atom),
    }
}

/// Whether nobody sees a character, or it changes the order of those beside it, or looks like the at sign: an address with one of them would be
/// shown as another (Unicode's `Default_Ignorable_Code_Point`, and what is like it).
#[must_use]
pub fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{fe6b}' | '\u{feff}' | '\u{ff20}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Whether one of these belongs to the spelling behind another character: joiners in Persian and in India, forms of emoji and of ideographs. Not
/// behind ASCII, where there is nothing to join.
fn joins(before: Option<char>, c: char) -> bool {
    let is_form = matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}');
    is_form && before.is_some_and(|before| !before.is_ascii() && !is_unseen(before))
}

/// An atom: RFC 5322 `atext`, and any non-ASCII character that is not white space.
fn check_atom(atom: &str) -> Result<(), AddressError> {
    if atom.is_empty() {
        return Err(AddressError::LocalPart);
    }
    let is_atext = |c: char| {
        if c.is_ascii() {
            c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c)
        } else {
            !c.is_whitespace()
        }
    };
    match atom.chars().find(|&c| !is_atext(c)) {
        Some(character) => Err(AddressError::Forbidden { character }),
        None => Ok(()),
    }
}

/// The rest of a quoted string after its opening quote: each `"` and `\` inside is escaped, and the last character closes it.
/// Angle brackets are allowed by the RFCs, but servers and readers are around that end an address at the first of them.
fn check_quoted(rest: &str) -> Result<(), AddressError> {
    if let Some(character) = rest.chars().find(|c| matches!(c, '<' | '>')) {
        return Err(AddressError::Forbidden { character });
    }
    let mut chars = rest.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => _ = chars.next().ok_or(AddressError::LocalPart)?,
            '"' if chars.as_str().is_empty() => return Ok(()),
            '"' => return Err(AddressError::LocalPart),
            _ => {}
        }
    }
    Err(AddressError::LocalPart)
}

fn ascii_domain(domain: &str) -> Result<String, AddressError> {
    if domain.len() > MAX_DOMAIN {
        return Err(AddressError::TooLong);
    }
    if let Some(literal) = domain.strip_prefix('[') {
        let inner = literal.strip_suffix(']').ok_or(AddressError::Domain)?;
        return if is_address_literal(inner) { Ok(domain.to_owned()) } else { Err(AddressError::Domain) };
    }
    let ascii = to_ascii(domain).ok_or(AddressError::Domain)?;
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if ascii.len() > MAX_DOMAIN || !ascii.split('.').all(is_label) {
        return Err(AddressError::Domain);
    }
    Ok(ascii.into_owned())
}

/// `192.0.2.1` or `IPv6:2001:db8::1` (RFC 5321, section 4.1.3).
fn is_address_literal(inner: &str) -> bool {
    match inner.strip_prefix("IPv6:") {
        Some(v6) => v6.parse::<std::net::Ipv6Addr>().is_ok(),
        None => inner.parse::<std::net::Ipv4Addr>().is_ok(),
    }
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.local == other.local && self.ascii_domain == other.ascii_domain
    }
}

impl Eq for Address {}

impl Hash for Address {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.local.hash(state);
        self.ascii_domain.hash(state);
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        Self::parse(text)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn accepts_what_the_rfcs_allow() {
        for text in [
            "a@b",
            "first.last+tag@mail.example.org",
            r#""john smith"@example.org"#,
            r#""a\"b@c"@example.org"#,
            "grüße@bücher.example",
            "postmaster@[192.0.2.1]",
            "x@[IPv6:2001:db8::1]",
            "prvs=?tag=x@example.org",
            "under_score@_dmarc.example.org",
        ] {
            assert_eq!(Address::parse(text).map(|a| a.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn refuses_everything_that_could_break_out_of_a_command_or_header() {
        use AddressError::*;
        let long_local = format!("{}@example.org", "a".repeat(65));
        let long_domain = format!("a@{}", "a.".repeat(130));
        for (text, error) in [
            ("", NoAt),
            ("alice", NoAt),
            ("a@b\r\nDATA", Forbidden { character: '\r' }),
            ("\"a\0b\"@c", Forbidden { character: '\0' }),
            ("a@b\u{85}", Forbidden { character: '\u{85}' }),
            ("a b@c", Forbidden { character: ' ' }),
            ("\u{202e}moc.knab@c", Forbidden { character: '\u{202e}' }),
            ("alice\u{200b}@c", Forbidden { character: '\u{200b}' }),
            ("alice\u{ff20}example.test\u{3164}@c", Forbidden { character: '\u{ff20}' }),
            ("\"a\u{2066}\"@c", Forbidden { character: '\u{2066}' }),
            ("al\u{200d}ice@c", Forbidden { character: '\u{200d}' }),
            ("a\u{fe0f}@c", Forbidden { character: '\u{fe0f}' }),
            ("\u{645}\u{200c}\u{200c}@c", Forbidden { character: '\u{200c}' }),
            ("a\u{2800}@c", Forbidden { character: '\u{2800}' }),
            ("a>b@c", Forbidden { character: '>' }),
            ("<a@b", Forbidden { character: '<' }),
            (r#""a> SIZE=1 <b"@c"#, Forbidden { character: '>' }),
            (r#""a\<b"@c"#, Forbidden { character: '<' }),
            ("=?utf-8?q?eve=40example.org=3E?=@c", LocalPart),
            (r#""=?x?q?a?="@c"#, LocalPart),
            ("@b", LocalPart),
            ("a..b@c", LocalPart),
            (r#""a"b"@c"#, LocalPart),
            (r#""a@c"#, LocalPart),
            ("a@", Domain),
            ("a@b>", Domain),
            ("a@b c", Domain),
            ("a@-b", Domain),
            ("a@b..c", Domain),
            ("a@[1.2.3]", Domain),
            ("a@[1.2.3.4", Domain),
            (long_local.as_str(), TooLong),
            (long_domain.as_str(), TooLong),
        ] {
            assert_eq!(Address::parse(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn the_domain_compares_in_any_form_and_the_local_part_keeps_its_case() {
        let parse = |text| Address::parse(text).unwrap();
        assert_eq!(parse("a@BÜCHER.example"), parse("a@xn--bcher-kva.example"));
        assert_ne!(parse("A@example.org"), parse("a@example.org"));
        assert_eq!(parse("a@Bücher.example").to_wire(), "a@xn--bcher-kva.example");
        assert!(parse("ü@example.org").needs_smtputf8());
        assert!(!parse("u@bücher.example").needs_smtputf8());
    }
}
