//! Conversations, scripted and with the test server.
#![allow(clippy::unwrap_used, clippy::panic)]

mod against_server;
mod end;
mod limits;
mod login;
mod retrieval;
mod session;
mod stream;

use std::time::Duration;

use postseal_test_server::script::{Chunks, Script};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufStream, DuplexStream};

use super::{Pop3Connection, Pop3Session};
use crate::wire::Wire;
use crate::{Credentials, Denied, Error, Refusal, Runtime, Timeouts};

/// How long a test may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A greeting and a login on a server that has everything.
const LOGIN: &str = "
    S: +OK hi
    C: CAPA
    S: +OK list follows
    S: TOP
    S: UIDL
    S: USER
    S: .
    C: USER alice
    S: +OK
    C: PASS wonderland
    S: +OK in
    C: CAPA
    S: +OK
    S: TOP
    S: UIDL
    S: .
";

/// The same with PIPELINING.
const PIPELINED: &str = "
    S: +OK hi
    C: CAPA
    S: +OK
    S: TOP
    S: UIDL
    S: USER
    S: PIPELINING
    S: .
    C: USER alice
    S: +OK
    C: PASS wonderland
    S: +OK
";

fn timeouts() -> Timeouts {
    Timeouts { progress: Duration::from_secs(5), close: Duration::from_secs(2), ..Timeouts::default() }
}

async fn connect(stream: DuplexStream) -> Result<Pop3Connection, Error> {
    Pop3Connection::begin(Runtime::current().unwrap(), Wire::scripted(stream), true, timeouts()).await
}

fn alice() -> Credentials {
    Credentials::password("alice", "wonderland").unwrap()
}

fn refusal(command: &'static str, text: &str) -> Refusal {
    Refusal::new(command, text.as_bytes())
}

/// What was refused, where the connection came back.
fn denied<T>(outcome: Result<T, Denied<Pop3Connection>>) -> (Error, Pop3Connection) {
    let Err(Denied { error, connection: Some(connection) }) = outcome else { panic!("not denied") };
    (error, connection)
}

/// Plays a script, whole and one byte at a time, against what `client` does on a fresh connection; both must come to their end.
async fn converse(script: &str, client: impl AsyncFn(Pop3Connection)) {
    for chunks in [Chunks::Whole, Chunks::OneByte] {
        let (stream, server) = Script::parse(script).play(chunks);
        let talk = async { client(connect(stream).await.unwrap()).await };
        tokio::time::timeout(PATIENCE, talk).await.unwrap();
        let end = tokio::time::timeout(PATIENCE, server).await.unwrap().unwrap();
        assert_eq!(end, Ok(()), "{chunks:?}");
    }
}

/// Plays what follows a login against what `client` does with the session.
async fn in_session(script: &str, client: impl AsyncFn(Pop3Session)) {
    after(LOGIN, script, client).await;
}

/// As [`in_session`], with PIPELINING.
async fn pipelined(script: &str, client: impl AsyncFn(Pop3Session)) {
    after(PIPELINED, script, client).await;
}

async fn after(login: &str, script: &str, client: impl AsyncFn(Pop3Session)) {
    converse(&format!("{login}{script}"), async |connection| {
        client(connection.log_in(&alice()).await.unwrap()).await;
    })
    .await;
}

/// A session whose server is played by the test itself, for as long as it likes: a script has deadlines of its own.
async fn by_hand() -> (Pop3Session, BufStream<DuplexStream>) {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let mut server = BufStream::new(theirs);
    let greet = async {
        say(&mut server, b"+OK hi\r\n").await;
        let capabilities = &b"+OK\r\nTOP\r\nUIDL\r\nUSER\r\n.\r\n"[..];
        for answer in [capabilities, b"+OK\r\n", b"+OK\r\n", capabilities] {
            hear(&mut server).await;
            say(&mut server, answer).await;
        }
    };
    let log_in = async { connect(ours).await.unwrap().log_in(&alice()).await.unwrap() };
    let (session, ()) = tokio::join!(log_in, greet);
    (session, server)
}

/// The next line that the client sends; empty at the end.
async fn hear(server: &mut BufStream<DuplexStream>) -> String {
    let mut line = String::new();
    server.read_line(&mut line).await.unwrap();
    line.trim_end().to_owned()
}

async fn say(server: &mut BufStream<DuplexStream>, bytes: &[u8]) {
    server.write_all(bytes).await.unwrap();
    server.flush().await.unwrap();
}
