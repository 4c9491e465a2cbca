//! Sealed messages of each kind, and mail in which something is sealed.

use postseal_message::mime::Boundaries;
use postseal_message::openpgp::{
    Certificate, Recipients, UnlockedKey, encrypt, sign_cleartext, sign_detached, sign_inline,
};
use postseal_message::pgpmime::{Protection, SealOptions, seal};

use super::Seed;
use super::mails::{letter, with_files};
use crate::keys::{keyring, now};
use crate::mail::LETTER;

/// The header of a message from Alice to Bob, up to its Content-Type.
const HEADER: &str =
    "From: alice@example.test\r\nTo: bob@example.test\r\nSubject: outside\r\nMIME-Version: 1.0\r\n";

/// All sealed messages; the first word of each name says what they are worth.
pub(super) fn sealed() -> Vec<Seed> {
    [by_us(), by_others(), data()].concat()
}

/// As our own composer makes them.
fn by_us() -> Vec<Seed> {
    let kinds = [
        ("authentic-alice", "alice", "bob", Protection::Sign),
        ("authentic-bob", "bob", "alice", Protection::Sign),
        ("encrypted-alice", "alice", "alice", Protection::Encrypt),
        ("encrypted-bob", "bob", "bob", Protection::Encrypt),
        ("sealed-alice", "alice", "bob", Protection::SignAndEncrypt),
        ("sealed-bob", "bob", "alice", Protection::SignAndEncrypt),
        ("plain-unprotected", "alice", "bob", Protection::None),
    ];
    let sealed = kinds.map(|(name, from, to, protection)| {
        let boundaries = Some(Boundaries::from_seed(*b"the same forever"));
        let options = SealOptions { boundaries, ..SealOptions::default() };
        let draft = with_files(letter(from, to));
        let copies = seal(&draft, protection, keyring(), &options, now()).unwrap().copies;
        Seed::new("open", name, copies[0].bytes.clone())
    });
    sealed.into()
}

/// As other composers make them.
fn by_others() -> Vec<Seed> {
    let text = format!("Content-Type: text/plain\r\n\r\n{LETTER}\r\n");
    let sealed = encrypted_around(&text, true);
    let inline = |content: &str| format!("Content-Type: text/plain\r\n\r\n{content}");
    let cleartext = sign_cleartext(&format!("{LETTER}\n"), alice(), now()).unwrap().replace('\n', "\r\n");
    let mails = [
        ("sealed-without-headers", sealed.clone()),
        ("sealed-inline", inline(&armored(&format!("{LETTER}\r\n"), true))),
        ("sealed-in-two-layers", encrypted_around(&signed(&text), false)),
        ("authentic-without-headers", signed(&text)),
        ("authentic-inline", inline(&cleartext)),
        ("suspicious-part", multipart("mixed", "m", &[&text, &sealed])),
        ("plain-with-signed-part", multipart("mixed", "m", &[&text, &signed(&text)])),
        ("encrypted-content", encrypted_around(INNER, false)),
    ];
    let seeds = mails.map(|(name, content)| Seed::new("open", name, format!("{HEADER}{content}")));
    seeds.into_iter().chain([Seed::new("open", "plain-content", INNER)]).collect()
}

/// Without a mail around them.
fn data() -> Vec<Seed> {
    let letter = LETTER.as_bytes();
    let recipients = Recipients::new(certificates()).signed_by(alice());
    let data = [
        ("plain-data-signed", sign_inline(letter, alice(), now())),
        ("plain-data-signature", sign_detached(letter, alice(), now())),
        ("plain-data-encrypted", encrypt(letter, &recipients, now())),
    ];
    data.map(|(name, data)| Seed::new("open", name, data.unwrap().into_bytes())).into()
}

/// What may stand inside an encryption: protected headers, with what was outside (RFC 9788).
const INNER: &str = "From: alice@example.test\r\nTo: bob@example.test\r\nSubject: inside\r\n\
    HP-Outer: From: alice@example.test\r\nHP-Outer: Subject: [...]\r\n\
    Content-Type: multipart/alternative; boundary=i; hp=\"cipher\"\r\n\r\n\
    --i\r\nContent-Type: text/plain; hp-legacy-display=\"1\"\r\n\r\nSubject: inside\r\n\r\ntext\r\n\
    --i\r\nContent-Type: text/html; hp-legacy-display=\"1\"\r\n\r\n\
    <div class=\"header-protection-legacy-display\"><pre>Subject: inside</pre></div><p>text</p>\r\n--i--\r\n";

fn alice() -> &'static UnlockedKey {
    keyring().unlocked_keys().next().unwrap()
}

/// Encrypted to both, with the line ends of mail.
fn armored(content: &str, signs: bool) -> String {
    let mut recipients = Recipients::new(certificates());
    if signs {
        recipients = recipients.signed_by(alice());
    }
    encrypt(content.as_bytes(), &recipients, now()).unwrap().to_armored().replace('\n', "\r\n")
}

fn certificates() -> impl Iterator<Item = &'static Certificate> {
    keyring().unlocked_keys().map(UnlockedKey::certificate)
}

/// A multipart from finished parts.
fn multipart(kind: &str, boundary: &str, parts: &[&str]) -> String {
    let parts: String = parts.iter().map(|part| format!("--{boundary}\r\n{part}\r\n")).collect();
    format!("Content-Type: multipart/{kind}; boundary={boundary}\r\n\r\n{parts}--{boundary}--\r\n")
}

fn signed(content: &str) -> String {
    let signature = sign_detached(content.as_bytes(), alice(), now()).unwrap().to_armored();
    let signature = format!("Content-Type: application/pgp-signature\r\n\r\n{signature}");
    let kind = "signed; protocol=\"application/pgp-signature\"; micalg=pgp-sha512";
    multipart(kind, "s", &[content, &signature])
}

fn encrypted_around(content: &str, signs: bool) -> String {
    let version = "Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n";
    let data = format!("Content-Type: application/octet-stream\r\n\r\n{}", armored(content, signs));
    multipart("encrypted; protocol=\"application/pgp-encrypted\"", "e", &[version, &data])
}
