use std::fmt;

use super::cursor::Cursor;
use super::envelope::{self, Envelope};
use super::guard::MAX_DEPTH;
use crate::Error;

/// The number of a part: `1`, `2.1`, … (RFC 9051, section 6.4.5.1).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartNumber(Vec<u32>);

impl PartNumber {
    /// A number from its steps: `[2, 1]` is the first part of the second part.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] where there is no step, one is 0, or there are more than a structure may be deep.
    pub fn new(steps: &[u32]) -> Result<Self, Error> {
        if steps.is_empty() || steps.len() > MAX_DEPTH || steps.contains(&0) {
            return Err(Error::invalid("part number", "its steps begin at 1"));
        }
        Ok(Self(steps.to_vec()))
    }

    /// The steps from the outermost part inwards.
    #[must_use]
    pub fn steps(&self) -> &[u32] {
        &self.0
    }

    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Option<Self> {
        let mut steps = vec![cursor.number32()?];
        loop {
            let mut ahead = *cursor;
            let step = ahead.literal(b".").and_then(|()| ahead.number32());
            match step {
                Some(step) => steps.push(step),
                None => return Self::new(&steps).ok(),
            }
            *cursor = ahead;
        }
    }
}

impl fmt::Display for PartNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps: Vec<String> = self.0.iter().map(u32::to_string).collect();
        f.write_str(&steps.join("."))
    }
}

/// A part of a message, as the server sees it (RFC 9051, section 7.5.2, BODYSTRUCTURE).
///
/// The server's MIME parser made this, not ours: it serves to choose what to fetch, never to judge what a message is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Structure {
    /// The number to fetch it by. The parts of a multipart have their own; a multipart at the top has none.
    pub number: Option<PartNumber>,
    /// The media type in lower case, such as `text/plain`.
    pub media_type: String,
    /// The parameters of the media type, names in lower case, values as they came.
    pub parameters: Vec<(String, Vec<u8>)>,
    /// The disposition in lower case, such as `attachment`.
    pub disposition: Option<String>,
    /// The parameters of the disposition, names in lower case, values as they came.
    pub disposition_parameters: Vec<(String, Vec<u8>)>,
    /// What the part holds.
    pub content: Content,
}

/// What a part holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// Data: anything that is not made of parts.
    Single(Single),
    /// A message in a message.
    Message {
        /// The size and the encoding.
        data: Single,
        /// Its envelope.
        envelope: Box<Envelope>,
        /// Its structure.
        structure: Box<Structure>,
    },
    /// Parts.
    Multipart(Vec<Structure>),
}

/// The facts of a part that holds data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Single {
    /// The Content-ID, with its angle brackets.
    pub content_id: Option<Vec<u8>>,
    /// The Content-Description.
    pub description: Option<Vec<u8>>,
    /// The Content-Transfer-Encoding in lower case.
    pub encoding: String,
    /// The size in bytes, encoded as it is.
    pub size: u64,
}

impl Structure {
    /// The parts in it: of a multipart, or of a message in this one.
    #[must_use]
    pub fn parts(&self) -> &[Self] {
        match &self.content {
            Content::Single(_) => &[],
            Content::Message { structure, .. } => std::slice::from_ref(structure),
            Content::Multipart(parts) => parts,
        }
    }

    /// Reads the value of a BODYSTRUCTURE item.
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Option<Self> {
        let mut ahead = *cursor;
        let structure = body(&mut ahead, &[], true)?;
        *cursor = ahead;
        Some(structure)
    }
}

/// A body whose own place is `at`; one at the top of a message counts its only part as 1.
///
/// It recurses with the parentheses, so the guard's limit on their depth is its own; `at` grows with each level as a second one.
fn body(cursor: &mut Cursor<'_>, at: &[u32], is_top: bool) -> Option<Structure> {
    if at.len() > MAX_DEPTH {
        return None;
    }
    cursor.literal(b"(")?;
    let structure = if cursor.rest().starts_with(b"(") {
        multipart(cursor, at, is_top)?
    } else {
        let own = if is_top { [at, &[1]].concat() } else { at.to_vec() };
        single(cursor, &own)?
    };
    // Extensions to come, and whatever else servers add.
    loop {
        _ = cursor.space();
        if cursor.literal(b")").is_some() {
            return Some(structure);
        }
        cursor.skip_value()?;
    }
}

