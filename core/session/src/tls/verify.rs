use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};

use super::{CertificateFault, CertificateInfo, CertificateReason, SpkiHash, SystemVerifier};
use crate::{Error, Host};

/// What vouches for certificates, beside the pins.
pub(super) struct Trust {
    /// The roots that are at hand.
    pub(super) roots: RootCertStore,
    /// Whom to ask where these vouch for nothing.
    pub(super) system: Option<Arc<dyn SystemVerifier>>,
}

/// The WebPKI rules, then the pins; a refusal carries all that an app needs to show it.
///
/// It adds to what rustls verifies and takes nothing away, but for a key that was trusted by name for one host. The proof that
/// the server holds the key (the handshake's signature) is always demanded.
#[derive(Debug)]
pub(super) struct Verifier {
    /// `None` where there is no root at all: only the system and pinned keys are trusted then.
    webpki: Option<Arc<WebPkiServerVerifier>>,
    system: Option<Arc<dyn SystemVerifier>>,
    provider: Arc<CryptoProvider>,
    trusted_keys: HashMap<Host, Vec<SpkiHash>>,
    required_keys: HashMap<Host, Vec<SpkiHash>>,
}

impl Verifier {
    pub(super) fn new(
        trust: Trust,
        provider: &Arc<CryptoProvider>,
        trusted_keys: HashMap<Host, Vec<SpkiHash>>,
        required_keys: HashMap<Host, Vec<SpkiHash>>,
    ) -> Result<Self, Error> {
        let Trust { roots, system } = trust;
        let webpki = if roots.is_empty() {
            None
        } else {
            let built =
                WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build();
            Some(built.map_err(|error| Error::internal(error.to_string()))?)
        };
        Ok(Self { webpki, system, provider: Arc::clone(provider), trusted_keys, required_keys })
    }

    fn judge(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), CertificateReason> {
        let host = Host::parse(&name.to_str()).map_err(|_| CertificateReason::WrongName)?;
        let key = SpkiHash::of(leaf);
        let holds = |pins: &HashMap<Host, Vec<SpkiHash>>| {
            pins.get(&host).map(|pins| key.is_some_and(|key| pins.contains(&key)))
        };
        // A required pin binds always, a trusted key included.
        if holds(&self.required_keys) == Some(false) {
            return Err(CertificateReason::NotPinned);
        }
        if holds(&self.trusted_keys) == Some(true) {
            return Ok(());
        }
        let refused = match self.ask_webpki(leaf, intermediates, name, now) {
            Ok(()) => return Ok(()),
            Err(reason) => reason,
        };
        let system = self.system.as_ref().ok_or(refused)?;
        let chain: Vec<&[u8]> = std::iter::once(leaf).chain(intermediates).map(AsRef::as_ref).collect();
        system.verify(&chain, &host, SystemTime::UNIX_EPOCH + Duration::from_secs(now.as_secs()))
    }

    fn ask_webpki(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), CertificateReason> {
        let webpki = self.webpki.as_ref().ok_or(CertificateReason::UnknownIssuer)?;
        match webpki.verify_server_cert(leaf, intermediates, name, &[], now) {
            Ok(_) => Ok(()),
            Err(error) => Err(reason(&error, leaf)),
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.judge(leaf, intermediates, name, now).map(|()| ServerCertVerified::assertion()).map_err(
            |reason| {
                let chain =
                    std::iter::once(leaf).chain(intermediates).map(|der| CertificateInfo::of(der)).collect();
                let fault = CertificateFault { host: name.to_str().into_owned(), reason, chain };
                rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(fault))))
            },
        )
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn reason(error: &rustls::Error, leaf: &CertificateDer<'_>) -> CertificateReason {
    use CertificateError as E;
    match error {
        rustls::Error::InvalidCertificate(certificate) => match certificate {
            // A wrong signature means that the issuer only has the name of a trusted one, as after an authority was made anew.
            E::UnknownIssuer | E::BadSignature => CertificateReason::UnknownIssuer,
            E::Expired | E::ExpiredContext { .. } => CertificateReason::Expired,
            E::NotValidYet | E::NotValidYetContext { .. } => CertificateReason::NotYetValid,
            E::NotValidForName | E::NotValidForNameContext { .. } => CertificateReason::WrongName,
            E::Revoked => CertificateReason::Revoked,
            E::UnsupportedSignatureAlgorithmContext { .. }
            | E::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => CertificateReason::BadSignature,
            E::InvalidPurpose | E::InvalidPurposeContext { .. } => CertificateReason::WrongPurpose,
            // A self-signed certificate is often marked as a CA, which the library reports before it looks for an issuer.
            _ if CertificateInfo::of(leaf).is_self_issued() => CertificateReason::UnknownIssuer,
            other => CertificateReason::Malformed(other.to_string()),
        },
        other => CertificateReason::Malformed(other.to_string()),
    }
}
