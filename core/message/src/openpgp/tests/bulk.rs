//! What the caller encrypts and decrypts, here with AES of another library: the same messages, the same results and the same errors.

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes128Gcm, Aes256Gcm, Nonce};
use aes_older::cipher::{BlockEncrypt, KeyInit};
use aes_older::{Aes128, Aes256};
use hkdf::Hkdf;
use openpgp::crypto::{S2K, SessionKey};
use openpgp::packet::pkesk::PKESK6;
use openpgp::packet::skesk::SKESK6;
use openpgp::packet::{PKESK, Packet, SKESK};
use openpgp::policy::StandardPolicy;
use openpgp::serialize::Serialize as _;
use openpgp::types::{AEADAlgorithm, HashAlgorithm, SymmetricAlgorithm};
use postseal_types::Secret;
use sequoia_openpgp as openpgp;
use sha2::Sha256;

use super::super::bulk::{Sealed, content_of_container};
use super::made::{self, packet};
use super::*;

const CIPHERS: BulkCiphers = BulkCiphers { cfb: true, gcm: true, ocb: true };

/// What decrypting comes to: the usual way, and by the caller's ciphers, which come to the same.
#[track_caller]
pub(super) fn decrypt(
    message: &[u8],
    keyring: &Keyring,
    options: &ReadOptions<'_>,
    now: SystemTime,
) -> Result<Decrypted, PgpError> {
    let usual = super::super::decrypt(message, keyring, options, now);
    // Where it is not for the caller, the usual way is taken.
    if !matches!(Sealed::find(message, keyring, options, CIPHERS, now), Ok(None)) {
        assert_eq!(by_the_caller(message, keyring, options, now).0, usual);
    }
    usual
}

/// Decrypts with our ciphers here, and tells whether these were asked for.
fn by_the_caller(
    message: &[u8],
    keyring: &Keyring,
    options: &ReadOptions<'_>,
    now: SystemTime,
) -> (Result<Decrypted, PgpError>, bool) {
    let mut bulk = match begin_decrypt(message, keyring, options, CIPHERS, now) {
        Ok(BegunDecryption::Bulk(bulk)) => bulk,
        Ok(BegunDecryption::Done(done)) => return (Ok(done), false),
        Err(error) => return (Err(error), false),
    };
    let ciphertext = bulk.take_ciphertext();
    let done = match bulk.cipher().clone() {
        BulkCipher::Cfb => {
            let plaintext = cfb(bulk.session_key(), &ciphertext, Direction::Decrypt);
            let digest = sha1(&plaintext[..plaintext.len().saturating_sub(20)]);
            bulk.finish(plaintext, Some(&digest), keyring, options, now)
        }
        BulkCipher::Gcm { salt, header, chunk } => {
            match decrypt_gcm(bulk.session_key(), &salt, &header, chunk, &ciphertext) {
                Some(plaintext) => {
                    let plaintext = [vec![0xAA; BulkDecryption::ROOM], plaintext].concat();
                    bulk.finish(plaintext, None, keyring, options, now)
                }
                None => Err(PgpError::Tampered),
            }
        }
    };
    (done, true)
}

#[derive(PartialEq)]
enum Direction {
    Encrypt,
    Decrypt,
}

fn cfb(key: &[u8], data: &[u8], direction: Direction) -> Vec<u8> {
    let aes = |block: &mut [u8; 16]| {
        let block = block.into();
        match key.len() {
            16 => Aes128::new_from_slice(key).unwrap().encrypt_block(block),
            _ => Aes256::new_from_slice(key).unwrap().encrypt_block(block),
        }
    };
    let (mut out, mut feedback) = (Vec::with_capacity(data.len()), [0; 16]);
    for block in data.chunks(16) {
        aes(&mut feedback);
        let done: Vec<u8> = block.iter().zip(feedback).map(|(octet, key)| octet ^ key).collect();
        let ciphertext = if direction == Direction::Encrypt { &done } else { block };
        feedback[..ciphertext.len()].copy_from_slice(ciphertext);
        out.extend(done);
    }
    out
}

