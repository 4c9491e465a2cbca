/// How the lines of some data end, which comes piece by piece.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct LineEnds {
    has_lone_cr: bool,
    ends_in_cr: bool,
}

impl LineEnds {
    /// Of data that is all there.
    pub(super) fn of(data: &[u8]) -> Self {
        let mut ends = Self::default();
        ends.add(data);
        ends
    }

    pub(super) fn add(&mut self, piece: &[u8]) {
        let Some((first, last)) = piece.first().zip(piece.last()) else { return };
        self.has_lone_cr |= self.ends_in_cr && *first != b'\n';
        self.ends_in_cr = *last == b'\r';
        self.has_lone_cr = self.has_lone_cr
            || memchr::memchr_iter(b'\r', piece)
                .any(|at| piece.get(at + 1).is_some_and(|next| *next != b'\n'));
    }

    /// Whether there is a CR without an LF behind it.
    pub(super) const fn has_lone_cr(self) -> bool {
        self.has_lone_cr || self.ends_in_cr
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_cr_is_found_wherever_the_pieces_end() {
        for (text, is_there) in [
            ("", false),
            ("a\r\nb\r\n", false),
            ("a\nb", false),
            ("a\rb", true),
            ("a\r", true),
            ("\r", true),
            ("a\r\r\n", true),
        ] {
            for at in 0..=text.len() {
                let mut ends = LineEnds::default();
                let (first, second) = text.split_at(at);
                ends.add(first.as_bytes());
                ends.add(second.as_bytes());
                assert_eq!(ends.has_lone_cr(), is_there, "{text:?} {at}");
            }
            assert_eq!(LineEnds::of(text.as_bytes()).has_lone_cr(), is_there);
        }
    }
}
