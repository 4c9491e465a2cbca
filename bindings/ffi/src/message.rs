//! Messages that came: what is in them, before and after they were opened.

use std::fmt;
use std::sync::Arc;

use postseal as core;
use postseal::Limits;
use postseal::message::mime as parsed;

use crate::attachment::Attachment;
use crate::bytes::Bytes;
use crate::files::{self, Within};
use crate::numbers::signed;
use crate::values::{HeaderField, Mailbox, MessageDate};
use crate::{CancelToken, PostsealError, runtime};

/// A message, parsed. Broken mail is read as far as it goes; only what goes past a limit is refused.
#[derive(Debug, uniffi::Object)]
pub struct Message(pub(crate) core::Message);

#[uniffi::export]
impl Message {
    /// Parses the bytes of a message, which are copied once.
    ///
    /// # Errors
    ///
    /// `LimitExceeded` for one of more than 64 MiB, 1,000 parts, or a nesting of 32.
    #[uniffi::constructor]
    pub fn parse(data: &[u8]) -> Result<Arc<Self>, PostsealError> {
        Ok(Arc::new(Self(core::Message::parse(data, &Limits::default())?)))
    }

    /// Parses a message from a file.
    ///
    /// # Errors
    ///
    /// As for [`Message::parse`]; `NotFound` and `File` where it can't be read.
    #[uniffi::constructor(default(cancel = None))]
    pub async fn from_path(
        path: String,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Arc<Self>, PostsealError> {
        let bytes = files::read(path, cancel).await?;
        runtime::compute(move || Self::taking(bytes)).await
    }

    /// The message as it came. Large ones are better [saved](Message::save).
    #[must_use]
    pub fn data(&self) -> Bytes {
        self.0.as_bytes().to_vec().into()
    }

    /// How many bytes the message has.
    #[must_use]
    pub fn size(&self) -> i64 {
        signed(self.0.as_bytes().len())
    }

    /// Writes the message to a file, which must not exist yet.
    ///
    /// # Errors
    ///
    /// `AlreadyExists` and `File` where it can't be written.
    #[uniffi::method(default(cancel = None))]
    pub async fn save(
        self: Arc<Self>,
        path: String,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<(), PostsealError> {
        files::write(path, Within(self, |message| message.0.as_bytes()), cancel).await
    }

    /// The header fields, in their order.
    #[must_use]
    pub fn headers(&self) -> Vec<HeaderField> {
        self.0.headers().map(|field| (&field).into()).collect()
    }

    /// The value of the first header field of that name, in any case, decoded.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        self.0.header(name).map(|field| field.text())
    }

    /// Who the message says it is from.
    #[must_use]
    pub fn from(&self) -> AddressList {
        self.0.from().into()
    }

    /// Who the message says sent it on behalf of [`Message::from`].
    #[must_use]
    pub fn sender(&self) -> AddressList {
        self.0.sender().into()
    }

    /// Where replies should go.
    #[must_use]
    pub fn reply_to(&self) -> AddressList {
        self.0.reply_to().into()
    }

    /// The recipients in the `To` field.
    #[must_use]
    pub fn to(&self) -> AddressList {
        self.0.to().into()
    }

    /// The recipients in the `Cc` field.
    #[must_use]
    pub fn cc(&self) -> AddressList {
        self.0.cc().into()
    }

    /// The entries of every address field of that name.
    #[must_use]
    pub fn addresses(&self, name: &str) -> AddressList {
        self.0.addresses(name).into()
    }

    /// When the message says it was written; none where it doesn't say, or makes no sense.
    #[must_use]
    pub fn date(&self) -> Option<MessageDate> {
        self.0.date().map(Into::into)
    }

    /// The subject, decoded, on one line.
    #[must_use]
    pub fn subject(&self) -> Option<String> {
        self.0.subject()
    }

    /// The identifier of the message, without angle brackets, where it has a valid one.
    #[must_use]
    pub fn message_id(&self) -> Option<String> {
        self.0.message_id().map(|id| id.as_str().to_owned())
    }

    /// The messages to which this one replies.
    #[must_use]
    pub fn in_reply_to(&self) -> Vec<String> {
        self.0.in_reply_to().iter().map(|id| id.as_str().to_owned()).collect()
    }

    /// The messages of the same conversation, the oldest first.
    #[must_use]
    pub fn references(&self) -> Vec<String> {
        self.0.references().iter().map(|id| id.as_str().to_owned()).collect()
    }

    /// The text body: the first text that is no file.
    #[must_use]
    pub fn text_body(&self) -> Option<Text> {
        self.0.text_body().map(Into::into)
    }

    /// The HTML body, as it was sent: it may hold anything, so clean it before it is shown. With a text body beside it the two are
    /// alternatives of one another.
    #[must_use]
    pub fn html_body(&self) -> Option<Text> {
        self.0.html_body().map(Into::into)
    }

    /// What the HTML body shows by its Content-ID.
    #[must_use]
    pub fn inline_parts(&self) -> Vec<Arc<Attachment>> {
        self.0.inline_parts().map(|part| Arc::new(Attachment(part))).collect()
    }

    /// Everything that is neither body nor inline part; an attached message is one attachment.
    #[must_use]
    pub fn attachments(&self) -> Vec<Arc<Attachment>> {
        self.0.attachments().map(|part| Arc::new(Attachment(part))).collect()
    }

    /// The message as a part: the root of the part tree.
    #[must_use]
    pub fn root(self: Arc<Self>) -> Arc<Part> {
        Arc::new(Part { message: self, index: 0 })
    }

    /// All parts in the order in which they begin, from the root on; those of attached messages included.
    #[must_use]
    pub fn parts(self: Arc<Self>) -> Vec<Arc<Part>> {
        let count = self.0.parts().count();
        (0..count).map(|index| Arc::new(Part { message: self.clone(), index })).collect()
    }
}

impl Message {
    /// Parses the bytes of a message without a copy.
    pub(crate) fn taking(bytes: Vec<u8>) -> Result<Arc<Self>, PostsealError> {
        Ok(Arc::new(Self(core::Message::parse(bytes, &Limits::default())?)))
    }
}

/// A part of a message: a container of parts, or a leaf with data. The message itself is one, too.
#[derive(uniffi::Object)]
pub struct Part {
    message: Arc<Message>,
    /// Its place among all parts of the message.
    index: usize,
}

#[uniffi::export]
impl Part {
    /// The media type with its parameters, such as `text/plain; charset=utf-8`.
    #[must_use]
    pub fn media_type(&self) -> String {
        self.core().content_type().to_string()
    }

