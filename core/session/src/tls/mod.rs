//! TLS: what is trusted, how a certificate is judged, and what a refused one looks like.

mod certificate;
mod config;
mod system;
mod verify;

pub use certificate::{CertificateFault, CertificateInfo, CertificateReason, SpkiHash};
pub use config::{TlsConfig, TlsVersion, TrustSource};
pub use system::SystemVerifier;

use rustls::{CertificateError, ClientConnection};

use crate::{Error, LogKind};

/// The typed error for a failure of TLS itself; `None` where the network failed under it.
///
/// It comes in the handshake, and later: in TLS 1.3 a server refuses a client's certificate, or its lack, with the first record
/// that it answers.
pub(crate) fn failure(error: &std::io::Error) -> Option<Error> {
    let tls = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    if let rustls::Error::InvalidCertificate(CertificateError::Other(other)) = tls
        && let Some(fault) = other.0.downcast_ref::<CertificateFault>()
    {
        return Some(Error::Certificate(Box::new(fault.clone())));
    }
    Some(Error::Tls { detail: tls.to_string() })
}

/// What a finished handshake agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsInfo {
    /// The protocol version.
    pub version: TlsVersion,
    /// The cipher suite, by its IANA name.
    pub cipher_suite: String,
    /// The key exchange group; `X25519MLKEM768` is post-quantum.
    pub key_exchange: String,
    /// Whether an earlier session was resumed.
    pub resumed: bool,
    /// The server's key, to be pinned.
    pub spki: Option<SpkiHash>,
}

impl TlsInfo {
    pub(crate) fn of(connection: &ClientConnection) -> Self {
        let debug_name = |name: Option<String>| name.unwrap_or_else(|| "unknown".to_owned());
        Self {
            version: version(connection),
            cipher_suite: debug_name(
                connection.negotiated_cipher_suite().map(|suite| format!("{:?}", suite.suite())),
            ),
            key_exchange: debug_name(
                connection.negotiated_key_exchange_group().map(|group| format!("{:?}", group.name())),
            ),
            resumed: is_resumed(connection),
            spki: connection
                .peer_certificates()
                .and_then(|chain| chain.first())
                .and_then(|leaf| SpkiHash::of(leaf)),
        }
    }
}

/// The same for the log.
pub(crate) fn log_kind(connection: &ClientConnection) -> LogKind {
    let key_exchange = connection.negotiated_key_exchange_group().and_then(|group| group.name().as_str());
    let cipher_suite = connection.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str());
    LogKind::Tls {
        version: version(connection),
        key_exchange: key_exchange.unwrap_or("unknown"),
        cipher_suite: cipher_suite.unwrap_or("unknown"),
        resumed: is_resumed(connection),
    }
}

fn version(connection: &ClientConnection) -> TlsVersion {
    match connection.protocol_version() {
        Some(rustls::ProtocolVersion::TLSv1_2) => TlsVersion::Tls12,
        _ => TlsVersion::Tls13,
    }
}

fn is_resumed(connection: &ClientConnection) -> bool {
    connection.handshake_kind() == Some(rustls::HandshakeKind::Resumed)
}
