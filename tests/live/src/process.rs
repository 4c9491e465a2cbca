//! A server process that can't outlive the test.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long a server may take until it listens.
const START: Duration = Duration::from_secs(30);
/// How long a server may take to end, after which it is killed.
const STOP: Duration = Duration::from_secs(15);
/// How long to wait between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Runs the command given as arguments until standard input ends, which it does when the test drops its end of the pipe or dies
/// in any other way; then asks the server, by its process id, to end, and kills it where it does not within ten seconds.
/// Ctrl-C reaches the whole group: it is left to the test, whose death ends this too.
const SUPERVISE: &str = r#"
trap '' INT HUP
"$@" </dev/null &
server=$!
read -r _
kill -TERM "$server"
( exec >/dev/null 2>&1; sleep 10; kill -KILL "$server" ) &
guard=$!
wait "$server"
kill "$guard"
"#;

/// A running server and the shell that watches over it.
#[derive(Debug)]
pub(crate) struct Server {
    supervisor: Child,
    log: PathBuf,
}

impl Server {
    /// Starts `command` in the foreground and waits until every one of `ports` is listened on.
    pub(crate) fn start(command: &[&str], log: &Path, ports: &[u16]) -> io::Result<Self> {
        let output = File::create(log.with_extension("out"))?;
        let supervisor = Command::new("sh")
            .args(["-c", SUPERVISE, "supervise"])
            .args(command)
            .stdin(Stdio::piped())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()?;
        let server = Self { supervisor, log: log.to_owned() };
        for &port in ports {
            server.wait_for(port)?;
        }
        Ok(server)
    }

    fn wait_for(&self, port: u16) -> io::Result<()> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let deadline = Instant::now() + START;
        while TcpStream::connect_timeout(&address, START).is_err() {
            if Instant::now() > deadline {
                let log = self.log();
                return Err(io::Error::other(format!("nobody listens on port {port}; the log says:\n{log}")));
            }
            thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// What the server wrote so far, on its streams and into its log.
    pub(crate) fn log(&self) -> String {
        let read = |path: &Path| fs::read(path).unwrap_or_default();
        let bytes = [read(&self.log.with_extension("out")), read(&self.log)].concat();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        let deadline = Instant::now() + STOP;
        while matches!(self.supervisor.try_wait(), Ok(None)) {
            if Instant::now() > deadline {
                let _ = self.supervisor.kill();
                let _ = self.supervisor.wait();
                return;
            }
            thread::sleep(PAUSE);
        }
    }
}
