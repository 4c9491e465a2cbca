//! Waiting for news of a mailbox: IDLE (RFC 2177), or NOOP where the server hasn't got it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;

use super::command::Command;
use super::dialogue::Event;
use super::engine::{Access, Engine};
use super::name::MailboxName;
use super::response::{Data, Response, Status};
use super::select::Selected;
use super::session::{ImapSession, Job};
use crate::Error;
use crate::error::PeerFault;

/// How long one IDLE lasts. Servers may end it after 29 minutes (RFC 2177), networks forget a silent connection earlier; the
/// answer to DONE proves that the line is alive.
pub(crate) const IDLE_RENEWAL: Duration = Duration::from_secs(10 * 60);
/// How often a server without IDLE is asked.
pub(super) const POLL_INTERVAL: Duration = Duration::from_secs(60);

/// News of a mailbox. What adds up while nobody asks is told once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// Messages have come; this many there are now.
    Exists(u32),
    /// This many messages were removed.
    Expunged(u32),
    /// Flags of some messages have changed.
    Flags,
}

/// A mailbox that is being watched; see [`ImapSession::watch`]. Dropping it ends the watch.
#[derive(Debug)]
pub struct Watch {
    session: ImapSession,
    changes: mpsc::Receiver<Change>,
    ended: Ended,
}

/// Why a watch ended.
type Ended = Arc<Mutex<Option<Error>>>;

impl Watch {
    /// Waits for the next change, for as long as it takes.
    ///
    /// # Errors
    ///
    /// What ended the watch: the failure of the session, [`Error::UidValidityChanged`] or [`Error::NotFound`] where the mailbox was
    /// rebuilt or removed; [`Error::Closed`] after that.
    ///
    /// # Cancel safety
    ///
    /// Dropping the wait loses nothing.
    pub async fn next(&mut self) -> Result<Change, Error> {
        if let Some(change) = self.changes.recv().await {
            return Ok(change);
        }
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner).take();
        Err(ended.unwrap_or(Error::Closed { because: None }))
    }

    /// The session that watches.
    #[must_use]
    pub const fn session(&self) -> &ImapSession {
        &self.session
    }
}

impl ImapSession {
    /// Watches a mailbox. Other calls on this session go on meanwhile; flag changes made while one of them has another mailbox
    /// selected are not seen, what came or went is.
    ///
    /// The server tells by itself where it has IDLE; it is asked every minute otherwise.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] where this session watches a mailbox already; [`Error::NotFound`] for no such mailbox.
    pub async fn watch(&self, mailbox: &MailboxName) -> Result<Watch, Error> {
        let mailbox = mailbox.clone();
        let (changes, ended) =
            self.run(move |engine| Box::pin(async move { begin(engine, mailbox).await })).await?;
        Ok(Watch { session: self.clone(), changes, ended })
    }
}

async fn begin(engine: &mut Engine, mailbox: MailboxName) -> Result<(mpsc::Receiver<Change>, Ended), Error> {
    if engine.watcher.as_ref().is_some_and(|watcher| !watcher.changes.is_closed()) {
        return Err(Error::invalid("mailbox", "a session watches one mailbox at a time"));
    }
    engine.watcher = None;
    let facts = engine.enter(&mailbox, Access::Read, None).await?.clone();
    let (changes, receiver) = mpsc::channel(1);
    let ended = Ended::default();
    let news = News::default();
    engine.watcher =
        Some(Watcher { mailbox, changes, ended: ended.clone(), news, facts, refuses_idle: false });
    Ok((receiver, ended))
}

/// The task's end of a [`Watch`].
#[derive(Debug)]
pub(super) struct Watcher {
    pub(super) mailbox: MailboxName,
    changes: mpsc::Sender<Change>,
    ended: Ended,
    news: News,
    /// The mailbox as it was last seen.
    facts: Selected,
    refuses_idle: bool,
}

/// What was not told yet.
#[derive(Debug, Default)]
struct News {
    expunged: u32,
    exists: Option<u32>,
    flags: bool,
    rebuilt: Option<Error>,
}

impl News {
    const fn is_empty(&self) -> bool {
        self.expunged == 0 && self.exists.is_none() && !self.flags
    }

    const fn take(&mut self) -> Option<Change> {
        if self.expunged > 0 {
            return Some(Change::Expunged(std::mem::replace(&mut self.expunged, 0)));
        }
        if let Some(exists) = self.exists.take() {
            return Some(Change::Exists(exists));
        }
        if std::mem::replace(&mut self.flags, false) { Some(Change::Flags) } else { None }
    }
}

impl Watcher {
    /// Takes in what the server tells while the mailbox is selected.
    pub(super) fn note(&mut self, data: &Data) {
        match data {
            Data::Exists(exists) => {
                let arrived = exists.saturating_sub(self.facts.exists);
                if arrived > 0 {
                    self.news.exists = Some(*exists);
                }
                self.facts.uid_next = self.facts.uid_next.map(|next| next.saturating_add(arrived));
                self.facts.exists = *exists;
            }
            Data::Expunge => {
                self.facts.exists = self.facts.exists.saturating_sub(1);
                self.news.expunged = self.news.expunged.saturating_add(1);
            }
            Data::Fetch(message) if message.flags.is_some() => self.news.flags = true,
            _ => {}
        }
    }

    /// Finds out what changed while another mailbox was selected.
    pub(super) fn compare(&mut self, now: &Selected) {
        let then = std::mem::replace(&mut self.facts, now.clone());
        if then.uid_validity != now.uid_validity {
            self.news.rebuilt = Some(Error::UidValidityChanged {
                expected: then.uid_validity.value(),
                actual: now.uid_validity.value(),
            });
            return;
        }
        let arrived = match (then.uid_next, now.uid_next) {
            (Some(then), Some(now)) => now.saturating_sub(then),
            _ => now.exists.saturating_sub(then.exists),
        };
        if arrived > 0 {
            self.news.exists = Some(now.exists);
        }
        let gone = then.exists.saturating_add(arrived).saturating_sub(now.exists);
        self.news.expunged = self.news.expunged.saturating_add(gone);
    }

