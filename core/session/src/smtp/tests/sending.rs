//! One message after the other: what is sent, what is refused before, and what the receipt says.

use super::*;
use crate::{
    Acceptance, Delivery, Dsn, EnhancedCode, EnvelopeId, NotSent, Notify, PeerFault, Receipt, Refusal,
    SendOptions,
};

const MESSAGE: &[u8] = b"Subject: x\r\n\r\n.\r\n";

/// Plays `rest` after the login, sends one message to bob and carol, says goodbye where the session still stands, and checks that
/// the script was played to its end.
async fn send(extensions: &str, options: &SendOptions, rest: &str) -> Result<Receipt, Error> {
    let to = envelope("alice@example.test", &["bob@example.test", "carol@example.test"]);
    let mut outcomes = Vec::new();
    for chunks in BOTH {
        let (session, server) = session(extensions, rest, chunks).await;
        outcomes.push(bounded(session.send(&to, MESSAGE, options)).await);
        bounded(session.close()).await.unwrap();
        bounded(server).await.unwrap().unwrap();
    }
    assert_eq!(outcomes[0], outcomes[1]);
    outcomes.remove(0)
}

fn default() -> SendOptions {
    SendOptions::default()
}

fn all_or_nothing() -> SendOptions {
    SendOptions { all_or_nothing: true, ..default() }
}

fn refusal(command: &'static str, code: u16, enhanced: (u16, u16, u16), text: &str) -> Refusal {
    let enhanced = Some(EnhancedCode(enhanced.0, enhanced.1, enhanced.2));
    Refusal { code: Some(code), enhanced, ..Refusal::new(command, text.as_bytes()) }
}

/// The refusals of the recipients; `None` for an accepted one.
fn refusals(receipt: &Receipt) -> Vec<Option<Refusal>> {
    let refusal = |outcome: &Acceptance| match outcome {
        Acceptance::Accepted => None,
        Acceptance::Refused(refusal) => Some(refusal.clone()),
    };
    receipt.recipients.iter().map(|recipient| refusal(&recipient.outcome)).collect()
}

fn sent(text: &str) -> Delivery {
    Delivery::Sent { text: text.to_owned() }
}

const TO_BOTH: &str = "
    C: MAIL FROM:<alice@example.test>
    S: 250 2.1.0 ok
    C: RCPT TO:<bob@example.test>
    S: 250 2.1.5 ok
    C: RCPT TO:<carol@example.test>
    S: 250 2.1.5 ok
";
const BYE: &str = "
    C: QUIT
    S: 221 2.0.0 bye
";
const RESET: &str = "
    C: RSET
    S: 250 2.0.0 ok
";
/// A message whose text is a single dot, and its end.
const STUFFED: &str = "
    C: Subject: x
    C:
    C: ..
    C: .
";

#[tokio::test]
async fn a_message_is_sent_and_its_dots_are_stuffed() {
    let script =
        format!("{TO_BOTH}C: DATA\nS: 354 go\n{STUFFED}S: 250-2.0.0 Ok:\nS: 250 2.0.0 queued as 7\n{BYE}");
    for extensions in ["8BITMIME", "PIPELINING"] {
        let receipt = send(extensions, &default(), &script).await.unwrap();
        assert_eq!(receipt.message, sent("Ok: queued as 7"));
        assert_eq!(refusals(&receipt), [None, None]);
        assert!(receipt.is_sent_to_all());
    }
    let bdat = "C: BDAT 17 LAST\nC: Subject: x\nC:\nC: .\nS: 250 2.0.0 got it\n";
    for extensions in ["CHUNKING", "CHUNKING, PIPELINING"] {
        let receipt = send(extensions, &default(), &format!("{TO_BOTH}{bdat}{BYE}")).await.unwrap();
        assert_eq!(receipt.message, sent("got it"));
    }
}

