//! The POP3 session that is broken everywhere.

use tokio::io::DuplexStream;

use super::credentials;
use super::diary::{Claim, Diary};
use crate::{Error, Pop3Session, Pop3Update};

pub(super) const MESSAGES: [&[u8]; 3] = [
    b"Subject: one\r\n\r\n.\r\n..\r\nhello\r\n",
    b"Subject: two\r\n\r\nx\r\n",
    b"Subject: three\r\n\r\n\r\n",
];

/// Everything that a session can do; in the end one message is deleted.
pub(super) async fn walk(diary: &mut Diary<'_>, stream: DuplexStream) -> Result<(), Error> {
    let connection = diary.reach("open", super::pop3(stream).await)?;
    let denied = connection.log_in(&credentials()).await;
    let session = diary.reach("log in", denied.map_err(Error::from))?;
    if everything(diary, &session).await.is_ok() {
        quit(diary, &session).await;
    } else {
        _ = diary.note("NOOP", session.noop().await);
    }
    diary.note("close", session.close().await)
}

async fn everything(diary: &mut Diary<'_>, session: &Pop3Session) -> Result<(), Error> {
    diary.note("STAT", session.stat().await)?;
    let messages = diary.note("LIST", session.messages().await)?;
    diary.note("TOP", session.top(1, 1, 1000).await)?;
    diary.note("RETR", read(session).await)?;
    let mut all = session.retrieve_all(messages, 1000);
    while let Some(retrieved) = diary.note("retrieve all", all.next().await)? {
        retrieved.bytes?;
    }
    diary.note("DELE", session.delete_all(&[1, 3]).await)?;
    diary.note("RSET", session.reset().await)?;
    diary.note("DELE", session.delete(2).await)?;
    diary.note("NOOP", session.noop().await)
}

async fn read(session: &Pop3Session) -> Result<Vec<u8>, Error> {
    let (mut stream, mut message) = (session.retrieve(1).await?, Vec::new());
    while let Some(chunk) = stream.next_chunk().await? {
        message.extend_from_slice(&chunk);
    }
    Ok(message)
}

async fn quit(diary: &mut Diary<'_>, session: &Pop3Session) {
    let claim = match session.quit().await {
        Ok(Pop3Update::Committed { deleted }) => Claim::Done(deleted.to_string()),
        Ok(Pop3Update::Unknown(error)) => Claim::Unknown(error),
        Ok(Pop3Update::Failed(refusal)) => panic!("nobody refused: {refusal:?}"),
        Err(error) => Claim::NotDone(error),
    };
    diary.claim("QUIT", claim);
}
