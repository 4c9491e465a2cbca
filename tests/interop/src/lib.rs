//! GnuPG, for tests: what Postseal writes, GnuPG reads, and the other way round.
//!
//! [`Gpg`] runs the program with a private home; [`wrap`] puts together and takes apart PGP/MIME with nothing but string operations, so
//! that a misreading of RFC 3156 in Postseal isn't repeated here.
//!
//! ```no_run
//! use postseal_interop::{Algorithm, Compression, Gpg};
//!
//! # fn example() -> std::io::Result<()> {
//! let gpg = Gpg::new()?;
//! let alice = gpg.generate(Algorithm::Curve25519, "Alice <alice@example.test>")?;
//! let sealed = gpg.encrypt(b"hello", &[&alice], Some(&alice), Compression::Zlib)?;
//! let opened = gpg.decrypt(&sealed)?;
//! assert_eq!(opened.plaintext, b"hello");
//! assert_eq!(opened.status.signed_by(), Some(alice.as_str()));
//! # Ok(()) }
//! ```

mod gpg;
mod skip;
mod status;
pub mod wrap;

pub use gpg::{Algorithm, Compression, Decrypted, Gpg};
pub use skip::skip;
pub use status::Status;
