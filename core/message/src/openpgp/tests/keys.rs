use std::time::Instant;

use postseal_types::{ErrorCode, Secret};

use super::*;

const DAY: Duration = Duration::from_secs(86_400);

#[test]
fn a_key_is_what_its_profile_says() {
    for (profile, version, algorithms) in
        [(PROFILES[0], 4, "EdDSA, ECDH"), (PROFILES[1], 6, "Ed25519, X25519")]
    {
        let key = key(profile, "alice", now());
        let certificate = key.certificate();
        assert_eq!(certificate.fingerprint().version(), version);
        assert_eq!(certificate.created(), now());
        assert_eq!(certificate.expires(now()), None);
        assert_eq!(certificate.user_ids(now()), [user("alice")]);
        assert!(certificate.can_encrypt(now()) && certificate.can_sign(now()));
        assert!(
            certificate.algorithms().starts_with(algorithms.split(',').next().unwrap()),
            "{}",
            certificate.algorithms()
        );
        assert_eq!(certificate.check(now() - DAY), Err(Unusable::NotYetValid));
    }
}

#[test]
fn a_passphrase_locks_and_only_the_right_one_unlocks() {
    let (first, second) = (Secret::from("first"), Secret::from("second"));
    for profile in PROFILES {
        let (locked, _) = SecretKey::generate(profile, &user("alice"), Some(&first), now()).unwrap();
        assert!(locked.is_protected());
        assert_eq!(locked.unlock(&second).map(|_| ()), Err(PgpError::WrongPassphrase));
        assert_eq!(PgpError::WrongPassphrase.code(), ErrorCode::WrongPassphrase);
        let handle = locked.fingerprint().clone().into();
        assert_eq!(locked.unlock_unprotected().map(|_| ()), Err(PgpError::KeyLocked { keys: vec![handle] }));
        let changed = locked.change_passphrase(&first, &second).unwrap();
        assert_eq!(changed.unlock(&first).map(|_| ()), Err(PgpError::WrongPassphrase));
        let unlocked = changed.unlock(&second).unwrap();
        assert_eq!(unlocked.fingerprint(), locked.fingerprint());
        assert_eq!(format!("{unlocked:?}"), format!("UnlockedKey({})", locked.fingerprint()));
        assert!(!unlocked.dangerous_unprotected().unwrap().is_protected());
    }
}

#[test]
fn an_empty_passphrase_locks_nothing() {
    let nothing = Secret::from("");
    let refused = |outcome: Result<(), PgpError>| {
        assert_eq!(outcome, Err(PgpError::EmptyPassphrase));
        assert_eq!(PgpError::EmptyPassphrase.code(), ErrorCode::InvalidInput);
    };
    let key = key(KeyProfile::Compatible, "alice", now());
    let unlocked = key.unlock_unprotected().unwrap();
    refused(SecretKey::generate(KeyProfile::Modern, &user("alice"), Some(&nothing), now()).map(|_| ()));
    refused(unlocked.lock(&nothing).map(|_| ()));
    let to = Recipients::new([key.certificate()]).with_passphrase(&nothing);
    refused(encrypt(b"data", &to, now()).map(|_| ()));
    refused(Encryptor::new(&to, now()).map(|_| ()));
}

