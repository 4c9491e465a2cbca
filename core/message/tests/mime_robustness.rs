//! Mail of others, mail that was broken on purpose, and mail that was made to cost time: all of it is read or refused with a
//! typed error, and none of it panics.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "common/corpus.rs"]
mod corpus;
#[path = "common/dice.rs"]
mod dice;
#[path = "common/exercise.rs"]
mod exercise;
#[path = "common/mbox.rs"]
mod mbox;

use std::io::Write as _;
use std::time::{Duration, Instant, SystemTime};

use dice::Dice;
use postseal_message::mime::{
    Attachment, Boundaries, ContentType, Date, Draft, HeaderValue, Limits, Mailbox, MessageId,
};
use postseal_message::openpgp::Keyring;
use postseal_message::pgpmime::{OpenOptions, VerdictLevel, open};
use postseal_types::ErrorCode;

use exercise::exercise;

/// Without a key, a message opens as far as it is in the clear; or gives why it doesn't.
fn open_without_keys(bytes: &[u8]) -> Option<ErrorCode> {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
    let opened = match open(bytes, &Keyring::new(), &OpenOptions::default(), now) {
        Ok(opened) => opened,
        Err(error) => return Some(error.code()),
    };
    let verdict = &opened.verdict;
    assert!(verdict.level() <= VerdictLevel::Plain, "{:?} without a key", verdict.level());
    exercise(opened.message.as_bytes()).unwrap();
    None
}

/// Whether a message is at fault itself, or what is missing to open it.
fn is_theirs(code: ErrorCode) -> bool {
    use ErrorCode::{KeyMissing, LimitExceeded, Malformed, Refused, Tampered, Unsupported, WrongPassphrase};
    matches!(
        code,
        KeyMissing | LimitExceeded | Malformed | Refused | Tampered | Unsupported | WrongPassphrase
    )
}

/// A message that is larger than we take is no fault, but is to be seen. Those with a row in a table of `tests/vectors` must be within
/// the limits: the tests of those read them.
fn note_past_a_limit(file: &str) {
    // Past the capture of the test's output.
    _ = writeln!(std::io::stderr(), "past a limit: {file}");
}

#[test]
fn the_mail_of_others_opens() {
    for name in [
        "mime4j",
        "mimekit",
        "ruby-mail",
        "deltachat",
        "k9",
        "go-pgpmail",
        "rfc9788",
        "rpgp-vectors",
        "thunderbird-openpgp",
    ] {
        let Some(folder) = corpus::folder("the_mail_of_others_opens", name) else { continue };
        let mut mails = 0;
        for (file, bytes) in corpus::files(&folder).iter().flat_map(|path| mbox::messages(&folder, path)) {
            match exercise(&bytes) {
                Some(message) => mails += usize::from(message.headers().next().is_some()),
                None => note_past_a_limit(&format!("{name}/{file}")),
            }
            let outcome = open_without_keys(&bytes);
            assert!(outcome.is_none_or(is_theirs), "{name}/{file}: {outcome:?}");
        }
        assert!(mails > 0 || name == "go-pgpmail", "no mail in {name}");
    }
}

fn samples() -> Vec<Vec<u8>> {
    let date = Date::utc(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)).unwrap();
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
    let pieces = format!("--b\nContent-Disposition: x; {}\n\nx\n", "filename*0*=utf-8''%FF;".repeat(175));
    let fields = format!("--b\n{}\nx\n", "to:a@b,c\n".repeat(Limits::HEADERS));
    let related = format!("--b\nContent-Type: image/png\nContent-ID: <{}>\n\nx\n", "i".repeat(900));
    for (what, mail) in [
        ("encoded words without an end", header("Subject", "=?utf-8?q?a ")),
        ("starts of encoded words", header("Subject", "=?")),
        ("encoded words without an end, in addresses", header("From", "=?utf-8?q?a ")),
        ("starts of encoded words, in addresses", header("From", " =?")),
        ("starts of encoded words, in one atom of addresses", header("From", "a=?")),
        ("starts of encoded words beside each other, in addresses", header("From", "=?=?")),
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
        ("comments in a date", header("Date", "1(:")),
        ("colons in a date", header("Date", " : ")),
        ("encoded words in identifiers", header("References", "=?a?b?")),
        ("gaps in an address", header("To", "a . ")),
        ("recipients in many fields", "to:a@b,c\n".repeat(Limits::HEADERS)),
        ("a long type", header("Content-Type", "a*1=b;")),
        (
            "file names in pieces",
            format!("Content-Type: multipart/mixed; boundary=b\n\n{}", pieces.repeat(500)),
        ),
        (
            "fields in every part",
            format!("Content-Type: multipart/mixed; boundary=b\n\n{}", fields.repeat(400)),
        ),
        (
            "a root that is nowhere",
            format!(
                "Content-Type: multipart/related; boundary=b; start=j; type=k\n\n{}",
                related.repeat(900)
            ),
        ),
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
