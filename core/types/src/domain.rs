//! Domain names as the DNS has them (UTS #46, which keeps to IDNA 2008 where programs do).

#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
use std::borrow::Cow;

#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
pub(crate) fn to_ascii(domain: &str) -> Option<Cow<'_, str>> {
    idna::domain_to_ascii_cow(domain.as_bytes(), idna::AsciiDenyList::URL).ok()
}

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
pub(crate) use host::to_ascii;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
pub use host::{DomainMapper, set_domain_mapper};

/// By the host: a web page or Node has a `URL`, which keeps to the same standard, and brings its tables along.
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod host {
    use std::borrow::Cow;
    use std::sync::OnceLock;

    /// Maps domain names for this crate, where it has no tables of its own: in WebAssembly without an operating system. The crate for web
    /// pages gives it; without one, no name but ASCII is known.
    pub trait DomainMapper: Sync {
        /// The name in ASCII, with each label that is not as its A-label. None where it is no name.
        fn to_ascii(&self, domain: &str) -> Option<String>;
    }

    static HOST: OnceLock<&'static dyn DomainMapper> = OnceLock::new();

    /// Says who maps. The first one stays.
    pub fn set_domain_mapper(mapper: &'static dyn DomainMapper) {
        // The second one does the same.
        let _ = HOST.set(mapper);
    }

    pub(crate) fn to_ascii(domain: &str) -> Option<Cow<'_, str>> {
        let name = domain.to_ascii_lowercase();
        let is_mapped = !name.is_ascii() || name.split('.').any(|label| label.starts_with("xn--"));
        let mapped = if is_mapped { HOST.get()?.to_ascii(&name)? } else { name };
        Some(Cow::Owned(mapped))
    }
}
