//! The structure of a message: which bytes are which part.
//!
//! This is our own, and the only one: what is verified, what is decrypted and what is shown are found by the same rules.
//! mail-parser 0.11 takes `--boundary` for a delimiter anywhere in a line, so that signed bytes and shown bytes could differ,
//! has no limit on parts, and panics on a soft line break before a boundary. A delimiter here is a whole line (RFC 2046,
//! section 5.1.1).

use std::ops::Range;

use memchr::memmem::Finder;

use super::super::attachment::safe_file_name;
use super::super::{ContentType, MessageId, MimeError};
use super::header::{self, Field, Header};
use super::ids;
use super::limits::Limits;
use super::parameters::Structured;
use super::transfer::TransferEncoding;

/// One part, as ranges of the message. Nodes stand in the order in which the parts begin.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// From the first field to the end of the body.
    pub(super) start: usize,
    pub(super) body: Range<usize>,
    pub(super) fields: Vec<Field>,
    pub(super) content_type: ContentType,
    /// The first word of `Content-Disposition`, in lower case.
    pub(super) disposition: Option<String>,
    pub(super) file_name: Option<String>,
    pub(super) content_id: Option<MessageId>,
    pub(super) encoding: TransferEncoding,
    pub(super) parent: Option<usize>,
    pub(super) children: Vec<usize>,
    /// Whether a multipart ends with its closing delimiter; true for everything else.
    pub(super) is_closed: bool,
}

/// The parts of a message. There is always one: the message itself.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    root: Node,
    rest: Vec<Node>,
}

impl Tree {
    pub(super) fn root(&self) -> &Node {
        &self.root
    }

    pub(super) fn get(&self, index: usize) -> Option<&Node> {
        match index.checked_sub(1) {
            None => Some(&self.root),
            Some(index) => self.rest.get(index),
        }
    }

    fn get_mut(&mut self, index: usize) -> Option<&mut Node> {
        match index.checked_sub(1) {
            None => Some(&mut self.root),
            Some(index) => self.rest.get_mut(index),
        }
    }

    pub(super) fn len(&self) -> usize {
        1 + self.rest.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Node> {
        std::iter::once(&self.root).chain(&self.rest)
    }
}

/// A part that is yet to be read.
struct Pending {
    range: Range<usize>,
    parent: Option<usize>,
    depth: usize,
    default_type: &'static str,
}

/// Reads the structure of a message. Depth costs no stack.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Tree, MimeError> {
    if limits.parts == 0 {
        return Err(MimeError::TooManyParts { limit: 0 });
    }
    let whole = Pending { range: 0..bytes.len(), parent: None, depth: 0, default_type: "text/plain" };
    let mut tree = Tree { root: read_part(bytes, &whole, limits)?, rest: Vec::new() };
    let mut pending = Vec::new();
    open(bytes, &mut tree, (0, 0), &mut pending, limits)?;
    while let Some(next) = pending.pop() {
        let index = tree.len();
        tree.rest.push(read_part(bytes, &next, limits)?);
        if let Some(parent) = next.parent.and_then(|parent| tree.get_mut(parent)) {
            parent.children.push(index);
        }
        open(bytes, &mut tree, (index, next.depth), &mut pending, limits)?;
    }
    Ok(tree)
}

/// Puts the parts right inside a part on the pile, the first on top.
fn open(
    bytes: &[u8],
    tree: &mut Tree,
    (index, depth): (usize, usize),
    pending: &mut Vec<Pending>,
    limits: &Limits,
) -> Result<(), MimeError> {
    let room = limits.parts.saturating_sub(tree.len() + pending.len());
    let Some(node) = tree.get_mut(index) else { return Ok(()) };
    let (ranges, is_closed) = inner_ranges(bytes, node, room, limits)?;
    node.is_closed = is_closed;
    if !ranges.is_empty() && depth >= limits.depth {
        return Err(MimeError::TooDeep { limit: limits.depth });
    }
    let is_digest = node.content_type.essence() == "multipart/digest";
    let default_type = if is_digest { "message/rfc822" } else { "text/plain" };
    pending.extend(ranges.into_iter().rev().map(|range| Pending {
        range,
        parent: Some(index),
        depth: depth + 1,
        default_type,
    }));
    Ok(())
}

