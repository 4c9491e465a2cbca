//! `cargo xtask bench`: builds the benchmark once, in release, and runs it.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use crate::cargo;

/// Where the table is kept.
const PAGE: &str = "docs/performance.md";
/// What stands before and behind the table.
const MARKS: [&str; 2] = ["<!-- written by cargo xtask bench --write -->\n", "<!-- end -->\n"];

/// Runs the benchmark with `arguments`; with `--write` among them its table goes into docs/performance.md, too.
pub(crate) fn run(root: &Path, arguments: &[&str]) -> bool {
    match bench(root, arguments) {
        Ok(()) => true,
        Err(why) => {
            eprintln!("{why}");
            false
        }
    }
}

fn bench(root: &Path, arguments: &[&str]) -> Result<(), String> {
    let (write, passed): (Vec<&str>, Vec<&str>) = arguments.iter().partition(|word| **word == "--write");
    if !write.is_empty() && !is_whole(&passed) {
        return Err("--write puts all jobs into the page: it goes with --rounds alone".to_owned());
    }
    let mut command = cargo(root);
    command.args(["run", "--release", "--locked", "--package", "postseal-bench", "--"]).args(passed);
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| error.to_string())?;
    let table = String::from_utf8_lossy(&output.stdout);
    print!("{table}");
    if !output.status.success() {
        return Err("the benchmark failed".to_owned());
    }
    if write.is_empty() { Ok(()) } else { keep(&root.join(PAGE), &table) }
}

/// Whether all jobs run in full size, and print the table for people.
fn is_whole(arguments: &[&str]) -> bool {
    match arguments {
        [] => true,
        ["--rounds", _] => true,
        [rounds] => rounds.starts_with("--rounds="),
        _ => false,
    }
}

fn keep(page: &Path, table: &str) -> Result<(), String> {
    let told = |error: std::io::Error| format!("{}: {error}", page.display());
    let text = fs::read_to_string(page).map_err(told)?;
    let text =
        with_table(&text, table).ok_or_else(|| format!("{} has no place for the table", page.display()))?;
    fs::write(page, text).map_err(told)
}

/// The page with another table between the marks.
fn with_table(page: &str, table: &str) -> Option<String> {
    let [begin, end] = MARKS;
    let (before, rest) = page.split_once(begin)?;
    let (_, behind) = rest.split_once(end)?;
    Some(format!("{before}{begin}{table}{end}{behind}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_gets_all_jobs_in_full_size_or_nothing() {
        assert!(is_whole(&[]) && is_whole(&["--rounds", "9"]) && is_whole(&["--rounds=9"]));
        for part in [&["imap"][..], &["--json"], &["--smoke"], &["--rounds", "9", "imap"]] {
            assert!(!is_whole(part), "{part:?}");
        }
    }

    #[test]
    fn only_the_table_is_replaced() {
        let page = |table: &str| format!("# Page\n{}{table}{}\nThe rest.\n", MARKS[0], MARKS[1]);
        assert_eq!(with_table(&page("old\n"), "new\n"), Some(page("new\n")));
        assert_eq!(with_table("# Page\n", "new\n"), None);
    }
}
