//! What the contestants that talk to a server share.

use std::future::Future;
use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use postseal_session::{Connector, Credentials, Runtime, Security, Server, TlsConfig};
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::Result;
use crate::work::Work;

/// A server, and who logs in. As arguments: the port, the file with the authority's certificate, the name, the password.
pub(crate) struct Target {
    pub(crate) port: u16,
    pub(crate) root: PathBuf,
    pub(crate) user: String,
    pub(crate) password: String,
}

impl Target {
    /// Reads the arguments of a contestant; what stands behind them is given too.
    pub(crate) fn parse(arguments: &[String]) -> Result<(Self, &[String])> {
        let Some(([port, root, user, password], rest)) = arguments.split_first_chunk() else {
            return Err("expected a port, a root certificate, a name and a password".into());
        };
        let (user, password) = (user.clone(), password.clone());
        Ok((Self { port: port.parse()?, root: root.into(), user, password }, rest))
    }

    /// The arguments that [`Target::parse`] reads.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let root = self.root.to_string_lossy().into_owned();
        vec![self.port.to_string(), root, self.user.clone(), self.password.clone()]
    }

    /// How ours reaches the server.
    pub(crate) fn ours(&self) -> Result<(Connector, Server, Credentials)> {
        let tls = TlsConfig::default().only_roots(&std::fs::read(&self.root)?)?;
        let connector = Connector::new(&Runtime::current()?, &tls)?;
        let server = Server::new(postseal_live::HOST, self.port, Security::Tls)?;
        Ok((connector, server, Credentials::password(&self.user, self.password.as_str())?))
    }

    /// How the bare ones reach it: TLS of the same kind as ours, and nothing above.
    pub(crate) async fn bare(&self) -> Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&self.root)?)?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from(postseal_live::HOST)?;
        Ok(TlsConnector::from(Arc::new(config)).connect(name, stream).await?)
    }
}

/// Does the work on a runtime as ours has it (two threads), and times it.
pub(crate) fn timed(work: impl Future<Output = Result<Work>>) -> Result<Work> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let begun = Instant::now();
        let work = work.await?;
        Ok(work.in_time(begun.elapsed()))
    })
}

/// An error for an answer that was not expected.
pub(crate) fn unexpected(answer: &[u8]) -> io::Error {
    io::Error::other(format!("unexpected: {}", answer.escape_ascii()))
}
