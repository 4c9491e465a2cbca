//! Sequence sets: `1:3,7,9:*`.

use std::ops::RangeInclusive;

/// A set of sequence numbers or UIDs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Set(Vec<(Bound, Bound)>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    Number(u32),
    Last,
}

impl Set {
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let range = |part: &[u8]| {
            let mut ends = part.splitn(2, |&byte| byte == b':');
            let first = Bound::parse(ends.next()?)?;
            let second = ends.next().map_or(Some(first), Bound::parse)?;
            Some((first, second))
        };
        text.split(|&byte| byte == b',').map(range).collect::<Option<Vec<_>>>().map(Self)
    }

    /// Whether `number` is in the set, when `last` is the largest number in use.
    pub(super) fn contains(&self, number: u32, last: u32) -> bool {
        self.ranges(last).any(|range| range.contains(&number))
    }

    /// Whether every number in it is at most `last`.
    pub(super) fn within(&self, last: u32) -> bool {
        self.ranges(last).all(|range| *range.end() <= last && *range.start() >= 1)
    }

    fn ranges(&self, last: u32) -> impl Iterator<Item = RangeInclusive<u32>> + '_ {
        let number = move |bound| match bound {
            Bound::Number(number) => number,
            Bound::Last => last,
        };
        self.0.iter().map(move |&(a, b)| {
            let (a, b) = (number(a), number(b));
            a.min(b)..=a.max(b)
        })
    }
}

impl Bound {
    fn parse(text: &[u8]) -> Option<Self> {
        if text == b"*" {
            return Some(Self::Last);
        }
        std::str::from_utf8(text).ok()?.parse().ok().filter(|&number| number > 0).map(Self::Number)
    }
}

/// `uids`, in the order given, as a set: `1,3:5`.
pub(super) fn show(uids: &[u32]) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for &uid in uids {
        match ranges.last_mut() {
            Some((_, end)) if *end + 1 == uid => *end = uid,
            _ => ranges.push((uid, uid)),
        }
    }
    let show = |&(a, b): &(u32, u32)| if a == b { a.to_string() } else { format!("{a}:{b}") };
    ranges.iter().map(show).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn sets_read_in_either_direction_and_end_at_the_last() {
        let numbers = |text: &[u8]| {
            let set = Set::parse(text).unwrap();
            (1..=10).filter(|&n| set.contains(n, 9)).collect::<Vec<_>>()
        };
        assert_eq!(numbers(b"1:3,7"), [1, 2, 3, 7]);
        assert_eq!(numbers(b"8:*"), [8, 9]);
        assert_eq!(numbers(b"*:8"), [8, 9]);
        assert_eq!(numbers(b"12:*"), [9, 10]);
        for wrong in [&b"0"[..], b"", b"1,", b"1:2:3", b"a"] {
            assert_eq!(Set::parse(wrong), None, "{wrong:?}");
        }
        assert_eq!(show(&[1, 3, 4, 5, 9]), "1,3:5,9");
    }
}
