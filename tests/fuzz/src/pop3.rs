//! Everything that a POP3 session can do.

use postseal_session::{Error, Pop3Connection, Pop3Message, Pop3Session, Pop3Update};

use crate::log::{Log, check, check_text, password, token};

/// The largest message that is taken.
const LIMIT: usize = 4096;

/// Holds a session from the login to the farewell.
pub(crate) async fn talk(opened: Result<Pop3Connection, Error>) -> Log {
    let mut log = Log::default();
    let Some(connection) = log.note("open", opened) else { return log };
    let session = match log.note_login(connection.log_in(&password()).await) {
        Ok(session) => session,
        Err(None) => return log,
        Err(Some(again)) => match log.note_login(again.log_in(&token()).await) {
            Ok(session) => session,
            Err(Some(connection)) => {
                connection.close().await;
                return log;
            }
            Err(None) => return log,
        },
    };
    read(&session, &mut log).await;
    delete(&session, &mut log).await;
    assert_eq!(session.close().await, Ok(()));
    assert!(session.is_closed());
    log
}

async fn read(session: &Pop3Session, log: &mut Log) {
    log.note("STAT", session.stat().await);
    let messages = log.note("LIST", session.messages().await).unwrap_or_default();
    check_numbers(&messages);
    if let Some(mut stream) = log.note("RETR", session.retrieve(1).await) {
        while let Some(Some(chunk)) = log.note("a chunk", stream.next_chunk().await) {
            assert!(!chunk.is_empty());
        }
    }
    let bounded = |bytes: Vec<u8>| assert!(bytes.len() <= LIMIT);
    log.note("RETR", session.retrieve_to_vec(2, LIMIT).await).map(bounded);
    log.note("TOP", session.top(1, 2, LIMIT).await).map(bounded);
    let mut retrieval = session.retrieve_all(messages, LIMIT);
    loop {
        let outcome = match retrieval.next().await {
            // Where nothing was listed nothing is asked for.
            Ok(None) => return,
            outcome => log.note("the next message", outcome),
        };
        let Some(Some(retrieved)) = outcome else { return };
        match retrieved.bytes {
            Ok(bytes) => assert!(bytes.len() <= LIMIT),
            Err(error) => check("the next message", &error),
        }
    }
}

/// Each message once, in order, with an id that can stand in a line of text.
fn check_numbers(messages: &[Pop3Message]) {
    assert!(messages.is_sorted_by(|one, next| one.number < next.number));
    messages.iter().filter_map(|message| message.uid.as_ref()).for_each(|uid| check_text(uid.as_str()));
}

async fn delete(session: &Pop3Session, log: &mut Log) {
    log.note("DELE", session.delete_all(&[1, 2]).await);
    log.note("RSET", session.reset().await);
    log.note("DELE", session.delete(1).await);
    log.note("NOOP", session.noop().await);
    match log.note("QUIT", session.quit().await) {
        Some(Pop3Update::Committed { deleted }) => assert!(deleted <= 2),
        Some(Pop3Update::Failed(refusal)) => check_text(&refusal.text),
        Some(Pop3Update::Unknown(error)) => check("QUIT", &error),
        Some(_) | None => {}
    }
}
