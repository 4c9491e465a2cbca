//! Where to connect and what to trust.

use std::sync::Arc;
use std::time::Duration;

use postseal::session as core;

use crate::bytes::Bytes;
use crate::error::About;
use crate::foreign::{self, LogSink};
use crate::numbers::{Timestamp, checked};
use crate::{PostsealError, runtime};

/// Where a server listens, and how TLS begins there.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Server {
    /// A domain name or an IP address: the certificate must be for it.
    pub host: String,
    /// The TCP port.
    pub port: i32,
    /// How TLS begins.
    pub security: Security,
}

impl TryFrom<Server> for core::Server {
    type Error = PostsealError;

    fn try_from(server: Server) -> Result<Self, PostsealError> {
        Ok(Self::new(&server.host, checked(server.port, "port")?, server.security.into())?)
    }
}

/// How TLS begins. There is no third way: a connection without TLS can't be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Security {
    /// TLS from the first byte: ports 465, 993 and 995. To be preferred.
    Tls,
    /// A short exchange in the clear, then TLS; it never falls back: ports 587, 143 and 110.
    StartTls,
}

impl From<Security> for core::Security {
    fn from(security: Security) -> Self {
        match security {
            Security::Tls => Self::Tls,
            Security::StartTls => Self::StartTls,
        }
    }
}

/// What is trusted, and what the client shows of itself. The default trusts what the operating system trusts.
///
/// Verification can't be switched off: a private server is reached by adding its root or pinning its key.
#[derive(Debug, Clone, Default, PartialEq, Eq, uniffi::Record)]
pub struct TlsOptions {
    /// Roots to trust, as PEM, beside the operating system's.
    #[uniffi(default)]
    pub roots: Vec<String>,
    /// Trusts the given roots, and no others.
    #[uniffi(default = false)]
    pub only_given_roots: bool,
    /// Keys by which a host is trusted whatever its certificate says, after a person compared the hash.
    #[uniffi(default)]
    pub trusted_keys: Vec<HostKey>,
    /// Keys that the certificate of a host must have besides all else.
    #[uniffi(default)]
    pub required_keys: Vec<HostKey>,
    /// A certificate to present to servers that ask for one.
    #[uniffi(default)]
    pub client_certificate: Option<ClientCertificate>,
    /// The oldest version of TLS to accept; TLS 1.2 where none is given.
    #[uniffi(default)]
    pub min_version: Option<TlsVersion>,
}

/// The key of a host.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct HostKey {
    /// The host.
    pub host: String,
    /// The SHA-256 hash of its SubjectPublicKeyInfo: 64 hexadecimal digits, with colons or without.
    pub key_hash: String,
}

impl HostKey {
    fn parse(&self) -> Result<(core::Host, core::SpkiHash), PostsealError> {
        Ok((core::Host::parse(&self.host)?, self.key_hash.parse()?))
    }
}

/// A certificate of the client's own, with its key.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug, Display)]
pub struct ClientCertificate {
    /// The certificate and those that vouch for it, as PEM.
    pub chain: String,
    /// Its private key, as PEM.
    pub key: String,
}

impl TlsOptions {
    fn config(&self) -> Result<core::TlsConfig, PostsealError> {
        let mut config = core::TlsConfig::default();
        for root in &self.roots {
            config = if self.only_given_roots {
                config.only_roots(root.as_bytes()).about("roots")?
            } else {
                config.add_roots(root.as_bytes()).about("roots")?
            };
        }
        if self.only_given_roots && self.roots.is_empty() {
            return Err(PostsealError::invalid(
                "roots",
                "only the given ones are to be trusted, and there are none",
            ));
        }
        for pin in &self.trusted_keys {
            let (host, key) = pin.parse()?;
            config = config.trust_key(&host, key);
        }
        for pin in &self.required_keys {
            let (host, key) = pin.parse()?;
            config = config.require_key(&host, key);
        }
        if let Some(own) = &self.client_certificate {
            config = config
                .client_certificate(own.chain.as_bytes(), own.key.as_str().into())
                .about("client_certificate")?;
        }
        #[cfg(target_os = "android")]
        let config = if self.only_given_roots { config } else { crate::android::trust(config)? };
        Ok(config.min_version(self.min_version.unwrap_or(TlsVersion::Tls12).into()))
    }
}

