//! What sessions tell of themselves to whoever keeps a log: facts whose types leave no room for anything secret.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use postseal_types::ErrorCode;

use crate::{Host, TlsVersion};

/// Is told what the sessions of a [`Connector`](crate::Connector) do; see [`Connector::with_log`](crate::Connector::with_log).
///
/// ```
/// use std::sync::Arc;
/// use postseal_session::{Connector, Error, LogEvent, LogLevel, LogSink, Runtime, TlsConfig};
///
/// struct ToStderr;
///
/// impl LogSink for ToStderr {
///     fn log(&self, event: &LogEvent) {
///         if event.level <= LogLevel::Info {
///             eprintln!("{event}");
///         }
///     }
/// }
///
/// # fn main() -> Result<(), Error> {
/// let connector = Connector::new(&Runtime::new()?, &TlsConfig::default())?.with_log(Arc::new(ToStderr));
/// # drop(connector);
/// # Ok(())
/// # }
/// ```
pub trait LogSink: Send + Sync {
    /// Takes one event.
    ///
    /// It is called by the session's task, which waits meanwhile: it must return soon. Where it panics, the session that called it
    /// goes on and tells it nothing more.
    fn log(&self, event: &LogEvent);
}

/// Something that a session did or met.
///
/// An event holds the host and port that the app itself gave, words of this library, numbers and codes. It never holds a user name, a
/// password or token, an address, the name of a mailbox, a search, anything of a message, or a text of the server; there is no field
/// that could. `Display` puts it into one line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogEvent {
    /// How much it matters.
    pub level: LogLevel,
    /// Which session it is of: a number that no other connection of this process has.
    pub session: u64,
    /// What the session speaks.
    pub protocol: Protocol,
    /// What happened.
    pub kind: LogKind,
}

/// How much an event matters, from the most to the least: the levels of the `log` crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogLevel {
    /// A session ended by a failure.
    Error,
    /// Something did not work at the first try.
    Warn,
    /// TLS is up; a session ended as it should.
    Info,
    /// How a connection comes about.
    Debug,
    /// Each command and each answer.
    Trace,
}

/// What a session speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// Submission of messages (RFC 6409).
    Smtp,
    /// Access to mailboxes (RFC 9051).
    Imap,
    /// Access to a maildrop (RFC 1939).
    Pop3,
}

/// What happened to a session.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogKind {
    /// It begins to connect.
    Connecting {
        /// The host that the app gave.
        host: Host,
        /// The port.
        port: u16,
    },
    /// Something did not work, and another way is tried.
    Retry {
        /// The way that is tried now.
        with: &'static str,
    },
    /// A TCP connection is up.
    Connected,
    /// TLS is up.
    Tls {
        /// The protocol version.
        version: TlsVersion,
        /// The key exchange group, by its IANA name.
        key_exchange: &'static str,
        /// The cipher suite, by its IANA name.
        cipher_suite: &'static str,
        /// Whether an earlier session was resumed.
        resumed: bool,
    },
    /// A command goes out, or a further line of one.
    Command {
        /// Its name in the protocol, without any argument.
        verb: &'static str,
    },
    /// An answer came.
    Reply {
        /// The command that is answered, or what else was waited for: `the greeting`.
        to: &'static str,
        /// The answer.
        answer: LogAnswer,
    },
    /// The server refused the token, and its provider is asked for another one.
    TokenAgain,
    /// It ended. This is the last event of a session, and comes once.
    Closed {
        /// The failure that ended it; `None` where it was told to end, or nobody needs it any more.
        because: Option<ErrorCode>,
    },
}

/// An answer of a server, without its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LogAnswer {
    /// The code of SMTP.
    Code(u16),
    /// Yes: OK or PREAUTH of IMAP, `+OK` of POP3.
    Ok,
    /// No: NO of IMAP, `-ERR` of POP3.
    No,
    /// Not understood: BAD of IMAP.
    Bad,
    /// Goodbye: BYE of IMAP.
    Bye,
    /// Go on: `+` of IMAP and POP3.
    Continue,
}

impl LogKind {
    /// How much it matters.
    #[must_use]
    pub const fn level(&self) -> LogLevel {
        match self {
            Self::Closed { because: Some(_) } => LogLevel::Error,
            Self::Retry { .. } | Self::TokenAgain => LogLevel::Warn,
            Self::Tls { .. } | Self::Closed { because: None } => LogLevel::Info,
            Self::Connecting { .. } | Self::Connected => LogLevel::Debug,
            Self::Command { .. } | Self::Reply { .. } => LogLevel::Trace,
        }
    }
}

impl fmt::Display for LogEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}: {}", self.protocol, self.session, self.kind)
    }
}

impl fmt::Display for LogKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connecting { host, port } => write!(f, "connecting to {host}, port {port}"),
            Self::Retry { with } => write!(f, "trying again with {with}"),
            Self::Connected => f.write_str("connected"),
            Self::Tls { version, key_exchange, cipher_suite, resumed } => {
                let again = if *resumed { ", resumed" } else { "" };
                write!(f, "{version:?} with {key_exchange} and {cipher_suite}{again}")
            }
            Self::Command { verb } => write!(f, "> {verb}"),
            Self::Reply { to, answer } => write!(f, "< {answer:?} to {to}"),
            Self::TokenAgain => f.write_str("the token was refused, asking for another one"),
            Self::Closed { because: None } => f.write_str("closed"),
            Self::Closed { because: Some(code) } => write!(f, "closed: {code}"),
        }
    }
}

/// The log of one session, where anybody keeps one. Clones share it; the last one to go says that the session has ended.
#[derive(Clone, Default)]
pub(crate) struct Log(Option<Arc<Journal>>);

struct Journal {
    sink: Arc<dyn LogSink>,
    session: u64,
    protocol: Protocol,
    /// Nothing more is told: the session has ended, or the sink has panicked.
    is_over: AtomicBool,
}

impl Log {
    /// The log of a new session.
    pub(crate) fn begin(sink: Option<&Arc<dyn LogSink>>, protocol: Protocol) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(sink.map(|sink| {
            let session = NEXT.fetch_add(1, Ordering::Relaxed);
            Arc::new(Journal { sink: Arc::clone(sink), session, protocol, is_over: AtomicBool::new(false) })
        }))
    }

    pub(crate) fn tell(&self, kind: LogKind) {
        if let Some(journal) = &self.0 {
            journal.tell(kind);
        }
    }

    pub(crate) fn command(&self, verb: &'static str) {
        self.tell(LogKind::Command { verb });
    }

    pub(crate) fn reply(&self, to: &'static str, answer: LogAnswer) {
        self.tell(LogKind::Reply { to, answer });
    }

    /// The session has ended; what is told later is lost.
    pub(crate) fn closed(&self, because: Option<ErrorCode>) {
        if let Some(journal) = &self.0 {
            journal.close(because);
        }
    }
}

impl Journal {
    fn tell(&self, kind: LogKind) {
        if self.is_over.load(Ordering::Relaxed) {
            return;
        }
        let event = LogEvent { level: kind.level(), session: self.session, protocol: self.protocol, kind };
        if catch_unwind(AssertUnwindSafe(|| self.sink.log(&event))).is_err() {
            self.is_over.store(true, Ordering::Relaxed);
        }
    }

    fn close(&self, because: Option<ErrorCode>) {
        self.tell(LogKind::Closed { because });
        self.is_over.store(true, Ordering::Relaxed);
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.close(None);
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Log").field(&self.0.as_ref().map(|journal| journal.session)).finish()
    }
}