#[tokio::test]
async fn a_refused_recipient_does_not_keep_the_message_from_the_others() {
    let script = format!(
        "
        C: MAIL FROM:<alice@example.test>
        S: 250 ok
        C: RCPT TO:<bob@example.test>
        S: 550 5.1.1 no such user
        C: RCPT TO:<carol@example.test>
        S: 250 ok
        C: DATA
        S: 354 go
        {STUFFED}
        S: 250 ok
        {BYE}"
    );
    for extensions in ["DSN", "PIPELINING"] {
        let receipt = send(extensions, &default(), &script).await.unwrap();
        assert_eq!(receipt.message, sent("ok"));
        let unknown = refusal("RCPT", 550, (5, 1, 1), "no such user");
        assert_eq!(refusals(&receipt), [Some(unknown.clone()), None]);
        let bob = address("bob@example.test");
        assert_eq!(receipt.refused().collect::<Vec<_>>(), [(&bob, &unknown)]);
        assert!(receipt.is_sent() && !receipt.is_sent_to_all());
    }
}

#[tokio::test]
async fn all_or_nothing_resets_where_one_is_refused() {
    let script = format!(
        "
        C: MAIL FROM:<alice@example.test>
        S: 250 ok
        C: RCPT TO:<bob@example.test>
        S: 250 ok
        C: RCPT TO:<carol@example.test>
        S: 452 4.5.3 too many
        {RESET}{BYE}"
    );
    for extensions in ["DSN", "PIPELINING", "CHUNKING, PIPELINING"] {
        let receipt = send(extensions, &all_or_nothing(), &script).await.unwrap();
        assert_eq!(receipt.message, Delivery::NotSent(NotSent::Recipients));
        assert_eq!(refusals(&receipt), [None, Some(refusal("RCPT", 452, (4, 5, 3), "too many"))]);
    }
    let script = format!("{TO_BOTH}C: DATA\nS: 354 go\n{STUFFED}S: 250 ok\n{BYE}");
    assert!(send("PIPELINING", &all_or_nothing(), &script).await.unwrap().is_sent_to_all());
}

#[tokio::test]
async fn nobody_left_means_that_nothing_is_sent() {
    let refused = "
        C: MAIL FROM:<alice@example.test>
        S: 250 ok
        C: RCPT TO:<bob@example.test>
        S: 550 5.1.1 no
        C: RCPT TO:<carol@example.test>
        S: 550 5.1.1 no
    ";
    for (extensions, rest) in [
        ("DSN", ""),
        ("CHUNKING, PIPELINING", ""),
        ("PIPELINING", "C: DATA\nS: 554 5.5.1 no valid recipients\n"),
        // The go-ahead without recipients: an empty message to nobody ends it.
        ("PIPELINING", "C: DATA\nS: 354 go\nC: .\nS: 554 5.5.1 no valid recipients\n"),
        ("PIPELINING", "C: DATA\nS: 354 go\nC: .\nS: 250 2.0.0 thrown away\n"),
    ] {
        let receipt = send(extensions, &default(), &format!("{refused}{rest}{RESET}{BYE}")).await.unwrap();
        assert_eq!(receipt.message, Delivery::NotSent(NotSent::Recipients));
        let no = Some(refusal("RCPT", 550, (5, 1, 1), "no"));
        assert_eq!(refusals(&receipt), [no.clone(), no]);
    }
}

#[tokio::test]
async fn a_refused_sender_is_everybodys_refusal() {
    let plain = "C: MAIL FROM:<alice@example.test>\nS: 553 5.7.1 not yours\n";
    let piped = "
        C: MAIL FROM:<alice@example.test>
        S: 553 5.7.1 not yours
        C: RCPT TO:<bob@example.test>
        S: 503 5.5.1 MAIL first
        C: RCPT TO:<carol@example.test>
        S: 503 5.5.1 MAIL first
        C: DATA
        S: 503 5.5.1 MAIL first
    ";
    for (extensions, script) in [("DSN", plain), ("PIPELINING", piped)] {
        let receipt = send(extensions, &default(), &format!("{script}{RESET}{BYE}")).await.unwrap();
        let not_yours = refusal("MAIL", 553, (5, 7, 1), "not yours");
        assert_eq!(receipt.message, Delivery::NotSent(NotSent::Refused(not_yours.clone())));
        assert_eq!(refusals(&receipt), [Some(not_yours.clone()), Some(not_yours)]);
    }
}

