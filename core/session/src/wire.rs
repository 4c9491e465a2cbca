//! The wire: a connection with a deadline on its progress, a bounded line reader, and the fact in its type whether secrets may go over
//! it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use postseal_types::Meter;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

use crate::line::Due;
use crate::log::Log;
use crate::tls::TlsInfo;
use crate::{Error, PeerFault};

/// How much is read at a time.
const READ_CHUNK: usize = 16 * 1024;
/// How much is written at a time where it is counted.
const WRITE_CHUNK: usize = 64 * 1024;

/// Any byte stream under a session: TCP, TLS, or a test's pipe.
pub(crate) trait Transport: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Transport for T {}

/// The state of a wire before TLS. Credentials can't be sent on it: what sends them takes a `Wire<Secure>`.
#[derive(Debug)]
pub(crate) struct Plain;

/// The state of a wire that may carry secrets: after the handshake, with what it agreed on; or over a stream that the caller vouches
/// for, which has none ([`dangerous`](crate::dangerous)).
#[derive(Debug)]
pub(crate) struct Secure(Option<TlsInfo>);

/// A connection, with what was read of it and not yet used.
pub(crate) struct Wire<S> {
    stream: Progress,
    unread: Unread,
    log: Log,
    due: Due,
    state: S,
}

impl Wire<Plain> {
    pub(crate) fn plain(stream: impl Transport + 'static) -> Self {
        Self::new(stream, Plain)
    }

    /// Gives the bare stream to the TLS handshake. A byte that came before is an error: it would otherwise be taken for one that
    /// came through TLS.
    pub(crate) fn into_stream(self) -> Result<Box<dyn Transport>, Error> {
        match self.unread.as_slice().len() {
            0 => Ok(self.stream.inner),
            bytes => Err(PeerFault::PlaintextAfterStartTls { bytes }.into()),
        }
    }
}

impl Wire<Secure> {
    pub(crate) fn secure(stream: impl Transport + 'static, info: TlsInfo) -> Self {
        Self::with(stream, Some(info))
    }

    /// A wire over any stream, as if TLS were up.
    pub(crate) fn dangerous(stream: impl Transport + 'static) -> Self {
        Self::with(stream, None)
    }

    /// The same for a scripted conversation.
    #[cfg(test)]
    pub(crate) fn scripted(stream: impl Transport + 'static) -> Self {
        Self::dangerous(stream)
    }

    fn with(stream: impl Transport + 'static, info: Option<TlsInfo>) -> Self {
        Self::new(stream, Secure(info))
    }

    /// What the handshake agreed on, where there was one.
    pub(crate) const fn tls(&self) -> Option<&TlsInfo> {
        self.state.0.as_ref()
    }
}

impl<S> Wire<S> {
    fn new(stream: impl Transport + 'static, state: S) -> Self {
        Self {
            stream: Progress::new(Box::new(stream)),
            unread: Unread::default(),
            log: Log::default(),
            due: Due::default(),
            state,
        }
    }

    /// The same wire, for a session that has `log`.
    pub(crate) fn logged(self, log: Log) -> Self {
        Self { log, ..self }
    }

    /// The same wire, over a socket that shares `due`.
    pub(crate) fn over(self, due: Due) -> Self {
        Self { due, ..self }
    }

    /// How much is to come, as far as it is known.
    pub(crate) const fn due(&self) -> &Due {
        &self.due
    }

    /// The session's log.
    pub(crate) const fn log(&self) -> &Log {
        &self.log
    }

    /// Names what is done next and its deadline: the longest time without a byte moving, counted while it is waited for.
    pub(crate) fn begin(&mut self, step: &'static str, deadline: Duration) {
        self.stream.begin(step, Some(deadline));
    }

    /// Waits without a deadline from now on; the caller has a liveness check of its own.
    pub(crate) fn begin_unbounded(&mut self, step: &'static str) {
        self.stream.begin(step, None);
    }

