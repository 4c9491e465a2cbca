use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::SystemTime;

use futures::future::{BoxFuture, FutureExt as _};
use futures::stream::Stream;
use tokio::sync::mpsc;

use super::batch::{Left, MAX_BATCH, Parcels};
use super::command::Command;
use super::engine::{Access, Engine};
use super::envelope::Envelope;
use super::flag::Flag;
use super::gather::Gather;
use super::guard::{MAX_ANSWER, MAX_FETCH, MAX_LITERAL};
use super::items::FetchItems;
use super::name::MailboxName;
use super::response::{MessageData, Section};
use super::session::ImapSession;
use super::structure::{PartNumber, Structure};
use super::uid::{Numbers, Uid, UidSet, UidValidity};
use crate::Error;
use crate::error::server_text;

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

impl Unreadable {
    /// `item` is as the server wrote it.
    fn malformed(item: &str) -> Self {
        Self::Malformed { item: server_text(item.as_bytes()) }
    }
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

    /// About how many bytes it holds.
    pub(super) fn weight(&self) -> usize {
        let parts = self.parts.iter().chain(&self.part_headers).map(|(_, bytes)| bytes);
        self.header.iter().chain(&self.whole).chain(parts).map(Vec::len).sum()
    }

    pub(super) const fn new(uid: Uid) -> Self {
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
    pub(super) fn take(&mut self, data: MessageData) {
        self.flags = data.flags.or_else(|| self.flags.take());
        self.size = data.size.or(self.size);
        self.received = data.received.or(self.received);
        self.envelope = data.envelope.map(|envelope| *envelope).or_else(|| self.envelope.take());
        self.structure = data.structure.map(|structure| *structure).or_else(|| self.structure.take());
        for (section, bytes) in data.sections {
            match section {
                Section::Whole => self.whole = Some(bytes),
                Section::Header => self.header = Some(bytes),
                Section::Part(number) => self.parts.push((number, bytes)),
                Section::PartHeader(number) => self.part_headers.push((number, bytes)),
            }
        }
        self.unreadable.extend(data.unreadable.iter().map(|item| Unreadable::malformed(item)));
    }
}

/// Messages, fetched batch by batch as they are asked for; made by [`ImapSession::fetch`].
///
/// A batch has at most 64 messages and, where message data was asked for, 4 MB of them (or one larger message); what is too large to be
/// fetched is named beside them. They are handed out
/// while the rest of it comes, 256 KB at a time, or up to 1 MB where they come fast. While the messages of a batch are taken out the next one is fetched, and no
/// more than that: then the session is free for other calls. Dropping the stream drains the batch under way, if any.
#[must_use = "nothing is fetched before the first `next`"]
pub struct FetchStream {
    plan: Plan,
    state: State,
    arrived: mpsc::UnboundedReceiver<Vec<Fetched>>,
    /// The messages of the last parcel that were not taken out.
    ready: std::vec::IntoIter<Fetched>,
}

/// What is to be fetched.
#[derive(Clone)]
struct Plan {
    session: ImapSession,
    mailbox: MailboxName,
    validity: UidValidity,
    items: FetchItems,
    /// Where the messages go. It has no bound of its own, since batches have.
    arrivals: mpsc::UnboundedSender<Vec<Fetched>>,
    /// How many parcels are there that were not taken out.
    untaken: Arc<AtomicUsize>,
}

enum State {
    /// The UIDs are still to be asked for.
    Begin(UidSet),
    Coming(BoxFuture<'static, Result<Batch, Error>>),
    /// A batch is here to its end.
    Here(Batch),
    Failed(Error),
    Ended,
}

/// What one step brought: so many parcels, which went ahead of this.
struct Batch {
    parcels: usize,
    left: Left,
}

impl ImapSession {
    /// Fetches messages in ascending order of their UIDs (RFC 9051, section 6.4.9), without setting `\Seen`.
    ///
    /// Messages that are not there are left out; that is not an error. Nothing happens before the first
    /// [`next`](FetchStream::next).
    pub fn fetch(&self, mailbox: &MailboxName, uids: &UidSet, items: &FetchItems) -> FetchStream {
        let (arrivals, arrived) = mpsc::unbounded_channel();
        let plan = Plan {
            session: self.clone(),
            mailbox: mailbox.clone(),
            validity: uids.validity(),
            items: items.clone(),
            arrivals,
            untaken: Arc::default(),
        };
        FetchStream { plan, state: State::Begin(uids.clone()), arrived, ready: Vec::new().into_iter() }
    }

