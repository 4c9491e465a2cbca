//! Conversations, scripted and with the test server.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod against_server;
mod broken_items;
mod corpora;
mod limits;
mod login;
mod session;
mod watch;

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt as _;

use postseal_test_server::script::{Chunks, Script};
use tokio::io::DuplexStream;

use super::{ImapConnection, ImapSession, MailboxName, Uid, UidSet, UidValidity};
use crate::wire::Wire;
use crate::{Credentials, Error, Runtime, Timeouts};

/// How long a test may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A greeting and a login. What is said after it has `IMAP4rev1` and the capabilities of the test.
const LOGIN: &str = "
    S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hi
    C: {tag} AUTHENTICATE PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=
";

fn timeouts() -> Timeouts {
    Timeouts { progress: Duration::from_secs(5), close: Duration::from_millis(500), ..Timeouts::default() }
}

fn credentials() -> Credentials {
    Credentials::password("alice", "wonderland").unwrap()
}

async fn connect(stream: DuplexStream) -> Result<ImapConnection, Error> {
    ImapConnection::over(Wire::scripted(stream), &Runtime::current().unwrap(), timeouts(), false).await
}

async fn log_in(stream: DuplexStream) -> ImapSession {
    connect(stream).await.unwrap().log_in(&credentials()).await.unwrap()
}

/// Plays a conversation after a login, whole and byte by byte; the session is dropped at its end.
async fn play<F>(capabilities: &str, script: &str, act: impl Fn(ImapSession) -> F)
where
    F: Future<Output = ()>,
{
    for chunks in [Chunks::Whole, Chunks::OneByte] {
        let script = format!("{LOGIN}\nS: {{tag}} OK [CAPABILITY IMAP4rev1 {capabilities}] in\n{script}");
        let (stream, server) = Script::parse(&script).play(chunks);
        let played = async {
            let acted = AssertUnwindSafe(async { act(log_in(stream).await).await }).catch_unwind().await;
            // Where the script was left says more than what came of it.
            server.await.unwrap().unwrap();
            acted.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        };
        tokio::time::timeout(PATIENCE, played).await.unwrap_or_else(|_| panic!("too slow, {chunks:?}"));
    }
}

fn inbox() -> MailboxName {
    MailboxName::inbox()
}

fn validity(value: u32) -> UidValidity {
    UidValidity::new(value).unwrap()
}

fn uid(number: u32) -> Uid {
    Uid::new(validity(9), number).unwrap()
}

fn uids(numbers: &[u32]) -> UidSet {
    UidSet::of(numbers.iter().map(|&number| uid(number))).unwrap()
}
