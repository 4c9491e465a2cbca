//! Whatever a caller puts into a field of a message stays in that field: it is refused with an error that names the character, or
//! it is written so that two readers, ours and mail-parser, give it back unchanged, and the header has not one line more.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "common/dice.rs"]
mod dice;
#[path = "injection/reader.rs"]
mod reader;

use std::time::{Duration, SystemTime};

use dice::Dice;
use postseal_message::mime::{
    Attachment, Boundaries, ContentType, Date, Draft, FieldError, HeaderName, HeaderValue, Limits, Mailbox,
    Message, MessageId, NewIdError, Part,
};
use postseal_message::openpgp::{KeyProfile, Keyring, SecretKey, UserId};
use postseal_message::pgpmime::{Protection, open, seal};
use postseal_types::Address;
use reader::{Read, ours, theirs, theirs_name};

/// What somebody would put into a field to get out of it.
const PIECES: [&str; 62] = [
    "\r",
    "\n",
    "\r\n",
    "\n\r",
    "\0",
    "\u{1b}[31m",
    "\u{7f}",
    "\u{b}",
    "\u{c}",
    "\u{85}",
    "\u{2028}",
    "\u{2029}",
    "\t",
    "\r\nBcc: eve@example.test",
    "\nBcc: eve@example.test\n\n",
    "\r\n\r\n<script>",
    "\r\n ",
    "\r\n.\r\n",
    "\n.\n",
    ".",
    "..",
    "From ",
    "\nFrom ",
    ">From ",
    "\"",
    "\\",
    "\\\"",
    "{",
    "}",
    "{5}",
    "{5+}\r\n",
    "<",
    ">",
    "<eve@example.test>",
    "(",
    ")",
    "[",
    "]",
    ",",
    ";",
    ":",
    "@",
    "=",
    "?",
    "=?",
    "?=",
    "=?utf-8?q?=0D=0ABcc:_eve?=",
    "=?utf-8?b?DQpCY2M6IGV2ZQ==?=",
    "=?utf-7?q?a?=",
    "=0D=0A",
    "%0d%0a",
    "; x=y",
    "*0*=utf-8''%0a",
    "--",
    "\n--=_",
    "\u{202e}",
    "\u{feff}",
    "\u{200b}",
    " ",
    "   ",
    "ü",
    "👩‍👩‍👧",
];

/// Every piece alone and between letters, and many of them together.
fn texts() -> impl Iterator<Item = String> {
    let alone =
        PIECES.iter().flat_map(|piece| [(*piece).to_owned(), format!("a{piece}b"), piece.repeat(300)]);
    let mut dice = Dice(3);
    let together = (0..1500).map(move |_| {
        let count = 1 + dice.roll(6);
        (0..count).map(|_| if dice.roll(3) == 0 { "word" } else { PIECES[dice.roll(PIECES.len())] }).collect()
    });
    alone.chain(together)
}

/// The first character that no field may hold.
fn control(text: &str) -> Option<FieldError> {
    let character = text.chars().find(|&c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))?;
    Some(FieldError::Forbidden { character })
}

fn alice() -> Address {
    Address::parse("alice@example.test").unwrap()
}

fn id(text: &str) -> MessageId {
    MessageId::parse(text).unwrap()
}

fn draft(from: Mailbox) -> Draft {
    let date = Date::utc(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)).unwrap();
    Draft::new(from, date, id("1@example.test"))
}

fn compose(draft: &Draft) -> Vec<u8> {
    draft.to_bytes(&mut Boundaries::from_seed([7; 16]))
}

