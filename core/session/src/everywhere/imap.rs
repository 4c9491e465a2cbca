//! The IMAP session that is broken everywhere.

use std::time::{Duration, SystemTime};

use futures::TryStreamExt as _;
use tokio::io::DuplexStream;

use super::diary::Diary;
use super::{ALICE, credentials};
use crate::imap::{FetchItems, Flag, FlagChange, MailboxName, Search, Uid, UidSet};
use crate::{Error, ImapSession};

pub(super) const MESSAGES: [&[u8]; 3] = [
    b"Subject: one\r\nFrom: Alice <alice@example.test>\r\n\r\nhello\r\n",
    b"Subject: two\r\n\r\nhello again\r\n",
    b"Subject: three\r\n\r\n\r\n",
];

/// A move by a server that has no MOVE: it takes three commands, and may end between them.
pub(super) const MOVE_IN_STEPS: &str = "COPY, STORE and EXPUNGE";

pub(super) fn name(text: &str) -> MailboxName {
    MailboxName::new(text).unwrap()
}

/// Nearly everything that a session can do.
pub(super) async fn walk(diary: &mut Diary<'_>, stream: DuplexStream) -> Result<(), Error> {
    let connection = diary.reach("open", super::imap(stream).await)?;
    let denied = connection.log_in(&credentials()).await;
    let session = diary.reach("log in", denied.map_err(Error::from))?;
    _ = everything(diary, &session).await;
    _ = diary.note("NOOP", session.noop().await);
    diary.note("close", session.close().await)
}

async fn everything(diary: &mut Diary<'_>, session: &ImapSession) -> Result<(), Error> {
    mailboxes(diary, session).await?;
    let inbox = MailboxName::inbox();
    diary.note("EXAMINE", session.examine(&inbox).await)?;
    let found = diary.note("SEARCH", session.search(&inbox, &Search::all()).await)?;
    let &[first, second, third] = found.as_slice() else { panic!("{found:?}") };
    look(diary, session, &UidSet::of(found.iter().copied())?).await?;
    change(diary, session, [first, second, third]).await?;
    watch(diary, session).await
}

async fn mailboxes(diary: &mut Diary<'_>, session: &ImapSession) -> Result<(), Error> {
    diary.note("LIST", session.list().await)?;
    diary.note("STATUS", session.status(&MailboxName::inbox()).await)?;
    diary.note("CREATE", session.create(&name("Entwürfe & mehr")).await)?;
    diary.note("SUBSCRIBE", session.subscribe(&name("Entwürfe & mehr")).await)?;
    diary.note("UNSUBSCRIBE", session.unsubscribe(&name("Entwürfe & mehr")).await)?;
    diary.note("RENAME", session.rename(&name("Entwürfe & mehr"), &name("new")).await)?;
    diary.note("DELETE", session.delete(&name("Junk")).await)?;
    diary.note("ID", session.id(&[("name", "test")]).await).map(drop)
}

/// Reads, and changes nothing.
async fn look(diary: &mut Diary<'_>, session: &ImapSession, uids: &UidSet) -> Result<(), Error> {
    let inbox = MailboxName::inbox();
    let items = FetchItems::new().flags().size().envelope().structure().header();
    let listed: Result<Vec<_>, _> = session.fetch(&inbox, uids, &items).try_collect().await;
    diary.note("FETCH headers", listed)?;
    let whole: Result<Vec<_>, _> =
        session.fetch(&inbox, uids, &FetchItems::new().whole()).try_collect().await;
    diary.note("FETCH whole", whole).map(drop)
}

async fn change(diary: &mut Diary<'_>, session: &ImapSession, uids: [Uid; 3]) -> Result<(), Error> {
    let (inbox, [first, second, third]) = (MailboxName::inbox(), uids);
    let deleted = FlagChange::Add(vec![Flag::Deleted, Flag::keyword("work")?]);
    diary.note("COPY", session.copy(&inbox, &second.into(), &name("Archive")).await)?;
    let step = if session.capabilities().has("MOVE") { "MOVE" } else { MOVE_IN_STEPS };
    diary.note(step, session.move_to(&inbox, &second.into(), &name("Trash")).await)?;
    let received = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let appended = session.append(&name("new"), MESSAGES[0], &[Flag::Seen], Some(received)).await;
    diary.note("APPEND", appended)?;
    diary.note("SELECT", session.select(&inbox).await)?;
    diary.note("STORE", session.store(&inbox, &UidSet::of([first, third])?, &deleted).await)?;
    diary.note("UID EXPUNGE", session.expunge_uids(&inbox, &first.into()).await)?;
    diary.note("EXPUNGE", session.expunge(&inbox).await)
}

async fn watch(diary: &mut Diary<'_>, session: &ImapSession) -> Result<(), Error> {
    let mut watch = diary.reach("watch", session.watch(&MailboxName::inbox()).await)?;
    diary.server().deliver(ALICE, "INBOX", MESSAGES[1]);
    diary.note("news", watch.next().await).map(drop)
}
