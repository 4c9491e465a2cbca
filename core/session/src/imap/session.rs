use std::fmt;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, SystemTime};

use futures::future::BoxFuture;
use postseal_types::Listener;
use tokio::sync::mpsc;

use super::capabilities::Capabilities;
use super::command::Command;
use super::date::date_time;
use super::dialogue::{Alerts, Dialogue};
use super::engine::{Access, Engine};
use super::flag::{Flag, flag_list};
use super::name::MailboxName;
use super::response::Code;
use super::select::Selected;
use super::uid::{Uid, UidValidity};
use super::watch::{self, Turn};
use crate::task::{Reply, TaskHandle};
use crate::tls::TlsInfo;
use crate::{Error, Runtime};

/// What the farewell may take beyond its own deadline.
const CLOSE_SLACK: Duration = Duration::from_secs(1);

/// How long a server may take to show that it is there.
pub(crate) const SIGN_OF_LIFE: Duration = Duration::from_secs(10);

/// A session with an IMAP server: somebody is logged in.
///
/// Clones share the session, and calls may come from all of them at once: they are done one after another by a task of the
/// session's own. No call needs a mailbox to be selected; the task selects what a call is about. The session ends with
/// [`ImapSession::close`], or when the last clone, [`FetchStream`](super::FetchStream) and [`Watch`](super::Watch) is gone.
///
/// # Errors
///
/// What every method can return beyond what it names itself: [`Error::Refused`] where the server says no, also for a mailbox that is
/// not there where the server gives no response code (Dovecot gives none to SELECT), else [`Error::NotFound`]; [`Error::Peer`],
/// [`Error::Timeout`], [`Error::Network`] and [`Error::LimitExceeded`], which end the session; [`Error::Closed`] after its end.
///
/// # Cancel safety
///
/// Dropping any of the futures is safe: a command that has begun is carried out and its answer read to the end, one that has not
/// is skipped.
#[derive(Clone)]
pub struct ImapSession {
    task: TaskHandle<Job>,
    tls: Option<Arc<TlsInfo>>,
    capabilities: Arc<Capabilities>,
    alerts: Alerts,
    patience: Duration,
    pub(super) listener: Option<Listener>,
}

/// One call, to be carried out by the task.
pub(super) struct Job(Box<dyn Work>);

/// The work of a job; what it returns as an error ends the session.
trait Work: for<'a> FnOnce(&'a mut Engine) -> BoxFuture<'a, Result<(), Error>> + Send {}

impl<W: for<'a> FnOnce(&'a mut Engine) -> BoxFuture<'a, Result<(), Error>> + Send> Work for W {}

impl Job {
    fn new<T, W>(reply: Reply<T>, work: W) -> Self
    where
        T: Send + 'static,
        W: for<'a> FnOnce(&'a mut Engine) -> BoxFuture<'a, Result<T, Error>> + Send + 'static,
    {
        Self(Box::new(move |engine| {
            Box::pin(async move {
                if reply.is_abandoned() {
                    return Ok(());
                }
                reply.settle(work(engine).await)
            })
        }))
    }
}

/// The session's task: does one job after another, and watches in between where that was asked for.
async fn serve(mut engine: Engine, mut jobs: mpsc::Receiver<Job>) -> Result<(), Error> {
    loop {
        let turn = if engine.watcher.is_some() {
            match watch::attend(&mut engine, &mut jobs).await {
                Ok(turn) => turn,
                Err(error) => return Err(end_watch(engine, error.clone(), error)),
            }
        } else {
            jobs.recv().await.map_or(Turn::End, Turn::Job)
        };
        match turn {
            Turn::Again => {}
            Turn::End => break,
            Turn::Job(Job(work)) => {
                if let Err(error) = work(&mut engine).await {
                    let told = Error::Closed { because: Some(error.code()) };
                    return Err(end_watch(engine, told, error));
                }
            }
        }
    }
    let patience = engine.dialogue.timeouts.close;
    engine.dialogue.log_out(patience).await;
    Ok(())
}

fn end_watch(engine: Engine, told: Error, error: Error) -> Error {
    if let Some(watcher) = engine.watcher {
        watcher.end(told);
    }
    error
}

impl ImapSession {
    pub(super) fn start(runtime: &Runtime, dialogue: Dialogue) -> Result<Self, Error> {
        let tls = dialogue.wire().tls().cloned().map(Arc::new);
        let capabilities = Arc::new(dialogue.capabilities.clone());
        let (alerts, patience) = (dialogue.alerts.clone(), dialogue.timeouts.close + CLOSE_SLACK);
        let log = dialogue.wire().log().clone();
        let task = TaskHandle::start(runtime, log, move |jobs| serve(Engine::new(dialogue), jobs))?;
        Ok(Self { task, tls, capabilities, alerts, patience, listener: None })
    }

    /// The same session, with a listener that is told of each [`fetch`](Self::fetch), [`message`](Self::message) and
    /// [`append`](Self::append) how much of it went through; `None` takes the listener away.
    ///
    /// Of a fetch the bytes of headers, parts and messages count. How many there are in all is known for whole messages, once
    /// the server has told the sizes of all of them, and at the end. Of an append the message counts; the last call comes with
    /// the server's yes.
    #[must_use]
    pub fn with_progress(&self, listener: impl Into<Option<Listener>>) -> Self {
        Self { listener: listener.into(), ..self.clone() }
    }

