//! The socket under a session. Where much is to come and comes fast it is not watched but read once in a while: to be woken for each few
//! kilobytes costs this side, and the one that sends them, more than to carry them does.

use std::io::{self, IoSlice, Read as _};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

/// How long a socket is let alone. The timer's own steps are as long.
const REST: Duration = Duration::from_millis(1);
/// So many bytes come fast where they come in this time.
const MANY: u64 = 256 << 10;
const SHORT: Duration = Duration::from_millis(5);
/// How many bytes must be due: with fewer the end of them would be waited for longer than it takes to come.
const LEAST_DUE: u64 = 512 << 10;

/// About how many bytes are to come before the peer waits for us again; shared by the protocol, which knows, and the socket, which counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Due(Arc<AtomicU64>);

impl Due {
    /// Says how many bytes are to come from now on. Where that is wrong, some are read a little later than they could be.
    pub(crate) fn set(&self, bytes: u64) {
        self.0.store(bytes, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn subtract(&self, bytes: u64) {
        self.set(self.get().saturating_sub(bytes));
    }
}

/// A socket, and how it is waited for.
#[derive(Debug)]
pub(crate) struct Line {
    socket: Socket,
    due: Due,
    /// What came since then.
    came: u64,
    since: Instant,
    /// Who waits while the socket rests: to write has it watched again, and they must know.
    reader: Option<Waker>,
}

#[derive(Debug)]
enum Socket {
    /// The operating system tells of each byte.
    Watched(TcpStream),
    /// It is asked when the time is over.
    Resting(std::net::TcpStream, Pin<Box<Sleep>>),
    /// It could not be handed from the one to the other.
    Lost,
}

impl Line {
    pub(crate) fn new(stream: TcpStream, due: Due) -> Self {
        Self { socket: Socket::Watched(stream), due, came: 0, since: Instant::now(), reader: None }
    }

    fn count(&mut self, bytes: usize) {
        self.came += bytes as u64;
        self.due.subtract(bytes as u64);
    }

    /// Nothing is here: whether to let the socket alone for a while.
    fn may_rest(&mut self) -> bool {
        if self.due.get() < LEAST_DUE {
            return false;
        }
        let now = Instant::now();
        let (is_over, is_fast) = (now - self.since > SHORT, self.came >= MANY);
        if is_over || is_fast {
            (self.came, self.since) = (0, now);
        }
        is_fast && !is_over
    }

    fn rest(&mut self) -> io::Result<()> {
        self.socket = match std::mem::replace(&mut self.socket, Socket::Lost) {
            Socket::Watched(stream) => Socket::Resting(stream.into_std()?, Box::pin(sleep(REST))),
            Socket::Resting(stream, mut until) => {
                until.as_mut().reset(Instant::now() + REST);
                Socket::Resting(stream, until)
            }
            Socket::Lost => return Err(lost()),
        };
        Ok(())
    }

    /// The socket, watched again.
    fn watched(&mut self) -> io::Result<&mut TcpStream> {
        if let Socket::Resting(..) = self.socket
            && let Socket::Resting(stream, _) = std::mem::replace(&mut self.socket, Socket::Lost)
        {
            self.socket = Socket::Watched(TcpStream::from_std(stream)?);
        }
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
        match &mut self.socket {
            Socket::Watched(stream) => Ok(stream),
            Socket::Resting(..) | Socket::Lost => Err(lost()),
        }
    }
}

fn lost() -> io::Error {
    io::ErrorKind::NotConnected.into()
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buf.filled().len();
        loop {
            let read = match &mut this.socket {
                Socket::Watched(stream) => Pin::new(stream).poll_read(cx, buf),
                Socket::Resting(stream, until) => {
                    if until.as_mut().poll(cx).is_pending() {
                        this.reader = Some(cx.waker().clone());
                        return Poll::Pending;
                    }
                    this.reader = None;
                    match stream.read(buf.initialize_unfilled()) {
                        Ok(count) => {
                            buf.advance(count);
                            Poll::Ready(Ok(()))
                        }
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
                        Err(error) => Poll::Ready(Err(error)),
                    }
                }
                Socket::Lost => Poll::Ready(Err(lost())),
            };
            if read.is_ready() {
                this.count(buf.filled().len() - before);
                return read;
            }
            let is_watched = matches!(this.socket, Socket::Watched(_));
            match this.may_rest() {
                true => this.rest()?,
                false if is_watched => return Poll::Pending,
                false => _ = this.watched()?,
            }
        }
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(self.watched()?).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(self.watched()?).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.watched()?).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.watched()?).poll_shutdown(cx)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Write as _;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// A line on which so many bytes are due, and its peer. The clock stands still, so that all that comes comes fast.
    async fn pair(bytes: u64) -> (Line, std::net::TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let peer = listener.accept().await.unwrap().0.into_std().unwrap();
        peer.set_nonblocking(false).unwrap();
        let due = Due::default();
        due.set(bytes);
        (Line::new(stream, due), peer)
    }

