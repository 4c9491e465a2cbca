//! The texts of header fields, checked once when they are made.

use std::fmt;
use std::str::FromStr;

use super::{FieldError, NoRandomness};

/// The longest name of a header field: with its colon and a first folded word it stays well inside a line.
const MAX_NAME: usize = 76;
/// The longest message identifier: with a field's name it fits into one line of 998 octets (RFC 5322, section 2.1.1).
const MAX_ID: usize = 960;

/// Fields that a [`Draft`](super::Draft) writes from its own data, that belong to the transport, or that must never be written
/// (`Bcc`). Everything that begins with `Content-` or `Resent-` belongs to them, too.
const RESERVED: [&str; 17] = [
    "bcc",
    "cc",
    "date",
    "delivered-to",
    "dkim-signature",
    "from",
    "hp-outer",
    "in-reply-to",
    "message-id",
    "mime-version",
    "received",
    "references",
    "reply-to",
    "return-path",
    "sender",
    "subject",
    "to",
];

/// Characters that can't stand in any header: every control character, and the two Unicode line separators.
pub(super) fn is_forbidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Refuses a text with a forbidden character in it.
pub(super) fn check_text(text: &str) -> Result<(), FieldError> {
    match text.chars().find(|&c| is_forbidden(c)) {
        Some(character) => Err(FieldError::Forbidden { character }),
        None => Ok(()),
    }
}

/// The name of an additional header field of a [`Draft`](super::Draft) (RFC 5322, section 3.6.8).
///
/// Names that a draft writes itself are refused, and so is `Bcc`, which must stand in no message.
///
/// ```
/// use postseal_message::mime::{FieldError, HeaderName};
/// assert_eq!(HeaderName::parse("X-Mailer")?.as_str(), "X-Mailer");
/// assert_eq!(HeaderName::parse("BCC"), Err(FieldError::Reserved { name: "BCC".into() }));
/// # Ok::<(), FieldError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderName(String);

impl HeaderName {
    /// Checks a name.
    ///
    /// # Errors
    ///
    /// [`FieldError`]: empty, too long, a character other than printable ASCII without the colon, or reserved.
    pub fn parse(name: &str) -> Result<Self, FieldError> {
        if name.is_empty() {
            return Err(FieldError::Empty);
        }
        if let Some(character) = name.chars().find(|c| !c.is_ascii_graphic() || *c == ':') {
            return Err(FieldError::Forbidden { character });
        }
        if name.len() > MAX_NAME {
            return Err(FieldError::TooLong { limit: MAX_NAME });
        }
        let lower = name.to_ascii_lowercase();
        if RESERVED.contains(&lower.as_str()) || lower.starts_with("content-") || lower.starts_with("resent-")
        {
            return Err(FieldError::Reserved { name: name.to_owned() });
        }
        Ok(Self(name.to_owned()))
    }

    /// The name as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text of an unstructured header field, such as the subject: one line of Unicode.
///
/// It is folded and encoded (RFC 2047) where it is written, and comes back the same when it is read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HeaderValue(String);

impl HeaderValue {
    /// Checks a text. It may be empty.
    ///
    /// # Errors
    ///
    /// [`FieldError::Forbidden`] for a line break, NUL, or any other control character.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        check_text(text)?;
        Ok(Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The identifier of a message or, as a Content-ID, of a part (RFC 5322, section 3.6.4), without its angle brackets.
///
/// ```
/// use postseal_message::mime::MessageId;
/// let id = MessageId::parse("<1234@mail.example.test>")?;
/// assert_eq!(id.as_str(), "1234@mail.example.test");
/// assert_eq!(id.to_string(), "<1234@mail.example.test>");
/// # Ok::<(), postseal_message::mime::FieldError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MessageId(String);

impl MessageId {
    /// Checks an identifier, given with its angle brackets or without. An `@` is usual, but not required: mail without it is
    /// around, and a reply must be able to name it.
    ///
    /// # Errors
    ///
    /// [`FieldError`]: empty, too long, or a character other than printable ASCII without angle brackets.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let inner = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or(text);
        if inner.is_empty() {
            return Err(FieldError::Empty);
        }
        if let Some(character) = inner.chars().find(|c| !c.is_ascii_graphic() || matches!(c, '<' | '>')) {
            return Err(FieldError::Forbidden { character });
        }
        if inner.len() > MAX_ID {
            return Err(FieldError::TooLong { limit: MAX_ID });
        }
        Ok(Self(inner.to_owned()))
    }

    /// A fresh identifier: 128 random bits before the `@`, and `domain` after it (the domain of the sender's address is the
    /// usual choice: it says nothing that the From field doesn't say).
    ///
    /// # Errors
    ///
    /// [`NewIdError`]: the domain can't stand in an identifier, or there is no randomness to be had.
    pub fn random(domain: &str) -> Result<Self, NewIdError> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
        Ok(Self::parse(&format!("{:032x}@{domain}", u128::from_be_bytes(bytes)))?)
    }

