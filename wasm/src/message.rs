//! Messages that came: what is in them.

use js_sys::{Date, Uint8Array};
use postseal_message::mime;
use serde::{Serialize, Serializer};
use serde_wasm_bindgen::preserve;
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;

use crate::value::given;
use crate::{Attachment, Failure, HeaderField, Mailbox};

/// A message, parsed. Broken mail is read as far as it goes.
#[derive(Debug, Clone, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Who the message says it is from.
    pub from: AddressList,
    /// Who the message says sent it on behalf of `from`.
    pub sender: AddressList,
    /// Where replies should go.
    pub reply_to: AddressList,
    /// The recipients in the `To` field.
    pub to: AddressList,
    /// The recipients in the `Cc` field.
    pub cc: AddressList,
    /// When the message says it was written; undefined where it doesn't say, or makes no sense.
    #[serde(serialize_with = "as_date_of_message")]
    #[tsify(optional, type = "Date")]
    pub date: Option<mime::Date>,
    /// The UTC offset of the place where it was written, in minutes east.
    #[tsify(optional)]
    pub offset_minutes: Option<i16>,
    /// The subject, decoded, on one line.
    #[tsify(optional)]
    pub subject: Option<String>,
    /// The identifier of the message, without angle brackets, where it has a valid one.
    #[tsify(optional)]
    pub message_id: Option<String>,
    /// The messages to which this one replies.
    pub in_reply_to: Vec<String>,
    /// The messages of the same conversation, the oldest first.
    pub references: Vec<String>,
    /// The header fields, in their order.
    pub headers: Vec<HeaderField>,
    /// The text body: the first text that is no file.
    #[tsify(optional)]
    pub text_body: Option<Text>,
    /// The HTML body, as it was sent: it may hold anything, so clean it before it is shown.
    #[tsify(optional)]
    pub html_body: Option<Text>,
    /// What the HTML body shows by its Content-ID.
    pub inline_parts: Vec<Attachment>,
    /// Everything that is neither body nor inline part; an attached message is one attachment.
    pub attachments: Vec<Attachment>,
    /// The message as it came.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    #[tsify(type = "Uint8Array")]
    pub bytes: Uint8Array,
}

/// What an address field holds.
#[derive(Debug, Clone, Serialize, Tsify)]
pub struct AddressList {
    /// The entries that are valid mailboxes.
    pub mailboxes: Vec<Mailbox>,
    /// The texts of the entries that are not. Nothing can be sent there.
    pub invalid: Vec<String>,
}

/// Text of a message, decoded.
#[derive(Debug, Clone, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct Text {
    /// The text.
    pub text: String,
    /// The charset that the part names.
    #[tsify(optional)]
    pub charset: Option<String>,
    /// Whether something in it could not be decoded.
    pub is_faulty: bool,
}

/// Parses the bytes of a message.
///
/// # Errors
///
/// `limit-exceeded` for one of more than 64 MiB, 1,000 parts, or a nesting of 32.
#[wasm_bindgen(js_name = parseMessage)]
pub fn parse_message(data: Vec<u8>) -> Result<Ts<Message>, Failure> {
    given(Message::from(&mime::Message::parse(data, &mime::Limits::default())?))
}

impl From<&mime::Message> for Message {
    fn from(message: &mime::Message) -> Self {
        let date = message.date();
        let names = |ids: Vec<mime::MessageId>| ids.iter().map(|id| id.as_str().to_owned()).collect();
        Self {
            from: message.from().into(),
            sender: message.sender().into(),
            reply_to: message.reply_to().into(),
            to: message.to().into(),
            cc: message.cc().into(),
            date,
            offset_minutes: date.map(|date| date.offset_minutes()),
            subject: message.subject(),
            message_id: message.message_id().map(|id| id.as_str().to_owned()),
            in_reply_to: names(message.in_reply_to()),
            references: names(message.references()),
            headers: message.headers().map(|field| (&field).into()).collect(),
            text_body: message.text_body().map(Into::into),
            html_body: message.html_body().map(Into::into),
            inline_parts: message.inline_parts().map(Into::into).collect(),
            attachments: message.attachments().map(Into::into).collect(),
            bytes: Uint8Array::from(message.as_bytes()),
        }
    }
}

impl From<&mime::Header<'_>> for HeaderField {
    fn from(field: &mime::Header<'_>) -> Self {
        Self { name: field.name().to_owned(), value: field.text() }
    }
}

impl From<mime::AddressList> for AddressList {
    fn from(list: mime::AddressList) -> Self {
        Self {
            mailboxes: list.mailboxes().map(Into::into).collect(),
            invalid: list.invalid().map(str::to_owned).collect(),
        }
    }
}

impl From<mime::Text> for Text {
    fn from(text: mime::Text) -> Self {
        Self {
            charset: text.charset().map(str::to_owned),
            is_faulty: text.fault().is_some(),
            text: text.into_string(),
        }
    }
}

impl From<mime::Attachment> for Attachment {
    fn from(file: mime::Attachment) -> Self {
        Self {
            file_name: file.file_name().map(str::to_owned),
            media_type: Some(file.content_type().to_string()),
            content_id: file.content_id().map(|id| id.as_str().to_owned()),
            data: Uint8Array::from(file.data()),
        }
    }
}

/// The date of a message, as a `Date`. It may be before 1970, which `SystemTime` here can't.
fn as_date_of_message<S: Serializer>(date: &Option<mime::Date>, serializer: S) -> Result<S::Ok, S::Error> {
    match date {
        Some(date) => preserve::serialize(&Date::new(&(date.seconds() as f64 * 1000.0).into()), serializer),
        None => serializer.serialize_none(),
    }
}
