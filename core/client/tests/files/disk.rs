//! A disk that takes no more in the middle of a file.
#![cfg(unix)]

use std::env;
use std::process::Command;

use super::*;

/// Where the process under the limit finds its files.
const FOLDER: &str = "POSTSEAL_DISK_TEST";
const LENGTH: usize = 5_000_001;

fn passphrase() -> Secret {
    Secret::from("a passphrase")
}

/// The limit on the length of a file stands in for a full disk: the system refuses to write in the same way.
#[tokio::test]
async fn a_file_that_cannot_be_written_to_its_end_leaves_nothing() {
    if let Some(folder) = env::var_os(FOLDER) {
        return fail_in(Path::new(&folder)).await;
    }
    let desk = Desk::new(KeyProfile::Modern, &content(LENGTH));
    let to = FileRecipients::default().with_passphrase(passphrase());
    encrypt_file(&desk.runtime, &desk.path("plain"), &desk.path("sealed"), &to, &options()).await.unwrap();
    // So many times 512 octets are less than a packet.
    let output = Command::new("sh")
        .args(["-c", r#"trap "" XFSZ && ulimit -f 2000 && exec "$0" --exact "$1""#])
        .arg(env::current_exe().unwrap())
        .arg("disk::a_file_that_cannot_be_written_to_its_end_leaves_nothing")
        .env(FOLDER, desk.folder.path())
        .output()
        .unwrap();
    let is_run = String::from_utf8_lossy(&output.stdout).contains("1 passed");
    assert!(output.status.success() && is_run, "{output:?}");
    assert_eq!(desk.names(), ["plain", "sealed"]);
}

/// In that process.
async fn fail_in(folder: &Path) {
    let (runtime, mut options, new) = (Runtime::current().unwrap(), options(), folder.join("new"));
    options.passphrases = vec![passphrase()];
    let to = FileRecipients::default().with_passphrase(passphrase());
    let full = Error::File { action: "writing", path: new.clone(), kind: ErrorKind::FileTooLarge };
    assert_eq!(full.code(), ErrorCode::File);
    let encrypted = encrypt_file(&runtime, &folder.join("plain"), &new, &to, &options).await;
    assert_eq!(encrypted, Err(full.clone()));
    let decrypted = decrypt_file(&runtime, &folder.join("sealed"), &new, &Keyring::new(), &options).await;
    assert_eq!(decrypted, Err(full));
}
