//! The verdict on a message: what can be believed about it, and every reason why it is not more.

use postseal::message::{openpgp, pgpmime as core};

use crate::numbers::Timestamp;

/// What can be believed about a message: one for each message, and never better than what was proven.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Verdict {
    /// One word for what the message is worth.
    pub level: VerdictLevel,
    /// Why it is not worth more, and whatever else is worth knowing: every reason, the worst first.
    pub reasons: Vec<Reason>,
    /// Whether it was encrypted, to whom, and how.
    pub encryption: EncryptionVerdict,
    /// Whether it was signed, and by which certificate.
    pub signature: SignatureVerdict,
    /// What the signature covers; none where there is no signature.
    pub signature_coverage: Option<Coverage>,
    /// Whether the certificate that signed speaks for the address in the From field.
    pub sender: SenderVerdict,
    /// Which header fields were protected together with the content.
    pub headers: HeaderVerdict,
}

impl From<&core::Verdict> for Verdict {
    fn from(verdict: &core::Verdict) -> Self {
        Self {
            level: verdict.level().into(),
            reasons: verdict.reasons().iter().map(Into::into).collect(),
            encryption: (&verdict.encryption).into(),
            signature: (&verdict.signature).into(),
            signature_coverage: verdict.signature_coverage.map(Into::into),
            sender: (&verdict.from).into(),
            headers: (&verdict.headers).into(),
        }
    }
}

/// One word for what a message is worth, in ascending order of trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, uniffi::Enum)]
pub enum VerdictLevel {
    /// It claims protection that it does not have.
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

impl From<core::VerdictLevel> for VerdictLevel {
    fn from(level: core::VerdictLevel) -> Self {
        match level {
            core::VerdictLevel::Plain => Self::Plain,
            core::VerdictLevel::Authentic => Self::Authentic,
            core::VerdictLevel::Encrypted => Self::Encrypted,
            core::VerdictLevel::Sealed => Self::Sealed,
            // A level that is new in the core is not trusted before it is known here.
            _ => Self::Suspicious,
        }
    }
}

/// Why a verdict is not better, or what else there is to know.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Reason {
    /// Names the reason, such as `not-signed`: stable, and the same in every language.
    pub id: String,
    /// A sentence for people.
    pub text: String,
}

impl From<&core::Reason> for Reason {
    fn from(reason: &core::Reason) -> Self {
        Self { id: reason.id().to_owned(), text: reason.to_string() }
    }
}

/// What was put right before a message could be opened.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Repair {
    /// Names the repair, such as `line-ends`: stable, and the same in every language.
    pub id: String,
    /// A sentence for people.
    pub text: String,
}

impl From<&core::Repair> for Repair {
    fn from(repair: &core::Repair) -> Self {
        Self { id: repair.id().to_owned(), text: repair.to_string() }
    }
}

/// Whether a message was encrypted.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum EncryptionVerdict {
    /// None of it was.
    NotEncrypted,
    /// A part of it was. Only that part is handed out.
    Part {
        /// To whom, and how.
        encryption: Encryption,
    },
    /// All of its content was.
    All {
        /// To whom, and how.
        encryption: Encryption,
    },
}

impl From<&core::EncryptionVerdict> for EncryptionVerdict {
    fn from(verdict: &core::EncryptionVerdict) -> Self {
        match verdict {
            core::EncryptionVerdict::Part(encryption) => Self::Part { encryption: encryption.into() },
            core::EncryptionVerdict::All(encryption) => Self::All { encryption: encryption.into() },
            _ => Self::NotEncrypted,
        }
    }
}

/// To whom a message is encrypted, and how.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Encryption {
    /// The keys that it names, by fingerprint or key ID. Hidden recipients and passphrases aren't named.
    pub recipients: Vec<String>,
    /// The cipher, such as `AES-256`.
    pub cipher: String,
    /// The mode of authenticated encryption, such as `OCB`; none where a modification detection code protects the message instead.
    pub aead: Option<String>,
}

impl From<&openpgp::Encryption> for Encryption {
    fn from(encryption: &openpgp::Encryption) -> Self {
        Self {
            recipients: encryption.recipients.iter().map(ToString::to_string).collect(),
            cipher: encryption.cipher.clone(),
            aead: encryption.aead.clone(),
        }
    }
}

