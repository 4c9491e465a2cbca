//! The tree of a message's content, as bytes from the start: what is once an entity only gets copied.

use super::super::content_type::ContentType;
use super::super::{Attachment, Boundaries, Draft};
use super::encode::{self, Encoded};
use super::{fields, parameters};

/// A MIME entity (RFC 2045, section 2.4): `Content-…` fields, and a body.
#[derive(Debug, Clone)]
pub(crate) struct Entity {
    /// Fields before `Content-Type`, each with its CRLF.
    protected: String,
    content_type: ContentType,
    /// Fields after `Content-Type`, each with its CRLF.
    more: String,
    body: Vec<u8>,
}

impl Entity {
    fn new(content_type: ContentType, body: Encoded) -> Self {
        let more = format!("Content-Transfer-Encoding: {}\r\n", body.encoding);
        Self { protected: String::new(), content_type, more, body: body.bytes }
    }

    /// A container around finished parts. `content_type` comes without its boundary.
    pub(crate) fn multipart(
        content_type: ContentType,
        parts: &[Vec<u8>],
        boundaries: &mut Boundaries,
    ) -> Self {
        let boundary = boundaries.absent_from(parts.iter().map(Vec::as_slice));
        let mut body = Vec::with_capacity(parts.iter().map(|part| part.len() + 64).sum());
        for part in parts {
            body.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
            body.extend_from_slice(part);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        let content_type = content_type.with("boundary", &boundary);
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
        let inside = inside.iter().map(|(name, value)| fields::folded(name, value));
        let outside = outside.iter().map(|(name, value)| fields::hp_outer(name, value));
        self.protected = inside.chain(outside).collect();
        self.content_type = self.content_type.with("hp", hp).with("protected-headers", "v1");
        self
    }

    /// The entity as it stands in a message.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        let Self { protected, content_type, more, body } = self;
        let mut bytes =
            format!("{protected}{}{more}\r\n", parameters::content_type(&content_type)).into_bytes();
        bytes.extend_from_slice(&body);
        bytes
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
pub(super) fn content(draft: &Draft, boundaries: &mut Boundaries) -> Entity {
    let is_related = |a: &&Attachment| draft.html.is_some() && a.content_id().is_some();
    let (related, shown): (Vec<_>, Vec<_>) = draft.inline.iter().partition(is_related);
    let files = shown.into_iter().map(|a| file(a, "inline"));
    let files: Vec<_> = files.chain(draft.attachments.iter().map(|a| file(a, "attachment"))).collect();
    let body = body(draft, &related, boundaries);
    if files.is_empty() {
        return body.unwrap_or_else(|| text("text/plain", ""));
    }
    let parts: Vec<_> = body.into_iter().chain(files).map(Entity::into_bytes).collect();
    Entity::multipart(ContentType::of("multipart/mixed"), &parts, boundaries)
}

fn body(draft: &Draft, related: &[&Attachment], boundaries: &mut Boundaries) -> Option<Entity> {
    let plain = draft.text.as_deref().map(|plain| text("text/plain", plain));
    let html = draft.html.as_deref().map(|html| with_related(text("text/html", html), related, boundaries));
    match (plain, html) {
        (Some(plain), Some(html)) => {
            let parts = [plain.into_bytes(), html.into_bytes()];
            Some(Entity::multipart(ContentType::of("multipart/alternative"), &parts, boundaries))
        }
        (plain, html) => plain.or(html),
    }
}

/// HTML with the images that it refers to (RFC 2387).
fn with_related(html: Entity, related: &[&Attachment], boundaries: &mut Boundaries) -> Entity {
    if related.is_empty() {
        return html;
    }
    let images = related.iter().map(|image| file(image, "inline"));
    let parts: Vec<_> = std::iter::once(html).chain(images).map(Entity::into_bytes).collect();
    let content_type = ContentType::of("multipart/related").with("type", "text/html");
    Entity::multipart(content_type, &parts, boundaries)
}

fn text(essence: &str, text: &str) -> Entity {
    Entity::new(ContentType::of(essence).with("charset", "utf-8"), encode::text(text))
}

fn file(attachment: &Attachment, disposition: &str) -> Entity {
    let mut entity = data(attachment);
    let file_name = attachment.file_name().map(|name| ("filename", name));
    entity.more.push_str(&parameters::structured("Content-Disposition", disposition, file_name));
    if let Some(id) = attachment.content_id() {
        entity.more.push_str(&fields::folded("Content-ID", &id.to_string()));
    }
    entity
}

/// The bytes of a file in base64, but for a message: `message/rfc822` may not be encoded (RFC 2046, section 5.2.1).
fn data(attachment: &Attachment) -> Entity {
    let content_type = attachment.content_type().clone();
    if content_type.essence() != "message/rfc822" {
        return Entity::new(content_type, encode::base64(attachment.data()));
    }
    match encode::plain_message(attachment.data()) {
        Some(plain) => Entity::new(content_type, plain),
        None => Entity::new(ContentType::of("message/global"), encode::base64(attachment.data())),
    }
}
