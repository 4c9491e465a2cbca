//! Scripted conversations, and the whole way against the test server.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod against_server;
mod corpora;
mod dropping;
mod faults;
mod hand;
mod login;
mod queued;
mod replies;
mod sending;

use std::future::Future;
use std::time::Duration;

use postseal_test_server::script::{Chunks, Script, ScriptError};
use postseal_types::{Address, Envelope};
use tokio::task::JoinHandle;

use super::connection::SmtpConnection;
use super::session::SmtpSession;
use crate::wire::Wire;
use crate::{Credentials, Error, Runtime, Security, Timeouts};

const BOTH: [Chunks; 2] = [Chunks::Whole, Chunks::OneByte];

/// Long enough for a busy machine, and shorter than the patience of [`bounded`].
const TIMEOUTS: Timeouts = Timeouts {
    connect: Duration::from_secs(5),
    handshake: Duration::from_secs(5),
    token: Duration::from_secs(5),
    progress: Duration::from_secs(5),
    final_reply: Duration::from_secs(5),
    close: Duration::from_secs(5),
};

type Server = JoinHandle<Result<(), ScriptError>>;

/// The first lines of a session after the handshake, up to a login by PLAIN; `extensions` are those of the reply to EHLO.
fn logged_in(extensions: &str, rest: &str) -> String {
    let offers: String = extensions.split(',').map(|offer| format!("S: 250-{}\n", offer.trim())).collect();
    format!(
        "S: 220 mx.test\n\
         C: EHLO [127.0.0.1]\n\
         S: 250-mx.test\n\
         {offers}\
         S: 250 AUTH PLAIN\n\
         C: AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=\n\
         S: 235 2.7.0 welcome\n\
         {rest}"
    )
}

fn alice() -> Credentials {
    Credentials::password("alice", "wonderland").unwrap()
}

/// Begins on a scripted server that has just finished its handshake.
async fn open(script: &str, chunks: Chunks, security: Security) -> (Result<SmtpConnection, Error>, Server) {
    play(Script::parse(script), chunks, security, TIMEOUTS).await
}

async fn play(
    script: Script,
    chunks: Chunks,
    security: Security,
    timeouts: Timeouts,
) -> (Result<SmtpConnection, Error>, Server) {
    let (stream, server) = script.play(chunks);
    let wire = Wire::scripted(stream);
    (SmtpConnection::begin(wire, security, Runtime::current().unwrap(), timeouts).await, server)
}

/// A session on a scripted server; `rest` is what follows the login.
async fn session(extensions: &str, rest: &str, chunks: Chunks) -> (SmtpSession, Server) {
    let (connection, server) = open(&logged_in(extensions, rest), chunks, Security::Tls).await;
    (connection.unwrap().log_in(&alice()).await.unwrap(), server)
}

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn envelope(from: &str, to: &[&str]) -> Envelope {
    Envelope { from: Some(address(from)), to: to.iter().map(|to| address(to)).collect() }
}

/// From alice to bob.
fn to_bob() -> Envelope {
    envelope("alice@example.test", &["bob@example.test"])
}

/// No test may hang.
async fn bounded<T>(test: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), test).await.unwrap()
}
