//! The SMTP session that is broken everywhere.

use futures::future::{Either, select};
use tokio::io::DuplexStream;

use super::diary::{Claim, Diary};
use super::{ALICE, BOB, credentials};
use crate::{Delivery, Error, NotSent, Receipt, SendOptions, SmtpSession};
use postseal_types::{Address, Envelope};

pub(super) const MESSAGES: [&[u8]; 3] = [
    b"Subject: one\r\n\r\n.\r\n..\r\nhello\r\n",
    b"Subject: two\r\n\r\nhello again\r\n",
    b"Subject: three\r\n\r\n.\r\n",
];

/// Two sends at once: the second waits behind the first.
pub(super) const BEFORE: &str = "send before another";
pub(super) const BEHIND: &str = "send behind another";

/// To Bob, and to somebody whom the server does not know.
pub(super) fn envelope() -> Envelope {
    let address = |text| Address::parse(text).unwrap();
    Envelope { from: Some(address(ALICE)), to: vec![address(BOB), address("nobody@example.test")] }
}

/// Sends a message alone, and two of which one waits behind the other; of the recipients one is refused.
pub(super) async fn walk(diary: &mut Diary<'_>, stream: DuplexStream) -> Result<(), Error> {
    let connection = diary.reach("open", super::smtp(stream).await)?;
    let denied = connection.log_in(&credentials()).await;
    let session = diary.reach("log in", denied.map_err(Error::from))?;
    let [alone, pair @ ..] = MESSAGES;
    let outcome = session.send(&envelope(), alone, &SendOptions::default()).await;
    diary.claim("send", claim(outcome));
    send_both(diary, &session, pair).await;
    _ = diary.note("NOOP", session.noop().await);
    diary.note("close", session.close().await)
}

async fn send_both(diary: &mut Diary<'_>, session: &SmtpSession, messages: [&'static [u8]; 2]) {
    let (to, options) = (envelope(), SendOptions::default());
    let [first, second] = messages.map(|message| Box::pin(session.send(&to, message, &options)));
    let Either::Left((outcome, second)) = select(first, second).await else {
        panic!("the second was first");
    };
    diary.claim(BEFORE, claim(outcome));
    diary.claim(BEHIND, claim(second.await));
}

fn claim(outcome: Result<Receipt, Error>) -> Claim {
    match outcome {
        Ok(Receipt { message: Delivery::Unknown { because }, .. }) => Claim::Unknown(because),
        Ok(Receipt { message: Delivery::NotSent(NotSent::Refused(refusal)), .. }) => {
            Claim::NotDone(Error::Refused(refusal))
        }
        Ok(Receipt { message: Delivery::NotSent(NotSent::Recipients), .. }) => {
            panic!("one recipient is always accepted")
        }
        Ok(receipt) => Claim::Done(
            receipt.refused().map(|(address, _)| address.to_string()).collect::<Vec<_>>().join(" "),
        ),
        Err(error) => Claim::NotDone(error),
    }
}
