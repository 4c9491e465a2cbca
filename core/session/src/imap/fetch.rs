use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::SystemTime;

use futures::future::{BoxFuture, FutureExt as _};
use futures::stream::Stream;

use super::command::Command;
use super::engine::{Access, Engine};
use super::envelope::Envelope;
use super::flag::Flag;
use super::guard::MAX_LITERAL;
use super::items::FetchItems;
use super::name::MailboxName;
use super::response::{Data, MessageData, Section};
use super::session::ImapSession;
use super::structure::{PartNumber, Structure};
use super::uid::{Numbers, Uid, UidSet, UidValidity};
use crate::{Error, PeerFault};

/// The most messages in one batch.
const MAX_BATCH: usize = 64;
/// The most bytes of messages in one batch; a larger message makes a batch of its own.
const MAX_BATCH_BYTES: u64 = 4 << 20;
/// The most messages whose sizes are asked for at once.
const MAX_SIZES: usize = 1024;

/// What was fetched of a message. What was not asked for is `None` or empty.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fetched {
    /// Its handle.
    pub uid: Uid,
    /// Its flags.
    pub flags: Option<Vec<Flag>>,
    /// Its size in bytes.
    pub size: Option<u64>,
    /// When the server took it in (INTERNALDATE).
    pub received: Option<SystemTime>,
    /// Its envelope, as the server sees it.
    pub envelope: Option<Envelope>,
    /// Its structure, as the server sees it.
    pub structure: Option<Structure>,
    /// Its header, or the fields that were asked for, as they stand in the message; with the empty line after them.
    pub header: Option<Vec<u8>>,
    /// The whole message, byte by byte.
    pub whole: Option<Vec<u8>>,
    /// Parts, encoded as they are in the message.
    pub parts: Vec<(PartNumber, Vec<u8>)>,
    /// The MIME headers of parts.
    pub part_headers: Vec<(PartNumber, Vec<u8>)>,
    /// What was asked for and can't be had. The other fields stand.
    pub unreadable: Vec<Unreadable>,
}

/// Why something of a message can't be had.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unreadable {
    /// The server sent something for this item that is not what it should be.
    Malformed {
        /// The item's name in the protocol, such as `ENVELOPE`; `FETCH` for the whole answer.
        item: String,
    },
    /// The message is too large to be fetched.
    TooLarge {
        /// Its size in bytes.
        size: u64,
    },
}

impl Fetched {
    /// A part that was asked for.
    #[must_use]
    pub fn part(&self, number: &PartNumber) -> Option<&[u8]> {
        self.parts.iter().find(|(found, _)| found == number).map(|(_, bytes)| bytes.as_slice())
    }

    /// The MIME header of a part that was asked for.
    #[must_use]
    pub fn part_header(&self, number: &PartNumber) -> Option<&[u8]> {
        self.part_headers.iter().find(|(found, _)| found == number).map(|(_, bytes)| bytes.as_slice())
    }

    const fn new(uid: Uid) -> Self {
        Self {
            uid,
            flags: None,
            size: None,
            received: None,
            envelope: None,
            structure: None,
            header: None,
            whole: None,
            parts: Vec::new(),
            part_headers: Vec::new(),
            unreadable: Vec::new(),
        }
    }

    /// Adds what one response says; a server may use several for a message.
    fn take(&mut self, data: MessageData) {
        self.flags = data.flags.or_else(|| self.flags.take());
        self.size = data.size.or(self.size);
        self.received = data.received.or(self.received);
        self.envelope = data.envelope.or_else(|| self.envelope.take());
        self.structure = data.structure.or_else(|| self.structure.take());
        for (section, bytes) in data.sections {
            match section {
                Section::Whole => self.whole = Some(bytes),
                Section::Header => self.header = Some(bytes),
                Section::Part(number) => self.parts.push((number, bytes)),
                Section::PartHeader(number) => self.part_headers.push((number, bytes)),
            }
        }
        self.unreadable.extend(data.unreadable.into_iter().map(|item| Unreadable::Malformed { item }));
    }
}

