//! Values that are plain records on both sides, and checked by the core's types when they are used.

use std::sync::Arc;
use std::time::SystemTime;

use postseal as core;
use postseal::{Address, HeaderName, HeaderValue, MessageId};

use crate::attachment::Attachment;
use crate::cancel::cancellable;
use crate::error::About;
use crate::message::Message;
use crate::numbers::{Timestamp, checked};
use crate::{CancelToken, PostsealError, runtime};

/// A person or a place that mail comes from or goes to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, uniffi::Record)]
pub struct Mailbox {
    /// The address, such as `bob@example.org`.
    pub address: String,
    /// The display name.
    #[uniffi(default)]
    pub name: Option<String>,
}

/// Reads `a@b`, `<a@b>`, `Name <a@b>` or `"Name" <a@b>`.
///
/// # Errors
///
/// `InvalidInput`: not exactly one mailbox, or a control character anywhere.
#[uniffi::export]
pub fn parse_mailbox(text: &str) -> Result<Mailbox, PostsealError> {
    core::Mailbox::parse(text).about("mailbox").map(|mailbox| (&mailbox).into())
}

impl Mailbox {
    pub(crate) fn core(&self, field: &str) -> Result<core::Mailbox, PostsealError> {
        let address = Address::parse(&self.address).about(field)?;
        match &self.name {
            Some(name) => core::Mailbox::named(name, address).about(field),
            None => Ok(core::Mailbox::new(address)),
        }
    }
}

impl From<&core::Mailbox> for Mailbox {
    fn from(mailbox: &core::Mailbox) -> Self {
        Self { address: mailbox.address().to_string(), name: mailbox.name().map(str::to_owned) }
    }
}

/// Who a message comes from and whom it goes to, as the servers see it. A Bcc recipient stands here and in no header.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Envelope {
    /// The address to which reports of non-delivery go; none for such a report itself.
    pub from: Option<String>,
    /// The recipients.
    pub to: Vec<String>,
}

impl TryFrom<Envelope> for core::Envelope {
    type Error = PostsealError;

    fn try_from(envelope: Envelope) -> Result<Self, PostsealError> {
        Ok(Self {
            from: envelope.from.map(|from| Address::parse(&from).about("from")).transpose()?,
            to: envelope.to.iter().map(|to| Address::parse(to).about("to")).collect::<Result<_, _>>()?,
        })
    }
}

impl From<&core::Envelope> for Envelope {
    fn from(envelope: &core::Envelope) -> Self {
        Self {
            from: envelope.from.as_ref().map(ToString::to_string),
            to: envelope.to.iter().map(ToString::to_string).collect(),
        }
    }
}

/// The date of a message: a point in time, in whole seconds, and the UTC offset of the place where it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct MessageDate {
    /// The point in time.
    pub time: Timestamp,
    /// Minutes east of UTC.
    #[uniffi(default = 0)]
    pub offset_minutes: i32,
}

impl From<core::Date> for MessageDate {
    fn from(date: core::Date) -> Self {
        Self { time: date.time().into(), offset_minutes: date.offset_minutes().into() }
    }
}

/// A header field: of a draft, or of a message that came.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct HeaderField {
    /// The name.
    pub name: String,
    /// The value, decoded, on one line.
    pub value: String,
}

/// A message to be composed. Everything in it is checked when it is sealed.
#[derive(Debug, Clone, uniffi::Record)]
pub struct Draft {
    /// Who the message is from.
    pub from: Mailbox,
    /// The recipients in the `To` field.
    #[uniffi(default)]
    pub to: Vec<Mailbox>,
    /// The recipients in the `Cc` field.
    #[uniffi(default)]
    pub cc: Vec<Mailbox>,
    /// Recipients of whom nobody else learns.
    #[uniffi(default)]
    pub bcc: Vec<Mailbox>,
    /// Where replies should go.
    #[uniffi(default)]
    pub reply_to: Vec<Mailbox>,
    /// The subject.
    #[uniffi(default)]
    pub subject: Option<String>,
    /// The text body. Any line breaks will do.
    #[uniffi(default)]
    pub text: Option<String>,
    /// The HTML body. With a text body beside it the reader's program chooses between the two.
    #[uniffi(default)]
    pub html: Option<String>,
    /// Files.
    #[uniffi(default)]
    pub attachments: Vec<Arc<Attachment>>,
    /// What is shown within the body: by its Content-ID, where the HTML body refers to it as `cid:…`.
    #[uniffi(default)]
    pub inline: Vec<Arc<Attachment>>,
    /// The identifiers of the messages to which this one is a reply.
    #[uniffi(default)]
    pub in_reply_to: Vec<String>,
    /// The identifiers of the messages of the same conversation; the oldest comes first.
    #[uniffi(default)]
    pub references: Vec<String>,
    /// Any other header fields.
    #[uniffi(default)]
    pub headers: Vec<HeaderField>,
    /// When it was written; now, in UTC, where nothing is given.
    #[uniffi(default)]
    pub date: Option<MessageDate>,
    /// Its identifier; a random one in the domain of the sender where nothing is given.
    #[uniffi(default)]
    pub message_id: Option<String>,
}

