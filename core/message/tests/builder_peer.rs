//! A writer that shares no code with ours: what mail-builder composes is read as it was meant.
#![allow(clippy::unwrap_used)]

use mail_builder::MessageBuilder;
use mail_builder::headers::address::{Address, EmailAddress};
use mail_builder::headers::content_type::ContentType;
use mail_builder::mime::MimePart;
use postseal_message::mime::{AddressList, Limits, Message, Part};

/// Texts that need each way of writing: plain, quoted, encoded, folded.
const TEXTS: [&str; 7] = [
    "plain",
    "with \"quotes\" and \\ and, commas; (brackets)",
    "Grüße aus Köln",
    "日本語の件名がとても長いので何行にも折り返されるはずです、そうでなければ困ります",
    "mixed: plain words, then ünïcödé, then plain words again, and long enough to be folded",
    "an equals = sign, a question? mark and an _underscore",
    "🦀 and more 🦀",
];

fn builder<'a>() -> MessageBuilder<'a> {
    MessageBuilder::new().from("alice@example.test").date(1_700_000_000_i64).message_id("1@example.test")
}

fn read(message: MessageBuilder<'_>) -> Message {
    Message::parse(message.write_to_vec().unwrap(), &Limits::default()).unwrap()
}

fn names_and_addresses(list: &AddressList) -> Vec<(Option<String>, String)> {
    assert_eq!(list.invalid().count(), 0, "{list:?}");
    list.mailboxes().map(|mailbox| (mailbox.name().map(str::to_owned), mailbox.address().to_wire())).collect()
}

#[test]
fn fields_arrive() {
    for text in TEXTS {
        let message = read(
            builder()
                .to(vec![(text, "bob@example.test"), ("Carol", "carol@example.test")])
                .cc(Address::new_group(
                    Some(text),
                    vec![Address::Address(EmailAddress { name: None, email: "dan@example.test".into() })],
                ))
                .references(vec!["a@example.test", "b@example.test"])
                .subject(text)
                .text_body("hi"),
        );
        assert_eq!(message.subject().as_deref(), Some(text));
        let to = [(text, "bob@example.test"), ("Carol", "carol@example.test")];
        let to = to.map(|(name, address)| (Some(name.to_owned()), address.to_owned()));
        assert_eq!(names_and_addresses(&message.to()), to);
        assert_eq!(names_and_addresses(&message.cc()), [(None, "dan@example.test".to_owned())]);
        let ids: Vec<_> = message.references().iter().map(|id| id.as_str().to_owned()).collect();
        assert_eq!(ids, ["a@example.test", "b@example.test"]);
        assert_eq!(message.date().unwrap().to_string(), "Tue, 14 Nov 2023 22:13:20 +0000");
    }
}

#[test]
fn bodies_and_files_arrive() {
    let all_octets: Vec<u8> = (0..=255).cycle().take(10_000).collect();
    for text in TEXTS {
        let body = format!("{text}\n.\nFrom here on\n{}\n", text.repeat(30));
        let message = read(
            builder()
                .text_body(body.replace('\n', "\r\n"))
                .html_body(format!("<p>{text}</p>"))
                .inline("image/png", "logo@example.test", &b"\x89PNG"[..])
                .attachment("application/octet-stream", text, all_octets.as_slice()),
        );
        assert_eq!(message.text_body().unwrap().as_str(), body);
        assert_eq!(message.html_body().unwrap().as_str(), format!("<p>{text}</p>"));
        // mail-builder has no multipart/related of its own, so the picture is a file like the other.
        let mut files = message.attachments();
        let (logo, file) = (files.next().unwrap(), files.next().unwrap());
        assert!(files.next().is_none() && message.inline_parts().next().is_none());
        assert_eq!(logo.content_id().map(ToString::to_string).as_deref(), Some("<logo@example.test>"));
        assert_eq!(logo.into_data(), b"\x89PNG");
        // What a person's disk can't take is made safe.
        let safe = text.replace(['"', '\\', '?', ':'], "_");
        assert_eq!(file.file_name().map(|name| name.replace(['"', '\\', '?', ':'], "_")), Some(safe));
        assert!(file.into_data() == all_octets);
    }
}

#[test]
fn trees_arrive() {
    let leaf = |text: &'static str| MimePart::new("text/plain", text);
    let signed = ContentType::new("multipart/signed").attribute("protocol", "application/x");
    let message = read(builder().body(MimePart::new(
        "multipart/mixed",
        vec![
            leaf("a"),
            MimePart::new("multipart/alternative", vec![leaf("b"), MimePart::new("text/html", "<p>c")]),
            MimePart::new("multipart/mixed", vec![MimePart::new(signed, vec![leaf("d")]), leaf("e")]),
        ],
    )));
    let texts: Vec<_> = message
        .parts()
        .filter(|part| part.children().next().is_none())
        .map(|part| part.text().into_string())
        .collect();
    assert_eq!(texts, ["a", "b", "<p>c", "d", "e"]);
    assert_eq!(shape(message.root()), "[b[bb][[b]b]]");
}

fn shape(part: Part<'_>) -> String {
    let inside: String = part.children().map(shape).collect();
    if inside.is_empty() { "b".to_owned() } else { format!("[{inside}]") }
}
