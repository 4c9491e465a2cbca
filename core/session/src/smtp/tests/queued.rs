//! Sends that wait behind another one: what goes out ahead of its turn, and that no message's fate becomes another's.

use super::hand::{
    CHUNK, FROM, Hand, MESSAGE, Sending, TEXT, TO, begin, begin_as, drop_it, session as session_with,
    session_over,
};
use super::*;
use crate::{Delivery, Dsn, NotSent, Notify, PeerFault, Receipt, Refusal, SendId, SendOptions};

/// The whole envelope of a message to Bob, in one write.
const PIPED: &str = "MAIL FROM:<alice@example.test>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\n";
/// The answers to it.
const GO_ON: &str = "250 ok\r\n250 ok\r\n354 go\r\n";
const PIPELINING: &str = "PIPELINING";
const CHUNKING: &str = "PIPELINING\r\n250-CHUNKING";

/// Two sends on their way, one behind the other.
struct Pair {
    session: SmtpSession,
    server: Hand,
    first: Sending,
    id: SendId,
    second: Sending,
}

impl Pair {
    /// The server has heard the first envelope, and the second send waits.
    async fn begin(extensions: &str) -> Self {
        Self::begin_as(extensions, SendOptions::default()).await
    }

    /// The same; the second send has options. Where there is CHUNKING, one was sent by BDAT before, behind which the first one waited.
    async fn begin_as(extensions: &str, options: SendOptions) -> Self {
        let (session, mut server) = session_with(extensions, TIMEOUTS).await;
        let first =
            if extensions == CHUNKING { behind_bdat(&session, &mut server).await } else { begin(&session).1 };
        server.hear(PIPED).await;
        let (id, second) = begin_as(&session, to_bob(), MESSAGE, options);
        tokio::task::yield_now().await;
        Self { session, server, first, id, second }
    }

    /// The server has heard the first message as well, and the second envelope with it.
    async fn ahead(extensions: &str) -> Self {
        let mut pair = Self::begin(extensions).await;
        pair.server.say(GO_ON).await;
        pair.server.hear(&format!("{TEXT}{PIPED}")).await;
        pair
    }

    /// What became of both.
    async fn outcomes(self) -> (Result<Receipt, Error>, Result<Receipt, Error>) {
        (self.first.await.unwrap(), self.second.await.unwrap())
    }
}

/// Sends a message by BDAT, and then begins the one that waited behind it.
async fn behind_bdat(session: &SmtpSession, server: &mut Hand) -> Sending {
    let (_, before) = begin(session);
    server.hear(&format!("{FROM}{TO}")).await;
    let (_, sending) = begin(session);
    tokio::task::yield_now().await;
    server.say("250 ok\r\n250 ok\r\n").await;
    server.hear(CHUNK).await;
    server.say("250 as 0\r\n").await;
    assert_eq!(delivery(before.await.unwrap()), sent("as 0"));
    sending
}

fn sent(text: &str) -> Delivery {
    Delivery::Sent { text: text.to_owned() }
}

fn refused(command: &'static str, code: u16, text: &str) -> Refusal {
    Refusal { code: Some(code), ..Refusal::new(command, text.as_bytes()) }
}

fn message_refused(command: &'static str) -> Delivery {
    Delivery::NotSent(NotSent::Refused(refused(command, 554, "spam")))
}

fn delivery(outcome: Result<Receipt, Error>) -> Delivery {
    outcome.unwrap().message
}

#[tokio::test]
async fn the_envelope_of_a_send_that_waits_goes_with_the_end_of_the_message_before() {
    for extensions in [PIPELINING, CHUNKING] {
        bounded(async {
            let mut pair = Pair::ahead(extensions).await;
            pair.server.say(&format!("250 as 1\r\n{}", GO_ON)).await;
            pair.server.hear(TEXT).await;
            pair.server.say("250 as 2\r\n").await;
            let (first, second) = pair.outcomes().await;
            assert_eq!((delivery(first), delivery(second)), (sent("as 1"), sent("as 2")));
        })
        .await;
    }
}

