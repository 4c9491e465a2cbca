//! The same message, submitted many times over SMTP.

use std::sync::Arc;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use postseal_session::{Delivery, Error, SendOptions, SmtpConnection};
use postseal_types::{Address, Envelope};

use super::Named;
use super::client::{Lines, Target, on_one_thread, on_our_runtime};
use crate::Result;
use crate::work::Work;

pub(crate) const ALL: &[Named] =
    &[("smtp-ours", ours), ("smtp-raw-data", raw_data), ("smtp-raw-bdat", raw_bdat)];

/// What is submitted, and how many times. As arguments: whom to talk to, the file with the message, the number.
struct Task {
    target: Target,
    message: Vec<u8>,
    count: usize,
}

impl Task {
    fn parse(arguments: &[String]) -> Result<Self> {
        let (target, [file, count]) = Target::parse(arguments)? else {
            return Err("expected a file and a number".into());
        };
        Ok(Self { target, message: std::fs::read(file)?, count: count.parse()? })
    }

    fn done(&self) -> Work {
        let bytes = self.message.len() * self.count;
        Work::default().with("messages", self.count as u64).with("bytes", bytes as u64)
    }
}

const FROM: &str = "alice@example.test";
const TO: &str = "bob@example.test";

/// How many sends wait at a time: an app that empties its outbox does not wait for each receipt before it hands over the next message.
const IN_FLIGHT: usize = 4;

fn ours(arguments: &[String]) -> Result<Work> {
    let task = Task::parse(arguments)?;
    on_our_runtime(async |runtime| {
        let (connector, server, who) = task.target.ours(&runtime)?;
        let connection = SmtpConnection::open(&connector, &server).await?;
        let session = connection.log_in(&who).await.map_err(Error::from)?;
        let envelope = Envelope { from: Some(Address::parse(FROM)?), to: vec![Address::parse(TO)?] };
        let (message, options) = (Arc::<[u8]>::from(task.message.as_slice()), SendOptions::default());
        let send = |_| session.send(&envelope, Arc::clone(&message), &options);
        let mut receipts = stream::iter(0..task.count).map(send).buffered(IN_FLIGHT);
        while let Some(receipt) = receipts.try_next().await? {
            let Delivery::Sent { .. } = receipt.message else {
                return Err(format!("not sent: {receipt:?}").into());
            };
        }
        session.close().await?;
        Ok(task.done())
    })
}

/// Sends the next envelope together with the end of each message, which is all that RFC 2920 allows.
fn raw_data(arguments: &[String]) -> Result<Work> {
    let task = Task::parse(arguments)?;
    on_one_thread(async {
        let mut lines = begin(&task.target).await?;
        let envelope = format!("MAIL FROM:<{FROM}>\r\nRCPT TO:<{TO}>\r\nDATA\r\n");
        let last = [&stuffed(&task.message), &b"QUIT\r\n"[..]].concat();
        let more = [&stuffed(&task.message), envelope.as_bytes()].concat();
        lines.send(envelope.as_bytes()).await?;
        for left in (0..task.count).rev() {
            for expected in ["250", "250", "354"] {
                lines.until(expected, "5").await?;
            }
            lines.send(if left > 0 { &more } else { &last }).await?;
            lines.until("250", "5").await?;
        }
        lines.until("221", "5").await?;
        Ok(task.done())
    })
}

/// Sends each message with its envelope in one write, and waits for what became of it.
fn raw_bdat(arguments: &[String]) -> Result<Work> {
    let task = Task::parse(arguments)?;
    on_one_thread(async {
        let mut lines = begin(&task.target).await?;
        let size = task.message.len();
        let head = format!("MAIL FROM:<{FROM}>\r\nRCPT TO:<{TO}>\r\nBDAT {size} LAST\r\n");
        let whole = [head.as_bytes(), &task.message].concat();
        for _ in 0..task.count {
            lines.send(&whole).await?;
            for _ in 0..3 {
                lines.until("250", "5").await?;
            }
        }
        lines.send(b"QUIT\r\n").await?;
        lines.until("221", "5").await?;
        Ok(task.done())
    })
}

/// Connects and logs in.
async fn begin(target: &Target) -> Result<Lines> {
    let mut lines = Lines::new(target.bare().await?);
    lines.until("220", "5").await?;
    lines.send(b"EHLO [127.0.0.1]\r\n").await?;
    lines.until("250 ", "5").await?;
    // The sink lets everybody in.
    lines.send(b"AUTH PLAIN AGFsaWNlAHB3\r\n").await?;
    lines.until("235", "5").await?;
    Ok(lines)
}

/// The message as DATA wants it: dots doubled at the beginning of lines, and a lone one at the end.
fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut stuffed = Vec::with_capacity(message.len() + 3);
    for line in message.split_inclusive(|&byte| byte == b'\n') {
        if line.starts_with(b".") {
            stuffed.push(b'.');
        }
        stuffed.extend_from_slice(line);
    }
    stuffed.extend_from_slice(b".\r\n");
    stuffed
}