#[tokio::test]
async fn an_empty_message_goes_to_nobody() {
    // The sender refused, a recipient accepted, and DATA too: a lone dot would send that one an empty message.
    let script = "
        C: MAIL FROM:<alice@example.test>
        S: 553 5.7.1 not yours
        C: RCPT TO:<bob@example.test>
        S: 250 ok
        C: RCPT TO:<carol@example.test>
        S: 503 5.5.1 MAIL first
        C: DATA
        S: 354 go
    ";
    let fault = PeerFault::Unexpected { step: "DATA", line: "354 go".to_owned() };
    assert_eq!(send("PIPELINING", &default(), script).await, Err(fault.into()));
}

#[tokio::test]
async fn a_message_may_be_refused_before_and_after_its_text() {
    let script = format!("{TO_BOTH}C: DATA\nS: 451 4.3.0 later\n{RESET}{BYE}");
    let receipt = send("PIPELINING", &default(), &script).await.unwrap();
    let later = refusal("DATA", 451, (4, 3, 0), "later");
    assert_eq!(receipt.message, Delivery::NotSent(NotSent::Refused(later)));

    let script = format!("{TO_BOTH}C: DATA\nS: 354 go\n{STUFFED}S: 554 5.7.1 spam\n{BYE}");
    let receipt = send("PIPELINING", &default(), &script).await.unwrap();
    let spam = refusal("DATA", 554, (5, 7, 1), "spam");
    assert_eq!(receipt.message, Delivery::NotSent(NotSent::Refused(spam)));
    assert_eq!(refusals(&receipt), [None, None]);

    let bdat = "C: BDAT 17 LAST\nC: Subject: x\nC:\nC: .\nS: 554 5.7.1 spam\n";
    let receipt = send("CHUNKING", &default(), &format!("{TO_BOTH}{bdat}{RESET}{BYE}")).await.unwrap();
    let spam = refusal("BDAT", 554, (5, 7, 1), "spam");
    assert_eq!(receipt.message, Delivery::NotSent(NotSent::Refused(spam)));
}

#[tokio::test]
async fn a_lost_answer_leaves_the_message_unknown() {
    let gone = Error::from(PeerFault::Disconnected { step: "the answer to the message" });
    let unexpected = |line: &str| {
        Error::from(PeerFault::Unexpected { step: "the answer to the message", line: line.to_owned() })
    };
    let three = Error::from(PeerFault::Unexpected { step: "DATA", line: "354 more".to_owned() });
    for (end, because) in [
        ("CUT", gone.clone()),
        ("S| 250 2.0.0 ok\nCUT", gone.clone()),
        ("S: 250-first line\nCUT", gone),
        ("S: what?", unexpected("what?")),
        ("S: 354 more", three),
    ] {
        let script = format!("{TO_BOTH}C: DATA\nS: 354 go\n{STUFFED}{end}");
        let receipt = send("PIPELINING", &default(), &script).await.unwrap();
        assert_eq!(receipt.message, Delivery::Unknown { because }, "{end}");
        assert_eq!(refusals(&receipt), [None, None]);
    }
}

#[tokio::test]
async fn a_goodbye_is_a_no_wherever_it_comes() {
    let goodbye = Error::from(PeerFault::Goodbye { text: "bye".to_owned() });
    let from = "C: MAIL …\n";
    for script in [
        format!("{from}S: 421 4.3.2 bye"),
        format!("{from}S: 250 ok\nC: RCPT …\nS: 421 4.3.2 bye"),
        format!("{TO_BOTH}C: DATA\nS: 421 4.3.2 bye"),
        format!("{TO_BOTH}C: DATA\nS: 354 go\n{STUFFED}S: 421 4.3.2 bye"),
    ] {
        assert_eq!(send("DSN", &default(), &script).await, Err(goodbye.clone()), "{script}");
    }
}