/// Messages, fetched batch by batch as they are asked for; made by [`ImapSession::fetch`].
///
/// A batch is fetched whole: at most 64 messages and, where message data was asked for, 4 MB of them (or one larger message). While
/// its messages are taken out the next one is fetched, and no more than that: then the session is free for other calls. Dropping
/// the stream drains the batch under way, if any.
#[must_use = "nothing is fetched before the first `next`"]
pub struct FetchStream {
    plan: Plan,
    state: State,
    ready: VecDeque<Fetched>,
}

/// What is to be fetched.
#[derive(Clone)]
struct Plan {
    session: ImapSession,
    mailbox: MailboxName,
    validity: UidValidity,
    items: FetchItems,
}

enum State {
    /// The UIDs are still to be asked for.
    Begin(UidSet),
    /// Nothing was asked for since the last batch.
    Idle(Left),
    Coming(BoxFuture<'static, Result<Batch, Error>>),
    /// The next batch is here, and the one before it was not yet taken out.
    Here(Result<Batch, Error>),
    Ended,
}

/// What is still to be fetched, in ascending order.
#[derive(Default)]
struct Left {
    /// UIDs with the sizes of their messages.
    sized: VecDeque<(u32, u64)>,
    /// The UIDs behind them, of which the sizes are not known.
    numbers: VecDeque<u32>,
}

/// What one step brought.
struct Batch {
    messages: Vec<Fetched>,
    left: Left,
}

impl ImapSession {
    /// Fetches messages in ascending order of their UIDs (RFC 9051, section 6.4.9), without setting `\Seen`.
    ///
    /// Messages that are not there are left out; that is not an error. Nothing happens before the first
    /// [`next`](FetchStream::next).
    pub fn fetch(&self, mailbox: &MailboxName, uids: &UidSet, items: &FetchItems) -> FetchStream {
        let plan = Plan {
            session: self.clone(),
            mailbox: mailbox.clone(),
            validity: uids.validity(),
            items: items.clone(),
        };
        FetchStream { plan, state: State::Begin(uids.clone()), ready: VecDeque::new() }
    }

    /// Fetches one whole message, byte by byte, without setting `\Seen`.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where it is not there; [`Error::UidValidityChanged`]; [`Error::InvalidInput`] where it is larger than 64
    /// MiB; [`PeerFault::Unexpected`] where what came for it is no message.
    pub async fn message(&self, mailbox: &MailboxName, uid: Uid) -> Result<Vec<u8>, Error> {
        let mut stream = self.fetch(mailbox, &uid.into(), &FetchItems::new().whole());
        let missing = Error::NotFound { what: "message" };
        let message = stream.next().await.ok_or(missing.clone())??;
        match (message.whole, message.unreadable.first()) {
            (Some(whole), _) => Ok(whole),
            (None, Some(Unreadable::TooLarge { size })) => {
                Err(Error::invalid("message", format!("it is too large to be fetched: {size} bytes")))
            }
            (None, Some(Unreadable::Malformed { item })) => {
                Err(PeerFault::unexpected("UID FETCH", item.as_bytes()).into())
            }
            (None, None) => Err(missing),
        }
    }
}

impl FetchStream {
    /// The next message; `None` after the last one, or after an error.
    ///
    /// # Errors
    ///
    /// [`Error::UidValidityChanged`] where the mailbox was rebuilt, [`Error::NotFound`] where it is gone; those of every method.
    ///
    /// # Cancel safety
    ///
    /// Dropping the wait loses nothing: the next call goes on where it was.
    pub async fn next(&mut self) -> Option<Result<Fetched, Error>> {
        std::future::poll_fn(|cx| self.poll_message(cx)).await
    }

    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Fetched, Error>>> {
        loop {
            self.ask_ahead(cx);
            if let Some(message) = self.ready.pop_front() {
                return Poll::Ready(Some(Ok(message)));
            }
            match std::mem::replace(&mut self.state, State::Ended) {
                State::Here(Ok(Batch { messages, left })) => {
                    self.ready = messages.into();
                    self.state = State::Idle(left);
                }
                State::Here(Err(error)) => return Poll::Ready(Some(Err(error))),
                State::Ended => return Poll::Ready(None),
                waiting => {
                    self.state = waiting;
                    return Poll::Pending;
                }
            }
        }
    }

