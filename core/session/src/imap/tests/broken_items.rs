//! One broken item in a fetch is handed out as broken; the other items of its message arrive, and the other messages.

use super::*;
use crate::imap::{FetchItems, Fetched, Unreadable};

/// What is asked for of each message, and a good answer.
const ITEMS: [(&str, &str); 6] = [
    ("FLAGS", r"(\\Seen)"),
    ("RFC822.SIZE", "5"),
    ("INTERNALDATE", r#""17-Jul-1996 02:44:25 -0700""#),
    ("ENVELOPE", r#"(NIL "hi" NIL NIL NIL NIL NIL NIL NIL NIL)"#),
    ("BODYSTRUCTURE", r#"("TEXT" "PLAIN" NIL NIL NIL "7BIT" 5 1)"#),
    ("BODY[HEADER]", r#""a: b""#),
];

/// An item, and what may be said of it instead. A line break goes on in a line of the script.
const BROKEN: [(&str, &[&str]); 5] = [
    (
        "ENVELOPE",
        &[
            "NIL",
            "()",
            r#"(NIL "hi")"#,
            r#"(NIL "hi" NIL NIL NIL NIL NIL NIL NIL NIL NIL)"#,
            r#"(NIL ("hi") NIL NIL NIL NIL NIL NIL NIL NIL)"#,
            r#"(NIL "hi" "someone" NIL NIL NIL NIL NIL NIL NIL)"#,
            "({2}\nS| hi\nS: )",
            "7",
        ],
    ),
    (
        "BODYSTRUCTURE",
        &[
            "NIL",
            "()",
            r#"("TEXT")"#,
            r#"("TEXT" "PLAIN" NIL NIL NIL "7BIT" many 1)"#,
            "{2}\nS| ((\nS: ",
            "(()())",
        ],
    ),
    (
        "INTERNALDATE",
        &[
            "NIL",
            "17-Jul-1996",
            r#""31-Feb-1996 02:44:25 -0700""#,
            r#""17-Jul-1996""#,
            "()",
            "{3}\nS| )))\nS: ",
        ],
    ),
    ("FLAGS", &["NIL", r"\\Seen", r#"("quoted")"#, "{6}\nS| (Seen)\nS: ", r"(\\Seen (\\Draft))"]),
    ("RFC822.SIZE", &["NIL", "-1", "five", "(5)", "99999999999999999999", "{1}\nS| 5\nS: "]),
];

/// The items of a message, with `instead` in the place of one of them.
fn items(broken: &str, instead: &str) -> String {
    let said = ITEMS.map(|(name, good)| format!("{name} {}", if name == broken { instead } else { good }));
    said.join(" ")
}

/// Which of the items have arrived.
fn arrived(message: &Fetched) -> Vec<&'static str> {
    let there = [
        message.flags.is_some(),
        message.size.is_some(),
        message.received.is_some(),
        message.envelope.is_some(),
        message.structure.is_some(),
        message.header.as_deref() == Some(b"a: b"),
    ];
    ITEMS.iter().zip(there).filter_map(|((name, _), there)| there.then_some(*name)).collect()
}

/// Fetches three messages, of which the second has `second` behind its UID; what became of them.
async fn fetch(second: &str) -> Vec<Fetched> {
    let good = items("", "");
    let script = format!(
        r#"
        C: {{a}} EXAMINE "INBOX"
        S: * 3 EXISTS
        S: * OK [UIDVALIDITY 9] valid
        S: {{a}} OK
        C: {{a}} UID FETCH 1:3 (UID FLAGS RFC822.SIZE INTERNALDATE ENVELOPE BODYSTRUCTURE BODY.PEEK[HEADER])
        S: * 1 FETCH (UID 1 {good})
        S: * 2 FETCH (UID 2 {second})
        S: * 3 FETCH (UID 3 {good})
        S: {{a}} OK
        C: {{a}} LOGOUT
        S: * BYE
        S: {{a}} OK
        "#
    );
    let seen = std::sync::Mutex::new(Vec::new());
    play("", &script, async |session: ImapSession| {
        let wanted = FetchItems::new().flags().size().received().envelope().structure().header();
        let mut stream = session.fetch(&inbox(), &uids(&[1, 2, 3]), &wanted);
        let mut messages = Vec::new();
        while let Some(message) = stream.next().await {
            messages.push(message.unwrap());
        }
        session.close().await.unwrap();
        *seen.lock().unwrap() = messages;
    })
    .await;
    seen.into_inner().unwrap()
}

fn malformed(item: &str) -> Unreadable {
    Unreadable::Malformed { item: item.to_owned() }
}

/// Everything of a message, and nothing unreadable.
fn is_whole(message: &Fetched) -> bool {
    arrived(message) == ITEMS.map(|(name, _)| name) && message.unreadable.is_empty()
}

#[tokio::test]
async fn a_broken_item_is_handed_out_as_broken_and_the_others_arrive() {
    for (broken, said) in BROKEN {
        for instead in said {
            let messages = fetch(&items(broken, instead)).await;
            let numbers: Vec<u32> = messages.iter().map(|message| message.uid.number()).collect();
            assert_eq!(numbers, [1, 2, 3], "{broken} {instead}");
            assert!(is_whole(&messages[0]) && is_whole(&messages[2]), "{broken} {instead}");
            let others: Vec<&str> =
                ITEMS.map(|(name, _)| name).into_iter().filter(|name| *name != broken).collect();
            assert_eq!(arrived(&messages[1]), others, "{broken} {instead}");
            assert_eq!(messages[1].unreadable, [malformed(broken)], "{broken} {instead}");
        }
    }
}

#[tokio::test]
async fn a_message_whose_items_cannot_be_told_apart_leaves_the_other_messages() {
    for (said, arrives, unreadable) in [
        // What follows a string without an end can't be found.
        (r#"FLAGS () ENVELOPE ("hi"#, &["FLAGS"][..], &["ENVELOPE", "FETCH"][..]),
        ("RFC822.SIZE 5 FLAGS", &["RFC822.SIZE"], &["FLAGS"]),
        ("RFC822.SIZE 5 X{3}\nS| abc\nS: ", &["RFC822.SIZE"], &["X{3}", "FETCH"]),
        (r#"RFC822.SIZE 5 "FLAGS" ()"#, &["RFC822.SIZE"], &[]),
    ] {
        let messages = fetch(said).await;
        assert_eq!(messages.len(), 3, "{said}");
        assert!(is_whole(&messages[0]) && is_whole(&messages[2]), "{said}");
        assert_eq!(arrived(&messages[1]), arrives, "{said}");
        let unreadable: Vec<Unreadable> = unreadable.iter().map(|item| malformed(item)).collect();
        assert_eq!(messages[1].unreadable, unreadable, "{said}");
    }
}

#[tokio::test]
async fn an_item_that_nobody_asked_for_harms_nothing() {
    for unknown in [
        "X-GM-THRID 1266894439832287888",
        r#"X-GM-LABELS (\\Inbox "a)b" {2}
S| ((
S: )"#,
        "EMAILID (M6d99ac3275bb4e) THREADID NIL",
        "MODSEQ (-1)",
        "BODY[TEXT]<0> \"part\"",
        "BINARY.SIZE[1] 7",
        "ANNOTATION (/comment (value.priv NIL size.priv \"0\"))",
        "X ()",
    ] {
        let messages = fetch(&format!("{unknown} {}", items("", ""))).await;
        assert!(messages.len() == 3 && messages.iter().all(is_whole), "{unknown}: {messages:?}");
    }
}
