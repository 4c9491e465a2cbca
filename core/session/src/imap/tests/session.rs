//! What is said in a session, and what is made of the answers.

use std::time::{Duration, UNIX_EPOCH};

use super::*;
use crate::imap::{Date, FetchItems, Flag, FlagChange, PartNumber, Role, Search, UidValidity, Unreadable};
use crate::{PeerFault, Refusal};

const EXAMINE: &str = "
    C: {x} EXAMINE \"INBOX\"
    S: * 3 EXISTS
    S: * OK [UIDVALIDITY 9] ok
    S: * OK [UIDNEXT 10] ok
    S: {x} OK [READ-ONLY] in
";
const SELECT: &str = "
    C: {x} SELECT \"INBOX\"
    S: * FLAGS (\\\\Seen work)
    S: * OK [PERMANENTFLAGS (\\\\Seen \\\\*)] limited
    S: * 3 EXISTS
    S: * 0 RECENT
    S: * OK [UIDVALIDITY 9] ok
    S: * OK [UIDNEXT 10] ok
    S: {x} OK [READ-WRITE] in
";

const BYE: &str = "
    C: {z} LOGOUT
    S: * BYE
    S: {z} OK
";

#[tokio::test]
async fn select_tells_of_the_mailbox() {
    play("", &[SELECT, EXAMINE, BYE].concat(), async |session: ImapSession| {
        let selected = session.select(&inbox()).await.unwrap();
        assert_eq!((selected.exists, selected.uid_next), (3, Some(10)));
        assert_eq!(selected.uid_validity, validity(9));
        assert_eq!(selected.flags, [Flag::Seen, Flag::keyword("work").unwrap()]);
        assert_eq!(selected.permanent_flags, [Flag::Seen]);
        assert!(selected.allows_new_keywords && !selected.read_only);
        assert!(session.examine(&inbox()).await.unwrap().read_only);
        session.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_mailbox_is_selected_once_and_for_what_is_needed() {
    let script = [
        EXAMINE,
        "
        C: {a} UID SEARCH UNSEEN
        S: * SEARCH 7 3 7
        S: {a} OK
        C: {a} NOOP
        S: {a} OK
        C: {a} UID SEARCH CHARSET UTF-8 SUBJECT {7}
        S: + ok
        C: Grüße
        S: * SEARCH
        S: {a} OK
        ",
        SELECT,
        "
        C: {a} UID STORE 3,7 +FLAGS.SILENT (\\\\Seen $Junk)
        S: {a} OK
        C: {a} NOOP
        S: {a} OK
        C: {a} UID SEARCH (ALL ALL LARGER 5)
        S: {a} OK
        ",
        BYE,
    ]
    .concat();
    play("", &script, async |session: ImapSession| {
        let unseen = Search::without_flag(Flag::Seen);
        let found = session.search(&inbox(), &unseen).await.unwrap();
        assert_eq!(found, [uid(3), uid(7)]);
        assert_eq!(session.search(&inbox(), &Search::subject("Grüße")).await.unwrap(), []);
        let change = FlagChange::Add(vec![Flag::Seen, Flag::Junk]);
        session.store(&inbox(), &UidSet::of(found).unwrap(), &change).await.unwrap();
        let search = Search::all().and(Search::larger(5));
        assert_eq!(session.search(&inbox(), &search).await.unwrap(), []);
        session.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_changed_uidvalidity_is_an_error_of_its_own() {
    play("", &[EXAMINE, BYE].concat(), async |session: ImapSession| {
        let old = Uid::new(validity(8), 1).unwrap();
        let changed = Error::UidValidityChanged { expected: 8, actual: 9 };
        assert_eq!(session.message(&inbox(), old).await, Err(changed.clone()));
        assert_eq!(session.copy(&inbox(), &old.into(), &inbox()).await, Err(changed.clone()));
        assert_eq!(session.search(&inbox(), &Search::uids(old.into())).await, Err(changed));
        session.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn one_broken_item_leaves_the_others() {
    let script = [
        EXAMINE,
        r#"
        C: {a} UID FETCH 1:4 (UID FLAGS INTERNALDATE ENVELOPE BODY.PEEK[HEADER.FIELDS (X-A)])
        S: * 1 FETCH (UID 1 FLAGS (\\Seen) INTERNALDATE NIL ENVELOPE ("a" NIL) BODY[HEADER.FIELDS (X-A)] {6}
        S| X-A: b
        S: )
        S: * 2 FETCH (FLAGS () UID 2 INTERNALDATE "17-Jul-1996 02:44:25 -0700" ENVELOPE (NIL "a\\"b" NIL NIL NIL NIL NIL NIL NIL NIL) BODY[HEADER.FIELDS ("X-A")] "")
        S: * 9 FETCH (FLAGS (\\Answered))
        S: * 3 FETCH (UID 3 ENVELOPE ("unclosed)
        S: * 7 EXISTS
        S: {a} OK
        "#,
        BYE,
    ]
    .concat();
    play("", &script, async |session: ImapSession| {
        let items = FetchItems::new().flags().received().envelope().header_fields(&["X-A"]).unwrap();
        let mut stream = session.fetch(&inbox(), &uids(&[1, 2, 3, 4]), &items);
        let first = stream.next().await.unwrap().unwrap();
        assert_eq!((first.uid, first.flags), (uid(1), Some(vec![Flag::Seen])));
        assert_eq!((first.envelope, first.received), (None, None));
        assert_eq!(first.header.as_deref(), Some(&b"X-A: b"[..]));
        let malformed = |item: &str| Unreadable::Malformed { item: item.to_owned() };
        assert_eq!(first.unreadable, [malformed("INTERNALDATE"), malformed("ENVELOPE")]);
        let second = stream.next().await.unwrap().unwrap();
        assert_eq!(second.envelope.unwrap().subject.as_deref(), Some(&b"a\"b"[..]));
        assert_eq!(second.received, Some(UNIX_EPOCH + Duration::from_secs(837_596_665)));
        assert_eq!((second.header.as_deref(), second.unreadable), (Some(&b""[..]), vec![]));
        let third = stream.next().await.unwrap().unwrap();
        assert_eq!((third.uid, third.unreadable), (uid(3), vec![malformed("ENVELOPE"), malformed("FETCH")]));
        assert!(stream.next().await.is_none());
        assert!(stream.next().await.is_none());
        session.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_message_that_cannot_be_read_leaves_the_session_usable() {
    let script = [
        EXAMINE,
        "
        C: {a} UID FETCH 1 (UID RFC822.SIZE)
        S: * 1 FETCH (UID 1 RFC822.SIZE 2)
        S: {a} OK
        C: {a} UID FETCH 1 (UID BODY.PEEK[])
        S: * 1 FETCH (UID 1 BODY[] (hi))
        S: {a} OK
        C: {a} NOOP
        S: {a} OK
        ",
        BYE,
    ]
    .concat();
    play("", &script, async |session: ImapSession| {
        let malformed = Err(Error::Malformed { item: "BODY[]".to_owned() });
        assert_eq!(session.message(&inbox(), uid(1)).await, malformed);
        assert_eq!(session.noop().await, Ok(()));
        session.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn batches_are_made_by_size_one_ahead_and_leave_room_between() {
    let script = [
        EXAMINE,
        "
        C: {a} UID FETCH 1:5 (UID RFC822.SIZE)
        S: * 1 FETCH (UID 1 RFC822.SIZE 3000000)
        S: * 2 FETCH (UID 2 RFC822.SIZE 2000000)
        S: * 4 FETCH (UID 4 RFC822.SIZE 99999999999)
        S: * 5 FETCH (UID 5 RFC822.SIZE 4000000)
        S: {a} OK
        C: {a} UID FETCH 1 (UID BODY.PEEK[] BODY.PEEK[2.1])
        S: * 1 FETCH (UID 1 BODY[] {2}
        S| hi
        S:  BODY[2.1] NIL)
        S: {a} OK
        C: {a} UID FETCH 2 (UID BODY.PEEK[] BODY.PEEK[2.1])
        S: * 2 FETCH (UID 2 BODY[2.1] NIL BODY[] {0}
        S: )
        S: {a} OK
        C: {a} NOOP
        S: {a} OK
        C: {a} UID FETCH 5 (UID BODY.PEEK[] BODY.PEEK[2.1])
        S: {a} OK
        ",
        BYE,
    ]
    .concat();
    play("", &script, async |session: ImapSession| {
        let part = PartNumber::new(&[2, 1]).unwrap();
        let items = FetchItems::new().whole().part(part.clone());
        let mut stream = session.fetch(&inbox(), &uids(&[1, 2, 3, 4, 5]), &items);
        let first = stream.next().await.unwrap().unwrap();
        assert_eq!((first.whole.as_deref(), first.part(&part)), (Some(&b"hi"[..]), None));
        session.noop().await.unwrap();
        let second = stream.next().await.unwrap().unwrap();
        assert_eq!((second.uid, second.whole.as_deref()), (uid(2), Some(&b""[..])));
        let too_large = stream.next().await.unwrap().unwrap();
        assert_eq!(
            (too_large.uid, too_large.unreadable),
            (uid(4), vec![Unreadable::TooLarge { size: 99_999_999_999 }])
        );
        assert!(stream.next().await.is_none());
        session.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn what_came_whole_before_a_failure_is_handed_out() {
    let script = [
        EXAMINE,
        "
        C: {a} UID FETCH 1:2 (UID RFC822.SIZE)
        S: * 1 FETCH (UID 1 RFC822.SIZE 2)
        S: * 2 FETCH (UID 2 RFC822.SIZE 2)
        S: {a} OK
        C: {a} UID FETCH 1:2 (UID BODY.PEEK[])
        S: * 1 FETCH (UID 1 BODY[] {2}
        S| hi
        S: )
        S: * BYE gone
        ",
    ]
    .concat();
    play("", &script, async |session: ImapSession| {
        let mut stream = session.fetch(&inbox(), &uids(&[1, 2]), &FetchItems::new().whole());
        assert_eq!(stream.next().await.unwrap().unwrap().whole.as_deref(), Some(&b"hi"[..]));
        let gone = PeerFault::Goodbye { text: "gone".to_owned() };
        assert_eq!(stream.next().await, Some(Err(gone.into())));
        assert!(stream.next().await.is_none());
    })
    .await;
}

#[tokio::test]
async fn sizes_are_asked_for_in_lines_of_a_bounded_length() {
    // Every second UID is a range of its own: 64 of them make a line, and 1024 in a row do.
    let odd: Vec<u32> = (0..65).map(|number| 2 * number + 1).collect();
    let row: Vec<u32> = (1001..=2025).collect();
    let script = [
        EXAMINE,
        &format!(
            "
        C: {{a}} UID SEARCH UID 1:*
        S: * SEARCH {}
        S: {{a}} OK
        C: {{a}} UID FETCH {} (UID RFC822.SIZE)
        S: {{a}} OK
        C: {{a}} UID FETCH 129,1001:2023 (UID RFC822.SIZE)
        S: {{a}} OK
        C: {{a}} UID FETCH 2024:2025 (UID RFC822.SIZE)
        S: {{a}} OK
        ",
            numbers(&[&odd[..], &row].concat(), " "),
            numbers(&odd[..64], ","),
        ),
        BYE,
    ]
    .concat();
    play("", &script, async |session: ImapSession| {
        let all = UidSet::starting_at(uid(1));
        let mut stream = session.fetch(&inbox(), &all, &FetchItems::new().whole());
        assert!(stream.next().await.is_none());
        session.close().await.unwrap();
    })
    .await;
}

fn numbers(numbers: &[u32], between: &str) -> String {
    numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(between)
}

#[tokio::test]
async fn a_large_set_is_searched_for_and_taken_in_batches_of_64() {
    let found: Vec<String> = (1..=70).map(|number| number.to_string()).collect();
    let script = [
        EXAMINE,
        &format!(
            "
        C: {{a}} UID SEARCH UID 5:*
        S: * SEARCH {}
        S: {{a}} OK
        C: {{a}} UID FETCH 5:68 (UID)
        S: * 1 FETCH (UID 5)
        S: {{a}} OK
        C: {{a}} UID FETCH 69:70 (UID)
        S: {{a}} OK
        ",
            found.join(" ")
        ),
        BYE,
    ]
    .concat();
    play("", &script, async |session: ImapSession| {
        let mut stream = session.fetch(&inbox(), &UidSet::starting_at(uid(5)), &FetchItems::new());
        // A wait that is dropped loses nothing.
        assert!(futures::poll!(Box::pin(stream.next())).is_pending());
        assert_eq!(stream.next().await.unwrap().unwrap().uid, uid(5));
        assert!(stream.next().await.is_none());
        session.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn append_waits_for_consent_and_tells_the_handle() {
    let script = [
        "
        C: {a} APPEND \"Entw&APw-rfe\" (\\\\Draft) \"01-Jan-1970 00:00:00 +0000\" {5}
        S: * 4 EXISTS
        S: + go
        C| a\\r\\nb
        C|  \\r\\n
        S: {a} OK [APPENDUID 77 12] done
        C: {a} APPEND \"Sent\" () {1}
        S: {a} NO [TRYCREATE] no such mailbox
        C: {a} APPEND \"Sent\" () {1}
        S: {a} NO [OVERQUOTA] full
        ",
        BYE,
    ]
    .concat();
    play("", &script, async |session: ImapSession| {
        let drafts = MailboxName::new("Entwürfe").unwrap();
        let handle = session.append(&drafts, "a\r\nb ", &[Flag::Draft], Some(UNIX_EPOCH)).await;
        assert_eq!(handle, Ok(Uid::new(UidValidity::new(77).unwrap(), 12)));
        let sent = MailboxName::new("Sent").unwrap();
        assert_eq!(session.append(&sent, "x", &[], None).await, Err(Error::NotFound { what: "mailbox" }));
        let refusal =
            Refusal { response_code: Some("OVERQUOTA".to_owned()), ..Refusal::new("APPEND", b"full") };
        assert_eq!(session.append(&sent, "x", &[], None).await, Err(Error::Refused(refusal)));
        let nul = Error::invalid("message", "it holds a NUL, which IMAP can't carry");
        assert_eq!(session.append(&sent, "\0", &[], None).await, Err(nul));
        session.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_literal_goes_along_where_the_server_takes_it() {
    let script = [
        "
        C: {a} APPEND \"INBOX\" () {2+}
        C: hi
        S: {a} OK
        ",
        BYE,
    ]
    .concat();
    play("LITERAL+", &script, async |session: ImapSession| {
        assert_eq!(session.append(&inbox(), "hi", &[], None).await, Ok(None));
        session.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_move_is_one_step_or_three_and_never_expunges_for_others() {
    let archive = "\"Archive\"";
    let there = |number| Uid::new(validity(5), number).unwrap();
    for (capabilities, steps, moved) in [
        (
            "MOVE UIDPLUS",
            format!(
                "C: {{a}} UID MOVE 3,7 {archive}
                S: * OK [COPYUID 5 3,7 20:21] moved
                S: * 1 EXPUNGE
                S: {{a}} OK"
            ),
            vec![(uid(3), there(20)), (uid(7), there(21))],
        ),
        (
            "UIDPLUS",
            format!(
                "C: {{a}} UID COPY 3,7 {archive}
                S: {{a}} OK [COPYUID 5 3,7 20:21] copied
                C: {{a}} UID STORE 3,7 +FLAGS.SILENT (\\\\Deleted)
                S: {{a}} OK
                C: {{a}} UID EXPUNGE 3,7
                S: {{a}} OK"
            ),
            vec![(uid(3), there(20)), (uid(7), there(21))],
        ),
        (
            "",
            format!(
                "C: {{a}} UID COPY 3,7 {archive}
                S: {{a}} OK
                C: {{a}} UID STORE 3,7 +FLAGS.SILENT (\\\\Deleted)
                S: {{a}} OK"
            ),
            vec![],
        ),
    ] {
        let script = [SELECT, "\n", &steps, BYE].concat();
        play(capabilities, &script, async |session: ImapSession| {
            let archive = MailboxName::new("Archive").unwrap();
            assert_eq!(session.move_to(&inbox(), &uids(&[3, 7]), &archive).await, Ok(moved.clone()));
            if !capabilities.contains("UIDPLUS") {
                let missing = Error::Unsupported { extension: "UIDPLUS" };
                assert_eq!(session.expunge_uids(&inbox(), &uids(&[3])).await, Err(missing));
            }
            session.close().await.unwrap();
        })
        .await;
    }
}

#[tokio::test]
async fn mailboxes_are_listed_with_all_that_the_server_knows() {
    let extended = r#"
        C: {a} LIST "" "*" RETURN (SUBSCRIBED CHILDREN SPECIAL-USE)
        S: * LIST (\\Subscribed \\HasNoChildren) "/" INBOX
        S: * LIST (\\NonExistent \\HasChildren) "/" {4}
        S: Work
        S: * LIST (\\Sent) "/" "Work/Gesendet &- alt"
        S: * LIST (broken
        S: * LIST () "\\\\" a\xff
        S: {a} OK
    "#;
    play("LIST-EXTENDED SPECIAL-USE", &[extended, BYE].concat(), async |session: ImapSession| {
        let listed = session.list().await.unwrap();
        let brief: Vec<_> = listed
            .iter()
            .map(|info| (info.name.as_str(), info.role, info.selectable, info.subscribed, info.has_children))
            .collect();
        let expected = [
            ("INBOX", Some(Role::Inbox), true, true, false),
            ("Work", None, false, false, true),
            ("Work/Gesendet & alt", Some(Role::Sent), true, false, false),
            ("a\u{fffd}", None, true, false, false),
        ];
        assert_eq!(brief, expected);
        assert_eq!(listed[3].delimiter, Some('\\'));
        session.close().await.unwrap();
    })
    .await;
    let plain = r#"
        C: {a} LIST "" "*"
        S: * LIST () NIL INBOX
        S: * LIST () NIL Trash
        S: {a} OK
        C: {a} LSUB "" "*"
        S: * LSUB () NIL Trash
        S: {a} OK
    "#;
    play("", &[plain, BYE].concat(), async |session: ImapSession| {
        let listed = session.list().await.unwrap();
        let trash = listed.iter().find(|info| info.role == Some(Role::Trash)).unwrap();
        assert!(trash.subscribed && !listed[0].subscribed);
        session.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn mailboxes_are_made_renamed_and_removed() {
    let script = [
        SELECT,
        r#"
        C: {a} CREATE "a"
        S: {a} OK
        C: {a} SUBSCRIBE "a"
        S: {a} OK
        C: {a} UNSUBSCRIBE "a"
        S: {a} OK
        C: {a} UNSELECT
        S: {a} OK
        C: {a} RENAME "INBOX" "&Jjo-"
        S: {a} OK
        C: {a} DELETE "a"
        S: {a} NO [NONEXISTENT] gone
        C: {a} STATUS "a" (MESSAGES UNSEEN UIDNEXT UIDVALIDITY)
        S: * STATUS "b" (MESSAGES 1)
        S: * STATUS a (MESSAGES 4 UIDNEXT 17 UIDVALIDITY 9 X (1 2) MAILBOXID (q))
        S: {a} OK
        C: {a} ID ("name" "postseal")
        S: * ID ("NAME" "Server" "os" NIL)
        S: {a} OK
        "#,
        BYE,
    ]
    .concat();
    play("UNSELECT ID", &script, async |session: ImapSession| {
        session.select(&inbox()).await.unwrap();
        let name = MailboxName::new("a").unwrap();
        session.create(&name).await.unwrap();
        session.subscribe(&name).await.unwrap();
        session.unsubscribe(&name).await.unwrap();
        session.rename(&inbox(), &MailboxName::new("☺").unwrap()).await.unwrap();
        assert_eq!(session.delete(&name).await, Err(Error::NotFound { what: "mailbox" }));
        let status = session.status(&name).await.unwrap();
        assert_eq!((status.messages, status.unseen, status.uid_next), (Some(4), None, Some(17)));
        assert_eq!(status.uid_validity, Some(validity(9)));
        let server = session.id(&[("name", "postseal")]).await.unwrap();
        assert_eq!(server, [("name".to_owned(), "Server".to_owned())]);
        session.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn alerts_are_kept_until_they_are_asked_for() {
    let script = [
        "
        C: {a} NOOP
        S: * OK [ALERT] backup\\x1b at noon
        S: * NO [ALERT]é
        S: * OK [METADATA (1 2)] x
        S: * XYZZY (what is this
        S:
        S: {a} OK [ALERT] thrice
        ",
        BYE,
    ]
    .concat();
    play("", &script, async |session: ImapSession| {
        session.noop().await.unwrap();
        assert_eq!(session.take_alerts(), ["backup\u{fffd} at noon", "é", "thrice"]);
        assert_eq!(session.take_alerts(), Vec::<String>::new());
        session.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_farewell_ends_the_session_with_the_servers_words() {
    let script = "
        C: {a} NOOP
        S: * BYE maintenance
        CUT
    ";
    play("", script, async |session: ImapSession| {
        let goodbye = PeerFault::Goodbye { text: "maintenance".to_owned() };
        assert_eq!(session.noop().await, Err(goodbye.into()));
        let closed = Error::Closed { because: Some(postseal_types::ErrorCode::Protocol) };
        assert_eq!(session.noop().await, Err(closed));
        assert!(session.is_closed());
    })
    .await;
}

#[tokio::test]
async fn what_the_grammar_does_not_allow_ends_the_session() {
    for (line, shown) in [("Z9 OK not mine", "Z9"), ("+ what", "what"), ("?", "?")] {
        let script = format!("C: {{a}} NOOP\nS: {line}\nCUT");
        play("", &script, async |session: ImapSession| {
            let fault = PeerFault::Unexpected { step: "NOOP", line: shown.to_owned() };
            assert_eq!(session.noop().await, Err(fault.into()));
        })
        .await;
    }
}

#[tokio::test]
async fn a_dropped_call_is_read_to_its_end() {
    let script = [
        "
        C: {a} NOOP
        S: * OK [ALERT] first
        S: {a} OK
        C: {b} NOOP
        S: {b} OK
        ",
        BYE,
    ]
    .concat();
    play("", &script, async |session: ImapSession| {
        let mut dropped = Box::pin(session.noop());
        while session.take_alerts().is_empty() {
            _ = futures::poll!(dropped.as_mut());
            tokio::task::yield_now().await;
        }
        drop(dropped);
        session.noop().await.unwrap();
        session.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn dates_and_texts_go_into_a_search() {
    let script = [
        EXAMINE,
        "
        C: {a} UID SEARCH OR SINCE 1-Feb-2024 NOT FROM {4}
        S: + ok
        C| a\\r\\nb
        C:
        S: * SEARCH 1 (MODSEQ 5)
        S: {a} OK
        ",
        BYE,
    ]
    .concat();
    play("", &script, async |session: ImapSession| {
        let search = Search::since(Date::new(2024, 2, 1).unwrap()).or(Search::from("a\r\nb").negate());
        assert_eq!(session.search(&inbox(), &search).await.unwrap(), [uid(1)]);
        session.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_search_that_cannot_be_read_is_not_taken_for_nothing_found() {
    let script = [EXAMINE, "\nC: {a} UID SEARCH ALL\nS: * SEARCH 1 4294967296\nS: {a} OK\nCUT"].concat();
    play("", &script, async |session: ImapSession| {
        let fault = PeerFault::Unexpected { step: "UID SEARCH", line: "SEARCH".to_owned() };
        assert_eq!(session.search(&inbox(), &Search::all()).await, Err(fault.into()));
    })
    .await;
}
