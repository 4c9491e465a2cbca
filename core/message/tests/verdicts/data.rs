//! OpenPGP data as files: messages, signatures, certificates and keys.

use std::collections::BTreeMap;
use std::path::Path;

use postseal_message::openpgp::{
    Certificate, Keyring, PgpError, ReadOptions, Recipients, RevocationCertificate, SignatureFault,
    SignatureResult, SignatureStatus, decrypt, encrypt, verify_detached, verify_inline,
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

/// The files of one folder.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    folder: String,
    /// The keys at hand for the files with a row; for the others it is all keys in the folder.
    keys: Vec<String>,
    /// Those of the authors' own tests, for keys and for messages.
    #[serde(default)]
    passphrases: Vec<String>,
    now: u64,
    /// What stands below this path has its rows in another table.
    #[serde(default)]
    elsewhere: Option<String>,
    rows: BTreeMap<String, Row>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    /// How it is protected, and what became of each signature; or else `error: ` and its code and text.
    pub(crate) outcome: String,
    /// The content.
    #[serde(default)]
    content: Option<String>,
    /// The file that the content is, or that the signature is over.
    #[serde(default)]
    file: Option<String>,
    /// Why it is not what the name of the file, or its authors, say.
    #[serde(default)]
    pub(crate) why: Option<String>,
}

/// What became of a file: how it is protected, and its content.
pub(crate) type Outcome = Result<(String, Vec<u8>), PgpError>;