#[tokio::test]
async fn without_pipelining_nothing_goes_ahead() {
    bounded(async {
        let (session, mut server) = session_with("SIZE", TIMEOUTS).await;
        let from = format!("{} SIZE=17\r\n", FROM.trim_end());
        let (_, first) = begin(&session);
        server.hear(&from).await;
        let (_, second) = begin(&session);
        for (said, heard) in [
            ("250 ok\r\n", TO),
            ("250 ok\r\n", "DATA\r\n"),
            ("354 go\r\n", TEXT),
            ("250 as 1\r\n", &from),
            ("250 ok\r\n", TO),
            ("250 ok\r\n", "DATA\r\n"),
            ("354 go\r\n", TEXT),
        ] {
            server.say(said).await;
            server.hear(heard).await;
        }
        server.say("250 as 2\r\n").await;
        assert_eq!(delivery(first.await.unwrap()), sent("as 1"));
        assert_eq!(delivery(second.await.unwrap()), sent("as 2"));
    })
    .await;
}

#[tokio::test]
async fn only_a_send_that_is_next_goes_ahead() {
    bounded(async {
        let (session, mut server) = session_with(PIPELINING, TIMEOUTS).await;
        let (_, first) = begin(&session);
        server.hear(PIPED).await;
        let other = session.clone();
        let noop = tokio::spawn(async move { other.noop().await });
        tokio::task::yield_now().await;
        let (_, second) = begin(&session);
        for (said, heard) in
            [(GO_ON, TEXT), ("250 as 1\r\n", "NOOP\r\n"), ("250 ok\r\n", PIPED), (GO_ON, TEXT)]
        {
            server.say(said).await;
            server.hear(heard).await;
        }
        server.say("250 as 2\r\n").await;
        assert_eq!(noop.await.unwrap(), Ok(()));
        assert_eq!(delivery(first.await.unwrap()), sent("as 1"));
        assert_eq!(delivery(second.await.unwrap()), sent("as 2"));
    })
    .await;
}

#[tokio::test]
async fn each_envelope_has_what_its_own_message_needs() {
    let extensions = "PIPELINING\r\n250-SIZE\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN";
    let sized = |from: &str, rest: &str| format!("MAIL FROM:<{from}> SIZE={rest}\r\n");
    let plain = format!("{}{TO}DATA\r\n", sized("alice@example.test", "17"));
    let special = format!(
        "{}RCPT TO:<bob@example.test> NOTIFY=NEVER\r\nDATA\r\n",
        sized("ä@example.test", "4 BODY=8BITMIME SMTPUTF8")
    );
    bounded(async {
        let (session, mut server) = session_with(extensions, TIMEOUTS).await;
        let (_, first) = begin(&session);
        server.hear(&plain).await;
        let notify = Some(Notify::Never);
        let dsn = SendOptions { dsn: Some(Dsn { notify, ..Dsn::default() }), ..SendOptions::default() };
        let (_, second) =
            begin_as(&session, envelope("ä@example.test", &["bob@example.test"]), "ü\r\n".as_bytes(), dsn);
        let (_, third) = begin(&session);
        tokio::task::yield_now().await;
        for (said, heard) in [
            (GO_ON.to_owned(), format!("{TEXT}{special}")),
            (format!("250 as 1\r\n{}", GO_ON), format!("ü\r\n.\r\n{plain}")),
            (format!("250 as 2\r\n{}", GO_ON), TEXT.to_owned()),
        ] {
            server.say(&said).await;
            server.hear(&heard).await;
        }
        server.say("250 as 3\r\n").await;
        for (sending, text) in [(first, "as 1"), (second, "as 2"), (third, "as 3")] {
            assert_eq!(delivery(sending.await.unwrap()), sent(text));
        }
    })
    .await;
}

#[tokio::test]
async fn no_more_than_a_group_of_commands_goes_ahead() {
    let addresses: Vec<String> = (0..100).map(|number| format!("r{number}@example.test")).collect();
    let to: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let rcpt = |range: std::ops::Range<usize>| -> String {
        to[range].iter().map(|to| format!("RCPT TO:<{to}>\r\n")).collect()
    };
    bounded(async {
        let (session, mut server) = session_with(PIPELINING, TIMEOUTS).await;
        let (_, first) = begin(&session);
        server.hear(PIPED).await;
        let many = envelope("alice@example.test", &to);
        let (_, second) = begin_as(&session, many, MESSAGE, SendOptions::default());
        tokio::task::yield_now().await;
        server.say(GO_ON).await;
        server.hear(&format!("{TEXT}{FROM}{}", rcpt(0..63))).await;
        server.say(&format!("250 as 1\r\n{}", "250 ok\r\n".repeat(64))).await;
        server.hear(&format!("{}DATA\r\n", rcpt(63..100))).await;
        server.say(&format!("{}354 go\r\n", "250 ok\r\n".repeat(37))).await;
        server.hear(TEXT).await;
        server.say("250 as 2\r\n").await;
        assert_eq!(delivery(first.await.unwrap()), sent("as 1"));
        let receipt = second.await.unwrap().unwrap();
        assert!(receipt.is_sent_to_all() && receipt.recipients.len() == 100, "{receipt:?}");
    })
    .await;
}

