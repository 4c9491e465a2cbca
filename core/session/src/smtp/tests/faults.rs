//! The honest session, with the connection cut or stalled at every byte that the server says: whatever happens, there is an answer
//! within the deadlines, and it is never a wrong one.

use super::*;
use crate::{Delivery, NotSent, SendOptions};

const MESSAGE: &[u8] = b"Subject: x\r\n\r\n.\r\n";

/// The whole session; the words in capitals are filled in.
const SESSION: &str = "
    S: 220 mx.test
    C: EHLO [127.0.0.1]
    S: 250-mx.test
    S: 250-EXTENSION
    S: 250 AUTH PLAIN
    C: AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=
    S: 235 2.7.0 welcome
    C: MAIL FROM:<alice@example.test>
    S: 250 2.1.0 ok
    C: RCPT TO:<bob@example.test>
    S: 250 2.1.5 ok
    MESSAGE
    S: ANSWER
";
const DATA: &str = "C: DATA\nS: 354 go\nC: Subject: x\nC:\nC: ..\nC: .";
const BDAT: &str = "C: BDAT 17 LAST\nC: Subject: x\nC:\nC: .";

/// What the client made of a session: how far it came, and what became of the message.
#[derive(Debug, PartialEq)]
enum End {
    NotOpened(Error),
    NotLoggedIn(Error),
    Failed(Error),
    NotSent,
    Sent,
    Unknown(Error),
}

async fn run(script: Script, chunks: Chunks, timeouts: Timeouts) -> End {
    let (connection, _server) = play(script, chunks, Security::Tls, timeouts).await;
    let connection = match connection {
        Ok(connection) => connection,
        Err(error) => return End::NotOpened(error),
    };
    let session = match connection.log_in(&alice()).await {
        Ok(session) => session,
        Err(denied) => return End::NotLoggedIn(denied.error),
    };
    let end = match session.send(&to_bob(), MESSAGE, &SendOptions::default()).await {
        Err(error) => End::Failed(error),
        Ok(receipt) => match receipt.message {
            Delivery::Sent { .. } => End::Sent,
            Delivery::NotSent(NotSent::Refused(_) | NotSent::Recipients) => End::NotSent,
            Delivery::Unknown { because } => End::Unknown(because),
        },
    };
    session.close().await.unwrap();
    assert!(session.is_closed());
    end
}

/// The sessions to be broken: by DATA and BDAT, in one write or several, accepted and refused. With each, how many of the server's
/// bytes come before it has the whole message.
fn sessions() -> Vec<(String, usize, bool)> {
    let mut sessions = Vec::new();
    for (extension, message) in [("PIPELINING", DATA), ("DSN", DATA), ("CHUNKING", BDAT)] {
        for (answer, accepts) in [("250 2.0.0 queued", true), ("554 5.7.1 no", false)] {
            let text = SESSION.replace("EXTENSION", extension).replace("MESSAGE", message);
            let before = Script::parse(&text.replace("S: ANSWER", "")).output_len();
            sessions.push((text.replace("ANSWER", answer), before, accepts));
        }
    }
    sessions
}

/// Checks the end of a session that was broken after `at` of the server's bytes. The last two are CR and LF: LF alone ends a line.
fn check(end: &End, at: usize, len: usize, before: usize, accepts: bool) {
    let whole = at == len;
    match end {
        End::NotOpened(_) | End::NotLoggedIn(_) | End::Failed(_) => assert!(at < before, "{at}: {end:?}"),
        End::Unknown(_) => assert!((before..len).contains(&at), "{at}: {end:?}"),
        End::Sent => assert!(whole && accepts, "{at}: {end:?}"),
        End::NotSent => assert!(whole && !accepts, "{at}: {end:?}"),
    }
}

#[tokio::test]
async fn a_line_cut_at_any_byte_is_a_typed_error_and_never_a_wrong_answer() {
    for (text, before, accepts) in sessions() {
        let len = Script::parse(&text).output_len();
        for at in 0..=len {
            for chunks in BOTH {
                let end = bounded(run(Script::parse(&text).cut_at(at), chunks, TIMEOUTS)).await;
                check(&end, at, len, before, accepts);
                if let End::NotOpened(error)
                | End::NotLoggedIn(error)
                | End::Failed(error)
                | End::Unknown(error) = end
                {
                    let codes = [postseal_types::ErrorCode::Protocol, postseal_types::ErrorCode::Network];
                    assert!(codes.contains(&error.code()), "{at}: {error:?}");
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_line_stalled_after_any_reply_is_a_timeout_and_never_a_wrong_answer() {
    for (text, before, accepts) in sessions() {
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let len = Script::parse(&text).output_len();
        for count in (0..=lines.len()).filter(|&count| count == 0 || lines[count - 1].starts_with("S:")) {
            let stalled = format!("{}\nSTALL", lines[..count].join("\n"));
            let at = Script::parse(&stalled).output_len();
            let begun = tokio::time::Instant::now();
            let end = run(Script::parse(&stalled), Chunks::Whole, TIMEOUTS).await;
            check(&end, at, len, before, accepts);
            if let End::NotOpened(error)
            | End::NotLoggedIn(error)
            | End::Failed(error)
            | End::Unknown(error) = end
            {
                assert!(
                    matches!(error, Error::Timeout { after, .. } if after == TIMEOUTS.progress),
                    "{error:?}"
                );
            }
            // One deadline for what was waited for, one for the farewell.
            assert!(begun.elapsed() <= TIMEOUTS.progress + TIMEOUTS.close, "{count}");
        }
    }
}
