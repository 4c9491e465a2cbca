//! The connection, cut behind every byte that the server sends in a whole session.

use super::*;
use crate::{PeerFault, Pop3Update};

const SESSION: &str = "
    C: STAT
    S: +OK 2 24
    C: LIST
    C: UIDL
    S: +OK
    S: 1 12
    S: 2 12
    S: .
    S: +OK
    S: 1 a
    S: 2 b
    S: .
    C: TOP 1 0
    S: +OK
    S: A: b
    S:
    S: .
    C: RETR 1
    S: +OK
    S: A: b
    S:
    S: ..c
    S: .
    C: RETR 1
    C: RETR 2
    S: +OK
    S: one
    S: .
    S: +OK
    S: two
    S: .
    C: DELE 1
    S: +OK
    C: QUIT
    S: +OK bye
";

/// A whole session.
async fn walk(stream: DuplexStream) -> Result<Pop3Update, Error> {
    let session = connect(stream).await?.log_in(&alice()).await?;
    session.stat().await?;
    let messages = session.messages().await?;
    session.top(1, 0, 100).await?;
    let mut stream = session.retrieve(1).await?;
    while stream.next_chunk().await?.is_some() {}
    let mut all = session.retrieve_all(messages, 100);
    while let Some(retrieved) = all.next().await? {
        retrieved.bytes?;
    }
    session.delete(1).await?;
    session.quit().await
}

#[tokio::test]
async fn a_cut_at_any_byte_is_a_typed_error() {
    let script = || Script::parse(&format!("{PIPELINED}{SESSION}"));
    let length = script().output_len();
    let answer_to_quit = "+OK bye\r\n".len();
    for at in 0..=length {
        let (stream, _server) = script().cut_at(at).play(Chunks::Whole);
        let outcome = tokio::time::timeout(PATIENCE, walk(stream)).await.unwrap();
        let lost = |error: &Error| {
            matches!(error, Error::Peer(PeerFault::Disconnected { .. }) | Error::Network { .. })
        };
        match &outcome {
            // A status line may end with the stream, as long as its line end came.
            Ok(Pop3Update::Committed { deleted: 1 }) => assert_eq!(at, length),
            Ok(Pop3Update::Unknown(error)) => {
                assert!(lost(error) && at + answer_to_quit >= length, "{at} {error:?}")
            }
            Err(error) => assert!(lost(error) && at + answer_to_quit <= length, "{at} {error:?}"),
            other => panic!("{at} {other:?}"),
        }
    }
}
