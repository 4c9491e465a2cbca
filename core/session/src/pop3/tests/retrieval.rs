use super::session::message;
use super::*;
use crate::{PeerFault, Pop3Message, Pop3Retrieval, Pop3Retrieved};

/// All that comes, and how it ended.
async fn read(retrieval: &mut Pop3Retrieval) -> (Vec<Pop3Retrieved>, Result<(), Error>) {
    let mut all = Vec::new();
    loop {
        match retrieval.next().await {
            Ok(Some(retrieved)) => all.push(retrieved),
            Ok(None) => return (all, Ok(())),
            Err(error) => return (all, Err(error)),
        }
    }
}

fn got(message: &Pop3Message, bytes: &[u8]) -> Pop3Retrieved {
    Pop3Retrieved { message: message.clone(), bytes: Ok(bytes.to_vec()) }
}

fn too_large(message: &Pop3Message, limit: u64) -> Pop3Retrieved {
    let error = Error::LimitExceeded { what: "the size of the message", limit };
    Pop3Retrieved { message: message.clone(), bytes: Err(error) }
}

#[tokio::test]
async fn many_messages_are_one_round_trip() {
    let script = "
        C: RETR 1
        C: RETR 2
        C: RETR 4
        C: RETR 5
        S: +OK
        S: ..one
        S: .
        S: -ERR gone
        S: +OK
        S: longer than it said
        S: .
        S: +OK
        S: five
        S: .
        C: NOOP
        S: +OK
    ";
    pipelined(script, async |session| {
        let listing: Vec<_> =
            (1..=5).map(|number| message(number, if number == 3 { 11 } else { 6 }, None)).collect();
        let [one, two, three, four, five] = listing.as_slice() else { unreachable!() };
        let gone = Error::Refused(refusal("RETR", "gone"));
        let (all, end) = read(&mut session.retrieve_all(listing.clone(), 10)).await;
        let expected = [
            got(one, b".one\r\n"),
            Pop3Retrieved { message: two.clone(), bytes: Err(gone) },
            too_large(three, 10),
            too_large(four, 10),
            got(five, b"five\r\n"),
        ];
        assert_eq!((all.as_slice(), end), (&expected[..], Ok(())));
        assert_eq!(session.noop().await, Ok(()));
    })
    .await;
}

#[tokio::test]
async fn without_pipelining_each_message_waits_for_the_one_before() {
    let script = "
        C: RETR 1
        S: +OK
        S: one
        S: .
        C: RETR 2
        S: +OK
        S: two
        S: .
    ";
    in_session(script, async |session| {
        let listing = vec![message(1, 5, None), message(2, 5, None)];
        let mut retrieval = session.retrieve_all(listing.clone(), 10);
        let (all, end) = read(&mut retrieval).await;
        let [one, two] = listing.as_slice() else { unreachable!() };
        assert_eq!((all, end), (vec![got(one, b"one\r\n"), got(two, b"two\r\n")], Ok(())));
        assert_eq!(retrieval.next().await, Ok(None));
    })
    .await;
}

#[tokio::test]
async fn batches_are_bounded_and_other_commands_run_in_between() {
    let ask = |numbers: std::ops::RangeInclusive<u32>| {
        numbers.map(|number| format!("C: RETR {number}\n")).collect::<String>()
    };
    let answers = |count: usize| "S: +OK\nS: x\nS: .\n".repeat(count);
    let script = format!(
        "{}{}{}{}C: DELE 1\nS: +OK\n{}{}C: RSET\nS: +OK\nC: QUIT\nS: +OK\n",
        ask(1..=64),
        answers(64),
        ask(65..=128),
        answers(64),
        ask(129..=130),
        answers(2),
    );
    pipelined(&script, async |session| {
        let listing: Vec<_> = (1..=130).map(|number| message(number, 3, None)).collect();
        let mut retrieval = session.retrieve_all(listing.clone(), 10);
        // The first message shows that the second batch was asked for; the third is once the second is here.
        assert_eq!(retrieval.next().await, Ok(listing.first().map(|first| got(first, b"x\r\n"))));
        session.delete(1).await.unwrap();
        let (rest, end) = read(&mut retrieval).await;
        assert_eq!((rest.len(), end), (129, Ok(())));
    })
    .await;
}

#[tokio::test]
async fn large_messages_make_small_batches() {
    let mib = 1024 * 1024;
    let listing = vec![
        message(1, 3 * mib, None),
        message(2, mib, None),
        message(3, 1, None),
        message(4, 9 * mib, None),
    ];
    let script = "
        C: RETR 1
        C: RETR 2
        S: +OK
        S: .
        S: +OK
        S: .
        C: RETR 3
        S: +OK
        S: .
        C: RETR 4
        S: +OK
        S: .
    ";
    pipelined(script, async |session| {
        let (all, end) = read(&mut session.retrieve_all(listing.clone(), usize::MAX)).await;
        assert_eq!((all.len(), end), (4, Ok(())));
    })
    .await;
}

#[tokio::test]
async fn what_came_before_the_break_is_handed_out() {
    let script = "
        C: RETR 1
        C: RETR 2
        S: +OK
        S: one
        S: .
        S: +OK
        S: tw
        CUT
    ";
    pipelined(script, async |session| {
        let listing = vec![message(1, 5, None), message(2, 5, None)];
        let mut retrieval = session.retrieve_all(listing.clone(), 10);
        let (all, end) = read(&mut retrieval).await;
        let lost = PeerFault::Disconnected { step: "RETR" };
        assert_eq!((all, end), (vec![got(&message(1, 5, None), b"one\r\n")], Err(lost.into())));
        assert_eq!(retrieval.next().await, Ok(None));
    })
    .await;
}

#[tokio::test]
async fn a_dropped_retrieval_costs_one_batch() {
    let script = "
        C: RETR 1
        S: +OK
        S: one
        S: .
        C: NOOP
        S: +OK
    ";
    pipelined(script, async |session| {
        let mut retrieval = session.retrieve_all(vec![message(1, 5, None)], 10);
        let mut left = Box::pin(retrieval.next());
        assert!(futures::poll!(left.as_mut()).is_pending());
        tokio::task::yield_now().await;
        drop(left);
        drop(retrieval);
        assert_eq!(session.noop().await, Ok(()));
    })
    .await;
}
