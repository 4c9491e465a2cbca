//! Recognising what is signed or encrypted by its MIME structure (RFC 3156), also where servers on the way have damaged it.

use std::borrow::Cow;

use super::{Repair, unobtrusive};
use crate::mime::{Message, Part};

/// A layer of protection, as the structure of a part shows it.
#[derive(Debug)]
pub(super) enum Layer<'a> {
    /// `multipart/signed`, or an unobtrusive signature: the bytes that are signed, and the signature.
    Signed { content: &'a [u8], signature: Cow<'a, [u8]> },
    /// `multipart/encrypted`, or what is left of it.
    Encrypted(Sealed<'a>),
    /// It says that it is OpenPGP, but has not the parts that it must have.
    Malformed,
    /// Protected in another way. A signature of another kind may stand around one of these layers, which is the content then.
    Foreign { protocol: Option<&'a str>, content: Option<&'a [u8]> },
}

/// Encrypted data, and how it stood in the message.
#[derive(Debug)]
pub(super) struct Sealed<'a> {
    pub(super) data: Cow<'a, [u8]>,
    /// Whether there is nothing beside it that a reader would see.
    pub(super) is_all: bool,
    pub(super) repair: Option<Repair>,
}

/// The layer that a part is; `None` where it is content.
pub(super) fn of(part: Part<'_>) -> Option<Layer<'_>> {
    match part.content_type().essence() {
        "multipart/signed" => Some(signed(part)),
        "multipart/encrypted" => Some(encrypted(part)),
        "multipart/mixed" => unobtrusive::signed(part).or_else(|| mixed_up(part).map(Layer::Encrypted)),
        smime @ ("application/pkcs7-mime" | "application/x-pkcs7-mime") => {
            Some(Layer::Foreign { protocol: Some(smime), content: None })
        }
        _ => None,
    }
}

/// The parts inside `message` that are encrypted, or say so; what a message has to show beside one is not protected. Attached messages
/// are not looked into: each is a message of its own, to be opened by itself.
pub(super) fn encrypted_inside(message: &Message) -> impl Iterator<Item = Layer<'_>> {
    parts_of_type(message, "multipart/encrypted").map(encrypted)
}

/// The first part inside `message` that is signed, or says so; see [`encrypted_inside`].
pub(super) fn signed_inside(message: &Message) -> Option<Layer<'_>> {
    parts_of_type(message, "multipart/signed").next().map(signed)
}

fn parts_of_type<'a>(message: &'a Message, essence: &'static str) -> impl Iterator<Item = Part<'a>> {
    own_parts(message).filter(move |part| part.content_type().essence() == essence)
}

/// The parts of `message` that do not belong to an attached message.
pub(super) fn own_parts(message: &Message) -> impl Iterator<Item = Part<'_>> {
    let is_attached = |part: &Part<'_>| {
        std::iter::successors(part.parent(), Part::parent)
            .any(|around| around.content_type().top_level() == "message")
    };
    message.parts().filter(move |part| !is_attached(part))
}

fn signed(part: Part<'_>) -> Layer<'_> {
    let protocol = part.content_type().parameter("protocol");
    let children: Vec<_> = part.children().collect();
    if !protocol.is_some_and(|protocol| protocol.eq_ignore_ascii_case("application/pgp-signature")) {
        let is_ours = |part: &Part<'_>| matches!(of(*part), Some(Layer::Signed { .. } | Layer::Encrypted(_)));
        let content = match children.as_slice() {
            [content, _] if is_ours(content) => Some(content.raw()),
            _ => None,
        };
        return Layer::Foreign { protocol, content };
    }
    match children.as_slice() {
        [content, signature] if signature.content_type().essence() == "application/pgp-signature" => {
            Layer::Signed { content: content.raw(), signature: signature.decoded() }
        }
        _ => Layer::Malformed,
    }
}

fn encrypted(part: Part<'_>) -> Layer<'_> {
    let protocol = part.content_type().parameter("protocol");
    if protocol.is_some_and(|protocol| !protocol.eq_ignore_ascii_case(VERSION)) {
        return Layer::Foreign { protocol, content: None };
    }
    let children: Vec<_> = part.children().collect();
    match children.as_slice() {
        [version, data] if version.content_type().essence() == VERSION => {
            Layer::Encrypted(Sealed { data: data.decoded(), is_all: true, repair: None })
        }
        parts => gather(parts, Repair::EncryptedParts).map_or(Layer::Malformed, Layer::Encrypted),
    }
}

/// `multipart/mixed` in place of `multipart/encrypted`.
fn mixed_up(part: Part<'_>) -> Option<Sealed<'_>> {
    let children: Vec<_> = part.children().collect();
    if children.iter().any(|child| child.content_type().essence() == VERSION) {
        return gather(&children, Repair::MixedUp);
    }
    if let Some(sealed) = wrapped(&children) {
        return Some(sealed);
    }
    // Without the version part, encrypted data is a file like any other, unless it is all there is, under a name that says so.
    let has_name = |part: &Part<'_>| part.file_name().is_some_and(|name| DATA_NAMES.contains(&name));
    gather(&children, Repair::AttachedData).filter(|sealed| sealed.is_all && children.iter().any(has_name))
}

/// `multipart/encrypted` beside nothing but empty texts, which is what some servers leave when they append a footer.
fn wrapped<'a>(parts: &[Part<'a>]) -> Option<Sealed<'a>> {
    let mut rest = parts.iter().filter(|part| !shows_nothing(part));
    let (Some(only), None) = (rest.next(), rest.next()) else { return None };
    if only.content_type().essence() != "multipart/encrypted" {
        return None;
    }
    match encrypted(*only) {
        Layer::Encrypted(sealed) => {
            Some(Sealed { repair: sealed.repair.or(Some(Repair::Wrapped)), ..sealed })
        }
        _ => None,
    }
}

const VERSION: &str = "application/pgp-encrypted";
const BEGIN: &[u8] = b"-----BEGIN PGP MESSAGE-----";
/// What programs call the encrypted part.
const DATA_NAMES: [&str; 3] = ["encrypted.asc", "openpgp-encrypted-message.asc", "msg.asc"];

/// The encrypted data among parts that are not in order; `None` where there isn't exactly one.
fn gather<'a>(parts: &[Part<'a>], repair: Repair) -> Option<Sealed<'a>> {
    let is_data = |part: &&Part<'_>| {
        matches!(part.content_type().essence(), "application/octet-stream" | VERSION)
            && part.decoded_start(BEGIN.len()).starts_with(BEGIN)
    };
    let mut found = parts.iter().filter(is_data);
    let (Some(data), None) = (found.next(), found.next()) else { return None };
    let is_all = parts.iter().all(|part| is_data(&part) || shows_nothing(part));
    Some(Sealed { data: data.decoded(), is_all, repair: Some(repair) })
}

/// The version part, or a text without text.
pub(super) fn shows_nothing(part: &Part<'_>) -> bool {
    match part.content_type().essence() {
        VERSION => true,
        "text/plain" => part.decoded_start(1).is_empty(),
        _ => false,
    }
}