fn read_part(bytes: &[u8], part: &Pending, limits: &Limits) -> Result<Node, MimeError> {
    let (fields, body) = header::split(bytes, &part.range, limits)?;
    let value =
        |name| fields.iter().map(|field| Header::new(bytes, field)).find(|h| h.is(name)).map(|h| h.raw());
    let content_type = match value("Content-Type") {
        Some(value) => {
            ContentType::read(value).filter(is_whole).unwrap_or_else(|| ContentType::instead_of(value))
        }
        None => ContentType::of(part.default_type),
    };
    let disposition = value("Content-Disposition").map(Structured::read);
    let named =
        disposition.as_ref().and_then(|d| d.parameter("filename")).or_else(|| content_type.parameter("name"));
    Ok(Node {
        start: part.range.start,
        body: body..part.range.end,
        file_name: named.and_then(safe_file_name),
        content_id: value("Content-ID").and_then(|value| ids::read(value).into_iter().next()),
        encoding: value("Content-Transfer-Encoding")
            .map_or(TransferEncoding::Identity, TransferEncoding::read),
        disposition: disposition.map(|d| d.token).filter(|token| !token.is_empty()),
        content_type,
        fields,
        parent: part.parent,
        children: Vec::new(),
        is_closed: true,
    })
}

/// Whether a type has what it needs: without a boundary there is no multipart (RFC 2046, section 5.1.1).
fn is_whole(content_type: &ContentType) -> bool {
    !content_type.is_multipart() || !boundary(content_type).is_empty()
}

fn boundary(content_type: &ContentType) -> &str {
    content_type.parameter("boundary").unwrap_or_default().trim_end()
}

/// The ranges of the parts right inside a part, and whether it is properly closed.
fn inner_ranges(
    bytes: &[u8],
    node: &Node,
    room: usize,
    limits: &Limits,
) -> Result<(Vec<Range<usize>>, bool), MimeError> {
    let too_many = MimeError::TooManyParts { limit: limits.parts };
    match node.content_type.essence() {
        // An encoded message inside is data: its bytes are not bytes of this message.
        "message/rfc822" | "message/global" if node.encoding == TransferEncoding::Identity => {
            if room == 0 {
                Err(too_many)
            } else {
                Ok((vec![node.body.clone()], true))
            }
        }
        essence if essence.starts_with("multipart/") => {
            split(bytes, &node.body, boundary(&node.content_type), room).ok_or(too_many)
        }
        _ => Ok((Vec::new(), true)),
    }
}

/// Splits the body of a multipart; `None` where there are more than `room` parts in it.
///
/// The line break before a delimiter belongs to the delimiter. A part that no delimiter follows reaches to the end of the body.
fn split(
    bytes: &[u8],
    body: &Range<usize>,
    boundary: &str,
    room: usize,
) -> Option<(Vec<Range<usize>>, bool)> {
    let delimiter = format!("--{boundary}");
    let finder = Finder::new(&delimiter);
    let mut ranges = Vec::new();
    let mut part_start = None;
    let mut at = body.start;
    while let Some(found) = bytes.get(at..body.end).and_then(|rest| finder.find(rest)) {
        let start = at + found;
        let after = start + delimiter.len();
        at = after;
        let Some(line) = delimiter_line(bytes, body, start, after) else { continue };
        if let Some(part_start) = part_start {
            if ranges.len() == room {
                return None;
            }
            ranges.push(part_start..before_break(bytes, part_start, start));
        }
        if line.is_closing {
            return Some((ranges, true));
        }
        at = line.end;
        part_start = Some(line.end);
    }
    if let Some(part_start) = part_start {
        if ranges.len() == room {
            return None;
        }
        ranges.push(part_start..body.end);
    }
    Some((ranges, false))
}

struct DelimiterLine {
    is_closing: bool,
    /// Where the next line begins.
    end: usize,
}

/// Checks that `--boundary`, found at `start..after`, is a line of its own, with nothing but white space behind it.
fn delimiter_line(bytes: &[u8], body: &Range<usize>, start: usize, after: usize) -> Option<DelimiterLine> {
    let is_line_start = start == body.start || bytes.get(..start)?.ends_with(b"\n");
    let rest = bytes.get(after..body.end)?;
    let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
    let tail = rest.get(..length)?;
    let is_closing = tail.starts_with(b"--");
    let padding = if is_closing { tail.get(2..)? } else { tail };
    (is_line_start && padding.trim_ascii().is_empty())
        .then_some(DelimiterLine { is_closing, end: after + length })
}

