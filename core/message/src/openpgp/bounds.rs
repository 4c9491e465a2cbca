//! What of a certificate costs time that its length doesn't show: whoever sends one would have us work for minutes.

use std::io::{self, Write};

use openpgp::crypto::mpi::PublicKey;
use openpgp::packet::key::{PublicParts, UnspecifiedRole};
use openpgp::packet::{Key, Packet, Signature, Tag};
use openpgp::serialize::Marshal;
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
    const FEW: u8 = 8;
    // So many only where somebody has made them for it.
    const STEPS: usize = 1024;
    // Twice as many places as there may be signatures: one is found after a few steps. A map would be larger than all else here.
    let mut places = vec![(0_u64, 0_u8); (2 * packets.len() + 1).next_power_of_two()];
    let mut component = 0_usize;
    let is_kept = |packet: &Packet| {
        let Packet::Signature(signature) = packet else {
            component += 1;
            return true;
        };
        let (hash, mask) = (as_signed(signature, component), places.len() - 1);
        let mut at = usize::try_from(hash & u64::from(u32::MAX)).unwrap_or_default() & mask;
        for _ in 0..STEPS {
            let Some((known, times)) = places.get_mut(at) else { break };
            if *times == 0 || *known == hash {
                (*known, *times) = (hash, times.saturating_add(1));
                return *times <= FEW;
            }
            at = (at + 1) & mask;
        }
        false
    };
    packets.iter().map(is_kept).collect()
}

/// What is signed, and by what, in one number. Whoever makes two signatures that come to the same has them taken for one: in a file of their
/// own, from which they could leave it out as well.
fn as_signed(signature: &Signature, component: usize) -> u64 {
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    // Nothing of it can fail.
    _ = hash.write(&component.to_le_bytes());
    _ = hash.write(&[signature.typ().into()]);
    _ = signature.hashed_area().serialize(&mut hash);
    _ = signature.mpis().serialize(&mut hash);
    hash.0
}

/// FNV-1a.
struct Fnv(u64);

impl Write for Fnv {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        for octet in octets {
            self.0 = (self.0 ^ u64::from(*octet)).wrapping_mul(0x100_0000_01b3);
        }
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