#[test]
fn a_key_is_ready_for_use_without_its_primary_part() {
    let passphrase = Secret::from("passphrase");
    let whole = key(KeyProfile::Compatible, "alice", now());
    let elsewhere = made::with_primary_elsewhere(&whole);
    let locked = made::with_primary_locked(&whole, &passphrase);
    let handle = whole.fingerprint().clone().into();
    assert_eq!(locked.unlock_unprotected().map(|_| ()), Err(PgpError::KeyLocked { keys: vec![handle] }));
    for unlocked in [elsewhere.unlock_unprotected(), elsewhere.unlock_partly(), locked.unlock_partly()] {
        let unlocked = unlocked.unwrap();
        assert!(sign_detached(b"data", &unlocked, now()).is_ok());
        assert_eq!(unlocked.revocation(now()).map(|_| ()), Err(PgpError::NoSecretKey));
        // It is not lost.
        let stored = SecretKey::import(
            unlocked.dangerous_unprotected().unwrap().dangerous_export_unprotected().expose(),
        );
        assert!(stored.unwrap().unlock_partly().is_ok());
    }
    let whole_again =
        locked.unlock_partly().unwrap().dangerous_unprotected().unwrap().unlock(&passphrase).unwrap();
    assert!(whole_again.revocation(now()).is_ok());
    let nothing = whole.change_passphrase(&Secret::from(""), &passphrase).unwrap();
    assert_eq!(nothing.unlock_partly().map(|_| ()), Err(PgpError::NoSecretKey));
}

#[test]
fn keys_survive_export_and_import_in_both_forms() {
    let secret = Secret::from("secret");
    for profile in PROFILES {
        let (key, _) = SecretKey::generate(profile, &user("alice"), Some(&secret), now()).unwrap();
        let (binary, armored) = (key.export().unwrap(), key.export_armored().unwrap());
        assert!(armored.expose_str().unwrap().starts_with("-----BEGIN PGP PRIVATE KEY BLOCK-----\n"));
        for form in [binary, armored] {
            let again = SecretKey::import(form.expose()).unwrap();
            assert!(again.is_protected());
            assert_eq!(again.certificate(), key.certificate());
            assert!(again.unlock(&secret).is_ok());
            assert_eq!(Certificate::import(form.expose()).unwrap(), *key.certificate());
        }
    }
}

#[test]
fn an_unprotected_key_is_exported_only_by_the_name_that_says_so() {
    let key = key(KeyProfile::Modern, "alice", now());
    assert_eq!(key.export().map(|_| ()), Err(PgpError::Unprotected));
    assert_eq!(key.export_armored().map(|_| ()), Err(PgpError::Unprotected));
    let bytes = key.dangerous_export_unprotected();
    assert!(SecretKey::import(bytes.expose()).unwrap().unlock_unprotected().is_ok());
}

#[test]
fn certificates_survive_export_and_import_and_hold_nothing_secret() {
    for profile in PROFILES {
        let (alice, bob) = (key(profile, "alice", now()), key(profile, "bob", now()));
        let (alice, bob) = (alice.certificate(), bob.certificate());
        assert_eq!(Certificate::import(&alice.export()).as_ref(), Ok(alice));
        assert_eq!(Certificate::import(alice.export_armored().as_bytes()).as_ref(), Ok(alice));
        let blocks = format!("see:\n{}\nand\n{}", alice.export_armored(), bob.export_armored());
        assert_eq!(Certificate::import_all(blocks.as_bytes()).unwrap(), [alice.clone(), bob.clone()]);
        assert_eq!(
            Certificate::import(&[alice.export(), bob.export()].concat()),
            Err(PgpError::Malformed { what: "expected exactly one certificate" })
        );
        assert_eq!(SecretKey::import(&alice.export()).map(|_| ()), Err(PgpError::NoSecretKey));
    }
}

#[test]
fn no_certificate_is_lost_in_its_export() {
    // Nothing but the primary key: no signature of it could be passed on.
    let whole = key(KeyProfile::Compatible, "alice", now()).certificate().export();
    let bare = &whole[..2 + usize::from(whole[1])];
    let certificate = Certificate::import(bare).unwrap();
    assert_eq!(certificate.export(), bare);
    assert_eq!(Certificate::import(certificate.export_armored().as_bytes()), Ok(certificate));
}

/// `signature` as it names its issuer by a fingerprint of a version that nobody knows.
fn with_unknown_issuer(signature: &[u8]) -> Vec<u8> {
    let mut bytes = signature.to_vec();
    let at = bytes.windows(3).position(|window| window == [0x16, 0x21, 4]).unwrap();
    bytes[at + 2] = 30;
    bytes
}

