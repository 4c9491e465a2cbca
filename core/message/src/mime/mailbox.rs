use std::fmt;
use std::str::FromStr;

use postseal_types::Address;

use super::FieldError;
use super::field::check_text;
use super::parse::entries::{self, Entry};

/// A person or a place that mail comes from or goes to: a display name, where there is one, and an [`Address`]
/// (RFC 5322, section 3.4).
///
/// ```
/// use postseal_message::mime::Mailbox;
/// let bob = Mailbox::parse("Bob Builder <bob@example.test>")?;
/// assert_eq!(bob.name(), Some("Bob Builder"));
/// assert_eq!(bob.address().to_string(), "bob@example.test");
/// assert!(Mailbox::named("Bob\r\nBcc: eve@example.test", bob.address().clone()).is_err());
/// # Ok::<(), postseal_message::mime::FieldError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Mailbox {
    name: Option<String>,
    address: Address,
}

impl Mailbox {
    /// A mailbox without a display name.
    #[must_use]
    pub fn new(address: Address) -> Self {
        Self { name: None, address }
    }

    /// A mailbox with a display name; white space around the name is dropped, and an empty name is none.
    ///
    /// # Errors
    ///
    /// [`FieldError::Forbidden`] for a line break, NUL or any other control character in the name.
    pub fn named(name: &str, address: Address) -> Result<Self, FieldError> {
        check_text(name)?;
        let name = name.trim();
        Ok(Self { name: (!name.is_empty()).then(|| name.to_owned()), address })
    }

    /// Parses `a@b`, `<a@b>`, `Name <a@b>` or `"Name" <a@b>`, with the name in Unicode or in encoded words (RFC 2047).
    ///
    /// # Errors
    ///
    /// [`FieldError`]: not exactly one mailbox, an address that is none, or a control character anywhere.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        check_text(text)?;
        if let Ok(address) = Address::parse(text.trim()) {
            return Ok(Self::new(address));
        }
        let form = || FieldError::Form { expected: "one mailbox, as in `Name <local@domain>`" };
        let entries: [Entry; 1] = entries::read(text).try_into().map_err(|_| form())?;
        let [entry] = entries;
        let address = Address::parse(&entry.address.ok_or_else(form)?)?;
        Self::named(&entry.name, address)
    }

    /// The display name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The address.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }
}

impl From<Address> for Mailbox {
    fn from(address: Address) -> Self {
        Self::new(address)
    }
}

/// `Name <local@domain>` for people: neither quoted nor encoded.
impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.address),
            None => self.address.fmt(f),
        }
    }
}

impl FromStr for Mailbox {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<Self, FieldError> {
        Self::parse(text)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use postseal_types::AddressError;

    use super::*;

    #[test]
    fn reads_the_usual_forms() {
        for (text, name, address) in [
            ("bob@example.test", None, "bob@example.test"),
            ("<bob@example.test>", None, "bob@example.test"),
            ("Bob <bob@example.test>", Some("Bob"), "bob@example.test"),
            ("\"Builder, Bob\" <bob@example.test>", Some("Builder, Bob"), "bob@example.test"),
            ("Bøb Bücher <bob@example.test>", Some("Bøb Bücher"), "bob@example.test"),
            ("=?utf-8?q?B=C3=B8b?= <bob@example.test>", Some("Bøb"), "bob@example.test"),
            ("\"bob smith\"@example.test", None, "\"bob smith\"@example.test"),
        ] {
            let mailbox = Mailbox::parse(text).unwrap();
            assert_eq!((mailbox.name(), mailbox.address().to_string().as_str()), (name, address), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not_one_mailbox() {
        let form = Err(FieldError::Form { expected: "one mailbox, as in `Name <local@domain>`" });
        for text in ["", "Bob", "a@example.test, b@example.test", "<a@example.test> <b@example.test>"] {
            assert_eq!(Mailbox::parse(text), form, "{text}");
        }
        assert_eq!(Mailbox::parse("Bob <bob@-example.test>"), Err(FieldError::Address(AddressError::Domain)));
        for character in ['\r', '\n', '\0', '\u{2028}'] {
            let text = format!("Bob{character} <bob@example.test>");
            assert_eq!(Mailbox::parse(&text), Err(FieldError::Forbidden { character }));
        }
        // A control character may also come in encoded.
        let encoded = "=?utf-8?q?Bob=0D=0ABcc:_eve?= <bob@example.test>";
        assert_eq!(Mailbox::parse(encoded), Err(FieldError::Forbidden { character: '\r' }));
    }
}
