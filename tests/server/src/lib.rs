//! A mail server for tests: SMTP submission, IMAP and POP3 over TLS, all in memory, on loopback.
//!
//! It is written from the RFCs and shares no code with the Postseal crates, so that a misreading there isn't repeated here. It plays
//! honest unless it is told otherwise: a [`Fault`] makes it misbehave at one exact place, and a [`script::Script`] plays a fixed
//! conversation instead of a server. It prints nothing, and everything it starts ends with [`TestServer::stop`] or with its drop.
//!
//! ```
//! use postseal_test_server::{Options, Security, TestServer};
//!
//! # async fn example() -> std::io::Result<()> {
//! let server = TestServer::start(Options::new().user("alice@example.test", "wonderland")).await?;
//! let address = server.smtp(Security::StartTls);
//! // … a client trusts `server.ca().root_der()`, connects to `address` as "localhost" and submits a message …
//! assert!(server.accepted().is_empty());
//! server.stop().await;
//! # Ok(()) }
//! ```

pub mod ca;
pub mod control;
mod fault;
mod imap;
mod mime;
mod options;
mod pop3;
mod sasl;
pub mod script;
mod server;
mod smtp;
mod store;
mod transcript;
mod wire;

pub use ca::TestCa;
pub use fault::{Effect, Fault, Place, Step};
pub use options::{Options, Protocol, Security, TlsVersions};
pub use server::{TestServer, View};
pub use smtp::{Accepted, Recipient};
pub use store::StoredMessage;
pub use transcript::{Conversation, Handshake, Piece, Side};
