//! One message through the server: MAIL, RCPT, then DATA or BDAT (RFC 5321, section 3.3; RFC 2920; RFC 3030).
//!
//! What is known of the message at each moment is written down before the next byte goes out: see [`Stage`]. The envelope of a message that waits
//! may go out with the end of the one before it: see [`Job::follow`].

use std::sync::Arc;

use postseal_types::{Address, Envelope, Listener, Meter};
use tokio::sync::watch;

use super::answer::{self, Answer, in_step};
use super::body::{self, Body, Framing};
use super::command;
use super::extensions::SmtpExtensions;
use super::options::SendOptions;
use super::receipt::{Acceptance, Delivery, NotSent, Receipt, RecipientOutcome};
use crate::wire::{Secure, Wire};
use crate::{Error, PeerFault, Refusal, Timeouts};

/// How many commands are sent before their answers are read. More could fill the buffers of both sides with unread bytes, and both
/// would wait for ever (RFC 2920, section 3.1).
const MAX_IN_FLIGHT: usize = 64;

/// How far a message has come.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Stage {
    /// The server does not have all of it: it can't have been sent.
    Pending,
    /// Its end is being written, or was: the server may have it. What became of the recipients is known.
    Ending(Vec<RecipientOutcome>),
    /// It is known what became of it, or that nobody can know.
    Ended(Result<Receipt, Error>),
}

/// What a command before the message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Mail,
    Rcpt,
    Data,
}

impl Step {
    const fn name(self) -> &'static str {
        match self {
            Self::Mail => "MAIL",
            Self::Rcpt => "RCPT",
            Self::Data => "DATA",
        }
    }
}

/// A message that is ready to be sent.
#[derive(Debug)]
pub(super) struct Job {
    /// MAIL, then RCPT for each recipient, then DATA where it goes with them.
    commands: Vec<(Step, String)>,
    recipients: Vec<Address>,
    message: Arc<[u8]>,
    framing: Framing,
    /// How many commands go in one write.
    in_flight: usize,
    /// Whether the first of these groups went out with the end of the message before.
    is_ahead: bool,
    all_or_nothing: bool,
    stage: watch::Sender<Stage>,
    listener: Option<Listener>,
}

impl Job {
    /// Checks everything that can be checked without the server.
    pub(super) fn new(
        envelope: &Envelope,
        message: Arc<[u8]>,
        options: &SendOptions,
        server: &SmtpExtensions,
    ) -> Result<Self, Error> {
        body::check(&message)?;
        let mut commands = vec![(Step::Mail, command::mail(envelope, &message, options, server)?)];
        commands.extend(envelope.to.iter().map(|to| (Step::Rcpt, command::rcpt(to, options))));
        let mut job = Self {
            commands,
            recipients: envelope.to.clone(),
            message,
            framing: Framing::Length,
            in_flight: if server.pipelining { MAX_IN_FLIGHT } else { 1 },
            is_ahead: false,
            all_or_nothing: options.all_or_nothing,
            stage: watch::Sender::new(Stage::Pending),
            listener: None,
        };
        if !server.chunking {
            job.go_by_data();
        }
        Ok(job)
    }

    /// Has the message go by DATA, which goes out with the recipients where it can: all or nothing must be decided before.
    fn go_by_data(&mut self) {
        let framing = std::mem::replace(&mut self.framing, Framing::Dot);
        if framing == Framing::Length && self.has_pipelining() && !self.all_or_nothing {
            self.commands.push((Step::Data, command::DATA.to_owned()));
        }
    }

    const fn has_pipelining(&self) -> bool {
        self.in_flight > 1
    }

    /// Has `listener` told how much of the message went out.
    pub(super) fn telling(mut self, listener: Option<Listener>) -> Self {
        self.listener = listener;
        self
    }

    fn meter(&self) -> Meter {
        Meter::new(self.listener.clone(), Some(self.message.len() as u64))
    }

    pub(super) fn watch(&self) -> watch::Receiver<Stage> {
        self.stage.subscribe()
    }