#[tokio::test]
async fn an_answer_too_many_is_not_taken_for_the_next_one() {
    let unasked = |step| Err(PeerFault::Unexpected { step, line: "250 and again".to_owned() }.into());
    let again = "S| 250 ok\\r\\n250 and again\\r\\n\n";
    let script = format!("C: MAIL …\n{again}");
    assert_eq!(send_whole("DSN", &script).await, unasked("MAIL"));
    let script = format!("{TO_BOTH}C: DATA\nS| 354 go\\r\\n250 and again\\r\\n\n");
    assert_eq!(send_whole("DSN", &script).await, unasked("DATA"));
}

/// As [`send`], with whole lines only: while they trickle, nobody can tell an answer too many from the next one.
async fn send_whole(extensions: &str, rest: &str) -> Result<Receipt, Error> {
    let (session, _server) = session(extensions, rest, Chunks::Whole).await;
    let to = envelope("alice@example.test", &["bob@example.test", "carol@example.test"]);
    bounded(session.send(&to, MESSAGE, &SendOptions::default())).await
}

#[tokio::test]
async fn several_messages_go_over_one_connection() {
    let one = "
        C: MAIL FROM:<alice@example.test>
        C: RCPT TO:<bob@example.test>
        C: DATA
        S: 250 ok
        S: 250 ok
        S: 354 go
        C: Subject: x
        C:
        C: ..
        C: .
        S: 250 ok
    ";
    let null = one.replace("alice@example.test", "");
    for chunks in BOTH {
        let rest = format!("{one}C: NOOP\nS: 250 here\n{null}C: NOOP\nS: 450 4.0.0 busy\n{BYE}");
        let (session, server) = session("PIPELINING", &rest, chunks).await;
        let other = session.clone();
        bounded(async {
            assert!(session.send(&to_bob(), MESSAGE, &default()).await.unwrap().is_sent());
            other.noop().await.unwrap();
            let report = Envelope { from: None, ..to_bob() };
            assert!(other.send(&report, MESSAGE.to_vec(), &default()).await.unwrap().is_sent());
            assert_eq!(session.noop().await, Err(Error::Refused(refusal("NOOP", 450, (4, 0, 0), "busy"))));
            session.close().await.unwrap();
            session.close().await.unwrap();
            assert_eq!(other.noop().await, Err(Error::Closed { because: None }));
            server.await.unwrap().unwrap();
        })
        .await;
    }
}