    /// The identifier without angle brackets.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why [`MessageId::random`] made no identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NewIdError {
    /// The domain can't stand in an identifier.
    #[error("the domain can't stand in a message identifier")]
    Domain(#[from] FieldError),
    /// There is no randomness to be had.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

impl NewIdError {
    /// The stable code of the cause.
    #[must_use]
    pub fn code(&self) -> postseal_types::ErrorCode {
        match self {
            Self::Domain(error) => error.code(),
            Self::NoRandomness(error) => error.code(),
        }
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for HeaderValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.0)
    }
}

impl FromStr for HeaderName {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<Self, FieldError> {
        Self::parse(text)
    }
}

impl FromStr for HeaderValue {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<Self, FieldError> {
        Self::parse(text)
    }
}

impl FromStr for MessageId {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<Self, FieldError> {
        Self::parse(text)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use FieldError::*;

    #[test]
    fn no_field_takes_a_character_that_ends_a_line() {
        for character in ['\r', '\n', '\0', '\u{b}', '\u{7f}', '\u{85}', '\u{2028}', '\u{2029}'] {
            let text = format!("a{character}Bcc: eve@example.test");
            assert_eq!(HeaderName::parse(&text), Err(Forbidden { character }));
            assert_eq!(HeaderValue::parse(&text), Err(Forbidden { character }));
            assert_eq!(MessageId::parse(&text), Err(Forbidden { character }));
        }
    }

    #[test]
    fn a_header_name_is_ftext_and_not_one_of_ours() {
        assert_eq!(HeaderName::parse(""), Err(Empty));
        assert_eq!(HeaderName::parse("X:Y"), Err(Forbidden { character: ':' }));
        assert_eq!(HeaderName::parse("X Y"), Err(Forbidden { character: ' ' }));
        assert_eq!(HeaderName::parse("Ü"), Err(Forbidden { character: 'Ü' }));
        assert!(HeaderName::parse(&"x".repeat(MAX_NAME)).is_ok());
        assert_eq!(HeaderName::parse(&"x".repeat(MAX_NAME + 1)), Err(TooLong { limit: MAX_NAME }));
        for name in ["Bcc", "bcc", "From", "Content-Type", "Resent-Bcc", "MIME-Version", "HP-Outer"] {
            assert_eq!(HeaderName::parse(name), Err(Reserved { name: name.into() }));
        }
    }

    #[test]
    fn a_message_id_has_no_brackets_or_spaces_inside() {
        assert_eq!(MessageId::parse("<a@b>"), MessageId::parse("a@b"));
        assert_eq!(MessageId::parse("<>"), Err(Empty));
        assert_eq!(MessageId::parse("<a@b"), Err(Forbidden { character: '<' }));
        assert_eq!(MessageId::parse("a b@c"), Err(Forbidden { character: ' ' }));
        assert!(MessageId::parse(&"x".repeat(MAX_ID)).is_ok());
        assert_eq!(MessageId::parse(&"x".repeat(MAX_ID + 1)), Err(TooLong { limit: MAX_ID }));
    }

    #[test]
    fn a_random_id_differs_each_time_and_names_the_domain() {
        let (one, two) =
            (MessageId::random("example.test").unwrap(), MessageId::random("example.test").unwrap());
        assert_ne!(one, two);
        assert!(one.as_str().ends_with("@example.test"));
        assert_eq!(
            MessageId::random("a>\r\nb"),
            Err(NewIdError::Domain(Forbidden { character: '>' })),
            "the domain is checked as the rest is"
        );
    }
}
