//! Writes the Kotlin, Swift and Python bindings: `postseal-bindgen generate LIBRARY --language … --out-dir …`.
//!
//! A crate of its own, so that building a package for one language does not build the generator with it.

fn main() {
    uniffi::uniffi_bindgen_main();
}
