//! The messages of one FETCH, put together from what the server tells of them and handed on as soon as they are whole.

use std::collections::BTreeMap;

use super::dialogue::Event;
use super::fetch::{Fetched, Unreadable};
use super::items::FetchItems;
use super::response::{Data, MessageData};
use super::uid::{Uid, UidValidity};

/// Takes in all that comes while the command runs. Messages are handed on in the order of their UIDs: at once where all that was
/// asked for is there and those before it have been handed on, else at the end.
pub(super) struct Gather<'a, F> {
    validity: UidValidity,
    /// The UIDs that were asked for, ascending; those from which on no message has been handed on.
    numbers: &'a [u32],
    items: &'a FetchItems,
    waiting: BTreeMap<u32, Fetched>,
    /// Whether an answer came of which not even the UID can be read.
    is_lost: bool,
    /// What is told of other messages, or of the mailbox.
    news: Vec<Event>,
    hand_on: F,
}

impl<'a, F: FnMut(Fetched)> Gather<'a, F> {
    pub(super) const fn new(
        validity: UidValidity,
        numbers: &'a [u32],
        items: &'a FetchItems,
        hand_on: F,
    ) -> Self {
        Self { validity, numbers, items, waiting: BTreeMap::new(), is_lost: false, news: Vec::new(), hand_on }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Data(Data::Fetch(message)) => match self.place(&message) {
                Some(uid) => {
                    self.waiting.entry(uid.number()).or_insert_with(|| Fetched::new(uid)).take(*message);
                    self.hand_on_whole();
                }
                None => {
                    self.is_lost |= message.uid.is_none() && !message.unreadable.is_empty();
                    self.news.push(Event::Data(Data::Fetch(message)));
                }
            },
            news => self.news.push(news),
        }
    }

    /// Which of the messages that are waited for it is about. Without a UID it is news of somebody's flags, or an answer of which
    /// nothing can be made.
    fn place(&self, message: &MessageData) -> Option<Uid> {
        let number = message.uid.filter(|number| self.numbers.binary_search(number).is_ok())?;
        Uid::new(self.validity, number)
    }

    /// Hands on those that are whole, up to the first that is not.
    fn hand_on_whole(&mut self) {
        while let Some((first, behind)) = self.numbers.split_first()
            && self.waiting.get(first).is_some_and(|message| self.items.are_in(message))
            && let Some(message) = self.waiting.remove(first)
        {
            (self.hand_on)(message);
            self.numbers = behind;
        }
    }

    /// The command has ended well: what there is of the other messages is all that comes. Returns the news.
    pub(super) fn finish(mut self) -> Vec<Event> {
        if self.is_lost {
            // It belongs to one of those that were not answered otherwise: better to name one too many than to hide one.
            for uid in self.numbers.iter().filter_map(|&number| Uid::new(self.validity, number)) {
                let lost = || {
                    let item = "FETCH".to_owned();
                    Fetched { unreadable: vec![Unreadable::Malformed { item }], ..Fetched::new(uid) }
                };
                self.waiting.entry(uid.number()).or_insert_with(lost);
            }
        }
        self.waiting.into_values().for_each(self.hand_on);
        self.news
    }

    /// The command has failed: what waits is dropped, the first that is not whole and all behind it. Returns the news.
    pub(super) fn give_up(self) -> Vec<Event> {
        self.news
    }
}

impl<F: FnMut(Fetched)> Extend<Event> for Gather<'_, F> {
    fn extend<E: IntoIterator<Item = Event>>(&mut self, events: E) {
        events.into_iter().for_each(|event| self.take(event));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::response::Response;
    use super::*;

    /// What is handed on while the responses come, and at the end; with the number of those that are news.
    fn gather(numbers: &[u32], items: &FetchItems, responses: &[&str]) -> (Vec<u32>, Vec<Fetched>, usize) {
        let mut handed_on = Vec::new();
        let mut gather =
            Gather::new(UidValidity::new(7).unwrap(), numbers, items, |message| handed_on.push(message));
        for response in responses {
            let Some(Response::Data(data)) = Response::parse(format!("* {response}\r\n").as_bytes()) else {
                unreachable!("{response}")
            };
            gather.extend([Event::Data(data)]);
        }
        let left = gather.numbers.to_vec();
        let news = gather.finish().len();
        (left, handed_on, news)
    }

    fn uids(messages: &[Fetched]) -> Vec<u32> {
        messages.iter().map(|message| message.uid.number()).collect()
    }

    /// The first item that can't be read, of each message.
    fn unreadable(messages: &[Fetched]) -> Vec<Option<&str>> {
        let mut found = Vec::new();
        for message in messages {
            found.push(message.unreadable.first().and_then(|unreadable| match unreadable {
                Unreadable::Malformed { item } => Some(item.as_str()),
                Unreadable::TooLarge { .. } => None,
            }));
        }
        found
    }

    #[test]
    fn a_whole_message_is_handed_on_at_once_and_others_wait_for_their_turn() {
        let items = FetchItems::new().size();
        let (left, messages, news) = gather(
            &[1, 2, 4, 5],
            &items,
            &[
                "1 FETCH (UID 1 RFC822.SIZE 10)",
                "4 FETCH (UID 4 RFC822.SIZE 40)",
                "2 FETCH (UID 2)",
                // Of one that is gone already, of one that was not asked for, of one without a UID.
                "1 FETCH (UID 1 FLAGS ())",
                "9 FETCH (UID 9 RFC822.SIZE 90)",
                "2 FETCH (FLAGS ())",
                "5 EXISTS",
                "2 FETCH (UID 2 RFC822.SIZE 20)",
            ],
        );
        assert_eq!((left, uids(&messages), news), (vec![5], vec![1, 2, 4], 4));
        assert_eq!(messages.iter().filter_map(|message| message.size).sum::<u64>(), 70);
    }

    #[test]
    fn what_is_not_whole_is_handed_on_at_the_end_as_it_is() {
        let items = FetchItems::new().size();
        let (left, messages, _) =
            gather(&[1, 2, 3], &items, &["3 FETCH (UID 3 RFC822.SIZE 3)", "1 FETCH (UID 1 RFC822.SIZE x)"]);
        assert_eq!((left, uids(&messages)), (vec![1, 2, 3], vec![1, 3]));
        assert_eq!(unreadable(&messages), [Some("RFC822.SIZE"), None]);
        // One that can't be read at all is one of those that were not answered.
        let (_, messages, _) =
            gather(&[1, 2], &items, &["1 FETCH (UID 1 RFC822.SIZE 1)", "2 FETCH RFC822.SIZE 2"]);
        assert_eq!(uids(&messages), [1, 2]);
        assert_eq!(unreadable(&messages), [None, Some("FETCH")]);
    }
}
