//! The verdict on a message: what can be believed about it, and every reason why it is not more.

use std::time::SystemTime;

use postseal_message::{openpgp, pgpmime};
use serde::Serialize;
use tsify::Tsify;

use crate::time::as_optional_date;

/// What can be believed about a message: one for each message, and never better than what was proven.
#[derive(Debug, Clone, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// One word for what the message is worth.
    pub level: VerdictLevel,
    /// Why it is not worth more, and whatever else is worth knowing: every reason, the worst first.
    pub reasons: Vec<Note>,
    /// Whether it was encrypted, to whom, and how.
    pub encryption: EncryptionVerdict,
    /// Whether it was signed, and by which certificate.
    pub signature: SignatureVerdict,
    /// What the signature covers; undefined where there is no signature.
    #[tsify(optional)]
    pub signature_coverage: Option<Coverage>,
    /// Whether the certificate that signed speaks for the address in the From field.
    pub sender: SenderVerdict,
    /// Which header fields were protected together with the content.
    pub headers: HeaderVerdict,
}

/// One word for what a message is worth, in ascending order of trust.
#[derive(Debug, Clone, Copy, Serialize, Tsify)]
#[serde(rename_all = "kebab-case")]
pub enum VerdictLevel {
    /// It claims protection that it does not have.
    Suspicious,
    /// Nothing is proven.
    Plain,
    /// Signed by a certificate that speaks for the From address; readable by everyone.
    Authentic,
    /// Encrypted; its author is not proven.
    Encrypted,
    /// Both.
    Sealed,
}

/// A reason, or a repair: a name that is stable and the same in every language, and a sentence for people.
#[derive(Debug, Clone, Serialize, Tsify)]
pub struct Note {
    /// Its name, such as `not-signed`.
    pub id: String,
    /// A sentence for people.
    pub text: String,
}

/// How much of a message was encrypted.
#[derive(Debug, Clone, Serialize, Tsify)]
#[serde(tag = "covers", rename_all = "kebab-case")]
pub enum EncryptionVerdict {
    /// None of it.
    None,
    /// A part of it, and only that part is handed out.
    Part {
        /// To whom, and how.
        encryption: Encryption,
    },
    /// All of its content.
    All {
        /// To whom, and how.
        encryption: Encryption,
    },
}

/// To whom a message is encrypted, and how.
#[derive(Debug, Clone, Serialize, Tsify)]
pub struct Encryption {
    /// The keys that it names, by fingerprint or key ID. Hidden recipients and passphrases aren't named.
    pub recipients: Vec<String>,
    /// The cipher, such as `AES-256`.
    pub cipher: String,
    /// The mode of authenticated encryption, such as `OCB`; undefined where a modification detection code protects the message instead.
    #[tsify(optional)]
    pub aead: Option<String>,
}

/// Whether a message was signed. Unsigned is not forged, and an unknown key is neither.
#[derive(Debug, Clone, Serialize, Tsify)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum SignatureVerdict {
    /// It is not signed.
    Unsigned,
    /// What the coverage says is as the holder of this certificate signed it, and the certificate can be used.
    Valid {
        /// The fingerprint of the certificate.
        signer: String,
        /// The fingerprint of its key that made the signature.
        key: String,
        /// When it was made, as the signer says.
        #[serde(serialize_with = "as_optional_date")]
        #[tsify(optional, type = "Date")]
        made: Option<SystemTime>,
    },
    /// The certificate of the signer is not at hand.
    UnknownSigner {
        /// The key that the signature names, where it names one: nobody has proven it.
        #[tsify(optional)]
        issuer: Option<String>,
    },
    /// The signature is not good, or no longer. The message is worth no more than one without.
    Invalid {
        /// Names why not, such as `mismatch`: stable, and the same in every language.
        reason: String,
    },
}

/// What a signature covers.
#[derive(Debug, Clone, Copy, Serialize, Tsify)]
#[serde(rename_all = "kebab-case")]
pub enum Coverage {
    /// All of the content.
    All,
    /// Some of it.
    Part,
    /// The encrypted data, from outside: the signer need not have known what is in it.
    Ciphertext,
}

/// Whether the certificate that signed speaks for the address in the From field.
#[derive(Debug, Clone, Serialize, Tsify)]
#[serde(tag = "status", rename_all = "kebab-case")]
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