#[test]
fn what_cannot_be_written_again_is_left_out() {
    let (alice, revocation) =
        SecretKey::generate(KeyProfile::Compatible, &user("alice"), None, now()).unwrap();
    let revocation = with_unknown_issuer(&revocation.export());
    let not_one = PgpError::Malformed { what: "expected a revocation certificate" };
    assert_eq!(RevocationCertificate::import(&revocation).map(|_| ()), Err(not_one));

    // Somebody's signature, right behind the primary key.
    let alice = alice.certificate();
    let mut exported = alice.export();
    let behind = 2 + usize::from(exported[1]);
    exported.splice(behind..behind, revocation);
    assert_eq!(Certificate::import(&exported).as_ref(), Ok(alice));
    assert_eq!(Certificate::import(&exported).unwrap().export(), alice.export());
}

/// Each of them would be verified; not those that say they are somebody else's.
#[test]
fn a_certificate_has_no_more_signatures_on_itself_than_the_limit() {
    const SIGNATURE: u8 = 2;
    let certificate = key(KeyProfile::Compatible, "alice", now()).certificate().clone();
    let whole = made::packets(&certificate.export());
    let own = whole.iter().filter(|(tag, _)| *tag == SIGNATURE).count();
    let (_, binding) = whole.last().unwrap().clone();
    let with = |count: usize, signature: &[u8]| {
        let mut packets = whole.clone();
        packets.extend((0..count as u32).map(|number| {
            let mut forged = signature.to_vec();
            let end = forged.len() - 4;
            forged[end..].copy_from_slice(&number.to_be_bytes());
            (SIGNATURE, forged)
        }));
        Certificate::import(&made::joined(&packets))
    };
    let limit = PgpLimits::KEY_SIGNATURES;
    let read = with(limit - own, &binding).unwrap();
    assert_eq!(read.check(now()), Ok(()));
    let exceeded = PgpError::LimitExceeded { what: "signatures of a certificate on itself", limit };
    assert_eq!(with(limit - own + 1, &binding), Err(exceeded));

    let mut others = binding;
    let fingerprint = certificate.cert().fingerprint().as_bytes().to_vec();
    for name in [&fingerprint[..], &fingerprint[12..]] {
        while let Some(at) = others.windows(name.len()).position(|window| window == name) {
            others[at..at + name.len()].fill(0x55);
        }
    }
    assert!(with(limit + 1, &others).is_ok());
}

/// Misplaced ones are tried behind each user ID, and those that differ in what is not signed only are put together.
#[test]
fn a_certificate_that_is_made_to_cost_time_does_not() {
    let certificate = key(KeyProfile::Compatible, "alice", now()).certificate().clone();
    let primary = made::packets(&certificate.export())[0].clone();
    // Of another key, each with a number where the hash begins, or in what is not signed.
    let signature = |number: u32, is_signed: bool| {
        let (hash, issuer) = if is_signed { (number, 1) } else { (0, number) };
        let issuer = [&[9, 16, 9, 9, 9, 9], &issuer.to_be_bytes()[..]].concat();
        let mut body = vec![4, 0x10, 22, 10, 0, 0, 0, 10];
        body.extend(issuer);
        body.extend([1, 2, 0, 32, 255]);
        body.extend(&hash.to_be_bytes()[1..]);
        body.extend([0, 8, 255]);
        (2, body)
    };
    let user_id = |number: usize| (13, format!("{number:06}").into_bytes());
    let read = |packets: Vec<(u8, Vec<u8>)>| {
        let whole = made::joined(&[vec![primary.clone()], packets].concat());
        let began = Instant::now();
        let outcome = Certificate::import(&whole).map(|_| ());
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        outcome
    };
    let exceeded = |what, limit| Err(PgpError::LimitExceeded { what, limit });
    let (components, places) = (PgpLimits::KEY_COMPONENTS, PgpLimits::KEY_PLACES);
    let what = "user IDs and subkeys of a certificate";
    assert_eq!(read((0..components).map(user_id).collect()), Ok(()));
    assert_eq!(read((0..=components).map(user_id).collect()), exceeded(what, components));
    let many = |signatures, ids| {
        let signatures = (0..signatures).map(|number| signature(number, true));
        read(signatures.chain((0..ids).map(user_id)).collect())
    };
    assert_eq!(many(2500, 400), Ok(()));
    assert_eq!(many(2501, 400), exceeded("places for the signatures of a certificate", places));
    let copies = (0..20_000).map(|number| signature(number, false));
    assert_eq!(read([user_id(0)].into_iter().chain(copies).collect()), Ok(()));
}

