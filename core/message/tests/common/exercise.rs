//! What holds for any message, whoever made it; for tests here and for the fuzz targets.

use postseal_message::mime::{Limits, Message, Part};

/// Asks a message for everything that it can be asked for, and checks what holds for any message.
pub(crate) fn exercise(bytes: &[u8]) -> Option<Message> {
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
