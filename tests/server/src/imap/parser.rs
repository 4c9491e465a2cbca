//! The syntax of commands (RFC 3501, section 9), read from left to right.

use super::name;
use super::sequence::Set;

/// How a command failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// `NO`: understood, and refused.
    No(String),
    /// `BAD`: not understood.
    Bad(String),
}

/// The text of a tagged `OK`, or why there is none.
pub(super) type Reply = Result<String, Failure>;

pub(super) fn no<T>(text: &str) -> Result<T, Failure> {
    Err(Failure::No(text.to_owned()))
}

pub(super) fn bad<T>(text: &str) -> Result<T, Failure> {
    Err(Failure::Bad(text.to_owned()))
}

/// The rest of a command; literals stand in it as they came, `{5}` CRLF and five bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parser<'a>(&'a [u8]);

impl<'a> Parser<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.0
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// Takes `byte`, if it is next.
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let tail = self.0.strip_prefix(&[byte]);
        self.0 = tail.unwrap_or(self.0);
        tail.is_some()
    }

    pub(super) fn expect(&mut self, byte: u8) -> Result<(), Failure> {
        if self.eat(byte) { Ok(()) } else { bad(&format!("expected {:?}", char::from(byte))) }
    }

    pub(super) fn space(&mut self) -> Result<(), Failure> {
        self.expect(b' ')
    }

    pub(super) fn end(&self) -> Result<(), Failure> {
        if self.0.is_empty() { Ok(()) } else { bad("more than expected") }
    }

    /// The bytes as long as `wanted` holds; at least one.
    pub(super) fn while_(&mut self, wanted: impl Fn(u8) -> bool) -> Result<&'a [u8], Failure> {
        let end = self.0.iter().position(|&byte| !wanted(byte)).unwrap_or(self.0.len());
        let (head, tail) = self.0.split_at_checked(end).unwrap_or((self.0, &[]));
        self.0 = tail;
        if head.is_empty() { bad("expected a word") } else { Ok(head) }
    }

    /// An atom in capitals: a keyword.
    pub(super) fn keyword(&mut self) -> Result<String, Failure> {
        Ok(String::from_utf8_lossy(self.while_(is_atom)?).to_ascii_uppercase())
    }

    pub(super) fn number(&mut self) -> Result<u64, Failure> {
        let digits = self.while_(|byte| byte.is_ascii_digit())?;
        std::str::from_utf8(digits).ok().and_then(|text| text.parse().ok()).map_or_else(|| bad("number"), Ok)
    }

    /// An atom, a quoted string or a literal.
    pub(super) fn astring(&mut self) -> Result<Vec<u8>, Failure> {
        match self.peek() {
            Some(b'"' | b'{') => self.string(),
            _ => Ok(self.while_(|byte| is_atom(byte) || byte == b']')?.to_vec()),
        }
    }

    /// A quoted string or a literal.
    pub(super) fn string(&mut self) -> Result<Vec<u8>, Failure> {
        if self.eat(b'"') { self.quoted() } else { self.literal() }
    }

    fn quoted(&mut self) -> Result<Vec<u8>, Failure> {
        let mut text = Vec::new();
        loop {
            let byte = self.next()?;
            match byte {
                b'"' => return Ok(text),
                b'\\' => match self.next()? {
                    special @ (b'"' | b'\\') => text.push(special),
                    _ => return bad("only \" and \\ may be escaped"),
                },
                b'\r' | b'\n' | 0 => return bad("CR, LF or NUL in a quoted string"),
                0x80.. => return bad("8-bit characters in a quoted string"),
                _ => text.push(byte),
            }
        }
    }

    pub(super) fn literal(&mut self) -> Result<Vec<u8>, Failure> {
        self.expect(b'{')?;
        let size = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        let _ = self.eat(b'+');
        self.expect(b'}')?;
        self.expect(b'\r')?;
        self.expect(b'\n')?;
        let Some((literal, tail)) = self.0.split_at_checked(size) else {
            return bad("literal cut short");
        };
        self.0 = tail;
        Ok(literal.to_vec())
    }

    /// A mailbox name, in Unicode.
    pub(super) fn mailbox(&mut self) -> Result<String, Failure> {
        let wire = self.astring()?;
        match name::decode(&wire) {
            Some(name) if !name.is_empty() => Ok(name),
            _ => bad("not a mailbox name in modified UTF-7"),
        }
    }

    /// A pattern for LIST, as it stands on the wire.
    pub(super) fn pattern(&mut self) -> Result<String, Failure> {
        let bytes = match self.peek() {
            Some(b'"' | b'{') => self.string()?,
            _ => self.while_(|byte| is_atom(byte) || matches!(byte, b']' | b'%' | b'*'))?.to_vec(),
        };
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// A flag or keyword: `\Seen`, `$Forwarded`.
    pub(super) fn flag(&mut self) -> Result<String, Failure> {
        let slash = if self.eat(b'\\') { "\\" } else { "" };
        let word = String::from_utf8_lossy(self.while_(is_atom)?).into_owned();
        Ok(canonical_flag(&format!("{slash}{word}")))
    }

    /// `(` items, with blanks between them, `)`.
    pub(super) fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T, Failure>,
    ) -> Result<Vec<T>, Failure> {
        self.expect(b'(')?;
        let mut items = Vec::new();
        while !self.eat(b')') {
            if !items.is_empty() {
                self.space()?;
            }
            items.push(item(self)?);
        }
        Ok(items)
    }

    pub(super) fn set(&mut self) -> Result<Set, Failure> {
        let text = self.while_(|byte| byte.is_ascii_digit() || matches!(byte, b'*' | b':' | b','))?;
        Set::parse(text).map_or_else(|| bad("not a sequence set"), Ok)
    }

    fn next(&mut self) -> Result<u8, Failure> {
        match self.0.split_first() {
            Some((&byte, tail)) => {
                self.0 = tail;
                Ok(byte)
            }
            None => bad("cut short"),
        }
    }
}

/// ATOM-CHAR: no specials, no controls, no 8-bit.
pub(super) fn is_atom(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'(' | b')' | b'{' | b'%' | b'*' | b'"' | b'\\' | b']')
}

/// System flags in their usual spelling, so that they compare.
fn canonical_flag(flag: &str) -> String {
    let system = ["\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft"];
    let known = system.iter().find(|known| known.eq_ignore_ascii_case(flag));
    known.map_or_else(|| flag.to_owned(), |&known| known.to_owned())
}

/// `text` as a quoted string, or as a literal where it can't be quoted.
pub(super) fn string(text: &[u8]) -> Vec<u8> {
    let quotable =
        text.len() < 1000 && text.iter().all(|&byte| byte == b'\t' || (b' '..0x7f).contains(&byte));
    if !quotable {
        return literal(text);
    }
    let mut quoted = vec![b'"'];
    for &byte in text {
        if matches!(byte, b'"' | b'\\') {
            quoted.push(b'\\');
        }
        quoted.push(byte);
    }
    quoted.push(b'"');
    quoted
}

pub(super) fn literal(bytes: &[u8]) -> Vec<u8> {
    let mut literal = format!("{{{}}}\r\n", bytes.len()).into_bytes();
    literal.extend_from_slice(bytes);
    literal
}
