//! Watching a mailbox: IDLE, its renewal and its interruptions, and what stands in for it.

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufStream};

use super::*;
use crate::PeerFault;
use crate::imap::watch::{IDLE_RENEWAL, POLL_INTERVAL};
use crate::imap::{Change, FetchItems};

const EXAMINE: &str = "
    C: {x} EXAMINE \"INBOX\"
    S: * 3 EXISTS
    S: * OK [UIDVALIDITY 9] ok
    S: * OK [UIDNEXT 10] ok
    S: {x} OK [READ-ONLY] in
";
const BYE: &str = "
    C: {z} LOGOUT
    S: * BYE
    S: {z} OK
";

#[tokio::test]
async fn news_come_by_idle_and_other_calls_go_on() {
    let script = [
        EXAMINE,
        "
        C: {i} IDLE
        S: * OK still here
        S: + idling
        S: * 4 EXISTS
        S: * 4 EXISTS
        C: DONE
        S: * 2 EXPUNGE
        S: {i} OK
        C: {a} NOOP
        S: * 1 FETCH (FLAGS (\\\\Seen))
        S: {a} OK
        C: {i} IDLE
        S: + idling
        C: DONE
        S: {i} OK
        C: {i} IDLE
        S: + idling
        C: DONE
        S: {i} OK
        ",
        BYE,
    ]
    .concat();
    play("IDLE", &script, async |session: ImapSession| {
        let mut watch = session.watch(&inbox()).await.unwrap();
        assert_eq!(watch.next().await, Ok(Change::Exists(4)));
        session.noop().await.unwrap();
        assert_eq!(watch.next().await, Ok(Change::Expunged(1)));
        assert_eq!(watch.next().await, Ok(Change::Flags));
        let one = Error::invalid("mailbox", "a session watches one mailbox at a time");
        assert_eq!(session.watch(&inbox()).await.err(), Some(one));
        session.close().await.unwrap();
        assert_eq!(watch.next().await, Err(Error::Closed { because: None }));
    })
    .await;
}

