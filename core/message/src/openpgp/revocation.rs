use std::fmt;

use openpgp::armor::Kind;
use openpgp::packet::Signature;
use openpgp::parse::{PacketParser, PacketParserResult, Parse};
use openpgp::serialize::Marshal;
use openpgp::types::SignatureType;
use openpgp::{Cert, Packet};
use sequoia_openpgp as openpgp;

use super::{KeyHandle, PgpError, PgpLimits, armor};

/// A signature that, once published, says that a certificate must not be used any more (RFC 9580, section 5.2.1.11).
///
/// Made together with a key, and to be kept apart from it: whoever has it can revoke the certificate, also when key and
/// passphrase are lost.
#[derive(Clone, PartialEq)]
pub struct RevocationCertificate(Signature);

impl RevocationCertificate {
    /// Reads a revocation certificate, armored or binary.
    ///
    /// # Errors
    ///
    /// [`PgpError::Malformed`] for anything else.
    pub fn import(data: &[u8]) -> Result<Self, PgpError> {
        PgpLimits::check_key_data(data)?;
        if let Ok(PacketParserResult::Some(parser)) = PacketParser::from_bytes(data)
            && let Packet::Signature(signature) = &parser.packet
            && signature.typ() == SignatureType::KeyRevocation
            && armor::is_writable(signature)
        {
            return Ok(Self(signature.clone()));
        }
        Err(PgpError::Malformed { what: "expected a revocation certificate" })
    }

    /// The revocation certificate in binary form.
    #[must_use]
    pub fn export(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // Writing to memory can't fail, and that it can be written was checked.
        _ = Packet::from(self.0.clone()).serialize(&mut bytes);
        bytes
    }

    /// The revocation certificate with ASCII armor, as other programs take it: a public key block.
    #[must_use]
    pub fn export_armored(&self) -> String {
        armor::enarmor(Kind::PublicKey, &self.export())
    }

    /// The key that it revokes, as far as the signature names it.
    #[must_use]
    pub fn revokes(&self) -> Option<KeyHandle> {
        self.0.get_issuers().iter().find_map(KeyHandle::from_sequoia)
    }

    pub(super) fn new(signature: Signature) -> Self {
        Self(signature)
    }

    pub(super) fn signature(&self) -> &Signature {
        &self.0
    }

    /// Whether it is a valid signature by the primary key of `cert`.
    pub(super) fn belongs_to(&self, cert: &Cert) -> bool {
        let key = cert.primary_key().key();
        self.0.verify_primary_key_revocation(key, key).is_ok()
    }
}

impl fmt::Debug for RevocationCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RevocationCertificate({:?})", self.revokes())
    }
}
