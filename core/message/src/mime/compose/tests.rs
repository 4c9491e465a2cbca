#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::time::{Duration, SystemTime};

use super::super::{
    Attachment, Boundaries, ContentType, Date, Draft, HeaderName, HeaderValue, Mailbox, MessageId,
};
use super::{Composed, HeaderProtection};

/// 2023-11-14 22:13:20 UTC.
const THEN: Duration = Duration::from_secs(1_700_000_000);

fn draft() -> Draft {
    let date = Date::new(SystemTime::UNIX_EPOCH + THEN, 60).unwrap();
    Draft::new(
        Mailbox::parse("Alice <alice@example.test>").unwrap(),
        date,
        MessageId::parse("1@example.test").unwrap(),
    )
    .to(Mailbox::parse("bob@example.test").unwrap())
    .subject(HeaderValue::parse("Hello").unwrap())
}

fn seed() -> Boundaries {
    Boundaries::from_seed(*b"0123456789abcdef")
}

/// The boundaries of [`seed`], in the order in which composing takes them: innermost first.
const B: [&str; 3] = [
    "=_a39fb8656b37f636ad7a481b0e242560",
    "=_49aa64539afa18cd7d97bcd76679f3fa",
    "=_7521f3d8be08e629575faf371b04c544",
];

fn composed(draft: &Draft) -> String {
    String::from_utf8(draft.to_bytes(&mut seed())).unwrap()
}

/// The header and the entity.
fn pieces(draft: &Draft, protection: HeaderProtection) -> (String, String) {
    let Composed { header, entity } = draft.compose(protection, &mut seed());
    (String::from_utf8(header).unwrap(), String::from_utf8(entity.to_bytes()).unwrap())
}

/// Lines, each with CRLF.
fn crlf(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("{line}\r\n")).collect()
}

const HEADER: [&str; 6] = [
    "Date: Tue, 14 Nov 2023 23:13:20 +0100",
    "From: Alice <alice@example.test>",
    "To: bob@example.test",
    "Message-ID: <1@example.test>",
    "Subject: Hello",
    "MIME-Version: 1.0",
];

fn png() -> Attachment {
    Attachment::new(ContentType::parse("image/png").unwrap(), b"\x89PNG").unwrap()
}

#[test]
fn a_plain_text_is_exactly_this() {
    let body =
        ["Content-Type: text/plain; charset=\"utf-8\"", "Content-Transfer-Encoding: 7bit", "", "Hi Bob"];
    assert_eq!(composed(&draft().text("Hi Bob\n")), crlf(&HEADER) + &crlf(&body));
    assert_eq!(composed(&draft()), crlf(&HEADER) + &crlf(&body[..3]));
}

#[test]
fn the_full_tree_is_exactly_this() {
    let draft = draft()
        .text("Hi")
        .html("<p>Hi <img src=\"cid:logo@example.test\">")
        .inline(png().with_content_id(MessageId::parse("logo@example.test").unwrap()))
        .attach(Attachment::named("Übersicht.bin", ContentType::octet_stream(), b"\0\r\n").unwrap());
    let [related, alternative, mixed] = B;
    let body = [
        "Content-Type: multipart/mixed; boundary=\"{mixed}\"",
        "",
        "--{mixed}",
        "Content-Type: multipart/alternative;",
        " boundary=\"{alternative}\"",
        "",
        "--{alternative}",
        "Content-Type: text/plain; charset=\"utf-8\"",
        "Content-Transfer-Encoding: 7bit",
        "",
        "Hi",
        "--{alternative}",
        "Content-Type: multipart/related; type=\"text/html\";",
        " boundary=\"{related}\"",
        "",
        "--{related}",
        "Content-Type: text/html; charset=\"utf-8\"",
        "Content-Transfer-Encoding: 7bit",
        "",
        "<p>Hi <img src=\"cid:logo@example.test\">",
        "--{related}",
        "Content-Type: image/png",
        "Content-Transfer-Encoding: base64",
        "Content-Disposition: inline",
        "Content-ID: <logo@example.test>",
        "",
        "iVBORw==",
        "",
        "--{related}--",
        "",
        "--{alternative}--",
        "",
        "--{mixed}",
        "Content-Type: application/octet-stream",
        "Content-Transfer-Encoding: base64",
        "Content-Disposition: attachment; filename*=UTF-8''%C3%9Cbersicht.bin",
        "",
        "AA0K",
        "",
        "--{mixed}--",
    ];
    let body = crlf(&body)
        .replace("{mixed}", mixed)
        .replace("{alternative}", alternative)
        .replace("{related}", related);
    assert_eq!(composed(&draft), crlf(&HEADER) + &body);
}

#[test]
fn a_bcc_changes_no_byte() {
    let eve = Mailbox::parse("Eve <eve@example.test>").unwrap();
    let draft = draft().text("Hi");
    assert_eq!(composed(&draft.clone().bcc(eve.clone())), composed(&draft));
    for protection in [HeaderProtection::Clear, HeaderProtection::Cipher] {
        assert_eq!(pieces(&draft.clone().bcc(eve.clone()), protection), pieces(&draft, protection));
    }
    assert_eq!(draft.bcc(eve.clone()).hidden_recipients().collect::<Vec<_>>(), [&eve]);
}

