//! The message itself: what may be sent, and how it is framed.

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
    for line in message.split_inclusive(|&byte| byte == b'\n') {
        let Some(line) = line.strip_suffix(b"\n") else {
            return invalid(if line.contains(&b'\r') {
                BARE
            } else {
                "its last line does not end with CRLF"
            });
        };
        let Some(text) = line.strip_suffix(b"\r") else {
            return invalid(BARE);
        };
        if text.contains(&b'\r') {
            return invalid(BARE);
        }
        if text.contains(&0) {
            return invalid("it holds a NUL");
        }
        if text.len() > MAX_LINE {
            return invalid("it has a line of more than 998 octets");
        }
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
            let end = self.rest.iter().position(|&byte| byte == b'\n').map_or(self.rest.len(), |at| at + 1);
            let (line, later) = self.rest.split_at(end);
            if line.starts_with(b".") {
                piece.push(b'.');
            }
            piece.extend_from_slice(line);
            self.rest = later;
        }
        if self.rest.is_empty() {
            piece.extend_from_slice(b".\r\n");
        }
    }
}
