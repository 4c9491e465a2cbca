use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use postseal_test_server::Security;
use postseal_test_server::ca::Issued;

use crate::lab::{HOST, User};
use crate::process::Server;
use crate::{oauth, ports, template};

const CONF: &str = include_str!("../servers/dovecot.conf");
const OAUTH_CONF: &str = include_str!("../servers/oauth2.conf.ext");

/// The user and group that own the mail: nobody's, on any Debian.
pub(crate) const NOBODY: u32 = 65534;

/// Dovecot: IMAP and POP3 for clients; the mail folders and the password check for Postfix.
#[derive(Debug)]
pub struct Dovecot {
    server: Server,
    imap: u16,
    imaps: u16,
    pop3: u16,
    pop3s: u16,
    pub(crate) auth: u16,
    pub(crate) home: PathBuf,
}

impl Dovecot {
    /// Starts Dovecot in the empty folder `dir`, with the certificate `issued` and an account for each of `users`.
    ///
    /// # Errors
    ///
    /// When a file can't be written, or the server does not come up; its log is in the error.
    pub fn start(dir: &Path, issued: &Issued, users: &[User]) -> io::Result<Self> {
        let [imap, imaps, pop3, pop3s, auth] = ports::free()?;
        let home = dir.join("home");
        fs::create_dir_all(&home)?;
        fs::set_permissions(dir, fs::Permissions::from_mode(0o755))?;
        chown(&home, Some(NOBODY), Some(NOBODY))?;

        fs::write(dir.join("server.pem"), &issued.chain_pem)?;
        template::write_private(&dir.join("server.key"), &issued.key_pem)?;
        let passwords: String =
            users.iter().map(|user| format!("{}:{{PLAIN}}{}\n", user.address, user.password)).collect();
        fs::write(dir.join("users"), passwords)?;
        let keys = dir.join("keys/default/HS256");
        fs::create_dir_all(&keys)?;
        fs::write(keys.join("default"), oauth::KEY)?;
        template::write(&dir.join("oauth2.conf.ext"), OAUTH_CONF, &[("dir", &dir.display())])?;
        let conf = dir.join("dovecot.conf");
        template::write(
            &conf,
            CONF,
            &[
                ("dir", &dir.display()),
                ("uid", &NOBODY),
                ("gid", &NOBODY),
                ("imap", &imap),
                ("imaps", &imaps),
                ("pop3", &pop3),
                ("pop3s", &pop3s),
                ("auth", &auth),
            ],
        )?;
        let command = ["/usr/sbin/dovecot", "-F", "-c", &conf.display().to_string()];
        let server = Server::start(&command, &dir.join("dovecot.log"), &[imap, imaps, pop3, pop3s, auth])?;
        Ok(Self { server, imap, imaps, pop3, pop3s, auth, home })
    }

    /// The port for IMAP.
    #[must_use]
    pub fn imap(&self, security: Security) -> u16 {
        match security {
            Security::Tls => self.imaps,
            Security::StartTls => self.imap,
        }
    }

    /// The port for POP3.
    #[must_use]
    pub fn pop3(&self, security: Security) -> u16 {
        match security {
            Security::Tls => self.pop3s,
            Security::StartTls => self.pop3,
        }
    }

    /// Puts messages into the inbox of `user`, as a program that delivers mail does: lines end with LF on the disk, and the name of
    /// each file tells the sizes (`S=` on the disk, `W=` with CRLF).
    ///
    /// # Errors
    ///
    /// When a file can't be written.
    pub fn fill(&self, user: User, messages: impl IntoIterator<Item = Vec<u8>>) -> io::Result<()> {
        let home = self.home.join(user.address);
        let maildir = home.join("Maildir");
        let folders = ["cur", "new", "tmp"].map(|name| maildir.join(name));
        for folder in &folders {
            fs::create_dir_all(folder)?;
        }
        for (number, message) in messages.into_iter().enumerate() {
            let stored: Vec<u8> = message.iter().copied().filter(|&byte| byte != b'\r').collect();
            let name = format!("{number}.postseal.{HOST},S={},W={}:2,", stored.len(), message.len());
            let path = folders[0].join(name);
            fs::write(&path, stored)?;
            chown(&path, Some(NOBODY), Some(NOBODY))?;
        }
        for folder in folders.iter().chain([&home, &maildir]) {
            chown(folder, Some(NOBODY), Some(NOBODY))?;
        }
        Ok(())
    }

    /// What Dovecot logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.server.log()
    }
}
