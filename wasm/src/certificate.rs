//! Certificates, and what revokes them.

use std::time::SystemTime;

use postseal_message::openpgp;
use serde::Serialize;
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;

use crate::Failure;
use crate::failure::About;
use crate::time::{as_date, as_optional_date, time};
use crate::value::given;

/// A certificate: the public half of a key, with the user IDs that its holder gave it.
#[wasm_bindgen]
pub struct Certificate(pub(crate) openpgp::Certificate);

/// What a certificate says at a point in time.
#[derive(Debug, Clone, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct CertificateInfo {
    /// The fingerprint of the primary key, which is the name of the certificate.
    pub fingerprint: String,
    /// The version of the key: 4 or 6.
    pub version: u8,
    /// The fingerprints of all its keys, the primary one first.
    pub key_fingerprints: Vec<String>,
    /// The user IDs that are bound and not revoked, the primary one first.
    pub user_ids: Vec<UserId>,
    /// The algorithms of its keys in words, as in `Ed25519, X25519`.
    pub algorithms: String,
    /// When the primary key was made.
    #[serde(serialize_with = "as_date")]
    #[tsify(type = "Date")]
    pub created: SystemTime,
    /// When it expires; undefined for never.
    #[serde(serialize_with = "as_optional_date")]
    #[tsify(optional, type = "Date")]
    pub expires: Option<SystemTime>,
    /// Whether its holder has revoked it, as far as the signatures that are in it say.
    pub is_revoked: bool,
    /// Why it can't be used for anything, in words; undefined where it can be used.
    #[tsify(optional)]
    pub unusable: Option<String>,
    /// Whether one can encrypt to it.
    pub can_encrypt: bool,
    /// Whether it has a key that can make signatures. The secret part is another matter.
    pub can_sign: bool,
}

/// Who a certificate says it belongs to. It is a claim by the holder of the key, no more.
#[derive(Debug, Clone, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct UserId {
    /// The whole text.
    pub text: String,
    /// The name in it, where there is one.
    #[tsify(optional)]
    pub name: Option<String>,
    /// The address in it, where there is exactly one.
    #[tsify(optional)]
    pub address: Option<String>,
}

#[wasm_bindgen]
impl Certificate {
    /// Reads all certificates in `data`, armored (one block or several) or binary. Secret key material in it is dropped.
    ///
    /// # Errors
    ///
    /// `malformed` when not one could be read; `limit-exceeded` past 16 MiB.
    #[wasm_bindgen(js_name = importAll)]
    pub fn import_all(data: &[u8]) -> Result<Vec<Self>, Failure> {
        Ok(openpgp::Certificate::import_all(data)?.into_iter().map(Self).collect())
    }

    /// The certificate in binary form.
    #[must_use]
    pub fn export(&self) -> Vec<u8> {
        self.0.export()
    }

    /// The certificate with ASCII armor.
    #[wasm_bindgen(js_name = exportArmored)]
    #[must_use]
    pub fn export_armored(&self) -> String {
        self.0.export_armored()
    }

    /// What it says at `now`.
    ///
    /// # Errors
    ///
    /// `invalid-input` where `now` is no time.
    pub fn info(&self, now: f64) -> Result<Ts<CertificateInfo>, Failure> {
        let (certificate, now) = (&self.0, time(now)?);
        given(CertificateInfo {
            fingerprint: certificate.fingerprint().to_string(),
            version: certificate.fingerprint().version(),
            key_fingerprints: certificate.key_fingerprints().map(|key| key.to_string()).collect(),
            user_ids: certificate.user_ids(now).iter().map(Into::into).collect(),
            algorithms: certificate.algorithms(),
            created: certificate.created(),
            expires: certificate.expires(now),
            is_revoked: certificate.is_revoked(now),
            unusable: certificate.check(now).err().map(|reason| reason.to_string()),
            can_encrypt: certificate.can_encrypt(now),
            can_sign: certificate.can_sign(now),
        })
    }

    /// Whether one of its user IDs has this address (the case of ASCII letters doesn't matter).
    ///
    /// # Errors
    ///
    /// `invalid-input` where it is no address.
    #[wasm_bindgen(js_name = speaksFor)]
    pub fn speaks_for(&self, address: &str, now: f64) -> Result<bool, Failure> {
        let address = postseal_types::Address::parse(address).about("address")?;
        Ok(self.0.speaks_for(&address, time(now)?))
    }

    /// This certificate with everything that `other`, another version of it, knows.
    ///
    /// # Errors
    ///
    /// `malformed` when `other` is another certificate.
    pub fn merge(&self, other: &Self) -> Result<Self, Failure> {
        Ok(Self(self.0.clone().merge(other.0.clone())?))
    }

    /// This certificate, revoked by a revocation certificate, armored or binary.
    ///
    /// # Errors
    ///
    /// `malformed` when the revocation belongs to another certificate, or is not valid.
    pub fn revoke(&self, revocation: &[u8]) -> Result<Self, Failure> {
        let revocation = openpgp::RevocationCertificate::import(revocation)?;
        Ok(Self(self.0.clone().revoke(&revocation)?))
    }
}

impl From<&openpgp::UserId> for UserId {
    fn from(user_id: &openpgp::UserId) -> Self {
        Self {
            text: user_id.as_str().to_owned(),
            name: user_id.name(),
            address: user_id.address().map(|address| address.to_string()),
        }
    }
}
