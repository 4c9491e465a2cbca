use postseal_types::{ErrorCode, Secret};

use super::*;

#[test]
fn every_form_round_trips_for_every_profile_at_any_time() {
    for (profile, time) in PROFILES.into_iter().flat_map(|p| TIMES.map(|t| (p, at(t)))) {
        let (alice, bob) = (key(profile, "alice", time), key(profile, "bob", time));
        let both = keyring([&alice, &bob]);
        let signer = alice.unlock_unprotected().unwrap();
        let to = Recipients::new([alice.certificate(), bob.certificate()]).signed_by(&signer);

        let sealed = encrypt(b"content", &to, time).unwrap();
        for form in [sealed.to_armored().as_bytes(), sealed.as_bytes()] {
            let opened = decrypt(form, &both, &options(), time).unwrap();
            assert_eq!(opened.data, b"content");
            assert_eq!(opened.encryption.recipients.len(), 2);
            assert_eq!(opened.encryption.cipher, "AES-256");
            assert_eq!(opened.encryption.aead.is_some(), profile != KeyProfile::Compatible);
            assert!(
                matches!(opened.signatures.as_slice(), [one] if good(&alice, one) && one.made == Some(time))
            );
        }

        let detached = sign_detached(b"content", &signer, time).unwrap();
        let results = verify_detached(b"content", detached.as_bytes(), &both, &options(), time).unwrap();
        assert!(
            matches!(results.as_slice(), [one] if good(&alice, one) && one.hash.as_deref() == Some("SHA512"))
        );

        let inline = sign_inline(b"content", &signer, time).unwrap();
        let opened = verify_inline(inline.to_armored().as_bytes(), &both, &options(), time).unwrap();
        assert_eq!(opened.data, b"content");
        assert!(good(&alice, &opened.signatures[0]));

        let text = sign_cleartext("- dashed\nFrom here\n", &signer, time).unwrap();
        let opened = verify_inline(text.as_bytes(), &both, &options(), time).unwrap();
        assert_eq!(
            String::from_utf8_lossy(&opened.data).replace("\r\n", "\n").trim_end(),
            "- dashed\nFrom here"
        );
        assert!(good(&alice, &opened.signatures[0]));
    }
}

#[test]
fn a_mixed_audience_gets_the_format_that_all_can_read() {
    let [old, new, newest] = PROFILES.map(|profile| key(profile, "alice", now()));
    let all = [&old, &new, &newest].map(SecretKey::certificate);
    let sealed = encrypt(b"x", &Recipients::new(all), now()).unwrap();
    for reader in [&old, &new, &newest] {
        let opened = decrypt(sealed.as_bytes(), &keyring([reader]), &options(), now()).unwrap();
        assert_eq!((opened.data.as_slice(), opened.encryption.aead), (&b"x"[..], None));
    }
}

#[test]
fn a_message_for_someone_else_names_whom_it_is_for() {
    let (alice, bob) = (key(KeyProfile::Modern, "alice", now()), key(KeyProfile::Modern, "bob", now()));
    let sealed = encrypt(b"x", &Recipients::new([bob.certificate()]), now()).unwrap();
    let error = decrypt(sealed.as_bytes(), &keyring([&alice]), &options(), now()).unwrap_err();
    let PgpError::KeyMissing { recipients, takes_passphrase: false } = &error else { panic!("{error:?}") };
    assert!(bob.certificate().key_fingerprints().any(|key| recipients[0].names(&key)));
    assert_eq!((recipients.len(), error.code()), (1, ErrorCode::KeyMissing));
}

#[test]
fn a_locked_key_is_told_from_a_missing_one() {
    let secret = Secret::from("secret");
    let (key, _) = SecretKey::generate(KeyProfile::Modern, &user("alice"), Some(&secret), now()).unwrap();
    let sealed = encrypt(b"x", &Recipients::new([key.certificate()]), now()).unwrap();
    let mut ring = keyring([&key]);
    assert_eq!(
        decrypt(sealed.as_bytes(), &ring, &options(), now()),
        Err(PgpError::KeyLocked { keys: vec![key.fingerprint().clone().into()] })
    );
    ring.unlock(key.fingerprint(), &secret).unwrap();
    assert_eq!(decrypt(sealed.as_bytes(), &ring, &options(), now()).unwrap().data, b"x");
}

