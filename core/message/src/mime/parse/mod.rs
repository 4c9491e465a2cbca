//! From bytes to a [`Message`]: structure, headers, text.
//!
//! mail-parser reads dates and parameters, encoding_rs the charsets. The structure and the addresses are ours; [`tree`] and
//! [`entries`] say why.

mod address;
mod charset;
pub(super) mod entries;
mod header;
mod ids;
mod limits;
mod message;
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
