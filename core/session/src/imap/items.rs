use std::fmt;

use super::fetch::Fetched;
use super::structure::PartNumber;
use crate::Error;

/// What to fetch of each message. Every item leaves `\Seen` as it is (PEEK).
///
/// ```
/// use postseal_session::imap::FetchItems;
///
/// let items = FetchItems::new().flags().envelope().header_fields(&["Autocrypt", "List-Id"])?;
/// assert_eq!(items.to_string(), "UID FLAGS ENVELOPE BODY.PEEK[HEADER.FIELDS (Autocrypt List-Id)]");
/// # Ok::<(), postseal_session::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FetchItems {
    flags: bool,
    size: bool,
    received: bool,
    envelope: bool,
    structure: bool,
    whole: bool,
    header: Option<Header>,
    parts: Vec<PartNumber>,
    part_headers: Vec<PartNumber>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Header {
    All,
    Fields(Vec<String>),
}

impl FetchItems {
    /// Nothing but the UID.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The flags.
    #[must_use]
    pub const fn flags(mut self) -> Self {
        self.flags = true;
        self
    }

    /// The size in bytes.
    #[must_use]
    pub const fn size(mut self) -> Self {
        self.size = true;
        self
    }

    /// When the server took it in.
    #[must_use]
    pub const fn received(mut self) -> Self {
        self.received = true;
        self
    }

    /// The envelope.
    #[must_use]
    pub const fn envelope(mut self) -> Self {
        self.envelope = true;
        self
    }

    /// The structure.
    #[must_use]
    pub const fn structure(mut self) -> Self {
        self.structure = true;
        self
    }

    /// The whole header; takes the place of [`FetchItems::header_fields`].
    #[must_use]
    pub fn header(mut self) -> Self {
        self.header = Some(Header::All);
        self
    }

    /// These fields of the header; takes the place of [`FetchItems::header`].
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] where there are none, or one is no name of a field.
    pub fn header_fields(mut self, names: &[&str]) -> Result<Self, Error> {
        let is_name = |name: &&str| {
            !name.is_empty() && name.bytes().all(|byte| byte != b':' && super::flag::is_atom_byte(byte))
        };
        if names.is_empty() || !names.iter().all(is_name) {
            return Err(Error::invalid("header fields", "there are none, or one is no name of a field"));
        }
        self.header = Some(Header::Fields(names.iter().map(|&name| name.to_owned()).collect()));
        Ok(self)
    }

    /// The whole message.
    #[must_use]
    pub const fn whole(mut self) -> Self {
        self.whole = true;
        self
    }

    /// A part, encoded as it is. One of more than 64 MiB ends the session with
    /// [`Error::LimitExceeded`]: [`Structure`](super::Structure) tells the size before.
    #[must_use]
    pub fn part(mut self, number: PartNumber) -> Self {
        self.parts.push(number);
        self
    }

    /// The MIME header of a part.
    #[must_use]
    pub fn part_header(mut self, number: PartNumber) -> Self {
        self.part_headers.push(number);
        self
    }

    /// Whether all of it is there of a message.
    pub(super) fn are_in(&self, message: &Fetched) -> bool {
        let has = |asked: bool, is_there: bool| is_there || !asked;
        has(self.flags, message.flags.is_some())
            && has(self.size, message.size.is_some())
            && has(self.received, message.received.is_some())
            && has(self.envelope, message.envelope.is_some())
            && has(self.structure, message.structure.is_some())
            && has(self.whole, message.whole.is_some())
            && has(self.header.is_some(), message.header.is_some())
            && self.parts.iter().all(|number| message.part(number).is_some())
            && self.part_headers.iter().all(|number| message.part_header(number).is_some())
    }

    pub(super) const fn is_whole(&self) -> bool {
        self.whole
    }

    /// Whether the size of the message decides how much comes.
    pub(super) const fn is_heavy(&self) -> bool {
        self.whole || !self.parts.is_empty()
    }
}

/// The form of the protocol (RFC 9051, section 6.4.5), without the parentheses.
impl fmt::Display for FetchItems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UID")?;
        let plain = [
            (self.flags, "FLAGS"),
            (self.size, "RFC822.SIZE"),
            (self.received, "INTERNALDATE"),
            (self.envelope, "ENVELOPE"),
            (self.structure, "BODYSTRUCTURE"),
            (self.whole, "BODY.PEEK[]"),
        ];
        for (_, name) in plain.into_iter().filter(|(wanted, _)| *wanted) {
            write!(f, " {name}")?;
        }
        match &self.header {
            Some(Header::All) => f.write_str(" BODY.PEEK[HEADER]")?,
            Some(Header::Fields(names)) => write!(f, " BODY.PEEK[HEADER.FIELDS ({})]", names.join(" "))?,
            None => {}
        }
        self.parts.iter().try_for_each(|part| write!(f, " BODY.PEEK[{part}]"))?;
        self.part_headers.iter().try_for_each(|part| write!(f, " BODY.PEEK[{part}.MIME]"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_peeks() {
        let part = || PartNumber::new(&[2, 1]);
        let items = part().and_then(|number| Ok((number, part()?))).map(|(number, again)| {
            FetchItems::new()
                .size()
                .received()
                .structure()
                .whole()
                .header()
                .part(number)
                .part_header(again)
                .to_string()
        });
        let expected = "UID RFC822.SIZE INTERNALDATE BODYSTRUCTURE BODY.PEEK[] BODY.PEEK[HEADER] BODY.PEEK[2.1] \
                        BODY.PEEK[2.1.MIME]";
        assert_eq!(items.as_deref(), Ok(expected));
    }

    #[test]
    fn a_field_name_cannot_break_out() {
        for names in [&[][..], &[""], &["a b"], &["From", "a\r\n"], &["a:"], &["a)"], &["a]"], &["ü"]] {
            assert!(FetchItems::new().header_fields(names).is_err(), "{names:?}");
        }
    }
}
