//! What other programs made, where the defaults of this module are not enough to read it.

use std::path::PathBuf;

use postseal_types::Secret;

use super::*;

/// The samples of RFC 9580 for Argon2 (its appendix A.12) ask for 2 GiB, which is not granted unless it is asked for.
#[test]
fn argon2_samples_decrypt_with_a_higher_limit() {
    const TEST: &str = "argon2_samples_decrypt_with_a_higher_limit";
    let Some(root) = corpus("rpgp-vectors/tests/unit-tests/argon2", TEST) else { return };
    let passphrase = Secret::from("password");
    let mut options = ReadOptions { passphrases: vec![&passphrase], ..ReadOptions::default() };
    let read = |options: &ReadOptions<'_>| {
        let message = std::fs::read(root.join("aes128.msg")).unwrap();
        decrypt(&message, &Keyring::new(), options, now()).map(|opened| opened.data)
    };
    let limit = PgpLimits::PASSPHRASE_MEMORY;
    assert_eq!(
        read(&options),
        Err(PgpError::LimitExceeded { what: "octets of memory for a passphrase", limit })
    );
    options.limits.passphrase_memory = 2 * 1024 * 1024 * 1024;
    assert_eq!(read(&options), Ok(b"Hello, world!".to_vec()));
}

fn corpus(set: &str, test: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora").join(set);
    if path.is_dir() {
        return Some(path);
    }
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "no corpus {set}");
    _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("skipped: {test}: no corpus {set}\n"));
    None
}