/// The names of the fields in the header, which has to be lines of printable ASCII that end in CRLF.
#[track_caller]
fn fields(bytes: &[u8]) -> Vec<&str> {
    let text = str::from_utf8(bytes).unwrap();
    assert!(!text.replace("\r\n", "").contains(['\r', '\n', '\0']), "a bare line break in {text:?}");
    let (header, _) = text.split_once("\r\n\r\n").unwrap();
    let lines = header.split("\r\n");
    assert!(lines.clone().all(|line| line.len() <= 998 && !line.trim().is_empty()), "{header:?}");
    assert!(header.chars().all(|c| "\r\n".contains(c) || (' '..='~').contains(&c)), "{header:?}");
    lines.filter(|line| !line.starts_with([' ', '\t'])).map(|line| line.split(':').next().unwrap()).collect()
}

#[test]
fn a_control_character_is_refused_by_name() {
    for text in texts() {
        let Some(error) = control(&text) else { continue };
        assert_eq!(HeaderValue::parse(&text), Err(error.clone()), "{text:?}");
        assert_eq!(Mailbox::named(&text, alice()), Err(error.clone()), "{text:?}");
        assert_eq!(Mailbox::parse(&format!("{text} <a@example.test>")), Err(error.clone()), "{text:?}");
        assert_eq!(
            Attachment::named(&text, ContentType::octet_stream(), b""),
            Err(error.clone()),
            "{text:?}"
        );
        assert_eq!(ContentType::parse(&format!("text/plain; x=\"{text}\"")), Err(error.clone()), "{text:?}");
        assert!(Address::parse(&format!("{text}@example.test")).is_err(), "{text:?}");
        assert!(Address::parse(&format!("\"{text}\"@example.test")).is_err(), "{text:?}");
        assert!(Address::parse(&format!("a@{text}")).is_err(), "{text:?}");
    }
}

#[test]
fn names_and_identifiers_are_printable_ascii() {
    let first = |text: &str, is_refused: fn(char) -> bool| text.chars().find(|&c| is_refused(c));
    for text in texts() {
        let name = match first(&text, |c| !c.is_ascii_graphic() || c == ':') {
            Some(character) => Err(FieldError::Forbidden { character }),
            None if text.len() > 76 => Err(FieldError::TooLong { limit: 76 }),
            None => Ok(text.clone()),
        };
        assert_eq!(HeaderName::parse(&text).map(|name| name.to_string()), name, "{text:?}");
        let inner = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or(&text);
        let id = match first(inner, |c| !c.is_ascii_graphic() || "<>".contains(c)) {
            Some(character) => Err(FieldError::Forbidden { character }),
            None if inner.len() > 960 => Err(FieldError::TooLong { limit: 960 }),
            None => Ok(inner.to_owned()),
        };
        assert_eq!(MessageId::parse(&text).map(|id| id.as_str().to_owned()), id, "{text:?}");
    }
}

#[test]
fn a_text_comes_back_from_its_field_and_from_no_other() {
    let mut accepted = 0;
    for text in texts() {
        let Ok(value) = HeaderValue::parse(&text) else { continue };
        let named = |address: &str| Mailbox::named(&text, Address::parse(address).unwrap()).unwrap();
        let draft = draft(named("alice@example.test"))
            .reply_to(named("list@example.test"))
            .to(named("bob@example.test"))
            .to(named("carol@example.test"))
            .cc(named("dave@example.test"))
            .subject(value.clone())
            .header(HeaderName::parse("X-Test").unwrap(), value);
        let bytes = compose(&draft);
        let expected = [
            "Date",
            "From",
            "Reply-To",
            "To",
            "Cc",
            "Message-ID",
            "Subject",
            "X-Test",
            "MIME-Version",
            "Content-Type",
            "Content-Transfer-Encoding",
        ];
        assert_eq!(fields(&bytes), expected, "{text:?}");
        let name = Some(text.trim()).filter(|name| !name.is_empty());
        let read = |name: Option<&str>| Read {
            subject: text.clone(),
            header: text.clone(),
            mailboxes: ["alice", "list", "bob", "carol", "dave"]
                .map(|who| (name.map(str::to_owned), format!("{who}@example.test")))
                .to_vec(),
            ids: vec!["1@example.test".to_owned()],
            ..Read::default()
        };
        // A name whose letters run backwards over its address is shown without what makes them.
        let shown = name.map(|name| name.replace('\u{202e}', "")).filter(|name| !name.trim().is_empty());
        assert_eq!(ours(&bytes), read(shown.as_deref().map(str::trim)), "{text:?}");
        assert_eq!(theirs(&bytes), read(name), "{text:?}");
        accepted += 1;
    }
    assert!(accepted > 500, "{accepted}");
}

