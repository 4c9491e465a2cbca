//! Android: its own verifier judges certificates. It has to know the application first, which `PostsealAndroid.initialize` of the Kotlin
//! package tells it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use jni::EnvUnowned;
use jni::errors::ThrowRuntimeExAndDefault;
use jni::objects::{JClass, JObject};
use postseal::session as core;
use rustls::CertificateError;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

use crate::PostsealError;

/// Whether the verifier knows the application; it would panic otherwise.
static INITIALIZED: AtomicBool = AtomicBool::new(false);

/// The native half of `PostsealAndroid.initialize`; what fails is thrown there.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_postseal_android_PostsealAndroid_initializeNative<'frame>(
    mut env: EnvUnowned<'frame>,
    _class: JClass<'frame>,
    application: JObject<'frame>,
) {
    env.with_env(|env| {
        rustls_platform_verifier::android::init_with_env(env, application)?;
        INITIALIZED.store(true, Ordering::Release);
        Ok::<_, jni::errors::Error>(())
    })
    .resolve::<ThrowRuntimeExAndDefault>();
}

/// Has Android judge certificates.
///
/// # Errors
///
/// `InvalidInput` with the field `context` where the application is not known yet.
pub(crate) fn trust(config: core::TlsConfig) -> Result<core::TlsConfig, PostsealError> {
    if !INITIALIZED.load(Ordering::Acquire) {
        return Err(PostsealError::invalid("context", "PostsealAndroid.initialize comes first"));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = rustls_platform_verifier::Verifier::new(provider)
        .map_err(|error| PostsealError::invalid("context", error))?;
    Ok(config.dangerous_system_verifier(Arc::new(Android(verifier))))
}

/// What Android says of certificates.
struct Android(rustls_platform_verifier::Verifier);

impl core::SystemVerifier for Android {
    fn verify(
        &self,
        chain: &[&[u8]],
        host: &core::Host,
        now: SystemTime,
    ) -> Result<(), core::CertificateReason> {
        let certificates: Vec<CertificateDer<'_>> =
            chain.iter().map(|der| CertificateDer::from(*der)).collect();
        let (leaf, intermediates) =
            certificates.split_first().ok_or(core::CertificateReason::UnknownIssuer)?;
        let name = ServerName::try_from(host.to_string()).map_err(|_| core::CertificateReason::WrongName)?;
        let now =
            UnixTime::since_unix_epoch(now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO));
        let judged = self.0.verify_server_cert(leaf, intermediates, &name, &[], now);
        judged.map(drop).map_err(|error| reason(&error))
    }
}

fn reason(error: &rustls::Error) -> core::CertificateReason {
    use CertificateError as E;
    use core::CertificateReason as Reason;
    match error {
        rustls::Error::InvalidCertificate(E::UnknownIssuer | E::BadSignature) => Reason::UnknownIssuer,
        rustls::Error::InvalidCertificate(E::Expired | E::ExpiredContext { .. }) => Reason::Expired,
        rustls::Error::InvalidCertificate(E::NotValidYet | E::NotValidYetContext { .. }) => {
            Reason::NotYetValid
        }
        rustls::Error::InvalidCertificate(E::NotValidForName | E::NotValidForNameContext { .. }) => {
            Reason::WrongName
        }
        rustls::Error::InvalidCertificate(E::Revoked) => Reason::Revoked,
        rustls::Error::InvalidCertificate(E::InvalidPurpose | E::InvalidPurposeContext { .. }) => {
            Reason::WrongPurpose
        }
        other => Reason::Malformed(other.to_string()),
    }
}

impl fmt::Debug for Android {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Android")
    }
}
