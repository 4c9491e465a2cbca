//! What reading any OpenPGP message has in common: limits, looking up certificates, collecting what was found.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use openpgp::packet::Tag;
use openpgp::packet::header::BodyLength;
use openpgp::parse::PacketParser;
use openpgp::parse::stream::{MessageLayer, MessageStructure, VerificationHelper};
use openpgp::policy::StandardPolicy;
use openpgp::{Cert, Packet};
use postseal_types::Secret;
use sequoia_openpgp as openpgp;

use super::bulk::DIGEST;
use super::line_ends::LineEnds;
use super::policy::policy;
use super::signature::judge;
use super::{
    Decrypted, Encryption, Fingerprint, KeyHandle, Keyring, PgpError, PgpLimits, ReadOptions, SignatureResult,
};

/// What may be beside a content of any length, however few octets of that are wanted: a modification detection code, say.
const LEAST_BESIDE: usize = 1024;

/// The state of reading one message. The library calls it back; errors that are ours go into `stop`, since the library wraps what
/// it is given.
pub(super) struct Reader<'a> {
    pub(super) keyring: &'a Keyring,
    pub(super) passphrases: &'a [&'a Secret],
    pub(super) limits: PgpLimits,
    pub(super) now: SystemTime,
    pub(super) stop: Option<PgpError>,
    /// Whether a session key was accepted: any failure after that means that the data was changed.
    pub(super) decrypting: bool,
    /// Whether what is decrypted is read before all of it is proven, as SEIPDv1 is: then its limits tell nothing of what is inside, either.
    pub(super) proven_last: bool,
    pub(super) recipients: Vec<KeyHandle>,
    pub(super) encryption: Option<Encryption>,
    pub(super) signatures: Vec<SignatureResult>,
    pub(super) policy: StandardPolicy<'static>,
    /// How many octets of the message were read.
    pub(super) octets: Arc<AtomicU64>,
    /// Whether the encrypted data is too short to be anything; no key fits it.
    pub(super) is_stub: bool,
    /// Who may decrypt the message, where that is known before it is read.
    pub(super) readers: Vec<Fingerprint>,
    counted: Counted,
}

/// How long a content may be, and how much of it is read to prove that it is longer.
pub(super) struct Extent {
    pub(super) limit: usize,
    /// Its length tells something of a content as well, which nobody may know before it is proven.
    pub(super) proven_last: bool,
    octets: Arc<AtomicU64>,
}

impl Extent {
    pub(super) const fn exceeded(&self) -> PgpError {
        PgpError::LimitExceeded { what: "octets of plaintext", limit: self.limit }
    }

    /// Whether so many octets may be passed over. That takes time, for which the message, or the limit, has to be an eighth as long; a limit for
    /// files is no such reason.
    pub(super) fn passes_over(&self, octets: u64) -> bool {
        let limit = self.limit.min(PgpLimits::PLAINTEXT) as u64;
        octets / 8 <= self.octets.load(Ordering::Relaxed).max(limit)
    }
}

/// What was counted of a message.
#[derive(Default)]
pub(super) struct Counted {
    packets: usize,
    recipients: usize,
    signatures: usize,
    containers: usize,
    /// Octets of packets beside the content.
    beside: u64,
}

impl<'a> Reader<'a> {
    pub(super) fn new(keyring: &'a Keyring, options: &'a ReadOptions<'a>, now: SystemTime) -> Self {
        Self {
            keyring,
            passphrases: &options.passphrases,
            limits: options.limits,
            now,
            stop: None,
            decrypting: false,
            proven_last: false,
            recipients: Vec::new(),
            encryption: None,
            signatures: Vec::new(),
            policy: policy(now),
            octets: Arc::default(),
            is_stub: false,
            readers: Vec::new(),
            counted: Counted::default(),
        }
    }

    /// Goes on inside of an encryption that somebody else has decrypted, as `identity`.
    pub(super) fn resume(
        &mut self,
        encryption: Encryption,
        identity: Option<Fingerprint>,
        counted: Counted,
        octets: Arc<AtomicU64>,
    ) {
        self.decrypting = true;
        // All of it is proven here, and what is said of it is the same each way.
        self.proven_last = encryption.aead.is_none();
        self.encryption = Some(encryption);
        self.readers = identity.into_iter().collect();
        self.counted = counted;
        self.octets = octets;
    }

    /// How long its content may be, once it is known how that is encrypted.
    pub(super) fn extent(&self) -> Extent {
        Extent {
            limit: self.limits.plaintext,
            proven_last: self.decrypting && self.proven_last,
            octets: Arc::clone(&self.octets),
        }
    }

