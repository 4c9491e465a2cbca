//! The replies that Dovecot's test scripts expect of a server (`* …`), as a server would say them: each is read, and what the script
//! states of a message comes out as it stands there.
//!
//! In a script a text in `{{{` and `}}}` is a literal, and `$name` stands for what differs from server to server.

use std::path::Path;

use super::*;
use crate::corpora::{corpus, files};

/// A reply that a script expects.
#[derive(Debug, Default)]
struct Reply {
    wire: Vec<u8>,
    /// The texts in it.
    literals: Vec<Vec<u8>>,
}

impl Reply {
    fn literal(&mut self, lines: &[&[u8]]) {
        let text = lines.join(&b"\r\n"[..]);
        self.wire.extend_from_slice(format!("{{{}}}\r\n", text.len()).as_bytes());
        self.wire.extend_from_slice(&text);
        self.literals.push(text);
    }
}

/// The replies of a script, in order.
fn replies(script: &[u8]) -> Vec<Reply> {
    let mut lines = script.split(|&byte| byte == b'\n');
    let mut replies = Vec::new();
    while let Some(line) = lines.next() {
        if !line.starts_with(b"* ") {
            continue;
        }
        if is_pattern(line) {
            continue;
        }
        let mut reply = Reply::default();
        let mut rest = line;
        while let Some(before) = rest.strip_suffix(b"{{{") {
            reply.wire.extend_from_slice(&filled_in(before));
            let text: Vec<&[u8]> = lines.by_ref().take_while(|line| !line.starts_with(b"}}}")).collect();
            reply.literal(&text);
            // What stands behind the text was taken with its end: in these scripts it closes the list.
            rest = b")";
        }
        reply.wire.extend_from_slice(&filled_in(rest));
        reply.wire.extend_from_slice(b"\r\n");
        replies.push(reply);
    }
    replies
}

/// Whether it is a pattern that no server says: one for any envelope.
fn is_pattern(line: &[u8]) -> bool {
    String::from_utf8_lossy(line).contains("envelope ($!")
}

/// A line with something that a server could say in the place of each variable.
fn filled_in(line: &[u8]) -> Vec<u8> {
    let line = String::from_utf8_lossy(line).replace("$$", "\u{1}");
    let mut pieces = line.split('$');
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = match piece.strip_prefix('{') {
            // Braces stand where the name goes on in a longer word.
            Some(braced) => match braced.split_once('}').unwrap_or((braced, "")) {
                ("sep", rest) => ("/", rest),
                other => other,
            },
            None => {
                let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '!' | '=' | '\\');
                piece.split_at(piece.find(|c| !is_name(c)).unwrap_or(piece.len()))
            }
        };
        filled.push_str(stand_in(name));
        filled.push_str(rest);
    }
    filled.replace('\u{1}', "$").into_bytes()
}

/// Something of the kind that a variable is for, as its name tells.
fn stand_in(name: &str) -> &'static str {
    let kinds = [
        // An instruction of how to compare.
        ("!", ""),
        ("/", "/"),
        ("sep", "\"/\""),
        ("inboxsep", "\"/\""),
        ("mailbox", "mailbox"),
        ("root", "mailbox"),
        ("mail_url", "imap://x"),
        ("intdate", "\"17-Jul-1996 02:44:25 +0000\""),
        ("date", "\"17-Jul-1996 02:44:25 +0000\""),
        ("hdr", "\"a: b\""),
        ("full", "\"a: b\""),
        ("body", "\"a: b\""),
    ];
    kinds.iter().find(|(begin, _)| name.starts_with(begin)).map_or("7", |(_, text)| text)
}

/// What of a message has to be a text of the script.
fn texts(message: &MessageData) -> Vec<&[u8]> {
    message.sections.iter().map(|(_, bytes)| bytes.as_slice()).collect()
}