/// `end` moved before the line break that ends there, but not before `start`.
fn before_break(bytes: &[u8], start: usize, end: usize) -> usize {
    let part = bytes.get(start..end).unwrap_or_default();
    start + header::without_break(part).len()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    /// The body of each part, in order.
    fn bodies(text: &str) -> Vec<&str> {
        let nodes = read(text.as_bytes(), &Limits::default()).unwrap();
        nodes.iter().map(|node| text.get(node.body.clone()).unwrap()).collect()
    }

    fn multipart(body: &str) -> String {
        format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{body}")
    }

    #[test]
    fn the_break_before_a_delimiter_belongs_to_it() {
        let body = "preamble\r\n--b\r\n\r\none\r\n\r\n--b \t\r\nA: b\r\n\r\ntwo\r\n--b--\r\nepilogue";
        let text = multipart(body);
        assert_eq!(bodies(&text), [body, "one\r\n", "two"]);
        let tree = read(text.as_bytes(), &Limits::default()).unwrap();
        let second = tree.get(2).unwrap();
        assert_eq!(text.get(second.start..second.body.end), Some("A: b\r\n\r\ntwo"));
        assert!(tree.root().is_closed);
        assert_eq!((tree.root().children.as_slice(), second.parent), (&[1, 2][..], Some(0)));
        let lf = text.replace("\r\n", "\n");
        assert_eq!(bodies(&lf)[1..], ["one\n", "two"]);
    }

    #[test]
    fn a_delimiter_is_a_whole_line() {
        let body = "--b\r\n\r\nx --b\r\n--bc\r\n --b\r\n--b-\r\n--b--x\r\n--b--\r\n";
        assert_eq!(bodies(&multipart(body))[1..], ["x --b\r\n--bc\r\n --b\r\n--b-\r\n--b--x"]);
    }

    #[test]
    fn a_multipart_that_is_not_closed_reaches_to_its_end() {
        let text = multipart("--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n");
        assert_eq!(bodies(&text)[1..], ["one", "two\r\n"]);
        assert!(!read(text.as_bytes(), &Limits::default()).unwrap().root().is_closed);
        assert_eq!(bodies(&multipart("--b"))[1..], [""]);
        assert_eq!(bodies(&multipart("no delimiter")).len(), 1);
        assert_eq!(bodies("Content-Type: multipart/mixed; boundary=\"\"\n\n--\n\nx\n----").len(), 1);
        assert_eq!(bodies("Content-Type: multipart/mixed\n\n--b\n\nx\n--b--").len(), 1);
    }

    #[test]
    fn parts_nest_in_the_order_in_which_they_begin() {
        let inner = "--a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n1\r\n--b\r\n\r\n2\r\n--a\r\n\r\n3\r\n--a--";
        let text = format!("Content-Type: multipart/mixed; boundary=a\r\n\r\n{inner}");
        assert_eq!(bodies(&text)[2..], ["1", "2", "3"]);
        let message =
            "Content-Type: message/rfc822\r\n\r\nContent-Type: message/global\r\n\r\nSubject: x\r\n\r\nhi";
        assert_eq!(bodies(message).last(), Some(&"hi"));
        let digest = "Content-Type: multipart/digest; boundary=a\n\n--a\n\nSubject: x\n\nhi\n--a--";
        assert_eq!(bodies(digest)[2..], ["hi"]);
        let encoded = "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogeA==";
        assert_eq!(bodies(encoded).len(), 1);
    }

    #[test]
    fn limits_hold_at_and_one_past() {
        let many = |parts: usize| multipart(&"--b\r\n\r\n".repeat(parts));
        let limits = Limits { parts: 5, ..Limits::default() };
        let error = |text: &str, limits: &Limits| read(text.as_bytes(), limits).err();
        assert_eq!(read(many(4).as_bytes(), &limits).unwrap().len(), 5);
        assert_eq!(error(&many(5), &limits), Some(MimeError::TooManyParts { limit: 5 }));
        // Parts that are waiting to be read count, too.
        let nested = |parts: usize| {
            format!("Content-Type: multipart/mixed; boundary=a\n\n--a\n{}\n--a\n\n--a--", many(parts))
        };
        assert_eq!(read(nested(2).as_bytes(), &limits).unwrap().len(), 5);
        assert_eq!(error(&nested(3), &limits), Some(MimeError::TooManyParts { limit: 5 }));
        assert_eq!(error("x", &Limits { parts: 0, ..limits }), Some(MimeError::TooManyParts { limit: 0 }));

        let deep = |depth: usize| "Content-Type: message/rfc822\n\n".repeat(depth);
        let limits = Limits::default();
        assert_eq!(read(deep(Limits::DEPTH).as_bytes(), &limits).unwrap().len(), Limits::DEPTH + 1);
        assert_eq!(
            error(&deep(Limits::DEPTH + 1), &limits),
            Some(MimeError::TooDeep { limit: Limits::DEPTH })
        );
    }

    #[test]
    fn a_flood_of_boundaries_ends_at_the_limit() {
        let flood = multipart(&"--b\n".repeat(5_000_000));
        let error = read(flood.as_bytes(), &Limits::default()).err();
        assert_eq!(error, Some(MimeError::TooManyParts { limit: Limits::PARTS }));
    }
}
