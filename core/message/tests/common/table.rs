//! Tables of our own, in `tests/vectors`: what is expected of the cases in the corpora.

use std::io::Write as _;
use std::path::Path;

use serde::de::DeserializeOwned;

/// Reads a table.
pub(crate) fn read<T: DeserializeOwned>(name: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Says on stderr which cases of a set have no row in a table: nobody has said yet what is expected of them.
pub(crate) fn note_rowless(table: &str, set: &str, cases: &[String]) {
    if !cases.is_empty() {
        let (count, cases) = (cases.len(), cases.join("; "));
        // Past the capture of the test's output, which a test that passes doesn't show.
        _ = writeln!(std::io::stderr(), "no row in tests/vectors/{table}: {set}: {count} ({cases})");
    }
}
