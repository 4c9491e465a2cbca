//! Test data of others, in `../shared/corpora` beside the project: read where it is there, never copied.

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// A folder of the corpora. Says so on stderr where it is missing, which is a failure in CI.
pub(crate) fn folder(test: &str, name: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora").join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{test}: no corpus {name}");
    // Past the capture of the test's output: what was skipped is to be seen.
    _ = writeln!(std::io::stderr(), "skipped: {test}: no corpus {name}");
    None
}

/// The name of a file in a table: its path within `folder`, as files of one name can lie in many places.
pub(crate) fn name(folder: &Path, path: &Path) -> String {
    path.strip_prefix(folder).unwrap().to_string_lossy().into_owned()
}

/// All files below `folder`, in order.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}
