use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::options::{Protocol, Security};

/// Everything that was said on one connection, decrypted.
#[derive(Debug, Clone)]
pub struct Conversation {
    /// The protocol spoken.
    pub protocol: Protocol,
    /// The kind of port.
    pub security: Security,
    /// What was said, in order; neighbours of one side are joined.
    pub pieces: Vec<Piece>,
    /// The TLS handshake, once it is done; or why it failed.
    pub handshake: Option<Result<Handshake, String>>,
    /// Whether the connection has ended.
    pub ended: bool,
}

/// Bytes that one side sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Who sent them.
    pub from: Side,
    /// Whether they went through TLS.
    pub tls: bool,
    /// The bytes, decrypted.
    pub bytes: Vec<u8>,
}

/// A side of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The client, the program under test.
    Client,
    /// This server.
    Server,
}

/// What a TLS handshake came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handshake {
    /// `TLSv1_2` or `TLSv1_3`.
    pub version: String,
    /// The key exchange group, such as `X25519MLKEM768`; none for a session resumed without one.
    pub group: Option<String>,
    /// The host name that the client asked for (SNI).
    pub server_name: Option<String>,
    /// Whether an earlier session was resumed.
    pub resumed: bool,
    /// Whether the client showed a certificate.
    pub client_certificate: bool,
}

impl Conversation {
    /// All that the client sent.
    #[must_use]
    pub fn client_bytes(&self) -> Vec<u8> {
        self.bytes(|piece| piece.from == Side::Client)
    }

    /// All that the server sent.
    #[must_use]
    pub fn server_bytes(&self) -> Vec<u8> {
        self.bytes(|piece| piece.from == Side::Server)
    }

    /// What the client sent before TLS: nothing secret may be in it.
    #[must_use]
    pub fn client_bytes_in_the_clear(&self) -> Vec<u8> {
        self.bytes(|piece| piece.from == Side::Client && !piece.tls)
    }

    /// What the client sent, line by line, without the line ends; bytes that aren't UTF-8 are replaced.
    #[must_use]
    pub fn client_lines(&self) -> Vec<String> {
        lines(&self.client_bytes())
    }

    /// What the server sent, line by line, without the line ends; bytes that aren't UTF-8 are replaced.
    #[must_use]
    pub fn server_lines(&self) -> Vec<String> {
        lines(&self.server_bytes())
    }

    fn bytes(&self, wanted: impl Fn(&Piece) -> bool) -> Vec<u8> {
        self.pieces
            .iter()
            .filter(|piece| wanted(piece))
            .flat_map(|piece| piece.bytes.iter().copied())
            .collect()
    }
}

fn lines(bytes: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(bytes).split_terminator("\r\n").map(str::to_owned).collect()
}

/// The conversations of a server.
#[derive(Debug, Default)]
pub(crate) struct Transcript(Mutex<Vec<Arc<Mutex<Conversation>>>>);

/// The conversation of one connection.
#[derive(Debug, Clone)]
pub(crate) struct Log(Arc<Mutex<Conversation>>);

impl Transcript {
    pub(crate) fn open(&self, protocol: Protocol, security: Security) -> Log {
        let conversation =
            Conversation { protocol, security, pieces: Vec::new(), handshake: None, ended: false };
        let log = Arc::new(Mutex::new(conversation));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(log.clone());
        Log(log)
    }

    pub(crate) fn conversations(&self) -> Vec<Conversation> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().map(|one| one.lock().unwrap_or_else(PoisonError::into_inner).clone()).collect()
    }
}

impl Log {
    pub(crate) fn add(&self, from: Side, tls: bool, bytes: &[u8]) {
        let mut conversation = self.lock();
        match conversation.pieces.last_mut() {
            Some(last) if last.from == from && last.tls == tls => last.bytes.extend_from_slice(bytes),
            _ => conversation.pieces.push(Piece { from, tls, bytes: bytes.to_vec() }),
        }
    }

    pub(crate) fn shake_hands(&self, outcome: Result<Handshake, String>) {
        self.lock().handshake = Some(outcome);
    }

    pub(crate) fn end(&self) {
        self.lock().ended = true;
    }

    fn lock(&self) -> MutexGuard<'_, Conversation> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
