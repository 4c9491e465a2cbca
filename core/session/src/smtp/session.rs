use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use postseal_types::{Envelope, Listener};
use tokio::sync::{mpsc, watch};

use super::body::Framing;
use super::connection::quit;
use super::extensions::SmtpExtensions;
use super::options::{SendId, SendOptions};
use super::receipt::Receipt;
use super::transaction::{self, After, Job, Stage, conclude};
use super::{answer, command};
use crate::task::{Reply, TaskHandle};
use crate::tls::TlsInfo;
use crate::wire::{Secure, Wire};
use crate::{Error, Runtime, Timeouts};

/// How many named sends a session remembers.
const MAX_REMEMBERED: usize = 64;

/// A session with a submission server, logged in. Clones share it; it ends when the last one is gone, or at
/// [`SmtpSession::close`].
///
/// Messages go one after the other, in the order of the calls. Who has several to send does best not to wait for one receipt before the next
/// call: while a send waits behind another, and the server has PIPELINING (RFC 2920), its envelope goes out together with the end of the message
/// before it. That takes one round trip a message, where it else takes two. Where the server has CHUNKING (RFC 3030) a message goes by BDAT, but one
/// that waited with PIPELINING goes by DATA.
#[derive(Debug, Clone)]
pub struct SmtpSession {
    task: TaskHandle<Command>,
    shared: Arc<Shared>,
    listener: Option<Listener>,
}

#[derive(Debug)]
struct Shared {
    tls: Option<TlsInfo>,
    extensions: SmtpExtensions,
    timeouts: Timeouts,
    /// The sends that were given a name, the oldest first.
    sends: Mutex<VecDeque<(SendId, watch::Receiver<Stage>)>>,
}

#[derive(Debug)]
enum Command {
    Send(Box<Job>, Reply<()>),
    Noop(Reply<()>),
}

impl SmtpSession {
    pub(super) fn start(
        wire: Wire<Secure>,
        extensions: SmtpExtensions,
        runtime: &Runtime,
        timeouts: Timeouts,
    ) -> Result<Self, Error> {
        let tls = wire.tls().cloned();
        let log = wire.log().clone();
        let task = TaskHandle::start(runtime, log, move |queue| serve(wire, timeouts, queue))?;
        let shared = Shared { tls, extensions, timeouts, sends: Mutex::default() };
        Ok(Self { task, shared: Arc::new(shared), listener: None })
    }

    /// The same session, with a listener that is told of each message how much of it went out; `None` takes the listener away.
    ///
    /// The message counts, without what the transport adds. The last call comes with the server's yes.
    #[must_use]
    pub fn with_progress(&self, listener: impl Into<Option<Listener>>) -> Self {
        Self { listener: listener.into(), ..self.clone() }
    }

    /// Sends one message (RFC 5321, section 3.3), exactly as it is given.
    ///
    /// `message` is the whole message as it shall arrive: lines of at most 998 octets, each ended by CRLF, the last one too. It is
    /// never changed: where it holds 8-bit data the server must support 8BITMIME, and a non-ASCII local part in the envelope needs
    /// SMTPUTF8.
    ///
    /// Where the server refuses some of the recipients the message goes to the others; [`SendOptions::all_or_nothing`] changes
    /// that. The receipt says what became of each.
    ///
    /// # Errors
    ///
    /// **An error means that the message was not sent.** Where that is not certain, because the server's answer was lost, the
    /// receipt says [`Delivery::Unknown`](crate::Delivery::Unknown); where the server refused it, the receipt says
    /// [`Delivery::NotSent`](crate::Delivery::NotSent).
    ///
    /// [`Error::InvalidInput`] for a message with a bare CR or LF, a NUL, too long a line or no CRLF at its end, for one that is
    /// longer than the server takes (SIZE, RFC 1870), and for an envelope without recipients; [`Error::Unsupported`] names the
    /// extension that the server lacks. Both leave the session usable; after any other error it is closed.
    ///
    /// # Cancel safety
    ///
    /// A send whose wait is dropped before the message itself began is abandoned (RSET), and [`Error::Cancelled`] is its outcome.
    /// Once it began it runs to its end; it begins with DATA, which goes out with the envelope where the server has PIPELINING, or with
    /// BDAT, which does not. [`SmtpSession::outcome`] tells, where [`SendOptions::id`] named it.
    pub async fn send(
        &self,
        envelope: &Envelope,
        message: impl Into<Arc<[u8]>>,
        options: &SendOptions,
    ) -> Result<Receipt, Error> {
        let job = Job::new(envelope, message.into(), options, &self.shared.extensions)?
            .telling(self.listener.clone());
        let stage = job.watch();
        if let Some(id) = options.id {
            self.shared.remember(id, stage.clone());
        }
        let answer = self.task.call(|reply| Command::Send(Box::new(job), reply)).await;
        concluded(stage, answer.err().unwrap_or(Error::Closed { because: None })).await
    }

