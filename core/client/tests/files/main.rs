//! Files by path: what comes out, what is refused, and that no failure leaves a file behind.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops where something is not as it should be"
)]

mod attach;
mod disk;
mod stopping;
mod tampering;
mod whole;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use postseal::{
    Address, DecryptedFile, Error, ErrorCode, FileOptions, FileRecipients, KeyProfile, Keyring, Listener,
    PgpError, Runtime, Secret, SecretKey, SignatureStatus, UserId, decrypt_file, encrypt_file,
};
use tempfile::TempDir;

const PROFILES: [KeyProfile; 3] = [KeyProfile::Compatible, KeyProfile::Modern, KeyProfile::PostQuantum];

/// A folder with one file in it, and Alice, to whom it is encrypted.
struct Desk {
    folder: TempDir,
    runtime: Runtime,
    key: SecretKey,
    keyring: Keyring,
}

impl Desk {
    fn new(profile: KeyProfile, content: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("plain"), content).unwrap();
        let user_id = UserId::new(None, &Address::parse("alice@example.test").unwrap());
        let (key, _) = SecretKey::generate(profile, &user_id, None, SystemTime::now()).unwrap();
        let mut keyring = Keyring::new();
        keyring.add_secret_key(key.clone());
        Self { folder, runtime: Runtime::current().unwrap(), key, keyring }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn alice(&self) -> FileRecipients {
        FileRecipients::new([self.key.certificate().clone()])
    }

    async fn encrypt(&self, from: &str, to: &str, options: &FileOptions) -> Result<(), Error> {
        encrypt_file(&self.runtime, &self.path(from), &self.path(to), &self.alice(), options).await
    }

    async fn decrypt(&self, from: &str, to: &str, options: &FileOptions) -> Result<DecryptedFile, Error> {
        decrypt_file(&self.runtime, &self.path(from), &self.path(to), &self.keyring, options).await
    }

    /// The names of all files that are there.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn file_error(&self, action: &'static str, name: &str, kind: ErrorKind) -> Error {
        Error::File { action, path: self.path(name), kind }
    }
}

fn options() -> FileOptions {
    FileOptions::default()
}

/// What a listener was told.
type Told = Mutex<Vec<(u64, Option<u64>)>>;

/// Options with a listener, and what it is told.
fn listening() -> (FileOptions, Arc<Told>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let (mut options, list) = (options(), Arc::clone(&told));
    options.progress = Some(Listener::new(move |done, total| list.lock().unwrap().push((done, total))));
    (options, told)
}

fn content(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at % 251) as u8).collect()
}

#[tokio::test]
async fn a_file_goes_out_and_comes_back() {
    for profile in PROFILES {
        for length in [0, 1, 5_000_001] {
            let content = content(length);
            let desk = Desk::new(profile, &content);
            let signed = desk.alice().signed_by(desk.key.unlock_unprotected().unwrap());
            for (to, is_signed) in [(desk.alice(), false), (signed, true)] {
                let (mut options, told) = listening();
                options.overwrite = true;
                let (plain, sealed) = (desk.path("plain"), desk.path("sealed"));
                encrypt_file(&desk.runtime, &plain, &sealed, &to, &options).await.unwrap();
                assert_told(&told, length as u64);
                let opened = desk.decrypt("sealed", "opened", &options).await.unwrap();
                assert_told(&told, fs::metadata(&sealed).unwrap().len());
                assert!(fs::read(desk.path("opened")).unwrap() == content);
                assert_eq!(opened.length, length as u64);
                assert_eq!(opened.signatures.len(), usize::from(is_signed));
                for signature in opened.signatures {
                    let SignatureStatus::Good { certificate, .. } = signature.status else {
                        panic!("{signature:?}")
                    };
                    assert_eq!(certificate, *desk.key.fingerprint());
                }
                assert_eq!(desk.names(), ["opened", "plain", "sealed"]);
            }
        }
    }
}

