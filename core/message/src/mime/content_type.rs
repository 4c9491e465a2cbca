use std::fmt;
use std::str::FromStr;

use postseal_types::quoted;

use super::FieldError;
use super::field::check_text;
use super::parse::parameters::Structured;

/// The longest type, subtype or name of a parameter (RFC 6838, section 4.2).
const MAX_NAME: usize = 127;

/// A media type with its parameters, such as `text/html; charset=utf-8` (RFC 2045, section 5).
///
/// ```
/// use postseal_message::mime::ContentType;
/// let pdf = ContentType::parse("Application/PDF; x-pages=\"3\"")?;
/// assert_eq!(pdf.essence(), "application/pdf");
/// assert_eq!(pdf.parameter("X-Pages"), Some("3"));
/// # Ok::<(), postseal_message::mime::FieldError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentType {
    /// `type/subtype`, in lower case.
    essence: String,
    /// Names in lower case; values decoded.
    parameters: Vec<(String, String)>,
}

impl ContentType {
    /// Parses `type/subtype`, with parameters where they are needed.
    ///
    /// # Errors
    ///
    /// [`FieldError`]: a control character, or not of that form. Types, subtypes and names of parameters have 127 octets at most.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        check_text(text)?;
        let form = || FieldError::Form { expected: "a media type, as in `type/subtype`" };
        let whole = Self::read(text.as_bytes()).ok_or_else(form)?;
        // A control character may also come in percent-encoded.
        whole.parameters.iter().try_for_each(|(_, value)| check_text(value))?;
        if whole.parameters.iter().all(|(name, _)| is_name(name)) { Ok(whole) } else { Err(form()) }
    }

    /// `application/octet-stream`: bytes about which nothing is known.
    #[must_use]
    pub fn octet_stream() -> Self {
        Self::of("application/octet-stream")
    }

    /// `essence`, which the caller has written in the right form and in lower case.
    pub(crate) fn of(essence: &str) -> Self {
        Self { essence: essence.to_owned(), parameters: Vec::new() }
    }

    /// With one more parameter, whose name the caller has written in lower case.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    /// `type/subtype`, in lower case.
    #[must_use]
    pub fn essence(&self) -> &str {
        &self.essence
    }

    /// The part before the slash, in lower case.
    #[must_use]
    pub fn top_level(&self) -> &str {
        self.essence.split_once('/').map_or("", |(top, _)| top)
    }

    /// The value of a parameter, decoded (RFC 2231). Where it is given twice, the first counts.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters().find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value))
    }

    /// All parameters in their order: names in lower case, values decoded.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether this is a container of parts.
    #[must_use]
    pub fn is_multipart(&self) -> bool {
        self.top_level() == "multipart"
    }

    /// What stands for a `Content-Type` that can't be used: plain text (RFC 2045, section 5.2), but a file where it has the name
    /// of one. Parameters that can be read all the same are kept.
    pub(super) fn instead_of(value: &[u8]) -> Self {
        let parameters = Structured::read(value).parameters;
        let is_file = parameters.iter().any(|(name, _)| name == "name");
        Self { parameters, ..if is_file { Self::octet_stream() } else { Self::of("text/plain") } }
    }

    /// Reads the value of a `Content-Type` field; `None` where it is not of the form `type/subtype`.
    pub(super) fn read(value: &[u8]) -> Option<Self> {
        let Structured { token, parameters } = Structured::read(value);
        let (top, sub) = token.split_once('/')?;
        let (top, sub) = (top.trim_end(), sub.trim_start());
        (is_name(top) && is_name(sub)).then(|| Self { essence: format!("{top}/{sub}"), parameters })
    }
}

/// `type/subtype` and the parameters, as in a header but on one line.
impl fmt::Display for ContentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.essence)?;
        self.parameters().try_for_each(|(name, value)| {
            if is_token(value) {
                write!(f, "; {name}={value}")
            } else {
                write!(f, "; {name}={}", quoted(value))
            }
        })
    }
}

impl FromStr for ContentType {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<Self, FieldError> {
        Self::parse(text)
    }
}

/// Whether a text can name a type, a subtype or a parameter.
pub(super) fn is_name(text: &str) -> bool {
    is_token(text) && text.len() <= MAX_NAME
}

/// RFC 2045, section 5.1.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(&b))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn reads_parameters_in_every_form() {
        let parsed =
            ContentType::parse("Message/External-Body; NAME*0*=utf-8''%C3%BC; name*1=\"b c\"; a=b").unwrap();
        assert_eq!(parsed.essence(), "message/external-body");
        assert_eq!(parsed.parameter("name"), Some("übc".replace("bc", "b c").as_str()));
        assert_eq!(parsed.parameter("A"), Some("b"));
        assert_eq!(parsed.parameter("b"), None);
        assert_eq!(ContentType::parse("a/b; c=d; e=\"f g\"").unwrap().to_string(), "a/b; c=d; e=\"f g\"");
    }

    #[test]
    fn refuses_what_is_no_media_type() {
        let form = Err(FieldError::Form { expected: "a media type, as in `type/subtype`" });
        for text in ["", "text", "text/", "/plain", "te xt/plain", "a/b/c"] {
            assert_eq!(ContentType::parse(text), form, "{text:?}");
        }
        let long = "x".repeat(MAX_NAME);
        assert!(ContentType::parse(&format!("{long}/{long}; {long}=e")).is_ok());
        for text in
            [format!("{long}x/b"), format!("a/{long}x"), format!("a/b; {long}x=e"), "a/b; c@d=e".into()]
        {
            assert_eq!(ContentType::parse(&text), form);
        }
        let injected = ContentType::parse("text/plain\r\nBcc: eve@example.test");
        assert_eq!(injected, Err(FieldError::Forbidden { character: '\r' }));
        let encoded = ContentType::parse("text/plain; name*=utf-8''a%0d%0aBcc%3A");
        assert_eq!(encoded, Err(FieldError::Forbidden { character: '\r' }));
    }

    #[test]
    fn what_is_no_media_type_is_text_or_a_file() {
        let instead = |value: &str| ContentType::instead_of(value.as_bytes()).to_string();
        for (value, read) in [
            ("text; charset=utf-8", "text/plain; charset=utf-8"),
            ("application-x-gzip; name=\"a.xml.gz\"", "application/octet-stream; name=a.xml.gz"),
            ("", "text/plain"),
        ] {
            assert_eq!(instead(value), read, "{value}");
        }
    }
}
