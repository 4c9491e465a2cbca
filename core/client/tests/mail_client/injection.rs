//! Hostile texts in the fields of a draft, from the caller to the recorded wire: each is refused by type, or the message that the
//! server took has exactly the fields that it should have, and reads back as the very text.

use postseal::{Address, Attachment, ContentType, FieldError, HeaderName, Opened, message::mime::Text};

use super::*;

const HOSTILE: [&str; 20] = [
    "x\r\nBcc: eve@example.test",
    "x\nBcc: eve@example.test",
    "x\rBcc: eve@example.test",
    "x\r\n\r\nBody",
    "x\r\n.\r\nQUIT",
    "x\0y",
    "x\u{7f}y",
    "x\u{85}y",
    "x\u{2028}y",
    "x\"; filename=\"y",
    "\"",
    "x\\",
    "{5}",
    "<eve@example.test>",
    "Bob\" <eve@example.test>, \"x",
    "a, b: c; d (e) @f",
    "=?utf-8?q?x=0D=0ABcc:_eve@example.test?=",
    "--boundary",
    "From x",
    "ü \u{1f600}",
];

/// The first character of `text` that no field takes.
fn forbidden(text: &str) -> Option<FieldError> {
    let first = text.chars().find(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'));
    first.map(|character| FieldError::Forbidden { character })
}

/// What a field makes of `text`; insists on the exact error where it is to be refused.
fn admitted<T: std::fmt::Debug>(text: &str, outcome: Result<T, FieldError>) -> Option<T> {
    match (outcome, forbidden(text)) {
        (Ok(value), None) => Some(value),
        (Err(error), Some(expected)) => {
            assert_eq!(error, expected, "{text:?}");
            None
        }
        other => panic!("{text:?}: {other:?}"),
    }
}

/// The names of the header fields of a message, as they stand there.
fn field_names(message: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(message);
    let (header, _) = text.split_once("\r\n\r\n").unwrap();
    let lines = header.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
    lines.map(|line| line.split_once(':').unwrap().0.to_owned()).collect()
}

/// A text with its line ends all alike and none at its end, as a body may have them; other fields have none.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").trim_end().to_owned()
}

/// Whether `found` is a file name that came as `text`, with `_` for what must not stand in the name of a file. One that looks like an
/// encoded word is taken for one, since many programs write file names so.
fn is_made_safe(found: &str, text: &str) -> bool {
    if (found, text) == ("xBcc_ eve@example.test", "=?utf-8?q?x=0D=0ABcc:_eve@example.test?=") {
        return true;
    }
    let is_same =
        |(found, given): (char, char)| found == given || (found == '_' && "\"<>:\\|?*".contains(given));
    found.chars().count() == text.chars().count() && found.chars().zip(text.chars()).all(is_same)
}

/// Sends a draft as Alice to Bob; what the server took, and what Bob makes of it.
async fn carry(world: &World, draft: Draft, protection: Protection) -> (Vec<u8>, Opened) {
    let alice =
        world.client_with("alice", &["bob"], Protocol::Imap, |account| account.sent_copy(SentCopy::Never));
    let before = world.server.accepted().len();
    let report = alice.send(&draft.to(world.mailbox("bob")), protection).await.unwrap();
    assert!(report.is_sent_to_all(), "{report:?}");
    let mut accepted = world.server.accepted();
    assert_eq!(accepted.len(), before + 1, "one message, and no more");
    let accepted = accepted.pop().unwrap();
    assert_eq!(accepted.mail_from, "alice@example.test");
    let recipients: Vec<_> = accepted.recipients.iter().map(|to| to.address.as_str()).collect();
    assert_eq!(recipients, ["bob@example.test"]);
    let opened =
        world.client("bob", &["alice"], Protocol::Imap).open_bytes(accepted.bytes.clone()).await.unwrap();
    (accepted.bytes, opened)
}

/// A draft with `text` in one of its fields, and how to read it back.
type Case = (Draft, fn(&Opened) -> Option<String>);

fn attachment(file_name: &str) -> Result<Attachment, FieldError> {
    Attachment::named(file_name, ContentType::parse("text/plain")?, "data\r\n")
}

