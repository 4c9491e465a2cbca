use std::sync::Arc;

use postseal::session::imap as core;

use super::records::{Flag, UidSet};
use crate::PostsealError;
use crate::error::About as _;
use crate::numbers::checked;

/// What to search for. Texts are found in any case, wherever they stand.
#[derive(Debug, uniffi::Object)]
pub struct Search(pub(super) core::Search);

/// One constructor for each of the core's that takes a text.
macro_rules! by_text {
    ($($(#[doc = $doc:literal])* $name:ident;)*) => {
        #[uniffi::export]
        impl Search {
            $(
                $(#[doc = $doc])*
                #[uniffi::constructor]
                #[must_use]
                pub fn $name(text: &str) -> Arc<Self> {
                    Arc::new(Self(core::Search::$name(text)))
                }
            )*
        }
    };
}

by_text! {
    /// The text in the From header.
    from;
    /// The text in the To header.
    to;
    /// The text in the Cc header.
    cc;
    /// The text in the Subject header.
    subject;
    /// The text in the body.
    body;
    /// The text in the header or the body.
    text;
}

fn day_of(year: i32, month: i32, day: i32) -> Result<core::Date, PostsealError> {
    Ok(core::Date::new(checked(year, "year")?, checked(month, "month")?, checked(day, "day")?)?)
}

/// One constructor for each of the core's that takes a day.
macro_rules! by_day {
    ($($(#[doc = $doc:literal])* $name:ident;)*) => {
        #[uniffi::export]
        impl Search {
            $(
                $(#[doc = $doc])*
                ///
                /// # Errors
                ///
                /// `InvalidInput` where there is no such day.
                #[uniffi::constructor]
                pub fn $name(year: i32, month: i32, day: i32) -> Result<Arc<Self>, PostsealError> {
                    Ok(Arc::new(Self(core::Search::$name(day_of(year, month, day)?))))
                }
            )*
        }
    };
}

by_day! {
    /// Taken in by the server on that day or later.
    since;
    /// Taken in by the server before that day.
    before;
    /// Dated, by its header, on that day or later.
    sent_since;
    /// Dated, by its header, before that day.
    sent_before;
}

#[uniffi::export]
impl Search {
    /// Every message.
    #[uniffi::constructor]
    #[must_use]
    pub fn all() -> Arc<Self> {
        Arc::new(Self(core::Search::all()))
    }

    /// The text in a field of the header; any message with the field where the text is empty.
    #[uniffi::constructor]
    #[must_use]
    pub fn header(field: &str, text: &str) -> Arc<Self> {
        Arc::new(Self(core::Search::header(field, text)))
    }

    /// Larger than so many bytes.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a negative number, or one of more than 32 bits.
    #[uniffi::constructor]
    pub fn larger(bytes: i64) -> Result<Arc<Self>, PostsealError> {
        Ok(Arc::new(Self(core::Search::larger(checked(bytes, "bytes")?))))
    }

    /// Smaller than so many bytes.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a negative number, or one of more than 32 bits.
    #[uniffi::constructor]
    pub fn smaller(bytes: i64) -> Result<Arc<Self>, PostsealError> {
        Ok(Arc::new(Self(core::Search::smaller(checked(bytes, "bytes")?))))
    }

    /// With this flag.
    ///
    /// # Errors
    ///
    /// `InvalidInput` where it is none.
    #[uniffi::constructor]
    pub fn with_flag(flag: Flag) -> Result<Arc<Self>, PostsealError> {
        Ok(Arc::new(Self(core::Search::with_flag(flag.try_into()?))))
    }

    /// Without this flag.
    ///
    /// # Errors
    ///
    /// `InvalidInput` where it is none.
    #[uniffi::constructor]
    pub fn without_flag(flag: Flag) -> Result<Arc<Self>, PostsealError> {
        Ok(Arc::new(Self(core::Search::without_flag(flag.try_into()?))))
    }

    /// One of these messages.
    ///
    /// # Errors
    ///
    /// `InvalidInput` where the set can't be used.
    #[uniffi::constructor]
    pub fn uids(uids: UidSet) -> Result<Arc<Self>, PostsealError> {
        Ok(Arc::new(Self(core::Search::uids(uids.try_into().about("uids")?))))
    }

    /// What both find.
    #[must_use]
    pub fn and_also(&self, other: &Self) -> Arc<Self> {
        Arc::new(Self(self.0.clone().and(other.0.clone())))
    }

    /// What either finds.
    #[must_use]
    pub fn or_else(&self, other: &Self) -> Arc<Self> {
        Arc::new(Self(self.0.clone().or(other.0.clone())))
    }

    /// What it does not find.
    #[must_use]
    pub fn negate(&self) -> Arc<Self> {
        Arc::new(Self(self.0.clone().negate()))
    }
}