fn sha1(data: &[u8]) -> Vec<u8> {
    let mut hash = HashAlgorithm::SHA1.context().unwrap().for_digest();
    hash.update(data);
    hash.into_digest().unwrap()
}

/// One chunk, or the tag at the end.
fn gcm(key: &[u8], direction: &Direction, nonce: [u8; 12], payload: Payload<'_, '_>) -> Option<Vec<u8>> {
    let nonce = Nonce::from_slice(&nonce);
    match (key.len(), direction) {
        (16, Direction::Encrypt) => Aes128Gcm::new_from_slice(key).unwrap().encrypt(nonce, payload),
        (16, Direction::Decrypt) => Aes128Gcm::new_from_slice(key).unwrap().decrypt(nonce, payload),
        (_, Direction::Encrypt) => Aes256Gcm::new_from_slice(key).unwrap().encrypt(nonce, payload),
        (_, Direction::Decrypt) => Aes256Gcm::new_from_slice(key).unwrap().decrypt(nonce, payload),
    }
    .ok()
}

/// The message key and the nonces of its chunks.
fn derived(session_key: &[u8], salt: &[u8; 32], header: &[u8; 5]) -> (Vec<u8>, impl Fn(usize) -> [u8; 12]) {
    let size = SymmetricAlgorithm::from(header[2]).key_size().unwrap();
    let mut made = vec![0; size + 4];
    Hkdf::<Sha256>::new(Some(salt), session_key).expand(header, &mut made).unwrap();
    let iv = made.split_off(size);
    (made, move |number| [&iv[..], &(number as u64).to_be_bytes()].concat().try_into().unwrap())
}

fn decrypt_gcm(key: &[u8], salt: &[u8; 32], header: &[u8; 5], chunk: usize, data: &[u8]) -> Option<Vec<u8>> {
    let (key, nonce) = derived(key, salt, header);
    let (chunks, tag) = data.split_at_checked(data.len().checked_sub(16)?)?;
    let (mut plaintext, mut count) = (Vec::new(), 0);
    for msg in chunks.chunks(chunk + 16) {
        plaintext.extend(gcm(&key, &Direction::Decrypt, nonce(count), Payload { msg, aad: header })?);
        count += 1;
    }
    let aad = [&header[..], &(plaintext.len() as u64).to_be_bytes()].concat();
    gcm(&key, &Direction::Decrypt, nonce(count), Payload { msg: tag, aad: &aad })?;
    Some(plaintext)
}

/// A message in GCM, with chunks of 2^(`size` + 6) octets, and for a passphrase.
fn in_gcm(content: &[u8], passphrase: &Secret, cipher: SymmetricAlgorithm, size: u8) -> Vec<u8> {
    let key = SessionKey::new(cipher.key_size().unwrap()).unwrap();
    let s2k = S2K::new_iterated(HashAlgorithm::SHA256, 1024).unwrap();
    let password = passphrase.expose().into();
    let skesk = SKESK6::with_password(cipher, cipher, AEADAlgorithm::GCM, s2k, &key, &password).unwrap();
    in_gcm_for(SKESK::from(skesk).into(), content, &key, cipher, size)
}

/// The same for whoever finds the session key in a packet.
fn in_gcm_for(
    holder: Packet,
    content: &[u8],
    key: &SessionKey,
    cipher: SymmetricAlgorithm,
    size: u8,
) -> Vec<u8> {
    let mut message = Vec::new();
    holder.serialize(&mut message).unwrap();
    let (salt, header) = ([7; 32], [0xD2, 2, cipher.into(), AEADAlgorithm::GCM.into(), size]);
    let mut body = [&header[1..], &salt].concat();
    let (key, nonce) = derived(key, &salt, &header);
    let mut count = 0;
    for msg in content.chunks(1 << (size + 6)) {
        body.extend(gcm(&key, &Direction::Encrypt, nonce(count), Payload { msg, aad: &header }).unwrap());
        count += 1;
    }
    let aad = [&header[..], &(content.len() as u64).to_be_bytes()].concat();
    body.extend(gcm(&key, &Direction::Encrypt, nonce(count), Payload { msg: &[], aad: &aad }).unwrap());
    message.extend(packet(18, &body));
    message
}

