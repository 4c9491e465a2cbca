//! What sealing and opening promise, on keys made at fixed times. On what other programs made: `tests/verdicts`.

mod headers;
mod layers;
mod round_trip;
mod spoofing;
mod tampering;

use std::time::{Duration, SystemTime};

use postseal_types::Address;

use super::*;
use crate::openpgp::tests::made;
use crate::openpgp::{KeyProfile, Keyring, Recipients, SecretKey, UserId, encrypt, sign_detached};

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn now() -> SystemTime {
    at(1_800_000_000)
}

fn address(local: &str) -> Address {
    Address::parse(&format!("{local}@example.test")).unwrap()
}

fn key_at(profile: KeyProfile, local: &str, now: SystemTime) -> SecretKey {
    SecretKey::generate(profile, &UserId::new(Some(local), &address(local)), None, now).unwrap().0
}

fn key(local: &str) -> SecretKey {
    key_at(KeyProfile::Compatible, local, at(1_700_000_000))
}

/// The secret keys of `own`, and the certificates of `others`.
fn keyring<'a>(
    own: impl IntoIterator<Item = &'a SecretKey>,
    others: impl IntoIterator<Item = &'a SecretKey>,
) -> Keyring {
    let mut keyring = Keyring::new();
    own.into_iter().for_each(|key| keyring.add_secret_key(key.clone()));
    others.into_iter().for_each(|key| keyring.add_certificate(key.certificate().clone()));
    keyring
}

fn open_at(bytes: &[u8], keyring: &Keyring, now: SystemTime) -> Result<Opened, OpenError> {
    open(bytes, keyring, &OpenOptions::default(), now)
}

fn opened(bytes: &[u8], keyring: &Keyring) -> Opened {
    open_at(bytes, keyring, now()).unwrap()
}

/// The text body.
fn text(opened: &Opened) -> String {
    opened.message.text_body().map(|text| text.as_str().to_owned()).unwrap_or_default()
}

/// The reasons as sentences.
fn reasons(opened: &Opened) -> Vec<String> {
    opened.verdict.reasons().iter().map(ToString::to_string).collect()
}

/// The signature of `key` over `content`, as the second part of a `multipart/signed`.
fn signature_part(content: &str, key: &SecretKey) -> String {
    let signature = sign_detached(content.as_bytes(), &key.unlock_unprotected().unwrap(), now()).unwrap();
    format!("Content-Type: application/pgp-signature\r\n\r\n{}", signature.to_armored())
}

/// The same over text, as some programs make them, which may name whom it is for.
fn text_signature_part(content: &str, key: &SecretKey, reader: Option<&SecretKey>) -> String {
    let signature = made::over_text(content.as_bytes(), key, reader, now());
    format!("Content-Type: application/pgp-signature\r\n\r\n{}", signature.to_armored())
}

/// A multipart of any kind, from finished parts.
fn multipart(kind: &str, boundary: &str, parts: &[&str]) -> String {
    let parts: String = parts.iter().map(|part| format!("--{boundary}\r\n{part}\r\n")).collect();
    format!("Content-Type: multipart/{kind}; boundary={boundary}\r\n\r\n{parts}--{boundary}--\r\n")
}

const SIGNED: &str = "signed; protocol=\"application/pgp-signature\"; micalg=pgp-sha512";
const ENCRYPTED: &str = "encrypted; protocol=\"application/pgp-encrypted\"";
const VERSION: &str = "Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n";

fn signed(boundary: &str, content: &str, key: &SecretKey) -> String {
    multipart(SIGNED, boundary, &[content, &signature_part(content, key)])
}

/// The encrypted data, armored, with the line ends of mail.
fn armored(content: &str, to: &[&SecretKey], signer: Option<&SecretKey>) -> String {
    let signer = signer.map(|key| key.unlock_unprotected().unwrap());
    let mut recipients = Recipients::new(to.iter().map(|key| key.certificate()));
    if let Some(signer) = &signer {
        recipients = recipients.signed_by(signer);
    }
    encrypt(content.as_bytes(), &recipients, now()).unwrap().to_armored().replace('\n', "\r\n")
}

fn data_part(content: &str, to: &[&SecretKey], signer: Option<&SecretKey>) -> String {
    format!("Content-Type: application/octet-stream\r\n\r\n{}", armored(content, to, signer))
}

fn encrypted(boundary: &str, content: &str, to: &[&SecretKey], signer: Option<&SecretKey>) -> String {
    multipart(ENCRYPTED, boundary, &[VERSION, &data_part(content, to, signer)])
}

/// A message from alice to bob.
fn mail(entity: &str) -> Vec<u8> {
    from("alice@example.test", entity)
}

fn from(from: &str, entity: &str) -> Vec<u8> {
    format!("From: {from}\r\nTo: bob@example.test\r\nSubject: outside\r\nMIME-Version: 1.0\r\n{entity}")
        .into_bytes()
}

fn plain(text: &str) -> String {
    format!("Content-Type: text/plain\r\n\r\n{text}\r\n")
}

fn html(text: &str) -> String {
    format!("Content-Type: text/html\r\n\r\n{text}\r\n")
}

/// alice and bob; the keyring is bob's, who knows alice.
fn alice_and_bob() -> (SecretKey, SecretKey, Keyring) {
    let (alice, bob) = (key("alice"), key("bob"));
    let keyring = keyring([&bob], [&alice]);
    (alice, bob, keyring)
}

/// The signature is alice's, and good.
fn is_by(opened: &Opened, key: &SecretKey) -> bool {
    matches!(&opened.verdict.signature, SignatureVerdict::Valid { signer, .. } if signer == key.fingerprint())
}
