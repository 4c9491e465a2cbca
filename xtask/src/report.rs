//! The one summary: a row for each part, and a closing line of totals.

use std::fmt;
use std::time::Duration;

/// What one part came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) part: String,
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) skipped: usize,
    pub(crate) took: Duration,
}

impl Row {
    /// A part that is one step: it held or it did not.
    pub(crate) fn step(part: &str, held: bool, took: Duration) -> Self {
        Self { part: part.to_owned(), passed: held.into(), failed: (!held).into(), skipped: 0, took }
    }
}

/// All parts, in the order in which they ran.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
    notes: Vec<String>,
}

impl Report {
    pub(crate) fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// A line to show once more under the table: what failed, or why something was skipped.
    pub(crate) fn note(&mut self, text: String) {
        self.notes.push(text);
    }

    /// Nothing failed and, where `all_must_run`, nothing was skipped; no part at all is not green.
    pub(crate) fn is_green(&self, all_must_run: bool) -> bool {
        let total = self.total();
        total.passed > 0 && total.failed == 0 && !(all_must_run && total.skipped > 0)
    }

    fn total(&self) -> Row {
        self.rows.iter().fold(Row::default(), |sum, row| Row {
            part: "total".to_owned(),
            passed: sum.passed + row.passed,
            failed: sum.failed + row.failed,
            skipped: sum.skipped + row.skipped,
            took: sum.took + row.took,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.total();
        let width = self.rows.iter().map(|row| row.part.chars().count()).max().unwrap_or(0).max(5);
        writeln!(f, "{:width$}  passed  failed  skipped  seconds", "part")?;
        for row in self.rows.iter().chain([&total]) {
            let Row { part, passed, failed, skipped, took } = row;
            let seconds = took.as_secs_f64();
            writeln!(f, "{part:width$}  {passed:>6}  {failed:>6}  {skipped:>7}  {seconds:>7.1}")?;
        }
        for note in &self.notes {
            writeln!(f, "{note}")?;
        }
        writeln!(f, "{} passed, {} failed, {} skipped", total.passed, total.failed, total.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(rows: &[(usize, usize, usize)]) -> Report {
        let mut report = Report::default();
        for &(passed, failed, skipped) in rows {
            report.add(Row { part: "p".to_owned(), passed, failed, skipped, took: Duration::from_secs(1) });
        }
        report
    }

    #[test]
    fn the_closing_line_stands_alone() {
        let mut report = report(&[(3, 0, 1), (2, 1, 0)]);
        report.note("skipped: a: no gpg".to_owned());
        assert_eq!(
            report.to_string(),
            "part   passed  failed  skipped  seconds\n\
             p           3       0        1      1.0\n\
             p           2       1        0      1.0\n\
             total       5       1        1      2.0\n\
             skipped: a: no gpg\n\
             5 passed, 1 failed, 1 skipped\n"
        );
    }

    #[test]
    fn a_failure_is_never_green_and_a_skip_only_where_skipping_is_allowed() {
        assert!(report(&[(1, 0, 0)]).is_green(true));
        assert!(report(&[(1, 0, 1)]).is_green(false));
        assert!(!report(&[(1, 0, 1)]).is_green(true));
        assert!(!report(&[(1, 1, 0)]).is_green(false));
        assert!(!report(&[]).is_green(false));
    }
}
