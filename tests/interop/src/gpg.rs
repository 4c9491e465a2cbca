use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::status::Status;

/// How long one run of GnuPG may take: making an RSA key on a loaded machine takes some seconds.
const DEADLINE: Duration = Duration::from_secs(120);

/// What kind of key to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519 for signatures and X25519 (GnuPG: cv25519) for encryption.
    Curve25519,
    /// RSA with 3072 bits for both.
    Rsa3072,
}

impl Algorithm {
    /// Each of them.
    pub const ALL: [Self; 2] = [Self::Curve25519, Self::Rsa3072];

    fn parameters(self) -> &'static str {
        match self {
            Self::Curve25519 => {
                "Key-Type: EDDSA\nKey-Curve: ed25519\nKey-Usage: sign\n\
                 Subkey-Type: ECDH\nSubkey-Curve: cv25519\nSubkey-Usage: encrypt\n"
            }
            Self::Rsa3072 => {
                "Key-Type: RSA\nKey-Length: 3072\nKey-Usage: sign\n\
                 Subkey-Type: RSA\nSubkey-Length: 3072\nSubkey-Usage: encrypt\n"
            }
        }
    }
}

/// How GnuPG compresses what it encrypts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// Raw deflate (RFC 1951).
    Zip,
    /// Deflate with the header of zlib (RFC 1950); what GnuPG does when nobody says otherwise.
    Zlib,
    /// bzip2.
    Bzip2,
}

impl Compression {
    /// Each of them.
    pub const ALL: [Self; 4] = [Self::None, Self::Zip, Self::Zlib, Self::Bzip2];

    const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Zip => "zip",
            Self::Zlib => "zlib",
            Self::Bzip2 => "bzip2",
        }
    }
}

/// GnuPG with a home of its own, which goes away with it, as does its agent.
#[derive(Debug)]
pub struct Gpg {
    home: TempDir,
    files: AtomicUsize,
}

/// What came out of an encrypted message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decrypted {
    /// The plaintext; GnuPG writes it before it knows whether it is intact, so look at `status` first.
    pub plaintext: Vec<u8>,
    /// What GnuPG says of it, and of the signature inside.
    pub status: Status,
    /// Whether GnuPG was content with all of it: with each signature, and with what stands around the message.
    pub is_content: bool,
}

impl Gpg {
    /// Why GnuPG can't be run on this machine; nothing where it can.
    #[must_use]
    pub fn unavailable() -> Option<String> {
        let found = Command::new("gpg").arg("--version").stdin(Stdio::null()).output();
        found.is_err().then(|| "no gpg (Debian's package is gnupg)".to_owned())
    }

    /// A GnuPG without any key.
    ///
    /// # Errors
    ///
    /// When the folder can't be made.
    pub fn new() -> io::Result<Self> {
        // The agent's socket lies in it, and the path of a socket is short.
        let private = fs::Permissions::from_mode(0o700);
        let home = tempfile::Builder::new().prefix("gpg").permissions(private).tempdir()?;
        let gpg = Self { home, files: AtomicUsize::new(0) };
        // Some operations want the trust database to be there, and don't make it where the trust model is "always".
        run(gpg.command("gpg").args(["--batch", "--quiet", "--check-trustdb"]))?;
        Ok(gpg)
    }

    /// Makes an unprotected key for `user_id` (`Name <address>`) and returns its fingerprint.
    ///
    /// # Errors
    ///
    /// When GnuPG fails.
    pub fn generate(&self, algorithm: Algorithm, user_id: &str) -> io::Result<String> {
        self.generate_with(algorithm, user_id, "%no-protection\n")
    }

    /// Makes a key that `passphrase` protects, and returns its fingerprint.
    ///
    /// # Errors
    ///
    /// When GnuPG fails.
    pub fn generate_protected(
        &self,
        algorithm: Algorithm,
        user_id: &str,
        passphrase: &str,
    ) -> io::Result<String> {
        self.generate_with(algorithm, user_id, &format!("Passphrase: {passphrase}\n"))
    }

