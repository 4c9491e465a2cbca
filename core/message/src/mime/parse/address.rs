//! Address lists as other programs write them.

use postseal_types::Address;

use super::super::Mailbox;
use super::entries::{self, Entry};
use super::words;

/// One entry of an address field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressEntry {
    /// A mailbox.
    Mailbox(Mailbox),
    /// Text that is no valid mailbox, with its encoded words decoded. Nothing can be sent there.
    Invalid(String),
}

/// The entries of an address field. Groups are taken apart, and several fields of the same name count as one: no entry hides
/// behind another.
///
/// ```
/// use postseal_message::mime::{Limits, Message};
/// let message = Message::parse(b"To: Bob <bob@example.test>, nobody\r\n\r\n", &Limits::default())?;
/// let addresses: Vec<_> = message.to().mailboxes().map(|bob| bob.address().to_string()).collect();
/// assert_eq!(addresses, ["bob@example.test"]);
/// assert_eq!(message.to().invalid().collect::<Vec<_>>(), ["nobody"]);
/// # Ok::<(), postseal_message::mime::MimeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AddressList {
    entries: Vec<AddressEntry>,
}

impl AddressList {
    /// Reads the values of address fields.
    pub(super) fn read<'a>(values: impl Iterator<Item = &'a [u8]>) -> Self {
        Self { entries: values.flat_map(read).collect() }
    }

    /// All entries, in their order.
    #[must_use]
    pub fn entries(&self) -> &[AddressEntry] {
        &self.entries
    }

    /// The entries that are valid mailboxes.
    pub fn mailboxes(&self) -> impl Iterator<Item = &Mailbox> {
        self.entries.iter().filter_map(|entry| match entry {
            AddressEntry::Mailbox(mailbox) => Some(mailbox),
            AddressEntry::Invalid(_) => None,
        })
    }

    /// The texts of the entries that are not.
    pub fn invalid(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter_map(|entry| match entry {
            AddressEntry::Mailbox(_) => None,
            AddressEntry::Invalid(text) => Some(text.as_str()),
        })
    }

    /// Whether there is no entry at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

fn read(value: &[u8]) -> impl Iterator<Item = AddressEntry> + use<> {
    entries::read(&words::unfolded(value)).into_iter().map(checked)
}

fn checked(entry: Entry) -> AddressEntry {
    let name = words::one_line(&entry.name).replace(is_direction_mark, "");
    let address = entry.address.and_then(|text| Address::parse(&text).ok());
    match address.and_then(|address| Mailbox::named(&name, address).ok()) {
        Some(mailbox) => AddressEntry::Mailbox(mailbox),
        None => AddressEntry::Invalid(words::one_line(&words::decode_words(&entry.text))),
    }
}

/// Marks that change the order in which the letters after them are shown: a name must not reach over to the address beside it.
fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(values: &[&str]) -> Vec<String> {
        let list = AddressList::read(values.iter().map(|value| value.as_bytes()));
        let show = |entry: &AddressEntry| match entry {
            AddressEntry::Mailbox(mailbox) => mailbox.to_string(),
            AddressEntry::Invalid(text) => format!("invalid: {text}"),
        };
        list.entries().iter().map(show).collect()
    }

    #[test]
    fn lists_groups_and_repeated_fields_are_one_list() {
        assert_eq!(
            shown(&["a@example.test, \"B, b\" <b@example.test>"]),
            ["a@example.test", "B, b <b@example.test>"]
        );
        assert_eq!(
            shown(&["friends: a@example.test,\r\n b@example.test;", " c@example.test "]),
            ["a@example.test", "b@example.test", "c@example.test"]
        );
        assert_eq!(shown(&["=?utf-8?q?B=C3=B8b?= <b@example.test>"]), ["Bøb <b@example.test>"]);
        assert_eq!(shown(&["b@example.test (Bob)"]), ["Bob <b@example.test>"]);
        assert_eq!(shown(&["", "undisclosed-recipients:;"]), [""; 0]);
    }

    #[test]
    fn what_is_no_address_is_kept_as_text() {
        assert_eq!(shown(&["Bob"]), ["invalid: Bob"]);
        assert_eq!(shown(&["Bob <bob>"]), ["invalid: Bob <bob>"]);
        assert_eq!(
            shown(&["<a@example.test><b@example.test>"]),
            ["invalid: <a@example.test><b@example.test>"]
        );
        assert_eq!(shown(&["=?utf-8?q?B=0D=0Ab?= <b@example.test>"]), ["B  b <b@example.test>"]);
        assert_eq!(shown(&["B\u{202e}ob <b@example.test>"]), ["Bob <b@example.test>"]);
    }

    #[test]
    fn the_name_never_passes_for_the_address() {
        for value in [
            "\"alice@example.test\" <eve@example.test>",
            "alice@example.test <eve@example.test>",
            "=?utf-8?q?alice=40example.test_=3Calice=40example.test=3E?= <eve@example.test>",
        ] {
            let list = AddressList::read([value.as_bytes()].into_iter());
            let addresses: Vec<_> = list.mailboxes().map(|m| m.address().to_string()).collect();
            assert_eq!(addresses, ["eve@example.test"], "{value}");
        }
    }
}
