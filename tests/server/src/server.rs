use std::collections::BTreeSet;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rustls::ServerConfig;
use tokio::io::DuplexStream;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::ca::TestCa;
use crate::fault::{Fault, Faults};
use crate::options::{Options, Protocol, Security, tls_config};
use crate::smtp::Accepted;
use crate::store::{Account, Store, StoredMessage};
use crate::transcript::{Conversation, Transcript};
use crate::wire::{Stream, Wire};

/// How much a pipe in memory holds in each direction: as much as the buffers of a connection on loopback, about.
const PIPE: usize = 64 << 10;

/// A mail server on loopback, with a port for each protocol and kind of security.
///
/// It runs on the tokio runtime in which it was started. Dropping it ends it, too; [`TestServer::stop`] also waits for the end.
#[derive(Debug)]
pub struct TestServer {
    shared: Arc<Shared>,
    ca: TestCa,
    ports: Ports,
    stop: watch::Sender<bool>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

/// What the operator of the server could see, and so could whoever breaks into it.
#[derive(Debug, Clone)]
pub struct View {
    /// Every byte that clients sent, decrypted, connection after connection.
    pub received: Vec<u8>,
    /// Every message in every mailbox.
    pub stored: Vec<StoredMessage>,
    /// Every submitted message with its envelope.
    pub accepted: Vec<Accepted>,
}

/// What all connections of a server share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) store: Store,
    pub(crate) faults: Faults,
    pub(crate) tls: Arc<ServerConfig>,
    pub(crate) accepted: Mutex<Vec<Accepted>>,
    /// What every IMAP session is to be told.
    pub(crate) alerts: Mutex<Vec<String>>,
    /// Ticks when all connections are to be cut.
    cuts: watch::Sender<u64>,
    transcript: Transcript,
}

/// Where each protocol is spoken.
#[derive(Debug)]
struct Ports {
    smtp: Pair,
    imap: Pair,
    pop3: Pair,
}

#[derive(Debug)]
struct Pair {
    tls: SocketAddr,
    start_tls: SocketAddr,
}

impl TestServer {
    /// Starts a server on free ports of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// When a port can't be had, or a certificate can't be made from `options`.
    pub async fn start(options: Options) -> io::Result<Self> {
        let ca = options.ca.clone().map_or_else(TestCa::new, Ok)?;
        let tls = tls_config(&options, &ca)?;
        let store = Store::new();
        for (address, password) in &options.users {
            store.add_user(address, password);
        }
        for (address, token) in &options.tokens {
            store.change(address, |account| account.token = Some(token.clone()));
        }
        let shared = Arc::new(Shared {
            options,
            store,
            faults: Faults::default(),
            tls,
            accepted: Mutex::default(),
            alerts: Mutex::default(),
            cuts: watch::Sender::new(0),
            transcript: Transcript::default(),
        });
        let stop = watch::Sender::new(false);
        let mut tasks = Vec::new();
        let ports = Ports {
            smtp: pair(&shared, Protocol::Smtp, &stop, &mut tasks).await?,
            imap: pair(&shared, Protocol::Imap, &stop, &mut tasks).await?,
            pop3: pair(&shared, Protocol::Pop3, &stop, &mut tasks).await?,
        };
        Ok(Self { shared, ca, ports, stop, tasks: Mutex::new(tasks) })
    }

    /// Where the server takes submissions: the stand-in for port 465 or 587.
    #[must_use]
    pub fn smtp(&self, security: Security) -> SocketAddr {
        self.ports.smtp.with(security)
    }

    /// Where the server speaks IMAP: the stand-in for port 993 or 143.
    #[must_use]
    pub fn imap(&self, security: Security) -> SocketAddr {
        self.ports.imap.with(security)
    }

    /// Where the server speaks POP3: the stand-in for port 995 or 110.
    #[must_use]
    pub fn pop3(&self, security: Security) -> SocketAddr {
        self.ports.pop3.with(security)
    }

    /// A connection in memory, which stands for one with TLS from the first byte: the server greets on it, and faults and transcript
    /// are those of any other. It needs no network and no time, so thousands of conversations are played in seconds, also with tokio's
    /// clock paused.
    ///
    /// Must be called in a tokio runtime.
    pub fn connect(&self, protocol: Protocol) -> DuplexStream {
        let (client, server) = tokio::io::duplex(PIPE);
        let conversation = converse(server, self.shared.clone(), protocol, Security::Tls);
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.retain(|task| !task.is_finished());
        tasks.push(tokio::spawn(conversation));
        client
    }

