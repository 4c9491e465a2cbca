//! Logging in: what the three protocols share of it.

use std::future::Future;

use crate::sasl::Proof;
use crate::{Credentials, Denied, Error, Runtime};

/// A connection on which somebody can log in.
pub(crate) trait LogIn: Sized + Send + 'static {
    /// What is known after a login that was not known before.
    type News: Send + 'static;

    fn runtime(&self) -> &Runtime;

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
    loop {
        let proof = match credentials.proof(refused.as_ref()).await {
            Ok(proof) => proof,
            Err(error) => return Err(Denied { error, connection: Some(connection) }),
        };
        let runtime = connection.runtime().clone();
        let presenting = async move {
            let outcome = connection.present(&proof).await;
            connection.forget(&proof);
            Ok((connection, proof, outcome))
        };
        let (back, proof, outcome) = runtime.run(presenting).await?;
        connection = back;
        match outcome {
            Ok(news) => return Ok((connection, news)),
            Err(Error::LoginRefused(_))
                if credentials.can_refresh() && refused.is_none() && !connection.is_over() =>
            {
                refused = Some(proof);
            }
            Err(error) => {
                // Whatever was asked last: a server may echo what it was sent in any answer.
                let error = refused.iter().fold(proof.redact(error), |error, earlier| earlier.redact(error));
                let connection = Some(connection).filter(|kept| error.keeps_session() && !kept.is_over());
                return Err(Denied { error, connection });
            }
        }
    }
}