/// One that is too much keeps nobody from the others, and takes nothing away from what is known.
#[test]
fn a_certificate_that_is_too_much_harms_no_other() {
    let (alice, bob) =
        (key(KeyProfile::Compatible, "alice", now()), key(KeyProfile::Compatible, "bob", now()));
    let forged = |numbers: std::ops::Range<usize>| {
        let mut packets = made::packets(&alice.certificate().export());
        let (_, binding) = packets.last().unwrap().clone();
        packets.extend(numbers.map(|number| {
            let mut signature = binding.clone();
            let end = signature.len() - 8;
            signature[end..].copy_from_slice(&number.to_be_bytes());
            (2, signature)
        }));
        made::joined(&packets)
    };
    let limit = PgpLimits::KEY_SIGNATURES;
    let too_much = forged(0..limit);
    let exceeded = PgpError::LimitExceeded { what: "signatures of a certificate on itself", limit };
    assert_eq!(Certificate::import_all(&too_much), Err(exceeded.clone()));
    let both = [too_much, bob.certificate().export()].concat();
    assert_eq!(Certificate::import_all(&both).unwrap(), [bob.certificate().clone()]);

    let parts = [0..1500, 1500..3000].map(|numbers| Certificate::import(&forged(numbers)).unwrap());
    let [one, other] = parts;
    assert_eq!(one.clone().merge(other.clone()), Err(exceeded));
    let mut ring = Keyring::new();
    ring.add_certificate(one.clone());
    ring.add_certificate(other);
    assert_eq!(ring.certificate(one.fingerprint()), Some(&one));
}

/// What is done with a number takes the third power of its length.
#[test]
fn keys_of_any_length_are_refused() {
    let number = |bits: u16| {
        let octets = usize::from(bits.div_ceil(8));
        let mut number = vec![0xff; octets];
        number[0] >>= (8 - bits % 8) % 8;
        [&bits.to_be_bytes()[..], &number].concat()
    };
    let key = |algorithm: u8, numbers: &[u16]| {
        let mut body = vec![4, 0, 0, 0, 10, algorithm];
        numbers.iter().for_each(|bits| body.extend(number(*bits)));
        Certificate::import(&made::joined(&[(6, body)])).map(|_| ())
    };
    let (rsa, elgamal, dsa) = (1, 16, 17);
    for (algorithm, numbers, limit) in [
        (rsa, &[16384, 17][..], None),
        (rsa, &[16385, 17], Some(16384)),
        (rsa, &[4096, 65], Some(64)),
        (elgamal, &[8192, 3, 3], None),
        (elgamal, &[8193, 3, 3], Some(8192)),
        (dsa, &[3072, 256, 3, 3], None),
        (dsa, &[3073, 256, 3, 3], Some(3072)),
        (dsa, &[3072, 513, 3, 3], Some(512)),
    ] {
        let expected =
            limit.map_or(Ok(()), |limit| Err(PgpError::LimitExceeded { what: "bits of a key", limit }));
        assert_eq!(key(algorithm, numbers), expected, "{algorithm} {numbers:?}");
    }
}