    /// Has the peer say `bytes`, and reads them.
    async fn carry(line: &mut Line, peer: &std::net::TcpStream, bytes: &[u8]) {
        let (mut peer, said) = (peer.try_clone().unwrap(), bytes.to_vec());
        let saying = std::thread::spawn(move || peer.write_all(&said).unwrap());
        let mut heard = vec![0; bytes.len()];
        line.read_exact(&mut heard).await.unwrap();
        saying.join().unwrap();
        assert!(heard == bytes);
    }

    /// Whether the line rests once there is nothing to read.
    async fn is_resting(line: &mut Line) -> bool {
        let (mut byte, mut rested) = ([0], false);
        let reading = std::future::poll_fn(|cx| {
            let polled = Pin::new(&mut *line).poll_read(cx, &mut ReadBuf::new(&mut byte));
            assert!(polled.is_pending());
            rested = matches!(line.socket, Socket::Resting(..));
            Poll::Ready(())
        });
        reading.await;
        rested
    }

    fn noise(bytes: usize) -> Vec<u8> {
        (0..bytes).map(|place| (place * 31 + place / 251) as u8).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_socket_rests_where_much_came_fast_and_much_is_due() {
        let many = noise(MANY as usize);
        for (due, came, expected) in [
            (LEAST_DUE + MANY, &many[..], true),
            (LEAST_DUE + MANY - 1, &many, false),
            (LEAST_DUE + MANY, many.split_last().unwrap().1, false),
        ] {
            let (mut line, peer) = pair(due).await;
            carry(&mut line, &peer, came).await;
            assert_eq!(is_resting(&mut line).await, expected, "{due} due, {} came", came.len());
        }
        let (mut line, peer) = pair(LEAST_DUE + MANY).await;
        let (one, other) = many.split_at(many.len() / 2);
        carry(&mut line, &peer, one).await;
        tokio::time::sleep(SHORT + REST).await;
        carry(&mut line, &peer, other).await;
        assert!(!is_resting(&mut line).await, "it took too long");
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_while_a_socket_rests_is_read_and_after_that_it_is_watched_again() {
        let many = noise(MANY as usize);
        let (mut line, peer) = pair(u64::MAX).await;
        for _ in 0..3 {
            carry(&mut line, &peer, &many).await;
            assert!(is_resting(&mut line).await);
        }
        carry(&mut line, &peer, b"a little").await;
        tokio::time::sleep(SHORT + REST).await;
        assert!(!is_resting(&mut line).await);
        carry(&mut line, &peer, &many).await;
        drop(peer);
        assert_eq!(line.read(&mut [0; 8]).await.unwrap(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_of_a_stream_is_found_by_a_socket_that_rests() {
        let (mut line, peer) = pair(u64::MAX).await;
        carry(&mut line, &peer, &noise(MANY as usize)).await;
        assert!(is_resting(&mut line).await);
        drop(peer);
        assert_eq!(line.read(&mut [0; 8]).await.unwrap(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_said_goes_out_at_once_from_a_socket_that_rests() {
        let (mut line, mut peer) = pair(u64::MAX).await;
        carry(&mut line, &peer, &noise(MANY as usize)).await;
        assert!(is_resting(&mut line).await);
        line.write_all(b"DONE").await.unwrap();
        let mut heard = [0; 4];
        peer.read_exact(&mut heard).unwrap();
        assert_eq!((&heard, matches!(line.socket, Socket::Watched(_))), (b"DONE", true));
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_a_socket_that_rests_is_woken_although_something_is_said_meanwhile() {
        let (mut line, mut peer) = pair(u64::MAX).await;
        carry(&mut line, &peer, &noise(MANY as usize)).await;
        assert!(is_resting(&mut line).await);
        let (mut heard, mut said) = tokio::io::split(line);
        let hearing = tokio::spawn(async move {
            let mut byte = [0];
            heard.read_exact(&mut byte).await.unwrap();
            byte
        });
        tokio::task::yield_now().await;
        said.write_all(b"a question").await.unwrap();
        peer.write_all(b"!").unwrap();
        let byte = tokio::time::timeout(Duration::from_secs(60), hearing).await.unwrap().unwrap();
        assert_eq!(&byte, b"!");
    }

    #[tokio::test(start_paused = true)]
    async fn what_came_is_no_longer_due() {
        let (mut line, peer) = pair(10).await;
        carry(&mut line, &peer, b"seven..").await;
        assert_eq!(line.due.get(), 3);
        carry(&mut line, &peer, b"more than that").await;
        assert_eq!(line.due.get(), 0);
    }
}