    /// The authority that issued the server's certificate.
    #[must_use]
    pub fn ca(&self) -> &TestCa {
        &self.ca
    }

    /// Adds a user with INBOX and the usual folders, or changes the password of one.
    pub fn add_user(&self, address: &str, password: &str) {
        self.shared.store.add_user(address, password);
    }

    /// The OAuth 2 bearer token that the user may log in with from now on; `None`: none.
    pub fn set_token(&self, address: &str, token: Option<&str>) {
        self.shared.store.change(address, |account| account.token = token.map(str::to_owned));
    }

    /// Puts a message into a mailbox, which is made where there is none, and returns its UID; `None` for an unknown user.
    pub fn deliver(&self, user: &str, mailbox: &str, bytes: &[u8]) -> Option<u32> {
        self.shared.deliver(user, mailbox, bytes)
    }

    /// The messages of a mailbox, byte by byte as they came; empty for one that isn't there.
    #[must_use]
    pub fn messages(&self, user: &str, mailbox: &str) -> Vec<Vec<u8>> {
        let bytes = |account: &Account| {
            let messages = account.mailbox(mailbox).map(|found| found.messages.as_slice());
            messages.unwrap_or_default().iter().map(|message| message.bytes.to_vec()).collect()
        };
        self.shared.store.read(user, bytes).unwrap_or_default()
    }

    /// Every message in every mailbox.
    #[must_use]
    pub fn stored(&self) -> Vec<StoredMessage> {
        self.shared.store.all()
    }

    /// The names of a user's mailboxes, and whether each is subscribed to, in the order in which they were made; empty for an unknown
    /// user.
    #[must_use]
    pub fn mailboxes(&self, user: &str) -> Vec<(String, bool)> {
        let names = |account: &Account| {
            let named = |name: &str| (name.to_owned(), account.subscribed.contains(name));
            account.mailboxes.iter().map(|mailbox| named(&mailbox.name)).collect()
        };
        self.shared.store.read(user, names).unwrap_or_default()
    }

    /// The messages that clients submitted and the server took, in order.
    #[must_use]
    pub fn accepted(&self) -> Vec<Accepted> {
        self.shared.accepted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Gives a mailbox another UIDVALIDITY and its messages new UIDs; false where there is no such mailbox.
    ///
    /// Sessions that have it selected are told BYE at their next command, as by servers whose index is gone.
    pub fn rebuild_mailbox(&self, user: &str, mailbox: &str) -> bool {
        let rebuild = |account: &mut Account| {
            let validity = account.new_validity();
            account.mailbox_mut(mailbox).map(|found| found.rebuild(validity)).is_some()
        };
        self.shared.store.change(user, rebuild).unwrap_or(false)
    }

    /// Sets the flags of a message, as another client of the user would; false where there is no such message.
    pub fn set_flags(&self, user: &str, mailbox: &str, uid: u32, flags: &[&str]) -> bool {
        let set = |account: &mut Account| {
            let messages = &mut account.mailbox_mut(mailbox)?.messages;
            let message = messages.iter_mut().find(|message| message.uid == uid)?;
            message.flags = flags.iter().map(|&flag| flag.to_owned()).collect();
            Some(())
        };
        self.shared.store.change(user, set).flatten().is_some()
    }

    /// Removes a message, as another client of the user would; false where there is no such message.
    pub fn remove(&self, user: &str, mailbox: &str, uid: u32) -> bool {
        let remove = |account: &mut Account| {
            let messages = &mut account.mailbox_mut(mailbox)?.messages;
            let before = messages.len();
            messages.retain(|message| message.uid != uid);
            (messages.len() < before).then_some(())
        };
        self.shared.store.change(user, remove).flatten().is_some()
    }

    /// Shows every IMAP session an alert (RFC 3501, section 7.1), with its next reply or in IDLE.
    pub fn alert(&self, text: &str) {
        self.shared.alerts.lock().unwrap_or_else(PoisonError::into_inner).push(text.to_owned());
        self.shared.store.touch();
    }

    /// Makes the server misbehave from now on; faults add up.
    pub fn inject(&self, protocol: Protocol, fault: Fault) {
        self.shared.faults.add(protocol, fault);
    }

    /// Makes the server behave again.
    pub fn clear_faults(&self) {
        self.shared.faults.clear();
    }

    /// Cuts every connection there is, whatever it is doing, as a lost network does; new ones are welcome.
    pub fn cut_connections(&self) {
        self.shared.cuts.send_modify(|tick| *tick += 1);
    }

    /// What was said on each connection so far, in the order in which they were accepted.
    #[must_use]
    pub fn transcript(&self) -> Vec<Conversation> {
        self.shared.transcript.conversations()
    }

    /// Everything that the server's operator could read.
    #[must_use]
    pub fn view(&self) -> View {
        let received = self.transcript().iter().flat_map(Conversation::client_bytes).collect();
        View { received, stored: self.stored(), accepted: self.accepted() }
    }

    /// Ends the server and waits until all of its tasks are gone. What it stored can still be read. Idempotent.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            let _ = task.await;
        }
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        for task in self.tasks.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            task.abort();
        }
    }
}

