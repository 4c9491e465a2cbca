//! What a job is made of.

use std::any::Any;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;

/// Work that several contestants do.
pub(crate) struct Job {
    /// By which it is asked for.
    pub(crate) name: &'static str,
    /// What is done.
    pub(crate) about: &'static str,
    pub(crate) prepare: fn(Scale) -> Result<Prepared>,
}

/// How much work it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    /// What is measured.
    Full,
    /// So little that it takes no time: a test of the benchmark itself.
    Smoke,
}

impl Scale {
    /// The one or the other.
    pub(crate) fn pick<T>(self, full: T, smoke: T) -> T {
        match self {
            Self::Full => full,
            Self::Smoke => smoke,
        }
    }
}

/// A job that can begin.
pub(crate) struct Prepared {
    /// Ours is the first.
    pub(crate) contestants: Vec<Contestant>,
    /// The contestant whose time is 1 in the table.
    pub(crate) baseline: &'static str,
    /// What is asked of ours.
    pub(crate) aims: Vec<Aim>,
    /// What is missing on this machine, and so which contestants.
    pub(crate) missing: Vec<String>,
    /// What lasts as long as the job: servers, folders.
    pub(crate) lasting: Vec<Box<dyn Any>>,
}

impl Prepared {
    /// A job that can't be done on this machine.
    pub(crate) fn impossible(why: String) -> Self {
        Self {
            contestants: Vec::new(),
            baseline: "",
            aims: Vec::new(),
            missing: vec![why],
            lasting: Vec::new(),
        }
    }
}

/// Somebody who does the work, as a command line.
///
/// It prints what it did, one `name: number` a line (see [`Work`](crate::work::Work)).
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    pub(crate) command: Vec<OsString>,
}

impl Contestant {
    /// A script of tests/bench/python, run by the Python that is on the PATH.
    pub(crate) fn python(
        name: &'static str,
        script: &str,
        arguments: impl IntoIterator<Item = String>,
    ) -> Result<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python").join(script);
        Self::script(name, script, arguments)
    }

    /// A script, run by the Python that is on the PATH.
    pub(crate) fn script(
        name: &'static str,
        script: PathBuf,
        arguments: impl IntoIterator<Item = String>,
    ) -> Result<Self> {
        let arguments = arguments.into_iter().map(OsString::from);
        Ok(Self { name, command: [python()?, script.into()].into_iter().chain(arguments).collect() })
    }

    /// A contestant of this program: `contestant` is its name in [`contestants`](crate::contestants).
    pub(crate) fn own(
        name: &'static str,
        contestant: &str,
        arguments: impl IntoIterator<Item = String>,
    ) -> Result<Self> {
        let program = std::env::current_exe()?.into_os_string();
        let words = ["contestant", contestant].map(OsString::from);
        let arguments = arguments.into_iter().map(OsString::from);
        Ok(Self { name, command: [program].into_iter().chain(words).chain(arguments).collect() })
    }
}

/// The interpreter itself: what is on the PATH may be a script that starts it, which would be measured too.
fn python() -> Result<OsString> {
    let output = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output()?;
    Ok(String::from_utf8(output.stdout)?.trim_end().into())
}

/// What is asked of ours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Aim {
    /// To take at most `factor` times as long as contestant `of`.
    Within {
        /// The factor.
        factor: f64,
        /// The contestant's name.
        of: &'static str,
    },
    /// To need at most `factor` times the processor time of contestant `of`.
    Processor {
        /// The factor.
        factor: f64,
        /// The contestant's name.
        of: &'static str,
    },
    /// To need at most so many bytes of memory at its peak.
    Memory(u64),
}
