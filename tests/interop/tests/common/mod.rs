//! Two people whose keys both programs have.
#![allow(dead_code, unused_macros, reason = "each test program uses its own selection")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

use std::time::SystemTime;

use postseal_interop::{Algorithm, Gpg, skip};
use postseal_message::openpgp::{
    Fingerprint, KeyProfile, Keyring, SecretKey, SignatureStatus, UnlockedKey, UserId,
};
use postseal_types::Address;

/// Runs each check, a function of a `&Pair`, as one test for each origin of the keys.
macro_rules! interop {
    ($($name:ident;)*) => {
        interop! { @ curve25519_keys_of_gpg: $($name)* }
        interop! { @ rsa_keys_of_gpg: $($name)* }
        interop! { @ keys_of_ours: $($name)* }
    };
    (@ $origin:ident: $($name:ident)*) => {
        mod $origin {
            $(#[test]
            fn $name() {
                if let Some(gpg) = super::common::gpg(concat!(stringify!($origin), "::", stringify!($name))) {
                    super::$name(&super::Pair::$origin(gpg));
                }
            })*
        }
    };
}

/// Alice and Bob, each with a secret key that GnuPG and the keyring hold.
pub(crate) struct Pair {
    pub(crate) gpg: Gpg,
    pub(crate) keyring: Keyring,
    pub(crate) alice: UnlockedKey,
    pub(crate) bob: UnlockedKey,
    pub(crate) now: SystemTime,
}

impl Pair {
    pub(crate) fn curve25519_keys_of_gpg(gpg: Gpg) -> Self {
        Self::new(gpg, |gpg, name| made_by_gpg(gpg, Algorithm::Curve25519, name))
    }

    pub(crate) fn rsa_keys_of_gpg(gpg: Gpg) -> Self {
        Self::new(gpg, |gpg, name| made_by_gpg(gpg, Algorithm::Rsa3072, name))
    }

    pub(crate) fn keys_of_ours(gpg: Gpg) -> Self {
        Self::new(gpg, made_by_us)
    }

    fn new(gpg: Gpg, make: impl Fn(&Gpg, &str) -> SecretKey) -> Self {
        let [alice, bob] = ["Alice", "Bob"].map(|name| make(&gpg, name).unlock_unprotected().unwrap());
        let mut keyring = Keyring::new();
        keyring.add_unlocked_key(alice.clone());
        keyring.add_unlocked_key(bob.clone());
        Self { gpg, keyring, alice, bob, now: now() }
    }

    pub(crate) fn alice_fingerprint(&self) -> String {
        fingerprint_text(self.alice.fingerprint())
    }

    pub(crate) fn bob_fingerprint(&self) -> String {
        fingerprint_text(self.bob.fingerprint())
    }
}

fn made_by_gpg(gpg: &Gpg, algorithm: Algorithm, name: &str) -> SecretKey {
    let address = format!("{}@example.test", name.to_lowercase());
    let fingerprint = gpg.generate(algorithm, &format!("{name} <{address}>")).unwrap();
    SecretKey::import(&gpg.export_secret(&fingerprint, None).unwrap()).unwrap()
}

fn made_by_us(gpg: &Gpg, name: &str) -> SecretKey {
    let address = Address::parse(&format!("{}@example.test", name.to_lowercase())).unwrap();
    let user_id = UserId::new(Some(name), &address);
    let (key, _) = SecretKey::generate(KeyProfile::Compatible, &user_id, None, now()).unwrap();
    assert!(gpg.import(key.dangerous_export_unprotected().expose()).unwrap().has("IMPORT_OK"));
    key
}

/// A GnuPG, or none where there is none, which is then said of `test`.
pub(crate) fn gpg(test: &str) -> Option<Gpg> {
    match Gpg::unavailable() {
        Some(why) => {
            skip(test, &why);
            None
        }
        None => Some(Gpg::new().unwrap()),
    }
}

/// GnuPG takes the time from the clock, so everything here happens now.
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

/// As GnuPG writes it: upper-case hexadecimal.
pub(crate) fn fingerprint_text(fingerprint: &Fingerprint) -> String {
    fingerprint.as_bytes().iter().map(|byte| format!("{byte:02X}")).collect()
}

/// The fingerprint of the certificate behind a signature, which must be good.
pub(crate) fn good(status: &SignatureStatus) -> String {
    match status {
        SignatureStatus::Good { certificate, .. } => fingerprint_text(certificate),
        other => panic!("not a good signature: {other:?}"),
    }
}
