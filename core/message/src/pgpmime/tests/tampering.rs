//! Data that was changed on the way: an error, and never a byte of plaintext.

use postseal_types::ErrorCode;

use super::*;
use crate::openpgp::PgpError;

const SECRET: &str = "The answer is forty-two.";

/// Checks that `bytes` open with an error of one of these codes that holds nothing of the secret, or unchanged.
#[track_caller]
fn assert_nothing_leaks(bytes: &[u8], keyring: &Keyring, allowed: &[ErrorCode]) -> bool {
    match open_at(bytes, keyring, now()) {
        // Changes outside the encryption, or in bits that mean nothing, such as white space.
        Ok(opened) => {
            assert_eq!(text(&opened), format!("{SECRET}\n"));
            false
        }
        Err(error) => {
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("answer") && !shown.contains("forty"), "{shown}");
            assert!(allowed.contains(&error.code()), "{shown}");
            true
        }
    }
}

/// The message, and where its encrypted data begins and ends.
fn sealed(to: &SecretKey, signer: &SecretKey) -> (Vec<u8>, std::ops::Range<usize>) {
    let bytes = mail(&encrypted("e", &plain(SECRET), &[to], Some(signer)));
    let text = String::from_utf8(bytes.clone()).unwrap();
    let start = text.find("-----BEGIN PGP MESSAGE-----\r\n\r\n").unwrap() + 31;
    (bytes, start..text.find("\r\n-----END PGP").unwrap())
}

#[test]
fn every_changed_octet_of_the_encrypted_data_is_noticed() {
    for profile in [KeyProfile::Compatible, KeyProfile::Modern] {
        let bob = key_at(profile, "bob", at(1_700_000_000));
        let keyring = keyring([&bob], []);
        let data = encrypt(plain(SECRET).as_bytes(), &Recipients::new([bob.certificate()]), now()).unwrap();
        let data = data.as_bytes();
        let wrap = |data: &[u8]| {
            let part = [b"Content-Type: application/octet-stream\r\n\r\n".as_slice(), data].concat();
            let head =
                format!("Content-Type: multipart/{ENCRYPTED}; boundary=e\r\n\r\n--e\r\n{VERSION}\r\n--e\r\n");
            [head.as_bytes(), &part, b"\r\n--e--\r\n"].concat()
        };
        assert_eq!(text(&opened(&wrap(data), &keyring)), format!("{SECRET}\n"));
        let allowed = [
            ErrorCode::Tampered,
            ErrorCode::Malformed,
            ErrorCode::KeyMissing,
            ErrorCode::Unsupported,
            ErrorCode::Refused,
        ];
        let mut refused = 0;
        for at in 0..data.len() {
            let mut changed = data.to_vec();
            changed[at] ^= 1 << (at % 8);
            refused += usize::from(assert_nothing_leaks(&wrap(&changed), &keyring, &allowed));
        }
        // The top bit of an X25519 share means nothing (RFC 7748, section 5): with it changed, the message is the same.
        assert!(refused + 1 >= data.len(), "{profile:?}: {refused} of {}", data.len());
        for length in 0..data.len() {
            assert!(
                assert_nothing_leaks(&wrap(&data[..length]), &keyring, &allowed),
                "{profile:?} cut at {length}"
            );
        }
        let last = data.len() - 1;
        let mut changed = data.to_vec();
        changed[last] ^= 1;
        let error = open_at(&wrap(&changed), &keyring, now()).unwrap_err();
        assert_eq!(error, OpenError::Pgp(PgpError::Tampered));
    }
}

#[test]
fn changes_to_the_armored_message_are_noticed_or_mean_nothing() {
    let (alice, bob, keyring) = alice_and_bob();
    let (bytes, armor) = sealed(&bob, &alice);
    let allowed = [
        ErrorCode::Tampered,
        ErrorCode::Malformed,
        ErrorCode::KeyMissing,
        ErrorCode::Unsupported,
        ErrorCode::Refused,
    ];
    for at in armor.clone().step_by(3) {
        let mut changed = bytes.clone();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        assert_nothing_leaks(&changed, &keyring, &allowed);
    }
    for length in armor.step_by(7) {
        assert!(assert_nothing_leaks(&bytes[..length], &keyring, &allowed), "cut at {length}");
    }
}

/// What a message shows: whom it is from, its subject, its text, and its files.
fn shown(opened: &Opened) -> (String, Option<String>, String, Vec<Vec<u8>>) {
    let message = &opened.message;
    let files = message.attachments().map(|file| file.into_data()).collect();
    (format!("{:?}", message.from()), message.subject(), text(opened), files)
}

/// Changes each octet in three ways, cuts before it, and doubles the line it stands in.
fn variants(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    (0..bytes.len()).flat_map(move |at| {
        let replaced = |by: &[u8]| [&bytes[..at], by, &bytes[at + 1..]].concat();
        let flipped = [bytes[at] ^ 1, bytes[at] ^ 0x20];
        let line = bytes[..at].iter().rposition(|&b| b == b'\n').map_or(0, |end| end + 1);
        let doubled = [&bytes[..at], &bytes[line..]].concat();
        [replaced(&flipped[..1]), replaced(&flipped[1..]), replaced(b"\n"), bytes[..at].to_vec(), doubled]
    })
}

/// Whatever is changed in a signed message: either it is not shown as authentic any more, or it shows the same.
#[test]
fn no_change_to_a_signed_message_is_shown_as_authentic() {
    let (alice, _, keyring) = alice_and_bob();
    let content =
        "From: alice@example.test\r\nSubject: inside\r\nContent-Type: text/plain; hp=\"clear\"\r\n\r\n42\r\n";
    let bytes = mail(&signed("s", content, &alice));
    let original = opened(&bytes, &keyring);
    assert_eq!(original.verdict.level(), VerdictLevel::Authentic);
    let (mut same, mut noticed) = (0, 0);
    for changed in variants(&bytes) {
        let opened = opened(&changed, &keyring);
        if opened.verdict.level() >= VerdictLevel::Authentic {
            assert_eq!(shown(&opened), shown(&original), "{}", String::from_utf8_lossy(&changed));
            same += 1;
        } else {
            noticed += 1;
        }
    }
    assert!(same > 100 && noticed > 1000, "{same} {noticed}");
}

/// Whatever is changed around the encrypted data: what is shown as sealed is what was sealed.
#[test]
fn no_change_around_encrypted_data_is_shown_as_sealed() {
    let (alice, bob, keyring) = alice_and_bob();
    let content = "From: alice@example.test\r\nSubject: inside\r\nContent-Type: text/plain; hp=\"cipher\"\r\n\r\n42\r\n";
    let bytes = mail(&encrypted("e", content, &[&bob], Some(&alice)));
    let original = opened(&bytes, &keyring);
    assert_eq!(original.verdict.level(), VerdictLevel::Sealed);
    let head = String::from_utf8_lossy(&bytes).find("-----BEGIN").unwrap() + 40;
    let tail = bytes[head..].to_vec();
    for changed in variants(&bytes[..head]) {
        let Ok(opened) = open_at(&[changed, tail.clone()].concat(), &keyring, now()) else { continue };
        if opened.verdict.level() >= VerdictLevel::Authentic {
            assert_eq!(shown(&opened), shown(&original));
        }
    }
}
