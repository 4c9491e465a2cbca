//! Plain values, as they cross.

use serde::Serialize;
use serde::de::DeserializeOwned;
use tsify::{Ts, Tsify};
use wasm_bindgen::JsCast;

use crate::Failure;
use crate::failure::About;

/// A value, as JavaScript gets it.
pub(crate) fn given<T: Tsify + Serialize>(value: T) -> Result<Ts<T>, Failure> {
    value.into_ts().map_err(Failure::shape)
}

/// A value that JavaScript gave as `field`, which may be of any shape.
pub(crate) fn taken<T: Tsify + DeserializeOwned>(value: &Ts<T>, field: &str) -> Result<T, Failure>
where
    T::JsType: JsCast,
{
    serde_wasm_bindgen::from_value(value.js_value()).about(field)
}
