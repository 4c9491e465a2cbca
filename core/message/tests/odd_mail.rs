//! What is read in the odd and broken mail of Delta Chat, MimeKit and Ruby's mail.
//!
//! `tests/vectors/odd-mail.json` says what each message should show: where the tests of those say it, as they do. The texts of others,
//! and the names and addresses of people, stand there as their digests. Where a message shows something else, the test prints both what
//! was read and the row that it would have.
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
use serde::{Deserialize, Serialize};

/// What a message shows. What a row leaves out is nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Shown {
    /// Why a row says something else than the tests that the message comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    /// What is no mailbox has a `?` before it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    from: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reply_to: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    to: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cc: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    references: Vec<String>,
    /// The tree of media types.
    parts: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<String>,
    /// Name, media type and length of each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inline: Vec<(Option<String>, String, usize)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<(Option<String>, String, usize)>,
}

/// A longer name of a file is a digest in the table, as all other texts are.
const LONG_NAME: usize = 24;

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
            text: message.text_body().map(Text::into_string),
            html: message.html_body().map(Text::into_string),
            inline: message.inline_parts().map(described).collect(),
            files: message.attachments().map(described).collect(),
        }
    }

    /// As it stands in the table.
    fn digested(mut self) -> Self {
        let lists = [&mut self.from, &mut self.reply_to, &mut self.to, &mut self.cc, &mut self.references];
        let texts = [&mut self.subject, &mut self.id, &mut self.text, &mut self.html];
        let names = self.inline.iter_mut().chain(&mut self.files).filter_map(|(name, ..)| name.as_mut());
        let names = names.filter(|name| name.chars().count() > LONG_NAME);
        for text in lists.into_iter().flatten().chain(texts.into_iter().flatten()).chain(names) {
            *text = digest(text);
        }
        self
    }
}

/// The length of a text, and its FNV-1a. What is no mailbox keeps its mark.
fn digest(text: &str) -> String {
    let (mark, text) = text.strip_prefix("? ").map_or(("", text), |text| ("? ", text));
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, octet| {
        (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{mark}{} octets, {hash:016x}", text.len())
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

fn described(file: Attachment) -> (Option<String>, String, usize) {
    (file.file_name().map(str::to_owned), file.content_type().essence().to_owned(), file.data().len())
}

/// How a message differs from its row, if it does.
fn difference(bytes: &[u8], row: Shown) -> Option<String> {
    let message = match Message::parse(bytes, &Limits::default()) {
        Ok(message) => message,
        Err(error) => return Some(error.to_string()),
    };
    let shown = Shown::new(&message);
    let found = shown.clone().digested();
    let expected = Shown { why: None, ..row };
    (found != expected).then(|| {
        let found = serde_json::to_string(&found).unwrap();
        let expected = serde_json::to_string(&expected).unwrap();
        format!("{found}\nand not\n{expected}\nread were: {shown:?}")
    })
}

#[test]
fn odd_mail_shows_what_is_in_it() {
    let mut table: BTreeMap<String, BTreeMap<String, Shown>> = table::read("odd-mail.json");
    let mut differences = Vec::new();
    for set in ["deltachat", "mimekit", "ruby-mail"] {
        let mut rows = table.remove(set).unwrap();
        let Some(folder) = corpus::folder("odd_mail_shows_what_is_in_it", set) else { continue };
        let mut rowless = Vec::new();
        for (name, bytes) in corpus::files(&folder).iter().flat_map(|path| mbox::messages(&folder, path)) {
            match rows.remove(&name) {
                Some(row) => {
                    differences.extend(difference(&bytes, row).map(|found| format!("{set}: {name}: {found}")))
                }
                None => rowless.push(name),
            }
        }
        // Those known are keys and notes, and what is encrypted, which has its rows in pgp-mail.json.
        table::note_rowless("odd-mail.json", set, &rowless);
        differences.extend(rows.keys().map(|name| format!("{set}: {name}: no such message")));
    }
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
    assert!(table.is_empty(), "rows of other sets: {:?}", table.keys());
}
