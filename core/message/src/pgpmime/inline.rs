//! Inline PGP: OpenPGP blocks in the text of a message, from before there was PGP/MIME.

use std::borrow::Cow;

use super::layer::own_parts;
use crate::mime::{Message, Part};

/// A block in the text of a message.
#[derive(Debug)]
pub(super) struct Block<'a> {
    pub(super) kind: Kind,
    /// The block, from its first dash to its last.
    pub(super) data: Cow<'a, [u8]>,
    /// Whether it is all that the message shows.
    pub(super) is_all: bool,
    /// The charset that the text is said to have.
    pub(super) charset: Option<&'a str>,
    /// Whether non-breaking spaces were taken out of the armor.
    pub(super) is_repaired: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An armored message: encrypted, or signed and not readable as it stands.
    Message,
    /// A text signed so that it stays readable.
    Cleartext,
}

impl Kind {
    const fn markers(self) -> (&'static [u8], &'static [u8]) {
        match self {
            Self::Message => (b"-----BEGIN PGP MESSAGE-----", b"-----END PGP MESSAGE-----"),
            Self::Cleartext => (b"-----BEGIN PGP SIGNED MESSAGE-----", b"-----END PGP SIGNATURE-----"),
        }
    }
}

/// The first encrypted block in a text of the message, or else the first signed one.
pub(super) fn find(message: &Message) -> Option<Block<'_>> {
    let search = |kind: Kind| own_parts(message).filter(is_text).find_map(|part| block(message, part, kind));
    search(Kind::Message).or_else(|| search(Kind::Cleartext))
}

fn is_text(part: &Part<'_>) -> bool {
    // `application/pgp` is what there was before RFC 2015.
    matches!(part.content_type().essence(), "text/plain" | "application/pgp")
        && part.disposition() != Some("attachment")
}

fn block<'a>(message: &'a Message, part: Part<'a>, kind: Kind) -> Option<Block<'a>> {
    let text = part.decoded();
    let (start, end) = position(&text, kind)?;
    let is_blank = |range: Option<&[u8]>| range.is_some_and(|around| around.trim_ascii().is_empty());
    let is_all =
        part.range() == message.root().range() && is_blank(text.get(..start)) && is_blank(text.get(end..));
    let data = text.get(start..end)?;
    let repaired = if kind == Kind::Message { without_hard_spaces(data) } else { None };
    Some(Block {
        kind,
        is_all,
        charset: part.content_type().parameter("charset"),
        is_repaired: repaired.is_some(),
        data: Cow::Owned(repaired.unwrap_or_else(|| data.to_vec())),
    })
}

/// Where the block stands. Its markers stand at the start of a line; text that is quoted in a reply is not one.
fn position(text: &[u8], kind: Kind) -> Option<(usize, usize)> {
    let (begin, end) = kind.markers();
    let start = line_starting_with(text, begin, 0)?;
    let end = line_starting_with(text, end, start)? + end.len();
    Some((start, end))
}

fn line_starting_with(text: &[u8], marker: &[u8], from: usize) -> Option<usize> {
    let is_line_start = |at: usize| at == 0 || text.get(at - 1) == Some(&b'\n');
    memchr::memmem::find_iter(text.get(from..)?, marker).map(|at| from + at).find(|&at| is_line_start(at))
}

/// The armor without non-breaking spaces (in UTF-8), which some programs put on its empty line; `None` where it has none.
fn without_hard_spaces(armor: &[u8]) -> Option<Vec<u8>> {
    const HARD_SPACE: &[u8] = "\u{a0}".as_bytes();
    memchr::memmem::find(armor, HARD_SPACE)?;
    let mut clean = Vec::with_capacity(armor.len());
    let mut rest = armor;
    while let Some(at) = memchr::memmem::find(rest, HARD_SPACE) {
        let (before, after) = rest.split_at_checked(at)?;
        clean.extend_from_slice(before);
        rest = after.get(HARD_SPACE.len()..)?;
    }
    clean.extend_from_slice(rest);
    Some(clean)
}

/// The text of a block as a MIME entity, so that nothing in it is taken for a header.
pub(super) fn entity(text: &[u8], charset: Option<&str>) -> Vec<u8> {
    let is_name = |name: &&str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:+".contains(&b))
    };
    let charset = charset.filter(is_name).unwrap_or("utf-8");
    let mut entity =
        format!("Content-Type: text/plain; charset=\"{charset}\"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n")
            .into_bytes();
    entity.extend_from_slice(text);
    entity
}
