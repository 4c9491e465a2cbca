//! SEARCH (RFC 3501, section 6.4.4).

use super::date;
use super::parser::{Failure, Parser, Reply, bad, no};
use super::sequence::Set;
use super::session::Session;
use crate::mime::{Part, decode_words, field, fields};
use crate::store::Message;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Key {
    All,
    Flag(String),
    /// A header field holds the text.
    Header(String, String),
    Body(String),
    /// Header or body holds the text.
    Text(String),
    Larger(u64),
    Smaller(u64),
    /// The message's day, by its arrival or by its Date field, compared with a day.
    Day {
        sent: bool,
        is: std::cmp::Ordering,
        or_equal: bool,
        day: i64,
    },
    Numbers(Set),
    Uids(Set),
    Not(Box<Key>),
    Or(Box<Key>, Box<Key>),
    And(Vec<Key>),
}

/// Keys nest no deeper.
const MAX_DEPTH: usize = 50;

/// What is known of a message when a key is tried.
struct Candidate<'a> {
    number: u32,
    count: u32,
    last_uid: u32,
    message: &'a Message,
}

impl Session<'_> {
    pub(super) fn search(&mut self, mut rest: Parser<'_>, uid: bool) -> Reply {
        charset(&mut rest)?;
        let mut keys = vec![key(&mut rest, 0)?];
        while rest.eat(b' ') {
            keys.push(key(&mut rest, 0)?);
        }
        rest.end()?;
        let wanted = Key::And(keys);
        let Some(everything) = Set::parse(b"1:*") else {
            return bad("no set");
        };
        let last_uid = self.selected()?.known.last().map_or(0, |known| known.uid);
        let count = u32::try_from(self.selected()?.known.len()).unwrap_or(u32::MAX);
        let mut found = Vec::new();
        for (number, message) in self.resolve(&everything, true)? {
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            if wanted.fits(&Candidate { number, count, last_uid, message: &message }) {
                found.push(if uid { message.uid } else { number }.to_string());
            }
        }
        let blank = if found.is_empty() { "" } else { " " };
        self.wire.say(format!("* SEARCH{blank}{}", found.join(" ")));
        Ok("searched".to_owned())
    }
}

impl Key {
    fn fits(&self, candidate: &Candidate<'_>) -> bool {
        let message = candidate.message;
        match self {
            Self::All => true,
            Self::Flag(flag) => message.flags.iter().any(|have| have.eq_ignore_ascii_case(flag)),
            Self::Header(name, text) => has_field(&message.bytes, name, text),
            Self::Body(text) => has_text(&Part::parse(&message.bytes), text, false),
            Self::Text(text) => has_text(&Part::parse(&message.bytes), text, true),
            Self::Larger(size) => message.bytes.len() as u64 > *size,
            Self::Smaller(size) => (message.bytes.len() as u64) < *size,
            Self::Day { sent, is, or_equal, day } => {
                let header = Part::parse(&message.bytes).header;
                let of = if *sent {
                    field(header, "Date").and_then(|field| date::sent_day(&field))
                } else {
                    Some(date::day(message.received))
                };
                of.is_some_and(|of| of.cmp(day) == *is || (*or_equal && of == *day))
            }
            Self::Numbers(set) => set.contains(candidate.number, candidate.count),
            Self::Uids(set) => set.contains(message.uid, candidate.last_uid),
            Self::Not(key) => !key.fits(candidate),
            Self::Or(a, b) => a.fits(candidate) || b.fits(candidate),
            Self::And(keys) => keys.iter().all(|key| key.fits(candidate)),
        }
    }
}

/// `CHARSET name`, if it is there.
fn charset(rest: &mut Parser<'_>) -> Result<(), Failure> {
    let mut ahead = *rest;
    if !ahead.keyword().is_ok_and(|word| word == "CHARSET") {
        return Ok(());
    }
    ahead.space()?;
    let name = String::from_utf8_lossy(&ahead.astring()?).to_ascii_uppercase();
    ahead.space()?;
    *rest = ahead;
    if matches!(name.as_str(), "UTF-8" | "US-ASCII") {
        Ok(())
    } else {
        no("[BADCHARSET (UTF-8 US-ASCII)] no")
    }
}

