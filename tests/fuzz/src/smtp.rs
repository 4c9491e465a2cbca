//! Everything that an SMTP session can do.

use postseal_session::{
    Acceptance, Delivery, Dsn, EnvelopeId, Error, NotSent, Notify, Receipt, ReturnedContent, SendId,
    SendOptions, SmtpConnection, SmtpSession,
};
use postseal_types::{Address, Envelope};

use crate::log::{Log, check, check_text, password, token};

/// A message with dots where they matter.
const MESSAGE: &[u8] = b"Subject: dots\r\n\r\n.\r\n..\r\nthe end\r\n";
/// One that needs 8BITMIME.
const EIGHT_BIT: &[u8] = b"Subject: umlauts\r\n\r\nsch\xc3\xb6n\r\n";

/// Holds a session from the login to the farewell.
pub(crate) async fn talk(opened: Result<SmtpConnection, Error>) -> Log {
    let mut log = Log::default();
    let Some(connection) = log.note("open", opened) else { return log };
    let session = match log.note_login(connection.log_in(&password()).await) {
        Ok(session) => session,
        Err(None) => return log,
        Err(Some(again)) => match log.note_login(again.log_in(&token()).await) {
            Ok(session) => session,
            Err(Some(connection)) => {
                connection.close().await;
                return log;
            }
            Err(None) => return log,
        },
    };
    send_all(&session, &mut log).await;
    assert_eq!(session.close().await, Ok(()));
    assert!(session.is_closed());
    log
}

async fn send_all(session: &SmtpSession, log: &mut Log) {
    log.note("NOOP", session.noop().await);
    let named = SendOptions { id: Some(SendId::new()), ..SendOptions::default() };
    let told = send(session, log, &["bob@example.test", "nobody@example.test"], MESSAGE, &named).await;
    let all = SendOptions { all_or_nothing: true, ..SendOptions::default() };
    send(session, log, &["bob@example.test", "nobody@example.test"], MESSAGE, &all).await;
    // The second waits behind the first.
    let reported = SendOptions { dsn: Some(reports()), ..SendOptions::default() };
    let plain = SendOptions::default();
    let both = futures::join!(
        submit(session, &["bob@example.test"], MESSAGE, &reported),
        submit(session, &["zoë@example.test"], EIGHT_BIT, &plain)
    );
    log.note_send(both.0);
    log.note_send(both.1);
    assert_eq!(session.outcome(named.id.unwrap()).await.ok(), told, "the outcome is what was told");
}

fn reports() -> Dsn {
    Dsn {
        notify: Some(Notify::On { success: true, failure: true, delay: false }),
        returned: Some(ReturnedContent::Headers),
        envelope_id: Some(EnvelopeId::parse("id 1").unwrap()),
        original_recipient: true,
    }
}

async fn send(
    session: &SmtpSession,
    log: &mut Log,
    to: &[&str],
    message: &[u8],
    options: &SendOptions,
) -> Option<Receipt> {
    log.note_send(submit(session, to, message, options).await)
}

/// Sends, and checks the receipt.
async fn submit(
    session: &SmtpSession,
    to: &[&str],
    message: &[u8],
    options: &SendOptions,
) -> Result<Receipt, Error> {
    let address = |text: &str| Address::parse(text).unwrap();
    let envelope =
        Envelope { from: Some(address("alice@example.test")), to: to.iter().map(|to| address(to)).collect() };
    let receipt = session.send(&envelope, message, options).await?;
    check_receipt(&receipt, &envelope, options);
    Ok(receipt)
}

impl Log {
    /// Notes what came of a send. A receipt may be the last that a session gives: what lost the answer has ended it.
    fn note_send(&mut self, outcome: Result<Receipt, Error>) -> Option<Receipt> {
        let operation = match &outcome {
            Ok(Receipt { message: Delivery::NotSent(_), .. }) => "send: not sent",
            Ok(Receipt { message: Delivery::Unknown { .. }, .. }) => "send: unknown",
            _ => "send",
        };
        self.note(operation, outcome)
    }
}

/// What holds for every receipt.
fn check_receipt(receipt: &Receipt, envelope: &Envelope, options: &SendOptions) {
    let addresses: Vec<_> = receipt.recipients.iter().map(|recipient| &recipient.address).collect();
    assert_eq!(addresses, envelope.to.iter().collect::<Vec<_>>(), "each recipient, in order");
    for recipient in &receipt.recipients {
        if let Acceptance::Refused(refusal) = &recipient.outcome {
            check_text(&refusal.text);
        }
    }
    let accepted = receipt.recipients.len() - receipt.refused().count();
    let enough = if options.all_or_nothing { envelope.to.len() } else { 1 };
    match &receipt.message {
        Delivery::Sent { text } => check_text(text),
        Delivery::Unknown { because } => check("send", because),
        Delivery::NotSent(NotSent::Refused(refusal)) => check_text(&refusal.text),
        _ => assert!(accepted < enough, "not sent, although {accepted} recipients were accepted"),
    }
    if !matches!(receipt.message, Delivery::NotSent(_)) {
        assert!(accepted >= enough, "sent, although only {accepted} recipients were accepted");
    }
}
