//! Message submission (RFC 6409): SMTP (RFC 5321) with the extensions that matter to a client.
//!
//! Commands are worded by lettre's types (see `command`). Replies are read by our own parser and the connection is our own: lettre's
//! has no bound on a line while it is read, and can't tell a message whose last answer was lost from one that was not sent.

mod answer;
mod body;
mod command;
mod connection;
mod extensions;
mod login;
mod options;
mod receipt;
mod session;
mod transaction;

#[cfg(test)]
mod tests;

pub use connection::SmtpConnection;
pub use extensions::SmtpExtensions;
pub use options::{Dsn, EnvelopeId, Notify, ReturnedContent, SendId, SendOptions};
pub use receipt::{Acceptance, Delivery, NotSent, Receipt, RecipientOutcome};
pub use session::SmtpSession;
