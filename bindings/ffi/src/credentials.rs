//! What a client logs in with.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use postseal::Secret;
use postseal::session as core;
use tokio::sync::oneshot;

use crate::PostsealError;
use crate::foreign::{CallbackError, call};

/// What a client logs in with. It never shows a secret.
#[derive(Debug, uniffi::Object)]
pub struct Credentials(pub(crate) core::Credentials);

#[uniffi::export]
impl Credentials {
    /// A user name and a password.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for an empty user name, or where either holds CR, LF or NUL.
    #[uniffi::constructor]
    pub fn password(user: &str, password: String) -> Result<Arc<Self>, PostsealError> {
        Ok(Arc::new(Self(core::Credentials::password(user, password)?)))
    }

    /// A user name and an OAuth 2 access token.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for an empty user name, or where either holds a control character.
    #[uniffi::constructor]
    pub fn token(user: &str, token: String) -> Result<Arc<Self>, PostsealError> {
        Ok(Arc::new(Self(core::Credentials::token(user, token)?)))
    }

    /// A user name, and a provider that is asked for a token at each login.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for an empty user name, or one that holds a control character.
    #[uniffi::constructor]
    pub fn token_provider(user: &str, provider: Arc<dyn TokenProvider>) -> Result<Arc<Self>, PostsealError> {
        Ok(Arc::new(Self(core::Credentials::token_provider(user, Arc::new(Foreign(provider)))?)))
    }

    /// A user name alone: the client certificate of the connector has shown who it is (SASL EXTERNAL).
    ///
    /// # Errors
    ///
    /// `InvalidInput` for an empty user name, or one that holds a control character.
    #[uniffi::constructor]
    pub fn certificate(user: &str) -> Result<Arc<Self>, PostsealError> {
        Ok(Arc::new(Self(core::Credentials::certificate(user)?)))
    }

    /// The user name.
    #[must_use]
    pub fn user(&self) -> String {
        self.0.user().to_owned()
    }
}

/// Supplies OAuth 2 access tokens; written by the app.
#[uniffi::export(with_foreign)]
pub trait TokenProvider: Send + Sync {
    /// Asks for an access token for a login that is about to begin. Returns at once; the token is given to `answer`, now or later.
    ///
    /// `refused` is the token that the server has just refused: it has expired or was withdrawn, so a fresh one is wanted. It is
    /// asked at most twice for one login. A text that is thrown, and an answer that is let go of unanswered, end the login as
    /// `InvalidInput` with the field `token`; one that is held and never given, as `Timeout`.
    fn token(&self, refused: Option<String>, answer: Arc<TokenAnswer>) -> Result<(), CallbackError>;
}

/// Takes the answer of a [`TokenProvider`]. Only the first one counts.
#[derive(uniffi::Object)]
pub struct TokenAnswer(Mutex<Option<oneshot::Sender<Result<Secret, String>>>>);

#[uniffi::export]
impl TokenAnswer {
    /// Gives the token.
    pub fn give(&self, token: String) {
        self.end(Ok(token.into()));
    }

    /// Says that there is none, and why, for people to read.
    pub fn fail(&self, reason: String) {
        self.end(Err(reason));
    }
}

impl TokenAnswer {
    fn end(&self, answer: Result<Secret, String>) {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Nobody may be waiting any more: the login was given up.
        sender.into_iter().for_each(|sender| _ = sender.send(answer.clone()));
    }
}

impl fmt::Debug for TokenAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenAnswer(…)")
    }
}

/// The app's provider, as the core asks it.
struct Foreign(Arc<dyn TokenProvider>);

impl core::TokenProvider for Foreign {
    fn token<'a>(
        &'a self,
        refused: Option<&'a Secret>,
    ) -> Pin<Box<dyn Future<Output = Result<Secret, String>> + Send + 'a>> {
        Box::pin(async move {
            let refused = refused.and_then(Secret::expose_str).map(str::to_owned);
            let (sender, receiver) = oneshot::channel();
            let answer = Arc::new(TokenAnswer(Mutex::new(Some(sender))));
            call(|| self.0.token(refused, answer)).map_err(|error| error.to_string())?;
            receiver.await.unwrap_or_else(|_| Err("the token provider gave no answer".to_owned()))
        })
    }
}
