//! Mail of others, mail that was broken on purpose, and mail that was made to cost time: all of it is read or refused with a
//! typed error, and none of it panics.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
// `eprintln!` is captured where a test passes, and a test that was skipped must say so.
#![allow(clippy::explicit_write)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use postseal_message::mime::{
    Attachment, Boundaries, ContentType, Date, Draft, HeaderValue, Limits, Mailbox, Message, MessageId, Part,
};

/// Asks a message for everything that it can be asked for, and checks what holds for any message.
fn exercise(bytes: &[u8]) -> Option<Message> {
    let message = Message::parse(bytes, &Limits::default()).ok()?;
    let _ = (message.from(), message.sender(), message.reply_to(), message.to(), message.cc());
    let _ = (message.date().map(|date| date.to_string()), message.subject(), message.message_id());
    let _ = (message.in_reply_to(), message.references());
    for part in message.parts() {
        check(&message, part);
    }
    for file in message.attachments().chain(message.inline_parts()) {
        let name = file.file_name().unwrap_or("x");
        assert!(
            !name.contains(['/', '\\', '\0', '\u{202e}']) && name != ".." && name.len() <= 255,
            "{name:?}"
        );
    }
    let own = message.parts().filter(|part| !is_inside_a_message(*part));
    let leaves =
        own.filter(|part| !part.content_type().is_multipart() || part.children().next().is_none()).count();
    let bodies = usize::from(message.text_body().is_some()) + usize::from(message.html_body().is_some());
    let shown = bodies + message.attachments().count() + message.inline_parts().count();
    assert_eq!(shown, leaves, "every leaf is body, inline part or attachment");
    Some(message)
}

fn check(message: &Message, part: Part<'_>) {
    assert_eq!(message.as_bytes().get(part.range()), Some(part.raw()));
    assert_eq!([part.raw_header(), part.raw_body()].concat(), part.raw());
    for child in part.children() {
        assert!(part.range().start <= child.range().start && child.range().end <= part.range().end);
        assert_eq!(child.parent().unwrap().range(), part.range());
    }
    let text = part.text();
    assert_eq!(text.fault().is_some(), text.raw().is_some());
    for header in part.headers() {
        assert!(!header.text().contains(['\r', '\n', '\0']));
    }
    let _ = format!("{part:?} {} {:?}", part.content_type(), part.disposition());
}

fn is_inside_a_message(part: Part<'_>) -> bool {
    std::iter::successors(part.parent(), |part| part.parent())
        .any(|above| !above.content_type().is_multipart())
}

/// The files of a corpus; `None`, with a line on stderr, where the corpora are not there.
fn corpus(test: &str, name: &str) -> Option<Vec<PathBuf>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora").join(name);
    if !root.is_dir() {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{test}: no corpus {name}");
        writeln!(std::io::stderr(), "skipped: {test}: no corpus {name} in ../shared/corpora").unwrap();
        return None;
    }
    let mut files = Vec::new();
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    Some(files)
}

#[test]
fn the_mail_of_others_opens() {
    for name in
        ["mime4j", "mimekit", "ruby-mail", "deltachat", "k9", "go-pgpmail", "rfc9788", "thunderbird-openpgp"]
    {
        let Some(files) = corpus("the_mail_of_others_opens", name) else { continue };
        let mut mails = 0;
        for path in files {
            let message = exercise(&std::fs::read(&path).unwrap());
            let message = message.unwrap_or_else(|| panic!("{} goes past a limit", path.display()));
            mails += usize::from(message.headers().next().is_some());
        }
        assert!(mails > 0 || name == "go-pgpmail", "no mail in {name}");
    }
}

/// The tree of parts: `b` for a leaf, `[…]` for a multipart, `(…)` for a message inside a message.
fn shape(part: Part<'_>) -> String {
    let inside: String = part.children().map(shape).collect();
    match (part.content_type().is_multipart(), inside.is_empty()) {
        (true, _) => format!("[{inside}]"),
        (false, true) => "b".to_owned(),
        (false, false) => format!("({inside})"),
    }
}

