//! Sessions over a stream of the caller's: **there is no TLS on it that Postseal has made**.
//!
//! Passwords, tokens and mail go over the stream as they are, and the server on its other end is taken at its word. That is right in
//! tests, for fuzzing, and where the stream is protected already, by TLS of the caller's own whose certificate was verified, or by a
//! tunnel that ends in the server's process. It is wrong on every other stream, a TCP connection above all.
//!
//! The session is the same as over TLS from the first byte ([`Security::Tls`]): the server greets first. What
//! it says of TLS is `None`. Names are not looked up, nothing is connected, and of the [`Timeouts`] those for connecting and for
//! the handshake have no meaning.
//!
//! ```no_run
//! use futures::io::{AsyncRead, AsyncWrite};
//! use postseal_session::{Credentials, Error, Runtime, SmtpSession, Timeouts, dangerous};
//!
//! # async fn example(
//! #     tunnel: impl AsyncRead + AsyncWrite + Send + Sync + Unpin + 'static,
//! # ) -> Result<SmtpSession, Error> {
//! let connection = dangerous::smtp(tunnel, &Runtime::new()?, Timeouts::default()).await?;
//! assert_eq!(connection.tls(), None);
//! Ok(connection.log_in(&Credentials::password("alice@example.org", "correct horse")?).await?)
//! # }
//! ```

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::io::{AsyncRead, AsyncWrite};
use tokio::io::ReadBuf;

use crate::wire::{Secure, Wire};
use crate::{Error, ImapConnection, Pop3Connection, Runtime, Security, SmtpConnection, Timeouts};

/// Begins an SMTP session over `stream`, as [`SmtpConnection::open`] does over TLS.
///
/// # Errors
///
/// Those of [`SmtpConnection::open`] that come after TLS is up.
///
/// # Cancel safety
///
/// Dropping the wait drops the stream.
pub async fn smtp(
    stream: impl AsyncRead + AsyncWrite + Send + Sync + Unpin + 'static,
    runtime: &Runtime,
    timeouts: Timeouts,
) -> Result<SmtpConnection, Error> {
    let beginning = SmtpConnection::begin(wire(stream), Security::Tls, runtime.clone(), timeouts);
    runtime.run(beginning).await
}

/// Begins an IMAP session over `stream`, as [`ImapConnection::open`] does over TLS: a greeting of PREAUTH is believed.
///
/// # Errors
///
/// Those of [`ImapConnection::open`] that come after TLS is up.
///
/// # Cancel safety
///
/// Dropping the wait drops the stream.
pub async fn imap(
    stream: impl AsyncRead + AsyncWrite + Send + Sync + Unpin + 'static,
    runtime: &Runtime,
    timeouts: Timeouts,
) -> Result<ImapConnection, Error> {
    let (wire, inner) = (wire(stream), runtime.clone());
    runtime.run(async move { ImapConnection::over(wire, &inner, timeouts, false).await }).await
}

/// Begins a POP3 session over `stream`, as [`Pop3Connection::open`] does over TLS.
///
/// # Errors
///
/// Those of [`Pop3Connection::open`] that come after TLS is up.
///
/// # Cancel safety
///
/// Dropping the wait drops the stream.
pub async fn pop3(
    stream: impl AsyncRead + AsyncWrite + Send + Sync + Unpin + 'static,
    runtime: &Runtime,
    timeouts: Timeouts,
) -> Result<Pop3Connection, Error> {
    let beginning = Pop3Connection::begin(runtime.clone(), wire(stream), true, timeouts);
    runtime.run(beginning).await
}

fn wire(stream: impl AsyncRead + AsyncWrite + Send + Sync + Unpin + 'static) -> Wire<Secure> {
    Wire::dangerous(Adapted(stream))
}

/// How much is read at a time: the room for it is zeroed each time, and a literal may have made much of it.
const ROOM: usize = 16 * 1024;

/// A stream with the traits of futures as one with those of tokio.
struct Adapted<S>(S);

impl<S: AsyncRead + Unpin> tokio::io::AsyncRead for Adapted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let room = buf.remaining().min(ROOM);
        let count = ready!(Pin::new(&mut self.0).poll_read(cx, buf.initialize_unfilled_to(room)))?;
        buf.advance(believed(count, room, "read more than there was room for")?);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> tokio::io::AsyncWrite for Adapted<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let count = ready!(Pin::new(&mut self.0).poll_write(cx, bytes))?;
        Poll::Ready(believed(count, bytes.len(), "written more than it was given"))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_close(cx)
    }
}

/// The count that a stream reports. One that can't be is an error: whoever believed it would panic.
fn believed(count: usize, most: usize, claim: &str) -> io::Result<usize> {
    if count > most {
        return Err(io::Error::other(format!("the stream claims to have {claim}")));
    }
    Ok(count)
}
