//! Everything that an IMAP session can do.

use std::time::{Duration, SystemTime};

use postseal_session::imap::{
    Change, Date, FetchItems, Fetched, Flag, FlagChange, MailboxName, PartNumber, Search, Structure, Uid,
    UidSet, UidValidity, Unreadable,
};
use postseal_session::{Error, ImapConnection, ImapSession};

use crate::log::{Log, check_text, password, token};

/// A message of two parts.
const MESSAGE: &[u8] = b"From: Bob <bob@example.test>\r\nTo: alice@example.test\r\nSubject: =?utf-8?q?sch=C3=B6n?=\r\n\
    Message-ID: <1@example.test>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
    --b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\ntext\r\n\
    --b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=a.bin\r\n\r\n\xffx\r\n\
    --b--\r\n";
/// One of a few lines.
const NOTE: &[u8] = b"Subject: a note\r\n\r\nto self\r\n";

/// The deepest that a structure may be, as the parser promises.
const MAX_DEPTH: usize = 32;
/// How many changes are waited for, and how long for each.
const CHANGES: usize = 4;
const MOMENT: Duration = Duration::from_millis(200);

/// Holds a session from the login to the farewell.
pub(crate) async fn talk(opened: Result<ImapConnection, Error>) -> Log {
    let mut log = Log::default();
    let Some(connection) = log.note("open", opened) else { return log };
    let session = match log.note_login(connection.log_in(&password()).await) {
        Ok(session) => session,
        Err(None) => return log,
        Err(Some(again)) => match log.note_login(again.log_in(&token()).await) {
            Ok(session) => session,
            Err(_) => return log,
        },
    };
    let work = manage(&session, &mut log).await;
    if let Some(validity) = fill(&session, &work, &mut log).await {
        read(&session, &work, validity, &mut log).await;
        change(&session, &work, validity, &mut log).await;
    }
    clear(&session, &work, &mut log).await;
    watch(&session, &mut log).await;
    session.take_alerts().iter().for_each(|alert| check_text(alert));
    assert_eq!(session.close().await, Ok(()));
    assert!(session.is_closed());
    log
}

fn mailbox(name: &str) -> MailboxName {
    MailboxName::new(name).unwrap()
}

/// Looks at the mailboxes, and makes one to work in.
async fn manage(session: &ImapSession, log: &mut Log) -> MailboxName {
    let (first, work) = (mailbox("Würfel"), mailbox("Work & play"));
    log.note("ID", session.id(&[("name", "postseal")]).await);
    for found in log.note("LIST", session.list().await).unwrap_or_default() {
        assert!(!found.name.as_str().contains(['\r', '\n', '\0']), "{:?}", found.name);
    }
    log.note("CREATE", session.create(&first).await);
    log.note("RENAME", session.rename(&first, &work).await);
    log.note("SUBSCRIBE", session.subscribe(&work).await);
    log.note("UNSUBSCRIBE", session.unsubscribe(&work).await);
    log.note("STATUS", session.status(&work).await);
    work
}

/// Puts two messages into the mailbox.
async fn fill(session: &ImapSession, work: &MailboxName, log: &mut Log) -> Option<UidValidity> {
    let received = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let keyword = Flag::keyword("$Fuzzed").unwrap();
    log.note("APPEND", session.append(work, MESSAGE, &[Flag::Seen, keyword], Some(received)).await);
    log.note("APPEND", session.append(work, NOTE, &[], Some(received)).await);
    let selected = log.note("EXAMINE", session.examine(work).await)?;
    Some(log.note("SELECT", session.select(work).await).unwrap_or(selected).uid_validity)
}

async fn read(session: &ImapSession, work: &MailboxName, validity: UidValidity, log: &mut Log) {
    let words = Search::from("Zoë").or(Search::header("Subject", "\"quoted\"").negate());
    let search = words.and(Search::since(Date::new(2001, 2, 3).unwrap())).and(Search::with_flag(Flag::Seen));
    let found = log.note("SEARCH", session.search(work, &search).await).unwrap_or_default();
    assert!(found.is_sorted_by(|one, next| one.number() < next.number()), "{found:?}");

    let all = UidSet::all(validity);
    let facts = FetchItems::new().flags().size().received().envelope().structure().header();
    fetch(session, work, &all, &facts, log).await;
    fetch(session, work, &all, &FetchItems::new().whole(), log).await;
    let part = |steps: &[u32]| PartNumber::new(steps).unwrap();
    let parts = FetchItems::new().part(part(&[1])).part_header(part(&[2])).part(part(&[2]));
    fetch(session, work, &all, &parts.header_fields(&["Subject", "X-None"]).unwrap(), log).await;
    log.note("a message", session.message(work, uid(validity, 2)).await);
}

fn uid(validity: UidValidity, number: u32) -> Uid {
    Uid::new(validity, number).unwrap()
}

async fn fetch(session: &ImapSession, work: &MailboxName, uids: &UidSet, items: &FetchItems, log: &mut Log) {
    let mut stream = session.fetch(work, uids, items);
    let mut last = None;
    while let Some(outcome) = stream.next().await {
        let Some(message) = log.note("FETCH", outcome) else { return };
        assert!(last < Some(message.uid.number()), "{last:?} comes before {}", message.uid.number());
        last = Some(message.uid.number());
        check(&message, uids);
    }
}

/// What holds for every message that is handed out.
fn check(message: &Fetched, uids: &UidSet) {
    assert!(uids.contains(message.uid), "{:?} was not asked for", message.uid);
    for unreadable in &message.unreadable {
        if let Unreadable::Malformed { item } = unreadable {
            check_text(item);
        }
    }
    if let Some(structure) = &message.structure {
        check_structure(structure, 0);
    }
}

fn check_structure(structure: &Structure, depth: usize) {
    assert!(depth <= MAX_DEPTH);
    structure.parts().iter().for_each(|part| check_structure(part, depth + 1));
}

async fn change(session: &ImapSession, work: &MailboxName, validity: UidValidity, log: &mut Log) {
    let (first, both) = (UidSet::from(uid(validity, 1)), UidSet::all(validity));
    let archive = mailbox("Archive");
    for change in [
        FlagChange::Add(vec![Flag::Flagged]),
        FlagChange::Remove(vec![Flag::Seen]),
        FlagChange::Replace(vec![Flag::Answered]),
    ] {
        log.note("STORE", session.store(work, &both, &change).await);
    }
    let copied = log.note("COPY", session.copy(work, &first, &archive).await).unwrap_or_default();
    let moved = log.note("MOVE", session.move_to(work, &first, &archive).await).unwrap_or_default();
    for (from, _) in copied.iter().chain(&moved) {
        assert!(first.contains(*from), "{from:?} was not asked for");
    }
    log.note("STORE", session.store(work, &both, &FlagChange::Add(vec![Flag::Deleted])).await);
    log.note("UID EXPUNGE", session.expunge_uids(work, &both).await);
    log.note("EXPUNGE", session.expunge(work).await);
}

async fn clear(session: &ImapSession, work: &MailboxName, log: &mut Log) {
    log.note("DELETE", session.delete(work).await);
    log.note("NOOP", session.noop().await);
}

/// Listens for news for a moment.
async fn watch(session: &ImapSession, log: &mut Log) {
    let Some(mut watch) = log.note("watch", session.watch(&MailboxName::inbox()).await) else { return };
    for _ in 0..CHANGES {
        let Ok(change) = tokio::time::timeout(MOMENT, watch.next()).await else { return };
        match log.note("a change", change) {
            Some(Change::Expunged(count)) => assert!(count > 0),
            Some(_) => {}
            None => return,
        }
    }
}
