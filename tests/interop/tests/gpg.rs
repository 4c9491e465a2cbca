//! GnuPG alone: what fails here is not Postseal's doing.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use postseal_interop::{Algorithm, Compression, Gpg, skip};

#[test]
fn gpg_reads_what_gpg_writes() {
    if let Some(why) = Gpg::unavailable() {
        return skip("gpg_reads_what_gpg_writes", &why);
    }
    for algorithm in Algorithm::ALL {
        let gpg = Gpg::new().unwrap();
        let alice = gpg.generate(algorithm, "Alice <alice@example.test>").unwrap();
        assert_eq!(alice.len(), 40, "{alice}");
        for compression in Compression::ALL {
            let sealed = gpg.encrypt(b"hello", &[&alice], Some(&alice), compression).unwrap();
            let opened = gpg.decrypt(&sealed).unwrap();
            assert_eq!(opened.plaintext, b"hello");
            assert_eq!(opened.status.signed_by(), Some(alice.as_str()));
            assert!(opened.status.decrypted_with_integrity());
        }
        let signature = gpg.sign(b"data", &alice).unwrap();
        assert_eq!(gpg.verify(b"data", &signature).unwrap().signed_by(), Some(alice.as_str()));
        assert_eq!(gpg.verify(b"other", &signature).unwrap().signed_by(), None);
    }
}

#[test]
fn a_protected_key_moves_with_its_passphrase_only() {
    if let Some(why) = Gpg::unavailable() {
        return skip("a_protected_key_moves_with_its_passphrase_only", &why);
    }
    let gpg = Gpg::new().unwrap();
    let alice =
        gpg.generate_protected(Algorithm::Curve25519, "Alice <alice@example.test>", "open sesame").unwrap();
    let exported = gpg.export_secret(&alice, Some("open sesame")).unwrap();
    assert!(exported.starts_with(b"-----BEGIN PGP PRIVATE KEY BLOCK-----"));

    let other = Gpg::new().unwrap();
    assert!(other.import(&exported).unwrap().has("IMPORT_OK"));
    assert!(other.export(&alice).unwrap().starts_with(b"-----BEGIN PGP PUBLIC KEY BLOCK-----"));
    assert!(other.export_secret(&alice, Some("wrong")).is_err());
}