    /// What was counted of an encryption up to its content. Its packet will be counted again, as the one that then stands in its place:
    /// instead of the modification detection code, where there is one.
    pub(super) fn counted(&mut self, has_code: bool) -> Counted {
        let counted = std::mem::take(&mut self.counted);
        let (packets, code) = if has_code { (0, DIGEST as u64) } else { (1, 0) };
        Counted {
            packets: counted.packets.saturating_sub(packets),
            beside: counted.beside.saturating_add(code),
            ..counted
        }
    }

    /// What was decrypted, all of which is proven.
    pub(super) fn decrypted(self, data: Vec<u8>) -> Result<Decrypted, PgpError> {
        let encryption = self.encryption.ok_or(PgpError::NotEncrypted)?;
        Ok(Decrypted { data, encryption, signatures: self.signatures })
    }

    /// The policy for the packets of a message. It lets encryption without integrity protection pass, so that this module can refuse
    /// it by name.
    pub(super) fn packet_policy(&self) -> StandardPolicy<'static> {
        let mut policy = policy(self.now);
        policy.accept_packet_tag(Tag::SED);
        policy
    }

    /// Ends reading with `error`; the library only has to pass on that there is one.
    pub(super) fn stop<T>(&mut self, error: PgpError) -> openpgp::Result<T> {
        self.stop = Some(error.clone());
        Err(error.into())
    }

    /// The error of a message that could not be read. Once it is being decrypted, whatever the library finds wrong with what it sees is a
    /// sign of damage, and nothing more about it is said: that would tell an attacker what changes do to the plaintext.
    pub(super) fn failure(&mut self, error: &openpgp::anyhow::Error) -> PgpError {
        match self.stop.take() {
            Some(limit @ PgpError::LimitExceeded { .. }) => return limit,
            _ if self.decrypting => return PgpError::Tampered,
            Some(stopped) => return stopped,
            None => {}
        }
        let inner = error
            .downcast_ref::<openpgp::Error>()
            .or_else(|| error.downcast_ref::<std::io::Error>().and_then(|io| io.get_ref()?.downcast_ref()));
        match inner {
            Some(openpgp::Error::PolicyViolation(what, _)) => PgpError::PolicyRefused { what: what.clone() },
            Some(openpgp::Error::ManipulatedMessage) => PgpError::Tampered,
            Some(openpgp::Error::UnsupportedSymmetricAlgorithm(a)) => {
                PgpError::Unsupported { what: a.to_string() }
            }
            Some(openpgp::Error::UnsupportedAEADAlgorithm(a)) => {
                PgpError::Unsupported { what: a.to_string() }
            }
            Some(openpgp::Error::UnsupportedCompressionAlgorithm(a)) => {
                PgpError::Unsupported { what: a.to_string() }
            }
            _ => PgpError::Malformed { what: "expected an OpenPGP message" },
        }
    }

    /// What became of reading, and whether all of the message was read.
    pub(super) fn ended(
        &mut self,
        outcome: Result<LineEnds, PgpError>,
        is_whole: bool,
    ) -> openpgp::Result<()> {
        match outcome {
            Ok(ends) if is_whole => {
                self.saw(ends);
                Ok(())
            }
            Ok(_) => self.stop(self.extent().exceeded()),
            Err(error) => self.stop(error),
        }
    }

    /// What is known of the data once all of it was seen.
    pub(super) fn saw(&mut self, ends: LineEnds) {
        if ends.has_lone_cr() {
            self.signatures.iter_mut().for_each(SignatureResult::distrust);
        }
    }

    fn exceeds(&self, depth: usize) -> Option<PgpError> {
        let limit = |count: usize, limit: usize, what| {
            (count > limit).then_some(PgpError::LimitExceeded { what, limit })
        };
        limit(depth, self.limits.depth, "levels of packets")
            .or_else(|| limit(self.counted.packets, self.limits.packets, "packets"))
            .or_else(|| limit(self.counted.recipients, self.limits.recipients, "recipients"))
            .or_else(|| limit(self.counted.signatures, self.limits.signatures, "signatures"))
    }

    fn count(&mut self, packet: &Packet) {
        self.counted.packets += 1;
        match packet {
            Packet::PKESK(pkesk) => {
                self.counted.recipients += 1;
                if self.counted.containers == 0 {
                    self.recipients.extend(pkesk.recipient().as_ref().and_then(KeyHandle::from_sequoia));
                }
            }
            Packet::SKESK(_) => self.counted.recipients += 1,
            Packet::Signature(_) => self.counted.signatures += 1,
            Packet::SEIP(_) => self.counted.containers += 1,
            Packet::Unknown(unknown) if unknown.tag() == Tag::Signature => self.counted.signatures += 1,
            Packet::Unknown(unknown) if matches!(unknown.tag(), Tag::PKESK | Tag::SKESK) => {
                self.counted.recipients += 1;
            }
            _ => {}
        }
    }
}

