//! Protected header fields as RFC 9788 shows them. Its samples come with S/MIME; what they say about header fields holds for OpenPGP as
//! well, so that they are put into that.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;

use postseal_message::mime::{Limits, Message};
use postseal_message::openpgp::{KeyProfile, Keyring, Recipients, SecretKey, UserId, encrypt, sign_detached};
use postseal_message::pgpmime::{EncryptionVerdict, Opened, open};
use postseal_types::Address;
use serde::Deserialize;

use crate::corpus::folder;
use crate::{at, names, table};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    corpus: String,
    rows: BTreeMap<String, Row>,
}

/// What is shown of a payload.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// The file of the fields outside, where it isn't named as the payload is.
    #[serde(default)]
    outer: Option<String>,
    subject: String,
    /// How the text begins.
    begins: String,
    protected: Vec<String>,
    /// The fields that say something else outside, and what.
    differing: BTreeMap<String, String>,
}

#[test]
fn fields_inside_win_and_those_outside_are_reported() {
    let Table { corpus, mut rows } = table::read("rfc9788.json");
    let Some(root) = folder("fields_inside_win_and_those_outside_are_reported", &corpus) else { return };
    let reader = Reader::new();
    let all = names(&root);
    for file in all.iter().filter(|file| file.ends_with(".payload")) {
        let content = text(&root, file);
        let payload = Message::parse(content.as_bytes(), &Limits::default()).unwrap();
        let row = rows.remove(file);
        let named = row.as_ref().and_then(|row| row.outer.clone());
        let beside = Some(file.replace(".payload", ".outer")).filter(|beside| all.contains(beside));
        let outer = match named.or(beside) {
            Some(outer) => fields(&text(&root, &outer)),
            None => announced(&payload),
        };
        let opened = reader.open(&outer, &content, &payload);
        assert_protected(file, &payload, &outer, &opened);
        if let Some(row) = row {
            assert_row(file, &row, &opened);
        }
    }
    assert!(rows.is_empty(), "no such files: {:?}", rows.keys());
}

/// What holds for any payload that says that its fields are protected: they are the fields of the message, and no others.
fn assert_protected(file: &str, payload: &Message, outer: &str, opened: &Opened) {
    let headers = &opened.verdict.headers;
    let content_type = payload.root().content_type();
    if content_type.parameter("hp").is_none() {
        return assert!(
            headers.protected.is_empty() || content_type.parameter("protected-headers").is_some()
        );
    }
    assert_eq!(opened.message.as_bytes(), payload.as_bytes(), "{file}");
    assert!(headers.unprotected.is_empty(), "{file}: {:?}", headers.unprotected);
    let outside = Message::parse(outer.as_bytes(), &Limits::default()).unwrap();
    for name in &headers.protected {
        let value = |message: &Message| {
            let words = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
            message.header(name).map(|field| words(field.text()))
        };
        let differing = headers.differing.iter().find(|field| field.name == *name);
        let is_same = value(&outside).is_none_or(|outside| Some(outside) == value(payload));
        assert_eq!(differing.is_none(), is_same, "{file}: {name}");
        // The outer fields here are as the sender made them.
        assert!(differing.is_none_or(|field| field.is_intended), "{file}: {differing:?}");
    }
    if matches!(opened.verdict.encryption, EncryptionVerdict::All(_)) {
        let texts = [opened.message.text_body(), opened.message.html_body()].into_iter().flatten();
        let subject = format!("Subject: {}", opened.message.subject().unwrap_or_default());
        assert!(
            texts.into_iter().all(|text| !text.as_str().contains(&subject)),
            "{file} shows its subject twice"
        );
    }
}

fn assert_row(file: &str, row: &Row, opened: &Opened) {
    let headers = &opened.verdict.headers;
    assert_eq!(opened.message.subject().as_ref(), Some(&row.subject), "{file}");
    let text = opened.message.text_body().unwrap().into_string();
    assert!(text.starts_with(&row.begins), "{file}: {text:?}");
    assert_eq!(headers.protected, row.protected, "{file}");
    let differing = headers.differing.iter().map(|field| (field.name.clone(), field.outside.clone()));
    assert_eq!(differing.collect::<BTreeMap<_, _>>(), row.differing, "{file}");
}

/// With the line ends of mail.
fn text(root: &Path, file: &str) -> String {
    std::fs::read_to_string(root.join(file)).unwrap().replace("\r\n", "\n").replace('\n', "\r\n")
}

/// The fields that can stand around OpenPGP: without those about the content.
fn fields(header: &str) -> String {
    let is_kept =
        |line: &&str| !line.is_empty() && !line.starts_with("Content-") && !line.starts_with("MIME-");
    header.lines().filter(is_kept).map(|line| format!("{line}\r\n")).collect()
}

/// The fields outside as the sender says that they are.
fn announced(payload: &Message) -> String {
    let said: String = payload
        .headers()
        .filter(|field| field.is("HP-Outer"))
        .map(|field| format!("{}\r\n", field.text()))
        .collect();
    let from = payload.header("From").map(|field| format!("From: {}\r\n", field.text()));
    if said.is_empty() { from.unwrap_or_default() } else { said }
}

/// Somebody who has a key, by which what is signed is signed, too.
struct Reader {
    key: SecretKey,
    keyring: Keyring,
    now: SystemTime,
}

impl Reader {
    fn new() -> Self {
        let now = at(1_800_000_000);
        let user = UserId::new(None, &Address::parse("bob@example.net").unwrap());
        let (key, _) = SecretKey::generate(KeyProfile::Modern, &user, None, now).unwrap();
        let mut keyring = Keyring::new();
        keyring.add_secret_key(key.clone());
        Self { key, keyring, now }
    }

    /// Opens `content` below the fields of `outer`: encrypted where it says that it is, else signed.
    fn open(&self, outer: &str, content: &str, payload: &Message) -> Opened {
        let is_encrypted = payload.root().content_type().parameter("hp") == Some("cipher");
        let wrapped = if is_encrypted { self.encrypted(content) } else { self.signed(content) };
        let bytes = format!("{outer}MIME-Version: 1.0\r\n{wrapped}");
        open(bytes.as_bytes(), &self.keyring, &Default::default(), self.now).unwrap()
    }

    fn encrypted(&self, content: &str) -> String {
        let data = encrypt(content.as_bytes(), &Recipients::new([self.key.certificate()]), self.now).unwrap();
        let version = "Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n";
        let data = format!("Content-Type: application/octet-stream\r\n\r\n{}", data.to_armored());
        wrapped("multipart/encrypted; protocol=\"application/pgp-encrypted\"", [version, &data])
    }

    fn signed(&self, content: &str) -> String {
        let signer = self.key.unlock_unprotected().unwrap();
        let signature = sign_detached(content.as_bytes(), &signer, self.now).unwrap().to_armored();
        let signature = format!("Content-Type: application/pgp-signature\r\n\r\n{signature}");
        wrapped(
            "multipart/signed; protocol=\"application/pgp-signature\"; micalg=pgp-sha512",
            [content, &signature],
        )
    }
}

fn wrapped(content_type: &str, [first, second]: [&str; 2]) -> String {
    format!(
        "Content-Type: {content_type}; boundary=\"=_outer\"\r\n\r\n--=_outer\r\n{first}\r\n--=_outer\r\n{second}\r\n--=_outer--\r\n"
    )
}
