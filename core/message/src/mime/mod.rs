//! MIME: what a message is made of, and the bytes that it travels as.
//!
//! - To compose: a [`Draft`] of [`Mailbox`]es, [`HeaderValue`]s and [`Attachment`]s becomes bytes. Nothing is taken from the host:
//!   date, identifiers and [`Boundaries`] are given.
//! - To read: [`Message::parse`] within [`Limits`], which each have a name and a default.

mod attachment;
mod boundary;
mod compose;
mod content_type;
mod date;
mod draft;
mod error;
mod field;
mod mailbox;
mod media_type;
mod parse;

pub use attachment::Attachment;
pub use boundary::Boundaries;
pub(crate) use boundary::stands_in;
pub(crate) use compose::{Composed, HeaderProtection, Multipart, end_last_line};
pub use content_type::ContentType;
pub use date::Date;
pub use draft::Draft;
pub use error::{FieldError, MimeError, NoRandomness};
pub use field::{HeaderName, HeaderValue, MessageId, NewIdError};
pub use mailbox::Mailbox;
pub use parse::{
    AddressEntry, AddressList, CharsetFault, Header, Limits, Message, Part, Text, TransferEncoding,
};
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
pub use parse::{CharsetDecoder, set_charset_decoder};
