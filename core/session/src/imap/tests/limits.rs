//! The guard's limits, at the limit and one past it, and what a hostile server may try.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::imap::dialogue::MAX_ALERTS;
use crate::imap::guard::{
    Guard, MAX_ANSWER, MAX_DEPTH, MAX_FETCH, MAX_ITEMS, MAX_LINE, MAX_LITERAL, MAX_RESPONSES,
};
use crate::imap::response::{Data, Response};

/// What the guard makes of these bytes, which may be made on the way.
async fn guard(feed: impl FnOnce(DuplexStream) -> futures::future::BoxFuture<'static, ()>) -> Guard {
    let (ours, theirs) = tokio::io::duplex(64 << 10);
    tokio::spawn(feed(theirs));
    let mut wire = Wire::scripted(ours);
    wire.begin("the test", Duration::from_secs(5));
    Guard::new(wire)
}

async fn of_bytes(bytes: Vec<u8>) -> Guard {
    guard(|mut stream| Box::pin(async move { _ = stream.write_all(&bytes).await })).await
}

const fn over(what: &'static str, limit: u64) -> Error {
    Error::LimitExceeded { what, limit }
}

#[tokio::test]
async fn a_line_may_have_so_many_bytes_and_no_more() {
    for (length, error) in
        [(MAX_LINE, None), (MAX_LINE + 1, Some(over("the length of a line", MAX_LINE as u64)))]
    {
        let line = [b"* X ".to_vec(), vec![b'x'; length - 4], b"\r\n".to_vec()].concat();
        let read = of_bytes(line).await.read_response().await;
        assert_eq!(read.as_ref().err(), error.as_ref());
        assert!(read.is_err() || read.unwrap().len() == length + 2);
    }
}

#[tokio::test]
async fn parentheses_may_nest_so_deep_and_no_deeper() {
    let nested =
        |depth: usize| format!("* 1 FETCH {}{}\r\n", "(".repeat(depth), ")".repeat(depth)).into_bytes();
    let response = of_bytes(nested(MAX_DEPTH)).await.read_response().await.unwrap();
    assert!(Response::parse(&response).is_some());
    let error = over("the depth of parentheses", MAX_DEPTH as u64);
    assert_eq!(of_bytes(nested(MAX_DEPTH + 1)).await.read_response().await, Err(error.clone()));
    assert_eq!(of_bytes(nested(1_000_000)).await.read_response().await, Err(error.clone()));
    // Through a literal they go on; in strings, literals and texts for people they don't count.
    let through = [&b"* 1 FETCH ("[..], b"{1}\r\nx", "(".repeat(MAX_DEPTH).as_bytes(), b"\r\n"].concat();
    assert_eq!(of_bytes(through).await.read_response().await, Err(error));
    let many = "(".repeat(MAX_DEPTH * 2);
    for text in
        [format!("* X \"\\\"{many}\"\r\n"), format!("* X {{64}}\r\n{many}\r\n"), format!("* OK {many}\r\n")]
    {
        assert_eq!(of_bytes(text.clone().into_bytes()).await.read_response().await, Ok(text.into_bytes()));
    }
}

#[tokio::test]
async fn a_literal_is_refused_before_its_first_byte() {
    let error = over("the size of a literal", MAX_LITERAL);
    for size in [MAX_LITERAL + 1, u64::MAX] {
        let announcement = format!("* 1 FETCH (BODY[] {{{size}}}\r\n").into_bytes();
        assert_eq!(of_bytes(announcement).await.read_response().await, Err(error.clone()));
    }
    let endless = b"* 1 FETCH (BODY[] {99999999999999999999999999999}\r\n".to_vec();
    assert_eq!(of_bytes(endless).await.read_response().await, Err(error));
}

#[tokio::test]
async fn the_largest_literal_comes_whole_and_another_is_too_much() {
    let feed = |mut stream: DuplexStream| -> futures::future::BoxFuture<'static, ()> {
        Box::pin(async move {
            for _ in 0..2 {
                let announcement = format!("* 1 FETCH (BODY[] {{{MAX_LITERAL}}}\r\n");
                _ = stream.write_all(announcement.as_bytes()).await;
                _ = tokio::io::copy(&mut tokio::io::repeat(b'(').take(MAX_LITERAL), &mut stream).await;
                _ = stream.write_all(b")\r\n").await;
            }
        })
    };
    let mut guard = guard(feed).await;
    guard.allow(MAX_FETCH);
    let response = guard.read_response().await.unwrap();
    assert!(response.len() as u64 > MAX_LITERAL && response.ends_with(b"()\r\n"));
    assert_eq!(guard.read_response().await, Err(over("the size of an answer", MAX_FETCH)));
}