fn literal(data: &[u8]) -> Vec<u8> {
    packet(11, &[b"b\x00\x00\x00\x00\x00", data].concat())
}

#[test]
fn a_message_is_decrypted_by_the_callers_cfb() {
    let (alice, bob) = (key(KeyProfile::Compatible, "alice", now()), key(KeyProfile::Modern, "bob", now()));
    let signer = bob.unlock_unprotected().unwrap();
    let (mut ring, passphrase) = (keyring([&alice]), Secret::from("correct horse"));
    ring.add_certificate(bob.certificate().clone());
    for length in [0, 1, 1000, 300_000] {
        let data: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
        let to = Recipients::new([alice.certificate()]).signed_by(&signer);
        for message in [
            encrypt(&data, &to, now()).unwrap().into_bytes(),
            encrypt(&data, &to, now()).unwrap().to_armored().into_bytes(),
            made::compressed(&data, &Recipients::new([alice.certificate()])),
        ] {
            let (opened, was_asked) = by_the_caller(&message, &ring, &options(), now());
            assert!(was_asked);
            assert_eq!(opened, super::super::decrypt(&message, &ring, &options(), now()));
            assert_eq!(opened.unwrap().data, data);
        }
        let message = made::with_passphrase(&data, &passphrase, KeyProfile::Compatible);
        let options = ReadOptions { passphrases: vec![&passphrase], ..options() };
        let (opened, was_asked) = by_the_caller(&message, &Keyring::new(), &options, now());
        assert!(was_asked && opened.unwrap().data == data);
    }
}

#[test]
fn a_message_is_decrypted_by_the_callers_gcm() {
    let passphrase = Secret::from("correct horse");
    let options = ReadOptions { passphrases: vec![&passphrase], ..options() };
    let opened = |message: &[u8]| by_the_caller(message, &Keyring::new(), &options, now());
    for cipher in [SymmetricAlgorithm::AES128, SymmetricAlgorithm::AES256] {
        for length in [0, 1, 1 << 14, (1 << 14) + 1, 100_000] {
            let data: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            let message = in_gcm(&literal(&data), &passphrase, cipher, 8);
            let (done, was_asked) = opened(&message);
            assert!(was_asked);
            assert_eq!(done, super::super::decrypt(&message, &Keyring::new(), &options, now()));
            let done = done.unwrap();
            assert_eq!((done.data, done.encryption.aead.as_deref()), (data, Some("GCM")));
        }
    }
    // Chunks so small that a call for each of them would take longer.
    let (done, was_asked) = opened(&in_gcm(&literal(b"short"), &passphrase, SymmetricAlgorithm::AES256, 7));
    assert!(!was_asked && done.unwrap().data == b"short");
}

/// HKDF would take any, but the caller takes that of the cipher.
#[test]
fn a_session_key_of_another_length_than_the_ciphers_fits_nothing() {
    let alice = key(KeyProfile::Modern, "alice", now());
    let (policy, session_key) = (StandardPolicy::new(), SessionKey::new(32).unwrap());
    let certificate = alice.certificate().cert().with_policy(&policy, now()).unwrap();
    let to = certificate.keys().for_transport_encryption().next().unwrap();
    let pkesk = PKESK6::for_recipient(&session_key, to.key()).unwrap();
    let cipher = SymmetricAlgorithm::AES128;
    let message = in_gcm_for(PKESK::from(pkesk).into(), &literal(b"short"), &session_key, cipher, 8);
    let ring = keyring([&alice]);
    assert_eq!(decrypt(&message, &ring, &options(), now()), Err(PgpError::Tampered));
}

