//! Messages: composed, and written by hand where no composer would.

use postseal_message::mime::{
    Attachment, Boundaries, ContentType, Date, Draft, HeaderName, HeaderValue, Mailbox, MessageId,
};

use super::Seed;
use crate::keys::now;
use crate::mail::{LETTER, LETTER_HTML};

/// All messages.
pub(super) fn composed() -> Vec<Seed> {
    let written = |name, draft: Draft| {
        Seed::new("mime", name, draft.to_bytes(&mut Boundaries::from_seed(*b"the same forever")))
    };
    let mut seeds = vec![
        written("plain", letter("alice", "bob")),
        written("html", letter("alice", "bob").html(LETTER_HTML)),
        written("attachments", with_files(letter("alice", "bob"))),
        written("fields", with_fields(letter("alice", "bob"))),
    ];
    seeds.extend(ODD.iter().map(|(name, text)| Seed::new("mime", name, *text)));
    seeds
}

/// The letter that all sealed mail holds, too.
pub(super) fn letter(from: &str, to: &str) -> Draft {
    let person = |name: &str| Mailbox::parse(&format!("{name} <{name}@example.test>")).unwrap();
    let id = MessageId::parse(&format!("<{from}@example.test>")).unwrap();
    Draft::new(person(from), Date::utc(now()).unwrap(), id)
        .to(person(to))
        .subject(HeaderValue::parse("Grüße aus Köln, 日本").unwrap())
        .text(format!("{LETTER}\n"))
}

pub(super) fn with_files(draft: Draft) -> Draft {
    let image = Attachment::new(ContentType::parse("image/png").unwrap(), b"\x89PNG");
    let image = image.unwrap().with_content_id(MessageId::parse("<logo@example.test>").unwrap());
    draft
        .html(LETTER_HTML)
        .inline(image)
        .attach(Attachment::named("日本.bin", ContentType::octet_stream(), vec![7; 100]).unwrap())
}

fn with_fields(draft: Draft) -> Draft {
    let id = |text| MessageId::parse(text).unwrap();
    draft
        .cc(Mailbox::parse("\"B, b\" <b@bücher.example>").unwrap())
        .reply_to(Mailbox::parse("c@example.test").unwrap())
        .in_reply_to(id("<2@example.test>"))
        .references(id("<1@example.test>"))
        .header(
            HeaderName::parse("X-Note").unwrap(),
            HeaderValue::parse("a long one ".repeat(20).trim()).unwrap(),
        )
}

/// What other programs write, and what they would not.
const ODD: &[(&str, &str)] = &[
    (
        "odd-addresses",
        "From me\nFrom: a@b (c (d) \"e\"), g: <h@i>, \"j\\\"k\" <l@m>;, =?utf-8?q?n=?= <o@p>\n\
         To: undisclosed-recipients:;\nCc: <@relay,@other:x@[127.0.0.1]>, \"\" <>, a b c@d\n\
         Date: Fri, 21 Nov 97 09:55:06 -0600 (x)\nReferences: <a@b> <c@\n d> e\n\nbody\n",
    ),
    (
        "odd-parameters",
        "Content-Type: multipart/digest; boundary*0=\"b\"; boundary*1*=%63; x*=''%41; y*1=z; y*0*=utf-8'en'%FF\n\n\
         --bc\n\nSubject: =?iso-2022-jp?B?GyRCJU8lbSE8GyhC?=\n\n=\n--bc\nContent-Type: message/rfc822\n\n\
         Content-Type: text/html; charset=utf-16\nContent-Transfer-Encoding: quoted-printable\n\n=FF=FEa=00=\n--bc--\n",
    ),
    (
        "odd-encodings",
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"a b\"\r\n\r\npreamble\r\n--a b\r\n\
         Content-Type: text/plain; charset=utf-7\r\nContent-Transfer-Encoding: base64\r\n\r\nK0FHRQ=\r\n--a b \r\n\
         Content-Type: text/plain; format=flowed; delsp=yes\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\n\
         begin 644 x\r\n#8V%T\r\n`\r\nend\r\n--a b\r\nContent-Type: application/pdf; name==?utf-8?b?w7Y=?=\r\n\
         Content-Disposition: attachment; filename*0*=utf-8''%C3; filename*1*=%B6; filename*2=../../a\r\n\r\n%PDF\r\n\
         --a b--\r\nepilogue\r\n",
    ),
    (
        "nested",
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/related; boundary=b1; start=\"<r>\"\n\n\
         --b1\nContent-Type: multipart/alternative; boundary=b2\n\n--b2\n\nplain\n--b2\nContent-Type: text/html\n\n<p>\n\
         --b2--\n--b1\nContent-Type: image/gif\nContent-ID: <r>\n\nGIF\n--b\nContent-Type: message/rfc822\n\n\
         Content-Type: message/rfc822\n\nSubject: inside\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nlast\n",
    ),
    ("no-header", "\r\nbody without a header\r\n"),
    ("only-header", "Subject: no body\r\nSubject: twice\r\nX:\r\nno colon\r\n folded\r\n"),
];
