//! Time as JavaScript has it: a parameter in milliseconds since 1970, as `Date.now()` gives it, and `Date` in values.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use js_sys::Date;
use postseal_types::ErrorCode;
use serde::de::Error as _;
use serde::{Deserializer, Serializer};
use serde_wasm_bindgen::preserve;
use wasm_bindgen::{JsCast, JsValue};

use crate::Failure;

/// The time that so many milliseconds since 1970 are.
pub(crate) fn time(milliseconds: f64) -> Result<SystemTime, Failure> {
    since_1970(milliseconds)
        .ok_or_else(|| Failure::new(ErrorCode::InvalidInput, "no time after 1970").about("now"))
}

fn since_1970(milliseconds: f64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(milliseconds / 1000.0).ok()?)
}

/// A time, as a `Date`.
pub(crate) fn as_date<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    let milliseconds = match time.duration_since(UNIX_EPOCH) {
        Ok(since) => since.as_secs_f64() * 1000.0,
        Err(before) => before.duration().as_secs_f64() * -1000.0,
    };
    preserve::serialize(&Date::new(&milliseconds.into()), serializer)
}

/// A time that may be none, as a `Date` or undefined.
pub(crate) fn as_optional_date<S: Serializer>(
    time: &Option<SystemTime>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => as_date(time, serializer),
        None => serializer.serialize_none(),
    }
}

/// A time that may be none, from a `Date` or undefined.
pub(crate) fn from_optional_date<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SystemTime>, D::Error> {
    let given: JsValue = preserve::deserialize(deserializer)?;
    if given.is_undefined() {
        return Ok(None);
    }
    let date = given.dyn_into::<Date>().map_err(|_| D::Error::custom("no Date"))?;
    since_1970(date.get_time()).map(Some).ok_or_else(|| D::Error::custom("no time after 1970"))
}
