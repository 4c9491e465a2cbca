//! From a [`Draft`] to bytes: whole, or in the pieces that PGP/MIME puts together.
//!
//! All of it is ours, because it must be exact to the byte: what is signed is frozen once and then only copied, is safe for
//! gateways that know 7 bits only, and a `Bcc` is never written.

mod encode;
mod entity;
mod fields;
mod multipart;
mod parameters;

use super::{Boundaries, Draft};
pub(crate) use entity::Entity;
pub(crate) use multipart::Multipart;

/// How the header fields of a message are protected (RFC 9788).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeaderProtection {
    /// Not at all: the fields stand outside only.
    None,
    /// `hp="clear"`: the fields stand outside, and again inside the signed part.
    Clear,
    /// `hp="cipher"`: the fields stand inside the encrypted part; outside is what the policy `hcp_baseline` leaves of them,
    /// and `HP-Outer` fields inside say what that was.
    Cipher,
}

/// What stands for the subject outside an encrypted message (RFC 9788, section 3.2.1).
const HIDDEN_SUBJECT: &str = "[...]";

/// A draft in the two pieces that PGP/MIME puts together.
pub(crate) struct Composed<'a> {
    /// The header section of the whole message up to `MIME-Version`, each field with its CRLF, without the `Content-…` fields
    /// and without the empty line: those come with the entity, or with the `multipart/signed` or `multipart/encrypted` put
    /// around it.
    pub(crate) header: Vec<u8>,
    /// The content of the message as one MIME entity, to be frozen, signed and encrypted: its fields (with the protected ones
    /// before the `Content-…` ones, and `hp=` in its `Content-Type`), empty line, body.
    ///
    /// All of it is 7-bit text in lines that end in CRLF, none of which ends in white space or begins with `From `
    /// (RFC 3156, section 3).
    pub(crate) entity: Entity<'a>,
}

impl Draft {
    /// The message as RFC 5322 has it, unprotected: header, empty line, body; CRLF at the end of each line.
    #[must_use]
    pub fn to_bytes(&self, boundaries: &mut Boundaries) -> Vec<u8> {
        let Composed { header, entity } = self.compose(HeaderProtection::None, boundaries);
        let mut message = Vec::with_capacity(header.len() + entity.length());
        message.extend_from_slice(&header);
        entity.write(&mut message);
        end_last_line(&mut message);
        message
    }

    /// The header and the content of the message, with the fields where `protection` has them.
    pub(crate) fn compose(&self, protection: HeaderProtection, boundaries: &mut Boundaries) -> Composed<'_> {
        let content = entity::content(self, boundaries);
        let fields = self.fields();
        let (shown, entity) = match protection {
            HeaderProtection::None => (fields, content),
            HeaderProtection::Clear => {
                let entity = content.protecting(&fields, &[], "clear");
                (fields, entity)
            }
            HeaderProtection::Cipher => {
                let shown = hiding(&fields);
                let entity = content.protecting(&fields, &shown, "cipher");
                (shown, entity)
            }
        };
        let mut header = String::new();
        shown.iter().for_each(|(name, value)| fields::fold(&mut header, name, value));
        header.push_str("MIME-Version: 1.0\r\n");
        Composed { header: header.into_bytes(), entity }
    }

    /// Every field but the structural ones (RFC 9787, section 1.1.1: `MIME-Version` and `Content-…`), encoded but not folded.
    /// There is no `Bcc` among them, and nothing in them depends on it.
    fn fields(&self) -> Vec<(String, String)> {
        let date = [("Date", self.date.to_string())];
        let addresses = [
            ("From", fields::mailboxes([&self.from])),
            ("Reply-To", fields::mailboxes(&self.reply_to)),
            ("To", fields::mailboxes(&self.to)),
            ("Cc", fields::mailboxes(&self.cc)),
        ];
        let ids = [
            ("Message-ID", fields::message_ids([&self.message_id])),
            ("In-Reply-To", fields::message_ids(&self.in_reply_to)),
            ("References", fields::message_ids(&self.references)),
        ];
        let subject =
            self.subject.iter().map(|subject| ("Subject".to_owned(), fields::text(subject.as_str())));
        let custom =
            self.headers.iter().map(|(name, value)| (name.to_string(), fields::text(value.as_str())));
        let given = date.into_iter().chain(addresses).chain(ids).filter(|(_, value)| !value.is_empty());
        given.map(|(name, value)| (name.to_owned(), value)).chain(subject).chain(custom).collect()
    }
}

/// Ends the last line of a message whose text has left it open: SMTP and IMAP carry whole lines (RFC 5322, section 2.3).
pub(crate) fn end_last_line(message: &mut Vec<u8>) {
    if !message.ends_with(b"\r\n") {
        message.extend_from_slice(b"\r\n");
    }
}

/// The fields that stand outside an encrypted message. `hcp_baseline` (RFC 9788, section 3.2.1) replaces the subject, and leaves out
/// the comments and keywords. Empty fields go, too: an `HP-Outer` of one would end in white space.
fn hiding(fields: &[(String, String)]) -> Vec<(String, String)> {
    let is_hidden =
        |name: &str| ["comments", "keywords"].iter().any(|field| name.eq_ignore_ascii_case(field));
    let shown = fields.iter().filter_map(|(name, value)| match name.as_str() {
        "Subject" => Some((name.clone(), HIDDEN_SUBJECT.to_owned())),
        _ if is_hidden(name) || value.is_empty() => None,
        _ => Some((name.clone(), value.clone())),
    });
    shown.collect()
}

#[cfg(test)]
mod tests;
