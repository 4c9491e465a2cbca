//! The server's end of a connection, played by a test: lines in, bytes out, TLS where the test wants it.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use postseal_test_server::TestCa;
use postseal_test_server::ca::Validity;
use postseal_test_server::script::Chunks;
use rustls::ServerConfig;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::wire::{Transport, Wire};
use crate::{Connector, Runtime, Security, Server, TlsConfig};

use super::visit::{TIMEOUTS, Way};

/// How long the server waits for the client before it gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// All that a client may say before TLS.
const HARMLESS: [&str; 4] = ["EHLO [127.0.0.1]", "STARTTLS", "S1 STARTTLS", "STLS"];

/// The server's end.
pub(crate) struct Peer {
    stream: Box<dyn Transport>,
    acceptor: TlsAcceptor,
    chunks: Chunks,
    is_tls: bool,
    unread: Vec<u8>,
    heard: Heard,
}

/// All that the client said.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// What went in the clear.
    pub(crate) clear: Vec<u8>,
    /// What went through TLS.
    pub(crate) tls: Vec<u8>,
    /// What was said in the clear, turn by turn.
    pub(crate) turns: Vec<Turn>,
}

/// A line of the client's, and what the server said to it; the first turn is the greeting's.
pub(crate) type Turn = (String, Vec<u8>);

impl Heard {
    /// Nothing is said before the handshake but words that give nothing away.
    pub(crate) fn check(&self, name: &str) {
        for line in self.clear.split_inclusive(|&byte| byte == b'\n') {
            // A handshake that the server only pretends to want is no secret.
            if line.starts_with(&[22, 3]) {
                return;
            }
            let line = String::from_utf8_lossy(line);
            assert!(HARMLESS.contains(&line.trim_end_matches("\r\n")), "{name}: {line:?} before TLS");
        }
    }
}

/// A server that waits for its one client, and what the client needs to find it.
pub(crate) struct Doorway {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    connector: Connector,
}

impl Doorway {
    /// Opens a port on loopback. Its certificate is one of `ca`; the client trusts `trusted`.
    pub(crate) async fn open(ca: &TestCa, trusted: &TestCa) -> Self {
        let tls = TlsConfig::default().only_roots(trusted.root_pem().as_bytes()).unwrap();
        let connector = Connector::new(&Runtime::current().unwrap(), &tls).unwrap().with_timeouts(TIMEOUTS);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        Self { listener, acceptor: acceptor(ca), connector }
    }

    /// The way in.
    pub(crate) fn way(&self, security: Security) -> Way {
        let port = self.listener.local_addr().unwrap().port();
        Way::Network(self.connector.clone(), Server::new("127.0.0.1", port, security).unwrap())
    }

    /// Waits for the client.
    pub(crate) async fn accept(self, chunks: Chunks) -> Peer {
        let (stream, _) = tokio::time::timeout(PATIENCE, self.listener.accept()).await.unwrap().unwrap();
        stream.set_nodelay(true).unwrap();
        Peer::new(stream, self.acceptor, chunks)
    }
}

/// A pair of ends in memory, as if TLS were up. Byte by byte means that the client never gets two at once.
pub(crate) fn in_memory(ca: &TestCa, chunks: Chunks) -> (Way, Peer) {
    let (ours, theirs) = tokio::io::duplex(if chunks == Chunks::OneByte { 1 } else { 64 << 10 });
    let peer = Peer { is_tls: true, ..Peer::new(theirs, acceptor(ca), chunks) };
    (Way::Wire(Wire::scripted(ours)), peer)
}

fn acceptor(ca: &TestCa) -> TlsAcceptor {
    let issued = ca.issue(&["127.0.0.1"], Validity::Valid).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(issued.chain, issued.key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

impl Peer {
    fn new(stream: impl Transport + 'static, acceptor: TlsAcceptor, chunks: Chunks) -> Self {
        Self {
            stream: Box::new(stream),
            acceptor,
            chunks,
            is_tls: false,
            unread: Vec::new(),
            heard: Heard::default(),
        }
    }

    pub(crate) const fn is_tls(&self) -> bool {
        self.is_tls
    }

    /// The next line, without its line end; bytes that are no UTF-8 are replaced.
    ///
    /// # Errors
    ///
    /// At the end of the stream.
    pub(crate) async fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(at) = self.unread.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.unread.drain(..=at).collect();
                let line = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned();
                if !self.is_tls {
                    self.heard.turns.push((line.clone(), Vec::new()));
                }
                return Ok(line);
            }
            let mut chunk = [0; 4096];
            let count = tokio::time::timeout(PATIENCE, self.stream.read(&mut chunk)).await??;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.take(&chunk[..count]);
        }
    }

    /// Passes over all that has come.
    pub(crate) fn pass_over(&mut self) {
        self.unread.clear();
    }

    fn take(&mut self, bytes: &[u8]) {
        self.unread.extend_from_slice(bytes);
        let heard = if self.is_tls { &mut self.heard.tls } else { &mut self.heard.clear };
        heard.extend_from_slice(bytes);
    }

    /// Says something, and hears meanwhile: a client may send several commands before it reads the first answer.
    pub(crate) async fn say(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        let bytes = bytes.as_ref();
        if !self.is_tls {
            match self.heard.turns.last_mut() {
                Some((_, answer)) => answer.extend_from_slice(bytes),
                None => self.heard.turns.push((String::new(), bytes.to_vec())),
            }
        }
        let size = if self.chunks == Chunks::OneByte { 1 } else { bytes.len().max(1) };
        for chunk in bytes.chunks(size) {
            tokio::time::timeout(PATIENCE, self.write(chunk)).await??;
        }
        Ok(())
    }

    async fn write(&mut self, mut rest: &[u8]) -> io::Result<()> {
        let mut has_ended = false;
        while !rest.is_empty() {
            let (mut chunk, mut count) = ([0; 4096], 0);
            let (mut reader, mut writer) = tokio::io::split(&mut self.stream);
            tokio::select! {
                written = writer.write(rest) => rest = &rest[written?..],
                read = reader.read(&mut chunk), if !has_ended => {
                    count = read?;
                    has_ended = count == 0;
                }
            }
            self.take(&chunk[..count]);
        }
        self.stream.flush().await
    }

    /// Brings TLS up. What came in the clear behind the command stays where it is, as the servers do that are to be outdone.
    pub(crate) async fn start_tls(&mut self) -> io::Result<()> {
        let stream = std::mem::replace(&mut self.stream, Box::new(tokio::io::empty()));
        let accepted = tokio::time::timeout(PATIENCE, self.acceptor.accept(stream)).await?;
        self.stream = Box::new(accepted?);
        self.is_tls = true;
        Ok(())
    }

    /// Hangs up, and waits until the client has done so too: a byte left unread would turn the end into a reset.
    ///
    /// # Panics
    ///
    /// When the client keeps the connection.
    pub(crate) async fn hang_up(mut self) -> Heard {
        _ = tokio::time::timeout(PATIENCE, self.stream.shutdown()).await;
        loop {
            match self.line().await {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::TimedOut => panic!("the client is still there"),
                Err(_) => return self.heard,
            }
        }
    }
}