#[test]
fn an_address_stays_one_address() {
    let mut accepted = 0;
    for text in texts() {
        let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
        for address in [
            format!("{text}@example.test"),
            format!("\"{quoted}\"@example.test"),
            format!("a@{text}"),
            format!("a@{text}.test"),
            format!("a@[{text}]"),
        ] {
            let Ok(address) = Address::parse(&address) else { continue };
            let bytes =
                compose(&draft(address.clone().into()).to(Mailbox::named("Bob", address.clone()).unwrap()));
            assert_eq!(str::from_utf8(&bytes).unwrap().split("\r\n").count(), 9, "{address}");
            let both = |wire: String| vec![(None, wire.clone()), (Some("Bob".to_owned()), wire)];
            assert_eq!(ours(&bytes).mailboxes, both(address.to_wire()), "{address}");
            // mail-parser looks for comments and escapes in a quoted string.
            if !address.local().contains(['(', '\\']) {
                assert_eq!(theirs(&bytes).mailboxes, both(address.to_wire()), "{address}");
            }
            let named = UserId::new(None, &address).address();
            assert!(named.is_none_or(|named| named == address), "{address}");
            accepted += 1;
        }
    }
    assert!(accepted > 100, "{accepted}");
}

#[test]
fn a_mailbox_is_one_mailbox() {
    for text in texts().filter(|text| control(text).is_none()) {
        let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
        match Mailbox::parse(&format!("\"{quoted}\" <alice@example.test>")) {
            Ok(mailbox) => {
                assert_eq!(mailbox.address(), &alice(), "{text:?}");
                // An encoded word counts even between quotes.
                let name = mailbox.name().unwrap_or_default();
                assert!(name == text.trim() || text.contains("=?"), "{text:?}: {name:?}");
            }
            Err(error) => {
                assert!(
                    text.contains("=?") && matches!(error, FieldError::Forbidden { .. }),
                    "{text:?}: {error}"
                );
            }
        }
        if let Ok(mailbox) = Mailbox::parse(&format!("{text} <alice@example.test>")) {
            assert_eq!(mailbox.address(), &alice(), "{text:?}");
        }
    }
}

#[test]
fn a_date_is_one_line_and_read_back() {
    let mut dice = Dice(4);
    let mut accepted = 0;
    for _ in 0..2000 {
        let seconds = (1_u64 << dice.roll(60)) + dice.roll(1 << 20) as u64;
        let distance = Duration::from_secs(seconds);
        let time = if dice.roll(4) == 0 {
            SystemTime::UNIX_EPOCH.checked_sub(distance)
        } else {
            SystemTime::UNIX_EPOCH.checked_add(distance)
        };
        let offset = [0, 330, -1439, 1439, 1440, i16::MIN, i16::MAX][dice.roll(7)];
        let Some(time) = time else { continue };
        let Ok(date) = Date::new(time, offset) else { continue };
        let bytes = compose(&Draft::new(alice().into(), date, id("1@example.test")));
        assert_eq!(fields(&bytes)[..2], ["Date", "From"]);
        let message = Message::parse(&bytes, &Limits::default()).unwrap();
        assert_eq!(message.date(), Some(date), "{date}");
        let theirs =
            mail_parser::MessageParser::default().parse(&bytes).unwrap().date().unwrap().to_timestamp();
        let since = date.time().duration_since(SystemTime::UNIX_EPOCH);
        let ours =
            since.map_or_else(|before| -(before.duration().as_secs() as i64), |after| after.as_secs() as i64);
        assert_eq!(theirs, ours, "{date}");
        accepted += 1;
    }
    assert!(accepted > 500, "{accepted}");
}

