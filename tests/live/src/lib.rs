//! Scenarios run against each [`Site`]: the in-memory server of tests/server, and real Dovecot and Postfix.
//!
//! The real ones run on loopback: started on free high ports with a throw-away certificate authority, stopped
//! when their [`Lab`] is dropped, also by a panic, and even when the test's process is killed.
//!
//! ```no_run
//! use postseal_live::{ALICE, Lab, Security};
//!
//! # fn example() -> std::io::Result<()> {
//! let lab = Lab::start()?;
//! // … a client trusts `lab.ca().root_der()`, connects to `lab.imap(Security::Tls)` as "localhost" and logs in as alice …
//! assert!(lab.imap(Security::Tls).ip().is_loopback());
//! assert_eq!(ALICE.address, "alice@example.test");
//! # Ok(()) }
//! ```

mod dovecot;
mod lab;
mod oauth;
mod ports;
mod postfix;
mod process;
mod site;
mod skip;
mod template;

pub use dovecot::Dovecot;
pub use lab::{ALICE, BOB, HOST, Lab, UMLAUT, USERS, User};
pub use oauth::Tokens;
pub use postfix::Postfix;
pub use postseal_test_server::Security;
pub use site::Site;
pub use skip::skip;
