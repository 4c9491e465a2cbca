#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::time::{Duration, SystemTime};

use super::super::{
    Attachment, Boundaries, ContentType, Date, Draft, HeaderName, HeaderValue, Mailbox, MessageId, MimeError,
};
use super::*;

fn parse(bytes: impl AsRef<[u8]>) -> Message {
    Message::parse(bytes.as_ref(), &Limits::default()).unwrap()
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::parse(text).unwrap()
}

fn id(text: &str) -> MessageId {
    MessageId::parse(text).unwrap()
}

fn mailbox(text: &str) -> Mailbox {
    Mailbox::parse(text).unwrap()
}

fn draft() -> Draft {
    let date = Date::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000), -90).unwrap();
    Draft::new(mailbox("Ålice <alice@example.test>"), date, id("1@example.test"))
}

fn round_trip(draft: &Draft) -> Message {
    parse(draft.to_bytes(&mut Boundaries::from_seed([1; 16])))
}

fn names(list: &AddressList) -> Vec<String> {
    assert_eq!(list.invalid().count(), 0);
    list.mailboxes().map(Mailbox::to_string).collect()
}

/// The type of each part and the number of parts right inside it.
fn shape(message: &Message) -> Vec<(String, usize)> {
    message.parts().map(|part| (part.content_type().essence().to_owned(), part.children().count())).collect()
}

#[test]
fn what_was_composed_is_read_back() {
    let pdf = Attachment::named(
        "Übersicht \"2024\".pdf",
        ContentType::parse("application/pdf").unwrap(),
        b"%PDF\0\r\n",
    );
    let logo = Attachment::new(ContentType::parse("image/png").unwrap(), b"\x89PNG").unwrap();
    let inner = b"Subject: inner\r\n\r\nattached text\r\n";
    let forwarded = Attachment::new(ContentType::parse("message/rfc822").unwrap(), inner).unwrap();
    let draft = draft()
        .to(mailbox("\"Builder, Bob\" <bob@example.test>"))
        .to(mailbox("=?x?= <carol@example.test>"))
        .cc(mailbox("\"Ünal \\\"Ü\\\"\" <ü@bücher.example>"))
        .reply_to(mailbox("list@example.test"))
        .subject(value("  Grüße,  =?utf-8?q?not?= encoded 👋 "))
        .in_reply_to(id("0@example.test"))
        .references(id("00@example.test"))
        .references(id("0@example.test"))
        .header(HeaderName::parse("X-Long").unwrap(), value(&"many words  here ".repeat(40)))
        .text("Hello\r\nFrom here on: ü = ü\n-- \nA")
        .html("<p>Hello <img src=\"cid:logo@x\">")
        .inline(logo.with_content_id(id("logo@x")))
        .attach(pdf.unwrap())
        .attach(forwarded);
    let message = round_trip(&draft);

    assert_eq!(names(&message.from()), ["Ålice <alice@example.test>"]);
    assert_eq!(names(&message.to()), ["Builder, Bob <bob@example.test>", "=?x?= <carol@example.test>"]);
    assert_eq!(names(&message.cc()), ["Ünal \"Ü\" <ü@xn--bcher-kva.example>"]);
    assert_eq!(names(&message.reply_to()), ["list@example.test"]);
    assert!(message.sender().is_empty());
    assert_eq!(message.date().unwrap().to_string(), "Tue, 14 Nov 2023 20:43:20 -0130");
    assert_eq!(message.subject().as_deref(), Some("  Grüße,  =?utf-8?q?not?= encoded 👋 "));
    assert_eq!(message.message_id(), Some(id("1@example.test")));
    assert_eq!(message.in_reply_to(), [id("0@example.test")]);
    assert_eq!(message.references(), [id("00@example.test"), id("0@example.test")]);
    assert_eq!(message.header("x-long").unwrap().text(), "many words  here ".repeat(40));

    assert_eq!(message.text_body().unwrap().as_str(), "Hello\nFrom here on: ü = ü\n-- \nA");
    assert_eq!(message.html_body().unwrap().as_str(), "<p>Hello <img src=\"cid:logo@x\">");
    let inline: Vec<_> = message.inline_parts().collect();
    assert_eq!(inline.len(), 1);
    assert_eq!((inline[0].content_id(), inline[0].data()), (Some(&id("logo@x")), &b"\x89PNG"[..]));
    let files: Vec<_> = message.attachments().collect();
    assert_eq!(files.len(), 2);
    assert_eq!(files[0].file_name(), Some("Übersicht _2024_.pdf"));
    assert_eq!((files[0].content_type().essence(), files[0].data()), ("application/pdf", &b"%PDF\0\r\n"[..]));
    assert_eq!((files[1].content_type().essence(), files[1].data()), ("message/rfc822", &inner[..]));
    let shape = shape(&message);
    let shape: Vec<_> = shape.iter().map(|(essence, children)| (essence.as_str(), *children)).collect();
    assert_eq!(
        shape,
        [
            ("multipart/mixed", 3),
            ("multipart/alternative", 2),
            ("text/plain", 0),
            ("multipart/related", 2),
            ("text/html", 0),
            ("image/png", 0),
            ("application/pdf", 0),
            ("message/rfc822", 1),
            ("text/plain", 0),
        ]
    );
}

