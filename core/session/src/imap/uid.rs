use std::fmt;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;

use crate::Error;

/// How many ranges go into one command: some 6 KB, where servers take 8 KB at least (RFC 7162, section 4).
const MAX_RANGES: usize = 250;

/// The UIDVALIDITY of a mailbox: while it stays the same, so does the meaning of every UID (RFC 9051, section 2.3.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UidValidity(NonZeroU32);

impl UidValidity {
    /// A UIDVALIDITY that was kept from before; `None` for 0.
    #[must_use]
    pub const fn new(value: u32) -> Option<Self> {
        match NonZeroU32::new(value) {
            Some(value) => Some(Self(value)),
            None => None,
        }
    }

    /// The number, to be kept together with UIDs.
    #[must_use]
    pub const fn value(self) -> u32 {
        self.0.get()
    }
}

/// The handle of a message in a mailbox: its UID, and the UIDVALIDITY under which that UID means this message.
///
/// It is the only handle there is; sequence numbers, which change under one's hands, are not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uid {
    validity: UidValidity,
    number: NonZeroU32,
}

impl Uid {
    /// A handle that was kept from before, from its two numbers; `None` for a UID of 0.
    #[must_use]
    pub const fn new(validity: UidValidity, number: u32) -> Option<Self> {
        match NonZeroU32::new(number) {
            Some(number) => Some(Self { validity, number }),
            None => None,
        }
    }

    /// The UIDVALIDITY of the mailbox when the UID was learnt.
    #[must_use]
    pub const fn validity(self) -> UidValidity {
        self.validity
    }

    /// The UID itself.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.number.get()
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number.fmt(f)
    }
}

/// Messages of one mailbox, under one UIDVALIDITY: single UIDs, ranges, or all of them. Never empty.
///
/// ```
/// use postseal_session::imap::{Uid, UidSet, UidValidity};
///
/// let validity = UidValidity::new(1_700_000_000).ok_or("0")?;
/// let uids = [7, 3, 4, 5].into_iter().filter_map(|number| Uid::new(validity, number));
/// let set = UidSet::of(uids)?;
/// assert_eq!(set.to_string(), "3:5,7");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UidSet {
    validity: UidValidity,
    /// Ascending, with a gap of at least one between two of them.
    ranges: Vec<RangeInclusive<u32>>,
    /// Everything from this UID on, whatever the last one is.
    open_from: Option<NonZeroU32>,
}

impl UidSet {
    /// The messages with these UIDs, in any order.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] where there are none, or they have different UIDVALIDITYs.
    pub fn of(uids: impl IntoIterator<Item = Uid>) -> Result<Self, Error> {
        let uids: Vec<Uid> = uids.into_iter().collect();
        let validity = match uids.first() {
            Some(first) if uids.iter().all(|uid| uid.validity == first.validity) => first.validity,
            Some(_) => return Err(Error::invalid("UID set", "its UIDs have different UIDVALIDITYs")),
            None => return Err(Error::invalid("UID set", "it is empty")),
        };
        let mut numbers: Vec<u32> = uids.into_iter().map(Uid::number).collect();
        numbers.sort_unstable();
        Ok(Self { validity, ranges: ranges_of(&numbers), open_from: None })
    }

    /// Every message of the mailbox.
    #[must_use]
    pub const fn all(validity: UidValidity) -> Self {
        Self { validity, ranges: Vec::new(), open_from: Some(NonZeroU32::MIN) }
    }

    /// This message and every one that came after it.
    #[must_use]
    pub const fn starting_at(first: Uid) -> Self {
        Self { validity: first.validity, ranges: Vec::new(), open_from: Some(first.number) }
    }

    /// The messages from `first` to `last`, both included, in either order.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] where they have different UIDVALIDITYs.
    pub fn range(first: Uid, last: Uid) -> Result<Self, Error> {
        if first.validity != last.validity {
            return Err(Error::invalid("UID set", "its UIDs have different UIDVALIDITYs"));
        }
        let (low, high) = (first.min(last).number(), first.max(last).number());
        Ok(Self { validity: first.validity, ranges: vec![low..=high], open_from: None })
    }

    /// The UIDVALIDITY under which the UIDs mean these messages.
    #[must_use]
    pub const fn validity(&self) -> UidValidity {
        self.validity
    }

    /// Whether `uid` is one of them.
    #[must_use]
    pub fn contains(&self, uid: Uid) -> bool {
        uid.validity == self.validity && self.contains_number(uid.number())
    }

    pub(super) fn contains_number(&self, number: u32) -> bool {
        let after = self.ranges.partition_point(|range| *range.end() < number);
        self.open_from.is_some_and(|first| number >= first.get())
            || self.ranges.get(after).is_some_and(|range| range.contains(&number))
    }

    /// The UIDs one by one, where there are no more than `most`.
    pub(super) fn numbers(&self, most: u64) -> Option<Vec<u32>> {
        let count: u64 = self.ranges.iter().map(|range| u64::from(range.end() - range.start()) + 1).sum();
        let is_small = self.open_from.is_none() && count <= most;
        is_small.then(|| self.ranges.iter().cloned().flatten().collect())
    }

