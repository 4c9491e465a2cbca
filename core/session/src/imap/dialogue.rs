//! One command at a time: sends it, reads until its end, and sorts what comes meanwhile.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use postseal_types::Meter;
use zeroize::Zeroizing;

use super::capabilities::Capabilities;
use super::command::{Command, Part};
use super::guard::Guard;
use super::response::{Code, Condition, Data, Response, Status};
use crate::error::{PeerFault, Refusal, server_text};
use crate::log::LogAnswer;
use crate::wire::{Secure, Wire};
use crate::{Error, Timeouts};

/// The most alerts that wait to be asked for; older ones give way.
pub(super) const MAX_ALERTS: usize = 32;

/// What the server wants people to read, oldest first (RFC 9051, section 7.1, ALERT).
pub(super) type Alerts = Arc<Mutex<Vec<String>>>;

/// A connection on which commands are spoken.
#[derive(Debug)]
pub(super) struct Dialogue {
    guard: Guard,
    tags: u32,
    /// Whether the server has said goodbye.
    pub(super) is_over: bool,
    pub(super) capabilities: Capabilities,
    pub(super) timeouts: Timeouts,
    pub(super) alerts: Alerts,
}

/// The answer to a command that was not refused.
#[derive(Debug)]
pub(super) struct Answer {
    /// What came before the end, in order.
    pub(super) data: Vec<Event>,
    /// The code of the last line.
    pub(super) code: Option<Code>,
}

/// What comes while a command runs.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event {
    Data(Data),
    Code(Code),
}

impl Answer {
    /// The codes, wherever they stood.
    pub(super) fn codes(&self) -> impl Iterator<Item = &Code> {
        let untagged = self.data.iter().filter_map(|event| match event {
            Event::Code(code) => Some(code),
            Event::Data(_) => None,
        });
        untagged.chain(&self.code)
    }

    pub(super) fn into_data(self) -> impl Iterator<Item = Data> {
        self.data.into_iter().filter_map(|event| match event {
            Event::Data(data) => Some(data),
            Event::Code(_) => None,
        })
    }
}

impl Dialogue {
    pub(super) fn new(wire: Wire<Secure>, timeouts: Timeouts) -> Self {
        Self {
            guard: Guard::new(wire),
            tags: 0,
            is_over: false,
            capabilities: Capabilities::default(),
            timeouts,
            alerts: Alerts::default(),
        }
    }

    pub(super) const fn guard_mut(&mut self) -> &mut Guard {
        &mut self.guard
    }

    pub(super) const fn wire(&self) -> &Wire<Secure> {
        self.guard.wire()
    }

    pub(super) const fn wire_mut(&mut self) -> &mut Wire<Secure> {
        self.guard.wire_mut()
    }

    /// Runs a command to its end.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] and [`Error::NotFound`] for NO and BAD; any other ends the session.
    pub(super) async fn run(&mut self, command: Command) -> Result<Answer, Error> {
        let mut data = Vec::new();
        let code = self.run_into(command, &mut data).await?;
        Ok(Answer { data, code })
    }

    /// The same for a caller who wants to know what came before a refusal, too.
    pub(super) async fn run_into(
        &mut self,
        command: Command,
        data: &mut (impl Extend<Event> + Send),
    ) -> Result<Option<Code>, Error> {
        let name = command.name;
        let tag = self.begin(name);
        if let Some(patience) = command.patience {
            let progress = self.timeouts.progress.min(patience);
            self.wire_mut().begin(name, progress);
        }
        self.guard.allow(command.allowance);
        let mut meter = command.meter();
        let condition = match self.send(&tag, command, &mut meter, data).await? {
            Some(refused) => refused,
            None => self.finish(&tag, name, data).await?,
        };
        match condition {
            Condition { status: Status::Ok, code, .. } => {
                meter.finish();
                Ok(code)
            }
            refused => Err(refusal(name, refused)),
        }
    }

