//! Reads responses whole, and within limits, before any parser sees a byte of them.

use postseal_types::Meter;

use crate::wire::{Secure, Wire};
use crate::{Error, PeerFault};

/// The longest line, without the literals in it. A search of some 500,000 messages is answered in one line.
pub(super) const MAX_LINE: usize = 4 << 20;
/// The largest literal: a message, a part, a header.
pub(super) const MAX_LITERAL: u64 = 64 << 20;
/// How deep parentheses may nest outside strings. imap-proto recurses: without a limit a few hundred of them end the process.
pub(super) const MAX_DEPTH: usize = 32;
/// The most responses to one command.
pub(super) const MAX_RESPONSES: u64 = 250_000;
/// The most bytes in all responses to one command: the headers of a batch of messages, or a list of all mailboxes.
pub(super) const MAX_ANSWER: u64 = 32 << 20;
/// The same for a command that fetches whole messages or parts: the largest, and as much again of others.
pub(super) const MAX_FETCH: u64 = 128 << 20;
/// The most words, numbers and list items outside of literals in all responses to one command. Each may take thirty times the memory of
/// its two bytes on the wire once it is parsed, so the limits on bytes don't bound that.
pub(super) const MAX_ITEMS: u64 = 1_000_000;

/// How much room is made for a literal before it comes.
const MAX_ROOM_AHEAD: usize = 8 << 20;
/// The largest response whose memory is kept for the next one.
const MAX_REUSED: usize = 1 << 20;
/// How much room is made for what comes behind a literal: at least the end of the list that it stands in.
const ROOM_BEHIND: usize = 512;
/// The least room to read a literal into.
const ROOM: usize = 16 * 1024;

/// The connection, with the part of a response that has come so far.
pub(super) struct Guard {
    wire: Wire<Secure>,
    partial: Partial,
    /// What the current command has brought so far.
    responses: u64,
    bytes: u64,
    items: u64,
    /// How many bytes it may bring.
    allowance: u64,
    /// Counts the bytes of literals, where somebody listens.
    meter: Option<Meter>,
}

#[derive(Default)]
struct Partial {
    response: Vec<u8>,
    /// How much of an announced literal is still to come.
    literal_left: usize,
    depth: usize,
    /// Whether a first line came.
    begun: bool,
}

impl Guard {
    pub(super) fn new(wire: Wire<Secure>) -> Self {
        Self {
            wire,
            partial: Partial::default(),
            responses: 0,
            bytes: 0,
            items: 0,
            allowance: MAX_ANSWER,
            meter: None,
        }
    }

    pub(super) const fn wire(&self) -> &Wire<Secure> {
        &self.wire
    }

    pub(super) const fn wire_mut(&mut self) -> &mut Wire<Secure> {
        &mut self.wire
    }

    /// Takes back a response that was looked at, before the next one is read: its memory serves for that.
    pub(super) fn reuse(&mut self, mut response: Vec<u8>) {
        if response.capacity() <= MAX_REUSED {
            response.clear();
            self.partial.response = response;
        }
    }

    /// Begins to count anew: a command was sent, or what came so far was handed on.
    pub(super) const fn reset_count(&mut self) {
        self.responses = 0;
        self.bytes = 0;
        self.items = 0;
        self.allowance = MAX_ANSWER;
    }

    /// Lets the current command bring so many bytes.
    pub(super) const fn allow(&mut self, bytes: u64) {
        self.allowance = bytes;
    }

    /// Counts the bytes of literals with `meter` from now on. Returns the meter that did before.
    pub(super) const fn measure(&mut self, meter: Option<Meter>) -> Option<Meter> {
        std::mem::replace(&mut self.meter, meter)
    }

    /// Reads one response: its lines, each ended by CRLF, and its literals.
    ///
    /// Cancel safe: what was read of an unfinished response stays for the next call.
    ///
    /// # Errors
    ///
    /// [`Error::LimitExceeded`] at the first byte past a limit, or at the announcement of a literal that would be past it.
    pub(super) async fn read_response(&mut self) -> Result<Vec<u8>, Error> {
        loop {
            while self.partial.literal_left > 0 {
                self.read_literal().await?;
            }
            let line = self.wire.read_line(MAX_LINE).await?;
            self.count(line.len() as u64 + 2)?;
            self.partial.response.extend_from_slice(&line);
            self.partial.response.extend_from_slice(b"\r\n");
            let literal = self.partial.check(&line)?;
            self.count_items(&line)?;
            self.partial.begun = true;
            match literal {
                Some(size) => self.announce(size)?,
                None => return self.finish(),
            }
        }
    }