impl VerificationHelper for &mut Reader<'_> {
    fn inspect(&mut self, parser: &PacketParser<'_>) -> openpgp::Result<()> {
        self.count(&parser.packet);
        if let Some(error) = too_many_issuers(&parser.packet) {
            return self.stop(if self.decrypting && self.proven_last { PgpError::Tampered } else { error });
        }
        if let Some(error) = self.exceeds(usize::try_from(parser.recursion_depth()).unwrap_or_default()) {
            return self.stop(if self.decrypting && self.proven_last { PgpError::Tampered } else { error });
        }
        self.counted.beside = self.counted.beside.saturating_add(length_beside(parser));
        let limit = self.limits.plaintext.max(LEAST_BESIDE);
        if self.counted.beside > limit as u64 {
            let what = "octets beside the content";
            // Damage to SEIPDv1 can look like it, so that inside of encryption it is one error with all others.
            let damaged = self.decrypting;
            return self.stop(if damaged {
                PgpError::Tampered
            } else {
                PgpError::LimitExceeded { what, limit }
            });
        }
        let tag = parser.packet.tag();
        if tag == Tag::SED {
            return self.stop(PgpError::NoIntegrity);
        }
        // Of a second encryption, or one inside of something else, nobody could say what of the whole is encrypted to whom.
        if tag == Tag::SEIP && (self.counted.containers > 1 || parser.recursion_depth() > 0) {
            return self
                .stop(PgpError::Malformed { what: "expected one layer of encryption, the outermost" });
        }
        Ok(())
    }

    fn get_certs(&mut self, ids: &[openpgp::KeyHandle]) -> openpgp::Result<Vec<Cert>> {
        let handles: Vec<KeyHandle> = ids.iter().filter_map(KeyHandle::from_sequoia).collect();
        let mut certs: Vec<Cert> = Vec::new();
        for certificate in handles.iter().flat_map(|handle| self.keyring.by_handle(handle)) {
            if !certs.iter().any(|known| known.fingerprint() == certificate.cert().fingerprint()) {
                certs.push(certificate.cert().clone());
            }
        }
        Ok(certs)
    }

    /// Only records: whether an unsigned or badly signed message may be shown is not decided here.
    fn check(&mut self, structure: MessageStructure<'_>) -> openpgp::Result<()> {
        for layer in structure {
            match layer {
                MessageLayer::Encryption { sym_algo, aead_algo } => {
                    // A signature around the ciphertext doesn't show that its maker knew the content.
                    self.signatures.clear();
                    self.encryption = Some(Encryption {
                        recipients: std::mem::take(&mut self.recipients),
                        cipher: sym_algo.to_string(),
                        aead: aead_algo.map(|aead| aead.to_string()),
                    });
                }
                MessageLayer::SignatureGroup { results } => {
                    self.signatures.extend(
                        results.iter().map(|result| judge(result, &self.policy, self.now, &self.readers)),
                    );
                }
                MessageLayer::Compression { .. } => {}
            }
        }
        Ok(())
    }
}

/// The library compares each issuer of a signature with those of all others; a signature has two, the same one by two names.
fn too_many_issuers(packet: &Packet) -> Option<PgpError> {
    const LIMIT: usize = 16;
    let Packet::Signature(signature) = packet else { return None };
    (signature.get_issuers().len() > LIMIT)
        .then_some(PgpError::LimitExceeded { what: "issuers of a signature", limit: LIMIT })
}

/// How long a packet inside another is that is neither content nor holds any; the most there is where it does not say. Such packets are
/// passed over, which takes its time where they are compressed: 50 octets can become 45 MB.
fn length_beside(parser: &PacketParser<'_>) -> u64 {
    match (parser.packet.tag(), parser.header().length()) {
        _ if parser.recursion_depth() == 0 => 0,
        (Tag::Literal | Tag::CompressedData | Tag::SEIP | Tag::SED, _) => 0,
        (_, BodyLength::Full(length)) => u64::from(*length),
        _ => u64::MAX,
    }
}
