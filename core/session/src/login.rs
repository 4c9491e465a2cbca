//! Logging in: what the three protocols share of it.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, select};

use crate::log::{Log, LogKind};
use crate::sasl::Proof;
use crate::{Credentials, Denied, Error, Runtime, Timeouts};

/// A connection on which somebody can log in.
pub(crate) trait LogIn: Sized + Send + 'static {
    /// What is known after a login that was not known before.
    type News: Send + 'static;

    fn runtime(&self) -> &Runtime;

    fn timeouts(&self) -> &Timeouts;

    /// The log of the connection.
    fn log(&self) -> &Log;

    /// Whether the server has ended the connection, in its refusal of a login.
    fn is_over(&self) -> bool {
        false
    }

    /// Takes the secret of `proof` out of what was noted while it was presented; a server may echo what it was sent.
    fn forget(&mut self, _proof: &Proof) {}

    /// Presents `proof` once.
    fn present(&mut self, proof: &Proof) -> impl Future<Output = Result<Self::News, Error>> + Send;
}

/// Logs in; a token provider whose token is refused is asked for another one, once. What leaves the connection usable hands it back.
///
/// The exchange runs on our runtime, to which the connection goes and from which it comes back. A token provider is awaited here, in
/// the caller's future: one from another language lives in its own event loop.
pub(crate) async fn log_in<C: LogIn>(
    mut connection: C,
    credentials: &Credentials,
) -> Result<(C, C::News), Denied<C>> {
    let mut refused = None;
    let log = connection.log().clone();
    loop {
        let runtime = connection.runtime().clone();
        let after = connection.timeouts().token;
        let proof = match proof_within(after, &runtime, credentials, refused.as_ref()).await {
            Ok(proof) => proof,
            Err(error) => return Err(denied(connection, error)),
        };
        let presenting = async move {
            let outcome = connection.present(&proof).await;
            connection.forget(&proof);
            Ok((connection, proof, outcome))
        };
        let (back, proof, outcome) =
            runtime.run(presenting).await.inspect_err(|error| log.closed(Some(error.code())))?;
        connection = back;
        match outcome {
            Ok(news) => return Ok((connection, news)),
            Err(Error::LoginRefused(_))
                if credentials.can_refresh() && refused.is_none() && !connection.is_over() =>
            {
                log.tell(LogKind::TokenAgain);
                refused = Some(proof);
            }
            Err(error) => {
                // Whatever was asked last: a server may echo what it was sent in any answer.
                let error = refused.iter().fold(proof.redact(error), |error, earlier| earlier.redact(error));
                return Err(denied(connection, error));
            }
        }
    }
}

/// The secret for one login. A provider that does not answer is given up: the server does not wait for ever either.
async fn proof_within(
    after: Duration,
    runtime: &Runtime,
    credentials: &Credentials,
    refused: Option<&Proof>,
) -> Result<Proof, Error> {
    let proof = pin!(credentials.proof(refused));
    // The caller's executor may have no timers.
    let deadline = pin!(runtime.run(async move {
        tokio::time::sleep(after).await;
        Ok(())
    }));
    match select(proof, deadline).await {
        Either::Left((proof, _)) => proof,
        Either::Right((ended, _)) => ended.and(Err(Error::Timeout { step: "the token provider", after })),
    }
}

/// A login that failed, with the connection where it is still good.
fn denied<C: LogIn>(connection: C, error: Error) -> Denied<C> {
    let log = connection.log().clone();
    let connection = Some(connection).filter(|kept| error.keeps_session() && !kept.is_over());
    if connection.is_none() {
        log.closed(Some(error.code()));
    }
    Denied { error, connection }
}
