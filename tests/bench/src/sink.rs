//! A submission server that is faster than any client: takes everything in, and keeps nothing.

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use postseal_live::{ALICE, HOST};
use postseal_test_server::TestCa;
use postseal_test_server::ca::Validity;
use rustls::ServerConfig;
use tempfile::{NamedTempFile, TempPath};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::Result;
use crate::contestants::Target;

/// A sink in a process of its own, which ends when this is dropped.
pub(crate) struct Sink {
    process: Child,
    port: u16,
    root: TempPath,
}

impl Sink {
    pub(crate) fn start(chunking: bool) -> Result<Self> {
        let root = NamedTempFile::new()?.into_temp_path();
        let mut process = Command::new(std::env::current_exe()?)
            .arg("sink")
            .arg(&root)
            .args(chunking.then_some("--chunking"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut said = String::new();
        let output = process.stdout.take().ok_or("the sink has no output")?;
        std::io::BufRead::read_line(&mut std::io::BufReader::new(output), &mut said)?;
        Ok(Self { port: said.trim_end().parse()?, process, root })
    }

    pub(crate) fn target(&self) -> Target {
        Target {
            port: self.port,
            root: self.root.to_path_buf(),
            user: ALICE.address.to_owned(),
            password: ALICE.password.to_owned(),
        }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        _ = self.process.wait();
    }
}

/// The sink's process: serves until standard input ends, which it also does when the benchmark dies.
pub(crate) fn run(root: &Path, chunking: bool) -> Result<()> {
    let ca = TestCa::new()?;
    std::fs::write(root, ca.root_pem())?;
    let issued = ca.issue(&[HOST], Validity::Valid)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(issued.chain, issued.key)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let serving = runtime.block_on(async {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let mut output = std::io::stdout();
        writeln!(output, "{}", listener.local_addr()?.port())?;
        output.flush()?;
        tokio::select! {
            served = serve(listener, TlsAcceptor::from(Arc::new(config)), chunking) => served,
            ended = tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())) => {
                ended??;
                Ok(())
            }
        }
    });
    runtime.shutdown_background();
    serving
}

async fn serve(listener: TcpListener, tls: TlsAcceptor, chunking: bool) -> Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let tls = tls.clone();
        tokio::spawn(async move {
            // A client that leaves without a word is no concern of the others.
            _ = async { Connection::new(tls.accept(stream).await?, chunking).serve().await }.await;
        });
    }
}

/// What the client is sending.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Commands,
    /// A message up to a lone dot.
    Dots,
    /// So many bytes of a message.
    Counted(usize),
    Ended,
}

struct Connection {
    stream: TlsStream<TcpStream>,
    chunking: bool,
    state: State,
    unread: Vec<u8>,
    answers: Vec<u8>,
}

impl Connection {
    fn new(stream: TlsStream<TcpStream>, chunking: bool) -> Self {
        let answers = b"220 sink ESMTP\r\n".to_vec();
        Self { stream, chunking, state: State::Commands, unread: Vec::new(), answers }
    }

    /// Answers in one write all that came in one read.
    async fn serve(mut self) -> std::io::Result<()> {
        loop {
            self.stream.write_all(&self.answers).await?;
            self.stream.flush().await?;
            self.answers.clear();
            if self.state == State::Ended || self.stream.read_buf(&mut self.unread).await? == 0 {
                return self.stream.shutdown().await;
            }
            let mut used = 0;
            while let Some(count) = self.step(used) {
                used += count;
            }
            self.unread.drain(..used);
        }
    }

    /// Takes in what it can of the bytes from `at` on; how many, or nothing where more have to come first.
    fn step(&mut self, at: usize) -> Option<usize> {
        let unread = &self.unread[at..];
        match self.state {
            State::Commands => {
                let end = unread.iter().position(|&byte| byte == b'\n')? + 1;
                let line = String::from_utf8_lossy(&unread[..end]).to_ascii_uppercase();
                self.command(line.trim_end());
                Some(end)
            }
            State::Dots => {
                const END: &[u8] = b"\r\n.\r\n";
                let end = unread.windows(END.len()).position(|window| window == END)? + END.len();
                self.taken();
                Some(end)
            }
            State::Counted(0) => {
                self.taken();
                Some(0)
            }
            State::Counted(left) => {
                let count = left.min(unread.len());
                self.state = State::Counted(left - count);
                (count > 0).then_some(count)
            }
            State::Ended => None,
        }
    }

    fn taken(&mut self) {
        self.answers.extend_from_slice(b"250 2.0.0 taken\r\n");
        self.state = State::Commands;
    }

    fn command(&mut self, line: &str) {
        let mut words = line.split(' ');
        let answer = match (words.next(), words.next().map(str::parse)) {
            (Some("EHLO"), _) if self.chunking => {
                "250-sink\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-8BITMIME\r\n250 AUTH PLAIN\r\n"
            }
            (Some("EHLO"), _) => "250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 AUTH PLAIN\r\n",
            (Some("AUTH"), _) => "235 2.7.0 welcome\r\n",
            (Some("MAIL" | "RCPT" | "RSET" | "NOOP"), _) => "250 2.0.0 ok\r\n",
            (Some("DATA"), _) => {
                self.state = State::Dots;
                "354 go on\r\n"
            }
            (Some("BDAT"), Some(Ok(size))) => {
                self.state = State::Counted(size);
                ""
            }
            (Some("QUIT"), _) => {
                self.state = State::Ended;
                "221 2.0.0 bye\r\n"
            }
            _ => "500 5.5.1 what?\r\n",
        };
        self.answers.extend_from_slice(answer.as_bytes());
    }
}
