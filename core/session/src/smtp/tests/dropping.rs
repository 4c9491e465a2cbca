//! Waits that are dropped, sessions that are closed or cut off, and what can still be asked for afterwards.

use tokio::io::AsyncReadExt as _;

use super::hand::{FROM, MESSAGE, TEXT, TO, begin, drop_it, session};
use super::*;
use crate::{Acceptance, Delivery, NotSent, SendId, SendOptions};

#[tokio::test]
async fn a_small_message_takes_two_writes() {
    bounded(async {
        let (session, mut server) = session("PIPELINING", TIMEOUTS).await;
        let (_, sending) = begin(&session);
        server.hear(&format!("{FROM}{TO}DATA\r\n")).await;
        server.say("250 ok\r\n250 ok\r\n354 go\r\n").await;
        server.hear(TEXT).await;
        server.say("250 ok\r\n").await;
        assert!(sending.await.unwrap().unwrap().is_sent());

        let (session, mut server) = self::session("PIPELINING\r\n250-CHUNKING", TIMEOUTS).await;
        let (_, sending) = begin(&session);
        server.hear(&format!("{FROM}{TO}")).await;
        server.say("250 ok\r\n250 ok\r\n").await;
        server.hear("BDAT 17 LAST\r\nSubject: x\r\n\r\n.\r\n").await;
        server.say("250 ok\r\n").await;
        assert!(sending.await.unwrap().unwrap().is_sent());
    })
    .await;
}

#[tokio::test]
async fn without_pipelining_each_command_waits_for_its_answer() {
    bounded(async {
        let (session, mut server) = session("CHUNKING", TIMEOUTS).await;
        let (_, sending) = begin(&session);
        server.hear(FROM).await;
        server.say("250 ok\r\n").await;
        server.hear(TO).await;
        server.say("250 ok\r\n").await;
        server.hear("BDAT 17 LAST\r\nSubject: x\r\n\r\n.\r\n").await;
        server.say("250 ok\r\n").await;
        assert!(sending.await.unwrap().unwrap().is_sent());
    })
    .await;
}

#[tokio::test]
async fn a_send_dropped_before_the_message_is_abandoned() {
    bounded(async {
        let (session, mut server) = session("SIZE", TIMEOUTS).await;
        let (id, sending) = begin(&session);
        server.hear(&format!("{} SIZE=17\r\n", FROM.trim_end())).await;
        drop_it(sending).await;
        server.say("250 ok\r\n").await;
        server.hear("RSET\r\n").await;
        server.say("250 ok\r\n").await;
        assert_eq!(session.outcome(id).await, Err(Error::Cancelled));

        let (id, sending) = begin(&session);
        server.hear(&format!("{} SIZE=17\r\n", FROM.trim_end())).await;
        server.say("250 ok\r\n").await;
        server.hear(TO).await;
        drop_it(sending).await;
        server.say("250 ok\r\n").await;
        server.hear("RSET\r\n").await;
        server.say("250 ok\r\n").await;
        assert_eq!(session.outcome(id).await, Err(Error::Cancelled));
        assert!(!session.is_closed());
    })
    .await;
}

