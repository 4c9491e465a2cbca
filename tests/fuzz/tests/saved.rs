//! Every target over its saved inputs and over mutations of them, each in a test of its own so that they run side by side.
//!
//! `POSTSEAL_FUZZ_SECONDS` says for how long (3 unless set), `POSTSEAL_FUZZ_SEED` with which mutations; how many inputs that were is
//! printed.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use std::path::Path;
use std::time::Duration;

use postseal_fuzz::{Hunt, TARGETS, hunt};

/// The fewest inputs that say anything, however slow the machine is.
const LEAST: u64 = 300;

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |text| text.parse().unwrap())
}

fn stands(name: &str) {
    let plan = Hunt {
        time: Duration::from_secs(number("POSTSEAL_FUZZ_SECONDS", 3)),
        least: LEAST,
        seed: number("POSTSEAL_FUZZ_SEED", 1),
        // They take milliseconds; a busy machine is allowed for.
        patience: Duration::from_secs(60),
        scratch: env!("CARGO_TARGET_TMPDIR").into(),
    };
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    match hunt(target, &plan) {
        Ok(runs) => println!("{name}: {runs} inputs"),
        Err(found) => panic!("{found}"),
    }
}

#[test]
fn certificates_are_imported_or_refused() {
    stands("certificate");
}

#[test]
fn imap_sessions_come_to_an_end() {
    stands("imap");
}

#[test]
fn messages_are_parsed_or_refused() {
    stands("mime");
}

#[test]
fn messages_are_opened_or_refused() {
    stands("open");
}

#[test]
fn pop3_sessions_come_to_an_end() {
    stands("pop3");
}

#[test]
fn smtp_sessions_come_to_an_end() {
    stands("smtp");
}

#[test]
fn every_target_has_a_program() {
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/fuzz_targets");
    let files = std::fs::read_dir(&programs).unwrap().map(|entry| entry.unwrap().file_name());
    let mut named: Vec<_> = files.map(|name| name.to_str().unwrap().to_owned()).collect();
    named.sort();
    assert_eq!(named, TARGETS.map(|target| format!("{}.rs", target.name)));
    for (name, target) in named.iter().zip(TARGETS) {
        let program = std::fs::read_to_string(programs.join(name)).unwrap();
        assert!(program.contains(&format!("postseal_fuzz::{}(data)", target.name)), "{name}");
    }
}
