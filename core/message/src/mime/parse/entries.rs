//! The grammar of address fields (RFC 5322, section 3.4), and what other programs make of it.
//!
//! It is ours because so much hangs on the From address: mail-parser 0.11 glues together what stands around angle brackets, so
//! that `<alice@example.te><st>` would read as an address.

use super::words;

/// One entry of an address list, before its address is checked.
#[derive(Debug, PartialEq, Eq, Default)]
pub(in super::super) struct Entry {
    /// The display name, decoded; empty where there is none.
    pub(in super::super) name: String,
    /// What stands in angle brackets or alone; `None` where the entry has not the form of a mailbox.
    pub(in super::super) address: Option<String>,
    /// The whole entry as it was written.
    pub(in super::super) text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token<'a> {
    /// Anything without a meaning of its own, dots included; or a whole encoded word.
    Atom(&'a str),
    /// A quoted string with its quotes, or a domain literal with its brackets.
    Quoted(&'a str),
    /// What stands between parentheses.
    Comment(&'a str),
    /// `<`, `>`, `,`, `:`, `;` or `@`; also a quote, bracket or parenthesis that is never closed.
    Mark(char),
    Space,
}

/// Splits the text of an address field into entries. Groups are taken apart: their names go, their members stay.
pub(in super::super) fn read(text: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut current = Vec::new();
    let mut is_angle = false;
    for (token, source) in tokens(text) {
        match token {
            Token::Mark('<') => is_angle = true,
            Token::Mark('>') => is_angle = false,
            // Inside angle brackets these belong to a source route (RFC 5322, section 4.4).
            Token::Mark(',' | ';') if !is_angle => {
                entries.extend(entry(&std::mem::take(&mut current)));
                continue;
            }
            Token::Mark(':') if !is_angle => {
                current.clear();
                continue;
            }
            _ => {}
        }
        current.push((token, source));
    }
    entries.extend(entry(&current));
    entries
}

type Tokens<'a> = [(Token<'a>, &'a str)];

/// Reads one entry; `None` where there is nothing in it but comments.
fn entry(tokens: &Tokens<'_>) -> Option<Entry> {
    if tokens.iter().all(|(token, _)| matches!(token, Token::Space | Token::Comment(_))) {
        return None;
    }
    let text: String = tokens.iter().map(|(_, source)| *source).collect();
    let text = text.trim().to_owned();
    let (before, angle) = split_angle(tokens);
    let address = match angle {
        Some(Some(inside)) => Some(without_route(&address_text(inside))),
        Some(None) => None,
        None => Some(address_text(tokens)).filter(|text| text.contains('@')),
    };
    let is_bare = angle.is_none() && address.is_some();
    let mut name = if is_bare { String::new() } else { phrase(before) };
    if name.is_empty() {
        name = comments(tokens);
    }
    Some(Entry { name, address, text })
}

/// What stands before `<`, and what stands between it and `>`. The latter is `Some(None)` where the brackets are broken: several
/// of them, one missing, or anything but comments behind them.
fn split_angle<'t, 'a>(tokens: &'t Tokens<'a>) -> (&'t Tokens<'a>, Option<Option<&'t Tokens<'a>>>) {
    let is_mark = |mark: char| move |(token, _): &(Token<'a>, &'a str)| *token == Token::Mark(mark);
    let open = tokens.iter().position(is_mark('<'));
    let close = tokens.iter().position(is_mark('>'));
    let (Some(open), Some(close)) = (open, close) else {
        return if open.is_none() && close.is_none() { (tokens, None) } else { (tokens, Some(None)) };
    };
    let before = tokens.get(..open).unwrap_or_default();
    let inside = tokens.get(open + 1..close);
    let after = tokens.get(close + 1..).unwrap_or_default();
    let is_clean = after.iter().all(|(token, _)| matches!(token, Token::Space | Token::Comment(_)))
        && inside.is_some_and(|inside| !inside.iter().any(is_mark('<')));
    (before, Some(inside.filter(|_| is_clean)))
}

/// The tokens of an address without comments, and without the white space at either end and around dots and the `@` (RFC 5322,
/// section 4.4); what is left of it inside makes the address invalid.
fn address_text(tokens: &Tokens<'_>) -> String {
    let mut text = String::new();
    let mut is_gap = false;
    for (token, source) in tokens {
        match token {
            Token::Comment(_) => {}
            Token::Space => is_gap = true,
            _ => {
                let is_joint =
                    text.is_empty() || text.ends_with(['.', '@']) || source.starts_with(['.', '@']);
                if is_gap && !is_joint {
                    text.push(' ');
                }
                is_gap = false;
                text.push_str(source);
            }
        }
    }
    text
}

/// Drops a source route: `@relay,@relay:local@domain` (RFC 5322, section 4.4).
fn without_route(text: &str) -> String {
    let routed = text.strip_prefix('@').and_then(|route| route.split_once(':'));
    routed.map_or(text, |(_, address)| address.trim()).to_owned()
}

/// The words of a display name, quotes undone and encoded words decoded.
fn phrase(tokens: &Tokens<'_>) -> String {
    let mut phrase = String::new();
    for (token, source) in tokens {
        match token {
            Token::Quoted(quoted) if quoted.starts_with('"') => phrase.push_str(&unquoted(quoted)),
            Token::Comment(_) | Token::Space if phrase.ends_with(' ') => {}
            Token::Comment(_) | Token::Space => phrase.push(' '),
            _ => phrase.push_str(source),
        }
    }
    words::decode_words(phrase.trim()).trim().to_owned()
}

/// What stands in comments; mail of old has names there.
fn comments(tokens: &Tokens<'_>) -> String {
    let comments = tokens.iter().filter_map(|(token, _)| match token {
        Token::Comment(text) => Some(unescaped(text)),
        _ => None,
    });
    words::decode_words(comments.collect::<Vec<_>>().join(" ").trim()).into_owned()
}

fn unquoted(quoted: &str) -> String {
    unescaped(quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(quoted))
}

fn unescaped(text: &str) -> String {
    let mut chars = text.chars();
    std::iter::from_fn(|| match chars.next()? {
        '\\' => Some(chars.next().unwrap_or('\\')),
        c => Some(c),
    })
    .collect()
}

/// Tokens, each with its text.
fn tokens(text: &str) -> Vec<(Token<'_>, &str)> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (token, length) = token(rest, first);
        let (source, tail) = rest.split_at_checked(length).unwrap_or((rest, ""));
        tokens.push((token, source));
        rest = tail;
    }
    tokens
}

/// The token at the start of `text`, and its length, which is never 0.
fn token(text: &str, first: char) -> (Token<'_>, usize) {
    let upto = |length: usize| text.get(..length).unwrap_or(text);
    match first {
        ' ' | '\t' => (Token::Space, text.find(|c| !matches!(c, ' ' | '\t')).unwrap_or(text.len())),
        '"' | '[' => match closing(text, first, if first == '"' { '"' } else { ']' }) {
            Some(length) => (Token::Quoted(upto(length)), length),
            None => (Token::Mark(first), text.len()),
        },
        '(' => match closing(text, '(', ')') {
            Some(length) => (Token::Comment(text.get(1..length - 1).unwrap_or_default()), length),
            None => (Token::Mark('('), text.len()),
        },
        '<' | '>' | ',' | ':' | ';' | '@' => (Token::Mark(first), 1),
        _ => {
            let length = atom_length(text, first);
            (Token::Atom(upto(length)), length)
        }
    }
}

fn atom_length(text: &str, first: char) -> usize {
    // Some programs write encoded words with commas, quotes and brackets in them.
    if let Some((_, length)) = words::encoded_word(text) {
        return length;
    }
    let is_end = |c: char| matches!(c, ' ' | '\t' | '"' | '[' | '(' | '<' | '>' | ',' | ':' | ';' | '@');
    let rest = text.get(first.len_utf8()..).unwrap_or_default();
    let is_word = |at: usize| rest.as_bytes().get(at..).is_some_and(|rest| rest.starts_with(b"=?"));
    let end = rest.char_indices().find(|&(at, c)| is_end(c) || is_word(at));
    first.len_utf8() + end.map_or(rest.len(), |(at, _)| at)
}

/// The length of what `open` opens up to its `close`, both included; parentheses nest, and a backslash escapes.
fn closing(text: &str, open: char, close: char) -> Option<usize> {
    let mut depth = 0_usize;
    let mut is_escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if c == close && (depth == 1 || open != '(') && at > 0 => return Some(at + 1),
            _ if c == close => depth = depth.saturating_sub(1),
            _ if c == open => depth += 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `name|address` of each entry, or `?text` where there is no address.
    fn shown(text: &str) -> Vec<String> {
        let show = |entry: Entry| match entry.address {
            Some(address) => format!("{}|{address}", entry.name),
            None => format!("?{}", entry.text),
        };
        read(text).into_iter().map(show).collect()
    }

    #[test]
    fn names_come_in_many_forms() {
        for (text, entry) in [
            ("a@b", "|a@b"),
            (" <a@b> ", "|a@b"),
            ("Bob B. Builder <a@b>", "Bob B. Builder|a@b"),
            ("Bob \"The Builder\" Smith <a@b>", "Bob The Builder Smith|a@b"),
            ("\"a, \\\"b\\\" <c@d>\" <a@b>", "a, \"b\" <c@d>|a@b"),
            ("a@b (Bob (the) \\(Builder)", "Bob (the) (Builder|a@b"),
            ("Bob (comment) Smith <a@b> (more)", "Bob Smith|a@b"),
            ("=?utf-8?q?Smith,_B?= =?utf-8?q?=C3=B8b?= <a@b>", "Smith, Bøb|a@b"),
            ("\"=?utf-8?q?B=C3=B8b?=\" <a@b>", "Bøb|a@b"),
            ("bob@c.example <a@b>", "bob@c.example|a@b"),
            ("\"a b\"@[127.0.0.1]", "|\"a b\"@[127.0.0.1]"),
            ("Bob<a@b>", "Bob|a@b"),
            ("<@relay,@relay2:a@b>", "|a@b"),
            ("<a@(comment)b>", "comment|a@b"),
            ("a . b @ c(comment). d", "comment|a.b@c.d"),
            ("\"a .\" . b@c", "|\"a .\".b@c"),
            ("<>", "|"),
        ] {
            assert_eq!(shown(text), [entry], "{text}");
        }
    }

    #[test]
    fn lists_and_groups_are_taken_apart() {
        assert_eq!(shown("a@b,, c <d@e> ,\"f, g\" <h@i>"), ["|a@b", "c|d@e", "f, g|h@i"]);
        assert_eq!(shown("friends: a@b, c@d; e@f"), ["|a@b", "|c@d", "|e@f"]);
        assert_eq!(shown("undisclosed-recipients:;"), [""; 0]);
        assert_eq!(shown(" , ;"), [""; 0]);
        assert_eq!(shown("(a):(b), c@d (e); (f)"), ["e|c@d"]);
    }

    #[test]
    fn what_has_not_the_form_of_a_mailbox_has_no_address() {
        for text in [
            "Bob",
            "Bob <a@b",
            "Bob a@b>",
            "<a@b> <c@d>",
            "<a@b> c@d",
            "<a<b>@c>",
            "> <",
            "\"Bob <a@b>",
            "(Bob <a@b>",
            "[a@b",
        ] {
            let entries = shown(text);
            assert!(
                entries.iter().all(|entry| entry.starts_with('?') || !entry.ends_with("|a@b")),
                "{entries:?}"
            );
        }
        assert_eq!(shown("<a@b> <c@d>"), ["?<a@b> <c@d>"]);
        // White space inside stays, and makes the address invalid.
        assert_eq!(shown("bob smith@b"), ["|bob smith@b"]);
    }
}
