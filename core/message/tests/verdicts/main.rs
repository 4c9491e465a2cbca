//! The verdict on every OpenPGP message, key and signature that others made (`../shared/corpora`), as `tests/vectors/pgp-mail.json`
//! and `tests/vectors/pgp-data.json` say.
//!
//! The tables name the keys that are at hand, what is expected of each file, and why, where that is not what its name or its authors
//! say. A file without a row meets the general rules: it opens or is refused with a typed error, and nothing about it is believed that no
//! key at hand has proven. It is named on stderr, if there is anything of OpenPGP or S/MIME about it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
// `eprintln!` is captured where a test passes, and a test that was skipped must say so.
#![allow(clippy::explicit_write)]

#[path = "../common/corpus.rs"]
mod corpus;
mod data;
mod headers;
mod interop;
mod mail;
mod ring;
#[path = "../common/table.rs"]
mod table;

use std::path::Path;
use std::time::{Duration, SystemTime};

/// The files below a folder, by their path in it, in order.
fn names(folder: &Path) -> Vec<String> {
    corpus::files(folder).iter().map(|path| corpus::name(folder, path)).collect()
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}
