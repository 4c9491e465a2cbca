use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use postseal_message::mime::Draft;
use postseal_message::openpgp::Keyring;
use postseal_message::pgpmime::{self, OpenOptions, Opened, Protection, SealOptions, Sealed};
use postseal_session::{
    Connector, ImapConnection, ImapSession, Listener, Pop3Connection, Pop3Session, SmtpConnection,
    SmtpSession,
};

use crate::account::{Incoming, Login};
use crate::slot::Slot;
use crate::{Account, Error};

/// One person's mail: seals and sends, lists, fetches and opens.
///
/// It connects when there is something to do, keeps its sessions, and opens a new one where one has ended. Clones share them. All
/// methods may be called from any thread and any executor.
#[derive(Clone, Debug)]
pub struct MailClient {
    shared: Arc<Shared>,
    pub(crate) listener: Option<Listener>,
}

#[derive(Debug)]
struct Shared {
    connector: Connector,
    account: Account,
    keyring: RwLock<Arc<Keyring>>,
    imap: Slot<Kept>,
    pop3: Slot<Pop3Session>,
    /// How often a watch, which has a session of its own, has told of mail.
    news: AtomicU64,
}

/// An IMAP session that lay unused for so long is asked whether it is still alive: servers end idle sessions, and networks forget
/// them, without a word that anybody waits for.
const UNCHECKED: Duration = Duration::from_secs(30);

/// An IMAP session that is kept for the next call.
#[derive(Debug, Clone)]
struct Kept {
    session: ImapSession,
    /// When it was last handed out. By the clock of the system: others may stand still while a device sleeps.
    used: SystemTime,
    /// Which news the server has told it, too: it knows a message only from the time that it was told of it.
    news: u64,
}

impl Kept {
    /// Whether the session is good for another call. One that gives no sign of life has ended by then.
    async fn is_alive(&self, news: u64) -> bool {
        let is_fresh = self.used.elapsed().is_ok_and(|idle| idle < UNCHECKED);
        if !is_fresh || self.news != news {
            // A refusal is a sign of life, too.
            _ = self.session.noop().await;
        }
        !self.session.is_closed()
    }
}

impl MailClient {
    /// A client for `account`, with the keys of its owner and the certificates of the people they write to.
    #[must_use]
    pub fn new(connector: &Connector, account: Account, keyring: impl Into<Arc<Keyring>>) -> Self {
        let shared = Shared {
            connector: connector.clone(),
            account,
            keyring: RwLock::new(keyring.into()),
            imap: Slot::default(),
            pop3: Slot::default(),
            news: AtomicU64::new(0),
        };
        Self { shared: Arc::new(shared), listener: None }
    }

    /// The same client, with a listener that is told of each [`send`](Self::send), [`fetch`](Self::fetch) and [`open`](Self::open) how
    /// much of it went over the network; `None` takes the listener away.
    ///
    /// All copies of a sent message, and the one for *Sent*, are one piece of work.
    #[must_use]
    pub fn with_progress(&self, listener: impl Into<Option<Listener>>) -> Self {
        Self { shared: Arc::clone(&self.shared), listener: listener.into() }
    }