    /// Names what is done next, and gives it a tag.
    pub(super) fn begin(&mut self, name: &'static str) -> String {
        self.tags = self.tags.wrapping_add(1);
        self.expect(name);
        self.wire().log().command(name);
        format!("P{}", self.tags)
    }

    /// Names what is waited for next.
    pub(super) fn expect(&mut self, name: &'static str) {
        self.guard.reset_count();
        let progress = self.timeouts.progress;
        self.wire_mut().begin(name, progress);
    }

    /// Sends a command. A literal waits for the server's consent unless it is known to be given; the condition is its "no".
    async fn send(
        &mut self,
        tag: &str,
        command: Command,
        meter: &mut Meter,
        data: &mut (impl Extend<Event> + Send),
    ) -> Result<Option<Condition>, Error> {
        let unasked = self.capabilities.unasked_literal();
        let mut out = format!("{tag} ").into_bytes();
        for part in command.parts {
            match part {
                Part::Text(text) => out.extend_from_slice(text.as_bytes()),
                Part::Literal(bytes) if bytes.len() <= unasked => {
                    out.extend_from_slice(format!("{{{}+}}\r\n", bytes.len()).as_bytes());
                    if meter.is_heard() {
                        self.wire_mut().send(&out).await?;
                        self.wire_mut().send_counted(&bytes, meter).await?;
                        out.clear();
                    } else {
                        out.extend_from_slice(&bytes);
                    }
                }
                Part::Literal(bytes) => {
                    out.extend_from_slice(format!("{{{}}}\r\n", bytes.len()).as_bytes());
                    self.wire_mut().send(&out).await?;
                    if let Err(refused) = self.consent(tag, command.name, data).await? {
                        return Ok(Some(refused));
                    }
                    out = bytes;
                    if meter.is_heard() {
                        self.wire_mut().send_counted(&out, meter).await?;
                        out.clear();
                    }
                }
            }
        }
        out.extend_from_slice(b"\r\n");
        self.wire_mut().send(&out).await?;
        Ok(None)
    }

    /// Waits for `+`; untagged responses may come before it. The text of the `+`, or the end of the command instead.
    pub(super) async fn consent(
        &mut self,
        tag: &str,
        step: &'static str,
        data: &mut (impl Extend<Event> + Send),
    ) -> Result<Result<Vec<u8>, Condition>, Error> {
        loop {
            match self.next_response(step).await? {
                Response::Continue(text) => return Ok(Ok(text)),
                Response::Done { tag: done, condition } if done == tag.as_bytes() => {
                    self.note_alert(&condition);
                    return Ok(Err(condition));
                }
                Response::Done { tag: done, .. } => return Err(PeerFault::unexpected(step, &done).into()),
                response => data.extend(self.event(response)?),
            }
        }
    }

    /// Reads up to the end of the command with this tag.
    pub(super) async fn finish(
        &mut self,
        tag: &str,
        step: &'static str,
        data: &mut (impl Extend<Event> + Send),
    ) -> Result<Condition, Error> {
        match self.consent(tag, step, data).await? {
            Err(condition) => Ok(condition),
            Ok(text) => Err(PeerFault::unexpected(step, &text).into()),
        }
    }

    /// Reads a response of a command that has no end of its own: nothing adds up. Cancel safe.
    pub(super) async fn next_of_many(&mut self, step: &'static str) -> Result<Response, Error> {
        self.guard.reset_count();
        self.next_response(step).await
    }

    /// Reads a response. Cancel safe.
    pub(super) async fn next_response(&mut self, step: &'static str) -> Result<Response, Error> {
        loop {
            let bytes = self.guard.read_response().await?;
            // Some servers send an empty line now and then, or what closes a list on a line of its own.
            if !matches!(bytes.trim_ascii(), b"" | b")") {
                let response = Response::parse(&bytes).ok_or_else(|| PeerFault::unexpected(step, &bytes))?;
                self.guard.reuse(bytes);
                self.note(step, &response);
                return Ok(response);
            }
        }
    }