    /// What is being done, as named by [`Wire::begin`].
    pub(crate) const fn step(&self) -> &'static str {
        self.stream.step
    }

    /// The unread bytes; waits for some where there are none. Empty at the end of the stream.
    ///
    /// Cancel safe: bytes stay until [`Wire::consume`].
    pub(crate) async fn fill(&mut self) -> Result<&[u8], Error> {
        if self.unread.as_slice().is_empty() {
            self.read_more().await?;
        }
        Ok(self.unread.as_slice())
    }

    /// The unread bytes at hand, without waiting.
    pub(crate) fn buffered(&self) -> &[u8] {
        self.unread.as_slice()
    }

    /// Marks the first `count` unread bytes as used.
    pub(crate) fn consume(&mut self, count: usize) {
        self.unread.consume(count);
    }

    /// Reads up to the next LF, and returns the line without its CRLF or LF.
    ///
    /// Cancel safe: what was read of an unfinished line stays for the next call.
    ///
    /// # Errors
    ///
    /// [`Error::LimitExceeded`] past `limit` bytes; [`PeerFault::Disconnected`] where the stream ends first.
    pub(crate) async fn read_line(&mut self, limit: usize) -> Result<Vec<u8>, Error> {
        let mut searched = 0;
        loop {
            let unread = self.unread.as_slice();
            let fresh = unread.get(searched..).unwrap_or_default();
            if let Some(found) = fresh.iter().position(|&byte| byte == b'\n') {
                let end = searched + found;
                let line = unread.get(..end).unwrap_or_default();
                let line = line.strip_suffix(b"\r").unwrap_or(line).to_vec();
                return if line.len() > limit { Err(over(limit)) } else { self.take_line(line, end + 1) };
            }
            searched = unread.len();
            if searched > limit + 1 {
                return Err(over(limit));
            }
            if self.read_more().await? == 0 {
                return Err(PeerFault::Disconnected { step: self.step() }.into());
            }
        }
    }

    fn take_line(&mut self, line: Vec<u8>, used: usize) -> Result<Vec<u8>, Error> {
        self.consume(used);
        Ok(line)
    }

    /// Appends the next bytes to `out`, at most `most`; waits for some where there are none. How many; 0 at the end of the stream.
    ///
    /// Those that were not read yet come straight from the stream: nearly all bytes of a mailbox come this way, and each copy of
    /// them costs.
    ///
    /// Cancel safe: bytes are in `out`, or still to come.
    pub(crate) async fn read_onto(&mut self, out: &mut Vec<u8>, most: usize) -> Result<usize, Error> {
        let unread = self.unread.as_slice();
        if unread.is_empty() {
            self.stream.rearm();
            let read = (&mut self.stream).take(most as u64).read_buf(out).await;
            return self.count(read);
        }
        let next = unread.get(..most).unwrap_or(unread);
        out.extend_from_slice(next);
        let count = next.len();
        self.consume(count);
        Ok(count)
    }

    /// Reads what is there, behind the unread bytes; 0 at the end of the stream.
    async fn read_more(&mut self) -> Result<usize, Error> {
        self.stream.rearm();
        let read = self.unread.read_from(&mut self.stream).await;
        self.count(read)
    }

    /// How much was read.
    fn count(&self, read: io::Result<usize>) -> Result<usize, Error> {
        match read {
            // A TLS stream that ends without a farewell is an end too: each protocol knows by itself whether it is too early.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
            Err(error) => Err(self.error(&error)),
            Ok(count) => Ok(count),
        }
    }

    /// Writes all of `bytes` and flushes.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.stream.rearm();
        let result = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        result.await.map_err(|error| self.error(&error))
    }

    /// The same in pieces, each counted when it is out.
    pub(crate) async fn send_counted(&mut self, bytes: &[u8], meter: &mut Meter) -> Result<(), Error> {
        for piece in bytes.chunks(WRITE_CHUNK) {
            self.send(piece).await?;
            meter.advance(piece.len());
        }
        Ok(())
    }

    /// Ends the stream politely; whatever goes wrong no longer matters.
    pub(crate) async fn shut_down(&mut self) {
        self.stream.rearm();
        _ = self.stream.shutdown().await;
    }

    /// The typed error for a failure of the stream.
    pub(crate) fn error(&self, error: &io::Error) -> Error {
        let step = self.step();
        if let Some(failure) = crate::tls::failure(error) {
            return failure;
        }
        match (error.get_ref().is_some_and(|inner| inner.is::<Stalled>()), self.stream.deadline) {
            (true, Some(after)) => Error::Timeout { step, after },
            _ if error.kind() == io::ErrorKind::UnexpectedEof => PeerFault::Disconnected { step }.into(),
            _ => Error::network(step, error),
        }
    }
}

