//! What a line must look like, and what its words were.

use std::collections::HashMap;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// These bytes.
    Text(Vec<u8>),
    /// Any bytes, or none.
    Any,
    /// A word, remembered under this name.
    Name(String),
}

/// The words that `{name}` has stood for.
pub(super) type Words = HashMap<String, Vec<u8>>;

/// Whether the whole `input` looks like `tokens`; remembers the words if so.
pub(super) fn matches(tokens: &[Token], input: &[u8], words: &mut Words) -> bool {
    let Some((first, rest)) = tokens.split_first() else {
        return input.is_empty();
    };
    match first {
        Token::Text(text) => {
            input.strip_prefix(text.as_slice()).is_some_and(|tail| matches(rest, tail, words))
        }
        Token::Any => (0..=input.len())
            .any(|at| input.split_at_checked(at).is_some_and(|(_, tail)| matches(rest, tail, words))),
        Token::Name(name) => {
            let end = input.iter().position(|byte| byte.is_ascii_whitespace()).unwrap_or(input.len());
            // The longest word first, so that `{tag}` takes all of one.
            (1..=end).rev().any(|at| {
                let Some((word, tail)) = input.split_at_checked(at) else {
                    return false;
                };
                let fits = matches(rest, tail, words);
                if fits {
                    words.insert(name.clone(), word.to_vec());
                }
                fits
            })
        }
    }
}

/// The bytes of `tokens`, with the words put in; what a script doesn't know yet is left empty.
pub(super) fn render(tokens: &[Token], words: &Words) -> Vec<u8> {
    let mut bytes = Vec::new();
    for token in tokens {
        match token {
            Token::Text(text) => bytes.extend_from_slice(text),
            Token::Any => bytes.extend_from_slice("…".as_bytes()),
            Token::Name(name) => bytes.extend_from_slice(words.get(name).map_or(&[], Vec::as_slice)),
        }
    }
    bytes
}
