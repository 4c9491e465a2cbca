//! Replies (RFC 5321, section 4.2).
//!
//! Not lettre's parser: that one needs the whole reply in memory before it begins, refuses a reply without text and one that is not
//! UTF-8, and keeps nothing of the enhanced status code.

use std::time::Duration;

use crate::error::{EnhancedCode, Error, PeerFault, Refusal, server_text};
use crate::log::LogAnswer;
use crate::wire::{Secure, Wire};

/// The longest reply line, in octets without its line end. RFC 5321 allows 512, but RFC 4954 (section 4) lets a challenge of AUTH
/// be as long as this behind its code.
const MAX_LINE: usize = 4 + 12_288;
/// The most lines of one reply. The longest is the one to EHLO, with a line for each extension.
const MAX_LINES: usize = 128;

/// The code with which a server ends the session, whatever was asked (RFC 5321, section 3.8).
const GOODBYE: u16 = 421;

/// Sends one command and reads the answer to it.
pub(super) async fn ask(
    wire: &mut Wire<Secure>,
    step: &'static str,
    line: &str,
    deadline: Duration,
) -> Result<Answer, Error> {
    in_step(wire).await?;
    wire.begin(step, deadline);
    wire.log().command(step);
    wire.send(line.as_bytes()).await?;
    Answer::read(wire).await
}

/// Makes sure that no answer is left over when the next command is sent: it would be taken for the answer to that one.
pub(super) async fn in_step(wire: &mut Wire<Secure>) -> Result<(), Error> {
    if wire.buffered().is_empty() {
        return Ok(());
    }
    let answer = Answer::read(wire).await?;
    Err(answer.unexpected(wire.step()))
}

/// A whole reply.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) code: u16,
    /// What stands behind the code on each line; at least one.
    lines: Vec<Vec<u8>>,
}

impl Answer {
    /// Reads one reply.
    ///
    /// # Errors
    ///
    /// [`PeerFault::Goodbye`] for a 421; [`PeerFault::Unexpected`] for what is no reply.
    pub(super) async fn read(wire: &mut Wire<Secure>) -> Result<Self, Error> {
        let mut answer = Self { code: 0, lines: Vec::new() };
        while answer.lines.len() < MAX_LINES {
            let line = wire.read_line(MAX_LINE).await?;
            let unexpected = || Error::from(PeerFault::unexpected(wire.step(), &line));
            let (code, is_last, text) = parse(&line).ok_or_else(unexpected)?;
            if !answer.lines.is_empty() && code != answer.code {
                return Err(unexpected());
            }
            answer.code = code;
            answer.lines.push(text.to_vec());
            if is_last {
                wire.log().reply(wire.step(), LogAnswer::Code(code));
                return answer.unless_goodbye();
            }
        }
        Err(Error::LimitExceeded { what: "the lines of a reply", limit: MAX_LINES as u64 })
    }

    fn unless_goodbye(self) -> Result<Self, Error> {
        if self.code == GOODBYE {
            return Err(PeerFault::Goodbye { text: self.text() }.into());
        }
        Ok(self)
    }

    /// The first digit, which alone decides what to do next (RFC 5321, section 4.2.1).
    pub(super) const fn class(&self) -> u16 {
        self.code / 100
    }

    /// The reply itself where it says yes, the refusal of `command` where it says no.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`], or [`PeerFault::Unexpected`] where it says neither.
    pub(super) fn completed(self, command: &'static str) -> Result<Self, Error> {
        match self.class() {
            2 => Ok(self),
            4 | 5 => Err(Error::Refused(self.refusal(command))),
            _ => Err(self.unexpected(command)),
        }
    }

    /// This reply as the refusal of `command`.
    pub(super) fn refusal(&self, command: &'static str) -> Refusal {
        Refusal {
            code: Some(self.code),
            enhanced: self.enhanced(),
            ..Refusal::new(command, self.text().as_bytes())
        }
    }

    /// This reply as a breach of the protocol.
    pub(super) fn unexpected(&self, step: &'static str) -> Error {
        PeerFault::unexpected(step, format!("{} {}", self.code, self.text()).as_bytes()).into()
    }

    /// The enhanced status code (RFC 2034): some servers send it without announcing it, so its form decides.
    pub(super) fn enhanced(&self) -> Option<EnhancedCode> {
        split_enhanced(self.lines.first()?).0.filter(|code| code.0 == self.class())
    }

    /// The text of all lines without their enhanced codes, fit to be shown.
    pub(super) fn text(&self) -> String {
        let lines = self.lines.iter().map(|line| server_text(split_enhanced(line).1));
        server_text(lines.collect::<Vec<_>>().join(" ").as_bytes())
    }

    /// What stands behind the code on each line.
    pub(super) fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.lines.iter().map(Vec::as_slice)
    }
}

/// Code, whether it is the last line, text.
fn parse(line: &[u8]) -> Option<(u16, bool, &[u8])> {
    let (code, rest) = line.split_at_checked(3)?;
    if !matches!(code, [b'2'..=b'5', b'0'..=b'9', b'0'..=b'9']) {
        return None;
    }
    let code = std::str::from_utf8(code).ok()?.parse().ok()?;
    match rest.split_first() {
        None => Some((code, true, rest)),
        Some((b' ', text)) => Some((code, true, text)),
        Some((b'-', text)) => Some((code, false, text)),
        Some(_) => None,
    }
}

/// The enhanced status code at the start of a line, and the rest.
fn split_enhanced(line: &[u8]) -> (Option<EnhancedCode>, &[u8]) {
    let (word, rest) = line.split_at(line.iter().position(|&byte| byte == b' ').unwrap_or(line.len()));
    match parse_enhanced(word) {
        Some(code) => (Some(code), rest.trim_ascii_start()),
        None => (None, line),
    }
}

fn parse_enhanced(word: &[u8]) -> Option<EnhancedCode> {
    let mut numbers = word.split(|&byte| byte == b'.').map(|digits| {
        let is_number = (1..=3).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
        is_number.then(|| digits.iter().fold(0, |number, digit| number * 10 + u16::from(digit - b'0')))
    });
    let code = EnhancedCode(numbers.next()??, numbers.next()??, numbers.next()??);
    (numbers.next().is_none() && matches!(code.0, 2 | 4 | 5)).then_some(code)
}
