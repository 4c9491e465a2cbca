//! Domain names, by the `URL` of the page or of Node.

use std::net::Ipv4Addr;

use postseal_types::DomainMapper;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = URL)]
    type Url;

    #[wasm_bindgen(constructor, catch, js_class = "URL")]
    fn new(text: &str) -> Result<Url, JsValue>;

    #[wasm_bindgen(method, getter)]
    fn hostname(this: &Url) -> String;
}

/// The mapper that the core is given.
pub(crate) struct Host;

impl DomainMapper for Host {
    fn to_ascii(&self, domain: &str) -> Option<String> {
        let is_of_name = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if !domain.chars().all(is_of_name) {
            return None;
        }
        let name = Url::new(&format!("http://{domain}")).ok()?.hostname();
        // What a URL takes for an address in numbers is no name.
        name.parse::<Ipv4Addr>().is_err().then_some(name)
    }
}