    /// Fetches one whole message, byte by byte, without setting `\Seen`.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where it is not there; [`Error::UidValidityChanged`]; [`Error::InvalidInput`] where it is larger than 64
    /// MiB; [`Error::Malformed`] where what came for it is no message.
    pub async fn message(&self, mailbox: &MailboxName, uid: Uid) -> Result<Vec<u8>, Error> {
        let mut stream = self.fetch(mailbox, &uid.into(), &FetchItems::new().whole());
        let missing = Error::NotFound { what: "message" };
        let message = stream.next().await.ok_or(missing.clone())??;
        // Another item may be unreadable, too, such as flags that came unasked.
        let is_about_it = |why: &&Unreadable| match why {
            Unreadable::TooLarge { .. } => true,
            Unreadable::Malformed { item } => item == "BODY[]" || item == "FETCH",
        };
        match (message.whole, message.unreadable.iter().find(is_about_it)) {
            (Some(whole), _) => Ok(whole),
            (None, Some(Unreadable::TooLarge { size })) => {
                Err(Error::invalid("message", format!("it is too large to be fetched: {size} bytes")))
            }
            (None, Some(Unreadable::Malformed { item })) => Err(Error::Malformed { item: item.clone() }),
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
        // In this order: all messages of a batch arrive before it is known to be here.
        self.move_on(cx);
        loop {
            if let Some(message) = self.ready.next() {
                return Poll::Ready(Some(Ok(message)));
            }
            match self.arrived.poll_recv(cx) {
                Poll::Ready(Some(parcel)) => {
                    self.plan.untaken.fetch_sub(1, Ordering::Relaxed);
                    self.ready = parcel.into_iter();
                }
                // The caller's task is out of its turn (tokio), and is woken again: what is queued comes before any end.
                Poll::Pending if !self.arrived.is_empty() => return Poll::Pending,
                Poll::Ready(None) | Poll::Pending => break,
            }
        }
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Failed(error) => Poll::Ready(Some(Err(error))),
            State::Ended => Poll::Ready(None),
            waiting => {
                self.state = waiting;
                Poll::Pending
            }
        }
    }

