//! Sessions over a stream of the caller's: whole ones, without TLS, and without claiming any.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::io::{AsyncRead, AsyncWrite, Cursor};
use postseal_session::imap::{FetchItems, MailboxName, UidSet};
use postseal_session::{Credentials, Error, Maildrop, Pop3Update, Runtime, SendOptions, Timeouts, dangerous};
use postseal_test_server::script::{Chunks, Script, ScriptError};
use postseal_types::{Address, Envelope};
use tokio::io::{AsyncRead as _, AsyncWrite as _, DuplexStream, ReadBuf};
use tokio::task::JoinHandle;

/// A pipe with the traits of futures.
struct Pipe(DuplexStream);

impl AsyncRead for Pipe {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buf = ReadBuf::new(buf);
        ready!(Pin::new(&mut self.0).poll_read(cx, &mut buf))?;
        Poll::Ready(Ok(buf.filled().len()))
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// A stream that says it has read more than it was given room for.
struct Liar;

impl AsyncRead for Liar {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(buf.len() + 1))
    }
}

impl AsyncWrite for Liar {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn play(script: &str, chunks: Chunks) -> (Pipe, JoinHandle<Result<(), ScriptError>>) {
    let (stream, server) = Script::parse(script).play(chunks);
    (Pipe(stream), server)
}

/// Plays `script` whole and one byte at a time; both must come to their end.
async fn converse(script: &str, client: impl AsyncFn(Pipe) -> Result<(), Error>) {
    for chunks in [Chunks::Whole, Chunks::OneByte] {
        let (stream, server) = play(script, chunks);
        let talk = async {
            let outcome = client(stream).await;
            (server.await.unwrap(), outcome)
        };
        let ended = tokio::time::timeout(Duration::from_secs(20), talk).await.unwrap();
        assert_eq!(ended, (Ok(()), Ok(())), "{chunks:?}");
    }
}

fn runtime() -> Runtime {
    Runtime::current().unwrap()
}

fn alice() -> Credentials {
    Credentials::password("alice", "wonderland").unwrap()
}

#[tokio::test]
async fn a_message_is_sent() {
    let script = r"
        S: 220 mx.test
        C: EHLO [127.0.0.1]
        S: 250-mx.test
        S: 250 AUTH PLAIN
        C: AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=
        S: 235 in
        C: MAIL FROM:<alice@example.test>
        S: 250 ok
        C: RCPT TO:<bob@example.test>
        S: 250 ok
        C: DATA
        S: 354 go
        C: Subject: hi
        C:
        C: text
        C: .
        S: 250 taken
        C: QUIT
        S: 221 bye
    ";
    converse(script, async |stream| {
        let connection = dangerous::smtp(stream, &runtime(), Timeouts::default()).await?;
        assert_eq!(connection.tls(), None);
        let session = connection.log_in(&alice()).await?;
        assert_eq!(session.tls(), None);
        let address = |text| Address::parse(text).unwrap();
        let envelope =
            Envelope { from: Some(address("alice@example.test")), to: vec![address("bob@example.test")] };
        let message = b"Subject: hi\r\n\r\ntext\r\n".as_slice();
        let receipt = session.send(&envelope, message, &SendOptions::default()).await?;
        assert!(receipt.is_sent_to_all(), "{receipt:?}");
        session.close().await
    })
    .await;
}

#[tokio::test]
async fn a_mailbox_is_read() {
    let script = r#"
        S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hi
        C: {a} AUTHENTICATE PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=
        S: {a} OK [CAPABILITY IMAP4rev1] in
        C: {b} EXAMINE "INBOX"
        S: * 1 EXISTS
        S: * OK [UIDVALIDITY 9] ok
        S: {b} OK [READ-ONLY] done
        C: {c} UID FETCH 7 (UID FLAGS)
        S: * 1 FETCH (UID 7 FLAGS (\\Seen))
        S: {c} OK done
        C: {d} LOGOUT
        S: * BYE bye
        S: {d} OK bye
    "#;
    converse(script, async |stream| {
        let connection = dangerous::imap(stream, &runtime(), Timeouts::default()).await?;
        assert_eq!(connection.tls(), None);
        let session = connection.log_in(&alice()).await?;
        assert_eq!(session.tls(), None);
        let inbox = MailboxName::inbox();
        let validity = session.examine(&inbox).await?.uid_validity;
        let uid = postseal_session::imap::Uid::new(validity, 7).unwrap();
        let mut stream = session.fetch(&inbox, &UidSet::of([uid])?, &FetchItems::new().flags());
        assert_eq!(stream.next().await.unwrap()?.uid, uid);
        assert!(stream.next().await.is_none());
        session.close().await
    })
    .await;
}

#[tokio::test]
async fn a_maildrop_is_emptied() {
    let script = "
        S: +OK hi
        C: CAPA
        S: +OK
        S: USER
        S: .
        C: USER alice
        S: +OK
        C: PASS wonderland
        S: +OK in
        C: CAPA
        S: +OK
        S: .
        C: STAT
        S: +OK 1 6
        C: RETR 1
        S: +OK
        S: text
        S: .
        C: DELE 1
        S: +OK
        C: QUIT
        S: +OK bye
    ";
    converse(script, async |stream| {
        let connection = dangerous::pop3(stream, &runtime(), Timeouts::default()).await?;
        assert_eq!(connection.tls(), None);
        let session = connection.log_in(&alice()).await?;
        assert_eq!(session.tls(), None);
        let Maildrop { messages, .. } = session.stat().await?;
        assert_eq!(messages, 1);
        assert_eq!(session.retrieve_to_vec(1, 100).await?, b"text\r\n");
        session.delete(1).await?;
        assert_eq!(session.quit().await?, Pop3Update::Committed { deleted: 1 });
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_stream_that_lies_about_what_it_read_is_a_typed_error() {
    let failed = Error::Network {
        step: "the greeting",
        kind: io::ErrorKind::Other,
        detail: "the stream claims to have read more than there was room for".to_owned(),
    };
    let timeouts = Timeouts::default();
    assert_eq!(dangerous::smtp(Liar, &runtime(), timeouts).await.err(), Some(failed.clone()));
    assert_eq!(dangerous::imap(Liar, &runtime(), timeouts).await.err(), Some(failed.clone()));
    assert_eq!(dangerous::pop3(Liar, &runtime(), timeouts).await.err(), Some(failed));
}

/// A server that greets, and a stream that claims to have sent it more than there was.
struct Boaster(Cursor<&'static [u8]>);

impl AsyncRead for Boaster {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Boaster {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len() + 1))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn a_stream_that_lies_about_what_it_wrote_is_a_typed_error() {
    let stream = Boaster(Cursor::new(b"220 mx.test\r\n"));
    let failed = Error::Network {
        step: "EHLO",
        kind: io::ErrorKind::Other,
        detail: "the stream claims to have written more than it was given".to_owned(),
    };
    assert_eq!(dangerous::smtp(stream, &runtime(), Timeouts::default()).await.err(), Some(failed));
}
