//! Messages that were changed or cut on the way: an error every time, and not one octet of plaintext.

use openpgp::packet::pkesk::{PKESK3, PKESK6};
use openpgp::packet::{PKESK, Packet};
use openpgp::policy::StandardPolicy;
use openpgp::serialize::Serialize as _;
use sequoia_openpgp as openpgp;

use super::made::{self, compressed, encrypted_body};
use postseal_types::Secret;

use super::*;

const SECRET: &[u8] = b"The answer is forty-two.";

/// Each bit, and all of them.
const FLIPS: [u8; 9] = [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff];

struct Sample {
    name: String,
    /// Whether each octet of its encrypted packet is changed to every other value, and not just by `FLIPS`.
    is_exhaustive: bool,
    message: Vec<u8>,
    ring: Keyring,
    passphrases: Vec<Secret>,
    /// How many octets of the encrypted packet are not ciphertext: the version (SEIPDv1); also the algorithms, the chunk size and the
    /// salt (SEIPDv2).
    clear: usize,
}

/// One of each kind: both profiles; encrypted, signed and encrypted, compressed and encrypted, encrypted to a passphrase.
fn samples() -> Vec<Sample> {
    let mut samples = Vec::new();
    for profile in PROFILES {
        let alice = key(profile, "alice", now());
        let signer = alice.unlock_unprotected().unwrap();
        let to = Recipients::new([alice.certificate()]);
        let passphrase = Secret::from("passphrase");
        let made = |to: &Recipients<'_>| encrypt(SECRET, to, now()).unwrap().into_bytes();
        for (form, message) in [
            ("encrypted", made(&to)),
            ("signed", made(&to.clone().signed_by(&signer))),
            ("compressed", compressed(SECRET, &to)),
            ("passphrase", made::with_passphrase(SECRET, &passphrase, profile)),
        ] {
            let name = format!("{profile:?}, {form}");
            let clear = if profile != KeyProfile::Compatible { 4 + 32 } else { 1 };
            let passphrases = if form == "passphrase" { vec![passphrase.clone()] } else { Vec::new() };
            let is_exhaustive = form == "encrypted";
            let ring = keyring([&alice]);
            samples.push(Sample { name, is_exhaustive, message, ring, passphrases, clear });
        }
    }
    samples
}

impl Sample {
    /// From memory and from a stream, which must say the same.
    #[track_caller]
    fn open(&self, message: &[u8]) -> Result<Decrypted, PgpError> {
        let options = ReadOptions { passphrases: self.passphrases.iter().collect(), ..options() };
        let opened = decrypt(message, &self.ring, &options, now());
        match (&opened, decrypt_to(message, Vec::new(), &self.ring, &options, now())) {
            (Ok(opened), Ok(spooled)) => {
                assert_eq!((&opened.data, &opened.encryption), (&spooled.spool, &spooled.encryption));
                assert_eq!(opened.signatures, spooled.signatures);
            }
            (Err(error), Err(StreamError::Pgp(in_stream))) => assert_eq!(*error, in_stream),
            (opened, spooled) => panic!("{opened:?} {spooled:?}"),
        }
        opened
    }

    /// Whether the error says that the data was changed; a passphrase may as well be wrong.
    fn is_noticed(&self, error: Option<&PgpError>) -> bool {
        match error {
            Some(PgpError::Tampered) => true,
            Some(PgpError::WrongPassphrase) => !self.passphrases.is_empty(),
            _ => false,
        }
    }

    /// That a changed message gives an error without a word of the secret; where nothing says that it was changed, the same.
    #[track_caller]
    fn assert_nothing_new(&self, changed: &[u8]) -> Option<PgpError> {
        match self.open(changed) {
            Ok(opened) => {
                let original = self.open(&self.message).unwrap();
                assert_eq!((opened.data, opened.signatures), (original.data, original.signatures));
                None
            }
            Err(error) => {
                let shown = format!("{error} {error:?}");
                assert!(!["answer", "forty"].iter().any(|word| shown.contains(word)), "{shown}");
                Some(error)
            }
        }
    }
}

#[test]
fn no_change_and_no_cut_goes_unnoticed() {
    for sample in samples() {
        assert_eq!(sample.open(&sample.message).unwrap().data, SECRET);
        changes_are_noticed(&sample);
        cuts_are_noticed(&sample);
    }
}

