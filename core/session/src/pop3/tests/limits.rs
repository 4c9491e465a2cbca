//! Each limit, at it and one past it.

use super::super::capabilities::MAX_CAPABILITIES;
use super::super::conversation::{Conversation, MAX_DRAIN, MAX_LINE, MAX_SASL_LINE};
use super::super::dots::Dots;
use super::super::task::{MAX_BATCH_BYTES, MAX_MESSAGES};
use super::session::message;
use super::*;

fn over(what: &'static str, limit: usize) -> Error {
    Error::LimitExceeded { what, limit: limit as u64 }
}

/// The outcome of `client` on a session whose server answers its first command with `answer`, and refuses all others.
async fn answered<T>(answer: String, client: impl AsyncFnOnce(&Pop3Session) -> T) -> T {
    let (session, mut server) = by_hand().await;
    let serving = tokio::spawn(async move {
        let mut answer = answer.as_str();
        // The client may hang up in the middle.
        while !hear(&mut server).await.is_empty() && server.write_all(answer.as_bytes()).await.is_ok() {
            _ = server.flush().await;
            answer = "-ERR\r\n";
        }
    });
    let outcome = tokio::time::timeout(PATIENCE, client(&session)).await.unwrap();
    session.close().await.unwrap();
    serving.await.unwrap();
    outcome
}

#[tokio::test]
async fn a_status_line() {
    for (length, outcome) in [(MAX_LINE, Ok(())), (MAX_LINE + 1, Err(over("the length of a line", MAX_LINE)))]
    {
        let answer = format!("+OK {}\r\n", "x".repeat(length - 4));
        assert_eq!(answered(answer, async |session| session.noop().await).await, outcome);
    }
}

#[tokio::test]
async fn a_line_of_a_login() {
    let offer = "S: +OK\nC: CAPA\nS: +OK\nS: SASL XOAUTH2\nS: .\nC: AUTH XOAUTH2 …\n";
    let token = Credentials::token("alice", "token").unwrap();
    let challenge = |length: usize| format!("{offer}S: + {}\n", "e".repeat(length - 2));
    converse(&format!("{}C:\nS: -ERR no\n", challenge(MAX_SASL_LINE)), async |connection| {
        assert!(matches!(denied(connection.log_in(&token).await).0, Error::LoginRefused(_)));
    })
    .await;
    let (stream, _server) = Script::parse(&challenge(MAX_SASL_LINE + 1)).play(Chunks::Whole);
    let denied = connect(stream).await.unwrap().log_in(&token).await.err().unwrap();
    assert_eq!(denied.error, over("the length of a line", MAX_SASL_LINE));
    assert!(denied.connection.is_none());
}

#[tokio::test]
async fn the_list_of_capabilities() {
    let script = |count: usize| format!("S: +OK\nC: CAPA\nS: +OK\n{}S: .\n", "S: X\n".repeat(count));
    let (stream, _server) = Script::parse(&script(MAX_CAPABILITIES)).play(Chunks::Whole);
    assert!(connect(stream).await.unwrap().capabilities().has("x"));
    let (stream, _server) = Script::parse(&script(MAX_CAPABILITIES + 1)).play(Chunks::Whole);
    let error = connect(stream).await.err();
    assert_eq!(error, Some(over("the list of capabilities", MAX_CAPABILITIES)));
}

#[tokio::test]
async fn the_list_of_messages() {
    let listed = async |count: usize| {
        let lines: String = (1..=count).map(|number| format!("{number} 1\r\n")).collect();
        answered(format!("+OK\r\n{lines}.\r\n"), async |session| session.messages().await).await
    };
    // All of the list was read when UIDL is refused.
    assert_eq!(listed(MAX_MESSAGES).await, Err(Error::Refused(refusal("UIDL", ""))));
    let error = over("the list of messages", MAX_MESSAGES);
    assert_eq!(listed(MAX_MESSAGES + 1).await, Err(error));
}