#[tokio::test]
async fn a_send_dropped_before_its_turn_is_not_begun() {
    bounded(async {
        let (session, mut server) = session("DSN", TIMEOUTS).await;
        let (_, first) = begin(&session);
        server.hear(FROM).await;
        let (id, second) = begin(&session);
        tokio::task::yield_now().await;
        drop_it(second).await;
        drop_it(first).await;
        server.say("250 ok\r\n").await;
        server.hear("RSET\r\n").await;
        server.say("250 ok\r\n").await;
        assert_eq!(session.outcome(id).await, Err(Error::Cancelled));
        let closing = tokio::spawn(async move { session.close().await });
        server.hear("QUIT\r\n").await;
        server.say("221 bye\r\n").await;
        closing.await.unwrap().unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_send_dropped_in_the_message_runs_to_its_end_and_can_be_asked_for() {
    bounded(async {
        for lost in [false, true] {
            let (session, mut server) = session("PIPELINING", TIMEOUTS).await;
            let (id, sending) = begin(&session);
            server.hear(&format!("{FROM}{TO}DATA\r\n")).await;
            drop_it(sending).await;
            server.say("250 ok\r\n250 ok\r\n354 go\r\n").await;
            server.hear(TEXT).await;
            let asking = tokio::spawn({
                let session = session.clone();
                async move { session.outcome(id).await }
            });
            if lost {
                drop(server);
                let receipt = asking.await.unwrap().unwrap();
                assert!(matches!(receipt.message, Delivery::Unknown { .. }));
                // The session is gone, the answer is not.
                assert_eq!(session.outcome(id).await, Ok(receipt));
                assert!(session.is_closed());
            } else {
                server.say("250 as 7\r\n").await;
                let receipt = asking.await.unwrap().unwrap();
                assert_eq!(receipt.message, Delivery::Sent { text: "as 7".to_owned() });
                assert_eq!(receipt.recipients[0].outcome, Acceptance::Accepted);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_session_closed_by_force_says_that_the_message_is_unknown() {
    let timeouts = Timeouts { close: Duration::from_millis(50), ..TIMEOUTS };
    bounded(async {
        let (session, mut server) = session("PIPELINING", timeouts).await;
        let (id, sending) = begin(&session);
        server.hear(&format!("{FROM}{TO}DATA\r\n")).await;
        server.say("250 ok\r\n250 ok\r\n354 go\r\n").await;
        server.hear(TEXT).await;
        session.close().await.unwrap();
        let receipt = sending.await.unwrap().unwrap();
        assert_eq!(receipt.message, Delivery::Unknown { because: Error::Closed { because: None } });
        assert_eq!(session.outcome(id).await, Ok(receipt));

        // Before the message it is an error: nothing was sent.
        let (session, mut server) = self::session("PIPELINING", timeouts).await;
        let (_, sending) = begin(&session);
        server.hear(&format!("{FROM}{TO}DATA\r\n")).await;
        session.close().await.unwrap();
        assert_eq!(sending.await.unwrap(), Err(Error::Closed { because: None }));
    })
    .await;
}

#[tokio::test]
async fn the_last_handle_ends_the_session_after_what_was_begun() {
    bounded(async {
        let (session, mut server) = session("PIPELINING", TIMEOUTS).await;
        let (_, sending) = begin(&session);
        server.hear(&format!("{FROM}{TO}DATA\r\n")).await;
        drop(session);
        drop_it(sending).await;
        server.say("250 ok\r\n250 ok\r\n354 go\r\n").await;
        server.hear(TEXT).await;
        server.say("250 ok\r\n").await;
        server.hear("QUIT\r\n").await;
    })
    .await;
}

#[tokio::test]
async fn the_last_named_sends_are_remembered_and_no_more() {
    bounded(async {
        let (session, _server) = session("PIPELINING", TIMEOUTS).await;
        let ids: Vec<SendId> = (0..65).map(|_| SendId::new()).collect();
        for &id in &ids {
            let options = SendOptions { id: Some(id), ..SendOptions::default() };
            let to = to_bob();
            let mut sending = Box::pin(session.send(&to, MESSAGE, &options));
            _ = futures::poll!(sending.as_mut());
        }
        let forgotten = Err(Error::NotFound { what: "the send" });
        assert_eq!(session.outcome(SendId::new()).await, forgotten);
        assert_eq!(session.outcome(ids[0]).await, forgotten);
        assert!(futures::poll!(Box::pin(session.outcome(ids[1]))).is_pending());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_the_message_has_a_deadline_of_its_own() {
    let patient = Timeouts { final_reply: Duration::from_secs(600), ..TIMEOUTS };
    let (session, mut server) = session("PIPELINING", patient).await;
    let (_, sending) = begin(&session);
    server.hear(&format!("{FROM}{TO}DATA\r\n")).await;
    server.say("250 ok\r\n250 ok\r\n354 go\r\n").await;
    server.hear(TEXT).await;
    let before = tokio::time::Instant::now();
    let receipt = sending.await.unwrap().unwrap();
    assert_eq!(before.elapsed().as_secs(), 600);
    let because = Error::Timeout { step: "the answer to the message", after: Duration::from_secs(600) };
    assert_eq!(receipt.message, Delivery::Unknown { because });
    let closed = Error::Closed { because: Some(postseal_types::ErrorCode::Timeout) };
    assert_eq!(session.noop().await, Err(closed));
}

#[tokio::test]
async fn a_server_that_hangs_up_in_the_message_is_quoted() {
    let message: Vec<u8> = b"more than the pipe holds\r\n".repeat(100_000);
    for (last_words, expected) in [
        ("552 5.3.4 too much\r\n", Ok("too much")),
        ("421 4.3.2 closing\r\n", Err(())),
        ("250 2.0.0 thank you\r\n", Err(())),
        ("", Err(())),
    ] {
        bounded(async {
            let (session, mut server) = session("PIPELINING", TIMEOUTS).await;
            let (sender, bytes) = (session.clone(), message.clone());
            let sending =
                tokio::spawn(async move { sender.send(&to_bob(), bytes, &SendOptions::default()).await });
            server.hear(&format!("{FROM}{TO}DATA\r\n")).await;
            server.say("250 ok\r\n250 ok\r\n354 go\r\n").await;
            server.0.read_exact(&mut [0; 100]).await.unwrap();
            server.say(last_words).await;
            drop(server);
            match (sending.await.unwrap(), expected) {
                (Ok(receipt), Ok(text)) => {
                    let Delivery::NotSent(NotSent::Refused(refusal)) = receipt.message else { panic!() };
                    assert_eq!(
                        (refusal.command, refusal.code, refusal.text.as_str()),
                        ("DATA", Some(552), text)
                    );
                }
                // Not all of it was written: it can't have been sent, whatever the server says.
                (Err(error), Err(())) => assert!(error.is_retryable(), "{error:?}"),
                (other, _) => panic!("{last_words:?}: {other:?}"),
            }
            assert!(session.noop().await.is_err());
        })
        .await;
    }
}
