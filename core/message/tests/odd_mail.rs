//! What is read in the odd and broken mail of Delta Chat, MimeKit and Ruby's mail.
//!
//! `tests/vectors/odd-mail.json` says what each message should show: where the tests of those say it, as they do.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "common/corpus.rs"]
mod corpus;
#[path = "common/mbox.rs"]
mod mbox;
#[path = "odd_mail/offsets.rs"]
mod offsets;
#[path = "common/table.rs"]
mod table;

use std::collections::BTreeMap;

use postseal_message::mime::{AddressEntry, AddressList, Attachment, Limits, Message, MessageId, Part, Text};
use serde::Deserialize;

/// What a message shows. What a row leaves out is nothing, but for texts too long to be in the table.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Shown {
    /// Why a row says something else than the tests that the message comes from.
    why: Option<String>,
    subject: Option<String>,
    /// What is no mailbox has a `?` before it.
    from: Vec<String>,
    reply_to: Vec<String>,
    to: Vec<String>,
    cc: Vec<String>,
    date: Option<String>,
    id: Option<String>,
    references: Vec<String>,
    /// The tree of media types.
    parts: String,
    text: Option<String>,
    html: Option<String>,
    /// Name, media type and length of each.
    inline: Vec<(Option<String>, String, usize)>,
    files: Vec<(Option<String>, String, usize)>,
}

/// A longer text stands in the table as its beginning and its length in octets.
const LONG: usize = 100;

impl Shown {
    fn new(message: &Message) -> Self {
        Self {
            why: None,
            subject: message.subject(),
            from: entries(&message.from()),
            reply_to: entries(&message.reply_to()),
            to: entries(&message.to()),
            cc: entries(&message.cc()),
            date: message.date().map(|date| date.to_string()),
            id: message.message_id().map(|id| id.to_string()),
            references: message.references().iter().map(MessageId::to_string).collect(),
            parts: tree(message.root()),
            text: message.text_body().map(shortened),
            html: message.html_body().map(shortened),
            inline: message.inline_parts().map(described).collect(),
            files: message.attachments().map(described).collect(),
        }
    }
}

fn entries(list: &AddressList) -> Vec<String> {
    let entries = list.entries().iter();
    entries
        .map(|entry| match entry {
            AddressEntry::Mailbox(mailbox) => mailbox.to_string(),
            AddressEntry::Invalid(text) => format!("? {text}"),
        })
        .collect()
}

fn tree(part: Part<'_>) -> String {
    let inside: Vec<_> = part.children().map(tree).collect();
    let essence = part.content_type().essence();
    if inside.is_empty() { essence.to_owned() } else { format!("{essence}[{}]", inside.join(", ")) }
}

fn shortened(text: Text) -> String {
    let text = text.into_string();
    if text.len() <= LONG {
        return text;
    }
    let start: String = text.chars().take(LONG / 2).collect();
    format!("{start}… {} octets", text.len())
}

fn described(file: Attachment) -> (Option<String>, String, usize) {
    (file.file_name().map(str::to_owned), file.content_type().essence().to_owned(), file.data().len())
}

#[test]
fn odd_mail_shows_what_is_in_it() {
    let mut table: BTreeMap<String, BTreeMap<String, Shown>> = table::read("odd-mail.json");
    for set in ["deltachat", "mimekit", "ruby-mail"] {
        let Some(folder) = corpus::folder("odd_mail_shows_what_is_in_it", set) else { return };
        let mut rows = table.remove(set).unwrap();
        for (name, bytes) in corpus::files(&folder).iter().flat_map(|path| mbox::messages(path)) {
            let Some(row) = rows.remove(&name) else { continue };
            let row = Shown { why: None, ..row };
            let message = Message::parse(&bytes, &Limits::default()).unwrap();
            assert_eq!(Shown::new(&message), row, "{set}: {name}");
        }
        assert!(rows.is_empty(), "rows without a message: {:?}", rows.keys());
    }
    assert!(table.is_empty(), "rows of other sets: {:?}", table.keys());
}