    /// Sees to it that a batch is coming, where there is something left and none is here.
    fn ask_ahead(&mut self, cx: &mut Context<'_>) {
        let mut coming = match std::mem::replace(&mut self.state, State::Ended) {
            State::Begin(uids) => find(self.plan.clone(), uids).boxed(),
            State::Idle(left) if left.is_empty() => return,
            State::Idle(left) => fetch_batch(self.plan.clone(), left).boxed(),
            State::Coming(coming) => coming,
            settled @ (State::Here(_) | State::Ended) => {
                self.state = settled;
                return;
            }
        };
        self.state = match coming.poll_unpin(cx) {
            Poll::Ready(batch) => State::Here(batch),
            Poll::Pending => State::Coming(coming),
        };
    }
}

impl Stream for FetchStream {
    type Item = Result<Fetched, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_message(cx)
    }
}

impl fmt::Debug for FetchStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchStream").field("mailbox", &self.plan.mailbox).finish_non_exhaustive()
    }
}

/// The UIDs of the set, ascending: those that there are, where the set is too large to try each.
async fn find(plan: Plan, uids: UidSet) -> Result<Batch, Error> {
    let numbers = match uids.numbers(MAX_BATCH as u64) {
        Some(numbers) => numbers,
        None => search(plan, uids).await?,
    };
    Ok(Batch { messages: Vec::new(), left: Left { sized: VecDeque::new(), numbers: numbers.into() } })
}

async fn search(plan: Plan, uids: UidSet) -> Result<Vec<u32>, Error> {
    let session = plan.session.clone();
    session
        .run(move |engine| {
            Box::pin(async move {
                engine.enter_anew(&plan.mailbox, Some(plan.validity)).await?;
                let command = Command::new("UID SEARCH").arg(format_args!("UID {}", uids.span()));
                let mut numbers = engine.search(command).await?;
                // More than the set lies in its span, and `7:*` finds the last message even where its UID is below 7.
                numbers.retain(|&number| uids.contains_number(number));
                Ok(numbers)
            })
        })
        .await
}

async fn fetch_batch(plan: Plan, left: Left) -> Result<Batch, Error> {
    let session = plan.session.clone();
    session
        .run(move |engine| {
            Box::pin(async move {
                engine.enter(&plan.mailbox, Access::Read, Some(plan.validity)).await?;
                plan.fetch(engine, left).await
            })
        })
        .await
}

impl Left {
    fn is_empty(&self) -> bool {
        self.sized.is_empty() && self.numbers.is_empty()
    }

    /// Takes out the UIDs of the next batch where their sizes don't matter.
    fn take_numbers(&mut self) -> Vec<u32> {
        self.numbers.drain(..self.numbers.len().min(MAX_BATCH)).collect()
    }

    /// Takes out UIDs to ask the sizes of: many, but no longer a list of ranges than that of a batch can be (RFC 2683, section
    /// 3.2.1.5, has servers take lines of about 1000 bytes).
    fn take_unsized(&mut self) -> Vec<u32> {
        let (mut ranges, mut last) = (0, None);
        let fits = |&&number: &&u32| {
            ranges += usize::from(last.is_none_or(|last: u32| last.checked_add(1) != Some(number)));
            last = Some(number);
            ranges <= MAX_BATCH
        };
        let count = self.numbers.iter().take(MAX_SIZES).take_while(fits).count();
        self.numbers.drain(..count).collect()
    }

