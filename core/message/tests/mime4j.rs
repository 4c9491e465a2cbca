//! The messages of mime4j beside mime4j's own account of them: the tree, every header field, every body, what stands before the
//! first part and after the last, and the decoded content of every leaf, each octet for octet.
//!
//! `tests/vectors/mime4j.json` holds the messages of which we think otherwise, and why. A message without a row there must match.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "mime4j/account.rs"]
mod account;
#[path = "common/corpus.rs"]
mod corpus;
#[path = "common/table.rs"]
mod table;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use postseal_message::mime::{Limits, Message, Part, TransferEncoding};

use account::{Content, Entity};

/// Where a message differs from mime4j's account of it.
type Outcome = Result<(), String>;

/// Compares a part with mime4j's account of it. `files` is where the decoded bodies lie.
fn compare(part: Part<'_>, expected: &Entity, files: &Path) -> Outcome {
    compare_fields(part, expected)?;
    match &expected.content {
        Content::Raw(body) => same("body", part.raw_body(), body),
        Content::Decoded(name) => compare_decoded(part, &files.join(name)),
        Content::Message(inner) => compare_message(part, inner, files),
        Content::Multipart { preamble, parts, epilogue } => {
            let children: Vec<_> = part.children().collect();
            if !part.content_type().is_multipart() || children.len() != parts.len() {
                return Err(format!("{} parts in {part:?}, not {}", children.len(), parts.len()));
            }
            compare_around(part, &children, preamble.as_deref(), epilogue.as_deref())?;
            children.into_iter().zip(parts).try_for_each(|(child, part)| compare(child, part, files))
        }
    }
}

fn same(what: &str, ours: &[u8], theirs: &[u8]) -> Outcome {
    if ours == theirs {
        return Ok(());
    }
    let at = ours.iter().zip(theirs).take_while(|(a, b)| a == b).count();
    let rest = |bytes: &[u8]| bytes[at..bytes.len().min(at + 60)].escape_ascii().to_string();
    Err(format!("{what} at octet {at}: `{}`, not `{}`", rest(ours), rest(theirs)))
}

fn compare_fields(part: Part<'_>, expected: &Entity) -> Outcome {
    let fields: Vec<_> = part.headers().collect();
    if fields.len() != expected.fields.len() {
        return Err(format!("{} fields, not {}", fields.len(), expected.fields.len()));
    }
    fields.iter().zip(&expected.fields).try_for_each(|(ours, theirs)| {
        let (name, value) = theirs.split_once(':').unwrap();
        same("name", ours.name().as_bytes(), name.trim_end().as_bytes())?;
        same(name, String::from_utf8_lossy(ours.raw()).as_bytes(), value.as_bytes())
    })
}

/// A message that is encoded is data to us: what is in it is no part of the message around it, and is read on its own.
fn compare_message(part: Part<'_>, expected: &Entity, files: &Path) -> Outcome {
    match part.children().next() {
        Some(inner) => compare(inner, expected, files),
        None => compare(read(&part.decoded())?.root(), expected, files),
    }
}

fn compare_decoded(part: Part<'_>, file: &Path) -> Outcome {
    if part.children().next().is_some() {
        return Err(format!("{part:?} has parts"));
    }
    let (ours, theirs) = (part.decoded(), std::fs::read(file).unwrap());
    // mime4j drops the last octets of base64 whose padding is missing.
    let is_unpadded =
        part.transfer_encoding() == TransferEncoding::Base64 && !part.raw_body().contains(&b'=');
    let whole = if is_unpadded { ours.len() / 3 * 3 } else { ours.len() };
    same("decoded", &ours[..whole], &theirs)
}

/// What stands around the parts of a multipart is a preamble, delimiters, and an epilogue, and nothing else.
fn compare_around(
    part: Part<'_>,
    children: &[Part<'_>],
    preamble: Option<&[u8]>,
    epilogue: Option<&[u8]>,
) -> Outcome {
    let body = part.raw_body();
    let offset = part.range().end - body.len();
    let (before, after) = match (children.first(), children.last()) {
        (Some(first), Some(last)) => {
            (&body[..first.range().start - offset], &body[last.range().end - offset..])
        }
        _ => (body, &[][..]),
    };
    let delimiter = format!("--{}", part.content_type().parameter("boundary").unwrap_or_default());
    let (found, rest) = split_at_line(before, delimiter.as_bytes());
    same("preamble", found, preamble.unwrap_or_default())?;
    let rest = if children.is_empty() { rest } else { split_at_line(after, delimiter.as_bytes()).1 };
    // A lone line feed at the end of the message ends the last delimiter; mime4j takes it for an epilogue.
    let epilogue = epilogue.filter(|text| *text != b"\n" || !rest.is_empty());
    same("epilogue", rest, epilogue.unwrap_or_default())
}

/// What stands before the first line that begins with `start`, without its line break, and what stands behind that line.
fn split_at_line<'a>(bytes: &'a [u8], start: &[u8]) -> (&'a [u8], &'a [u8]) {
    let mut at = 0;
    for line in bytes.split_inclusive(|&b| b == b'\n') {
        if line.starts_with(start) {
            let before = &bytes[..at];
            let before = before.strip_suffix(b"\n").unwrap_or(before);
            return (before.strip_suffix(b"\r").unwrap_or(before), &bytes[at + line.len()..]);
        }
        at += line.len();
    }
    (bytes, &[])
}

