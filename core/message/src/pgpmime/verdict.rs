//! The verdict: what can be believed about a message that was opened.

use std::fmt;
use std::time::SystemTime;

use postseal_types::Address;

use super::{HeaderVerdict, Reason};
use crate::openpgp::{Encryption, Fingerprint, KeyHandle, SignatureFault, Unusable};

/// What can be believed about a message: one for each message, and never better than what was proven.
///
/// [`Verdict::level`] is the summary that an app can show; [`Verdict::reasons`] says why it is not better.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verdict {
    /// Whether it was encrypted, to whom, and how.
    pub encryption: EncryptionVerdict,
    /// Whether it was signed, and by which certificate.
    pub signature: SignatureVerdict,
    /// What the signature covers; `None` where there is no signature.
    pub signature_coverage: Option<Coverage>,
    /// Whether the certificate that signed speaks for the address in the From field.
    pub from: FromVerdict,
    /// Which header fields were protected together with the content.
    pub headers: HeaderVerdict,
    /// What was noticed besides.
    pub(super) notes: Vec<Reason>,
}

/// Whether a message was encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncryptionVerdict {
    /// None of it was.
    None,
    /// A part of it was. Only that part is handed out: what stood around it could have been put there by anyone, to trick the
    /// reader, or to send the decrypted text elsewhere.
    Part(Encryption),
    /// All of its content was.
    All(Encryption),
}

/// Whether a message was signed. Unsigned is not forged, and an unknown key is neither.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureVerdict {
    /// There is no signature.
    Unsigned,
    /// What [`Verdict::signature_coverage`] says is as the holder of this certificate signed it, and the certificate can be used.
    Valid {
        /// The certificate.
        signer: Fingerprint,
        /// The key of it that made the signature.
        key: Fingerprint,
        /// When it was made, as the signer says.
        made: Option<SystemTime>,
    },
    /// The certificate of the signer is not at hand.
    UnknownSigner {
        /// The key that the signature names, where it names one: nobody has proven it.
        issuer: Option<KeyHandle>,
    },
    /// The signature is not good, or no longer. The message is worth no more than one without.
    Invalid {
        /// Why not.
        reason: SignatureFault,
    },
}

/// What a signature covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Coverage {
    /// All of the content.
    All,
    /// Some of it; what is shown beside it is not signed.
    Part,
    /// The encrypted data, from outside: the signer need not have known what is in it.
    Ciphertext,
}

/// Whether the certificate that signed speaks for the address in the From field. It does so for what the signature covers, no more.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FromVerdict {
    /// There is no valid signature, so nobody does.
    NotProven,
    /// It has a user ID with this address, the only one in the From field.
    SpokenFor(Address),
    /// It has none with this address, the only one in the From field.
    OtherAddress(Address),
    /// The From field does not hold exactly one address, or there isn't exactly one From field.
    NotOneAddress,
}

/// One word for what a message is worth, in ascending order of trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum VerdictLevel {
    /// It claims protection that it does not have: a bad signature, one by somebody else than it says it is from, or encryption
    /// of a part only.
    Suspicious,
    /// Nothing is proven: an ordinary message.
    Plain,
    /// All of it was signed, by a certificate that speaks for the From address. Everyone on the way could read it.
    Authentic,
    /// All of it was encrypted. Who wrote it is not proven.
    Encrypted,
    /// All of it was encrypted, and signed by a certificate that speaks for the From address.
    Sealed,
}

impl Verdict {
    /// The summary.
    #[must_use]
    pub fn level(&self) -> VerdictLevel {
        let is_authentic = self.is_authentic();
        if self.is_suspicious() {
            VerdictLevel::Suspicious
        } else if self.is_encrypted() {
            if is_authentic { VerdictLevel::Sealed } else { VerdictLevel::Encrypted }
        } else if is_authentic {
            VerdictLevel::Authentic
        } else {
            VerdictLevel::Plain
        }
    }

