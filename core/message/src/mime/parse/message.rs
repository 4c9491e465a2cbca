use std::borrow::Cow;

use super::super::{Attachment, Date, MessageId, MimeError};
use super::address::AddressList;
use super::charset::Text;
use super::date;
use super::header::Header;
use super::ids;
use super::legacy_display;
use super::limits::Limits;
use super::part::Part;
use super::roles::{self, Role};
use super::tree::{self, Tree};

/// A parsed message: its bytes as they came, and what they mean.
///
/// Broken mail is read as far as it goes. Every part is either the text body, the HTML body, an inline part or an attachment, so
/// that nothing that was sent stays unseen. Nothing here says who wrote it: that takes a verified signature.
///
/// ```
/// use postseal_message::mime::{Limits, Message};
/// let bytes = b"From: Alice <alice@example.test>\r\n\
///     Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\
///     Content-Type: text/plain; charset=iso-8859-1\r\n\
///     \r\n\
///     Sch\xf6ne Gr\xfc\xdfe\r\n";
/// let message = Message::parse(bytes, &Limits::default())?;
/// assert_eq!(message.from().mailboxes().next().unwrap().name(), Some("Alice"));
/// assert_eq!(message.subject().as_deref(), Some("Grüße"));
/// assert_eq!(message.text_body().unwrap().as_str(), "Schöne Grüße\n");
/// assert_eq!(message.attachments().count(), 0);
/// # Ok::<(), postseal_message::mime::MimeError>(())
/// ```
#[derive(Clone)]
pub struct Message {
    bytes: Vec<u8>,
    tree: Tree,
    /// One for each node of the tree.
    roles: Vec<Role>,
    /// Whether the bodies are shown without the copies of header fields that they may begin with.
    hides_legacy_display: bool,
}

impl Message {
    /// Parses a message (RFC 5322, MIME). Lines may end in CRLF or in LF.
    ///
    /// The message keeps its bytes: a `Vec<u8>` is taken over as it is, a slice is copied.
    ///
    /// # Errors
    ///
    /// [`MimeError`] names the [`Limits`] that the message goes past. There is no other error.
    pub fn parse<'a>(bytes: impl Into<Cow<'a, [u8]>>, limits: &Limits) -> Result<Self, MimeError> {
        Self::parse_bytes(bytes.into(), limits)
    }

    fn parse_bytes(bytes: Cow<'_, [u8]>, limits: &Limits) -> Result<Self, MimeError> {
        if bytes.len() > limits.message_bytes {
            return Err(MimeError::MessageTooLong { bytes: bytes.len(), limit: limits.message_bytes });
        }
        let tree = tree::read(&bytes, limits)?;
        let roles = roles::assign(&tree);
        Ok(Self { bytes: bytes.into_owned(), tree, roles, hides_legacy_display: false })
    }

    /// The message, with bodies that leave out the copies of header fields that they say they begin with: right only where the
    /// header fields themselves were inside the encryption (RFC 9788, section 4.5.3).
    pub(crate) fn hiding_legacy_display(self) -> Self {
        Self { hides_legacy_display: true, ..self }
    }

    /// The message as it came.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The message as it came, without a copy.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The message as a part: the root of the part tree.
    #[must_use]
    pub fn root(&self) -> Part<'_> {
        Part::new(self, self.tree.root())
    }

    /// All parts in the order in which they begin, from the root on; those of attached messages included.
    pub fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        self.tree.iter().map(|node| Part::new(self, node))
    }

    pub(super) fn part(&self, index: usize) -> Option<Part<'_>> {
        self.tree.get(index).map(|node| Part::new(self, node))
    }

    /// The header fields of the message, in their order.
    pub fn headers(&self) -> impl Iterator<Item = Header<'_>> {
        self.root().headers()
    }

    /// The first header field of that name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<Header<'_>> {
        self.root().header(name)
    }

    /// Who the message says it is from.
    #[must_use]
    pub fn from(&self) -> AddressList {
        self.addresses("From")
    }

    /// Who the message says sent it on behalf of [`Message::from`].
    #[must_use]
    pub fn sender(&self) -> AddressList {
        self.addresses("Sender")
    }

    /// Where replies should go.
    #[must_use]
    pub fn reply_to(&self) -> AddressList {
        self.addresses("Reply-To")
    }

    /// The recipients in the `To` field.
    #[must_use]
    pub fn to(&self) -> AddressList {
        self.addresses("To")
    }

    /// The recipients in the `Cc` field.
    #[must_use]
    pub fn cc(&self) -> AddressList {
        self.addresses("Cc")
    }

    /// The entries of every address field of that name.
    #[must_use]
    pub fn addresses(&self, name: &str) -> AddressList {
        AddressList::read(self.headers().filter(|header| header.is(name)).map(|header| header.raw()))
    }

    /// When the message says it was written; `None` where it doesn't say, or makes no sense.
    #[must_use]
    pub fn date(&self) -> Option<Date> {
        self.header("Date").and_then(|header| date::read(header.raw()))
    }

    /// The subject, decoded, on one line.
    #[must_use]
    pub fn subject(&self) -> Option<String> {
        self.header("Subject").map(|header| header.text())
    }

    /// The identifier of the message, where it has a valid one.
    #[must_use]
    pub fn message_id(&self) -> Option<MessageId> {
        self.message_ids("Message-ID").into_iter().next()
    }

    /// The messages to which this one replies.
    #[must_use]
    pub fn in_reply_to(&self) -> Vec<MessageId> {
        self.message_ids("In-Reply-To")
    }

    /// The messages of the same conversation, the oldest first.
    #[must_use]
    pub fn references(&self) -> Vec<MessageId> {
        self.message_ids("References")
    }

    fn message_ids(&self, name: &str) -> Vec<MessageId> {
        self.header(name).map(|header| ids::read(header.raw())).unwrap_or_default()
    }

    /// The text body: the first text that is no file. Text that follows it is among the [`Message::attachments`].
    ///
    /// In a message that was encrypted together with its header fields, copies of these at the start of a body are left out where the
    /// part says that it has them (`hp-legacy-display`, RFC 9788, section 4.5.3), here and in [`Message::html_body`].
    #[must_use]
    pub fn text_body(&self) -> Option<Text> {
        self.body(Role::Text)
    }

    /// The HTML body, as it was sent: it may hold anything, so clean it before it is shown. With a text body beside it the two
    /// are alternatives of one another.
    #[must_use]
    pub fn html_body(&self) -> Option<Text> {
        self.body(Role::Html)
    }

    fn body(&self, role: Role) -> Option<Text> {
        let part = self.with_role(role).next()?;
        Some(if self.hides_legacy_display { legacy_display::without(part) } else { part.text() })
    }

    /// What the HTML body shows by its Content-ID (RFC 2387, RFC 2392). Each is decoded when the iterator comes to it.
    pub fn inline_parts(&self) -> impl Iterator<Item = Attachment> {
        self.with_role(Role::Inline).map(|part| part.to_attachment())
    }

    /// Everything that is neither body nor inline part; an attached message is one attachment. Each is decoded when the iterator
    /// comes to it.
    pub fn attachments(&self) -> impl Iterator<Item = Attachment> {
        self.with_role(Role::Attachment).map(|part| part.to_attachment())
    }

    fn with_role(&self, role: Role) -> impl Iterator<Item = Part<'_>> {
        self.parts().zip(&self.roles).filter(move |(_, given)| **given == role).map(|(part, _)| part)
    }
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message")
            .field("bytes", &self.bytes.len())
            .field("parts", &self.tree.len())
            .finish_non_exhaustive()
    }
}
