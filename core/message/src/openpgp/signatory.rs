//! What signs. Where `signing` is off no value of it can be, and so all that one would do is left out of the program.

use std::fmt;

use openpgp::crypto::KeyPair;
use openpgp::packet::Key;
use openpgp::packet::key::{SecretParts, UnspecifiedRole};
use sequoia_openpgp as openpgp;

use super::PgpError;

#[cfg(feature = "signing")]
type Pair = KeyPair;
#[cfg(not(feature = "signing"))]
type Pair = std::convert::Infallible;

/// A part of an [`UnlockedKey`](super::UnlockedKey) that was found to be usable for signing.
#[derive(Clone)]
pub(crate) struct Signatory(Pair);

impl Signatory {
    #[cfg(feature = "signing")]
    pub(super) fn new(key: Key<SecretParts, UnspecifiedRole>) -> Result<Self, PgpError> {
        key.into_keypair().map(Self).map_err(|_| PgpError::NoSecretKey)
    }

    #[cfg(not(feature = "signing"))]
    pub(super) fn new(_: Key<SecretParts, UnspecifiedRole>) -> Result<Self, PgpError> {
        Err(PgpError::NoSecretKey)
    }

    pub(super) fn into_pair(self) -> KeyPair {
        #[cfg(feature = "signing")]
        return self.0;
        #[cfg(not(feature = "signing"))]
        match self.0 {}
    }
}

/// Nothing of the secret parts.
impl fmt::Debug for Signatory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signatory")
    }
}
