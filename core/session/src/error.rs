use std::io;
use std::time::Duration;

use postseal_types::ErrorCode;

use crate::tls::CertificateFault;

/// What went wrong with a session, sorted by who failed and by what still works afterwards.
///
/// After [`Error::Refused`], [`Error::LoginRefused`], [`Error::Unsupported`], [`Error::InvalidInput`], [`Error::Malformed`],
/// [`Error::NotFound`] and [`Error::UidValidityChanged`] the session is usable; after any other it is closed.
/// [`Error::keeps_session`] tells.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server said no to a command. The session is usable.
    #[error("the server refused {}: {}", .0.command, .0.text)]
    Refused(Refusal),
    /// The server refused the credentials.
    #[error("the server refused the login: {}", .0.text)]
    LoginRefused(Refusal),
    /// The peer broke the protocol. The session is closed.
    #[error("the server broke the protocol: {0}")]
    Peer(#[from] PeerFault),
    /// The peer sent more than a named limit allows. The session is closed.
    #[error("the server sent more than the limit on {what} ({limit}) allows")]
    LimitExceeded {
        /// What is limited: a line, a literal, a list, …
        what: &'static str,
        /// The limit, in bytes or items.
        limit: u64,
    },
    /// The TLS handshake failed for another reason than the certificate.
    #[error("no TLS with the server: {detail}")]
    Tls {
        /// What the TLS library said.
        detail: String,
    },
    /// The server's certificate is not trusted; the fault has all that an app needs to show it and to offer a pin.
    #[error("the server's certificate is not trusted: {}", .0.reason)]
    Certificate(Box<CertificateFault>),
    /// No byte moved for the length of the deadline. The session is closed.
    #[error("timed out: {step} made no progress for {after:?}")]
    Timeout {
        /// What was waited for.
        step: &'static str,
        /// The deadline that ran out.
        after: Duration,
    },
    /// The network or the connection failed. The session is closed.
    #[error("{step} failed: {detail}")]
    Network {
        /// What was being done.
        step: &'static str,
        /// The kind of failure.
        kind: io::ErrorKind,
        /// What the operating system said.
        detail: String,
    },
    /// The operation was given up before it took effect.
    #[error("cancelled")]
    Cancelled,
    /// The session had been closed before; `because` is what closed it, where it was a failure.
    #[error("the session is closed")]
    Closed {
        /// The failure that closed it.
        because: Option<ErrorCode>,
    },
    /// The mailbox was rebuilt: UIDs kept from before mean other messages now (RFC 9051, section 2.3.1.1).
    #[error("the UIDVALIDITY of the mailbox is {actual}, not {expected}: its UIDs have a new meaning")]
    UidValidityChanged {
        /// The UIDVALIDITY that the caller's handles carry.
        expected: u32,
        /// The mailbox's UIDVALIDITY now.
        actual: u32,
    },
    /// The server sent something for one item that can't be read. The session is usable, and other items are not concerned.
    #[error("the server sent something for {item} that can't be read")]
    Malformed {
        /// The item's name in the protocol, such as `BODY[]`.
        item: String,
    },
    /// What was asked for is not on the server.
    #[error("not found: {what}")]
    NotFound {
        /// What was not found.
        what: &'static str,
    },
    /// The server does not offer what the operation needs.
    #[error("the server does not support {extension}")]
    Unsupported {
        /// The missing extension or mechanism, by its name in the protocol.
        extension: &'static str,
    },
    /// The caller gave something that can't be sent.
    #[error("invalid {what}: {reason}")]
    InvalidInput {
        /// Which argument.
        what: &'static str,
        /// Why it can't be used.
        reason: String,
    },
    /// The process was forked after the [`Runtime`](crate::Runtime) was made; its threads exist only in the parent.
    #[error("the process was forked after the runtime was made; make a new one in the child")]
    Forked,
    /// A defect in this library.
    #[error("internal error: {detail}")]
    Internal {
        /// What happened.
        detail: String,
    },
}

impl Error {
    /// The stable code, the same in every language.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Refused(_) => ErrorCode::Refused,
            Self::LoginRefused(_) => ErrorCode::LoginRefused,
            Self::Peer(_) => ErrorCode::Protocol,
            Self::LimitExceeded { .. } => ErrorCode::LimitExceeded,
            Self::Tls { .. } => ErrorCode::Tls,
            Self::Certificate(_) => ErrorCode::Certificate,
            Self::Timeout { .. } => ErrorCode::Timeout,
            Self::Network { .. } => ErrorCode::Network,
            Self::Cancelled => ErrorCode::Cancelled,
            Self::Closed { .. } => ErrorCode::Closed,
            Self::UidValidityChanged { .. } => ErrorCode::UidValidityChanged,
            Self::Malformed { .. } => ErrorCode::Malformed,
            Self::NotFound { .. } => ErrorCode::NotFound,
            Self::Unsupported { .. } => ErrorCode::Unsupported,
            Self::InvalidInput { .. } => ErrorCode::InvalidInput,
            Self::Forked => ErrorCode::Forked,
            Self::Internal { .. } => ErrorCode::Internal,
        }
    }

    /// Whether the same call may work later without a change by the caller: the network, a deadline, a transient refusal, a server
    /// that hung up.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Network { .. } | Self::Timeout { .. } | Self::Closed { .. } => true,
            Self::Peer(fault) => matches!(fault, PeerFault::Disconnected { .. } | PeerFault::Goodbye { .. }),
            Self::Refused(refusal) | Self::LoginRefused(refusal) => refusal.is_transient(),
            _ => false,
        }
    }

    /// Whether the session that gave this error can be used for the next operation.
    #[must_use]
    pub const fn keeps_session(&self) -> bool {
        matches!(
            self,
            Self::Refused(_)
                | Self::LoginRefused(_)
                | Self::Unsupported { .. }
                | Self::InvalidInput { .. }
                | Self::Malformed { .. }
                | Self::NotFound { .. }
                | Self::UidValidityChanged { .. }
                | Self::Cancelled
        )
    }

    pub(crate) fn network(step: &'static str, error: &io::Error) -> Self {
        Self::Network { step, kind: error.kind(), detail: error.to_string() }
    }

    pub(crate) fn invalid(what: &'static str, reason: impl Into<String>) -> Self {
        Self::InvalidInput { what, reason: reason.into() }
    }

    pub(crate) fn internal(detail: impl Into<String>) -> Self {
        Self::Internal { detail: detail.into() }
    }
}