#[test]
fn any_text_comes_back_as_it_was() {
    let texts = [
        "",
        "\n",
        "a",
        "a\n\n",
        " \t\n. \n..\n",
        "From \nFrom a\n>From",
        "=\n==3D\n=20",
        "\0\u{1}\u{7f}\u{feff}x",
    ];
    let long = [
        "x".repeat(5000),
        "ü ".repeat(3000),
        "日本語".repeat(999),
        "--=_\n--\n".repeat(99),
        "a \n".repeat(99),
    ];
    for text in texts.into_iter().map(str::to_owned).chain(long) {
        let message = round_trip(&draft().text(&text).html(&text));
        assert_eq!(message.text_body().unwrap().as_str(), text);
        assert_eq!(message.html_body().unwrap().as_str(), text);
        let subject = text.replace(|c: char| c.is_control(), "?");
        let message = round_trip(&draft().subject(value(&subject)));
        assert_eq!(message.subject(), Some(subject));
    }
}

#[test]
fn any_bytes_come_back_as_they_were() {
    for length in (0..200).chain([4095, 4096, 4097]) {
        let data: Vec<_> = (0..length).map(|n: usize| (n * 7 + length) as u8).collect();
        let file = Attachment::named("a.bin", ContentType::octet_stream(), data.clone()).unwrap();
        let message = round_trip(&draft().attach(file));
        assert_eq!(message.attachments().next().unwrap().into_data(), data);
    }
}

#[test]
fn a_protected_entity_is_a_message_of_its_own() {
    let draft = draft().subject(value("secret")).text("Hi");
    let protection = super::super::HeaderProtection::Cipher;
    let entity = parse(draft.compose(protection, &mut Boundaries::from_seed([1; 16])).entity.to_bytes());
    assert_eq!(entity.subject().as_deref(), Some("secret"));
    assert_eq!(entity.root().content_type().parameter("hp"), Some("cipher"));
    let outer: Vec<_> = entity.headers().filter(|h| h.is("hp-outer")).map(|h| h.text()).collect();
    assert!(outer.contains(&"Subject: [...]".to_owned()), "{outer:?}");
}

/// A message whose parts, each with its header, stand between boundaries `b`.
fn mixed(kind: &str, parts: &[&str]) -> Message {
    let parts: String = parts.iter().map(|part| format!("--b\r\n{part}\r\n")).collect();
    parse(format!("Content-Type: {kind}; boundary=b\r\n\r\n{parts}--b--\r\n"))
}

fn bodies(message: &Message) -> (Option<String>, Option<String>, Vec<String>) {
    let files = message.attachments().map(|file| String::from_utf8_lossy(file.data()).into_owned());
    (message.text_body().map(Text::into_string), message.html_body().map(Text::into_string), files.collect())
}

