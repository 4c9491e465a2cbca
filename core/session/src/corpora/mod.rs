//! Test data of others, in `../shared/corpora` beside the project: read where it is there, never copied.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

mod curl;
mod mailkit;
mod server_end;

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// A folder of the corpora. Says so on stderr where it is missing, which is a failure in CI.
pub(crate) fn corpus(test: &str, name: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora").join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{test}: no corpus {name}");
    // Past the capture of the test's output: what was skipped is to be seen.
    _ = writeln!(std::io::stderr(), "skipped: {test}: no corpus {name}");
    None
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

/// A table of the project's own, `tests/vectors/NAME`.
pub(crate) fn table(name: &str) -> serde_json::Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors").join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
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

/// The string behind `key` in a test case of the fake mail server, commented out (as its second step is) or not.
pub(crate) fn value(case: &str, key: &str) -> Option<String> {
    let line =
        case.lines().map(|line| line.trim().trim_start_matches("//")).find(|line| line.starts_with(key))?;
    let quoted = line.split_once(':')?.1.trim().strip_prefix('"')?;
    Some(quoted.split('"').next()?.replace("\\r\\n", "\r\n"))
}
