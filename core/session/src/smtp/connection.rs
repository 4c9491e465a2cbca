use super::answer::{self, Answer};
use super::extensions::SmtpExtensions;
use super::session::SmtpSession;
use super::{command, login};
use crate::log::Log;
use crate::login::{LogIn, log_in};
use crate::sasl::Proof;
use crate::tls::TlsInfo;
use crate::wire::{Secure, Wire};
use crate::{Connector, Credentials, Denied, Error, Protocol, Runtime, Security, Server, Timeouts};

/// A connection to a submission server: TLS is up, the server's extensions are known, nobody is logged in.
///
/// ```no_run
/// use postseal_session::{
///     Connector, Credentials, Runtime, Security, SendOptions, Server, SmtpConnection, TlsConfig,
/// };
/// # async fn example(
/// #     envelope: postseal_types::Envelope, message: Vec<u8>, password: &str,
/// # ) -> Result<(), postseal_session::Error> {
/// let connector = Connector::new(&Runtime::new()?, &TlsConfig::default())?;
/// let server = Server::new("mail.example.org", 465, Security::Tls)?;
/// let session = SmtpConnection::open(&connector, &server)
///     .await?
///     .log_in(&Credentials::password("alice@example.org", password)?)
///     .await?;
/// let receipt = session.send(&envelope, message, &SendOptions::default()).await?;
/// for (recipient, refusal) in receipt.refused() {
///     println!("{recipient} did not get it: {}", refusal.text);
/// }
/// session.close().await
/// # }
/// ```
#[derive(Debug)]
pub struct SmtpConnection {
    wire: Wire<Secure>,
    extensions: SmtpExtensions,
    runtime: Runtime,
    timeouts: Timeouts,
}

impl LogIn for SmtpConnection {
    type News = ();

    fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    fn timeouts(&self) -> &Timeouts {
        &self.timeouts
    }

    fn log(&self) -> &Log {
        self.wire.log()
    }

    async fn present(&mut self, proof: &Proof) -> Result<(), Error> {
        login::log_in(&mut self.wire, &self.extensions, proof, &self.timeouts).await
    }
}

impl SmtpConnection {
    /// Connects, brings TLS up and asks for the server's extensions (RFC 8314, section 3.3; RFC 3207; RFC 5321, section 4.1.1.1).
    ///
    /// The client names itself `[127.0.0.1]`, the same on every device: its real name or address would end in the message's
    /// Received header. There is no falling back to HELO (RFC 5321, section 3.2): a server without EHLO has neither STARTTLS nor AUTH,
    /// so that nothing could be done there.
    ///
    /// # Errors
    ///
    /// [`Error::Certificate`] and [`Error::Tls`] where the server is not who it should be; [`Error::Unsupported`] where it lacks
    /// STARTTLS; [`Error::Refused`] where it does not want to talk; [`Error::Timeout`], [`Error::Network`] and [`Error::Peer`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the wait closes the connection.
    pub async fn open(connector: &Connector, server: &Server) -> Result<Self, Error> {
        let security = server.security;
        let begin = move |connector: Connector, wire| {
            Self::begin(wire, security, connector.runtime().clone(), *connector.timeouts())
        };
        connector.open(server, Protocol::Smtp, begin).await
    }

    /// Begins on a wire whose TLS has just come up. After STARTTLS a server does not greet again (RFC 3207, section 4.2), and what
    /// it said before is forgotten.
    pub(crate) async fn begin(
        mut wire: Wire<Secure>,
        security: Security,
        runtime: Runtime,
        timeouts: Timeouts,
    ) -> Result<Self, Error> {
        if security == Security::Tls {
            wire.begin("the greeting", timeouts.progress);
            Answer::read(&mut wire).await?.completed("the greeting")?;
        }
        let answer =
            answer::ask(&mut wire, "EHLO", &command::ehlo(), timeouts.progress).await?.completed("EHLO")?;
        Ok(Self { wire, extensions: SmtpExtensions::of(&answer), runtime, timeouts })
    }

    /// Logs in (RFC 4954) with the best of the server's mechanisms that fits the credentials.
    ///
    /// A [`TokenProvider`](crate::TokenProvider) whose token is refused is asked for another one, once.
    ///
    /// # Errors
    ///
    /// [`Error::LoginRefused`] for wrong credentials and [`Error::Unsupported`] where no mechanism fits hand the connection back,
    /// as does a token provider's failure; after any other error it is closed.
    ///
    /// # Cancel safety
    ///
    /// Dropping the wait closes the connection.
    pub async fn log_in(self, credentials: &Credentials) -> Result<SmtpSession, Denied<Self>> {
        let (connection, ()) = log_in(self, credentials).await?;
        let Self { wire, extensions, runtime, timeouts } = connection;
        Ok(SmtpSession::start(wire, extensions, &runtime, timeouts)?)
    }

    /// Takes leave without having logged in (QUIT, RFC 5321, section 4.1.1.10). Dropping the connection just cuts it.
    pub async fn close(self) {
        let Self { mut wire, runtime, timeouts, .. } = self;
        // Nobody waits for how a farewell went.
        _ = runtime
            .run(async move {
                _ = tokio::time::timeout(timeouts.close, quit(&mut wire, &timeouts)).await;
                Ok(())
            })
            .await;
    }

    /// What the TLS handshake agreed on; `None` for a connection over a stream of the caller's ([`dangerous`](crate::dangerous)).
    #[must_use]
    pub const fn tls(&self) -> Option<&TlsInfo> {
        self.wire.tls()
    }

    /// What the server can do.
    #[must_use]
    pub const fn extensions(&self) -> &SmtpExtensions {
        &self.extensions
    }
}

/// Says QUIT, waits for the answer, and closes the stream.
pub(super) async fn quit(wire: &mut Wire<Secure>, timeouts: &Timeouts) -> Result<(), Error> {
    answer::ask(wire, "QUIT", command::QUIT, timeouts.close).await?;
    wire.shut_down().await;
    Ok(())
}