#[test]
fn every_field_has_its_place() {
    let mailbox = |text| Mailbox::parse(text).unwrap();
    let id = |text| MessageId::parse(text).unwrap();
    let value = |text| HeaderValue::parse(text).unwrap();
    let draft = draft()
        .to(mailbox("\"Builder, Bob\" <b@bücher.example>"))
        .cc(mailbox("Çelik <c@example.test>"))
        .reply_to(mailbox("list@example.test"))
        .in_reply_to(id("0@example.test"))
        .references(id("00@example.test"))
        .references(id("0@example.test"))
        .header(HeaderName::parse("X-Mailer").unwrap(), value("Postseal"))
        .header(HeaderName::parse("X-Empty").unwrap(), value(""));
    let header = [
        "Date: Tue, 14 Nov 2023 23:13:20 +0100",
        "From: Alice <alice@example.test>",
        "Reply-To: list@example.test",
        "To: bob@example.test, \"Builder, Bob\" <b@xn--bcher-kva.example>",
        "Cc: =?utf-8?Q?=C3=87elik?= <c@example.test>",
        "Message-ID: <1@example.test>",
        "In-Reply-To: <0@example.test>",
        "References: <00@example.test> <0@example.test>",
        "Subject: Hello",
        "X-Mailer: Postseal",
        "X-Empty:",
        "MIME-Version: 1.0",
    ];
    assert_eq!(pieces(&draft, HeaderProtection::None).0, crlf(&header));
}

#[test]
fn encrypted_headers_stand_inside_and_say_what_stands_outside() {
    let keywords = HeaderName::parse("Keywords").unwrap();
    let draft = draft().text("Hi").header(keywords, HeaderValue::parse("secret plan").unwrap());
    let outer = [
        "Date: Tue, 14 Nov 2023 23:13:20 +0100",
        "From: Alice <alice@example.test>",
        "To: bob@example.test",
        "Message-ID: <1@example.test>",
        "Subject: [...]",
        "MIME-Version: 1.0",
    ];
    let inner = [
        "Date: Tue, 14 Nov 2023 23:13:20 +0100",
        "From: Alice <alice@example.test>",
        "To: bob@example.test",
        "Message-ID: <1@example.test>",
        "Subject: Hello",
        "Keywords: secret plan",
        "HP-Outer: Date: Tue, 14 Nov 2023 23:13:20 +0100",
        "HP-Outer: From: Alice <alice@example.test>",
        "HP-Outer: To: bob@example.test",
        "HP-Outer: Message-ID: <1@example.test>",
        "HP-Outer: Subject: [...]",
        "Content-Type: text/plain; charset=\"utf-8\"; hp=\"cipher\"; protected-headers=\"v1\"",
        "Content-Transfer-Encoding: 7bit",
        "",
    ];
    assert_eq!(pieces(&draft, HeaderProtection::Cipher), (crlf(&outer), crlf(&inner) + "Hi"));
}

#[test]
fn signed_headers_stand_in_both_places() {
    let inner = [
        "Date: Tue, 14 Nov 2023 23:13:20 +0100",
        "From: Alice <alice@example.test>",
        "To: bob@example.test",
        "Message-ID: <1@example.test>",
        "Subject: Hello",
        "Content-Type: text/plain; charset=\"utf-8\"; hp=\"clear\"; protected-headers=\"v1\"",
        "Content-Transfer-Encoding: 7bit",
        "",
    ];
    let draft = draft().text("Hi");
    assert_eq!(pieces(&draft, HeaderProtection::Clear), (crlf(&HEADER), crlf(&inner) + "Hi"));
}

#[test]
fn an_entity_is_safe_to_sign_whatever_is_in_it() {
    let nasty = "From me \n trailing \t\n--=_\0\u{7f}ü\r\r\n.\n".repeat(40) + &"long ".repeat(400);
    let forwarded =
        |text: &str| Attachment::new(ContentType::parse("message/rfc822").unwrap(), text).unwrap();
    let draft = draft()
        .subject(HeaderValue::parse(&format!("  {} ", "sübject ".repeat(90))).unwrap())
        .text(&nasty)
        .html(&nasty)
        .header(HeaderName::parse("X-Empty").unwrap(), HeaderValue::default())
        .attach(
            Attachment::named(&"ü\"\\;".repeat(30), ContentType::octet_stream(), nasty.as_bytes()).unwrap(),
        )
        .attach(forwarded("Subject: ü\r\n\r\n8 bit"))
        .attach(forwarded("Subject: u\n\n7 bit"));
    for protection in [HeaderProtection::Clear, HeaderProtection::Cipher] {
        let (_, entity) = pieces(&draft, protection);
        for line in entity.split("\r\n") {
            assert!(line.len() <= 78, "{line:?}");
            assert!(!line.starts_with("From ") && !line.ends_with([' ', '\t']), "{line:?}");
            assert!(line.bytes().all(|b| b == b'\t' || (b' '..=b'~').contains(&b)), "{line:?}");
        }
        assert!(entity.contains("Content-Type: message/global\r\nContent-Transfer-Encoding: base64"));
        assert!(entity.contains("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit"));
    }
}

#[test]
fn what_is_shown_inside_without_a_cid_or_without_html_follows_the_body() {
    let logo = MessageId::parse("logo@example.test").unwrap();
    for draft in [
        draft().text("Hi").html("<p>Hi").inline(png()),
        draft().text("Hi").inline(png().with_content_id(logo)),
    ] {
        let message = composed(&draft);
        assert!(message.contains("Content-Type: multipart/mixed"), "{message}");
        assert!(message.contains("Content-Disposition: inline"), "{message}");
        assert!(!message.contains("multipart/related"), "{message}");
    }
}

#[test]
fn the_last_line_has_an_end() {
    for (text, end) in [("x", "\r\n\r\nx\r\n"), ("x\n", "\r\n\r\nx\r\n"), ("x\n\n", "\r\n\r\nx\r\n\r\n")] {
        let message = composed(&draft().text(text));
        assert!(message.ends_with(end), "{text:?}: {message:?}");
    }
}
