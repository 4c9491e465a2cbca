//! Sends that wait behind another one: what goes out ahead of its turn, and that no message's fate becomes another's.

use super::hand::{
    CHUNK, FROM, Hand, MESSAGE, Sending, TEXT, TO, begin, begin_as, drop_it, session as session_with,
};
use super::*;
use crate::{Delivery, Dsn, NotSent, Notify, PeerFault, Receipt, Refusal, SendId, SendOptions};

/// How a message to Bob goes over the wire.
struct Way {
    extensions: &'static str,
    /// The whole envelope, in one write.
    envelope: String,
    /// The answers to it.
    go: &'static str,
    /// The message, with its end.
    message: &'static str,
}

fn by_data() -> Way {
    Way {
        extensions: "PIPELINING",
        envelope: format!("{FROM}{TO}DATA\r\n"),
        go: "250 ok\r\n250 ok\r\n354 go\r\n",
        message: TEXT,
    }
}

fn by_bdat() -> Way {
    Way {
        extensions: "PIPELINING\r\n250-CHUNKING",
        envelope: format!("{FROM}{TO}"),
        go: "250 ok\r\n250 ok\r\n",
        message: CHUNK,
    }
}

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
    async fn begin(way: &Way) -> Self {
        Self::begin_as(way, SendOptions::default()).await
    }

    /// The same; the second send has options.
    async fn begin_as(way: &Way, options: SendOptions) -> Self {
        let (session, mut server) = session_with(way.extensions, TIMEOUTS).await;
        let (_, first) = begin(&session);
        server.hear(&way.envelope).await;
        let (id, second) = begin_as(&session, to_bob(), MESSAGE, options);
        tokio::task::yield_now().await;
        Self { session, server, first, id, second }
    }

    /// The server has heard the first message as well, and the second envelope with it.
    async fn ahead(way: &Way) -> Self {
        let mut pair = Self::begin(way).await;
        pair.server.say(way.go).await;
        pair.server.hear(&format!("{}{}", way.message, way.envelope)).await;
        pair
    }

    /// What became of both.
    async fn outcomes(self) -> (Result<Receipt, Error>, Result<Receipt, Error>) {
        (self.first.await.unwrap(), self.second.await.unwrap())
    }
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
    for way in [by_data(), by_bdat()] {
        bounded(async {
            let mut pair = Pair::ahead(&way).await;
            pair.server.say(&format!("250 as 1\r\n{}", way.go)).await;
            pair.server.hear(way.message).await;
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
        let way = by_data();
        let (session, mut server) = session_with(way.extensions, TIMEOUTS).await;
        let (_, first) = begin(&session);
        server.hear(&way.envelope).await;
        let other = session.clone();
        let noop = tokio::spawn(async move { other.noop().await });
        tokio::task::yield_now().await;
        let (_, second) = begin(&session);
        for (said, heard) in [
            (way.go, way.message),
            ("250 as 1\r\n", "NOOP\r\n"),
            ("250 ok\r\n", &way.envelope),
            (way.go, way.message),
        ] {
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
    let way =
        Way { extensions: "PIPELINING\r\n250-SIZE\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN", ..by_data() };
    let sized = |from: &str, rest: &str| format!("MAIL FROM:<{from}> SIZE={rest}\r\n");
    let plain = format!("{}{TO}DATA\r\n", sized("alice@example.test", "17"));
    let special = format!(
        "{}RCPT TO:<bob@example.test> NOTIFY=NEVER\r\nDATA\r\n",
        sized("ä@example.test", "4 BODY=8BITMIME SMTPUTF8")
    );
    bounded(async {
        let (session, mut server) = session_with(way.extensions, TIMEOUTS).await;
        let (_, first) = begin(&session);
        server.hear(&plain).await;
        let notify = Some(Notify::Never);
        let dsn = SendOptions { dsn: Some(Dsn { notify, ..Dsn::default() }), ..SendOptions::default() };
        let (_, second) =
            begin_as(&session, envelope("ä@example.test", &["bob@example.test"]), "ü\r\n".as_bytes(), dsn);
        let (_, third) = begin(&session);
        tokio::task::yield_now().await;
        for (said, heard) in [
            (way.go.to_owned(), format!("{TEXT}{special}")),
            (format!("250 as 1\r\n{}", way.go), format!("ü\r\n.\r\n{plain}")),
            (format!("250 as 2\r\n{}", way.go), TEXT.to_owned()),
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
        let way = by_data();
        let (session, mut server) = session_with(way.extensions, TIMEOUTS).await;
        let (_, first) = begin(&session);
        server.hear(&way.envelope).await;
        let many = envelope("alice@example.test", &to);
        let (_, second) = begin_as(&session, many, MESSAGE, SendOptions::default());
        tokio::task::yield_now().await;
        server.say(way.go).await;
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
    bounded(async {
        let way = by_data();
        let mut pair = Pair::ahead(&way).await;
        pair.server.say(&format!("554 spam\r\n{}", way.go)).await;
        pair.server.hear(way.message).await;
        pair.server.say("250 as 2\r\n").await;
        let (first, second) = pair.outcomes().await;
        assert_eq!((delivery(first), delivery(second)), (message_refused("DATA"), sent("as 2")));
    })
    .await;
    // After a refused BDAT the transaction is open until RSET: what a server makes of the next envelope within it must not count.
    for within in ["503 one at a time\r\n250 ok\r\n", "250 ok\r\n250 ok\r\n", "503 no\r\n503 no\r\n"] {
        bounded(async {
            let way = by_bdat();
            let mut pair = Pair::ahead(&way).await;
            pair.server.say(&format!("554 spam\r\n{within}")).await;
            for (heard, said) in
                [("RSET\r\n", "250 ok\r\n"), (&way.envelope, way.go), (way.message, "250 as 2\r\n")]
            {
                pair.server.hear(heard).await;
                pair.server.say(said).await;
            }
            let (first, second) = pair.outcomes().await;
            assert_eq!((delivery(first), delivery(second)), (message_refused("BDAT"), sent("as 2")));
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
    for (way, answers, expected) in [
        (by_data(), unwanted, nobody()),
        (by_data(), forbidden, not_yours()),
        (by_bdat(), unwanted.trim_end_matches("554 nobody\r\n"), nobody()),
        (by_bdat(), "250 as 1\r\n553 not yours\r\n503 MAIL first\r\n", not_yours()),
    ] {
        bounded(async {
            let mut pair = Pair::ahead(&way).await;
            let (_, third) = begin(&pair.session);
            for (said, heard) in [(answers, "RSET\r\n"), ("250 ok\r\n", &way.envelope), (way.go, way.message)]
            {
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
        let mut pair = Pair::ahead(&by_data()).await;
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
    for way in [by_data(), by_bdat()] {
        for last_words in ["", "250 as 1", "250-as 1\r\n"] {
            bounded(async {
                let mut pair = Pair::ahead(&way).await;
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
                let mut pair = Pair::ahead(&way).await;
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

#[tokio::test]
async fn a_goodbye_between_two_messages_is_a_no_to_what_has_no_answer() {
    let goodbye = Error::from(PeerFault::Goodbye { text: "bye".to_owned() });
    for way in [by_data(), by_bdat()] {
        bounded(async {
            let mut pair = Pair::ahead(&way).await;
            pair.server.say("421 4.3.2 bye\r\n").await;
            assert_eq!(pair.outcomes().await, (Err(goodbye.clone()), Err(goodbye.clone())));

            let mut pair = Pair::ahead(&way).await;
            pair.server.say("250 as 1\r\n421 4.3.2 bye\r\n").await;
            let (first, second) = pair.outcomes().await;
            assert_eq!((delivery(first), second), (sent("as 1"), Err(goodbye.clone())));

            let mut pair = Pair::ahead(&way).await;
            pair.server.say(&format!("250 as 1\r\n{}", way.go)).await;
            pair.server.hear(way.message).await;
            pair.server.say("421 4.3.2 bye\r\n").await;
            let (first, second) = pair.outcomes().await;
            assert_eq!((delivery(first), second), (sent("as 1"), Err(goodbye.clone())));
        })
        .await;
    }
}

#[tokio::test]
async fn an_answer_too_many_is_no_answer_to_the_next_message() {
    for (way, step, line) in [(by_data(), "DATA", "250 ok"), (by_bdat(), "RCPT", "250 ok")] {
        bounded(async {
            let mut pair = Pair::ahead(&way).await;
            pair.server.say(&format!("250 as 1\r\n250 again\r\n{}", way.go)).await;
            let (first, second) = pair.outcomes().await;
            assert_eq!(delivery(first), sent("as 1"));
            let fault = PeerFault::Unexpected { step, line: line.to_owned() };
            assert_eq!(second, Err(fault.into()));
        })
        .await;
    }
}

#[tokio::test]
async fn a_send_dropped_after_its_envelope_went_ahead_is_abandoned() {
    bounded(async {
        let way = by_bdat();
        let Pair { session, mut server, first, id, second } = Pair::ahead(&way).await;
        drop_it(second).await;
        let (_, third) = begin(&session);
        for (said, heard) in [
            (&*format!("250 as 1\r\n{}", way.go), "RSET\r\n"),
            ("250 ok\r\n", &way.envelope),
            (way.go, way.message),
        ] {
            server.say(said).await;
            server.hear(heard).await;
        }
        server.say("250 as 3\r\n").await;
        assert_eq!(delivery(first.await.unwrap()), sent("as 1"));
        assert_eq!(session.outcome(id).await, Err(Error::Cancelled));
        assert_eq!(delivery(third.await.unwrap()), sent("as 3"));

        // The same where the message before is refused: one RSET does for both.
        let Pair { session, mut server, first, id, second } = Pair::ahead(&way).await;
        drop_it(second).await;
        server.say(&format!("554 spam\r\n{}", way.go)).await;
        server.hear("RSET\r\n").await;
        server.say("250 ok\r\n").await;
        assert_eq!(delivery(first.await.unwrap()), message_refused("BDAT"));
        assert_eq!(session.outcome(id).await, Err(Error::Cancelled));
        let closing = tokio::spawn(async move { session.close().await });
        server.hear("QUIT\r\n").await;
        server.say("221 bye\r\n").await;
        closing.await.unwrap().unwrap();
    })
    .await;
}

#[tokio::test]
async fn all_or_nothing_goes_ahead_without_data_and_can_be_abandoned() {
    let all = SendOptions { all_or_nothing: true, ..SendOptions::default() };
    bounded(async {
        let way = by_data();
        for is_dropped in [false, true] {
            let Pair { session, mut server, first, id, second } = Pair::begin_as(&way, all.clone()).await;
            server.say(way.go).await;
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
        let way = by_data();
        let Pair { session, mut server, first, id, second } = Pair::ahead(&way).await;
        drop_it(second).await;
        server.say(&format!("250 as 1\r\n{}", way.go)).await;
        server.hear(way.message).await;
        server.say("250 as 2\r\n").await;
        assert_eq!(delivery(first.await.unwrap()), sent("as 1"));
        assert_eq!(delivery(session.outcome(id).await), sent("as 2"));
    })
    .await;
}

#[tokio::test]
async fn a_send_dropped_before_its_envelope_goes_ahead_is_not_begun() {
    for way in [by_data(), by_bdat()] {
        bounded(async {
            let Pair { session, mut server, first, id, second } = Pair::begin(&way).await;
            drop_it(second).await;
            server.say(way.go).await;
            server.hear(way.message).await;
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
        let way = by_data();
        let Pair { session, mut server, first, second, .. } = Pair::ahead(&way).await;
        let closing = tokio::spawn(async move { session.close().await });
        server.say(&format!("250 as 1\r\n{}", way.go)).await;
        server.hear(way.message).await;
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
    let data = (format!("{ENVELOPE}C: DATA\n"), format!("{GO}S: 354 go\n"), text.to_owned());
    let chunk = "C: BDAT 17 LAST\nC: Subject: x\nC:\nC: .\n".to_owned();
    let bdat = (ENVELOPE.to_owned(), GO.to_owned(), chunk);
    let anew = format!("S: 503 one at a time\nS: 250 ok\nC: RSET\nS: 250 ok\n{}{}", bdat.0, bdat.1);
    let mut conversations = Vec::new();
    for (extensions, (envelope, go, message), after_refusal) in
        [("PIPELINING", &data, &data.1), ("PIPELINING, CHUNKING", &bdat, &anew)]
    {
        for (answer, between) in [("250 as 1", go), ("554 spam", after_refusal)] {
            let parts = [
                format!("{envelope}{go}"),
                format!("{message}{envelope}S: {answer}\n"),
                between.clone(),
                format!("{message}S: 250 as 2\n"),
            ];
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
