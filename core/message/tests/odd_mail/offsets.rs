//! Where MimeKit finds the parts of the messages in an mbox, to the octet.

use std::collections::BTreeMap;
use std::fmt::Debug;

use postseal_message::mime::{Limits, Message, Part};
use serde::Deserialize;

use crate::{corpus, table};

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

/// Where a message differs from MimeKit's account of it.
type Outcome = Result<(), String>;

/// The accounts that we don't agree with, by their path in the set, and why. Every other one must match.
const EXCEPTIONS: [(&str, &str); 0] = [];

fn same<T: PartialEq + Debug>(what: &str, ours: T, theirs: T) -> Outcome {
    if ours == theirs { Ok(()) } else { Err(format!("{what}: {ours:?}, not {theirs:?}")) }
}

/// Compares a part of a message that begins at `start` in its mbox.
fn compare(part: Part<'_>, start: usize, expected: &Entity) -> Outcome {
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
    same("part", found, theirs)?;
    let inside: Vec<_> = match &expected.message {
        Some(message) => vec![&message.body],
        None => expected.children.iter().collect(),
    };
    let children: Vec<_> = part.children().collect();
    same("number of parts", children.len(), inside.len())?;
    children.into_iter().zip(inside).try_for_each(|(child, inside)| compare(child, start, inside))
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

/// Compares the messages of an mbox with MimeKit's account of them, which also says where each message stands: by the lines that
/// begin with `From `, or by what `Content-Length` says, as it was told to.
fn compare_mbox(mbox: &[u8], expected: &[InMbox]) -> Outcome {
    for expected in expected {
        let range = expected.begin_offset..expected.end_offset;
        let bytes = mbox.get(range.clone()).ok_or_else(|| format!("no octets at {range:?}"))?;
        let message = match Message::parse(bytes, &Limits::default()) {
            Ok(message) => message,
            // It is larger than we take, which is no fault.
            Err(error) => {
                table::note_rowless("odd-mail.json", "mimekit", &[format!("octets {range:?}: {error}")]);
                continue;
            }
        };
        if is_well_bounded(&message) {
            compare(message.root(), range.start, &expected.body)?;
            same("end of the header", expected.body.headers_end_offset, expected.headers_end_offset)?;
        }
    }
    Ok(())
}

/// The same text with the line breaks of Unix, or of DOS, whatever it had.
fn with_line_breaks(text: &[u8], end: &str) -> Vec<u8> {
    let lines: Vec<_> =
        text.split(|&b| b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line)).collect();
    lines.join(if end == "dos" { &b"\r\n"[..] } else { b"\n" })
}

#[test]
fn parts_stand_where_mimekit_finds_them() {
    let Some(folder) = corpus::folder("parts_stand_where_mimekit_finds_them", "mimekit") else { return };
    let mut exceptions = BTreeMap::from(EXCEPTIONS);
    let mut failures = Vec::new();
    let mut compared = 0;
    for path in corpus::files(&folder) {
        let name = path.file_name().unwrap().to_string_lossy();
        let Some(name) = name.strip_suffix(".mbox.txt") else { continue };
        let text = std::fs::read(&path).unwrap();
        for end in ["unix", "dos"] {
            let account = path.with_file_name(format!("{name}.{end}-offsets.json"));
            let Ok(json) = std::fs::read(&account) else { continue };
            let expected: Vec<InMbox> = serde_json::from_slice(&json).unwrap();
            let outcome = compare_mbox(&with_line_breaks(&text, end), &expected);
            let account = corpus::name(&folder, &account);
            if outcome.is_ok() == exceptions.remove(account.as_str()).is_some() {
                failures.push(format!("{account}: {outcome:?}"));
            }
            compared += expected.len();
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(exceptions.is_empty(), "exceptions without an account: {exceptions:?}");
    assert!(compared >= 8, "only {compared} messages compared");
}
