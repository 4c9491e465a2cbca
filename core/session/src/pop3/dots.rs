//! Dot-stuffing undone (RFC 1939, section 3), exactly and in pieces of any size.

use memchr::memmem;

/// Takes the dots out of a message as it arrives, and finds its end.
///
/// Only CRLF ends a line here: a message may hold bare CRs and LFs, and the server stuffs dots behind CRLF alone. To take a bare LF for a
/// line end would let the sender of a message end it early, and have the rest of it read as answers of the server.
#[derive(Debug, Default)]
pub(super) struct Dots(State);

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Behind a CRLF, or at the very start.
    #[default]
    LineStart,
    /// Inside a line; the last byte was no CR.
    Inside,
    /// Inside a line, behind a CR.
    Cr,
    /// Behind the dot that begins a line. It is not part of the message, whatever follows.
    Dot,
    /// Behind such a dot and a CR.
    DotCr,
    /// Behind the lone dot that ends the message.
    End,
}

impl Dots {
    /// Appends what `input` holds of the message to `out`, and returns how many bytes of it were used: all, unless the message ended.
    pub(super) fn take_out(&mut self, input: &[u8], out: &mut Vec<u8>) -> usize {
        let mut rest = input;
        while self.0 != State::End && !rest.is_empty() {
            rest = self.step(rest, out);
        }
        input.len() - rest.len()
    }

    /// Whether the end of the message was found.
    pub(super) fn ended(&self) -> bool {
        self.0 == State::End
    }

    /// Moves on by one state, and returns what is left of the input, which is not empty.
    fn step<'a>(&mut self, input: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
        let (first, behind) = match input.split_first() {
            Some((&first, behind)) => (first, behind),
            None => return input,
        };
        let (state, rest) = match (self.0, first) {
            (State::LineStart, b'.') => (State::Dot, behind),
            (State::Dot, b'\r') => (State::DotCr, behind),
            (State::DotCr, b'\n') => (State::End, behind),
            (State::DotCr, _) => {
                out.push(b'\r');
                (State::Cr, input)
            }
            (State::Cr, b'\n') => {
                out.push(b'\n');
                (State::LineStart, behind)
            }
            (State::End, _) => (State::End, input),
            (State::LineStart | State::Dot | State::Cr | State::Inside, _) => copy_lines(input, out),
        };
        self.0 = state;
        rest
    }
}

/// Copies up to the next line that begins with a dot; such lines are rare, so nearly everything is copied here.
fn copy_lines<'a>(input: &'a [u8], out: &mut Vec<u8>) -> (State, &'a [u8]) {
    if let Some((lines, rest)) = memmem::find(input, b"\r\n.").and_then(|at| input.split_at_checked(at + 2)) {
        out.extend_from_slice(lines);
        return (State::LineStart, rest);
    }
    out.extend_from_slice(input);
    let state = match input {
        [.., b'\r', b'\n'] => State::LineStart,
        [.., b'\r'] => State::Cr,
        _ => State::Inside,
    };
    (state, &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The message in `input`, fed in pieces of `size` bytes, and what was left unused; `None` where it did not end.
    fn take_out(input: &[u8], size: usize) -> Option<(Vec<u8>, usize)> {
        let (mut dots, mut out, mut used) = (Dots::default(), Vec::new(), 0);
        for piece in input.chunks(size) {
            used += dots.take_out(piece, &mut out);
        }
        dots.ended().then_some((out, input.len() - used))
    }

    #[test]
    fn the_message_is_the_same_in_pieces_of_any_size() {
        for (input, message, left) in [
            (&b".\r\n"[..], &b""[..], 0),
            (b".\r\n+OK next\r\n", b"", 10),
            (b"\r\n.\r\n", b"\r\n", 0),
            (b"a\r\n.\r\n", b"a\r\n", 0),
            (b"..\r\n.\r\n", b".\r\n", 0),
            (b"...\r\n....\r\n.\r\n.", b"..\r\n...\r\n", 1),
            (b"a\r\n.b\r\n.\r\n", b"a\r\nb\r\n", 0),
            (b"a\r\n..\r\n\r\n.\r\n", b"a\r\n.\r\n\r\n", 0),
            // Bare LFs and CRs are data: neither begins a line.
            (b"a\n.\n.\r\nb\r\n.\r\n", b"a\n.\n.\r\nb\r\n", 0),
            (b"a\n.\r\n.\r\n", b"a\n.\r\n", 0),
            (b"a\r\n.\nb\r\n.\r\n", b"a\r\n\nb\r\n", 0),
            (b"a\r\n.\rb\r\n.\r\n", b"a\r\n\rb\r\n", 0),
            (b"a\r\n.\r\r\n.\r\n", b"a\r\n\r\r\n", 0),
            (b"a\r.\r\r\n.\r\n", b"a\r.\r\r\n", 0),
            (b"a\r\r\n.\r\n", b"a\r\r\n", 0),
            (b"\0\xff\r\n.\r\n", b"\0\xff\r\n", 0),
        ] {
            for size in 1..=input.len() {
                let expected = Some((message.to_vec(), left));
                assert_eq!(
                    take_out(input, size),
                    expected,
                    "{:?} by {size}",
                    input.escape_ascii().to_string()
                );
            }
        }
    }

    #[test]
    fn only_a_lone_dot_between_line_ends_is_an_end() {
        for input in [
            &b""[..],
            b"a",
            b".",
            b".\r",
            b"a\r\n.",
            b"a\r\n.\r",
            b"a\r\n.\n",
            b"a.\r\n",
            b"a\n.\r\n",
            b"a\r.\r\n",
        ] {
            for size in 1..=input.len().max(1) {
                assert_eq!(take_out(input, size), None, "{:?} by {size}", input.escape_ascii().to_string());
            }
        }
    }

    #[test]
    fn what_was_stuffed_comes_out_as_it_was() {
        // Every message of up to six of these bytes, with the line end that a server adds where it is missing.
        let alphabet = b".\r\na";
        for length in 0..=6_u32 {
            for number in 0..4_usize.pow(length) {
                let mut message: Vec<u8> = (0..length)
                    .filter_map(|at| alphabet.get(number / 4_usize.pow(at) % 4).copied())
                    .collect();
                if !message.is_empty() && !message.ends_with(b"\r\n") {
                    message.extend_from_slice(b"\r\n");
                }
                let stuffed = stuff(&message);
                for size in [1, 2, 3, stuffed.len()] {
                    assert_eq!(take_out(&stuffed, size), Some((message.clone(), 0)));
                }
            }
        }
    }

    fn stuff(message: &[u8]) -> Vec<u8> {
        let mut stuffed = Vec::new();
        for (at, &byte) in message.iter().enumerate() {
            let at_line_start = at == 0 || message.get(..at).is_some_and(|head| head.ends_with(b"\r\n"));
            if byte == b'.' && at_line_start {
                stuffed.push(b'.');
            }
            stuffed.push(byte);
        }
        stuffed.extend_from_slice(b".\r\n");
        stuffed
    }
}
