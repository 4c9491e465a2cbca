//! Where MimeKit finds the parts of the messages in an mbox, to the octet.

use std::path::Path;

use postseal_message::mime::{Limits, Message, Part};
use serde::Deserialize;

use crate::{corpus, mbox};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct InMbox {
    begin_offset: usize,
    headers_end_offset: usize,
    end_offset: usize,
    body: Entity,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entity {
    mime_type: String,
    begin_offset: usize,
    headers_end_offset: usize,
    end_offset: usize,
    #[serde(default)]
    children: Vec<Entity>,
    message: Option<Box<InMbox>>,
}

/// Compares a part of a message that begins at `start` in its mbox.
fn compare(part: Part<'_>, start: usize, expected: &Entity, what: &str) {
    let range = part.range();
    let found = (
        part.content_type().essence(),
        start + range.start,
        start + range.end - part.raw_body().len(),
        start + range.end,
    );
    let theirs = (
        expected.mime_type.as_str(),
        expected.begin_offset,
        expected.headers_end_offset,
        expected.end_offset,
    );
    assert_eq!(found, theirs, "{what}");
    let inside: Vec<_> = match &expected.message {
        Some(message) => vec![&message.body],
        None => expected.children.iter().collect(),
    };
    let children: Vec<_> = part.children().collect();
    assert_eq!(children.len(), inside.len(), "{what}: {part:?}");
    children.into_iter().zip(inside).for_each(|(child, inside)| compare(child, start, inside, what));
}

/// Whether each multipart has a boundary of its own. Without that, where a part ends is anyone's guess (RFC 2046, section 5.1.2).
fn is_well_bounded(message: &Message) -> bool {
    let is_multipart = |part: &Part<'_>| {
        part.header("Content-Type")
            .is_some_and(|header| header.text().to_lowercase().starts_with("multipart/"))
    };
    let mut boundaries: Vec<_> = message
        .parts()
        .filter(is_multipart)
        .map(|part| part.content_type().parameter("boundary").unwrap_or_default())
        .collect();
    let count = boundaries.len();
    boundaries.sort_unstable();
    boundaries.dedup();
    boundaries.len() == count && !boundaries.contains(&"")
}

/// Compares the messages of an mbox, written with such line breaks, and gives how many there were.
fn compare_mbox(mbox: &[u8], account: &Path) -> usize {
    let expected: Vec<InMbox> = serde_json::from_slice(&std::fs::read(account).unwrap()).unwrap();
    let ranges = mbox::split(mbox);
    let what = account.file_name().unwrap().to_string_lossy();
    assert_eq!(ranges.len(), expected.len(), "{what}");
    for (range, expected) in ranges.into_iter().zip(&expected) {
        assert_eq!(range, expected.begin_offset..expected.end_offset, "{what}");
        let message = Message::parse(&mbox[range.clone()], &Limits::default()).unwrap();
        if is_well_bounded(&message) {
            compare(message.root(), range.start, &expected.body, &what);
            assert_eq!(expected.body.headers_end_offset, expected.headers_end_offset, "{what}");
        }
    }
    expected.len()
}

#[test]
fn parts_stand_where_mimekit_finds_them() {
    let Some(folder) = corpus::folder("parts_stand_where_mimekit_finds_them", "mimekit") else { return };
    let mut compared = 0;
    for path in corpus::files(&folder) {
        let name = path.file_name().unwrap().to_string_lossy();
        let Some(name) = name.strip_suffix(".mbox.txt") else { continue };
        let unix = String::from_utf8(std::fs::read(&path).unwrap()).unwrap().replace("\r\n", "\n");
        for (end, mbox) in [("unix", unix.clone()), ("dos", unix.replace('\n', "\r\n"))] {
            let account = path.with_file_name(format!("{name}.{end}-offsets.json"));
            if account.is_file() {
                compared += compare_mbox(mbox.as_bytes(), &account);
            }
        }
    }
    assert!(compared >= 8, "only {compared} messages compared");
}
