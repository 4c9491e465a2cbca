use sequoia_openpgp::packet::Tag;
use sequoia_openpgp::parse::{PacketParserBuilder, PacketParserResult, Parse};

use super::*;

/// Where the encrypted packet begins.
fn encrypted_body(message: &[u8]) -> usize {
    let mut parser = PacketParserBuilder::from_bytes(message).unwrap().map(true).build().unwrap();
    let mut offset = 0;
    while let PacketParserResult::Some(packet) = parser {
        let map_length: usize = packet.map().unwrap().iter().map(|field| field.as_bytes().len()).sum();
        if packet.packet.tag() == Tag::SEIP {
            return offset;
        }
        offset += map_length;
        parser = packet.next().unwrap().1;
    }
    panic!("no encrypted packet")
}

/// The length of the header of the encrypted packet: its tag, and one, two or five octets of length.
fn encrypted_header(message: &[u8]) -> usize {
    match message[encrypted_body(message) + 1] {
        0..=191 => 2,
        192..=223 => 3,
        _ => 6,
    }
}

/// Each change of one octet and each cut, sampled: an error every time, so that no plaintext can have come out.
#[test]
fn no_change_and_no_cut_goes_unnoticed() {
    for profile in PROFILES {
        let alice = key(profile, "alice", now());
        let ring = keyring([&alice]);
        let signer = alice.unlock_unprotected().unwrap();
        let content = vec![b'x'; 2000];
        let sealed = encrypt(&content, &Recipients::new([alice.certificate()]).signed_by(&signer), now())
            .unwrap()
            .into_bytes();
        let body = encrypted_body(&sealed);
        assert!(body > 50 && sealed.len() > body + content.len());

        let open = |message: &[u8]| decrypt(message, &ring, &options(), now());
        assert_eq!(open(&sealed).unwrap().data, content);
        // Past the header of the packet and its fixed fields (at most 42 octets), everything is ciphertext: tampered, and nothing else.
        for at in (body..body + 64)
            .chain((body + 64..sealed.len()).step_by(7))
            .chain(sealed.len() - 40..sealed.len())
        {
            for flip in [0x01, 0x80] {
                let mut changed = sealed.clone();
                changed[at] ^= flip;
                let error = open(&changed).unwrap_err();
                assert!(at < body + 64 || error == PgpError::Tampered, "{profile:?} {at} {error:?}");
            }
        }
        for at in (body + 64..sealed.len()).step_by(5).chain(sealed.len() - 30..sealed.len()) {
            assert_eq!(open(&sealed[..at]), Err(PgpError::Tampered), "{profile:?} cut at {at}");
        }
        for at in 0..body + 64 {
            assert!(open(&sealed[..at]).is_err(), "{profile:?} cut at {at}");
        }
        for at in 0..body {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            // What names the recipient isn't protected; the content still has to be what it was.
            if let Ok(opened) = open(&changed) {
                assert_eq!(opened.data, content);
            }
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
    let first = encrypted_body(&sealed) + encrypted_header(&sealed) + 1 + 18;
    for difference in 1..=255 {
        let mut changed = sealed.clone();
        changed[first] ^= difference;
        assert_eq!(decrypt(&changed, &ring, &options(), now()), Err(PgpError::Tampered), "{difference:#x}");
    }
}

#[test]
fn what_follows_the_message_makes_it_no_message() {
    let alice = key(KeyProfile::Compatible, "alice", now());
    let ring = keyring([&alice]);
    let sealed = encrypt(b"x", &Recipients::new([alice.certificate()]), now()).unwrap().into_bytes();
    let literal = b"\xcb\x09b\x00\x00\x00\x00\x00evil".as_slice();
    assert!(decrypt(&[&sealed, literal].concat(), &ring, &options(), now()).is_err());
    assert!(decrypt(&[literal, &sealed].concat(), &ring, &options(), now()).is_err());
    assert!(decrypt(&[&sealed[..], &sealed].concat(), &ring, &options(), now()).is_err());
}
