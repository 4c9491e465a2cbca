use std::sync::atomic::{AtomicU64, Ordering};

use crate::Error;

/// How a message is to be sent. The default asks for nothing special.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SendOptions {
    /// Names the send, so that its outcome can still be asked for after the wait for it was dropped.
    pub id: Option<SendId>,
    /// Sends to nobody where the server refuses one of the recipients. By default the message goes to those it accepts.
    pub all_or_nothing: bool,
    /// Asks for delivery status notifications; the server must support DSN.
    pub dsn: Option<Dsn>,
}

/// The name of one send, unique in this process; see [`SmtpSession::outcome`](crate::SmtpSession::outcome).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SendId(u64);

impl SendId {
    /// A name that no other send has.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "a default that differs each time would surprise")]
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Which reports are wanted on the way of a message (RFC 3461).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dsn {
    /// When to report, for every recipient; `None` leaves it to the server (RFC 3461, section 4.1).
    pub notify: Option<Notify>,
    /// How much of the message a report of failure carries; `None` leaves it to the server (section 4.3).
    pub returned: Option<ReturnedContent>,
    /// Comes back in every report (section 4.4).
    pub envelope_id: Option<EnvelopeId>,
    /// Has reports name each recipient as it is given here, even after a forward changed it (ORCPT, section 4.2).
    pub original_recipient: bool,
}

/// When a report is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notify {
    /// Never, not even of a failure.
    Never,
    /// On these events; none of them is the same as [`Notify::Never`].
    On {
        /// Once it is delivered.
        success: bool,
        /// When it can't be delivered.
        failure: bool,
        /// When it takes unusually long.
        delay: bool,
    },
}

impl Notify {
    /// The value of NOTIFY.
    pub(super) fn value(self) -> String {
        let Self::On { success, failure, delay } = self else {
            return "NEVER".to_owned();
        };
        let events = [(success, "SUCCESS"), (failure, "FAILURE"), (delay, "DELAY")];
        let wanted: Vec<_> = events.iter().filter(|(wanted, _)| *wanted).map(|(_, name)| *name).collect();
        if wanted.is_empty() { "NEVER".to_owned() } else { wanted.join(",") }
    }
}

/// How much of a message a report of its failure carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReturnedContent {
    /// The whole message.
    Full,
    /// Its headers.
    Headers,
}

impl ReturnedContent {
    /// The value of RET.
    pub(super) const fn value(self) -> &'static str {
        match self {
            Self::Full => "FULL",
            Self::Headers => "HDRS",
        }
    }
}

/// The most characters of an encoded ENVID (RFC 3461, section 4.4).
const MAX_ENVELOPE_ID: usize = 100;

/// A text that comes back in every report on a message: printable ASCII.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EnvelopeId(String);

impl EnvelopeId {
    /// Takes 1 to 100 printable ASCII characters; a blank, `+` and `=` count for three each.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] for any other text.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let encoded: usize =
            text.chars().map(|c| if matches!(c, ' ' | '+' | '=') { 3 } else { c.len_utf8() }).sum();
        if !(1..=MAX_ENVELOPE_ID).contains(&encoded) || !text.chars().all(|c| matches!(c, ' '..='~')) {
            return Err(Error::invalid("envelope id", "not 1 to 100 printable ASCII characters"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
