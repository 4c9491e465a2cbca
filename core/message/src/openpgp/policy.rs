//! What counts as strong enough, at the time that the caller gives.

use std::time::{Duration, SystemTime};

use sequoia_openpgp as openpgp;

use openpgp::cert::ValidCert;
use openpgp::crypto::mpi;
use openpgp::packet::Key;
use openpgp::packet::key::{KeyParts, KeyRole};
use openpgp::policy::StandardPolicy;
use openpgp::types::{RevocationStatus, SymmetricAlgorithm};

use super::{PgpError, Unusable};

/// How far another machine's clock may be ahead of ours: a signature or key made "in the future" within it is accepted.
pub(super) const CLOCK_SKEW: Duration = Duration::from_secs(30 * 60);

/// The policy as of `now`; the default one reads the clock.
pub(super) fn policy(now: SystemTime) -> StandardPolicy<'static> {
    let mut policy = StandardPolicy::at(now);
    // Blocks of 64 bits, like those of 3DES and CAST5, which the library refuses (RFC 9580, section 9.3, deprecates all of them).
    policy.reject_symmetric_algo(SymmetricAlgorithm::Blowfish);
    policy
}

/// `now` where OpenPGP can express it.
pub(super) fn checked(now: SystemTime) -> Result<SystemTime, PgpError> {
    openpgp::types::Timestamp::try_from(now).map(SystemTime::from).map_err(|_| PgpError::TimeOutOfRange)
}

/// Whether this build has the curve of a key. The library itself asks for the algorithm only.
pub(super) fn has_its_curve<P: KeyParts, R: KeyRole>(key: &Key<P, R>) -> bool {
    match key.mpis() {
        mpi::PublicKey::ECDH { curve, .. }
        | mpi::PublicKey::ECDSA { curve, .. }
        | mpi::PublicKey::EdDSA { curve, .. } => curve.is_supported(),
        _ => true,
    }
}

/// Whether the certificate as a whole can be used at the time that it was looked up for.
pub(super) fn usable(cert: &ValidCert<'_>) -> Result<(), Unusable> {
    if matches!(cert.revocation_status(), RevocationStatus::Revoked(_)) {
        return Err(Unusable::Revoked);
    }
    cert.alive().map_err(|error| match error.downcast_ref() {
        Some(openpgp::Error::NotYetLive(_)) => Unusable::NotYetValid,
        _ => Unusable::Expired,
    })
}