    /// One range with all of it in it, in the form of the protocol.
    pub(super) fn span(&self) -> String {
        let first = self.ranges.first().map(|range| *range.start());
        match (first, self.open_from, self.ranges.last()) {
            (None, Some(open), _) => format!("{open}:*"),
            (Some(first), Some(open), _) => format!("{}:*", first.min(open.get())),
            (first, None, last) => {
                format!("{}:{}", first.unwrap_or(1), last.map_or(1, |range| *range.end()))
            }
        }
    }

    /// The set in the form of the protocol, in pieces that fit into a command line of any server.
    pub(super) fn pieces(&self) -> Vec<String> {
        let open = self.open_from.map(|first| format!("{first}:*"));
        let closed = self.ranges.chunks(MAX_RANGES).map(|ranges| Ranges(ranges).to_string());
        closed.chain(open).collect()
    }
}

impl From<Uid> for UidSet {
    fn from(uid: Uid) -> Self {
        Self { validity: uid.validity, ranges: vec![uid.number()..=uid.number()], open_from: None }
    }
}

/// The form of the protocol (RFC 9051, section 9, sequence-set).
impl fmt::Display for UidSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let comma = if self.ranges.is_empty() { "" } else { "," };
        Ranges(&self.ranges).fmt(f)?;
        self.open_from.map_or(Ok(()), |first| write!(f, "{comma}{first}:*"))
    }
}

/// UIDs as a sequence-set, for the commands of one batch.
pub(super) struct Numbers<'a>(pub(super) &'a [u32]);

impl fmt::Display for Numbers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ranges(&ranges_of(self.0)).fmt(f)
    }
}

struct Ranges<'a>(&'a [RangeInclusive<u32>]);

impl fmt::Display for Ranges<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, range) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            match (range.start(), range.end()) {
                (first, last) if first == last => write!(f, "{comma}{first}")?,
                (first, last) => write!(f, "{comma}{first}:{last}")?,
            }
        }
        Ok(())
    }
}

/// The ranges of ascending numbers.
fn ranges_of(numbers: &[u32]) -> Vec<RangeInclusive<u32>> {
    let mut ranges: Vec<RangeInclusive<u32>> = Vec::new();
    for &number in numbers {
        match ranges.last_mut() {
            Some(last) if number <= last.end().saturating_add(1) => *last = *last.start()..=number,
            _ => ranges.push(number..=number),
        }
    }
    ranges
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn uid(validity: u32, number: u32) -> Uid {
        Uid::new(UidValidity::new(validity).unwrap(), number).unwrap()
    }

    #[test]
    fn a_set_is_written_as_ranges_in_order() {
        let set = |numbers: &[u32]| UidSet::of(numbers.iter().map(|&n| uid(9, n))).unwrap().to_string();
        assert_eq!(set(&[5]), "5");
        assert_eq!(set(&[7, 3, 5, 4, 3]), "3:5,7");
        assert_eq!(set(&[u32::MAX, u32::MAX - 1, 1]), "1,4294967294:4294967295");
        assert_eq!(UidSet::all(uid(9, 1).validity()).to_string(), "1:*");
        assert_eq!(UidSet::starting_at(uid(9, 8)).to_string(), "8:*");
        assert_eq!(UidSet::range(uid(9, 8), uid(9, 2)).unwrap().to_string(), "2:8");
    }

    #[test]
    fn a_large_set_goes_in_pieces() {
        let odd: Vec<Uid> = (0..=500).map(|n| uid(9, 4_000_000_001 + 2 * n)).collect();
        let set = UidSet::of(odd.iter().copied()).unwrap();
        let pieces = set.pieces();
        assert_eq!(pieces.len(), 3);
        assert_eq!(pieces.join(","), set.to_string());
        assert!(pieces.iter().all(|piece| piece.len() < 6000));
        assert_eq!(set.span(), "4000000001:4000001001");
        assert!(odd.iter().all(|&uid| set.contains(uid)));
        assert!(
            !set.contains(uid(9, 4_000_000_002))
                && !set.contains(uid(9, 1))
                && !set.contains(uid(9, u32::MAX))
        );
        assert_eq!((set.numbers(500), set.numbers(501).map(|numbers| numbers.len())), (None, Some(501)));
        assert_eq!(UidSet::from(uid(9, 8)).span(), "8:8");
        assert_eq!(UidSet::starting_at(uid(9, 8)).span(), "8:*");
    }

    #[test]
    fn a_set_is_never_empty_and_never_mixes_validities() {
        assert_eq!(UidSet::of([]), Err(Error::invalid("UID set", "it is empty")));
        let mixed = Err(Error::invalid("UID set", "its UIDs have different UIDVALIDITYs"));
        assert_eq!(UidSet::of([uid(1, 1), uid(2, 2)]), mixed);
        assert_eq!(UidSet::range(uid(1, 1), uid(2, 2)), mixed);
        assert!(UidSet::all(uid(1, 1).validity()).contains(uid(1, 77)));
        assert!(!UidSet::all(uid(1, 1).validity()).contains(uid(2, 77)));
        assert_eq!((UidValidity::new(0), Uid::new(uid(1, 1).validity(), 0)), (None, None));
    }
}
