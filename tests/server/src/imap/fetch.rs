//! FETCH (RFC 3501, section 6.4.5).

use super::date;
use super::parser::{Failure, Parser, Reply, bad, literal};
use super::section::Section;
use super::selected::show_flags;
use super::session::Session;
use super::structure;
use crate::mime::Part;
use crate::store::Message;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    Flags,
    Uid,
    InternalDate,
    Size,
    Envelope,
    /// BODY without brackets, and BODYSTRUCTURE with the extension data.
    Structure {
        extended: bool,
    },
    Body {
        section: Section,
        name: Vec<u8>,
        peek: bool,
    },
}

impl Session<'_> {
    pub(super) fn fetch(&mut self, mut rest: Parser<'_>, uid: bool) -> Reply {
        let set = rest.set()?;
        rest.space()?;
        let mut items = items(&mut rest)?;
        rest.end()?;
        if uid && !items.contains(&Item::Uid) {
            items.insert(0, Item::Uid);
        }
        let sees = items.iter().any(|item| matches!(item, Item::Body { peek: false, .. }));
        let sees = sees && !self.selected()?.read_only;
        for (number, mut message) in self.resolve(&set, uid)? {
            let mut shown = items.clone();
            if sees && !message.flags.contains("\\Seen") {
                if let Some(flags) = self.mark_seen(message.uid)? {
                    message.flags = flags;
                }
                if !shown.contains(&Item::Flags) {
                    shown.push(Item::Flags);
                }
            }
            if shown.contains(&Item::Flags) {
                self.know_flags(number, &message.flags);
            }
            let values: Vec<Vec<u8>> = shown.iter().map(|item| show(item, &message)).collect();
            self.wire.push(format!("* {number} FETCH ("));
            self.wire.push(values.join(&b' '));
            self.wire.say(")");
        }
        Ok("fetched".to_owned())
    }
}

fn items(rest: &mut Parser<'_>) -> Result<Vec<Item>, Failure> {
    if rest.peek() == Some(b'(') {
        return Ok(rest.list(item)?.concat());
    }
    item(rest)
}

fn item(rest: &mut Parser<'_>) -> Result<Vec<Item>, Failure> {
    let name = rest.while_(|byte| byte.is_ascii_alphanumeric() || byte == b'.')?.to_ascii_uppercase();
    let fast = [Item::Flags, Item::InternalDate, Item::Size];
    Ok(match name.as_slice() {
        b"FAST" => fast.to_vec(),
        b"ALL" => [&fast[..], &[Item::Envelope]].concat(),
        b"FULL" => [&fast[..], &[Item::Envelope, Item::Structure { extended: false }]].concat(),
        b"FLAGS" => vec![Item::Flags],
        b"UID" => vec![Item::Uid],
        b"INTERNALDATE" => vec![Item::InternalDate],
        b"RFC822.SIZE" => vec![Item::Size],
        b"ENVELOPE" => vec![Item::Envelope],
        b"BODYSTRUCTURE" => vec![Item::Structure { extended: true }],
        b"RFC822" | b"RFC822.HEADER" | b"RFC822.TEXT" => {
            let section = Section::old(&String::from_utf8_lossy(&name));
            vec![Item::Body { section, peek: name == b"RFC822.HEADER", name }]
        }
        b"BODY" if rest.peek() != Some(b'[') => vec![Item::Structure { extended: false }],
        b"BODY" | b"BODY.PEEK" => {
            let section = Section::parse(rest)?;
            let peek = name == b"BODY.PEEK";
            vec![Item::Body { name: section.name(), section, peek }]
        }
        _ => return bad("unknown item of FETCH"),
    })
}

fn show(item: &Item, message: &Message) -> Vec<u8> {
    let text = match item {
        Item::Flags => format!("FLAGS ({})", show_flags(&message.flags)),
        Item::Uid => format!("UID {}", message.uid),
        Item::InternalDate => format!("INTERNALDATE \"{}\"", date::show(message.received)),
        Item::Size => format!("RFC822.SIZE {}", message.bytes.len()),
        Item::Envelope => {
            let part = Part::parse(&message.bytes);
            return [&b"ENVELOPE "[..], &structure::envelope(part.header)].concat();
        }
        Item::Structure { extended } => {
            let name: &[u8] = if *extended { b"BODYSTRUCTURE " } else { b"BODY " };
            return [name, &structure::body(&Part::parse(&message.bytes), *extended)].concat();
        }
        Item::Body { section, name, .. } => {
            let value = section.of(&message.bytes).map_or_else(|| b"NIL".to_vec(), |bytes| literal(&bytes));
            return [name.as_slice(), b" ", &value].concat();
        }
    };
    text.into_bytes()
}
