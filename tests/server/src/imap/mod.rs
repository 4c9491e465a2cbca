//! IMAP4rev1 (RFC 3501) with the extensions that mail programs use.

mod append;
mod change;
mod date;
mod fetch;
mod idle;
mod list;
mod login;
mod mailboxes;
mod name;
mod parser;
mod search;
mod section;
mod selected;
mod sequence;
mod session;
mod structure;

pub(crate) use session::serve;
