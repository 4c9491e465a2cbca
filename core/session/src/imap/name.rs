use std::fmt;
use std::hash::{Hash, Hasher};

use super::utf7;
use crate::Error;

/// The longest name, in bytes on the wire.
const MAX_NAME: usize = 4096;

/// The name of a mailbox, with its parents, in Unicode.
///
/// It can't hold CR, LF or NUL, so it can't end a command early. `INBOX` is the same in any case (RFC 9051, section 5.1). A name
/// from the server that is not proper modified UTF-7 is kept as it came: shown as well as can be, and sent back byte by byte.
#[derive(Clone)]
pub struct MailboxName {
    text: String,
    wire: Vec<u8>,
}

impl MailboxName {
    /// A name in Unicode, with the server's delimiter between the levels.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] where it is empty, too long, or holds a control character.
    pub fn new(name: &str) -> Result<Self, Error> {
        if name.is_empty() || name.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
            return Err(Error::invalid("mailbox name", "it is empty or holds a control character"));
        }
        let text = if name.eq_ignore_ascii_case("INBOX") { "INBOX" } else { name };
        let wire = utf7::encode(text).into_bytes();
        if wire.len() > MAX_NAME {
            return Err(Error::invalid("mailbox name", "it is too long"));
        }
        Ok(Self { text: text.to_owned(), wire })
    }

    /// The mailbox that every account has.
    #[must_use]
    pub fn inbox() -> Self {
        Self { text: "INBOX".to_owned(), wire: b"INBOX".to_vec() }
    }

    /// A name as the server wrote it; `None` where it could not be sent back.
    pub(super) fn from_wire(wire: &[u8]) -> Option<Self> {
        if wire.is_empty()
            || wire.len() > MAX_NAME
            || wire.iter().any(|byte| matches!(byte, 0 | b'\r' | b'\n'))
        {
            return None;
        }
        if wire.eq_ignore_ascii_case(b"INBOX") {
            return Some(Self::inbox());
        }
        let text = utf7::decode(wire).unwrap_or_else(|| String::from_utf8_lossy(wire).into_owned());
        Some(Self { text, wire: wire.to_vec() })
    }

    /// The name in Unicode, for people. Names from a server may hold any character but CR, LF and NUL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether this is the mailbox that every account has.
    #[must_use]
    pub fn is_inbox(&self) -> bool {
        self.wire == b"INBOX"
    }

    /// The form on the wire (RFC 3501, section 5.1.3).
    pub(super) fn wire(&self) -> &[u8] {
        &self.wire
    }

    /// The last level of the name.
    #[must_use]
    pub fn leaf(&self, delimiter: Option<char>) -> &str {
        let last = delimiter.and_then(|delimiter| self.text.rsplit(delimiter).next());
        last.unwrap_or(&self.text)
    }
}

impl PartialEq for MailboxName {
    fn eq(&self, other: &Self) -> bool {
        self.wire == other.wire
    }
}

impl Eq for MailboxName {}

impl PartialOrd for MailboxName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for MailboxName {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.wire.cmp(&other.wire)
    }
}

impl Hash for MailboxName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.wire.hash(state);
    }
}

impl fmt::Display for MailboxName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for MailboxName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailboxName({:?})", self.text)
    }
}

impl std::str::FromStr for MailboxName {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::new(name)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_end_a_command() {
        let refused = Err(Error::invalid("mailbox name", "it is empty or holds a control character"));
        for name in ["", "a\r\nb", "a\nb", "a\0b", "a\u{85}b", "a\u{2028}b", "\t"] {
            assert_eq!(MailboxName::new(name), refused, "{name:?}");
        }
        for wire in [&b""[..], b"a\rb", b"a\nb", b"a\0b"] {
            assert_eq!(MailboxName::from_wire(wire), None);
        }
        assert!(MailboxName::new(&"x".repeat(MAX_NAME)).is_ok());
        assert!(MailboxName::new(&"x".repeat(MAX_NAME + 1)).is_err());
    }

    #[test]
    fn inbox_is_the_same_in_any_case_and_nothing_else_is() {
        assert_eq!(MailboxName::new("inbox").unwrap(), MailboxName::inbox());
        assert_eq!(MailboxName::from_wire(b"iNBOX").unwrap(), MailboxName::inbox());
        assert_ne!(MailboxName::new("sent").unwrap(), MailboxName::new("Sent").unwrap());
    }

    #[test]
    fn what_the_server_wrote_goes_back_as_it_came() {
        for wire in [&b"Entw&APw-rfe"[..], b"Entw\xfcrfe", b"bad&utf7", b"a\x01b", "ü".as_bytes()] {
            assert_eq!(MailboxName::from_wire(wire).unwrap().wire(), wire);
        }
        let name = MailboxName::from_wire(b"Mail/Entw&APw-rfe").unwrap();
        assert_eq!((name.as_str(), name.leaf(Some('/'))), ("Mail/Entwürfe", "Entwürfe"));
        assert_eq!(MailboxName::from_wire(b"Entw\xfcrfe").unwrap().as_str(), "Entw\u{fffd}rfe");
    }
}
