//! Swift: what its package needs, how it is built, how it is tested.

use std::process::Command;

use super::{Built, Counts, succeed};
use crate::test::stream;

/// The folders with Swift packages: the library, and a program that uses it as anybody would.
const PACKAGES: [&str; 2] = ["bindings/swift", "examples/swift/mailreader"];

/// Installs what is missing, or names it.
pub(super) fn setup(built: &Built) -> Result<(), String> {
    succeed(&mut script(built, "install-toolchain"))
        .map_err(|_| "no Swift 6.0 or newer, and none can be installed here".to_owned())
}

/// Puts what UniFFI generates, and the library itself, into the package; SwiftPM builds it with the tests.
pub(super) fn build(built: &Built) -> Result<(), String> {
    succeed(script(built, "generate").arg(built.library()).arg(built.bindgen()))
}

/// Builds what the benchmark runs. The tests are built from another library, which `cargo xtask bindings swift` puts back.
pub(super) fn build_bench(built: &Built) -> Result<(), String> {
    build(built)?;
    let package = built.root.join("bindings/swift");
    let arguments = ["build", "--configuration", "release", "--product", "contestant"];
    succeed(script(built, "swift").args(arguments).current_dir(package))
}

/// Runs the tests of the packages.
pub(super) fn test(built: &Built) -> Result<Counts, String> {
    let mut counts = Counts::default();
    for package in PACKAGES {
        let before = counts.passed;
        let mut command = script(built, "swift");
        command.args(["test", "--no-parallel"]).current_dir(built.root.join(package));
        let ended = stream(&mut command, |line| {
            println!("{line}");
            count(line, &mut counts);
        });
        let ended_well = ended.map_err(|error| format!("{command:?} can't be started: {error}"))?;
        if (!ended_well && counts.failed == 0) || counts.passed == before {
            return Err(format!("{package} does not build, its tests crashed, or there are none"));
        }
    }
    Ok(counts)
}

/// One of the package's own scripts.
fn script(built: &Built, name: &str) -> Command {
    built.command(built.root.join("bindings/swift/scripts").join(name))
}

/// Counts what a line of Swift Testing tells: `✔ Test name() passed after 0.1 seconds.` The mark at its beginning differs between versions and
/// terminals, and a test with arguments has their labels in its name.
fn count(line: &str, counts: &mut Counts) {
    let Some((name, told)) = line.split_once(" Test ").and_then(|(_, test)| test.split_once(") ")) else {
        return;
    };
    if told.starts_with("passed after ") {
        counts.passed += 1;
    } else if told.starts_with("failed after ") {
        counts.failed += 1;
        counts.notes.push(format!("failed: swift: {name})"));
    } else if let Some(why) = told.strip_prefix("skipped") {
        counts.skipped += 1;
        counts.notes.push(format!("skipped: swift: {name}){why}"));
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// There is no Mac here to run it; that it would build each slice, and put all of them together, can be seen without one.
    #[test]
    #[cfg(unix)]
    fn the_xcframework_is_made_of_devices_both_simulators_and_both_macs() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bindings/swift/scripts");
        let output = Command::new(folder.join("xcframework")).arg("--dry-run").output();
        let output = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        let commands = output.unwrap_or_default();
        let libraries = |targets: &[&str]| -> Vec<_> {
            targets.iter().map(|target| format!("target/{target}/dist/libpostseal_ffi.a")).collect()
        };
        let slices = [
            ("ios", vec!["aarch64-apple-ios"]),
            ("ios-simulator", vec!["aarch64-apple-ios-sim", "x86_64-apple-ios"]),
            ("macos", vec!["aarch64-apple-darwin", "x86_64-apple-darwin"]),
        ];
        let mut framework = "xcodebuild -create-xcframework".to_owned();
        for (name, targets) in slices {
            let slice = format!("target/swift/{name}/libpostseal_ffi.a");
            for target in &targets {
                let build = format!(
                    "cargo build --locked --package postseal-ffi --lib --profile dist --target {target}"
                );
                assert!(commands.lines().any(|line| line == build), "{target}: {commands}");
            }
            let join = format!("lipo -create {} -output {slice}", libraries(&targets).join(" "));
            assert!(commands.lines().any(|line| line == join), "{name}: {commands}");
            framework += &format!(" -library {slice} -headers target/swift/headers");
        }
        framework += " -output bindings/swift/CPostseal.xcframework";
        assert_eq!(commands.lines().last(), Some(framework.as_str()));
    }

    #[test]
    fn what_swift_testing_prints_is_counted() {
        let mut counts = Counts::default();
        let output = r#"
Test Suite 'All tests' passed at 2026-11-26 01:30:28.900
◇ Test run started.
◇ Suite Things started.
◇ Test good() started.
✔ Test good() passed after 0.001 seconds.
✘ Test live() skipped: "no Dovecot"
✘ Test bad() recorded an issue at t.swift:6:33: Expectation failed: 1 == 2
✘ Test bad() failed after 0.001 seconds with 1 issue.
◇ Passing 1 argument a → 1 to many(_:)
✔ Test many(_:) passed after 0.001 seconds.
✘ Suite Things failed after 0.003 seconds with 1 issue.
✘ Test run with 5 tests failed after 0.009 seconds with 1 issue.
"#;
        output.lines().for_each(|line| count(line, &mut counts));
        let notes = ["skipped: swift: live(): \"no Dovecot\"", "failed: swift: bad()"];
        let expected = Counts { passed: 2, failed: 1, skipped: 1, notes: notes.map(str::to_owned).into() };
        assert_eq!(counts, expected);
    }
}
