//! Encrypting what is too large for memory, piece by piece.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use super::seal::{ENCRYPTING, Encrypting, begin_encrypted};
use super::watched::Watched;
use super::{PgpError, Recipients, StreamError};

/// Encrypts data that is pushed into it, piece by piece: bytes in, bytes out.
///
/// The message is in binary form, and what [`encrypt`](super::encrypt) makes otherwise: for the same [`Recipients`], signed where
/// they say so. It is written in pieces of 4 MiB, so that memory is needed for a few of these, however long the message is.
///
/// A message that is not [finished](Encryptor::finish) is cut short, and refused as tampered by whoever decrypts it.
///
/// ```
/// # use std::time::{Duration, SystemTime};
/// # use postseal_message::openpgp::{self, Encryptor, Recipients};
/// # use postseal_types::Secret;
/// # let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
/// let passphrase = Secret::from("correct horse battery staple");
/// let mut encryptor = Encryptor::new(&Recipients::default().with_passphrase(&passphrase), now)?;
/// let mut message = encryptor.write(b"a sec")?;
/// message.extend(encryptor.write(b"ret")?);
/// message.extend(encryptor.finish()?);
/// # let mut options = openpgp::ReadOptions::default();
/// # options.passphrases.push(&passphrase);
/// # let opened = openpgp::decrypt(&message, &Default::default(), &options, now)?;
/// # assert_eq!(opened.data, b"a secret");
/// # Ok::<(), openpgp::PgpError>(())
/// ```
pub struct Encryptor {
    message: Encrypting<'static>,
    ready: Ready,
}

impl Encryptor {
    /// Begins a message. The keys are needed here only: nothing is borrowed from then on.
    ///
    /// # Errors
    ///
    /// As for [`encrypt`](super::encrypt).
    pub fn new(recipients: &Recipients<'_>, now: SystemTime) -> Result<Self, PgpError> {
        let ready = Ready::default();
        Ok(Self { message: begin_encrypted(recipients, now, ready.clone())?, ready })
    }

    /// Encrypts `data`, and returns what of the message is ready; that may be nothing yet.
    ///
    /// # Errors
    ///
    /// [`PgpError::Internal`]; the message can't be continued then.
    pub fn write(&mut self, data: &[u8]) -> Result<Vec<u8>, PgpError> {
        self.message.write_all(data).map_err(|_| ENCRYPTING)?;
        Ok(self.ready.take())
    }

    /// Ends the message, and returns the rest of it.
    ///
    /// # Errors
    ///
    /// [`PgpError::Internal`].
    pub fn finish(self) -> Result<Vec<u8>, PgpError> {
        self.message.end()?;
        Ok(self.ready.take())
    }
}

impl fmt::Debug for Encryptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Encryptor")
    }
}

/// Where the message is written to: memory that the encryptor empties.
#[derive(Debug, Clone, Default)]
struct Ready(Arc<Mutex<Vec<u8>>>);

impl Ready {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Ready {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Encrypts `source` to its end into `sink`, as an [`Encryptor`] does it.
///
/// # Errors
///
/// As for [`encrypt`](super::encrypt), and what `source` and `sink` say. The sink then holds a part of a message, which nobody can
/// decrypt.
pub fn encrypt_to(
    source: impl Read,
    sink: impl Write + Send + Sync,
    recipients: &Recipients<'_>,
    now: SystemTime,
) -> Result<(), StreamError> {
    let (mut source, mut sink) = (Watched::new(source), Watched::new(sink));
    let outcome = begin_encrypted(recipients, now, &mut sink).and_then(|mut message| {
        io::copy(&mut source, &mut message).map_err(|_| ENCRYPTING)?;
        message.end()
    });
    let outcome = outcome.and_then(|()| sink.flush().map_err(|_| ENCRYPTING));
    source.check(StreamError::Read)?;
    sink.check(StreamError::Write)?;
    Ok(outcome?)
}
