//! The runner: a target over its saved inputs, and over mutations of them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::mutate::Mutator;
use crate::{Target, corpus};

/// How often it is looked whether a target still moves.
const LOOK: Duration = Duration::from_millis(20);

/// How a target is run.
#[derive(Debug, Clone)]
pub struct Hunt {
    /// For how long mutations are made.
    pub time: Duration,
    /// How many inputs are run, however long that takes.
    pub least: u64,
    /// Which mutations are made.
    pub seed: u64,
    /// How long one input may take.
    pub patience: Duration,
    /// A folder for the input that is being run: it is there whatever becomes of the process.
    pub scratch: PathBuf,
}

/// An input that a target does not stand.
#[derive(Debug)]
pub struct Found {
    target: &'static str,
    what: &'static str,
    run: u64,
    seed: u64,
    input: PathBuf,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, what, run, seed, input } = self;
        let bytes = std::fs::read(input).unwrap_or_default();
        writeln!(
            f,
            "{target} {what} after {run} inputs with seed {seed}; the next is in {}:",
            input.display()
        )?;
        writeln!(f, "{}", bytes.escape_ascii())?;
        write!(f, "once it is saved as fuzz/corpus/{target}/found-…, the tests begin with it")
    }
}

/// Runs `target` over its saved inputs and over mutations of them; how many inputs that were.
///
/// # Errors
///
/// The first input on which the target panics, or takes for ever. The panic itself was printed.
pub fn hunt(target: &Target, plan: &Hunt) -> Result<u64, Found> {
    let runs = Arc::new(AtomicU64::new(0));
    let input = plan.scratch.join(format!("fuzz-{}.input", target.name));
    let worker = thread::spawn({
        let (target, plan, runs, input) = (*target, plan.clone(), runs.clone(), input.clone());
        move || work(&target, &plan, &runs, &input)
    });
    let found = |what| {
        let run = runs.load(Ordering::Relaxed);
        Found { target: target.name, what, run, seed: plan.seed, input: input.clone() }
    };
    let (mut seen, mut since) = (0, Instant::now());
    while !worker.is_finished() {
        thread::sleep(LOOK);
        let now = runs.load(Ordering::Relaxed);
        if now != seen {
            (seen, since) = (now, Instant::now());
        } else if since.elapsed() > plan.patience {
            // Its thread goes on until the process ends: a thread can't be stopped.
            return Err(found("takes for ever"));
        }
    }
    worker.join().map_err(|_| found("panics"))?;
    Ok(runs.load(Ordering::Relaxed))
}

fn work(target: &Target, plan: &Hunt, runs: &AtomicU64, current: &Path) {
    let attempt = |input: &[u8]| {
        std::fs::write(current, input).unwrap();
        (target.run)(input);
        runs.fetch_add(1, Ordering::Relaxed) + 1
    };
    let saved = saved(target.name);
    for input in &saved {
        attempt(input);
    }
    let mut mutator = Mutator::new(plan.seed, &saved, target.words);
    let end = Instant::now() + plan.time;
    while attempt(&mutator.next_input()) < plan.least || Instant::now() < end {}
}

/// The saved inputs of a target, in the order of their names.
///
/// # Panics
///
/// Where there are none.
fn saved(target: &str) -> Vec<Vec<u8>> {
    let folder = corpus().join(target);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "nothing is saved in {}", folder.display());
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(scratch: &Path) -> Hunt {
        let patience = Duration::from_secs(60);
        Hunt { time: Duration::ZERO, least: 500, seed: 7, patience, scratch: scratch.to_owned() }
    }

    #[test]
    fn an_input_that_panics_is_found_and_kept() {
        fn run(input: &[u8]) {
            assert!(!input.windows(7).any(|window| window == b"+1+1+1+"), "on purpose");
        }
        let scratch = tempfile::tempdir().unwrap();
        let target = Target { name: "pop3", run, words: &[b"+1+1+1+"] };
        let found = hunt(&target, &plan(scratch.path())).unwrap_err();
        let kept = std::fs::read(scratch.path().join("fuzz-pop3.input")).unwrap();
        assert!(kept.windows(7).any(|window| window == b"+1+1+1+"));
        let shown = found.to_string();
        assert!(
            shown.starts_with(&format!("pop3 panics after {} inputs with seed 7; ", found.run)),
            "{shown}"
        );
        assert!(shown.contains("+1+1+1+"), "{shown}");
        // The same seed finds the same.
        assert_eq!(hunt(&target, &plan(scratch.path())).unwrap_err().run, found.run);
    }

    #[test]
    fn an_input_that_takes_for_ever_is_found() {
        fn run(_: &[u8]) {
            loop {
                thread::park();
            }
        }
        let scratch = tempfile::tempdir().unwrap();
        let plan = Hunt { patience: Duration::from_millis(100), ..plan(scratch.path()) };
        let found = hunt(&Target { name: "pop3", run, words: &[] }, &plan).unwrap_err();
        assert_eq!((found.what, found.run), ("takes for ever", 0));
    }

    #[test]
    fn a_target_that_stands_everything_has_run_as_often_as_was_asked() {
        let scratch = tempfile::tempdir().unwrap();
        let target = Target { name: "pop3", run: |_| (), words: &[b"word"] };
        assert_eq!(hunt(&target, &plan(scratch.path())).unwrap(), 500);
    }
}
