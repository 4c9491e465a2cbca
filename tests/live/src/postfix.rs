use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;
use std::process::Command;

use postseal_test_server::Security;
use postseal_test_server::ca::Issued;

use crate::dovecot::{Dovecot, NOBODY};
use crate::lab::User;
use crate::process::Server;
use crate::{ports, template};

const MAIN: &str = include_str!("../servers/main.cf");
/// Where Debian keeps what "postfix" runs.
const PROGRAMS: &str = "/usr/lib/postfix/sbin";
const MASTER: &str = include_str!("../servers/master.cf");

/// Postfix: submission for clients; hands every message to Dovecot.
#[derive(Debug)]
pub struct Postfix {
    server: Server,
    submission: u16,
    submissions: u16,
}

impl Postfix {
    /// Starts Postfix in the empty folder `dir`, with the certificate `issued`; it asks `dovecot` for passwords, delivers into its folders,
    /// and refuses recipients that are none of `users`.
    ///
    /// # Errors
    ///
    /// When a file can't be written, or the server does not come up (it must run as root); its log is in the error.
    pub fn start(dir: &Path, issued: &Issued, users: &[User], dovecot: &Dovecot) -> io::Result<Self> {
        let [submission, submissions] = ports::free()?;
        for folder in ["etc", "spool", "data"] {
            fs::create_dir_all(dir.join(folder))?;
        }
        fs::set_permissions(dir, fs::Permissions::from_mode(0o755))?;
        chown(dir.join("data"), Some(id_of_postfix()?), None)?;

        fs::write(dir.join("server.pem"), &issued.chain_pem)?;
        template::write_private(&dir.join("server.key"), &issued.key_pem)?;
        let recipients: String =
            users.iter().map(|user| format!("{0} {0}/Maildir/\n", user.address)).collect();
        fs::write(dir.join("recipients"), recipients)?;
        template::write(
            &dir.join("etc/main.cf"),
            MAIN,
            &[
                ("dir", &dir.display()),
                ("home", &dovecot.home.display()),
                ("uid", &NOBODY),
                ("auth", &dovecot.auth),
            ],
        )?;
        template::write(
            &dir.join("etc/master.cf"),
            MASTER,
            &[("submission", &submission), ("submissions", &submissions)],
        )?;
        let etc = dir.join("etc").display().to_string();
        check(&etc)?;
        // What "postfix start-fg" runs, without the shell around it: the process that we start is the one that we end.
        let command = [&format!("{PROGRAMS}/master"), "-c", &etc, "-s"];
        let server = Server::start(&command, &dir.join("postfix.log"), &[submission, submissions])?;
        Ok(Self { server, submission, submissions })
    }

    /// The port for submission.
    #[must_use]
    pub fn smtp(&self, security: Security) -> u16 {
        match security {
            Security::Tls => self.submissions,
            Security::StartTls => self.submission,
        }
    }

    /// What Postfix logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.server.log()
    }
}

/// Lets Postfix check the configuration and make the folders of its queue.
fn check(etc: &str) -> io::Result<()> {
    let output = Command::new("/usr/sbin/postfix").args(["-c", etc, "check"]).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("postfix check: {}", String::from_utf8_lossy(&output.stderr))))
}

fn id_of_postfix() -> io::Result<u32> {
    let output = Command::new("id").args(["-u", "postfix"]).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().map_err(|_| io::Error::other("there is no user postfix"))
}
