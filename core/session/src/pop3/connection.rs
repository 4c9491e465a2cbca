use super::capabilities::Pop3Capabilities;
use super::conversation::Conversation;
use super::login;
use super::session::Pop3Session;
use crate::sasl::{Credentials, Proof};
use crate::starttls::Dialect;
use crate::tls::TlsInfo;
use crate::wire::{Secure, Wire};
use crate::{Connector, Denied, Error, Runtime, Security, Server, Timeouts};

/// A connection to a POP3 server: TLS is up, nobody is logged in (RFC 1939's AUTHORIZATION state).
#[derive(Debug)]
pub struct Pop3Connection {
    runtime: Runtime,
    conversation: Conversation,
    capabilities: Pop3Capabilities,
}

impl Pop3Connection {
    /// Connects, brings TLS up (from the first byte, or by STLS: RFC 2595, section 4), and asks for the capabilities (RFC 2449).
    ///
    /// Nothing that the server said before TLS is kept.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] for a server without STLS, [`Error::Certificate`] and [`Error::Tls`] where no trusted TLS comes up,
    /// [`Error::Refused`] where the server refuses the connection, [`Error::Timeout`], [`Error::Network`] or [`Error::Peer`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the connection.
    pub async fn open(connector: &Connector, server: &Server) -> Result<Self, Error> {
        let runtime = connector.runtime().clone();
        let (connector, server) = (connector.clone(), server.clone());
        runtime
            .run(async move {
                let wire = connector.connect(&server, Dialect::Pop3).await?;
                let greets = server.security == Security::Tls;
                Self::begin(connector.runtime().clone(), wire, greets, *connector.timeouts()).await
            })
            .await
    }

    /// Begins on a wire with TLS; after STLS the server does not greet again.
    pub(super) async fn begin(
        runtime: Runtime,
        wire: Wire<Secure>,
        greets: bool,
        timeouts: Timeouts,
    ) -> Result<Self, Error> {
        let mut conversation = Conversation::new(wire, timeouts);
        if greets {
            conversation.greeting().await?;
        }
        let capabilities = Pop3Capabilities::ask(&mut conversation).await?;
        Ok(Self { runtime, conversation, capabilities })
    }

    /// What the TLS handshake agreed on.
    #[must_use]
    pub const fn tls(&self) -> &TlsInfo {
        self.conversation.tls()
    }

    /// What the server offers.
    #[must_use]
    pub const fn capabilities(&self) -> &Pop3Capabilities {
        &self.capabilities
    }

    /// Logs in: with a token by SASL XOAUTH2 or OAUTHBEARER, with a password by SASL PLAIN (RFC 5034) or else by USER and PASS
    /// (RFC 1939, section 7). A [`TokenProvider`](crate::TokenProvider) is asked for a fresh token once, after a refusal.
    ///
    /// # Errors
    ///
    /// [`Error::LoginRefused`] where the credentials are refused; [`Error::Refused`] where the server says that it is not for the
    /// credentials (`IN-USE`: another session holds the maildrop; `LOGIN-DELAY`, `SYS/TEMP`, `SYS/PERM`); [`Error::Unsupported`]
    /// where it offers no fitting way. After these the connection is handed back. After any other error it is gone.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the connection.
    pub async fn log_in(self, credentials: &Credentials) -> Result<Pop3Session, Denied<Self>> {
        let (mut connection, mut refused) = (self, None);
        loop {
            // A token provider is awaited here and not on our runtime: one from another language lives in its own event loop.
            let proof = match credentials.proof(refused.as_ref()).await {
                Ok(proof) => proof,
                Err(error) => return Err(Denied { error, connection: Some(connection) }),
            };
            let (back, proof, outcome) = connection.present(proof).await?;
            connection = back;
            match outcome {
                Ok(capabilities) => {
                    return Ok(Pop3Session::start(
                        &connection.runtime,
                        connection.conversation,
                        capabilities,
                    )?);
                }
                Err(Error::LoginRefused(_)) if credentials.can_refresh() && refused.is_none() => {
                    refused = Some(proof);
                }
                Err(error) => {
                    let connection = error.keeps_session().then_some(connection);
                    return Err(Denied { error, connection });
                }
            }
        }
    }

    /// One login on our runtime, to which the connection goes and from which it comes back; where it went well, with what the
    /// server offers from then on.
    async fn present(self, proof: Proof) -> Result<(Self, Proof, Result<Pop3Capabilities, Error>), Error> {
        let runtime = self.runtime.clone();
        let presenting = async move {
            let Self { runtime, mut conversation, capabilities } = self;
            let outcome = match login::present(&mut conversation, &capabilities, &proof).await {
                Ok(()) => capabilities.clone().after_login(&mut conversation).await,
                Err(error) => Err(error),
            };
            Ok((Self { runtime, conversation, capabilities }, proof, outcome))
        };
        runtime.run(presenting).await
    }

    /// Takes leave without having logged in (QUIT: RFC 1939, section 4). Dropping the connection just cuts it.
    pub async fn close(self) {
        let Self { runtime, mut conversation, .. } = self;
        // Nobody waits for how a farewell went.
        _ = runtime
            .run(async move {
                conversation.farewell().await;
                Ok(())
            })
            .await;
    }
}

#[cfg(test)]
impl Pop3Connection {
    pub(super) const fn conversation_mut(&mut self) -> &mut Conversation {
        &mut self.conversation
    }
}
