//! `BODY[…]` (RFC 3501, section 6.4.5): which bytes of a message are meant.

use super::parser::{Failure, Parser, bad, string};
use crate::mime::{Part, fields};

/// `BODY[section]<offset.count>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Section {
    path: Vec<usize>,
    what: What,
    partial: Option<(usize, usize)>,
    /// What stands between the brackets in the answer.
    label: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    /// All of it.
    All,
    Header,
    Fields {
        names: Vec<String>,
        these: bool,
    },
    Text,
    Mime,
}

impl Section {
    /// The section for one of the old names: `RFC822`, `RFC822.HEADER`, `RFC822.TEXT`.
    pub(super) fn old(name: &str) -> Self {
        let what = match name {
            "RFC822.HEADER" => What::Header,
            "RFC822.TEXT" => What::Text,
            _ => What::All,
        };
        Self { path: Vec::new(), what, partial: None, label: Vec::new() }
    }

    /// Parses what follows `BODY`, from the bracket on.
    pub(super) fn parse(rest: &mut Parser<'_>) -> Result<Self, Failure> {
        rest.expect(b'[')?;
        let path = numbers(rest)?;
        let what = what(rest, &path)?;
        rest.expect(b']')?;
        let label = label(&path, &what);
        Ok(Self { path, what, partial: partial(rest)?, label })
    }

    /// `BODY[…]<offset>`, as the answer names it.
    pub(super) fn name(&self) -> Vec<u8> {
        let mut name = b"BODY[".to_vec();
        name.extend_from_slice(&self.label);
        name.push(b']');
        if let Some((offset, _)) = self.partial {
            name.extend(format!("<{offset}>").into_bytes());
        }
        name
    }

    /// The bytes that are meant; `None` where the message has no such part.
    pub(super) fn of(&self, message: &[u8]) -> Option<Vec<u8>> {
        let bytes = self.whole(message)?;
        let Some((offset, count)) = self.partial else {
            return Some(bytes);
        };
        Some(bytes.into_iter().skip(offset).take(count).collect())
    }

    fn whole(&self, message: &[u8]) -> Option<Vec<u8>> {
        if self.path.is_empty() && self.what == What::All {
            return Some(message.to_vec());
        }
        let root = Part::parse(message);
        if self.path.is_empty() {
            return Some(match &self.what {
                What::Text => root.body.to_vec(),
                what => header(&root, what),
            });
        }
        let part = find(&root, &self.path)?;
        Some(match &self.what {
            What::All => part.body.to_vec(),
            What::Mime => part.header.to_vec(),
            What::Text => part.message.as_ref()?.body.to_vec(),
            what => header(part.message.as_ref()?, what),
        })
    }
}

/// The part at `path`, counted from 1 at each level.
fn find<'p, 'a>(root: &'p Part<'a>, path: &[usize]) -> Option<&'p Part<'a>> {
    let mut part = root;
    for (level, &number) in path.iter().enumerate() {
        // A number below a message/rfc822 counts the parts of the message inside it.
        let holder = part.message.as_deref().filter(|_| level > 0).unwrap_or(part);
        let is_leaf = !holder.is("MULTIPART", None);
        if is_leaf && level > 0 && part.message.is_none() {
            return None;
        }
        part = if is_leaf { Some(holder).filter(|_| number == 1) } else { holder.children.get(number - 1) }?;
    }
    Some(part)
}

/// The header of `part`, or the chosen fields of it, with the empty line.
fn header(part: &Part<'_>, what: &What) -> Vec<u8> {
    let What::Fields { names, these } = what else {
        return part.header.to_vec();
    };
    let named = |field: &String| names.iter().any(|name| name.eq_ignore_ascii_case(field));
    let chosen = fields(part.header).into_iter().filter(|(name, _)| named(name) == *these);
    let mut bytes: Vec<u8> = chosen.flat_map(|(_, raw)| raw.iter().copied()).collect();
    bytes.extend_from_slice(b"\r\n");
    bytes
}

/// `1.2.` or `1.2`; the dot before a keyword is eaten.
fn numbers(rest: &mut Parser<'_>) -> Result<Vec<usize>, Failure> {
    let mut path = Vec::new();
    while rest.peek().is_some_and(|byte| byte.is_ascii_digit()) {
        match usize::try_from(rest.number()?) {
            Ok(number @ 1..) => path.push(number),
            _ => return bad("parts count from 1"),
        }
        if !rest.eat(b'.') {
            break;
        }
    }
    Ok(path)
}

fn what(rest: &mut Parser<'_>, path: &[usize]) -> Result<What, Failure> {
    if rest.peek() == Some(b']') {
        return Ok(What::All);
    }
    let word = rest.while_(|byte| byte.is_ascii_alphabetic() || byte == b'.')?;
    let these = match word.to_ascii_uppercase().as_slice() {
        b"HEADER" => return Ok(What::Header),
        b"TEXT" => return Ok(What::Text),
        b"MIME" if !path.is_empty() => return Ok(What::Mime),
        b"HEADER.FIELDS" => true,
        b"HEADER.FIELDS.NOT" => false,
        _ => return bad("unknown section"),
    };
    rest.space()?;
    let names = rest.list(|name| Ok(String::from_utf8_lossy(&name.astring()?).into_owned()))?;
    Ok(What::Fields { names, these })
}

fn label(path: &[usize], what: &What) -> Vec<u8> {
    let mut label = path.iter().map(ToString::to_string).collect::<Vec<_>>().join(".").into_bytes();
    let word = match what {
        What::All => return label,
        What::Header => "HEADER",
        What::Text => "TEXT",
        What::Mime => "MIME",
        What::Fields { these: true, .. } => "HEADER.FIELDS",
        What::Fields { these: false, .. } => "HEADER.FIELDS.NOT",
    };
    if !path.is_empty() {
        label.push(b'.');
    }
    label.extend_from_slice(word.as_bytes());
    if let What::Fields { names, .. } = what {
        let names: Vec<Vec<u8>> = names.iter().map(|name| string(name.as_bytes())).collect();
        label.extend_from_slice(b" (");
        label.extend(names.join(&b' '));
        label.push(b')');
    }
    label
}

/// `<offset.count>`, if it is there.
fn partial(rest: &mut Parser<'_>) -> Result<Option<(usize, usize)>, Failure> {
    if !rest.eat(b'<') {
        return Ok(None);
    }
    let offset = rest.number()?;
    rest.expect(b'.')?;
    let count = rest.number()?;
    rest.expect(b'>')?;
    if count == 0 {
        return bad("a partial of nothing");
    }
    let size = |number| usize::try_from(number).unwrap_or(usize::MAX);
    Ok(Some((size(offset), size(count))))
}