#[test]
fn a_domain_ends_no_identifier() {
    for text in texts() {
        match (MessageId::random(&text), MessageId::parse(&format!("x@{text}"))) {
            (Ok(random), Ok(_)) => assert!(random.as_str().ends_with(&format!("@{text}")), "{text:?}"),
            (Err(NewIdError::Domain(random)), Err(parsed)) => assert_eq!(random, parsed, "{text:?}"),
            other => assert!(text.len() > 900, "{text:?}: {other:?}"),
        }
    }
}

#[test]
fn an_identifier_comes_back_wherever_it_stands() {
    let mut accepted = 0;
    for text in texts() {
        let Ok(id) = MessageId::parse(&text) else { continue };
        let date = Date::utc(SystemTime::UNIX_EPOCH).unwrap();
        let logo = Attachment::new(ContentType::parse("image/png").unwrap(), b"x").unwrap();
        let draft = Draft::new(alice().into(), date, id.clone())
            .in_reply_to(id.clone())
            .references(id.clone())
            .references(id.clone())
            .html("<p>")
            .inline(logo.with_content_id(id.clone()));
        let bytes = compose(&draft);
        let expected =
            ["Date", "From", "Message-ID", "In-Reply-To", "References", "MIME-Version", "Content-Type"];
        assert_eq!(fields(&bytes), expected, "{text:?}");
        for read in [ours(&bytes), theirs(&bytes)] {
            assert_eq!(read.ids, [id.as_str(); 4], "{text:?}");
            assert_eq!(read.files.iter().map(|file| file.id.as_str()).collect::<Vec<_>>(), [id.as_str()]);
        }
        accepted += 1;
    }
    assert!(accepted > 100, "{accepted}");
}

#[test]
fn a_file_name_is_neither_a_field_nor_another_parameter() {
    for text in texts().filter(|text| control(text).is_none()) {
        let file = Attachment::named(&text, ContentType::octet_stream(), b"data");
        let file = match file {
            Err(error) => {
                assert!(text.len() > 255, "{text:?}: {error}");
                continue;
            }
            Ok(file) => file,
        };
        let bytes = compose(&draft(alice().into()).text("text").attach(file));
        assert_eq!(
            fields(&bytes),
            ["Date", "From", "Message-ID", "MIME-Version", "Content-Type"],
            "{text:?}"
        );
        assert_eq!(theirs_name(&bytes), [("filename".to_owned(), text.clone())], "{text:?}");
        let message = Message::parse(&bytes, &Limits::default()).unwrap();
        let part = message.root().children().nth(1).unwrap();
        let names: Vec<_> = part.headers().map(|header| header.name()).collect();
        assert_eq!(names, ["Content-Type", "Content-Transfer-Encoding", "Content-Disposition"], "{text:?}");
        assert_eq!(part.decoded(), &b"data"[..]);
        // What a file system or a screen would trip over is gone from it; else it is the name that was given.
        let is_clean = text.chars().all(|c| !"/\\<>:\"|?*\u{202e}\u{feff}\u{200b}\u{200d}".contains(c));
        let expected = text.trim_matches(['.', ' ']);
        if is_clean && !text.contains("=?") {
            assert_eq!(part.file_name().unwrap_or_default(), expected, "{text:?}");
        }
    }
}

