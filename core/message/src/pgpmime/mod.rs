//! PGP/MIME (RFC 3156): [`seal`] a draft; [`open`] a message, and learn from its [`Verdict`] what can be believed about it.
//!
//! - What is handed out of an encrypted message is what was inside the encryption, and nothing beside it.
//! - A verdict speaks of the whole message: a signature over a part of it is never shown as one over all.
//! - Where header fields were protected (RFC 9788), those are the ones of the message.

mod headers;
mod inline;
mod judge;
mod layer;
mod open;
mod reason;
mod repair;
mod seal;
mod unobtrusive;
mod verdict;

pub use headers::{DifferingHeader, HeaderVerdict};
pub use open::{OpenError, OpenOptions, Opened, open};
pub use reason::Reason;
pub use repair::Repair;
pub use seal::{MissingCertificate, Protection, SealError, SealOptions, Sealed, SealedCopy, seal};
pub use verdict::{Coverage, EncryptionVerdict, FromVerdict, SignatureVerdict, Verdict, VerdictLevel};

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
