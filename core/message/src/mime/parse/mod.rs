//! From bytes to a [`Message`]: structure, headers, text.
//!
//! mail-parser reads dates, encoding_rs the charsets. The structure, the addresses and the parameters are ours; [`tree`],
//! [`entries`] and [`parameters`] say why.

mod address;
mod charset;
pub(super) mod entries;
mod header;
mod ids;
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
