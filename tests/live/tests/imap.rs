//! IMAP: mailboxes and the messages in them.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

#[macro_use]
mod common;

use std::time::{Duration, SystemTime};

use common::{WAYS, imap, message, refusal, submit};
use postseal_live::{ALICE, Site, Tokens, UMLAUT, User};
use postseal_session::imap::{
    Change, FetchItems, Fetched, Flag, FlagChange, ImapConnection, ImapSession, MailboxName, PartNumber,
    Role, Search, Selected, Uid, UidSet, UidValidity,
};
use postseal_session::{Credentials, Error, Security};
use postseal_test_server::Protocol;

scenarios! {
    the_usual_mailboxes_have_their_roles;
    mailboxes_are_made_renamed_and_removed;
    an_appended_message_comes_back_to_the_byte;
    what_was_submitted_comes_back_to_the_byte;
    flags_are_set_and_found_again;
    copies_and_moves_say_which_message_became_which;
    expunging_removes_what_was_named_and_no_more;
    many_messages_are_fetched_in_order_with_what_was_asked_for;
    a_search_finds_words_beyond_ascii;
    a_search_finds_what_came_since_the_mailbox_was_selected;
    a_new_message_wakes_who_watches;
    handles_of_another_time_are_refused;
    a_mailbox_that_is_not_there_leaves_the_session_usable;
    a_refused_login_hands_the_connection_back;
    a_bearer_token_logs_in_and_an_expired_one_does_not;
    a_name_and_password_beyond_ascii_log_in;
}

/// How long a server may take to tell of a message: Dovecot waits half a second by itself.
const NEWS: Duration = Duration::from_secs(30);

async fn the_usual_mailboxes_have_their_roles(site: &Site) {
    let session = imap(site, User::guest(), Security::Tls).await;
    let list = session.list().await.unwrap();
    for role in [Role::Inbox, Role::Sent, Role::Drafts, Role::Trash, Role::Junk, Role::Archive] {
        let found: Vec<_> = list.iter().filter(|mailbox| mailbox.role == Some(role)).collect();
        assert_eq!(found.len(), 1, "{role:?} in {list:#?}");
        assert!(found.iter().all(|mailbox| mailbox.selectable), "{found:?}");
    }
}

async fn mailboxes_are_made_renamed_and_removed(site: &Site) {
    let session = imap(site, User::guest(), Security::Tls).await;
    let delimiter = session.list().await.unwrap().first().unwrap().delimiter.unwrap();
    let old = name(&format!("Verträge & Co{delimiter}旅行"));
    let new = name(&format!("Verträge & Co{delimiter}Reise"));
    session.create(&old).await.unwrap();
    session.subscribe(&old).await.unwrap();
    let mailbox = find(&session, &old).await.unwrap();
    assert!(mailbox.selectable && mailbox.subscribed, "{mailbox:?}");

    session.append(&old, message("kept"), &[], None).await.unwrap();
    session.rename(&old, &new).await.unwrap();
    assert_eq!(find(&session, &old).await, None);
    assert_eq!(session.status(&new).await.unwrap().messages, Some(1));

    session.delete(&new).await.unwrap();
    assert_eq!(find(&session, &new).await, None);
    assert_not_there(session.select(&new).await);
}

async fn an_appended_message_comes_back_to_the_byte(site: &Site) {
    let drafts = name("Drafts");
    let received = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let sent = message("line\r\n.\r\nFrom here \t\r\ngrüße {3}\r\n\"\\ ) (");
    for security in WAYS {
        let session = imap(site, User::guest(), security).await;
        let flags = [Flag::Draft, Flag::Seen];
        let uid = session.append(&drafts, sent.clone(), &flags, Some(received)).await.unwrap().unwrap();
        assert_eq!(session.message(&drafts, uid).await, Ok(sent.clone()));

        let items = FetchItems::new().flags().size().received();
        let [found] = fetch(&session, &drafts, uid, items).await.try_into().unwrap();
        assert_eq!((found.size, found.received), (Some(sent.len() as u64), Some(received)));
        assert!(flags.iter().all(|flag| found.flags.as_ref().unwrap().contains(flag)), "{found:?}");
    }
}

