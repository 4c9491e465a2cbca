//! POP3 (RFC 1939, RFC 2449, RFC 2595, RFC 5034).

mod capabilities;
mod connection;
mod conversation;
mod dots;
mod login;
mod message;
mod reply;
mod retrieval;
mod seen;
mod session;
mod stream;
mod tally;
mod task;
#[cfg(test)]
mod tests;

pub use capabilities::Pop3Capabilities;
pub use connection::Pop3Connection;
pub use message::{Maildrop, Pop3Message, UniqueId};
pub use retrieval::{Pop3Retrieval, Pop3Retrieved};
pub use seen::SeenUids;
pub use session::{Pop3Session, Pop3Update};
pub use stream::MessageStream;