/// The same from mime4j's account of a message, an XML whose tags are never nested in text.
fn expected_shape(xml: &str) -> String {
    let mut shape = String::new();
    let mut depth = 0;
    for tag in xml.split('<').filter_map(|rest| rest.split_once('>')).map(|(tag, _)| tag) {
        match tag {
            "message" => {
                depth += 1;
                shape.push_str(if depth > 1 { "(" } else { "" });
            }
            "/message" => {
                shape.push_str(if depth > 1 { ")" } else { "" });
                depth -= 1;
            }
            "multipart" => shape.push('['),
            "/multipart" => shape.push(']'),
            "body" => shape.push('b'),
            _ => {}
        }
    }
    shape
}

#[test]
fn the_parts_are_those_that_mime4j_finds() {
    let Some(files) = corpus("the_parts_are_those_that_mime4j_finds", "mime4j") else { return };
    // An encoded message is data to us: it is not made of bytes of the message around it.
    let encoded = ["bad-newlines-multiple-parts-base64", "multi-2gifs-base64"];
    let mut compared = 0;
    for path in files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "msg")) {
        let Ok(xml) = std::fs::read(path.with_extension("xml")) else { continue };
        let message = Message::parse(std::fs::read(path).unwrap(), &Limits::default()).unwrap();
        let is_encoded = encoded.iter().any(|name| path.file_stem().is_some_and(|stem| stem == *name));
        let expected =
            if is_encoded { "b".to_owned() } else { expected_shape(&String::from_utf8_lossy(&xml)) };
        assert_eq!(shape(message.root()), expected, "{}", path.display());
        compared += 1;
    }
    assert!(compared >= 30, "only {compared} messages compared");
}

/// SplitMix64, so that a failure comes back the next time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides.max(1) as u64) as usize
    }
}

fn samples() -> Vec<Vec<u8>> {
    let date = Date::utc(std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)).unwrap();
    let logo = Attachment::new(ContentType::parse("image/png").unwrap(), b"\x89PNG").unwrap();
    let draft =
        Draft::new(Mailbox::parse("Ålice <a@example.test>").unwrap(), date, MessageId::parse("1@x").unwrap())
            .to(Mailbox::parse("\"B, b\" <b@bücher.example>").unwrap())
            .subject(HeaderValue::parse("Grüße aus Köln, 日本").unwrap())
            .text("text = ü\n")
            .html("<p>")
            .inline(logo.with_content_id(MessageId::parse("logo@x").unwrap()))
            .attach(Attachment::named("日本.bin", ContentType::octet_stream(), vec![7; 100]).unwrap());
    let odd = b"From me\nFrom: a@b (c (d) \"e\"), g: <h@i>, \"j\\\"k\" <l@m>;, =?utf-8?q?n=?= <o@p>\n\
        Date: Fri, 21 Nov 97 09:55:06 -0600 (x)\nReferences: <a@b> <c@\n d>\n\
        Content-Type: multipart/digest; boundary*0=\"b\"; boundary*1*=%63; x*=''%41; y*1=z; y*0*=utf-8'en'%FF\n\n\
        --bc\n\nSubject: =?iso-2022-jp?B?GyRCJU8lbSE8GyhC?=\n\n=\n--bc\n\
        Content-Type: message/rfc822\n\nContent-Type: text/html; charset=utf-16\n\
        Content-Transfer-Encoding: quoted-printable\n\n=FF=FEa=00=\n--bc--\n";
    vec![draft.to_bytes(&mut Boundaries::from_seed([1; 16])), odd.to_vec()]
}

/// Pieces that parsers trip over.
const SPLINTERS: [&[u8]; 16] = [
    b"\r\n", b"\n", b"\r", b"\0", b"--", b"=?", b"?=", b"=\n", b"\"", b"\\", b"(", b"<", b"*0*=", b"''",
    b";", b"\xff",
];