    fn generate_with(&self, algorithm: Algorithm, user_id: &str, protection: &str) -> io::Result<String> {
        let (name, address) = user_id
            .strip_suffix('>')
            .and_then(|user_id| user_id.split_once(" <"))
            .ok_or_else(|| io::Error::other("a user ID is: Name <address>"))?;
        let parameters = format!(
            "{}{protection}Name-Real: {name}\nName-Email: {address}\nExpire-Date: 0\n%commit\n",
            algorithm.parameters()
        );
        let parameters = self.file(parameters.as_bytes())?;
        let (_, status) = self.succeed(&["--full-generate-key", &path(&parameters)])?;
        let created =
            status.words("KEY_CREATED").and_then(|words| words.get(1).map(|word| (*word).to_owned()));
        created.ok_or_else(|| io::Error::other("gpg made no key"))
    }

    /// Takes over certificates or secret keys, armored or binary; `passphrase` is for those that have one.
    ///
    /// # Errors
    ///
    /// When GnuPG fails.
    pub fn import(&self, keys: &[u8]) -> io::Result<Status> {
        let keys = self.file(keys)?;
        Ok(self.succeed(&["--import", &path(&keys)])?.1)
    }

    /// The certificate of a key, armored.
    ///
    /// # Errors
    ///
    /// When GnuPG fails.
    pub fn export(&self, fingerprint: &str) -> io::Result<Vec<u8>> {
        Ok(self.succeed(&["--armor", "--export", fingerprint])?.0)
    }

    /// The secret key, armored; protected with the passphrase that it has.
    ///
    /// # Errors
    ///
    /// When GnuPG fails, or the passphrase is wrong.
    pub fn export_secret(&self, fingerprint: &str, passphrase: Option<&str>) -> io::Result<Vec<u8>> {
        let passphrase = self.file(passphrase.unwrap_or_default().as_bytes())?;
        let arguments =
            ["--passphrase-file", &path(&passphrase), "--armor", "--export-secret-keys", fingerprint];
        Ok(self.succeed(&arguments)?.0)
    }

    /// Encrypts `plaintext` to `recipients` (fingerprints), signed by `signer` inside; armored.
    ///
    /// # Errors
    ///
    /// When GnuPG fails.
    pub fn encrypt(
        &self,
        plaintext: &[u8],
        recipients: &[&str],
        signer: Option<&str>,
        compression: Compression,
    ) -> io::Result<Vec<u8>> {
        let plaintext = path(&self.file(plaintext)?);
        let mut arguments = vec!["--armor", "--compress-algo", compression.name()];
        recipients.iter().for_each(|recipient| arguments.extend(["--recipient", recipient]));
        if let Some(signer) = signer {
            arguments.extend(["--local-user", signer, "--sign"]);
        }
        arguments.extend(["--output", "-", "--encrypt", &plaintext]);
        Ok(self.succeed(&arguments)?.0)
    }

    /// A detached, armored signature over `data` exactly as it is, by SHA-512.
    ///
    /// # Errors
    ///
    /// When GnuPG fails.
    pub fn sign(&self, data: &[u8], signer: &str) -> io::Result<Vec<u8>> {
        let data = path(&self.file(data)?);
        let arguments = [
            "--armor",
            "--digest-algo",
            "SHA512",
            "--local-user",
            signer,
            "--output",
            "-",
            "--detach-sign",
            &data,
        ];
        Ok(self.succeed(&arguments)?.0)
    }

    /// `text` in the cleartext signature framework (RFC 9580, section 7).
    ///
    /// # Errors
    ///
    /// When GnuPG fails.
    pub fn clear_sign(&self, text: &[u8], signer: &str) -> io::Result<Vec<u8>> {
        let text = path(&self.file(text)?);
        Ok(self.succeed(&["--local-user", signer, "--output", "-", "--clear-sign", &text])?.0)
    }

