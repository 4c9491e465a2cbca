//! What of a certificate costs time that its length doesn't show: whoever sends one would have us work for minutes.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use openpgp::crypto::mpi::PublicKey;
use openpgp::packet::key::{PublicParts, UnspecifiedRole};
use openpgp::packet::{Key, Packet, Signature, Tag};
use sequoia_openpgp as openpgp;

use super::{PgpError, PgpLimits};

/// Signatures of its own that a certificate may have when its key is of DSA: to verify one takes a hundred times as long as with others.
const DSA_SIGNATURES: usize = 128;
/// FIPS 186-4, the last that has it, ends at 3072, and at 256 bits for the order of the group.
const DSA_BITS: usize = 3072;
const ORDER_BITS: usize = 512;
const ELGAMAL_BITS: usize = 8192;
const RSA_BITS: usize = 16384;
const EXPONENT_BITS: usize = 64;

/// What was counted of one certificate.
#[derive(Default)]
struct Counted {
    own_key: Option<openpgp::KeyHandle>,
    is_dsa: bool,
    components: usize,
    signatures: usize,
    own: usize,
}

/// The packets of each certificate; what stands in front of the first is one by itself.
pub(super) fn apart(packets: Vec<Packet>) -> Vec<Vec<Packet>> {
    let mut certificates: Vec<Vec<Packet>> = Vec::new();
    for packet in packets {
        match certificates.last_mut() {
            Some(last) if !matches!(packet, Packet::PublicKey(_) | Packet::SecretKey(_)) => last.push(packet),
            _ => certificates.push(vec![packet]),
        }
    }
    certificates
}

/// The packets of a certificate that is within the limits, without the signatures that are there too often.
pub(super) fn kept_within(mut packets: Vec<Packet>) -> Result<Vec<Packet>, PgpError> {
    let mut kept = few(&packets).into_iter();
    packets.retain(|_| kept.next().unwrap_or(true));
    let mut counted = Counted::default();
    packets.iter().try_for_each(|packet| counted.add(packet))?;
    Ok(packets)
}

impl Counted {
    fn add(&mut self, packet: &Packet) -> Result<(), PgpError> {
        match packet {
            Packet::PublicKey(key) => {
                *self = Self::of(key.role_as_unspecified())?;
            }
            Packet::SecretKey(key) => {
                *self = Self::of(key.parts_as_public().role_as_unspecified())?;
            }
            Packet::PublicSubkey(key) => check_size(key.role_as_unspecified())?,
            Packet::SecretSubkey(key) => check_size(key.parts_as_public().role_as_unspecified())?,
            Packet::Signature(signature) => {
                let issuers = signature.get_issuers();
                let is_own = |own: &openpgp::KeyHandle| issuers.iter().any(|by| by.aliases(own));
                self.signatures += 1;
                // One that names nobody may be its own.
                self.own += usize::from(issuers.is_empty() || self.own_key.as_ref().is_some_and(is_own));
            }
            _ => {}
        }
        let is_component =
            |tag| matches!(tag, Tag::UserID | Tag::UserAttribute | Tag::PublicSubkey | Tag::SecretSubkey);
        self.components += usize::from(is_component(packet.tag()));
        let own = if self.is_dsa { DSA_SIGNATURES } else { PgpLimits::KEY_SIGNATURES };
        within(self.own, own, "signatures of a certificate on itself")?;
        within(self.components, PgpLimits::KEY_COMPONENTS, "user IDs and subkeys of a certificate")?;
        // One that stands in a wrong place is tried in all others.
        let tried = self.signatures.saturating_mul(self.components);
        within(tried, PgpLimits::KEY_PLACES, "places for the signatures of a certificate")
    }

    fn of(primary: &Key<PublicParts, UnspecifiedRole>) -> Result<Self, PgpError> {
        check_size(primary)?;
        let is_dsa = matches!(primary.mpis(), PublicKey::DSA { .. });
        Ok(Self { own_key: Some(primary.key_handle()), is_dsa, ..Self::default() })
    }
}

fn within(count: usize, limit: usize, what: &'static str) -> Result<(), PgpError> {
    if count > limit { Err(PgpError::LimitExceeded { what, limit }) } else { Ok(()) }
}

/// Numbers may have up to 65535 bits, and what is done with them takes the third power of that.
fn check_size(key: &Key<PublicParts, UnspecifiedRole>) -> Result<(), PgpError> {
    let within = |number: &openpgp::crypto::mpi::MPI, limit| within(number.bits(), limit, "bits of a key");
    match key.mpis() {
        PublicKey::RSA { e, n } => within(n, RSA_BITS).and(within(e, EXPONENT_BITS)),
        PublicKey::DSA { p, q, .. } => within(p, DSA_BITS).and(within(q, ORDER_BITS)),
        PublicKey::ElGamal { p, .. } => within(p, ELGAMAL_BITS),
        _ => Ok(()),
    }
}

/// Which packets are no signature that was there several times already, behind the same component, but for what is not signed: to put such
/// together takes time with each of them, and everyone can make more.
fn few(packets: &[Packet]) -> Vec<bool> {
    const FEW: usize = 8;
    let (random, mut seen) = (RandomState::new(), HashMap::new());
    let is_kept = |packet: &Packet| {
        if let Packet::Signature(signature) = packet {
            let times = seen.entry(random.hash_one(AsSigned(signature))).or_insert(0_usize);
            *times += 1;
            return *times <= FEW;
        }
        seen.clear();
        true
    };
    packets.iter().map(is_kept).collect()
}

struct AsSigned<'a>(&'a Signature);

impl Hash for AsSigned<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.normalized_hash(state);
    }
}
