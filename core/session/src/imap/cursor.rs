//! A reader over one response, token by token.

use std::borrow::Cow;

use super::flag::is_atom_byte;

/// What is still to be read of a response. Every method leaves it where it was when what it looks for isn't there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(response: &'a [u8]) -> Self {
        Self { rest: response }
    }

    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether nothing but the end of the line is left; some servers put blanks before it.
    pub(super) fn is_at_end(&self) -> bool {
        self.rest.trim_ascii().is_empty()
    }

    pub(super) fn literal(&mut self, text: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(text)?;
        Some(())
    }

    /// A word in any case.
    pub(super) fn word(&mut self, word: &str) -> Option<()> {
        let (found, rest) = self.rest.split_at_checked(word.len())?;
        if !found.eq_ignore_ascii_case(word.as_bytes()) {
            return None;
        }
        self.rest = rest;
        Some(())
    }

    /// One or more blanks; some servers write two.
    pub(super) fn space(&mut self) -> Option<()> {
        self.literal(b" ")?;
        while self.literal(b" ").is_some() {}
        Some(())
    }

    pub(super) fn take_while(&mut self, fits: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.rest.iter().position(|&byte| !fits(byte)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut ahead = *self;
        let digits = ahead.take_while(|byte| byte.is_ascii_digit());
        let number = std::str::from_utf8(digits).ok()?.parse().ok()?;
        *self = ahead;
        Some(number)
    }

    pub(super) fn number32(&mut self) -> Option<u32> {
        let mut ahead = *self;
        let number = u32::try_from(ahead.number()?).ok()?;
        *self = ahead;
        Some(number)
    }

    pub(super) fn atom(&mut self) -> Option<&'a str> {
        let mut ahead = *self;
        let atom = ahead.take_while(is_atom_byte);
        let atom = std::str::from_utf8(atom).ok().filter(|atom| !atom.is_empty())?;
        *self = ahead;
        Some(atom)
    }

    /// A flag or an attribute: an atom that may begin with a backslash, or `\*`. Brackets are tolerated: some servers make flags of
    /// their mailbox names.
    pub(super) fn flag(&mut self) -> Option<&'a str> {
        let mut ahead = *self;
        let flag = ahead.take_while(|byte| !matches!(byte, b' ' | b'(' | b')' | b'"' | b'{' | b'\r' | b'\n'));
        let flag = std::str::from_utf8(flag).ok().filter(|flag| !flag.is_empty())?;
        *self = ahead;
        Some(flag)
    }

    /// A quoted string or a literal.
    pub(super) fn string(&mut self) -> Option<Cow<'a, [u8]>> {
        match self.rest.first()? {
            b'"' => self.quoted(),
            b'{' | b'~' => self.counted().map(Cow::Borrowed),
            _ => None,
        }
    }

    fn quoted(&mut self) -> Option<Cow<'a, [u8]>> {
        let mut ahead = *self;
        ahead.literal(b"\"")?;
        let plain = ahead.take_while(|byte| !matches!(byte, b'"' | b'\\' | b'\r' | b'\n'));
        let mut content = Cow::Borrowed(plain);
        loop {
            match ahead.rest.split_first()? {
                (b'"', rest) => {
                    *self = Self { rest };
                    return Some(content);
                }
                (b'\\', rest) => {
                    let (&escaped, rest) = rest.split_first()?;
                    content.to_mut().push(escaped);
                    ahead.rest = rest;
                }
                (b'\r' | b'\n', _) => return None,
                (&byte, rest) => {
                    content.to_mut().push(byte);
                    ahead.rest = rest;
                }
            }
        }
    }

    fn counted(&mut self) -> Option<&'a [u8]> {
        let mut ahead = *self;
        _ = ahead.literal(b"~");
        ahead.literal(b"{")?;
        let size = usize::try_from(ahead.number()?).ok()?;
        _ = ahead.literal(b"+");
        ahead.literal(b"}\r\n")?;
        let (content, rest) = ahead.rest.split_at_checked(size)?;
        *self = Self { rest };
        Some(content)
    }

    /// A string, or an atom with any byte that can't end it: servers put much into mailbox names.
    pub(super) fn astring(&mut self) -> Option<Cow<'a, [u8]>> {
        if let Some(string) = self.string() {
            return Some(string);
        }
        let mut ahead = *self;
        let atom = ahead.take_while(|byte| !matches!(byte, b' ' | b'(' | b')' | b'"' | b'\r' | b'\n'));
        if atom.is_empty() {
            return None;
        }
        *self = ahead;
        Some(Cow::Borrowed(atom))
    }

    /// `NIL`, or a string.
    pub(super) fn nstring(&mut self) -> Option<Option<Cow<'a, [u8]>>> {
        match self.string() {
            Some(string) => Some(Some(string)),
            None => self.word("NIL").map(|()| None),
        }
    }

    /// `(item item …)`.
    pub(super) fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut ahead = *self;
        let mut items = Vec::new();
        ahead.literal(b"(")?;
        _ = ahead.space();
        while ahead.literal(b")").is_none() {
            items.push(item(&mut ahead)?);
            _ = ahead.space();
        }
        *self = ahead;
        Some(items)
    }

    /// Any one value: a string, an atom, or a list with all that is in it.
    pub(super) fn skip_value(&mut self) -> Option<()> {
        let mut ahead = *self;
        let mut depth = 0_usize;
        loop {
            match ahead.rest.first()? {
                b'(' => {
                    ahead.literal(b"(")?;
                    depth += 1;
                }
                b')' => {
                    ahead.literal(b")")?;
                    depth = depth.checked_sub(1)?;
                }
                b' ' if depth > 0 => ahead.space()?,
                b' ' | b'\r' | b'\n' => return None,
                b'"' => _ = ahead.string()?,
                _ => {
                    if ahead.string().is_none() {
                        let atom = ahead
                            .take_while(|byte| !matches!(byte, b' ' | b'(' | b')' | b'"' | b'\r' | b'\n'));
                        (!atom.is_empty()).then_some(())?;
                    }
                }
            }
            if depth == 0 {
                *self = ahead;
                return Some(());
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn strings_come_in_every_form() {
        for (wire, content) in [
            (&b"\"abc\""[..], &b"abc"[..]),
            (b"\"\"", b""),
            (br#""a\"b\\c""#, br#"a"b\c"#),
            (b"{3}\r\na\"\n", b"a\"\n"),
            (b"{0}\r\n", b""),
            (b"~{2}\r\n\0\xff", b"\0\xff"),
        ] {
            let mut cursor = Cursor::new(wire);
            assert_eq!(cursor.string().as_deref(), Some(content));
            assert!(cursor.is_at_end());
        }
        for wire in [&b"\"abc"[..], b"\"a\r\n\"", b"{4}\r\nabc", b"{x}\r\n", b"\"a\\", b"abc", b""] {
            let mut cursor = Cursor::new(wire);
            assert_eq!((cursor.string(), cursor.rest()), (None, wire));
        }
    }

    #[test]
    fn a_value_is_skipped_with_all_that_is_in_it() {
        for wire in [&b"x"[..], b"(a (b \")\" {1}\r\n)) ())", b"\"a b\"", b"NIL", b"()", b"a[b]"] {
            let response = [wire, b" next\r\n"].concat();
            let mut cursor = Cursor::new(&response);
            assert_eq!((cursor.skip_value(), cursor.rest()), (Some(()), &b" next\r\n"[..]));
        }
        for wire in [&b"(a"[..], b")", b"\"a", b"", b" a", b"(\"a\r\n)"] {
            assert_eq!(Cursor::new(wire).skip_value(), None);
        }
    }

    #[test]
    fn numbers_have_limits() {
        assert_eq!(Cursor::new(b"4294967295 ").number32(), Some(u32::MAX));
        assert_eq!(Cursor::new(b"4294967296").number32(), None);
        assert_eq!(Cursor::new(b"99999999999999999999999").number(), None);
        assert_eq!(Cursor::new(b"x").number(), None);
    }
}
