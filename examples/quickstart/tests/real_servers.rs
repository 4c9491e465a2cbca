//! The quickstart with `--account`, as a person would run it, against Dovecot and Postfix.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use postseal_live::{HOST, Lab, Security, User, skip};
use tempfile::TempDir;

const SUBJECT: &str = "Überraschungsfest";
const TEXT: &str = "Am Freitag um acht.";

#[test]
fn a_message_goes_round_with_starttls() {
    goes_round("a_message_goes_round_with_starttls", Security::StartTls, "starttls");
}

#[test]
fn a_message_goes_round_with_implicit_tls() {
    goes_round("a_message_goes_round_with_implicit_tls", Security::Tls, "tls");
}

#[test]
fn wrong_input_ends_in_one_line_and_a_failure() {
    let Some(lab) = lab("wrong_input_ends_in_one_line_and_a_failure") else { return };
    let user = User::guest();
    let account = Account::new(&lab, user, Security::Tls, "tls");

    fs::write(account.path("password"), "not the password\n").unwrap();
    account.fails_with(&["the server refused the login", "login-refused"]);
    fs::write(account.path("password"), user.password).unwrap();

    account.change("only_roots = \"ca.pem\"", "");
    account.fails_with(&["the server's certificate is not trusted", "[certificate]"]);
    account.change("[tls]", "[tls]\nonly_roots = \"ca.pem\"");

    account.change(HOST, "127.0.0.1");
    account.fails_with(&["the server's certificate is not trusted: it is for another host"]);
    account.change("127.0.0.1", "\\u0000");
    account.fails_with(&["smtp: invalid host"]);
    account.change("security", "safety");
    account.fails_with(&["account.toml", "unknown field `safety`"]);
    fs::remove_file(account.path("account.toml")).unwrap();
    account.fails_with(&["account.toml", "No such file"]);
}

/// Sends, fetches by IMAP and by POP3, and opens, all with the same kind of security.
fn goes_round(test: &str, security: Security, name: &str) {
    let Some(lab) = lab(test) else { return };
    let account = Account::new(&lab, User::guest(), security, name);
    let output = account.run(&["--make-key"]);
    let shown = String::from_utf8(output.stdout).unwrap();
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{shown}\n{complaint}\n{}", lab.log());
    assert_eq!(complaint, "");
    assert_eq!(shown.matches("SEALED").count(), 2, "by IMAP and by POP3: {shown}");
    assert_eq!(shown.matches(SUBJECT).count(), 2, "{shown}");
    // The subject and the text are for the reader; no server has them.
    assert_nowhere(account.mail_of(&lab), &["berraschung", "Freitag"]);
}

/// A folder with all that `--account` needs.
struct Account {
    folder: TempDir,
    user: User,
}

impl Account {
    fn new(lab: &Lab, user: User, security: Security, name: &str) -> Self {
        let account = Self { folder: tempfile::tempdir().unwrap(), user };
        let server = |section: &str, port: u16| {
            format!("[{section}]\nhost = \"{HOST}\"\nport = {port}\nsecurity = \"{name}\"\n")
        };
        let text = format!(
            "[me]\naddress = \"{}\"\nsecret_key = \"key.asc\"\n{}{}{}\
             [login]\npassword = {{ file = \"password\" }}\n[tls]\nonly_roots = \"ca.pem\"\n",
            user.address,
            server("smtp", lab.smtp(security).port()),
            server("imap", lab.imap(security).port()),
            server("pop3", lab.pop3(security).port()),
        );
        fs::write(account.path("account.toml"), text).unwrap();
        fs::write(account.path("password"), user.password).unwrap();
        fs::write(account.path("ca.pem"), lab.ca().root_pem()).unwrap();
        account
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn change(&self, from: &str, to: &str) {
        let text = fs::read_to_string(self.path("account.toml")).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(self.path("account.toml"), text.replace(from, to)).unwrap();
    }

    fn run(&self, more: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_quickstart"))
            .arg("--account")
            .arg(self.path("account.toml"))
            .args(["--subject", SUBJECT, "--text", TEXT])
            .args(more)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// Exit status 1, and one line on standard error that holds all of `parts` and no password.
    fn fails_with(&self, parts: &[&str]) {
        let output = self.run(&["--make-key"]);
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{complaint}");
        assert_eq!(complaint.lines().count(), 1, "{complaint}");
        for part in parts {
            assert!(complaint.contains(part), "{part:?} is not in {complaint:?}");
        }
        assert!(
            !complaint.contains(self.user.password) && !complaint.contains("not the password"),
            "{complaint}"
        );
    }

    /// The user's mail as it lies on the server's disk.
    fn mail_of(&self, lab: &Lab) -> Vec<Vec<u8>> {
        lab.mail_of(self.user).unwrap()
    }
}

fn assert_nowhere(files: Vec<Vec<u8>>, secrets: &[&str]) {
    assert!(!files.is_empty(), "the server kept nothing");
    for file in files {
        let text = String::from_utf8_lossy(&file);
        for secret in secrets {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}

fn lab(test: &str) -> Option<Arc<Lab>> {
    match Lab::unavailable() {
        Some(why) => {
            skip(test, &why);
            None
        }
        None => Some(Lab::shared().unwrap()),
    }
}
