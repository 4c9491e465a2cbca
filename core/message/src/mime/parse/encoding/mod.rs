//! The encodings of the WHATWG Encoding Standard: by encoding_rs, and in a web page or Node by what they have themselves, for the tables of the
//! standard are a large part of what such a page would have to load.

#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
mod native;
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
pub(super) use native::Encoding;

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod host;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
pub(super) use host::Encoding;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
pub use host::{CharsetDecoder, set_charset_decoder};
