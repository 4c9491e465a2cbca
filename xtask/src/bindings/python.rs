//! Python: what its package needs, how it is built, how it is tested.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Built, Counts, succeed, target};
use crate::test::stream;

/// The oldest that the package supports comes first: what works there works with the newer ones.
const PYTHONS: [&str; 6] = ["python3.10", "python3.11", "python3.12", "python3.13", "python3.14", "python3"];

/// Where the package is, in the repository.
const PACKAGE: &str = "bindings/python";

/// Makes an environment with what builds and tests the package, and keeps it until that changes.
pub(super) fn setup(built: &Built) -> Result<(), String> {
    let wanted = fs::read_to_string(built.root.join(PACKAGE).join("requirements-dev.txt"))
        .map_err(|error| format!("the list of tools can't be read: {error}"))?;
    let environment = environment()?;
    let stamp = environment.join("installed.txt");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) && python()?.exists() {
        return Ok(());
    }
    let base =
        PYTHONS.into_iter().find(|name| is_new_enough(name)).ok_or("Python 3.10 or newer is missing")?;
    succeed(Command::new(base).args(["-m", "venv", "--clear"]).arg(&environment))
        .map_err(|why| format!("{why} (on Debian the package python3-venv is needed)"))?;
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    let list = built.root.join(PACKAGE).join("requirements-dev.txt");
    succeed(Command::new(python()?).args(install).arg(list))?;
    fs::write(stamp, wanted).map_err(|error| format!("the environment can't be kept: {error}"))
}

fn is_new_enough(python: impl AsRef<OsStr>) -> bool {
    let check = "import sys, venv; sys.exit(sys.version_info < (3, 10))";
    let status = Command::new(python).args(["-c", check]).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// The environment is kept outside of the repository, for all checkouts.
fn environment() -> Result<PathBuf, String> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")));
    Ok(cache.ok_or("there is no home folder to keep Python's tools in")?.join("postseal/python"))
}

fn python() -> Result<PathBuf, String> {
    Ok(environment()?.join("bin/python"))
}

/// Puts the library and the generated module into the source tree, where an install by path has them, too.
pub(super) fn build(built: &Built) -> Result<(), String> {
    let package = built.root.join(PACKAGE);
    let folder = package.join("src/postseal/_native");
    let generate = ["--language", "python", "--no-format", "--out-dir"];
    succeed(
        built
            .command(python()?)
            .arg(package.join("build_backend/generator.py"))
            .arg("generate")
            .arg(built.library())
            .args(generate)
            .arg(&folder),
    )?;
    let name = built.library().file_name().map(PathBuf::from).unwrap_or_default();
    put(&built.library(), &folder.join(name))?;
    fs::write(folder.join("__init__.py"), "").map_err(|error| error.to_string())
}

/// Makes the wheel and the source distribution, and uses both. What they are built from alike is built once.
pub(super) fn pack(built: &Built) -> Result<(), String> {
    let script = built.root.join(PACKAGE).join("tools/pack.py");
    let shared = target(&built.root).join("dist");
    succeed(Command::new(python()?).arg(script).arg(&built.folder).env("CARGO_TARGET_DIR", shared))
}

/// A process that has the old library loaded keeps it: the new one takes its place, and is not written into it.
fn put(from: &Path, to: &Path) -> Result<(), String> {
    let beside = to.with_extension("new");
    fs::copy(from, &beside).map_err(|error| format!("{} can't be copied: {error}", from.display()))?;
    fs::rename(beside, to).map_err(|error| error.to_string())
}

/// Runs the tests of the package and of its example.
pub(super) fn test(built: &Built) -> Result<Counts, String> {
    let mut counts = Counts::default();
    let mut command = built.command(python()?);
    command
        .args(["-m", "pytest", "-r", "fEs", "--color", "no", "-p", "no:cacheprovider"])
        .current_dir(built.root.join(PACKAGE))
        .env("PYTHONPATH", built.root.join(PACKAGE).join("src"))
        .env_remove("PYTHONDONTWRITEBYTECODE")
        .env("PYTHONPYCACHEPREFIX", built.folder.join("pycache"));
    let green = stream(&mut command, |line| {
        println!("{line}");
        read(line, &mut counts);
    })
    .map_err(|error| format!("pytest can't be started: {error}"))?;
    if counts.passed == 0 || green != (counts.failed == 0) {
        return Err("pytest ended without a result".to_owned());
    }
    Ok(counts)
}

/// Reads a line of pytest's: a test that failed or was skipped, or the sum of them.
fn read(line: &str, counts: &mut Counts) {
    for (mark, word) in [("FAILED ", "failed"), ("ERROR ", "failed"), ("SKIPPED ", "skipped")] {
        if let Some(what) = line.strip_prefix(mark) {
            counts.notes.push(format!("{word}: python: {what}"));
        }
    }
    let Some((sum, _)) = line.trim_matches(['=', ' ']).rsplit_once(" in ") else { return };
    for entry in sum.split(", ") {
        match entry.split_once(' ').and_then(|(number, word)| Some((number.parse::<usize>().ok()?, word))) {
            Some((number, "passed")) => counts.passed += number,
            Some((number, "failed" | "error" | "errors")) => counts.failed += number,
            Some((number, "skipped")) => counts.skipped += number,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pytest_prints_is_counted() {
        let mut counts = Counts::default();
        for line in [
            "tests/test_values.py ....F.s                              [100%]",
            "SKIPPED [1] tests/test_live.py:12: no live server",
            "FAILED tests/test_values.py::test_repr - AssertionError: in short",
            "ERROR tests/test_cli.py",
            "===== 1 failed, 5 passed, 1 skipped, 2 errors in 12.50s (0:00:12) =====",
        ] {
            read(line, &mut counts);
        }
        let notes = vec![
            "skipped: python: [1] tests/test_live.py:12: no live server".to_owned(),
            "failed: python: tests/test_values.py::test_repr - AssertionError: in short".to_owned(),
            "failed: python: tests/test_cli.py".to_owned(),
        ];
        assert_eq!(counts, Counts { passed: 5, failed: 3, skipped: 1, notes });
    }
}
