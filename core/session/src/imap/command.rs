//! Commands, as the bytes and literals that they are sent as.

use std::fmt::Display;
use std::time::Duration;

use postseal_types::{Listener, Meter};

use super::guard::MAX_ANSWER;
use super::name::MailboxName;

/// The longest text that goes as a quoted string.
const MAX_QUOTED: usize = 1000;

/// A command without its tag. What varies in it comes in by typed methods, so that no argument can end the line.
#[derive(Debug, Clone)]
pub(super) struct Command {
    /// Its name, for errors.
    pub(super) name: &'static str,
    pub(super) parts: Vec<Part>,
    /// How many bytes its answer may have.
    pub(super) allowance: u64,
    /// Is told how much of its literals went out.
    pub(super) listener: Option<Listener>,
    /// How long the server may be silent, where that is less than for others.
    pub(super) patience: Option<Duration>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    Literal(Vec<u8>),
}

impl Command {
    /// `name` is all fixed text, such as `UID FETCH`.
    pub(super) fn new(name: &'static str) -> Self {
        let parts = vec![Part::Text(name.to_owned())];
        Self { name, parts, allowance: MAX_ANSWER, listener: None, patience: None }
    }

    /// Lets its answer have so many bytes.
    pub(super) const fn allowing(mut self, bytes: u64) -> Self {
        self.allowance = bytes;
        self
    }

    /// Lets the server be silent for no longer than this.
    pub(super) const fn within(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }

    /// Has `listener` told how much of its literals went out.
    pub(super) fn telling(mut self, listener: Option<Listener>) -> Self {
        self.listener = listener;
        self
    }

    /// Counts its literals as they go out.
    pub(super) fn meter(&self) -> Meter {
        let length = |part: &Part| if let Part::Literal(bytes) = part { bytes.len() as u64 } else { 0 };
        Meter::new(self.listener.clone(), Some(self.parts.iter().map(length).sum()))
    }

    /// A blank, and text of our own making.
    pub(super) fn arg(mut self, text: impl Display) -> Self {
        self.text(&format!(" {text}"));
        self
    }

    pub(super) fn mailbox(mut self, name: &MailboxName) -> Self {
        self.text(" ");
        self.push_string(name.wire());
        self
    }

    /// A blank, and a literal.
    pub(super) fn literal(mut self, bytes: Vec<u8>) -> Self {
        self.text(" ");
        self.parts.push(Part::Literal(bytes));
        self
    }

    /// Text of our own making, without a blank before it.
    pub(super) fn text(&mut self, text: &str) {
        debug_assert!(!text.contains(['\r', '\n', '\0']), "our own text holds no line end");
        match self.parts.last_mut() {
            Some(Part::Text(last)) => last.push_str(text),
            _ => self.parts.push(Part::Text(text.to_owned())),
        }
    }

    /// A quoted string where that can hold it, otherwise a literal.
    pub(super) fn push_string(&mut self, bytes: &[u8]) {
        let fits = bytes.len() <= MAX_QUOTED && bytes.iter().all(|byte| matches!(byte, b' '..=b'~'));
        match std::str::from_utf8(bytes) {
            Ok(text) if fits => {
                let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
                self.text(&format!("\"{escaped}\""));
            }
            _ => self.parts.push(Part::Literal(bytes.to_vec())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_argument_can_end_the_line() {
        let mut command = Command::new("X");
        for argument in ["a \"b\\", "a\r\nb", "ü"] {
            command.text(" ");
            command.push_string(argument.as_bytes());
        }
        let command = command.arg(7);
        let text = |text: &str| Part::Text(text.to_owned());
        let literal = |bytes: &[u8]| Part::Literal(bytes.to_vec());
        assert_eq!(
            command.parts,
            [text("X \"a \\\"b\\\\\" "), literal(b"a\r\nb"), text(" "), literal("ü".as_bytes()), text(" 7")]
        );
    }
}
