//! All messages of a maildrop, over POP3.

use postseal_live::Lab;

use crate::Result;
use crate::job::{Aim, Contestant, Job, Prepared, Scale};
use crate::mailbox::Served;

pub(crate) fn jobs() -> Vec<Job> {
    vec![Job { name: "pop3", about: "all messages of a maildrop in Dovecot, over POP3", prepare }]
}

fn prepare(scale: Scale) -> Result<Prepared> {
    if let Some(why) = Lab::unavailable() {
        return Ok(Prepared::impossible(why));
    }
    let served = Served::start(scale.pick(1000, 20))?;
    let target = served.pop3().arguments();
    Ok(Prepared {
        contestants: vec![
            Contestant::own("ours", "pop3-ours", target.clone())?,
            Contestant::python("poplib", "retrieve.py", target)?,
        ],
        baseline: "poplib",
        aims: vec![Aim::Within { factor: 1.0, of: "poplib" }],
        missing: Vec::new(),
        lasting: vec![Box::new(served)],
    })
}
