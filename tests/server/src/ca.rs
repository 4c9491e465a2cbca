//! A certificate authority made on the spot, which issues good certificates and, on request, bad ones.

use std::io;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// What is right or wrong with a certificate that [`TestCa::issue`] makes.
///
/// A wrong host name needs no entry: issue for another name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Validity {
    /// A server certificate, good from 2020 to the end of 2099.
    #[default]
    Valid,
    /// Its time ended in 2021.
    Expired,
    /// Its time begins in 2099.
    NotYetValid,
    /// Signed with its own key; the authority has nothing to do with it.
    SelfSigned,
    /// A client certificate: good, but not for a server.
    Client,
}

/// A certificate authority with one ECDSA P-256 root.
///
/// Clones share the root.
#[derive(Clone)]
pub struct TestCa {
    root: Arc<CertifiedIssuer<'static, KeyPair>>,
}

/// A certificate with its private key (ECDSA P-256).
#[derive(Debug)]
pub struct Issued {
    /// The certificate; the root is not part of the chain.
    pub chain: Vec<CertificateDer<'static>>,
    /// The private key, PKCS #8.
    pub key: PrivateKeyDer<'static>,
    /// The chain as PEM.
    pub chain_pem: String,
    /// The private key as PEM.
    pub key_pem: String,
}

impl TestCa {
    /// Makes an authority with a fresh key.
    ///
    /// # Errors
    ///
    /// Only when the cryptographic provider fails.
    pub fn new() -> io::Result<Self> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "Postseal test root");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let root = CertifiedIssuer::self_signed(params, key).map_err(io::Error::other)?;
        Ok(Self { root: Arc::new(root) })
    }

    /// Issues a certificate for `names`, each a DNS name or an IP address.
    ///
    /// # Errors
    ///
    /// A name that is neither, or a failure of the cryptographic provider.
    pub fn issue(&self, names: &[&str], validity: Validity) -> io::Result<Issued> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let params = leaf(names, validity).map_err(io::Error::other)?;
        let certificate = match validity {
            Validity::SelfSigned => params.self_signed(&key),
            _ => params.signed_by(&key, &self.root),
        }
        .map_err(io::Error::other)?;
        Ok(Issued {
            chain: vec![certificate.der().clone()],
            key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            chain_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
        })
    }

    /// The root certificate as DER.
    #[must_use]
    pub fn root_der(&self) -> CertificateDer<'static> {
        self.root.der().clone()
    }

    /// The root certificate as PEM.
    #[must_use]
    pub fn root_pem(&self) -> String {
        self.root.pem()
    }
}

impl std::fmt::Debug for TestCa {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestCa").finish_non_exhaustive()
    }
}

fn leaf(names: &[&str], validity: Validity) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())?;
    let common_name = names.first().copied().unwrap_or("Postseal test");
    params.distinguished_name.push(DnType::CommonName, common_name);
    let (from, to) = match validity {
        Validity::Expired => (2020, 2021),
        Validity::NotYetValid => (2099, 2100),
        Validity::Valid | Validity::SelfSigned | Validity::Client => (2020, 2100),
    };
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(to, 1, 1);
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![match validity {
        Validity::Client => ExtendedKeyUsagePurpose::ClientAuth,
        _ => ExtendedKeyUsagePurpose::ServerAuth,
    }];
    Ok(params)
}
