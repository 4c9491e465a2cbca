//! Who does the work: each a function from its arguments to what it did.

mod client;
mod imap;
mod parse;
mod pgp;
mod pop3;
mod send_file;
mod sequoia;
mod smtp;

pub(crate) use client::Target;
pub(crate) use parse::packed;
pub(crate) use pgp::{CONTENT, DATA, KEYS, MESSAGE, nth};

use crate::Result;
use crate::work::Work;

/// Does the work of a contestant.
type Run = fn(&[String]) -> Result<Work>;

/// A contestant's name on the command line, and what it does.
type Named = (&'static str, Run);

/// Does the work of contestant `name`, and prints what was done.
pub(crate) fn run(name: &str, arguments: &[String]) -> Result<()> {
    let mut all =
        [imap::ALL, smtp::ALL, pop3::ALL, send_file::ALL, pgp::ALL, parse::ALL].into_iter().flatten();
    let (_, run) = all.find(|(known, _)| *known == name).ok_or_else(|| format!("no contestant {name:?}"))?;
    print!("{}", run(arguments)?);
    Ok(())
}
