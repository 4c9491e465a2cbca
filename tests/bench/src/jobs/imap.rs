//! All messages of a mailbox, over IMAP.

use postseal_live::Lab;

use crate::Result;
use crate::job::{Aim, Contestant, Job, Prepared, Scale};
use crate::mailbox::Served;

pub(crate) fn jobs() -> Vec<Job> {
    vec![Job { name: "imap", about: "all messages of a mailbox in Dovecot, over IMAP", prepare }]
}

fn prepare(scale: Scale) -> Result<Prepared> {
    if let Some(why) = Lab::unavailable() {
        return Ok(Prepared::impossible(why));
    }
    let served = Served::start(scale.pick(2000, 20))?;
    let target = served.imap().arguments();
    Ok(Prepared {
        contestants: vec![
            Contestant::own("ours", "imap-ours", target.clone())?,
            Contestant::own("async-imap", "imap-async-imap", target.clone())?,
            Contestant::own("byte counter", "imap-counter", target)?,
        ],
        baseline: "byte counter",
        aims: vec![Aim::Within { factor: 1.1, of: "byte counter" }, Aim::Memory(40_000_000)],
        missing: Vec::new(),
        lasting: vec![Box::new(served)],
    })
}
