//! PGP/MIME: GnuPG reads the messages that Postseal seals, and Postseal opens those that are put together around GnuPG's output.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

#[macro_use]
mod common;

use common::Pair;
use postseal_interop::{Compression, wrap};
use postseal_message::mime::{Attachment, Date, Draft, HeaderValue, Mailbox, MessageId};
use postseal_message::pgpmime::{
    Opened, Protection, SealOptions, Sealed, SignatureVerdict, VerdictLevel, open, seal,
};

interop! {
    gpg_reads_what_we_sign_and_encrypt;
    gpg_reads_messages_of_every_length;
    gpg_reads_what_we_only_encrypt;
    gpg_verifies_what_we_only_sign;
    we_open_what_gpg_encrypted;
    we_open_what_gpg_signed_and_then_encrypted;
    we_verify_what_gpg_signed;
    we_open_what_gpg_wrote_inline;
}

const SUBJECT: &str = "Überraschung";
const TEXT: &str = "Liebe Alice,\n\nFrom here on: -- \n.\n";
const DATA: &[u8] = b"\x00\xff bytes that are no text \r\n\n\r";

/// The header of every message that is put together around GnuPG's output.
const HEADERS: &str = "Date: Tue, 24 Nov 2026 09:00:00 +0000\r\nMessage-ID: <1@example.test>\r\n\
                       From: Alice <alice@example.test>\r\nTo: Bob <bob@example.test>\r\nSubject: hello\r\n";

fn gpg_reads_what_we_sign_and_encrypt(pair: &Pair) {
    let sealed = sealed(pair, Protection::SignAndEncrypt, TEXT);
    let plaintext = decrypted(pair, &sealed, Some(&pair.alice_fingerprint()));
    assert!(plaintext.contains("bytes.bin"), "{plaintext}");
    // What is inside is a message on its own, with the subject that the outside hides.
    let again = postseal_message::mime::Message::parse(plaintext.as_bytes(), &Default::default()).unwrap();
    assert_eq!(again.subject().as_deref(), Some(SUBJECT));
    assert_eq!(again.text_body().unwrap().as_str(), TEXT);
    assert_eq!(again.attachments().map(|attachment| attachment.into_data()).collect::<Vec<_>>(), [DATA]);
}

/// The last line of the armor is full, or has padding of one or of two characters.
fn gpg_reads_messages_of_every_length(pair: &Pair) {
    for text in ["a", "aa", "aaa"] {
        let sealed = sealed(pair, Protection::SignAndEncrypt, text);
        assert!(decrypted(pair, &sealed, Some(&pair.alice_fingerprint())).contains(text));
    }
}

fn gpg_reads_what_we_only_encrypt(pair: &Pair) {
    let plaintext = decrypted(pair, &sealed(pair, Protection::Encrypt, TEXT), None);
    assert!(plaintext.contains("bytes.bin"), "{plaintext}");
}

fn gpg_verifies_what_we_only_sign(pair: &Pair) {
    let sealed = sealed(pair, Protection::Sign, TEXT);
    let message = &sealed.copies.first().unwrap().bytes;
    let [content, signature] = wrap::parts(message).try_into().unwrap();
    let verify = |content: &[u8]| pair.gpg.verify(content, &wrap::body(&signature)).unwrap();
    let status = verify(&content);
    assert_eq!(status.signed_by(), Some(pair.alice_fingerprint().as_str()), "{status:?}");
    assert_eq!(verify(&[content.as_slice(), b"!"].concat()).signed_by(), None);
}

fn we_open_what_gpg_encrypted(pair: &Pair) {
    let (alice, bob) = (pair.alice_fingerprint(), pair.bob_fingerprint());
    for compression in Compression::ALL {
        for (signer, level) in [(Some(alice.as_str()), VerdictLevel::Sealed), (None, VerdictLevel::Encrypted)]
        {
            let message = pair.gpg.encrypt(&part(), &[&bob], signer, compression).unwrap();
            let opened = opened(pair, &wrap::encrypted(HEADERS, &message));
            assert_eq!(opened.verdict.level(), level, "{compression:?} {:?}", opened.verdict);
            assert_eq!(opened.message.text_body().unwrap().as_str(), TEXT);
            assert_eq!(opened.message.subject().as_deref(), Some("hello"));
            assert_eq!(opened.repairs, []);
        }
    }
}

