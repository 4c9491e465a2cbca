//! A pulled fetch of a large mailbox takes little memory, however large the mailbox is. Measured in a process that does nothing else.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic)]

use std::process::Command;

use postseal_session::imap::{FetchItems, MailboxName, UidSet};
use postseal_session::{
    Connector, Credentials, Error, ImapConnection, ImapSession, Runtime, Security, Server, TlsConfig,
};
use postseal_test_server::{Options, Security as Port, TestServer};

const ALICE: &str = "alice@example.test";

const MESSAGES: usize = 2_000;
/// Together they are more than the limit, so that a fetch which keeps them all goes past it.
const MESSAGE: usize = 32_000;
/// The most that may ever be resident, the program itself included.
const LIMIT: usize = 40_000_000;

/// Tells the process that measures where the server is: its port, and the authority to trust.
const PORT: &str = "POSTSEAL_FETCH_PORT";
const ROOT: &str = "POSTSEAL_FETCH_ROOT";

#[test]
fn a_pulled_fetch_of_a_large_mailbox_takes_less_than_40_mb() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    if let Ok(port) = std::env::var(PORT) {
        runtime.block_on(fetch_all(port.parse().unwrap())).unwrap();
        let peak = peak();
        assert!((1..LIMIT).contains(&peak), "{peak} bytes were resident");
        return;
    }
    runtime.block_on(async {
        let server = TestServer::start(Options::new().user(ALICE, "wonderland")).await.unwrap();
        let message = [&b"Subject: x\r\n\r\n"[..], &vec![b'x'; MESSAGE]].concat();
        for _ in 0..MESSAGES {
            server.deliver(ALICE, "INBOX", &message).unwrap();
        }
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "--nocapture", "a_pulled_fetch_of_a_large_mailbox_takes_less_than_40_mb"]);
        child.env(PORT, server.imap(Port::Tls).port().to_string()).env(ROOT, server.ca().root_pem());
        let child = tokio::task::spawn_blocking(move || child.output().unwrap()).await.unwrap();
        let said = [child.stdout, child.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(child.status.success() && said.contains("1 passed"), "{said}");
    });
}

/// Takes the messages out one by one, and looks at each.
async fn fetch_all(port: u16) -> Result<(), Error> {
    let session = session(port).await?;
    let inbox = MailboxName::inbox();
    let uids = UidSet::all(session.examine(&inbox).await?.uid_validity);
    let mut stream = session.fetch(&inbox, &uids, &FetchItems::new().whole());
    let mut count = 0;
    while let Some(message) = stream.next().await.transpose()? {
        assert!(message.whole.unwrap().len() > MESSAGE);
        count += 1;
    }
    assert_eq!(count, MESSAGES);
    session.close().await
}

async fn session(port: u16) -> Result<ImapSession, Error> {
    let root = std::env::var(ROOT).unwrap();
    let connector = Connector::new(&Runtime::current()?, &TlsConfig::default().only_roots(root.as_bytes())?)?;
    let server = Server::new("localhost", port, Security::Tls)?;
    let alice = Credentials::password(ALICE, "wonderland")?;
    Ok(ImapConnection::open(&connector, &server).await?.log_in(&alice).await?)
}

/// The most bytes of this process that were ever resident.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<usize>().unwrap() * 1024
}
