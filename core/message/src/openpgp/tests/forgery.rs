//! Messages put together anew from the packets of honest ones (RFC 9580, section 10.3): an error, or what was said.

use super::made::{around, encrypted_body, joined, packet, packets};
use super::*;

const SECRET: &[u8] = b"The answer is forty-two.";

fn literal(content: &[u8]) -> Vec<u8> {
    packet(11, &[b"b\x00\x00\x00\x00\x00", content].concat())
}

/// alice, a message to her and bob, and one that says something else.
fn two_messages(profile: KeyProfile) -> (Keyring, Vec<u8>, Vec<u8>) {
    let (alice, bob) = (key(profile, "alice", now()), key(profile, "bob", now()));
    let signer = bob.unlock_unprotected().unwrap();
    let to = Recipients::new([alice.certificate(), bob.certificate()]).signed_by(&signer);
    let message = |content: &[u8]| encrypt(content, &to, now()).unwrap().into_bytes();
    let mut ring = keyring([&alice]);
    ring.add_certificate(bob.certificate().clone());
    (ring, message(SECRET), message(b"pay eve"))
}

/// An error that says nothing of the content; or the content.
#[track_caller]
fn assert_same_or_error(message: &[u8], ring: &Keyring) -> Option<PgpError> {
    match decrypt(message, ring, &options(), now()) {
        Ok(opened) => {
            assert_eq!(opened.data, SECRET);
            assert!(matches!(
                opened.signatures.as_slice(),
                [SignatureResult { status: SignatureStatus::Good { .. }, .. }]
            ));
            None
        }
        Err(error) => {
            let shown = format!("{error} {error:?}");
            assert!(!["answer", "forty"].iter().any(|word| shown.contains(word)), "{shown}");
            Some(error)
        }
    }
}

#[test]
fn packets_dropped_doubled_and_moved_change_nothing_that_is_shown() {
    for profile in PROFILES {
        let (ring, message, _) = two_messages(profile);
        let whole = packets(&message);
        assert_eq!(whole.iter().map(|(tag, _)| *tag).collect::<Vec<_>>(), [1, 1, 18]);
        assert_eq!(assert_same_or_error(&joined(&whole), &ring), None);
        for at in 0..whole.len() {
            let mut dropped = whole.clone();
            dropped.remove(at);
            let error = assert_same_or_error(&joined(&dropped), &ring);
            assert!(at < 2 || error.is_some(), "{profile:?} without the data");
            for to in 0..whole.len() {
                let mut moved = whole.clone();
                moved.swap(at, to);
                let error = assert_same_or_error(&joined(&moved), &ring);
                assert!(moved[2].0 == 18 || error.is_some(), "{profile:?} {at} for {to}");
            }
            for to in 0..=whole.len() {
                let mut doubled = whole.clone();
                doubled.insert(to, whole[at].clone());
                let error = assert_same_or_error(&joined(&doubled), &ring);
                let is_well_formed = at < 2 && to < 3;
                assert_eq!(error.is_none(), is_well_formed, "{profile:?} {at} again at {to}: {error:?}");
            }
        }
    }
}

#[test]
fn what_is_added_to_a_message_makes_it_none() {
    for profile in PROFILES {
        let (ring, message, other) = two_messages(profile);
        let whole = packets(&message);
        let stray = |bytes: &[u8]| packets(bytes).remove(0);
        let data = packets(&other).remove(2);
        for (tag, body, may_stand) in [
            // A marker and padding mean nothing, and what is not critical is passed over (section 4.3).
            (10, b"PGP".to_vec(), true),
            (21, vec![0; 9], true),
            (60, vec![1; 9], true),
            (39, vec![1; 9], false),
            (22, vec![1; 9], false),
            (19, vec![1; 20], false),
            (11, stray(&literal(b"pay eve")).1, false),
            (8, [b"\x00", literal(b"pay eve").as_slice()].concat(), false),
            (13, b"eve@example.test".to_vec(), false),
            (data.0, data.1.clone(), false),
        ] {
            for at in 0..=whole.len() {
                let mut added = whole.clone();
                added.insert(at, (tag, body.clone()));
                let error = assert_same_or_error(&joined(&added), &ring);
                assert!(may_stand || error.is_some(), "{profile:?}: {tag} at {at}");
            }
        }
        for both in [[&message, &other], [&other, &message], [&message, &message]] {
            let both = both.map(Vec::as_slice).concat();
            assert!(assert_same_or_error(&both, &ring).is_some(), "{profile:?}: two messages");
        }
        // The session keys of one with the data of the other.
        let crossed = [whole[0].clone(), whole[1].clone(), data];
        assert_eq!(assert_same_or_error(&joined(&crossed), &ring), Some(PgpError::Tampered));
    }
}