#[test]
fn every_part_is_shown_somewhere() {
    let plain = |text: &str| format!("Content-Type: text/plain\r\n\r\n{text}");
    let html = |text: &str| format!("Content-Type: text/html\r\n\r\n{text}");
    let some = |text: &str| Some(text.to_owned());
    let all = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    let named = "Content-Type: text/plain; name=notes.txt\r\n\r\nnotes";
    let attached = "Content-Disposition: ATTACHMENT\r\n\r\nfile";

    // Text that comes after the body is not lost, and HTML after text is no alternative to it.
    let message = mixed("multipart/mixed", &[&plain("1"), &html("2"), &plain("3")]);
    assert_eq!(bodies(&message), (some("1"), None, all(&["2", "3"])));
    let message =
        mixed("multipart/alternative", &[&plain("1"), &html("2"), "Content-Type: text/calendar\r\n\r\n3"]);
    assert_eq!(bodies(&message), (some("1"), some("2"), all(&["3"])));
    let message = mixed("multipart/mixed", &[attached, named, &html("1")]);
    assert_eq!(bodies(&message), (None, some("1"), all(&["file", "notes"])));
    let message =
        mixed("multipart/signed", &[&plain("1"), "Content-Type: application/pgp-signature\r\n\r\n2"]);
    assert_eq!(bodies(&message), (some("1"), None, all(&["2"])));
    let message =
        mixed("multipart/encrypted", &["Content-Type: application/pgp-encrypted\r\n\r\n1", &plain("2")]);
    assert_eq!(bodies(&message), (None, None, all(&["1", "2"])));
    let image = "Content-ID: <i>\r\nContent-Type: image/png\r\n\r\n";
    let message = mixed(
        "multipart/related; start=\"<r>\"",
        &[
            &format!("{image}1"),
            &format!("Content-ID: <r>\r\n{}", html("2")),
            "Content-Type: image/png\r\n\r\nno id",
        ],
    );
    assert_eq!(bodies(&message), (None, some("2"), all(&["no id"])));
    assert_eq!(message.inline_parts().map(Attachment::into_data).collect::<Vec<_>>(), [b"1"]);
    // Some programs put the root last, and name only its type.
    let message = mixed(
        "multipart/related; type=\"Text/HTML\"",
        &["Content-Type: image/png\r\n\r\n1", &html("2"), &html("3")],
    );
    assert_eq!(bodies(&message), (None, some("2"), all(&["1", "3"])));
    let message = mixed("multipart/related; type=text/html", &[&plain("1"), &html("2")]);
    assert_eq!(bodies(&message), (some("1"), None, all(&["2"])));
    // The text of an attached message is not the text of the message.
    let message =
        mixed("multipart/mixed", &["Content-Type: message/rfc822\r\n\r\nA: b\r\n\r\ninner", &plain("outer")]);
    assert_eq!(bodies(&message), (some("outer"), None, all(&["A: b\r\n\r\ninner"])));
    assert_eq!(bodies(&parse(named)), (some("notes"), None, vec![]));
    assert_eq!(
        bodies(&parse("Content-Type: multipart/mixed; boundary=b\r\n\r\nno delimiter")),
        (None, None, all(&["no delimiter"]))
    );
    // What no boundary can take apart is shown as it is.
    assert_eq!(
        bodies(&parse("Content-Type: multipart/mixed\r\n\r\nno boundary")),
        (some("no boundary"), None, vec![])
    );
}

#[test]
fn a_signed_part_is_found_to_the_byte() {
    let signed = "Content-Type: text/plain; charset=utf-8\r\n\r\nsigned text \r\n\r\n";
    let message = mixed(
        "multipart/signed; micalg=pgp-sha256; protocol=\"application/pgp-signature\"",
        &[signed, "Content-Type: application/pgp-signature\r\n\r\nsig"],
    );
    let root = message.root();
    assert_eq!(root.content_type().parameter("protocol"), Some("application/pgp-signature"));
    assert_eq!(root.content_type().parameter("MICALG"), Some("pgp-sha256"));
    let first = root.children().next().unwrap();
    assert_eq!(first.raw(), signed.as_bytes());
    assert_eq!(message.as_bytes().get(first.range()), Some(signed.as_bytes()));
    assert_eq!(first.raw_header(), b"Content-Type: text/plain; charset=utf-8\r\n\r\n");
    assert_eq!(first.raw_body(), b"signed text \r\n\r\n");
    assert_eq!(first.parent().unwrap().range(), 0..message.as_bytes().len());
    assert!(root.is_closed() && root.parent().is_none());
}

