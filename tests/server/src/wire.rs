//! One connection: lines in, replies out, the upgrade to TLS, the transcript and the faults.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::HandshakeKind;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::fault::{Effect, Twist};
use crate::options::Protocol;
use crate::server::Shared;
use crate::transcript::{Handshake, Log, Side};

/// The longest line a client may send, in octets; OAuth 2 tokens are long.
const MAX_LINE: usize = 64 << 10;
/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(30);
/// How long a cut connection is drained, so that what was sent before the cut arrives (unread bytes would turn the FIN into a reset).
const DRAIN: Duration = Duration::from_millis(100);
/// How much of a flood is sent at a time.
const FLOOD: usize = 16 << 10;

pub(crate) struct Wire {
    stream: Stream,
    shared: Arc<Shared>,
    protocol: Protocol,
    log: Log,
    unread: Vec<u8>,
    /// The reply that is being put together.
    out: Vec<u8>,
    sent: usize,
    steps: usize,
    twist: Twist,
    garbled: bool,
    pause: Option<Duration>,
}

/// What to do with a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Go {
    /// Carry it out.
    Ahead,
    /// A fault has answered it: pass it over.
    Skip,
}

impl Wire {
    pub(crate) fn new(stream: impl Into<Stream>, shared: Arc<Shared>, protocol: Protocol, log: Log) -> Self {
        Self {
            stream: stream.into(),
            shared,
            protocol,
            log,
            unread: Vec::new(),
            out: Vec::new(),
            sent: 0,
            steps: 0,
            twist: Twist::default(),
            garbled: false,
            pause: None,
        }
    }

    /// Whether TLS is up, or stands for up.
    pub(crate) fn is_tls(&self) -> bool {
        matches!(self.stream, Stream::Tls(_) | Stream::Memory(_))
    }