/// The server's "no", with its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// The command that was refused, without its arguments.
    pub command: &'static str,
    /// The SMTP reply code (RFC 5321, section 4.2).
    pub code: Option<u16>,
    /// The enhanced status code, such as 5.1.1 (RFC 3463).
    pub enhanced: Option<EnhancedCode>,
    /// The IMAP or POP3 response code, such as `NONEXISTENT` or `IN-USE` (RFC 9051, section 7.1; RFC 2449, section 8).
    pub response_code: Option<String>,
    /// The server's text: one line, shortened, control characters replaced. For people, never for parsing.
    pub text: String,
}

impl Refusal {
    /// A refusal of `command` in the server's words; `text` may be any bytes.
    pub(crate) fn new(command: &'static str, text: &[u8]) -> Self {
        Self { command, code: None, enhanced: None, response_code: None, text: server_text(text) }
    }

    /// Whether the server says that the same command may work later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        let temporary_codes = ["IN-USE", "LOGIN-DELAY", "SYS/TEMP", "UNAVAILABLE", "INUSE", "LIMIT"];
        self.code.is_some_and(|code| (400..500).contains(&code))
            || self.enhanced.is_some_and(|enhanced| enhanced.0 == 4)
            || self.response_code.as_deref().is_some_and(|code| temporary_codes.contains(&code))
    }
}

/// An enhanced status code: class, subject, detail (RFC 3463).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EnhancedCode(
    /// Class: 2 success, 4 transient, 5 permanent.
    pub u16,
    /// Subject.
    pub u16,
    /// Detail.
    pub u16,
);

impl std::fmt::Display for EnhancedCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// How the peer broke the protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PeerFault {
    /// Bytes came between the answer to STARTTLS and the handshake: somebody injects commands (CVE-2011-0411 and its kin).
    #[error("{bytes} bytes of plaintext followed the answer to STARTTLS")]
    PlaintextAfterStartTls {
        /// How many bytes were already there.
        bytes: usize,
    },
    /// An IMAP server greeted with PREAUTH before TLS: after it no STARTTLS is possible (RFC 9051, section 11.1).
    #[error("the server claims to be logged in before TLS is up")]
    PreauthBeforeTls,
    /// A line or response that the grammar does not allow.
    #[error("unexpected answer to {step}: {line:?}")]
    Unexpected {
        /// What it should have answered.
        step: &'static str,
        /// The start of the line, control characters replaced.
        line: String,
    },
    /// The server closed the connection where an answer was due.
    #[error("the server closed the connection during {step}")]
    Disconnected {
        /// What was waited for.
        step: &'static str,
    },
    /// The server said goodbye on its own: an untagged BYE, an SMTP 421, or its like.
    #[error("the server ended the session: {text}")]
    Goodbye {
        /// The server's text.
        text: String,
    },
}

impl PeerFault {
    pub(crate) fn unexpected(step: &'static str, line: &[u8]) -> Self {
        Self::Unexpected { step, line: server_text(line) }
    }
}

/// The most of a server's text that goes into an error.
const MAX_TEXT: usize = 300;

/// A server's text, fit to be shown: valid UTF-8, one line, no control characters, not long.
pub(crate) fn server_text(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let is_unsafe =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.trim().chars().take(MAX_TEXT).map(|c| if is_unsafe(c) { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_text_is_made_fit_to_be_shown() {
        assert_eq!(server_text(b"  no\x1b[31m such\xff user\r\n"), "no\u{fffd}[31m such\u{fffd} user");
        assert_eq!(server_text(&[b'x'; 5000]).len(), MAX_TEXT);
        assert_eq!(server_text("\u{202e}evil".as_bytes()), "\u{fffd}evil");
    }

    #[test]
    fn a_server_that_hangs_up_may_be_better_later_and_one_that_lies_is_not() {
        let goodbye = PeerFault::Goodbye { text: "restarting".to_owned() };
        for (fault, is_retryable) in [
            (goodbye, true),
            (PeerFault::Disconnected { step: "EHLO" }, true),
            (PeerFault::unexpected("EHLO", b"hi"), false),
            (PeerFault::PreauthBeforeTls, false),
        ] {
            assert_eq!(Error::Peer(fault).is_retryable(), is_retryable);
        }
    }
}
