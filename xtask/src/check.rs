//! The policy checks: what the compiler can't see. Each is a function from what it reads to the violations that it finds.

mod arrows;
mod bound;
mod codes;
mod deny;
mod features;
mod graph;
mod licence;
mod promises;
mod scenarios;
mod sources;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::cargo;
use crate::report::{Report, Row};
use graph::Graph;

/// What a check found: one line for each violation, nothing where all holds.
type Violations = Vec<String>;

/// Runs the checks alone and prints their summary.
pub(crate) fn run(root: &Path) -> bool {
    let mut summary = Report::default();
    report(root, &mut summary);
    println!("\n{summary}");
    summary.is_green(true)
}

/// Runs every check as one part of a larger report.
pub(crate) fn report(root: &Path, report: &mut Report) {
    println!("\n== policy");
    let started = Instant::now();
    let mut row = Row { part: "policy".to_owned(), ..Row::default() };
    for (name, outcome) in all(root) {
        let violations = outcome.unwrap_or_else(|why| vec![format!("the check can't run: {why}")]);
        println!("{name}: {}", if violations.is_empty() { "holds" } else { "violated" });
        if violations.is_empty() {
            row.passed += 1;
        } else {
            row.failed += 1;
        }
        for violation in violations {
            println!("  {violation}");
            report.note(format!("failed: policy: {name}: {violation}"));
        }
    }
    row.took = started.elapsed();
    report.add(row);
}

type Outcome = Result<Violations, String>;

fn all(root: &Path) -> Vec<(&'static str, Outcome)> {
    let graph = &metadata(root);
    let deny = &read(root, "deny.toml").and_then(|text| deny::Deny::parse(&text));
    let over = |check: fn(&Graph) -> Violations| graph.as_ref().map(check).map_err(Clone::clone);
    let under = |check: fn(&Graph, &deny::Deny) -> Violations| match (graph, deny) {
        (Ok(graph), Ok(deny)) => Ok(check(graph, deny)),
        (Err(why), _) | (_, Err(why)) => Err(why.clone()),
    };
    vec![
        ("arrows point down", over(arrows::workspace_edges)),
        ("core/message does no I/O", over(arrows::message_does_no_io)),
        ("nothing that sees credentials writes a log", over(arrows::nothing_that_sees_credentials_logs)),
        ("no host language under core/", over(arrows::no_host_language)),
        ("licences", under(licence::licences)),
        ("bans", under(deny::bans)),
        ("sources", over(deny::sources)),
        ("the quickstart is built from what the tests built", built_twice(root)),
        ("fuzz/Cargo.lock fits its manifest", fuzz_lock(root)),
        ("docs/errors.md has every code", error_codes(root)),
        ("every operation of the core has a binding", every_operation(root)),
        ("every language has every scenario", every_scenario(root)),
        ("SECURITY.md names tests that exist", security_promises(root)),
        ("no unfinished code", committed_rust(root).map(|files| sources::unfinished(&files))),
        ("no file over 800 lines", committed_rust(root).map(|files| sources::too_long(&files))),
    ]
}

fn built_twice(root: &Path) -> Outcome {
    let tree = |of: &[&str], kinds: &str| {
        let mut command = cargo(root);
        command.args([
            "tree",
            "--locked",
            "--prefix",
            "none",
            "--format",
            features::FORMAT,
            "--edges",
            kinds,
        ]);
        let tree = output(command.args(of))?;
        String::from_utf8(tree).map_err(|error| error.to_string())
    };
    let tests = tree(&["--workspace"], "normal,build,dev")?;
    Ok(features::built_twice(&tests, &tree(&["--package", "quickstart"], "normal,build")?))
}

/// The programs for cargo-fuzz are a workspace of their own, which no test builds.
fn fuzz_lock(root: &Path) -> Outcome {
    let manifest = ["metadata", "--format-version", "1", "--locked", "--manifest-path", "fuzz/Cargo.toml"];
    let read = output(cargo(root).args(manifest));
    Ok(read
        .err()
        .map(|_| "run cargo metadata --manifest-path fuzz/Cargo.toml".to_owned())
        .into_iter()
        .collect())
}

fn error_codes(root: &Path) -> Outcome {
    Ok(codes::documented(&read(root, "core/types/src/code.rs")?, &read(root, "docs/errors.md")?))
}

fn every_operation(root: &Path) -> Outcome {
    let core: Vec<_> = committed(root, "core/*/src/*.rs")?
        .into_iter()
        .filter(|(name, _)| !name.contains("/tests") && !name.ends_with("/dangerous.rs"))
        .collect();
    let binding = committed(root, "bindings/ffi/src/*.rs")?;
    bound::lacking(&core, &binding, &read(root, "bindings/ffi/unbound.toml")?)
}

fn every_scenario(root: &Path) -> Outcome {
    let names = scenarios::names(&read(root, "tests/vectors/scenarios.json")?)?;
    let mut violations = Vec::new();
    for language in &scenarios::LANGUAGES {
        let pattern = format!("{}/*{}", language.folder, language.extension);
        let texts: Vec<String> = committed(root, &pattern)?.into_iter().map(|(_, text)| text).collect();
        let without = match language.without {
            Some(path) => scenarios::without(&read(root, path)?, &names)?,
            None => Vec::new(),
        };
        let run: Vec<String> = names.iter().filter(|name| !without.contains(name)).cloned().collect();
        violations.extend(scenarios::lacking(language, &run, &texts));
    }
    Ok(violations)
}

fn security_promises(root: &Path) -> Outcome {
    Ok(promises::kept(&read(root, "SECURITY.md")?, &committed_rust(root)?))
}

/// `cargo metadata` of the whole workspace, for all platforms, from the lock file as it is.
fn metadata(root: &Path) -> Result<Graph, String> {
    Graph::parse(&output(cargo(root).args(["metadata", "--format-version", "1", "--locked"]))?)
}

/// Every Rust file that git knows, with its text.
fn committed_rust(root: &Path) -> Result<Vec<(String, String)>, String> {
    committed(root, "*.rs")
}

/// Every file that git knows by this pattern, with its text.
fn committed(root: &Path, pattern: &str) -> Result<Vec<(String, String)>, String> {
    let names = output(Command::new("git").current_dir(root).args(["ls-files", "-z", pattern]))?;
    let names = String::from_utf8(names).map_err(|error| error.to_string())?;
    let files = names.split_terminator('\0').filter(|name| root.join(name).exists());
    files.map(|name| Ok((name.to_owned(), read(root, name)?))).collect()
}

fn read(root: &Path, name: &str) -> Result<String, String> {
    std::fs::read_to_string(root.join(name)).map_err(|error| format!("{name}: {error}"))
}

fn output(command: &mut Command) -> Result<Vec<u8>, String> {
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| error.to_string())?;
    if output.status.success() { Ok(output.stdout) } else { Err(format!("{command:?} failed")) }
}
