//! Test data of others, in `../shared/corpora` beside the project: read where it is there, never copied.
//!
//! The servers here are ends of a connection of their own ([`peer`], [`server_end`]), and not scripts for the player in `tests/server`.
//! That player waits for the very words that a script gives the client. These cases were recorded with other clients, which choose
//! other commands, tags and mechanisms, and another order than ours; so a server here decides by the command what to answer.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

mod curl;
mod k9;
mod mailkit;
mod nostarttls;
mod peer;
mod server_end;
mod visit;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

/// A folder of the corpora. Says so on stderr where it is missing, which is a failure in CI.
pub(crate) fn corpus(test: &str, name: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora").join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{test}: no corpus {name}");
    notice(&format!("skipped: {test}: no corpus {name}"));
    None
}

/// Says something past the capture of a test's output: it is to be seen.
pub(crate) fn notice(line: &str) {
    _ = writeln!(std::io::stderr(), "{line}");
}

/// A table of our own, from `tests/vectors`.
pub(crate) fn table<T: DeserializeOwned>(name: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors").join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All files under `folder` whose names end in `end`, in order.
pub(crate) fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, end));
        } else if path.to_str().is_some_and(|name| name.ends_with(end)) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A transcript, with the line ends that the wire had: files have lost the CR of their lines, which the sizes of literals still count.
pub(crate) fn transcript(path: &Path) -> Vec<u8> {
    let text = std::fs::read(path).unwrap();
    let lines = text.split_inclusive(|&byte| byte == b'\n').map(|line| match line.strip_suffix(b"\n") {
        Some(line) => [line.strip_suffix(b"\r").unwrap_or(line), b"\r\n"].concat(),
        None => line.to_vec(),
    });
    lines.collect::<Vec<_>>().concat()
}
