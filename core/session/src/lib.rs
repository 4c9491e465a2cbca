//! SMTP, IMAP and POP3 over TLS.
//!
//! This crate carries bytes: it knows neither MIME nor OpenPGP. A [`Connector`] opens connections on a [`Runtime`]; each session
//! is a task of its own, and its methods only wait for the task's answers, so that dropping a wait never tears a reply in half.
//!
//! TLS is not optional: [`Security`] says how it begins, and there is no third way. What tests run over other streams goes through
//! [`dangerous`].
//!
//! ```no_run
//! use postseal_session::{Connector, Credentials, Error, Pop3Connection, Runtime, Security, Server, TlsConfig};
//!
//! # fn main() -> Result<(), Error> {
//! let runtime = Runtime::new()?;
//! let connector = Connector::new(&runtime, &TlsConfig::default())?;
//! let server = Server::new("pop.example.org", 995, Security::Tls)?;
//! let alice = Credentials::password("alice@example.org", "correct horse")?;
//!
//! runtime.block_on(async {
//!     let session = Pop3Connection::open(&connector, &server).await?.log_in(&alice).await?;
//!     for message in session.messages().await? {
//!         let mut stream = session.retrieve(message.number).await?;
//!         while let Some(chunk) = stream.next_chunk().await? {
//!             // … write the chunk to a file …
//!         }
//!     }
//!     session.close().await
//! })?
//! # }
//! ```
//!
//! # What holds for every session
//!
//! - **Errors** are one type, [`Error`], sorted by who failed. [`Error::keeps_session`] tells whether the session goes on,
//!   [`Error::is_retryable`] whether to try again, [`Error::code`] is stable. A refused login hands the connection back
//!   ([`Denied`]).
//! - **Cancelling** is dropping the future. A command that had not begun is skipped; one that had is read to its end by the task, so the
//!   session stays usable or says that it is closed.
//! - **Deadlines** ([`Timeouts`]) count the time in which no byte moves, never the length of a transfer or the pauses of the caller.
//! - **Limits**: each length that a server controls has one, with a name; past it comes [`Error::LimitExceeded`].
//! - **Any executor** may call. Input, output and timers stay on the [`Runtime`]; a process that forks makes a new one
//!   ([`Error::Forked`]).
//! - **Secrets** are wiped when dropped, have no `Debug` that shows them, and are blanked where a server echoes them in a text that ends up
//!   in an error. Nothing here writes a log; an app that keeps one gives a [`LogSink`], whose events have no room for a secret.

mod connector;
#[cfg(test)]
mod corpora;
pub mod dangerous;
mod denied;
mod error;
#[cfg(test)]
mod everywhere;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod heard;
pub mod imap;
mod line;
mod log;
mod login;
mod net;
mod pop3;
mod redact;
mod runtime;
mod sasl;
mod server;
mod smtp;
mod starttls;
mod task;
mod tls;
mod wire;

pub use connector::{Connector, Timeouts};
pub use denied::Denied;
pub use error::{EnhancedCode, Error, PeerFault, Refusal};
pub use imap::{ImapConnection, ImapSession};
pub use log::{LogAnswer, LogEvent, LogKind, LogLevel, LogSink, Protocol};
pub use pop3::{
    Maildrop, MessageStream, Pop3Capabilities, Pop3Connection, Pop3Message, Pop3Retrieval, Pop3Retrieved,
    Pop3Session, Pop3Update, SeenUids, UniqueId,
};
pub use postseal_types::{Listener, Progress};
pub use runtime::Runtime;
pub use sasl::{Credentials, TokenProvider};
pub use server::{Host, Security, Server};
pub use smtp::{
    Acceptance, Delivery, Dsn, EnvelopeId, NotSent, Notify, Receipt, RecipientOutcome, ReturnedContent,
    SendId, SendOptions, SmtpConnection, SmtpExtensions, SmtpSession,
};
pub use tls::{
    CertificateFault, CertificateInfo, CertificateReason, SpkiHash, SystemVerifier, TlsConfig, TlsInfo,
    TlsVersion, TrustSource,
};
