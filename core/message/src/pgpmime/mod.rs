//! PGP/MIME (RFC 3156): [`seal`] a draft, open a message.

mod seal;

pub use seal::{MissingCertificate, Protection, SealError, SealOptions, Sealed, SealedCopy, seal};
