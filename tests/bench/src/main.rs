//! The benchmark: the same work by ours and by others, side by side in one run, each in a process of its own.
//!
//! A *job* is work that several *contestants* do. Each contestant is a command line: this program itself, with `contestant NAME …`,
//! or another program. It prints what it did, one `name: number` a line; all contestants of a job have to print the same. They run
//! in turn, round after round, so that what disturbs the machine disturbs all of them; the medians are compared.
//!
//! `cargo xtask bench` builds and runs it; docs/performance.md tells what bounds the figures.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool talks to its terminal")]
#![allow(clippy::indexing_slicing, reason = "where the benchmark is wrong it shall stop")]

mod contestants;
mod job;
mod jobs;
mod letters;
mod mailbox;
mod measure;
mod rounds;
mod sink;
mod table;
mod work;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use job::{Job, Scale};
use rounds::Outcome;

/// What goes wrong ends the benchmark, so a text for people is all that is asked of an error.
type Error = Box<dyn std::error::Error + Send + Sync>;
type Result<T> = std::result::Result<T, Error>;

/// All jobs of the bindings.
const BINDINGS: &str = "bindings";

/// Compares the speed and memory of Postseal with those of others.
#[derive(Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(flatten)]
    run: Run,
    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(clap::Args)]
struct Run {
    /// The jobs to run; all where none is named, but for those of the bindings, for which the word `bindings` stands.
    jobs: Vec<String>,
    /// How many rounds are measured; one more comes first, and is not.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Tiny sizes and one round: whether everything works, not how fast.
    #[arg(long)]
    smoke: bool,
    /// Print JSON in place of the table.
    #[arg(long)]
    json: bool,
}

/// What the benchmark starts of itself.
#[derive(Subcommand)]
enum Part {
    /// Do the work of a contestant.
    #[command(hide = true)]
    Contestant { name: String, arguments: Vec<String> },
    /// Take in mail over SMTP until standard input ends; writes the certificate to trust into a file, and prints the port.
    #[command(hide = true)]
    Sink {
        root: PathBuf,
        /// Offer CHUNKING.
        #[arg(long)]
        chunking: bool,
    },
    /// Run one command and tell what it took.
    #[command(hide = true)]
    Measure {
        #[arg(last = true)]
        command: Vec<OsString>,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match &arguments.part {
        Some(Part::Contestant { name, arguments }) => contestants::run(name, arguments),
        Some(Part::Sink { root, chunking }) => sink::run(root, *chunking),
        Some(Part::Measure { command }) => measure::run(command),
        None => run(&arguments.run),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(run: &Run) -> Result<()> {
    let jobs = chosen(&run.jobs)?;
    let (scale, rounds) = if run.smoke { (Scale::Smoke, 1) } else { (Scale::Full, run.rounds) };
    let outcomes =
        jobs.iter().map(|job| rounds::run(job, scale, rounds)).collect::<Result<Vec<Outcome>>>()?;
    if run.json {
        println!("{:#}", table::json(&outcomes));
    } else {
        print!("{}", table::markdown(&outcomes));
    }
    Ok(())
}

/// The jobs of these names, in the order of the table.
fn chosen(names: &[String]) -> Result<Vec<Job>> {
    let (core, bindings) = (jobs::all(), jobs::of_bindings());
    let known: Vec<_> = core.iter().chain(&bindings).map(|job| job.name).chain([BINDINGS]).collect();
    if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(format!("there is no job {unknown:?}, but there are {}", known.join(", ")).into());
    }
    let named = |name: &str| names.iter().any(|named| named == name);
    let core = core.into_iter().filter(|job| names.is_empty() || named(job.name));
    let bindings = bindings.into_iter().filter(|job| named(BINDINGS) || named(job.name));
    Ok(core.chain(bindings).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn names(words: &[&str]) -> Vec<&'static str> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        chosen(&words).unwrap().iter().map(|job| job.name).collect()
    }

    #[test]
    fn jobs_are_chosen_by_name_and_those_of_the_bindings_together() {
        assert!(names(&[]).contains(&"imap") && !names(&[]).contains(&"fetch-python"));
        assert_eq!(names(&["send-swift", "imap"]), ["imap", "send-swift"]);
        assert!(names(&[BINDINGS]).contains(&"fetch-python") && !names(&[BINDINGS]).contains(&"imap"));
        let unknown = chosen(&["imp".to_owned()]).err().unwrap().to_string();
        assert!(unknown.starts_with("there is no job \"imp\", but there are imap,"), "{unknown}");
    }
}
