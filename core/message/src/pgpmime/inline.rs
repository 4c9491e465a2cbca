//! Inline PGP: OpenPGP blocks in the text of a message, from before there was PGP/MIME.

use super::Repair;
use super::layer::{own_parts, shows_nothing};
use crate::mime::{Message, Part};

/// A block in the text of a message.
#[derive(Debug)]
pub(super) struct Block<'a> {
    pub(super) kind: Kind,
    /// The block, from its first dash to its last.
    pub(super) data: Vec<u8>,
    /// Whether it is all that the message shows.
    pub(super) is_all: bool,
    /// The charset that the text is said to have.
    pub(super) charset: Option<&'a str>,
    /// What was put right in the armor.
    pub(super) repair: Option<Repair>,
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

/// The first encrypted block in a text of the message, or else the first signed one, or else an encrypted one in HTML.
pub(super) fn find(message: &Message) -> Option<Block<'_>> {
    let parts = |essences: &'static [&'static str]| {
        own_parts(message).filter(move |part| {
            essences.contains(&part.content_type().essence()) && part.disposition() != Some("attachment")
        })
    };
    let search = |kind: Kind| parts(TEXT).find_map(|part| block(message, part, &part.decoded(), kind));
    search(Kind::Message).or_else(|| search(Kind::Cleartext)).or_else(|| {
        parts(HTML).find_map(|part| {
            // Only what is encrypted: nobody can tell what signed text would look like in HTML.
            let text = without_markup(&part.decoded())?;
            let block = block(message, part, &text, Kind::Message)?;
            Some(Block { repair: Some(Repair::HtmlArmor), ..block })
        })
    })
}

/// `application/pgp` is what there was before RFC 2015.
const TEXT: &[&str] = &["text/plain", "application/pgp"];
const HTML: &[&str] = &["text/html"];

fn block<'a>(message: &'a Message, part: Part<'a>, text: &[u8], kind: Kind) -> Option<Block<'a>> {
    let (start, end) = position(text, kind)?;
    let is_blank = |range: Option<&[u8]>| range.is_some_and(|around| around.trim_ascii().is_empty());
    let is_alone = own_parts(message).all(|other| {
        other.range() == part.range() || other.content_type().is_multipart() || shows_nothing(&other)
    });
    let data = text.get(start..end)?;
    let repaired = if kind == Kind::Message { without_hard_spaces(data) } else { None };
    Some(Block {
        kind,
        is_all: is_alone && is_blank(text.get(..start)) && is_blank(text.get(end..)),
        charset: part.content_type().parameter("charset"),
        repair: repaired.is_some().then_some(Repair::ArmorSpaces),
        data: repaired.unwrap_or_else(|| data.to_vec()),
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

/// HTML without tags, and with the character references that armor needs undone; `None` where there is no armor in it.
fn without_markup(html: &[u8]) -> Option<Vec<u8>> {
    const REFERENCES: [(&str, &str); 6] =
        [("&nbsp;", " "), ("&#160;", " "), ("\u{a0}", " "), ("&#43;", "+"), ("&#47;", "/"), ("&#61;", "=")];
    memchr::memmem::find(html, Kind::Message.markers().0)?;
    let html = String::from_utf8_lossy(html);
    let mut text = String::with_capacity(html.len());
    for piece in html.split('<') {
        // What stands before the first `<` is text, and so is what follows a `>`.
        text.push_str(
            piece.split_once('>').map_or(if text.is_empty() { piece } else { "" }, |(_, after)| after),
        );
    }
    let text = REFERENCES.iter().fold(text, |text, (reference, c)| text.replace(reference, c));
    Some(text.into_bytes())
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