fn changes_are_noticed(sample: &Sample) {
    let body = encrypted_body(&sample.message);
    let every: Vec<u8> = (1..=255).collect();
    for at in 0..sample.message.len() {
        let flips = if sample.is_exhaustive && at >= body { &every[..] } else { &FLIPS };
        for flip in flips {
            let mut changed = sample.message.clone();
            changed[at] ^= flip;
            let error = sample.assert_nothing_new(&changed);
            let name = format!("{}: {at} ^ {flip:#x}: {error:?}", sample.name);
            // What names the recipient, and the header of a packet, isn't protected.
            assert!(at < body || error.is_some(), "{name}");
            assert!(at < body + sample.clear || sample.is_noticed(error.as_ref()), "{name}");
        }
    }
}

fn cuts_are_noticed(sample: &Sample) {
    let ciphertext = encrypted_body(&sample.message) + sample.clear;
    for length in 0..sample.message.len() {
        let error = sample.assert_nothing_new(&sample.message[..length]);
        let name = format!("{} cut at {length}: {error:?}", sample.name);
        assert!(error.is_some(), "{name}");
        assert!(length < ciphertext || sample.is_noticed(error.as_ref()), "{name}");
    }
}

/// A cut that the header of the packet agrees with, so that nothing shows it but the proof of integrity.
#[test]
fn a_cut_with_the_length_put_right_is_noticed() {
    for sample in samples() {
        let mut packets = made::packets(&sample.message);
        let whole = packets.pop().unwrap();
        for length in 0..whole.1.len() {
            packets.push((whole.0, whole.1[..length].to_vec()));
            let error = sample.assert_nothing_new(&made::joined(&packets));
            // What has no room for a session key's check is no such packet at all.
            let is_named = sample.is_noticed(error.as_ref()) || (error.is_some() && length < 40);
            assert!(is_named, "{} cut at {length}: {error:?}", sample.name);
            packets.pop();
        }
    }
}

/// What is for somebody else may be anything: nobody here can tell.
#[test]
fn a_stub_is_tampered_with_for_its_reader_alone() {
    let [alice, bob] = ["alice", "bob"].map(|name| key(KeyProfile::Compatible, name, now()));
    let sealed = encrypt(SECRET, &Recipients::new([alice.certificate()]), now()).unwrap();
    let mut packets = made::packets(sealed.as_bytes());
    // The library takes what is still shorter for no such packet at all.
    for length in (36..40).rev() {
        packets.last_mut().unwrap().1.truncate(1 + length);
        let sample = |key| Sample {
            name: format!("a stub of {length}"),
            is_exhaustive: false,
            message: made::joined(&packets),
            ring: keyring([key]),
            passphrases: Vec::new(),
            clear: 1,
        };
        let (for_alice, for_bob) = (sample(&alice), sample(&bob));
        assert_eq!(for_alice.open(&for_alice.message), Err(PgpError::Tampered), "{length}");
        let missing = for_bob.open(&for_bob.message);
        assert!(matches!(missing, Err(PgpError::KeyMissing { .. })), "{length}: {missing:?}");
    }
}

/// More than the 25 MiB that the library holds back by itself.
#[test]
fn nothing_of_a_large_message_is_handed_out_before_its_end_is_proven() {
    for profile in PROFILES {
        let alice = key(profile, "alice", now());
        let ring = keyring([&alice]);
        let content = vec![b'x'; 27 * 1024 * 1024];
        let mut sealed =
            encrypt(&content, &Recipients::new([alice.certificate()]), now()).unwrap().into_bytes();
        let open =
            |message: &[u8]| decrypt(message, &ring, &options(), now()).map(|opened| opened.data.len());
        assert_eq!(open(&sealed), Ok(content.len()));
        let last = sealed.len() - 1;
        assert_eq!(open(&sealed[..last]), Err(PgpError::Tampered), "{profile:?}");
        for from_end in [0, 100] {
            sealed[last - from_end] ^= 1;
            assert_eq!(open(&sealed), Err(PgpError::Tampered), "{profile:?}");
            sealed[last - from_end] ^= 1;
        }
    }
}

