//! Messages: the level of each, and every reason.

use std::collections::BTreeMap;

use postseal_message::openpgp::Keyring;
use postseal_message::pgpmime::{
    Coverage, EncryptionVerdict, FromVerdict, OpenError, OpenOptions, Opened, Reason, SignatureVerdict,
    Verdict, VerdictLevel, open,
};
use postseal_types::{ErrorCode, Secret};
use serde::Deserialize;

use crate::corpus::folder;
use crate::{at, names, ring, table};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    sets: Vec<Set>,
}

/// The messages of one folder, read with one keyring.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    corpus: String,
    /// Within the corpus.
    messages: String,
    /// Whose keys these are.
    reader: String,
    /// Within the corpus.
    keys: Vec<String>,
    #[serde(default)]
    passphrases: Vec<String>,
    now: u64,
    rows: BTreeMap<String, Row>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Row {
    /// The level, or else `error: ` and its code and text.
    verdict: String,
    #[serde(default)]
    reasons: Vec<String>,
    /// What the text or HTML has in it.
    #[serde(default)]
    shows: Option<String>,
    /// The icons of Thunderbird's own tests for signatures and encryption.
    #[serde(default)]
    thunderbird: Option<[Icon; 2]>,
    /// Why it is not what the name of the file, or Thunderbird, says.
    #[serde(default)]
    why: Option<String>,
}

#[derive(Deserialize, Debug, Clone, Copy, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum Icon {
    /// There is no icon, or not this one.
    None,
    /// Decrypted; signed by the user.
    Ok,
    /// Could not be decrypted.
    Notok,
    /// Signed by a key that the user has accepted, having verified it or not.
    Verified,
    Unverified,
    /// Signed by a key that is not there.
    Unknown,
    /// Not signed by whom it says it is from.
    Mismatch,
}

