//! New inputs from those that are saved. The same seed gives the same inputs.

use std::ops::Range;

/// The largest input that is made.
const MAX_INPUT: usize = 64 * 1024;
/// How many changes an input has at most.
const MAX_CHANGES: usize = 6;
/// How often a line or a piece is repeated at most.
const MAX_REPEATS: usize = 64;

/// Numbers at which something ends, and one that no type can hold.
const NUMBERS: [&str; 12] = [
    "0",
    "1",
    "00",
    "255",
    "65536",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "18446744073709551615",
    "18446744073709551616",
    "99999999999999999999999999999999999999999999",
];

/// SplitMix64: not random, and spread well enough.
#[derive(Debug)]
struct Dice(u64);

impl Dice {
    /// A number below `sides`; 0 where there are none.
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides.max(1) as u64) as usize
    }

    fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.roll(of.len())]
    }

    /// A place between two bytes, or at an end.
    fn place(&mut self, input: &[u8]) -> usize {
        self.roll(input.len() + 1)
    }

    /// A piece of `input`, as a rule a short one.
    fn piece(&mut self, input: &[u8]) -> Range<usize> {
        let longest = if self.roll(4) == 0 { input.len() } else { 40 };
        let start = self.place(input);
        start..(start + self.roll(longest + 1)).min(input.len())
    }

    /// One of the lines, with its end.
    fn line(&mut self, input: &[u8]) -> Range<usize> {
        let lines = input.split_inclusive(|&byte| byte == b'\n').scan(0, |start, line| {
            let range = *start..*start + line.len();
            *start = range.end;
            Some(range)
        });
        let lines: Vec<_> = lines.collect();
        lines.get(self.roll(lines.len())).cloned().unwrap_or(0..0)
    }
}

/// Makes inputs.
#[derive(Debug)]
pub(crate) struct Mutator<'a> {
    dice: Dice,
    saved: &'a [Vec<u8>],
    words: &'a [&'static [u8]],
}

impl<'a> Mutator<'a> {
    pub(crate) const fn new(seed: u64, saved: &'a [Vec<u8>], words: &'a [&'static [u8]]) -> Self {
        Self { dice: Dice(seed), saved, words }
    }

    /// The next input.
    pub(crate) fn next_input(&mut self) -> Vec<u8> {
        let mut input = self.another().to_vec();
        for _ in 0..=self.dice.roll(MAX_CHANGES) {
            self.change(&mut input);
        }
        input.truncate(MAX_INPUT);
        input
    }

    /// One of the saved inputs.
    fn another(&mut self) -> &'a [u8] {
        &self.saved[self.dice.roll(self.saved.len())]
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let dice = &mut self.dice;
        match dice.roll(12) {
            0 => change_byte(input, dice),
            1 => change_number(input, dice),
            2 => {
                let at = dice.place(input);
                input.splice(at..at, dice.pick(self.words).iter().copied());
            }
            3 => {
                let piece = dice.piece(input);
                input.splice(piece, dice.pick(self.words).iter().copied());
            }
            4 => drop(input.drain(dice.piece(input))),
            5 => drop(input.drain(dice.line(input))),
            6 => {
                let (line, times) = (dice.line(input), 1 + dice.roll(MAX_REPEATS));
                repeat(input, line, times);
            }
            7 => {
                let (piece, times) = (dice.piece(input), 1 + dice.roll(MAX_REPEATS));
                repeat(input, piece, times);
            }
            8 => {
                let line: Vec<u8> = input.drain(dice.line(input)).collect();
                let at = dice.line(input).start;
                input.splice(at..at, line);
            }
            9 => input.truncate(dice.place(input)),
            10 => {
                // A part of another input in between.
                let other = self.another();
                let (piece, at) = (self.dice.piece(other), self.dice.place(input));
                input.splice(at..at, other[piece].iter().copied());
            }
            _ => {
                // The start of this one, the end of another.
                let other = self.another();
                input.truncate(self.dice.place(input));
                input.extend_from_slice(&other[self.dice.place(other)..]);
            }
        }
    }
}

fn change_byte(input: &mut [u8], dice: &mut Dice) {
    let at = dice.roll(input.len());
    let (bit, byte) = (1 << dice.roll(8), dice.roll(256) as u8);
    if let Some(changed) = input.get_mut(at) {
        *changed = if dice.roll(2) == 0 { *changed ^ bit } else { byte };
    }
}

fn change_number(input: &mut Vec<u8>, dice: &mut Dice) {
    let is_digit = |at: usize| input.get(at).is_some_and(u8::is_ascii_digit);
    let starts: Vec<_> =
        (0..input.len()).filter(|&at| is_digit(at) && (at == 0 || !is_digit(at - 1))).collect();
    let Some(&start) = starts.get(dice.roll(starts.len())) else { return };
    let end = (start..input.len()).find(|&at| !is_digit(at)).unwrap_or(input.len());
    let number = std::str::from_utf8(&input[start..end]).unwrap().parse().unwrap_or(u64::MAX);
    let changed = match dice.roll(4) {
        0 => number.wrapping_add(1).to_string(),
        1 => number.wrapping_sub(1).to_string(),
        _ => dice.pick(&NUMBERS).to_owned(),
    };
    input.splice(start..end, changed.into_bytes());
}

/// Repeats a part of `input` behind itself, as often as there is room for.
fn repeat(input: &mut Vec<u8>, part: Range<usize>, times: usize) {
    let room = MAX_INPUT.saturating_sub(input.len()) / part.len().max(1);
    let copies = input[part.clone()].repeat(times.min(room));
    input.splice(part.end..part.end, copies);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_inputs() {
        let saved = [b"one 1\r\ntwo 2\r\n".to_vec(), Vec::new()];
        let words = [&b"word"[..]];
        let inputs = |seed| {
            let mut mutator = Mutator::new(seed, &saved, &words);
            (0..2000).map(|_| mutator.next_input()).collect::<Vec<_>>()
        };
        assert_eq!(inputs(1), inputs(1));
        assert_ne!(inputs(1), inputs(2));
        let of_all: std::collections::HashSet<_> = inputs(1).into_iter().collect();
        assert!(of_all.len() > 500, "only {} of 2000 differ", of_all.len());
        for (what, is_there) in [
            ("a word", of_all.iter().any(|input| input.windows(4).any(|window| window == b"word"))),
            ("a line twice", of_all.contains(&b"one 1\r\none 1\r\ntwo 2\r\n"[..])),
            ("a line less", of_all.contains(&b"two 2\r\n"[..])),
            ("lines that changed places", of_all.contains(&b"two 2\r\none 1\r\n"[..])),
            ("another number", of_all.iter().any(|input| input.starts_with(b"one 4294967296\r\n"))),
            ("nothing", of_all.contains(&b""[..])),
        ] {
            assert!(is_there, "{what}");
        }
    }

    #[test]
    fn no_input_is_larger_than_the_limit() {
        let saved = [vec![b'x'; MAX_INPUT]];
        let mut mutator = Mutator::new(1, &saved, &[b"word"]);
        assert!((0..200).all(|_| mutator.next_input().len() <= MAX_INPUT));
    }
}