async fn what_was_submitted_comes_back_to_the_byte(site: &Site) {
    let (from, to) = (User::guest(), User::guest());
    let sent =
        message(&["", ".", "..", ".dot", "From here", "trailing ", "grüße", &"x".repeat(998)].join("\r\n"));
    submit(site, from, &[to], &sent).await;
    for security in WAYS {
        let session = imap(site, to, security).await;
        let uid = first(&session, &MailboxName::inbox()).await;
        let whole = session.message(&MailboxName::inbox(), uid).await.unwrap();
        assert!(whole.ends_with(&sent), "{}", String::from_utf8_lossy(&whole));
    }
}

async fn flags_are_set_and_found_again(site: &Site) {
    let (session, inbox, [one, two]) = two_messages(site).await;
    let urgent = Flag::keyword("urgent").unwrap();
    let add = FlagChange::Add(vec![Flag::Flagged, urgent.clone()]);
    session.store(&inbox, &UidSet::of([one, two]).unwrap(), &add).await.unwrap();
    session.store(&inbox, &set(two), &FlagChange::Remove(vec![Flag::Flagged])).await.unwrap();
    assert_eq!(session.search(&inbox, &Search::with_flag(Flag::Flagged)).await, Ok(vec![one]));
    assert_eq!(session.search(&inbox, &Search::with_flag(urgent)).await, Ok(vec![one, two]));

    session.store(&inbox, &set(one), &FlagChange::Replace(vec![Flag::Answered])).await.unwrap();
    let [found] = fetch(&session, &inbox, one, FetchItems::new().flags()).await.try_into().unwrap();
    let kept: Vec<_> = found.flags.unwrap().into_iter().filter(|flag| flag.as_str() != "\\Recent").collect();
    assert_eq!(kept, [Flag::Answered]);
    // Looking at a message is not reading it.
    session.message(&inbox, two).await.unwrap();
    assert_eq!(session.search(&inbox, &Search::with_flag(Flag::Seen)).await, Ok(vec![]));
}

async fn copies_and_moves_say_which_message_became_which(site: &Site) {
    let (session, inbox, [one, two]) = two_messages(site).await;
    let archive = name("Archive");
    let copied = session.copy(&inbox, &set(one), &archive).await.unwrap();
    let moved = session.move_to(&inbox, &set(two), &archive).await.unwrap();
    let ([(from_one, first)], [(from_two, second)]) = (copied.as_slice(), moved.as_slice()) else {
        unreachable!("{copied:?} {moved:?}")
    };
    assert_eq!((*from_one, *from_two), (one, two));
    assert_eq!(session.search(&inbox, &Search::all()).await, Ok(vec![one]));
    assert_eq!(session.search(&archive, &Search::all()).await, Ok(vec![*first, *second]));
    assert_eq!(session.message(&archive, *first).await, session.message(&inbox, one).await);
}

async fn expunging_removes_what_was_named_and_no_more(site: &Site) {
    let (session, inbox, [one, two]) = two_messages(site).await;
    let both = UidSet::of([one, two]).unwrap();
    session.store(&inbox, &both, &FlagChange::Add(vec![Flag::Deleted])).await.unwrap();
    session.expunge_uids(&inbox, &set(one)).await.unwrap();
    assert_eq!(session.search(&inbox, &Search::all()).await, Ok(vec![two]));
    assert!(matches!(session.message(&inbox, one).await, Err(Error::NotFound { .. })));
    session.expunge(&inbox).await.unwrap();
    assert_eq!(session.search(&inbox, &Search::all()).await, Ok(vec![]));
}