#[test]
fn a_parameter_is_not_another() {
    let mut accepted = 0;
    for text in texts().filter(|text| control(text).is_none()) {
        let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
        let Ok(kind) = ContentType::parse(&format!("Image/X-Test; a=\"{quoted}\"; b=c")) else { continue };
        assert_eq!(kind.essence(), "image/x-test");
        let given = [("a".to_owned(), text.clone()), ("b".to_owned(), "c".to_owned())];
        let bytes = compose(&draft(alice().into()).attach(Attachment::new(kind, b"data").unwrap()));
        for read in [ours(&bytes), theirs(&bytes)] {
            assert_eq!(read.files.len(), 1, "{text:?}");
            assert_eq!(read.files[0].parameters, given, "{text:?}");
        }
        accepted += 1;
    }
    assert!(accepted > 500, "{accepted}");
    for text in texts() {
        let kind = ContentType::parse(&format!("image/{text}"));
        assert!(kind.is_err() || kind.is_ok_and(|kind| kind.essence().bytes().all(|b| b.is_ascii_graphic())));
    }
}

#[test]
fn what_came_with_a_strangers_file_is_passed_on_safely() {
    let long = "n".repeat(5000);
    let parameters = [
        "a*=utf-8''%0d%0aBcc:%20eve%40example.test%0d%0a%0d%0a".to_owned(),
        "b*=utf-8''%00%e2%80%a8%22%5c; name*=utf-8''..%2f%0a%22.txt".to_owned(),
        format!("{long}=x; c={long}"),
        format!("c*0*=utf-8''{}; c*1={long}; d\u{7f}e=f; ü=g", "%C3%BC".repeat(999)),
        "boundary=\"=_b\"; charset=utf-8; c=\"=?utf-8?q?=0D=0A?=\"".to_owned(),
    ];
    for parameters in parameters {
        for kind in ["text/plain", "application/x", &format!("{long}/x"), "x", "message/rfc822"] {
            let part = format!("Content-Type: {kind}; {parameters}\r\nContent-ID: <i@x>\r\n\r\ndata");
            let received = format!(
                "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\n\r\n--x\r\n{part}\r\n--x--"
            );
            let received = Message::parse(received.as_bytes(), &Limits::default()).unwrap();
            let file = received.attachments().next().unwrap();
            let bytes = compose(&draft(alice().into()).text("text").attach(file.clone()));
            assert_eq!(fields(&bytes), ["Date", "From", "Message-ID", "MIME-Version", "Content-Type"]);
            assert!(bytes.split(|&b| b == b'\n').all(|line| line.len() <= 998), "{kind}; {parameters}");
            let sent = Message::parse(&bytes, &Limits::default()).unwrap();
            let part = sent.root().children().nth(1).unwrap();
            let names: Vec<_> = part.headers().map(|header| header.name()).collect();
            assert_eq!(names[..2], ["Content-Type", "Content-Transfer-Encoding"], "{kind}; {parameters}");
            assert!(names[2..].iter().all(|name| ["Content-Disposition", "Content-ID"].contains(name)));
            assert_eq!((part.decoded().as_ref(), part.file_name()), (&b"data"[..], file.file_name()));
        }
    }
}

#[test]
fn a_body_comes_back_and_nothing_of_it_is_a_field_or_a_boundary() {
    for text in texts() {
        let data = text.as_bytes();
        let file = Attachment::new(ContentType::octet_stream(), data).unwrap();
        let message = Attachment::new(ContentType::parse("message/rfc822").unwrap(), data).unwrap();
        let bytes = compose(&draft(alice().into()).text(&text).html(&text).attach(file).attach(message));
        assert_eq!(
            fields(&bytes),
            ["Date", "From", "Message-ID", "MIME-Version", "Content-Type"],
            "{text:?}"
        );
        assert!(bytes.split(|&b| b == b'\n').all(|line| !line.starts_with(b"From ")), "{text:?}");
        let lines = text.replace("\r\n", "\n").replace('\r', "\n");
        // A byte order mark at the start is not taken for text.
        let lines = lines.strip_prefix('\u{feff}').unwrap_or(&lines);
        let read = ours(&bytes);
        assert_eq!((read.text.as_str(), read.html.as_str()), (lines, lines), "{text:?}");
        assert_eq!(read.files.len(), 2, "{text:?}");
        assert_eq!(read.files[0].data, data, "{text:?}");
        let read = theirs(&bytes);
        let without_marks = |text: &str| text.trim_start_matches('\u{feff}').to_owned();
        assert_eq!(without_marks(&read.text), without_marks(lines), "{text:?}");
        assert_eq!(without_marks(&read.html), without_marks(lines), "{text:?}");
        assert_eq!((read.files.len(), read.files[0].data.as_slice()), (2, data), "{text:?}");
    }
}

