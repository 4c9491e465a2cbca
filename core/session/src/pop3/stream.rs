use std::future::Future;

use tokio::sync::{mpsc, oneshot};

use super::conversation::Conversation;
use super::dots::Dots;
use super::tally::Tally;
use super::task::{Command, Queue};
use crate::Error;
use crate::task::TaskHandle;

/// How large a chunk is, about.
const CHUNK: usize = 32 * 1024;
/// How many chunks may wait for the reader.
const CHUNKS_AHEAD: usize = 4;

/// A message on its way, in chunks that are pulled.
///
/// The bytes are those of the message, to its last CRLF, with the dot-stuffing undone. Chunks end anywhere, also inside a line.
///
/// While a stream is neither read to its end nor dropped, the session's other commands wait. They don't wait for ever: when one has
/// waited for the length of [`Timeouts::progress`](crate::Timeouts::progress) and the reader still takes no chunk, the stream
/// is given up with [`Error::Cancelled`]. A reader may pause as long as it likes where nothing else waits.
///
/// A stream that is dropped or given up is read to its end by the session where no more than 1 MiB is left of it; otherwise the
/// session is closed.
#[derive(Debug)]
pub struct MessageStream {
    parts: Parts,
    task: TaskHandle<Command>,
    /// How the stream ended, once it has.
    ended: Option<Result<(), Error>>,
}

impl MessageStream {
    pub(super) const fn new(parts: Parts, task: TaskHandle<Command>) -> Self {
        Self { parts, task, ended: None }
    }

    /// The next bytes of the message, never empty; `None` at its end, and from then on.
    ///
    /// # Errors
    ///
    /// [`Error::Cancelled`] where the stream was given up, as told [above](Self); what broke the session, where it broke. The message
    /// is incomplete then.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the next call returns the chunk.
    pub async fn next_chunk(&mut self) -> Result<Option<Vec<u8>>, Error> {
        if let Some(ended) = &self.ended {
            return ended.clone().map(|()| None);
        }
        self.task.check()?;
        if let Some(chunk) = self.parts.chunks.recv().await {
            return Ok(Some(chunk));
        }
        let ended = match (&mut self.parts.outcome).await {
            Ok(outcome) => outcome,
            // The task ended in the middle, without a word.
            Err(_) => Err(self.task.reason(true).await),
        };
        self.ended = Some(ended.clone());
        if ended.as_ref().is_err_and(|error| !error.keeps_session()) {
            // Whoever is told finds the session closed.
            self.task.reason(true).await;
        }
        ended.map(|()| None)
    }
}

/// The reader's end of a stream.
#[derive(Debug)]
pub(super) struct Parts {
    chunks: mpsc::Receiver<Vec<u8>>,
    outcome: oneshot::Receiver<Result<(), Error>>,
}

/// The task's end of a stream.
pub(super) struct Feed {
    chunks: mpsc::Sender<Vec<u8>>,
    outcome: oneshot::Sender<Result<(), Error>>,
}

pub(super) fn channel() -> (Feed, Parts) {
    let (chunks, chunks_out) = mpsc::channel(CHUNKS_AHEAD);
    let (outcome, outcome_out) = oneshot::channel();
    (Feed { chunks, outcome }, Parts { chunks: chunks_out, outcome: outcome_out })
}

impl Feed {
    /// Carries a message from the conversation to the reader, who is waited for as long as nothing else waits in `queue`.
    ///
    /// # Errors
    ///
    /// What broke the conversation; the reader gets it too.
    pub(super) async fn carry(
        self,
        conversation: &mut Conversation,
        queue: &mut Queue,
        tally: &Tally,
    ) -> Result<(), Error> {
        let patience = conversation.timeouts().progress;
        let (mut dots, mut chunk) = (Dots::default(), Vec::with_capacity(CHUNK));
        let carried = loop {
            match conversation.part(&mut dots, &mut chunk).await {
                Ok(true) if chunk.len() < CHUNK => continue,
                Ok(_) => {}
                Err(error) => break Err(error),
            }
            if !chunk.is_empty() && !self.hand_over(std::mem::take(&mut chunk), queue.presses(patience)).await
            {
                break Ok(false);
            }
            if dots.ended() {
                tally.finish();
                break Ok(true);
            }
        };
        // The end of the chunks makes the reader look at the outcome.
        drop(self.chunks);
        let (outcome, task) = match carried {
            Ok(true) => (Ok(()), Ok(())),
            Ok(false) => (Err(Error::Cancelled), conversation.drain(dots).await),
            Err(error) => (Err(error.clone()), Err(error)),
        };
        _ = self.outcome.send(outcome);
        task
    }

    /// Waits until the reader has room for `chunk`; whether it took it.
    async fn hand_over(&self, chunk: Vec<u8>, pressed: impl Future<Output = ()>) -> bool {
        tokio::select! {
            biased;
            room = self.chunks.reserve() => match room {
                Ok(room) => {
                    room.send(chunk);
                    true
                }
                Err(_) => false,
            },
            () = pressed => false,
        }
    }
}