#[test]
fn a_passphrase_opens_a_message() {
    let (right, wrong) = (Secret::from("right"), Secret::from("wrong"));
    let sealed = encrypt(b"x", &Recipients::new([]).with_passphrase(&right), now()).unwrap();
    let open = |passphrases| {
        let options = ReadOptions { passphrases, ..ReadOptions::default() };
        decrypt(sealed.as_bytes(), &Keyring::new(), &options, now()).map(|opened| opened.data)
    };
    assert_eq!(open(vec![&wrong, &right]), Ok(b"x".to_vec()));
    assert_eq!(open(vec![&wrong]), Err(PgpError::WrongPassphrase));
    assert_eq!(open(vec![]), Err(PgpError::KeyMissing { recipients: vec![], takes_passphrase: true }));
}

#[test]
fn a_signature_is_bad_for_one_named_reason() {
    let (alice, eve) = (key(KeyProfile::Modern, "alice", now()), key(KeyProfile::Modern, "eve", now()));
    let signer = alice.unlock_unprotected().unwrap();
    let signature = sign_detached(b"content", &signer, now()).unwrap();
    let status = |data: &[u8], keyring: &Keyring, time| {
        verify_detached(data, signature.as_bytes(), keyring, &options(), time).unwrap()[0].status.clone()
    };
    let (known, unknown) = (keyring([&alice]), keyring([&eve]));
    assert_eq!(status(b"Content", &known, now()), SignatureStatus::Bad(SignatureFault::Mismatch));
    assert_eq!(status(b"content", &unknown, now()), SignatureStatus::UnknownSigner);
    let hour = Duration::from_secs(3600);
    assert_eq!(status(b"content", &known, now() - hour), SignatureStatus::Bad(SignatureFault::MadeInFuture));
    let skew = Duration::from_secs(60);
    assert_ne!(status(b"content", &known, now() - skew), SignatureStatus::Bad(SignatureFault::MadeInFuture));

    let (_, revocation) = SecretKey::generate(KeyProfile::Modern, &user("x"), None, now()).unwrap();
    assert!(alice.certificate().clone().revoke(&revocation).is_err());
    let revocation = signer.revocation(now() + hour).unwrap();
    let mut revoked = Keyring::new();
    revoked.add_certificate(alice.certificate().clone().revoke(&revocation).unwrap());
    assert_eq!(
        status(b"content", &revoked, now() + hour),
        SignatureStatus::Bad(SignatureFault::SignerUnusable(Unusable::Revoked))
    );
}

#[test]
fn a_signature_passed_on_to_someone_else_is_not_good() {
    let [alice, bob, eve] = ["alice", "bob", "eve"].map(|name| key(KeyProfile::Compatible, name, now()));
    let signer = alice.unlock_unprotected().unwrap();
    let to_eve = encrypt(b"x", &Recipients::new([eve.certificate()]).signed_by(&signer), now()).unwrap();
    let passed_on = made::reencrypt(to_eve.as_bytes(), &eve, bob.certificate(), now());
    let opened = decrypt(&passed_on, &keyring([&bob, &alice]), &options(), now()).unwrap();
    assert_eq!(opened.data, b"x");
    assert_eq!(opened.signatures[0].status, SignatureStatus::Bad(SignatureFault::NotIntendedForReader));
}

#[test]
fn the_limits_hold_at_the_limit_and_one_past_it() {
    // SEIPDv1 has one packet more at its end.
    for (profile, packets) in [(KeyProfile::Compatible, 6), (KeyProfile::Modern, 5)] {
        let alice = key(profile, "alice", now());
        let ring = keyring([&alice]);
        let signer = alice.unlock_unprotected().unwrap();
        let to = Recipients::new([alice.certificate()]);
        let with = |change: &dyn Fn(&mut PgpLimits)| {
            let mut options = options();
            change(&mut options.limits);
            options
        };
        let exceeded = |what, limit| Err(PgpError::LimitExceeded { what, limit });
        // What is inside of SEIPDv1 is counted before it is proven.
        let inside = |what, limit| match profile {
            KeyProfile::Compatible => Err(PgpError::Tampered),
            _ => Err(PgpError::LimitExceeded { what, limit }),
        };

        let sealed = encrypt(b"x", &to.clone().signed_by(&signer), now()).unwrap();
        let open = |options: ReadOptions<'_>| {
            decrypt(sealed.as_bytes(), &ring, &options, now()).map(|opened| opened.data)
        };
        assert_eq!(open(with(&|limits| limits.signatures = 1)), Ok(b"x".to_vec()));
        assert_eq!(
            open(with(&|limits| limits.signatures = 0)),
            inside("signatures", 0).map(|_: usize| vec![])
        );
        assert_eq!(open(with(&|limits| limits.recipients = 1)), Ok(b"x".to_vec()));
        assert_eq!(
            open(with(&|limits| limits.recipients = 0)),
            exceeded("recipients", 0).map(|_: usize| vec![])
        );
        assert_eq!(open(with(&|limits| limits.attempts = 1)), Ok(b"x".to_vec()));
        assert_eq!(
            open(with(&|limits| limits.attempts = 0)),
            exceeded("attempts to decrypt a message", 0).map(|_: usize| vec![])
        );
        assert_eq!(open(with(&|limits| limits.packets = packets)), Ok(b"x".to_vec()));
        assert_eq!(
            open(with(&|limits| limits.packets = packets - 1)),
            inside("packets", packets - 1).map(|_: usize| vec![])
        );
        assert_eq!(open(with(&|limits| limits.depth = 1)), Ok(b"x".to_vec()));
        assert_eq!(
            open(with(&|limits| limits.depth = 0)),
            inside("levels of packets", 0).map(|_: usize| vec![])
        );
    }
}