#[test]
fn broken_mail_does_not_panic() {
    let mut dice = Dice(1);
    for sample in samples() {
        assert!(exercise(&sample).is_some());
        for length in 0..sample.len() {
            exercise(&sample[..length]);
        }
        for _ in 0..4000 {
            let mut broken = sample.clone();
            for _ in 0..=dice.roll(4) {
                let at = dice.roll(broken.len());
                match dice.roll(4) {
                    0 => broken[at] = dice.roll(256) as u8,
                    1 => broken[at] ^= 1 << dice.roll(8),
                    2 => drop(broken.splice(at..at, SPLINTERS[dice.roll(SPLINTERS.len())].iter().copied())),
                    _ => drop(broken.drain(at..(at + dice.roll(40)).min(broken.len()))),
                }
                if broken.is_empty() {
                    break;
                }
            }
            exercise(&broken);
        }
    }
}

#[test]
fn broken_header_values_do_not_panic() {
    let mut dice = Dice(2);
    let words: [&[u8]; 24] = [
        b"a",
        b"@",
        b"<",
        b">",
        b"(",
        b")",
        b"\"",
        b"\\",
        b",",
        b";",
        b":",
        b"=?utf-8?q?",
        b"?=",
        b"=?x?b?",
        b"*",
        b"*0",
        b"*1*",
        b"=",
        b"%41",
        b"'",
        b" ",
        b"\r\n ",
        b"99999999999",
        b"\xc3",
    ];
    let names =
        ["From", "Content-Type", "Content-Disposition", "Date", "Subject", "References", "Content-ID"];
    for round in 0..20_000 {
        let mut bytes = format!("{}: ", names[round % names.len()]).into_bytes();
        if dice.roll(2) == 0 {
            bytes.extend_from_slice(b"text/plain; ");
        }
        for _ in 0..dice.roll(24) {
            bytes.extend_from_slice(words[dice.roll(words.len())]);
        }
        bytes.extend_from_slice(b"\r\n\r\nbody");
        exercise(&bytes);
    }
}

/// Each of these is as large as the limits allow and was made to cost more than its size. The deadline is far above what they
/// take, and far below what quadratic time would.
#[test]
fn mail_made_to_cost_time_does_not() {
    let header = |name: &str, unit: &str| {
        format!("{name}: {}", unit.repeat((Limits::HEADER_BYTES - 100) / unit.len()))
    };
    let deep =
        (0..Limits::DEPTH).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n"));
    let deep = deep.collect::<String>() + &"\n--b".repeat(2_000_000);
    let parameters = format!("--b\nContent-Type: text/plain; {}\n\nx\n", "a*1=b;".repeat(680));
    for (what, mail) in [
        ("encoded words without an end", header("Subject", "=?utf-8?q?a ")),
        ("starts of encoded words", header("Subject", "=?")),
        ("encoded words without an end, in addresses", header("From", "=?utf-8?q?a ")),
        ("starts of encoded words, in addresses", header("From", " =?")),
        ("base64 words without an end, in addresses", header("From", " =?a?b?")),
        ("comments", header("From", "(")),
        ("quotes", header("To", "\"\\")),
        ("atoms", header("To", "a ")),
        ("at signs", header("To", "@")),
        ("brackets, in addresses", header("To", "<>")),
        ("commas", header("To", "a@b.c,")),
        ("groups", header("To", "a:;")),
        ("brackets", header("References", "<")),
        ("identifiers", header("References", "<a>")),
        ("a long date", header("Date", "1 ")),
        ("a long type", header("Content-Type", "a*1=b;")),
        (
            "parameters in pieces",
            format!("Content-Type: multipart/mixed; boundary=b\n\n{}", parameters.repeat(900)),
        ),
        ("dashes at every depth", deep),
        (
            "soft line breaks",
            format!("Content-Transfer-Encoding: quoted-printable\n\n{}", "=\n".repeat(2_000_000)),
        ),
    ] {
        let start = Instant::now();
        let message = exercise(mail.as_bytes());
        assert!(message.is_some(), "{what} is within the limits");
        assert!(start.elapsed() < Duration::from_secs(10), "{what}: {:?}", start.elapsed());
    }
}
