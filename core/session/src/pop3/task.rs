//! The task that a session is.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::time::Duration;

use tokio::sync::mpsc;

use super::capabilities::Pop3Capabilities;
use super::conversation::Conversation;
use super::message::{self, Maildrop, Pop3Message, UniqueId};
use super::session::Pop3Update;
use super::stream::{self, Parts};
use super::tally::Tally;
use crate::Error;
use crate::task::Reply;

/// The most messages that a maildrop may list.
pub(super) const MAX_MESSAGES: usize = 250_000;
/// The most commands that are outstanding at a time where the server has PIPELINING: their answers are read only after all were sent, so
/// they must fit into what the network holds.
pub(super) const WINDOW: usize = 64;
/// How many bytes are asked for at once, as the server counts them, where that is more than one message.
pub(super) const MAX_BATCH_BYTES: usize = 4 * 1024 * 1024;

/// What a handle asks of the task.
#[derive(Debug)]
pub(super) enum Command {
    Stat(Reply<Maildrop>),
    Messages(Reply<Vec<Pop3Message>>),
    Stream { request: Request, tally: Tally, reply: Reply<Parts> },
    Fetch { requests: Vec<Request>, limit: usize, tally: Tally, reply: Reply<Batch> },
    Delete { requests: Vec<Request>, reply: Reply<Vec<Result<(), Error>>> },
    Reset(Reply<()>),
    Noop(Reply<()>),
    Quit(Reply<Pop3Update>),
}

/// A command about one message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request {
    name: &'static str,
    number: u32,
    /// How many lines of the body, for TOP.
    lines: Option<u32>,
}

impl Request {
    pub(super) fn retrieve(number: u32) -> Result<Self, Error> {
        Self::new("RETR", number, None)
    }

    pub(super) fn top(number: u32, lines: u32) -> Result<Self, Error> {
        Self::new("TOP", number, Some(lines))
    }

    pub(super) fn delete(number: u32) -> Result<Self, Error> {
        Self::new("DELE", number, None)
    }

    fn new(name: &'static str, number: u32, lines: Option<u32>) -> Result<Self, Error> {
        match number {
            0 => Err(Error::invalid("message number", "messages are numbered from 1")),
            _ => Ok(Self { name, number, lines }),
        }
    }

    fn line(&self) -> String {
        match self.lines {
            Some(lines) => format!("{} {} {lines}\r\n", self.name, self.number),
            None => format!("{} {}\r\n", self.name, self.number),
        }
    }
}

/// The messages that were asked for together. Where the connection broke, `answers` ends before it.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) answers: VecDeque<Result<Vec<u8>, Error>>,
    pub(super) broken: Option<Error>,
}

/// The commands that wait. One of them may have been taken out to be looked at.
pub(super) struct Queue {
    commands: mpsc::Receiver<Command>,
    next: Option<Command>,
}

impl Queue {
    async fn next(&mut self) -> Option<Command> {
        match self.next.take() {
            Some(command) => Some(command),
            None => self.commands.recv().await,
        }
    }

    /// Returns when the session was told to close, or when another command has waited for the length of `patience`.
    pub(super) async fn presses(&mut self, patience: Duration) {
        if self.next.is_none() {
            self.next = self.commands.recv().await;
        }
        if self.next.is_some() {
            tokio::time::sleep(patience).await;
        }
    }
}

/// A session at work.
pub(super) struct Task {
    conversation: Conversation,
    queue: Queue,
    /// How many commands may be outstanding.
    window: usize,
    /// Whether the server has UIDL; `None` where that is still to be found out.
    has_uidl: Option<bool>,
    /// The numbers of the messages that are marked as deleted.
    deleted: HashSet<u32>,
}

impl Task {
    pub(super) fn new(
        conversation: Conversation,
        capabilities: &Pop3Capabilities,
        commands: mpsc::Receiver<Command>,
    ) -> Self {
        Self {
            conversation,
            queue: Queue { commands, next: None },
            window: if capabilities.has_pipelining() { WINDOW } else { 1 },
            has_uidl: capabilities.is_known().then(|| capabilities.has("UIDL")),
            deleted: HashSet::new(),
        }
    }

