//! Protected header fields (RFC 9788, and what came before it): which count, and what the message is put together from.

use postseal_types::Address;

use super::Reason;
use crate::mime::{Header, Limits, Message, MimeError};
use crate::openpgp::same_mailbox;

/// The header fields that a reader acts on. Fields of the way, such as `Received`, belong outside.
const USER_FACING: [&str; 15] = [
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Bcc",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Followup-To",
    "Mail-Followup-To",
    "Mail-Reply-To",
    "Disposition-Notification-To",
];
const ADDRESSES: [&str; 6] = ["From", "Sender", "Reply-To", "To", "Cc", "Bcc"];
/// Where replies and receipts go. Where the From field is protected, an unprotected one of these is not taken from outside: it
/// could lead the answer, with the decrypted text in it, to somebody else.
const DIVERTING: [&str; 7] = [
    "Sender",
    "Reply-To",
    "Bcc",
    "Followup-To",
    "Mail-Followup-To",
    "Mail-Reply-To",
    "Disposition-Notification-To",
];
/// What programs put for the subject outside an encrypted message without saying so in `HP-Outer`.
const SUBJECT_STANDINS: [&str; 5] = ["...", "[...]", "…", "Encrypted Message", "Encrypted message"];

/// Which header fields of a message were protected together with its content.
///
/// Where a field is protected, [`Opened::message`](super::Opened::message) has that one, never the one from outside.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct HeaderVerdict {
    /// The names of the fields that were inside the protection.
    pub protected: Vec<String>,
    /// The names of the fields that a reader acts on, but that come from outside: anyone on the way could change them.
    pub unprotected: Vec<String>,
    /// The fields that say something else inside than outside.
    pub differing: Vec<DifferingHeader>,
    /// Whether the From address inside is another than outside.
    pub(super) moves_from: bool,
    /// Whether the sender says that the message was encrypted when it was made (`hp`, RFC 9788, section 2.1).
    pub(super) made_encrypted: Option<bool>,
}

/// A header field that says something else inside the protection than outside.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DifferingHeader {
    /// The name.
    pub name: String,
    /// What it says inside.
    pub protected: String,
    /// What it says outside.
    pub outside: String,
    /// Whether the sender wanted it so: an encrypted message has a stand-in for the subject outside.
    pub is_intended: bool,
}

impl HeaderVerdict {
    pub(super) fn reasons(&self) -> impl Iterator<Item = Reason> + '_ {
        let differing = self.differing.iter().filter(|header| !header.is_intended);
        let unprotected = (!self.unprotected.is_empty())
            .then(|| Reason::UnprotectedHeaders { names: self.unprotected.clone() });
        differing.map(|header| Reason::HeaderDiffers { name: header.name.clone() }).chain(unprotected)
    }

    /// The same where nothing proves what was inside: anyone could have written it.
    pub(super) fn unproven(mut self) -> Self {
        let protected = std::mem::take(&mut self.protected);
        let is_acted_on = |name: &String| USER_FACING.iter().any(|field| field.eq_ignore_ascii_case(name));
        self.unprotected.extend(protected.into_iter().filter(is_acted_on));
        self
    }

    /// What it is when no field is protected.
    pub(super) fn unprotected(message: &Message) -> Self {
        Self { unprotected: user_facing(message.headers()), ..Self::default() }
    }
}

/// How the content says that its header fields are those of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    /// It doesn't: its fields, but for `Content-…`, mean nothing.
    None,
    /// `protected-headers="v1"`, which came before RFC 9788: fields inside win, others are taken from outside.
    Legacy,
    /// `hp="clear"` or `hp="cipher"` (RFC 9788): what is not inside is not part of the message.
    HeaderProtection,
}

