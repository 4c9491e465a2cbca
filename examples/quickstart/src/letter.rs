//! The message that goes round: from the flags, from a file, or the built-in one.

use std::path::Path;
use std::time::SystemTime;

use postseal::{Attachment, ContentType, Date, Draft, HeaderValue, Limits, Mailbox, Message, MessageId};

use crate::Failure;
use crate::account::read_bytes;
use crate::cli::Cli;

/// What the built-in message says; none of it may be seen by a server.
pub(crate) const SUBJECT: &str = "The plan for Thursday";
pub(crate) const TEXT: &str = "Hello Bob,\n\nmeet me at the old lighthouse at nine. Grüße!\n\nAlice\n";
/// A piece of it that nothing else can hold.
pub(crate) const TEXT_SAMPLE: &str = "the old lighthouse";
/// The built-in attachment: every byte value, so that nothing on the way may touch one.
pub(crate) const ATTACHMENT_NAME: &str = "lighthouse-map.bin";

pub(crate) fn attachment_data() -> Vec<u8> {
    (0..=255).cycle().take(100 * 1024).collect()
}

/// Whether the message is the built-in one.
pub(crate) fn is_built_in(cli: &Cli) -> bool {
    cli.eml.is_none() && cli.subject.is_none() && cli.text.is_none() && cli.attach.is_empty()
}

/// The message of the command line, from `from`; to `default_to` where no recipient is named.
pub(crate) fn compose(cli: &Cli, from: &Mailbox, default_to: &[Mailbox]) -> Result<Draft, Failure> {
    let draft = Draft::new(
        from.clone(),
        Date::utc(SystemTime::now())?,
        MessageId::random(from.address().ascii_domain())?,
    );
    let draft = match &cli.eml {
        Some(path) => content_of_file(draft, path, cli.to.is_empty())?,
        None => content_of_flags(draft, cli)?,
    };
    let to = mailboxes("--to", &cli.to)?;
    let to = if to.is_empty() && draft.open_recipients().next().is_none() { default_to.to_vec() } else { to };
    let draft = to.into_iter().fold(draft, Draft::to);
    Ok(mailboxes("--bcc", &cli.bcc)?.into_iter().fold(draft, Draft::bcc))
}

fn mailboxes(flag: &str, texts: &[String]) -> Result<Vec<Mailbox>, Failure> {
    let parse = |text: &String| {
        Mailbox::parse(text).map_err(|error| Failure::new(format!("{flag} {text:?}: {error}")))
    };
    texts.iter().map(parse).collect()
}

fn content_of_flags(draft: Draft, cli: &Cli) -> Result<Draft, Failure> {
    let is_built_in = is_built_in(cli);
    let subject = cli.subject.as_deref().unwrap_or(if is_built_in { SUBJECT } else { "" });
    let subject = HeaderValue::parse(subject).map_err(|error| Failure::new(format!("--subject: {error}")))?;
    let mut draft =
        draft.subject(subject).text(cli.text.as_deref().unwrap_or(if is_built_in { TEXT } else { "" }));
    if is_built_in {
        draft =
            draft.attach(Attachment::named(ATTACHMENT_NAME, ContentType::octet_stream(), attachment_data())?);
    }
    for path in &cli.attach {
        draft = draft.attach(attachment(path)?);
    }
    Ok(draft)
}

fn attachment(path: &Path) -> Result<Attachment, Failure> {
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| Failure::new(format!("{}: not a file name in Unicode", path.display())))?;
    Ok(Attachment::named(name, content_type(path), read_bytes(path)?)?)
}

/// The types that a first message is likely to carry; anything else is bytes.
fn content_type(path: &Path) -> ContentType {
    let extension =
        path.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_ascii_lowercase();
    let known = match extension.as_str() {
        "txt" | "md" | "log" => "text/plain; charset=utf-8",
        "html" | "htm" => "text/html; charset=utf-8",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "gif" => "image/gif",
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        _ => return ContentType::octet_stream(),
    };
    ContentType::parse(known).unwrap_or_else(|_| ContentType::octet_stream())
}

/// Takes over what a message file says: subject, bodies, attachments, and, where the command line names no recipient, its own.
fn content_of_file(draft: Draft, path: &Path, with_recipients: bool) -> Result<Draft, Failure> {
    let in_file = |text: String| Failure::new(format!("{}: {text}", path.display()));
    let message =
        Message::parse(&read_bytes(path)?, &Limits::default()).map_err(|error| in_file(error.to_string()))?;
    let mut draft = draft;
    if let Some(subject) = message.subject() {
        draft = draft
            .subject(HeaderValue::parse(&subject).map_err(|error| in_file(format!("Subject: {error}")))?);
    }
    if with_recipients {
        draft = message.to().mailboxes().cloned().fold(draft, Draft::to);
        draft = message.cc().mailboxes().cloned().fold(draft, Draft::cc);
    }
    if let Some(text) = message.text_body() {
        draft = draft.text(text.into_string());
    }
    if let Some(html) = message.html_body() {
        draft = draft.html(html.into_string());
    }
    draft = message.inline_parts().fold(draft, Draft::inline);
    Ok(message.attachments().fold(draft, Draft::attach))
}
