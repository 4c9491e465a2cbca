//! Scenarios in which the library calls what the app wrote.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postseal_ffi::*;
use postseal_test_server::Protocol;
use serde_json::json;

use crate::world::{PLAIN, World, address, envelope, password, play};

/// Gives its tokens one after the other, and remembers what it was asked with.
struct InTurn {
    tokens: Mutex<Vec<String>>,
    asked: Mutex<Vec<Option<String>>>,
}

impl TokenProvider for InTurn {
    fn token(&self, refused: Option<String>, answer: Arc<TokenAnswer>) -> Result<(), CallbackError> {
        self.asked.lock().unwrap().push(refused);
        answer.give(self.tokens.lock().unwrap().remove(0));
        Ok(())
    }
}

#[tokio::test]
async fn token_expired_and_asked_again() {
    play("token_expired_and_asked_again", async |world| {
        let tokens =
            world.given("tokens").as_array().unwrap().iter().map(|token| token.as_str().unwrap().to_owned());
        let provider = Arc::new(InTurn { tokens: Mutex::new(tokens.collect()), asked: Mutex::default() });
        let session = log_in(&world, provider.clone()).await.unwrap();
        session.noop(None).await.unwrap();
        assert_eq!(json!(*provider.asked.lock().unwrap()), *world.expect("asked_with"));
    })
    .await;
}

async fn log_in(world: &World, provider: Arc<dyn TokenProvider>) -> Result<Arc<ImapSession>, PostsealError> {
    let credentials = Credentials::token_provider(&address("alice"), provider).unwrap();
    ImapSession::connect(world.connector(), world.server(Protocol::Imap), credentials, None).await
}

/// Fails in one of the ways in which an app's code can.
enum Failing {
    Throws(String),
    Fails(String),
    /// Lets go of the answer.
    Forgets,
}

impl TokenProvider for Failing {
    fn token(&self, _refused: Option<String>, answer: Arc<TokenAnswer>) -> Result<(), CallbackError> {
        match self {
            Self::Throws(detail) => return Err(CallbackError::Failed { detail: detail.clone() }),
            Self::Fails(reason) => answer.fail(reason.clone()),
            Self::Forgets => {}
        }
        Ok(())
    }
}

#[tokio::test]
async fn token_provider_throws() {
    play("token_provider_throws", async |world| {
        let text = world.text("text");
        for provider in [Failing::Throws(text.clone()), Failing::Fails(text)] {
            let error = log_in(&world, Arc::new(provider)).await.unwrap_err();
            world.assert_error(&error);
            let PostsealError::InvalidInput { field, detail, .. } = &error else { panic!("{error:?}") };
            assert_eq!(json!(field), *world.expect("field"));
            assert!(detail.contains(world.expect("detail_contains").as_str().unwrap()), "{detail}");
        }
        let error = log_in(&world, Arc::new(Failing::Forgets)).await.unwrap_err();
        world.assert_error(&error);
    })
    .await;
}

/// Keeps every line, and throws each time.
#[derive(Default)]
struct Throwing(Mutex<Vec<String>>);

impl LogSink for Throwing {
    fn log(&self, event: LogEvent) -> Result<(), CallbackError> {
        self.0.lock().unwrap().push(format!("{event:?}"));
        Err(CallbackError::Failed { detail: "on purpose".to_owned() })
    }
}

#[tokio::test]
async fn log_sink_sees_no_secret() {
    play("log_sink_sees_no_secret", async |world| {
        let sink = Arc::new(Throwing::default());
        let connector = world.connector_with(None, Some(sink.clone()));
        let wrong = Credentials::password(&address("alice"), world.text("password")).unwrap();
        for outcome in world.try_each(&connector, |protocol| world.server(protocol), &wrong).await {
            assert_eq!(outcome.unwrap_err().code(), "login-refused");
        }
        for outcome in world.try_each(&connector, |protocol| world.server(protocol), &password("alice")).await
        {
            outcome.unwrap();
        }
        let smtp = world.server(Protocol::Smtp);
        let session = SmtpSession::connect(connector, smtp, password("alice"), None).await.unwrap();
        let text = world.text("text");
        let message = [PLAIN, text.as_bytes(), b"\r\n"].concat();
        session.send(envelope(&[&address("bob")]), message.into(), None, None, None).await.unwrap();
        session.close(None).await.unwrap();

        let lines = sink.0.lock().unwrap().join("\n");
        assert!(json!(lines.lines().count()).as_u64() >= world.expect("lines_at_least").as_u64());
        assert!(failed_callbacks() > 0);
        for protocol in ["Smtp", "Imap", "Pop3"] {
            assert!(lines.contains(&format!("protocol: {protocol}")), "{lines}");
        }
        for secret in [world.text("password"), "alice-pw".to_owned(), text, "bob@".to_owned()] {
            let sasl = format!("\0{}\0{secret}", address("alice"));
            for form in [secret.clone(), STANDARD.encode(&secret), STANDARD.encode(sasl)] {
                assert!(!lines.contains(&form), "{form} in {lines}");
            }
        }
    })
    .await;
}