    async fn read_literal(&mut self) -> Result<(), Error> {
        let Partial { response, literal_left, .. } = &mut self.partial;
        response.reserve((*literal_left).min(ROOM));
        let count = self.wire.read_onto(response, *literal_left).await?;
        if count == 0 {
            return Err(PeerFault::Disconnected { step: self.wire.step() }.into());
        }
        *literal_left = literal_left.saturating_sub(count);
        if let Some(meter) = &mut self.meter {
            meter.advance(count);
        }
        Ok(())
    }

    fn announce(&mut self, size: u64) -> Result<(), Error> {
        let over = Error::LimitExceeded { what: "the size of a literal", limit: MAX_LITERAL };
        if size > MAX_LITERAL {
            return Err(over);
        }
        self.count(size)?;
        self.partial.literal_left = usize::try_from(size).map_err(|_| over)?;
        // Room ahead spares copies, also of what comes behind it; not for all of what is only announced.
        self.partial.response.reserve(self.partial.literal_left.min(MAX_ROOM_AHEAD) + ROOM_BEHIND);
        Ok(())
    }

    fn count(&mut self, bytes: u64) -> Result<(), Error> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > self.allowance {
            return Err(Error::LimitExceeded { what: "the size of an answer", limit: self.allowance });
        }
        Ok(())
    }

    /// Counts what may stand between two items. A string with blanks in it counts for more than it is, which costs nobody anything.
    fn count_items(&mut self, line: &[u8]) -> Result<(), Error> {
        self.items = self.items.saturating_add(memchr::memchr3_iter(b' ', b',', b'(', line).count() as u64);
        if self.items > MAX_ITEMS {
            return Err(Error::LimitExceeded { what: "the items of an answer", limit: MAX_ITEMS });
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<Vec<u8>, Error> {
        let response = std::mem::take(&mut self.partial).response;
        self.responses += 1;
        if self.responses > MAX_RESPONSES {
            return Err(Error::LimitExceeded { what: "the responses to one command", limit: MAX_RESPONSES });
        }
        Ok(response)
    }
}

impl std::fmt::Debug for Guard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guard").finish_non_exhaustive()
    }
}

impl Partial {
    /// Follows strings and parentheses through a line; the size of the literal that the line announces at its end.
    fn check(&mut self, line: &[u8]) -> Result<Option<u64>, Error> {
        if !self.begun && is_text_line(line) {
            return Ok(None);
        }
        let mut quoted = false;
        let mut bytes = line.iter();
        while let Some(byte) = bytes.next() {
            match byte {
                b'"' => quoted = !quoted,
                b'\\' if quoted => _ = bytes.next(),
                b'(' if !quoted => self.depth += 1,
                b')' if !quoted => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
            if self.depth > MAX_DEPTH {
                return Err(Error::LimitExceeded {
                    what: "the depth of parentheses",
                    limit: MAX_DEPTH as u64,
                });
            }
        }
        // A quoted string ends with its line at the latest; what looks like a literal in it is none.
        Ok(if quoted { None } else { announced(line) })
    }
}

/// Whether the line is a greeting, a status or a continuation: text for people stands in it, which may hold anything.
fn is_text_line(line: &[u8]) -> bool {
    if line.starts_with(b"+") {
        return true;
    }
    let mut words = line.split(|&byte| byte == b' ');
    let (Some(_tag), Some(status)) = (words.next(), words.next()) else {
        return true;
    };
    [&b"OK"[..], b"NO", b"BAD", b"BYE", b"PREAUTH"].iter().any(|word| status.eq_ignore_ascii_case(word))
}

/// The size in `{size}`, `{size+}` or `~{size}` at the end of a line; one that no number can hold is larger than any limit.
fn announced(line: &[u8]) -> Option<u64> {
    let inside = line.strip_suffix(b"}")?;
    let inside = inside.strip_suffix(b"+").unwrap_or(inside);
    let digits = inside.get(inside.iter().rposition(|&byte| byte == b'{')? + 1..)?;
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let number = std::str::from_utf8(digits).ok().filter(|_| is_number)?;
    Some(number.parse().unwrap_or(u64::MAX))
}