#[tokio::test]
async fn an_answer_may_have_so_many_bytes_and_no_more() {
    // Two responses, for no literal and no line is as large. Each has a frame of "* X {20000000}", CRLF, and CRLF.
    let (frame, first) = (18, 20_000_000_u64);
    for allowance in [MAX_ANSWER, 40_000_000] {
        for (excess, is_over) in [(0, false), (1, true)] {
            let second = allowance + excess - first - 2 * frame;
            let feed = move |mut stream: DuplexStream| -> futures::future::BoxFuture<'static, ()> {
                Box::pin(async move {
                    for size in [first, second] {
                        _ = stream.write_all(format!("* X {{{size}}}\r\n").as_bytes()).await;
                        _ = tokio::io::copy(&mut tokio::io::repeat(b'x').take(size), &mut stream).await;
                        _ = stream.write_all(b"\r\n").await;
                    }
                })
            };
            let mut guard = guard(feed).await;
            guard.allow(allowance);
            assert_eq!(guard.read_response().await.unwrap().len() as u64, frame + first);
            let error = over("the size of an answer", allowance);
            let read = guard.read_response().await;
            assert_eq!(read.err(), is_over.then_some(error), "{allowance} and {excess}");
        }
    }
}

#[tokio::test]
async fn items_are_counted_however_they_are_separated() {
    let most = usize::try_from(MAX_ITEMS).unwrap();
    let over = over("the items of an answer", MAX_ITEMS);
    for separator in [&b" "[..], b",", b"("] {
        // In a text for people parentheses don't nest; the two words before it count.
        for (count, is_over) in [(most, false), (most + 1, true)] {
            let line = [b"* OK ".to_vec(), separator.repeat(count - 2), b"\r\n".to_vec()].concat();
            let read = of_bytes(line).await.read_response().await;
            assert_eq!(read.err(), is_over.then(|| over.clone()));
        }
    }
    // They add up over all responses to a command, and not beyond it.
    let half = [b"* OK ".to_vec(), b" ".repeat(most / 2), b"\r\n".to_vec()].concat();
    let mut guard = of_bytes(half.repeat(4)).await;
    guard.read_response().await.unwrap();
    guard.reset_count();
    guard.read_response().await.unwrap();
    assert_eq!(guard.read_response().await, Err(over));
}

#[tokio::test]
async fn responses_are_counted() {
    let count = usize::try_from(MAX_RESPONSES).unwrap();
    let mut guard = of_bytes(b"* X\r\n".repeat(count + 2)).await;
    for _ in 0..count {
        guard.read_response().await.unwrap();
    }
    let error = over("the responses to one command", MAX_RESPONSES);
    assert_eq!(guard.read_response().await, Err(error));
    guard.reset_count();
    assert_eq!(guard.read_response().await, Ok(b"* X\r\n".to_vec()));
}

#[tokio::test]
async fn the_oldest_alert_gives_way() {
    for count in [MAX_ALERTS, MAX_ALERTS + 1] {
        let alerts: String = (0..count).map(|number| format!("S: * OK [ALERT] {number}\n")).collect();
        let script = format!("C: {{a}} NOOP\n{alerts}S: {{a}} OK\nC: {{b}} LOGOUT\nS: {{b}} OK");
        play("", &script, async |session: ImapSession| {
            session.noop().await.unwrap();
            let kept: Vec<_> = (count - MAX_ALERTS..count).map(|number| number.to_string()).collect();
            assert_eq!(session.take_alerts(), kept);
        })
        .await;
    }
}

