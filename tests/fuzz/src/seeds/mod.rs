//! The inputs that fuzzing begins with, made by our own programs.
//!
//! Conversations are recorded with the in-memory server, messages are composed: both are the same each time. What is sealed, and the
//! keys, differ each time, since OpenPGP needs random numbers; so those are made where they are missing.

mod certificates;
mod mails;
mod sealed;
mod talks;

use crate::corpus;

/// An input to begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seed {
    /// Which target it is for.
    pub target: &'static str,
    /// The name of its file.
    pub name: &'static str,
    /// The input.
    pub bytes: Vec<u8>,
}

impl Seed {
    fn new(target: &'static str, name: &'static str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { target, name, bytes: bytes.into() }
    }
}

/// Those that are the same each time.
#[must_use]
pub fn repeatable() -> Vec<Seed> {
    let talks = talks::recorded().into_iter().map(|(seed, _)| seed);
    talks.chain(mails::composed()).collect()
}

/// Those that differ each time.
#[must_use]
pub fn random() -> Vec<Seed> {
    [sealed::sealed(), certificates::exported()].concat()
}

/// Writes the seeds into the corpus; those that differ each time only where they are missing.
///
/// # Errors
///
/// Those of the file system.
pub fn write() -> std::io::Result<()> {
    let missing = |seed: &Seed| !corpus().join(seed.target).join(seed.name).exists();
    for seed in repeatable().iter().chain(random().iter().filter(|seed| missing(seed))) {
        let folder = corpus().join(seed.target);
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join(seed.name), &seed.bytes)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use postseal_message::openpgp::{Certificate, RevocationCertificate};
    use postseal_message::pgpmime::open;

    use super::*;
    use crate::TARGETS;
    use crate::keys::{keyring, now};
    use crate::mail::exercise;

    /// The saved inputs of a target that were not found by fuzzing.
    fn saved(target: &str) -> impl Iterator<Item = (String, Vec<u8>)> {
        let files = std::fs::read_dir(corpus().join(target)).unwrap().map(|entry| entry.unwrap().path());
        let named = files.map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), path));
        let seeds = named.filter(|(name, _)| !name.starts_with("found-"));
        seeds.map(|(name, path)| (name, std::fs::read(path).unwrap()))
    }

    #[test]
    fn the_saved_inputs_are_those_that_are_made() {
        let (repeatable, random) = (repeatable(), random());
        for seed in &repeatable {
            let found = std::fs::read(corpus().join(seed.target).join(seed.name)).unwrap_or_default();
            assert!(
                found == seed.bytes,
                "{}/{} is not what `cargo run -p postseal-fuzz --bin seeds` makes",
                seed.target,
                seed.name
            );
        }
        for target in TARGETS {
            let made = repeatable.iter().chain(&random).filter(|seed| seed.target == target.name);
            let made: BTreeSet<_> = made.map(|seed| seed.name.to_owned()).collect();
            assert_eq!(saved(target.name).map(|(name, _)| name).collect::<BTreeSet<_>>(), made);
        }
    }

    #[test]
    fn sealed_mail_is_worth_what_its_name_says() {
        for (name, bytes) in saved("open") {
            let opened = open(&bytes, keyring(), &Default::default(), now()).unwrap();
            let level = opened.verdict.level().to_string();
            assert!(
                name.starts_with(&format!("{level}-")),
                "{name} is {level}: {:?}",
                opened.verdict.reasons()
            );
        }
    }

    #[test]
    fn saved_keys_and_messages_are_read() {
        for (name, bytes) in saved("certificate") {
            let is_revocation = name.starts_with("revocation-");
            assert_eq!(RevocationCertificate::import(&bytes).is_ok(), is_revocation, "{name}");
            assert_eq!(Certificate::import_all(&bytes).is_ok(), !is_revocation, "{name}");
        }
        for (name, bytes) in saved("mime") {
            assert!(exercise(&bytes).is_some(), "{name}");
        }
    }
}
