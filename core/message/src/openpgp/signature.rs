use std::time::SystemTime;

use openpgp::cert::amalgamation::{ValidAmalgamation, ValidateAmalgamation};
use openpgp::packet::Signature;
use openpgp::parse::stream::{GoodChecksum, VerificationError, VerificationResult};
use openpgp::policy::Policy;
use openpgp::types::{RevocationStatus, SignatureType};
use sequoia_openpgp as openpgp;

use super::policy::usable;
use super::{Fingerprint, KeyHandle, Unusable};

/// One signature on a message, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignatureResult {
    /// Whether it is good, bad, or can't be checked.
    pub status: SignatureStatus,
    /// The key that the signature names as its maker: a claim, unless the status is [`SignatureStatus::Good`].
    pub issuer: Option<KeyHandle>,
    /// When it was made, as its maker says.
    pub made: Option<SystemTime>,
    /// The hash algorithm, such as `SHA512`; `None` for a signature that could not be read.
    pub hash: Option<String>,
    /// Whether it is over text, whose lines may end in any way: a CR alone ends one there, too, and nowhere in mail.
    pub(crate) is_text: bool,
}

impl SignatureResult {
    /// Takes a good signature over text for one over something else, where the data has a CR that ends no line of mail: who changed that may
    /// have changed where the lines end.
    pub(super) fn distrust(&mut self) {
        if self.is_text && matches!(self.status, SignatureStatus::Good { .. }) {
            self.status = SignatureStatus::Bad(SignatureFault::Mismatch);
        }
    }
}

/// What became of one signature.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureStatus {
    /// The data is what was signed, by a key of a certificate that is at hand and can be used now.
    Good {
        /// The certificate.
        certificate: Fingerprint,
        /// The key of it that made the signature.
        key: Fingerprint,
    },
    /// The certificate of the signer is not at hand, so nothing can be said.
    UnknownSigner,
    /// The signature is not good.
    Bad(SignatureFault),
}

/// Why a signature is not good.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignatureFault {
    /// The data was changed, or the signature was made over something else.
    Mismatch,
    /// The signature can't be read, or lacks what it must have.
    Malformed,
    /// The signature or a key behind it uses an algorithm that is too weak at this time.
    WeakAlgorithm,
    /// The certificate of the signer can't be used: it had expired when the signature was made or has since, or was revoked.
    SignerUnusable(Unusable),
    /// The key is in the certificate, but not as one that signs messages.
    NotASigningKey,
    /// The signature says that it is no longer valid.
    Expired,
    /// The signature says that it was made later than now.
    MadeInFuture,
    /// The signature names whom the message is for, and the reader is not among them: someone passed it on.
    NotIntendedForReader,
}

impl SignatureFault {
    /// A name of the fault for programs, in kebab case: stable, and the same in every language.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        match self {
            Self::Mismatch => "mismatch",
            Self::Malformed => "malformed",
            Self::WeakAlgorithm => "weak-algorithm",
            Self::SignerUnusable(_) => "signer-unusable",
            Self::NotASigningKey => "not-a-signing-key",
            Self::Expired => "expired",
            Self::MadeInFuture => "made-in-future",
            Self::NotIntendedForReader => "not-intended-for-reader",
        }
    }
}

/// What the library found about one signature, in our words; `now` is the time at which the signer must (still) be usable, and `readers` who
/// may have decrypted it, where the library doesn't know.
pub(super) fn judge(
    result: &VerificationResult<'_>,
    policy: &dyn Policy,
    now: SystemTime,
    readers: &[Fingerprint],
) -> SignatureResult {
    let (signature, status) = match result {
        Ok(GoodChecksum { sig, .. }) if !is_meant_for(sig, readers) => {
            (Some(*sig), SignatureStatus::Bad(SignatureFault::NotIntendedForReader))
        }
        Ok(GoodChecksum { sig, ka }) => (Some(*sig), usable_now(ka, policy, now)),
        Err(VerificationError::MissingKey { sig }) => (Some(*sig), SignatureStatus::UnknownSigner),
        Err(VerificationError::UnboundKey { sig, error, .. }) => (Some(*sig), unbound(error)),
        Err(VerificationError::BadKey { sig, ka, .. }) => (Some(*sig), SignatureStatus::Bad(bad_key(ka))),
        Err(VerificationError::BadSignature { sig, error, .. }) => {
            (Some(*sig), SignatureStatus::Bad(bad_signature(error)))
        }
        Err(VerificationError::MalformedSignature { sig, .. }) => {
            (Some(*sig), SignatureStatus::Bad(SignatureFault::Malformed))
        }
        Err(_) => (None, SignatureStatus::Bad(SignatureFault::Malformed)),
    };
    SignatureResult {
        status,
        issuer: signature.and_then(|s| s.get_issuers().iter().filter_map(KeyHandle::from_sequoia).next()),
        made: signature.and_then(|s| s.signature_creation_time()),
        hash: signature.map(|s| s.hash_algo().to_string()),
        is_text: signature.is_some_and(|s| s.typ() == SignatureType::Text),
    }
}