#[test]
fn every_file_is_read_or_refused_as_the_table_says() {
    let table: Table = table::read("pgp-data.json");
    let differences: Vec<_> = table.sets.iter().flat_map(check).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// What differs from the table. What every file has to meet is asserted here.
fn check(set: &Set) -> Vec<String> {
    let name = "every_file_is_read_or_refused_as_the_table_says";
    let Some(root) = folder(name, &set.folder) else { return Vec::new() };
    let passphrases: Vec<_> = set.passphrases.iter().map(|text| Secret::from(text.as_str())).collect();
    let all = names(&root);
    let listed = ring::load(&root, &set.keys, &passphrases);
    let everyone = std::cell::LazyCell::new(|| ring::load(&root, &all, &passphrases));
    let mut rows: BTreeMap<_, _> = set.rows.iter().collect();
    let is_elsewhere =
        |file: &str| set.elsewhere.as_ref().is_some_and(|folder| file.starts_with(folder.as_str()));
    let (mut differences, mut rowless) = (Vec::new(), Vec::new());
    for file in &all {
        let row = rows.remove(file);
        let over =
            row.and_then(|row| row.file.as_deref()).map(|file| std::fs::read(root.join(file)).unwrap());
        let data = std::fs::read(root.join(file)).unwrap();
        let over = over.or_else(|| beside(&root, file)).unwrap_or_default();
        let ring = if row.is_some() || !is_openpgp(&data) { &listed } else { &*everyone };
        let outcome = read(&data, &over, ring, &passphrases, set.now);
        assert_sound(file, &outcome);
        match row {
            Some(row) => differences.extend(difference(file, row, &over, &outcome)),
            None if is_openpgp(&data) && !is_elsewhere(file) => {
                rowless.push(format!("{file}: {}", describe(&outcome)));
            }
            // It is no case of this table.
            None => {}
        }
    }
    table::note_rowless("pgp-data.json", &set.folder, &rowless);
    differences.extend(rows.keys().map(|file| format!("{file}: no such file in {}", set.folder)));
    differences
}

/// The file that a signature is over, by its name: `text.sig` is over `text`.
fn beside(root: &Path, file: &str) -> Option<Vec<u8>> {
    std::fs::read(root.join(file.rsplit_once('.')?.0)).ok()
}

/// Whether it can be OpenPGP at all: armored, or with the first bit that every packet has.
fn is_openpgp(data: &[u8]) -> bool {
    memchr::memmem::find(data, b"-----BEGIN PGP ").is_some()
        || data.first().is_some_and(|first| first & 0x80 != 0)
}

/// Reads a file as what it turns out to be.
pub(crate) fn read(data: &[u8], over: &[u8], ring: &Keyring, passphrases: &[Secret], now: u64) -> Outcome {
    match Certificate::import_all(data) {
        Ok(certificates) => {
            let uses: Vec<_> = certificates.iter().map(|certificate| used(certificate, now)).collect();
            return Ok((uses.join("; "), Vec::new()));
        }
        Err(_) if RevocationCertificate::import(data).is_ok() => {
            return Ok(("revocation".to_owned(), Vec::new()));
        }
        Err(error) if memchr::memmem::find(data, b"KEY BLOCK-----").is_some() => return Err(error),
        Err(_) => {}
    }
    let mut options = ReadOptions::default();
    options.passphrases = passphrases.iter().collect();
    match decrypt(data, ring, &options, at(now)) {
        Ok(opened) => {
            let aead = opened.encryption.aead.as_deref().unwrap_or("MDC");
            let form = format!("{} {aead}", opened.encryption.cipher);
            return Ok((summary(&form, &opened.signatures, ring), opened.data));
        }
        Err(PgpError::NotEncrypted | PgpError::Malformed { .. }) => {}
        Err(error) => return Err(error),
    }
    match verify_inline(data, ring, &options, at(now)) {
        Ok(signed) => Ok((summary("signed", &signed.signatures, ring), signed.data)),
        Err(error) => verify_detached(over, data, ring, &options, at(now))
            .map(|signatures| (summary("detached", &signatures, ring), over.to_vec()))
            .map_err(|_| error),
    }
}

/// What a certificate can be used for. Whatever was read can be written and read again, and encrypted to if it says so.
fn used(certificate: &Certificate, now: u64) -> String {
    let again = Certificate::import(&certificate.export()).map(|again| again.fingerprint().clone());
    assert_eq!(again.as_ref(), Ok(certificate.fingerprint()));
    match encrypt(b"x", &Recipients::new([certificate]), at(now)) {
        Ok(_) => assert!(certificate.can_encrypt(at(now))),
        Err(error) => assert!(matches!(error, PgpError::KeyUnusable { .. }), "{error:?}"),
    }
    match certificate.check(at(now)) {
        Ok(()) => certificate.algorithms(),
        Err(unusable) => format!("{}: {unusable}", certificate.algorithms()),
    }
}

fn summary(form: &str, signatures: &[SignatureResult], ring: &Keyring) -> String {
    let signatures: Vec<_> = signatures.iter().map(|signature| status(signature, ring)).collect();
    if signatures.is_empty() { form.to_owned() } else { format!("{form}, {}", signatures.join(", ")) }
}

fn status(signature: &SignatureResult, ring: &Keyring) -> String {
    match &signature.status {
        SignatureStatus::Good { certificate, key } => {
            let certificate = ring.certificate(certificate).unwrap();
            assert!(certificate.key_fingerprints().any(|own| own == *key));
            "good".to_owned()
        }
        SignatureStatus::UnknownSigner => "unknown signer".to_owned(),
        SignatureStatus::Bad(SignatureFault::SignerUnusable(unusable)) => format!("bad: {unusable}"),
        SignatureStatus::Bad(fault) => format!("bad: {fault:?}"),
        other => format!("{other:?}"),
    }
}

/// What holds for any file, whether the table knows it or not.
fn assert_sound(file: &str, outcome: &Outcome) {
    if let Err(error) = outcome {
        assert_ne!(error.code(), ErrorCode::Internal, "{file}: {error:?}");
    }
}

/// The outcome in the words of the table.
pub(crate) fn describe(outcome: &Outcome) -> String {
    match outcome {
        Ok((protection, _)) => protection.clone(),
        Err(error) => format!("error: {}: {error}", error.code()),
    }
}

fn difference(file: &str, row: &Row, over: &[u8], outcome: &Outcome) -> Option<String> {
    let content = outcome.as_ref().map(|(_, content)| content.as_slice()).unwrap_or_default();
    let text = String::from_utf8_lossy(content);
    let is_content = match (&row.content, &row.file) {
        (Some(expected), _) => *expected == text,
        (None, Some(_)) => content == over,
        (None, None) => content.is_empty(),
    };
    let shown: String = text.chars().take(80).collect();
    let found = describe(outcome);
    (found != row.outcome || !is_content).then(|| format!("{file}: {found:?} {shown:?}"))
}

/// Its messages are made anew in its own tests, so that only its key can be used here.
#[test]
fn the_key_of_go_pgpmail_seals_and_opens() {
    let Some(root) = folder("the_key_of_go_pgpmail_seals_and_opens", "go-pgpmail/testdata") else { return };
    let now = at(1_800_000_000);
    let ring = ring::load(&root, ["private_key.asc"], &[]);
    let key = ring.unlocked_keys().next().unwrap();
    let public = Certificate::import(&std::fs::read(root.join("public_key.asc")).unwrap()).unwrap();
    assert_eq!(public.fingerprint(), key.fingerprint());
    let sealed = encrypt(b"hello", &Recipients::new([&public]).signed_by(key), now).unwrap();
    let outcome = read(sealed.as_bytes(), b"", &ring, &[], 1_800_000_000);
    assert_eq!(outcome, Ok(("AES-256 MDC, good".to_owned(), b"hello".to_vec())));
}

/// The samples of RFC 9580 for Argon2 (its appendix A.12) ask for 2 GiB, which is granted where it is asked for.
#[test]
fn argon2_samples_decrypt_with_a_higher_limit() {
    const TEST: &str = "argon2_samples_decrypt_with_a_higher_limit";
    let Some(root) = folder(TEST, "rpgp-vectors/tests/unit-tests/argon2") else { return };
    let passphrase = Secret::from("password");
    let mut options = ReadOptions::default();
    options.passphrases = vec![&passphrase];
    options.limits.passphrase_memory = 2 * 1024 * 1024 * 1024;
    let message = std::fs::read(root.join("aes128.msg")).unwrap();
    let opened = decrypt(&message, &Keyring::new(), &options, at(1_790_000_000)).unwrap();
    assert_eq!(opened.data, b"Hello, world!");
}