impl Scheme {
    fn of(payload: &Message) -> Self {
        let content_type = payload.root().content_type();
        if matches!(content_type.parameter("hp"), Some("clear" | "cipher")) {
            Self::HeaderProtection
        } else if content_type.parameter("protected-headers").is_some() {
            Self::Legacy
        } else {
            Self::None
        }
    }
}

/// What makes a message of its opened content.
#[derive(Debug)]
pub(super) enum Combination {
    /// Nothing: the content is all of it.
    Content,
    /// This header section in place of the first `replaced` octets of the content.
    Header { header: Vec<u8>, replaced: usize },
}

impl Combination {
    /// The message. Its body is that of the content, and is not copied.
    pub(super) fn complete(self, content: Message, limits: &Limits) -> Result<Message, MimeError> {
        let Self::Header { header, replaced } = self else { return Ok(content) };
        let mut bytes = content.into_bytes();
        bytes.splice(..replaced, header);
        Message::parse(bytes, limits)
    }
}

/// How a message is put together from its opened content and what stood outside, and what can be said about its fields.
pub(super) fn combine(
    outer: &Message,
    payload: &Message,
    is_encrypted: bool,
) -> (Combination, HeaderVerdict) {
    let scheme = Scheme::of(payload);
    let inner: Vec<_> = match scheme {
        Scheme::None => Vec::new(),
        _ => payload.headers().filter(|field| !is_structural(field) && !field.is("HP-Outer")).collect(),
    };
    let is_inside = |name: &str| inner.iter().any(|field| field.is(name));
    // Who is on the way would have the answer to what it could not read. Each name is looked at once, however many fields it has.
    let astray: Vec<&str> =
        DIVERTING.into_iter().filter(|name| is_encrypted && leads_away(outer, name)).collect();
    let (mut taken, mut led_away) = (Vec::new(), Vec::new());
    for field in outer.headers() {
        let diverts = DIVERTING.iter().any(|name| field.is(name));
        let is_taken = match scheme {
            Scheme::HeaderProtection => false,
            _ if is_content(&field) => false,
            Scheme::None => true,
            Scheme::Legacy => !(is_inside(field.name()) || diverts && is_inside("From")),
        };
        match astray.iter().find(|name| field.is(name)) {
            Some(name) if is_taken && !led_away.contains(name) => led_away.push(*name),
            None if is_taken => taken.push(field),
            _ => {}
        }
    }

    let announced = announced(payload);
    let mut verdict = HeaderVerdict { unprotected: user_facing(taken.iter().copied()), ..Default::default() };
    for field in &inner {
        if !verdict.protected.iter().any(|name| field.is(name)) {
            verdict.protected.push(field.name().to_owned());
            let announced = is_encrypted.then_some(announced.as_slice());
            verdict.differing.extend(difference(field.name(), outer, payload, announced));
        }
    }
    verdict.made_encrypted = match payload.root().content_type().parameter("hp") {
        Some("cipher") => Some(true),
        Some("clear") => Some(false),
        _ => None,
    };
    verdict.differing.extend(led_away.into_iter().map(|name| DifferingHeader {
        name: name.to_owned(),
        protected: String::new(),
        outside: values(outer, name).unwrap_or_default(),
        is_intended: false,
    }));
    // What a server could look at is the one From field outside, and that only where it can be read.
    let looks_like_one = |entry: &str| entry.contains(['@', '\u{ff20}', '\u{fe6b}', '<']);
    let is_plain = outer.headers().filter(|field| field.is("From")).count() == 1
        && !outer.from().invalid().any(looks_like_one);
    let is_same = addresses(outer, "From") == addresses(payload, "From");
    verdict.moves_from = is_inside("From") && !(is_plain && is_same);
    (combination(&taken, payload, scheme), verdict)
}