#[test]
fn what_is_no_key_is_refused() {
    for data in [&b""[..], b"\x80", b"hello", b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n!!\n", &[0xff; 100]] {
        assert!(matches!(Certificate::import(data), Err(PgpError::Malformed { .. })), "{data:?}");
    }
    let limit = PgpLimits::KEY_DATA;
    let certificate = key(KeyProfile::Modern, "alice", now()).certificate().clone();
    let mut padded = certificate.export_armored().into_bytes();
    padded.resize(limit, b'\n');
    assert_eq!(Certificate::import(&padded), Ok(certificate));
    padded.push(b'\n');
    assert_eq!(
        Certificate::import(&padded),
        Err(PgpError::LimitExceeded { what: "octets of key data", limit })
    );
}

#[test]
fn a_revocation_revokes_its_certificate_and_no_other() {
    for profile in PROFILES {
        let (key, revocation) = SecretKey::generate(profile, &user("alice"), None, now()).unwrap();
        let other = super::key(profile, "bob", now()).certificate().clone();
        let certificate = key.certificate().clone();
        let armored = RevocationCertificate::import(revocation.export_armored().as_bytes()).unwrap();
        assert_eq!(RevocationCertificate::import(&revocation.export()), Ok(armored.clone()));
        assert!(armored.revokes().unwrap().names(certificate.fingerprint()));
        assert!(!certificate.is_revoked(now()));
        let revoked = certificate.clone().revoke(&armored).unwrap();
        assert!(revoked.is_revoked(now()));
        assert_eq!(revoked.check(now()), Err(Unusable::Revoked));
        assert!(!revoked.can_encrypt(now()) && !revoked.can_sign(now()));
        assert_eq!(
            other.revoke(&armored),
            Err(PgpError::Malformed { what: "expected a revocation of this certificate" })
        );
        let again = key.unlock_unprotected().unwrap().revocation(now() + DAY).unwrap();
        let merged = certificate.clone().merge(certificate.revoke(&again).unwrap()).unwrap();
        assert!(merged.is_revoked(now() + DAY));
    }
}

#[test]
fn the_keyring_chooses_the_same_key_everywhere() {
    let old = key(KeyProfile::Compatible, "alice", now() - DAY);
    let new = key(KeyProfile::Modern, "alice", now());
    let bob = key(KeyProfile::Modern, "bob", now());
    let alice = user("alice").address().unwrap();
    let mut keyring = Keyring::new();
    for certificate in [&old, &new, &bob].map(SecretKey::certificate) {
        keyring.add_certificate(certificate.clone());
    }
    let found = |keyring: &Keyring| -> Vec<_> {
        keyring.by_address(&alice, now()).iter().map(|c| c.fingerprint().clone()).collect()
    };
    assert_eq!(
        found(&keyring),
        [new.fingerprint().clone(), old.fingerprint().clone()],
        "the newer one first"
    );
    keyring.add_secret_key(old.clone());
    assert_eq!(found(&keyring), [old.fingerprint().clone(), new.fingerprint().clone()], "one's own first");
    assert_eq!(keyring.signing_key(&alice, now()).unwrap().fingerprint(), old.fingerprint());
    let handle = KeyHandle::from(new.fingerprint().key_id());
    assert_eq!(keyring.by_handle(&handle).collect::<Vec<_>>(), [new.certificate()]);
    assert!(keyring.remove(old.fingerprint()) && !keyring.remove(old.fingerprint()));
    assert_eq!(keyring.signing_key(&alice, now()).map(|_| ()), Err(PgpError::NoSecretKey));
    assert_eq!(keyring.encryption_certificate(&user("carol").address().unwrap(), now()), Err(None));
}

#[test]
fn a_locked_key_says_so_until_it_is_unlocked() {
    let secret = Secret::from("secret");
    let (key, _) = SecretKey::generate(KeyProfile::Modern, &user("alice"), Some(&secret), now()).unwrap();
    let alice = user("alice").address().unwrap();
    let mut keyring = keyring([&key]);
    let locked = PgpError::KeyLocked { keys: vec![key.fingerprint().clone().into()] };
    assert_eq!(keyring.signing_key(&alice, now()).map(|_| ()), Err(locked));
    assert_eq!(keyring.unlock(key.fingerprint(), &"no".into()), Err(PgpError::WrongPassphrase));
    assert_eq!(keyring.unlock(key.fingerprint(), &secret), Ok(()));
    assert!(keyring.signing_key(&alice, now()).is_ok());
}

