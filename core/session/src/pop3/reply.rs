//! The first line of an answer: `+OK`, `-ERR`, or `+` for the next step of a login (RFC 1939, section 3; RFC 5034, section 4).

use crate::error::Refusal;
use crate::{Error, LogAnswer, PeerFault};

/// The longest response code that is taken for one.
const MAX_RESPONSE_CODE: usize = 64;

/// What a status line says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// `+OK`, and the text behind it.
    Ok(Vec<u8>),
    /// `-ERR`, as a refusal of the command that it answers.
    Refused(Refusal),
    /// `+`, and the challenge behind it.
    Challenge(Vec<u8>),
}

impl Status {
    /// Reads the status line that answers `command`.
    pub(super) fn parse(command: &'static str, line: &[u8]) -> Result<Self, Error> {
        let (word, text) =
            match line.iter().position(|&byte| byte == b' ').and_then(|at| line.split_at_checked(at)) {
                Some((word, text)) => (word, text.trim_ascii_start()),
                None => (line, &[][..]),
            };
        match word.to_ascii_uppercase().as_slice() {
            b"+OK" => Ok(Self::Ok(text.to_vec())),
            b"-ERR" => Ok(Self::Refused(refusal(command, text))),
            b"+" => Ok(Self::Challenge(text.to_vec())),
            _ => Err(PeerFault::unexpected(command, line).into()),
        }
    }

    /// What of it stands in the log.
    pub(super) const fn answer(&self) -> LogAnswer {
        match self {
            Self::Ok(_) => LogAnswer::Ok,
            Self::Refused(_) => LogAnswer::No,
            Self::Challenge(_) => LogAnswer::Continue,
        }
    }
}

/// The refusal in `text`, which may begin with a response code in brackets (RFC 2449, section 8).
fn refusal(command: &'static str, text: &[u8]) -> Refusal {
    match response_code(text) {
        Some((code, text)) => Refusal { response_code: Some(code), ..Refusal::new(command, text) },
        None => Refusal::new(command, text),
    }
}

/// The response code, in upper case, and the text behind it.
fn response_code(text: &[u8]) -> Option<(String, &[u8])> {
    let inner = text.strip_prefix(b"[")?;
    let (code, rest) = inner.split_at_checked(inner.iter().position(|&byte| byte == b']')?)?;
    // The grammar allows nearly anything; the codes that exist are words, and a text may begin with a bracket too.
    let is_word = |level: &[u8]| {
        !level.is_empty()
            && level.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let is_code = code.len() <= MAX_RESPONSE_CODE && code.split(|&byte| byte == b'/').all(is_word);
    let code = std::str::from_utf8(code).ok().filter(|_| is_code)?.to_ascii_uppercase();
    Some((code, rest.strip_prefix(b"]").unwrap_or(rest)))
}

/// A number of an answer: digits only, no sign.
pub(super) fn number<T: std::str::FromStr>(word: &[u8]) -> Option<T> {
    let digits =
        std::str::from_utf8(word).ok().filter(|word| word.bytes().all(|byte| byte.is_ascii_digit()))?;
    digits.parse().ok()
}

/// The words of a line of an answer.
pub(super) fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_status_line_is_one_of_three() {
        for (line, status) in [
            (&b"+OK"[..], Status::Ok(Vec::new())),
            (b"+ok  2 320", Status::Ok(b"2 320".to_vec())),
            (b"+", Status::Challenge(Vec::new())),
            (b"+ ", Status::Challenge(Vec::new())),
            (b"+ dGlt", Status::Challenge(b"dGlt".to_vec())),
            (b"-ERR no", Status::Refused(Refusal::new("STAT", b"no"))),
            (b"-ERR", Status::Refused(Refusal::new("STAT", b""))),
        ] {
            assert_eq!(Status::parse("STAT", line), Ok(status));
        }
        for line in ["", "+OKAY", "+OK\t", "OK", "-ERROR", "* OK hi", "250 ok", " +OK"] {
            let fault = PeerFault::Unexpected { step: "STAT", line: line.trim().replace('\t', "\u{fffd}") };
            let found = Status::parse("STAT", line.as_bytes());
            assert!(found == Err(fault.into()) || line == "+OK\t", "{line:?} {found:?}");
        }
    }

    #[test]
    fn a_refusal_may_begin_with_a_response_code() {
        for (text, code, rest) in [
            ("[IN-USE] busy", Some("IN-USE"), "busy"),
            ("[sys/temp]later", Some("SYS/TEMP"), "later"),
            ("[AUTH]", Some("AUTH"), ""),
            ("[] x", None, "[] x"),
            ("[A/] x", None, "[A/] x"),
            ("[alice@example.test] unknown", None, "[alice@example.test] unknown"),
            ("[IN-USE busy", None, "[IN-USE busy"),
            ("busy [IN-USE]", None, "busy [IN-USE]"),
        ] {
            let refusal = refusal("PASS", text.as_bytes());
            assert_eq!((refusal.response_code.as_deref(), refusal.text.as_str()), (code, rest));
        }
        let code =
            |length: usize| refusal("PASS", format!("[{}]", "A".repeat(length)).as_bytes()).response_code;
        assert_eq!(code(MAX_RESPONSE_CODE).unwrap().len(), MAX_RESPONSE_CODE);
        assert_eq!(code(MAX_RESPONSE_CODE + 1), None);
    }

    #[test]
    fn a_number_is_digits_only() {
        assert_eq!(number::<u32>(b"4294967295"), Some(u32::MAX));
        for word in [&b""[..], b"+1", b"-1", b"4294967296", b"1x", b"\xff"] {
            assert_eq!(number::<u32>(word), None);
        }
    }
}
