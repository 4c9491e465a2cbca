use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use openpgp::Cert;
use openpgp::armor::Kind;
use openpgp::cert::Preferences;
use openpgp::cert::ValidCert;
use openpgp::cert::amalgamation::key::ValidErasedKeyAmalgamation;
use openpgp::cert::amalgamation::{ValidAmalgamation, ValidateAmalgamation};
use openpgp::crypto::SessionKey;
use openpgp::packet::key::{PublicParts, UnspecifiedRole};
use openpgp::packet::pkesk::{PKESK3, PKESK6};
use openpgp::packet::{Key, PKESK};
use openpgp::policy::StandardPolicy;
use openpgp::serialize::Serialize;
use openpgp::types::{Features, RevocationStatus, SymmetricAlgorithm};
use postseal_types::Address;
use sequoia_openpgp as openpgp;

use super::armor::{self, read_certs};
use super::policy::{has_its_curve, policy, usable};
use super::user_id::same_mailbox;
use super::{Fingerprint, PgpError, PgpLimits, RevocationCertificate, Unusable, UserId};

/// A certificate: the public keys of one holder, with user IDs and the signatures that bind them (RFC 9580, section 10.1).
///
/// Never holds secret key material; [`SecretKey`](super::SecretKey) does. What it can be used for depends on the time, so each
/// question takes `now`.
///
/// A clone is the same certificate in memory.
#[derive(Clone, PartialEq)]
pub struct Certificate(Arc<Parts>);

#[derive(Clone, PartialEq)]
struct Parts {
    cert: Cert,
    fingerprint: Fingerprint,
    /// The user IDs with an address, bound or not: to find the addresses anew for each question would cost more than to answer it.
    addresses: Vec<(UserId, Address)>,
}

impl Certificate {
    /// Reads one certificate, armored or binary. Secret key material in it is dropped.
    ///
    /// # Errors
    ///
    /// [`PgpError::Malformed`] when there is none, more than one, or something else; [`PgpError::LimitExceeded`] past
    /// [`PgpLimits::KEY_DATA`], [`PgpLimits::KEY_SIGNATURES`], [`PgpLimits::KEY_COMPONENTS`] and [`PgpLimits::KEY_PLACES`], and for numbers that
    /// are longer than those of any key in use.
    pub fn import(data: &[u8]) -> Result<Self, PgpError> {
        match Self::import_all(data)?.as_slice() {
            [one] => Ok(one.clone()),
            _ => Err(PgpError::Malformed { what: "expected exactly one certificate" }),
        }
    }

    /// Reads all certificates in `data`, armored (one block or several) or binary.
    ///
    /// A certificate of a version that this build doesn't know is left out, as other programs do, and so is one that is past a limit.
    ///
    /// # Errors
    ///
    /// As for [`Certificate::import`]; it is [`PgpError::Malformed`] when not one could be read.
    pub fn import_all(data: &[u8]) -> Result<Vec<Self>, PgpError> {
        read_certs(data)?.into_iter().map(|cert| Self::from_cert(cert.strip_secret_key_material())).collect()
    }

    /// The certificate in binary form.
    ///
    /// Signatures that are marked as local (RFC 9580, section 5.2.3.19) are left out, and what has no other signature with them. A
    /// certificate of which nothing would be left is written whole: this is also the form in which an app keeps it.
    #[must_use]
    pub fn export(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // Writing to memory can't fail, and what can't be written was left out when it was read.
        _ = if self.cert().exportable() {
            self.cert().export(&mut bytes)
        } else {
            self.cert().serialize(&mut bytes)
        };
        bytes
    }

    /// The certificate with ASCII armor (RFC 9580, section 6): text that can go into a message or a file.
    #[must_use]
    pub fn export_armored(&self) -> String {
        armor::enarmor(Kind::PublicKey, &self.export())
    }

