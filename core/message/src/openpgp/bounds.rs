//! What of a certificate costs time that its length doesn't show: whoever sends one would have us work for minutes.

use std::collections::HashSet;
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

/// Leaves out signatures that are there twice, and refuses certificates that are not within the limits.
pub(super) fn keep_within(packets: &mut Vec<Packet>) -> Result<(), PgpError> {
    let mut kept = once(packets).into_iter();
    packets.retain(|_| kept.next().unwrap_or(true));
    let mut counted = Counted::default();
    for packet in &*packets {
        counted.add(packet)?;
    }
    Ok(())
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

/// Which packets are no signature that stands before, behind the same component, but for what is not signed: to put such together takes
/// time with each of them, and everyone can make more.
fn once(packets: &[Packet]) -> Vec<bool> {
    let (random, mut seen) = (RandomState::new(), HashSet::new());
    let is_first = |packet: &Packet| {
        if let Packet::Signature(signature) = packet {
            return seen.insert(random.hash_one(AsSigned(signature)));
        }
        seen.clear();
        true
    };
    packets.iter().map(is_first).collect()
}

struct AsSigned<'a>(&'a Signature);

impl Hash for AsSigned<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.normalized_hash(state);
    }
}
