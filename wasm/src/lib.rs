//! Postseal for web pages and Node: core/message, mirrored for wasm-bindgen.
//!
//! Nothing is decided here. Values are plain objects that the core's types check when they are used; what holds a key is a class with
//! `free()`; every error is a [`Failure`]. Time is a parameter as in the core: milliseconds since 1970, as `Date.now()` gives them.
//!
//! The package's own face over this module is written in TypeScript, in wasm/js.
#![allow(clippy::needless_pass_by_value, reason = "what comes from JavaScript is handed over")]
#![allow(clippy::result_large_err, reason = "an error becomes an object of JavaScript at once")]

#[cfg(feature = "full")]
mod bulk;
mod certificate;
#[cfg(all(feature = "full", target_arch = "wasm32"))]
mod charset;
mod data;
#[cfg(target_arch = "wasm32")]
mod domain;
mod draft;
mod failure;
#[cfg(feature = "full")]
mod keyring;
#[cfg(feature = "full")]
mod message;
#[cfg(feature = "full")]
mod open;
mod recipients;
mod seal;
#[cfg(feature = "full")]
mod secret_key;
#[cfg(feature = "full")]
mod signature;
#[cfg(feature = "full")]
mod stream;
mod time;
mod value;
#[cfg(feature = "full")]
mod verdict;

#[cfg(feature = "full")]
pub use bulk::*;
pub use certificate::*;
pub use data::*;
pub use draft::*;
pub use failure::*;
#[cfg(feature = "full")]
pub use keyring::*;
#[cfg(feature = "full")]
pub use message::*;
#[cfg(feature = "full")]
pub use open::*;
pub use recipients::*;
pub use seal::*;
#[cfg(feature = "full")]
pub use secret_key::*;
#[cfg(feature = "full")]
pub use signature::*;
#[cfg(feature = "full")]
pub use stream::*;
#[cfg(feature = "full")]
pub use verdict::*;

/// When the module is loaded.
#[cfg(target_arch = "wasm32")]
#[wasm_bindgen::prelude::wasm_bindgen(start)]
pub fn start() {
    postseal_types::set_domain_mapper(&domain::Host);
    #[cfg(feature = "full")]
    postseal_message::mime::set_charset_decoder(&charset::Host);
}
