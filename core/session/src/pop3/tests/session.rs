use super::*;
use crate::{Maildrop, PeerFault, Pop3Message, UniqueId};

pub(super) fn message(number: u32, size: u64, uid: Option<&str>) -> Pop3Message {
    Pop3Message { number, size, uid: uid.map(|uid| UniqueId::parse(uid.as_bytes()).unwrap()) }
}

#[test]
fn handles_and_waits_may_go_to_any_thread() {
    fn is_send_and_sync<T: Send + Sync>() {}
    fn is_send<T: Send>(_: impl Fn(&'static Pop3Session) -> T) {}
    is_send_and_sync::<(Pop3Connection, Pop3Session, crate::MessageStream, crate::Pop3Retrieval)>();
    is_send_and_sync::<(crate::SmtpConnection, crate::SmtpSession, crate::ImapConnection, crate::ImapSession)>(
    );
    is_send(|session| session.messages());
    is_send(|session| session.retrieve(1));
    is_send(|session| session.quit());
    is_send(|session| session.close());
}

#[tokio::test]
async fn the_commands_and_their_answers() {
    let script = "
        C: STAT
        S: +OK 2 320
        C: LIST
        S: +OK 2 messages
        S: 1 120
        S: 2 200
        S: .
        C: UIDL
        S: +OK
        S: 1 whqtswO00WBw418f9t5JxYwZ
        S: 2 QhdPYR:00WBw1Ph7x7
        S: .
        C: TOP 2 1
        S: +OK
        S: Subject: hi
        S:
        S: ..one
        S: .
        C: RETR 1
        S: +OK 9 octets
        S: a
        S: ..b.
        S: .
        C: DELE 1
        S: +OK
        C: RSET
        S: +OK
        C: NOOP
        S: +OK
        C: QUIT
        S: +OK bye
    ";
    in_session(script, async |session| {
        assert_eq!(session.stat().await, Ok(Maildrop { messages: 2, octets: 320 }));
        let listing = vec![
            message(1, 120, Some("whqtswO00WBw418f9t5JxYwZ")),
            message(2, 200, Some("QhdPYR:00WBw1Ph7x7")),
        ];
        assert_eq!(session.messages().await, Ok(listing));
        assert_eq!(session.top(2, 1, 100).await, Ok(b"Subject: hi\r\n\r\n.one\r\n".to_vec()));
        assert_eq!(session.retrieve_to_vec(1, 100).await, Ok(b"a\r\n.b.\r\n".to_vec()));
        assert_eq!(session.delete(1).await, Ok(()));
        assert_eq!(session.reset().await, Ok(()));
        assert_eq!(session.noop().await, Ok(()));
        session.close().await.unwrap();
        assert!(session.is_closed());
        session.close().await.unwrap();
        assert_eq!(session.noop().await, Err(Error::Closed { because: None }));
    })
    .await;
}

#[tokio::test]
async fn with_pipelining_a_listing_is_one_round_trip() {
    let script = "
        C: LIST
        C: UIDL
        S: +OK
        S: 2 200
        S: 1 120
        S: .
        S: +OK
        S: 1 a
        S: 3 c
        S: .
        C: LIST
        C: UIDL
        S: -ERR busy
        S: +OK
        S: .
        C: LIST
        C: UIDL
        S: +OK
        S: .
        S: -ERR busy
    ";
    pipelined(script, async |session| {
        assert_eq!(session.messages().await, Ok(vec![message(1, 120, Some("a")), message(2, 200, None)]));
        assert_eq!(session.messages().await, Err(Error::Refused(refusal("LIST", "busy"))));
        assert_eq!(session.messages().await, Err(Error::Refused(refusal("UIDL", "busy"))));
    })
    .await;
}

#[tokio::test]
async fn a_server_without_uidl_lists_messages_without_ids() {
    let bare = "
        S: +OK hi
        C: CAPA
        S: -ERR
        C: USER alice
        S: +OK
        C: PASS wonderland
        S: +OK
        C: CAPA
        S: -ERR
    ";
    let script = "
        C: LIST
        S: +OK
        S: 1 120
        S: .
        C: UIDL
        S: -ERR what?
        C: LIST
        S: +OK
        S: .
        C: TOP 1 0
        S: -ERR what?
    ";
    after(bare, script, async |session| {
        assert_eq!(session.messages().await, Ok(vec![message(1, 120, None)]));
        assert_eq!(session.messages().await, Ok(Vec::new()));
        assert_eq!(session.top(1, 0, 100).await, Err(Error::Refused(refusal("TOP", "what?"))));
    })
    .await;

    let announced = bare.replace("S: -ERR", "S: +OK\nS: USER\nS: .");
    after(&announced, "C: LIST\nS: +OK\nS: 1 5\nS: .", async |session| {
        assert_eq!(session.messages().await, Ok(vec![message(1, 5, None)]));
        assert_eq!(session.top(1, 0, 100).await, Err(Error::Unsupported { extension: "TOP" }));
    })
    .await;
}

#[tokio::test]
async fn after_a_refusal_the_session_goes_on() {
    let script = "
        C: RETR 9
        S: -ERR no such message
        C: RETR 9
        S: -ERR no such message
        C: DELE 9
        S: -ERR no such message
        C: STAT
        S: -ERR [SYS/TEMP] later
        C: NOOP
        S: +OK
    ";
    in_session(script, async |session| {
        let gone = |command| Error::Refused(refusal(command, "no such message"));
        assert_eq!(session.retrieve(9).await.err(), Some(gone("RETR")));
        assert_eq!(session.retrieve_to_vec(9, 100).await, Err(gone("RETR")));
        assert_eq!(session.delete(9).await, Err(gone("DELE")));
        let stat = session.stat().await.unwrap_err();
        assert!(stat.is_retryable() && stat.keeps_session(), "{stat:?}");
        let zero = Error::invalid("message number", "messages are numbered from 1");
        assert_eq!(session.retrieve(0).await.err(), Some(zero.clone()));
        assert_eq!(session.delete_all(&[1, 0]).await.err(), Some(zero));
        assert_eq!(session.noop().await, Ok(()));
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_is_none_ends_the_session() {
    for (command, answer) in
        [("STAT", "OK"), ("STAT", "+OK"), ("STAT", "+OK many"), ("STAT", "+ "), ("STAT", "* OK 1 2")]
    {
        in_session(&format!("C: {command}\nS: {answer}\n"), async |session| {
            let Err(Error::Peer(PeerFault::Unexpected { step: "STAT", .. })) = session.stat().await else {
                panic!("{answer}")
            };
            let closed = Error::Closed { because: Some(postseal_types::ErrorCode::Protocol) };
            assert_eq!(session.noop().await, Err(closed));
        })
        .await;
    }
}

#[tokio::test]
async fn an_answer_that_nobody_asked_for_is_not_taken_for_the_next() {
    let (stream, _server) =
        Script::parse(&format!("{LOGIN}C: NOOP\nS| +OK\\r\\n+OK 7 7\\r\\n\nSTALL")).play(Chunks::Whole);
    let session = connect(stream).await.unwrap().log_in(&alice()).await.unwrap();
    assert_eq!(session.noop().await, Ok(()));
    let fault = PeerFault::Unexpected { step: "STAT", line: "+OK 7 7".to_owned() };
    assert_eq!(session.stat().await, Err(fault.into()));
}

#[tokio::test]
async fn a_silent_server_is_a_timeout() {
    tokio::time::pause();
    let (stream, _server) = Script::parse(&format!("{LOGIN}C: STAT\nSTALL")).play(Chunks::Whole);
    let session = connect(stream).await.unwrap().log_in(&alice()).await.unwrap();
    let after = timeouts().progress;
    assert_eq!(session.stat().await, Err(Error::Timeout { step: "STAT", after }));
    let because = Some(postseal_types::ErrorCode::Timeout);
    assert_eq!(session.stat().await, Err(Error::Closed { because }));
}

#[tokio::test]
async fn many_deletions_are_one_round_trip() {
    let script = "
        C: DELE 1
        C: DELE 2
        C: DELE 3
        S: +OK
        S: -ERR gone
        S: +OK
        C: QUIT
        S: +OK
    ";
    pipelined(script, async |session| {
        let answers = session.delete_all(&[1, 2, 3]).await;
        assert_eq!(answers, Ok(vec![Ok(()), Err(Error::Refused(refusal("DELE", "gone"))), Ok(())]));
        assert_eq!(session.quit().await, Ok(crate::Pop3Update::Committed { deleted: 2 }));
    })
    .await;
}