    /// Serves until the handles are gone, the session is told to close, or the conversation breaks.
    pub(super) async fn serve(mut self) -> Result<(), Error> {
        while let Some(command) = self.queue.next().await {
            if let Command::Quit(reply) = command {
                if reply.is_abandoned() {
                    continue;
                }
                reply.give(Ok(self.quit().await));
                return Ok(());
            }
            self.obey(command).await?;
        }
        self.farewell().await;
        Ok(())
    }

    async fn obey(&mut self, command: Command) -> Result<(), Error> {
        match command {
            Command::Stat(reply) => answer(reply, self.stat()).await,
            Command::Messages(reply) => answer(reply, self.messages()).await,
            Command::Delete { requests, reply } => answer(reply, self.delete(&requests)).await,
            Command::Reset(reply) => answer(reply, self.reset()).await,
            Command::Noop(reply) => answer(reply, self.noop()).await,
            Command::Stream { request, tally, reply } => self.stream(request, tally, reply).await,
            Command::Fetch { requests, limit, tally, reply } if !reply.is_abandoned() => {
                self.conversation.measure(tally);
                let batch = self.fetch(&requests, limit).await;
                let broken = batch.broken.clone();
                reply.give(Ok(batch));
                broken.map_or(Ok(()), Err)
            }
            Command::Fetch { .. } | Command::Quit(_) => Ok(()),
        }
    }

    async fn stat(&mut self) -> Result<Maildrop, Error> {
        Maildrop::parse(&self.conversation.command("STAT", "STAT").await?)
    }

    async fn noop(&mut self) -> Result<(), Error> {
        self.conversation.command("NOOP", "NOOP").await.map(drop)
    }

    async fn reset(&mut self) -> Result<(), Error> {
        self.conversation.command("RSET", "RSET").await?;
        self.deleted.clear();
        Ok(())
    }

    async fn messages(&mut self) -> Result<Vec<Pop3Message>, Error> {
        // Both lists in one round trip, where the second command won't be refused and may be sent early.
        let together = self.window > 1 && self.has_uidl == Some(true);
        self.conversation.send("LIST", if together { b"LIST\r\nUIDL\r\n" } else { b"LIST\r\n" }).await?;
        if together {
            self.conversation.log().command("UIDL");
        }
        let sizes = match self.sizes().await {
            // Where both were asked for, the answer to UIDL is still to be read.
            Err(error) if !together || !error.keeps_session() => return Err(error),
            sizes => sizes,
        };
        if together {
            self.conversation.expect("UIDL");
        } else if self.has_uidl != Some(false) {
            self.conversation.send("UIDL", b"UIDL\r\n").await?;
        }
        let uids = self.uids().await?;
        Ok(message::merge(sizes?, uids))
    }

    /// Reads the answer to LIST: the sizes by number.
    async fn sizes(&mut self) -> Result<BTreeMap<u32, u64>, Error> {
        self.conversation.reply().await?;
        let mut sizes = BTreeMap::new();
        let take = |line: &[u8]| {
            let (number, size) = message::parse_size(line)?;
            sizes.insert(number, size);
            Ok(())
        };
        self.conversation.lines("the list of messages", MAX_MESSAGES, take).await?;
        Ok(sizes)
    }

    /// Reads the answer to UIDL: the unique ids by number; none where the server has no UIDL.
    async fn uids(&mut self) -> Result<HashMap<u32, UniqueId>, Error> {
        let mut uids = HashMap::new();
        if self.has_uidl == Some(false) {
            return Ok(uids);
        }
        match self.conversation.reply().await {
            Ok(_) => self.has_uidl = Some(true),
            Err(Error::Refused(_)) if self.has_uidl.is_none() => {
                self.has_uidl = Some(false);
                return Ok(uids);
            }
            Err(error) => return Err(error),
        }
        let take = |line: &[u8]| {
            let (number, uid) = message::parse_uid(line)?;
            uids.insert(number, uid);
            Ok(())
        };
        self.conversation.lines("the list of unique ids", MAX_MESSAGES, take).await?;
        Ok(uids)
    }