#[test]
fn the_limit_of_the_plaintext_holds_for_every_profile() {
    for (profile, limit) in PROFILES.into_iter().flat_map(|profile| [(profile, 10), (profile, 100_000)]) {
        let alice = key(profile, "alice", now());
        let (ring, to) = (keyring([&alice]), Recipients::new([alice.certificate()]));
        let mut options = options();
        options.limits.plaintext = limit;
        for length in [limit, limit + 1, limit * 6] {
            let data = vec![b'x'; length];
            let plain = encrypt(&data, &to, now()).unwrap().into_bytes();
            for sealed in [plain, made::compressed(&data, &to)] {
                let opened = decrypt(&sealed, &ring, &options, now()).map(|opened| opened.data.len());
                let exceeded = PgpError::LimitExceeded { what: "octets of plaintext", limit };
                let expected = if length == limit { Ok(limit) } else { Err(exceeded) };
                assert_eq!(opened, expected, "{profile:?} {limit} {length}");
            }
        }
    }
}

#[test]
fn a_compression_bomb_stops_at_the_limit() {
    let alice = key(KeyProfile::Modern, "alice", now());
    let bomb = made::compressed(&vec![0; PgpLimits::PLAINTEXT + 1], &Recipients::new([alice.certificate()]));
    assert!(bomb.len() < 1024 * 1024);
    assert_eq!(
        decrypt(&bomb, &keyring([&alice]), &options(), now()).map(|_| ()),
        Err(PgpError::LimitExceeded { what: "octets of plaintext", limit: PgpLimits::PLAINTEXT })
    );
}

/// Padding and the like inside: passing it over must not cost more than reading the content could.
#[test]
fn what_is_passed_over_stops_at_the_limit() {
    let alice = key(KeyProfile::Modern, "alice", now());
    let (ring, to) = (keyring([&alice]), Recipients::new([alice.certificate()]));
    let mut options = options();
    options.limits.plaintext = 100_000;
    let literal = made::packet(11, b"b\x00\x00\x00\x00\x00x");
    let exceeded = PgpError::LimitExceeded { what: "octets beside the content", limit: 100_000 };
    // A length in pieces, which only content may have (RFC 9580, section 4.2.1.4).
    let pieces = [&[0xc0 | 21, 0xe0 | 9][..], &[0; 512], &[0]].concat();
    for (padding, opens) in [
        (made::packet(21, &[0; 100_000]), true),
        (made::packet(21, &[0; 100_001]), false),
        ([made::packet(21, &[0; 60_000]), made::packet(10, &[0; 60_000])].concat(), false),
        (made::packet(2, &[0; 100_001]), false),
        (pieces, false),
    ] {
        let packets = [padding, literal.clone()].concat();
        let compressed = made::packet(8, &[b"\x00", packets.as_slice()].concat());
        for inner in [&packets, &compressed] {
            let opened = decrypt(&made::around(inner, &to, now()), &ring, &options, now());
            // Inside of encryption, all that is wrong is one error.
            let expected = if opens { Ok(b"x".to_vec()) } else { Err(PgpError::Tampered) };
            assert_eq!(opened.map(|opened| opened.data), expected);
        }
        let signed = verify_inline(&compressed, &ring, &options, now());
        assert_eq!(signed, Err(if opens { PgpError::NotSigned } else { exceeded.clone() }));
        assert!(verify_detached(b"x", &compressed, &ring, &options, now()).is_err());
    }
}

