//! What the scenarios of all protocols share.
#![allow(dead_code, unused_macros, reason = "each test program uses its own selection")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use postseal_live::{Site, User};
use postseal_session::{
    Error, ImapConnection, ImapSession, Pop3Connection, Pop3Session, Refusal, Security, SendOptions,
    SmtpConnection,
};
use postseal_test_server::Protocol;
use postseal_types::{Address, Envelope};

static NEXT_MESSAGE: AtomicUsize = AtomicUsize::new(1);

/// How long a message may take from its submission to its mailbox.
const ARRIVAL: Duration = Duration::from_secs(30);

/// Both ways to TLS.
pub(crate) const WAYS: [Security; 2] = [Security::Tls, Security::StartTls];

/// Runs each scenario, a function of a `&Site`, as one test against each kind of servers.
macro_rules! scenarios {
    ($($name:ident;)*) => {
        mod in_memory {
            $(#[tokio::test]
            async fn $name() {
                super::$name(&postseal_live::Site::in_memory().await.unwrap()).await;
            })*
        }

        mod dovecot_and_postfix {
            $(#[tokio::test]
            async fn $name() {
                let test = concat!("dovecot_and_postfix::", stringify!($name));
                if let Some(site) = postseal_live::Site::real(test).unwrap() {
                    super::$name(&site).await;
                }
            })*
        }
    };
}

pub(crate) fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

/// The server's words in a refused login.
pub(crate) fn refusal(error: &Error) -> &Refusal {
    match error {
        Error::LoginRefused(refusal) => refusal,
        other => panic!("not a refused login: {other:?}"),
    }
}

/// A message with all that a server would otherwise add: what arrives is this, below the server's own trace.
pub(crate) fn message(text: &str) -> Vec<u8> {
    format!(
        "Date: Tue, 24 Nov 2026 09:00:00 +0000\r\nMessage-ID: <{}@example.test>\r\nFrom: alice@example.test\r\n\
         To: bob@example.test\r\nSubject: {} octets\r\n\r\n{text}\r\n",
        NEXT_MESSAGE.fetch_add(1, Ordering::Relaxed),
        text.len()
    )
    .into_bytes()
}

/// Submits a message, which every recipient must get.
pub(crate) async fn submit(site: &Site, from: User, to: &[User], message: &[u8]) {
    let envelope = Envelope {
        from: Some(address(from.address)),
        to: to.iter().map(|user| address(user.address)).collect(),
    };
    submit_as(site, from, &envelope, message, Security::Tls).await;
}

/// Submits a message for an envelope, of which every recipient must get it.
pub(crate) async fn submit_as(
    site: &Site,
    from: User,
    envelope: &Envelope,
    message: &[u8],
    security: Security,
) {
    let server = site.server(Protocol::Smtp, security).unwrap();
    let connection = SmtpConnection::open(&site.connector().unwrap(), &server).await.unwrap();
    let session = connection.log_in(&from.credentials().unwrap()).await.unwrap();
    let receipt = session.send(envelope, message, &SendOptions::default()).await.unwrap();
    assert!(receipt.is_sent_to_all(), "{receipt:?}");
    session.close().await.unwrap();
}

/// Waits until `user` has `count` messages.
pub(crate) async fn arrived(site: &Site, user: User, count: u32) {
    let deadline = Instant::now() + ARRIVAL;
    loop {
        let session = pop3(site, user, Security::Tls).await;
        let messages = session.stat().await.unwrap().messages;
        session.quit().await.unwrap();
        if messages == count {
            return;
        }
        assert!(Instant::now() < deadline, "{messages} of {count} messages came; {}", site.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// An IMAP session of `user`.
pub(crate) async fn imap(site: &Site, user: User, security: Security) -> ImapSession {
    let server = site.server(Protocol::Imap, security).unwrap();
    let connection = ImapConnection::open(&site.connector().unwrap(), &server).await.unwrap();
    connection.log_in(&user.credentials().unwrap()).await.unwrap()
}

/// A POP3 session of `user`.
pub(crate) async fn pop3(site: &Site, user: User, security: Security) -> Pop3Session {
    let server = site.server(Protocol::Pop3, security).unwrap();
    let connection = Pop3Connection::open(&site.connector().unwrap(), &server).await.unwrap();
    connection.log_in(&user.credentials().unwrap()).await.unwrap()
}
