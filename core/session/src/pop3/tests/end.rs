use postseal_types::ErrorCode;

use super::*;
use crate::{PeerFault, Pop3Update};

const DELETE: &str = "
    C: DELE 1
    S: +OK
";

#[tokio::test]
async fn quit_tells_what_became_of_the_deletions() {
    let lost = PeerFault::Disconnected { step: "QUIT" };
    let garbled = PeerFault::Unexpected { step: "QUIT", line: "?".to_owned() };
    for (answer, update) in [
        ("S: +OK bye", Pop3Update::Committed { deleted: 1 }),
        (
            "S: -ERR some messages not removed",
            Pop3Update::Failed(refusal("QUIT", "some messages not removed")),
        ),
        ("CUT", Pop3Update::Unknown(lost.into())),
        ("S| +OK by\nCUT", Pop3Update::Unknown(PeerFault::Disconnected { step: "QUIT" }.into())),
        ("S: ?", Pop3Update::Unknown(garbled.into())),
    ] {
        in_session(&format!("{DELETE}C: QUIT\n{answer}\n"), async |session| {
            session.delete(1).await.unwrap();
            assert_eq!(session.quit().await, Ok(update.clone()));
            assert_eq!(session.quit().await, Err(Error::Closed { because: None }));
            session.close().await.unwrap();
        })
        .await;
    }
}

#[tokio::test]
async fn without_deletions_there_is_nothing_to_lose() {
    for answer in ["S: +OK", "S: -ERR", "CUT"] {
        in_session(&format!("{DELETE}C: RSET\nS: +OK\nC: QUIT\n{answer}\n"), async |session| {
            session.delete(1).await.unwrap();
            session.reset().await.unwrap();
            assert_eq!(session.quit().await, Ok(Pop3Update::Committed { deleted: 0 }));
        })
        .await;
    }
}

#[tokio::test]
async fn quit_on_a_broken_session_removes_nothing_and_says_so() {
    in_session(&format!("{DELETE}C: NOOP\nCUT"), async |session| {
        session.delete(1).await.unwrap();
        let lost = Error::from(PeerFault::Disconnected { step: "NOOP" });
        assert_eq!(session.noop().await, Err(lost));
        assert_eq!(session.quit().await, Err(Error::Closed { because: Some(ErrorCode::Protocol) }));
    })
    .await;
}

#[tokio::test]
async fn only_quit_commits_deletions() {
    let reset = format!("{DELETE}C: RSET\nS: +OK\nC: QUIT\nS: +OK\n");
    in_session(&reset, async |session| {
        session.delete(1).await.unwrap();
        session.close().await.unwrap();
    })
    .await;
    in_session(&reset, async |session| session.delete(1).await.unwrap()).await;
    // Where the marks can't be taken off, QUIT would remove the messages: the connection is cut instead.
    in_session(&format!("{DELETE}C: RSET\nS: -ERR no\n"), async |session| {
        session.delete(1).await.unwrap();
        session.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn close_does_not_wait_for_a_dead_server() {
    tokio::time::pause();
    let (stream, _server) = Script::parse(&format!("{LOGIN}C: QUIT\nSTALL")).play(Chunks::Whole);
    let session = connect(stream).await.unwrap().log_in(&alice()).await.unwrap();
    let before = tokio::time::Instant::now();
    session.close().await.unwrap();
    assert!(before.elapsed() <= timeouts().close * 2, "{:?}", before.elapsed());
    assert!(session.is_closed());
}

#[tokio::test]
async fn a_quit_whose_caller_left_before_it_began_ends_nothing() {
    in_session(&format!("{DELETE}C: RSET\nS: +OK\nC: QUIT\nS: +OK\n"), async |session| {
        session.delete(1).await.unwrap();
        let mut left = Box::pin(session.quit());
        assert!(futures::poll!(left.as_mut()).is_pending());
        drop(left);
        assert_eq!(session.reset().await, Ok(()));
    })
    .await;
}
