//! What apps write and the library calls. Whatever they throw ends here: none of it holds up or ends what called them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use postseal::session as core;
use postseal::{Listener, Progress};

use crate::numbers::signed;

/// What an app's own code threw while the library called it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum CallbackError {
    /// It failed; the text is for people.
    #[error("{detail}")]
    Failed {
        /// Why.
        detail: String,
    },
}

impl From<uniffi::UnexpectedUniFFICallbackError> for CallbackError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed { detail: error.reason }
    }
}

static SILENT: AtomicBool = AtomicBool::new(false);
static FAILED: AtomicU64 = AtomicU64::new(0);

/// From now on nothing that the app wrote is called any more. For the end of a process: a call into a language whose runtime is being
/// taken down would end it badly.
#[uniffi::export]
pub fn silence() {
    SILENT.store(true, Ordering::SeqCst);
}

/// How many calls of progress listeners and log sinks have thrown; each was passed over.
#[uniffi::export]
#[must_use]
pub fn failed_callbacks() -> i64 {
    signed(FAILED.load(Ordering::Relaxed))
}

/// Calls the app, unless it is not to be called any more.
pub(crate) fn call(app: impl FnOnce() -> Result<(), CallbackError>) -> Result<(), CallbackError> {
    if SILENT.load(Ordering::SeqCst) {
        return Err(CallbackError::Failed { detail: "the process is ending".to_owned() });
    }
    app()
}

/// Calls the app, where what it throws changes nothing.
fn tell(app: impl FnOnce() -> Result<(), CallbackError>) {
    if call(app).is_err() {
        FAILED.fetch_add(1, Ordering::Relaxed);
    }
}

/// Is told how far a long piece of work has come; written by the app.
#[uniffi::export(with_foreign)]
pub trait ProgressListener: Send + Sync {
    /// So many bytes are done, of how many where that is known. It is called at most once for every 16 KB, by a thread of the library:
    /// it must return soon, and never wait for a call of this library.
    fn progress(&self, done: i64, total: Option<i64>) -> Result<(), CallbackError>;
}

struct ToListener(Arc<dyn ProgressListener>);

impl Progress for ToListener {
    fn progress(&self, done: u64, total: Option<u64>) {
        tell(|| self.0.progress(signed(done), total.map(signed)));
    }
}

/// The app's listener, as the core calls it.
pub(crate) fn listener(progress: Option<Arc<dyn ProgressListener>>) -> Option<Listener> {
    progress.map(|listener| Listener::new(ToListener(listener)))
}

/// Is told what sessions do; written by the app.
#[uniffi::export(with_foreign)]
pub trait LogSink: Send + Sync {
    /// Takes one event. It is called by the session, which waits meanwhile: it must return soon, and never wait for a call of this library.
    fn log(&self, event: LogEvent) -> Result<(), CallbackError>;
}

struct ToSink(Arc<dyn LogSink>);

impl core::LogSink for ToSink {
    fn log(&self, event: &core::LogEvent) {
        tell(|| self.0.log(event.into()));
    }
}

/// The app's sink, as the core calls it.
pub(crate) fn sink(log: Arc<dyn LogSink>) -> Arc<dyn core::LogSink> {
    Arc::new(ToSink(log))
}

/// Something that a session did or met. It holds the host and port that the app gave, words of this library, numbers and codes: never
/// a secret, an address, or anything of a message or of a server's text.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct LogEvent {
    /// How much it matters.
    pub level: LogLevel,
    /// Which session it is of: a number that no other connection of this process has.
    pub session: i64,
    /// What the session speaks.
    pub protocol: Protocol,
    /// What happened.
    pub kind: LogKind,
    /// All of it in one line.
    pub text: String,
}

impl From<&core::LogEvent> for LogEvent {
    fn from(event: &core::LogEvent) -> Self {
        Self {
            level: event.level.into(),
            session: signed(event.session),
            protocol: event.protocol.into(),
            kind: (&event.kind).into(),
            text: event.to_string(),
        }
    }
}

/// How much an event matters, from the most to the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, uniffi::Enum)]
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

impl From<core::LogLevel> for LogLevel {
    fn from(level: core::LogLevel) -> Self {
        match level {
            core::LogLevel::Error => Self::Error,
            core::LogLevel::Warn => Self::Warn,
            core::LogLevel::Info => Self::Info,
            core::LogLevel::Debug => Self::Debug,
            core::LogLevel::Trace => Self::Trace,
        }
    }
}

/// What a session speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Protocol {
    /// Submission of messages.
    Smtp,
    /// Access to mailboxes.
    Imap,
    /// Access to a maildrop.
    Pop3,
}

impl From<core::Protocol> for Protocol {
    fn from(protocol: core::Protocol) -> Self {
        match protocol {
            core::Protocol::Smtp => Self::Smtp,
            core::Protocol::Imap => Self::Imap,
            core::Protocol::Pop3 => Self::Pop3,
        }
    }
}

/// What happened to a session; the event's text has the particulars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum LogKind {
    /// It begins to connect.
    Connecting,
    /// Something did not work, and another way is tried.
    Retry,
    /// A TCP connection is up.
    Connected,
    /// TLS is up.
    Tls,
    /// A command goes out, or a further line of one.
    Command,
    /// An answer came.
    Reply,
    /// The server refused the token, and its provider is asked for another one.
    TokenAgain,
    /// It ended. This is the last event of a session, and comes once.
    Closed,
    /// Something that is new in the core.
    Other,
}

impl From<&core::LogKind> for LogKind {
    fn from(kind: &core::LogKind) -> Self {
        match kind {
            core::LogKind::Connecting { .. } => Self::Connecting,
            core::LogKind::Retry { .. } => Self::Retry,
            core::LogKind::Connected => Self::Connected,
            core::LogKind::Tls { .. } => Self::Tls,
            core::LogKind::Command { .. } => Self::Command,
            core::LogKind::Reply { .. } => Self::Reply,
            core::LogKind::TokenAgain => Self::TokenAgain,
            core::LogKind::Closed { .. } => Self::Closed,
            _ => Self::Other,
        }
    }
}