    /// Takes out what goes into the next batch: the UIDs to fetch, and those with their sizes of which `is_too_large` says that they
    /// can't be.
    fn take_sized(&mut self, is_too_large: impl Fn(u64) -> bool) -> (Vec<u32>, Vec<(u32, u64)>) {
        let (mut chosen, mut too_large, mut total) = (Vec::new(), Vec::new(), 0_u64);
        while let Some(&(number, size)) = self.sized.front() {
            let is_full = chosen.len() == MAX_BATCH || total.saturating_add(size) > MAX_BATCH_BYTES;
            if is_too_large(size) {
                too_large.push((number, size));
            } else if is_full && !chosen.is_empty() {
                break;
            } else {
                chosen.push(number);
                total = total.saturating_add(size);
            }
            self.sized.pop_front();
        }
        (chosen, too_large)
    }
}

impl Plan {
    async fn fetch(&self, engine: &mut Engine, mut left: Left) -> Result<Batch, Error> {
        let mut messages = Vec::new();
        let numbers = if self.items.is_heavy() {
            if left.sized.is_empty() {
                left.sized = self.sizes(engine, &left.take_unsized()).await?;
            }
            let (chosen, too_large) = left.take_sized(|size| size > MAX_LITERAL && self.items.is_whole());
            messages.extend(too_large.into_iter().filter_map(|(number, size)| self.too_large(number, size)));
            chosen
        } else {
            left.take_numbers()
        };
        if !numbers.is_empty() {
            let fetched = self.ask(engine, &numbers, &self.items.to_string()).await?;
            messages.extend(fetched);
            messages.sort_unstable_by_key(|message| message.uid);
        }
        Ok(Batch { messages, left })
    }

    /// The sizes of the messages that there are. One whose size can't be had counts as small: the guard has the last word.
    async fn sizes(&self, engine: &mut Engine, numbers: &[u32]) -> Result<VecDeque<(u32, u64)>, Error> {
        let fetched = self.ask(engine, numbers, "UID RFC822.SIZE").await?;
        Ok(fetched.into_iter().map(|message| (message.uid.number(), message.size.unwrap_or(0))).collect())
    }

    fn too_large(&self, number: u32, size: u64) -> Option<Fetched> {
        let unreadable = vec![Unreadable::TooLarge { size }];
        let uid = Uid::new(self.validity, number)?;
        Some(Fetched { unreadable, size: Some(size), ..Fetched::new(uid) })
    }

    /// One UID FETCH of ascending UIDs; the messages by their UIDs.
    async fn ask(&self, engine: &mut Engine, numbers: &[u32], items: &str) -> Result<Vec<Fetched>, Error> {
        let command = Command::new("UID FETCH").arg(Numbers(numbers)).arg(format_args!("({items})"));
        let mut messages: BTreeMap<Uid, Fetched> = BTreeMap::new();
        let mut is_lost = false;
        let answer = engine.run_about(command, |uid| numbers.binary_search(&uid).is_ok()).await?;
        for data in answer.into_data() {
            let Data::Fetch(message) = data else { continue };
            // Without a UID it is news of somebody's flags, or an answer of which nothing can be made.
            let uid = message
                .uid
                .filter(|uid| numbers.binary_search(uid).is_ok())
                .and_then(|uid| Uid::new(self.validity, uid));
            match uid {
                Some(uid) => messages.entry(uid).or_insert_with(|| Fetched::new(uid)).take(*message),
                None => is_lost |= message.uid.is_none() && !message.unreadable.is_empty(),
            }
        }
        if is_lost {
            // It belongs to one of those that were not answered otherwise: better to name one too many than to hide one.
            for uid in numbers.iter().filter_map(|&number| Uid::new(self.validity, number)) {
                let lost = || {
                    let item = "FETCH".to_owned();
                    Fetched { unreadable: vec![Unreadable::Malformed { item }], ..Fetched::new(uid) }
                };
                messages.entry(uid).or_insert_with(lost);
            }
        }
        Ok(messages.into_values().collect())
    }
}
