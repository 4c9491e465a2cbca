//! All messages of a maildrop, over POP3.

use postseal_session::{Error, Pop3Connection};

use super::Named;
use super::client::{Target, on_our_runtime};
use crate::Result;
use crate::work::Work;

/// The largest message that ours takes.
const LIMIT: usize = 64 << 20;

pub(crate) const ALL: &[Named] = &[("pop3-ours", ours)];

fn ours(arguments: &[String]) -> Result<Work> {
    let (target, _) = Target::parse(arguments)?;
    on_our_runtime(async |runtime| {
        let (connector, server, who) = target.ours(&runtime)?;
        let connection = Pop3Connection::open(&connector, &server).await?;
        let session = connection.log_in(&who).await.map_err(Error::from)?;
        let mut retrieval = session.retrieve_all(session.messages().await?, LIMIT);
        let (mut messages, mut bytes) = (0, 0);
        while let Some(retrieved) = retrieval.next().await? {
            messages += 1;
            bytes += retrieved.bytes?.len() as u64;
        }
        session.close().await?;
        Ok(Work::default().with("messages", messages).with("bytes", bytes))
    })
}