fn multipart(cursor: &mut Cursor<'_>, at: &[u32], is_top: bool) -> Option<Structure> {
    let mut parts = Vec::new();
    while cursor.rest().starts_with(b"(") {
        let index = u32::try_from(parts.len() + 1).ok()?;
        parts.push(body(cursor, &[at, &[index]].concat(), false)?);
        _ = cursor.space();
    }
    let subtype = lower(&cursor.nstring()?.unwrap_or_default());
    let parameters = optional(cursor, parameters).unwrap_or_default();
    let (disposition, disposition_parameters) = optional(cursor, disposition).unwrap_or_default();
    Some(Structure {
        number: if is_top { None } else { PartNumber::new(at).ok() },
        media_type: format!("multipart/{subtype}"),
        parameters,
        disposition,
        disposition_parameters,
        content: Content::Multipart(parts),
    })
}

fn single(cursor: &mut Cursor<'_>, at: &[u32]) -> Option<Structure> {
    let main = lower(&field(cursor)?.unwrap_or_default());
    let subtype = lower(&field(cursor)?.unwrap_or_default());
    let parameters = parameters(cursor)?;
    _ = cursor.space();
    let data = Single {
        content_id: field(cursor)?,
        description: field(cursor)?,
        encoding: lower(&field(cursor)?.unwrap_or_else(|| b"7bit".to_vec())),
        size: size(cursor)?,
    };
    let content = message(cursor, &main, at, &data).unwrap_or(Content::Single(data));
    if main == "text" {
        // The number of lines; some servers forget it.
        _ = optional(cursor, Cursor::number);
    }
    let _md5 = optional(cursor, Cursor::nstring);
    let (disposition, disposition_parameters) = optional(cursor, disposition).unwrap_or_default();
    Some(Structure {
        number: PartNumber::new(at).ok(),
        media_type: format!("{main}/{subtype}"),
        parameters,
        disposition,
        disposition_parameters,
        content,
    })
}

/// What stands behind the size of a message/rfc822 or message/global; other types, and servers that treat a message as data, have none.
fn message(cursor: &mut Cursor<'_>, main: &str, at: &[u32], data: &Single) -> Option<Content> {
    if main != "message" {
        return None;
    }
    let mut ahead = *cursor;
    ahead.space()?;
    let envelope = Box::new(envelope::parse(&mut ahead)?);
    ahead.space()?;
    let structure = Box::new(body(&mut ahead, at, true)?);
    _ = optional(&mut ahead, Cursor::number);
    *cursor = ahead;
    Some(Content::Message { data: data.clone(), envelope, structure })
}

/// A blank and what follows it, where it is of the kind that `read` reads.
fn optional<'a, T>(cursor: &mut Cursor<'a>, read: impl Fn(&mut Cursor<'a>) -> Option<T>) -> Option<T> {
    let mut ahead = *cursor;
    ahead.space()?;
    let found = read(&mut ahead)?;
    *cursor = ahead;
    Some(found)
}

fn field(cursor: &mut Cursor<'_>) -> Option<Option<Vec<u8>>> {
    let field = cursor.nstring()?.map(std::borrow::Cow::into_owned);
    cursor.space()?;
    Some(field)
}

/// A number; `NIL` and -1 come from servers that don't know.
fn size(cursor: &mut Cursor<'_>) -> Option<u64> {
    cursor.number().or_else(|| cursor.word("NIL").or_else(|| cursor.word("-1")).map(|()| 0))
}

type Parameters = Vec<(String, Vec<u8>)>;

fn parameters(cursor: &mut Cursor<'_>) -> Option<Parameters> {
    if cursor.word("NIL").is_some() {
        return Some(Vec::new());
    }
    cursor.list(|cursor| {
        let name = lower(&cursor.astring()?);
        cursor.space()?;
        Some((name, cursor.nstring()?.unwrap_or_default().into_owned()))
    })
}

fn disposition(cursor: &mut Cursor<'_>) -> Option<(Option<String>, Parameters)> {
    if cursor.word("NIL").is_some() {
        return Some((None, Vec::new()));
    }
    // Some servers give the bare word.
    if let Some(bare) = cursor.string() {
        return Some((Some(lower(&bare)), Vec::new()));
    }
    let mut ahead = *cursor;
    ahead.literal(b"(")?;
    let name = lower(&ahead.nstring()?.unwrap_or_default());
    let parameters = optional(&mut ahead, parameters).unwrap_or_default();
    _ = ahead.space();
    ahead.literal(b")")?;
    *cursor = ahead;
    Some((Some(name), parameters))
}