async fn many_messages_are_fetched_in_order_with_what_was_asked_for(site: &Site) {
    let session = imap(site, User::guest(), Security::Tls).await;
    let inbox = MailboxName::inbox();
    // More than one batch.
    for number in 0..70 {
        session.append(&inbox, message(&format!("number {number}")), &[], None).await.unwrap();
    }
    let validity = session.examine(&inbox).await.unwrap().uid_validity;
    let text = PartNumber::new(&[1]).unwrap();
    let items = FetchItems::new().envelope().structure().header().part(text.clone());
    let mut stream = session.fetch(&inbox, &UidSet::all(validity), &items);
    let mut number = 0;
    while let Some(found) = stream.next().await {
        let found = found.unwrap();
        assert_eq!(found.unreadable, []);
        assert_eq!(found.part(&text), Some(format!("number {number}\r\n").as_bytes()));
        assert_eq!(found.structure.unwrap().media_type, "text/plain");
        let envelope = found.envelope.unwrap();
        assert_eq!(envelope.from.first().unwrap().mailbox.as_deref(), Some(b"alice".as_slice()));
        assert!(found.header.unwrap().ends_with(b"\r\n\r\n"));
        number += 1;
    }
    assert_eq!(number, 70);
}

async fn a_search_finds_words_beyond_ascii(site: &Site) {
    let session = imap(site, User::guest(), Security::Tls).await;
    let inbox = MailboxName::inbox();
    let wanted = b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nFrom: alice@example.test\r\n\r\nhello\r\n";
    let uid = session.append(&inbox, wanted.as_slice(), &[], None).await.unwrap().unwrap();
    session.append(&inbox, message("other"), &[], None).await.unwrap();
    assert_eq!(session.search(&inbox, &Search::subject("Grüße")).await, Ok(vec![uid]));
    let quoted = Search::subject("\"); A1 DELETE INBOX \\").or(Search::body("hello"));
    assert_eq!(session.search(&inbox, &quoted).await, Ok(vec![uid]));
}

async fn a_search_finds_what_came_since_the_mailbox_was_selected(site: &Site) {
    let (user, inbox) = (User::guest(), MailboxName::inbox());
    let (session, other) = (imap(site, user, Security::Tls).await, imap(site, user, Security::Tls).await);
    assert_eq!(session.search(&inbox, &Search::all()).await, Ok(vec![]));
    let uid = other.append(&inbox, message("late"), &[], None).await.unwrap().unwrap();
    assert_eq!(session.search(&inbox, &Search::all()).await, Ok(vec![uid]));
}

async fn a_new_message_wakes_who_watches(site: &Site) {
    let (from, to) = (User::guest(), User::guest());
    let session = imap(site, to, Security::Tls).await;
    let mut watch = session.watch(&MailboxName::inbox()).await.unwrap();
    submit(site, from, &[to], &message("news")).await;
    let change = tokio::time::timeout(NEWS, watch.next()).await.unwrap();
    assert_eq!(change, Ok(Change::Exists(1)), "{}", site.log());
    // Other calls go on meanwhile, and so does the watch after them.
    assert_eq!(session.search(&MailboxName::inbox(), &Search::all()).await.unwrap().len(), 1);
    submit(site, from, &[to], &message("more news")).await;
    assert_eq!(tokio::time::timeout(NEWS, watch.next()).await.unwrap(), Ok(Change::Exists(2)));
    session.close().await.unwrap();
}

async fn handles_of_another_time_are_refused(site: &Site) {
    let (session, inbox, [one, _]) = two_messages(site).await;
    let actual = one.validity().value();
    let other = UidValidity::new(actual ^ 1).unwrap();
    let stale = set(Uid::new(other, one.number()).unwrap());
    let refused = session.store(&inbox, &stale, &FlagChange::Add(vec![Flag::Deleted])).await;
    assert_eq!(refused, Err(Error::UidValidityChanged { expected: other.value(), actual }));
    assert_eq!(session.search(&inbox, &Search::with_flag(Flag::Deleted)).await, Ok(vec![]));
}

