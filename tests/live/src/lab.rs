use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use postseal_test_server::Security;
use postseal_test_server::ca::{TestCa, Validity};
use tempfile::TempDir;

use crate::dovecot::Dovecot;
use crate::postfix::Postfix;

/// Who can log in, and with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct User {
    /// The address, which is also the name to log in with.
    pub address: &'static str,
    /// The password.
    pub password: &'static str,
}

/// The first of the two who write to each other.
pub const ALICE: User = User { address: "alice@example.test", password: "alice-pw" };
/// The second of the two who write to each other.
pub const BOB: User = User { address: "bob@example.test", password: "bob-pw" };
/// Someone whose name and password are not ASCII.
pub const UMLAUT: User = User { address: "üser@example.test", password: "pässwörd" };
/// The users that tests know by name.
pub const USERS: [User; 3] = [ALICE, BOB, UMLAUT];

/// The only name in the servers' certificate; `127.0.0.1`, where they listen, is another.
pub const HOST: &str = "localhost";

/// The programs that a lab starts, and Debian's packages for them.
const PROGRAMS: [(&str, &str); 4] = [
    ("/usr/sbin/dovecot", "dovecot-core"),
    ("/usr/lib/dovecot/imap", "dovecot-imapd"),
    ("/usr/lib/dovecot/pop3", "dovecot-pop3d"),
    ("/usr/lib/postfix/sbin/master", "postfix"),
];

macro_rules! guests {
    ($($number:literal)*) => {
        [$(User {
            address: concat!("guest", $number, "@example.test"),
            password: concat!("guest", $number, "-pw"),
        }),*]
    };
}

/// Users for tests that want a mailbox to themselves; [`User::guest`] hands them out.
pub(crate) const GUESTS: [User; 48] = guests!(
    1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24
    25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48
);

static NEXT_GUEST: AtomicUsize = AtomicUsize::new(0);

impl User {
    /// A user whom no other test of this process has been given.
    ///
    /// # Panics
    ///
    /// When all have been given out.
    #[must_use]
    #[allow(clippy::expect_used, reason = "a test with too many users shall fail")]
    pub fn guest() -> Self {
        *GUESTS.get(NEXT_GUEST.fetch_add(1, Ordering::Relaxed)).expect("no guest is left")
    }

    /// Everyone who can log in.
    pub(crate) fn all() -> Vec<Self> {
        [USERS.as_slice(), GUESTS.as_slice()].concat()
    }
}

/// Dovecot and Postfix, running, with users and an authority of their own.
///
/// Dropping it stops both and removes everything they wrote.
#[derive(Debug)]
pub struct Lab {
    // Dropped in this order: Postfix needs Dovecot, both need the folder.
    postfix: Postfix,
    dovecot: Dovecot,
    ca: TestCa,
    _dir: TempDir,
}

static SHARED: Mutex<Weak<Lab>> = Mutex::new(Weak::new());

impl Lab {
    /// Why a lab can't be started on this machine; nothing where it can.
    #[must_use]
    pub fn unavailable() -> Option<String> {
        let missing: Vec<_> = PROGRAMS
            .iter()
            .filter(|(path, _)| !Path::new(path).exists())
            .map(|(_, package)| *package)
            .collect();
        if !missing.is_empty() {
            return Some(format!("no {} (Debian packages)", missing.join(", ")));
        }
        let root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
        (!root).then(|| "Postfix must be started by root".to_owned())
    }

    /// Starts both servers on free ports of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// When one does not come up; its log is in the error.
    pub fn start() -> io::Result<Self> {
        let dir = tempfile::Builder::new().prefix("postseal-live-").tempdir()?;
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755))?;
        let ca = TestCa::new()?;
        let issued = ca.issue(&[HOST], Validity::Valid)?;
        let [for_dovecot, for_postfix] = ["dovecot", "postfix"].map(|name| dir.path().join(name));
        let dovecot = Dovecot::start(&for_dovecot, &issued, &User::all())?;
        let postfix = Postfix::start(&for_postfix, &issued, &User::all(), &dovecot)?;
        Ok(Self { postfix, dovecot, ca, _dir: dir })
    }

    /// The lab that other tests of this process use at this moment, or a new one; it stops with its last user.
    ///
    /// # Errors
    ///
    /// As [`Lab::start`].
    pub fn shared() -> io::Result<Arc<Self>> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lab) = shared.upgrade() {
            return Ok(lab);
        }
        let lab = Arc::new(Self::start()?);
        *shared = Arc::downgrade(&lab);
        Ok(lab)
    }

    /// Where IMAP is.
    #[must_use]
    pub fn imap(&self, security: Security) -> SocketAddr {
        on_loopback(self.dovecot.imap(security))
    }

    /// Where POP3 is.
    #[must_use]
    pub fn pop3(&self, security: Security) -> SocketAddr {
        on_loopback(self.dovecot.pop3(security))
    }

    /// Where messages are submitted.
    #[must_use]
    pub fn smtp(&self, security: Security) -> SocketAddr {
        on_loopback(self.postfix.smtp(security))
    }

    /// The authority that issued the servers' certificate.
    #[must_use]
    pub fn ca(&self) -> &TestCa {
        &self.ca
    }

    /// Every message of `user`, as it lies on the server's disk.
    ///
    /// # Errors
    ///
    /// When a file can't be read.
    pub fn mail_of(&self, user: User) -> io::Result<Vec<Vec<u8>>> {
        let mut messages = Vec::new();
        let mut open = vec![self.dovecot.home.join(user.address).join("Maildir")];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(&folder)? {
                let path = entry?.path();
                if path.is_dir() {
                    open.push(path);
                } else if folder.ends_with("cur") || folder.ends_with("new") {
                    messages.push(fs::read(path)?);
                }
            }
        }
        Ok(messages)
    }

    /// What both servers logged so far, for the message of a failed assertion.
    #[must_use]
    pub fn log(&self) -> String {
        format!("{}\n{}", self.dovecot.log(), self.postfix.log())
    }
}

fn on_loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}