    /// The kind of disposition, `inline` or `attachment` mostly, in lower case.
    #[must_use]
    pub fn disposition(&self) -> Option<String> {
        self.core().disposition().map(str::to_owned)
    }

    /// The file name, made safe to use below a folder.
    #[must_use]
    pub fn file_name(&self) -> Option<String> {
        self.core().file_name().map(str::to_owned)
    }

    /// The Content-ID, by which HTML refers to the part.
    #[must_use]
    pub fn content_id(&self) -> Option<String> {
        self.core().content_id().map(|id| id.as_str().to_owned())
    }

    /// How the body is encoded.
    #[must_use]
    pub fn transfer_encoding(&self) -> TransferEncoding {
        self.core().transfer_encoding().into()
    }

    /// The parts right inside this one.
    #[must_use]
    pub fn children(&self) -> Vec<Arc<Self>> {
        let inside = self.core().children().map(|child| self.after(child.range()));
        inside.map(|index| Arc::new(Self { message: self.message.clone(), index })).collect()
    }

    /// The container around this part; none for the message itself.
    #[must_use]
    pub fn parent(&self) -> Option<Arc<Self>> {
        let around = self.core().parent()?.range();
        let before = self.message.0.parts().take(self.index).collect::<Vec<_>>();
        let index = before.iter().rposition(|part| part.range() == around)?;
        Some(Arc::new(Self { message: self.message.clone(), index }))
    }