#[test]
fn a_boundary_that_was_guessed_separates_nothing() {
    let composed = |text: &str| {
        let kind = ContentType::parse("message/rfc822").unwrap();
        let draft = draft(alice().into()).text(text).html(text);
        let draft = draft.attach(Attachment::new(kind, format!("A: b\r\n\r\n{text}")).unwrap());
        Message::parse(compose(&draft), &Limits::default()).unwrap()
    };
    let boundaries = |message: &Message| -> Vec<String> {
        let of = |part: Part<'_>| part.content_type().parameter("boundary").map(str::to_owned);
        message.parts().filter_map(of).collect()
    };
    let harmless = composed("text");
    let guessed = boundaries(&harmless);
    assert_eq!(guessed.len(), 2);
    let text: String =
        guessed.iter().map(|boundary| format!("--{boundary}\r\n\r\n--{boundary}--\r\n")).collect();
    let hostile = composed(&text);
    let tree = |message: &Message| -> Vec<_> {
        message
            .parts()
            .map(|part| (part.content_type().essence().to_owned(), part.children().count()))
            .collect()
    };
    assert_eq!(tree(&hostile), tree(&harmless));
    assert!(boundaries(&hostile).iter().all(|boundary| !text.contains(boundary.as_str())));
}

#[test]
fn a_user_id_names_the_address_that_was_given() {
    for text in texts() {
        let user_id = UserId::new(Some(&text), &alice());
        let shown = user_id.as_str();
        assert!(shown.ends_with("<alice@example.test>") && !shown.contains(char::is_control), "{shown:?}");
        assert_eq!(shown.matches(['<', '>']).count(), 2, "{shown:?}");
        assert_eq!(user_id.address(), Some(alice()), "{shown:?}");
    }
}

/// What is sealed has the fields twice: outside, and protected inside.
#[test]
fn a_sealed_message_keeps_its_fields_apart() {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let (key, _) = SecretKey::generate(KeyProfile::Modern, &UserId::new(None, &alice()), None, now).unwrap();
    let mut keyring = Keyring::new();
    keyring.add_secret_key(key);
    let accepted = texts().filter_map(|text| Some((HeaderValue::parse(&text).ok()?, text)));
    for (value, text) in accepted.step_by(20) {
        let draft = draft(Mailbox::named(&text, alice()).unwrap()).to(alice().into()).subject(value.clone());
        let draft = draft.header(HeaderName::parse("X-Test").unwrap(), value).text(&text);
        for protection in [Protection::Sign, Protection::SignAndEncrypt] {
            let sealed = seal(&draft, protection, &keyring, &Default::default(), now).unwrap();
            let bytes = &sealed.copies[0].bytes;
            let expected =
                ["Date", "From", "To", "Message-ID", "Subject", "X-Test", "MIME-Version", "Content-Type"];
            assert_eq!(fields(bytes), expected, "{text:?}");
            let message = open(bytes, &keyring, &Default::default(), now).unwrap().message;
            assert_eq!(message.subject().as_deref(), Some(text.as_str()));
            assert_eq!(message.header("X-Test").unwrap().text(), text);
            assert_eq!(message.from().mailboxes().map(Mailbox::address).collect::<Vec<_>>(), [&alice()]);
        }
    }
}
