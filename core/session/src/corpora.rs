//! Test data of others, in `../shared/corpora` beside the project: read where it is there, never copied.
#![allow(clippy::unwrap_used)]

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

/// The string behind `key` in a test case of the fake mail server, commented out (as its second step is) or not.
pub(crate) fn value(case: &str, key: &str) -> Option<String> {
    let line =
        case.lines().map(|line| line.trim().trim_start_matches("//")).find(|line| line.starts_with(key))?;
    let quoted = line.split_once(':')?.1.trim().strip_prefix('"')?;
    Some(quoted.split('"').next()?.replace("\\r\\n", "\r\n"))
}