    /// Gets ready to follow a message that has come to its end, framed as `before`. What it gives goes out with that end: the first group of commands.
    /// Nothing may follow DATA in a write, but a group may follow the text of a message (RFC 2920, section 3.1), and that saves a round trip.
    ///
    /// Empty where the server lacks PIPELINING, and behind BDAT, since one that is refused leaves its transaction open (see [`After`]). And what
    /// follows goes by DATA itself: with the commands so far ahead of their answers, one answer too many could shift all of them unseen, until
    /// that to the last RCPT is taken for the yes to a BDAT. It is never taken for the go-ahead.
    pub(super) fn follow(&mut self, before: Framing) -> String {
        if !self.has_pipelining() {
            return String::new();
        }
        self.go_by_data();
        self.is_ahead = before == Framing::Dot;
        if self.is_ahead { lines(self.first_group()) } else { String::new() }
    }

    /// Whether its first commands went out with the end of the message before, and so it has begun.
    pub(super) const fn is_ahead(&self) -> bool {
        self.is_ahead
    }

    fn groups(&self) -> std::slice::Chunks<'_, (Step, String)> {
        self.commands.chunks(self.in_flight)
    }

    fn first_group(&self) -> &[(Step, String)] {
        self.groups().next().unwrap_or_default()
    }

    /// Writes down how it ended.
    pub(super) fn end(&self, outcome: Result<Receipt, Error>) {
        self.stage.send_replace(Stage::Ended(outcome));
    }
}

/// What became of a message, from the last thing that was written down about it; `otherwise` says why nothing more will be.
pub(super) fn conclude(stage: &Stage, otherwise: Error) -> Result<Receipt, Error> {
    match stage {
        Stage::Ended(outcome) => outcome.clone(),
        Stage::Ending(recipients) => {
            Ok(Receipt { message: Delivery::Unknown { because: otherwise }, recipients: recipients.clone() })
        }
        Stage::Pending => Err(otherwise),
    }
}

/// How the wire is left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// Ready for the next command.
    Clean,
    /// A transaction is still open, and RSET must end it.
    Open,
}

/// Sends one message; `is_abandoned` tells whether its caller left, which counts until the message itself begins. What `ahead` gives, which
/// is told how the message is framed, goes out behind its end.
///
/// The outcome is in the job's stage when this returns.
///
/// # Errors
///
/// What broke the session. The job's stage may say more.
pub(super) async fn run(
    wire: &mut Wire<Secure>,
    job: &Job,
    timeouts: &Timeouts,
    is_abandoned: impl Fn() -> bool,
    ahead: impl FnMut(Framing) -> String,
) -> Result<After, Error> {
    let mut transaction = Transaction { wire, job, timeouts, ahead, recipients: Vec::new() };
    match transaction.run(is_abandoned).await {
        Ok((outcome, after)) => {
            job.end(outcome);
            Ok(after)
        }
        Err(error) => {
            let outcome = conclude(&job.stage.borrow(), error.clone());
            job.end(outcome);
            Err(error)
        }
    }
}

/// A decided outcome, and how it leaves the wire.
type Decided = (Result<Receipt, Error>, After);

struct Transaction<'a, A> {
    wire: &'a mut Wire<Secure>,
    job: &'a Job,
    timeouts: &'a Timeouts,
    ahead: A,
    recipients: Vec<RecipientOutcome>,
}

