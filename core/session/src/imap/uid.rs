use std::fmt;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;

use crate::Error;

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
    pub const fn from(first: Uid) -> Self {
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
        self.open_from.is_some_and(|first| number >= first.get())
            || self.ranges.iter().any(|range| range.contains(&number))
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
        write_ranges(f, &self.ranges)?;
        match self.open_from {
            Some(first) => write!(f, "{first}:*"),
            None => Ok(()),
        }
    }
}

/// UIDs as a sequence-set, for the commands of one batch.
pub(super) struct Numbers<'a>(pub(super) &'a [u32]);

impl fmt::Display for Numbers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_ranges(f, &ranges_of(self.0))
    }
}

fn write_ranges(f: &mut fmt::Formatter<'_>, ranges: &[RangeInclusive<u32>]) -> fmt::Result {
    for (index, range) in ranges.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        match (range.start(), range.end()) {
            (first, last) if first == last => write!(f, "{comma}{first}")?,
            (first, last) => write!(f, "{comma}{first}:{last}")?,
        }
    }
    Ok(())
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
        assert_eq!(UidSet::from(uid(9, 8)).to_string(), "8:*");
        assert_eq!(UidSet::range(uid(9, 8), uid(9, 2)).unwrap().to_string(), "2:8");
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