    /// Sends a group of commands at once; their answers are outstanding then.
    async fn send(&mut self, group: &[Request]) -> Result<(), Error> {
        let name = group.first().map_or("", |request| request.name);
        let lines: String = group.iter().map(Request::line).collect();
        self.conversation.send(name, lines.as_bytes()).await?;
        group.iter().skip(1).for_each(|request| self.conversation.log().command(request.name));
        Ok(())
    }

    async fn delete(&mut self, requests: &[Request]) -> Result<Vec<Result<(), Error>>, Error> {
        let mut answers = Vec::new();
        for group in requests.chunks(self.window) {
            self.send(group).await?;
            for request in group {
                match self.conversation.reply().await {
                    Ok(_) => {
                        self.deleted.insert(request.number);
                        answers.push(Ok(()));
                    }
                    Err(error) if error.keeps_session() => answers.push(Err(error)),
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(answers)
    }

    async fn fetch(&mut self, requests: &[Request], limit: usize) -> Batch {
        let mut batch = Batch { answers: VecDeque::new(), broken: None };
        batch.broken = self.fetch_into(&mut batch.answers, requests, limit).await.err();
        batch
    }

    async fn fetch_into(
        &mut self,
        answers: &mut VecDeque<Result<Vec<u8>, Error>>,
        requests: &[Request],
        limit: usize,
    ) -> Result<(), Error> {
        // The sizes that a batch was put together by are the server's own words: one that lies gets no more memory for it.
        let mut room = limit.saturating_add(2 * MAX_BATCH_BYTES);
        for group in requests.chunks(self.window) {
            self.send(group).await?;
            for _ in group {
                let answer = self.conversation.message(limit.min(room)).await?;
                room -= answer.as_ref().map_or(0, Vec::len);
                answers.push_back(answer);
            }
        }
        Ok(())
    }

    async fn stream(&mut self, request: Request, tally: Tally, reply: Reply<Parts>) -> Result<(), Error> {
        if reply.is_abandoned() {
            return Ok(());
        }
        let begun = match self.send(&[request]).await {
            Ok(()) => self.conversation.reply().await,
            Err(error) => Err(error),
        };
        if let Err(error) = begun {
            return reply.settle(Err(error));
        }
        let (feed, parts) = stream::channel();
        reply.give(Ok(parts));
        self.conversation.measure(tally.clone());
        feed.carry(&mut self.conversation, &mut self.queue, &tally).await
    }

    async fn quit(&mut self) -> Pop3Update {
        let deleted = self.deleted.len();
        let answer = self.conversation.command("QUIT", "QUIT").await;
        let patience = self.conversation.timeouts().close;
        _ = tokio::time::timeout(patience, self.conversation.shut_down()).await;
        match answer {
            Err(Error::Refused(refusal)) if deleted > 0 => Pop3Update::Failed(refusal),
            Err(error) if deleted > 0 => Pop3Update::Unknown(error),
            _ => Pop3Update::Committed { deleted },
        }
    }

    /// Ends the session with every message left where it is: what can't be unmarked is left by cutting the connection.
    async fn farewell(&mut self) {
        let patience = self.conversation.timeouts().close;
        let is_unmarked = self.deleted.is_empty()
            || matches!(tokio::time::timeout(patience, self.reset()).await, Ok(Ok(())));
        if is_unmarked {
            self.conversation.farewell().await;
        }
    }
}

/// Does `work` unless the caller has left, and gives its outcome.
async fn answer<T>(reply: Reply<T>, work: impl Future<Output = Result<T, Error>>) -> Result<(), Error> {
    if reply.is_abandoned() {
        return Ok(());
    }
    reply.settle(work.await)
}
