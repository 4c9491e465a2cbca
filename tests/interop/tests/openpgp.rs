//! OpenPGP as bytes: GnuPG and Postseal read what the other writes, with keys of both.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

#[macro_use]
mod common;

use common::{Pair, fingerprint_text, good};
use postseal_interop::{Algorithm, Compression};
use postseal_message::openpgp::{
    self, Certificate, KeyProfile, PgpError, Recipients, SecretKey, SignatureFault, SignatureStatus, UserId,
};
use postseal_types::{Address, Secret};

interop! {
    gpg_decrypts_and_verifies_what_we_seal;
    we_decrypt_and_verify_what_gpg_seals;
    what_goes_through_a_stream_is_read_both_ways;
    what_was_changed_on_the_way_is_tampered;
    detached_signatures_are_good_both_ways;
    cleartext_signatures_are_good_both_ways;
}

/// Contents that tend to go wrong: nothing, line ends of both kinds, bytes that are no text, and more than one buffer.
fn contents() -> [Vec<u8>; 4] {
    [
        Vec::new(),
        b"Hello,\r\n\r\n- -- \n.\r\nFrom here \t\r\n".to_vec(),
        (0..=u8::MAX).cycle().take(4096).collect(),
        b"0123456789abcdef".repeat(1 << 14),
    ]
}

fn gpg_decrypts_and_verifies_what_we_seal(pair: &Pair) {
    for content in contents() {
        let recipients = || Recipients::new([pair.bob.certificate(), pair.alice.certificate()]);
        let sealed = openpgp::encrypt(&content, &recipients().signed_by(&pair.alice), pair.now).unwrap();
        let opened = pair.gpg.decrypt(sealed.to_armored().as_bytes()).unwrap();
        let context =
            || format!("{:?}\n{}", opened.status, pair.gpg.list_packets(sealed.as_bytes()).unwrap());
        assert!(opened.plaintext == content, "{}", context());
        assert!(opened.status.decrypted_with_integrity(), "{}", context());
        assert_eq!(opened.status.signed_by(), Some(pair.alice_fingerprint().as_str()), "{}", context());

        let unsigned = openpgp::encrypt(&content, &recipients(), pair.now).unwrap();
        let opened = pair.gpg.decrypt(unsigned.as_bytes()).unwrap();
        assert!(opened.plaintext == content && opened.status.decrypted_with_integrity());
        assert_eq!(opened.status.signed_by(), None);
    }
}

fn we_decrypt_and_verify_what_gpg_seals(pair: &Pair) {
    let (alice, bob) = (pair.alice_fingerprint(), pair.bob_fingerprint());
    for compression in Compression::ALL {
        for content in contents() {
            for signer in [Some(alice.as_str()), None] {
                let sealed = pair.gpg.encrypt(&content, &[&bob], signer, compression).unwrap();
                let opened = openpgp::decrypt(&sealed, &pair.keyring, &Default::default(), pair.now).unwrap();
                assert!(opened.data == content, "{compression:?}");
                let signers: Vec<_> =
                    opened.signatures.iter().map(|signature| good(&signature.status)).collect();
                assert_eq!(
                    signers,
                    signer.map(str::to_owned).into_iter().collect::<Vec<_>>(),
                    "{compression:?}"
                );
            }
        }
    }
}

/// Longer than the packets that either program cuts a stream into.
fn what_goes_through_a_stream_is_read_both_ways(pair: &Pair) {
    let (alice, bob) = (pair.alice_fingerprint(), pair.bob_fingerprint());
    let content: Vec<u8> = (0..=u8::MAX).cycle().take(5_000_001).collect();
    let to = Recipients::new([pair.bob.certificate()]).signed_by(&pair.alice);
    let mut sealed = Vec::new();
    openpgp::encrypt_to(content.as_slice(), &mut sealed, &to, pair.now).unwrap();
    let opened = pair.gpg.decrypt(&sealed).unwrap();
    assert!(opened.plaintext == content && opened.status.decrypted_with_integrity(), "{:?}", opened.status);
    assert_eq!(opened.status.signed_by(), Some(alice.as_str()), "{:?}", opened.status);

    for compression in Compression::ALL {
        let armored = pair.gpg.encrypt(&content, &[&bob], Some(&alice), compression).unwrap();
        for message in [pair.gpg.dearmor(&armored).unwrap(), armored] {
            let (keyring, options) = (&pair.keyring, Default::default());
            let spooled = openpgp::decrypt_to(message.as_slice(), Vec::new(), keyring, &options, pair.now);
            let spooled = spooled.unwrap();
            assert!(spooled.spool == content, "{compression:?}");
            let signers: Vec<_> = spooled.signatures.iter().map(|result| good(&result.status)).collect();
            assert_eq!(signers, std::slice::from_ref(&alice), "{compression:?}");
        }
    }
}