/// Of what is compressed nobody knows how long it becomes: 50 octets can be 45 MB. It is never unpacked.
#[test]
fn compressed_data_is_no_certificate_and_not_unpacked() {
    use super::super::armor::packets;
    use sequoia_openpgp::packet::Tag;

    let alice = key(KeyProfile::Modern, "alice", now());
    let certificate = alice.certificate().export();
    let compressed = made::packet(8, &[b"\x00", certificate.as_slice()].concat());
    let none = PgpError::Malformed { what: "expected a certificate or key" };
    assert_eq!(Certificate::import_all(&compressed), Err(none.clone()));
    assert_eq!(SecretKey::import_all(&compressed).map(|_| ()), Err(none));
    // Behind a certificate, it is not looked at.
    let both = [certificate.as_slice(), &compressed].concat();
    assert!(packets(&both).unwrap().iter().all(|packet| packet.tag() != Tag::CompressedData));
    assert_eq!(Certificate::import(&both).as_ref(), Ok(alice.certificate()));
}

#[test]
fn a_time_that_openpgp_cannot_express_is_refused() {
    for time in [at(0) - DAY, at(u64::from(u32::MAX) + 1)] {
        let made = SecretKey::generate(KeyProfile::Modern, &user("alice"), None, time);
        assert_eq!(made.map(|_| ()), Err(PgpError::TimeOutOfRange));
    }
}

#[test]
fn a_passphrase_may_not_cost_more_than_the_limits() {
    use super::super::unlock::check_cost;
    use sequoia_openpgp::crypto::S2K;

    let argon2 = |t, m| S2K::Argon2 { salt: [0; 16], t, p: 4, m };
    let exceeded = |what, limit| Err(PgpError::LimitExceeded { what, limit });
    let limits = PgpLimits::default();
    let (memory, passes) = (limits.passphrase_memory, limits.passphrase_passes);
    assert_eq!((memory, passes), (64 * 1024 * 1024, 10));
    assert_eq!(check_cost(&argon2(passes, 16), &limits), Ok(()));
    let past = check_cost(&argon2(passes + 1, 16), &limits);
    assert_eq!(past, exceeded("passes for a passphrase", passes.into()));
    for exponent in [17, 53, 54, 63, 64, 255] {
        let past = check_cost(&argon2(passes, exponent), &limits);
        assert_eq!(past, exceeded("octets of memory for a passphrase", memory), "{exponent}");
    }
}

/// The same of a whole key, as it is unlocked.
#[test]
fn a_key_that_costs_more_is_unlocked_only_within_higher_limits() {
    const MEMORY: usize = PgpLimits::PASSPHRASE_MEMORY;
    let secret = Secret::from("a passphrase");
    let key = key(KeyProfile::Modern, "alice", now());
    assert!(made::locked_with_argon2(&key, &secret, 16).unlock(&secret).is_ok());

    let costly = made::locked_with_argon2(&key, &secret, 17);
    let exceeded = PgpError::LimitExceeded { what: "octets of memory for a passphrase", limit: MEMORY };
    assert_eq!(costly.unlock(&secret).err(), Some(exceeded.clone()));
    let mut keyring = keyring([&costly]);
    assert_eq!(keyring.unlock(key.fingerprint(), &secret), Err(exceeded));
    let limits = PgpLimits { passphrase_memory: 2 * MEMORY, ..PgpLimits::default() };
    assert_eq!(costly.unlock_within(&secret, &limits).unwrap().fingerprint(), key.fingerprint());
    let wrong = costly.unlock_within(&Secret::from("another"), &limits);
    assert_eq!(wrong.err(), Some(PgpError::WrongPassphrase));
}

