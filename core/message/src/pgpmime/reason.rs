use std::fmt;

use postseal_types::{Address, quoted};

use super::Repair;
use crate::openpgp::{KeyHandle, PgpError, SignatureFault};

/// Why a verdict is not better, or what else there is to know about a message. `Display` gives a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// There is no signature.
    NotSigned,
    /// The certificate of the signer is not at hand.
    UnknownSigner {
        /// The key that the signature names, where it names one.
        issuer: Option<KeyHandle>,
    },
    /// The signature is not good.
    InvalidSignature {
        /// Why not.
        reason: SignatureFault,
    },
    /// The signature covers a part of the message only.
    PartlySigned,
    /// The signature stands around the encrypted data, so the signer need not have known what is in it.
    SignedFromOutside,
    /// The certificate that signed does not speak for the From address.
    SignedByAnother {
        /// The From address.
        from: Address,
    },
    /// The From field does not hold exactly one address, or there isn't exactly one From field.
    NotOneFrom,
    /// The name in the From field is an address itself, and another one.
    MisleadingName {
        /// The name.
        name: String,
        /// The real address.
        address: Address,
    },
    /// The message was not encrypted.
    NotEncrypted,
    /// A part of the message was encrypted. The rest is not handed out.
    PartlyEncrypted,
    /// The message was not encrypted, but its sender says that it was: somebody has passed it on.
    Decrypted,
    /// The message was encrypted, but its sender says that it was not: somebody else may have done it, and know the content.
    EncryptedLater,
    /// These header fields were not protected: anyone on the way could change them.
    UnprotectedHeaders {
        /// Their names.
        names: Vec<String>,
    },
    /// A protected header field says something else than the one outside, and the sender doesn't say so.
    HeaderDiffers {
        /// Its name.
        name: String,
    },
    /// The message is signed or encrypted in a way that is not OpenPGP, such as S/MIME, which is not looked into: such a signature
    /// counts for nothing, good or bad.
    OtherProtocol {
        /// The `protocol` parameter, where there is one.
        protocol: Option<String>,
    },
    /// A part of the message, or a block of its text, is encrypted and can't be read; it is as it came.
    UnreadablePart {
        /// Why not.
        error: PgpError,
    },
    /// The message could be opened only after a repair.
    Repaired(Repair),
}

impl Reason {
    /// A name of the reason for programs, in kebab case. Unlike the sentences it is stable, and the same in every language.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        match self {
            Self::NotSigned => "not-signed",
            Self::UnknownSigner { .. } => "unknown-signer",
            Self::InvalidSignature { .. } => "invalid-signature",
            Self::PartlySigned => "partly-signed",
            Self::SignedFromOutside => "signed-from-outside",
            Self::SignedByAnother { .. } => "signed-by-another",
            Self::NotOneFrom => "not-one-from",
            Self::MisleadingName { .. } => "misleading-name",
            Self::NotEncrypted => "not-encrypted",
            Self::PartlyEncrypted => "partly-encrypted",
            Self::Decrypted => "decrypted",
            Self::EncryptedLater => "encrypted-later",
            Self::UnprotectedHeaders { .. } => "unprotected-headers",
            Self::HeaderDiffers { .. } => "header-differs",
            Self::OtherProtocol { .. } => "other-protocol",
            Self::UnreadablePart { .. } => "unreadable-part",
            Self::Repaired(_) => "repaired",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSigned => f.write_str("The message is not signed."),
            Self::UnknownSigner { issuer: Some(issuer) } => {
                write!(f, "The signature is by the key {issuer}, which is not known.")
            }
            Self::UnknownSigner { issuer: None } => f.write_str("The signature does not say by whom it is."),
            Self::InvalidSignature { reason } => write!(f, "The signature is not good: {}.", fault(reason)),
            Self::PartlySigned => f.write_str("Only a part of the message is signed."),
            Self::SignedFromOutside => {
                f.write_str("The signature is around the encrypted data: the signer may not have written it.")
            }
            Self::SignedByAnother { from } => write!(f, "The signer's certificate is not one of {from}."),
            Self::NotOneFrom => f.write_str("The message does not say that it is from exactly one address."),
            Self::MisleadingName { name, address } => {
                write!(f, "The sender's name is {}, but the address is {address}.", quoted(name))
            }
            Self::NotEncrypted => {
                f.write_str("The message was not encrypted: everyone on the way could read it.")
            }
            Self::PartlyEncrypted => {
                f.write_str("Only a part of the message was encrypted; the rest is left out.")
            }
            Self::Decrypted => {
                f.write_str("The sender had encrypted the message, but it came without: it was passed on.")
            }
            Self::EncryptedLater => f.write_str(
                "The sender had not encrypted the message: somebody else did, and knows what it says.",
            ),
            Self::UnprotectedHeaders { names } => {
                write!(f, "Everyone on the way could read and change these fields: {}.", names.join(", "))
            }
            Self::HeaderDiffers { name } => write!(f, "The {name} field outside says something else."),
            Self::OtherProtocol { protocol: Some(protocol) } => {
                write!(f, "The message is protected with {}, which is not looked into.", quoted(protocol))
            }
            Self::OtherProtocol { protocol: None } => {
                f.write_str("The message is protected in a way that it does not name.")
            }
            Self::UnreadablePart { error } => {
                write!(f, "An encrypted part of the message can't be read: {error}.")
            }
            Self::Repaired(repair) => write!(f, "The message was repaired: {repair}."),
        }
    }
}