    /// The account.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.shared.account
    }

    /// The keys and certificates as they are now.
    #[must_use]
    pub fn keyring(&self) -> Arc<Keyring> {
        self.shared.keyring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes other keys and certificates, for all clones: a certificate was imported, a key unlocked. What is under way goes on with
    /// those that there were when it began.
    pub fn set_keyring(&self, keyring: impl Into<Arc<Keyring>>) {
        *self.shared.keyring.write().unwrap_or_else(PoisonError::into_inner) = keyring.into();
    }

    /// Seals a draft as [`MailClient::send`] does, without sending it.
    ///
    /// # Errors
    ///
    /// [`Error::Seal`] where it can't be protected as asked for; it names every recipient without a usable key.
    pub async fn seal(&self, draft: &Draft, protection: Protection) -> Result<Sealed, Error> {
        let (keyring, draft) = (self.keyring(), draft.clone());
        self.compute(move || {
            let options = SealOptions::default();
            Ok(pgpmime::seal(&draft, protection, &keyring, &options, SystemTime::now())?)
        })
        .await
    }

    /// Opens a message that is at hand: decrypts, verifies, and judges it.
    ///
    /// # Errors
    ///
    /// [`Error::Open`]; no part of the message is handed out then.
    pub async fn open_bytes(&self, message: impl Into<Vec<u8>>) -> Result<Opened, Error> {
        self.open_bytes_with(message, &OpenOptions::default()).await
    }

    /// The same with passphrases to try, or other limits.
    ///
    /// # Errors
    ///
    /// [`Error::Open`]; no part of the message is handed out then.
    pub async fn open_bytes_with(
        &self,
        message: impl Into<Vec<u8>>,
        options: &OpenOptions<'_>,
    ) -> Result<Opened, Error> {
        let (keyring, message) = (self.keyring(), message.into());
        let OpenOptions { limits, pgp, layers, passphrases } = *options;
        let passphrases = passphrases.to_vec();
        self.compute(move || {
            let options = OpenOptions { limits, pgp, layers, passphrases: &passphrases };
            Ok(pgpmime::open(message, &keyring, &options, SystemTime::now())?)
        })
        .await
    }

    /// Ends all sessions politely. The client stays usable: it connects again when there is something to do, and a call that is
    /// connecting meanwhile goes on.
    ///
    /// # Errors
    ///
    /// [`Error::Session`] in a forked child.
    pub async fn close(&self) -> Result<(), Error> {
        if let Some(kept) = self.shared.imap.take() {
            kept.session.close().await?;
        }
        if let Some(session) = self.shared.pop3.take() {
            session.close().await?;
        }
        Ok(())
    }

    /// Runs a long computation beside the caller's thread.
    async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.shared.connector.runtime().run_blocking(work).await?
    }

    /// A new submission session. It is not kept: servers end idle ones soon, and a resumed handshake is cheap.
    pub(crate) async fn smtp(&self) -> Result<SmtpSession, Error> {
        let Login { server, credentials } = &self.shared.account.submission;
        let connection = SmtpConnection::open(&self.shared.connector, server).await?;
        Ok(connection.log_in(credentials).await.map_err(postseal_session::Error::from)?)
    }

    /// The IMAP session that is at hand, or a new one.
    pub(crate) async fn imap(&self) -> Result<ImapSession, Error> {
        let slot = &self.shared.imap;
        let _turn = slot.turn().await;
        let news = self.shared.news.load(Ordering::Relaxed);
        let session = match slot.get() {
            Some(kept) if kept.is_alive(news).await => kept.session,
            _ => self.new_imap().await?,
        };
        slot.put(Kept { session: session.clone(), used: SystemTime::now(), news });
        Ok(session)
    }

    /// Says that another session has heard of mail: the one that is kept asks for news before it is used again.
    pub(crate) fn has_news(&self) {
        self.shared.news.fetch_add(1, Ordering::Relaxed);
    }

    /// A new IMAP session.
    pub(crate) async fn new_imap(&self) -> Result<ImapSession, Error> {
        let Some(Incoming::Imap(Login { server, credentials })) = &self.shared.account.incoming else {
            return Err(Error::NotConfigured { protocol: "IMAP" });
        };
        let connection = ImapConnection::open(&self.shared.connector, server).await?;
        Ok(connection.log_in(credentials).await.map_err(postseal_session::Error::from)?)
    }

    /// The POP3 session that is at hand, or a new one; always a new one where `fresh`, since a session sees only the messages that
    /// were there when it began (RFC 1939, section 8).
    pub(crate) async fn pop3(&self, fresh: bool) -> Result<Pop3Session, Error> {
        let Some(Incoming::Pop3(Login { server, credentials })) = &self.shared.account.incoming else {
            return Err(Error::NotConfigured { protocol: "POP3" });
        };
        let slot = &self.shared.pop3;
        let _turn = slot.turn().await;
        match slot.get() {
            Some(session) if !fresh && !session.is_closed() => return Ok(session),
            // The server lets one session at a time into a maildrop, so the old one goes first.
            Some(session) => session.close().await?,
            None => {}
        }
        let connection = Pop3Connection::open(&self.shared.connector, server).await?;
        let session = connection.log_in(credentials).await.map_err(postseal_session::Error::from)?;
        slot.put(session.clone());
        Ok(session)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use postseal_message::mime::Mailbox;
    use postseal_session::{Credentials, Runtime, Security, Server, Timeouts, TlsConfig};
    use postseal_test_server::{Fault, Options, Protocol, Security as Begin, TestServer};

    use super::*;

    const ALICE: &str = "alice@example.test";

    async fn server_and_client(timeouts: Timeouts) -> (TestServer, MailClient) {
        let server = TestServer::start(Options::new().user(ALICE, "wonderland")).await.unwrap();
        let tls = TlsConfig::default().only_roots(server.ca().root_pem().as_bytes()).unwrap();
        let connector = Connector::new(&Runtime::current().unwrap(), &tls).unwrap().with_timeouts(timeouts);
        let alice = Credentials::password(ALICE, "wonderland").unwrap();
        let at = |port| Server::new("127.0.0.1", port, Security::Tls).unwrap();
        let smtp = at(server.smtp(Begin::Tls).port());
        let account = Account::new(Mailbox::parse(ALICE).unwrap(), smtp, alice.clone())
            .imap(at(server.imap(Begin::Tls).port()), alice);
        let client = MailClient::new(&connector, account, Keyring::new());
        (server, client)
    }

    /// Has the session that is kept be used last at that time.
    fn used(client: &MailClient, at: SystemTime) {
        let kept = client.shared.imap.take().unwrap();
        client.shared.imap.put(Kept { used: at, ..kept });
    }

    #[tokio::test]
    async fn a_session_that_died_unseen_is_replaced_and_a_living_one_is_kept() {
        let (server, client) = server_and_client(Timeouts::default()).await;
        client.inbox().await.unwrap();
        let lay_unused = || used(&client, SystemTime::now() - UNCHECKED);
        lay_unused();
        client.inbox().await.unwrap();
        assert_eq!(server.transcript().len(), 1, "it was alive");
        server.cut_connections();
        lay_unused();
        client.inbox().await.unwrap();
        assert_eq!(server.transcript().len(), 2);
        // Where the clock was set back nobody knows how long it was.
        server.cut_connections();
        used(&client, SystemTime::now() + Duration::from_secs(3600));
        client.inbox().await.unwrap();
        assert_eq!(server.transcript().len(), 3);
    }

    #[tokio::test]
    async fn a_dead_line_is_left_though_the_wait_for_it_was_dropped() {
        let timeouts = Timeouts { progress: Duration::from_secs(4), ..Timeouts::default() };
        let (server, client) = server_and_client(timeouts).await;
        client.inbox().await.unwrap();
        server.inject(Protocol::Imap, Fault::instead_of("NOOP").stall().times(1));
        used(&client, SystemTime::now() - UNCHECKED);
        let brief = Duration::from_millis(500);
        assert!(tokio::time::timeout(brief, client.inbox()).await.is_err(), "the line is dead");
        client.inbox().await.unwrap();
        assert_eq!(server.transcript().len(), 2);
    }

    #[tokio::test]
    async fn closing_waits_for_no_connection_that_hangs() {
        let (server, client) = server_and_client(Timeouts::default()).await;
        server.inject(Protocol::Imap, Fault::instead_of(0).stall());
        let connecting = tokio::spawn({
            let client = client.clone();
            async move { client.inbox().await }
        });
        while server.transcript().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::time::timeout(Duration::from_secs(15), client.close()).await.unwrap().unwrap();
        assert!(!connecting.is_finished());
        connecting.abort();
    }
}
