//! The same message, submitted many times over SMTP.

use std::io::Write as _;

use tempfile::NamedTempFile;

use crate::Result;
use crate::job::{Aim, Contestant, Job, Prepared, Scale};
use crate::mailbox::message;
use crate::sink::Sink;

pub(crate) fn jobs() -> Vec<Job> {
    vec![
        Job {
            name: "smtp",
            about: "submissions to a fast sink with PIPELINING, over SMTP",
            prepare: |scale| prepare(scale, false),
        },
        Job {
            name: "smtp-chunking",
            about: "submissions to a fast sink with PIPELINING and CHUNKING, over SMTP",
            prepare: |scale| prepare(scale, true),
        },
    ]
}

fn prepare(scale: Scale, chunking: bool) -> Result<Prepared> {
    let sink = Sink::start(chunking)?;
    let mut file = NamedTempFile::new()?;
    file.write_all(&message(0, 10_000))?;
    let path = file.path().to_string_lossy().into_owned();
    let count: usize = scale.pick(500, 5);
    let arguments: Vec<String> =
        sink.target().arguments().into_iter().chain([path, count.to_string()]).collect();
    let raw = if chunking { "smtp-raw-bdat" } else { "smtp-raw-data" };
    Ok(Prepared {
        contestants: vec![
            Contestant::own("ours", "smtp-ours", arguments.clone())?,
            Contestant::python("smtplib", "submit.py", arguments.clone())?,
            Contestant::own("raw", raw, arguments)?,
        ],
        baseline: "raw",
        aims: vec![Aim::Within { factor: 1.0, of: "smtplib" }, Aim::Within { factor: 3.0, of: "raw" }],
        missing: Vec::new(),
        lasting: vec![Box::new(sink), Box::new(file)],
    })
}