/// A TLS protocol version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum TlsVersion {
    /// TLS 1.2, with forward secrecy and authenticated encryption only.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

impl From<TlsVersion> for core::TlsVersion {
    fn from(version: TlsVersion) -> Self {
        match version {
            TlsVersion::Tls12 => Self::Tls12,
            TlsVersion::Tls13 => Self::Tls13,
        }
    }
}

impl From<core::TlsVersion> for TlsVersion {
    fn from(version: core::TlsVersion) -> Self {
        match version {
            core::TlsVersion::Tls12 => Self::Tls12,
            core::TlsVersion::Tls13 => Self::Tls13,
        }
    }
}

/// How long to wait for what. Each counts the time in which no byte moves; what is left out has its default.
#[derive(Debug, Clone, Default, PartialEq, Eq, uniffi::Record)]
pub struct Timeouts {
    /// For a connection to be made (30 seconds).
    #[uniffi(default)]
    pub connect: Option<Duration>,
    /// For the TLS handshake (30 seconds).
    #[uniffi(default)]
    pub handshake: Option<Duration>,
    /// For the next byte of a reply, or until the peer takes the next one (60 seconds).
    #[uniffi(default)]
    pub progress: Option<Duration>,
    /// For the reply after a message was handed over (10 minutes): a shorter one causes messages to be sent twice.
    #[uniffi(default)]
    pub final_reply: Option<Duration>,
    /// For a farewell (5 seconds).
    #[uniffi(default)]
    pub close: Option<Duration>,
    /// For a token provider to answer (60 seconds).
    #[uniffi(default)]
    pub token: Option<Duration>,
}

impl From<Timeouts> for core::Timeouts {
    fn from(given: Timeouts) -> Self {
        let mut timeouts = Self::default();
        let Timeouts { connect, handshake, progress, final_reply, close, token } = given;
        timeouts.connect = connect.unwrap_or(timeouts.connect);
        timeouts.handshake = handshake.unwrap_or(timeouts.handshake);
        timeouts.progress = progress.unwrap_or(timeouts.progress);
        timeouts.final_reply = final_reply.unwrap_or(timeouts.final_reply);
        timeouts.close = close.unwrap_or(timeouts.close);
        timeouts.token = token.unwrap_or(timeouts.token);
        timeouts
    }
}

/// Opens connections: what is trusted, and the deadlines. It holds the store of resumable TLS sessions, so one is made and kept.
#[derive(Debug, uniffi::Object)]
pub struct Connector(pub(crate) core::Connector);

#[uniffi::export]
impl Connector {
    /// A connector with what it trusts, how long it waits, and who is told what its sessions do.
    ///
    /// # Errors
    ///
    /// `InvalidInput` where a root, a pin or the client certificate can't be used.
    #[uniffi::constructor(default(tls = None, timeouts = None, log = None))]
    pub fn new(
        tls: Option<TlsOptions>,
        timeouts: Option<Timeouts>,
        log: Option<Arc<dyn LogSink>>,
    ) -> Result<Arc<Self>, PostsealError> {
        let config = tls.unwrap_or_default().config()?;
        let connector = core::Connector::new(&runtime::shared()?, &config)?
            .with_timeouts(timeouts.unwrap_or_default().into());
        Ok(Arc::new(Self(match log {
            Some(log) => connector.with_log(foreign::sink(log)),
            None => connector,
        })))
    }

    /// Where the trusted roots came from.
    #[must_use]
    pub fn trust_source(&self) -> TrustSource {
        self.0.trust_source().into()
    }
}

/// Where the trusted roots came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum TrustSource {
    /// The operating system's store.
    OperatingSystem,
    /// Mozilla's list as built into this library, because the operating system has no store or an empty one.
    BuiltIn,
    /// Only the roots that were given.
    Given,
}