#[test]
fn every_message_gets_the_verdict_that_the_table_says() {
    let table: Table = table::read("pgp-mail.json");
    let differences: Vec<_> = table.sets.iter().flat_map(check).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// What differs from the table. What every message has to meet is asserted here.
fn check(set: &Set) -> Vec<String> {
    let name = "every_message_gets_the_verdict_that_the_table_says";
    let Some(root) = folder(name, &set.corpus) else { return Vec::new() };
    let passphrases: Vec<_> = set.passphrases.iter().map(|text| Secret::from(text.as_str())).collect();
    let ring = ring::load(&root, &set.keys, &passphrases);
    let options = OpenOptions { passphrases: &passphrases, ..OpenOptions::default() };
    let messages = root.join(&set.messages);
    let mut rows: BTreeMap<_, _> = set.rows.iter().collect();
    let (mut differences, mut rowless) = (Vec::new(), Vec::new());
    for file in names(&messages) {
        let bytes = std::fs::read(messages.join(&file)).unwrap();
        let outcome = open(&bytes, &ring, &options, at(set.now));
        assert_sound(&file, &bytes, &outcome, &ring, set.now);
        match rows.remove(&file) {
            Some(row) => differences.extend(difference(&file, row, &outcome)),
            None => rowless.extend(noteworthy(&file, &bytes, &outcome)),
        }
    }
    let name = format!("{}/{} for {}", set.corpus, set.messages, set.reader);
    table::note_rowless("pgp-mail.json", &name, &rowless);
    differences.extend(rows.keys().map(|file| format!("{file}: no such file in {}", messages.display())));
    differences
}

/// What became of a message without a row. Those that are neither signed nor encrypted need none.
fn noteworthy(file: &str, bytes: &[u8], outcome: &Result<Opened, OpenError>) -> Option<String> {
    let (verdict, reasons) = described(outcome);
    let is_usual = verdict == "plain" && reasons == ["NotSigned", "NotEncrypted"];
    (!is_usual || names_protection(bytes)).then(|| format!("{file}: {verdict} {}", reasons.join(", ")))
}

/// The level, or else the error, and the reasons, in the words of the table.
fn described(outcome: &Result<Opened, OpenError>) -> (String, Vec<String>) {
    match outcome {
        Ok(opened) => {
            let verdict = &opened.verdict;
            (verdict.level().to_string(), verdict.reasons().iter().map(words).collect())
        }
        Err(error) => (format!("error: {}: {error}", error.code()), Vec::new()),
    }
}

fn difference(file: &str, row: &Row, outcome: &Result<Opened, OpenError>) -> Option<String> {
    let (verdict, reasons) = described(outcome);
    if verdict != row.verdict || reasons != row.reasons {
        return Some(format!("{file}: {verdict:?} {}", serde_json::to_string(&reasons).unwrap()));
    }
    let shown = outcome.as_ref().map(shown).unwrap_or_default();
    if row.shows.as_ref().is_some_and(|text| !shown.contains(text)) {
        return Some(format!("{file} shows {shown:?}"));
    }
    let agrees = row.thunderbird.is_none_or(|icons| agrees(outcome, icons));
    (!agrees && row.why.is_none()).then(|| format!("{file} differs from Thunderbird: {:?}", row.thunderbird))
}

/// The text and the HTML.
fn shown(opened: &Opened) -> String {
    let bodies = [opened.message.text_body(), opened.message.html_body()];
    bodies.into_iter().flatten().map(|text| text.into_string()).collect()
}

/// The name of a reason, and what it names.
fn words(reason: &Reason) -> String {
    match reason {
        Reason::UnknownSigner { issuer: Some(issuer) } => format!("UnknownSigner {issuer}"),
        Reason::InvalidSignature { reason } => format!("InvalidSignature {reason:?}"),
        Reason::UnprotectedHeaders { names } => format!("UnprotectedHeaders {}", names.join(" ")),
        Reason::HeaderDiffers { name } => format!("HeaderDiffers {name}"),
        Reason::SignedByAnother { from } => format!("SignedByAnother {from}"),
        Reason::UnreadablePart { error } => format!("UnreadablePart {error}"),
        Reason::OtherProtocol { protocol } => {
            format!("OtherProtocol {}", protocol.as_deref().unwrap_or("without a name"))
        }
        Reason::Repaired(repair) => format!("Repaired {repair:?}"),
        other => format!("{other:?}"),
    }
}

fn agrees(outcome: &Result<Opened, OpenError>, [signed, encrypted]: [Icon; 2]) -> bool {
    let Ok(opened) = outcome else { return (signed, encrypted) == (Icon::None, Icon::Notok) };
    let verdict = &opened.verdict;
    let is_signed = match signed {
        Icon::Ok | Icon::Verified | Icon::Unverified => is_authentic(verdict),
        Icon::Unknown => matches!(verdict.signature, SignatureVerdict::UnknownSigner { .. }),
        Icon::Mismatch => {
            matches!(verdict.signature, SignatureVerdict::Invalid { .. })
                || matches!(verdict.from, FromVerdict::OtherAddress(_) | FromVerdict::NotOneAddress)
        }
        _ => !is_authentic(verdict),
    };
    is_signed && (encrypted == Icon::Ok) == (verdict.encryption != EncryptionVerdict::None)
}

fn is_authentic(verdict: &Verdict) -> bool {
    matches!(verdict.signature, SignatureVerdict::Valid { .. })
        && verdict.signature_coverage == Some(Coverage::All)
        && matches!(verdict.from, FromVerdict::SpokenFor(_))
}

/// What holds for any message, whether the table knows it or not.
fn assert_sound(file: &str, bytes: &[u8], outcome: &Result<Opened, OpenError>, ring: &Keyring, now: u64) {
    let opened = match outcome {
        Ok(opened) => opened,
        Err(error) => return assert_ne!(error.code(), ErrorCode::Internal, "{file}: {error:?}"),
    };
    let verdict = &opened.verdict;
    if let SignatureVerdict::Valid { signer, key, .. } = &verdict.signature {
        let certificate = ring.certificate(signer).unwrap_or_else(|| panic!("{file}: {signer} is unknown"));
        assert!(certificate.key_fingerprints().any(|own| own == *key), "{file}");
        if let FromVerdict::SpokenFor(from) = &verdict.from {
            assert!(certificate.speaks_for(from, at(now)), "{file}");
        }
    } else {
        assert_eq!(verdict.from, FromVerdict::NotProven, "{file}");
    }
    let is_encrypted = matches!(verdict.encryption, EncryptionVerdict::All(_));
    match verdict.level() {
        VerdictLevel::Sealed => assert!(is_authentic(verdict) && is_encrypted, "{file}"),
        VerdictLevel::Encrypted => assert!(is_encrypted, "{file}"),
        VerdictLevel::Authentic => assert!(is_authentic(verdict), "{file}"),
        _ => {}
    }
    if !mentions_protection(bytes) {
        assert_eq!(verdict.level(), VerdictLevel::Plain, "{file}");
        assert_eq!(opened.message.as_bytes(), bytes, "{file}");
    }
}

/// Whether there may be anything to open in it. Base64 hides what is in it.
fn mentions_protection(bytes: &[u8]) -> bool {
    names_protection(bytes) || String::from_utf8_lossy(bytes).to_ascii_lowercase().contains("base64")
}

/// Whether it says that there is anything to open in it.
fn names_protection(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    let words =
        ["begin pgp", "pgp-encrypted", "pgp-signature", "multipart/signed", "multipart/encrypted", "pkcs7"];
    let is_signed_unobtrusively = text.lines().any(|line| line.starts_with("sig:"));
    is_signed_unobtrusively || words.iter().any(|word| text.contains(word))
}
