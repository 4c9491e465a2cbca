//! Conversations written down as text, played against a client (or against a server).
//!
//! A script has one step per line; indentation, blanks at the end of a line, empty lines and lines that begin with `#` don't count.
//!
//! | line | meaning |
//! |---|---|
//! | `S: text` | the server sends the text and CRLF |
//! | `C: text` | the client must send the text and CRLF, exactly |
//! | `S\| text`, `C\| text` | the same without the CRLF: literals, half lines |
//! | `TLS` | here the TLS handshake happens; a script for implicit TLS begins with it |
//! | `CUT` | the connection ends here, without a TLS `close_notify` |
//! | `STALL` | nothing more is sent; what the other side sends is ignored until it hangs up |
//!
//! In the text of the side that is waited for, `…` stands for any bytes, and `{name}` for a word, which a later `{name}` of the playing
//! side repeats: `C: {tag} NOOP`, `S: {tag} OK done`. Braces around digits are literals as in IMAP, and mean themselves. `\r`, `\n`,
//! `\t`, `\0`, `\\`, `\{`, `\…` and `\xE9` (a byte) are escapes.
//!
//! ```
//! use postseal_test_server::script::{Chunks, Script};
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (mut client, server) = Script::parse(
//!     "
//!     S: 220 mx.test
//!     C: NOOP
//!     S: 250 ok
//!     ",
//! )
//! .play(Chunks::OneByte);
//! client.write_all(b"NOOP\r\n").await?;
//! let mut heard = String::new();
//! client.read_to_string(&mut heard).await?;
//! assert_eq!(heard, "220 mx.test\r\n250 ok\r\n");
//! server.await??;
//! # Ok(()) }
//! ```

mod parse;
mod pattern;
mod player;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::DuplexStream;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::ca::TestCa;
use crate::transcript::Side;
use parse::Line;
use player::Player;

/// A conversation to be played; see the [module](self).
#[derive(Debug, Clone)]
pub struct Script {
    lines: Vec<Line>,
    ca: Option<TestCa>,
    cut_at: Option<usize>,
}

/// In which pieces the playing side sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chunks {
    /// Each line in one piece.
    Whole,
    /// Byte by byte.
    OneByte,
}

/// Where a conversation left its script. Lines count from 1, from the first line of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScriptError {
    /// The other side said something else.
    Differs {
        /// The line of the script.
        line: usize,
        /// What it asks for.
        expected: String,
        /// What came, with escapes.
        got: String,
    },
    /// The other side hung up.
    Ended {
        /// The line of the script.
        line: usize,
        /// What it asks for.
        expected: String,
        /// What came before the end, with escapes.
        got: String,
    },
    /// The other side didn't say it in time.
    TimedOut {
        /// The line of the script.
        line: usize,
        /// What it asks for.
        expected: String,
        /// What came so far, with escapes.
        got: String,
    },
    /// The other side had said more when the script was over, or before a handshake.
    Unread {
        /// The line of the script; one past the last at its end.
        line: usize,
        /// What came, with escapes.
        got: String,
    },
    /// The TLS handshake failed.
    Handshake {
        /// The line of the script.
        line: usize,
        /// Why.
        reason: String,
    },
    /// The connection failed, as it does when the other side is gone.
    Io {
        /// The line of the script.
        line: usize,
        /// How.
        reason: String,
    },
}

impl Script {
    /// Reads a script.
    ///
    /// # Panics
    ///
    /// When the text is not a script; the message names the line. A script is part of a test's source.
    #[must_use]
    #[track_caller]
    #[allow(clippy::panic, reason = "a wrong script is a wrong test, as an assertion would say")]
    pub fn parse(text: &str) -> Self {
        match parse::lines(text) {
            Ok(lines) => Self { lines, ca: None, cut_at: None },
            Err(error) => panic!("{error}"),
        }
    }

    /// The authority for `TLS` lines: as the server with a certificate for `localhost` and `127.0.0.1`, as the client with its root.
    #[must_use]
    pub fn tls(mut self, ca: &TestCa) -> Self {
        self.ca = Some(ca.clone());
        self
    }

    /// Cuts the connection when the playing side has sent `bytes` bytes (before encryption); the script then counts as played.
    #[must_use]
    pub fn cut_at(mut self, bytes: usize) -> Self {
        self.cut_at = Some(bytes);
        self
    }

    /// How many bytes the server sends in the whole script: the places at which [`Script::cut_at`] can strike. A `{name}` counts for
    /// none.
    #[must_use]
    pub fn output_len(&self) -> usize {
        self.lines.iter().map(|line| line.fixed_len(Side::Server)).sum()
    }

    /// Plays the server on a stream in memory, in a task of its own, and returns the client's end.
    ///
    /// Must be called in a tokio runtime.
    pub fn play(self, chunks: Chunks) -> (DuplexStream, JoinHandle<Result<(), ScriptError>>) {
        // A buffer of one byte makes sure that the client never reads two at once.
        let (client, server) = tokio::io::duplex(if chunks == Chunks::OneByte { 1 } else { 64 << 10 });
        (client, tokio::spawn(Player::new(self, Side::Server, chunks, Box::new(server)).play()))
    }

    /// Plays the server on a free port of 127.0.0.1, for one connection, in a task of its own.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn listen(
        self,
        chunks: Chunks,
    ) -> io::Result<(SocketAddr, JoinHandle<Result<(), ScriptError>>)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(async move {
            let accepting = tokio::time::timeout(player::PATIENCE, listener.accept());
            let failed = |reason: String| ScriptError::Io { line: 0, reason };
            let accepted = accepting.await.map_err(|_| failed("nobody connected".to_owned()))?;
            let (stream, _) = accepted.map_err(|error| failed(error.to_string()))?;
            let _ = stream.set_nodelay(true);
            Player::new(self, Side::Server, chunks, Box::new(stream)).play().await
        });
        Ok((address, task))
    }

    /// Plays the client: sends the `C` lines to the server at `address`, and waits for the `S` lines.
    ///
    /// # Errors
    ///
    /// Where the server left the script.
    pub async fn drive(self, address: SocketAddr) -> Result<(), ScriptError> {
        let connecting = tokio::time::timeout(player::PATIENCE, TcpStream::connect(address));
        let failed = |reason: String| ScriptError::Io { line: 0, reason };
        let connected = connecting.await.map_err(|_| failed("no connection in time".to_owned()))?;
        let stream = connected.map_err(|error| failed(error.to_string()))?;
        let _ = stream.set_nodelay(true);
        Player::new(self, Side::Client, Chunks::Whole, Box::new(stream)).play().await
    }
}

impl std::fmt::Display for ScriptError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Differs { line, expected, got } => {
                write!(f, "script line {line}: expected `{expected}`, got `{got}`")
            }
            Self::Ended { line, expected, got } => {
                write!(f, "script line {line}: expected `{expected}`, got `{got}` and the end of the stream")
            }
            Self::TimedOut { line, expected, got } => {
                write!(f, "script line {line}: expected `{expected}`, got `{got}` and nothing more in time")
            }
            Self::Unread { line, got } => {
                write!(f, "script line {line}: expected silence, got `{got}`")
            }
            Self::Handshake { line, reason } => write!(f, "script line {line}: TLS: {reason}"),
            Self::Io { line, reason } => write!(f, "script line {line}: {reason}"),
        }
    }
}

impl std::error::Error for ScriptError {}
