//! A pipe that can be made to drip.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

/// A client's end of a pipe. While it drips, one byte comes through in each turn of the runtime.
pub(super) struct Drip {
    pipe: DuplexStream,
    tap: Tap,
    rests: bool,
}

/// Makes a [`Drip`] drip, and flow again.
#[derive(Clone, Default)]
pub(super) struct Tap(Arc<AtomicBool>);

impl Tap {
    pub(super) fn drip(&self, drips: bool) {
        self.0.store(drips, Ordering::Relaxed);
    }
}

impl Drip {
    pub(super) fn new(pipe: DuplexStream, tap: &Tap) -> Self {
        Self { pipe, tap: tap.clone(), rests: false }
    }
}

impl AsyncRead for Drip {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.tap.0.load(Ordering::Relaxed) {
            return Pin::new(&mut self.pipe).poll_read(cx, buf);
        }
        if std::mem::take(&mut self.rests) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let mut byte = [0];
        let mut one = ReadBuf::new(&mut byte);
        ready!(Pin::new(&mut self.pipe).poll_read(cx, &mut one))?;
        buf.put_slice(one.filled());
        self.rests = true;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Drip {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.pipe).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_shutdown(cx)
    }
}
