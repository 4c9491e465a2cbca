//! The arguments of MAIL and RCPT.

use super::session::Session;
use crate::options::Protocol;

/// `<address>` and the parameters behind it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Path {
    pub(super) address: String,
    pub(super) params: Vec<String>,
}

/// A refusal: code, enhanced code, text.
pub(super) type Refusal = (u16, &'static str, &'static str);

const SYNTAX: Refusal = (501, "5.5.4", "syntax: FROM:<address> or TO:<address>, then parameters");
const UNKNOWN_PARAMETER: Refusal = (555, "5.5.4", "unknown or unsupported parameter");

/// Parses `FROM:<address> params…` (with `keyword` = `FROM:`).
pub(super) fn parse(argument: &[u8], keyword: &str) -> Result<Path, Refusal> {
    let text = std::str::from_utf8(argument).map_err(|_| SYNTAX)?;
    let (head, rest) = text.split_at_checked(keyword.len()).ok_or(SYNTAX)?;
    if !head.eq_ignore_ascii_case(keyword) {
        return Err(SYNTAX);
    }
    let inner = rest.strip_prefix('<').ok_or(SYNTAX)?;
    let (address, params) = inner.split_at_checked(closing_bracket(inner).ok_or(SYNTAX)?).ok_or(SYNTAX)?;
    let params = params.strip_prefix('>').ok_or(SYNTAX)?;
    if !params.is_empty() && !params.starts_with(' ') {
        return Err(SYNTAX);
    }
    if address.contains(|c: char| c.is_control()) || (!address.is_empty() && !address.contains('@')) {
        return Err(SYNTAX);
    }
    Ok(Path { address: address.to_owned(), params: params.split_whitespace().map(str::to_owned).collect() })
}

/// Where the path ends: the first `>` outside a quoted local part.
fn closing_bracket(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '>' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

/// Checks the parameters of MAIL against what the server offers.
pub(super) fn check_mail(path: &Path, session: &Session<'_>) -> Result<(), Refusal> {
    for param in &path.params {
        let (name, value) = param.split_once('=').unwrap_or((param, ""));
        let (extension, fine) = match name.to_ascii_uppercase().as_str() {
            "SIZE" => ("SIZE", value.parse::<usize>().is_ok()),
            "BODY" => ("8BITMIME", matches!(value.to_ascii_uppercase().as_str(), "7BIT" | "8BITMIME")),
            "SMTPUTF8" => ("SMTPUTF8", value.is_empty()),
            "RET" => ("DSN", matches!(value.to_ascii_uppercase().as_str(), "FULL" | "HDRS")),
            "ENVID" => ("DSN", is_xtext(value)),
            "AUTH" => ("AUTH=PLAIN", is_xtext(value)),
            _ => return Err(UNKNOWN_PARAMETER),
        };
        if !session.offers(extension) {
            return Err(UNKNOWN_PARAMETER);
        }
        if !fine {
            return Err((501, "5.5.4", "bad parameter value"));
        }
    }
    let size = value(&path.params, "SIZE").and_then(|size| size.parse().ok()).unwrap_or(0);
    if size > session.shared.options.max_message {
        return Err((552, "5.3.4", "message size exceeds the fixed limit"));
    }
    check_characters(path, has(&path.params, "SMTPUTF8"))
}

/// Checks the parameters of RCPT against what the server offers.
pub(super) fn check_rcpt(path: &Path, utf8: bool, session: &Session<'_>) -> Result<(), Refusal> {
    for param in &path.params {
        let (name, value) = param.split_once('=').unwrap_or((param, ""));
        let fine = match name.to_ascii_uppercase().as_str() {
            "NOTIFY" => is_notify(value),
            "ORCPT" => {
                value.split_once(';').is_some_and(|(kind, address)| !kind.is_empty() && is_xtext(address))
            }
            _ => return Err(UNKNOWN_PARAMETER),
        };
        if !session.offers("DSN") {
            return Err(UNKNOWN_PARAMETER);
        }
        if !fine {
            return Err((501, "5.5.4", "bad parameter value"));
        }
    }
    check_characters(path, utf8)?;
    if path.address.is_empty() {
        return Err(SYNTAX);
    }
    let known = session.shared.store.read(&path.address, |_| ()).is_some();
    if known || session.shared.options.relay {
        return Ok(());
    }
    Err((550, "5.1.1", "no such user here"))
}

/// The value of the parameter `name`.
pub(super) fn value<'a>(params: &'a [String], name: &str) -> Option<&'a str> {
    let split = params.iter().filter_map(|param| param.split_once('='));
    split.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
}

/// Whether the parameter `name` is there without a value.
pub(super) fn has(params: &[String], name: &str) -> bool {
    params.iter().any(|param| param.eq_ignore_ascii_case(name))
}

fn check_characters(path: &Path, utf8: bool) -> Result<(), Refusal> {
    if path.address.is_ascii() || utf8 {
        Ok(())
    } else {
        Err((553, "5.6.7", "non-ASCII address without SMTPUTF8"))
    }
}

/// `NEVER`, or a list of the others (RFC 3461, section 4.1).
fn is_notify(value: &str) -> bool {
    let upper = value.to_ascii_uppercase();
    upper == "NEVER" || upper.split(',').all(|word| matches!(word, "SUCCESS" | "FAILURE" | "DELAY"))
}

/// `xtext` (RFC 3461, section 4), or its UTF-8 form, which an address in ORCPT may take (RFC 6533).
fn is_xtext(value: &str) -> bool {
    let hex = |byte: Option<u8>| byte.is_some_and(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b));
    let mut bytes = value.bytes();
    while let Some(byte) = bytes.next() {
        let fine = match byte {
            b'+' => hex(bytes.next()) && hex(bytes.next()),
            b'=' | ..=b' ' | 0x7f => false,
            _ => true,
        };
        if !fine {
            return false;
        }
    }
    !value.is_empty()
}

impl Session<'_> {
    pub(super) fn offers(&self, extension: &str) -> bool {
        self.shared.options.offers(Protocol::Smtp, extension)
    }
}