#[test]
fn what_is_not_encrypted_is_not_decrypted() {
    let alice = key(KeyProfile::Modern, "alice", now());
    let signed = sign_inline(b"x", &alice.unlock_unprotected().unwrap(), now()).unwrap();
    assert_eq!(
        decrypt(signed.as_bytes(), &keyring([&alice]), &options(), now()),
        Err(PgpError::NotEncrypted)
    );
    for data in [&b""[..], b"hello", b"\xff\xff\xff\xff\xff\xff", b"-----BEGIN PGP MESSAGE-----\n\n"] {
        assert!(matches!(
            decrypt(data, &keyring([&alice]), &options(), now()),
            Err(PgpError::Malformed { .. })
        ));
    }
}

#[test]
fn encryption_without_integrity_protection_is_refused_by_name() {
    // A symmetrically encrypted data packet (tag 9) after a session key packet for a passphrase.
    let message = b"\x8c\x04\x04\x09\x00\x08\xa4\x14\x00112233445566778899";
    let passphrase = Secret::from("x");
    let options = ReadOptions { passphrases: vec![&passphrase], ..ReadOptions::default() };
    assert_eq!(decrypt(message, &Keyring::new(), &options, now()), Err(PgpError::NoIntegrity));
}

#[test]
fn nobody_to_encrypt_to_is_an_error() {
    assert_eq!(encrypt(b"x", &Recipients::new([]), now()), Err(PgpError::NoRecipients));
    let (key, revocation) = SecretKey::generate(KeyProfile::Modern, &user("alice"), None, now()).unwrap();
    let revoked = key.certificate().clone().revoke(&revocation).unwrap();
    assert_eq!(
        encrypt(b"x", &Recipients::new([&revoked]), now()),
        Err(PgpError::KeyUnusable { key: key.fingerprint().clone().into(), reason: Unusable::Revoked })
    );
}

/// The library compares the issuers of a signature with those of all others.
#[test]
fn a_signature_has_no_more_issuers_than_the_limit() {
    let with = |issuers: u32| {
        let mut area = Vec::new();
        for number in 0..issuers {
            area.extend([9, 16, 9, 9, 9, 9]);
            area.extend(number.to_be_bytes());
        }
        let mut body = vec![4, 0, 22, 10, 0, 0];
        body.extend(u16::try_from(area.len()).unwrap().to_be_bytes());
        body.extend(area);
        body.extend([1, 2, 0, 8, 255, 0, 8, 255]);
        made::packet(2, &body)
    };
    let verified = |signatures: Vec<u8>| {
        verify_detached(b"content", &signatures, &Keyring::new(), &options(), now())
            .map(|results| results.len())
    };
    let exceeded = Err(PgpError::LimitExceeded { what: "issuers of a signature", limit: 16 });
    assert_eq!(verified(with(16)), Ok(1));
    assert_eq!(verified(with(17)), exceeded);
    assert_eq!(verified(vec![with(6000); 32].concat()), exceeded);
    let inline = [vec![with(17)], vec![made::packet(11, b"b\0\0\0\0\0content")]].concat().concat();
    assert_eq!(
        verify_inline(&inline, &Keyring::new(), &options(), now()).map(|_| ()),
        Err(PgpError::LimitExceeded { what: "issuers of a signature", limit: 16 })
    );
}

/// Its signatures are dated by whoever makes them, and a key that is out of use is guarded by nobody.
#[test]
fn a_subkey_that_has_expired_signs_nothing_any_more() {
    const DAY: Duration = Duration::from_secs(86_400);
    let alice = made::signing_for(30 * DAY, now());
    let signature = sign_detached(b"content", &alice.unlock_unprotected().unwrap(), now() + DAY).unwrap();
    let status = |time| {
        let found = verify_detached(b"content", signature.as_bytes(), &keyring([&alice]), &options(), time);
        found.unwrap().remove(0).status
    };
    assert!(matches!(status(now() + 29 * DAY), SignatureStatus::Good { .. }));
    let expired = SignatureFault::SignerUnusable(Unusable::Expired);
    assert_eq!(status(now() + 31 * DAY), SignatureStatus::Bad(expired));
    assert!(alice.certificate().check(now() + 31 * DAY).is_ok());
}