#[tokio::test]
async fn a_limit_ends_the_session() {
    let deep = "(".repeat(MAX_DEPTH + 1);
    let script = format!("C: {{a}} NOOP\nS: * 1 FETCH {deep}\nSTALL");
    play("", &script, async |session: ImapSession| {
        let error = over("the depth of parentheses", MAX_DEPTH as u64);
        assert_eq!(session.noop().await, Err(error));
        let closed = Error::Closed { because: Some(postseal_types::ErrorCode::LimitExceeded) };
        assert_eq!(session.noop().await, Err(closed));
    })
    .await;
}

#[tokio::test]
async fn literals_are_told_from_what_looks_like_one() {
    for (wire, rest) in [
        // In a quoted string that was not closed, and in a text for people, there is none.
        (&b"* X \"{3}\r\n"[..], &b"* Y\r\n"[..]),
        (b"* OK [X {3}\r\n", b"* Y\r\n"),
        (b"+ {3}\r\n", b"* Y\r\n"),
        (b"P1 NO {3}\r\n", b"* Y\r\n"),
        (b"* X {a}\r\n", b"* Y\r\n"),
        (b"* X {}\r\n", b"* Y\r\n"),
        (b"* X {3}\r\n\r\n\n\r\n", b"* Y\r\n"),
        (b"* X ~{2}\r\n\0\0 {0}\r\n\r\n", b"* Y\r\n"),
        (b"* X {1+}\r\nx\r\n", b"* Y\r\n"),
    ] {
        let mut guard = of_bytes([wire, rest].concat()).await;
        assert_eq!(guard.read_response().await.unwrap(), wire, "{:?}", String::from_utf8_lossy(wire));
        assert_eq!(guard.read_response().await.unwrap(), rest);
    }
}

/// Every response that the other tests know, cut and changed in every place.
#[test]
fn no_bytes_make_the_parser_panic() {
    let seeds: [&[u8]; 12] = [
        b"* 1 FETCH (UID 1 FLAGS (\\Seen) RFC822.SIZE 7 INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" BODY[1.2.MIME]<0> {3}\r\nabc)\r\n",
        b"* 1 FETCH (ENVELOPE (\"d\" \"s\" ((\"n\" NIL \"m\" \"h\")) NIL NIL NIL NIL NIL NIL \"<i>\") UID 4294967295)\r\n",
        b"* 1 FETCH (BODYSTRUCTURE ((\"TEXT\" \"PLAIN\" (\"A\" \"b\") NIL NIL \"7BIT\" 5 1 NIL (\"x\" (\"y\" \"z\")) NIL)(\"A\" \"B\" NIL NIL NIL \"8BIT\" 1) \"MIXED\"))\r\n",
        b"* LIST (\\Sent \\X) \"\\\\\" \"a&Jjo-\"\r\n",
        b"* STATUS {3}\r\na b (MESSAGES 1 UIDNEXT 99999999999999999999)\r\n",
        b"* SEARCH 1 2 4294967295 4294967296\r\n",
        b"* ID (\"name\" NIL \"x\" \"y\")\r\n",
        b"P1 OK [COPYUID 1 1:4294967295,3 4294967295:1] \xc3\xa9\r\n",
        b"* OK [APPENDUID 0 0]\xff\r\n",
        b"* OK [PERMANENTFLAGS (\\* a]b)] x\r\n",
        b"* NO [ALERT]\xc3\xa9\r\n",
        b"* CAPABILITY IMAP4rev1 \xff\r\n",
    ];
    for seed in seeds {
        for at in 0..seed.len() {
            _ = Response::parse(&seed[..at]);
            for byte in [0, b' ', b'"', b'\\', b'(', b')', b'{', b'}', b'[', b']', b'\r', b'9', b'N', 0xff] {
                let mut changed = seed.to_vec();
                changed[at] = byte;
                _ = Response::parse(&changed);
                changed.insert(at, byte);
                _ = Response::parse(&changed);
            }
        }
    }
}

#[test]
fn a_sender_cannot_forge_items_through_what_servers_quote() {
    let response =
        b"* 1 FETCH (X-NEW (\"a) UID 9 FLAGS (\\Deleted\" {8}\r\n) UID 8 ) UID 7 PREVIEW \") UID 6\")\r\n";
    let Some(Response::Data(Data::Fetch(message))) = Response::parse(response) else { panic!() };
    assert_eq!((message.uid, message.flags, message.unreadable), (Some(7), None, vec![]));
}