/// Sequoia asks this of keys, and not of passphrases.
#[test]
fn nor_does_one_of_a_passphrase() {
    let (passphrase, session_key) = (Secret::from("battery staple"), SessionKey::new(16).unwrap());
    let (s2k, aead) = (S2K::new_iterated(HashAlgorithm::SHA256, 1024).unwrap(), AEADAlgorithm::OCB);
    let (shorter, cipher) = (SymmetricAlgorithm::AES128, SymmetricAlgorithm::AES256);
    let skesk =
        SKESK6::with_password(shorter, cipher, aead, s2k, &session_key, &passphrase.expose().into()).unwrap();
    let message = in_gcm_for(SKESK::from(skesk).into(), &literal(b"short"), &session_key, cipher, 8);
    let mut options = options();
    options.passphrases.push(&passphrase);
    assert_eq!(decrypt(&message, &Keyring::new(), &options, now()), Err(PgpError::WrongPassphrase));
}

/// Armor in the middle of something else is found by Sequoia; what stands around it is not the message.
#[test]
fn a_message_within_and_packets_around_it_are_not_mixed_up() {
    let alice = key(KeyProfile::Compatible, "alice", now());
    let (ring, to) = (keyring([&alice]), Recipients::new([alice.certificate()]));
    let within = format!("\n{}", encrypt(b"within", &to, now()).unwrap().to_armored());
    let around = encrypt(b"around", &to, now()).unwrap();
    // As a packet of the old form it would be skipped, were it one.
    let length = u32::try_from(within.len()).unwrap().to_be_bytes();
    let message = [b"F", &length[..], within.as_bytes(), around.as_bytes()].concat();
    assert_eq!(decrypt(&message, &ring, &options(), now()).unwrap().data, b"within");
}

#[test]
fn who_has_no_such_cipher_is_not_asked() {
    let alice = key(KeyProfile::Compatible, "alice", now());
    let message = encrypt(b"a secret", &Recipients::new([alice.certificate()]), now()).unwrap();
    for ciphers in [BulkCiphers::default(), BulkCiphers { gcm: true, ocb: true, cfb: false }] {
        let begun = begin_decrypt(message.as_bytes(), &keyring([&alice]), &options(), ciphers, now());
        assert!(matches!(begun.unwrap(), BegunDecryption::Done(done) if done.data == b"a secret"));
    }
}

#[test]
fn every_octet_of_a_plaintext_in_cfb_is_proven() {
    let alice = key(KeyProfile::Compatible, "alice", now());
    let ring = keyring([&alice]);
    let message = encrypt(b"a secret", &Recipients::new([alice.certificate()]), now()).unwrap();
    let begin = || {
        let ciphers = BulkCiphers { cfb: true, gcm: false, ocb: false };
        let begun = begin_decrypt(message.as_bytes(), &ring, &options(), ciphers, now());
        let BegunDecryption::Bulk(mut bulk) = begun.unwrap() else { panic!("not asked") };
        let ciphertext = bulk.take_ciphertext();
        let plaintext = cfb(bulk.session_key(), &ciphertext, Direction::Decrypt);
        (bulk, plaintext)
    };
    let finish = |plaintext: &[u8], digest: Option<&[u8]>| {
        begin().0.finish(plaintext.to_vec(), digest, &ring, &options(), now()).map(|done| done.data)
    };
    let whole = begin().1;
    let digest = |plaintext: &[u8]| sha1(&plaintext[..plaintext.len().saturating_sub(20)]);
    assert_eq!(finish(&whole, Some(&digest(&whole))).unwrap(), b"a secret");
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        assert_eq!(finish(&changed, Some(&digest(&changed))), Err(PgpError::Tampered), "octet {at}");
        assert_eq!(finish(&whole[..at], Some(&digest(&whole[..at]))), Err(PgpError::Tampered), "cut at {at}");
    }
    for wrong in [None, Some(&[][..]), Some(&[0; 20]), Some(&whole[whole.len() - 19..])] {
        assert_eq!(finish(&whole, wrong), Err(PgpError::Tampered));
    }
}

