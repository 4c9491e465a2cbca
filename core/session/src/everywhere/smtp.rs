//! The SMTP session that is broken everywhere.

use tokio::io::DuplexStream;

use super::diary::{Claim, Diary};
use super::{ALICE, BOB, credentials};
use crate::{Delivery, Error, NotSent, Receipt, SendOptions, SmtpSession};
use postseal_types::{Address, Envelope};

pub(super) const MESSAGES: [&[u8]; 2] =
    [b"Subject: one\r\n\r\n.\r\n..\r\nhello\r\n", b"Subject: two\r\n\r\nhello again\r\n"];

/// To Bob, and to somebody whom the server does not know.
pub(super) fn envelope() -> Envelope {
    let address = |text| Address::parse(text).unwrap();
    Envelope { from: Some(address(ALICE)), to: vec![address(BOB), address("nobody@example.test")] }
}

/// Sends two messages, of whose recipients one is refused.
pub(super) async fn walk(diary: &mut Diary<'_>, stream: DuplexStream) -> Result<(), Error> {
    let connection = diary.reach("open", super::smtp(stream).await)?;
    let denied = connection.log_in(&credentials()).await;
    let session = diary.reach("log in", denied.map_err(Error::from))?;
    for message in MESSAGES {
        send(diary, &session, message).await;
    }
    _ = diary.note("NOOP", session.noop().await);
    diary.note("close", session.close().await)
}

async fn send(diary: &mut Diary<'_>, session: &SmtpSession, message: &'static [u8]) {
    let claim = match session.send(&envelope(), message, &SendOptions::default()).await {
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
    };
    diary.claim("send", claim);
}