#[test]
fn file_names_come_in_many_forms() {
    for (parameters, name) in [
        ("filename=a.txt", "a.txt"),
        ("filename=This is a test.txt", "This is a test.txt"),
        ("filename=\"a \\\"b\\\".txt\"", "a _b_.txt"),
        ("filename=Maß.html", "Maß.html"),
        // RFC 2231: percent-encoded, in pieces, or both.
        ("filename*=utf-8''Ma%C3%9F.html", "Maß.html"),
        ("FILENAME*=UTF-8'de'Ma%c3%9f.html", "Maß.html"),
        ("filename*=windows-1251''%EF%F0%EE.htm", "про.htm"),
        ("filename*=cp1252''Best%E4tigung.pdf", "Bestätigung.pdf"),
        ("filename*=''a%20b.txt", "a b.txt"),
        ("filename*=\"utf-8''Ma%C3%9F.html\"", "Maß.html"),
        ("filename*=utf-8''a%zz%4", "a%zz%4"),
        ("filename*=utf-8''it's.txt", "it's.txt"),
        ("filename*0=\"a b\"; filename*1=c.txt", "a bc.txt"),
        ("filename*0*=utf-8''Ma%C3%9F; filename*1=\"%41.txt\"", "Maß%41.txt"),
        ("filename*0*=utf-8''Ma%C3; filename*1*=%9F.html", "Maß.html"),
        ("filename*1*=b.txt; filename*0*=utf-8''a", "ab.txt"),
        ("filename=fallback.txt; filename*=utf-8''Ma%C3%9F.html", "Maß.html"),
        ("filename*=utf-8''Ma%C3%9F.html; filename=fallback.txt", "Maß.html"),
        ("filename=fallback.txt; filename*0*=utf-8''Ma; filename*1*=%C3%9F.html", "Maß.html"),
        // Encoded words, which do not belong here, but are everywhere.
        ("filename=\"=?utf-8?q?Ma=C3=9F.html?=\"", "Maß.html"),
        ("filename==?utf-8?B?TWHDny5odG1s?=", "Maß.html"),
        ("filename=\"=?utf-8?q?Ma=C3?=\r\n =?utf-8?q?=9F.html?=\"", "Maß.html"),
        ("filename=\"a =?utf-8?q?=C3=9F?= b.txt\"", "a ß b.txt"),
        ("filename=\"=?utf-8?q?foo?=.bar\"", "foo.bar"),
        ("filename*=utf-8''%3D%3Futf-8%3Fq%3Fa%3F%3D", "=_utf-8_q_a_="),
    ] {
        let message = parse(format!("Content-Disposition: attachment; {parameters}\r\n\r\n"));
        assert_eq!(message.root().file_name(), Some(name), "{parameters}");
        let parameters = parameters.replace("FILENAME", "NAME").replace("filename", "name");
        let message = parse(format!("Content-Type: a/b; {parameters}\r\n\r\n"));
        assert_eq!(message.root().file_name(), Some(name), "{parameters}");
    }
}

#[test]
fn charsets_and_encodings_come_together() {
    let message = parse(b"Content-Type: text/plain; charset=\"ISO-8859-15\"\nContent-Transfer-Encoding: quoted-printable\n\n=A4=\n!\n");
    assert_eq!(message.text_body().unwrap().as_str(), "€!\n");
    let message = parse(b"Content-Type: text/plain; charset=iso-2022-kr\r\n\r\n\x1b$)C\x0e0!\x0f\r\n");
    let text = message.text_body().unwrap();
    assert_eq!((text.fault(), text.charset()), (Some(CharsetFault::Unknown), Some("iso-2022-kr")));
    assert_eq!(text.raw(), Some(&b"\x1b$)C\x0e0!\x0f\r\n"[..]));
}

#[test]
fn headers_are_all_there_in_order_and_raw() {
    let message = parse("A: 1\r\nb:  2\r\n 3\r\nA: =?utf-8?q?=C3=BC?=\r\n\r\n");
    let headers: Vec<_> = message.headers().map(|h| (h.name(), h.raw())).collect();
    assert_eq!(headers, [("A", &b" 1"[..]), ("b", b"  2\r\n 3"), ("A", b" =?utf-8?q?=C3=BC?=")]);
    assert_eq!(message.header("B").unwrap().text(), "2 3");
    assert_eq!(message.headers().filter(|h| h.is("a")).map(|h| h.text()).collect::<Vec<_>>(), ["1", "ü"]);
}

#[test]
fn message_ids_are_read_from_what_others_write() {
    let message =
        parse("In-Reply-To: <a@b>\r\nReferences: <a@b>\r\n\t<c@d>\r\nContent-ID: <e@f> (g)\r\n\r\n");
    assert_eq!((message.in_reply_to(), message.references()), (vec![id("a@b")], vec![id("a@b"), id("c@d")]));
    assert_eq!(message.root().content_id(), Some(&id("e@f")));
    assert_eq!(parse("Message-ID: <ü@b>\r\n\r\n").message_id(), None);
    assert_eq!(parse("x").message_id(), None);
}

#[test]
fn the_size_of_a_message_is_limited() {
    let limits = Limits { message_bytes: 10, ..Limits::default() };
    assert!(Message::parse(&[b'x'; 10], &limits).is_ok());
    let error = Message::parse(&[b'x'; 11], &limits).err();
    assert_eq!(error, Some(MimeError::MessageTooLong { bytes: 11, limit: 10 }));
}
