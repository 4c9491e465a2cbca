//! What a sink is told of sessions, from connecting to their end.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use postseal_session::imap::MailboxName;
use postseal_session::{
    Connector, Credentials, Error, ImapConnection, LogAnswer, LogEvent, LogKind, LogLevel, LogSink,
    Pop3Connection, Protocol, Runtime, Security, SendOptions, Server, SmtpConnection, Timeouts, TlsConfig,
    TokenProvider,
};
use postseal_test_server::{Fault, Options, Protocol as Spoken, Security as Begin, TestServer};
use postseal_types::{Address, Envelope, ErrorCode, Secret};

const ALICE: &str = "alice@example.test";
/// No test takes longer.
const DEADLINE: Duration = Duration::from_secs(60);

#[derive(Default)]
struct Kept(Mutex<Vec<LogEvent>>);

impl LogSink for Kept {
    fn log(&self, event: &LogEvent) {
        self.0.lock().unwrap().push(event.clone());
    }
}

impl Kept {
    /// All events so far, which are of one session, as lines without what varies: the port, and TLS.
    fn lines(&self) -> Vec<String> {
        let events = std::mem::take(&mut *self.0.lock().unwrap());
        let line = |event: &LogEvent| {
            assert_eq!(event.session, events[0].session, "{events:?}");
            assert_eq!(event.level, event.kind.level());
            match &event.kind {
                LogKind::Connecting { host, .. } => format!("connecting to {host}"),
                LogKind::Tls { .. } => "TLS".to_owned(),
                kind => kind.to_string(),
            }
        };
        events.iter().map(line).collect()
    }

