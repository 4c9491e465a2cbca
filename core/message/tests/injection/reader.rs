//! What two readers see in a message: the parser of this library, and mail-parser.

use mail_parser::{HeaderForm, HeaderValue, MessageParser, MimeHeaders};
use postseal_message::mime::{AddressList, Limits, Message, MessageId};

/// What a caller gave.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Read {
    pub(crate) subject: String,
    /// The field `X-Test`.
    pub(crate) header: String,
    /// Names and addresses of `From`, `Reply-To`, `To` and `Cc`, in this order.
    pub(crate) mailboxes: Vec<(Option<String>, String)>,
    /// `Message-ID`, then those of `In-Reply-To` and `References`.
    pub(crate) ids: Vec<String>,
    pub(crate) text: String,
    pub(crate) html: String,
    /// Files and what is shown within the HTML.
    pub(crate) files: Vec<File>,
}

#[derive(Debug, Default, PartialEq)]
pub(crate) struct File {
    /// The parameters of its `Content-Type`.
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) id: String,
    pub(crate) data: Vec<u8>,
}

/// Reads with the parser of this library.
pub(crate) fn ours(bytes: &[u8]) -> Read {
    let message = Message::parse(bytes, &Limits::default()).unwrap();
    let lists = [message.from(), message.reply_to(), message.to(), message.cc()];
    assert_eq!(lists.iter().flat_map(AddressList::invalid).count(), 0, "{lists:?}");
    let mailboxes = lists.iter().flat_map(AddressList::mailboxes);
    let ids = message.message_id().into_iter().chain(message.in_reply_to()).chain(message.references());
    let parameters = |file: &postseal_message::mime::Attachment| {
        file.content_type().parameters().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    Read {
        subject: message.subject().unwrap_or_default(),
        header: message.header("X-Test").map(|header| header.text()).unwrap_or_default(),
        mailboxes: mailboxes
            .map(|mailbox| (mailbox.name().map(str::to_owned), mailbox.address().to_wire()))
            .collect(),
        ids: ids.map(|id| id.as_str().to_owned()).collect(),
        text: message.text_body().map(|text| text.into_string()).unwrap_or_default(),
        html: message.html_body().map(|text| text.into_string()).unwrap_or_default(),
        files: message
            .inline_parts()
            .chain(message.attachments())
            .map(|file| File {
                parameters: parameters(&file),
                id: file.content_id().map(MessageId::as_str).unwrap_or_default().to_owned(),
                data: file.into_data(),
            })
            .collect(),
    }
}

/// Reads with mail-parser.
pub(crate) fn theirs(bytes: &[u8]) -> Read {
    let message = MessageParser::default().parse(bytes).unwrap();
    let lists = [message.from(), message.reply_to(), message.to(), message.cc()];
    let mailboxes = lists.into_iter().flatten().flat_map(|list| list.iter());
    let header = message.header_as("X-Test", HeaderForm::Text).into_iter().next();
    let ids = |value: &HeaderValue<'_>| match value {
        HeaderValue::Text(id) => vec![id.to_string()],
        HeaderValue::TextList(ids) => ids.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    };
    let message_id = message.message_id().map(str::to_owned).into_iter();
    let unix = |text: std::borrow::Cow<'_, str>| text.replace("\r\n", "\n");
    let is_html = message.html_part(0).is_some_and(|part| part.is_text_html());
    Read {
        subject: message.subject().unwrap_or_default().to_owned(),
        header: header.and_then(|value| value.as_text().map(str::to_owned)).unwrap_or_default(),
        mailboxes: mailboxes
            .map(|mailbox| {
                (mailbox.name().map(str::to_owned), mailbox.address().unwrap_or_default().to_owned())
            })
            .collect(),
        ids: message_id.chain(ids(message.in_reply_to())).chain(ids(message.references())).collect(),
        text: message.body_text(0).map(unix).unwrap_or_default(),
        html: message.body_html(0).filter(|_| is_html).map(unix).unwrap_or_default(),
        files: message
            .attachments()
            .map(|file| File {
                parameters: file
                    .content_type()
                    .and_then(|kind| kind.attributes())
                    .unwrap_or_default()
                    .iter()
                    .map(|parameter| (parameter.name.to_string(), parameter.value.to_string()))
                    .collect(),
                id: file.content_id().unwrap_or_default().to_owned(),
                data: file.contents().to_vec(),
            })
            .collect(),
    }
}

/// The parameters of the disposition of the only file, as mail-parser reads them.
pub(crate) fn theirs_name(bytes: &[u8]) -> Vec<(String, String)> {
    let message = MessageParser::default().parse(bytes).unwrap();
    let file = message.attachments().next().unwrap();
    let parameters = file.content_disposition().and_then(|disposition| disposition.attributes());
    let parameters = parameters.unwrap_or_default().iter();
    parameters.map(|parameter| (parameter.name.to_string(), parameter.value.to_string())).collect()
}
