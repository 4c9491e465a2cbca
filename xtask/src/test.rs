//! `cargo xtask test`: everything that must hold, in the order in which a failure is cheapest to find.

mod suites;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::report::{Report, Row};
use crate::{bindings, cargo, check, in_ci, setup};

/// Runs every part, prints the summary, and says whether all of it is green.
pub(crate) fn run(root: &Path) -> bool {
    let mut report = Report::default();
    let started = Instant::now();
    // What is missing shows again as skipped tests, which CI does not allow; so it is no failure of its own.
    setup::run();
    report.add(Row { part: "setup".to_owned(), took: started.elapsed(), ..Row::default() });

    step(&mut report, "rustfmt", cargo(root).args(["fmt", "--all", "--", "--check"]));
    step(
        &mut report,
        "clippy",
        cargo(root).args(["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"]),
    );
    step(
        &mut report,
        "rustdoc",
        cargo(root)
            .args(["doc", "--workspace", "--no-deps", "--locked"])
            .env("RUSTDOCFLAGS", "--deny warnings"),
    );
    check::report(root, &mut report);
    tests(root, &mut report);
    bindings::report(root, &[], &mut report);
    step(&mut report, "quickstart", cargo(root).args(["run", "--locked", "--package", "quickstart"]));

    println!("\n{report}");
    report.is_green(in_ci())
}

/// Runs one command as one part.
fn step(report: &mut Report, part: &str, command: &mut Command) {
    println!("\n== {part}");
    let started = Instant::now();
    let held = match command.status() {
        Ok(status) => status.success(),
        Err(error) => {
            println!("{part} can't be started: {error}");
            false
        }
    };
    if !held {
        report.note(format!("failed: {part}"));
    }
    report.add(Row::step(part, held, started.elapsed()));
}

/// Runs all tests of all crates; one row for each suite that has any.
fn tests(root: &Path, report: &mut Report) {
    println!("\n== tests");
    let mut suites = suites::Suites::start(Instant::now());
    let finished = stream(
        cargo(root)
            .args(["test", "--workspace", "--locked", "--no-fail-fast"])
            .env("CARGO_TERM_COLOR", "never"),
        |line| {
            println!("{line}");
            suites.line(line, Instant::now());
        },
    );
    let (rows, notes) = suites.finish(finished.unwrap_or(false), Instant::now());
    rows.into_iter().for_each(|row| report.add(row));
    notes.into_iter().for_each(|note| report.note(note));
}

/// Runs `command` and hands over each line that it writes. Both streams share one pipe, so the lines come in the order in which
/// they were written: cargo names a suite on one stream and the suite reports on the other.
pub(crate) fn stream(command: &mut Command, mut each: impl FnMut(&str)) -> std::io::Result<bool> {
    let (reader, writer) = std::io::pipe()?;
    let mut child = command.stdout(writer.try_clone()?).stderr(writer).spawn()?;
    // The command keeps the writing ends open until it is told otherwise; with them open the pipe would never end.
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    for line in BufReader::new(reader).split(b'\n') {
        each(String::from_utf8_lossy(&line?).trim_end_matches('\r'));
    }
    Ok(child.wait()?.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_streams_arrive_in_the_order_in_which_they_were_written() {
        let mut lines = Vec::new();
        let script = "echo one; echo two >&2; echo three; exit 3";
        let ok = stream(Command::new("sh").args(["-c", script]), |line| lines.push(line.to_owned()));
        assert_eq!(lines, ["one", "two", "three"]);
        assert_eq!(ok.ok(), Some(false));
    }
}
