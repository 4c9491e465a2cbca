//! The bindings: how the library is built for them, and how each language's package is set up, built and tested.

mod javascript;
mod kotlin;
mod python;
mod swift;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::cargo;
use crate::report::{Report, Row};

/// What one language needs to know of the build of all.
pub(crate) struct Built {
    /// The repository.
    pub(crate) root: PathBuf,
    /// Where cargo put the library, the generator and the servers.
    pub(crate) folder: PathBuf,
}

/// What the library is built for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Profile {
    /// To be tested.
    Dev,
    /// To be measured.
    Release,
}

impl Built {
    /// The library, as the platform names it.
    pub(crate) fn library(&self) -> PathBuf {
        let (prefix, suffix) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
        self.folder.join(format!("{prefix}postseal_ffi{suffix}"))
    }

    /// The program that writes the bindings.
    pub(crate) fn bindgen(&self) -> PathBuf {
        self.program("postseal-bindgen")
    }

    /// A program of the workspace.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    /// A command in the repository that finds the servers which tests talk to.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(&self.root)
            .env("POSTSEAL_LIBRARY", self.library())
            .env("POSTSEAL_BINDGEN", self.bindgen())
            .env("POSTSEAL_TEST_SERVER", self.program("postseal-test-server"))
            .env("POSTSEAL_LIVE_SERVER", self.program("postseal-live-server"));
        command
    }
}

/// What the tests of a language came to: its name in the summary, and how many passed, failed and were skipped.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) skipped: usize,
    /// Why something was skipped or what failed, one line each.
    pub(crate) notes: Vec<String>,
}

/// A step of a language's, which fails with words for people.
type Step = fn(&Built) -> Result<(), String>;

/// One language: its tools, its package, its tests.
struct Language {
    name: &'static str,
    /// Installs what is missing, or names it as the error.
    setup: Step,
    /// Builds the package.
    build: Step,
    /// Builds what the benchmark runs of it, where there is something.
    build_bench: Option<Step>,
    /// Runs its tests.
    test: fn(&Built) -> Result<Counts, String>,
}

const LANGUAGES: [Language; 4] = [
    Language {
        name: "python",
        setup: python::setup,
        build: python::build,
        build_bench: Some(python::build),
        test: python::test,
    },
    Language {
        name: "kotlin",
        setup: kotlin::setup,
        build: kotlin::build,
        build_bench: Some(kotlin::build_bench),
        test: kotlin::test,
    },
    Language {
        name: "swift",
        setup: swift::setup,
        build: swift::build,
        build_bench: Some(swift::build_bench),
        test: swift::test,
    },
    Language {
        name: "javascript",
        setup: javascript::setup,
        build: javascript::build,
        build_bench: None,
        test: javascript::test,
    },
];

/// Runs the languages named, or all of them, and prints a summary.
pub(crate) fn run(root: &Path, names: &[&str]) -> bool {
    let unknown = names.iter().find(|name| LANGUAGES.iter().all(|language| language.name != **name));
    if let Some(unknown) = unknown {
        eprintln!("there are no bindings for {unknown}");
        return false;
    }
    let mut summary = Report::default();
    report(root, names, &mut summary);
    println!("\n{summary}");
    summary.is_green(crate::in_ci())
}

/// Builds the workspace in release, to measure it.
pub(crate) fn build_release(root: &Path) -> Result<Built, String> {
    build(root, Profile::Release)
}

/// The same, and the packages of the languages that the benchmark runs.
pub(crate) fn build_packages(root: &Path) -> Result<Built, String> {
    let built = build_release(root)?;
    for language in &LANGUAGES {
        if let Some(build) = language.build_bench {
            (language.setup)(&built)
                .and_then(|()| build(&built))
                .map_err(|why| format!("{}: {why}", language.name))?;
        }
    }
    Ok(built)
}

/// Makes what is published of the Python package, and uses it.
pub(crate) fn pack(root: &Path) -> bool {
    let built = Built { root: root.to_owned(), folder: target(root).join("package/python") };
    python::setup(&built).and_then(|()| python::pack(&built)).inspect_err(|why| eprintln!("{why}")).is_ok()
}