fn we_open_what_gpg_signed_and_then_encrypted(pair: &Pair) {
    let signature = pair.gpg.sign(&part(), &pair.alice_fingerprint()).unwrap();
    let inner = wrap::signed("", &part(), &signature);
    let message = pair.gpg.encrypt(&inner, &[&pair.bob_fingerprint()], None, Compression::Zlib).unwrap();
    let opened = opened(pair, &wrap::encrypted(HEADERS, &message));
    assert_eq!(opened.verdict.level(), VerdictLevel::Sealed, "{:?}", opened.verdict);
    assert_eq!(opened.message.text_body().unwrap().as_str(), TEXT);
}

fn we_verify_what_gpg_signed(pair: &Pair) {
    let signature = pair.gpg.sign(&part(), &pair.alice_fingerprint()).unwrap();
    let message = wrap::signed(HEADERS, &part(), &signature);
    let good = opened(pair, &message);
    assert_eq!(good.verdict.level(), VerdictLevel::Authentic, "{:?}", good.verdict);
    assert_eq!(good.message.text_body().unwrap().as_str(), TEXT);

    let changed = String::from_utf8(message).unwrap().replace("Liebe", "Böse");
    let bad = opened(pair, changed.as_bytes());
    assert!(matches!(bad.verdict.signature, SignatureVerdict::Invalid { .. }), "{:?}", bad.verdict);
    assert_eq!(bad.verdict.level(), VerdictLevel::Suspicious);
}

fn we_open_what_gpg_wrote_inline(pair: &Pair) {
    let (alice, bob) = (pair.alice_fingerprint(), pair.bob_fingerprint());
    let text = "Hello,\nfrom inside.\n";
    for compression in Compression::ALL {
        let body = pair.gpg.encrypt(text.as_bytes(), &[&bob], Some(&alice), compression).unwrap();
        let opened = opened(pair, &wrap::inline(HEADERS, &body));
        assert_eq!(opened.verdict.level(), VerdictLevel::Sealed, "{:?}", opened.verdict);
        assert_eq!(lines(&opened), lines_of(text));
    }
    let body = pair.gpg.clear_sign(text.as_bytes(), &alice).unwrap();
    let opened = opened(pair, &wrap::inline(HEADERS, &body));
    assert_eq!(opened.verdict.level(), VerdictLevel::Authentic, "{:?}", opened.verdict);
    assert_eq!(lines(&opened), lines_of(text));
}

/// A message from Alice to Bob, as sealed by us.
fn sealed(pair: &Pair, protection: Protection, text: &str) -> Sealed {
    let mailbox = |text| Mailbox::parse(text).unwrap();
    let data =
        Attachment::named("bytes.bin", postseal_message::mime::ContentType::octet_stream(), DATA).unwrap();
    let draft = Draft::new(
        mailbox("Alice <alice@example.test>"),
        Date::utc(pair.now).unwrap(),
        MessageId::random("example.test").unwrap(),
    )
    .to(mailbox("Bob <bob@example.test>"))
    .subject(HeaderValue::parse(SUBJECT).unwrap())
    .text(text)
    .attach(data);
    seal(&draft, protection, &pair.keyring, &SealOptions::default(), pair.now).unwrap()
}

/// What GnuPG finds inside an encrypted message, which must be whole and signed as expected.
fn decrypted(pair: &Pair, sealed: &Sealed, signer: Option<&str>) -> String {
    let message = &sealed.copies.first().unwrap().bytes;
    let outside = String::from_utf8_lossy(message);
    assert!(!outside.contains("berraschung") && !outside.contains("bytes.bin"), "{outside}");
    let [version, data] = wrap::parts(message).try_into().unwrap();
    assert_eq!(wrap::body(&version).trim_ascii(), b"Version: 1");
    let opened = pair.gpg.decrypt(&wrap::body(&data)).unwrap();
    assert!(opened.status.decrypted_with_integrity() && opened.is_content, "{:?}", opened.status);
    assert_eq!(opened.status.signed_by(), signer, "{:?}", opened.status);
    String::from_utf8(opened.plaintext).unwrap()
}

/// The part that GnuPG signs and encrypts.
fn part() -> Vec<u8> {
    format!(
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{}",
        TEXT.replace(" \n", "=20\n").replace('\n', "\r\n")
    )
    .into_bytes()
}

fn opened(pair: &Pair, message: &[u8]) -> Opened {
    open(message, &pair.keyring, &Default::default(), pair.now).unwrap()
}

fn lines(opened: &Opened) -> Vec<String> {
    lines_of(opened.message.text_body().unwrap().as_str())
}

fn lines_of(text: &str) -> Vec<String> {
    text.trim_end().lines().map(str::to_owned).collect()
}
