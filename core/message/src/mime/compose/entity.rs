//! The tree of a message's content. Its bodies are encoded where they are written, once, so that a large file is not copied from
//! part to part.

use super::super::boundary::stands_in;
use super::super::content_type::ContentType;
use super::super::{Attachment, Boundaries, Draft};
use super::encode::{self, Encoded};
use super::multipart::Multipart;
use super::{fields, parameters};

/// A MIME entity (RFC 2045, section 2.4): `Content-…` fields, and a body.
#[derive(Debug, Clone)]
pub(crate) struct Entity<'a> {
    /// Fields before `Content-Type`, each with its CRLF.
    protected: String,
    content_type: ContentType,
    /// Fields after `Content-Type`, each with its CRLF.
    more: String,
    body: Body<'a>,
}

#[derive(Debug, Clone)]
enum Body<'a> {
    Leaf(Encoded<'a>),
    Parts { boundary: String, parts: Vec<Entity<'a>> },
}

impl<'a> Entity<'a> {
    fn new(content_type: ContentType, body: Encoded<'a>) -> Self {
        let more = format!("Content-Transfer-Encoding: {}\r\n", body.name());
        Self { protected: String::new(), content_type, more, body: Body::Leaf(body) }
    }

    /// A container of parts. `content_type` comes without its boundary.
    fn multipart(content_type: ContentType, parts: Vec<Self>, boundaries: &mut Boundaries) -> Self {
        let boundary = boundaries.absent(|boundary| parts.iter().any(|part| part.holds(boundary)));
        let content_type = content_type.with("boundary", &boundary);
        let body = Body::Parts { boundary, parts };
        Self { protected: String::new(), content_type, more: String::new(), body }
    }

    /// With the fields of the message inside (RFC 9788, section 2), and a note of what stands outside.
    ///
    /// `protected-headers="v1"` is the older form of the same, which Thunderbird, K-9 and Enigmail read.
    pub(super) fn protecting(
        mut self,
        inside: &[(String, String)],
        outside: &[(String, String)],
        hp: &str,
    ) -> Self {
        inside.iter().for_each(|(name, value)| fields::fold(&mut self.protected, name, value));
        outside.iter().for_each(|(name, value)| fields::hp_outer(&mut self.protected, name, value));
        self.content_type = self.content_type.with("hp", hp).with("protected-headers", "v1");
        self
    }

    /// The entity as it stands in a message.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.length());
        self.write(&mut bytes);
        bytes
    }

    /// Writes the entity as it stands in a message.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        for fields in [&self.protected, &parameters::content_type(&self.content_type), &self.more] {
            out.extend_from_slice(fields.as_bytes());
        }
        out.extend_from_slice(b"\r\n");
        match &self.body {
            Body::Leaf(body) => body.write(out),
            Body::Parts { boundary, parts } => {
                let mut multipart = Multipart::new(out, boundary);
                parts.iter().for_each(|part| part.write(multipart.next()));
                multipart.end();
            }
        }
    }

    /// About the octets that it has when it is written: rather too many than too few.
    pub(super) fn length(&self) -> usize {
        // The content type, and a delimiter.
        const OVERHEAD: usize = 512;
        let body = match &self.body {
            Body::Leaf(body) => body.len(),
            Body::Parts { parts, .. } => parts.iter().map(Self::length).sum(),
        };
        self.protected.len() + self.more.len() + body + OVERHEAD
    }

    /// Whether `boundary` stands in it.
    fn holds(&self, boundary: &str) -> bool {
        [&self.protected, &parameters::content_type(&self.content_type), &self.more]
            .into_iter()
            .any(|fields| stands_in(boundary, fields.as_bytes()))
            || match &self.body {
                Body::Leaf(body) => body.holds(boundary),
                Body::Parts { parts, .. } => parts.iter().any(|part| part.holds(boundary)),
            }
    }
}

/// The content of a draft:
///
/// ```text
/// multipart/mixed                  where there are files
///   multipart/alternative          where there are text and HTML
///     text/plain
///     multipart/related            where the HTML has images
///       text/html
///       image/…
///   application/…
/// ```
pub(super) fn content<'a>(draft: &'a Draft, boundaries: &mut Boundaries) -> Entity<'a> {
    let is_related = |a: &&Attachment| draft.html.is_some() && a.content_id().is_some();
    let (related, shown): (Vec<_>, Vec<_>) = draft.inline.iter().partition(is_related);
    let files = shown.into_iter().map(|a| file(a, "inline"));
    let files: Vec<_> = files.chain(draft.attachments.iter().map(|a| file(a, "attachment"))).collect();
    let body = body(draft, &related, boundaries);
    if files.is_empty() {
        return body.unwrap_or_else(|| text("text/plain", ""));
    }
    let parts = body.into_iter().chain(files).collect();
    Entity::multipart(ContentType::of("multipart/mixed"), parts, boundaries)
}

fn body<'a>(draft: &'a Draft, related: &[&'a Attachment], boundaries: &mut Boundaries) -> Option<Entity<'a>> {
    let plain = draft.text.as_deref().map(|plain| text("text/plain", plain));
    let html = draft.html.as_deref().map(|html| with_related(text("text/html", html), related, boundaries));
    match (plain, html) {
        (Some(plain), Some(html)) => {
            let content_type = ContentType::of("multipart/alternative");
            Some(Entity::multipart(content_type, vec![plain, html], boundaries))
        }
        (plain, html) => plain.or(html),
    }
}

/// HTML with the images that it refers to (RFC 2387).
fn with_related<'a>(html: Entity<'a>, related: &[&'a Attachment], boundaries: &mut Boundaries) -> Entity<'a> {
    if related.is_empty() {
        return html;
    }
    let images = related.iter().map(|image| file(image, "inline"));
    let parts = std::iter::once(html).chain(images).collect();
    let content_type = ContentType::of("multipart/related").with("type", "text/html");
    Entity::multipart(content_type, parts, boundaries)
}

fn text<'a>(essence: &str, text: &'a str) -> Entity<'a> {
    Entity::new(ContentType::of(essence).with("charset", "utf-8"), encode::text(text))
}

fn file<'a>(attachment: &'a Attachment, disposition: &str) -> Entity<'a> {
    let mut entity = data(attachment);
    let file_name = attachment.file_name().map(|name| ("filename", name));
    entity.more.push_str(&parameters::structured("Content-Disposition", disposition, file_name));
    if let Some(id) = attachment.content_id() {
        fields::fold(&mut entity.more, "Content-ID", &id.to_string());
    }
    entity
}

/// The bytes of a file in base64, but for a message: `message/rfc822` may not be encoded (RFC 2046, section 5.2.1).
fn data(attachment: &Attachment) -> Entity<'_> {
    let content_type = attachment.content_type().clone();
    let base64 = || Encoded::Base64(attachment.data().into());
    if content_type.essence() != "message/rfc822" {
        return Entity::new(content_type, base64());
    }
    match encode::plain_message(attachment.data()) {
        Some(plain) => Entity::new(content_type, plain),
        None => Entity::new(ContentType::of("message/global"), base64()),
    }
}
