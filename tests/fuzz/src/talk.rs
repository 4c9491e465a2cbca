//! A server that has said everything beforehand, and a session that listens to it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::io::{AsyncRead, AsyncWrite};
use postseal_session::Runtime;
use tokio::runtime::{Builder, Handle};

use crate::log::Log;

/// Far longer than any deadline of a session. The clock stands still while there is something to do, so this costs no time.
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// In which pieces the server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Line by line, as a server does that waits for each command.
    Lines,
    /// All at once, as a server does that knows the commands beforehand, and as whoever injects answers.
    Whole,
    /// Byte by byte.
    Bytes,
}

impl Pace {
    /// A pace for these bytes: always the same for the same bytes.
    pub(crate) const fn of(said: &[u8]) -> Self {
        match said.len() % 8 {
            0 => Self::Whole,
            1 => Self::Bytes,
            _ => Self::Lines,
        }
    }
}

/// The stream: what is read was said beforehand, what is written is swallowed.
#[derive(Debug)]
pub(crate) struct Said {
    bytes: Vec<u8>,
    read: usize,
    pace: Pace,
}

impl Said {
    fn next_piece(&self) -> &[u8] {
        let rest = &self.bytes[self.read..];
        match self.pace {
            Pace::Whole => rest,
            Pace::Bytes => &rest[..rest.len().min(1)],
            Pace::Lines => rest.split_inclusive(|&byte| byte == b'\n').next().unwrap_or_default(),
        }
    }
}

impl AsyncRead for Said {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let piece = self.next_piece();
        let count = piece.len().min(buf.len());
        buf[..count].copy_from_slice(&piece[..count]);
        self.read += count;
        Poll::Ready(Ok(count))
    }
}

impl AsyncWrite for Said {
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

/// Has `client` hold a session with a server that says `said`; it must end, and leave no task behind.
pub(crate) fn converse(said: &[u8], pace: Pace, client: impl AsyncFnOnce(Said, Runtime) -> Log) -> Log {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let stream = Said { bytes: said.to_vec(), read: 0, pace };
        let session = client(stream, Runtime::current().unwrap());
        let log = tokio::time::timeout(A_DAY, session).await.expect("the session waits for ever");
        // A task that was ended by somebody else goes at its next turn.
        tokio::task::yield_now().await;
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 0, "tasks are left over");
        log
    })
}

#[cfg(test)]
mod tests {
    use futures::AsyncReadExt as _;

    use super::*;

    #[test]
    fn a_server_speaks_in_pieces() {
        for (pace, pieces) in [
            (Pace::Whole, &["a\nbc"][..]),
            (Pace::Lines, &["a\n", "bc"]),
            (Pace::Bytes, &["a", "\n", "b", "c"]),
        ] {
            converse(b"a\nbc", pace, async |mut stream, _| {
                let mut space = [0; 10];
                for piece in pieces {
                    assert_eq!(stream.read(&mut space).await.unwrap(), piece.len());
                    assert_eq!(&space[..piece.len()], piece.as_bytes());
                }
                assert_eq!(stream.read(&mut space).await.unwrap(), 0);
                Log::default()
            });
        }
    }

    #[test]
    #[should_panic(expected = "the session waits for ever")]
    fn a_session_without_an_end_is_noticed() {
        converse(b"", Pace::Lines, async |_, _| std::future::pending().await);
    }

    #[test]
    #[should_panic(expected = "tasks are left over")]
    fn a_task_that_is_left_over_is_noticed() {
        converse(b"", Pace::Lines, async |_, _| {
            tokio::spawn(std::future::pending::<()>());
            Log::default()
        });
    }
}