/// Checks a draft, and gives it its date and identifier where it has none: with these it can be sealed twice as the same message.
///
/// # Errors
///
/// `InvalidInput` names the first field that can't be used.
#[uniffi::export]
pub fn check_draft(draft: Draft) -> Result<Draft, PostsealError> {
    let date = draft.date()?;
    let message_id = draft.message_id()?.as_str().to_owned();
    let checked = Draft { date: Some(date.into()), message_id: Some(message_id), ..draft };
    checked.core()?;
    Ok(checked)
}

/// Composes a draft as it is, without protection: to be kept among the drafts, say. It is sealed to be sent.
///
/// # Errors
///
/// `InvalidInput` names the first field that can't be used.
#[uniffi::export(default(cancel = None))]
pub async fn compose_draft(
    draft: Draft,
    cancel: Option<Arc<CancelToken>>,
) -> Result<Arc<Message>, PostsealError> {
    let compose = move || {
        let mut boundaries = core::Boundaries::random().map_err(core::NewIdError::from)?;
        Message::taking(draft.core()?.to_bytes(&mut boundaries))
    };
    cancellable(cancel, runtime::compute(compose)).await
}

impl Draft {
    fn date(&self) -> Result<core::Date, PostsealError> {
        match self.date {
            Some(date) => core::Date::new(date.time.0, checked(date.offset_minutes, "date")?).about("date"),
            None => core::Date::utc(SystemTime::now()).about("date"),
        }
    }

    fn message_id(&self) -> Result<MessageId, PostsealError> {
        match &self.message_id {
            Some(id) => MessageId::parse(id).about("message_id"),
            None => Ok(MessageId::random(self.from.core("from")?.address().ascii_domain())?),
        }
    }

    /// The draft as the core takes it.
    pub(crate) fn core(&self) -> Result<core::Draft, PostsealError> {
        let mut draft = core::Draft::new(self.from.core("from")?, self.date()?, self.message_id()?);
        for to in &self.to {
            draft = draft.to(to.core("to")?);
        }
        for cc in &self.cc {
            draft = draft.cc(cc.core("cc")?);
        }
        for bcc in &self.bcc {
            draft = draft.bcc(bcc.core("bcc")?);
        }
        for reply_to in &self.reply_to {
            draft = draft.reply_to(reply_to.core("reply_to")?);
        }
        for id in &self.in_reply_to {
            draft = draft.in_reply_to(MessageId::parse(id).about("in_reply_to")?);
        }
        for id in &self.references {
            draft = draft.references(MessageId::parse(id).about("references")?);
        }
        for HeaderField { name, value } in &self.headers {
            let (name, value) = (HeaderName::parse(name), HeaderValue::parse(value));
            draft = draft.header(name.about("headers")?, value.about("headers")?);
        }
        self.with_body(draft)
    }

    fn with_body(&self, mut draft: core::Draft) -> Result<core::Draft, PostsealError> {
        if let Some(subject) = &self.subject {
            draft = draft.subject(HeaderValue::parse(subject).about("subject")?);
        }
        if let Some(text) = &self.text {
            draft = draft.text(text);
        }
        if let Some(html) = &self.html {
            draft = draft.html(html);
        }
        for file in &self.attachments {
            draft = draft.attach(file.0.clone());
        }
        for shown in &self.inline {
            draft = draft.inline(shown.0.clone());
        }
        Ok(draft)
    }
}
