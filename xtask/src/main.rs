//! What a person would otherwise type: `cargo xtask test`, `cargo xtask check`, `cargo xtask bench`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool talks to its terminal")]

mod bench;
mod bindings;
mod check;
mod report;
mod setup;
mod test;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const HELP: &str = "\
What a person would otherwise type.

Usage: cargo xtask <COMMAND>

Commands:
  test   Install what is missing (Debian, as root), then run everything that must hold: formatting, clippy, rustdoc,
         the policy checks, all tests (unit, scripted, live against Dovecot and Postfix, interop with GnuPG), the
         packages for Python, Kotlin, Swift and JavaScript, and the quickstart; prints one summary. With CI=true nothing may be skipped.
  check  Only the policy checks: which crate may depend on which, licences, bans, sources, the list of error codes,
         no unfinished code.
  bindings  [LANGUAGE…] Build the library for Python, Kotlin, Swift and JavaScript, and build and test their packages; all of them where none is
         named.
  bench  [JOB…] [--rounds N] [--json] [--write] Build the benchmark in release and run it: the same work by ours and by
         others, side by side. --write keeps the table in docs/performance.md. The job `bindings` is what Python, Kotlin and
         Swift take beside Rust; their packages are built first.
  pack python  Build the wheel and the source distribution as they are published, in target/package/python, and use both as
         somebody who installs them does: ten minutes the first time.
  setup  Only install what is missing, or name it.

Options:
  -h, --help  Print this text
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let root = workspace_root();
    let green = match words.as_slice() {
        ["test"] => test::run(&root),
        ["check"] => check::run(&root),
        ["bench", arguments @ ..] => bench::run(&root, arguments),
        ["bindings", languages @ ..] => bindings::run(&root, languages),
        ["pack", "python"] => bindings::pack(&root),
        ["setup"] => setup::run(),
        ["-h" | "--help" | "help"] => {
            print!("{HELP}");
            true
        }
        _ => {
            eprint!("{HELP}");
            false
        }
    };
    if green { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The folder of the root Cargo.toml: the parent of this crate's own.
fn workspace_root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_owned()
}

/// The cargo that started us, run in `root`, so that one toolchain does everything.
fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    command
}

/// Whether this is CI, where nothing may be skipped.
fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true")
}
