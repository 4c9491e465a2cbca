//! The keys at hand.

use std::path::Path;

use postseal_message::openpgp::{Certificate, Keyring, PgpLimits, SecretKey};
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
    // Some were made for machines with 2 GiB to spare (RFC 9580, appendix A.5).
    let mut limits = PgpLimits::default();
    limits.passphrase_memory = 2 * 1024 * 1024 * 1024;
    for key in SecretKey::import_all(data).unwrap_or_default() {
        // Passphrases cost time, and the same key comes in many files.
        if ring.unlocked_keys().any(|known| known.fingerprint() == key.fingerprint()) {
            continue;
        }
        match passphrases.iter().find_map(|passphrase| key.unlock_within(passphrase, &limits).ok()) {
            Some(unlocked) => ring.add_unlocked_key(unlocked),
            None => ring.add_secret_key(key),
        }
    }
}
