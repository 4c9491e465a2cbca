//! The server's end of a connection, for servers that answer whatever comes.

use std::sync::{Arc, Mutex};

use postseal_test_server::script::Chunks;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, WriteHalf};
use tokio::sync::mpsc;

use crate::wire::{Secure, Wire};

/// What the client has said so far, all of it.
pub(crate) type Heard = Arc<Mutex<Vec<u8>>>;

/// A server's end. It hears while it speaks, so that a client may send many commands before it reads.
pub(crate) struct ServerEnd {
    incoming: mpsc::UnboundedReceiver<Vec<u8>>,
    unread: Vec<u8>,
    out: WriteHalf<DuplexStream>,
}

impl ServerEnd {
    /// A connection as if TLS were up: the client's end, the server's, and what the server hears.
    pub(crate) fn connected(chunks: Chunks) -> (Wire<Secure>, Self, Heard) {
        let (ours, peer, heard) = Self::in_the_clear(chunks);
        (Wire::scripted(ours), peer, heard)
    }

    /// The same before TLS.
    pub(crate) fn in_the_clear(chunks: Chunks) -> (DuplexStream, Self, Heard) {
        let (ours, theirs) = tokio::io::duplex(if chunks == Chunks::OneByte { 1 } else { 64 << 10 });
        let (mut reader, out) = tokio::io::split(theirs);
        let (sender, incoming) = mpsc::unbounded_channel();
        let heard = Heard::default();
        let record = heard.clone();
        tokio::spawn(async move {
            let mut buffer = vec![0; 64 << 10];
            while let Ok(count @ 1..) = reader.read(&mut buffer).await {
                record.lock().unwrap().extend_from_slice(&buffer[..count]);
                if sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        (ours, Self { incoming, unread: Vec::new(), out }, heard)
    }

    /// The next line without its CRLF; `None` where the client has hung up.
    pub(crate) async fn line(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(end) = self.unread.windows(2).position(|pair| pair == b"\r\n") {
                let mut line: Vec<u8> = self.unread.drain(..end + 2).collect();
                line.truncate(end);
                return Some(line);
            }
            self.unread.extend(self.incoming.recv().await?);
        }
    }

    /// The next so many bytes.
    pub(crate) async fn bytes(&mut self, count: usize) -> Option<Vec<u8>> {
        while self.unread.len() < count {
            self.unread.extend(self.incoming.recv().await?);
        }
        Some(self.unread.drain(..count).collect())
    }

    /// A client that has gone hears nothing, and that is its own affair.
    pub(crate) async fn say(&mut self, bytes: impl AsRef<[u8]>) {
        _ = self.out.write_all(bytes.as_ref()).await;
        _ = self.out.flush().await;
    }
}