    /// Asks for the next batch once the last one is here and those before it were taken out.
    fn move_on(&mut self, cx: &mut Context<'_>) {
        loop {
            let mut coming = match std::mem::replace(&mut self.state, State::Ended) {
                State::Begin(uids) => find(self.plan.clone(), uids).boxed(),
                State::Here(batch) if batch.left.is_empty() => return,
                State::Here(batch) if self.plan.may_go_on(&batch) => {
                    fetch_batches(self.plan.clone(), batch.left).boxed()
                }
                State::Coming(coming) => coming,
                settled => {
                    self.state = settled;
                    return;
                }
            };
            self.state = match coming.poll_unpin(cx) {
                Poll::Ready(Ok(batch)) => State::Here(batch),
                Poll::Ready(Err(error)) => State::Failed(error),
                Poll::Pending => {
                    self.state = State::Coming(coming);
                    return;
                }
            };
        }
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
    let listener = plan.session.listener.clone();
    let numbers = match uids.numbers(MAX_BATCH as u64) {
        Some(numbers) => numbers,
        None => search(plan, uids).await?,
    };
    let mut left = Left::new(numbers, listener);
    left.finish_if_empty();
    Ok(Batch { parcels: 0, left })
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

/// Fetches the next batch, and those behind it as long as the reader keeps up and the session is wanted for nothing else: on a busy system it takes
/// long until the reader is woken and has woken the session again, and the line is idle meanwhile.
async fn fetch_batches(plan: Plan, left: Left) -> Result<Batch, Error> {
    let session = plan.session.clone();
    session
        .run(move |engine| {
            Box::pin(async move {
                engine.enter(&plan.mailbox, Access::Read, Some(plan.validity)).await?;
                let mut batch = plan.fetch(engine, left).await?;
                // Between two batches a watch can tell what it has.
                while engine.watcher.is_none() && plan.may_go_on_at_once(&batch) {
                    batch = plan.fetch(engine, batch.left).await?;
                }
                Ok(batch)
            })
        })
        .await
}

impl Plan {
    /// Whether there is more behind this batch, and those before it were taken out.
    fn may_go_on(&self, batch: &Batch) -> bool {
        !batch.left.is_empty() && self.untaken.load(Ordering::Relaxed) <= batch.parcels
    }

    /// Whether that is so while a reader is there, and no other call waits for the session.
    fn may_go_on_at_once(&self, batch: &Batch) -> bool {
        self.may_go_on(batch) && !self.arrivals.is_closed() && !self.session.is_awaited()
    }

    async fn fetch(&self, engine: &mut Engine, mut left: Left) -> Result<Batch, Error> {
        let mut parcels = Parcels::new(&self.arrivals, &self.untaken);
        let numbers = if self.items.is_heavy() {
            let is_too_large = |size| size > MAX_LITERAL && self.items.is_whole();
            if left.sized.is_empty() {
                left.sized = self.sizes(engine, &left.take_unsized()).await?;
                if self.items.is_whole() {
                    left.estimate(is_too_large);
                }
            }
            while let Some((number, size)) = left.take_too_large(is_too_large) {
                self.too_large(number, size).into_iter().for_each(|message| parcels.add(message));
            }
            let (numbers, bytes) = left.take_sized(is_too_large);
            // Only of whole messages it is known how much comes.
            engine.dialogue.wire().due().set(if self.items.is_whole() { bytes } else { 0 });
            numbers
        } else {
            left.take_numbers()
        };
        let mut fetched = Ok(());
        if !numbers.is_empty() {
            engine.dialogue.guard_mut().measure(left.meter.take());
            fetched = self.ask(engine, &numbers, &self.items, |message| parcels.add(message)).await;
            left.meter = engine.dialogue.guard_mut().measure(None);
            engine.dialogue.wire().due().set(0);
        }
        // What came before a failure, whole and in its turn, is handed out, too.
        parcels.send();
        if fetched.is_ok() {
            left.finish_if_empty();
        }
        fetched.map(|()| Batch { parcels: parcels.sent, left })
    }

    /// The sizes of the messages that there are. One whose size can't be had counts as small: the guard has the last word.
    async fn sizes(&self, engine: &mut Engine, numbers: &[u32]) -> Result<VecDeque<(u32, u64)>, Error> {
        let mut sizes = VecDeque::new();
        let note = |message: Fetched| sizes.push_back((message.uid.number(), message.size.unwrap_or(0)));
        self.ask(engine, numbers, &FetchItems::new().size(), note).await?;
        Ok(sizes)
    }

    fn too_large(&self, number: u32, size: u64) -> Option<Fetched> {
        let unreadable = vec![Unreadable::TooLarge { size }];
        let uid = Uid::new(self.validity, number)?;
        Some(Fetched { unreadable, size: Some(size), ..Fetched::new(uid) })
    }

    /// One UID FETCH of ascending UIDs; the messages by their UIDs, as they come.
    async fn ask(
        &self,
        engine: &mut Engine,
        numbers: &[u32],
        items: &FetchItems,
        hand_on: impl FnMut(Fetched) + Send,
    ) -> Result<(), Error> {
        let allowance = if items.is_heavy() { MAX_FETCH } else { MAX_ANSWER };
        let command = Command::new("UID FETCH").arg(Numbers(numbers)).arg(format_args!("({items})"));
        let command = command.allowing(allowance);
        engine.run_fetch(command, Gather::new(self.validity, numbers, items, hand_on)).await
    }
}
