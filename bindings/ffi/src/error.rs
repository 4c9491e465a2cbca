//! One typed error for every language: a variant for each code of docs/errors.md.

use std::fmt;
use std::time::Duration;

use postseal::message::pgpmime::MissingCertificate as CoreMissing;
use postseal::session::Error as SessionError;
use postseal::{
    Error as CoreError, ErrorCode, FieldError, MimeError, NewIdError, OpenError, PgpError, SealError,
};

use crate::connector::CertificateFault;
use crate::numbers::signed;

/// Writes the error enum: what is the same in each variant stands here once.
macro_rules! errors {
    ($($(#[doc = $doc:literal])* $code:ident { $($(#[doc = $field_doc:literal])* $field:ident: $kind:ty),* $(,)? })*) => {
        /// What went wrong. Apps match on the variant, or on its code; people read the text.
        #[derive(Debug, Clone, PartialEq, uniffi::Error)]
        pub enum PostsealError {
            $(
                $(#[doc = $doc])*
                $code {
                    /// What happened, for people. It may change between versions.
                    detail: String,
                    /// Whether the same call may work later without a change by the caller.
                    retryable: bool,
                    /// Whether the session that gave this error can be used for the next call.
                    session_usable: bool,
                    $($(#[doc = $field_doc])* $field: $kind,)*
                },
            )*
        }

        #[uniffi::export]
        impl PostsealError {
            /// The stable code, such as `login-refused`: the same in every language.
            #[must_use]
            pub fn code(&self) -> String {
                let code = match self { $(Self::$code { .. } => ErrorCode::$code,)* };
                code.to_string()
            }

            /// What happened, for people. It may change between versions.
            #[must_use]
            pub fn text(&self) -> String {
                match self { $(Self::$code { detail, .. } => detail.clone(),)* }
            }

            /// Whether the same call may work later without a change by the caller.
            #[must_use]
            pub fn is_retryable(&self) -> bool {
                match self { $(Self::$code { retryable, .. } => *retryable,)* }
            }

            /// Whether the session that gave this error can be used for the next call.
            #[must_use]
            pub fn keeps_session(&self) -> bool {
                match self { $(Self::$code { session_usable, .. } => *session_usable,)* }
            }
        }
    };
}

errors! {
    /// The caller gave something that can't be used. Nothing was sent.
    InvalidInput {
        /// Which argument or field, where one is to blame.
        field: Option<String>,
    }
    /// The server, or this build, does not offer what was asked for.
    Unsupported {
        /// The missing extension or algorithm.
        what: Option<String>,
    }
    /// The server said no; or a policy of OpenPGP did.
    Refused {
        /// The server's own words, where it was a server.
        refusal: Option<Refusal>,
    }
    /// The server refused the credentials.
    LoginRefused {
        /// The server's own words.
        refusal: Option<Refusal>,
    }
    /// The peer broke the protocol. The session is closed.
    Protocol {}
    /// Something is larger, deeper or more than a named limit allows.
    LimitExceeded {
        /// The limit, in bytes or items.
        limit: Option<i64>,
    }
    /// The TLS handshake failed for another reason than the certificate.
    Tls {}
    /// The server's certificate is not trusted.
    Certificate {
        /// The chain, the reason and the hash of the key, for an app to show.
        fault: CertificateFault,
    }
    /// Nothing moved for the length of a deadline. The session is closed.
    Timeout {
        /// What was waited for.
        step: Option<String>,
        /// The deadline that ran out.
        after: Option<Duration>,
    }
    /// The name was not found, the connection was refused, or it broke.
    Network {
        /// What was being done.
        step: Option<String>,
    }
    /// The caller gave up. What had not begun was not done; what had begun may be carried out behind the scenes.
    Cancelled {}
    /// The session was closed before.
    Closed {
        /// The code of the failure that closed it, where it was one.
        because: Option<String>,
    }
    /// The mailbox was rebuilt: its UIDs mean other messages now.
    UidValidityChanged {
        /// The UIDVALIDITY that the caller's handles carry.
        expected: Option<i64>,
        /// The mailbox's UIDVALIDITY now.
        actual: Option<i64>,
    }
    /// What was asked for is not there.
    NotFound {
        /// The file, where it is one.
        path: Option<String>,
    }
    /// What was to be made is there already, and replacing it was not asked for.
    AlreadyExists {
        /// The file, where it is one.
        path: Option<String>,
    }
    /// A file could not be read or written.
    File {
        /// Which file.
        path: Option<String>,
    }
    /// A key or certificate that is needed is missing, locked or unusable.
    KeyMissing {
        /// When sealing: everyone without a usable certificate.
        missing: Vec<MissingCertificate>,
        /// When opening: the keys that would do, by fingerprint or key ID.
        keys: Vec<String>,
        /// Whether a passphrase would do, too.
        takes_passphrase: bool,
    }
    /// The passphrase does not unlock the key or the message.
    WrongPassphrase {}
    /// Encrypted data was changed or cut, or has no protection of its integrity. Nothing of it was handed out.
    Tampered {}
    /// The data is not what it claims to be.
    Malformed {}
    /// The process was forked after the library was first used. Make everything anew in the child.
    Forked {}
    /// A defect in Postseal. Please report it.
    Internal {}
}

impl fmt::Display for PostsealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl std::error::Error for PostsealError {}

/// The server's "no", with its own words.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Refusal {
    /// The command that was refused, without its arguments.
    pub command: String,
    /// The SMTP reply code.
    pub smtp_code: Option<i32>,
    /// The enhanced status code, such as `5.1.1` (RFC 3463).
    pub enhanced_code: Option<String>,
    /// The IMAP or POP3 response code, such as `NONEXISTENT` or `IN-USE`.
    pub response_code: Option<String>,
    /// The server's text: one line, for people.
    pub text: String,
    /// Whether the server says that the same command may work later.
    pub is_transient: bool,
}

impl From<&postseal::session::Refusal> for Refusal {
    fn from(refusal: &postseal::session::Refusal) -> Self {
        Self {
            command: refusal.command.to_owned(),
            smtp_code: refusal.code.map(Into::into),
            enhanced_code: refusal.enhanced.map(|code| code.to_string()),
            response_code: refusal.response_code.clone(),
            text: refusal.text.clone(),
            is_transient: refusal.is_transient(),
        }
    }
}

/// An error that is part of a result, such as what became of one of several messages.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Failure {
    /// The stable code, such as `timeout`.
    pub code: String,
    /// What happened, for people.
    pub detail: String,
    /// Whether the same may work later without a change by the caller.
    pub retryable: bool,
    /// Whether the session that gave it can be used for the next call.
    pub session_usable: bool,
}

impl<E: Into<PostsealError>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        let (code, detail) = (error.code(), error.text());
        Self { code, detail, retryable: error.is_retryable(), session_usable: error.keeps_session() }
    }
}

/// Somebody to whom nothing can be encrypted.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct MissingCertificate {
    /// Whose certificate is wanted.
    pub address: String,
    /// Why the best one at hand can't be used; none where there is none at all.
    pub reason: Option<String>,
}

