use std::fmt;
use std::sync::PoisonError;

use super::capabilities::Capabilities;
use super::dialogue::Dialogue;
use super::login;
use super::response::{Code, Response, Status};
use super::session::ImapSession;
use crate::error::{PeerFault, server_text};
use crate::log::Log;
use crate::login::{LogIn, log_in};
use crate::sasl::Proof;
use crate::tls::TlsInfo;
use crate::wire::{Secure, Wire};
use crate::{Connector, Credentials, Denied, Error, Protocol, Runtime, Security, Server, Timeouts};

/// A connection to an IMAP server: TLS is up, the server has greeted, nobody is logged in.
pub struct ImapConnection {
    runtime: Runtime,
    dialogue: Dialogue,
    preauthenticated: bool,
}

impl ImapConnection {
    /// Connects, brings TLS up, reads the greeting, and asks for the capabilities.
    ///
    /// A greeting of PREAUTH is refused where TLS begins with STARTTLS ([`PeerFault::PreauthBeforeTls`]): before TLS anybody can
    /// say it. Through TLS the trusted server says it (RFC 9051, section 7.1.4), so it is taken at its word; see
    /// [`ImapConnection::is_preauthenticated`].
    ///
    /// # Errors
    ///
    /// Those of the network and of TLS; [`PeerFault::Goodbye`] where the server turns the client away; [`Error::Unsupported`] for a
    /// server that does not speak IMAP4rev1, or has no STARTTLS.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the connection.
    pub async fn open(connector: &Connector, server: &Server) -> Result<Self, Error> {
        let has_greeted = server.security == Security::StartTls;
        let begin = async move |connector: Connector, wire| {
            Self::over(wire, connector.runtime(), *connector.timeouts(), has_greeted).await
        };
        connector.open(server, Protocol::Imap, begin).await
    }

    /// The same over a connection on which TLS is up.
    pub(crate) async fn over(
        wire: Wire<Secure>,
        runtime: &Runtime,
        timeouts: Timeouts,
        has_greeted: bool,
    ) -> Result<Self, Error> {
        let mut dialogue = Dialogue::new(wire, timeouts);
        let preauthenticated = !has_greeted && greeting(&mut dialogue).await?;
        dialogue.learn_capabilities().await?;
        if !dialogue.capabilities.has("IMAP4rev1") {
            return Err(Error::Unsupported { extension: "IMAP4rev1" });
        }
        Ok(Self { runtime: runtime.clone(), dialogue, preauthenticated })
    }

    /// What the TLS handshake agreed on; `None` for a connection over a stream of the caller's ([`dangerous`](crate::dangerous)).
    #[must_use]
    pub const fn tls(&self) -> Option<&TlsInfo> {
        self.dialogue.wire().tls()
    }

    /// What the server offers before the login.
    #[must_use]
    pub const fn capabilities(&self) -> &Capabilities {
        &self.dialogue.capabilities
    }

    /// Whether the server has logged the client in by itself (PREAUTH), as it does by client certificate.
    #[must_use]
    pub const fn is_preauthenticated(&self) -> bool {
        self.preauthenticated
    }

    /// Logs in: AUTHENTICATE with the best mechanism that both sides have (RFC 9051, section 6.2.2), or the LOGIN command where
    /// there is none for a password and the server doesn't forbid it. A token provider is asked once more when its token is
    /// refused. On a connection that [is preauthenticated](Self::is_preauthenticated) nothing is sent.
    ///
    /// # Errors
    ///
    /// [`Error::LoginRefused`], [`Error::Unsupported`] and [`Error::InvalidInput`] hand the connection back for another try, unless
    /// the server said goodbye with its refusal.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the connection.
    pub async fn log_in(self, credentials: &Credentials) -> Result<ImapSession, Denied<Self>> {
        let connection = if self.preauthenticated { self } else { log_in(self, credentials).await?.0 };
        Ok(ImapSession::start(&connection.runtime, connection.dialogue)?)
    }
}

impl LogIn for ImapConnection {
    type News = ();

    fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    fn timeouts(&self) -> &Timeouts {
        &self.dialogue.timeouts
    }

    fn log(&self) -> &Log {
        self.dialogue.wire().log()
    }

    fn is_over(&self) -> bool {
        self.dialogue.is_over
    }

    fn forget(&mut self, proof: &Proof) {
        let mut alerts = self.dialogue.alerts.lock().unwrap_or_else(PoisonError::into_inner);
        alerts.iter_mut().for_each(|alert| *alert = proof.blank(alert));
    }

    async fn present(&mut self, proof: &Proof) -> Result<(), Error> {
        login::present(&mut self.dialogue, proof).await
    }
}

/// Reads the greeting; whether it is PREAUTH.
async fn greeting(dialogue: &mut Dialogue) -> Result<bool, Error> {
    const STEP: &str = "the greeting";
    dialogue.expect(STEP);
    let Response::Notice(condition) = dialogue.next_response(STEP).await? else {
        return Err(PeerFault::unexpected(STEP, b"no greeting").into());
    };
    if let Some(Code::Capability(capabilities)) = condition.code {
        dialogue.capabilities = capabilities;
    }
    if condition.status != Status::Bye {
        dialogue.wire().log().reply(STEP, condition.status.into());
    }
    match condition.status {
        Status::Ok => Ok(false),
        Status::Preauth => Ok(true),
        Status::Bye => Err(PeerFault::Goodbye { text: server_text(&condition.text) }.into()),
        Status::No | Status::Bad => Err(PeerFault::unexpected(STEP, &condition.text).into()),
    }
}

impl fmt::Debug for ImapConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImapConnection").field("tls", &self.tls()).finish_non_exhaustive()
    }
}
