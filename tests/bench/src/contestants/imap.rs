//! All messages of a mailbox, over IMAP.

use async_imap::Client;
use futures::TryStreamExt as _;
use postseal_session::imap::{FetchItems, MailboxName, UidSet};
use postseal_session::{Error, ImapConnection};

use super::Named;
use super::client::{Lines, Target, on_one_thread, on_our_runtime, unexpected};
use crate::Result;
use crate::work::Work;

pub(crate) const ALL: &[Named] =
    &[("imap-ours", ours), ("imap-async-imap", async_imap), ("imap-counter", counter)];

fn ours(arguments: &[String]) -> Result<Work> {
    let (target, _) = Target::parse(arguments)?;
    on_our_runtime(async |runtime| {
        let (connector, server, who) = target.ours(&runtime)?;
        let connection = ImapConnection::open(&connector, &server).await?;
        let session = connection.log_in(&who).await.map_err(Error::from)?;
        let inbox = MailboxName::inbox();
        let uids = UidSet::all(session.examine(&inbox).await?.uid_validity);
        let mut stream = session.fetch(&inbox, &uids, &FetchItems::new().whole());
        let (mut messages, mut bytes) = (0, 0);
        while let Some(message) = stream.next().await.transpose()? {
            messages += 1;
            bytes += message.whole.ok_or("a message is unreadable")?.len();
        }
        session.close().await?;
        Ok(work(messages, bytes))
    })
}

fn async_imap(arguments: &[String]) -> Result<Work> {
    let (target, _) = Target::parse(arguments)?;
    on_one_thread(async {
        let mut client = Client::new(target.bare().await?);
        client.read_response().await?.ok_or("there is no greeting")?;
        let mut session = client.login(&target.user, &target.password).await.map_err(|(error, _)| error)?;
        session.examine("INBOX").await?;
        let (mut messages, mut bytes) = (0, 0);
        let mut stream = session.uid_fetch("1:*", "(UID BODY.PEEK[])").await?;
        while let Some(message) = stream.try_next().await? {
            messages += 1;
            bytes += message.body().ok_or("a message is unreadable")?.len();
        }
        drop(stream);
        session.logout().await?;
        Ok(work(messages, bytes))
    })
}

/// Counts: reads no more of an answer than where its literals end, and keeps nothing.
fn counter(arguments: &[String]) -> Result<Work> {
    let (target, _) = Target::parse(arguments)?;
    on_one_thread(async {
        let mut lines = Lines::new(target.bare().await?);
        lines.next().await?;
        let login = format!("A LOGIN {} {}\r\n", target.user, target.password);
        for (command, answer) in [(login.as_str(), "A "), ("B EXAMINE INBOX\r\n", "B ")] {
            lines.send(command.as_bytes()).await?;
            lines.until(answer, "* BYE").await?;
        }
        lines.send(b"C UID FETCH 1:* (UID BODY.PEEK[])\r\n").await?;
        let (mut messages, mut bytes) = (0, 0);
        loop {
            let line = lines.next().await?;
            if line.starts_with(b"C ") {
                return if line.starts_with(b"C OK") {
                    Ok(work(messages, bytes))
                } else {
                    Err(unexpected(line))
                };
            }
            if let Some(size) = literal(line) {
                messages += 1;
                bytes += size;
                lines.skip(size).await?;
            }
        }
    })
}

/// The size in `{size}` at the end of a line.
fn literal(line: &[u8]) -> Option<usize> {
    let (_, size) = std::str::from_utf8(line).ok()?.strip_suffix("}\r\n")?.rsplit_once('{')?;
    size.parse().ok()
}

fn work(messages: u64, bytes: usize) -> Work {
    Work::default().with("messages", messages).with("bytes", bytes as u64)
}
