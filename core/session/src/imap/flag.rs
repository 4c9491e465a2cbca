use std::fmt;

use crate::Error;

/// A flag of a message (RFC 9051, section 2.3.2).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Flag {
    /// It was read.
    Seen,
    /// It was answered.
    Answered,
    /// It is marked for attention.
    Flagged,
    /// It is to be removed by the next expunge.
    Deleted,
    /// It is a draft.
    Draft,
    /// It was forwarded: the keyword `$Forwarded`.
    Forwarded,
    /// It is junk: the keyword `$Junk`.
    Junk,
    /// It is not junk: the keyword `$NotJunk`.
    NotJunk,
    /// Any other keyword, or a system flag of the server's own.
    Keyword(Keyword),
}

/// The name of a keyword or of a system flag of the server's own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Keyword(String);

impl Keyword {
    /// The name as it stands on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The flags that have a name of their own here.
const KNOWN: [(Flag, &str); 8] = [
    (Flag::Seen, "\\Seen"),
    (Flag::Answered, "\\Answered"),
    (Flag::Flagged, "\\Flagged"),
    (Flag::Deleted, "\\Deleted"),
    (Flag::Draft, "\\Draft"),
    (Flag::Forwarded, "$Forwarded"),
    (Flag::Junk, "$Junk"),
    (Flag::NotJunk, "$NotJunk"),
];

impl Flag {
    /// A keyword: letters, digits and punctuation of ASCII, without what has a meaning in the protocol.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] where it is empty, begins with a backslash, or holds another character.
    pub fn keyword(name: &str) -> Result<Self, Error> {
        if name.is_empty() || !name.bytes().all(is_atom_byte) {
            return Err(Error::invalid("keyword", "only ASCII without blanks and (){%*\"\\] will do"));
        }
        Ok(Self::from_wire(name))
    }

    /// A flag as the server wrote it.
    pub(super) fn from_wire(name: &str) -> Self {
        let known = KNOWN.iter().find(|(_, wire)| wire.eq_ignore_ascii_case(name));
        known.map_or_else(|| Self::Keyword(Keyword(name.to_owned())), |(flag, _)| flag.clone())
    }

    /// The name on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        if let Self::Keyword(keyword) = self {
            return keyword.as_str();
        }
        KNOWN.iter().find(|(flag, _)| flag == self).map_or("", |(_, name)| name)
    }
}

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether `byte` can stand in an atom (RFC 9051, section 9, ATOM-CHAR).
pub(super) const fn is_atom_byte(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~') && !matches!(byte, b'(' | b')' | b'{' | b'%' | b'*' | b'"' | b'\\' | b']')
}

/// `(\Seen $Forwarded)`; a name from a server may be one that can't be sent back.
pub(super) fn flag_list(flags: &[Flag]) -> Result<String, Error> {
    let names: Vec<&str> = flags.iter().map(Flag::as_str).collect();
    let is_sendable = |name: &&str| name.strip_prefix('\\').unwrap_or(name).bytes().all(is_atom_byte);
    if !names.iter().all(is_sendable) {
        return Err(Error::invalid("flag", "its name can't be sent"));
    }
    Ok(format!("({})", names.join(" ")))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn flags_keep_their_names() {
        assert_eq!(Flag::from_wire("\\SEEN"), Flag::Seen);
        assert_eq!(Flag::keyword("$junk").unwrap(), Flag::Junk);
        assert_eq!(Flag::keyword("Work").unwrap().as_str(), "Work");
        assert_eq!(flag_list(&[Flag::Seen, Flag::keyword("x").unwrap()]).unwrap(), r"(\Seen x)");
        assert_eq!(flag_list(&[Flag::from_wire(r"\X")]).unwrap(), r"(\X)");
        let refused = Err(Error::invalid("flag", "its name can't be sent"));
        assert_eq!(flag_list(&[Flag::Seen, Flag::from_wire("a	b")]), refused);
    }

    #[test]
    fn a_keyword_cannot_break_out() {
        for name in ["", "a b", "a\r\n", "\\Seen", "a)", "(a", "ü", "a\"", "{5}", "a]", "%", "*"] {
            assert!(Flag::keyword(name).is_err(), "{name:?}");
        }
    }
}
