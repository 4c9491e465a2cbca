//! `cargo xtask bench`: builds the benchmark once, in release, and runs it.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use crate::{bindings, cargo};

/// Where the table is kept.
const PAGE: &str = "docs/performance.md";
/// What stands before the table of the core and that of the bindings, and behind each.
const BEGIN: &str = "<!-- written by cargo xtask bench --write -->\n";
const BEGIN_BINDINGS: &str = "<!-- written by cargo xtask bench bindings --write -->\n";
const END: &str = "<!-- end -->\n";

/// The jobs of the bindings.
const BINDINGS: [&str; 5] = ["fetch-python", "fetch-swift", "send-python", "send-kotlin", "send-swift"];

/// Runs the benchmark with `arguments`; with `--write` among them its table goes into docs/performance.md, too. `bindings` stands for all
/// jobs of the bindings, whose packages are built first.
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
    let (write, mut passed): (Vec<&str>, Vec<&str>) = arguments.iter().partition(|word| **word == "--write");
    let of_bindings = passed.first() == Some(&"bindings");
    if of_bindings {
        passed.remove(0);
    }
    if !write.is_empty() && !is_whole(&passed) {
        return Err("--write puts all jobs into the page: it goes with --rounds alone".to_owned());
    }
    let mut command = if of_bindings {
        let mut command = bindings::build_bench(root)?.bench();
        command.args(BINDINGS);
        command
    } else {
        let mut command = cargo(root);
        command.args(["run", "--release", "--locked", "--package", "postseal-bench", "--"]);
        command
    };
    let output = command.args(passed).stderr(Stdio::inherit()).output().map_err(|error| error.to_string())?;
    let table = String::from_utf8_lossy(&output.stdout);
    print!("{table}");
    if !output.status.success() {
        return Err("the benchmark failed".to_owned());
    }
    let begin = if of_bindings { BEGIN_BINDINGS } else { BEGIN };
    if write.is_empty() { Ok(()) } else { keep(&root.join(PAGE), begin, &table) }
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

fn keep(page: &Path, begin: &str, table: &str) -> Result<(), String> {
    let told = |error: std::io::Error| format!("{}: {error}", page.display());
    let text = fs::read_to_string(page).map_err(told)?;
    let text = with_table(&text, begin, table)
        .ok_or_else(|| format!("{} has no place for the table", page.display()))?;
    fs::write(page, text).map_err(told)
}

/// The page with another table behind the mark.
fn with_table(page: &str, begin: &str, table: &str) -> Option<String> {
    let (before, rest) = page.split_once(begin)?;
    let (_, behind) = rest.split_once(END)?;
    Some(format!("{before}{begin}{table}{END}{behind}"))
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
        let page = |core: &str, bindings: &str| {
            format!("# Page\n{BEGIN}{core}{END}\nText.\n{BEGIN_BINDINGS}{bindings}{END}\nThe rest.\n")
        };
        let old = page("old\n", "old\n");
        assert_eq!(with_table(&old, BEGIN, "new\n"), Some(page("new\n", "old\n")));
        assert_eq!(with_table(&old, BEGIN_BINDINGS, "new\n"), Some(page("old\n", "new\n")));
        assert_eq!(with_table("# Page\n", BEGIN, "new\n"), None);
    }
}
