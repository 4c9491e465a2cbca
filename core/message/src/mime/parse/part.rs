use std::borrow::Cow;
use std::ops::Range;

use super::super::{Attachment, ContentType, MessageId};
use super::charset::Text;
use super::header::Header;
use super::message::Message;
use super::transfer::TransferEncoding;
use super::tree::Node;

/// A part of a parsed [`Message`]: a container of parts, or a leaf with data. The message itself is one, too.
///
/// It is a view: copying it copies nothing.
#[derive(Clone, Copy)]
pub struct Part<'a> {
    message: &'a Message,
    node: &'a Node,
}

impl<'a> Part<'a> {
    pub(super) fn new(message: &'a Message, node: &'a Node) -> Self {
        Self { message, node }
    }

    /// The media type. Without a readable `Content-Type` it is `text/plain` (RFC 2045, section 5.2), or what the container says.
    #[must_use]
    pub fn content_type(&self) -> &'a ContentType {
        &self.node.content_type
    }

    /// The kind of disposition, `inline` or `attachment` mostly, in lower case (RFC 2183).
    #[must_use]
    pub fn disposition(&self) -> Option<&'a str> {
        self.node.disposition.as_deref()
    }

    /// The file name, made safe to use below a directory; see [`Attachment::file_name`].
    #[must_use]
    pub fn file_name(&self) -> Option<&'a str> {
        self.node.file_name.as_deref()
    }

    /// The Content-ID, by which HTML refers to the part.
    #[must_use]
    pub fn content_id(&self) -> Option<&'a MessageId> {
        self.node.content_id.as_ref()
    }

    /// How the body is encoded.
    #[must_use]
    pub fn transfer_encoding(&self) -> TransferEncoding {
        self.node.encoding
    }

    /// The parts right inside this one. A `message/rfc822` that is not encoded holds one: the message. One that is encoded is data:
    /// its bytes are not bytes of this message, and [`Part::decoded`] can be parsed on its own.
    pub fn children(&self) -> impl Iterator<Item = Part<'a>> + use<'a> {
        let message = self.message;
        self.node.children.iter().filter_map(move |&index| message.part(index))
    }

    /// The container around this part; `None` for the message itself.
    #[must_use]
    pub fn parent(&self) -> Option<Part<'a>> {
        self.node.parent.and_then(|parent| self.message.part(parent))
    }

    /// Whether a `multipart/…` ends with its closing delimiter. Where it doesn't, something may have been cut off.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.node.is_closed
    }

    /// The header fields, in their order.
    pub fn headers(&self) -> impl Iterator<Item = Header<'a>> + use<'a> {
        let message = self.message;
        self.node.fields.iter().map(move |field| Header::new(message.as_bytes(), field))
    }

    /// The first header field of that name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<Header<'a>> {
        self.headers().find(|header| header.is(name))
    }

    /// Where in the message the part stands: its header section, the empty line, and its body. The line break before the next
    /// delimiter is not part of it (RFC 2046, section 5.1.1); this is what a signature over it covers (RFC 3156, section 5).
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.node.start..self.node.body.end
    }

    /// The bytes at [`Part::range`], exactly as they stand in the message.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.slice(self.range())
    }

    /// The header section as it stands, with the empty line that ends it.
    #[must_use]
    pub fn raw_header(&self) -> &'a [u8] {
        self.slice(self.node.start..self.node.body.start)
    }

    /// The body as it stands, still in its transfer encoding.
    #[must_use]
    pub fn raw_body(&self) -> &'a [u8] {
        self.slice(self.node.body.clone())
    }

    /// The body with its transfer encoding undone; of a container, the body as it stands. Broken encodings are read as far as
    /// they go.
    #[must_use]
    pub fn decoded(&self) -> Cow<'a, [u8]> {
        if self.content_type().is_multipart() {
            Cow::Borrowed(self.raw_body())
        } else {
            self.node.encoding.decode(self.raw_body())
        }
    }

    /// The start of the decoded body: at least `length` octets that are no white space at its start, where there are so many. What
    /// is behind them is not decoded.
    pub(crate) fn decoded_start(&self, length: usize) -> Vec<u8> {
        let body = self.raw_body();
        let mut end = 0;
        loop {
            // Whole lines, so that the decoded start is the start of what all of it decodes to.
            let from = (end + length).max(2 * end);
            let rest = body.get(from..).unwrap_or_default();
            end = memchr::memchr(b'\n', rest).map_or(body.len(), |at| from + at + 1);
            let start = self.node.encoding.decode(body.get(..end).unwrap_or_default());
            let start = start.trim_ascii_start();
            if start.len() >= length || end == body.len() {
                return start.to_vec();
            }
        }
    }

    /// The body as text, in the charset that the part names.
    #[must_use]
    pub fn text(&self) -> Text {
        Text::decode(self.content_type().parameter("charset"), &self.decoded())
    }

    /// The part as a file.
    #[must_use]
    pub fn to_attachment(&self) -> Attachment {
        Attachment::from_parts(
            self.node.file_name.clone(),
            self.node.content_type.clone(),
            self.node.content_id.clone(),
            self.decoded().into_owned(),
        )
    }

    fn slice(&self, range: Range<usize>) -> &'a [u8] {
        self.message.as_bytes().get(range).unwrap_or_default()
    }
}

impl std::fmt::Debug for Part<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Part")
            .field("content_type", &self.content_type().essence())
            .field("range", &self.range())
            .field("children", &self.node.children.len())
            .finish_non_exhaustive()
    }
}
