use std::io::Write;

/// Says that `test` can't run here and why, in one line that the test command counts; the test then returns.
///
/// # Panics
///
/// In CI (`CI=true`), where nothing may be skipped.
#[allow(clippy::panic, reason = "in CI a skipped test is a failed one")]
pub fn skip(test: &str, why: &str) {
    // Straight to the stream: what goes through `eprintln!` is captured and shown for failures only.
    let _ = writeln!(std::io::stderr(), "skipped: {test}: {why}");
    if std::env::var("CI").is_ok_and(|value| value == "true") {
        panic!("{test} was skipped in CI: {why}");
    }
}
