//! Unobtrusive signatures (draft-gallagher-email-unobtrusive-signatures): a `multipart/mixed` with one part, whose header begins
//! with `Sig` fields. What follows these is signed.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::layer::Layer;
use crate::mime::Part;

/// The OpenPGP signatures of the only part of `part`; `None` where there are none.
pub(super) fn signed(part: Part<'_>) -> Option<Layer<'_>> {
    let mut children = part.children();
    let (Some(only), None) = (children.next(), children.next()) else { return None };
    let mut content = only.raw();
    let mut signatures = Vec::new();
    while let Some((value, rest)) = split_field(content) {
        content = rest;
        signatures.extend(signature(value).unwrap_or_default());
    }
    // A detached signature is a packet, and several are one after the other.
    (!signatures.is_empty()).then_some(Layer::Signed { content, signature: Cow::Owned(signatures) })
}

/// The value of the `Sig` field at the start of a header, and what follows the field.
fn split_field(header: &[u8]) -> Option<(&[u8], &[u8])> {
    let (name, rest) = header.split_at_checked(4)?;
    if !name.eq_ignore_ascii_case(b"Sig:") {
        return None;
    }
    let is_fold = |at: &usize| matches!(rest.get(at + 1), Some(b' ' | b'\t'));
    let end = memchr::memchr_iter(b'\n', rest).find(|at| !is_fold(at))?;
    rest.split_at_checked(end + 1)
}

/// The data of an OpenPGP signature: `t=p; b=…`.
fn signature(value: &[u8]) -> Option<Vec<u8>> {
    let value: Vec<u8> = value.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let parameters = value.split(|&byte| byte == b';');
    let find = |name: &[u8]| parameters.clone().find_map(|parameter| parameter.strip_prefix(name));
    let data = (find(b"t=")? == b"p").then(|| find(b"b="))??;
    STANDARD.decode(data).ok()
}