impl From<&CoreMissing> for MissingCertificate {
    fn from(missing: &CoreMissing) -> Self {
        Self {
            address: missing.address.to_string(),
            reason: missing.unusable.map(|reason| reason.to_string()),
        }
    }
}

impl PostsealError {
    /// An argument or field that can't be used.
    pub(crate) fn invalid(field: &str, reason: impl fmt::Display) -> Self {
        Self::InvalidInput {
            detail: format!("invalid {field}: {reason}"),
            retryable: false,
            session_usable: true,
            field: Some(field.to_owned()),
        }
    }
}

/// The same error, with the name of the argument or field that it is about.
pub(crate) trait About<T> {
    /// Names `field`.
    fn about(self, field: &str) -> Result<T, PostsealError>;
}

impl<T, E: fmt::Display> About<T> for Result<T, E> {
    fn about(self, field: &str) -> Result<T, PostsealError> {
        self.map_err(|error| PostsealError::invalid(field, error))
    }
}

/// The errors of the layers below become the one of the facade first.
macro_rules! through_the_facade {
    ($($error:ty),*) => {$(
        impl From<$error> for PostsealError {
            fn from(error: $error) -> Self {
                CoreError::from(error).into()
            }
        }
    )*};
}

through_the_facade!(SessionError, SealError, OpenError, FieldError, NewIdError, MimeError, PgpError);

