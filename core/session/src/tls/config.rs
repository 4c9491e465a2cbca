use std::collections::HashMap;
use std::sync::Arc;

use postseal_types::Secret;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use super::verify::{Trust, Verifier};
use super::{SpkiHash, SystemVerifier};
use crate::{Error, Host};

/// A TLS protocol version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5246), with forward secrecy and AEAD suites only.
    Tls12,
    /// TLS 1.3 (RFC 8446).
    Tls13,
}

/// Where the trusted roots came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TrustSource {
    /// The operating system's store.
    OperatingSystem,
    /// Mozilla's list as built into this library, because the operating system has no store or an empty one.
    BuiltIn,
    /// Only the roots that were given.
    Given,
}

/// What is trusted, and what the client shows of itself. The default trusts what the operating system trusts.
///
/// Verification can't be switched off: a private server is reached by adding its root or pinning its key.
///
/// ```
/// use postseal_session::{TlsConfig, TlsVersion};
/// let tls = TlsConfig::default().min_version(TlsVersion::Tls13);
/// ```
#[derive(Clone, Default)]
pub struct TlsConfig {
    only_given: bool,
    roots: Vec<CertificateDer<'static>>,
    trusted_keys: HashMap<Host, Vec<SpkiHash>>,
    required_keys: HashMap<Host, Vec<SpkiHash>>,
    client: Option<ClientIdentity>,
    tls13_only: bool,
    system: Option<Arc<dyn SystemVerifier>>,
}

#[derive(Clone)]
struct ClientIdentity {
    chain: Vec<CertificateDer<'static>>,
    key: Secret,
}

impl TlsConfig {
    /// Trusts the roots in `pem` too, beside the operating system's.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] where `pem` holds no certificate or a broken one.
    pub fn add_roots(mut self, pem: &[u8]) -> Result<Self, Error> {
        self.roots.extend(certificates(pem)?);
        Ok(self)
    }

    /// Trusts the roots in `pem` and those added, and no others.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] where `pem` holds no certificate or a broken one.
    pub fn only_roots(mut self, pem: &[u8]) -> Result<Self, Error> {
        self.only_given = true;
        self.add_roots(pem)
    }

    /// Trusts the server `host` by its key alone: a certificate with this key is accepted whatever its issuer, dates and names.
    ///
    /// For a self-signed server, after a person compared the hash in a
    /// [`CertificateFault`](crate::CertificateFault). Other hosts gain nothing.
    #[must_use]
    pub fn trust_key(mut self, host: &Host, key: SpkiHash) -> Self {
        self.trusted_keys.entry(host.clone()).or_default().push(key);
        self
    }

    /// Requires, beside the ordinary verification, that the certificate of `host` itself has this key, or another required one.
    ///
    /// Only the server's own certificate counts: the rest of what it presents is not proven to be in use.
    #[must_use]
    pub fn require_key(mut self, host: &Host, key: SpkiHash) -> Self {
        self.required_keys.entry(host.clone()).or_default().push(key);
        self
    }

    /// Presents a certificate to servers that ask for one; `key` is PEM (PKCS #8, PKCS #1 or SEC 1). The login that goes with it is
    /// [`Credentials::certificate`](crate::Credentials::certificate).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] where either can't be parsed. A key that does not fit the certificate shows when connecting.
    pub fn client_certificate(mut self, chain_pem: &[u8], key: Secret) -> Result<Self, Error> {
        private_key(&key)?;
        self.client = Some(ClientIdentity { chain: certificates(chain_pem)?, key });
        Ok(self)
    }

    /// Refuses servers below `version`. TLS 1.2 is the least there is, and the default.
    #[must_use]
    pub fn min_version(mut self, version: TlsVersion) -> Self {
        self.tls13_only = version == TlsVersion::Tls13;
        self
    }

    /// Asks `verifier` about certificates, in place of the roots that the operating system lists: for systems that list none, as
    /// Android and iOS. Roots that were given vouch without it, and pins bind all the same.
    ///
    /// It is dangerous, because a verifier that is wrong hands the password to whoever asks: it has to be the operating system's.
    #[must_use]
    pub fn dangerous_system_verifier(mut self, verifier: Arc<dyn SystemVerifier>) -> Self {
        self.system = Some(verifier);
        self
    }

    /// Builds the library's configuration; it holds the store of resumable sessions, so it is made once and shared.
    pub(crate) fn build(&self) -> Result<(Arc<ClientConfig>, TrustSource), Error> {
        let (trust, source) = self.trust()?;
        // One provider, named: what the process installed as its default is not ours.
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier =
            Verifier::new(trust, &provider, self.trusted_keys.clone(), self.required_keys.clone())?;
        let versions: &[_] = if self.tls13_only {
            &[&rustls::version::TLS13]
        } else {
            &[&rustls::version::TLS13, &rustls::version::TLS12]
        };
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .map_err(|error| Error::internal(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let config = match &self.client {
            None => builder.with_no_client_auth(),
            Some(client) => builder
                .with_client_auth_cert(client.chain.clone(), private_key(&client.key)?)
                .map_err(|error| Error::invalid("client certificate", error.to_string()))?,
        };
        Ok((Arc::new(config), source))
    }

    fn trust(&self) -> Result<(Trust, TrustSource), Error> {
        let system = self.system.clone().filter(|_| !self.only_given);
        let (roots, source) = self.trusted_roots(system.is_some())?;
        Ok((Trust { roots, system }, source))
    }

    fn trusted_roots(&self, system_verifies: bool) -> Result<(RootCertStore, TrustSource), Error> {
        let mut store = RootCertStore::empty();
        for root in &self.roots {
            store.add(root.clone()).map_err(|error| Error::invalid("root certificate", error.to_string()))?;
        }
        if self.only_given {
            return Ok((store, TrustSource::Given));
        }
        if system_verifies {
            return Ok((store, TrustSource::OperatingSystem));
        }
        let (added, _unusable) =
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if added > 0 {
            return Ok((store, TrustSource::OperatingSystem));
        }
        store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        Ok((store, TrustSource::BuiltIn))
    }
}

impl std::fmt::Debug for TlsConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsConfig")
            .field("only_given", &self.only_given)
            .field("roots", &self.roots.len())
            .field("trusted_keys", &self.trusted_keys)
            .field("required_keys", &self.required_keys)
            .field("client_certificate", &self.client.is_some())
            .field("tls13_only", &self.tls13_only)
            .field("system", &self.system)
            .finish()
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| Error::invalid("certificate", error.to_string()))?;
    if found.is_empty() {
        return Err(Error::invalid("certificate", "there is no certificate in it"));
    }
    Ok(found)
}

fn private_key(pem: &Secret) -> Result<PrivateKeyDer<'static>, Error> {
    PrivateKeyDer::from_pem_slice(pem.expose())
        .map_err(|_| Error::invalid("private key", "not a PEM private key"))
}
