use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::message::{Pop3Message, UniqueId};
use crate::Error;

/// The first line of a saved list: what it is, and the version of its form.
const HEAD: &str = "postseal seen-uids 1";

/// Which messages of a maildrop were fetched before, for those who leave them on the server.
///
/// POP3 itself remembers nothing. An app keeps one list for each maildrop: it loads it before and saves it after each session. The list is
/// plain data; the time is always a parameter.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use postseal_session::{Pop3Message, SeenUids};
///
/// # fn fetch(listing: &[Pop3Message], now: SystemTime, saved: &[u8]) -> Result<Vec<u8>, postseal_session::Error> {
/// let mut seen = SeenUids::from_bytes(saved)?;
/// for message in seen.new_messages(listing) {
///     // … retrieve and store it, then:
///     seen.mark(message, now);
/// }
/// for message in seen.to_delete(listing, now, Duration::from_secs(14 * 86_400)) {
///     // … delete it from the server …
/// }
/// seen.forget_gone(listing);
/// # Ok(seen.to_bytes()) }
/// # assert_eq!(fetch(&[], SystemTime::UNIX_EPOCH, b""), Ok(b"postseal seen-uids 1\n".to_vec()));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeenUids {
    /// When each was marked first, in seconds of Unix time.
    since: BTreeMap<UniqueId, u64>,
}

impl SeenUids {
    /// A list in which nothing was seen.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A list as it was saved by [`to_bytes`](Self::to_bytes); nothing at all is an empty list.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`], naming the line, where it is no such list.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut lines = bytes.split(|&byte| byte == b'\n').enumerate().map(|(index, line)| (index + 1, line));
        match lines.next() {
            Some((_, line)) if line == HEAD.as_bytes() || bytes.is_empty() => {}
            _ => return Err(malformed(1)),
        }
        let entries = lines.filter(|(_, line)| !line.is_empty());
        let since = entries
            .map(|(number, line)| entry(line).ok_or_else(|| malformed(number)))
            .collect::<Result<_, _>>()?;
        Ok(Self { since })
    }

    /// The list as lines of text, to be kept.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let entries = self.since.iter().map(|(uid, since)| format!("{since} {uid}\n"));
        std::iter::once(format!("{HEAD}\n")).chain(entries).collect::<String>().into_bytes()
    }

    /// Those messages of `listing` that were not seen yet. A message without a unique id can't be remembered: it is always new.
    pub fn new_messages<'a>(&self, listing: &'a [Pop3Message]) -> Vec<&'a Pop3Message> {
        listing.iter().filter(|message| !self.has_seen(message)).collect()
    }

    /// Whether `message` was marked before.
    #[must_use]
    pub fn has_seen(&self, message: &Pop3Message) -> bool {
        message.uid.as_ref().is_some_and(|uid| self.since.contains_key(uid))
    }

    /// Marks `message` as seen at `now`; the time of an earlier mark stays. Returns whether it is remembered, as one without a
    /// unique id can't be.
    pub fn mark(&mut self, message: &Pop3Message, now: SystemTime) -> bool {
        if let Some(uid) = &message.uid {
            self.since.entry(uid.clone()).or_insert_with(|| seconds(now));
        }
        message.uid.is_some()
    }

    /// Those messages of `listing` that were first seen at least `keep` before `now`.
    pub fn to_delete<'a>(
        &self,
        listing: &'a [Pop3Message],
        now: SystemTime,
        keep: Duration,
    ) -> Vec<&'a Pop3Message> {
        let is_old = |message: &&Pop3Message| {
            let since = message.uid.as_ref().and_then(|uid| self.since.get(uid));
            since.and_then(|&since| seconds(now).checked_sub(since)).is_some_and(|age| age >= keep.as_secs())
        };
        listing.iter().filter(is_old).collect()
    }

    /// Forgets the messages that are no longer in `listing`, which must be a complete one: else they would be new again.
    pub fn forget_gone(&mut self, listing: &[Pop3Message]) {
        let present: HashSet<&UniqueId> = listing.iter().filter_map(|message| message.uid.as_ref()).collect();
        self.since.retain(|uid, _| present.contains(uid));
    }

    /// How many messages are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.since.len()
    }

    /// Whether no message is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.since.is_empty()
    }
}