/// The unread bytes come first, then the stream: so a parser of its own can sit on the wire.
impl AsyncRead for Wire<Secure> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let unread = this.unread.as_slice();
        if unread.is_empty() {
            return Pin::new(&mut this.stream).poll_read(cx, buf);
        }
        let count = unread.len().min(buf.remaining());
        buf.put_slice(unread.get(..count).unwrap_or_default());
        this.consume(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire<Secure> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl<S> std::fmt::Debug for Wire<S> {
    /// Never the bytes: they may hold mail or credentials.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wire").field("step", &self.stream.step).finish_non_exhaustive()
    }
}

fn over(limit: usize) -> Error {
    Error::LimitExceeded { what: "the length of a line", limit: limit as u64 }
}

/// Bytes that were read and not yet used.
#[derive(Default)]
struct Unread {
    bytes: Vec<u8>,
    start: usize,
}

impl Unread {
    fn as_slice(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }

    fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.bytes.len());
        if self.start == self.bytes.len() {
            self.bytes.clear();
            self.start = 0;
        }
    }

    async fn read_from(&mut self, stream: &mut Progress) -> io::Result<usize> {
        if self.start > 0 {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        self.bytes.reserve(READ_CHUNK);
        stream.read_buf(&mut self.bytes).await
    }
}

/// A stream whose reads and writes fail once nothing has moved for the length of the deadline.
struct Progress {
    inner: Box<dyn Transport>,
    step: &'static str,
    deadline: Option<Duration>,
    timer: Option<Pin<Box<Sleep>>>,
    armed: bool,
}

/// What a [`Progress`] that ran out of time puts into its `io::Error`.
#[derive(Debug, thiserror::Error)]
#[error("no progress within the deadline")]
struct Stalled;

impl Progress {
    fn new(inner: Box<dyn Transport>) -> Self {
        Self { inner, step: "connecting", deadline: None, timer: None, armed: false }
    }

    fn begin(&mut self, step: &'static str, deadline: Option<Duration>) {
        self.step = step;
        self.deadline = deadline;
        self.rearm();
    }

    /// Starts the count anew: a caller's pause between two waits is not the peer's.
    const fn rearm(&mut self) {
        self.armed = false;
    }

    /// Passes progress on; where there is none, watches the clock.
    fn watch<T>(&mut self, cx: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        let (Poll::Pending, Some(deadline)) = (&polled, self.deadline) else {
            self.armed = false;
            return polled;
        };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(deadline)));
        if !self.armed {
            timer.as_mut().reset(Instant::now() + deadline);
            self.armed = true;
        }
        ready!(timer.as_mut().poll(cx));
        self.armed = false;
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, Stalled)))
    }
}

impl AsyncRead for Progress {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_read(cx, buf);
        self.watch(cx, polled)
    }
}

