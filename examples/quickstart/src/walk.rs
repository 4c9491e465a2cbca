//! The steps that are the same for the server in memory and for real ones: submit, fetch, open, judge.

use std::time::{Duration, Instant};

use postseal::{
    Delivery, Draft, MailClient, MessageHandle, MessageId, Opened, OwnCopy, Protection, Receipt, SendReport,
    VerdictLevel,
};

use crate::Failure;
use crate::cli::Protect;
use crate::show::Show;

/// How often the mailbox is looked into while the message is on its way.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

impl From<Protect> for Protection {
    fn from(protect: Protect) -> Self {
        match protect {
            Protect::Sign => Self::Sign,
            Protect::Encrypt => Self::Encrypt,
            Protect::SignAndEncrypt => Self::SignAndEncrypt,
        }
    }
}

/// The verdict that a message with this protection deserves, where the certificates of both sides are at hand.
pub(crate) const fn level(protect: Protect) -> VerdictLevel {
    match protect {
        Protect::Sign => VerdictLevel::Authentic,
        Protect::Encrypt => VerdictLevel::Encrypted,
        Protect::SignAndEncrypt => VerdictLevel::Sealed,
    }
}

/// Seals and submits; anything but "sent to all" stops the walk.
pub(crate) async fn send(
    show: &Show,
    client: &MailClient,
    draft: &Draft,
    protect: Protect,
) -> Result<(), Failure> {
    let report = client.send(draft, protect.into()).await?;
    for copy in &report.copies {
        let to: Vec<_> = copy.envelope.to.iter().map(ToString::to_string).collect();
        show.fact("copy for", to.join(", "));
        show.fact("receipt", receipt(&copy.receipt));
    }
    show.fact("own copy", own_copy(&report));
    if report.is_sent_to_all() { Ok(()) } else { Err(Failure::new("not every recipient was accepted")) }
}

fn receipt(receipt: &Result<Receipt, postseal::session::Error>) -> String {
    match receipt {
        Err(error) => format!("not sent: {error}"),
        Ok(receipt) => match &receipt.message {
            Delivery::Sent { text } => format!("sent: {text}"),
            Delivery::Unknown { because } => format!("unknown, the last reply was lost: {because}"),
            Delivery::NotSent(_) => {
                let refused: Vec<_> = receipt
                    .refused()
                    .map(|(address, refusal)| format!("{address}: {}", refusal.text))
                    .collect();
                format!("refused: {}", refused.join("; "))
            }
            _ => "?".to_owned(),
        },
    }
}

fn own_copy(report: &SendReport) -> String {
    match &report.own_copy {
        OwnCopy::Filed { mailbox, .. } => format!("filed in {mailbox}"),
        OwnCopy::Failed(error) => format!("could not be filed: {error}"),
        _ => "not filed here".to_owned(),
    }
}

/// Waits for the message, fetches it and opens it.
pub(crate) async fn fetch_and_open(
    client: &MailClient,
    id: &MessageId,
    wait: Duration,
) -> Result<Opened, Failure> {
    let handle = wait_for(client, id, wait).await?;
    Ok(client.open(&handle).await?)
}

async fn wait_for(client: &MailClient, id: &MessageId, wait: Duration) -> Result<MessageHandle, Failure> {
    let until = Instant::now() + wait;
    loop {
        let inbox = client.inbox().await?;
        if let Some(found) = inbox.into_iter().rev().find(|summary| summary.message_id.as_ref() == Some(id)) {
            return Ok(found.handle);
        }
        if Instant::now() >= until {
            return Err(Failure::new(format!("the message did not arrive within {} s", wait.as_secs())));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