    /// What became of a send that was named by `id`, also of one whose wait was dropped. Waits until that is known.
    ///
    /// A session remembers the last 64 named sends, after its end too.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for one that was never begun here or is forgotten; else as [`SmtpSession::send`], with
    /// [`Error::Cancelled`] for one that was abandoned. An error means that the message was not sent.
    ///
    /// # Cancel safety
    ///
    /// Dropping the wait loses nothing.
    pub async fn outcome(&self, id: SendId) -> Result<Receipt, Error> {
        let stage = self.shared.recall(id).ok_or(Error::NotFound { what: "the send" })?;
        concluded(stage, Error::Closed { because: None }).await
    }

    /// Asks for a sign of life (NOOP, RFC 5321, section 4.1.1.9).
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] leaves the session usable; any other error closes it.
    ///
    /// # Cancel safety
    ///
    /// Dropping the wait loses nothing: the session reads the reply to its end.
    pub async fn noop(&self) -> Result<(), Error> {
        self.task.call(Command::Noop).await
    }

    /// Takes leave (QUIT, RFC 5321, section 4.1.1.10) after what was begun, and ends the session; by force after
    /// [`Timeouts::close`]. A message that this cuts off at its end is [`Delivery::Unknown`](crate::Delivery::Unknown). Idempotent.
    ///
    /// # Errors
    ///
    /// [`Error::Forked`] in a forked child.
    pub async fn close(&self) -> Result<(), Error> {
        self.task.close(self.shared.timeouts.close).await
    }

    /// Whether the session has ended, or was told to.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.task.is_closed()
    }

    /// What the TLS handshake agreed on; `None` for a session over a stream of the caller's ([`dangerous`](crate::dangerous)).
    #[must_use]
    pub fn tls(&self) -> Option<&TlsInfo> {
        self.shared.tls.as_ref()
    }

    /// What the server can do.
    #[must_use]
    pub fn extensions(&self) -> &SmtpExtensions {
        &self.shared.extensions
    }
}

impl Shared {
    fn remember(&self, id: SendId, stage: watch::Receiver<Stage>) {
        let mut sends = self.sends.lock().unwrap_or_else(PoisonError::into_inner);
        if sends.len() == MAX_REMEMBERED {
            sends.pop_front();
        }
        sends.push_back((id, stage));
    }

    /// The latest send of that name.
    fn recall(&self, id: SendId) -> Option<watch::Receiver<Stage>> {
        let sends = self.sends.lock().unwrap_or_else(PoisonError::into_inner);
        sends.iter().rev().find(|(of, _)| *of == id).map(|(_, stage)| stage.clone())
    }
}

/// Waits for the end of a send; `otherwise` is why there is none where its task has gone.
async fn concluded(mut stage: watch::Receiver<Stage>, otherwise: Error) -> Result<Receipt, Error> {
    if let Ok(ended) = stage.wait_for(|stage| matches!(stage, Stage::Ended(_))).await {
        return conclude(&ended, otherwise);
    }
    let last = stage.borrow().clone();
    conclude(&last, otherwise)
}

/// The commands that wait, of which the next can be looked at.
struct Queue {
    waiting: mpsc::Receiver<Command>,
    next: Option<Command>,
}

impl Queue {
    const fn new(waiting: mpsc::Receiver<Command>) -> Self {
        Self { waiting, next: None }
    }

    async fn next(&mut self) -> Option<Command> {
        match self.next.take() {
            None => self.waiting.recv().await,
            next => next,
        }
    }

    /// What the next send has to send ahead of its turn, where there is one already whose caller still waits; `before` says how the message before
    /// it is framed.
    fn send_ahead(&mut self, before: Framing) -> String {
        if self.next.is_none() {
            self.next = self.waiting.try_recv().ok();
        }
        match &mut self.next {
            Some(Command::Send(job, reply)) if !reply.is_abandoned() => job.follow(before),
            _ => String::new(),
        }
    }
}

/// The session's task.
async fn serve(
    mut wire: Wire<Secure>,
    timeouts: Timeouts,
    waiting: mpsc::Receiver<Command>,
) -> Result<(), Error> {
    let mut queue = Queue::new(waiting);
    while let Some(command) = queue.next().await {
        match command {
            Command::Send(job, reply) if reply.is_abandoned() && !job.is_ahead() => {
                job.end(Err(Error::Cancelled));
            }
            Command::Send(job, reply) => {
                let (is_abandoned, ahead) = (|| reply.is_abandoned(), |before| queue.send_ahead(before));
                let result = transaction::run(&mut wire, &job, &timeouts, is_abandoned, ahead).await;
                drop(job);
                // Of a failure its caller hears from the task's end, and so finds the session closed.
                let after = result?;
                reply.give(Ok(()));
                if after == After::Open {
                    simple(&mut wire, "RSET", command::RSET, &timeouts).await?;
                }
            }
            Command::Noop(reply) if reply.is_abandoned() => {}
            Command::Noop(reply) => match simple(&mut wire, "NOOP", command::NOOP, &timeouts).await {
                Err(error) if !error.keeps_session() => return Err(error),
                answer => reply.give(answer),
            },
        }
    }
    quit(&mut wire, &timeouts).await
}

/// A command without arguments, answered by yes or no.
async fn simple(
    wire: &mut Wire<Secure>,
    step: &'static str,
    command: &str,
    timeouts: &Timeouts,
) -> Result<(), Error> {
    answer::ask(wire, step, command, timeouts.progress).await?.completed(step)?;
    Ok(())
}