impl From<core::TrustSource> for TrustSource {
    fn from(source: core::TrustSource) -> Self {
        match source {
            core::TrustSource::OperatingSystem => Self::OperatingSystem,
            core::TrustSource::Given => Self::Given,
            _ => Self::BuiltIn,
        }
    }
}

/// What a finished TLS handshake agreed on.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TlsInfo {
    /// The protocol version.
    pub version: TlsVersion,
    /// The cipher suite, by its IANA name.
    pub cipher_suite: String,
    /// The key exchange group; `X25519MLKEM768` is post-quantum.
    pub key_exchange: String,
    /// Whether an earlier session was resumed.
    pub resumed: bool,
    /// The hash of the server's key, to be pinned.
    pub key_hash: Option<String>,
}

impl From<&core::TlsInfo> for TlsInfo {
    fn from(info: &core::TlsInfo) -> Self {
        Self {
            version: info.version.into(),
            cipher_suite: info.cipher_suite.clone(),
            key_exchange: info.key_exchange.clone(),
            resumed: info.resumed,
            key_hash: info.spki.map(|hash| hash.to_string()),
        }
    }
}

/// A certificate that was not trusted: all that an app needs to show it, and to offer a pin.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct CertificateFault {
    /// The host that was to be reached.
    pub host: String,
    /// Why it was refused.
    pub reason: CertificateReason,
    /// The reason as a sentence.
    pub text: String,
    /// What the server presented, its own certificate first.
    pub chain: Vec<CertificateInfo>,
}

impl From<core::CertificateFault> for CertificateFault {
    fn from(fault: core::CertificateFault) -> Self {
        Self {
            host: fault.host,
            text: fault.reason.to_string(),
            reason: fault.reason.into(),
            chain: fault.chain.into_iter().map(Into::into).collect(),
        }
    }
}

/// Why a certificate was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum CertificateReason {
    /// No trusted root vouches for it; a self-signed certificate is one case.
    UnknownIssuer,
    /// Its time is over.
    Expired,
    /// Its time has not come yet; the device's clock may be wrong.
    NotYetValid,
    /// It is for other hosts.
    WrongName,
    /// None of the required pins matches its key.
    NotPinned,
    /// It has been revoked.
    Revoked,
    /// A signature in the chain is of a kind that is not accepted.
    BadSignature,
    /// It is not for authenticating servers.
    WrongPurpose,
    /// It can't be parsed, or has a critical extension that is not understood.
    Malformed,
}

impl From<core::CertificateReason> for CertificateReason {
    fn from(reason: core::CertificateReason) -> Self {
        use core::CertificateReason as Core;
        match reason {
            Core::UnknownIssuer => Self::UnknownIssuer,
            Core::Expired => Self::Expired,
            Core::NotYetValid => Self::NotYetValid,
            Core::WrongName => Self::WrongName,
            Core::NotPinned => Self::NotPinned,
            Core::Revoked => Self::Revoked,
            Core::BadSignature => Self::BadSignature,
            Core::WrongPurpose => Self::WrongPurpose,
            _ => Self::Malformed,
        }
    }
}

/// One certificate of a TLS server, as it can be shown to a person.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct CertificateInfo {
    /// The certificate itself (DER).
    pub der: Bytes,
    /// The subject's distinguished name; empty where the certificate can't be parsed.
    pub subject: String,
    /// The issuer's distinguished name.
    pub issuer: String,
    /// The host names and IP addresses that it is for.
    pub names: Vec<String>,
    /// The start of its validity.
    pub not_before: Option<Timestamp>,
    /// The end of its validity.
    pub not_after: Option<Timestamp>,
    /// The hash of its key, for [`TlsOptions`].
    pub key_hash: Option<String>,
}

impl From<core::CertificateInfo> for CertificateInfo {
    fn from(info: core::CertificateInfo) -> Self {
        Self {
            der: info.der.into(),
            subject: info.subject,
            issuer: info.issuer,
            names: info.names,
            not_before: info.not_before.map(Into::into),
            not_after: info.not_after.map(Into::into),
            key_hash: info.spki.map(|hash| hash.to_string()),
        }
    }
}
