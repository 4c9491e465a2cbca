use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use postseal_session::{Connector, Credentials, Error, Runtime, Security, Server, TlsConfig};
use postseal_test_server::{Options, Protocol, TestCa, TestServer};

use crate::lab::{ALICE, HOST, Lab, User};
use crate::oauth::Tokens;
use crate::skip::skip;

/// Mail servers to run a scenario against. All have the same users, and a certificate for the name [`HOST`] only.
#[derive(Debug)]
pub struct Site {
    servers: Servers,
}

#[derive(Debug)]
enum Servers {
    InMemory(Box<TestServer>),
    Real(Arc<Lab>),
}

impl Site {
    /// The in-memory server.
    ///
    /// # Errors
    ///
    /// When a port can't be had.
    pub async fn in_memory() -> io::Result<Self> {
        Self::in_memory_with(Options::new()).await
    }

    /// The in-memory server, set up otherwise than usual.
    ///
    /// # Errors
    ///
    /// When a port can't be had.
    pub async fn in_memory_with(options: Options) -> io::Result<Self> {
        let options = options.names(&[HOST]).token(ALICE.address, &Tokens::valid());
        let options =
            User::all().iter().fold(options, |options, user| options.user(user.address, user.password));
        Ok(Self { servers: Servers::InMemory(Box::new(TestServer::start(options).await?)) })
    }

    /// Dovecot and Postfix, which the tests of a process share; none where they can't be started, which is then said of `test`.
    ///
    /// # Errors
    ///
    /// When they don't come up; their logs are in the error.
    pub fn real(test: &str) -> io::Result<Option<Self>> {
        if let Some(why) = Lab::unavailable() {
            skip(test, &why);
            return Ok(None);
        }
        Ok(Some(Self { servers: Servers::Real(Lab::shared()?) }))
    }

    /// Where a protocol is served.
    ///
    /// # Errors
    ///
    /// Never: every site has every port.
    pub fn server(&self, protocol: Protocol, security: Security) -> Result<Server, Error> {
        Server::new(HOST, self.address(protocol, security).port(), security)
    }

    /// The socket address behind [`Site::server`].
    #[must_use]
    pub fn address(&self, protocol: Protocol, security: Security) -> SocketAddr {
        let begins = match security {
            Security::Tls => postseal_test_server::Security::Tls,
            Security::StartTls => postseal_test_server::Security::StartTls,
        };
        match (&self.servers, protocol) {
            (Servers::InMemory(server), Protocol::Smtp) => server.smtp(begins),
            (Servers::InMemory(server), Protocol::Imap) => server.imap(begins),
            (Servers::InMemory(server), Protocol::Pop3) => server.pop3(begins),
            (Servers::Real(lab), Protocol::Smtp) => lab.smtp(begins),
            (Servers::Real(lab), Protocol::Imap) => lab.imap(begins),
            (Servers::Real(lab), Protocol::Pop3) => lab.pop3(begins),
        }
    }

    /// The authority that issued the site's certificate.
    #[must_use]
    pub fn ca(&self) -> &TestCa {
        match &self.servers {
            Servers::InMemory(server) => server.ca(),
            Servers::Real(lab) => lab.ca(),
        }
    }

    /// A connector on the caller's runtime that trusts this site's authority and no other.
    ///
    /// # Errors
    ///
    /// Outside a tokio runtime.
    pub fn connector(&self) -> Result<Connector, Error> {
        let roots = self.ca().root_pem();
        Connector::new(&Runtime::current()?, &TlsConfig::default().only_roots(roots.as_bytes())?)
    }

    /// What the servers logged, for the message of a failed assertion.
    #[must_use]
    pub fn log(&self) -> String {
        match &self.servers {
            Servers::InMemory(server) => format!("{:#?}", server.transcript()),
            Servers::Real(lab) => lab.log(),
        }
    }
}

impl User {
    /// What this user logs in with.
    ///
    /// # Errors
    ///
    /// Never for the users that there are.
    pub fn credentials(&self) -> Result<Credentials, Error> {
        Credentials::password(self.address, self.password)
    }
}