/// Runs the languages named, or all of them, each as one row of a larger report.
pub(crate) fn report(root: &Path, names: &[&str], report: &mut Report) {
    println!("\n== bindings");
    let started = Instant::now();
    let built = build(root, Profile::Dev);
    report.add(Row::step("build of the bindings' library", built.is_ok(), started.elapsed()));
    let built = match built {
        Ok(built) => built,
        Err(why) => return report.note(format!("failed: bindings: {why}")),
    };
    for language in LANGUAGES.iter().filter(|language| names.is_empty() || names.contains(&language.name)) {
        println!("\n== {}", language.name);
        language.report(&built, report);
    }
}

impl Language {
    /// Where its tools can't be had, its tests count as one that was skipped.
    fn report(&self, built: &Built, report: &mut Report) {
        let started = Instant::now();
        let counts = match (self.setup)(built) {
            Err(why) => Counts {
                skipped: 1,
                notes: vec![format!("skipped: {}: {why}", self.name)],
                ..Counts::default()
            },
            Ok(()) => self.counts(built).unwrap_or_else(|why| Counts {
                failed: 1,
                notes: vec![format!("failed: {}: {why}", self.name)],
                ..Counts::default()
            }),
        };
        let Counts { passed, failed, skipped, notes } = counts;
        report.add(Row { part: self.name.to_owned(), passed, failed, skipped, took: started.elapsed() });
        notes.into_iter().for_each(|note| report.note(note));
    }
}

impl Language {
    /// Builds the package and runs its tests, of which there are some.
    fn counts(&self, built: &Built) -> Result<Counts, String> {
        (self.build)(built)?;
        let counts = (self.test)(built)?;
        if counts.passed + counts.failed == 0 { Err("no test was run".to_owned()) } else { Ok(counts) }
    }
}

/// Builds the library, the generator and the servers, all from what the tests were built from: with one package named alone, cargo
/// would choose other features and build Sequoia once more.
fn build(root: &Path, profile: Profile) -> Result<Built, String> {
    let (name, folder) = match profile {
        Profile::Dev => ("dev", "debug"),
        Profile::Release => ("release", "release"),
    };
    let arguments = ["build", "--workspace", "--lib", "--bins", "--locked", "--profile", name];
    succeed(cargo(root).args(arguments))?;
    Ok(Built { root: root.to_owned(), folder: target(root).join(folder) })
}

/// Where cargo puts what it builds.
fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}

/// Runs a command to its end.
pub(crate) fn succeed(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|error| format!("{command:?} can't be started: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} failed")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(folder: &str) -> Built {
        Built { root: PathBuf::from("/repository"), folder: PathBuf::from(folder) }
    }

    fn row(setup: Step, test: fn(&Built) -> Result<Counts, String>) -> String {
        let built = built("/repository/target/debug");
        let mut report = Report::default();
        Language { name: "klingon", setup, build: |_| Ok(()), build_bench: None, test }
            .report(&built, &mut report);
        let text = report.to_string();
        text.lines().skip(3).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_language_without_its_tools_is_skipped_and_one_that_breaks_has_failed() {
        let counts: fn(&Built) -> _ = |_| Ok(Counts { passed: 3, ..Counts::default() });
        assert_eq!(row(|_| Ok(()), counts), "3 passed, 0 failed, 0 skipped");
        assert_eq!(
            row(|_| Err("no tools".to_owned()), counts),
            "skipped: klingon: no tools\n0 passed, 0 failed, 1 skipped"
        );
        assert_eq!(
            row(|_| Ok(()), |_| Ok(Counts::default())),
            "failed: klingon: no test was run\n0 passed, 1 failed, 0 skipped"
        );
        assert_eq!(
            row(|_| Ok(()), |_| Err("a crash".to_owned())),
            "failed: klingon: a crash\n0 passed, 1 failed, 0 skipped"
        );
    }

    #[test]
    fn commands_find_the_library_and_the_servers() {
        let built = built("/out");
        let command = built.command("true");
        let variables: Vec<_> = command.get_envs().filter_map(|(name, value)| Some((name, value?))).collect();
        assert_eq!(variables.len(), 4);
        assert!(variables.iter().all(|(_, value)| Path::new(value).starts_with("/out")), "{variables:?}");
    }
}
