//! A server that is played by hand, for where it matters what it has heard when.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

use super::*;
use crate::{Receipt, SendId, SendOptions};

pub(super) const MESSAGE: &[u8] = b"Subject: x\r\n\r\n.\r\n";
pub(super) const FROM: &str = "MAIL FROM:<alice@example.test>\r\n";
pub(super) const TO: &str = "RCPT TO:<bob@example.test>\r\n";
/// The message as it follows DATA.
pub(super) const TEXT: &str = "Subject: x\r\n\r\n..\r\n.\r\n";
/// The message with its BDAT.
pub(super) const CHUNK: &str = "BDAT 17 LAST\r\nSubject: x\r\n\r\n.\r\n";

/// The server's end.
pub(super) struct Hand(pub(super) DuplexStream);

impl Hand {
    pub(super) async fn say(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// Insists that this comes next, in as many pieces as it likes.
    pub(super) async fn hear_exactly(&mut self, text: &str) {
        let mut heard = vec![0; text.len()];
        self.0.read_exact(&mut heard).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&heard), text);
    }

    /// Insists that what comes in one piece is this.
    pub(super) async fn hear(&mut self, text: &str) {
        let mut buffer = vec![0; 1 << 16];
        let count = self.0.read(&mut buffer).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&buffer[..count]), text);
    }
}

/// A session that has just logged in.
pub(super) async fn session(extension: &str, timeouts: Timeouts) -> (SmtpSession, Hand) {
    session_over(1 << 20, extension, timeouts).await
}

/// The same over a line that holds so many unread bytes.
pub(super) async fn session_over(
    capacity: usize,
    extension: &str,
    timeouts: Timeouts,
) -> (SmtpSession, Hand) {
    let (ours, theirs) = tokio::io::duplex(capacity);
    let mut server = Hand(theirs);
    server.say("220 hi\r\n").await;
    let runtime = Runtime::current().unwrap();
    let beginning = SmtpConnection::begin(Wire::scripted(ours), Security::Tls, runtime, timeouts);
    let answering = async {
        server.hear("EHLO [127.0.0.1]\r\n").await;
        server.say(&format!("250-mx\r\n250-{extension}\r\n250 AUTH PLAIN\r\n")).await;
    };
    let (connection, ()) = futures::join!(beginning, answering);
    let credentials = alice();
    let answering = async {
        server.hear("AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=\r\n").await;
        server.say("235 ok\r\n").await;
    };
    let (session, ()) = futures::join!(connection.unwrap().log_in(&credentials), answering);
    let session = session.unwrap();
    (session, server)
}

/// A send on its way, which can be dropped.
pub(super) type Sending = JoinHandle<Result<Receipt, Error>>;

/// Begins to send the message to bob.
pub(super) fn begin(session: &SmtpSession) -> (SendId, Sending) {
    begin_as(session, to_bob(), MESSAGE, SendOptions::default())
}

pub(super) fn begin_as(
    session: &SmtpSession,
    to: Envelope,
    message: &'static [u8],
    options: SendOptions,
) -> (SendId, Sending) {
    let (session, id) = (session.clone(), SendId::new());
    let options = SendOptions { id: Some(id), ..options };
    (id, tokio::spawn(async move { session.send(&to, message, &options).await }))
}

/// Drops the wait, and comes back once it is gone.
pub(super) async fn drop_it(sending: Sending) {
    sending.abort();
    assert!(sending.await.unwrap_err().is_cancelled());
}