async fn a_mailbox_that_is_not_there_leaves_the_session_usable(site: &Site) {
    let session = imap(site, User::guest(), Security::Tls).await;
    let nowhere = name("Nowhere");
    assert_not_there(session.select(&nowhere).await);
    assert!(matches!(
        session.append(&nowhere, message("lost"), &[], None).await,
        Err(Error::NotFound { .. })
    ));
    assert_eq!(session.noop().await, Ok(()));
}

async fn a_refused_login_hands_the_connection_back(site: &Site) {
    let user = User::guest();
    for security in WAYS {
        let connection = connect(site, security).await;
        let wrong = User { password: "not the password", ..user }.credentials().unwrap();
        let denied = connection.log_in(&wrong).await.unwrap_err();
        assert_eq!(refusal(&denied.error).response_code.as_deref(), Some("AUTHENTICATIONFAILED"));
        let again = denied.connection.unwrap().log_in(&user.credentials().unwrap()).await.unwrap();
        assert_eq!(again.noop().await, Ok(()));
    }
}

async fn a_bearer_token_logs_in_and_an_expired_one_does_not(site: &Site) {
    let connection = connect(site, Security::Tls).await;
    let expired = Credentials::token(ALICE.address, Tokens::expired()).unwrap();
    let denied = connection.log_in(&expired).await.unwrap_err();
    assert!(matches!(denied.error, Error::LoginRefused(_)), "{denied:?}");
    let valid = Credentials::token(ALICE.address, Tokens::valid()).unwrap();
    assert_eq!(denied.connection.unwrap().log_in(&valid).await.unwrap().noop().await, Ok(()));
}

async fn a_name_and_password_beyond_ascii_log_in(site: &Site) {
    assert_eq!(imap(site, UMLAUT, Security::Tls).await.noop().await, Ok(()));
}

/// Servers with a response code say that there is no such mailbox; Dovecot 2.3 answers SELECT with a NO and a text for people.
fn assert_not_there(selected: Result<Selected, Error>) {
    match selected {
        Err(Error::NotFound { .. }) => {}
        Err(Error::Refused(refusal)) => {
            assert_eq!((refusal.command, refusal.response_code), ("SELECT", None), "{}", refusal.text);
        }
        other => unreachable!("{other:?}"),
    }
}

/// A session of a new user, and the two messages in their INBOX.
async fn two_messages(site: &Site) -> (ImapSession, MailboxName, [Uid; 2]) {
    let session = imap(site, User::guest(), Security::Tls).await;
    let inbox = MailboxName::inbox();
    let one = session.append(&inbox, message("one"), &[], None).await.unwrap().unwrap();
    let two = session.append(&inbox, message("two"), &[], None).await.unwrap().unwrap();
    (session, inbox, [one, two])
}

/// The first message of a mailbox, once there is one.
async fn first(session: &ImapSession, mailbox: &MailboxName) -> Uid {
    for _ in 0..100 {
        if let Some(uid) = session.search(mailbox, &Search::all()).await.unwrap().first() {
            return *uid;
        }
        tokio::time::sleep(NEWS / 100).await;
    }
    unreachable!("no message came")
}

async fn fetch(session: &ImapSession, mailbox: &MailboxName, uid: Uid, items: FetchItems) -> Vec<Fetched> {
    let mut stream = session.fetch(mailbox, &set(uid), &items);
    let mut all = Vec::new();
    while let Some(found) = stream.next().await {
        all.push(found.unwrap());
    }
    all
}

async fn find(session: &ImapSession, wanted: &MailboxName) -> Option<postseal_session::imap::MailboxInfo> {
    session.list().await.unwrap().into_iter().find(|mailbox| mailbox.name == *wanted)
}

async fn connect(site: &Site, security: Security) -> ImapConnection {
    let server = site.server(Protocol::Imap, security).unwrap();
    ImapConnection::open(&site.connector().unwrap(), &server).await.unwrap()
}

fn name(text: &str) -> MailboxName {
    MailboxName::new(text).unwrap()
}

fn set(uid: Uid) -> UidSet {
    UidSet::of([uid]).unwrap()
}