    /// The fingerprint of the primary key, which is the name of the certificate.
    #[must_use]
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.0.fingerprint
    }

    /// The fingerprints of all its keys, the primary one first.
    pub fn key_fingerprints(&self) -> impl Iterator<Item = Fingerprint> + '_ {
        self.cert().keys().filter_map(|key| Fingerprint::from_sequoia(&key.key().fingerprint()))
    }

    /// When the primary key was made.
    #[must_use]
    pub fn created(&self) -> SystemTime {
        self.cert().primary_key().key().creation_time()
    }

    /// When it expires, as its self-signatures say at `now`; `None` for never.
    #[must_use]
    pub fn expires(&self, now: SystemTime) -> Option<SystemTime> {
        let policy = policy(now);
        let valid = self.cert().with_policy(&policy, now).ok()?;
        valid.primary_key().key_expiration_time()
    }

    /// Whether its holder has revoked it, as far as the signatures that we have say.
    #[must_use]
    pub fn is_revoked(&self, now: SystemTime) -> bool {
        matches!(self.cert().revocation_status(&policy(now), now), RevocationStatus::Revoked(_))
    }

    /// Whether it can be used at `now`, and if not, why.
    ///
    /// # Errors
    ///
    /// The reason why it can't be used, for anything.
    pub fn check(&self, now: SystemTime) -> Result<(), Unusable> {
        let policy = policy(now);
        let valid = self.cert().with_policy(&policy, now).map_err(|_| self.invalid(&policy, now))?;
        usable(&valid)
    }

    /// The user IDs that are bound and not revoked at `now`, the primary one first.
    #[must_use]
    pub fn user_ids(&self, now: SystemTime) -> Vec<UserId> {
        let policy = policy(now);
        let Ok(valid) = self.cert().with_policy(&policy, now) else { return Vec::new() };
        let mut ids: Vec<UserId> = bound(&valid).collect();
        if let Ok(primary) = valid.primary_userid().map(|id| UserId::from_sequoia(id.userid())) {
            ids.sort_by_key(|id| *id != primary);
        }
        ids
    }

    /// Whether one of its user IDs at `now` has this address (the case of ASCII letters doesn't matter).
    #[must_use]
    pub fn speaks_for(&self, address: &Address, now: SystemTime) -> bool {
        let naming: Vec<_> = self.0.addresses.iter().filter(|(_, own)| same_mailbox(own, address)).collect();
        // Whether a user ID is bound costs a verification, so the certificates that don't even name the address go first.
        if naming.is_empty() {
            return false;
        }
        let policy = policy(now);
        let Ok(valid) = self.cert().with_policy(&policy, now) else { return false };
        bound(&valid).any(|id| naming.iter().any(|(named, _)| *named == id))
    }

    /// The algorithms of its keys in words, as in `EdDSA, ECDH` or `Ed25519, X25519`.
    #[must_use]
    pub fn algorithms(&self) -> String {
        let mut names: Vec<String> = Vec::new();
        for key in self.cert().keys() {
            let name = key.key().pk_algo().to_string();
            let bits = key.key().mpis().bits().filter(|_| name.starts_with("RSA"));
            let name = bits.map_or(name.clone(), |bits| format!("{name}-{bits}"));
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.join(", ")
    }

    /// Whether one can encrypt to it at `now`.
    #[must_use]
    pub fn can_encrypt(&self, now: SystemTime) -> bool {
        let policy = policy(now);
        self.encryption_keys(&policy, now).is_ok()
    }

    /// Whether it has a key that can make signatures at `now`. The secret part is another matter.
    #[must_use]
    pub fn can_sign(&self, now: SystemTime) -> bool {
        let policy = policy(now);
        self.signing_key(&policy, now).is_ok()
    }

    /// This certificate with everything that `other`, another version of it, knows: new user IDs, subkeys, expiry, revocations.
    ///
    /// # Errors
    ///
    /// [`PgpError::Malformed`] when `other` is another certificate; [`PgpError::LimitExceeded`] when both together have more than one may have.
    pub fn merge(self, other: Self) -> Result<Self, PgpError> {
        if Arc::ptr_eq(&self.0, &other.0) {
            return Ok(self);
        }
        let [one, other] = [self, other].map(|certificate| Arc::unwrap_or_clone(certificate.0).cert);
        one.merge_public(other)
            .map_err(|_| PgpError::Malformed { what: "expected another version of the same certificate" })
            .and_then(|merged| {
                // Once it is stored it has to be read again.
                let mut bytes = Vec::new();
                _ = merged.serialize(&mut bytes);
                read_certs(&bytes)?;
                Self::from_cert(merged)
            })
    }

    /// This certificate, revoked by `revocation`.
    ///
    /// # Errors
    ///
    /// [`PgpError::Malformed`] when the revocation belongs to another certificate, or is not valid.
    pub fn revoke(self, revocation: &RevocationCertificate) -> Result<Self, PgpError> {
        const OTHER: PgpError = PgpError::Malformed { what: "expected a revocation of this certificate" };
        if !revocation.belongs_to(self.cert()) {
            return Err(OTHER);
        }
        let key = self.cert().primary_key().key().clone();
        let revoked = Cert::from_packets([key.into(), revocation.signature().clone().into()].into_iter());
        let cert =
            revoked.and_then(|revoked| self.cert().clone().merge_public(revoked)).map_err(|_| OTHER)?;
        Self::from_cert(cert)
    }

    pub(super) fn from_cert(cert: Cert) -> Result<Self, PgpError> {
        let fingerprint = Fingerprint::from_sequoia(&cert.fingerprint())
            .ok_or_else(|| PgpError::Unsupported { what: "keys of this version".to_owned() })?;
        let user_ids = cert.userids().map(|id| UserId::from_sequoia(id.userid()));
        let addresses = user_ids.filter_map(|id| id.address().map(|address| (id, address))).collect();
        Ok(Self(Arc::new(Parts { cert, fingerprint, addresses })))
    }

    pub(super) fn cert(&self) -> &Cert {
        &self.0.cert
    }

    /// The certificate as it stands at `now`, where it can be used at all.
    fn valid<'a>(
        &'a self,
        policy: &'a StandardPolicy<'a>,
        now: SystemTime,
    ) -> Result<ValidCert<'a>, Unusable> {
        let valid = self.cert().with_policy(policy, now).map_err(|_| self.invalid(policy, now))?;
        usable(&valid)?;
        Ok(valid)
    }

    /// The keys to encrypt to, all of them: which one the holder still has at hand can't be known.
    pub(super) fn encryption_keys(
        &self,
        policy: &StandardPolicy<'_>,
        now: SystemTime,
    ) -> Result<Vec<EncryptionKey>, Unusable> {
        self.valid(policy, now)?;
        // Whether a key is bound takes longest to say, so those that can't be encrypted to go first.
        let keys: Vec<_> = self
            .cert()
            .keys()
            .filter(|key| key.key().pk_algo().for_encryption() && key.key().pk_algo().is_supported())
            .filter_map(|key| key.with_policy(policy, now).ok())
            .filter(|key| key.for_transport_encryption() || key.for_storage_encryption())
            .filter(|key| !matches!(key.revocation_status(), RevocationStatus::Revoked(_)))
            .filter(|key| key.alive().is_ok() && has_its_curve(key.key()))
            .map(|key| EncryptionKey::new(&key))
            .collect();
        if keys.is_empty() { Err(Unusable::NoSuitableKey) } else { Ok(keys) }
    }

    fn signing_key<'a>(
        &'a self,
        policy: &'a StandardPolicy<'a>,
        now: SystemTime,
    ) -> Result<ValidErasedKeyAmalgamation<'a, PublicParts>, Unusable> {
        let mut keys = self.valid(policy, now)?.keys().supported().alive().revoked(false).for_signing();
        keys.find(|key| has_its_curve(key.key())).ok_or(Unusable::NoSuitableKey)
    }

    /// Why there is no valid view of this certificate at `now`.
    fn invalid(&self, policy: &StandardPolicy<'_>, now: SystemTime) -> Unusable {
        if matches!(self.cert().revocation_status(policy, now), RevocationStatus::Revoked(_)) {
            Unusable::Revoked
        } else if self.created() > now {
            Unusable::NotYetValid
        } else {
            Unusable::Invalid
        }
    }
}

