//! The keys at hand.

use std::path::Path;

use postseal_message::openpgp::{Certificate, Keyring, SecretKey};
use postseal_types::Secret;

/// The keys in these files. A secret key is unlocked by the first of the passphrases that does.
pub(crate) fn load<S: AsRef<Path>>(
    folder: &Path,
    files: impl IntoIterator<Item = S>,
    passphrases: &[Secret],
) -> Keyring {
    let mut ring = Keyring::new();
    for file in files {
        let path = folder.join(file);
        let data = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        add(&mut ring, &data, passphrases);
    }
    ring
}

/// Adds what keys there are in `data`; it may be something else.
fn add(ring: &mut Keyring, data: &[u8], passphrases: &[Secret]) {
    for certificate in Certificate::import_all(data).unwrap_or_default() {
        ring.add_certificate(certificate);
    }
    for key in SecretKey::import_all(data).unwrap_or_default() {
        // Passphrases cost time, and the same key comes in many files.
        if ring.unlocked_keys().any(|known| known.fingerprint() == key.fingerprint()) {
            continue;
        }
        match passphrases.iter().find_map(|passphrase| key.unlock(passphrase).ok()) {
            Some(unlocked) => ring.add_unlocked_key(unlocked),
            None => ring.add_secret_key(key),
        }
    }
}
