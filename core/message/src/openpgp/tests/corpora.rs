//! What other programs made.

use std::io::Write;
use std::path::PathBuf;

use super::*;

fn corpus(set: &str, test: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora").join(set);
    if path.is_dir() {
        return Some(path);
    }
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{set} is missing");
    _ = writeln!(std::io::stderr(), "skipped: {test}: {set} is missing");
    None
}

fn time() -> SystemTime {
    at(1_750_000_000)
}

#[test]
fn rfc9580_samples_decrypt_and_verify() {
    let Some(root) = corpus("rpgp-vectors/tests/rfc9580", "rfc9580_samples_decrypt_and_verify") else {
        return;
    };
    for folder in
        std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir())
    {
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let key = SecretKey::import(&std::fs::read(folder.join("tsk.asc")).unwrap());
        for file in ["enc-seipdv1.msg", "enc-seipdv2.msg", "csf.msg"] {
            let Ok(message) = std::fs::read(folder.join(file)) else { continue };
            let outcome = key.clone().and_then(|key| {
                let ring = keyring([&key]);
                if file == "csf.msg" {
                    verify_inline(&message, &ring, &options(), time()).map(|v| v.data)
                } else {
                    decrypt(&message, &ring, &options(), time()).map(|d| d.data)
                }
            });
            // Named illegal for its v6 key of a v4 algorithm, which a reader may still be lenient about.
            assert_eq!(outcome.as_deref(), Ok(&b"hello world\n"[..]), "{name}/{file}");
        }
    }
}

#[test]
fn passphrase_samples_decrypt() {
    let Some(root) = corpus("rpgp-vectors/tests/unit-tests", "passphrase_samples_decrypt") else { return };
    let passphrase = postseal_types::Secret::from("password");
    let options = ReadOptions { passphrases: vec![&passphrase], ..ReadOptions::default() };
    for file in [
        "aead/eax.msg",
        "aead/gcm.msg",
        "aead/ocb.msg",
        "argon2/aes128.msg",
        "argon2/aes192.msg",
        "argon2/aes256.msg",
    ] {
        let message = std::fs::read(root.join(file)).unwrap();
        let opened = decrypt(&message, &Keyring::new(), &options, time()).map(|opened| opened.data);
        assert_eq!(opened.as_deref(), Ok(&b"Hello, world!"[..]), "{file}");
    }
}

/// The interop samples with their keys, as the JSON beside each says: decrypted to the text it names, or refused by name.
#[test]
fn interop_samples_decrypt_or_are_refused_by_name() {
    let Some(root) = corpus("rpgp-vectors/tests/openpgp-interop/testcases", "interop_samples") else {
        return;
    };
    let field = |json: &str, name: &str| -> Option<String> {
        let (_, rest) = json.split_once(&format!("\"{name}\""))?;
        let (_, rest) = rest.split_once('"')?;
        Some(rest.split('"').next()?.to_owned())
    };
    let mut files: Vec<_> =
        std::fs::read_dir(root.join("messages")).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    for file in files.iter().filter(|path| path.extension().is_some_and(|e| e == "json")) {
        let json = std::fs::read_to_string(file).unwrap();
        let name = file.file_stem().unwrap().to_str().unwrap();
        let Some(key) = field(&json, "decryptKey") else { continue };
        let passphrase = postseal_types::Secret::from(field(&json, "passphrase").unwrap_or_default());
        let message = std::fs::read(file.with_extension("asc")).unwrap();
        let outcome = SecretKey::import(&std::fs::read(root.join("messages").join(&key)).unwrap())
            .and_then(|key| key.unlock(&passphrase))
            .and_then(|key| {
                let mut ring = Keyring::new();
                ring.add_unlocked_key(key);
                decrypt(&message, &ring, &options(), time()).map(|opened| opened.data)
            })
            .map(|data| String::from_utf8(data).unwrap().escape_default().to_string());
        let refused = |what: &str| Err(PgpError::PolicyRefused { what: what.to_owned() });
        let expected = match name {
            "gnupg-v1-4-11-001" | "gnupg-v2-0-17-001" | "gnupg-v2-10-001" | "pgp-10-0-001" => refused("3DES"),
            "gnupg-v1-4-11-005" | "gnupg-v2-0-17-005" | "gnupg-v2-10-006" => refused("Blowfish"),
            "gnupg-v1-4-11-006" | "gnupg-v2-0-17-006" | "gnupg-v2-10-007" | "pgp-10-0-006" => {
                refused("CAST5")
            }
            "pgp-10-0-007" => refused("IDEA"),
            // The pure-Rust backend has no ElGamal.
            "gnupg-v1-002" => Err(PgpError::Unsupported { what: "ElGamal".to_owned() }),
            // The library can't read how GnuPG 2.1.5 stored this NIST P-256 key.
            "gnupg-v2-1-5-001" => Err(PgpError::WrongPassphrase),
            _ => Ok(field(&json, "textcontent").unwrap().trim_end_matches('"').to_owned()),
        };
        assert_eq!(outcome, expected, "{name}");
    }
}

/// Every file of keys that other programs made: read, or refused with a typed error, and usable without a panic where it is read.
#[test]
fn keys_of_other_programs_are_read_or_refused() {
    const SETS: [&str; 8] = [
        "thunderbird-openpgp",
        "deltachat",
        "go-pgpmail",
        "go-crypto",
        "rnp-data",
        "openpgpjs-blocks",
        "proton-rpgp",
        "rpgp-vectors",
    ];
    let mut files = Vec::new();
    for set in SETS {
        let Some(root) = corpus(set, "keys_of_other_programs_are_read_or_refused") else { return };
        collect(&root, &mut files);
    }
    let is_key = |data: &[u8]| {
        let text = String::from_utf8_lossy(data);
        ["-----BEGIN PGP PUBLIC KEY", "-----BEGIN PGP PRIVATE KEY"]
            .iter()
            .any(|begin| text.starts_with(begin))
    };
    let (mut read, mut refused) = (0, Vec::new());
    for file in files {
        let data = std::fs::read(&file).unwrap();
        if !is_key(&data) {
            continue;
        }
        match Certificate::import_all(&data) {
            Ok(certificates) => {
                read += 1;
                for certificate in certificates {
                    // Signatures that are not good are dropped on the way.
                    let again = Certificate::import(&certificate.export()).unwrap();
                    assert_eq!(again.fingerprint(), certificate.fingerprint());
                    let can_encrypt = certificate.can_encrypt(time());
                    let made = encrypt(b"x", &Recipients::new([&certificate]), time());
                    assert_eq!(made.is_ok(), can_encrypt, "{file:?}: {:?}", made.err());
                }
            }
            Err(error) => {
                assert_eq!(error, PgpError::Malformed { what: "expected a certificate or key" }, "{file:?}");
                refused.push(file.file_name().unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    assert!(read > 60, "{read}");
    refused.sort();
    // A block that holds only a revocation; v5 keys, which no RFC has; armor whose headers stand after its empty line.
    let expected = [
        "alice-v5-pub.asc",
        "alice-v5-sec.asc",
        "alice@openpgp.example-0xf231550c4f47e38e-rev.asc",
        "apple-pub.asc",
        "bob@openpgp.example-0xfbfcc82a015e7330-rev.asc",
    ];
    assert_eq!(refused, expected);
}

fn collect(folder: &std::path::Path, files: &mut Vec<PathBuf>) {
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}