/// Damage of every kind, at random but the same on each run: an error or the content, and never a panic.
#[test]
fn damaged_data_never_panics() {
    let mut random = 1_u64;
    let mut next = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % below
    };
    for profile in PROFILES {
        let alice = key(profile, "alice", now());
        let ring = keyring([&alice]);
        let signer = alice.unlock_unprotected().unwrap();
        let to = Recipients::new([alice.certificate()]).signed_by(&signer);
        let signed = sign_inline(b"content", &signer, now()).unwrap();
        let samples = [
            encrypt(b"content", &to, now()).unwrap().into_bytes(),
            encrypt(b"content", &to, now()).unwrap().to_armored().into_bytes(),
            signed.as_bytes().to_vec(),
            signed.to_armored().into_bytes(),
            sign_cleartext("content\n", &signer, now()).unwrap().into_bytes(),
            sign_detached(b"content", &signer, now()).unwrap().into_bytes(),
            alice.certificate().export(),
            alice.dangerous_export_unprotected().expose().to_vec(),
        ];
        for sample in &samples {
            for _ in 0..300 {
                let mut damaged = sample.clone();
                for _ in 0..=next(3) {
                    let at = next(damaged.len());
                    match next(4) {
                        0 => damaged[at] = next(256) as u8,
                        1 => damaged[at] ^= 1 << next(8),
                        2 => damaged.truncate(at.max(1)),
                        _ => damaged.insert(at, next(256) as u8),
                    }
                }
                if let Ok(opened) = decrypt(&damaged, &ring, &options(), now()) {
                    assert_eq!(opened.data, b"content");
                }
                _ = verify_inline(&damaged, &ring, &options(), now());
                _ = verify_detached(b"content", &damaged, &ring, &options(), now());
                if let Ok(certificate) = Certificate::import(&damaged) {
                    _ = encrypt(b"x", &Recipients::new([&certificate]), now());
                }
                if let Ok(key) = SecretKey::import(&damaged).and_then(|key| key.unlock_unprotected()) {
                    _ = sign_detached(b"x", &key, now());
                }
            }
        }
    }
}

/// Damage to SEIPDv1 changes the packets inside before the code at the end shows it: whatever they then look like (another encryption,
/// one without integrity protection, an unknown packet), it is one and the same error.
#[test]
fn what_damage_looks_like_inside_is_never_told() {
    let alice = key(KeyProfile::Compatible, "alice", now());
    let ring = keyring([&alice]);
    let sealed = encrypt(b"content", &Recipients::new([alice.certificate()]), now()).unwrap().into_bytes();
    // The version of the packet, then 16 octets and 2 of them again; the header of the first packet inside is the next octet.
    let first = encrypted_body(&sealed) + 1 + 18;
    for difference in 1..=255 {
        let mut changed = sealed.clone();
        changed[first] ^= difference;
        assert_eq!(decrypt(&changed, &ring, &options(), now()), Err(PgpError::Tampered), "{difference:#x}");
    }
}

/// Anybody who has the certificate can make these, and Sequoia looks for octets in them that aren't there.
#[test]
fn a_session_key_that_is_shorter_than_any_ciphers_opens_nothing() {
    for profile in [KeyProfile::Compatible, KeyProfile::Modern] {
        let alice = key(profile, "alice", now());
        let ring = keyring([&alice]);
        let message = encrypt(b"a secret", &Recipients::new([alice.certificate()]), now()).unwrap();
        let (_, container) = made::packets(message.as_bytes()).pop().unwrap();
        let policy = StandardPolicy::new();
        let certificate = alice.certificate().cert().with_policy(&policy, now()).unwrap();
        let to = certificate.keys().for_transport_encryption().next().unwrap();
        let mut tried = 0;
        for length in (0..=24).filter(|length| profile == KeyProfile::Compatible || length % 8 == 0) {
            let Ok(short) = to.key().encrypt(&vec![9; length].into()) else { continue };
            let (handle, algorithm) = (to.key().fingerprint(), to.key().pk_algo());
            let older = PKESK3::new(Some(handle.clone().into()), algorithm, short.clone()).map(PKESK::from);
            let newer = PKESK6::new(Some(handle), algorithm, short).map(PKESK::from);
            for (is_newer, packet) in [(false, older), (true, newer)] {
                let Ok(packet) = packet else { continue };
                let mut changed = Vec::new();
                Packet::from(packet).serialize(&mut changed).unwrap();
                changed.extend(made::packet(18, &container));
                let is_of_version = is_newer == (profile == KeyProfile::Modern);
                match decrypt(&changed, &ring, &options(), now()) {
                    Err(PgpError::Tampered) if is_of_version => tried += 1,
                    Err(PgpError::KeyMissing { takes_passphrase: false, .. }) if !is_of_version => {}
                    other => panic!("{other:?}"),
                }
            }
        }
        assert!(tried >= 2, "{tried}");
    }
}