    /// Waits until the session has told its end.
    async fn ended(&self) {
        let is_closed = |event: &LogEvent| matches!(event.kind, LogKind::Closed { .. });
        while !self.0.lock().unwrap().iter().any(is_closed) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

async fn start() -> TestServer {
    TestServer::start(Options::new().user(ALICE, "wonderland").token(ALICE, "good token")).await.unwrap()
}

fn connector(server: &TestServer, sink: &Arc<Kept>) -> Connector {
    let tls = TlsConfig::default().only_roots(server.ca().root_pem().as_bytes()).unwrap();
    Connector::new(&Runtime::current().unwrap(), &tls).unwrap().with_log(Arc::<Kept>::clone(sink))
}

fn at(port: u16, security: Security) -> Server {
    Server::new("localhost", port, security).unwrap()
}

fn alice() -> Credentials {
    Credentials::password(ALICE, "wonderland").unwrap()
}

fn envelope(to: &str) -> Envelope {
    let address = |text| Address::parse(text).unwrap();
    Envelope { from: Some(address(ALICE)), to: vec![address(to)] }
}

async fn bounded(test: impl Future<Output = ()>) {
    tokio::time::timeout(DEADLINE, test).await.unwrap();
}

#[tokio::test]
async fn a_submission_is_told_step_by_step() {
    bounded(async {
        let (server, sink) = (start().await, Arc::new(Kept::default()));
        let address = at(server.smtp(Begin::StartTls).port(), Security::StartTls);
        let connection = SmtpConnection::open(&connector(&server, &sink), &address).await.unwrap();
        let session = connection.log_in(&alice()).await.unwrap();
        let message = b"Subject: secret\r\n\r\ntext\r\n";
        session.send(&envelope(ALICE), &message[..], &SendOptions::default()).await.unwrap();
        session.send(&envelope("nobody@example.test"), &message[..], &SendOptions::default()).await.unwrap();
        session.close().await.unwrap();
        sink.ended().await;
        let expected = "connecting to localhost|connected|< Code(220) to the greeting|> EHLO|< Code(250) to EHLO\
                        |> STARTTLS|< Code(220) to STARTTLS|TLS|> EHLO|< Code(250) to EHLO|> AUTH|< Code(235) to AUTH\
                        |> MAIL|> RCPT|< Code(250) to MAIL|< Code(250) to RCPT|> BDAT|< Code(250) to the answer to the message\
                        |> MAIL|> RCPT|< Code(250) to MAIL|< Code(550) to RCPT|> RSET|< Code(250) to RSET\
                        |> QUIT|< Code(221) to QUIT|closed";
        let lines: Vec<_> = sink.lines().into_iter().filter(|line| !line.starts_with("trying again")).collect();
        assert_eq!(lines, expected.split('|').collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn a_mailbox_is_told_step_by_step() {
    bounded(async {
        let (server, sink) = (start().await, Arc::new(Kept::default()));
        let address = at(server.imap(Begin::Tls).port(), Security::Tls);
        let connection = ImapConnection::open(&connector(&server, &sink), &address).await.unwrap();
        let session = connection.log_in(&alice()).await.unwrap();
        session.status(&MailboxName::inbox()).await.unwrap();
        session.status(&MailboxName::new("Very private").unwrap()).await.unwrap_err();
        session.close().await.unwrap();
        sink.ended().await;
        let expected = "connecting to localhost|connected|TLS|< Ok to the greeting|> AUTHENTICATE|< Ok to AUTHENTICATE\
                        |> STATUS|< Ok to STATUS|> STATUS|< No to STATUS|> LOGOUT|< Bye to LOGOUT|< Ok to LOGOUT|closed";
        let lines: Vec<_> = sink.lines().into_iter().filter(|line| !line.starts_with("trying again")).collect();
        assert_eq!(lines, expected.split('|').collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn a_maildrop_is_told_step_by_step() {
    bounded(async {
        let (server, sink) = (start().await, Arc::new(Kept::default()));
        server.deliver(ALICE, "INBOX", b"Subject: secret\r\n\r\n").unwrap();
        let address = at(server.pop3(Begin::StartTls).port(), Security::StartTls);
        let connection = Pop3Connection::open(&connector(&server, &sink), &address).await.unwrap();
        let session = connection.log_in(&alice()).await.unwrap();
        session.messages().await.unwrap();
        session.delete_all(&[1, 2]).await.unwrap();
        session.quit().await.unwrap();
        sink.ended().await;
        let expected = "connecting to localhost|connected|< Ok to the greeting|> STLS|< Ok to STLS|TLS|> CAPA|< Ok to CAPA\
                        |> AUTH|< Ok to AUTH|> LIST|> UIDL|< Ok to LIST|< Ok to UIDL\
                        |> DELE|> DELE|< Ok to DELE|< No to DELE|> QUIT|< Ok to QUIT|closed";
        let lines: Vec<_> = sink.lines().into_iter().filter(|line| !line.starts_with("trying again")).collect();
        assert_eq!(lines, expected.split('|').collect::<Vec<_>>());
    })
    .await;
}

/// Gives a token that was good once, then a good one.
struct Refreshing;

impl TokenProvider for Refreshing {
    fn token<'a>(&'a self, refused: Option<&'a Secret>) -> BoxFuture<'a, Result<Secret, String>> {
        let token = if refused.is_some() { "good token" } else { "an old token" };
        async move { Ok(Secret::from(token)) }.boxed()
    }
}

#[tokio::test]
async fn failures_are_told_with_their_code_and_level() {
    bounded(async {
        let (server, sink) = (start().await, Arc::new(Kept::default()));
        let connector = connector(&server, &sink);
        let address = at(server.imap(Begin::Tls).port(), Security::Tls);
        let last = |sink: &Kept| sink.0.lock().unwrap().last().cloned().unwrap();

        // A token that has expired.
        let who = Credentials::token_provider(ALICE, Arc::new(Refreshing)).unwrap();
        let session = ImapConnection::open(&connector, &address).await.unwrap().log_in(&who).await.unwrap();
        let told = sink.0.lock().unwrap().iter().any(|event| {
            event.kind == LogKind::TokenAgain
                && event.level == LogLevel::Warn
                && event.protocol == Protocol::Imap
        });
        assert!(told);

        // A server that hangs up in the middle.
        server.inject(Spoken::Imap, Fault::instead_of("STATUS").cut());
        session.status(&MailboxName::inbox()).await.unwrap_err();
        sink.ended().await;
        let closed = last(&sink);
        assert_eq!(
            (closed.level, &closed.kind),
            (LogLevel::Error, &LogKind::Closed { because: Some(ErrorCode::Protocol) })
        );
        sink.lines();

        // A login that is refused leaves the connection, which ends when nobody needs it.
        let wrong = Credentials::password(ALICE, "wrong").unwrap();
        let denied =
            ImapConnection::open(&connector, &address).await.unwrap().log_in(&wrong).await.unwrap_err();
        assert_eq!(last(&sink).kind, LogKind::Reply { to: "AUTHENTICATE", answer: LogAnswer::No });
        drop(denied);
        assert_eq!(last(&sink).kind, LogKind::Closed { because: None });
        sink.lines();

        // Nobody there, and a certificate that is not trusted.
        let port = server.imap(Begin::Tls).port();
        server.stop().await;
        let error = ImapConnection::open(&connector, &at(port, Security::Tls)).await.unwrap_err();
        assert!(matches!(error, Error::Network { .. }), "{error:?}");
        assert_eq!(last(&sink).kind, LogKind::Closed { because: Some(ErrorCode::Network) });
        sink.lines();
        let stranger = start().await;
        let address = at(stranger.imap(Begin::Tls).port(), Security::Tls);
        ImapConnection::open(&connector, &address).await.unwrap_err();
        assert_eq!(last(&sink).kind, LogKind::Closed { because: Some(ErrorCode::Certificate) });
    })
    .await;
}

#[tokio::test]
async fn tls_is_told_by_its_names() {
    bounded(async {
        let (server, sink) = (start().await, Arc::new(Kept::default()));
        let address = at(server.imap(Begin::Tls).port(), Security::Tls);
        let connection = ImapConnection::open(&connector(&server, &sink), &address).await.unwrap();
        let info = connection.tls().unwrap().clone();
        let events = sink.0.lock().unwrap().clone();
        let tls = events.iter().find(|event| matches!(event.kind, LogKind::Tls { .. })).unwrap();
        let LogKind::Tls { version, key_exchange, cipher_suite, resumed } = tls.kind else {
            panic!("{tls:?}")
        };
        assert_eq!(
            (version, key_exchange, cipher_suite, resumed),
            (info.version, info.key_exchange.as_str(), info.cipher_suite.as_str(), info.resumed)
        );
        let shown = format!("Imap {}: Tls13 with X25519MLKEM768 and TLS13_AES_256_GCM_SHA384", tls.session);
        assert_eq!(tls.to_string(), shown);
    })
    .await;
}

struct Panicking(Mutex<usize>);

impl LogSink for Panicking {
    fn log(&self, _event: &LogEvent) {
        *self.0.lock().unwrap() += 1;
        panic!("on purpose");
    }
}

#[tokio::test]
async fn a_sink_that_panics_harms_no_session_and_is_told_nothing_more_of_it() {
    bounded(async {
        let server = start().await;
        let sink = Arc::new(Panicking(Mutex::default()));
        let tls = TlsConfig::default().only_roots(server.ca().root_pem().as_bytes()).unwrap();
        let connector = Connector::new(&Runtime::current().unwrap(), &tls)
            .unwrap()
            .with_timeouts(Timeouts::default())
            .with_log(Arc::<Panicking>::clone(&sink));
        for sessions in 1..=2 {
            let address = at(server.imap(Begin::Tls).port(), Security::Tls);
            let connection = ImapConnection::open(&connector, &address).await.unwrap();
            let session = connection.log_in(&alice()).await.unwrap();
            session.status(&MailboxName::inbox()).await.unwrap();
            session.close().await.unwrap();
            assert_eq!(*sink.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner), sessions);
        }
    })
    .await;
}
