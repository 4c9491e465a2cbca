use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::str::FromStr;

use super::reply;
use crate::{Error, PeerFault};

/// The longest unique id that is accepted. RFC 1939, section 7, allows 70 characters; some servers go beyond.
pub(super) const MAX_UNIQUE_ID: usize = 255;

/// What a maildrop holds (RFC 1939, section 5, STAT).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Maildrop {
    /// How many messages; those marked as deleted don't count.
    pub messages: u32,
    /// Their size together, in octets.
    pub octets: u64,
}

impl Maildrop {
    pub(super) fn parse(text: &[u8]) -> Result<Self, Error> {
        let mut words = reply::words(text);
        let messages = words.next().and_then(reply::number);
        let octets = words.next().and_then(reply::number);
        match (messages, octets) {
            (Some(messages), Some(octets)) => Ok(Self { messages, octets }),
            _ => Err(PeerFault::unexpected("STAT", text).into()),
        }
    }
}

/// A message of a maildrop, as the server lists it.
///
/// The number holds for one session only; the unique id is what an app may keep.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pop3Message {
    /// The number in this session, from 1.
    pub number: u32,
    /// The size in octets, as the server counts it: good for an estimate, and no promise.
    pub size: u64,
    /// The unique id, where the server has UIDL.
    pub uid: Option<UniqueId>,
}

/// A message's unique id, which stays the same from session to session (RFC 1939, section 7, UIDL).
///
/// It is 1 to 255 printable ASCII characters without blanks, so it can stand in a line of text as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UniqueId(String);

impl UniqueId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id in `word`; `None` where it is none.
    pub(super) fn parse(word: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(word).ok()?;
        let is_id =
            (1..=MAX_UNIQUE_ID).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_id.then(|| Self(text.to_owned()))
    }
}

impl FromStr for UniqueId {
    type Err = Error;

    /// Takes an id that an app has kept.
    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong =
            || Error::invalid("unique id", "it is not 1 to 255 printable ASCII characters without blanks");
        Self::parse(text.as_bytes()).ok_or_else(wrong)
    }
}

impl fmt::Display for UniqueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The number and the size in a line of LIST. What follows them is the server's own business (RFC 1939, section 5).
pub(super) fn parse_size(line: &[u8]) -> Result<(u32, u64), Error> {
    let mut words = reply::words(line);
    let number = words.next().and_then(reply::number).filter(|&number| number > 0);
    let size = words.next().and_then(reply::number);
    number.zip(size).ok_or_else(|| PeerFault::unexpected("LIST", line).into())
}

/// The number and the id in a line of UIDL.
pub(super) fn parse_uid(line: &[u8]) -> Result<(u32, UniqueId), Error> {
    let mut words = reply::words(line);
    let number = words.next().and_then(reply::number).filter(|&number| number > 0);
    let word = words.next().filter(|_| words.next().is_none()).unwrap_or_default();
    if word.len() > MAX_UNIQUE_ID {
        return Err(Error::LimitExceeded { what: "the length of a unique id", limit: MAX_UNIQUE_ID as u64 });
    }
    number.zip(UniqueId::parse(word)).ok_or_else(|| PeerFault::unexpected("UIDL", line).into())
}

/// The messages of the two lists, in the order of their numbers.
pub(super) fn merge(sizes: BTreeMap<u32, u64>, mut uids: HashMap<u32, UniqueId>) -> Vec<Pop3Message> {
    sizes.into_iter().map(|(number, size)| Pop3Message { number, size, uid: uids.remove(&number) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_lists_are_parsed_strictly() {
        assert_eq!(parse_size(b"1 120 extra words"), Ok((1, 120)));
        for line in ["", "1", "0 120", "x 120", "1 -5", "-1 5", "4294967296 1", "1 18446744073709551616"] {
            let fault = PeerFault::unexpected("LIST", line.as_bytes());
            assert_eq!(parse_size(line.as_bytes()), Err(fault.into()), "{line:?}");
        }
        assert_eq!(parse_uid(b"7  !x~"), Ok((7, UniqueId("!x~".to_owned()))));
        for line in ["", "1", "1 ", "0 a", "1 a b", "1 \u{e9}", "1 a\x7f", "1 a\0"] {
            let fault = PeerFault::unexpected("UIDL", line.as_bytes());
            assert_eq!(parse_uid(line.as_bytes()), Err(fault.into()), "{line:?}");
        }
    }

    #[test]
    fn a_unique_id_may_be_as_long_as_the_limit_and_no_longer() {
        let line = |length| format!("1 {}", "u".repeat(length)).into_bytes();
        assert!(parse_uid(&line(MAX_UNIQUE_ID)).is_ok());
        let over = Error::LimitExceeded { what: "the length of a unique id", limit: 255 };
        assert_eq!(parse_uid(&line(MAX_UNIQUE_ID + 1)), Err(over));
    }

    #[test]
    fn a_kept_id_is_read_back() {
        assert_eq!("abc".parse::<UniqueId>().map(|uid| uid.to_string()), Ok("abc".to_owned()));
        for text in ["", "a b", "a\n", "ü", &"u".repeat(MAX_UNIQUE_ID + 1)] {
            let error = text.parse::<UniqueId>().map_err(|error| error.code());
            assert_eq!(error, Err(postseal_types::ErrorCode::InvalidInput), "{text:?}");
        }
    }

    #[test]
    fn stat_is_two_numbers() {
        assert_eq!(Maildrop::parse(b"2 320"), Ok(Maildrop { messages: 2, octets: 320 }));
        assert_eq!(Maildrop::parse(b"2"), Err(PeerFault::unexpected("STAT", b"2").into()));
    }
}