#[test]
fn a_compatible_key_asks_for_nothing_that_gnupg_cannot_read() {
    use sequoia_openpgp::cert::Preferences;

    for (profile, seipdv2) in
        [(KeyProfile::Compatible, false), (KeyProfile::Modern, true), (KeyProfile::PostQuantum, true)]
    {
        let key = key(profile, "alice", now());
        let policy = super::super::policy::policy(now());
        let features = key.certificate().cert().with_policy(&policy, now()).unwrap().features().unwrap();
        assert!(features.supports_seipdv1());
        assert_eq!(features.supports_seipdv2(), seipdv2);
    }
}

/// Whoever makes a certificate can put any curve into it, and any point.
#[test]
fn a_certificate_that_cannot_be_computed_with_is_unusable() {
    use sequoia_openpgp::cert::CertBuilder;
    use sequoia_openpgp::crypto::mpi::{MPI, PublicKey};
    use sequoia_openpgp::packet::key::{Key4, PublicParts, SubordinateRole};
    use sequoia_openpgp::packet::{Key, signature::SignatureBuilder};
    use sequoia_openpgp::types::{
        Curve, HashAlgorithm, KeyFlags, PublicKeyAlgorithm, SignatureType, SymmetricAlgorithm,
    };

    let made = |curve: Curve, point: Vec<u8>| {
        let builder = CertBuilder::new().set_creation_time(now()).add_userid("alice@example.test");
        let (cert, _) = builder.generate().unwrap();
        let (hash, sym) = (HashAlgorithm::SHA256, SymmetricAlgorithm::AES256);
        let material = PublicKey::ECDH { curve, q: MPI::new(&point), hash, sym };
        let key: Key<PublicParts, SubordinateRole> =
            Key4::new(now(), PublicKeyAlgorithm::ECDH, material).unwrap().into();
        let mut signer =
            cert.primary_key().key().clone().parts_into_secret().unwrap().into_keypair().unwrap();
        let flags = KeyFlags::empty().set_transport_encryption().set_storage_encryption();
        let binding = SignatureBuilder::new(SignatureType::SubkeyBinding)
            .set_signature_creation_time(now())
            .and_then(|builder| builder.set_key_flags(flags))
            .unwrap();
        let binding = key.bind(&mut signer, &cert, binding).unwrap();
        let packets = [sequoia_openpgp::Packet::from(key), binding.into()];
        Certificate::from_cert(cert.insert_packets(packets).unwrap().0.strip_secret_key_material()).unwrap()
    };
    for (certificate, reason) in [
        (made(Curve::Unknown(Box::new([1, 2, 3])), vec![4; 33]), Unusable::NoSuitableKey),
        (made(Curve::NistP256, vec![4; 65]), Unusable::Invalid),
    ] {
        let alice = key(KeyProfile::Modern, "alice", now());
        let unusable = PgpError::KeyUnusable { key: certificate.fingerprint().clone().into(), reason };
        let to = Recipients::new([alice.certificate(), &certificate]);
        assert_eq!(encrypt(b"x", &to, now()), Err(unusable));
    }
}

/// RFC 9980 names the algorithms, and asks for version 6 and a hash of 256 bits or more.
#[test]
fn post_quantum_keys_are_what_the_standard_says() {
    let alice = key(KeyProfile::PostQuantum, "alice", now());
    let certificate = alice.certificate();
    assert_eq!(certificate.algorithms(), "ML-DSA-65+Ed25519, ML-KEM-768+X25519");
    assert_eq!(certificate.fingerprint().version(), 6);
    certificate.check(now()).unwrap();
    let length = certificate.export_armored().len();
    assert!((25_000..35_000).contains(&length), "{length}");
    let signer = alice.unlock_unprotected().unwrap();
    let signature = sign_detached(b"content", &signer, now()).unwrap();
    let results =
        verify_detached(b"content", signature.as_bytes(), &keyring([&alice]), &options(), now()).unwrap();
    assert_eq!(results[0].hash.as_deref(), Some("SHA512"));
}