/// A key to encrypt to, with what its certificate says of how.
#[derive(Debug, Clone)]
pub(crate) struct EncryptionKey {
    key: Key<PublicParts, UnspecifiedRole>,
    /// By which, or by whose key ID, a message names it.
    fingerprint: openpgp::Fingerprint,
    features: Features,
}

impl EncryptionKey {
    fn new(key: &ValidErasedKeyAmalgamation<'_, PublicParts>) -> Self {
        let features = key.valid_cert().features().unwrap_or_else(Features::empty);
        // The key remembers it from here on, and so does its copy, which is asked for it again while it encrypts.
        let fingerprint = key.key().fingerprint();
        Self { key: key.key().clone(), fingerprint, features }
    }

    /// Whether its holder reads the newer kind of message.
    pub(super) fn reads_seipdv2(&self) -> bool {
        self.features.supports_seipdv2()
    }

    /// A session key for the older kind of message, which names this key by its key ID.
    pub(super) fn wrap_v3(
        &self,
        cipher: SymmetricAlgorithm,
        session_key: &SessionKey,
    ) -> openpgp::Result<PKESK> {
        let mut packet = PKESK3::for_recipient(cipher, session_key, &self.key)?;
        packet.set_recipient(Some((&self.fingerprint).into()));
        Ok(packet.into())
    }

    /// A session key for the newer kind of message, which names this key by its fingerprint: a key ID has no place there (RFC 9580,
    /// section 5.1).
    pub(super) fn wrap_v6(&self, session_key: &SessionKey) -> openpgp::Result<PKESK> {
        let mut packet = PKESK6::for_recipient(session_key, &self.key)?;
        packet.set_recipient(Some(self.fingerprint.clone()));
        Ok(packet.into())
    }
}

/// The user IDs that are bound and not revoked.
fn bound<'a>(valid: &'a ValidCert<'_>) -> impl Iterator<Item = UserId> + 'a {
    valid
        .userids()
        .filter(|id| !matches!(id.revocation_status(), RevocationStatus::Revoked(_)))
        .map(|id| UserId::from_sequoia(id.userid()))
}

/// The fingerprint only.
impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({})", self.fingerprint())
    }
}

impl PgpLimits {
    pub(super) fn check_key_data(data: &[u8]) -> Result<(), PgpError> {
        if data.len() > Self::KEY_DATA {
            return Err(PgpError::LimitExceeded { what: "octets of key data", limit: Self::KEY_DATA });
        }
        Ok(())
    }
}
