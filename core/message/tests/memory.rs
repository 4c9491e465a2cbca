//! Memory: opening takes a small multiple of the message, and streams take the same however long they are. Measured in a process that does
//! nothing else.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::print_stdout)]

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use postseal_message::mime::{Attachment, ContentType, Date, Draft, Mailbox, MessageId};
use postseal_message::openpgp::{KeyProfile, Keyring, Recipients, SecretKey, UserId, decrypt_to, encrypt_to};
use postseal_message::pgpmime::{Protection, SignatureVerdict, open, seal};

/// A message of 25 MB, if only just.
const MESSAGE: usize = 25_000_000;
/// Where the process that measures finds the key and the message.
const FOLDER: &str = "POSTSEAL_MEMORY_TEST";

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

#[test]
fn opening_takes_less_than_four_times_the_message() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return open_and_tell(Path::new(&folder));
    }
    // What is encrypted is in base64 twice, what is signed once.
    let kinds = [
        (KeyProfile::Compatible, Protection::SignAndEncrypt, 13_100_000),
        (KeyProfile::Modern, Protection::SignAndEncrypt, 13_100_000),
        (KeyProfile::Modern, Protection::Sign, 18_200_000),
    ];
    for (profile, protection, file) in kinds {
        let folder = tempfile::tempdir().unwrap();
        let length = write(folder.path(), profile, protection, file);
        assert!((MESSAGE - 500_000..MESSAGE).contains(&length), "{length}");
        let peak = peaks_of("opening_takes_less_than_four_times_the_message", folder.path())[0];
        assert!(peak < 4 * length, "{profile:?} {protection:?}: {peak} bytes for a message of {length}");
    }
}

/// Makes a key and a message to oneself with a file of that size; tells the length of the message.
fn write(folder: &Path, profile: KeyProfile, protection: Protection, file: usize) -> usize {
    let alice = Mailbox::parse("Alice <alice@example.test>").unwrap();
    let (key, _) = SecretKey::generate(profile, &UserId::from(&alice), None, now()).unwrap();
    std::fs::write(folder.join("key"), key.dangerous_export_unprotected().expose()).unwrap();
    let mut keyring = Keyring::new();
    keyring.add_secret_key(key);
    let file = Attachment::named("file", ContentType::octet_stream(), vec![b'x'; file]).unwrap();
    let id = MessageId::parse("1@example.test").unwrap();
    let draft = Draft::new(alice.clone(), Date::utc(now()).unwrap(), id).to(alice).attach(file);
    let sealed = seal(&draft, protection, &keyring, &Default::default(), now()).unwrap();
    let message = sealed.own_copy().unwrap();
    std::fs::write(folder.join("message"), message).unwrap();
    message.len()
}

/// Runs a test in a process of its own; tells how many bytes were resident at most, each time that it asked.
fn peaks_of(test: &str, folder: &Path) -> Vec<usize> {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(FOLDER, folder)
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let peaks = told.lines().filter_map(|line| line.split_once("VmHWM:"));
    let bytes = |(_, peak): (&str, &str)| peak.trim().strip_suffix(" kB").unwrap().parse::<usize>().unwrap();
    let peaks: Vec<_> = peaks.map(|peak| 1024 * bytes(peak)).collect();
    assert!(!peaks.is_empty(), "{told}");
    peaks
}

/// In that process: opens.
fn open_and_tell(folder: &Path) {
    let mut keyring = Keyring::new();
    keyring.add_secret_key(SecretKey::import(&std::fs::read(folder.join("key")).unwrap()).unwrap());
    let message = std::fs::read(folder.join("message")).unwrap();
    let opened = open(message, &keyring, &Default::default(), now()).unwrap();
    assert!(matches!(opened.verdict.signature, SignatureVerdict::Valid { .. }));
    assert!(opened.message.as_bytes().len() > 17_000_000);
    tell_peak();
}

/// Prints what the kernel says.
fn tell_peak() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    println!("\n{}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap());
}

/// What is encrypted from one stream to another: 64 MB.
const STREAM: u64 = 64_000_000;
/// More than that takes, beside the program: some packets of 4 MiB, in each layer.
const STREAM_PEAK: usize = 20_000_000;

#[test]
fn a_long_stream_takes_little_memory() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return stream_and_tell(Path::new(&folder));
    }
    for profile in [KeyProfile::Compatible, KeyProfile::Modern] {
        let folder = tempfile::tempdir().unwrap();
        let alice = Mailbox::parse("Alice <alice@example.test>").unwrap();
        let (key, _) = SecretKey::generate(profile, &UserId::from(&alice), None, now()).unwrap();
        std::fs::write(folder.path().join("key"), key.dangerous_export_unprotected().expose()).unwrap();
        let peaks = peaks_of("a_long_stream_takes_little_memory", folder.path());
        let [before, encrypted, decrypted] = peaks[..] else { panic!("{peaks:?}") };
        assert!(
            encrypted - before < STREAM_PEAK && decrypted - before < STREAM_PEAK,
            "{profile:?}: {peaks:?}"
        );
    }
}

/// In that process: encrypts and signs, decrypts and verifies.
fn stream_and_tell(folder: &Path) {
    let key = SecretKey::import(&std::fs::read(folder.join("key")).unwrap()).unwrap();
    let mut keyring = Keyring::new();
    keyring.add_secret_key(key.clone());
    let signer = key.unlock_unprotected().unwrap();
    let to = Recipients::new([key.certificate()]).signed_by(&signer);
    let sealed = folder.join("sealed");
    tell_peak();
    encrypt_to(std::io::repeat(b'x').take(STREAM), File::create(&sealed).unwrap(), &to, now()).unwrap();
    tell_peak();
    let (source, spool) = (File::open(sealed).unwrap(), File::create(folder.join("opened")).unwrap());
    let opened = decrypt_to(source, spool, &keyring, &Default::default(), now()).unwrap();
    assert_eq!((opened.length, opened.signatures.len()), (STREAM, 1));
    assert_eq!(std::fs::metadata(folder.join("opened")).unwrap().len(), STREAM);
    tell_peak();
}
