//! What is fuzzed, and a runner that does it without an instrumented build.
//!
//! Each target is a function of bytes that panics where something that must hold does not. The programs in `fuzz/` run them under
//! cargo-fuzz; the tests here run them over the saved inputs (`fuzz/corpus`) and over mutations of these ([`hunt`]), for a few seconds
//! each. What a target checks is more than that nothing panics: a session has an end, leaves no task behind and shows no secret;
//! what claims to be signed is what was signed; what is imported is exported again.
//!
//! The saved inputs were made by the programs of this repository ([`seeds`]); what was found by fuzzing is saved beside them, as
//! `found-…`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a target tells what it found by a panic"
)]

mod certificate;
mod hunt;
mod imap;
mod keys;
mod log;
mod mail;
mod mutate;
mod packets;
mod pop3;
pub mod seeds;
mod smtp;
mod talk;
mod words;

use std::path::{Path, PathBuf};

use postseal_session::{Timeouts, dangerous};

pub use hunt::{Found, Hunt, hunt};
pub use log::Log;
use talk::{Pace, converse};

/// One thing that is fuzzed.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name: that of its function, of its program in `fuzz/fuzz_targets` and of its folder in `fuzz/corpus`.
    pub name: &'static str,
    /// Runs it on an input.
    pub run: fn(&[u8]),
    /// What its inputs are made of, for mutations.
    pub words: &'static [&'static [u8]],
}

/// Everything that is fuzzed.
pub const TARGETS: [Target; 6] = [
    Target { name: "certificate", run: certificate, words: words::CERTIFICATE },
    Target { name: "imap", run: imap, words: words::IMAP },
    Target { name: "mime", run: mime, words: words::MIME },
    Target { name: "open", run: open, words: words::OPEN },
    Target { name: "pop3", run: pop3, words: words::POP3 },
    Target { name: "smtp", run: smtp, words: words::SMTP },
];

/// A whole SMTP session with a server that says `said`.
pub fn smtp(said: &[u8]) {
    smtp_log(said, Pace::of(said));
}

/// A whole IMAP session with a server that says `said`.
pub fn imap(said: &[u8]) {
    imap_log(said, Pace::of(said));
}

/// A whole POP3 session with a server that says `said`.
pub fn pop3(said: &[u8]) {
    pop3_log(said, Pace::of(said));
}

/// Parses `mail` and asks it for everything.
pub fn mime(mail: &[u8]) {
    mail::exercise(mail);
}

/// Opens `mail` with two secret keys at hand: as it is, as the content of an encrypted message, and as bare OpenPGP data.
pub fn open(mail: &[u8]) {
    mail::open_mail(mail);
    mail::open_encrypted(mail);
    packets::read(mail);
}

/// Imports certificates, secret keys and revocations, and exports them again.
pub fn certificate(bytes: &[u8]) {
    certificate::import(bytes);
}

fn smtp_log(said: &[u8], pace: Pace) -> Log {
    converse(said, pace, async |stream, runtime| {
        smtp::talk(dangerous::smtp(stream, &runtime, Timeouts::default()).await).await
    })
}

fn imap_log(said: &[u8], pace: Pace) -> Log {
    converse(said, pace, async |stream, runtime| {
        imap::talk(dangerous::imap(stream, &runtime, Timeouts::default()).await).await
    })
}

fn pop3_log(said: &[u8], pace: Pace) -> Log {
    converse(said, pace, async |stream, runtime| {
        pop3::talk(dangerous::pop3(stream, &runtime, Timeouts::default()).await).await
    })
}

/// Where the saved inputs of all targets are.
#[must_use]
pub fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus")
}