/// Who knows the beginning of a message can make anything of it; what comes next is not told by a limit that it meets then.
#[test]
fn no_limit_tells_of_what_is_inside_before_it_is_proven() {
    let alice = key(KeyProfile::Compatible, "alice", now());
    let message = encrypt(b"Content", &Recipients::new([alice.certificate()]), now()).unwrap().into_bytes();
    let known = [&[0xcb, 13, b'b', 0, 0, 0, 0, 0], &b"Cont"[..]].concat();
    // Six packets, one within the other, which are compressed with nothing; what follows is the header of another, or none.
    let wanted = [0xa3, 0].repeat(6);
    // Behind the version, and the random block with two octets of it again.
    let begin = encrypted_body(&message) + 1 + 18;
    for guess in 0..=u8::MAX {
        let mut changed = message.clone();
        for (octet, (known, wanted)) in changed[begin..].iter_mut().zip(known.iter().zip(&wanted)) {
            *octet ^= known ^ wanted;
        }
        changed[begin + known.len()] ^= guess;
        let mut options = options();
        options.limits.depth = 6;
        assert_eq!(
            decrypt(&changed, &keyring([&alice]), &options, now()),
            Err(PgpError::Tampered),
            "{guess}"
        );
    }
}

/// How long a content becomes when it is decompressed is known before it is proven, too.
#[test]
fn that_a_content_is_too_long_is_only_told_when_it_is_proven() {
    const LENGTH: usize = 2_000_000;
    let alice = key(KeyProfile::Compatible, "alice", now());
    let ring = keyring([&alice]);
    let to = Recipients::new([alice.certificate()]);
    let stored = encrypt(&vec![0; LENGTH], &to, now()).unwrap().into_bytes();
    let compressed = compressed(&vec![0; LENGTH], &to);
    for (message, limit, is_told) in [
        (&stored, 1, true),
        (&stored, LENGTH - 1, true),
        (&compressed, LENGTH / 8 + 1, true),
        (&compressed, LENGTH - 1, true),
        // Only by reading much more than the message and the limit have one could tell.
        (&compressed, LENGTH / 20, false),
    ] {
        let mut options = options();
        options.limits.plaintext = limit;
        let exceeded = PgpError::LimitExceeded { what: "octets of plaintext", limit };
        let expected = if is_told { exceeded } else { PgpError::Tampered };
        let mut changed = message.clone();
        *changed.last_mut().unwrap() ^= 1;
        for (message, expected) in [(message, expected), (&changed, PgpError::Tampered)] {
            assert_eq!(decrypt(message, &ring, &options, now()), Err(expected.clone()), "{limit}");
            match decrypt_to(message.as_slice(), Vec::new(), &ring, &options, now()) {
                Err(StreamError::Pgp(error)) => assert_eq!(error, expected, "{limit}"),
                other => panic!("{other:?}"),
            }
        }
    }
}

/// RFC 9580, section 10.3.2.1: session keys of the version that belongs to the other kind of encrypted data count for nothing.
#[test]
fn a_session_key_of_the_other_version_opens_nothing() {
    let passphrase = Secret::from("passphrase");
    let made = |profile| made::packets(&made::with_passphrase(SECRET, &passphrase, profile));
    for (profile, other) in
        [(KeyProfile::Compatible, KeyProfile::Modern), (KeyProfile::Modern, KeyProfile::Compatible)]
    {
        let options = ReadOptions { passphrases: vec![&passphrase], ..options() };
        let [esk, container] = <[_; 2]>::try_from(made(profile)).unwrap();
        let whole = made::joined(&[esk, container.clone()]);
        assert_eq!(decrypt(&whole, &Keyring::new(), &options, now()).unwrap().data, SECRET);
        let [esk, _] = <[_; 2]>::try_from(made(other)).unwrap();
        let mixed = made::joined(&[esk, container]);
        assert_eq!(
            decrypt(&mixed, &Keyring::new(), &options, now()),
            Err(PgpError::KeyMissing { recipients: Vec::new(), takes_passphrase: false }),
            "{profile:?}"
        );
    }
}