    /// Decrypts `message` and verifies what is signed inside. That it can't be decrypted is no error: the status says so.
    ///
    /// # Errors
    ///
    /// When GnuPG can't be run.
    pub fn decrypt(&self, message: &[u8]) -> io::Result<Decrypted> {
        let message = path(&self.file(message)?);
        let run = self.run(&["--output", "-", "--decrypt", &message])?;
        Ok(Decrypted { plaintext: run.output, status: run.status, is_content: run.green })
    }

    /// Verifies a detached signature over `data`. That it is bad is no error: the status says so.
    ///
    /// # Errors
    ///
    /// When GnuPG can't be run.
    pub fn verify(&self, data: &[u8], signature: &[u8]) -> io::Result<Status> {
        let (data, signature) = (path(&self.file(data)?), path(&self.file(signature)?));
        Ok(self.run(&["--verify", &signature, &data])?.status)
    }

    /// The packets of an armored message in binary form.
    ///
    /// # Errors
    ///
    /// When GnuPG fails.
    pub fn dearmor(&self, message: &[u8]) -> io::Result<Vec<u8>> {
        let message = path(&self.file(message)?);
        Ok(self.succeed(&["--output", "-", "--dearmor", &message])?.0)
    }

    /// The packets of a message as GnuPG lists them, for the message of a failed assertion.
    ///
    /// # Errors
    ///
    /// When GnuPG can't be run.
    pub fn list_packets(&self, message: &[u8]) -> io::Result<String> {
        let message = path(&self.file(message)?);
        Ok(String::from_utf8_lossy(&self.run(&["--list-packets", &message])?.output).into_owned())
    }

    /// Puts what GnuPG shall read into a file: with all input in files, nothing has to be fed while output is read.
    fn file(&self, bytes: &[u8]) -> io::Result<PathBuf> {
        let number = self.files.fetch_add(1, Ordering::Relaxed);
        let path = self.home.path().join(format!("input-{number}"));
        fs::write(&path, bytes)?;
        Ok(path)
    }

    fn succeed(&self, arguments: &[&str]) -> io::Result<(Vec<u8>, Status)> {
        let run = self.run(arguments)?;
        if run.green {
            return Ok((run.output, run.status));
        }
        Err(io::Error::other(format!("gpg {}: {}", arguments.join(" "), run.log)))
    }

    fn run(&self, arguments: &[&str]) -> io::Result<Run> {
        let mut command = self.command("gpg");
        command.args(["--batch", "--no-tty", "--yes", "--quiet", "--status-fd", "2"]);
        command.args([
            "--pinentry-mode",
            "loopback",
            "--trust-model",
            "always",
            "--display-charset",
            "utf-8",
        ]);
        run(command.args(arguments))
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.arg("--homedir").arg(self.home.path()).env_remove("GNUPGHOME").env("LC_ALL", "C.UTF-8");
        command
    }
}

impl Drop for Gpg {
    fn drop(&mut self) {
        let _ = run(self.command("gpgconf").args(["--kill", "all"]));
    }
}

/// One run of the program, however it ended.
struct Run {
    green: bool,
    output: Vec<u8>,
    status: Status,
    log: String,
}

/// Runs `command` to its end, or to the deadline.
fn run(command: &mut Command) -> io::Result<Run> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (output, log) = (collect(child.stdout.take()), collect(child.stderr.take()));
    let deadline = Instant::now() + DEADLINE;
    let green = loop {
        if let Some(status) = child.try_wait()? {
            break status.success();
        }
        if Instant::now() > deadline {
            child.kill()?;
            child.wait()?;
            return Err(io::Error::new(io::ErrorKind::TimedOut, format!("{command:?}")));
        }
        thread::sleep(Duration::from_millis(2));
    };
    let [output, log] = [output, log].map(|stream| stream.join().unwrap_or_default());
    Ok(Run { green, output, status: Status::parse(&log), log: String::from_utf8_lossy(&log).into_owned() })
}

/// Reads a stream to its end, beside everything else.
fn collect(stream: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            let _ = stream.read_to_end(&mut bytes);
        }
        bytes
    })
}

fn path(path: &Path) -> String {
    path.display().to_string()
}