/// That all of `length` was told, in steps; forgets it.
#[track_caller]
fn assert_told(told: &Told, length: u64) {
    let told = std::mem::take(&mut *told.lock().unwrap());
    assert!(told.is_sorted_by(|a, b| a.0 < b.0), "{told:?}");
    assert!(told.iter().all(|(_, total)| *total == Some(length)), "{told:?}");
    assert_eq!(told.last().unwrap().0, length);
    assert!(told.len() as u64 <= length / 16_384 + 1, "{told:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_can_read_what_was_written() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Desk::new(KeyProfile::Modern, b"content");
    desk.encrypt("plain", "sealed", &options()).await.unwrap();
    desk.decrypt("sealed", "opened", &options()).await.unwrap();
    for name in ["sealed", "opened"] {
        assert_eq!(fs::metadata(desk.path(name)).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn a_passphrase_alone_is_enough() {
    let desk = Desk::new(KeyProfile::Modern, b"content");
    let to = FileRecipients::default().with_passphrase(Secret::from("a passphrase"));
    encrypt_file(&desk.runtime, &desk.path("plain"), &desk.path("sealed"), &to, &options()).await.unwrap();
    let mut given = options();
    for (passphrase, expected) in
        [("another", Err(Error::Pgp(PgpError::WrongPassphrase))), ("a passphrase", Ok(7))]
    {
        given.passphrases = vec![Secret::from(passphrase)];
        let opened = desk.decrypt("sealed", "opened", &given).await;
        assert_eq!(opened.map(|opened| opened.length), expected);
    }
    assert_eq!(fs::read(desk.path("opened")).unwrap(), b"content");
}

#[tokio::test]
async fn a_file_that_is_there_is_replaced_only_where_asked_for() {
    let desk = Desk::new(KeyProfile::Modern, b"content");
    fs::write(desk.path("sealed"), "precious").unwrap();
    let refused = desk.encrypt("plain", "sealed", &options()).await.unwrap_err();
    assert_eq!(refused, desk.file_error("writing", "sealed", ErrorKind::AlreadyExists));
    assert_eq!(refused.code(), ErrorCode::AlreadyExists);
    assert_eq!(fs::read(desk.path("sealed")).unwrap(), b"precious");

    let mut replacing = options();
    replacing.overwrite = true;
    desk.encrypt("plain", "sealed", &replacing).await.unwrap();
    // Into itself, too: what is read is still there while it is read.
    desk.decrypt("sealed", "sealed", &replacing).await.unwrap();
    assert_eq!(fs::read(desk.path("sealed")).unwrap(), b"content");

    // A failure leaves what is there as it was.
    let failed = desk.decrypt("plain", "sealed", &replacing).await.unwrap_err();
    assert_eq!(failed.code(), ErrorCode::Malformed);
    assert_eq!(fs::read(desk.path("sealed")).unwrap(), b"content");
    assert_eq!(desk.names(), ["plain", "sealed"]);
}

/// The target may come to be while the work is under way.
#[tokio::test]
async fn a_file_that_comes_in_between_is_not_replaced() {
    let desk = Desk::new(KeyProfile::Modern, &content(1_000_000));
    let (mut options, sealed) = (options(), desk.path("sealed"));
    options.progress = Some(Listener::new(move |_, _| fs::write(&sealed, "precious").unwrap()));
    let refused = desk.encrypt("plain", "sealed", &options).await;
    assert_eq!(refused, Err(desk.file_error("writing", "sealed", ErrorKind::AlreadyExists)));
    assert_eq!(fs::read(desk.path("sealed")).unwrap(), b"precious");
    assert_eq!(desk.names(), ["plain", "sealed"]);
}

#[tokio::test]
async fn what_is_no_file_and_what_is_not_there_is_named() {
    let desk = Desk::new(KeyProfile::Modern, b"content");
    fs::create_dir(desk.path("folder")).unwrap();
    let mut replacing = options();
    replacing.overwrite = true;
    let not_a_file = |name: &str| Error::NotAFile { path: desk.path(name) };
    for (from, to, expected, code) in [
        ("missing", "new", desk.file_error("reading", "missing", ErrorKind::NotFound), ErrorCode::NotFound),
        ("folder", "new", not_a_file("folder"), ErrorCode::InvalidInput),
        // It would never end.
        ("/dev/zero", "new", not_a_file("/dev/zero"), ErrorCode::InvalidInput),
        ("plain", "folder", desk.file_error("writing", "folder", ErrorKind::IsADirectory), ErrorCode::File),
        ("plain", "no/new", desk.file_error("writing", "no/new", ErrorKind::NotFound), ErrorCode::NotFound),
        (
            "plain",
            "plain/new",
            desk.file_error("writing", "plain/new", ErrorKind::NotADirectory),
            ErrorCode::File,
        ),
        ("plain", "folder/..", not_a_file("folder/.."), ErrorCode::InvalidInput),
    ] {
        let encrypted = desk.encrypt(from, to, &replacing).await.unwrap_err();
        assert_eq!((encrypted.code(), &encrypted), (code, &expected), "{from} {to}");
        assert_eq!(desk.decrypt(from, to, &replacing).await, Err(encrypted), "{from} {to}");
        assert!(!expected.is_retryable());
    }
    assert_eq!(desk.names(), ["folder", "plain"]);
    assert!(fs::read_dir(desk.path("folder")).unwrap().next().is_none());
}

#[tokio::test]
async fn nobody_to_encrypt_to_and_too_much_plaintext_are_errors() {
    let desk = Desk::new(KeyProfile::Modern, &content(100_000));
    let (plain, sealed) = (desk.path("plain"), desk.path("sealed"));
    let nobody = encrypt_file(&desk.runtime, &plain, &sealed, &FileRecipients::default(), &options()).await;
    assert_eq!(nobody, Err(Error::Pgp(PgpError::NoRecipients)));
    desk.encrypt("plain", "sealed", &options()).await.unwrap();
    let mut limited = options();
    limited.limits.plaintext = 99_999;
    let exceeded = PgpError::LimitExceeded { what: "octets of plaintext", limit: 99_999 };
    assert_eq!(desk.decrypt("sealed", "opened", &limited).await, Err(Error::Pgp(exceeded)));
    assert_eq!(desk.names(), ["plain", "sealed"]);
    limited.limits.plaintext = 100_000;
    assert_eq!(desk.decrypt("sealed", "opened", &limited).await.unwrap().length, 100_000);
}

/// A name without a folder is one in the folder that the program is in.
#[tokio::test]
async fn a_bare_name_is_written_beside_the_program() {
    let desk = Desk::new(KeyProfile::Modern, b"content");
    let bare = Path::new("postseal-test-of-a-bare-name");
    _ = fs::remove_file(bare);
    encrypt_file(&desk.runtime, &desk.path("plain"), bare, &desk.alice(), &options()).await.unwrap();
    let opened = decrypt_file(&desk.runtime, bare, &desk.path("opened"), &desk.keyring, &options()).await;
    fs::remove_file(bare).unwrap();
    assert_eq!(opened.unwrap().length, 7);
}
