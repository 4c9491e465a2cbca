//! Kotlin: what its package needs, how it is built, how it is tested.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Built, Counts, succeed};

/// Where the package is, in the repository.
const PACKAGE: &str = "bindings/kotlin";

/// A program that takes the package's jar as anybody would.
const EXAMPLE: &str = "examples/kotlin";

/// Installs what is missing, or names it.
pub(super) fn setup(built: &Built) -> Result<(), String> {
    succeed(&mut built.command(built.root.join(PACKAGE).join("scripts/install-toolchain")))
        .map_err(|_| "no Maven with a JDK 17 or newer, and none can be installed here".to_owned())
}

/// Builds the jar and its tests, and puts the jar into a repository of its own, where the example finds it.
pub(super) fn build(built: &Built) -> Result<(), String> {
    let repository = built.root.join(PACKAGE).join("target/repository");
    if repository.exists() {
        fs::remove_dir_all(&repository).map_err(|error| format!("{}: {error}", repository.display()))?;
    }
    succeed(maven(built, PACKAGE).args(["deploy", "-DskipTests"]))
}

/// Compiles what the benchmark runs.
pub(super) fn build_bench(built: &Built) -> Result<(), String> {
    succeed(maven(built, PACKAGE).arg("test-compile"))
}

/// Runs the tests of the package, then builds and tests the example.
pub(super) fn test(built: &Built) -> Result<Counts, String> {
    let mut counts = Counts::default();
    for (project, goal) in [(PACKAGE, "surefire:test"), (EXAMPLE, "verify")] {
        let reports = built.root.join(project).join("target/surefire-reports");
        // What an earlier run left would be counted again.
        _ = fs::remove_dir_all(&reports);
        let ended_well = succeed(maven(built, project).arg(goal));
        let failed_before = counts.failed;
        for report in reports_in(&reports) {
            count(&report?, &mut counts);
        }
        if counts.failed == failed_before {
            ended_well?;
        }
    }
    Ok(counts)
}

/// Maven in one of the projects, without questions and without noise.
fn maven(built: &Built, project: &str) -> Command {
    let mut command = built.command("mvn");
    command.current_dir(built.root.join(project)).args(["--batch-mode", "--quiet"]);
    command
}

/// The text of each report that surefire wrote.
fn reports_in(folder: &Path) -> impl Iterator<Item = Result<String, String>> {
    let files = fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let mut reports: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|ext| ext == "xml")).collect();
    reports.sort();
    reports
        .into_iter()
        .map(|path| fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display())))
}

/// Counts the test cases of one report. A case that is neither failed nor skipped has passed.
fn count(report: &str, counts: &mut Counts) {
    for case in report.split("<testcase").skip(1) {
        let case = case.split_once("</testcase>").map_or(case, |(case, _)| case);
        let name = || {
            let class = attribute(case, "classname").rsplit('.').next().unwrap_or_default();
            format!("kotlin: {class}.{}", attribute(case, "name"))
        };
        if case.contains("<failure") || case.contains("<error") {
            counts.failed += 1;
            counts.notes.push(format!("failed: {}", name()));
        } else if let Some((_, skipped)) = case.split_once("<skipped") {
            counts.skipped += 1;
            counts.notes.push(format!("skipped: {}: {}", name(), attribute(skipped, "message")));
        } else {
            counts.passed += 1;
        }
    }
}

/// The value of an attribute that stands in `element`; empty where there is none.
fn attribute<'a>(element: &'a str, name: &str) -> &'a str {
    let quoted = element.split(&format!(" {name}=\"")).nth(1);
    quoted.and_then(|rest| rest.split('"').next()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_surefire_writes_is_counted() {
        let report = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="org.postseal.LiveTest" time="0.1" tests="4" errors="1" skipped="1" failures="1">
  <testcase name="good" classname="org.postseal.LiveTest" time="0.01"/>
  <testcase name="away" classname="org.postseal.LiveTest" time="0.0">
    <skipped message="no Dovecot" type="org.opentest4j.TestAbortedException"/>
  </testcase>
  <testcase name="bad" classname="org.postseal.LiveTest" time="0.02">
    <failure message="expected: &lt;1&gt;" type="AssertionError"><![CDATA[trace]]></failure>
  </testcase>
  <testcase name="broken()" classname="org.postseal.LiveTest" time="0.02">
    <error type="IllegalStateException"/>
    <system-out><![CDATA[hello]]></system-out>
  </testcase>
</testsuite>
"#;
        let mut counts = Counts::default();
        count(report, &mut counts);
        let notes = [
            "skipped: kotlin: LiveTest.away: no Dovecot",
            "failed: kotlin: LiveTest.bad",
            "failed: kotlin: LiveTest.broken()",
        ];
        let expected = Counts { passed: 1, failed: 2, skipped: 1, notes: notes.map(str::to_owned).into() };
        assert_eq!(counts, expected);
    }
}