/// Which header fields of a message were protected together with its content.
#[derive(Debug, Clone, Serialize, Tsify)]
pub struct HeaderVerdict {
    /// The names of the fields that were inside the protection.
    pub protected: Vec<String>,
    /// The names of the fields that a reader acts on, but that come from outside: anyone on the way could change them.
    pub unprotected: Vec<String>,
    /// The fields that say something else inside than outside.
    pub differing: Vec<DifferingHeader>,
}

/// A header field that says something else inside the protection than outside.
#[derive(Debug, Clone, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
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

impl From<&pgpmime::Verdict> for Verdict {
    fn from(verdict: &pgpmime::Verdict) -> Self {
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

impl From<pgpmime::VerdictLevel> for VerdictLevel {
    fn from(level: pgpmime::VerdictLevel) -> Self {
        match level {
            pgpmime::VerdictLevel::Plain => Self::Plain,
            pgpmime::VerdictLevel::Authentic => Self::Authentic,
            pgpmime::VerdictLevel::Encrypted => Self::Encrypted,
            pgpmime::VerdictLevel::Sealed => Self::Sealed,
            // A level that is new in the core is not trusted before it is known here.
            _ => Self::Suspicious,
        }
    }
}

impl From<&pgpmime::Reason> for Note {
    fn from(reason: &pgpmime::Reason) -> Self {
        Self { id: reason.id().to_owned(), text: reason.to_string() }
    }
}

impl From<&pgpmime::Repair> for Note {
    fn from(repair: &pgpmime::Repair) -> Self {
        Self { id: repair.id().to_owned(), text: repair.to_string() }
    }
}

impl From<&pgpmime::EncryptionVerdict> for EncryptionVerdict {
    fn from(verdict: &pgpmime::EncryptionVerdict) -> Self {
        match verdict {
            pgpmime::EncryptionVerdict::Part(encryption) => Self::Part { encryption: encryption.into() },
            pgpmime::EncryptionVerdict::All(encryption) => Self::All { encryption: encryption.into() },
            _ => Self::None,
        }
    }
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

impl From<&pgpmime::SignatureVerdict> for SignatureVerdict {
    fn from(verdict: &pgpmime::SignatureVerdict) -> Self {
        match verdict {
            pgpmime::SignatureVerdict::Valid { signer, key, made } => {
                Self::Valid { signer: signer.to_string(), key: key.to_string(), made: *made }
            }
            pgpmime::SignatureVerdict::UnknownSigner { issuer } => {
                Self::UnknownSigner { issuer: issuer.as_ref().map(ToString::to_string) }
            }
            pgpmime::SignatureVerdict::Invalid { reason } => Self::Invalid { reason: reason.id().to_owned() },
            _ => Self::Unsigned,
        }
    }
}

impl From<pgpmime::Coverage> for Coverage {
    fn from(coverage: pgpmime::Coverage) -> Self {
        match coverage {
            pgpmime::Coverage::All => Self::All,
            pgpmime::Coverage::Ciphertext => Self::Ciphertext,
            _ => Self::Part,
        }
    }
}

impl From<&pgpmime::FromVerdict> for SenderVerdict {
    fn from(verdict: &pgpmime::FromVerdict) -> Self {
        match verdict {
            pgpmime::FromVerdict::SpokenFor(address) => Self::SpokenFor { address: address.to_string() },
            pgpmime::FromVerdict::OtherAddress(address) => {
                Self::OtherAddress { address: address.to_string() }
            }
            pgpmime::FromVerdict::NotOneAddress => Self::NotOneAddress,
            _ => Self::NotProven,
        }
    }
}

impl From<&pgpmime::HeaderVerdict> for HeaderVerdict {
    fn from(verdict: &pgpmime::HeaderVerdict) -> Self {
        Self {
            protected: verdict.protected.clone(),
            unprotected: verdict.unprotected.clone(),
            differing: verdict.differing.iter().map(Into::into).collect(),
        }
    }
}

impl From<&pgpmime::DifferingHeader> for DifferingHeader {
    fn from(header: &pgpmime::DifferingHeader) -> Self {
        Self {
            name: header.name.clone(),
            inside: header.protected.clone(),
            outside: header.outside.clone(),
            is_intended: header.is_intended,
        }
    }
}
