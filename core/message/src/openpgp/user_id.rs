use std::fmt;

use postseal_types::Address;
use sequoia_openpgp as openpgp;

use crate::mime::Mailbox;

/// Who a certificate says it belongs to, by convention `Name <local@domain>` (RFC 9580, section 5.11).
///
/// A user ID is a claim by the holder of the key, no more: anyone can make a key that says anything.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserId(String);

impl UserId {
    /// A user ID of a name, where there is one, and an address.
    ///
    /// Angle brackets, parentheses and control characters in the name are left out: other programs would find another address,
    /// or a comment, in them.
    #[must_use]
    pub fn new(name: Option<&str>, address: &Address) -> Self {
        let name: String = name.unwrap_or_default().chars().filter(|c| !forbidden(*c)).collect();
        match name.trim() {
            "" => Self(format!("<{address}>")),
            name => Self(format!("{name} <{address}>")),
        }
    }

    /// The whole text, with anything that is no UTF-8 replaced.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address in it, where there is exactly one in the conventional place.
    #[must_use]
    pub fn address(&self) -> Option<Address> {
        let packet = self.packet();
        packet.email().ok().flatten().and_then(|text| Address::parse(text).ok())
    }

    /// The name in it, where there is one.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        self.packet().name().ok().flatten().map(str::to_owned)
    }

    pub(super) fn packet(&self) -> openpgp::packet::UserID {
        openpgp::packet::UserID::from(self.0.as_str())
    }

    pub(super) fn from_sequoia(packet: &openpgp::packet::UserID) -> Self {
        Self(String::from_utf8_lossy(packet.value()).into_owned())
    }
}

fn forbidden(c: char) -> bool {
    c.is_control() || matches!(c, '<' | '>' | '(' | ')')
}

/// Whether two addresses are one mailbox: domains as they compare, local parts without regard to ASCII case.
///
/// RFC 5321, section 2.4, leaves the case of the local part to the receiving server; none that matters tells two people apart by it,
/// and senders do write it differently.
pub(super) fn same_mailbox(a: &Address, b: &Address) -> bool {
    a.ascii_domain() == b.ascii_domain() && a.local().eq_ignore_ascii_case(b.local())
}

impl From<&Mailbox> for UserId {
    fn from(mailbox: &Mailbox) -> Self {
        Self::new(mailbox.name(), mailbox.address())
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn alice() -> Address {
        Address::parse("alice@example.test").unwrap()
    }

    #[test]
    fn a_name_cannot_smuggle_in_another_address() {
        let user_id = UserId::new(Some("Eve <bob@example.test> (x)\n"), &alice());
        assert_eq!(user_id.as_str(), "Eve bob@example.test x <alice@example.test>");
        assert_eq!(user_id.address(), Some(alice()));
    }

    #[test]
    fn a_user_id_without_a_name_is_an_address() {
        let user_id = UserId::new(None, &alice());
        assert_eq!((user_id.as_str(), user_id.name()), ("<alice@example.test>", None));
        assert_eq!(user_id.address(), Some(alice()));
    }

    #[test]
    fn only_the_case_of_the_local_part_is_ignored() {
        let parse = |text| Address::parse(text).unwrap();
        assert!(same_mailbox(&parse("Alice@EXAMPLE.test"), &alice()));
        assert!(!same_mailbox(&parse("alicе@example.test"), &alice()), "a Cyrillic е");
        assert!(!same_mailbox(&parse("alice@example.tes"), &alice()));
    }
}