    /// What an untagged response means for everyone: a farewell ends the session, an alert is kept, capabilities are noted.
    pub(super) fn event(&mut self, response: Response) -> Result<Option<Event>, Error> {
        match response {
            Response::Notice(condition) => {
                if condition.status == Status::Bye {
                    return Err(PeerFault::Goodbye { text: server_text(&condition.text) }.into());
                }
                self.note_alert(&condition);
                Ok(condition.code.map(Event::Code))
            }
            Response::Data(Data::Capability(capabilities)) => {
                self.capabilities = capabilities;
                Ok(None)
            }
            Response::Data(Data::Other) => Ok(None),
            Response::Data(data) => Ok(Some(Event::Data(data))),
            Response::Continue(_) | Response::Done { .. } => Ok(None),
        }
    }

    /// Puts what a response says into the log.
    fn note(&self, step: &'static str, response: &Response) {
        match response {
            Response::Done { condition, .. } => self.wire().log().reply(step, condition.status.into()),
            Response::Continue(_) => self.wire().log().reply(step, LogAnswer::Continue),
            Response::Notice(condition) if condition.status == Status::Bye => {
                self.wire().log().reply(step, LogAnswer::Bye);
            }
            Response::Notice(_) | Response::Data(_) => {}
        }
    }

    fn note_alert(&self, condition: &Condition) {
        if !matches!(&condition.code, Some(Code::Other(name)) if name == "ALERT") {
            return;
        }
        let mut alerts = self.alerts.lock().unwrap_or_else(PoisonError::into_inner);
        if alerts.len() == MAX_ALERTS {
            alerts.remove(0);
        }
        alerts.push(server_text(&condition.text));
    }

    /// Sends pieces as they are, and CRLF; for what is no ordinary command. They may hold a secret.
    pub(super) async fn send_line(&mut self, pieces: &[&[u8]]) -> Result<(), Error> {
        let mut line =
            Zeroizing::new(Vec::with_capacity(pieces.iter().map(|piece| piece.len()).sum::<usize>() + 2));
        pieces.iter().for_each(|piece| line.extend_from_slice(piece));
        line.extend_from_slice(b"\r\n");
        self.wire_mut().send(&line).await
    }

    /// Makes sure that the capabilities are known.
    pub(super) async fn learn_capabilities(&mut self) -> Result<(), Error> {
        if self.capabilities.is_empty() {
            self.run(Command::new("CAPABILITY")).await?;
        }
        Ok(())
    }

    /// Says goodbye, and waits for no longer than `patience` for the answer.
    pub(super) async fn log_out(&mut self, patience: Duration) {
        let tag = self.begin("LOGOUT");
        let farewell = async {
            self.send_line(&[tag.as_bytes(), b" LOGOUT"]).await?;
            while !matches!(self.next_response("LOGOUT").await?, Response::Done { .. }) {}
            self.wire_mut().shut_down().await;
            Ok::<(), Error>(())
        };
        // Whatever goes wrong with a farewell no longer matters.
        _ = tokio::time::timeout(patience, farewell).await;
    }
}

/// A "no" as an error: what is not there has a type of its own.
pub(super) fn refusal(command: &'static str, condition: Condition) -> Error {
    match refusal_of(command, condition) {
        Refusal { response_code: Some(code), .. } if matches!(code.as_str(), "NONEXISTENT" | "TRYCREATE") => {
            Error::NotFound { what: "mailbox" }
        }
        refusal => Error::Refused(refusal),
    }
}

pub(super) fn refusal_of(command: &'static str, condition: Condition) -> Refusal {
    let response_code = match condition.code {
        Some(Code::Other(name)) => Some(server_text(name.as_bytes())),
        _ => None,
    };
    Refusal { response_code, ..Refusal::new(command, &condition.text) }
}

impl From<Status> for LogAnswer {
    fn from(status: Status) -> Self {
        match status {
            Status::Ok | Status::Preauth => Self::Ok,
            Status::No => Self::No,
            Status::Bad => Self::Bad,
            Status::Bye => Self::Bye,
        }
    }
}