/// Every field that takes a text, with this one in it.
fn cases(world: &World, text: &str) -> Vec<Case> {
    let address = |text: &str| Address::parse(text).unwrap();
    let alice = |name| Mailbox::named(name, address("alice@example.test"));
    let date = Date::utc(SystemTime::now()).unwrap();
    let id = || MessageId::random("example.test").unwrap();
    let custom = |value| world.draft().header(HeaderName::parse("X-Custom").unwrap(), value);
    let from: fn(&Opened) -> Option<String> =
        |opened| opened.message.from().mailboxes().next().and_then(|from| from.name().map(str::to_owned));
    let mut cases: Vec<Case> = Vec::new();
    if let Some(subject) = admitted(text, HeaderValue::parse(text)) {
        cases.push((world.draft().subject(subject.clone()), |opened| opened.message.subject()));
        cases.push((custom(subject), |opened| opened.message.header("X-Custom").map(|field| field.text())));
    }
    if let Some(alice) = admitted(text, alice(text)) {
        cases.push((Draft::new(alice, date, id()).text("x"), from));
    }
    if let Some(attachment) = admitted(text, attachment(text)) {
        cases.push((world.draft().attach(attachment), |opened| {
            opened.message.attachments().next().and_then(|file| file.file_name().map(str::to_owned))
        }));
    }
    // The text of the body may hold anything.
    cases.push((world.draft().text(text), |opened| opened.message.text_body().map(Text::into_string)));
    cases
}

#[tokio::test]
async fn no_field_of_a_draft_adds_another() {
    bounded(async {
        // By DATA, whose end a message could forge.
        let world = World::with(Options::new().without(Protocol::Smtp, "CHUNKING")).await;
        for protection in [Protection::None, Protection::Sign] {
            let mut harmless = Vec::new();
            for (draft, read) in cases(&world, "harmless") {
                let (bytes, opened) = carry(&world, draft, protection).await;
                assert_eq!(read(&opened).map(|found| lines(&found)).as_deref(), Some("harmless"));
                harmless.push(field_names(&bytes));
            }
            for text in HOSTILE {
                let cases = cases(&world, text);
                let skipped = harmless.len() - cases.len();
                for ((draft, read), expected) in cases.into_iter().zip(&harmless[skipped..]) {
                    let (bytes, opened) = carry(&world, draft, protection).await;
                    assert_eq!(field_names(&bytes), *expected, "{text:?}");
                    let found = read(&opened).unwrap_or_default();
                    let is_same = lines(&found) == lines(text) || is_made_safe(&found, text);
                    assert!(is_same, "{text:?} {protection:?}: {found:?}");
                }
            }
        }
    })
    .await;
}

#[test]
fn names_and_identifiers_are_refused_by_type() {
    // RFC 5322, section 3.6.8: a name may have all that is printable, but for the colon.
    const TAKEN: [&str; 5] = ["\"", "x\\", "{5}", "<eve@example.test>", "--boundary"];
    for text in HOSTILE.into_iter().filter(|&text| !TAKEN.contains(&text)) {
        assert!(HeaderName::parse(text).is_err(), "{text:?}");
    }
    for text in TAKEN {
        assert_eq!(HeaderName::parse(text).unwrap().as_str(), text);
    }
    for text in HOSTILE {
        let id = MessageId::parse(&format!("x{text}@example.test"));
        match forbidden(text) {
            Some(_) => assert!(matches!(id, Err(FieldError::Forbidden { .. })), "{text:?}"),
            None => assert!(id.is_err() || !text.contains(['<', '>', ' ']), "{text:?}"),
        }
    }
}

#[tokio::test]
async fn an_odd_name_of_a_field_is_one_field() {
    bounded(async {
        let world = World::with(Options::new().without(Protocol::Smtp, "CHUNKING")).await;
        for name in ["\"", "x\\", "{5}", "<eve@example.test>", "--boundary"] {
            let field = HeaderName::parse(name).unwrap();
            let draft = world.draft().header(field, HeaderValue::parse("harmless").unwrap());
            let (bytes, opened) = carry(&world, draft, Protection::Sign).await;
            let (plain, _) = carry(&world, world.draft(), Protection::Sign).await;
            let mut expected = field_names(&plain);
            expected.push(name.to_owned());
            let mut found = field_names(&bytes);
            expected.sort();
            found.sort();
            assert_eq!(found, expected);
            assert_eq!(opened.message.header(name).map(|field| field.text()).as_deref(), Some("harmless"));
        }
    })
    .await;
}