/// Whether a message was signed. Unsigned is not forged, and an unknown key is neither.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum SignatureVerdict {
    /// There is no signature.
    Unsigned,
    /// What the coverage says is as the holder of this certificate signed it, and the certificate can be used.
    Valid {
        /// The fingerprint of the certificate.
        signer: String,
        /// The fingerprint of its key that made the signature.
        key: String,
        /// When it was made, as the signer says.
        made: Option<Timestamp>,
    },
    /// The certificate of the signer is not at hand.
    UnknownSigner {
        /// The key that the signature names, where it names one: nobody has proven it.
        issuer: Option<String>,
    },
    /// The signature is not good, or no longer. The message is worth no more than one without.
    Invalid {
        /// Names why not, such as `mismatch`: stable, and the same in every language.
        reason: String,
    },
}

impl From<&core::SignatureVerdict> for SignatureVerdict {
    fn from(verdict: &core::SignatureVerdict) -> Self {
        match verdict {
            core::SignatureVerdict::Valid { signer, key, made } => {
                Self::Valid { signer: signer.to_string(), key: key.to_string(), made: made.map(Into::into) }
            }
            core::SignatureVerdict::UnknownSigner { issuer } => {
                Self::UnknownSigner { issuer: issuer.as_ref().map(ToString::to_string) }
            }
            core::SignatureVerdict::Invalid { reason } => Self::Invalid { reason: reason.id().to_owned() },
            _ => Self::Unsigned,
        }
    }
}

/// What a signature covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Coverage {
    /// All of the content.
    All,
    /// Some of it; what is shown beside it is not signed.
    Part,
    /// The encrypted data, from outside: the signer need not have known what is in it.
    Ciphertext,
}

impl From<core::Coverage> for Coverage {
    fn from(coverage: core::Coverage) -> Self {
        match coverage {
            core::Coverage::All => Self::All,
            core::Coverage::Ciphertext => Self::Ciphertext,
            _ => Self::Part,
        }
    }
}

/// Whether the certificate that signed speaks for the address in the From field.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum SenderVerdict {
    /// There is no valid signature, so nobody does.
    NotProven,
    /// It has a user ID with this address, the only one in the From field.
    SpokenFor {
        /// The address.
        address: String,
    },
    /// It has none with this address, the only one in the From field.
    OtherAddress {
        /// The address.
        address: String,
    },
    /// The From field does not hold exactly one address, or there isn't exactly one From field.
    NotOneAddress,
}

impl From<&core::FromVerdict> for SenderVerdict {
    fn from(verdict: &core::FromVerdict) -> Self {
        match verdict {
            core::FromVerdict::SpokenFor(address) => Self::SpokenFor { address: address.to_string() },
            core::FromVerdict::OtherAddress(address) => Self::OtherAddress { address: address.to_string() },
            core::FromVerdict::NotOneAddress => Self::NotOneAddress,
            _ => Self::NotProven,
        }
    }
}

/// Which header fields of a message were protected together with its content.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct HeaderVerdict {
    /// The names of the fields that were inside the protection.
    pub protected: Vec<String>,
    /// The names of the fields that a reader acts on, but that come from outside: anyone on the way could change them.
    pub unprotected: Vec<String>,
    /// The fields that say something else inside than outside.
    pub differing: Vec<DifferingHeader>,
}

impl From<&core::HeaderVerdict> for HeaderVerdict {
    fn from(verdict: &core::HeaderVerdict) -> Self {
        Self {
            protected: verdict.protected.clone(),
            unprotected: verdict.unprotected.clone(),
            differing: verdict.differing.iter().map(Into::into).collect(),
        }
    }
}

/// A header field that says something else inside the protection than outside.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct DifferingHeader {
    /// The name.
    pub name: String,
    /// What it says inside.
    pub inside: String,
    /// What it says outside.
    pub outside: String,
    /// Whether the sender wanted it so: an encrypted message has a stand-in for the subject outside.
    pub is_intended: bool,
}

impl From<&core::DifferingHeader> for DifferingHeader {
    fn from(header: &core::DifferingHeader) -> Self {
        Self {
            name: header.name.clone(),
            inside: header.protected.clone(),
            outside: header.outside.clone(),
            is_intended: header.is_intended,
        }
    }
}
