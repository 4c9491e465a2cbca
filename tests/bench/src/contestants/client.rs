//! What the contestants that talk to a server share.

use std::future::Future;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use postseal_live::HOST;
use postseal_session::{Connector, Credentials, Runtime, Security, Server, TlsConfig};
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::work::Work;
use crate::{Error, Result};

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
    pub(crate) fn ours(&self, runtime: &Runtime) -> Result<(Connector, Server, Credentials)> {
        let tls = TlsConfig::default().only_roots(&std::fs::read(&self.root)?)?;
        let connector = Connector::new(runtime, &tls)?;
        let server = Server::new(HOST, self.port, Security::Tls)?;
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
        let name = ServerName::try_from(HOST)?;
        Ok(TlsConnector::from(Arc::new(config)).connect(name, stream).await?)
    }
}

/// Times ours, on a runtime of its own as an app has it.
pub(crate) fn on_our_runtime<W>(work: impl FnOnce(Runtime) -> W) -> Result<Work>
where
    W: Future<Output = Result<Work>>,
{
    let begun = Instant::now();
    let runtime = Runtime::new()?;
    let work = runtime.block_on(work(runtime.clone()))??;
    Ok(work.in_time(begun.elapsed()))
}

/// Times a bare one, on one thread: the least that it can do with.
pub(crate) fn on_one_thread(work: impl Future<Output = Result<Work>>) -> Result<Work> {
    let begun = Instant::now();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let work = runtime.block_on(work)?;
    Ok(work.in_time(begun.elapsed()))
}

/// Lines from a server, for those who need no more.
pub(crate) struct Lines {
    stream: BufReader<TlsStream<TcpStream>>,
    line: Vec<u8>,
}

impl Lines {
    /// As much is read at once as four TLS records hold.
    const BUFFER: usize = 64 * 1024;

    pub(crate) fn new(stream: TlsStream<TcpStream>) -> Self {
        Self { stream: BufReader::with_capacity(Self::BUFFER, stream), line: Vec::new() }
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.write_all(bytes).await?;
        Ok(self.stream.flush().await?)
    }

    /// The next line, with its CRLF.
    pub(crate) async fn next(&mut self) -> Result<&[u8]> {
        self.line.clear();
        self.stream.read_until(b'\n', &mut self.line).await?;
        if self.line.is_empty() { Err("the server hung up".into()) } else { Ok(&self.line) }
    }

    /// Passes over `count` bytes.
    pub(crate) async fn skip(&mut self, mut count: usize) -> Result<()> {
        while count > 0 {
            let now = self.stream.fill_buf().await?.len().min(count);
            if now == 0 {
                return Err("the server hung up".into());
            }
            self.stream.consume(now);
            count -= now;
        }
        Ok(())
    }

    /// Reads lines up to one that begins with `end`, and fails at one that begins with `failure`.
    pub(crate) async fn until(&mut self, end: &str, failure: &str) -> Result<()> {
        loop {
            let line = self.next().await?;
            if line.starts_with(failure.as_bytes()) {
                return Err(unexpected(line));
            }
            if line.starts_with(end.as_bytes()) {
                return Ok(());
            }
        }
    }
}

/// An error for an answer that was not expected.
pub(crate) fn unexpected(answer: &[u8]) -> Error {
    format!("unexpected: {}", answer.escape_ascii()).into()
}
