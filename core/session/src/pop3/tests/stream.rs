use tokio::time::{sleep, timeout};

use super::*;
use crate::{MessageStream, PeerFault};

/// Reads a stream to its end.
async fn read(stream: &mut MessageStream) -> Result<Vec<u8>, Error> {
    let mut message = Vec::new();
    while let Some(chunk) = stream.next_chunk().await? {
        assert!(!chunk.is_empty());
        message.extend_from_slice(&chunk);
    }
    Ok(message)
}

/// A message of `length` bytes, in one line: message text has no limit on its lines.
fn one_line(length: usize) -> Vec<u8> {
    let mut message = vec![b'x'; length - 2];
    message.extend_from_slice(b"\r\n");
    message
}

/// The answer to RETR with a message in which no line begins with a dot.
fn answer(message: &[u8]) -> Vec<u8> {
    [b"+OK\r\n", message, b".\r\n"].concat()
}

#[tokio::test]
async fn a_stream_has_the_bytes_of_the_message() {
    let script = r"
        C: RETR 1
        S: +OK 30 octets
        S| From: a\r\n\r\n..\r\n..b\r\nbare\n.\nlf\r
        S| \n.
        S| \r
        S| \n
        C: NOOP
        S: +OK
        C: RETR 2
        S: +OK
        S: .
    ";
    in_session(script, async |session| {
        let mut stream = session.retrieve(1).await.unwrap();
        assert_eq!(read(&mut stream).await, Ok(b"From: a\r\n\r\n.\r\n.b\r\nbare\n.\nlf\r\n".to_vec()));
        assert_eq!(stream.next_chunk().await, Ok(None));
        assert_eq!(session.noop().await, Ok(()));
        assert_eq!(read(&mut session.retrieve(2).await.unwrap()).await, Ok(Vec::new()));
    })
    .await;
}

#[tokio::test]
async fn a_line_may_be_longer_than_any_buffer() {
    let message = one_line(3_000_000);
    let (session, mut server) = by_hand().await;
    let serve = async {
        assert_eq!(hear(&mut server).await, "RETR 1");
        say(&mut server, &answer(&message)).await;
    };
    let client = async { read(&mut session.retrieve(1).await.unwrap()).await };
    let (got, ()) = timeout(PATIENCE, async { tokio::join!(client, serve) }).await.unwrap();
    assert!(got.unwrap() == message);
}

#[tokio::test]
async fn a_dropped_stream_is_read_to_its_end() {
    let script = format!("C: RETR 1\nS: +OK\nS: {}\nS: .\nC: NOOP\nS: +OK\n", "x".repeat(100_000));
    in_session(&script, async |session| {
        drop(session.retrieve(1).await.unwrap());
        assert_eq!(session.noop().await, Ok(()));
    })
    .await;
}

#[tokio::test]
async fn a_dropped_stream_without_end_closes_the_session() {
    let (session, mut server) = by_hand().await;
    let flood = tokio::spawn(async move {
        hear(&mut server).await;
        server.write_all(b"+OK\r\n").await.unwrap();
        while server.write_all(&[b'x'; 4096]).await.is_ok() {}
    });
    drop(session.retrieve(1).await.unwrap());
    let noop = timeout(PATIENCE, session.noop()).await.unwrap();
    let limit = 1024 * 1024;
    assert_eq!(noop, Err(Error::LimitExceeded { what: "what is read of an abandoned message", limit }));
    assert!(session.is_closed());
    flood.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_reader_may_pause_as_long_as_nothing_else_waits() {
    let message = one_line(500_000);
    let (session, mut server) = by_hand().await;
    let serve = async {
        hear(&mut server).await;
        say(&mut server, &answer(&message)).await;
    };
    let client = async {
        let mut stream = session.retrieve(1).await.unwrap();
        sleep(Duration::from_secs(3600)).await;
        read(&mut stream).await
    };
    assert!(tokio::join!(client, serve).0.unwrap() == message);
}

#[tokio::test(start_paused = true)]
async fn a_command_does_not_wait_for_ever_for_a_reader() {
    let (session, mut server) = by_hand().await;
    let serve = async {
        hear(&mut server).await;
        say(&mut server, &answer(&one_line(500_000))).await;
        assert_eq!(hear(&mut server).await, "NOOP");
        say(&mut server, b"+OK\r\n").await;
    };
    let client = async {
        let mut stream = session.retrieve(1).await.unwrap();
        assert!(stream.next_chunk().await.unwrap().is_some());
        let before = tokio::time::Instant::now();
        assert_eq!(session.noop().await, Ok(()));
        assert_eq!(before.elapsed().as_secs(), timeouts().progress.as_secs());
        assert_eq!(read(&mut stream).await, Err(Error::Cancelled));
        assert_eq!(stream.next_chunk().await, Err(Error::Cancelled));
    };
    tokio::join!(client, serve);
}

#[tokio::test(start_paused = true)]
async fn close_does_not_wait_for_a_reader() {
    let (session, mut server) = by_hand().await;
    let serve = async {
        hear(&mut server).await;
        say(&mut server, &answer(&one_line(500_000))).await;
        assert_eq!(hear(&mut server).await, "QUIT");
        say(&mut server, b"+OK\r\n").await;
    };
    let client = async {
        let mut stream = session.retrieve(1).await.unwrap();
        let before = tokio::time::Instant::now();
        session.close().await.unwrap();
        assert_eq!(before.elapsed(), Duration::ZERO);
        assert_eq!(read(&mut stream).await, Err(Error::Cancelled));
    };
    tokio::join!(client, serve);
}

#[tokio::test]
async fn a_broken_connection_is_told_to_the_reader() {
    in_session("C: RETR 1\nS: +OK\nS: half\nCUT\n", async |session| {
        let mut stream = session.retrieve(1).await.unwrap();
        let lost = Error::from(PeerFault::Disconnected { step: "RETR" });
        assert_eq!(read(&mut stream).await, Err(lost.clone()));
        assert_eq!(stream.next_chunk().await, Err(lost));
        assert_eq!(
            session.noop().await,
            Err(Error::Closed { because: Some(postseal_types::ErrorCode::Protocol) })
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stalls_in_a_message_is_a_timeout() {
    let (session, mut server) = by_hand().await;
    let serve = async {
        hear(&mut server).await;
        say(&mut server, b"+OK\r\nhalf").await;
    };
    let client = async {
        let mut stream = session.retrieve(1).await.unwrap();
        read(&mut stream).await
    };
    let after = timeouts().progress;
    assert_eq!(tokio::join!(client, serve).0, Err(Error::Timeout { step: "RETR", after }));
}

#[tokio::test]
async fn a_dropped_wait_loses_no_chunk() {
    let (session, mut server) = by_hand().await;
    let retrieve = async { session.retrieve(1).await.unwrap() };
    let begin = async {
        hear(&mut server).await;
        say(&mut server, b"+OK\r\none").await;
    };
    let (mut stream, ()) = tokio::join!(retrieve, begin);
    assert!(timeout(Duration::from_millis(20), stream.next_chunk()).await.is_err());
    say(&mut server, b" two\r\n.\r\n").await;
    assert_eq!(read(&mut stream).await, Ok(b"one two\r\n".to_vec()));
}