/// Whether a signature names one of `readers` where it names anyone, and it is known who reads.
fn is_meant_for(signature: &Signature, readers: &[Fingerprint]) -> bool {
    let mut named = signature.intended_recipients().peekable();
    let is_reader =
        |recipient| Fingerprint::from_sequoia(recipient).is_some_and(|name| readers.contains(&name));
    named.peek().is_none() || readers.is_empty() || named.any(is_reader)
}

type SignerKey<'a> =
    openpgp::cert::amalgamation::key::ValidErasedKeyAmalgamation<'a, openpgp::packet::key::PublicParts>;

/// A checksum that is good for the time at which the signature says it was made. That time is the signer's own word, so
/// whoever has a key that expired or was revoked could date a signature back: the certificate and the key must be usable now, too.
fn usable_now(key: &SignerKey<'_>, policy: &dyn Policy, now: SystemTime) -> SignatureStatus {
    let bad = |reason| SignatureStatus::Bad(SignatureFault::SignerUnusable(reason));
    let Ok(valid) = key.cert().with_policy(policy, now) else { return bad(Unusable::Invalid) };
    if let Err(reason) = usable(&valid) {
        return bad(reason);
    }
    match key.amalgamation().clone().with_policy(policy, now) {
        Ok(key) if matches!(key.revocation_status(), RevocationStatus::Revoked(_)) => {
            return bad(Unusable::Revoked);
        }
        Ok(key) if key.alive().is_err() => return bad(Unusable::Expired),
        Ok(key) if !key.for_signing() => return SignatureStatus::Bad(SignatureFault::NotASigningKey),
        Ok(_) => {}
        Err(_) => return bad(Unusable::Invalid),
    }
    let fingerprints = (
        Fingerprint::from_sequoia(&key.cert().fingerprint()),
        Fingerprint::from_sequoia(&key.key().fingerprint()),
    );
    match fingerprints {
        (Some(certificate), Some(key)) => SignatureStatus::Good { certificate, key },
        _ => bad(Unusable::Invalid),
    }
}

fn unbound(error: &openpgp::anyhow::Error) -> SignatureStatus {
    let weak = matches!(error.downcast_ref(), Some(openpgp::Error::PolicyViolation(..)));
    SignatureStatus::Bad(if weak {
        SignatureFault::WeakAlgorithm
    } else {
        SignatureFault::SignerUnusable(Unusable::Invalid)
    })
}

fn bad_key(key: &SignerKey<'_>) -> SignatureFault {
    let revoked = |status| matches!(status, RevocationStatus::Revoked(_));
    if let Err(reason) = usable(key.valid_cert()) {
        SignatureFault::SignerUnusable(reason)
    } else if revoked(key.revocation_status()) {
        SignatureFault::SignerUnusable(Unusable::Revoked)
    } else if key.alive().is_err() {
        SignatureFault::SignerUnusable(Unusable::Expired)
    } else {
        SignatureFault::NotASigningKey
    }
}

fn bad_signature(error: &openpgp::anyhow::Error) -> SignatureFault {
    match error.downcast_ref() {
        Some(openpgp::Error::PolicyViolation(..)) => SignatureFault::WeakAlgorithm,
        Some(openpgp::Error::Expired(_)) => SignatureFault::Expired,
        Some(openpgp::Error::NotYetLive(_)) => SignatureFault::MadeInFuture,
        Some(openpgp::Error::BadSignature(text)) if text == "Not an intended recipient" => {
            SignatureFault::NotIntendedForReader
        }
        _ => SignatureFault::Mismatch,
    }
}