    /// A parameter of the media type, decoded, such as `charset`.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<String> {
        self.core().content_type().parameter(name).map(str::to_owned)
    }

    /// The header section as it stands, with the empty line that ends it.
    #[must_use]
    pub fn raw_header(&self) -> Bytes {
        self.core().raw_header().to_vec().into()
    }

    /// The body as it stands, still in its transfer encoding.
    #[must_use]
    pub fn raw_body(&self) -> Bytes {
        self.core().raw_body().to_vec().into()
    }

    /// Whether a `multipart/…` ends with its closing delimiter. Where it doesn't, something may have been cut off.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.core().is_closed()
    }

    /// The header fields, in their order.
    #[must_use]
    pub fn headers(&self) -> Vec<HeaderField> {
        self.core().headers().map(|field| (&field).into()).collect()
    }

    /// The value of the first header field of that name, in any case, decoded.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        self.core().header(name).map(|field| field.text())
    }

    /// The part exactly as it stands in the message: its header section, the empty line, and its body.
    #[must_use]
    pub fn raw(&self) -> Bytes {
        self.core().raw().to_vec().into()
    }

    /// The body with its transfer encoding undone; of a container, the body as it stands.
    #[must_use]
    pub fn data(&self) -> Bytes {
        self.core().decoded().into_owned().into()
    }

    /// The body as text, in the charset that the part names.
    #[must_use]
    pub fn text(&self) -> Text {
        self.core().text().into()
    }

    /// The part as a file.
    #[must_use]
    pub fn to_attachment(&self) -> Arc<Attachment> {
        Arc::new(Attachment(self.core().to_attachment()))
    }
}

impl Part {
    fn core(&self) -> core::Part<'_> {
        let message = &self.message.0;
        message.parts().nth(self.index).unwrap_or_else(|| message.root())
    }

    /// The place of the part inside this one that stands at `range`. It may stand at the same range as this one, which comes before.
    fn after(&self, range: std::ops::Range<usize>) -> usize {
        let behind = self.message.0.parts().skip(self.index + 1);
        self.index + 1 + behind.take_while(|part| part.range() != range).count()
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Part({}, {})", self.index, self.core().content_type())
    }
}

impl From<&parsed::Header<'_>> for HeaderField {
    fn from(field: &parsed::Header<'_>) -> Self {
        Self { name: field.name().to_owned(), value: field.text() }
    }
}

/// What an address field holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, uniffi::Record)]
pub struct AddressList {
    /// The entries that are valid mailboxes.
    pub mailboxes: Vec<Mailbox>,
    /// The texts of the entries that are not. Nothing can be sent there.
    pub invalid: Vec<String>,
}

impl From<parsed::AddressList> for AddressList {
    fn from(list: parsed::AddressList) -> Self {
        Self {
            mailboxes: list.mailboxes().map(Into::into).collect(),
            invalid: list.invalid().map(str::to_owned).collect(),
        }
    }
}

/// Text of a message, decoded.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Text {
    /// The text.
    pub text: String,
    /// The charset that the part names.
    pub charset: Option<String>,
    /// Whether something in it could not be decoded.
    pub is_faulty: bool,
}

impl From<parsed::Text> for Text {
    fn from(text: parsed::Text) -> Self {
        Self {
            charset: text.charset().map(str::to_owned),
            is_faulty: text.fault().is_some(),
            text: text.into_string(),
        }
    }
}

/// How the body of a part is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum TransferEncoding {
    /// Not at all.
    Identity,
    /// Quoted-printable.
    QuotedPrintable,
    /// Base64.
    Base64,
    /// In a way that is not known; the data is as it came.
    Unknown,
}

impl From<parsed::TransferEncoding> for TransferEncoding {
    fn from(encoding: parsed::TransferEncoding) -> Self {
        match encoding {
            parsed::TransferEncoding::Identity => Self::Identity,
            parsed::TransferEncoding::QuotedPrintable => Self::QuotedPrintable,
            parsed::TransferEncoding::Base64 => Self::Base64,
            _ => Self::Unknown,
        }
    }
}