    /// The next line without its CRLF; `None` at the end of the stream. A lone CR or LF is part of the line.
    pub(crate) async fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        self.line_within(MAX_LINE).await
    }

    /// As [`Wire::line`], for lines of up to `limit` octets or somewhat more.
    pub(crate) async fn line_within(&mut self, limit: usize) -> io::Result<Option<Vec<u8>>> {
        let mut seen = 0;
        loop {
            let fresh = self.unread.get(seen..).unwrap_or_default();
            if let Some(at) = fresh.windows(2).position(|pair| pair == b"\r\n") {
                let mut line: Vec<u8> = self.unread.drain(..seen + at + 2).collect();
                line.truncate(seen + at);
                return Ok(Some(line));
            }
            seen = self.unread.len().saturating_sub(1);
            if self.unread.len() > limit.saturating_add(MAX_LINE) {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "endless line"));
            }
            if !self.fill().await? {
                return Ok(None);
            }
        }
    }

    /// Exactly `count` bytes.
    pub(crate) async fn exact(&mut self, count: usize) -> io::Result<Vec<u8>> {
        while self.unread.len() < count {
            if !self.fill().await? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(self.unread.drain(..count).collect())
    }

    /// Whether the client has sent more than was read so far.
    pub(crate) fn has_unread(&self) -> bool {
        !self.unread.is_empty()
    }

    /// Reads what there is into the buffer; false at the end of the stream. Cancel safe.
    pub(crate) async fn fill(&mut self) -> io::Result<bool> {
        let mut chunk = [0; 16 << 10];
        let idle = self.shared.options.idle;
        let count = tokio::time::timeout(idle, self.stream.read(&mut chunk)).await??;
        let bytes = chunk.get(..count).unwrap_or_default();
        if count > 0 {
            self.log.add(Side::Client, self.is_tls(), bytes);
        }
        self.unread.extend_from_slice(bytes);
        Ok(count > 0)
    }

    /// Begins a step: applies what faults say happens in place of it, and notes what they say happens at its reply.
    pub(crate) async fn begin(&mut self, command: &[u8], tag: Option<&[u8]>) -> io::Result<Go> {
        let mut twist = self.shared.faults.at_step(self.protocol, self.steps, command);
        for effect in twist.before.iter_mut().chain(&mut twist.after).chain(&mut twist.instead) {
            effect.resolve(tag);
        }
        self.steps += 1;
        let instead = twist.instead.take();
        self.twist = twist;
        match instead {
            None => Ok(Go::Ahead),
            Some(effect) => {
                self.apply(effect).await?;
                self.finish().await?;
                Ok(Go::Skip)
            }
        }
    }

    /// Adds a line to the reply.
    pub(crate) fn say(&mut self, line: impl AsRef<[u8]>) {
        self.push(line);
        self.push(b"\r\n");
    }

    /// Adds bytes to the reply.
    pub(crate) fn push(&mut self, bytes: impl AsRef<[u8]>) {
        self.out.extend_from_slice(bytes.as_ref());
    }

    /// Sends what is there of the reply: a continuation, within a step.
    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        let bytes = std::mem::take(&mut self.out);
        self.send(&bytes).await
    }

    /// Ends a step: sends the reply, and does what faults say happens before and after it.
    pub(crate) async fn finish(&mut self) -> io::Result<()> {
        let twist = std::mem::take(&mut self.twist);
        let reply = std::mem::take(&mut self.out);
        for effect in twist.before {
            self.apply(effect).await?;
        }
        self.push(reply);
        for effect in twist.after {
            self.apply(effect).await?;
        }
        self.flush().await
    }

    /// Says good-bye: sends what is left and closes in good order.
    pub(crate) async fn close(mut self) {
        let _ = self.flush().await;
        let _ = tokio::time::timeout(DRAIN, self.stream.shutdown()).await;
        self.drain().await;
    }

    /// Brings TLS up. Bytes that the client sent ahead of the handshake are a violation (RFC 3207, section 4.2; CVE-2011-0411).
    pub(crate) async fn start_tls(&mut self) -> io::Result<()> {
        if self.has_unread() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "plaintext after STARTTLS"));
        }
        let Stream::Plain(stream) = std::mem::replace(&mut self.stream, Stream::Gone) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let acceptor = TlsAcceptor::from(self.shared.tls.clone());
        match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream).into_fallible()).await? {
            Ok(stream) => {
                self.log.shake_hands(Ok(describe(&stream)));
                self.stream = Stream::Tls(Box::new(stream));
                Ok(())
            }
            Err((error, stream)) => {
                self.log.shake_hands(Err(error.to_string()));
                self.stream = Stream::Plain(stream);
                self.cut().await
            }
        }
    }

    /// Does what a fault says at this place of the reply; words are joined to it.
    async fn apply(&mut self, effect: Effect) -> io::Result<()> {
        match effect {
            Effect::Say(bytes) => self.push(bytes),
            Effect::Refuse(line) => self.say(line),
            other => {
                self.flush().await?;
                self.strike(other).await?;
            }
        }
        Ok(())
    }

    /// Does what a fault says, now.
    async fn strike(&mut self, effect: Effect) -> io::Result<()> {
        match effect {
            Effect::Say(bytes) => self.write_uncounted(&bytes).await?,
            Effect::Refuse(line) => self.write_uncounted(format!("{line}\r\n").as_bytes()).await?,
            Effect::Garble => self.garbled = true,
            Effect::Trickle(pause) => self.pause = Some(pause),
            Effect::Cut => self.cut().await?,
            Effect::Stall => std::future::pending::<()>().await,
            Effect::Flood { opening, again } => {
                self.write_uncounted(&opening).await?;
                self.flood(&again).await?;
            }
        }
        Ok(())
    }

    /// Sends `again` until the client hangs up, past the transcript: that would grow as long as the flood lasts.
    async fn flood(&mut self, again: &[u8]) -> io::Result<()> {
        let chunk = again.repeat(FLOOD / again.len().max(1) + 1);
        loop {
            tokio::time::timeout(self.shared.options.idle, self.stream.write_all(&chunk)).await??;
        }
    }

    async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while let Some((at, effect)) = self.shared.faults.at_byte(self.protocol, self.sent, rest.len()) {
            let (now, later) = rest.split_at_checked(at).unwrap_or((rest, &[]));
            self.write(now).await?;
            self.strike(effect).await?;
            // The byte at the offset goes out now: a fault at it has had its turn.
            let (byte, later) = later.split_at_checked(1).unwrap_or((later, &[]));
            self.write(byte).await?;
            rest = later;
        }
        self.write(rest).await
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sent += bytes.len();
        self.write_uncounted(bytes).await
    }

    async fn write_uncounted(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let flip = |&byte: &u8| if matches!(byte, b'\r' | b'\n') { byte } else { byte ^ 0x80 };
        let bytes: Vec<u8> = if self.garbled { bytes.iter().map(flip).collect() } else { bytes.to_vec() };
        let size = if self.pause.is_some() { 1 } else { bytes.len() };
        for chunk in bytes.chunks(size) {
            if let Some(pause) = self.pause {
                tokio::time::sleep(pause).await;
            }
            self.log.add(Side::Server, self.is_tls(), chunk);
            let writing = async {
                self.stream.write_all(chunk).await?;
                self.stream.flush().await
            };
            tokio::time::timeout(self.shared.options.idle, writing).await??;
        }
        Ok(())
    }

    /// Ends the TCP connection under whatever runs on it. Always an error, which ends the session.
    pub(crate) async fn cut(&mut self) -> io::Result<()> {
        match &mut self.stream {
            Stream::Plain(stream) => hang_up(stream).await,
            Stream::Tls(stream) => hang_up(stream.get_mut().0).await,
            Stream::Memory(stream) => hang_up(stream).await,
            Stream::Gone => {}
        }
        self.stream = Stream::Gone;
        Err(io::ErrorKind::ConnectionAborted.into())
    }

    async fn drain(&mut self) {
        let drain = async { while self.fill().await.is_ok_and(|more| more) {} };
        let _ = tokio::time::timeout(DRAIN, drain).await;
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.log.end();
    }
}