fn fault(fault: &SignatureFault) -> String {
    match fault {
        SignatureFault::Mismatch => "the message was changed".to_owned(),
        SignatureFault::Malformed => "it is not well formed".to_owned(),
        SignatureFault::WeakAlgorithm => "it uses an algorithm that is too weak".to_owned(),
        SignatureFault::SignerUnusable(why) => format!("the certificate can't be used, {why}"),
        SignatureFault::NotASigningKey => "its key is not one that signs".to_owned(),
        SignatureFault::Expired => "it has expired".to_owned(),
        SignatureFault::MadeInFuture => "it says that it was made in the future".to_owned(),
        SignatureFault::NotIntendedForReader => "the message was meant for somebody else".to_owned(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::openpgp::Unusable;

    #[test]
    fn every_reason_is_a_sentence_for_people() {
        let from = Address::parse("alice@example.test").unwrap();
        let invalid = |reason| Reason::InvalidSignature { reason };
        for (reason, sentence) in [
            (Reason::NotSigned, "The message is not signed."),
            (
                Reason::UnknownSigner { issuer: Some("F231550C4F47E38E".parse().unwrap()) },
                "The signature is by the key F231550C4F47E38E, which is not known.",
            ),
            (invalid(SignatureFault::Mismatch), "The signature is not good: the message was changed."),
            (
                invalid(SignatureFault::SignerUnusable(Unusable::Revoked)),
                "The signature is not good: the certificate can't be used, it was revoked.",
            ),
            (
                Reason::SignedByAnother { from: from.clone() },
                "The signer's certificate is not one of alice@example.test.",
            ),
            (
                Reason::MisleadingName { name: "bob@example.test".to_owned(), address: from },
                "The sender's name is \"bob@example.test\", but the address is alice@example.test.",
            ),
            (
                Reason::UnprotectedHeaders { names: vec!["To".to_owned(), "Date".to_owned()] },
                "Everyone on the way could read and change these fields: To, Date.",
            ),
            (
                Reason::HeaderDiffers { name: "Subject".to_owned() },
                "The Subject field outside says something else.",
            ),
            (
                Reason::UnreadablePart { error: PgpError::Malformed { what: "expected a message" } },
                "An encrypted part of the message can't be read: malformed OpenPGP data: expected a message.",
            ),
            (
                Reason::Repaired(Repair::MixedUp),
                "The message was repaired: a mail server had taken its encryption wrapper apart.",
            ),
        ] {
            assert_eq!(reason.to_string(), sentence);
        }
    }
}
