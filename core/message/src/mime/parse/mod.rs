//! From bytes to a [`Message`]: structure, headers, text.
//!
//! encoding_rs decodes the charsets. The rest is ours; [`tree`], [`entries`] and [`parameters`] say why.

mod address;
mod charset;
mod date;
pub(super) mod entries;
mod header;
mod ids;
mod legacy_display;
mod limits;
mod message;
pub(super) mod parameters;
mod part;
mod roles;
mod transfer;
mod tree;
mod words;

pub use address::{AddressEntry, AddressList};
pub use charset::{CharsetFault, Text};
pub use header::Header;
pub use limits::Limits;
pub use message::Message;
pub use part::Part;
pub use transfer::TransferEncoding;

#[cfg(test)]
mod tests;
