//! SMTP, IMAP and POP3 over TLS.
//!
//! This crate carries bytes: it knows neither MIME nor OpenPGP. A [`Connector`] opens connections on a [`Runtime`]; each session
//! is a task of its own, and its methods only wait for the task's answers, so that dropping a wait never tears a reply in half.
//!
//! TLS is not optional: [`Security`] says how it begins, and there is no third way.

mod connector;
mod denied;
mod error;
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
pub use pop3::{
    Maildrop, MessageStream, Pop3Capabilities, Pop3Connection, Pop3Message, Pop3Retrieval, Pop3Retrieved,
    Pop3Session, Pop3Update, SeenUids, UniqueId,
};
pub use runtime::Runtime;
pub use sasl::{Credentials, TokenProvider};
pub use server::{Host, Security, Server};
pub use smtp::{
    Acceptance, Delivery, Dsn, EnvelopeId, NotSent, Notify, Receipt, RecipientOutcome, ReturnedContent,
    SendId, SendOptions, SmtpConnection, SmtpExtensions, SmtpSession,
};
pub use tls::{
    CertificateFault, CertificateInfo, CertificateReason, SpkiHash, TlsConfig, TlsInfo, TlsVersion,
    TrustSource,
};