#[tokio::test]
async fn the_list_of_unique_ids() {
    let listed = async |count: usize| {
        let (session, mut server) = by_hand().await;
        let serving = tokio::spawn(async move {
            let lines = |of: &str| (1..=count).map(|number| format!("{number} {of}\r\n")).collect::<String>();
            hear(&mut server).await;
            // No more messages than may be listed: the surplus is in the unique IDs.
            let sizes =
                lines("1").lines().take(MAX_MESSAGES).map(|line| format!("{line}\r\n")).collect::<String>();
            say(&mut server, format!("+OK\r\n{sizes}.\r\n").as_bytes()).await;
            hear(&mut server).await;
            _ = server.write_all(format!("+OK\r\n{}.\r\n", lines("a")).as_bytes()).await;
            _ = server.flush().await;
            hear(&mut server).await;
        });
        let outcome = tokio::time::timeout(PATIENCE, session.messages()).await.unwrap();
        drop(session);
        serving.await.unwrap();
        outcome
    };
    assert_eq!(listed(MAX_MESSAGES).await.map(|messages| messages.len()), Ok(MAX_MESSAGES));
    assert_eq!(listed(MAX_MESSAGES + 1).await, Err(over("the list of unique ids", MAX_MESSAGES)));
}

#[tokio::test]
async fn a_message_in_memory() {
    let answer = "+OK\r\n12345678\r\n.\r\n".to_owned();
    let got = answered(answer.clone(), async |session| session.retrieve_to_vec(1, 10).await).await;
    assert_eq!(got, Ok(b"12345678\r\n".to_vec()));
    let got = answered(answer.clone(), async |session| session.retrieve_to_vec(1, 9).await).await;
    assert_eq!(got, Err(over("the size of the message", 9)));
    let got = answered(answer, async |session| session.top(1, 0, 9).await).await;
    assert_eq!(got, Err(over("the size of the message", 9)));
}

#[tokio::test]
async fn an_endless_message_in_memory() {
    let answer = format!("+OK\r\n{}", "x".repeat(3 * MAX_DRAIN));
    answered(answer, async |session| {
        let error = over("what is read of an abandoned message", MAX_DRAIN);
        assert_eq!(session.retrieve_to_vec(1, 1000).await, Err(error));
        assert!(session.is_closed());
    })
    .await;
}

#[tokio::test]
async fn what_is_read_of_an_abandoned_message() {
    for (length, outcome) in
        [(MAX_DRAIN, Ok(())), (MAX_DRAIN + 1, Err(over("what is read of an abandoned message", MAX_DRAIN)))]
    {
        let (ours, mut theirs) = tokio::io::duplex(2 * MAX_DRAIN);
        theirs.write_all(&vec![b'x'; length - 2]).await.unwrap();
        theirs.write_all(b"\r\n.\r\n").await.unwrap();
        let mut conversation = Conversation::new(Wire::scripted(ours), timeouts());
        assert_eq!(conversation.drain(Dots::default()).await, outcome);
    }
}

#[tokio::test]
async fn a_batch_whose_sizes_were_lies() {
    let limit = 5 * MAX_BATCH_BYTES / 4;
    let answer = format!("+OK\r\n{}\r\n.\r\n", "x".repeat(limit - 2));
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let mut server = BufStream::new(theirs);
    let serve = async {
        say(&mut server, b"+OK\r\n").await;
        for reply in [&b"+OK\r\nTOP\r\nUIDL\r\nUSER\r\nPIPELINING\r\n.\r\n"[..], b"+OK\r\n", b"+OK\r\n"] {
            hear(&mut server).await;
            say(&mut server, reply).await;
        }
        for _ in 0..3 {
            hear(&mut server).await;
            if server.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    };
    let client = async {
        let session = connect(ours).await.unwrap().log_in(&alice()).await.unwrap();
        let listing = (1..=3).map(|number| message(number, 1, None)).collect();
        let mut retrieval = session.retrieve_all(listing, limit);
        for _ in 0..2 {
            assert_eq!(retrieval.next().await.unwrap().unwrap().bytes.unwrap().len(), limit);
        }
        // Room was left for 3 MiB more; passing over the other 2 MiB is too much as well.
        retrieval.next().await
    };
    let (last, ()) = tokio::time::timeout(PATIENCE, async { tokio::join!(client, serve) }).await.unwrap();
    assert_eq!(last, Err(over("what is read of an abandoned message", MAX_DRAIN)));
}
