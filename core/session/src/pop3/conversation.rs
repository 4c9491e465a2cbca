//! Commands and their answers on one connection, with a bound on all that the server may send.

use super::dots::Dots;
use super::reply::Status;
use super::tally::Tally;
use crate::log::Log;
use crate::tls::TlsInfo;
use crate::wire::{Secure, Wire};
use crate::{Error, PeerFault, Timeouts};

/// The longest line of an answer. RFC 2449, section 4, allows 512 bytes; servers are more talkative. Message text has no limit on
/// its lines.
pub(super) const MAX_LINE: usize = 2048;
/// The longest line of a SASL exchange (RFC 4954, section 4, names the same).
pub(super) const MAX_SASL_LINE: usize = 12_288;
/// How much of a message that nobody wants any more is read, so that the session can go on; past it the session is closed.
pub(super) const MAX_DRAIN: usize = 1024 * 1024;

/// The conversation with the server.
#[derive(Debug)]
pub(super) struct Conversation {
    wire: Wire<Secure>,
    timeouts: Timeouts,
    tally: Tally,
}

impl Conversation {
    pub(super) fn new(wire: Wire<Secure>, timeouts: Timeouts) -> Self {
        Self { wire, timeouts, tally: Tally::default() }
    }

    pub(super) const fn tls(&self) -> Option<&TlsInfo> {
        self.wire.tls()
    }

    pub(super) const fn log(&self) -> &Log {
        self.wire.log()
    }

    pub(super) const fn timeouts(&self) -> &Timeouts {
        &self.timeouts
    }

    /// Counts what comes of messages in `tally` from now on.
    pub(super) fn measure(&mut self, tally: Tally) {
        self.tally = tally;
    }

    /// Reads the greeting that comes on a fresh connection with implicit TLS.
    pub(super) async fn greeting(&mut self) -> Result<(), Error> {
        self.expect("the greeting");
        self.reply().await.map(drop)
    }

    /// Sends the command `line`, given without its CRLF, and returns the text of the answer.
    pub(super) async fn command(&mut self, name: &'static str, line: &str) -> Result<Vec<u8>, Error> {
        self.send(name, format!("{line}\r\n").as_bytes()).await?;
        self.reply().await
    }

    /// Sends `lines`, one or several whole commands of which `name` is the first, where no answer is outstanding.
    pub(super) async fn send(&mut self, name: &'static str, lines: &[u8]) -> Result<(), Error> {
        self.expect(name);
        // What came unasked would be taken for the answer to this command, and each answer for that of the one before.
        let unasked = self.wire.buffered();
        if unasked.is_empty() {
            self.wire.log().command(name);
            return self.wire.send(lines).await;
        }
        let line = unasked.split(|&byte| byte == b'\n').next().unwrap_or_default();
        Err(PeerFault::unexpected(name, line).into())
    }

    /// Says that the next outstanding answer is that to `name`.
    pub(super) fn expect(&mut self, name: &'static str) {
        self.wire.begin(name, self.timeouts.progress);
    }

    /// Reads the status line of the next outstanding answer.
    pub(super) async fn reply(&mut self) -> Result<Vec<u8>, Error> {
        match self.status(MAX_LINE).await? {
            Status::Ok(text) => Ok(text),
            Status::Refused(refusal) => Err(Error::Refused(refusal)),
            Status::Challenge(text) => {
                Err(PeerFault::unexpected(self.wire.step(), &[b"+ ", &*text].concat()).into())
            }
        }
    }

    /// Reads a status line of at most `limit` bytes.
    pub(super) async fn status(&mut self, limit: usize) -> Result<Status, Error> {
        let line = self.wire.read_line(limit).await?;
        let status = Status::parse(self.wire.step(), &line)?;
        self.wire.log().reply(self.wire.step(), status.answer());
        Ok(status)
    }

    /// Reads the lines of a multi-line answer, at most `limit`, and gives each to `take`.
    pub(super) async fn lines(
        &mut self,
        what: &'static str,
        limit: usize,
        mut take: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut count = 0;
        loop {
            let line = self.wire.read_line(MAX_LINE).await?;
            let line = match line.strip_prefix(b".") {
                Some(b"") => return Ok(()),
                Some(unstuffed) => unstuffed,
                None => &line,
            };
            count += 1;
            if count > limit {
                return Err(Error::LimitExceeded { what, limit: limit as u64 });
            }
            take(line)?;
        }
    }

    /// Appends the next part of a message to `out`; whether there is more.
    pub(super) async fn part(&mut self, dots: &mut Dots, out: &mut Vec<u8>) -> Result<bool, Error> {
        let step = self.wire.step();
        let unread = self.wire.fill().await?;
        if unread.is_empty() {
            return Err(PeerFault::Disconnected { step }.into());
        }
        let before = out.len();
        let used = dots.take_out(unread, out);
        self.wire.consume(used);
        self.tally.advance(out.len() - before);
        Ok(!dots.ended())
    }

    /// Reads a message of at most `limit` bytes. The inner error is that of the message alone: the conversation goes on.
    pub(super) async fn message(&mut self, limit: usize) -> Result<Result<Vec<u8>, Error>, Error> {
        match self.reply().await {
            Ok(_) => {}
            Err(error) if error.keeps_session() => return Ok(Err(error)),
            Err(error) => return Err(error),
        }
        let (mut dots, mut bytes) = (Dots::default(), Vec::new());
        while self.part(&mut dots, &mut bytes).await? && bytes.len() <= limit {}
        if bytes.len() <= limit {
            return Ok(Ok(bytes));
        }
        self.drain(dots).await?;
        Ok(Err(Error::LimitExceeded { what: "the size of the message", limit: limit as u64 }))
    }

    /// Reads the rest of a message that nobody wants, up to [`MAX_DRAIN`] bytes.
    pub(super) async fn drain(&mut self, mut dots: Dots) -> Result<(), Error> {
        let (mut total, mut unwanted) = (0, Vec::new());
        while !dots.ended() {
            self.part(&mut dots, &mut unwanted).await?;
            total += unwanted.len();
            unwanted.clear();
            if total > MAX_DRAIN {
                let what = "what is read of an abandoned message";
                return Err(Error::LimitExceeded { what, limit: MAX_DRAIN as u64 });
            }
        }
        Ok(())
    }

    /// Says goodbye, no longer than politeness asks.
    pub(super) async fn farewell(&mut self) {
        let patience = self.timeouts.close;
        let polite = async {
            self.command("QUIT", "QUIT").await?;
            self.shut_down().await;
            Ok::<(), Error>(())
        };
        _ = tokio::time::timeout(patience, polite).await;
    }

    /// Ends the connection.
    pub(super) async fn shut_down(&mut self) {
        self.wire.begin("closing", self.timeouts.close);
        self.wire.shut_down().await;
    }
}