    /// Ends the watch with its reason.
    pub(super) fn end(self, because: Error) {
        *self.ended.lock().unwrap_or_else(PoisonError::into_inner) = Some(because);
    }

    /// Tells the news when there is room, for ever; ends when nobody listens any more.
    async fn tell(changes: &mpsc::Sender<Change>, news: &mut News) {
        loop {
            if news.is_empty() {
                return changes.closed().await;
            }
            let Ok(room) = changes.reserve().await else {
                return;
            };
            if let Some(change) = news.take() {
                room.send(change);
            }
        }
    }
}

/// What the task does next.
pub(super) enum Turn {
    Job(Job),
    /// Look again whether there is something to watch.
    Again,
    /// Nobody holds the session any more.
    End,
}

/// Watches until there is something else to do. Errors end the session.
pub(super) async fn attend(engine: &mut Engine, jobs: &mut mpsc::Receiver<Job>) -> Result<Turn, Error> {
    // Calls that wait already come first: each would end an IDLE at once.
    if let Ok(job) = jobs.try_recv() {
        return Ok(Turn::Job(job));
    }
    let Some(watcher) = &engine.watcher else {
        return Ok(Turn::Again);
    };
    let (mailbox, polls) = (watcher.mailbox.clone(), watcher.refuses_idle || !engine.has("IDLE"));
    let entered = engine.enter(&mailbox, Access::Read, None).await.map(|_| ());
    let rebuilt = engine.watcher.as_mut().and_then(|watcher| watcher.news.rebuilt.take());
    match rebuilt.map_or(entered, Err) {
        Ok(()) if polls => poll(engine, jobs).await,
        Ok(()) => idle(engine, jobs).await,
        Err(error) if error.keeps_session() => {
            if let Some(watcher) = engine.watcher.take() {
                watcher.end(error);
            }
            Ok(Turn::Again)
        }
        Err(error) => Err(error),
    }
}

/// Asks now and then.
async fn poll(engine: &mut Engine, jobs: &mut mpsc::Receiver<Job>) -> Result<Turn, Error> {
    let Some(watcher) = &mut engine.watcher else {
        return Ok(Turn::Again);
    };
    tokio::select! {
        job = jobs.recv() => return Ok(job.map_or(Turn::End, Turn::Job)),
        () = Watcher::tell(&watcher.changes, &mut watcher.news) => engine.watcher = None,
        () = tokio::time::sleep(POLL_INTERVAL) => {
            engine.run(Command::new("NOOP")).await?;
        }
    }
    Ok(Turn::Again)
}

const STEP: &str = "IDLE";

/// One IDLE, from its beginning to DONE.
async fn idle(engine: &mut Engine, jobs: &mut mpsc::Receiver<Job>) -> Result<Turn, Error> {
    let tag = engine.dialogue.begin(STEP);
    engine.dialogue.send_line(&[tag.as_bytes(), b" IDLE"]).await?;
    let mut events = Vec::new();
    let agreed = engine.dialogue.consent(&tag, STEP, &mut events).await?;
    events.iter().for_each(|event| engine.note(event));
    if agreed.is_err() {
        if let Some(watcher) = &mut engine.watcher {
            watcher.refuses_idle = true;
        }
        return Ok(Turn::Again);
    }
    engine.dialogue.wire_mut().begin_unbounded(STEP);
    let (turn, goes_on) = listen(engine, jobs, tag.as_bytes()).await?;
    if goes_on {
        let progress = engine.dialogue.timeouts.progress;
        engine.dialogue.wire_mut().begin(STEP, progress);
        engine.dialogue.wire().log().command("DONE");
        engine.dialogue.send_line(&[b"DONE"]).await?;
        let mut events = Vec::new();
        engine.dialogue.finish(&tag, STEP, &mut events).await?;
        events.iter().for_each(|event| engine.note(event));
    }
    Ok(turn)
}

/// Listens until there is another thing to do; whether the server still waits for DONE.
async fn listen(
    engine: &mut Engine,
    jobs: &mut mpsc::Receiver<Job>,
    tag: &[u8],
) -> Result<(Turn, bool), Error> {
    let renewal = tokio::time::sleep(IDLE_RENEWAL);
    tokio::pin!(renewal);
    loop {
        let Engine { dialogue, watcher: Some(watcher), .. } = &mut *engine else {
            return Ok((Turn::Again, true));
        };
        let response = tokio::select! {
            job = jobs.recv() => return Ok((job.map_or(Turn::End, Turn::Job), true)),
            () = &mut renewal => return Ok((Turn::Again, true)),
            () = Watcher::tell(&watcher.changes, &mut watcher.news) => {
                engine.watcher = None;
                return Ok((Turn::Again, true));
            }
            response = dialogue.next_of_many(STEP) => response?,
        };
        match response {
            // The server has had enough of it.
            Response::Done { tag: done, condition } if done == tag => {
                watcher.refuses_idle = condition.status != Status::Ok;
                return Ok((Turn::Again, false));
            }
            Response::Done { tag: done, .. } => return Err(PeerFault::unexpected(STEP, &done).into()),
            // Some servers send one now and then to keep the line open.
            Response::Continue(_) => {}
            response => {
                let event: Option<Event> = engine.dialogue.event(response)?;
                event.iter().for_each(|event| engine.note(event));
            }
        }
    }
}