const PAST_A_LIMIT: &str = "past a limit: ";

fn read(bytes: &[u8]) -> Result<Message, String> {
    Message::parse(bytes, &Limits::default()).map_err(|error| format!("{PAST_A_LIMIT}{error}"))
}

/// Whether a message is larger than we take, which a row has to expect but is no fault where nobody has looked at it.
fn is_past_a_limit(outcome: &Outcome) -> bool {
    outcome.as_ref().is_err_and(|difference| difference.starts_with(PAST_A_LIMIT))
}

/// Our own table: what is different in a message, and why.
#[derive(Debug, serde::Deserialize)]
struct Row {
    why: String,
    /// The outcome of the comparison with the account of the undecoded message, and of the decoded one where it is another.
    differs: String,
    decoded: Option<String>,
}

impl Row {
    fn expected(&self, account: &str) -> &str {
        let is_decoded = account.ends_with("_decoded.xml");
        self.decoded.as_deref().filter(|_| is_decoded).unwrap_or(&self.differs)
    }
}

/// Files of that extension.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let files = corpus::files(folder).into_iter();
    files.filter(|path| path.extension().is_some_and(|found| found == extension)).collect()
}

/// mime4j's account of a message, which lies beside it.
fn account(path: &Path, end: &str) -> PathBuf {
    path.with_file_name(format!("{}{end}", path.file_stem().unwrap().to_string_lossy()))
}

/// Compares a message with an account of it; `None` where there is none.
fn compare_file(path: &Path, account: &Path) -> Option<Outcome> {
    let account = std::fs::read(account).ok()?;
    let message = read(&std::fs::read(path).unwrap());
    Some(
        message.and_then(|message| compare(message.root(), &account::read(&account), path.parent().unwrap())),
    )
}

#[test]
fn every_message_is_what_mime4j_reads() {
    let Some(folder) = corpus::folder("every_message_is_what_mime4j_reads", "mime4j") else { return };
    let mut table: BTreeMap<String, Row> = table::read("mime4j.json");
    let (mut failures, mut rowless) = (Vec::new(), Vec::new());
    let mut compared = 0;
    for path in files(&folder, "msg") {
        let name = corpus::name(&folder, &path);
        let row = table.remove(&name);
        for account in [".xml", "_decoded.xml"].map(|end| account(&path, end)) {
            let Some(outcome) = compare_file(&path, &account) else { continue };
            let account = corpus::name(&folder, &account);
            let wanted = row.as_ref().map_or(Ok(()), |row| Err(row.expected(&account).to_owned()));
            if row.is_none() && is_past_a_limit(&outcome) {
                rowless.push(format!("{account}: {outcome:?}"));
            } else if outcome != wanted {
                failures.push(format!("{account}: {outcome:?}, not {wanted:?}"));
            }
            compared += 1;
        }
        assert!(row.is_none_or(|row| !row.why.is_empty()), "{name}: a row says why");
    }
    table::note_rowless("mime4j.json", "mime4j", &rowless);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(table.is_empty(), "rows without a message: {:?}", table.keys());
    assert!(compared >= 60, "only {compared} accounts");
}

/// mime4j writes the messages again, with their bodies encoded anew: what is in them stays the same.
#[test]
fn what_mime4j_writes_is_what_it_read() {
    let Some(folder) = corpus::folder("what_mime4j_writes_is_what_it_read", "mime4j") else { return };
    let (mut failures, mut rowless) = (Vec::new(), Vec::new());
    let mut compared = 0;
    for path in files(&folder, "out") {
        let Some(outcome) = compare_file(&path, &account(&path, "_decoded.xml")) else { continue };
        let difference = format!("{}: {outcome:?}", corpus::name(&folder, &path));
        if is_past_a_limit(&outcome) {
            rowless.push(difference);
        } else if outcome.is_err() {
            failures.push(difference);
        }
        compared += 1;
    }
    table::note_rowless("mime4j.json", "mime4j", &rowless);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(compared >= 30, "only {compared} messages");
}
