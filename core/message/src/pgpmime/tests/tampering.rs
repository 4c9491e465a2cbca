//! Data that was changed on the way: an error, and never a byte of plaintext.

use std::io::{Read as _, Write as _};

use sequoia_openpgp::armor::{Kind, Reader, ReaderMode, Writer};

use super::round_trip::{PROFILES, draft, mailbox, seal_options};
use super::*;
use crate::openpgp::PgpError;
use crate::openpgp::tests::made;

const SECRET: &str = "The answer is forty-two.";

/// How encrypted data can stand in a message.
#[derive(Debug, Clone, Copy)]
enum Form {
    Mime,
    /// PGP/MIME, too, with the data not armored.
    Binary,
    Inline,
}

const FORMS: [Form; 3] = [Form::Mime, Form::Binary, Form::Inline];

/// Each bit of an octet, and all of them.
const FLIPS: [u8; 9] = [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff];

/// A message that was sealed, taken apart.
struct Sample {
    name: String,
    keyring: Keyring,
    /// Its encrypted data, without armor.
    data: Vec<u8>,
    /// Where the body of the encrypted packet begins, and its ciphertext.
    body: usize,
    ciphertext: usize,
}

fn samples() -> Vec<Sample> {
    let mut samples = Vec::new();
    for profile in PROFILES {
        let [alice, bob] = ["alice", "bob"].map(|local| key_at(profile, local, at(1_700_000_000)));
        let (own, keyring) = (keyring([&alice], [&bob]), keyring([&bob], [&alice]));
        for protection in [Protection::Encrypt, Protection::SignAndEncrypt] {
            let draft = draft().to(mailbox("bob")).text(SECRET);
            let sealed = seal(&draft, protection, &own, &seal_options(), now()).unwrap();
            let bytes = &sealed.copies[0].bytes;
            let mut data = Vec::new();
            Reader::from_bytes(bytes, ReaderMode::Tolerant(Some(Kind::Message)))
                .read_to_end(&mut data)
                .unwrap();
            let body = made::encrypted_body(&data);
            // The version; and for SEIPDv2 also the algorithms, the chunk size and the salt.
            let ciphertext = body + if profile != KeyProfile::Compatible { 36 } else { 1 };
            let name = format!("{profile:?} {protection:?}");
            samples.push(Sample { name, keyring: keyring.clone(), data, body, ciphertext });
        }
    }
    samples
}

/// The data with armor that is right for it.
fn armor(data: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), Kind::Message).unwrap();
    writer.write_all(data).unwrap();
    writer.finalize().unwrap()
}

fn message(form: Form, data: &[u8]) -> Vec<u8> {
    let fields = b"From: alice@example.test\r\nTo: bob@example.test\r\nMIME-Version: 1.0\r\n".to_vec();
    let data = if matches!(form, Form::Binary) { data.to_vec() } else { armor(data) };
    match form {
        Form::Inline => [fields, b"Content-Type: text/plain\r\n\r\n".to_vec(), data].concat(),
        Form::Mime | Form::Binary => {
            let head = format!(
                "Content-Type: multipart/{ENCRYPTED}; boundary=e\r\n\r\n--e\r\n{VERSION}\r\n--e\r\n\
                 Content-Type: application/octet-stream\r\n\r\n"
            );
            [fields, head.into_bytes(), data, b"\r\n--e--\r\n".to_vec()].concat()
        }
    }
}

impl Sample {
    /// That changed data gives an error without a word of the secret, or shows just what was sealed.
    #[track_caller]
    fn assert_nothing_new(&self, form: Form, changed: &[u8]) -> Option<OpenError> {
        let open = |data: &[u8]| open_at(&message(form, data), &self.keyring, now());
        match open(changed) {
            Ok(opened) => {
                let original = open(&self.data).unwrap();
                assert_eq!(opened.message.as_bytes(), original.message.as_bytes());
                assert_eq!(opened.verdict.reasons(), original.verdict.reasons());
                None
            }
            Err(error) => {
                assert_silent(&error);
                Some(error)
            }
        }
    }
}

#[track_caller]
fn assert_silent(error: &OpenError) {
    let shown = format!("{error} {error:?}");
    assert!(!["answer", "forty"].iter().any(|word| shown.contains(word)), "{shown}");
}

const TAMPERED: Option<OpenError> = Some(OpenError::Pgp(PgpError::Tampered));

/// Each octet in many ways, in one form after the other.
#[test]
fn every_changed_octet_of_the_encrypted_data_is_noticed() {
    for sample in samples() {
        for form in FORMS {
            let opened = open_at(&message(form, &sample.data), &sample.keyring, now()).unwrap();
            assert!(text(&opened).contains(SECRET), "{} {form:?}", sample.name);
        }
        for at in 0..sample.data.len() {
            for (n, flip) in FLIPS.into_iter().enumerate() {
                let form = FORMS[(at + n) % 3];
                let mut changed = sample.data.clone();
                changed[at] ^= flip;
                let error = sample.assert_nothing_new(form, &changed);
                let name = format!("{} {form:?}: {at} ^ {flip:#x}: {error:?}", sample.name);
                assert!(at < sample.body || error.is_some(), "{name}");
                assert!(at < sample.ciphertext || error == TAMPERED, "{name}");
            }
        }
    }
}

#[test]
fn every_cut_of_the_encrypted_data_is_noticed() {
    for sample in samples() {
        for length in 0..sample.data.len() {
            let form = FORMS[length % 3];
            let error = sample.assert_nothing_new(form, &sample.data[..length]);
            let name = format!("{} {form:?} cut at {length}: {error:?}", sample.name);
            assert!(error.is_some(), "{name}");
            assert!(length < sample.ciphertext || error == TAMPERED, "{name}");
        }
    }
}

/// What GnuPG makes: compressed inside the encryption.
#[test]
fn changes_to_compressed_data_are_noticed() {
    let (_, bob, keyring) = alice_and_bob();
    let data = made::compressed(plain(SECRET).as_bytes(), &Recipients::new([bob.certificate()]));
    let body = made::encrypted_body(&data);
    let sample = Sample { name: "compressed".to_owned(), keyring, data, body, ciphertext: body + 1 };
    for at in sample.ciphertext..sample.data.len() {
        for (n, flip) in FLIPS.into_iter().enumerate() {
            let mut changed = sample.data.clone();
            changed[at] ^= flip;
            let form = FORMS[(at + n) % 3];
            assert_eq!(sample.assert_nothing_new(form, &changed), TAMPERED, "{form:?} {at} ^ {flip:#x}");
        }
    }
}

/// Changes to the letters of the armor, which are no longer right then, and cuts through it.
#[test]
fn changes_to_the_armored_message_are_noticed_or_mean_nothing() {
    let (alice, bob, keyring) = alice_and_bob();
    let bytes = mail(&encrypted("e", &plain(SECRET), &[&bob], Some(&alice)));
    let find = |text: &[u8]| memchr::memmem::find(&bytes, text).unwrap();
    let armor = find(b"-----BEGIN PGP MESSAGE-----\r\n\r\n") + 31..find(b"\r\n-----END PGP");
    for at in armor.clone().step_by(3) {
        let mut changed = bytes.clone();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        match open_at(&changed, &keyring, now()) {
            Ok(opened) => assert_eq!(text(&opened), format!("{SECRET}\n")),
            Err(error) => assert_silent(&error),
        }
    }
    for length in armor.step_by(7) {
        assert_silent(&open_at(&bytes[..length], &keyring, now()).unwrap_err());
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
