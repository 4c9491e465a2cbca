//! The message itself: what may be sent, and how it is framed.

use memchr::{memchr, memchr2, memmem, memrchr};

use crate::Error;

/// How much is written at a time: a few TLS records, so that a message is not sent in small packets, and is not copied whole.
const CHUNK: usize = 64 * 1024;

/// The longest line of a message, in octets without its CRLF (RFC 5321, section 4.5.3.1.6). Servers cut longer ones, which would
/// break a signature.
const MAX_LINE: usize = 998;

/// Checks that `message` can arrive exactly as it is.
///
/// A CR or LF that is not part of a CRLF is what SMTP smuggling is made of: servers disagree on whether it ends a line, so a part of
/// the message could be taken for its end and for commands. DATA knows lines only, so the last one must be ended too.
pub(super) fn check(message: &[u8]) -> Result<(), Error> {
    let invalid = |reason: &str| Err(Error::invalid("message", reason));
    if message.is_empty() {
        return invalid("it is empty");
    }
    let mut rest = message;
    while !rest.is_empty() {
        let Some((line, later)) = memchr(b'\n', rest).and_then(|at| rest.split_at_checked(at + 1)) else {
            return invalid(if rest.contains(&b'\r') {
                BARE
            } else {
                "its last line does not end with CRLF"
            });
        };
        let Some(text) = line.strip_suffix(b"\r\n") else {
            return invalid(BARE);
        };
        if memchr2(b'\r', 0, text).is_some() {
            return invalid(if text.contains(&b'\r') { BARE } else { "it holds a NUL" });
        }
        if text.len() > MAX_LINE {
            return invalid("it has a line of more than 998 octets");
        }
        rest = later;
    }
    Ok(())
}

const BARE: &str = "it holds a CR or LF that is not part of a CRLF";

/// How the end of a message is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// By a lone dot (DATA, RFC 5321, section 4.5.2).
    Dot,
    /// By its length, said before (BDAT, RFC 3030).
    Length,
}

/// A checked message as it goes over the wire, piece by piece.
pub(super) struct Body<'a> {
    rest: &'a [u8],
    framing: Framing,
    chunk: Vec<u8>,
}

impl<'a> Body<'a> {
    pub(super) fn new(message: &'a [u8], framing: Framing) -> Self {
        let chunk = match framing {
            Framing::Dot => Vec::new(),
            // The command travels with the data.
            Framing::Length => format!("BDAT {} LAST\r\n", message.len()).into_bytes(),
        };
        Self { rest: message, framing, chunk }
    }

    /// Whether there is no further piece.
    pub(super) const fn is_over(&self) -> bool {
        self.rest.is_empty()
    }

    /// How much of the message is left.
    pub(super) const fn left(&self) -> usize {
        self.rest.len()
    }

    /// The next piece. The last one has the mark of the end in it: a packet of its own for that would cost a delay.
    pub(super) fn next_piece(&mut self) -> Vec<u8> {
        let mut piece = std::mem::take(&mut self.chunk);
        match self.framing {
            Framing::Dot => self.stuff(&mut piece),
            Framing::Length => {
                let (now, later) = self.rest.split_at(self.rest.len().min(CHUNK));
                piece.extend_from_slice(now);
                self.rest = later;
            }
        }
        piece
    }

    /// Takes whole lines, with a dot before each that begins with one.
    fn stuff(&mut self, piece: &mut Vec<u8>) {
        while piece.len() < CHUNK && !self.rest.is_empty() {
            if self.rest.starts_with(b".") {
                piece.push(b'.');
            }
            let (lines, later) = self.rest.split_at(plain_lines(self.rest));
            piece.extend_from_slice(lines);
            self.rest = later;
        }
        if self.rest.is_empty() {
            piece.extend_from_slice(b".\r\n");
        }
    }
}

/// How many bytes there are before the next line that begins with a dot, the first line aside; whole lines, and one chunk at most.
fn plain_lines(message: &[u8]) -> usize {
    let chunk = message.get(..CHUNK).unwrap_or(message);
    let dot = memmem::find(chunk, b"\n.").map(|at| at + 1);
    let last = || memrchr(b'\n', chunk).map_or(chunk.len(), |at| at + 1);
    dot.unwrap_or_else(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What goes over the wire, and the longest piece of it.
    fn sent(message: &[u8]) -> (Vec<u8>, usize) {
        let mut body = Body::new(message, Framing::Dot);
        let (mut sent, mut longest) = (Vec::new(), 0);
        while !body.is_over() {
            let piece = body.next_piece();
            longest = longest.max(piece.len());
            sent.extend(piece);
        }
        (sent, longest)
    }

    /// The same by the letter of RFC 5321, section 4.5.2.
    fn by_lines(message: &[u8]) -> Vec<u8> {
        let mut lines = Vec::new();
        for line in message.split_inclusive(|&byte| byte == b'\n') {
            lines.extend(line.starts_with(b".").then_some(b'.'));
            lines.extend_from_slice(line);
        }
        lines.extend_from_slice(b".\r\n");
        lines
    }

    #[test]
    fn dots_are_stuffed_wherever_the_pieces_end() {
        // The ends of lines, and dots behind them, move across the end of the first piece.
        for shift in 0..8 {
            for line in [&b".\r\n"[..], b"..a\r\n", b"text\r\n", b"a.\r\n"] {
                let message =
                    [&b"x".repeat(shift)[..], b"\r\n", &line.repeat(2 * CHUNK / line.len())].concat();
                let (sent, longest) = sent(&message);
                assert!(sent == by_lines(&message), "{shift} {:?}", line.escape_ascii().to_string());
                assert!(longest <= 2 * CHUNK, "{longest}");
            }
        }
    }
}
