//! What other programs made.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::*;
use crate::openpgp::{Certificate, PgpError};

fn corpus(set: &str, test: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora").join(set);
    if path.is_dir() {
        return Some(path);
    }
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{set} is missing");
    _ = writeln!(std::io::stderr(), "skipped: {test}: {set} is missing");
    None
}

fn secret_key(path: impl AsRef<Path>) -> SecretKey {
    SecretKey::import(&std::fs::read(path).unwrap()).unwrap()
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

/// The level, what was encrypted, and what became of the signature.
fn summary(outcome: &Result<Opened, OpenError>) -> String {
    let verdict = match outcome {
        Ok(opened) => &opened.verdict,
        Err(OpenError::Pgp(PgpError::KeyMissing { .. })) => return "key missing".to_owned(),
        Err(error) => return format!("{error:?}"),
    };
    let encrypted = match verdict.encryption {
        EncryptionVerdict::None => "",
        EncryptionVerdict::Part(_) => ", partly encrypted",
        EncryptionVerdict::All(_) => ", encrypted",
    };
    let signature = match &verdict.signature {
        SignatureVerdict::Unsigned => String::new(),
        SignatureVerdict::Valid { .. } => ", signed".to_owned(),
        SignatureVerdict::UnknownSigner { .. } => ", unknown signer".to_owned(),
        SignatureVerdict::Invalid { reason } => format!(", {reason:?}"),
    };
    let coverage = match verdict.signature_coverage {
        None | Some(Coverage::All) => "",
        Some(Coverage::Part) => " in part",
        Some(Coverage::Ciphertext) => " from outside",
    };
    format!("{}{encrypted}{signature}{coverage}", verdict.level())
}

#[track_caller]
fn assert_table(outcomes: &[(String, String)], table: &[(&str, &str)]) {
    let outcomes: Vec<_> = outcomes.iter().map(|(file, outcome)| (file.as_str(), outcome.as_str())).collect();
    for (outcome, expected) in outcomes.iter().zip(table) {
        assert_eq!(outcome, expected);
    }
    assert_eq!(outcomes.len(), table.len());
}

/// Alice's secret key, that of another Carol, revoked, and the certificates of Bob and Carol are at hand, as in Thunderbird's own
/// tests.
const THUNDERBIRD: &[(&str, &str)] = &[
    ("alice-signed.eml", "authentic, signed"),
    ("alice-utf.eml", "authentic, signed"),
    ("bob-enc-html-nbsp.eml", "encrypted, encrypted"),
    ("bob-enc-inline-nbsp-qp.eml", "encrypted, encrypted"),
    ("enc-to-carol@pgp.icu-revoked.eml", "encrypted, encrypted, unknown signer"),
    ("encrypted-and-signed-alice-to-bob-nonascii.eml", "sealed, encrypted, signed"),
    // Attached messages have verdicts of their own.
    ("forwarded-eml-signed-by-alice.eml", "plain"),
    ("fwd-signed.eml", "plain"),
    ("fwd-unsigned-encrypted.eml", "plain"),
    ("inline-signed-latin1.eml", "plain, unknown signer"),
    ("inline-signed-utf8.eml", "plain, unknown signer"),
    (
        "signed-by-0x3099ff1238852b9f-encrypted-to-0xf231550c4f47e38e-with-key.eml",
        "sealed, encrypted, signed",
    ),
    ("signed-by-0x3099ff1238852b9f-encrypted-to-0xf231550c4f47e38e.eml", "sealed, encrypted, signed"),
    ("signed-by-0x3099ff1238852b9f-to-0xf231550c4f47e38e-unencrypted-with-key.eml", "authentic, signed"),
    ("signed-by-0x3099ff1238852b9f-to-0xf231550c4f47e38e-unencrypted.eml", "authentic, signed"),
    (
        "signed-by-0xfbfcc82a015e7330-encrypted-to-0xf231550c4f47e38e-with-key.eml",
        "sealed, encrypted, signed",
    ),
    ("signed-by-0xfbfcc82a015e7330-encrypted-to-0xf231550c4f47e38e.eml", "sealed, encrypted, signed"),
    // The text beside the signed part could be anyone's.
    ("signed-by-0xfbfcc82a015e7330-to-0xf231550c4f47e38e-unencrypted-in-mixed.eml", "plain, signed in part"),
    ("signed-by-0xfbfcc82a015e7330-to-0xf231550c4f47e38e-unencrypted-with-key.eml", "authentic, signed"),
    ("signed-by-0xfbfcc82a015e7330-to-0xf231550c4f47e38e-unencrypted.eml", "authentic, signed"),
    ("signed-inline-indented.eml", "authentic, signed"),
    // Its Message-ID was changed by hand, inside the signed part, too.
    ("signed-with-mailman-footer.eml", "suspicious, Mismatch in part"),
    ("unob-signed-by-0x3099ff1238852b9f-to-0xf231550c4f47e38e.eml", "authentic, signed"),
    ("unsigned-encrypted-to-0xf231550c4f47e38e-from-0x3099ff1238852b9f-with-key.eml", "encrypted, encrypted"),
    ("unsigned-encrypted-to-0xf231550c4f47e38e-from-0x3099ff1238852b9f.eml", "encrypted, encrypted"),
    ("unsigned-encrypted-to-0xf231550c4f47e38e-from-0xfbfcc82a015e7330-with-key.eml", "encrypted, encrypted"),
    ("unsigned-encrypted-to-0xf231550c4f47e38e-from-0xfbfcc82a015e7330.eml", "encrypted, encrypted"),
    ("unsigned-unencrypted-0x3099ff1238852b9f-autocrypt.eml", "plain"),
    ("unsigned-unencrypted-from-bob-to-alice.eml", "plain"),
    ("unsigned-unencrypted-key-0x1f10171bfb881b1c-attached.eml", "plain"),
];

#[test]
fn thunderbirds_messages_get_the_verdict_they_deserve() {
    let name = "thunderbirds_messages_get_the_verdict_they_deserve";
    let Some(root) = corpus("thunderbird-openpgp/test/browser/openpgp/data", name) else { return };
    let keys = root.join("keys");
    let mut keyring = Keyring::new();
    for file in [
        "alice@openpgp.example-0xf231550c4f47e38e-secret.asc",
        "carol@pgp.icu-0xEF2FD01608AFD744-revoked-secret.asc",
    ] {
        keyring.add_secret_key(secret_key(keys.join(file)));
    }
    for file in
        ["bob@openpgp.example-0xfbfcc82a015e7330-pub.asc", "carol@example.com-0x3099ff1238852b9f-pub.asc"]
    {
        keyring.add_certificate(Certificate::import(&std::fs::read(keys.join(file)).unwrap()).unwrap());
    }
    let outcomes: Vec<_> = files(&root.join("eml"))
        .into_iter()
        .map(|(file, bytes)| (file, summary(&open_at(&bytes, &keyring, at(1_766_000_000)))))
        .collect();
    assert_table(&outcomes, THUNDERBIRD);
}

/// All of Delta Chat's test keys are at hand. Whatever is not in the table is plain.
const DELTA_CHAT: &[(&str, &str)] = &[
    ("ctext_unsigned.asc", "encrypted, encrypted"),
    ("encrypted-group-without-id.eml", "sealed, encrypted, signed"),
    ("encrypted-signed.eml", "sealed, encrypted, signed"),
    ("encrypted_with_received_headers.eml", "sealed, encrypted, signed"),
    ("group-introduction-no-gossip.eml", "sealed, encrypted, signed"),
    // Its signature is a placeholder.
    ("mailinglist_with_mimepart_footer_signed.eml", "suspicious, Malformed in part"),
    // These two are encrypted to a passphrase and to an unknown key.
    ("plaintext-autocrypt-setup.txt", "key missing"),
    ("stress.txt", "key missing"),
    ("text_from_alice_encrypted.eml", "sealed, encrypted, signed"),
    // Alice's Thunderbird had another key.
    ("thunderbird_encrypted_signed.eml", "encrypted, encrypted, unknown signer"),
    ("thunderbird_encrypted_signed_with_pubkey.eml", "encrypted, encrypted, unknown signer"),
    ("thunderbird_encrypted_unsigned.eml", "encrypted, encrypted"),
    ("thunderbird_encrypted_unsigned_with_unencrypted_subject.eml", "encrypted, encrypted"),
    ("thunderbird_signed_unencrypted.eml", "plain, unknown signer"),
    ("thunderbird_with_autocrypt.eml", "sealed, encrypted, signed"),
    ("thunderbird_with_autocrypt_unencrypted.eml", "plain, unknown signer"),
    // Does not verify with any line ends.
    ("unencrypted_signed_simple.eml", "suspicious, Mismatch"),
    ("verification-gossip-also-sent-to-from.eml", "sealed, encrypted, signed"),
];

#[test]
fn delta_chats_messages_open() {
    let Some(root) = corpus("deltachat/test-data", "delta_chats_messages_open") else { return };
    let mut keyring = Keyring::new();
    for name in ["alice", "bob", "charlie", "dom", "elena", "fiona"] {
        keyring.add_secret_key(secret_key(root.join(format!("key/{name}-secret.asc"))));
    }
    let mut outcomes = Vec::new();
    for (file, bytes) in files(&root.join("message")) {
        let outcome = summary(&open_at(&bytes, &keyring, at(1_790_000_000)));
        if outcome != "plain" {
            outcomes.push((file, outcome));
        }
    }
    assert_table(&outcomes, DELTA_CHAT);
}

#[test]
fn the_keys_of_go_pgpmail_seal_and_open() {
    let Some(root) = corpus("go-pgpmail/testdata", "the_keys_of_go_pgpmail_seal_and_open") else { return };
    let key = secret_key(root.join("private_key.asc"));
    let public = Certificate::import(&std::fs::read(root.join("public_key.asc")).unwrap()).unwrap();
    assert_eq!(public.fingerprint(), key.fingerprint());
    let keyring = keyring([&key], []);
    let bytes = from("john.doe@example.org", &encrypted("e", &plain("hello"), &[&key], Some(&key)));
    let opened = open_at(&bytes, &keyring, now());
    assert_eq!(summary(&opened), "sealed, encrypted, signed");
}

/// The samples of RFC 9788 come with S/MIME; what they say about header fields holds for OpenPGP as well.
#[test]
fn header_fields_are_read_as_rfc_9788_shows() {
    let Some(root) = corpus("rfc9788", "header_fields_are_read_as_rfc_9788_shows") else { return };
    let (_, bob, keyring) = alice_and_bob();
    for (payload, outer, inside, count) in [
        ("C.3.1.2-baseline.payload", "C.3.1.2-baseline.outer", "smime-signed-enc-hp-baseline", 6),
        ("D.1.2.1-compose.payload", "D.1.2.2-compose.outer", "Handling the Jones contract", 5),
        ("E.1-legacy-text.payload", "D.1.2.2-compose.outer", "Dinner plans", 5),
    ] {
        let read = |name: &str| {
            std::fs::read_to_string(root.join(name)).unwrap().replace("\r\n", "\n").replace('\n', "\r\n")
        };
        let (content, header) = (read(payload), read(outer));
        let bytes = format!("{}\r\n{}", header.trim_end(), encrypted("e", &content, &[&bob], None));
        let opened = opened(bytes.as_bytes(), &keyring);
        assert_eq!(opened.message.as_bytes(), content.as_bytes(), "{payload}");
        assert_eq!(opened.message.subject().as_deref(), Some(inside));
        let headers = &opened.verdict.headers;
        assert_eq!((headers.protected.len(), headers.unprotected.len()), (count, 0), "{headers:?}");
        let subject = headers.differing.iter().find(|field| field.name == "Subject").unwrap();
        assert_eq!((subject.outside.as_str(), subject.is_intended), ("[...]", true));
    }
}
