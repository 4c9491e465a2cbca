//! Fields with parameters (RFC 2045, section 5.1; RFC 2183), and what other programs make of them.
//!
//! It is ours because file names hang on it: mail-parser 0.11 takes the fallback where a name is given in two forms, loses what
//! stands before an apostrophe, and decodes each piece of a name on its own, so that a torn character is lost.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{charset, transfer, words};

/// The most parameters of a field that are kept; what comes after them is passed over.
const MAX_PARAMETERS: usize = 100;

/// What `Content-Type` and `Content-Disposition` have in common.
pub(in super::super) struct Structured {
    /// In lower case.
    pub(in super::super) token: String,
    /// Names in lower case; values decoded.
    pub(in super::super) parameters: Vec<(String, String)>,
}

/// A parameter, by its name without asterisks (RFC 2231).
#[derive(Default)]
struct Parameter {
    /// Where it stands among the others.
    order: usize,
    /// `name=value`.
    plain: Option<String>,
    /// `name*=charset'language'value`.
    extended: Option<String>,
    /// `name*0=value`, or `name*0*=charset'language'value`, which is extended.
    pieces: BTreeMap<u32, (String, bool)>,
}

impl Structured {
    /// Reads the value of a field, as far as it makes sense.
    pub(in super::super) fn read(value: &[u8]) -> Self {
        let text = words::unfolded(value);
        let (head, tail) = text.split_once(';').unwrap_or((&text, ""));
        let head = without_comment(head);
        let (token, parameters) = match head.split_once([' ', '\t']) {
            // Some programs leave out the first semicolon.
            Some((token, rest)) if rest.contains('=') => (token, Cow::Owned(format!("{rest};{tail}"))),
            // Some begin with a parameter.
            None if head.contains('=') => ("", Cow::Borrowed(text.as_str())),
            _ => (head, Cow::Borrowed(tail)),
        };
        Self { token: token.to_ascii_lowercase(), parameters: read_parameters(&parameters) }
    }

    /// The value of a parameter whose name is given in lower case.
    pub(in super::super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find_map(|(key, value)| (key == name).then_some(value.as_str()))
    }
}

fn read_parameters(text: &str) -> Vec<(String, String)> {
    let mut parameters: BTreeMap<String, Parameter> = BTreeMap::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (name, value, tail) = next(rest);
        rest = tail;
        let Some(value) = value else { continue };
        let (name, is_extended) = name.strip_suffix('*').map_or((name.as_str(), false), |name| (name, true));
        let piece = name.rsplit_once('*').and_then(|(name, number)| Some((name, number.parse().ok()?)));
        let name = piece.map_or(name, |(name, _)| name);
        let order = parameters.len();
        if order == MAX_PARAMETERS && !parameters.contains_key(name) {
            continue;
        }
        let parameter = parameters.entry(name.to_owned());
        let parameter = parameter.or_insert_with(|| Parameter { order, ..Parameter::default() });
        // Where something is given twice, the first counts.
        match piece {
            Some((_, number)) => _ = parameter.pieces.entry(number).or_insert((value, is_extended)),
            None if is_extended => _ = parameter.extended.get_or_insert(value),
            None => _ = parameter.plain.get_or_insert(value),
        }
    }
    let mut parameters: Vec<_> = parameters.into_iter().collect();
    parameters.sort_by_key(|(_, parameter)| parameter.order);
    let values = parameters.into_iter().filter_map(|(name, parameter)| Some((parameter.value(&name)?, name)));
    values.map(|(value, name)| (name, value)).collect()
}

/// The first parameter of a text, its name in lower case, and what stands behind its semicolon. There is no value where there is no
/// `=`.
fn next(text: &str) -> (String, Option<String>, &str) {
    let end = text.find(['=', ';']).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    let name = name.trim().to_ascii_lowercase();
    let Some(rest) = rest.strip_prefix('=') else { return (name, None, rest.get(1..).unwrap_or_default()) };
    let (value, rest) = match rest.trim_start().strip_prefix('"') {
        Some(quoted) => unquoted(quoted),
        None => {
            let (value, rest) =
                rest.split_at_checked(rest.find(';').unwrap_or(rest.len())).unwrap_or((rest, ""));
            (without_comment(value).to_owned(), rest)
        }
    };
    (name, Some(value), rest.split_once(';').map_or("", |(_, rest)| rest))
}

/// A quoted string after its opening quote, and what stands behind it.
fn unquoted(quoted: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => value.extend(chars.next()),
            _ => value.push(c),
        }
    }
    (value, chars.as_str())
}