impl From<CoreError> for PostsealError {
    fn from(error: CoreError) -> Self {
        let detail = error.to_string();
        let retryable = error.is_retryable();
        let session_usable = !matches!(&error, CoreError::Session(error) if !error.keeps_session());
        match error.code() {
            ErrorCode::InvalidInput => {
                Self::InvalidInput { detail, retryable, session_usable, field: field(&error) }
            }
            ErrorCode::Unsupported => {
                Self::Unsupported { detail, retryable, session_usable, what: unsupported(&error) }
            }
            ErrorCode::Refused => {
                Self::Refused { detail, retryable, session_usable, refusal: refusal(&error) }
            }
            ErrorCode::LoginRefused => {
                Self::LoginRefused { detail, retryable, session_usable, refusal: refusal(&error) }
            }
            ErrorCode::Protocol => Self::Protocol { detail, retryable, session_usable },
            ErrorCode::LimitExceeded => {
                Self::LimitExceeded { detail, retryable, session_usable, limit: limit(&error) }
            }
            ErrorCode::Tls => Self::Tls { detail, retryable, session_usable },
            ErrorCode::Certificate => match error {
                CoreError::Session(SessionError::Certificate(fault)) => {
                    let fault = (*fault).into();
                    Self::Certificate { detail, retryable, session_usable, fault }
                }
                _ => Self::Internal { detail, retryable, session_usable },
            },
            ErrorCode::Timeout => {
                let (step, after) = timeout(&error);
                Self::Timeout { detail, retryable, session_usable, step, after }
            }
            ErrorCode::Network => Self::Network { detail, retryable, session_usable, step: step(&error) },
            ErrorCode::Cancelled => Self::Cancelled { detail, retryable, session_usable },
            ErrorCode::Closed => Self::Closed { detail, retryable, session_usable, because: because(&error) },
            ErrorCode::UidValidityChanged => {
                let (expected, actual) = validities(&error);
                Self::UidValidityChanged { detail, retryable, session_usable, expected, actual }
            }
            ErrorCode::NotFound => Self::NotFound { detail, retryable, session_usable, path: path(&error) },
            ErrorCode::AlreadyExists => {
                Self::AlreadyExists { detail, retryable, session_usable, path: path(&error) }
            }
            ErrorCode::File => Self::File { detail, retryable, session_usable, path: path(&error) },
            ErrorCode::KeyMissing => {
                let (keys, takes_passphrase) = keys(&error);
                let missing = missing(&error);
                Self::KeyMissing { detail, retryable, session_usable, missing, keys, takes_passphrase }
            }
            ErrorCode::WrongPassphrase => Self::WrongPassphrase { detail, retryable, session_usable },
            ErrorCode::Tampered => Self::Tampered { detail, retryable, session_usable },
            ErrorCode::Malformed => Self::Malformed { detail, retryable, session_usable },
            ErrorCode::Forked => Self::Forked { detail, retryable, session_usable },
            // A code that is new in the core: the tests below find it before anybody else does.
            _ => Self::Internal { detail, retryable, session_usable },
        }
    }
}

