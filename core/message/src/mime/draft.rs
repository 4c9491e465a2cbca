use super::{Attachment, Date, HeaderName, HeaderValue, Mailbox, MessageId};

/// A message to be composed (RFC 5322, MIME).
///
/// Everything in it is checked when its parts are made, so that composing can't fail; and everything is given: no clock and no
/// host name finds its way into a message.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use postseal_message::mime::*;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
/// let alice = Mailbox::parse("Alice <alice@example.test>")?;
/// let draft = Draft::new(alice, Date::new(now, 60)?, MessageId::random("example.test")?)
///     .to(Mailbox::parse("Bob Bücher <bob@example.test>")?)
///     .bcc(Mailbox::parse("carol@example.test")?)
///     .subject(HeaderValue::parse("Grüße")?)
///     .text("Hello Bob,\nthe report is attached.\n")
///     .attach(Attachment::named("report.pdf", ContentType::parse("application/pdf")?, b"%PDF-1.7")?);
///
/// let bytes = draft.to_bytes(&mut Boundaries::random()?);
/// let message = Message::parse(&bytes, &Limits::default())?;
/// assert_eq!(message.subject().as_deref(), Some("Grüße"));
/// assert!(!String::from_utf8_lossy(&bytes).contains("carol"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub(super) from: Mailbox,
    pub(super) date: Date,
    pub(super) message_id: MessageId,
    pub(super) to: Vec<Mailbox>,
    pub(super) cc: Vec<Mailbox>,
    pub(super) bcc: Vec<Mailbox>,
    pub(super) reply_to: Vec<Mailbox>,
    pub(super) subject: Option<HeaderValue>,
    pub(super) in_reply_to: Vec<MessageId>,
    pub(super) references: Vec<MessageId>,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) text: Option<String>,
    pub(super) html: Option<String>,
    pub(super) inline: Vec<Attachment>,
    pub(super) attachments: Vec<Attachment>,
}

impl Draft {
    /// A message without recipients and without content.
    #[must_use]
    pub fn new(from: Mailbox, date: Date, message_id: MessageId) -> Self {
        Self {
            from,
            date,
            message_id,
            to: Vec::new(),
            cc: Vec::new(),
            bcc: Vec::new(),
            reply_to: Vec::new(),
            subject: None,
            in_reply_to: Vec::new(),
            references: Vec::new(),
            headers: Vec::new(),
            text: None,
            html: None,
            inline: Vec::new(),
            attachments: Vec::new(),
        }
    }

    /// Adds a recipient in the `To` field.
    #[must_use]
    pub fn to(mut self, mailbox: Mailbox) -> Self {
        self.to.push(mailbox);
        self
    }

    /// Adds a recipient in the `Cc` field.
    #[must_use]
    pub fn cc(mut self, mailbox: Mailbox) -> Self {
        self.cc.push(mailbox);
        self
    }

    /// Adds a recipient of whom nobody else learns: in the envelope, and in no header.
    #[must_use]
    pub fn bcc(mut self, mailbox: Mailbox) -> Self {
        self.bcc.push(mailbox);
        self
    }

    /// Adds an address to which replies should go.
    #[must_use]
    pub fn reply_to(mut self, mailbox: Mailbox) -> Self {
        self.reply_to.push(mailbox);
        self
    }

    /// Sets the subject.
    #[must_use]
    pub fn subject(mut self, subject: HeaderValue) -> Self {
        self.subject = Some(subject);
        self
    }

    /// Sets the text body. Any line breaks will do; they are written as CRLF.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// Sets the HTML body. With a text body beside it the reader's program chooses between the two.
    #[must_use]
    pub fn html(mut self, html: impl Into<String>) -> Self {
        self.html = Some(html.into());
        self
    }

    /// Adds a file. A `message/rfc822` travels as a message where its lines can stand as they are, and as
    /// `message/global` (RFC 6532, section 3.7), which may be encoded, where they can't.
    #[must_use]
    pub fn attach(mut self, attachment: Attachment) -> Self {
        self.attachments.push(attachment);
        self
    }

    /// Adds something to be shown within the body: with a Content-ID, where the HTML body refers to it as `cid:…`; without
    /// one, or without an HTML body, after the body.
    #[must_use]
    pub fn inline(mut self, attachment: Attachment) -> Self {
        self.inline.push(attachment);
        self
    }

    /// Adds a message to which this one is a reply.
    #[must_use]
    pub fn in_reply_to(mut self, id: MessageId) -> Self {
        self.in_reply_to.push(id);
        self
    }

    /// Adds a message of the same conversation; the oldest comes first.
    #[must_use]
    pub fn references(mut self, id: MessageId) -> Self {
        self.references.push(id);
        self
    }

    /// Adds any other header field. The name may come more than once.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Who the message is from.
    #[must_use]
    pub fn sender(&self) -> &Mailbox {
        &self.from
    }

    /// The recipients whom everybody sees: `To`, then `Cc`.
    pub fn open_recipients(&self) -> impl Iterator<Item = &Mailbox> {
        self.to.iter().chain(&self.cc)
    }

    /// The recipients whom nobody else sees: `Bcc`.
    pub fn hidden_recipients(&self) -> impl Iterator<Item = &Mailbox> {
        self.bcc.iter()
    }

    /// The identifier of the message.
    #[must_use]
    pub fn message_id(&self) -> &MessageId {
        &self.message_id
    }
}