    /// Why the message is not worth more, and whatever else is worth knowing: every reason, the worst first.
    #[must_use]
    pub fn reasons(&self) -> Vec<Reason> {
        let mut reasons: Vec<_> =
            [self.signature_reason(), self.coverage_reason(), self.sender_reason(), self.encryption_reason()]
                .into_iter()
                .flatten()
                .collect();
        if self.is_protected() {
            reasons.extend(self.headers.reasons());
        }
        reasons.extend(self.notes.iter().cloned());
        reasons
    }

    /// Whether all of it was encrypted, and that by whoever wrote it: what was signed in the clear is no secret, even if
    /// somebody else encrypts it later.
    fn is_encrypted(&self) -> bool {
        matches!(self.encryption, EncryptionVerdict::All(_)) && self.headers.made_encrypted != Some(false)
    }

    /// Whether it is proven who wrote all of it.
    fn is_authentic(&self) -> bool {
        matches!(self.signature, SignatureVerdict::Valid { .. })
            && self.signature_coverage == Some(Coverage::All)
            && matches!(self.from, FromVerdict::SpokenFor(_))
    }

    /// Whether the signature is bad in a way that time alone does not bring about. One that was good once, and whose certificate or
    /// algorithm has aged since, proves nothing any more; it is no sign of an attack either.
    fn is_forged(&self) -> bool {
        use SignatureFault::{Expired, SignerUnusable, WeakAlgorithm};
        match &self.signature {
            SignatureVerdict::Invalid { reason } => {
                !matches!(reason, Expired | WeakAlgorithm | SignerUnusable(Unusable::Expired))
            }
            _ => false,
        }
    }

    fn is_suspicious(&self) -> bool {
        let is_signed_by_another = self.signature_coverage == Some(Coverage::All)
            && matches!(self.from, FromVerdict::OtherAddress(_) | FromVerdict::NotOneAddress);
        let has_misleading_name = self.notes.iter().any(|note| matches!(note, Reason::MisleadingName { .. }));
        self.is_forged()
            || matches!(self.encryption, EncryptionVerdict::Part(_))
            || is_signed_by_another
            || (has_misleading_name && self.is_authentic())
            || (self.headers.moves_from && !self.is_authentic())
    }

    fn is_protected(&self) -> bool {
        self.signature != SignatureVerdict::Unsigned || self.encryption != EncryptionVerdict::None
    }

    fn signature_reason(&self) -> Option<Reason> {
        match &self.signature {
            SignatureVerdict::Valid { .. } => None,
            SignatureVerdict::Unsigned => Some(Reason::NotSigned),
            SignatureVerdict::UnknownSigner { issuer } => {
                Some(Reason::UnknownSigner { issuer: issuer.clone() })
            }
            SignatureVerdict::Invalid { reason } => Some(Reason::InvalidSignature { reason: reason.clone() }),
        }
    }

    fn coverage_reason(&self) -> Option<Reason> {
        match self.signature_coverage? {
            Coverage::All => None,
            Coverage::Part => Some(Reason::PartlySigned),
            Coverage::Ciphertext => Some(Reason::SignedFromOutside),
        }
    }

    fn sender_reason(&self) -> Option<Reason> {
        match &self.from {
            FromVerdict::NotProven | FromVerdict::SpokenFor(_) => None,
            FromVerdict::OtherAddress(from) => Some(Reason::SignedByAnother { from: from.clone() }),
            FromVerdict::NotOneAddress => Some(Reason::NotOneFrom),
        }
    }

    fn encryption_reason(&self) -> Option<Reason> {
        match &self.encryption {
            EncryptionVerdict::None if self.headers.made_encrypted == Some(true) => Some(Reason::Decrypted),
            EncryptionVerdict::None => Some(Reason::NotEncrypted),
            EncryptionVerdict::Part(_) => Some(Reason::PartlyEncrypted),
            EncryptionVerdict::All(_) if self.headers.made_encrypted == Some(false) => {
                Some(Reason::EncryptedLater)
            }
            EncryptionVerdict::All(_) => None,
        }
    }
}

impl fmt::Display for VerdictLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Suspicious => "suspicious",
            Self::Plain => "plain",
            Self::Authentic => "authentic",
            Self::Encrypted => "encrypted",
            Self::Sealed => "sealed",
        })
    }
}
