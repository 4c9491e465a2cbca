use std::fmt;
use std::time::SystemTime;

use super::CertificateReason;
use crate::Host;

/// The operating system's own judgement of certificates, where it does not list its roots.
///
/// It is called in the handshake, on a thread of the runtime. It may block for as long as the system takes, which the deadline for the
/// handshake does not cut short.
pub trait SystemVerifier: fmt::Debug + Send + Sync {
    /// Whether the system trusts the server `host` at `now`, which presents `chain` (DER, its own certificate first).
    ///
    /// # Errors
    ///
    /// Why it does not. What the system can't judge is not trusted.
    fn verify(&self, chain: &[&[u8]], host: &Host, now: SystemTime) -> Result<(), CertificateReason>;
}
