//! ENVELOPE and BODYSTRUCTURE (RFC 3501, section 7.4.2).

use super::parser::string;
use crate::mime::{Part, field, parameters, split_outside_quotes, unquoted};

/// The envelope of the message with this header.
pub(super) fn envelope(header: &[u8]) -> Vec<u8> {
    let text = |name: &str| nstring(field(header, name).as_deref());
    let people = |name: &str| field(header, name).map_or_else(nil, |field| addresses(&field));
    let from = people("From");
    let or_from =
        |name: &str| Some(people(name)).filter(|list| list != b"NIL").unwrap_or_else(|| from.clone());
    parenthesized(&[
        text("Date"),
        text("Subject"),
        from.clone(),
        or_from("Sender"),
        or_from("Reply-To"),
        people("To"),
        people("Cc"),
        people("Bcc"),
        text("In-Reply-To"),
        text("Message-ID"),
    ])
}

/// The body structure, with its extension data where asked for.
pub(super) fn body(part: &Part<'_>, extended: bool) -> Vec<u8> {
    if part.children.is_empty() { single(part, extended) } else { multiple(part, extended) }
}

fn multiple(part: &Part<'_>, extended: bool) -> Vec<u8> {
    let children: Vec<u8> = part.children.iter().flat_map(|child| body(child, extended)).collect();
    let mut items = vec![[children, b" ".to_vec(), string(part.kind.1.as_bytes())].concat()];
    if extended {
        items.push(params(&part.params));
        items.extend(extension(part));
    }
    parenthesized(&items)
}

fn single(part: &Part<'_>, extended: bool) -> Vec<u8> {
    let encoding = part.field("Content-Transfer-Encoding").unwrap_or_else(|| "7BIT".to_owned());
    let mut items = vec![
        string(part.kind.0.as_bytes()),
        string(part.kind.1.as_bytes()),
        params(&part.params),
        nstring(part.field("Content-ID").as_deref()),
        nstring(part.field("Content-Description").as_deref()),
        string(encoding.to_ascii_uppercase().as_bytes()),
        part.body.len().to_string().into_bytes(),
    ];
    let lines = part.body.windows(2).filter(|pair| *pair == b"\r\n").count().to_string().into_bytes();
    if let Some(message) = &part.message {
        items.extend([envelope(message.header), body(message, extended), lines]);
    } else if part.is("TEXT", None) {
        items.push(lines);
    }
    if extended {
        items.push(nstring(part.field("Content-MD5").as_deref()));
        items.extend(extension(part));
    }
    parenthesized(&items)
}

/// Disposition, language and location.
fn extension(part: &Part<'_>) -> [Vec<u8>; 3] {
    let disposition = part.field("Content-Disposition").map_or_else(nil, |field| {
        let (value, named) = parameters(&field);
        parenthesized(&[string(value.as_bytes()), params(&named)])
    });
    let language = part.field("Content-Language");
    [disposition, nstring(language.as_deref()), nstring(part.field("Content-Location").as_deref())]
}

fn params(params: &[(String, String)]) -> Vec<u8> {
    if params.is_empty() {
        return nil();
    }
    let words = params.iter().flat_map(|(name, value)| [string(name.as_bytes()), string(value.as_bytes())]);
    parenthesized(&words.collect::<Vec<_>>())
}

/// An address list (RFC 5322, section 3.4); groups are shown as RFC 3501 has them.
fn addresses(field: &str) -> Vec<u8> {
    let (mut shown, mut rest) = (Vec::new(), field.trim());
    while !rest.is_empty() {
        let is_group = |text: &&str| text.len() < rest.len() && !text.contains(['@', '<', ',']);
        if let Some(name) = split_outside_quotes(rest, ':').first().copied().filter(is_group) {
            let after = rest.get(name.len() + 1..).unwrap_or_default();
            let members = split_outside_quotes(after, ';').first().copied().unwrap_or_default();
            shown.extend(address([None, None, Some(&unquoted(name.trim())), None]));
            shown.extend(mailboxes(members));
            shown.extend(address([None; 4]));
            let tail = after.get(members.len() + 1..).unwrap_or_default();
            rest = tail.trim_start().trim_start_matches(',').trim_start();
        } else {
            let one = split_outside_quotes(rest, ',').first().copied().unwrap_or_default();
            shown.extend(mailboxes(one));
            rest = rest.get(one.len() + 1..).unwrap_or_default().trim_start();
        }
    }
    if shown.is_empty() { nil() } else { [b"(", shown.as_slice(), b")"].concat() }
}

fn mailboxes(list: &str) -> Vec<u8> {
    let texts = split_outside_quotes(list, ',').into_iter().map(str::trim).filter(|text| !text.is_empty());
    texts.flat_map(mailbox).collect()
}

/// `Name <local@domain>` or `local@domain (Name)`.
fn mailbox(text: &str) -> Vec<u8> {
    let (name, spec) = match text.rsplit_once('<') {
        Some((name, rest)) => (name.trim(), rest.split_once('>').map_or(rest, |(spec, _)| spec)),
        None => match text.split_once('(') {
            Some((spec, comment)) => (comment.trim_end_matches(')'), spec.trim()),
            None => ("", text),
        },
    };
    let (local, domain) = spec.rsplit_once('@').map_or((spec, None), |(local, domain)| (local, Some(domain)));
    let name = Some(unquoted(name)).filter(|name| !name.is_empty());
    address([name.as_deref(), None, Some(&unquoted(local)), domain])
}

/// Name, route, local part, domain.
fn address(parts: [Option<&str>; 4]) -> Vec<u8> {
    parenthesized(&parts.map(nstring))
}

fn parenthesized(items: &[Vec<u8>]) -> Vec<u8> {
    [b"(", items.join(&b' ').as_slice(), b")"].concat()
}

fn nstring(text: Option<&str>) -> Vec<u8> {
    text.map_or_else(nil, |text| string(text.as_bytes()))
}

fn nil() -> Vec<u8> {
    b"NIL".to_vec()
}
