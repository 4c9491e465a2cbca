//! Reads what `cargo test` prints: which suite runs, what it came to, what skipped itself and why.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::report::Row;

/// How a test says that it can't run here; the test's name and the reason follow.
const SKIPPED: &str = "skipped: ";

/// The suites so far, and the one that is running.
pub(crate) struct Suites {
    since: Instant,
    /// Whose unit tests ran last: cargo runs them before the package's other tests, of which it names the file alone.
    package: String,
    current: Option<Current>,
    rows: Vec<Row>,
    notes: Vec<String>,
}

struct Current {
    part: String,
    since: Instant,
    skipped: BTreeSet<String>,
    failing: Vec<String>,
}

impl Suites {
    pub(crate) fn start(now: Instant) -> Self {
        Self { since: now, package: String::new(), current: None, rows: Vec::new(), notes: Vec::new() }
    }

    /// Takes the next line of output.
    pub(crate) fn line(&mut self, line: &str, now: Instant) {
        if let Some(suite) = Suite::parse(line) {
            let part = suite.part(&mut self.package);
            self.begin(part, now);
        } else if let Some(counts) = counts(line) {
            self.end(counts, now);
        } else if let Some(current) = &mut self.current {
            // With one test thread the test's name stands on the same line, before its own output.
            if let Some((_, skip)) =
                line.split_once(SKIPPED).filter(|(lead, _)| lead.is_empty() || lead.starts_with("test "))
            {
                current.skipped.insert(skip.to_owned());
            } else if let Some(name) =
                line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED"))
            {
                current.failing.push(name.to_owned());
            }
        }
    }

    /// The rows, and a note for each failure and skip; `green` is whether cargo itself ended well.
    pub(crate) fn finish(mut self, green: bool, now: Instant) -> (Vec<Row>, Vec<String>) {
        self.abort_current(now);
        if !green && self.rows.iter().all(|row| row.failed == 0) {
            self.notes.push("failed: cargo test".to_owned());
            self.rows.push(Row::step("cargo test", false, Duration::ZERO));
        }
        (self.rows, self.notes)
    }

    fn begin(&mut self, part: String, now: Instant) {
        self.abort_current(now);
        if self.rows.is_empty() {
            self.rows.push(Row::step("build of all tests", true, now - self.since));
        }
        self.current = Some(Current { part, since: now, skipped: BTreeSet::new(), failing: Vec::new() });
    }

    /// A suite with a result. Suites without tests get no row. A test may skip itself more than once for one reason, and counts once.
    fn end(&mut self, [passed, failed, ignored]: [usize; 3], now: Instant) {
        let Some(Current { part, since, skipped, failing }) = self.current.take() else { return };
        if passed + failed + ignored == 0 {
            return;
        }
        let by_itself = skipped.iter().map(|skip| test_name(skip)).collect::<BTreeSet<_>>().len();
        self.notes.extend(failing.iter().map(|name| format!("failed: {part}: {name}")));
        self.notes.extend(skipped.iter().map(|skip| format!("{SKIPPED}{part}: {skip}")));
        self.rows.push(Row {
            part,
            passed: passed.saturating_sub(by_itself),
            failed,
            skipped: ignored + by_itself,
            took: now - since,
        });
    }

    /// A suite that ended without a result has crashed.
    fn abort_current(&mut self, now: Instant) {
        if let Some(Current { part, since, .. }) = self.current.take() {
            self.notes.push(format!("failed: {part}: it ended without a result"));
            self.rows.push(Row::step(&part, false, now - since));
        }
    }
}

/// The test that a skip is about: `name: reason`.
fn test_name(skip: &str) -> &str {
    skip.split_once(':').map_or(skip, |(name, _)| name)
}