fn field(error: &CoreError) -> Option<String> {
    match error {
        CoreError::Session(SessionError::InvalidInput { what, .. }) => Some((*what).to_owned()),
        CoreError::NotAFile { .. } => Some("path".to_owned()),
        CoreError::NotConfigured { .. } => Some("account".to_owned()),
        CoreError::Seal(SealError::NoRecipients) => Some("to".to_owned()),
        CoreError::Pgp(PgpError::NoRecipients) => Some("recipients".to_owned()),
        CoreError::Pgp(PgpError::EmptyPassphrase) => Some("passphrase".to_owned()),
        _ => None,
    }
}

fn unsupported(error: &CoreError) -> Option<String> {
    match (error, pgp(error)) {
        (CoreError::Session(SessionError::Unsupported { extension }), _) => Some((*extension).to_owned()),
        (_, Some(PgpError::Unsupported { what })) => Some(what.clone()),
        _ => None,
    }
}

fn refusal(error: &CoreError) -> Option<Refusal> {
    match error {
        CoreError::Session(SessionError::Refused(refusal) | SessionError::LoginRefused(refusal)) => {
            Some(refusal.into())
        }
        _ => None,
    }
}

fn limit(error: &CoreError) -> Option<i64> {
    match (error, pgp(error)) {
        (CoreError::Session(SessionError::LimitExceeded { limit, .. }), _) => Some(signed(*limit)),
        (_, Some(PgpError::LimitExceeded { limit, .. })) => Some(signed(*limit)),
        (CoreError::Mime(error) | CoreError::Open(OpenError::Mime(error)), _) => {
            Some(signed(mime_limit(error)?))
        }
        (CoreError::Open(OpenError::TooManyLayers { limit }) | CoreError::FileTooLong { limit, .. }, _) => {
            Some(signed(*limit))
        }
        _ => None,
    }
}

fn mime_limit(error: &MimeError) -> Option<usize> {
    match error {
        MimeError::MessageTooLong { limit, .. }
        | MimeError::TooDeep { limit }
        | MimeError::TooManyParts { limit }
        | MimeError::TooManyHeaders { limit }
        | MimeError::HeadersTooLong { limit } => Some(*limit),
        _ => None,
    }
}

fn timeout(error: &CoreError) -> (Option<String>, Option<Duration>) {
    match error {
        CoreError::Session(SessionError::Timeout { step, after }) => (Some((*step).to_owned()), Some(*after)),
        _ => (None, None),
    }
}

fn step(error: &CoreError) -> Option<String> {
    match error {
        CoreError::Session(SessionError::Network { step, .. }) => Some((*step).to_owned()),
        _ => None,
    }
}

fn because(error: &CoreError) -> Option<String> {
    match error {
        CoreError::Session(SessionError::Closed { because }) => because.map(|code| code.to_string()),
        _ => None,
    }
}

fn validities(error: &CoreError) -> (Option<i64>, Option<i64>) {
    match error {
        CoreError::Session(SessionError::UidValidityChanged { expected, actual }) => {
            (Some((*expected).into()), Some((*actual).into()))
        }
        _ => (None, None),
    }
}

fn path(error: &CoreError) -> Option<String> {
    match error {
        CoreError::File { path, .. } => Some(path.display().to_string()),
        _ => None,
    }
}

fn missing(error: &CoreError) -> Vec<MissingCertificate> {
    match error {
        CoreError::Seal(SealError::CertificatesMissing { recipients }) => {
            recipients.iter().map(Into::into).collect()
        }
        CoreError::Seal(SealError::OwnCertificateMissing(own)) => vec![own.into()],
        _ => Vec::new(),
    }
}

fn keys(error: &CoreError) -> (Vec<String>, bool) {
    match pgp(error) {
        Some(PgpError::KeyMissing { recipients, takes_passphrase }) => {
            (recipients.iter().map(ToString::to_string).collect(), *takes_passphrase)
        }
        Some(PgpError::KeyLocked { keys }) => (keys.iter().map(ToString::to_string).collect(), false),
        Some(PgpError::KeyUnusable { key, .. }) => (vec![key.to_string()], false),
        _ => (Vec::new(), false),
    }
}

