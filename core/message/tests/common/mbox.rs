//! The files of the corpora as messages: most hold one, those in the format of an mbox hold many.

use std::path::Path;

use crate::corpus;

/// The messages in a file of the folder, each with its name there.
pub(crate) fn messages(folder: &Path, path: &Path) -> Vec<(String, Vec<u8>)> {
    let bytes = std::fs::read(path).unwrap();
    let name = corpus::name(folder, path);
    if !name.ends_with(".mbox.txt") && !name.ends_with(".mbox") {
        return vec![(name, bytes)];
    }
    let messages = split(&bytes).into_iter().enumerate();
    messages.map(|(n, range)| (format!("{name}#{}", n + 1), bytes[range].to_vec())).collect()
}

/// Where the messages of an mbox stand: behind a line that begins with `From `, up to the next of them, without the empty line
/// that mostly stands before it (RFC 4155, appendix A).
fn split(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut messages: Vec<std::ops::Range<usize>> = Vec::new();
    let mut at = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let mut end = at;
    for line in bytes[at..].split_inclusive(|&b| b == b'\n') {
        let next = at + line.len();
        if line.starts_with(b"From ") {
            if let Some(last) = messages.last_mut() {
                last.end = end;
            }
            messages.push(next..bytes.len());
        }
        end = if line.trim_ascii().is_empty() { at } else { next };
        at = next;
    }
    messages
}
