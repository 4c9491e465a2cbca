//! The account file: what it may hold, and how it becomes what the library takes.

use std::path::{Path, PathBuf};

use postseal::{Address, Credentials, Host, Secret, Security, Server, SpkiHash, TlsConfig};
use serde::Deserialize;

use crate::Failure;

/// A documented account file.
pub(crate) const SAMPLE: &str = include_str!("account.sample.toml");

/// The account file as it was written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountFile {
    pub(crate) me: Me,
    #[serde(default)]
    keys: Keys,
    smtp: ServerEntry,
    imap: Option<ServerEntry>,
    pop3: Option<ServerEntry>,
    login: Login,
    #[serde(default)]
    tls: Tls,
    /// The folder of the file: other paths in it are relative to it.
    #[serde(skip)]
    folder: PathBuf,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Me {
    pub(crate) address: String,
    pub(crate) name: Option<String>,
    secret_key: PathBuf,
    passphrase: Option<Source>,
    #[serde(default)]
    pub(crate) profile: Profile,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Profile {
    #[default]
    Compatible,
    Modern,
    PostQuantum,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    #[serde(default)]
    certificates: Vec<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ServerEntry {
    host: String,
    port: u16,
    security: SecurityEntry,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum SecurityEntry {
    Tls,
    Starttls,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    user: Option<String>,
    password: Option<Source>,
    oauth2_token: Option<Source>,
}

/// Where a secret comes from; never the file itself.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Source {
    Env(String),
    File(PathBuf),
    Prompt,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tls {
    extra_roots: Option<PathBuf>,
    only_roots: Option<PathBuf>,
    #[serde(default)]
    trusted_keys: Vec<TrustedKey>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TrustedKey {
    host: String,
    spki: String,
}

impl AccountFile {
    /// Reads and checks the file.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let text = read_text(path)?;
        let mut account: Self = toml::from_str(&text)
            .map_err(|error| Failure::new(format!("{}: {}", path.display(), one_line(&error.to_string()))))?;
        account.folder = path.parent().unwrap_or(Path::new("")).to_owned();
        if account.imap.is_none() && account.pop3.is_none() {
            return Err(Failure::new(format!("{}: neither [imap] nor [pop3] is given", path.display())));
        }
        Ok(account)
    }

    pub(crate) fn address(&self) -> Result<Address, Failure> {
        Address::parse(&self.me.address).map_err(|error| Failure::new(format!("me.address: {error}")))
    }

    pub(crate) fn smtp(&self) -> Result<Server, Failure> {
        self.smtp.server("smtp")
    }

    pub(crate) fn imap(&self) -> Result<Option<Server>, Failure> {
        self.imap.as_ref().map(|entry| entry.server("imap")).transpose()
    }

    pub(crate) fn pop3(&self) -> Result<Option<Server>, Failure> {
        self.pop3.as_ref().map(|entry| entry.server("pop3")).transpose()
    }

    pub(crate) fn credentials(&self) -> Result<Credentials, Failure> {
        let user = self.login.user.as_deref().unwrap_or(&self.me.address);
        let made = match (&self.login.password, &self.login.oauth2_token) {
            (Some(source), None) => Credentials::password(user, self.secret(source, "Password")?),
            (None, Some(source)) => Credentials::token(user, self.secret(source, "OAuth 2 token")?),
            _ => return Err(Failure::new("login: give either password or oauth2_token")),
        };
        made.map_err(|error| Failure::new(format!("login: {error}")))
    }

    pub(crate) fn tls(&self) -> Result<TlsConfig, Failure> {
        let mut tls = TlsConfig::default();
        if let Some(path) = &self.tls.extra_roots {
            tls = tls.add_roots(&self.read_bytes(path)?)?;
        }
        if let Some(path) = &self.tls.only_roots {
            tls = tls.only_roots(&self.read_bytes(path)?)?;
        }
        for key in &self.tls.trusted_keys {
            tls = tls.trust_key(&Host::parse(&key.host)?, key.spki.parse::<SpkiHash>()?);
        }
        Ok(tls)
    }

    pub(crate) fn passphrase(&self) -> Result<Option<Secret>, Failure> {
        self.me.passphrase.as_ref().map(|source| self.secret(source, "Passphrase of the key")).transpose()
    }

    pub(crate) fn secret_key_path(&self) -> PathBuf {
        self.folder.join(&self.me.secret_key)
    }

    /// The bytes of each certificate file, with its path for error messages.
    pub(crate) fn certificates(&self) -> Result<Vec<(PathBuf, Vec<u8>)>, Failure> {
        self.keys.certificates.iter().map(|path| Ok((path.clone(), self.read_bytes(path)?))).collect()
    }

    fn read_bytes(&self, path: &Path) -> Result<Vec<u8>, Failure> {
        read_bytes(&self.folder.join(path))
    }

    fn secret(&self, source: &Source, what: &str) -> Result<Secret, Failure> {
        match source {
            Source::Env(name) => match std::env::var(name) {
                Ok(value) => Ok(Secret::from(value)),
                Err(_) => Err(Failure::new(format!("the environment variable {name} is not set"))),
            },
            Source::File(path) => {
                let bytes = Secret::new(self.read_bytes(path)?);
                let line = bytes.expose().split(|&byte| byte == b'\n').next().unwrap_or_default();
                Ok(Secret::new(line.strip_suffix(b"\r").unwrap_or(line)))
            }
            Source::Prompt => match rpassword::prompt_password(format!("{what}: ")) {
                Ok(secret) => Ok(Secret::from(secret)),
                Err(error) => Err(Failure::new(format!("no {} could be read: {error}", what.to_lowercase()))),
            },
        }
    }
}

impl ServerEntry {
    fn server(&self, section: &str) -> Result<Server, Failure> {
        let security = match self.security {
            SecurityEntry::Tls => Security::Tls,
            SecurityEntry::Starttls => Security::StartTls,
        };
        Server::new(&self.host, self.port, security)
            .map_err(|error| Failure::new(format!("{section}: {error}")))
    }
}

/// Reads a file whole, with its path in the error.
pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::new(format!("{}: {error}", path.display())))
}

fn read_text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(read_bytes(path)?).map_err(|_| Failure::new(format!("{}: not UTF-8", path.display())))
}

/// TOML's errors span lines; the command's don't.
fn one_line(text: &str) -> String {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('|'))
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_a_valid_account_file() {
        let account: AccountFile = toml::from_str(SAMPLE).unwrap();
        assert_eq!(account.address().unwrap().to_string(), "alice@example.org");
        assert_eq!(account.smtp().unwrap().security, Security::Tls);
        assert!(account.pop3().unwrap().is_some());
    }

    #[test]
    fn unknown_fields_and_secrets_in_the_file_are_refused() {
        for broken in [
            SAMPLE.replace("profile =", "prophile ="),
            SAMPLE.replace(r#"{ env = "POSTSEAL_PASSWORD" }"#, r#""hunter2""#),
            SAMPLE.replace(r#"security = "tls""#, r#"security = "none""#),
        ] {
            assert!(toml::from_str::<AccountFile>(&broken).is_err());
        }
    }
}
