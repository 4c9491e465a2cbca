//! From text to steps.

use crate::script::pattern::Token;
use crate::transcript::Side;

#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) number: usize,
    /// The line as it was written.
    pub(super) text: String,
    pub(super) act: Act,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    /// A side says this; with `crlf`, it is a whole line.
    Say {
        side: Side,
        tokens: Vec<Token>,
        crlf: bool,
    },
    Tls,
    Cut,
    Stall,
}

impl Line {
    /// How many bytes `side` sends here, apart from what `{name}` stands for.
    pub(super) fn fixed_len(&self, of: Side) -> usize {
        match &self.act {
            Act::Say { side, tokens, crlf } if *side == of => {
                let text =
                    tokens.iter().map(|token| if let Token::Text(bytes) = token { bytes.len() } else { 0 });
                text.sum::<usize>() + if *crlf { 2 } else { 0 }
            }
            _ => 0,
        }
    }
}

/// The steps of a script, or what is wrong with it.
pub(super) fn lines(text: &str) -> Result<Vec<Line>, String> {
    let numbered = text.lines().map(str::trim).enumerate().map(|(index, line)| (index + 1, line));
    numbered
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(number, text)| {
            let act = act(text).map_err(|reason| format!("script line {number}: {reason}: `{text}`"))?;
            Ok(Line { number, text: text.to_owned(), act })
        })
        .collect()
}

fn act(text: &str) -> Result<Act, String> {
    match text {
        "TLS" => return Ok(Act::Tls),
        "CUT" => return Ok(Act::Cut),
        "STALL" => return Ok(Act::Stall),
        _ => {}
    }
    let (head, rest) = text.split_at_checked(2).unwrap_or((text, ""));
    let (side, crlf) = match head {
        "S:" => (Side::Server, true),
        "S|" => (Side::Server, false),
        "C:" => (Side::Client, true),
        "C|" => (Side::Client, false),
        _ => return Err("neither S:, S|, C:, C|, TLS, CUT nor STALL".to_owned()),
    };
    let tokens = tokens(rest.strip_prefix(' ').unwrap_or(rest))?;
    if !crlf && side == Side::Client && tokens.iter().any(|token| !matches!(token, Token::Text(_))) {
        return Err("C| takes no … and no {name}".to_owned());
    }
    Ok(Act::Say { side, tokens, crlf })
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let (mut tokens, mut plain) = (Vec::new(), Vec::new());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = rest.strip_prefix(c).unwrap_or_default();
        let token = match c {
            '\\' => {
                let (byte, after) = escape(rest)?;
                plain.extend(byte);
                rest = after;
                None
            }
            '…' => Some(Token::Any),
            '{' => match name(rest) {
                Some((name, after)) => {
                    rest = after;
                    Some(Token::Name(name.to_owned()))
                }
                None => {
                    plain.push(b'{');
                    None
                }
            },
            _ => {
                plain.extend(c.encode_utf8(&mut [0; 4]).bytes());
                None
            }
        };
        if let Some(token) = token {
            tokens.push(Token::Text(std::mem::take(&mut plain)));
            tokens.push(token);
        }
    }
    tokens.push(Token::Text(plain));
    tokens.retain(|token| !matches!(token, Token::Text(bytes) if bytes.is_empty()));
    Ok(tokens)
}

/// `name}` at the start of `rest`; a name begins with a letter.
fn name(rest: &str) -> Option<(&str, &str)> {
    let (name, after) = rest.split_once('}')?;
    let fine = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    fine.then_some((name, after))
}

/// What stands behind a backslash, and the rest.
fn escape(rest: &str) -> Result<(Vec<u8>, &str), String> {
    let wrong = || "unknown escape".to_owned();
    let c = rest.chars().next().ok_or_else(wrong)?;
    let after = rest.strip_prefix(c).unwrap_or_default();
    let byte = match c {
        'r' => b'\r',
        'n' => b'\n',
        't' => b'\t',
        '0' => 0,
        '\\' => b'\\',
        '{' => b'{',
        '…' => return Ok(("…".as_bytes().to_vec(), after)),
        'x' => {
            let (hex, after) = after.split_at_checked(2).ok_or_else(wrong)?;
            return Ok((vec![u8::from_str_radix(hex, 16).map_err(|_| wrong())?], after));
        }
        _ => return Err(wrong()),
    };
    Ok((vec![byte], after))
}