impl View {
    /// Whether `needle` stands anywhere in it.
    #[must_use]
    pub fn contains(&self, needle: &[u8]) -> bool {
        let found = |bytes: &[u8]| bytes.windows(needle.len().max(1)).any(|window| window == needle);
        found(&self.received)
            || self.stored.iter().any(|message| found(&message.bytes))
            || self.accepted.iter().any(|message| found(&message.bytes))
    }
}

impl Shared {
    pub(crate) fn deliver(&self, user: &str, mailbox: &str, bytes: &[u8]) -> Option<u32> {
        self.store
            .change(user, |account| {
                if account.mailbox(mailbox).is_none() {
                    account.create(mailbox, None);
                }
                let found = account.mailbox_mut(mailbox)?;
                Some(found.add(bytes.into(), BTreeSet::new(), SystemTime::now()))
            })
            .flatten()
    }
}

impl Pair {
    fn with(&self, security: Security) -> SocketAddr {
        match security {
            Security::Tls => self.tls,
            Security::StartTls => self.start_tls,
        }
    }
}

/// Opens the two ports of a protocol.
async fn pair(
    shared: &Arc<Shared>,
    protocol: Protocol,
    stop: &watch::Sender<bool>,
    tasks: &mut Vec<JoinHandle<()>>,
) -> io::Result<Pair> {
    let mut open = async |security| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        tasks.push(tokio::spawn(serve(listener, shared.clone(), protocol, security, stop.subscribe())));
        io::Result::Ok(address)
    };
    Ok(Pair { tls: open(Security::Tls).await?, start_tls: open(Security::StartTls).await? })
}

/// Accepts connections until told to stop; then ends those there are.
async fn serve(
    listener: TcpListener,
    shared: Arc<Shared>,
    protocol: Protocol,
    security: Security,
    mut stop: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stop.wait_for(|&stopped| stopped) => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    let _ = stream.set_nodelay(true);
                    connections.spawn(converse(stream, shared.clone(), protocol, security));
                }
            }
        }
    }
    connections.shutdown().await;
}

async fn converse(stream: impl Into<Stream>, shared: Arc<Shared>, protocol: Protocol, security: Security) {
    let log = shared.transcript.open(protocol, security);
    let mut wire = Wire::new(stream, shared.clone(), protocol, log);
    let mut cut = shared.cuts.subscribe();
    let ended = tokio::select! {
        ended = speak(&mut wire, &shared, protocol, security) => ended,
        _ = cut.changed() => Err(io::ErrorKind::ConnectionAborted.into()),
    };
    // A session ends with an error when the connection does, or must: there is nobody left to tell.
    match ended {
        Ok(()) => wire.close().await,
        Err(_) => _ = wire.cut().await,
    }
}

async fn speak(wire: &mut Wire, shared: &Shared, protocol: Protocol, security: Security) -> io::Result<()> {
    if security == Security::Tls && !wire.is_tls() {
        wire.start_tls().await?;
    }
    match protocol {
        Protocol::Smtp => crate::smtp::serve(wire, shared).await,
        Protocol::Imap => crate::imap::serve(wire, shared).await,
        Protocol::Pop3 => crate::pop3::serve(wire, shared).await,
    }
}
