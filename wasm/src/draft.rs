//! A message to be composed.

use std::time::SystemTime;

use js_sys::Uint8Array;
use postseal_message::mime;
use postseal_message::mime::{ContentType, HeaderName, HeaderValue, MessageId};
use postseal_types::Address;
use serde::{Deserialize, Serialize};
use tsify::Tsify;

use crate::Failure;
use crate::failure::About;
use crate::time::{from_optional_date, time};

/// A person or a place that mail comes from or goes to.
#[derive(Debug, Clone, Serialize, Deserialize, Tsify)]
pub struct Mailbox {
    /// The address, such as `bob@example.org`.
    pub address: String,
    /// The display name.
    #[tsify(optional)]
    pub name: Option<String>,
}

/// A mailbox as it is given: in one text such as `Bob <bob@example.org>`, or in its parts.
#[derive(Debug, Clone, Deserialize, Tsify)]
#[serde(untagged)]
pub enum MailboxLike {
    /// In one text.
    Text(String),
    /// In its parts.
    Parts(Mailbox),
}

/// A header field: of a draft, or of a message that came.
#[derive(Debug, Clone, Serialize, Deserialize, Tsify)]
pub struct HeaderField {
    /// The name.
    pub name: String,
    /// The value, decoded, on one line.
    pub value: String,
}

/// A file that travels with a message: its name, its type, its bytes.
#[derive(Debug, Clone, Serialize, Deserialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    /// The file name. In a message that came it is safe to use below a folder: no path separators, no control characters.
    #[tsify(optional)]
    pub file_name: Option<String>,
    /// The media type with its parameters; `application/octet-stream` where none is given.
    #[tsify(optional)]
    pub media_type: Option<String>,
    /// The Content-ID, by which an HTML body refers to it as `cid:…`.
    #[tsify(optional)]
    pub content_id: Option<String>,
    /// The bytes.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    #[tsify(type = "Uint8Array")]
    pub data: Uint8Array,
}

/// A message to be composed. Everything in it is checked when it is sealed.
#[derive(Debug, Clone, Deserialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct Draft {
    /// Who the message is from.
    pub from: MailboxLike,
    /// The recipients in the `To` field.
    #[serde(default)]
    pub to: Vec<MailboxLike>,
    /// The recipients in the `Cc` field.
    #[serde(default)]
    pub cc: Vec<MailboxLike>,
    /// Recipients of whom nobody else learns.
    #[serde(default)]
    pub bcc: Vec<MailboxLike>,
    /// Where replies should go.
    #[serde(default)]
    pub reply_to: Vec<MailboxLike>,
    /// The subject.
    #[tsify(optional)]
    pub subject: Option<String>,
    /// The text body. Any line breaks will do.
    #[tsify(optional)]
    pub text: Option<String>,
    /// The HTML body. With a text body beside it the reader's program chooses between the two.
    #[tsify(optional)]
    pub html: Option<String>,
    /// Files.
    #[serde(default)]
    pub attachments: Vec<Attachment>,
    /// What is shown within the body: by its Content-ID, where the HTML body refers to it as `cid:…`.
    #[serde(default)]
    pub inline: Vec<Attachment>,
    /// The identifiers of the messages to which this one is a reply.
    #[serde(default)]
    pub in_reply_to: Vec<String>,
    /// The identifiers of the messages of the same conversation; the oldest comes first.
    #[serde(default)]
    pub references: Vec<String>,
    /// Any other header fields.
    #[serde(default)]
    pub headers: Vec<HeaderField>,
    /// When it was written; now where nothing is given.
    #[serde(default, deserialize_with = "from_optional_date")]
    #[tsify(optional, type = "Date")]
    pub date: Option<SystemTime>,
    /// The UTC offset of the place where it was written, in minutes east; 0 where nothing is given.
    #[tsify(optional)]
    pub offset_minutes: Option<i16>,
    /// Its identifier; a random one in the domain of the sender where nothing is given.
    #[tsify(optional)]
    pub message_id: Option<String>,
}