/// The sender can encrypt anything; it still has to be one message.
#[test]
fn what_is_encrypted_is_one_message() {
    let alice = key(KeyProfile::Compatible, "alice", now());
    let (ring, to) = (keyring([&alice]), Recipients::new([alice.certificate()]));
    let open = |inner: &[u8]| decrypt(&around(inner, &to, now()), &ring, &options(), now());
    assert_eq!(open(&literal(SECRET)).unwrap().data, SECRET);
    let nested = encrypt(SECRET, &to, now()).unwrap().into_bytes();
    for inner in [
        [literal(SECRET), literal(b"pay eve")].concat(),
        [literal(SECRET), packet(39, b"critical")].concat(),
        [packet(39, b"critical"), literal(SECRET)].concat(),
        [literal(SECRET), packet(8, &[b"\x00", literal(b"pay eve").as_slice()].concat())].concat(),
        packet(8, &[b"\x00", literal(SECRET).as_slice(), &literal(b"pay eve")].concat()),
        packet(4, &[3, 0, 10, 22, 1, 2, 3, 4, 5, 6, 7, 8, 1]),
        Vec::new(),
        nested,
    ] {
        assert_eq!(open(&inner), Err(PgpError::Tampered), "{inner:?}");
    }
}

/// SEIPDv1 made to look like data without any protection, and cut back to before its modification detection code.
#[test]
fn the_protection_of_integrity_cannot_be_taken_away() {
    let (ring, message, _) = two_messages(KeyProfile::Compatible);
    let mut whole = packets(&message);
    let (_, body) = whole.pop().unwrap();
    let stripped = &body[..body.len() - 22];
    for data in [&body[1..], &stripped[1..], &body] {
        let downgraded = [joined(&whole), packet(9, data)].concat();
        assert_eq!(assert_same_or_error(&downgraded, &ring), Some(PgpError::NoIntegrity));
    }
    let cut = [joined(&whole), packet(18, stripped)].concat();
    assert_eq!(assert_same_or_error(&cut, &ring), Some(PgpError::Tampered));
    let code = packet(19, &body[body.len() - 20..]);
    let apart = [joined(&whole), packet(18, stripped), code].concat();
    assert!(assert_same_or_error(&apart, &ring).is_some());
}

/// The fields of SEIPDv2 go into its keys and into each tag (section 5.13.2): no other value of any of them opens it.
#[test]
fn every_field_of_authenticated_encryption_is_bound() {
    let (ring, message, _) = two_messages(KeyProfile::Modern);
    let body = encrypted_body(&message);
    for (field, at) in ["version", "cipher", "mode", "chunk size", "salt"].iter().zip(body..) {
        for difference in 1..=255 {
            let mut changed = message.clone();
            changed[at] ^= difference;
            assert!(assert_same_or_error(&changed, &ring).is_some(), "{field} ^ {difference:#x}");
        }
    }
}

/// The chunks of SEIPDv2, of 64 KiB and a tag each, and the last tag over all of them.
// The length of the chunks is ours.
#[cfg(feature = "rust-primitives")]
#[test]
fn chunks_dropped_doubled_and_moved_are_noticed() {
    const FIELDS: usize = 4 + 32;
    const CHUNK: usize = PLAINTEXT + 16;
    const PLAINTEXT: usize = 64 * 1024;
    let alice = key(KeyProfile::Modern, "alice", now());
    let ring = keyring([&alice]);
    // With the header of its packet, three chunks to the octet.
    let content = vec![b'x'; 3 * PLAINTEXT - 12];
    let sealed = around(&literal(&content), &Recipients::new([alice.certificate()]), now());
    let whole = packets(&sealed);
    let (head, body) = (joined(&whole[..1]), &whole[1].1);
    assert_eq!(body.len(), FIELDS + 3 * CHUNK + 16);
    let (fields, rest) = body.split_at(FIELDS);
    let (chunks, last) = rest.split_at(3 * CHUNK);
    let chunks: Vec<_> = chunks.chunks(CHUNK).collect();
    let open = |order: &[usize], last: &[u8]| {
        let chunks: Vec<_> = order.iter().map(|&at| chunks[at]).collect();
        let body = [fields, &chunks.concat(), last].concat();
        decrypt(&[head.clone(), packet(18, &body)].concat(), &ring, &options(), now())
            .map(|opened| opened.data)
    };
    assert_eq!(open(&[0, 1, 2], last), Ok(content));
    for order in [
        &[][..],
        &[0],
        &[1],
        &[2],
        &[0, 1],
        &[0, 2],
        &[1, 2],
        &[0, 2, 1],
        &[1, 0, 2],
        &[2, 1, 0],
        &[0, 0, 1, 2],
        &[0, 1, 1, 2],
        &[0, 1, 2, 2],
    ] {
        assert_eq!(open(order, last), Err(PgpError::Tampered), "{order:?}");
        assert!(open(order, &[]).is_err(), "{order:?} without the last tag");
    }
    assert_eq!(open(&[0, 1, 2], &[]), Err(PgpError::Tampered));
}