impl AsyncWrite for Progress {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.watch(cx, polled)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_flush(cx);
        self.watch(cx, polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_shutdown(cx);
        self.watch(cx, polled)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn wire(limit_buffer: usize) -> (Wire<Plain>, tokio::io::DuplexStream) {
        let (ours, theirs) = tokio::io::duplex(limit_buffer);
        let mut wire = Wire::plain(ours);
        wire.begin("the greeting", Duration::from_secs(5));
        (wire, theirs)
    }

    #[tokio::test]
    async fn lines_come_out_the_same_whole_and_one_byte_at_a_time() {
        for pipe in [4096, 1] {
            let (mut wire, mut theirs) = wire(pipe);
            let feed = tokio::spawn(async move {
                theirs.write_all(b"one\r\ntwo\n\r\nthr\ree\r\ncut").await.unwrap();
            });
            for expected in [&b"one"[..], b"two", b"", b"thr\ree"] {
                assert_eq!(wire.read_line(10).await.unwrap(), expected);
            }
            let gone = PeerFault::Disconnected { step: "the greeting" };
            assert_eq!(wire.read_line(10).await, Err(gone.into()));
            feed.await.unwrap();
        }
    }

    #[tokio::test]
    async fn what_is_read_onto_something_comes_in_order_and_is_no_more_than_asked_for() {
        for pipe in [4096, 1] {
            let (mut wire, mut theirs) = wire(pipe);
            let feed =
                tokio::spawn(async move { theirs.write_all(b"line\r\nabcdefghij\r\n").await.unwrap() });
            assert_eq!(wire.read_line(10).await.unwrap(), b"line");
            let mut out = b"> ".to_vec();
            while out.len() < 10 {
                let most = 10 - out.len();
                assert!((1..=most).contains(&wire.read_onto(&mut out, most).await.unwrap()));
            }
            assert_eq!(out, b"> abcdefgh");
            assert_eq!(wire.read_line(10).await.unwrap(), b"ij");
            assert_eq!(wire.read_onto(&mut out, 1).await, Ok(0));
            feed.await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_line_may_be_as_long_as_the_limit_and_no_longer() {
        for pipe in [4096, 1] {
            let (mut wire, mut theirs) = wire(pipe);
            let feed = tokio::spawn(async move {
                _ = theirs.write_all(b"12345\r\n123456\r\n").await;
            });
            assert_eq!(wire.read_line(5).await.unwrap(), b"12345");
            assert_eq!(wire.read_line(5).await, Err(over(5)));
            drop(wire);
            feed.await.unwrap();
        }
    }

    #[tokio::test]
    async fn an_endless_line_ends_at_the_limit() {
        let (mut wire, mut theirs) = wire(64);
        let feed = tokio::spawn(async move { while theirs.write_all(&[b'x'; 64]).await.is_ok() {} });
        assert_eq!(wire.read_line(1000).await, Err(over(1000)));
        drop(wire);
        feed.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn the_deadline_counts_silence_and_not_the_callers_pause() {
        let (mut wire, mut theirs) = wire(4096);
        let feed = tokio::spawn(async move {
            for byte in b"slow\r\n" {
                sleep(Duration::from_secs(4)).await;
                theirs.write_all(&[*byte]).await.unwrap();
            }
            theirs
        });
        assert_eq!(wire.read_line(100).await.unwrap(), b"slow");
        let _open = feed.await.unwrap();
        assert!(tokio::time::timeout(Duration::from_secs(3), wire.read_line(100)).await.is_err());
        sleep(Duration::from_secs(60)).await;
        let before = Instant::now();
        let timeout = Error::Timeout { step: "the greeting", after: Duration::from_secs(5) };
        assert_eq!(wire.read_line(100).await, Err(timeout));
        assert_eq!(before.elapsed().as_secs(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_reads_nothing_stalls_a_write() {
        let (mut wire, _theirs) = wire(8);
        let timeout = Error::Timeout { step: "the greeting", after: Duration::from_secs(5) };
        assert_eq!(wire.send(&[0; 100]).await, Err(timeout));
    }

    #[tokio::test]
    async fn bytes_left_over_at_the_upgrade_are_an_error() {
        let (mut wire, mut theirs) = wire(4096);
        theirs.write_all(b"220 go ahead\r\n250 injected\r\n").await.unwrap();
        wire.read_line(100).await.unwrap();
        assert_eq!(wire.into_stream().err(), Some(PeerFault::PlaintextAfterStartTls { bytes: 14 }.into()));
    }
}
