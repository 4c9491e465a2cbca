//! Message submission: SMTP (RFC 5321, RFC 6409) with the extensions that submission clients use.

mod data;
mod login;
mod path;
mod session;

pub(crate) use session::serve;

/// A message that a client submitted and the server took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The user who was logged in.
    pub user: String,
    /// The return path without its angle brackets; empty for `<>`.
    pub mail_from: String,
    /// The parameters of MAIL, such as `SIZE=120`.
    pub mail_params: Vec<String>,
    /// The recipients that the server accepted, in order.
    pub recipients: Vec<Recipient>,
    /// The message, byte by byte as the client meant it: dot-stuffing is undone, the CRLF before the final dot belongs to it.
    pub bytes: Vec<u8>,
}

/// A recipient that the server accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The address without its angle brackets.
    pub address: String,
    /// The parameters of RCPT, such as `NOTIFY=FAILURE`.
    pub params: Vec<String>,
}