fn key(rest: &mut Parser<'_>, depth: usize) -> Result<Key, Failure> {
    if depth > MAX_DEPTH {
        return bad("nested too deeply");
    }
    match rest.peek() {
        Some(b'(') => return Ok(Key::And(rest.list(|item| key(item, depth + 1))?)),
        Some(b'*' | b'0'..=b'9') => return Ok(Key::Numbers(rest.set()?)),
        _ => {}
    }
    let word = rest.keyword()?;
    if let Some(simple) = simple(&word) {
        return Ok(simple);
    }
    rest.space()?;
    Ok(match word.as_str() {
        "NOT" => Key::Not(Box::new(key(rest, depth + 1)?)),
        "OR" => {
            let first = key(rest, depth + 1)?;
            rest.space()?;
            Key::Or(Box::new(first), Box::new(key(rest, depth + 1)?))
        }
        "UID" => Key::Uids(rest.set()?),
        "KEYWORD" => Key::Flag(rest.flag()?),
        "UNKEYWORD" => Key::Not(Box::new(Key::Flag(rest.flag()?))),
        "LARGER" => Key::Larger(rest.number()?),
        "SMALLER" => Key::Smaller(rest.number()?),
        "FROM" | "TO" | "CC" | "BCC" | "SUBJECT" => Key::Header(word, text(rest)?),
        "HEADER" => {
            let name = text(rest)?;
            rest.space()?;
            Key::Header(name, text(rest)?)
        }
        "BODY" => Key::Body(text(rest)?),
        "TEXT" => Key::Text(text(rest)?),
        _ => day(&word, rest)?,
    })
}

/// The keys without an argument.
fn simple(word: &str) -> Option<Key> {
    let flag = |name: &str| Key::Flag(name.to_owned());
    let not = |name: &str| Key::Not(Box::new(flag(name)));
    Some(match word {
        "ALL" | "OLD" => Key::All,
        "NEW" | "RECENT" => Key::Not(Box::new(Key::All)),
        "ANSWERED" => flag("\\Answered"),
        "DELETED" => flag("\\Deleted"),
        "DRAFT" => flag("\\Draft"),
        "FLAGGED" => flag("\\Flagged"),
        "SEEN" => flag("\\Seen"),
        "UNANSWERED" => not("\\Answered"),
        "UNDELETED" => not("\\Deleted"),
        "UNDRAFT" => not("\\Draft"),
        "UNFLAGGED" => not("\\Flagged"),
        "UNSEEN" => not("\\Seen"),
        _ => return None,
    })
}

fn day(word: &str, rest: &mut Parser<'_>) -> Result<Key, Failure> {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let (sent, word) = word.strip_prefix("SENT").map_or((false, word), |word| (true, word));
    let (is, or_equal) = match word {
        "BEFORE" => (Less, false),
        "ON" => (Equal, true),
        "SINCE" => (Greater, true),
        _ => return bad("unknown search key"),
    };
    let date = String::from_utf8_lossy(&rest.astring()?).into_owned();
    let day = date::parse_day(&date).map_or_else(|| bad("not a date"), Ok)?;
    Ok(Key::Day { sent, is, or_equal, day })
}

fn text(rest: &mut Parser<'_>) -> Result<String, Failure> {
    String::from_utf8(rest.astring()?).map_or_else(|_| bad("not UTF-8"), Ok)
}

fn has_field(message: &[u8], name: &str, text: &str) -> bool {
    let header = Part::parse(message).header;
    let values = fields(header).into_iter().filter(|(of, _)| of.eq_ignore_ascii_case(name));
    values.map(|(_, raw)| unfolded(raw)).any(|value| holds(&value, text))
}

/// Whether a text part, or with `headers` any header, holds the text.
fn has_text(part: &Part<'_>, text: &str, headers: bool) -> bool {
    let in_header = headers && fields(part.header).iter().any(|(_, raw)| holds(&unfolded(raw), text));
    let in_body = part.is("TEXT", None) && holds(&String::from_utf8_lossy(&part.decoded()), text);
    in_header
        || in_body
        || part.children.iter().any(|child| has_text(child, text, headers))
        || part.message.as_ref().is_some_and(|message| has_text(message, text, true))
}

/// The value of a raw field, unfolded and decoded.
fn unfolded(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw).replace("\r\n", "");
    let value = text.split_once(':').map_or("", |(_, value)| value);
    decode_words(value.trim())
}

fn holds(text: &str, wanted: &str) -> bool {
    text.to_lowercase().contains(&wanted.to_lowercase())
}
