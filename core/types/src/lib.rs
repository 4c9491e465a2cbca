//! The words that every Postseal crate shares: [`Address`], [`Envelope`], [`Secret`], [`Progress`] and the one list of [`ErrorCode`]s.
//!
//! The message side and the session side know nothing of each other; what both must agree on lives here, and nothing else does.

mod address;
mod code;
mod domain;
mod envelope;
mod progress;
mod quoted;
mod secret;

pub use address::{Address, AddressError, is_unseen};
pub use code::ErrorCode;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
pub use domain::{DomainMapper, set_domain_mapper};
pub use envelope::Envelope;
pub use progress::{Listener, Meter, Progress};
#[doc(hidden)]
pub use quoted::{quoted, quoted_character};
pub use secret::Secret;
