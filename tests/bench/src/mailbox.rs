//! A mailbox of messages that are the same at each run, and Dovecot to serve it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use postseal_live::{ALICE, Dovecot, HOST, Security};
use postseal_test_server::TestCa;
use postseal_test_server::ca::Validity;
use tempfile::TempDir;

use crate::Result;
use crate::contestants::Target;

/// The file with the certificate to trust.
const ROOT: &str = "root.pem";

/// The sizes of messages, over and over, in bytes: most mail is small, most bytes are in attachments. 62,500 on average.
const SIZES: [usize; 20] = [
    3_000, 4_000, 5_000, 6_000, 8_000, 10_000, 12_000, 15_000, 18_000, 20_000, 25_000, 30_000, 35_000,
    40_000, 50_000, 60_000, 80_000, 120_000, 250_000, 459_000,
];

/// The first `count` messages, of exactly the sizes that are told, with CRLF.
pub(crate) fn messages(count: usize) -> impl Iterator<Item = Vec<u8>> {
    SIZES.into_iter().cycle().take(count).enumerate().map(|(number, size)| message(number, size))
}

/// A message of exactly `size` bytes.
pub(crate) fn message(number: usize, size: usize) -> Vec<u8> {
    let mut message = format!(
        "Return-Path: <bob@example.test>\r\nDate: Mon, 06 Jan 2025 10:00:00 +0000\r\nFrom: Bob <bob@example.test>\r\n\
         To: Alice <alice@example.test>\r\nSubject: Message {number}\r\nMessage-ID: <{number}@example.test>\r\n\
         MIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    .into_bytes();
    let mut state = number as u64;
    while message.len() < size {
        let room = size - message.len();
        // As long as lines of base64 are, and no rest too short for a CRLF.
        let line = match room {
            0..=78 => room,
            79..=81 => room / 2,
            _ => 78,
        };
        message.extend((2..line).map(|_| letter(&mut state)));
        message.extend_from_slice(b"\r\n");
    }
    message
}

/// The next letter of a simple generator (a linear congruence): all that is asked is that lines differ.
fn letter(state: &mut u64) -> u8 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"[(*state >> 59) as usize]
}

/// Dovecot with messages in somebody's inbox. It stops when this is dropped.
pub(crate) struct Served {
    // Dropped before its folder.
    dovecot: Dovecot,
    folder: TempDir,
}

impl Served {
    /// Starts Dovecot with the first `count` messages; `Lab::unavailable` tells beforehand where that can't be.
    pub(crate) fn start(count: usize) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        let ca = TestCa::new()?;
        fs::write(folder.path().join(ROOT), ca.root_pem())?;
        let issued = ca.issue(&[HOST], Validity::Valid)?;
        let dovecot = Dovecot::start(&folder.path().join("dovecot"), &issued, &[ALICE])?;
        dovecot.fill(ALICE, messages(count))?;
        Ok(Self { dovecot, folder })
    }

    pub(crate) fn imap(&self) -> Target {
        self.target(self.dovecot.imap(Security::Tls))
    }

    pub(crate) fn pop3(&self) -> Target {
        self.target(self.dovecot.pop3(Security::Tls))
    }

    fn target(&self, port: u16) -> Target {
        let root = self.folder.path().join(ROOT);
        Target { port, root, user: ALICE.address.to_owned(), password: ALICE.password.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_their_sizes_and_whole_lines() {
        assert_eq!(SIZES.iter().sum::<usize>(), 20 * 62_500);
        for (message, size) in messages(40).zip(SIZES.into_iter().cycle()) {
            assert_eq!(message.len(), size);
            assert!(message.ends_with(b"\r\n"));
            let lines = message.split(|&byte| byte == b'\n');
            assert!(
                lines.filter(|line| !line.is_empty()).all(|line| line.ends_with(b"\r") && line.len() < 100)
            );
        }
    }
}