/// The error of OpenPGP behind another one.
fn pgp(error: &CoreError) -> Option<&PgpError> {
    match error {
        CoreError::Pgp(error)
        | CoreError::Open(OpenError::Pgp(error))
        | CoreError::Seal(SealError::Pgp(error) | SealError::SigningKey(error)) => Some(error),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use std::io;
    use std::path::Path;

    use postseal::session::PeerFault;
    use postseal::{Connector, Credentials, Runtime, Security, Server, TlsConfig};
    use postseal_test_server::{Options, TestServer};

    use super::*;

    /// An error of each code that can be made without a server.
    fn of(code: ErrorCode) -> Option<CoreError> {
        let session = |error: SessionError| Some(CoreError::Session(error));
        match code {
            ErrorCode::InvalidInput => session(Server::new("", 1, Security::Tls).unwrap_err()),
            ErrorCode::Unsupported => session(SessionError::Unsupported { extension: "IDLE" }),
            ErrorCode::Protocol => session(PeerFault::PreauthBeforeTls.into()),
            ErrorCode::LimitExceeded => session(SessionError::LimitExceeded { what: "a line", limit: 7 }),
            ErrorCode::Tls => session(SessionError::Tls { detail: "no".to_owned() }),
            ErrorCode::Timeout => {
                session(SessionError::Timeout { step: "a wait", after: Duration::from_secs(1) })
            }
            ErrorCode::Network => {
                let (step, kind) = ("connecting", io::ErrorKind::NotFound);
                session(SessionError::Network { step, kind, detail: "no".to_owned() })
            }
            ErrorCode::Cancelled => session(SessionError::Cancelled),
            ErrorCode::Closed => session(SessionError::Closed { because: Some(ErrorCode::Timeout) }),
            ErrorCode::UidValidityChanged => {
                session(SessionError::UidValidityChanged { expected: 1, actual: 2 })
            }
            ErrorCode::NotFound => Some(CoreError::MessageGone),
            ErrorCode::AlreadyExists => Some(file(io::ErrorKind::AlreadyExists)),
            ErrorCode::File => Some(file(io::ErrorKind::PermissionDenied)),
            ErrorCode::KeyMissing => Some(PgpError::NoSecretKey.into()),
            ErrorCode::WrongPassphrase => Some(PgpError::WrongPassphrase.into()),
            ErrorCode::Tampered => Some(PgpError::Tampered.into()),
            ErrorCode::Malformed => Some(PgpError::NotEncrypted.into()),
            ErrorCode::Forked => session(SessionError::Forked),
            ErrorCode::Internal => session(SessionError::Internal { detail: "a defect".to_owned() }),
            _ => None,
        }
    }

    fn file(kind: io::ErrorKind) -> CoreError {
        CoreError::File { action: "writing", path: Path::new("/there").to_owned(), kind }
    }

    /// Those that only a server can give.
    const OF_SERVERS: [ErrorCode; 3] = [ErrorCode::Refused, ErrorCode::LoginRefused, ErrorCode::Certificate];

    #[test]
    fn every_code_has_a_variant_of_its_own_and_keeps_what_the_core_says() {
        for code in ErrorCode::ALL {
            let Some(core) = of(code) else {
                assert!(OF_SERVERS.contains(&code), "no example of {code}");
                continue;
            };
            assert_eq!(core.code(), code, "{core:?}");
            let error = PostsealError::from(core.clone());
            assert_eq!(error.code(), code.as_str(), "{error:?}");
            assert_eq!(error.text(), core.to_string());
            assert_eq!(error.to_string(), core.to_string());
            assert_eq!(error.is_retryable(), core.is_retryable(), "{error:?}");
            let keeps = !matches!(&core, CoreError::Session(error) if !error.keeps_session());
            assert_eq!(error.keeps_session(), keeps, "{error:?}");
            let failure = Failure::from(core);
            assert_eq!((failure.code.as_str(), failure.session_usable), (code.as_str(), keeps));
        }
    }

    #[tokio::test]
    async fn what_only_servers_say_comes_with_their_words() {
        let server = TestServer::start(Options::new().user("alice@example.test", "pw")).await.unwrap();
        let own = server.ca().root_pem();
        let port = server.imap(postseal_test_server::Security::Tls).port();
        let address = Server::new("localhost", port, Security::Tls).unwrap();
        let connect = async |tls: TlsConfig, password: &str| {
            let connector = Connector::new(&Runtime::current().unwrap(), &tls).unwrap();
            let credentials = Credentials::password("alice@example.test", password).unwrap();
            let connection = postseal::session::ImapConnection::open(&connector, &address).await?;
            connection.log_in(&credentials).await.map_err(SessionError::from)
        };
        let trusting = || TlsConfig::default().only_roots(own.as_bytes()).unwrap();

        let stranger = postseal_test_server::TestCa::new().unwrap().root_pem();
        let tls = TlsConfig::default().only_roots(stranger.as_bytes()).unwrap();
        let error = PostsealError::from(connect(tls, "pw").await.unwrap_err());
        let PostsealError::Certificate { fault, .. } = &error else { panic!("{error:?}") };
        assert_eq!((error.code().as_str(), fault.host.as_str()), ("certificate", "localhost"));

        let error = PostsealError::from(connect(trusting(), "wrong").await.unwrap_err());
        let PostsealError::LoginRefused { refusal: Some(refusal), .. } = &error else { panic!("{error:?}") };
        assert_eq!((error.code().as_str(), refusal.is_transient), ("login-refused", false));

        let session = connect(trusting(), "pw").await.unwrap();
        let name = postseal::MailboxName::inbox();
        let error = PostsealError::from(session.create(&name).await.unwrap_err());
        let PostsealError::Refused { refusal: Some(refusal), .. } = &error else { panic!("{error:?}") };
        assert_eq!((error.code().as_str(), refusal.command.as_str()), ("refused", "CREATE"));
        assert!(error.keeps_session() && error.text().contains(&refusal.text), "{error:?}");
    }

    #[test]
    fn fields_that_the_core_has_are_carried_over() {
        let error = |core: CoreError| PostsealError::from(core);
        let session = |core: SessionError| PostsealError::from(core);
        let name = |text: &str| Some(text.to_owned());
        assert!(matches!(
            session(SessionError::UidValidityChanged { expected: 1, actual: 2 }),
            PostsealError::UidValidityChanged { expected: Some(1), actual: Some(2), .. }
        ));
        assert!(matches!(
            session(SessionError::LimitExceeded { what: "a line", limit: u64::MAX }),
            PostsealError::LimitExceeded { limit: Some(i64::MAX), .. }
        ));
        let PostsealError::Closed { because, .. } =
            session(SessionError::Closed { because: Some(ErrorCode::Timeout) })
        else {
            panic!("not closed");
        };
        assert_eq!(because, name("timeout"));
        let PostsealError::AlreadyExists { path, .. } = error(file(io::ErrorKind::AlreadyExists)) else {
            panic!("not there");
        };
        assert_eq!(path, name("/there"));
        let PostsealError::Unsupported { what, .. } =
            session(SessionError::Unsupported { extension: "IDLE" })
        else {
            panic!("supported");
        };
        assert_eq!(what, name("IDLE"));
    }

    #[test]
    fn a_field_that_is_to_blame_is_named() {
        let error = postseal::Address::parse("nobody").about("to").unwrap_err();
        let PostsealError::InvalidInput { field, detail, session_usable, .. } = error else {
            panic!("valid")
        };
        assert_eq!((field.as_deref(), session_usable), (Some("to"), true));
        assert!(detail.starts_with("invalid to: "), "{detail}");
    }
}
