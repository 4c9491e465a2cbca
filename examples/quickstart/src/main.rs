//! The main job of Postseal: a sealed message goes round, over TLS, end to end.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool talks to its terminal")]

mod account;
mod cli;
mod demo;
mod letter;
mod live;
mod show;
mod walk;

use std::fmt;
use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::Cli;

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("quickstart: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<(), Failure> {
    if cli.sample_account {
        print!("{}", account::SAMPLE);
        return Ok(());
    }
    match &cli.account {
        Some(path) => live::run(cli, path),
        None => demo::run(cli),
    }
}

/// Why the quickstart stopped, in one line for a person.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.replace(['\r', '\n'], " "))
    }
}

/// Any error of the library becomes its one line; the stable code goes with it.
macro_rules! failure_from {
    ($($error:ty),+) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self(format!("{error} [{}]", error.code()))
            }
        })+
    };
}

failure_from!(
    postseal::Error,
    postseal::FieldError,
    postseal::NewIdError,
    postseal::PgpError,
    postseal::session::Error
);
