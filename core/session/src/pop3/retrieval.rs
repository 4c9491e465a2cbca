use std::collections::VecDeque;

use postseal_types::Listener;

use super::message::Pop3Message;
use super::tally::Tally;
use super::task::{Batch, Command, MAX_BATCH_BYTES, Request, WINDOW};
use crate::Error;
use crate::task::{Answer, TaskHandle};

/// Many messages, one after the other, as they are asked for; see [`Pop3Session::retrieve_all`](crate::Pop3Session::retrieve_all).
///
/// Dropping it is fine at any time: a batch that was asked for is read to its end by the session, one that waits is skipped.
#[derive(Debug)]
pub struct Pop3Retrieval {
    task: TaskHandle<Command>,
    limit: usize,
    tally: Tally,
    /// Not asked for yet.
    left: VecDeque<Pop3Message>,
    /// Asked for.
    coming: Option<Coming>,
    /// Here, and not handed out yet.
    ready: VecDeque<Pop3Retrieved>,
    /// What broke the session, to be told after those that came before it.
    broken: Option<Error>,
}

/// One of many messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pop3Retrieved {
    /// Which message.
    pub message: Pop3Message,
    /// Its bytes; or why they are not had: [`Error::Refused`], or [`Error::LimitExceeded`] for one that is larger than was asked for.
    /// Either concerns this message alone.
    pub bytes: Result<Vec<u8>, Error>,
}

/// A batch that was asked for.
#[derive(Debug)]
struct Coming {
    /// Its messages, and for those that were not worth asking for why so.
    messages: Vec<(Pop3Message, Option<Error>)>,
    answer: Answer<Batch>,
}

impl Pop3Retrieval {
    pub(super) fn new(
        task: TaskHandle<Command>,
        messages: Vec<Pop3Message>,
        limit: usize,
        listener: Option<Listener>,
    ) -> Self {
        let sizes = messages.iter().map(|message| message.size).filter(|&size| size <= limit as u64);
        let tally = Tally::new(listener, Some(sizes.fold(0, u64::saturating_add)));
        Self { task, limit, tally, left: messages.into(), coming: None, ready: VecDeque::new(), broken: None }
    }

    /// The next message; `None` after the last.
    ///
    /// # Errors
    ///
    /// Those that end the session, once all messages that came before were handed out. What concerns one message alone is in
    /// [`Pop3Retrieved::bytes`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the next call returns the message.
    pub async fn next(&mut self) -> Result<Option<Pop3Retrieved>, Error> {
        loop {
            if let Some(retrieved) = self.ready.pop_front() {
                return Ok(Some(retrieved));
            }
            if self.broken.is_some() {
                // The same error, once the session has ended.
                let error = self.task.reason(true).await;
                self.broken = None;
                self.left.clear();
                return Err(error);
            }
            if self.coming.is_none() && !self.ask().await? {
                return Ok(None);
            }
            self.receive().await?;
        }
    }

    /// Waits for the batch that is coming, and asks for the one after it.
    async fn receive(&mut self) -> Result<(), Error> {
        let Some(coming) = &mut self.coming else {
            return Ok(());
        };
        let batch = self.task.wait(&mut coming.answer).await;
        let messages = self.coming.take().map(|coming| coming.messages).unwrap_or_default();
        let mut batch = batch.inspect_err(|_| self.left.clear())?;
        for (message, unasked) in messages {
            let Some(bytes) = unasked.map(Err).or_else(|| batch.answers.pop_front()) else {
                break;
            };
            self.ready.push_back(Pop3Retrieved { message, bytes });
        }
        self.broken = batch.broken;
        if self.broken.is_none() {
            // Whatever goes wrong here shows at the next call, after the messages that are here.
            _ = self.ask().await;
        }
        Ok(())
    }

    /// Asks for the next batch; false where nothing is left.
    async fn ask(&mut self) -> Result<bool, Error> {
        let (messages, requests) = self.next_batch();
        if messages.is_empty() {
            self.tally.finish();
            return Ok(false);
        }
        let (limit, tally) = (self.limit, self.tally.clone());
        let answer = self.task.begin(|reply| Command::Fetch { requests, limit, tally, reply }).await?;
        self.left.drain(..messages.len());
        self.coming = Some(Coming { messages, answer });
        Ok(true)
    }

    /// What goes into the next batch.
    fn next_batch(&self) -> (Vec<(Pop3Message, Option<Error>)>, Vec<Request>) {
        let (mut messages, mut requests, mut bytes) = (Vec::new(), Vec::new(), 0_u64);
        for message in self.left.iter().take(WINDOW) {
            bytes = bytes.saturating_add(message.size.min(self.limit as u64));
            if bytes > MAX_BATCH_BYTES as u64 && !messages.is_empty() {
                break;
            }
            let unasked = match self.request(message) {
                Ok(request) => {
                    requests.push(request);
                    None
                }
                Err(error) => Some(error),
            };
            messages.push((message.clone(), unasked));
        }
        (messages, requests)
    }

    fn request(&self, message: &Pop3Message) -> Result<Request, Error> {
        if message.size > self.limit as u64 {
            return Err(Error::LimitExceeded { what: "the size of the message", limit: self.limit as u64 });
        }
        Request::retrieve(message.number)
    }
}
