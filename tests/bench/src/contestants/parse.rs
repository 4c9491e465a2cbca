//! Parsing the messages of an inbox, for what a list of them shows, and whole.

use std::time::Instant;

use mail_parser::{MessageParser, MimeHeaders as _};
use postseal_message::mime::{Limits, Message};

use super::Named;
use crate::Result;
use crate::work::Work;

pub(crate) const ALL: &[Named] = &[
    ("list-ours", |arguments| each(arguments, list_ours)),
    ("list-mail-parser", |arguments| each(arguments, list_mail_parser)),
    ("read-ours", |arguments| each(arguments, read_ours)),
    ("read-mail-parser", |arguments| each(arguments, read_mail_parser)),
];

/// Messages one after the other, each behind its length in four octets.
pub(crate) fn packed(messages: impl Iterator<Item = Result<Vec<u8>>>) -> Result<Vec<u8>> {
    let mut packed = Vec::new();
    for message in messages {
        let message = message?;
        packed.extend_from_slice(&u32::try_from(message.len())?.to_be_bytes());
        packed.extend_from_slice(&message);
    }
    Ok(packed)
}

fn unpacked(mut packed: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = packed.split_first_chunk()?;
        let (message, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        packed = rest;
        Some(message)
    })
}

/// What was found in a message.
#[derive(Default)]
struct Found {
    mailboxes: u64,
    /// Characters of names, addresses, subjects and identifiers.
    characters: u64,
    /// The sum of all dates, in seconds since 1970.
    seconds: u64,
    files: u64,
    /// Octets of bodies and files, without carriage returns.
    octets: u64,
}

impl Found {
    fn mailbox(&mut self, name: Option<&str>, address: &str) {
        self.mailboxes += 1;
        self.text(name);
        self.text(Some(address));
    }

    fn text(&mut self, text: Option<&str>) {
        self.characters += text.unwrap_or_default().len() as u64;
    }

    fn body(&mut self, text: &str) {
        self.octets += text.len() as u64 - memchr::memchr_iter(b'\r', text.as_bytes()).count() as u64;
    }

    fn file(&mut self, name: Option<&str>, data: &[u8]) {
        self.files += 1;
        self.text(name);
        self.octets += data.len() as u64;
    }
}

fn each(arguments: &[String], find: fn(&[u8], &mut Found) -> Result<()>) -> Result<Work> {
    let [file] = arguments else { return Err("a file of messages".into()) };
    let packed = std::fs::read(file)?;
    let (mut messages, mut found) = (0, Found::default());
    let begun = Instant::now();
    for message in unpacked(&packed) {
        messages += 1;
        find(message, &mut found)?;
    }
    let took = begun.elapsed();
    Ok(Work::default()
        .with("messages", messages)
        .with("mailboxes", found.mailboxes)
        .with("characters", found.characters)
        .with("seconds of dates", found.seconds)
        .with("files", found.files)
        .with("octets", found.octets)
        .in_time(took))
}

fn list_ours(bytes: &[u8], found: &mut Found) -> Result<()> {
    heading_ours(&Message::parse(bytes, &Limits::default())?, found);
    Ok(())
}

fn heading_ours(message: &Message, found: &mut Found) {
    for list in [message.from(), message.to(), message.cc()] {
        for mailbox in list.mailboxes() {
            found.mailbox(mailbox.name(), &mailbox.address().to_string());
        }
    }
    found.text(message.subject().as_deref());
    found.text(message.message_id().as_ref().map(|id| id.as_str()));
    let time = message.date().and_then(|date| date.time().duration_since(std::time::UNIX_EPOCH).ok());
    found.seconds += time.unwrap_or_default().as_secs();
}

fn read_ours(bytes: &[u8], found: &mut Found) -> Result<()> {
    let message = Message::parse(bytes, &Limits::default())?;
    heading_ours(&message, found);
    for text in [message.text_body(), message.html_body()].into_iter().flatten() {
        found.body(text.as_str());
    }
    for file in message.inline_parts().chain(message.attachments()) {
        found.file(file.file_name(), file.data());
    }
    Ok(())
}

fn list_mail_parser(bytes: &[u8], found: &mut Found) -> Result<()> {
    heading_mail_parser(&parsed(bytes)?, found);
    Ok(())
}

fn parsed(bytes: &[u8]) -> Result<mail_parser::Message<'_>> {
    MessageParser::default().parse(bytes).ok_or_else(|| "mail-parser finds no message".into())
}

fn heading_mail_parser(message: &mail_parser::Message<'_>, found: &mut Found) {
    for list in [message.from(), message.to(), message.cc()].into_iter().flatten() {
        for mailbox in list.iter() {
            found.mailbox(mailbox.name(), mailbox.address().unwrap_or_default());
        }
    }
    found.text(message.subject());
    found.text(message.message_id());
    found.seconds += message.date().and_then(|date| date.to_timestamp().try_into().ok()).unwrap_or(0);
}

fn read_mail_parser(bytes: &[u8], found: &mut Found) -> Result<()> {
    let message = parsed(bytes)?;
    heading_mail_parser(&message, found);
    for part in [message.text_part(0), message.html_part(0).filter(|part| part.is_text_html())] {
        found.body(part.and_then(|part| part.text_contents()).unwrap_or_default());
    }
    for file in message.attachments() {
        found.file(file.attachment_name(), file.contents());
    }
    Ok(())
}