fn what_was_changed_on_the_way_is_tampered(pair: &Pair) {
    let bob = pair.bob_fingerprint();
    let sealed = pair.gpg.encrypt(b"attack at dawn", &[&bob], None, Compression::None).unwrap();
    let armored = String::from_utf8(sealed).unwrap();
    // GnuPG is asked for the packets, so that the change hits the ciphertext and not the armor.
    let mut packets = pair.gpg.dearmor(armored.as_bytes()).unwrap();
    *packets.last_mut().unwrap() ^= 1;
    let refused = openpgp::decrypt(&packets, &pair.keyring, &Default::default(), pair.now);
    assert_eq!(refused, Err(PgpError::Tampered));
}

fn detached_signatures_are_good_both_ways(pair: &Pair) {
    let alice = pair.alice_fingerprint();
    for content in contents() {
        let ours = openpgp::sign_detached(&content, &pair.alice, pair.now).unwrap();
        let status = pair.gpg.verify(&content, ours.to_armored().as_bytes()).unwrap();
        assert_eq!(status.signed_by(), Some(alice.as_str()), "{status:?}");

        let theirs = pair.gpg.sign(&content, &alice).unwrap();
        let verify = |data: &[u8]| {
            let found = openpgp::verify_detached(data, &theirs, &pair.keyring, &Default::default(), pair.now);
            found.unwrap().into_iter().map(|signature| signature.status).collect::<Vec<_>>()
        };
        assert_eq!(verify(&content).iter().map(good).collect::<Vec<_>>(), std::slice::from_ref(&alice));
        let changed = [content.as_slice(), b"!"].concat();
        assert_eq!(verify(&changed), [SignatureStatus::Bad(SignatureFault::Mismatch)]);
    }
}

fn cleartext_signatures_are_good_both_ways(pair: &Pair) {
    let alice = pair.alice_fingerprint();
    // White space at line ends is not signed, so it does not come back.
    let text = "Hello,\n\n- a list\n--\nFrom here\nGrüße\n";
    let ours = openpgp::sign_cleartext(text, &pair.alice, pair.now).unwrap();
    let opened = pair.gpg.decrypt(ours.as_bytes()).unwrap();
    assert_eq!(opened.status.signed_by(), Some(alice.as_str()), "{:?}", opened.status);

    let theirs = pair.gpg.clear_sign(text.as_bytes(), &alice).unwrap();
    let verified = openpgp::verify_inline(&theirs, &pair.keyring, &Default::default(), pair.now).unwrap();
    assert_eq!(
        verified.signatures.iter().map(|signature| good(&signature.status)).collect::<Vec<_>>(),
        [alice]
    );
    assert_eq!(String::from_utf8_lossy(&verified.data).replace("\r\n", "\n").trim_end(), text.trim_end());
}

#[test]
fn a_protected_key_goes_from_gpg_to_us() {
    let Some(gpg) = common::gpg("a_protected_key_goes_from_gpg_to_us") else { return };
    for algorithm in Algorithm::ALL {
        let fingerprint =
            gpg.generate_protected(algorithm, "Alice <alice@example.test>", "open sesame").unwrap();
        let key = SecretKey::import(&gpg.export_secret(&fingerprint, Some("open sesame")).unwrap()).unwrap();
        assert_eq!(fingerprint_text(key.fingerprint()), fingerprint);
        assert!(key.is_protected());
        assert_eq!(key.unlock(&"open sesame!".into()).err(), Some(PgpError::WrongPassphrase));
        assert!(key.unlock(&"open sesame".into()).is_ok());
    }
}

#[test]
fn a_protected_key_and_its_revocation_go_from_us_to_gpg() {
    let Some(gpg) = common::gpg("a_protected_key_and_its_revocation_go_from_us_to_gpg") else { return };
    let alice = UserId::new(Some("Alice"), &Address::parse("alice@example.test").unwrap());
    let passphrase = Secret::from("open sesame");
    let (key, revocation) =
        SecretKey::generate(KeyProfile::Compatible, &alice, Some(&passphrase), common::now()).unwrap();
    let fingerprint = fingerprint_text(key.fingerprint());
    assert!(gpg.import(key.export_armored().unwrap().expose()).unwrap().has("IMPORT_OK"));
    assert!(gpg.export_secret(&fingerprint, Some("open sesame")).is_ok());
    assert!(gpg.export_secret(&fingerprint, Some("wrong")).is_err());

    let certificate = Certificate::import(&gpg.export(&fingerprint).unwrap()).unwrap();
    assert_eq!(certificate.fingerprint(), key.fingerprint());
    assert!(gpg.encrypt(b"still", &[&fingerprint], None, Compression::None).is_ok());
    gpg.import(revocation.export_armored().as_bytes()).unwrap();
    assert!(gpg.encrypt(b"no longer", &[&fingerprint], None, Compression::None).is_err());
}