#[tokio::test]
async fn what_cannot_arrive_as_it_is_is_refused_before_anything_is_sent() {
    let bare = "it holds a CR or LF that is not part of a CRLF";
    let cut = "its last line does not end with CRLF";
    let line = |octets: usize| format!("{}\r\n", "x".repeat(octets)).into_bytes();
    // The first ones are the ends of data behind SMTP smuggling.
    let (session, server) = session("PIPELINING", BYE, Chunks::Whole).await;
    for (message, reason) in [
        (&b"a\n.\n"[..], bare),
        (b"a\r.\r", bare),
        (b"a\n.\r\n", bare),
        (b"a\r\n.\n", bare),
        (b"a\r\n.\r", bare),
        (b"a\r.\r\n", bare),
        (b"a\r\n\r.\r\n", bare),
        (b"a\r\r\n.\r\n", bare),
        (b"a\r\n.\r\r\n", bare),
        (b"a\0\r\n.\r\n", "it holds a NUL"),
        (b"", "it is empty"),
        (b"a", cut),
        (b"a\r\nb", cut),
        (&line(999), "it has a line of more than 998 octets"),
    ] {
        let refused = session.send(&to_bob(), message, &SendOptions::default()).await;
        assert_eq!(refused, Err(Error::invalid("message", reason)), "{:?}", message.escape_ascii());
    }
    assert_eq!(super::super::body::check(&line(998)), Ok(()));
    let nobody = session.send(&envelope("alice@example.test", &[]), MESSAGE, &SendOptions::default()).await;
    assert_eq!(nobody, Err(Error::invalid("envelope", "it has no recipient")));
    session.close().await.unwrap();
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_the_server_lacks_is_named_before_anything_is_sent() {
    let (plain, server) = session("SIZE 17", BYE, Chunks::Whole).await;
    let dsn = SendOptions { dsn: Some(Dsn::default()), ..default() };
    for (to, message, options, extension) in [
        (to_bob(), "ü\r\n".as_bytes(), default(), "8BITMIME"),
        (envelope("ü@example.test", &["bob@example.test"]), MESSAGE, default(), "SMTPUTF8"),
        (envelope("alice@example.test", &["ü@example.test"]), MESSAGE, default(), "SMTPUTF8"),
        (to_bob(), MESSAGE, dsn, "DSN"),
    ] {
        let refused = plain.send(&to, message, &options).await;
        assert_eq!(refused, Err(Error::Unsupported { extension }));
    }
    let too_long = plain.send(&to_bob(), &b"0123456789abcdef\r\n"[..], &default()).await;
    let reason = "it has 18 octets, and the server takes no more than 17";
    assert_eq!(too_long, Err(Error::invalid("message", reason)));
    plain.close().await.unwrap();
    server.await.unwrap().unwrap();

    let script = "
        C: MAIL FROM:<alice@xn--bcher-kva.example> SIZE=17
        S: 250 ok
        C: RCPT TO:<bob@xn--bcher-kva.example>
        S: 550 no
        C: RSET
        S: 250 ok
    ";
    let (at_limit, server) = session("SIZE 17", &format!("{script}{BYE}"), Chunks::Whole).await;
    let envelope = envelope("alice@Bücher.example", &["bob@bücher.example"]);
    assert!(!at_limit.send(&envelope, MESSAGE, &default()).await.unwrap().is_sent());
    at_limit.close().await.unwrap();
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn many_recipients_are_asked_for_in_groups() {
    let addresses: Vec<String> = (0..130).map(|number| format!("r{number}@example.test")).collect();
    let rcpt = |range: std::ops::Range<usize>| -> String {
        range.map(|number| format!("C: RCPT TO:<r{number}@example.test>\n")).collect()
    };
    // 64 commands at a time: nothing more comes before these are answered.
    let script = format!(
        "C: MAIL …\n{}{}{}{}{}C: DATA\n{}S: 354 go\n{STUFFED}S: 250 ok\n{BYE}",
        rcpt(0..63),
        "S: 250 ok\n".repeat(64),
        rcpt(63..127),
        "S: 250 ok\n".repeat(64),
        rcpt(127..130),
        "S: 250 ok\n".repeat(3),
    );
    let (session, server) = session("PIPELINING", &script, Chunks::Whole).await;
    let to: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let receipt =
        bounded(session.send(&envelope("alice@example.test", &to), MESSAGE, &default())).await.unwrap();
    assert!(receipt.is_sent_to_all());
    assert_eq!(receipt.recipients.iter().map(|one| one.address.to_string()).collect::<Vec<_>>(), addresses);
    bounded(session.close()).await.unwrap();
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn envelope_ids_and_notifications_have_one_form() {
    let invalid = Error::invalid("envelope id", "not 1 to 100 printable ASCII characters");
    for text in ["", "ü", "a\r\n", "a\tb", "\x7f", &"x".repeat(101), &"+".repeat(34)] {
        assert_eq!(EnvelopeId::parse(text), Err(invalid.clone()), "{text:?}");
    }
    for text in ["a b", &"x".repeat(100), &"=".repeat(33)] {
        assert_eq!(EnvelopeId::parse(text).unwrap().as_str(), text);
    }
    let on = |success, failure, delay| Notify::On { success, failure, delay }.value();
    assert_eq!(on(true, true, true), "SUCCESS,FAILURE,DELAY");
    assert_eq!(on(false, false, true), "DELAY");
    assert_eq!((on(false, false, false).as_str(), Notify::Never.value().as_str()), ("NEVER", "NEVER"));
}