#[test]
fn a_message_is_encrypted_by_the_caller() {
    let alice = key(KeyProfile::Compatible, "alice", now());
    let modern = key(KeyProfile::Modern, "bob", now());
    let (ring, passphrase) = (keyring([&alice, &modern]), Secret::from("correct horse"));
    let signer = modern.unlock_unprotected().unwrap();
    let data = vec![7; 300_000];
    for to in [
        Recipients::new([alice.certificate()]),
        Recipients::new([alice.certificate(), modern.certificate()])
            .with_passphrase(&passphrase)
            .signed_by(&signer),
    ] {
        let begin = || match begin_encrypt(&data, &to, now()).unwrap() {
            BegunEncryption::Bulk(bulk) => bulk,
            BegunEncryption::Done(_) => panic!("not asked"),
        };
        let mut bulk = begin();
        let mut plaintext = bulk.take_plaintext();
        plaintext.extend(sha1(&plaintext));
        let ciphertext = cfb(bulk.session_key(), &plaintext, Direction::Encrypt);
        let made = bulk.finish(&ciphertext).unwrap();
        let opened = decrypt(made.as_bytes(), &ring, &options(), now()).unwrap();
        assert!(opened.data == data && opened.signatures.iter().all(|signature| good(&modern, signature)));
        assert_eq!(opened.signatures.len(), usize::from(to.signatory(now()).unwrap().is_some()));
        assert_eq!(begin().finish(&ciphertext[1..]), Err(PgpError::Internal { what: "encrypting" }));
    }
    let done =
        begin_encrypt(&data, &Recipients::new([modern.certificate()]).signed_by(&signer), now()).unwrap();
    let BegunEncryption::Done(done) = done else { panic!("SEIPDv2 is ours") };
    let opened = decrypt(done.as_bytes(), &ring, &options(), now()).unwrap();
    assert!(opened.data == data && good(&modern, &opened.signatures[0]));
    let nobody = begin_encrypt(&data, &Recipients::default(), now());
    assert_eq!(nobody.err(), Some(PgpError::NoRecipients));
}

/// Packets with headers of both forms and every size of length, and parts; and what is none of these.
#[test]
fn the_content_of_the_encrypted_packet_is_found_without_the_library() {
    let content = |packets: &[&[u8]]| content_of_container(&packets.concat(), 3);
    let older: [&[u8]; 3] = [b"\x84\x02ab", b"\x85\x00\x02ab", b"\x86\x00\x00\x00\x02ab"];
    let newer: [&[u8]; 3] = [b"\xC1\x02ab", b"\xC1\xFF\x00\x00\x00\x02ab", b"\xC1\xE0a\x01b"];
    for before in older.into_iter().chain(newer).chain([&b""[..]]) {
        assert_eq!(content(&[before, b"\xD2\x05123xy"]), Some(b"xy".to_vec()), "{before:?}");
        assert_eq!(content(&[before, b"\xD2\xFF\x00\x00\x00\x05123xy"]), Some(b"xy".to_vec()));
        // Fields in more than one part, and parts of one octet.
        assert_eq!(content(&[before, b"\xD2\xE112\xE03\xE0x\x01y"]), Some(b"xy".to_vec()));
        let long = [b'x'; 300];
        assert_eq!(content(&[before, b"\xD2\xC0\x6F123", &long]), Some(long.to_vec()));
    }
    // Something behind it, an end that is missing, a length that goes on to the end, no packet, and none that is encrypted.
    for wrong in [
        &b"\xD2\x05123xyz"[..],
        b"\xD2\x05123x",
        b"\xD2\xE112",
        b"\xD2\xFF\xFF\xFF\xFF\xFFx",
        b"\x87ab\xD2\x05123xy",
        b"\x05123xy",
        b"\xC1\x02ab",
        b"",
    ] {
        assert_eq!(content(&[wrong]), None, "{wrong:?}");
    }
}