/// Drops white space, and a comment at the end. Parentheses elsewhere belong to file names of careless programs.
fn without_comment(text: &str) -> &str {
    let text = text.trim();
    let mut depth = 0_usize;
    for (at, c) in text.char_indices().rev() {
        match c {
            ')' => depth += 1,
            '(' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            let before = text.get(..at).filter(|before| c == '(' && before.ends_with([' ', '\t']));
            return before.map_or(text, str::trim_end);
        }
    }
    text
}

impl Parameter {
    /// The value, in the best of the forms in which it was given.
    fn value(self, name: &str) -> Option<String> {
        if let Some(extended) = self.extended {
            return Some(decoded(&[(extended, true)]));
        }
        // Pieces count up to the first that is missing.
        let pieces: Vec<_> =
            (0..).zip(self.pieces).map_while(|(n, (at, piece))| (n == at).then_some(piece)).collect();
        let is_extended = pieces.iter().any(|(_, is_extended)| *is_extended);
        let plain = match (pieces.is_empty(), is_extended) {
            (true, _) => self.plain?,
            (false, true) => return Some(decoded(&pieces)),
            (false, false) => pieces.into_iter().map(|(piece, _)| piece).collect(),
        };
        // Encoded words do not belong into parameters, but many programs write them into file names.
        let is_name = matches!(name, "name" | "filename");
        Some(if is_name { words::decode_words(&plain).into_owned() } else { plain })
    }
}

/// Joins the octets of pieces, of which the extended ones are percent-encoded and the first may name a charset.
fn decoded(pieces: &[(String, bool)]) -> String {
    let mut label = "";
    let mut octets = Vec::new();
    for (at, (piece, is_extended)) in pieces.iter().enumerate() {
        let mut text = piece.as_str();
        if let (0, true, Some((charset, rest))) = (at, is_extended, text.split_once('\'')) {
            (label, text) = rest.split_once('\'').map_or(("", text), |(_, value)| (charset, value));
        }
        if *is_extended {
            transfer::escaped(b'%', text.as_bytes(), &mut octets)
        } else {
            octets.extend_from_slice(text.as_bytes())
        }
    }
    charset::decode_piece(label, &octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `token|name=value|…`
    fn shown(text: &str) -> String {
        let Structured { token, parameters } = Structured::read(text.as_bytes());
        parameters.into_iter().fold(token, |shown, (name, value)| format!("{shown}|{name}={value}"))
    }

    #[test]
    fn parameters_are_read_in_every_form() {
        for (text, read) in [
            (" Text/Plain", "text/plain"),
            ("a/b; C=D ;e = \" f;g\\\"\\\\ \"; h=", "a/b|c=D|e= f;g\"\\ |h="),
            ("a/b (x (y) z); c=d (e); f=\"g\" (h)", "a/b|c=d|f=g"),
            ("a; b=c (1).pdf; d=e(f); g=h) (i; j=k (l))", "a|b=c (1).pdf|d=e(f)|g=h) (i|j=k (l))"),
            ("inline;;c; =d;c=\"e", "inline|=d|c=e"),
            ("text/html charset=utf-8; a=b", "text/html|charset=utf-8|a=b"),
            ("charset=utf-8; a=b", "|charset=utf-8|a=b"),
            ("a; c=d; c=e; C*=f; c*=g", "a|c=f"),
            ("a; c*1=d; b*0=e; b*2=f", "a|b=e"),
            ("a; boundary=\"=?a?q?b?=\"", "a|boundary==?a?q?b?="),
            ("", ""),
        ] {
            assert_eq!(shown(text), read, "{text}");
        }
    }

    #[test]
    fn parameters_past_the_limit_are_passed_over() {
        let many = |count: usize| (0..count).map(|n| format!("; p{n}=v")).collect::<String>();
        let count = |text: String| Structured::read(text.as_bytes()).parameters.len();
        assert_eq!(count(format!("a{}", many(MAX_PARAMETERS))), MAX_PARAMETERS);
        let one_more = format!("a{}; p0*=w", many(MAX_PARAMETERS + 1));
        let field = Structured::read(one_more.as_bytes());
        assert_eq!(field.parameters.len(), MAX_PARAMETERS);
        assert_eq!((field.parameter("p0"), field.parameter("p99")), (Some("w"), Some("v")));
        assert_eq!(field.parameter("p100"), None);
    }
}