/// Ends the sending side, and reads for a moment what still comes.
async fn hang_up(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    let _ = stream.shutdown().await;
    let mut sink = [0; 4096];
    let drain = async { while stream.read(&mut sink).await.is_ok_and(|count| count > 0) {} };
    let _ = tokio::time::timeout(DRAIN, drain).await;
}

impl Effect {
    /// Puts the tag of the command, where there is one, before a refusal.
    fn resolve(&mut self, tag: Option<&[u8]>) {
        if let (Self::Refuse(line), Some(tag)) = (self, tag) {
            *line = format!("{} {line}", String::from_utf8_lossy(tag));
        }
    }
}

fn describe(stream: &TlsStream<TcpStream>) -> Handshake {
    let connection = stream.get_ref().1;
    Handshake {
        version: connection.protocol_version().map(|version| format!("{version:?}")).unwrap_or_default(),
        group: connection.negotiated_key_exchange_group().map(|group| format!("{:?}", group.name())),
        server_name: connection.server_name().map(str::to_owned),
        resumed: connection.handshake_kind() == Some(HandshakeKind::Resumed),
        client_certificate: connection.peer_certificates().is_some(),
    }
}

/// What a connection runs on.
pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    /// A pipe in the same process, which stands for a connection with TLS.
    Memory(DuplexStream),
    /// Given away to a handshake that failed, or cut.
    Gone,
}

impl From<TcpStream> for Stream {
    fn from(stream: TcpStream) -> Self {
        Self::Plain(stream)
    }
}

impl From<DuplexStream> for Stream {
    fn from(stream: DuplexStream) -> Self {
        Self::Memory(stream)
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Memory(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Gone => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Memory(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Gone => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
            Self::Memory(stream) => Pin::new(stream).poll_flush(cx),
            Self::Gone => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Memory(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Gone => Poll::Ready(Ok(())),
        }
    }
}