#[tokio::test]
async fn an_answer_is_no_news_and_what_comes_beside_it_is() {
    let idle = "
        C: {i} IDLE
        S: + idling
        C: DONE
        S: {i} OK
    ";
    let script = [
        EXAMINE,
        idle,
        "
        C: {a} UID FETCH 3 (UID FLAGS)
        S: * 1 FETCH (UID 3 FLAGS ())
        S: {a} OK
        ",
        idle,
        "
        C: {a} UID FETCH 3 (UID FLAGS)
        S: * 2 FETCH (UID 4 FLAGS (\\\\Seen))
        S: * 1 FETCH (UID 3 FLAGS ())
        S: {a} OK
        ",
        idle,
        BYE,
    ]
    .concat();
    play("IDLE", &script, async |session: ImapSession| {
        let mut watch = session.watch(&inbox()).await.unwrap();
        for news in [false, true] {
            // Until the IDLE is on its way.
            tokio::time::sleep(Duration::from_millis(50)).await;
            let items = FetchItems::new().flags();
            let fetched = session.fetch(&inbox(), &uids(&[3]), &items).next().await.unwrap().unwrap();
            assert_eq!(fetched.flags, Some(vec![]));
            let mut next = Box::pin(watch.next());
            let told = tokio::time::timeout(Duration::from_millis(50), &mut next).await;
            assert_eq!(told.ok(), news.then_some(Ok(Change::Flags)));
        }
        session.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn what_nobody_asked_for_adds_up() {
    let script = [
        EXAMINE,
        "
        C: {i} IDLE
        S: + idling
        S: * 4 EXISTS
        S: * 5 EXISTS
        S: * 1 EXPUNGE
        S: * 1 EXPUNGE
        S: * 6 EXISTS
        C: DONE
        S: {i} OK
        C: {a} NOOP
        S: {a} OK
        C: {i} IDLE
        S: + idling
        C: DONE
        S: {i} OK
        ",
        BYE,
    ]
    .concat();
    play("IDLE", &script, async |session: ImapSession| {
        let mut watch = session.watch(&inbox()).await.unwrap();
        // The first change waits in the channel, whichever it is; the rest adds up behind it.
        let mut seen = vec![watch.next().await.unwrap()];
        while seen.last() != Some(&Change::Exists(6)) {
            seen.push(watch.next().await.unwrap());
        }
        let gone: u32 =
            seen.iter().map(|change| if let Change::Expunged(count) = change { *count } else { 0 }).sum();
        assert_eq!(gone, 2, "{seen:?}");
        session.noop().await.unwrap();
        drop(watch);
        session.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_dropped_watch_ends_the_idle() {
    let script = [
        EXAMINE,
        "
        C: {i} IDLE
        S: + idling
        S: * 4 EXISTS
        C: DONE
        S: {i} OK
        ",
        BYE,
    ]
    .concat();
    play("IDLE", &script, async |session: ImapSession| {
        let mut watch = session.watch(&inbox()).await.unwrap();
        assert_eq!(watch.next().await, Ok(Change::Exists(4)));
        drop(session);
        drop(watch);
    })
    .await;
}

#[tokio::test]
async fn what_happened_meanwhile_is_found_out() {
    let script = [
        EXAMINE,
        "
        C: {i} IDLE
        S: + idling
        S: * 4 EXISTS
        C: DONE
        S: {i} OK
        C: {x} EXAMINE \"Sent\"
        S: * OK [UIDVALIDITY 5]
        S: {x} OK [READ-ONLY] in
        C: {x} EXAMINE \"INBOX\"
        S: * 3 EXISTS
        S: * OK [UIDVALIDITY 9] ok
        S: * OK [UIDNEXT 12] ok
        S: {x} OK [READ-ONLY] in
        C: {i} IDLE
        S: + idling
        C: DONE
        S: {i} OK
        C: {x} EXAMINE \"Sent\"
        S: * OK [UIDVALIDITY 5]
        S: {x} OK [READ-ONLY] in
        C: {x} EXAMINE \"INBOX\"
        S: * OK [UIDVALIDITY 10] ok
        S: {x} OK [READ-ONLY] in
        ",
        BYE,
    ]
    .concat();
    play("IDLE", &script, async |session: ImapSession| {
        let mut watch = session.watch(&inbox()).await.unwrap();
        assert_eq!(watch.next().await, Ok(Change::Exists(4)));
        let sent = MailboxName::new("Sent").unwrap();
        session.examine(&sent).await.unwrap();
        assert_eq!(watch.next().await, Ok(Change::Expunged(2)));
        assert_eq!(watch.next().await, Ok(Change::Exists(3)));
        session.examine(&sent).await.unwrap();
        let rebuilt = Error::UidValidityChanged { expected: 9, actual: 10 };
        assert_eq!(watch.next().await, Err(rebuilt));
        session.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_failure_that_ends_an_idle_goes_to_its_watch() {
    let script = [EXAMINE, "\nC: {i} IDLE\nS: + idling\nS: * BYE off\nCUT"].concat();
    play("IDLE", &script, async |session: ImapSession| {
        let mut watch = session.watch(&inbox()).await.unwrap();
        let goodbye = PeerFault::Goodbye { text: "off".to_owned() };
        assert_eq!(watch.next().await, Err(goodbye.into()));
        assert_eq!(watch.next().await, Err(Error::Closed { because: None }));
        let closed = Error::Closed { because: Some(postseal_types::ErrorCode::Protocol) };
        assert_eq!(session.noop().await, Err(closed));
    })
    .await;
}

/// Answers every command, and NOOP with a message that came; but never DONE: the line is dead.
async fn serve(stream: DuplexStream, capabilities: &'static str) {
    let mut stream = BufStream::new(stream);
    let mut say = String::from("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hi\r\n");
    loop {
        stream.write_all(say.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        let tag = line.split(' ').next().unwrap();
        say = match line.trim_end().split(' ').nth(1) {
            Some("AUTHENTICATE") => format!("{tag} OK [CAPABILITY IMAP4rev1 {capabilities}] in\r\n"),
            Some("NOOP") => format!("* 4 EXISTS\r\n{tag} OK\r\n"),
            Some("IDLE") => "+ idling\r\n".to_owned(),
            Some(_) => format!("* OK [UIDVALIDITY 9] ok\r\n{tag} OK in\r\n"),
            None => String::new(),
        };
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_is_renewed_long_before_the_server_ends_it() {
    assert!(IDLE_RENEWAL < Duration::from_secs(29 * 60));
    let (ours, theirs) = tokio::io::duplex(4096);
    let server = tokio::spawn(serve(theirs, "IDLE"));
    let session = log_in(ours).await;
    let mut watch = session.watch(&inbox()).await.unwrap();
    let begun = tokio::time::Instant::now();
    let timeout = Error::Timeout { step: "IDLE", after: timeouts().progress };
    assert_eq!(watch.next().await, Err(timeout));
    assert_eq!(begun.elapsed().as_secs(), (IDLE_RENEWAL + timeouts().progress).as_secs());
    server.abort();
}

#[tokio::test(start_paused = true)]
async fn a_server_without_idle_is_asked_now_and_then() {
    let (ours, theirs) = tokio::io::duplex(4096);
    let server = tokio::spawn(serve(theirs, ""));
    let session = log_in(ours).await;
    let begun = tokio::time::Instant::now();
    let mut watch = session.watch(&inbox()).await.unwrap();
    assert_eq!(watch.next().await, Ok(Change::Exists(4)));
    assert_eq!(begun.elapsed().as_secs(), POLL_INTERVAL.as_secs());
    server.abort();
}

#[tokio::test]
async fn a_server_that_refuses_idle_is_asked_instead() {
    let script = [
        EXAMINE,
        "
        C: {i} IDLE
        S: {i} NO not today
        C: {a} STATUS \"INBOX\" (MESSAGES UNSEEN UIDNEXT UIDVALIDITY)
        S: * 4 EXISTS
        S: {a} OK
        ",
        BYE,
    ]
    .concat();
    assert!(POLL_INTERVAL > PATIENCE);
    play("IDLE", &script, async |session: ImapSession| {
        let mut watch = session.watch(&inbox()).await.unwrap();
        // Makes sure that the refusal came first.
        tokio::time::sleep(Duration::from_millis(50)).await;
        session.status(&inbox()).await.unwrap();
        assert_eq!(watch.next().await, Ok(Change::Exists(4)));
        session.close().await.unwrap();
    })
    .await;
}
