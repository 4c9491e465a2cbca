/// Stable codes for everything that can go wrong, the same in every language.
///
/// Apps match on these; texts may change between versions, codes do not. New codes may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// The caller gave something that can't be used.
    InvalidInput,
    /// The server, or this build, does not offer what was asked for.
    Unsupported,
    /// The server said no; the session is still usable.
    Refused,
    /// The server refused the credentials.
    LoginRefused,
    /// The peer broke the protocol; the session is closed.
    Protocol,
    /// The peer sent more than a named limit allows; the session is closed.
    LimitExceeded,
    /// The TLS handshake failed.
    Tls,
    /// The server's certificate is not trusted.
    Certificate,
    /// Nothing moved for the length of a deadline.
    Timeout,
    /// The network or the connection failed.
    Network,
    /// The caller gave up.
    Cancelled,
    /// The session was closed before.
    Closed,
    /// A mailbox was rebuilt: its UIDs mean other messages now.
    UidValidityChanged,
    /// What was asked for is not there.
    NotFound,
    /// What was to be made is there already.
    AlreadyExists,
    /// A file could not be read or written.
    File,
    /// A key or certificate that the operation needs is missing or unusable.
    KeyMissing,
    /// The passphrase does not unlock the secret key.
    WrongPassphrase,
    /// Encrypted data was changed or cut; nothing of it was handed out.
    Tampered,
    /// Data is not what it claims to be (MIME, OpenPGP).
    Malformed,
    /// The process was forked after the runtime was made.
    Forked,
    /// A defect in this library.
    Internal,
}

impl ErrorCode {
    /// Every code: a binding must map each of them.
    pub const ALL: [Self; 22] = [
        Self::InvalidInput,
        Self::Unsupported,
        Self::Refused,
        Self::LoginRefused,
        Self::Protocol,
        Self::LimitExceeded,
        Self::Tls,
        Self::Certificate,
        Self::Timeout,
        Self::Network,
        Self::Cancelled,
        Self::Closed,
        Self::UidValidityChanged,
        Self::NotFound,
        Self::AlreadyExists,
        Self::File,
        Self::KeyMissing,
        Self::WrongPassphrase,
        Self::Tampered,
        Self::Malformed,
        Self::Forked,
        Self::Internal,
    ];

    /// The code as text, in kebab case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidInput => "invalid-input",
            Self::Unsupported => "unsupported",
            Self::Refused => "refused",
            Self::LoginRefused => "login-refused",
            Self::Protocol => "protocol",
            Self::LimitExceeded => "limit-exceeded",
            Self::Tls => "tls",
            Self::Certificate => "certificate",
            Self::Timeout => "timeout",
            Self::Network => "network",
            Self::Cancelled => "cancelled",
            Self::Closed => "closed",
            Self::UidValidityChanged => "uid-validity-changed",
            Self::NotFound => "not-found",
            Self::AlreadyExists => "already-exists",
            Self::File => "file",
            Self::KeyMissing => "key-missing",
            Self::WrongPassphrase => "wrong-passphrase",
            Self::Tampered => "tampered",
            Self::Malformed => "malformed",
            Self::Forked => "forked",
            Self::Internal => "internal",
        }
    }
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_text_of_its_own() {
        let texts: std::collections::HashSet<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(texts.len(), ErrorCode::ALL.len());
    }
}