fn combination(taken: &[Header<'_>], payload: &Message, scheme: Scheme) -> Combination {
    let mut header = Vec::new();
    taken.iter().for_each(|field| write(&mut header, field));
    match scheme {
        Scheme::HeaderProtection => Combination::Content,
        Scheme::Legacy | Scheme::None => {
            // Field by field, since a byte order mark at the start of the content would spoil a field in the middle.
            let is_kept = |field: &Header<'_>| scheme == Scheme::Legacy || is_content(field);
            payload.headers().filter(is_kept).for_each(|field| write(&mut header, &field));
            header.extend_from_slice(b"\r\n");
            Combination::Header { header, replaced: payload.root().raw_header().len() }
        }
    }
}

fn write(bytes: &mut Vec<u8>, field: &Header<'_>) {
    bytes.extend_from_slice(field.name().as_bytes());
    bytes.push(b':');
    bytes.extend_from_slice(field.raw());
    bytes.extend_from_slice(b"\r\n");
}

fn is_content(field: &Header<'_>) -> bool {
    field.name().get(..8).is_some_and(|start| start.eq_ignore_ascii_case("Content-"))
}

/// RFC 9787, section 1.1.1.
fn is_structural(field: &Header<'_>) -> bool {
    is_content(field) || field.is("MIME-Version")
}

fn user_facing<'a>(fields: impl Iterator<Item = Header<'a>>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for field in fields.filter(|field| USER_FACING.iter().any(|name| field.is(name))) {
        if !names.iter().any(|name| field.is(name)) {
            names.push(field.name().to_owned());
        }
    }
    names
}

/// How a protected field differs from the one outside; `None` where it doesn't, or there is none outside.
fn difference(
    name: &str,
    outer: &Message,
    payload: &Message,
    announced: Option<&[(String, String)]>,
) -> Option<DifferingHeader> {
    let outside = values(outer, name)?;
    let protected = values(payload, name).unwrap_or_default();
    let is_address = ADDRESSES.iter().any(|field| field.eq_ignore_ascii_case(name));
    if outside == protected || (is_address && outer.addresses(name) == payload.addresses(name)) {
        return None;
    }
    let is_stand_in = name.eq_ignore_ascii_case("Subject") && SUBJECT_STANDINS.contains(&outside.as_str());
    let is_announced = |all: &[(String, String)]| {
        let said: Vec<_> = all.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name)).collect();
        let said: Vec<_> = said.into_iter().map(|(_, value)| value.as_str()).collect();
        !said.is_empty() && said.join("\n") == outside
    };
    let is_intended = announced.is_some_and(|all| is_stand_in || is_announced(all));
    Some(DifferingHeader { name: name.to_owned(), protected, outside, is_intended })
}

/// What the fields of that name say, on one line each.
fn values(message: &Message, name: &str) -> Option<String> {
    let values: Vec<_> =
        message.headers().filter(|field| field.is(name)).map(|f| spaced(&f.text())).collect();
    (!values.is_empty()).then(|| values.join("\n"))
}

/// What the sender says stands outside, each with its name (`HP-Outer`, RFC 9788, section 2.2).
fn announced(payload: &Message) -> Vec<(String, String)> {
    let said = payload.headers().filter(|field| field.is("HP-Outer")).filter_map(|field| {
        let text = field.text();
        let (field, value) = text.split_once(':')?;
        Some((field.trim().to_owned(), spaced(value)))
    });
    said.collect()
}

/// Whether a field outside names somebody else than its From field does. Who has got a copy is nobody to reply to.
fn leads_away(outer: &Message, name: &str) -> bool {
    let (named, senders) = (outer.addresses(name), addresses(outer, "From"));
    let is_sender = |to: &Address| senders.iter().any(|sender| same_mailbox(sender, to));
    let is_led = named.invalid().next().is_some() || !named.mailboxes().all(|to| is_sender(to.address()));
    is_led && !name.eq_ignore_ascii_case("Bcc")
}

fn addresses(message: &Message, name: &str) -> Vec<Address> {
    message.addresses(name).mailboxes().map(|mailbox| mailbox.address().clone()).collect()
}

fn spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