fn entry(line: &[u8]) -> Option<(UniqueId, u64)> {
    let (since, uid) = line.split_at_checked(line.iter().position(|&byte| byte == b' ')?)?;
    Some((UniqueId::parse(uid.strip_prefix(b" ")?)?, super::reply::number(since)?))
}

fn malformed(line: usize) -> Error {
    Error::invalid("list of seen messages", format!("line {line} is not as it was saved"))
}

/// Unix time; a clock that stands before 1970 is at 0.
fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn message(number: u32, uid: Option<&str>) -> Pop3Message {
        Pop3Message { number, size: 100, uid: uid.map(|uid| UniqueId::parse(uid.as_bytes()).unwrap()) }
    }

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn what_was_marked_is_not_new_and_comes_back_from_its_bytes() {
        let listing = [message(1, Some("a")), message(2, Some("b")), message(3, None)];
        let [first, second, without] = &listing;
        let mut seen = SeenUids::new();
        assert_eq!(seen.new_messages(&listing), [first, second, without]);
        assert!(seen.mark(first, at(1000)));
        assert!(!seen.mark(without, at(1000)));
        assert!(seen.mark(first, at(2000)));
        assert_eq!(seen.new_messages(&listing), [second, without]);
        assert_eq!(seen.to_bytes(), b"postseal seen-uids 1\n1000 a\n");
        assert_eq!(SeenUids::from_bytes(&seen.to_bytes()), Ok(seen));
        assert_eq!(SeenUids::from_bytes(b""), Ok(SeenUids::new()));
    }

    #[test]
    fn a_message_is_deleted_when_it_was_kept_long_enough() {
        let listing = [message(1, Some("a")), message(2, Some("b")), message(3, Some("c")), message(4, None)];
        let [a, b, _, _] = &listing;
        let mut seen = SeenUids::new();
        seen.mark(a, at(1000));
        seen.mark(b, at(1001));
        let keep = Duration::from_secs(500);
        assert_eq!(seen.to_delete(&listing, at(1499), keep), [] as [&Pop3Message; 0]);
        assert_eq!(seen.to_delete(&listing, at(1500), keep), [a]);
        assert_eq!(seen.to_delete(&listing, at(1501), keep), [a, b]);
        // A clock that was set back deletes nothing.
        assert_eq!(seen.to_delete(&listing, at(10), Duration::ZERO), [] as [&Pop3Message; 0]);
    }

    #[test]
    fn what_is_gone_from_the_server_is_forgotten() {
        let mut seen = SeenUids::new();
        for uid in ["a", "b"] {
            seen.mark(&message(1, Some(uid)), at(1));
        }
        seen.forget_gone(&[message(1, Some("b")), message(2, Some("c"))]);
        assert_eq!((seen.len(), seen.is_empty()), (1, false));
        assert!(seen.has_seen(&message(7, Some("b"))));
    }

    #[test]
    fn a_list_that_is_none_is_an_error_that_names_the_line() {
        for (bytes, line) in [
            (&b"\n"[..], 1),
            (b"postseal seen-uids 2\n", 1),
            (b"postseal seen-uids 1\n1 a\nx b\n", 3),
            (b"postseal seen-uids 1\n1 a b\n", 2),
            (b"postseal seen-uids 1\n1\n", 2),
            (b"postseal seen-uids 1\n1 \r\n", 2),
            (b"postseal seen-uids 1\n-1 a\n", 2),
        ] {
            assert_eq!(SeenUids::from_bytes(bytes), Err(malformed(line)), "{}", bytes.escape_ascii());
        }
    }
}
