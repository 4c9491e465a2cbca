//! Charsets, by the `TextDecoder` of the page or of Node.

use js_sys::{Object, Reflect};
use postseal_message::mime::CharsetDecoder;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    type TextDecoder;

    #[wasm_bindgen(constructor, catch)]
    fn new(label: &str, options: &Object) -> Result<TextDecoder, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn decode(this: &TextDecoder, bytes: &[u8]) -> Result<String, JsValue>;

    #[wasm_bindgen(method, getter)]
    fn encoding(this: &TextDecoder) -> String;
}

/// The decoder that the core is given.
pub(crate) struct Host;

impl CharsetDecoder for Host {
    fn name(&self, label: &str) -> Option<String> {
        Some(decoder(label, false)?.encoding().to_ascii_lowercase())
    }

    fn decode(&self, name: &str, bytes: &[u8], fatal: bool) -> Option<String> {
        decoder(name, fatal)?.decode(bytes).ok()
    }
}

fn decoder(label: &str, fatal: bool) -> Option<TextDecoder> {
    let options = Object::new();
    for (name, value) in [("fatal", fatal), ("ignoreBOM", true)] {
        // A plain object takes any property.
        let _ = Reflect::set(&options, &name.into(), &value.into());
    }
    TextDecoder::new(label, &options).ok()
}
