//! JavaScript: what the npm package needs, how it is built, how it is tested.

use std::process::Command;

use super::{Built, Counts, succeed};
use crate::test::stream;

/// Where the package is, in the repository.
const PACKAGE: &str = "wasm/js";

/// Installs what is missing, or names it.
pub(super) fn setup(built: &Built) -> Result<(), String> {
    let version =
        Command::new("node").arg("--version").output().map_err(|_| "no Node 20 or newer".to_owned())?;
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let major = version.trim().trim_start_matches('v').split('.').next().and_then(|major| major.parse().ok());
    if major.is_none_or(|major: u32| major < 20) {
        return Err(format!("no Node 20 or newer, but {}", version.trim()));
    }
    succeed(&mut script(built, "install-toolchain"))
        .map_err(|_| "no compiler for WebAssembly, and none can be installed here".to_owned())
}

/// Builds the package: the modules, and the JavaScript around them.
pub(super) fn build(built: &Built) -> Result<(), String> {
    succeed(&mut script(built, "build"))
}

/// Runs the tests of the package, in Node and in browsers.
pub(super) fn test(built: &Built) -> Result<Counts, String> {
    let mut counts = Counts::default();
    let mut command = built.command("node");
    command
        .args(["--test", "--test-reporter=tap", "tests/", "../../examples/web/tests/"])
        .current_dir(built.root.join(PACKAGE));
    let ended = stream(&mut command, |line| {
        println!("{line}");
        count(line, &mut counts);
    });
    let ended_well = ended.map_err(|error| format!("{command:?} can't be started: {error}"))?;
    if !ended_well && counts.failed == 0 {
        return Err(format!("the tests of {PACKAGE} ended badly"));
    }
    Ok(counts)
}

fn script(built: &Built, name: &str) -> Command {
    built.command(built.root.join("wasm/scripts").join(name))
}

/// Counts what a line of TAP tells: `ok 3 - name`, `not ok 4 - name`, `ok 5 - name # SKIP why`, and at the end of all `# pass 12`. Suites have lines
/// like those of tests, so the numbers are those at the end.
fn count(line: &str, counts: &mut Counts) {
    let number = |name: &str| line.strip_prefix(name).and_then(|number| number.trim().parse::<usize>().ok());
    if let Some(passed) = number("# pass ") {
        counts.passed += passed;
    } else if let Some(failed) = number("# fail ").or_else(|| number("# cancelled ")) {
        counts.failed += failed;
    } else if let Some(skipped) = number("# skipped ") {
        counts.skipped += skipped;
    } else if let Some((_, test)) = line.split_once("not ok ").filter(|(lead, _)| lead.trim().is_empty()) {
        let name = test.split_once(" - ").map_or(test, |(_, name)| name);
        counts.notes.push(format!("failed: javascript: {name}"));
    } else if let Some((test, why)) = line.split_once(" # SKIP") {
        let name = test.split_once(" - ").map_or(test, |(_, name)| name);
        counts.notes.push(format!("skipped: javascript: {name}:{why}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_node_prints_is_counted() {
        let output = r#"TAP version 13
# Subtest: postseal: good
ok 1 - postseal: good
  ---
  duration_ms: 12.5
  ...
# Subtest: firefox
    # Subtest: bad
    not ok 1 - bad
    ok 2 - away # SKIP no corpora
    1..2
not ok 2 - firefox
1..2
# tests 3
# suites 1
# pass 1
# fail 1
# cancelled 0
# skipped 1
# todo 0
"#;
        let mut counts = Counts::default();
        output.lines().for_each(|line| count(line, &mut counts));
        let notes = [
            "failed: javascript: bad",
            "skipped: javascript: away: no corpora",
            "failed: javascript: firefox",
        ];
        let expected = Counts { passed: 1, failed: 1, skipped: 1, notes: notes.map(str::to_owned).into() };
        assert_eq!(counts, expected);
    }
}
