use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use tokio::io::BufReader;
use tokio_rustls::TlsConnector;

use crate::line::{Due, Line};
use crate::log::{Log, LogSink};
use crate::tls::{TlsConfig, TlsInfo, TrustSource};
use crate::wire::{Plain, Secure, Wire};
use crate::{Error, PeerFault, Protocol, Runtime, Security, Server, net, starttls};

/// How much is read from the network at a time, to be decrypted: a few TLS records.
const READ_AHEAD: usize = 64 * 1024;

/// How long each step may stand still. They count progress: a transfer of an hour is fine while bytes move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Until a TCP connection is up, over all addresses of the name together.
    pub connect: Duration,
    /// Until the TLS handshake is done.
    pub handshake: Duration,
    /// Until a [`TokenProvider`](crate::TokenProvider) has a token, each time that it is asked.
    pub token: Duration,
    /// Without a byte moving, while an answer is due.
    pub progress: Duration,
    /// For the answer to a whole message. RFC 5321, section 4.5.3.2.6, asks for 10 minutes: a shorter one causes double sends.
    pub final_reply: Duration,
    /// For the farewell, before the connection is cut.
    pub close: Duration,
}

impl Timeouts {
    /// The longest that a deadline can be: nothing waits for ever.
    pub const MAX: Duration = Duration::from_secs(24 * 60 * 60);

    fn bounded(self) -> Self {
        let Self { connect, handshake, token, progress, final_reply, close } = self;
        let [connect, handshake, token, progress, final_reply, close] =
            [connect, handshake, token, progress, final_reply, close].map(|deadline| deadline.min(Self::MAX));
        Self { connect, handshake, token, progress, final_reply, close }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            handshake: Duration::from_secs(30),
            token: Duration::from_secs(60),
            progress: Duration::from_secs(60),
            final_reply: Duration::from_secs(600),
            close: Duration::from_secs(5),
        }
    }
}

/// Opens connections: the runtime, what is trusted, and the deadlines. Clones share the store of resumable TLS sessions, so one
/// is made and kept.
#[derive(Clone)]
pub struct Connector {
    runtime: Runtime,
    tls: Arc<ClientConfig>,
    trust_source: TrustSource,
    timeouts: Timeouts,
    sink: Option<Arc<dyn LogSink>>,
}

impl Connector {
    /// A connector with the default [`Timeouts`].
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] where a root or the client certificate can't be used.
    pub fn new(runtime: &Runtime, tls: &TlsConfig) -> Result<Self, Error> {
        let (tls, trust_source) = tls.build()?;
        Ok(Self { runtime: runtime.clone(), tls, trust_source, timeouts: Timeouts::default(), sink: None })
    }

    /// The same connector with other deadlines, each at most [`Timeouts::MAX`].
    #[must_use]
    pub fn with_timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts.bounded();
        self
    }

    /// The same connector, with a sink that is told what its sessions do; see [`LogEvent`](crate::LogEvent) for what can be in there.
    #[must_use]
    pub fn with_log(mut self, sink: Arc<dyn LogSink>) -> Self {
        self.sink = Some(sink);
        self
    }

    /// Where the trusted roots came from.
    #[must_use]
    pub const fn trust_source(&self) -> TrustSource {
        self.trust_source
    }

    /// The deadlines.
    #[must_use]
    pub const fn timeouts(&self) -> &Timeouts {
        &self.timeouts
    }

    /// The runtime that the connections live on.
    #[must_use]
    pub const fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Connects on the runtime, and has `begin` go on over TLS. Dropping the wait closes the connection.
    pub(crate) async fn open<T, F>(
        &self,
        server: &Server,
        protocol: Protocol,
        begin: impl FnOnce(Self, Wire<Secure>) -> F + Send + 'static,
    ) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let (connector, server) = (self.clone(), server.clone());
        let log = Log::begin(self.sink.as_ref(), protocol);
        let of_session = log.clone();
        let opening = async move {
            let wire = connector.connect(&server, protocol, of_session).await?;
            begin(connector, wire).await
        };
        self.runtime.run(opening).await.inspect_err(|error| log.closed(Some(error.code())))
    }

    /// Connects, and returns once TLS is up. After implicit TLS the server's greeting is still to be read; after STARTTLS an SMTP,
    /// IMAP or POP3 server does not greet again. Must run on the [`Runtime`].
    async fn connect(&self, server: &Server, protocol: Protocol, log: Log) -> Result<Wire<Secure>, Error> {
        let stream = net::connect(&server.host, server.port, self.timeouts.connect, &log).await?;
        let due = Due::default();
        let mut wire = Wire::plain(Line::new(stream, due.clone())).logged(log).over(due);
        if server.security == Security::StartTls {
            wire = starttls::negotiate(wire, protocol, &self.timeouts).await?;
        }
        self.handshake(wire, server).await
    }

    async fn handshake(&self, wire: Wire<Plain>, server: &Server) -> Result<Wire<Secure>, Error> {
        let (log, due) = (wire.log().clone(), wire.due().clone());
        let stream = wire.into_stream()?;
        // rustls alone reads 4 KB at a time, so a record would take five calls of the operating system.
        let stream = BufReader::with_capacity(READ_AHEAD, stream);
        let connecting =
            TlsConnector::from(Arc::clone(&self.tls)).connect(server.host.server_name()?, stream);
        let after = self.timeouts.handshake;
        match tokio::time::timeout(after, connecting).await {
            Err(_) => Err(Error::Timeout { step: "the TLS handshake", after }),
            Ok(Err(error)) => Err(handshake_error(&error)),
            Ok(Ok(stream)) => {
                let connection = stream.get_ref().1;
                log.tell(crate::tls::log_kind(connection));
                let info = TlsInfo::of(connection);
                Ok(Wire::secure(stream, info).logged(log).over(due))
            }
        }
    }
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connector").field("timeouts", &self.timeouts).finish_non_exhaustive()
    }
}

fn handshake_error(error: &std::io::Error) -> Error {
    let step = "the TLS handshake";
    match crate::tls::failure(error) {
        Some(failure) => failure,
        None if error.kind() == std::io::ErrorKind::UnexpectedEof => PeerFault::Disconnected { step }.into(),
        None => Error::network(step, error),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_deadline_is_so_long_that_it_can_not_be_reckoned_with() {
        let connector = Connector::new(&Runtime::current().unwrap(), &TlsConfig::default()).unwrap();
        let endless = Duration::MAX;
        let timeouts = Timeouts { progress: endless, close: endless, ..Timeouts::default() };
        let bounded = *connector.with_timeouts(timeouts).timeouts();
        assert_eq!(
            bounded,
            Timeouts { progress: Timeouts::MAX, close: Timeouts::MAX, ..Timeouts::default() }
        );
    }
}