impl<A: FnMut(Framing) -> String> Transaction<'_, A> {
    async fn run(&mut self, is_abandoned: impl Fn() -> bool) -> Result<Decided, Error> {
        let (mut sender, mut go_ahead) = (None, None);
        let mut is_out = self.job.is_ahead;
        for group in self.job.groups() {
            if !std::mem::take(&mut is_out) {
                self.send(group).await?;
            }
            for (step, answer) in answers(self.wire, group, self.timeouts).await? {
                match step {
                    Step::Mail => sender = refusal(answer, step)?,
                    Step::Rcpt => self.rcpt(answer)?,
                    Step::Data => go_ahead = Some(answer),
                }
            }
            if sender.is_some() {
                break;
            }
            if go_ahead.is_none() && is_abandoned() {
                return Ok((Err(Error::Cancelled), After::Open));
            }
        }
        if let Some(refusal) = sender {
            return self.give_up(NotSent::Refused(refusal), go_ahead).await;
        }
        let enough = if self.job.all_or_nothing {
            self.recipients.iter().all(is_accepted)
        } else {
            self.is_for_anybody()
        };
        if !enough {
            return self.give_up(NotSent::Recipients, go_ahead).await;
        }
        match self.job.framing {
            Framing::Dot => self.data(go_ahead).await,
            Framing::Length => self.body().await,
        }
    }

    /// Sends a group of commands in one write.
    async fn send(&mut self, group: &[(Step, String)]) -> Result<(), Error> {
        in_step(self.wire).await?;
        let first = group.first().map_or(Step::Mail, |(step, _)| *step);
        self.wire.begin(first.name(), self.timeouts.progress);
        self.wire.send(lines(group).as_bytes()).await
    }

    /// Notes the answer to the next recipient, in the order of the envelope.
    fn rcpt(&mut self, answer: Answer) -> Result<(), Error> {
        let outcome = refusal(answer, Step::Rcpt)?.map_or(Acceptance::Accepted, Acceptance::Refused);
        let address = self.job.recipients.get(self.recipients.len()).cloned();
        let address = address.ok_or_else(|| Error::internal("more answers than recipients"))?;
        self.recipients.push(RecipientOutcome { address, outcome });
        Ok(())
    }

    fn is_for_anybody(&self) -> bool {
        self.recipients.iter().any(is_accepted)
    }

    /// Ends without the message.
    ///
    /// A DATA that went with the recipients may have been accepted although none of them was: then an empty message goes to nobody
    /// (RFC 2920, section 3.1), and the server's word on it is of no interest.
    async fn give_up(&mut self, because: NotSent, data: Option<Answer>) -> Result<Decided, Error> {
        let data = data.filter(|answer| answer.class() == 3);
        if let (Some(answer), true) = (&data, self.is_for_anybody()) {
            // The sender refused, a recipient accepted: an empty message might go to that one. Only hanging up can't.
            return Err(answer.unexpected(Step::Data.name()));
        }
        if let NotSent::Refused(refusal) = &because {
            let refuse = |address: &Address| RecipientOutcome {
                address: address.clone(),
                outcome: Acceptance::Refused(refusal.clone()),
            };
            self.recipients = self.job.recipients.iter().map(refuse).collect();
        }
        let receipt = self.receipt(Delivery::NotSent(because));
        if data.is_some() {
            // The outcome is decided, whatever becomes of the wire.
            self.job.end(Ok(receipt.clone()));
            answer::ask(self.wire, Step::Data.name(), ".\r\n", self.timeouts.progress).await?;
        }
        Ok((Ok(receipt), After::Open))
    }

    /// Asks for the go-ahead where that was not done yet, and sends the message.
    async fn data(&mut self, answer: Option<Answer>) -> Result<Decided, Error> {
        let answer = match answer {
            Some(answer) => answer,
            None => answer::ask(self.wire, "DATA", command::DATA, self.timeouts.progress).await?,
        };
        match answer.class() {
            3 => self.body().await,
            4 | 5 => {
                let refusal = answer.refusal("DATA");
                Ok((Ok(self.receipt(Delivery::NotSent(NotSent::Refused(refusal)))), After::Open))
            }
            _ => Err(answer.unexpected("DATA")),
        }
    }

    async fn body(&mut self) -> Result<Decided, Error> {
        let mut body = Body::new(&self.job.message, self.job.framing);
        let mut meter = self.job.meter();
        if self.job.framing == Framing::Length {
            self.wire.log().command(self.step());
        }
        while !body.is_over() {
            let left = body.left();
            let mut piece = body.next_piece();
            let mut deadline = self.timeouts.progress;
            if body.is_over() {
                // An answer before the end answers something else: it must not be taken for the message's.
                in_step(self.wire).await?;
                self.job.stage.send_replace(Stage::Ending(self.recipients.clone()));
                let ahead = (self.ahead)(self.job.framing);
                if !ahead.is_empty() {
                    // The server need not read that before it answers.
                    deadline = self.timeouts.final_reply;
                }
                piece.extend_from_slice(ahead.as_bytes());
            }
            self.wire.begin("the message", deadline);
            if let Err(error) = self.wire.send(&piece).await {
                return Err(self.cut_off(error, &mut meter).await);
            }
            meter.advance(left - body.left());
        }
        self.wire.begin("the answer to the message", self.timeouts.final_reply);
        let answer = self.answer().await?;
        let receipt = self.decided(&answer, &mut meter)?;
        // After a refused BDAT the server's state is open until RSET (RFC 3030, section 2).
        let is_open = self.job.framing == Framing::Length && answer.class() != 2;
        Ok((Ok(receipt), if is_open { After::Open } else { After::Clean }))
    }

    /// Reads the answer to the message.
    async fn answer(&mut self) -> Result<Answer, Error> {
        let answer = Answer::read(self.wire).await;
        if let Err(goodbye @ Error::Peer(PeerFault::Goodbye { .. })) = &answer {
            // A clear no, if a rude one.
            self.job.end(Err(goodbye.clone()));
        }
        answer
    }

    /// What the answer to the message makes of it.
    fn decided(&self, answer: &Answer, meter: &mut Meter) -> Result<Receipt, Error> {
        match answer.class() {
            2 => {
                meter.finish();
                Ok(self.receipt(Delivery::Sent { text: answer.text() }))
            }
            4 | 5 => Ok(self.receipt(Delivery::NotSent(NotSent::Refused(answer.refusal(self.step()))))),
            _ => Err(answer.unexpected(self.step())),
        }
    }

    /// The command that brings the message.
    const fn step(&self) -> &'static str {
        match self.job.framing {
            Framing::Dot => "DATA",
            Framing::Length => "BDAT",
        }
    }

    /// A server that hangs up in the middle of a message often says why first: its no is a better answer than a broken pipe. So is its
    /// yes where the message itself came through, and the line broke on what went ahead behind it.
    async fn cut_off(&mut self, error: Error, meter: &mut Meter) -> Error {
        if !matches!(error, Error::Network { .. }) {
            return error;
        }
        self.wire.begin("the message", self.timeouts.close);
        let may_be_sent = matches!(*self.job.stage.borrow(), Stage::Ending(_));
        if let Ok(answer) = self.answer().await
            && (may_be_sent || answer.class() != 2)
            && let Ok(receipt) = self.decided(&answer, meter)
        {
            self.job.end(Ok(receipt));
        }
        error
    }

    fn receipt(&self, message: Delivery) -> Receipt {
        Receipt { message, recipients: self.recipients.clone() }
    }
}

/// A group of commands as it is written.
fn lines(group: &[(Step, String)]) -> String {
    group.iter().map(|(_, line)| line.as_str()).collect()
}

/// Reads the answer to each command of a group that was sent.
async fn answers(
    wire: &mut Wire<Secure>,
    group: &[(Step, String)],
    timeouts: &Timeouts,
) -> Result<Vec<(Step, Answer)>, Error> {
    let mut answers = Vec::with_capacity(group.len());
    group.iter().for_each(|(step, _)| wire.log().command(step.name()));
    for (step, _) in group {
        wire.begin(step.name(), timeouts.progress);
        answers.push((*step, Answer::read(wire).await?));
    }
    Ok(answers)
}

/// The refusal of a command, where it was refused.
fn refusal(answer: Answer, step: Step) -> Result<Option<Refusal>, Error> {
    match answer.completed(step.name()) {
        Ok(_) => Ok(None),
        Err(Error::Refused(refusal)) => Ok(Some(refusal)),
        Err(error) => Err(error),
    }
}

fn is_accepted(recipient: &RecipientOutcome) -> bool {
    recipient.outcome == Acceptance::Accepted
}
