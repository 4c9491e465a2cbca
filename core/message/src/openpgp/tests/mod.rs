//! What the module promises, on keys made at fixed times far from the clock. On what other programs made: `tests/verdicts`.

mod bulk;
mod forgery;
mod keys;
mod large;
pub(crate) mod made;
mod messages;
mod streams;
mod tampering;

use std::time::{Duration, SystemTime};

use postseal_types::Address;

use super::*;
/// Stands before the one that is tested, which it calls.
use bulk::decrypt;

/// Decades before and after any clock that runs these tests.
pub(super) const TIMES: [u64; 2] = [500_000_000, 3_500_000_000];
pub(super) const PROFILES: [KeyProfile; 3] =
    [KeyProfile::Compatible, KeyProfile::Modern, KeyProfile::PostQuantum];

pub(super) fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

pub(super) fn now() -> SystemTime {
    at(1_800_000_000)
}

pub(super) fn user(local: &str) -> UserId {
    UserId::new(Some(local), &Address::parse(&format!("{local}@example.test")).unwrap())
}

pub(super) fn key(profile: KeyProfile, local: &str, now: SystemTime) -> SecretKey {
    SecretKey::generate(profile, &user(local), None, now).unwrap().0
}

pub(super) fn keyring<'a>(keys: impl IntoIterator<Item = &'a SecretKey>) -> Keyring {
    let mut keyring = Keyring::new();
    keys.into_iter().for_each(|key| keyring.add_secret_key(key.clone()));
    keyring
}

pub(super) fn options() -> ReadOptions<'static> {
    ReadOptions::default()
}

pub(super) fn good(key: &SecretKey, result: &SignatureResult) -> bool {
    matches!(&result.status, SignatureStatus::Good { certificate, .. } if certificate == key.fingerprint())
}
