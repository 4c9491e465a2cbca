//! RON (Rusty Object Notation), as much of it as test cases are written in.
//!
//! Read by code of our own: the cases name types of programs that are not here, so a reader that fills types would know none of them.

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// `"text"`.
    Text(String),
    /// `true` or `false`.
    Flag(bool),
    /// A whole number.
    Number(u64),
    /// `[a, b]`.
    List(Vec<Self>),
    /// `{a: b}`, the keys being texts or names.
    Map(Vec<(String, Self)>),
    /// `Name`, `Name(a, b)`, `Name(field: a)`, or the same without a name. The name of an unnamed part is empty.
    Node { name: String, parts: Vec<(String, Self)> },
}

/// Where a text stops being what is read here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RonError {
    /// The line, from 1.
    pub(super) line: usize,
    /// What should stand there.
    pub(super) wanted: &'static str,
}

/// Reads one value that takes up the whole text.
pub(super) fn parse(text: &str) -> Result<Value, RonError> {
    let mut reader = Reader { text, rest: text };
    reader.skip()?;
    // What a file allows its writer, this reader allows anyway.
    while reader.take("#![enable(") {
        reader.rest = reader.rest.split_once(")]").map_or("", |(_, rest)| rest);
        reader.skip()?;
    }
    let value = reader.value()?;
    reader.skip()?;
    if reader.rest.is_empty() { Ok(value) } else { Err(reader.wanted("the end")) }
}

