//! From bytes to a [`Message`]: structure, headers, text.
//!
//! encoding_rs decodes the charsets ([`encoding`]). The rest is ours; [`tree`], [`entries`] and [`parameters`] say why.

mod address;
mod charset;
mod date;
mod encoding;
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
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
pub use encoding::{CharsetDecoder, set_charset_decoder};
pub use header::Header;
pub use limits::Limits;
pub use message::Message;
pub use part::Part;
pub use transfer::TransferEncoding;

#[cfg(test)]
mod tests;
