//! One side of a script, at work.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::parse::{Act, Line};
use super::pattern::{self, Token, Words};
use super::{Chunks, Script, ScriptError};
use crate::ca::TestCa;
use crate::options::{Options, tls_config};
use crate::transcript::Side;

/// How long a step may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// How long a stalled script waits for the other side to hang up.
const STALL: Duration = Duration::from_secs(120);

pub(super) trait Io: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Io for T {}

pub(super) struct Player {
    lines: Vec<Line>,
    ca: Option<TestCa>,
    /// The side that is played here.
    me: Side,
    chunks: Chunks,
    stream: Box<dyn Io>,
    unread: Vec<u8>,
    /// The other side will send no more.
    ended: bool,
    words: Words,
    /// How many bytes may still be sent before the cut.
    budget: usize,
}

/// Whether the script goes on.
#[derive(PartialEq, Eq)]
enum Next {
    Line,
    Over,
}

impl Player {
    pub(super) fn new(script: Script, me: Side, chunks: Chunks, stream: Box<dyn Io>) -> Self {
        Self {
            lines: script.lines,
            ca: script.ca,
            me,
            chunks,
            stream,
            unread: Vec::new(),
            ended: false,
            words: Words::new(),
            budget: script.cut_at.unwrap_or(usize::MAX),
        }
    }

    pub(super) async fn play(mut self) -> Result<(), ScriptError> {
        let lines = std::mem::take(&mut self.lines);
        for line in &lines {
            if self.step(line).await? == Next::Over {
                return Ok(());
            }
        }
        if !self.unread.is_empty() {
            let line = lines.last().map_or(0, |line| line.number) + 1;
            return Err(ScriptError::Unread { line, got: self.unread.escape_ascii().to_string() });
        }
        let _ = tokio::time::timeout(PATIENCE, self.stream.shutdown()).await;
        Ok(())
    }

    async fn step(&mut self, line: &Line) -> Result<Next, ScriptError> {
        match &line.act {
            Act::Say { side, tokens, crlf } if *side == self.me => {
                return self.say(line, tokens, *crlf).await;
            }
            Act::Say { tokens, crlf, .. } => self.expect(line, tokens, *crlf).await?,
            Act::Tls => self.shake_hands(line).await?,
            Act::Cut => {
                self.take_what_came().await;
                return Ok(Next::Over);
            }
            Act::Stall => {
                self.wait_for_the_end().await;
                return Ok(Next::Over);
            }
        }
        Ok(Next::Line)
    }

    async fn say(&mut self, line: &Line, tokens: &[Token], crlf: bool) -> Result<Next, ScriptError> {
        let mut bytes = pattern::render(tokens, &self.words);
        if crlf {
            bytes.extend_from_slice(b"\r\n");
        }
        let cut = bytes.len() >= self.budget;
        bytes.truncate(self.budget);
        self.budget -= bytes.len();
        let size = if self.chunks == Chunks::OneByte { 1 } else { bytes.len().max(1) };
        for chunk in bytes.chunks(size) {
            let sent = tokio::time::timeout(PATIENCE, self.send(chunk)).await;
            let sent = sent.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
            sent.map_err(|error| ScriptError::Io { line: line.number, reason: error.to_string() })?;
        }
        if cut {
            self.take_what_came().await;
        }
        Ok(if cut { Next::Over } else { Next::Line })
    }

    async fn expect(&mut self, line: &Line, tokens: &[Token], crlf: bool) -> Result<(), ScriptError> {
        let wanted = if crlf { None } else { Some(pattern::render(tokens, &self.words).len()) };
        let (number, expected) = (line.number, line.text.clone());
        let got = match tokio::time::timeout(PATIENCE, self.hear(wanted)).await {
            Ok(Ok(Some(got))) => got,
            Ok(Ok(None)) => {
                let got = self.unread.escape_ascii().to_string();
                return Err(ScriptError::Ended { line: number, expected, got });
            }
            Ok(Err(error)) => return Err(ScriptError::Io { line: number, reason: error.to_string() }),
            Err(_) => {
                let got = self.unread.escape_ascii().to_string();
                return Err(ScriptError::TimedOut { line: number, expected, got });
            }
        };
        if pattern::matches(tokens, &got, &mut self.words) {
            return Ok(());
        }
        Err(ScriptError::Differs { line: number, expected, got: got.escape_ascii().to_string() })
    }

