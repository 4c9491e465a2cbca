//! The keys of the two people whose mail is opened. They were made once, since the mail that is saved is encrypted to them; they
//! protect nothing.

use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use postseal_message::openpgp::{KeyProfile, Keyring, SecretKey, UserId};
use postseal_types::Address;

/// Whose they are, and of which kind: one that every program reads, and the newest.
const PEOPLE: [(&str, KeyProfile); 2] = [("alice", KeyProfile::Compatible), ("bob", KeyProfile::Modern)];

/// When the keys were made, in seconds since 1970.
const MADE: u64 = 1_700_000_000;

/// When the mail is sealed and opened.
pub(crate) fn now() -> SystemTime {
    at(1_800_000_000)
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

static KEYRING: LazyLock<Keyring> = LazyLock::new(|| {
    let mut keyring = Keyring::new();
    PEOPLE.iter().for_each(|(person, profile)| keyring.add_secret_key(read_or_make(person, *profile)));
    keyring
});

/// Both secret keys.
pub(crate) fn keyring() -> &'static Keyring {
    &KEYRING
}

fn read_or_make(person: &str, profile: KeyProfile) -> SecretKey {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("keys").join(format!("{person}.key"));
    if let Ok(saved) = std::fs::read(&path) {
        return SecretKey::import(&saved).unwrap();
    }
    let address = Address::parse(&format!("{person}@example.test")).unwrap();
    let (key, _) =
        SecretKey::generate(profile, &UserId::new(Some(person), &address), None, at(MADE)).unwrap();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, key.dangerous_export_unprotected().expose()).unwrap();
    key
}