#[tokio::test]
async fn a_refused_message_says_nothing_of_the_next_one() {
    for extensions in [PIPELINING, CHUNKING] {
        bounded(async {
            let mut pair = Pair::ahead(extensions).await;
            pair.server.say(&format!("554 spam\r\n{GO_ON}")).await;
            pair.server.hear(TEXT).await;
            pair.server.say("250 as 2\r\n").await;
            let (first, second) = pair.outcomes().await;
            assert_eq!((delivery(first), delivery(second)), (message_refused("DATA"), sent("as 2")));
        })
        .await;
    }
}

/// After a refused BDAT the transaction is open until RSET: whatever a server made of the next envelope within it would be wrong.
#[tokio::test]
async fn nothing_goes_ahead_behind_bdat() {
    for (answer, before_the_next, expected) in
        [("250 as 1\r\n", None, sent("as 1")), ("554 spam\r\n", Some("RSET\r\n"), message_refused("BDAT"))]
    {
        bounded(async {
            let (session, mut server) = session_with(CHUNKING, TIMEOUTS).await;
            let (_, first) = begin(&session);
            server.hear(&format!("{FROM}{TO}")).await;
            let (_, second) = begin(&session);
            tokio::task::yield_now().await;
            server.say("250 ok\r\n250 ok\r\n").await;
            server.hear(CHUNK).await;
            server.say(answer).await;
            if let Some(reset) = before_the_next {
                server.hear(reset).await;
                server.say("250 ok\r\n").await;
            }
            server.hear(PIPED).await;
            server.say(GO_ON).await;
            server.hear(TEXT).await;
            server.say("250 as 2\r\n").await;
            assert_eq!(delivery(first.await.unwrap()), expected);
            assert_eq!(delivery(second.await.unwrap()), sent("as 2"));
        })
        .await;
    }
}

#[tokio::test]
async fn a_refused_envelope_says_nothing_of_the_messages_around_it() {
    let nobody = || Delivery::NotSent(NotSent::Recipients);
    let not_yours = || Delivery::NotSent(NotSent::Refused(refused("MAIL", 553, "not yours")));
    let unwanted = "250 as 1\r\n250 ok\r\n550 no\r\n554 nobody\r\n";
    let forbidden = "250 as 1\r\n553 not yours\r\n503 MAIL first\r\n503 MAIL first\r\n";
    let by_data = (PIPELINING, [("250 ok\r\n", PIPED), (GO_ON, TEXT)]);
    // Nothing was on its way when its turn came.
    let unpiped = format!("{FROM}{TO}");
    let by_bdat = (CHUNKING, [("250 ok\r\n", unpiped.as_str()), ("250 ok\r\n250 ok\r\n", CHUNK)]);
    for ((extensions, third_goes), answers, expected) in [
        (by_data, unwanted, nobody()),
        (by_data, forbidden, not_yours()),
        (by_bdat, unwanted, nobody()),
        (by_bdat, forbidden, not_yours()),
    ] {
        bounded(async {
            let mut pair = Pair::ahead(extensions).await;
            let (_, third) = begin(&pair.session);
            for (said, heard) in [(answers, "RSET\r\n")].into_iter().chain(third_goes) {
                pair.server.say(said).await;
                pair.server.hear(heard).await;
            }
            pair.server.say("250 as 3\r\n").await;
            assert_eq!(delivery(third.await.unwrap()), sent("as 3"));
            let (first, second) = pair.outcomes().await;
            assert_eq!((delivery(first), delivery(second)), (sent("as 1"), expected));
        })
        .await;
    }
}

#[tokio::test]
async fn a_go_ahead_for_nobody_is_answered_with_an_empty_message() {
    bounded(async {
        let mut pair = Pair::ahead(PIPELINING).await;
        pair.server.say("250 as 1\r\n250 ok\r\n550 no\r\n354 go\r\n").await;
        pair.server.hear(".\r\n").await;
        pair.server.say("554 nobody\r\n").await;
        pair.server.hear("RSET\r\n").await;
        let (first, second) = pair.outcomes().await;
        assert_eq!(
            (delivery(first), delivery(second)),
            (sent("as 1"), Delivery::NotSent(NotSent::Recipients))
        );
    })
    .await;
}