    /// Has the task do `work`, and waits for what it gives.
    pub(super) async fn run<T, W>(&self, work: W) -> Result<T, Error>
    where
        T: Send + 'static,
        W: for<'a> FnOnce(&'a mut Engine) -> BoxFuture<'a, Result<T, Error>> + Send + 'static,
    {
        self.task.call(|reply| Job::new(reply, work)).await
    }

    /// Whether work that goes on for long should end, for another call or the end of the session.
    pub(super) fn is_awaited(&self) -> bool {
        self.task.is_awaited()
    }

    /// What the TLS handshake agreed on; `None` for a session over a stream of the caller's ([`dangerous`](crate::dangerous)).
    #[must_use]
    pub fn tls(&self) -> Option<&TlsInfo> {
        self.tls.as_deref()
    }

    /// What the server offers after the login.
    #[must_use]
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// Takes what the server wanted people to read since the last call, oldest first (RFC 9051, section 7.1, ALERT). The texts are
    /// one line each, fit to be shown, and come from the server: say so when showing them.
    #[must_use]
    pub fn take_alerts(&self) -> Vec<String> {
        std::mem::take(&mut *self.alerts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the session has ended, or was told to.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.task.is_closed()
    }

    /// Logs out and ends the session, for all of its clones. Idempotent; never waits for longer than
    /// [`Timeouts::close`](crate::Timeouts::close) and a second.
    ///
    /// # Errors
    ///
    /// [`Error::Forked`] in a forked child; a farewell that the server does not answer is no error.
    pub async fn close(&self) -> Result<(), Error> {
        self.task.close(self.patience).await
    }

    /// Selects a mailbox for reading and writing, and tells of it (RFC 9051, section 6.3.2).
    ///
    /// Calls select by themselves what they are about; this one is for what it returns.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for no such mailbox; [`Error::Unsupported`] where its UIDs have no UIDVALIDITY.
    pub async fn select(&self, mailbox: &MailboxName) -> Result<Selected, Error> {
        self.choose(mailbox, Access::Write).await
    }

    /// The same for reading alone: nothing of the mailbox changes by it (RFC 9051, section 6.3.3).
    ///
    /// # Errors
    ///
    /// As for [`ImapSession::select`].
    pub async fn examine(&self, mailbox: &MailboxName) -> Result<Selected, Error> {
        self.choose(mailbox, Access::Read).await
    }

    async fn choose(&self, mailbox: &MailboxName, access: Access) -> Result<Selected, Error> {
        let mailbox = mailbox.clone();
        self.run(move |engine| Box::pin(async move { engine.select(&mailbox, access).await.cloned() })).await
    }

    /// Puts a message into a mailbox, byte by byte as given (RFC 9051, section 6.3.12). Returns its handle where the server tells
    /// (UIDPLUS, RFC 4315).
    ///
    /// `received` becomes the message's internal date; the server takes the present time where it is `None`.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for no such mailbox; [`Error::InvalidInput`] for a message with a NUL in it, a flag that can't be sent, or
    /// a date outside of the years 1 to 9999.
    pub async fn append(
        &self,
        mailbox: &MailboxName,
        message: impl Into<Vec<u8>>,
        flags: &[Flag],
        received: Option<SystemTime>,
    ) -> Result<Option<Uid>, Error> {
        let message = message.into();
        if message.contains(&0) {
            return Err(Error::invalid("message", "it holds a NUL, which IMAP can't carry"));
        }
        let mut command = Command::new("APPEND").mailbox(mailbox).arg(flag_list(flags)?);
        if let Some(received) = received {
            let no_date = || Error::invalid("received", "it is outside of the years 1 to 9999");
            command = command.arg(date_time(received).ok_or_else(no_date)?);
        }
        let command = command.literal(message).telling(self.listener.clone());
        let answer = self.run(move |engine| Box::pin(async move { engine.run(command).await })).await?;
        let handle = answer.codes().find_map(|code| match code {
            Code::AppendUid(validity, uids) => Uid::new(UidValidity::new(*validity)?, *uids.first()?.start()),
            _ => None,
        });
        Ok(handle)
    }

    /// Asks for nothing: the server tells its news, and the connection shows that it is alive (RFC 9051, section 6.1.2).
    ///
    /// The server may be silent for ten seconds, or for [`Timeouts::progress`](crate::Timeouts::progress) where that is less: it has
    /// little to do for this.
    ///
    /// # Errors
    ///
    /// Those of every method.
    pub async fn noop(&self) -> Result<(), Error> {
        let command = Command::new("NOOP").within(SIGN_OF_LIFE);
        self.run(|engine| Box::pin(async move { engine.run(command).await.map(drop) })).await
    }
}

impl fmt::Debug for ImapSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImapSession").field("is_closed", &self.is_closed()).finish_non_exhaustive()
    }
}