#[tokio::test]
async fn what_a_script_expects_of_a_server_is_read() {
    let Some(folder) = corpus("what_a_script_expects_of_a_server_is_read", "imaptest/tests") else { return };
    let (mut read_in_all, mut texts_in_all, mut wrong) = (0, 0, Vec::new());
    for path in scripts(&folder) {
        let name = path.strip_prefix(&folder).unwrap().display();
        for reply in replies(&std::fs::read(&path).unwrap()) {
            let said = String::from_utf8_lossy(&reply.wire).into_owned();
            let (responses, end) = responses(&[&reply.wire, END].concat(), Chunks::OneByte).await;
            if !is_hang_up(&end) || responses != [reply.wire.as_slice(), END] {
                wrong.push(format!("{name}: {said}: {end}"));
            }
            let reading = read(&reply.wire);
            if let Reading::Unread(what) = &reading {
                wrong.push(format!("{name}: {what}"));
            }
            read_in_all += usize::from(reading == Reading::Read);
            if let Some(Response::Data(Data::Fetch(message))) = Response::parse(&reply.wire) {
                for text in texts(&message) {
                    let is_stated = reply.literals.iter().any(|literal| literal == text)
                        || said.contains(&format!("\"{}\"", String::from_utf8_lossy(text)));
                    if !is_stated {
                        wrong.push(format!("{name}: {} is not in {said}", text.escape_ascii()));
                    }
                    texts_in_all += 1;
                }
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
    assert!(read_in_all >= 300 && texts_in_all >= 40, "{read_in_all} {texts_in_all}");
}

fn scripts(folder: &Path) -> Vec<std::path::PathBuf> {
    let is_script = |path: &std::path::PathBuf| path.extension().is_none_or(|extension| extension != "mbox");
    files(folder, "").into_iter().filter(is_script).collect()
}

/// The lines of an answer to SEARCH, THREAD and SORT are told apart: only the first is a list of numbers.
#[tokio::test]
async fn numbers_of_a_search_are_those_that_the_script_states() {
    let test = "numbers_of_a_search_are_those_that_the_script_states";
    let Some(folder) = corpus(test, "imaptest/tests") else { return };
    let mut searches = 0;
    for path in scripts(&folder) {
        for reply in replies(&std::fs::read(&path).unwrap()) {
            let text = String::from_utf8_lossy(&reply.wire).to_ascii_lowercase();
            let mut words = text.split_whitespace().skip(1);
            let is_search = words.next() == Some("search");
            let numbers: Vec<u32> =
                words.take_while(|word| !word.starts_with('(')).map_while(|word| word.parse().ok()).collect();
            match Response::parse(&reply.wire) {
                Some(Response::Data(Data::Search(found))) => {
                    assert!(is_search, "{text}");
                    assert_eq!(found, Some(numbers), "{text}");
                    searches += 1;
                }
                _ => assert!(!is_search, "{text}"),
            }
        }
    }
    assert!(searches >= 100, "{searches}");
}

#[tokio::test]
async fn an_envelope_is_what_the_script_states() {
    let Some(folder) = corpus("an_envelope_is_what_the_script_states", "imaptest/tests/") else { return };
    let replies = replies(&std::fs::read(folder.join("fetch-envelope")).unwrap());
    let envelopes: Vec<_> = replies
        .iter()
        .map(|reply| match Response::parse(&reply.wire) {
            Some(Response::Data(Data::Fetch(message))) => message.envelope.unwrap(),
            other => panic!("{other:?}"),
        })
        .collect();
    let text =
        |bytes: &Option<Vec<u8>>| bytes.as_ref().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let first = &envelopes[0];
    assert_eq!(text(&first.subject).as_deref(), Some("subject header"));
    assert_eq!(text(&first.date).as_deref(), Some("Thu, 15 Feb 2007 01:02:03 +0200"));
    assert_eq!(text(&first.in_reply_to).as_deref(), Some("<reply@to.id>"));
    assert_eq!(text(&first.message_id).as_deref(), Some("<msg@id>"));
    let fields = [&first.from, &first.sender, &first.reply_to, &first.to, &first.cc, &first.bcc];
    let expected = ["From Real", "Sender Real", "ReplyTo Real", "To Real", "Cc Real", "Bcc Real"];
    assert_eq!(fields.map(|field| text(&field[0].name).unwrap()), expected);
    // Two groups: each begins without a host and ends with neither.
    let group: Vec<_> =
        envelopes[3].to.iter().map(|address| (text(&address.mailbox), text(&address.host))).collect();
    let part = |mailbox: &str, host: Option<&str>| (Some(mailbox.to_owned()), host.map(str::to_owned));
    let expected = [
        part("group", None),
        part("g1", Some("d1.org")),
        part("g2", Some("d2.org")),
        (None, None),
        part("group2", None),
        part("g3", Some("d3.org")),
        (None, None),
    ];
    assert_eq!(group, expected);
}
