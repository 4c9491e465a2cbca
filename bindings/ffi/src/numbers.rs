//! Numbers and times as they cross: signed ones, since the JVM has no others.

use std::fmt;
use std::time::SystemTime;

use crate::PostsealError;

/// A point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub SystemTime);

uniffi::custom_newtype!(Timestamp, SystemTime);

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        Self(time)
    }
}

/// A count or size on its way out.
pub(crate) fn signed<N: TryInto<i64>>(number: N) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// A number on its way in, of which only some values can be meant.
pub(crate) fn checked<T>(number: impl Into<i64>, field: &str) -> Result<T, PostsealError>
where
    T: TryFrom<i64, Error: fmt::Display>,
{
    T::try_from(number.into()).map_err(|error| PostsealError::invalid(field, error))
}