#[tokio::test]
async fn a_lost_answer_is_the_loss_of_one_message() {
    let gone = |step| Error::from(PeerFault::Disconnected { step });
    for extensions in [PIPELINING, CHUNKING] {
        for last_words in ["", "250 as 1", "250-as 1\r\n"] {
            bounded(async {
                let mut pair = Pair::ahead(extensions).await;
                pair.server.say(last_words).await;
                let Pair { session, server, first, id, second } = pair;
                drop(server);
                let because = gone("the answer to the message");
                assert_eq!(delivery(first.await.unwrap()), Delivery::Unknown { because: because.clone() });
                // It had no end, so it can't have been sent.
                assert_eq!(second.await.unwrap(), Err(because));
                assert_eq!(session.outcome(id).await, Err(Error::Closed { because: None }));
            })
            .await;
        }
        for (last_words, step) in [("", "MAIL"), ("250 ok\r\n", "RCPT"), ("250 ok\r\n250 o", "RCPT")] {
            bounded(async {
                let mut pair = Pair::ahead(extensions).await;
                pair.server.say(&format!("250 as 1\r\n{last_words}")).await;
                let Pair { session, server, first, id, second } = pair;
                drop(server);
                assert_eq!(delivery(first.await.unwrap()), sent("as 1"));
                assert_eq!(second.await.unwrap(), Err(gone(step)));
                assert_eq!(session.outcome(id).await, Err(gone(step)));
            })
            .await;
        }
    }
}

/// Two sends over a line that holds one envelope and not much more: the first message is out, and so much else that the rest of the second envelope
/// waits until the server reads on.
async fn overfull(timeouts: Timeouts) -> Pair {
    let (session, mut server) = session_over(PIPED.len(), PIPELINING, timeouts).await;
    let (_, first) = begin(&session);
    server.hear(PIPED).await;
    let many = envelope("alice@example.test", &["bob@example.test"; 9]);
    let (id, second) = begin_as(&session, many, MESSAGE, SendOptions::default());
    tokio::task::yield_now().await;
    server.say(GO_ON).await;
    server.hear_exactly(TEXT).await;
    Pair { session, server, first, id, second }
}