impl Value {
    /// The part of this name.
    pub(super) fn part(&self, name: &str) -> Option<&Self> {
        let Self::Node { parts, .. } = self else { return None };
        parts.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The parts that have no name.
    pub(super) fn unnamed(&self) -> impl Iterator<Item = &Self> {
        let parts = if let Self::Node { parts, .. } = self { parts.as_slice() } else { &[] };
        parts.iter().filter(|(name, _)| name.is_empty()).map(|(_, value)| value)
    }

    /// `Node`'s name, or nothing.
    pub(super) fn name(&self) -> &str {
        if let Self::Node { name, .. } = self { name } else { "" }
    }

    /// The items of a list, or nothing.
    pub(super) fn items(&self) -> &[Self] {
        if let Self::List(items) = self { items } else { &[] }
    }

    /// The first text in it, however deep: `Text("a")`, `Some(Atom("a"))` and `"a"` all say `a`.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::List(items) => items.iter().find_map(Self::text),
            Self::Node { parts, .. } => parts.iter().find_map(|(_, part)| part.text()),
            Self::Flag(_) | Self::Number(_) | Self::Map(_) => None,
        }
    }

    /// The first list in it, however deep, or nothing.
    pub(super) fn list(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            Self::Node { parts, .. } => {
                parts.iter().map(|(_, part)| part.list()).find(|list| !list.is_empty()).unwrap_or_default()
            }
            _ => &[],
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn wanted(&self, wanted: &'static str) -> RonError {
        let read = self.text.len() - self.rest.len();
        RonError { line: 1 + self.text.bytes().take(read).filter(|&byte| byte == b'\n').count(), wanted }
    }

    /// Passes over blanks and comments.
    fn skip(&mut self) -> Result<(), RonError> {
        loop {
            self.rest = self.rest.trim_start();
            if let Some(comment) = self.rest.strip_prefix("//") {
                self.rest = comment.split_once('\n').map_or("", |(_, rest)| rest);
            } else if self.rest.starts_with("/*") {
                self.block_comment()?;
            } else {
                return Ok(());
            }
        }
    }

    /// Block comments nest.
    fn block_comment(&mut self) -> Result<(), RonError> {
        let unclosed = self.wanted("the end of the comment");
        let mut depth = 0;
        loop {
            if self.take("/*") {
                depth += 1;
            } else if self.take("*/") {
                depth -= 1;
            } else if self.next().is_none() {
                return Err(unclosed);
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }

    fn take(&mut self, mark: &str) -> bool {
        let after = self.rest.strip_prefix(mark);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next();
        self.rest = chars.as_str();
        next
    }

    fn value(&mut self) -> Result<Value, RonError> {
        self.skip()?;
        match self.rest.chars().next() {
            Some(_) if self.rest.starts_with('"') || is_raw(self.rest) => self.string().map(Value::Text),
            Some('[') => self.sequence("[", "]", Self::value).map(Value::List),
            Some('{') => self.sequence("{", "}", Self::pair).map(Value::Map),
            Some('(') => self.node(String::new()),
            Some('0'..='9') => self.number(),
            Some(c) if is_word(c) => match self.word() {
                "true" => Ok(Value::Flag(true)),
                "false" => Ok(Value::Flag(false)),
                name => self.node(name.to_owned()),
            },
            _ => Err(self.wanted("a value")),
        }
    }

    /// What stands behind a name: nothing, or parts in parentheses.
    fn node(&mut self, name: String) -> Result<Value, RonError> {
        self.skip()?;
        let parts =
            if self.rest.starts_with('(') { self.sequence("(", ")", Self::part)? } else { Vec::new() };
        Ok(Value::Node { name, parts })
    }

    /// `name: value`, or a value.
    fn part(&mut self) -> Result<(String, Value), RonError> {
        let before = self.rest;
        let name = self.word();
        self.skip()?;
        if !name.is_empty() && self.take(":") {
            return Ok((name.to_owned(), self.value()?));
        }
        self.rest = before;
        Ok((String::new(), self.value()?))
    }

    fn pair(&mut self) -> Result<(String, Value), RonError> {
        let word = if is_raw(self.rest) { "" } else { self.word() };
        let key = if word.is_empty() { self.string()? } else { word.to_owned() };
        self.skip()?;
        if self.take(":") { Ok((key, self.value()?)) } else { Err(self.wanted("a colon")) }
    }

    /// Items between two marks, with commas between them and perhaps behind the last.
    fn sequence<T>(
        &mut self,
        open: &'static str,
        close: &'static str,
        item: impl Fn(&mut Self) -> Result<T, RonError>,
    ) -> Result<Vec<T>, RonError> {
        self.take(open);
        let mut items = Vec::new();
        loop {
            self.skip()?;
            if self.take(close) {
                return Ok(items);
            }
            items.push(item(self)?);
            self.skip()?;
            if !self.take(",") && !self.rest.starts_with(close) {
                return Err(self.wanted("a comma or the end of the list"));
            }
        }
    }

    fn word(&mut self) -> &'a str {
        let (word, rest) = self.rest.split_at(self.rest.find(|c| !is_word(c)).unwrap_or(self.rest.len()));
        self.rest = rest;
        word
    }

    fn number(&mut self) -> Result<Value, RonError> {
        let not_whole = self.wanted("a whole number");
        self.word().replace('_', "").parse().map(Value::Number).map_err(|_| not_whole)
    }

    fn string(&mut self) -> Result<String, RonError> {
        if is_raw(self.rest) {
            return self.raw_string();
        }
        if !self.take("\"") {
            return Err(self.wanted("a text"));
        }
        let unclosed = self.wanted("the end of the text");
        let mut text = String::new();
        loop {
            match self.next() {
                None => return Err(unclosed),
                Some('"') => return Ok(text),
                Some('\\') => text.push(self.escape()?),
                Some(c) => text.push(c),
            }
        }
    }

    /// `r"…"` and `r#"…"#`.
    fn raw_string(&mut self) -> Result<String, RonError> {
        let unclosed = self.wanted("the end of the text");
        let open = self.rest.trim_start_matches('r');
        let hashes = open.len() - open.trim_start_matches('#').len();
        let end = format!("\"{}", "#".repeat(hashes));
        let inside = open.trim_start_matches('#').strip_prefix('"').unwrap_or_default();
        let (text, rest) = inside.split_once(&end).ok_or(unclosed)?;
        self.rest = rest;
        Ok(text.to_owned())
    }

    /// What stands behind a backslash.
    fn escape(&mut self) -> Result<char, RonError> {
        let unknown = self.wanted("an escape");
        match self.next() {
            Some('r') => Ok('\r'),
            Some('n') => Ok('\n'),
            Some('t') => Ok('\t'),
            Some('0') => Ok('\0'),
            Some(c @ ('\\' | '"' | '\'')) => Ok(c),
            Some('x') => self.code(2).ok_or(unknown),
            Some('u') if self.take("{") => {
                let digits = self.rest.find('}').and_then(|count| self.code(count));
                digits.filter(|_| self.take("}")).ok_or(unknown)
            }
            _ => Err(unknown),
        }
    }

    /// A character by `count` digits of its code.
    fn code(&mut self, count: usize) -> Option<char> {
        let (digits, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        char::from_u32(u32::from_str_radix(digits, 16).ok()?)
    }
}

const fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}

fn is_raw(rest: &str) -> bool {
    rest.strip_prefix('r').is_some_and(|open| open.trim_start_matches('#').starts_with('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn node(name: &str, parts: &[(&str, Value)]) -> Value {
        let parts = parts.iter().map(|(name, part)| ((*name).to_owned(), part.clone())).collect();
        Value::Node { name: name.to_owned(), parts }
    }

    #[test]
    fn every_form_of_a_value_is_read() {
        for (written, value) in [
            ("\"a\"", text("a")),
            (r#" "\r\n\t\0\\\"\'\x1b\u{20ac}" "#, text("\r\n\t\0\\\"'\x1b€")),
            (r###"r#"a\"b"#"###, text("a\\\"b")),
            ("true", Value::Flag(true)),
            ("1_000", Value::Number(1000)),
            ("None", node("None", &[])),
            ("()", node("", &[])),
            ("Some (\"a\",)", node("Some", &[("", text("a"))])),
            ("(a: [], b: B(1, 2))", {
                let b = node("B", &[("", Value::Number(1)), ("", Value::Number(2))]);
                node("", &[("a", Value::List(Vec::new())), ("b", b)])
            }),
            ("[A, \"b\",]", Value::List(vec![node("A", &[]), text("b")])),
            ("{ \"k\": true }", Value::Map(vec![("k".to_owned(), Value::Flag(true))])),
            ("{ k : true }", Value::Map(vec![("k".to_owned(), Value::Flag(true))])),
            ("// c\n#![enable(implicit_some)]\n#![enable(unwrap_newtypes)] 1", Value::Number(1)),
            ("/* a /* b */ */ ( // c\n a /*d*/ : e )", node("", &[("a", node("e", &[]))])),
            ("rest", node("rest", &[])),
        ] {
            assert_eq!(parse(written), Ok(value), "{written}");
        }
    }

    #[test]
    fn what_is_something_else_is_told_with_its_line() {
        for (written, line, wanted) in [
            ("", 1, "a value"),
            ("(a: 1)\n)", 2, "the end"),
            ("(\na: 1 b: 2)", 2, "a comma or the end of the list"),
            ("[1", 1, "a comma or the end of the list"),
            ("[1,\n", 2, "a value"),
            ("\n\"a", 2, "the end of the text"),
            ("r#\"a\"", 1, "the end of the text"),
            ("\"\\q\"", 1, "an escape"),
            ("\"\\u{110000}\"", 1, "an escape"),
            ("{[]: 2}", 1, "a text"),
            ("{\"a\" 2}", 1, "a colon"),
            ("1.5", 1, "a whole number"),
            ("18446744073709551616", 1, "a whole number"),
            ("(a: )", 1, "a value"),
            ("/* a", 1, "the end of the comment"),
        ] {
            assert_eq!(parse(written), Err(RonError { line, wanted }), "{written}");
        }
    }

    #[test]
    fn parts_are_found_by_name_and_texts_however_deep() {
        let value = parse("(a: Some(Text(\"x\")), b: Auth([Plain, Other(\"Y\")]))").unwrap();
        assert_eq!(value.part("a").and_then(Value::text), Some("x"));
        let auth = value.part("b").unwrap();
        let mechanisms: Vec<_> = auth.list().iter().map(Value::name).collect();
        assert_eq!((auth.name(), mechanisms), ("Auth", vec!["Plain", "Other"]));
        assert_eq!(value.part("c"), None);
    }
}
