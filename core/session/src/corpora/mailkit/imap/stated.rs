//! What a recording states of a message, found in another way than the library's: by looking for it in the text.

use std::collections::BTreeSet;

use super::server::uid;
use crate::imap::Fetched;

/// What of a message is not what the recording states; nothing where all of it is.
pub(super) fn misread(message: &Fetched, responses: &[Vec<u8>]) -> Vec<&'static str> {
    let of_message = responses.iter().filter(|response| uid(response) == Some(message.uid.number()));
    let of_message: Vec<&[u8]> = of_message.map(Vec::as_slice).collect();
    let last = |text: &str| of_message.iter().rev().find_map(|response| after(response, text));
    // A message is handed on as soon as it is whole: flags that change behind it are news.
    let told: Vec<&[u8]> = of_message.iter().filter_map(|response| after(response, " FLAGS (")).collect();
    let facts = [
        ("flags", told.is_empty() || told.iter().any(|rest| flags(rest) == own_flags(message))),
        ("size", last("RFC822.SIZE ").is_none_or(|rest| number(rest) == message.size)),
        ("date", last("INTERNALDATE \"").is_some() <= message.received.is_some()),
        ("envelope", last("ENVELOPE (").is_some() <= message.envelope.is_some()),
        ("structure", last("BODYSTRUCTURE (").is_some() <= message.structure.is_some()),
        ("message", last("BODY[] {").is_none_or(|rest| literal(rest) == message.whole.as_deref())),
        ("header", last("BODY[HEADER] {").is_none_or(|rest| literal(rest) == message.header.as_deref())),
    ];
    facts.into_iter().filter_map(|(name, holds)| (!holds).then_some(name)).collect()
}

/// The names of the mailboxes that a listing tells, each once, but for those that nobody could send back.
pub(super) fn mailboxes(responses: &[Vec<u8>]) -> BTreeSet<String> {
    let names = responses.iter().filter_map(|response| {
        let text = String::from_utf8_lossy(response).into_owned();
        let words = text.to_ascii_uppercase();
        let is_listing = words.starts_with("* LIST (") || words.starts_with("* LSUB (");
        let (_, rest) = text.split_once(") ").filter(|_| is_listing)?;
        // The delimiter may be a blank in quotes.
        let rest = rest.strip_prefix("\" \"").unwrap_or(rest);
        let (_, name) = rest.split_once(' ')?;
        let name = name.trim_end_matches(['\r', '\n']);
        let name = match name.strip_prefix('"') {
            Some(quoted) => unquoted(quoted),
            None if name.starts_with('{') => name.split_once("}\r\n")?.1.to_owned(),
            None => name.split(' ').next()?.to_owned(),
        };
        Some(if name.eq_ignore_ascii_case("INBOX") { "INBOX".to_owned() } else { name })
    });
    names.filter(|name| !name.is_empty() && !name.contains(['\0', '\r', '\n'])).collect()
}

/// The text up to the closing quote, without its escapes.
fn unquoted(text: &str) -> String {
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => plain.extend(chars.next()),
            c => plain.push(c),
        }
    }
    plain
}

#[test]
fn a_mailbox_is_stated_once_in_whatever_form() {
    let lines = [
        "* LIST () \"/\" INBOX\r\n",
        "* list (\\Noselect) \"/\" \"inbox\"\r\n",
        "* LSUB () NIL {5}\r\na (b)\r\n",
        "* LIST () \" \" \"a (b)\"\r\n",
        "* LIST () \"\\\\\" \"q\\\"\" (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n",
        "* LIST () \"/\" \"\"\r\n",
        "A1 OK (done) \"/\" x\r\n",
    ];
    let names = mailboxes(&lines.map(|line| line.as_bytes().to_vec()));
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["INBOX", "a (b)", "q\""]);
}

/// What stands behind a text that is not in a literal: a literal's first line has no item of a response in these recordings.
fn after<'a>(response: &'a [u8], text: &str) -> Option<&'a [u8]> {
    let spaced = format!(" {}", text.trim_start());
    let inside = format!("({}", text.trim_start());
    let find = |wanted: &str| response.windows(wanted.len()).position(|window| window == wanted.as_bytes());
    let at = find(&spaced).into_iter().chain(find(&inside)).min()?;
    response.get(at + spaced.len()..)
}

fn number(text: &[u8]) -> Option<u64> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&text[..digits]).ok()?.parse().ok()
}

fn literal(text: &[u8]) -> Option<&[u8]> {
    let size = usize::try_from(number(text)?).ok()?;
    let start = text.windows(2).position(|pair| pair == b"\r\n")? + 2;
    text.get(start..start.checked_add(size)?)
}

fn flags(text: &[u8]) -> Vec<String> {
    let inside = text.split(|&byte| byte == b')').next().unwrap_or_default();
    let mut flags: Vec<String> =
        String::from_utf8_lossy(inside).split_whitespace().map(str::to_ascii_lowercase).collect();
    flags.sort();
    flags
}

fn own_flags(message: &Fetched) -> Vec<String> {
    let flags = message.flags.iter().flatten();
    let mut flags: Vec<String> = flags.map(|flag| flag.as_str().to_ascii_lowercase()).collect();
    flags.sort();
    flags
}