#[tokio::test]
async fn an_answer_at_hand_counts_where_the_line_breaks_on_the_next_envelope() {
    let goodbye = Error::from(PeerFault::Goodbye { text: "bye".to_owned() });
    for (answer, expected) in [
        ("250 as 1", Ok(sent("as 1"))),
        ("554 spam", Ok(message_refused("DATA"))),
        ("421 4.3.2 bye", Err(goodbye)),
    ] {
        bounded(async {
            let Pair { session, mut server, first, second, .. } = overfull(TIMEOUTS).await;
            server.say(&format!("{answer}\r\n")).await;
            drop(server);
            assert_eq!(first.await.unwrap().map(|receipt| receipt.message), expected);
            let broken = second.await.unwrap();
            assert!(matches!(broken, Err(Error::Network { step: "the message", .. })), "{broken:?}");
            assert!(session.is_closed());
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_may_take_its_time_over_a_message_before_it_reads_the_next_envelope() {
    let patient = Timeouts { final_reply: Duration::from_secs(600), ..TIMEOUTS };
    let mut pair = overfull(patient).await;
    tokio::time::sleep(patient.final_reply / 2).await;
    pair.server.say("250 as 1\r\n").await;
    let recipients = "RCPT TO:<bob@example.test>\r\n".repeat(9);
    pair.server.hear_exactly(&format!("{FROM}{recipients}DATA\r\n")).await;
    pair.server.say(&format!("{}354 go\r\n", "250 ok\r\n".repeat(10))).await;
    pair.server.hear(TEXT).await;
    pair.server.say("250 as 2\r\n").await;
    let (first, second) = pair.outcomes().await;
    assert_eq!((delivery(first), delivery(second)), (sent("as 1"), sent("as 2")));
}

#[tokio::test]
async fn a_goodbye_between_two_messages_is_a_no_to_what_has_no_answer() {
    let goodbye = Error::from(PeerFault::Goodbye { text: "bye".to_owned() });
    for extensions in [PIPELINING, CHUNKING] {
        bounded(async {
            let mut pair = Pair::ahead(extensions).await;
            pair.server.say("421 4.3.2 bye\r\n").await;
            assert_eq!(pair.outcomes().await, (Err(goodbye.clone()), Err(goodbye.clone())));

            let mut pair = Pair::ahead(extensions).await;
            pair.server.say("250 as 1\r\n421 4.3.2 bye\r\n").await;
            let (first, second) = pair.outcomes().await;
            assert_eq!((delivery(first), second), (sent("as 1"), Err(goodbye.clone())));

            let mut pair = Pair::ahead(extensions).await;
            pair.server.say(&format!("250 as 1\r\n{}", GO_ON)).await;
            pair.server.hear(TEXT).await;
            pair.server.say("421 4.3.2 bye\r\n").await;
            let (first, second) = pair.outcomes().await;
            assert_eq!((delivery(first), second), (sent("as 1"), Err(goodbye.clone())));
        })
        .await;
    }
}

#[tokio::test]
async fn an_answer_too_many_is_no_answer_to_the_next_message() {
    let unexpected = |step, line: &str| Err(PeerFault::Unexpected { step, line: line.to_owned() }.into());
    for extensions in [PIPELINING, CHUNKING] {
        for (at_once, later) in
            [("250 ok\r\n250 ok\r\n354 go\r\n", ""), ("250 ok\r\n", "250 ok\r\n354 go\r\n")]
        {
            bounded(async {
                let mut pair = Pair::ahead(extensions).await;
                pair.server.say(&format!("250 as 1\r\n250 again\r\n{at_once}")).await;
                assert_eq!(delivery(pair.first.await.unwrap()), sent("as 1"));
                pair.server.say(later).await;
                // Its place was that of the go-ahead, which nothing else is taken for.
                assert_eq!(pair.second.await.unwrap(), unexpected("DATA", "250 ok"));
            })
            .await;
        }
    }
    // Behind BDAT, where nothing goes ahead, it is left over.
    bounded(async {
        let (session, mut server) = session_with(CHUNKING, TIMEOUTS).await;
        let (_, first) = begin(&session);
        server.hear(&format!("{FROM}{TO}")).await;
        let (_, second) = begin(&session);
        tokio::task::yield_now().await;
        server.say("250 ok\r\n250 ok\r\n").await;
        server.hear(CHUNK).await;
        server.say("250 as 1\r\n250 again\r\n250 ok\r\n").await;
        assert_eq!(delivery(first.await.unwrap()), sent("as 1"));
        assert_eq!(second.await.unwrap(), unexpected("the answer to the message", "250 again"));
    })
    .await;
}

#[tokio::test]
async fn all_or_nothing_goes_ahead_without_data_and_can_be_abandoned() {
    let all = SendOptions { all_or_nothing: true, ..SendOptions::default() };
    bounded(async {
        for (extensions, is_dropped) in
            [(PIPELINING, false), (PIPELINING, true), (CHUNKING, false), (CHUNKING, true)]
        {
            let Pair { session, mut server, first, id, second } =
                Pair::begin_as(extensions, all.clone()).await;
            server.say(GO_ON).await;
            server.hear(&format!("{TEXT}{FROM}{TO}")).await;
            if is_dropped {
                drop_it(second).await;
                server.say("250 as 1\r\n250 ok\r\n250 ok\r\n").await;
                server.hear("RSET\r\n").await;
                server.say("250 ok\r\n").await;
                assert_eq!(session.outcome(id).await, Err(Error::Cancelled));
            } else {
                server.say("250 as 1\r\n250 ok\r\n250 ok\r\n").await;
                server.hear("DATA\r\n").await;
                server.say("354 go\r\n").await;
                server.hear(TEXT).await;
                server.say("250 as 2\r\n").await;
                assert_eq!(delivery(second.await.unwrap()), sent("as 2"));
            }
            assert_eq!(delivery(first.await.unwrap()), sent("as 1"));
        }
    })
    .await;
}

#[tokio::test]
async fn a_send_dropped_after_its_data_went_ahead_runs_to_its_end() {
    bounded(async {
        let Pair { session, mut server, first, id, second } = Pair::ahead(PIPELINING).await;
        drop_it(second).await;
        server.say(&format!("250 as 1\r\n{}", GO_ON)).await;
        server.hear(TEXT).await;
        server.say("250 as 2\r\n").await;
        assert_eq!(delivery(first.await.unwrap()), sent("as 1"));
        assert_eq!(delivery(session.outcome(id).await), sent("as 2"));
    })
    .await;
}

#[tokio::test]
async fn a_send_dropped_before_its_envelope_goes_ahead_is_not_begun() {
    for extensions in [PIPELINING, CHUNKING] {
        bounded(async {
            let Pair { session, mut server, first, id, second } = Pair::begin(extensions).await;
            drop_it(second).await;
            server.say(GO_ON).await;
            server.hear(TEXT).await;
            server.say("250 as 1\r\n").await;
            assert_eq!(delivery(first.await.unwrap()), sent("as 1"));
            assert_eq!(session.outcome(id).await, Err(Error::Cancelled));
        })
        .await;
    }
}

#[tokio::test]
async fn a_session_closed_between_two_messages_sends_what_was_begun() {
    bounded(async {
        let Pair { session, mut server, first, second, .. } = Pair::ahead(PIPELINING).await;
        let closing = tokio::spawn(async move { session.close().await });
        server.say(&format!("250 as 1\r\n{}", GO_ON)).await;
        server.hear(TEXT).await;
        server.say("250 as 2\r\n").await;
        server.hear("QUIT\r\n").await;
        server.say("221 bye\r\n").await;
        closing.await.unwrap().unwrap();
        assert_eq!(delivery(first.await.unwrap()), sent("as 1"));
        assert_eq!(delivery(second.await.unwrap()), sent("as 2"));
    })
    .await;
}

const ENVELOPE: &str = "
    C: MAIL FROM:<alice@example.test>
    C: RCPT TO:<bob@example.test>
";
const GO: &str = "
    S: 250 ok
    S: 250 ok
";

/// Conversations of two sends, the second of which waits: whether the first is accepted, and what the server says before it has all of the first,
/// up to its answer, before it has all of the second, and in all.
fn conversations() -> Vec<(String, bool, [usize; 4])> {
    let text = "C: Subject: x\nC:\nC: ..\nC: .\n";
    let (envelope, go) = (format!("{ENVELOPE}C: DATA\n"), format!("{GO}S: 354 go\n"));
    let chunk = "C: BDAT 17 LAST\nC: Subject: x\nC:\nC: .\n";
    let mut conversations = Vec::new();
    for (answer, reset) in [("250 as 1", ""), ("554 spam", "C: RSET\nS: 250 ok\n")] {
        let ahead = [
            format!("{envelope}{go}"),
            format!("{text}{envelope}S: {answer}\n"),
            go.clone(),
            format!("{text}S: 250 as 2\n"),
        ];
        let behind_bdat = [
            format!("{ENVELOPE}{GO}"),
            format!("{chunk}S: {answer}\n"),
            format!("{reset}{envelope}{go}"),
            format!("{text}S: 250 as 2\n"),
        ];
        for (extensions, parts) in [("PIPELINING", ahead), ("PIPELINING, CHUNKING", behind_bdat)] {
            let said = [1, 2, 3, 4]
                .map(|count| Script::parse(&logged_in(extensions, &parts[..count].concat())).output_len());
            conversations.push((logged_in(extensions, &parts.concat()), answer == "250 as 1", said));
        }
    }
    conversations
}

#[tokio::test]
async fn a_line_cut_at_any_byte_gives_no_message_a_wrong_answer() {
    for (script, is_accepted, [first, answered, second, len]) in conversations() {
        let is_unknown = |outcome: &Result<Receipt, Error>| {
            outcome.as_ref().is_ok_and(|receipt| matches!(receipt.message, Delivery::Unknown { .. }))
        };
        for at in first..=len {
            for chunks in BOTH {
                let cut = Script::parse(&script).cut_at(at);
                let (connection, _server) = play(cut, chunks, Security::Tls, TIMEOUTS).await;
                let session = connection.unwrap().log_in(&alice()).await.unwrap();
                let (to, options) = (to_bob(), SendOptions::default());
                let send = || session.send(&to, MESSAGE, &options);
                let (one, two) = bounded(async { futures::join!(send(), send()) }).await;
                let place = format!("{at} of {script}: {one:?}, {two:?}");
                match one {
                    unknown if at < answered => assert!(is_unknown(&unknown), "{place}"),
                    answer => assert_eq!(answer.unwrap().is_sent(), is_accepted, "{place}"),
                }
                match two {
                    failed if at < second => assert!(failed.is_err(), "{place}"),
                    unknown if at < len => assert!(is_unknown(&unknown), "{place}"),
                    answer => assert_eq!(delivery(answer), sent("as 2"), "{place}"),
                }
            }
        }
    }
}
