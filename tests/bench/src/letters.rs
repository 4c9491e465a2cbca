//! Drafts that are the same at each run, composed by ours.

use std::time::{Duration, SystemTime};

use postseal_message::mime::{
    Attachment, Boundaries, ContentType, Date, Draft, HeaderName, HeaderValue, Mailbox, MessageId,
};

use crate::Result;

/// The time of everything here.
pub(crate) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_750_000_000)
}

const PARAGRAPH: &str = "Hello Bob,\n\nthe meeting is moved to Thursday at ten. Please bring the numbers of last month, and \
    the draft of the contract\nthat we talked about.\n\nBest wishes\nAlice\n";

/// A letter from Alice to Bob: a text of `size` bytes, or a short text and a file of that size where that is large.
pub(crate) fn letter(size: usize) -> Result<Draft> {
    let draft = Draft::new(
        Mailbox::parse("Alice <alice@example.test>")?,
        Date::utc(now())?,
        MessageId::parse("<letter@example.test>")?,
    )
    .to(Mailbox::parse("Bob <bob@example.test>")?)
    .subject(HeaderValue::parse("The plan for next week")?);
    Ok(if size < 100_000 {
        draft.text(PARAGRAPH.chars().cycle().take(size).collect::<String>())
    } else {
        draft.text(PARAGRAPH).attach(file("archive.bin", "application/octet-stream", size, 0)?)
    })
}

/// `count` messages of the kinds that an inbox has: plain text, text beyond ASCII, HTML beside the text, images within it, files.
pub(crate) fn inbox(count: usize) -> impl Iterator<Item = Result<Vec<u8>>> {
    (0..count).map(message)
}

fn message(number: usize) -> Result<Vec<u8>> {
    let text = PARAGRAPH.repeat(1 + number % 7);
    let html = format!("<html><body><p>{}</p></body></html>", text.replace('\n', "<br>\n"));
    let draft = heading(number)?;
    let draft = match number % 5 {
        0 => draft.text(text),
        1 => draft.text(text.replace("Best wishes", "Schöne Grüße")),
        2 => draft.text(text).html(html),
        3 => draft
            .text(text)
            .html(html.replace("</body>", "<img src=\"cid:logo@example.test\"></body>"))
            .inline(
                file("logo.png", "image/png", 2_000 + number % 3_000, number)?
                    .with_content_id(MessageId::parse("<logo@example.test>")?),
            )
            .attach(file("Übersicht.pdf", "application/pdf", 5_000 + number % 20_000, number)?),
        _ => {
            draft.text(text).attach(file("report.pdf", "application/pdf", 10_000 + number % 30_000, number)?)
        }
    };
    let seed = u128::try_from(number)?.to_be_bytes();
    Ok(draft.to_bytes(&mut Boundaries::from_seed(seed)))
}

fn heading(number: usize) -> Result<Draft> {
    let subject = if number.is_multiple_of(3) {
        "Grüße aus Köln, Nummer"
    } else {
        "The plan for next week, version"
    };
    let date = Date::new(now() - Duration::from_secs(977 * u64::try_from(number)?), 60)?;
    Ok(Draft::new(
        Mailbox::parse(&format!("Alice Example {number} <alice{number}@example.test>"))?,
        date,
        MessageId::parse(&format!("<{number}.0123456789abcdef@example.test>"))?,
    )
    .to(Mailbox::parse("Bob Bücher <bob@example.test>")?)
    .cc(Mailbox::parse("\"Team, the\" <team@example.test>")?)
    .in_reply_to(MessageId::parse(&format!("<{}.0123456789abcdef@example.test>", number / 2))?)
    .references(MessageId::parse(&format!("<{}.0123456789abcdef@example.test>", number / 4))?)
    .references(MessageId::parse(&format!("<{}.0123456789abcdef@example.test>", number / 2))?)
    .header(HeaderName::parse("X-Mailer")?, HeaderValue::parse("Example 1.0")?)
    .subject(HeaderValue::parse(&format!("{subject} {number}"))?))
}

/// A file of bytes that look random.
fn file(name: &str, content_type: &str, size: usize, seed: usize) -> Result<Attachment> {
    let data = noise(size, seed as u64);
    Ok(Attachment::named(name, ContentType::parse(content_type)?, data)?)
}

/// Bytes that look random.
pub(crate) fn noise(size: usize, seed: u64) -> Vec<u8> {
    let mut state = 0x1234_5678_9abc_def1 ^ seed;
    let mut data = Vec::with_capacity(size + 8);
    while data.len() < size {
        // Marsaglia's xorshift.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        data.extend_from_slice(&state.to_le_bytes());
    }
    data.truncate(size);
    data
}
