//! A token provider at login, in each protocol: what is asked of it, and what becomes of its failures.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use postseal_session::{
    Connector, Credentials, Denied, Error, ImapConnection, Pop3Connection, Protocol, Runtime, Security,
    Server, SmtpConnection, Timeouts, TlsConfig, TokenProvider,
};
use postseal_test_server::{Options, Security as Begin, TestServer};
use postseal_types::Secret;

const ALICE: &str = "alice@example.test";
const PROTOCOLS: [Protocol; 3] = [Protocol::Smtp, Protocol::Imap, Protocol::Pop3];
/// No test takes longer.
const DEADLINE: Duration = Duration::from_secs(60);

/// Gives these tokens one after the other, then fails; and notes which refused one it was told of each time.
struct Tokens {
    left: Mutex<Vec<&'static str>>,
    asked: Mutex<Vec<Option<String>>>,
}

impl Tokens {
    fn new(tokens: &[&'static str]) -> Arc<Self> {
        let left = tokens.iter().rev().copied().collect();
        Arc::new(Self { left: Mutex::new(left), asked: Mutex::default() })
    }

    fn asked(&self) -> Vec<Option<String>> {
        self.asked.lock().unwrap().clone()
    }
}

impl TokenProvider for Tokens {
    fn token<'a>(&'a self, refused: Option<&'a Secret>) -> BoxFuture<'a, Result<Secret, String>> {
        let refused = refused.and_then(Secret::expose_str).map(str::to_owned);
        self.asked.lock().unwrap().push(refused);
        let token = self.left.lock().unwrap().pop();
        async move { token.map(Secret::from).ok_or_else(|| "nobody is signed in".to_owned()) }.boxed()
    }
}

/// Never answers.
struct Silent;

impl TokenProvider for Silent {
    fn token<'a>(&'a self, _refused: Option<&'a Secret>) -> BoxFuture<'a, Result<Secret, String>> {
        std::future::pending().boxed()
    }
}

async fn start() -> TestServer {
    TestServer::start(Options::new().user(ALICE, "wonderland").token(ALICE, "good token")).await.unwrap()
}

fn connector(server: &TestServer, timeouts: Timeouts) -> Connector {
    let tls = TlsConfig::default().only_roots(server.ca().root_pem().as_bytes()).unwrap();
    Connector::new(&Runtime::current().unwrap(), &tls).unwrap().with_timeouts(timeouts)
}

/// What came of a login; where it failed, whether the connection came back.
async fn log_in(
    server: &TestServer,
    protocol: Protocol,
    timeouts: Timeouts,
    provider: Arc<dyn TokenProvider>,
) -> Result<(), (Error, bool)> {
    fn failed<C>(denied: Denied<C>) -> (Error, bool) {
        (denied.error, denied.connection.is_some())
    }
    let connector = connector(server, timeouts);
    let who = Credentials::token_provider(ALICE, provider).unwrap();
    let at = |port: u16| Server::new("127.0.0.1", port, Security::Tls).unwrap();
    match protocol {
        Protocol::Smtp => {
            let address = at(server.smtp(Begin::Tls).port());
            let connection = SmtpConnection::open(&connector, &address).await.unwrap();
            connection.log_in(&who).await.map(drop).map_err(failed)
        }
        Protocol::Imap => {
            let address = at(server.imap(Begin::Tls).port());
            let connection = ImapConnection::open(&connector, &address).await.unwrap();
            connection.log_in(&who).await.map(drop).map_err(failed)
        }
        Protocol::Pop3 => {
            let address = at(server.pop3(Begin::Tls).port());
            let connection = Pop3Connection::open(&connector, &address).await.unwrap();
            connection.log_in(&who).await.map(drop).map_err(failed)
        }
    }
}

async fn bounded(test: impl Future<Output = ()>) {
    tokio::time::timeout(DEADLINE, test).await.unwrap();
}

#[tokio::test]
async fn an_expired_token_is_replaced_once() {
    bounded(async {
        let server = start().await;
        for protocol in PROTOCOLS {
            let tokens = Tokens::new(&["an old token", "good token"]);
            assert_eq!(log_in(&server, protocol, Timeouts::default(), tokens.clone()).await, Ok(()));
            assert_eq!(tokens.asked(), [None, Some("an old token".to_owned())], "{protocol:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_second_refusal_is_a_refused_login_that_echoes_neither_token() {
    bounded(async {
        let server = start().await;
        for protocol in PROTOCOLS {
            let tokens = Tokens::new(&["an old token", "another old token", "good token"]);
            let (error, is_back) =
                log_in(&server, protocol, Timeouts::default(), tokens.clone()).await.unwrap_err();
            assert!(matches!(error, Error::LoginRefused(_)) && is_back, "{protocol:?} {error:?}");
            assert!(!format!("{error} {error:?}").contains("old token"), "{error:?}");
            assert_eq!(
                tokens.asked(),
                [None, Some("an old token".to_owned())],
                "it is asked twice, not more"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_provider_that_fails_is_a_typed_error_at_the_first_and_at_the_second_time() {
    bounded(async {
        let server = start().await;
        for protocol in PROTOCOLS {
            for tokens in [&[][..], &["an old token"]] {
                let outcome = log_in(&server, protocol, Timeouts::default(), Tokens::new(tokens)).await;
                let Err((Error::InvalidInput { what: "token", reason }, true)) = outcome else {
                    panic!("{protocol:?} {tokens:?} {outcome:?}")
                };
                assert_eq!(reason, "nobody is signed in");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_provider_that_never_answers_is_given_up() {
    bounded(async {
        let server = start().await;
        for protocol in PROTOCOLS {
            let after = Duration::from_millis(50);
            let timeouts = Timeouts { token: after, ..Timeouts::default() };
            let outcome = log_in(&server, protocol, timeouts, Arc::new(Silent)).await;
            let timeout = Error::Timeout { step: "the token provider", after };
            assert_eq!(outcome, Err((timeout, false)), "{protocol:?}");
        }
    })
    .await;
}

#[test]
fn the_deadline_needs_no_executor_with_timers() {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(start()).unwrap();
    let tls = TlsConfig::default().only_roots(server.ca().root_pem().as_bytes()).unwrap();
    let timeouts = Timeouts { token: Duration::from_millis(50), ..Timeouts::default() };
    let connector = Connector::new(&runtime, &tls).unwrap().with_timeouts(timeouts);
    let address = Server::new("127.0.0.1", server.imap(Begin::Tls).port(), Security::Tls).unwrap();
    let who = Credentials::token_provider(ALICE, Arc::new(Silent)).unwrap();
    let denied = futures::executor::block_on(async {
        ImapConnection::open(&connector, &address).await.unwrap().log_in(&who).await.unwrap_err()
    });
    assert!(matches!(denied.error, Error::Timeout { step: "the token provider", .. }), "{:?}", denied.error);
}