fn lower(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).to_ascii_lowercase()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(wire: &str) -> Option<Structure> {
        let mut cursor = Cursor::new(wire.as_bytes());
        Structure::parse(&mut cursor).filter(|_| cursor.is_at_end())
    }

    fn outline(structure: &Structure, into: &mut Vec<String>) {
        let number = structure.number.as_ref().map_or("-".to_owned(), ToString::to_string);
        into.push(format!("{number} {}", structure.media_type));
        for part in structure.parts() {
            outline(part, into);
        }
    }

    #[test]
    fn parts_get_the_numbers_that_they_are_fetched_by() {
        let text = r#"("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL "7BIT" 10 1 NIL NIL NIL)"#;
        let nothing = "NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL";
        let message = format!(
            r#"("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 99 ({nothing}) ({text}{text} "MIXED") 5 NIL NIL)"#
        );
        let lone = format!(r#"("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 99 ({nothing}) {text} 5)"#);
        let wire = format!(
            r#"({text}({text} {text} "ALTERNATIVE" ("BOUNDARY" "b") NIL NIL){message}{lone} "MIXED" NIL ("INLINE" NIL) NIL NIL (X 1))"#
        );
        let structure = read(&wire).unwrap();
        let mut found = Vec::new();
        outline(&structure, &mut found);
        let expected = [
            "- multipart/mixed",
            "1 text/plain",
            "2 multipart/alternative",
            "2.1 text/plain",
            "2.2 text/plain",
            "3 message/rfc822",
            "- multipart/mixed",
            "3.1 text/plain",
            "3.2 text/plain",
            "4 message/rfc822",
            "4.1 text/plain",
        ];
        assert_eq!(found, expected);
        assert_eq!(structure.disposition.as_deref(), Some("inline"));
        assert_eq!(read(text).unwrap().number.unwrap().to_string(), "1");
    }

    #[test]
    fn facts_of_a_part_are_kept_as_they_came() {
        let wire = "(\"APPLICATION\" \"PDF\" (\"NAME\" {4}\r\na\"b\\) \"<i@x>\" \"d\" \"BASE64\" 1234 NIL (\"ATTACHMENT\" \
                    (\"FILENAME\" \"q\\\"\u{e9}.pdf\")) NIL NIL)";
        let structure = read(wire).unwrap();
        assert_eq!(structure.parameters, [("name".to_owned(), b"a\"b\\".to_vec())]);
        assert_eq!(structure.disposition.as_deref(), Some("attachment"));
        assert_eq!(structure.disposition_parameters, [("filename".to_owned(), "q\"\u{e9}.pdf".into())]);
        let Content::Single(data) = structure.content else { unreachable!() };
        assert_eq!((data.size, data.encoding.as_str()), (1234, "base64"));
        assert_eq!(data.content_id.as_deref(), Some(&b"<i@x>"[..]));
    }

    #[test]
    fn what_servers_get_wrong_is_read_all_the_same() {
        for wire in [
            r#"("TEXT" "PLAIN" NIL NIL NIL NIL 5)"#,
            r#"("TEXT" "PLAIN" () NIL NIL "7BIT" NIL 0)"#,
            r#"("TEXT" "PLAIN" NIL NIL NIL "7BIT" 5 1 NIL "inline" NIL NIL)"#,
            r#"("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 5 NIL NIL NIL)"#,
            r#"("MESSAGE" "DELIVERY-STATUS" NIL NIL NIL "7BIT" 5)"#,
            r#"(("TEXT" "PLAIN" NIL NIL NIL "7BIT" 5 1) "MIXED" ("BOUNDARY" NIL) NIL ("de" "en") "x" "y" 7)"#,
            r#"(NIL NIL NIL NIL NIL "7BIT" 5)"#,
        ] {
            assert!(read(wire).is_some(), "{wire}");
        }
        for wire in ["NIL", "()", "(())", r#"("TEXT")"#, r#"("TEXT" "PLAIN" NIL NIL NIL "7BIT" 5 1"#, "(("] {
            assert_eq!(read(wire), None, "{wire}");
        }
    }

    #[test]
    fn depth_ends_at_the_limit_without_the_guard_too() {
        let nested = |depth: usize| {
            let text = r#"("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1)"#;
            format!("{}{text}{}", "(".repeat(depth), r#" "MIXED")"#.repeat(depth))
        };
        assert!(read(&nested(MAX_DEPTH)).is_some());
        assert_eq!(read(&nested(MAX_DEPTH + 1)), None);
        assert_eq!(read(&"(".repeat(1_000_000)), None);
    }
}