impl MailboxLike {
    pub(crate) fn core(&self, field: &str) -> Result<mime::Mailbox, Failure> {
        let parts = match self {
            Self::Text(text) => return mime::Mailbox::parse(text).about(field),
            Self::Parts(parts) => parts,
        };
        let address = Address::parse(&parts.address).about(field)?;
        match &parts.name {
            Some(name) => mime::Mailbox::named(name, address).about(field),
            None => Ok(mime::Mailbox::new(address)),
        }
    }
}

impl From<&mime::Mailbox> for Mailbox {
    fn from(mailbox: &mime::Mailbox) -> Self {
        Self { address: mailbox.address().to_string(), name: mailbox.name().map(str::to_owned) }
    }
}

impl Attachment {
    fn core(&self, field: &str) -> Result<mime::Attachment, Failure> {
        let media_type = match &self.media_type {
            Some(text) => ContentType::parse(text).about(field)?,
            None => ContentType::octet_stream(),
        };
        let data = self.data.to_vec();
        let attachment = match &self.file_name {
            Some(name) => mime::Attachment::named(name, media_type, data).about(field)?,
            None => mime::Attachment::new(media_type, data).about(field)?,
        };
        Ok(match &self.content_id {
            Some(id) => attachment.with_content_id(MessageId::parse(id).about(field)?),
            None => attachment,
        })
    }
}

impl Draft {
    /// The draft as the core takes it.
    pub(crate) fn core(&self, now: f64) -> Result<mime::Draft, Failure> {
        let from = self.from.core("from")?;
        let (time, offset) = (self.date.map_or_else(|| time(now), Ok)?, self.offset_minutes.unwrap_or(0));
        let date = mime::Date::new(time, offset).about("date")?;
        let id = match &self.message_id {
            Some(id) => MessageId::parse(id).about("messageId")?,
            None => MessageId::random(from.address().ascii_domain())?,
        };
        let draft = mime::Draft::new(from, date, id);
        let draft = with(draft, &self.to, "to", MailboxLike::core, mime::Draft::to)?;
        let draft = with(draft, &self.cc, "cc", MailboxLike::core, mime::Draft::cc)?;
        let draft = with(draft, &self.bcc, "bcc", MailboxLike::core, mime::Draft::bcc)?;
        let draft = with(draft, &self.reply_to, "replyTo", MailboxLike::core, mime::Draft::reply_to)?;
        let draft = with(draft, &self.in_reply_to, "inReplyTo", identifier, mime::Draft::in_reply_to)?;
        let draft = with(draft, &self.references, "references", identifier, mime::Draft::references)?;
        let draft = with(draft, &self.attachments, "attachments", Attachment::core, mime::Draft::attach)?;
        let draft = with(draft, &self.inline, "inline", Attachment::core, mime::Draft::inline)?;
        let draft = with(draft, &self.headers, "headers", HeaderField::core, |draft, (name, value)| {
            draft.header(name, value)
        })?;
        let draft = with(draft, &self.subject, "subject", value, mime::Draft::subject)?;
        let draft = self.text.iter().fold(draft, mime::Draft::text);
        Ok(self.html.iter().fold(draft, mime::Draft::html))
    }
}

impl HeaderField {
    fn core(&self, field: &str) -> Result<(HeaderName, HeaderValue), Failure> {
        Ok((HeaderName::parse(&self.name).about(field)?, value(&self.value, field)?))
    }
}

#[allow(clippy::ptr_arg, reason = "as the items come")]
fn identifier(text: &String, field: &str) -> Result<MessageId, Failure> {
    MessageId::parse(text).about(field)
}

#[allow(clippy::ptr_arg, reason = "as the items come")]
fn value(text: &String, field: &str) -> Result<HeaderValue, Failure> {
    HeaderValue::parse(text).about(field)
}

/// The draft with each of `items`, as the core takes it.
fn with<'a, T: 'a, C>(
    draft: mime::Draft,
    items: impl IntoIterator<Item = &'a T>,
    field: &str,
    convert: impl Fn(&T, &str) -> Result<C, Failure>,
    add: impl Fn(mime::Draft, C) -> mime::Draft,
) -> Result<mime::Draft, Failure> {
    items.into_iter().try_fold(draft, |draft, item| Ok(add(draft, convert(item, field)?)))
}
