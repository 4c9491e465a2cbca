use super::capabilities::Pop3Capabilities;
use super::conversation::Conversation;
use super::login;
use super::session::Pop3Session;
use crate::log::Log;
use crate::login::{LogIn, log_in};
use crate::sasl::{Credentials, Proof};
use crate::tls::TlsInfo;
use crate::wire::{Secure, Wire};
use crate::{Connector, Denied, Error, Protocol, Runtime, Security, Server, Timeouts};

/// A connection to a POP3 server: TLS is up, nobody is logged in (RFC 1939's AUTHORIZATION state).
#[derive(Debug)]
pub struct Pop3Connection {
    runtime: Runtime,
    conversation: Conversation,
    capabilities: Pop3Capabilities,
}

impl LogIn for Pop3Connection {
    /// What the server offers from now on.
    type News = Pop3Capabilities;

    fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    fn timeouts(&self) -> &Timeouts {
        self.conversation.timeouts()
    }

    fn log(&self) -> &Log {
        self.conversation.log()
    }

    async fn present(&mut self, proof: &Proof) -> Result<Pop3Capabilities, Error> {
        login::present(&mut self.conversation, &self.capabilities, proof).await?;
        self.capabilities.clone().after_login(&mut self.conversation).await
    }
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
        let greets = server.security == Security::Tls;
        let begin = move |connector: Connector, wire| {
            Self::begin(connector.runtime().clone(), wire, greets, *connector.timeouts())
        };
        connector.open(server, Protocol::Pop3, begin).await
    }

    /// Begins on a wire with TLS; after STLS the server does not greet again.
    pub(crate) async fn begin(
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

    /// What the TLS handshake agreed on; `None` for a connection over a stream of the caller's ([`dangerous`](crate::dangerous)).
    #[must_use]
    pub const fn tls(&self) -> Option<&TlsInfo> {
        self.conversation.tls()
    }

    /// What the server offers.
    #[must_use]
    pub const fn capabilities(&self) -> &Pop3Capabilities {
        &self.capabilities
    }

    /// Logs in: with a token by SASL XOAUTH2 or OAUTHBEARER, with a client certificate by EXTERNAL, with a password by SASL PLAIN
    /// (RFC 5034) or else by USER and PASS (RFC 1939, section 7), announced or not. A [`TokenProvider`](crate::TokenProvider) is
    /// asked for a fresh token once, after a refusal.
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
        let (connection, capabilities) = log_in(self, credentials).await?;
        Ok(Pop3Session::start(&connection.runtime, connection.conversation, capabilities)?)
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