/// A suite, as cargo names it before it runs.
enum Suite<'a> {
    /// `Running unittests src/lib.rs (target/debug/deps/postseal_types-0123456789abcdef)`
    Unit(&'a str),
    /// `Running tests/imap.rs (target/debug/deps/imap-0123456789abcdef)`
    Integration(&'a str),
    /// `Doc-tests postseal_types`
    Doc(&'a str),
}

impl<'a> Suite<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let line = line.trim_start();
        if let Some(package) = line.strip_prefix("Doc-tests ") {
            return Some(Self::Doc(package));
        }
        let (source, file) = line.strip_prefix("Running ")?.strip_suffix(')')?.rsplit_once(" (")?;
        let (name, _) = file.rsplit('/').next()?.rsplit_once('-')?;
        Some(if source.starts_with("unittests ") { Self::Unit(name) } else { Self::Integration(name) })
    }

    /// Its row in the summary.
    fn part(&self, package: &mut String) -> String {
        match self {
            Self::Unit(name) => {
                (*name).clone_into(package);
                format!("{name} (unit)")
            }
            Self::Integration(name) => format!("{package}: {name}"),
            Self::Doc(name) => format!("{name} (doc)"),
        }
    }
}

/// The numbers of `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
fn counts(line: &str) -> Option<[usize; 3]> {
    let (_, numbers) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let mut numbers = numbers.split("; ").zip(["passed", "failed", "ignored"]).map(|(number, word)| {
        number.strip_suffix(word).and_then(|number| number.trim().parse::<usize>().ok())
    });
    Some([numbers.next()??, numbers.next()??, numbers.next()??])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A part, and what passed, failed and skipped.
    type Counts = (String, usize, usize, usize);

    fn read(output: &str, green: bool) -> (Vec<Counts>, Vec<String>) {
        let now = Instant::now();
        let mut suites = Suites::start(now);
        output.lines().for_each(|line| suites.line(line, now));
        let (rows, notes) = suites.finish(green, now);
        (rows.into_iter().map(|row| (row.part, row.passed, row.failed, row.skipped)).collect(), notes)
    }

    fn row(part: &str, passed: usize, failed: usize, skipped: usize) -> Counts {
        (part.to_owned(), passed, failed, skipped)
    }

    #[test]
    fn suites_skips_and_failures_are_counted() {
        let (rows, notes) = read(
            "   Compiling postseal-types v0.1.0
     Running unittests src/lib.rs (target/debug/deps/postseal_types-0123456789abcdef)
test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
     Running tests/gnupg.rs (/t/debug/deps/gnupg-0123456789abcdef)
skipped: reads_rsa: no gpg
skipped: reads_rsa: no gpg
test reads_rsa ... ok
test reads_ed25519 ... skipped: reads_ed25519: no gpg
ok
test writes ... FAILED
test result: FAILED. 5 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.10s
   Doc-tests postseal_types
test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
",
            false,
        );
        assert_eq!(
            rows,
            [
                row("build of all tests", 1, 0, 0),
                row("postseal_types: gnupg", 3, 1, 3),
                row("postseal_types (doc)", 1, 0, 0)
            ]
        );
        assert_eq!(
            notes,
            [
                "failed: postseal_types: gnupg: writes",
                "skipped: postseal_types: gnupg: reads_ed25519: no gpg",
                "skipped: postseal_types: gnupg: reads_rsa: no gpg"
            ]
        );
    }

    #[test]
    fn a_suite_that_crashed_has_failed() {
        let (rows, notes) =
            read("Running unittests src/lib.rs (t/a-00)\nRunning tests/b.rs (t/b-00)\n", false);
        assert_eq!(
            rows,
            [row("build of all tests", 1, 0, 0), row("a (unit)", 0, 1, 0), row("a: b", 0, 1, 0)]
        );
        assert_eq!(
            notes,
            ["failed: a (unit): it ended without a result", "failed: a: b: it ended without a result"]
        );
    }

    #[test]
    fn a_build_that_failed_has_failed() {
        let (rows, notes) = read("error[E0308]: mismatched types\n", false);
        assert_eq!(rows, [row("cargo test", 0, 1, 0)]);
        assert_eq!(notes, ["failed: cargo test"]);
    }
}
