//! Whole honest sessions, broken at every place: the connection is cut, stalled and garbled at every byte that the server sends, and
//! every wait is dropped after every number of polls.
//!
//! They are played over pipes in memory, past the public `open`: that is some thirty thousand conversations, for which handshakes
//! would take many minutes, and a paused clock, which shows that a deadline holds without waiting for it, knows nothing of sockets.
//! What is below, from the connection to the handshake, is broken in tests/broken_lines.rs.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod cancel;
mod cut;
mod diary;
mod drip;
mod imap;
mod pop3;
mod smtp;

use std::future::Future;
use std::time::Duration;

use postseal_test_server::{Options, Protocol, TestCa, TestServer};
use tokio::runtime::Handle;

use crate::wire::{Transport, Wire};
use crate::{
    Credentials, Error, ImapConnection, Pop3Connection, Runtime, Security, SmtpConnection, Timeouts,
};

const ALICE: &str = "alice@example.test";
const BOB: &str = "bob@example.test";

/// Each differs, so that a timeout says which it was.
const TIMEOUTS: Timeouts = Timeouts {
    connect: Duration::from_secs(11),
    handshake: Duration::from_secs(12),
    token: Duration::from_secs(12),
    progress: Duration::from_secs(30),
    final_reply: Duration::from_secs(600),
    close: Duration::from_secs(5),
};

fn credentials() -> Credentials {
    Credentials::password(ALICE, "wonderland").unwrap()
}

/// A server with Alice and Bob that lacks some capabilities.
async fn start(ca: &TestCa, protocol: Protocol, missing: &[&str]) -> TestServer {
    let options = Options::new().ca(ca).user(ALICE, "wonderland").user(BOB, "builder");
    let options = missing.iter().fold(options, |options, one| options.without(protocol, one));
    TestServer::start(options).await.unwrap()
}

async fn smtp(stream: impl Transport + 'static) -> Result<SmtpConnection, Error> {
    SmtpConnection::begin(Wire::scripted(stream), Security::Tls, Runtime::current().unwrap(), TIMEOUTS).await
}

async fn imap(stream: impl Transport + 'static) -> Result<ImapConnection, Error> {
    ImapConnection::over(Wire::scripted(stream), &Runtime::current().unwrap(), TIMEOUTS, false).await
}

async fn pop3(stream: impl Transport + 'static) -> Result<Pop3Connection, Error> {
    Pop3Connection::begin(Runtime::current().unwrap(), Wire::scripted(stream), true, TIMEOUTS).await
}

/// Runs a test, with the clock paused, on a runtime that comes back to it after each poll of another task. Others run dozens of them before:
/// most of the moments to drop a wait at would be passed over, and a look at the world would come after more than it is meant to see.
fn in_turns(test: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().start_paused(true).event_interval(1).build().unwrap().block_on(test);
}

/// What waits for ever fails a day later, which is at once where the clock is paused.
async fn within_a_day<T>(test: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(86_400), test).await.unwrap()
}

/// Runs `test`, and insists that it leaves no task behind. With the clock paused the rest is virtual: a sleep ends when nothing else moves.
async fn leaves_no_task<T>(test: impl Future<Output = T>) -> T {
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    let outcome = test.await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(tasks(), before, "tasks were left behind");
    outcome
}