    /// The next line without its CRLF, or the next `count` bytes; `None` when the stream ended before.
    async fn hear(&mut self, count: Option<usize>) -> io::Result<Option<Vec<u8>>> {
        loop {
            let (end, skip) = match count {
                Some(count) => ((self.unread.len() >= count).then_some(count), 0),
                None => (self.unread.windows(2).position(|pair| pair == b"\r\n"), 2),
            };
            if let Some(end) = end {
                let mut got: Vec<u8> = self.unread.drain(..end + skip).collect();
                got.truncate(end);
                return Ok(Some(got));
            }
            if self.ended {
                return Ok(None);
            }
            poll_fn(|cx| self.poll_fill(cx)).await?;
        }
    }

    /// Writes, and meanwhile reads: a client that sends much before it reads must not block on us.
    async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        poll_fn(|cx| {
            while !self.ended && self.poll_fill(cx)?.is_ready() {}
            while !rest.is_empty() {
                match Pin::new(&mut self.stream).poll_write(cx, rest)? {
                    Poll::Ready(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    Poll::Ready(count) => rest = rest.get(count..).unwrap_or_default(),
                    Poll::Pending => return Poll::Pending,
                }
            }
            Pin::new(&mut self.stream).poll_flush(cx)
        })
        .await
    }

    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut space = [0; 4096];
        let mut buffer = ReadBuf::new(&mut space);
        std::task::ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
        self.ended = buffer.filled().is_empty();
        self.unread.extend_from_slice(buffer.filled());
        Poll::Ready(Ok(()))
    }

    /// Empties the receive buffer: what lies in it when a socket is closed would take back what was sent.
    async fn take_what_came(&mut self) {
        poll_fn(|cx| {
            while !self.ended && matches!(self.poll_fill(cx), Poll::Ready(Ok(()))) {}
            Poll::Ready(())
        })
        .await;
    }

    async fn wait_for_the_end(&mut self) {
        let waiting = async {
            while !self.ended && poll_fn(|cx| self.poll_fill(cx)).await.is_ok() {
                self.unread.clear();
            }
        };
        let _ = tokio::time::timeout(STALL, waiting).await;
    }

    async fn shake_hands(&mut self, line: &Line) -> Result<(), ScriptError> {
        if !self.unread.is_empty() {
            let got = self.unread.escape_ascii().to_string();
            return Err(ScriptError::Unread { line: line.number, got });
        }
        let stream = std::mem::replace(&mut self.stream, Box::new(tokio::io::empty()));
        let upgraded = tokio::time::timeout(PATIENCE, upgrade(stream, self.me, self.ca.as_ref())).await;
        let upgraded = upgraded.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        let failed =
            |error: io::Error| ScriptError::Handshake { line: line.number, reason: error.to_string() };
        self.stream = upgraded.map_err(failed)?;
        Ok(())
    }
}

async fn upgrade(stream: Box<dyn Io>, me: Side, ca: Option<&TestCa>) -> io::Result<Box<dyn Io>> {
    let ca = ca.ok_or_else(|| io::Error::other("a script with TLS needs Script::tls"))?;
    if me == Side::Server {
        let acceptor = TlsAcceptor::from(tls_config(&Options::new(), ca)?);
        return Ok(Box::new(acceptor.accept(stream).await?));
    }
    let mut roots = RootCertStore::empty();
    roots.add(ca.root_der()).map_err(io::Error::other)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
    Ok(Box::new(TlsConnector::from(Arc::new(config)).connect(name, stream).await?))
}
