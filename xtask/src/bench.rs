//! `cargo xtask bench`: builds the benchmark once, in release, and runs it.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use crate::bindings;

/// Where the table is kept.
const PAGE: &str = "docs/performance.md";
/// What stands before the table of the core and that of the bindings, and behind each.
const BEGIN: &str = "<!-- written by cargo xtask bench --write -->\n";
const BEGIN_BINDINGS: &str = "<!-- written by cargo xtask bench bindings --write -->\n";
const END: &str = "<!-- end -->\n";

/// The benchmark's word for all jobs of the bindings.
const BINDINGS: &str = "bindings";

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
    let (write, passed): (Vec<&str>, Vec<&str>) = arguments.iter().partition(|word| **word == "--write");
    let of_bindings = passed.contains(&BINDINGS);
    if !write.is_empty() && !is_whole(&passed) {
        return Err(
            "--write puts a whole table into the page: it goes with `bindings` and --rounds alone".to_owned()
        );
    }
    let built = if of_bindings { bindings::build_packages(root) } else { bindings::build_release(root) }?;
    let mut command = built.command(built.program("postseal-bench"));
    let output = command.args(passed).stderr(Stdio::inherit()).output().map_err(|error| error.to_string())?;
    let table = String::from_utf8_lossy(&output.stdout);
    print!("{table}");
    if !output.status.success() {
        return Err("the benchmark failed".to_owned());
    }
    let begin = if of_bindings { BEGIN_BINDINGS } else { BEGIN };
    if write.is_empty() { Ok(()) } else { keep(&root.join(PAGE), begin, &table) }
}

/// Whether all jobs of the core, or all of the bindings, run in full size, and print the table for people.
fn is_whole(arguments: &[&str]) -> bool {
    match arguments {
        [] => true,
        [BINDINGS, rest @ ..] | [rest @ .., BINDINGS] => is_whole(rest),
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
        for rounds in [&[][..], &["--rounds", "9"], &["--rounds=9"]] {
            assert!(is_whole(rounds), "{rounds:?}");
            assert!(is_whole(&[&[BINDINGS], rounds].concat()), "{rounds:?}");
            assert!(is_whole(&[rounds, &[BINDINGS]].concat()), "{rounds:?}");
        }
        for part in
            [&["imap"][..], &["--json"], &["--smoke"], &["--rounds", "9", "imap"], &["imap", BINDINGS]]
        {
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
