//! Messages that this module doesn't make itself, and messages taken apart.

use std::io::Write;

use openpgp::armor::Kind;
use openpgp::cert::CertBuilder;
use openpgp::crypto::mpi::SecretKeyChecksum;
use openpgp::crypto::{S2K, SessionKey};
use openpgp::packet::key::{Encrypted, PrimaryRole, SecretKeyMaterial, SecretParts, Unencrypted};
use openpgp::packet::signature::SignatureBuilder;
use openpgp::packet::skesk::{SKESK4, SKESK6};
use openpgp::packet::{Key, Packet, SKESK};
use openpgp::parse::{PacketParserBuilder, PacketParserResult, Parse};
use openpgp::serialize::Serialize;
use openpgp::serialize::stream::{Compressor, Encryptor, LiteralWriter, Message, Signer};
use openpgp::types::{AEADAlgorithm, HashAlgorithm, KeyFlags, SignatureType, SymmetricAlgorithm};
use postseal_types::Secret;
use sequoia_openpgp as openpgp;

use super::super::seal::write_session_keys;
use super::*;

/// Encrypts what `write` puts inside.
fn encrypting(
    to: &Recipients<'_>,
    now: SystemTime,
    write: impl FnOnce(Message<'_>) -> openpgp::Result<()>,
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let layer = write_session_keys(to, now, &mut bytes).unwrap();
    let (message, end) = layer.begin(&mut bytes).unwrap();
    write(message).and_then(|()| end()).unwrap();
    bytes
}

/// Compressed and encrypted, as GnuPG does it.
pub(crate) fn compressed(data: &[u8], to: &Recipients<'_>) -> Vec<u8> {
    encrypting(to, now(), |message| {
        let mut literal = LiteralWriter::new(Compressor::new(message).build()?).build()?;
        literal.write_all(data)?;
        literal.finalize()
    })
}

/// Encrypted to a passphrase that costs next to nothing to try: ours take a third of a second.
pub(super) fn with_passphrase(data: &[u8], passphrase: &Secret, profile: KeyProfile) -> Vec<u8> {
    let (cipher, aead) = (SymmetricAlgorithm::AES256, AEADAlgorithm::OCB);
    let (password, s2k) =
        (passphrase.expose().into(), S2K::new_iterated(HashAlgorithm::SHA256, 1024).unwrap());
    let key = SessionKey::new(32).unwrap();
    let mut bytes = Vec::new();
    let modern = profile != KeyProfile::Compatible;
    let skesk: SKESK = if modern {
        SKESK6::with_password(cipher, cipher, aead, s2k, &key, &password).unwrap().into()
    } else {
        SKESK4::with_password(cipher, cipher, s2k, &key, &password).unwrap().into()
    };
    Packet::from(skesk).serialize(&mut bytes).unwrap();
    let encryptor = Encryptor::with_session_key(Message::new(&mut bytes), cipher, key).unwrap();
    let encryptor = if modern { encryptor.aead_algo(aead) } else { encryptor };
    let mut literal = LiteralWriter::new(encryptor.build().unwrap()).build().unwrap();
    literal.write_all(data).unwrap();
    literal.finalize().unwrap();
    bytes
}

/// The same key, locked so that unlocking takes 2^`exponent` KiB of memory. Only its primary key: each part costs once more.
pub(super) fn locked_with_argon2(key: &SecretKey, passphrase: &Secret, exponent: u8) -> SecretKey {
    let unlocked = key.unlock_unprotected().unwrap();
    let primary = unlocked.cert().primary_key().key().clone().parts_into_secret().unwrap();
    let SecretKeyMaterial::Unencrypted(secret) = primary.secret() else { panic!("locked already") };
    let s2k = S2K::Argon2 { salt: [7; 16], t: 1, p: 4, m: exponent };
    let (cipher, aead) = (SymmetricAlgorithm::AES256, Some(AEADAlgorithm::OCB));
    let locked = secret.encrypt_with(&primary, s2k, cipher, aead, &passphrase.expose().into()).unwrap();
    let (primary, _) = primary.add_secret(locked.into());
    let cert = unlocked.cert().clone().strip_secret_key_material();
    SecretKey::from_cert(cert.insert_packets(Packet::SecretKey(primary)).unwrap().0).unwrap()
}

/// A detached signature over text (type 0x01, RFC 9580, section 5.2.1.2), which may name whom the text is for.
pub(crate) fn over_text(
    data: &[u8],
    key: &SecretKey,
    reader: Option<&SecretKey>,
    now: SystemTime,
) -> PgpData {
    let pair = key.unlock_unprotected().unwrap().signer(now).unwrap().into_pair();
    let mut bytes = Vec::new();
    let template = SignatureBuilder::new(SignatureType::Text);
    let signer = Signer::with_template(Message::new(&mut bytes), pair, template).unwrap();
    let mut signer = signer.detached().creation_time(now);
    if let Some(reader) = reader {
        signer = signer.add_intended_recipient(reader.certificate().cert());
    }
    let mut writer = signer.build().unwrap();
    writer.write_all(data).unwrap();
    writer.finalize().unwrap();
    PgpData::new(bytes, Kind::Signature)
}

/// A key that doesn't expire, with a subkey that signs for so long only.
pub(super) fn signing_for(validity: Duration, now: SystemTime) -> SecretKey {
    let (cert, _) = CertBuilder::new()
        .set_creation_time(now)
        .add_userid("Alice <alice@example.test>")
        .add_subkey(KeyFlags::empty().set_signing(), validity, None)
        .generate()
        .unwrap();
    SecretKey::from_cert(cert).unwrap()
}

/// The same key, whose primary part is somewhere else: as GnuPG exports it with `--export-secret-subkeys`.
pub(super) fn with_primary_elsewhere(key: &SecretKey) -> SecretKey {
    let elsewhere = S2K::Private { tag: 101, parameters: Some(b"GNU\x01".as_slice().into()) };
    let (cipher, checksum) = (SymmetricAlgorithm::AES128, Some(SecretKeyChecksum::SHA1));
    with_primary(key, |_, _| Encrypted::new(elsewhere, cipher, checksum, Box::default()))
}

/// The same key, whose primary part alone has a passphrase.
pub(super) fn with_primary_locked(key: &SecretKey, passphrase: &Secret) -> SecretKey {
    let (s2k, cipher) = (S2K::new_iterated(HashAlgorithm::SHA256, 1024).unwrap(), SymmetricAlgorithm::AES256);
    with_primary(key, |primary, secret| {
        secret.encrypt_with(primary, s2k, cipher, None, &passphrase.expose().into()).unwrap()
    })
}

fn with_primary(
    key: &SecretKey,
    make: impl FnOnce(&Key<SecretParts, PrimaryRole>, &Unencrypted) -> Encrypted,
) -> SecretKey {
    let unlocked = key.unlock_unprotected().unwrap();
    let primary = unlocked.cert().primary_key().key().clone().parts_into_secret().unwrap();
    let SecretKeyMaterial::Unencrypted(secret) = primary.secret() else { panic!("locked already") };
    let made = make(&primary, secret);
    let packet = Packet::SecretKey(primary.add_secret(made.into()).0);
    SecretKey::from_cert(unlocked.cert().clone().insert_packets(packet).unwrap().0).unwrap()
}

/// Encrypts packets as they are.
pub(super) fn around(packets: &[u8], to: &Recipients<'_>, now: SystemTime) -> Vec<u8> {
    encrypting(to, now, |mut message| {
        message.write_all(packets)?;
        message.finalize()
    })
}

/// Takes the signed message out of its encryption and encrypts it to someone else.
pub(super) fn reencrypt(message: &[u8], reader: &SecretKey, to: &Certificate, now: SystemTime) -> Vec<u8> {
    let unlocked = reader.unlock_unprotected().unwrap();
    let mut inner = Vec::new();
    let mut parser = PacketParserBuilder::from_bytes(message).unwrap().build().unwrap();
    let mut pkesks = Vec::new();
    while let PacketParserResult::Some(mut pp) = parser {
        match &pp.packet {
            Packet::PKESK(pkesk) => pkesks.push(pkesk.clone()),
            Packet::SEIP(_) => {
                let decrypted = pkesks.iter().any(|pkesk| {
                    let handle = pkesk.recipient();
                    unlocked.decryption_keys(handle.as_ref()).any(|key| {
                        let mut pair = key.clone().into_keypair().unwrap();
                        pkesk.decrypt(&mut pair, None).is_some_and(|(algo, sk)| pp.decrypt(algo, &sk).is_ok())
                    })
                });
                assert!(decrypted);
            }
            Packet::Literal(_) => pp.buffer_unread_content().map(|_| ()).unwrap(),
            _ => {}
        }
        let (packet, next) = pp.recurse().unwrap();
        match packet {
            Packet::OnePassSig(_) | Packet::Literal(_) | Packet::Signature(_) => {
                packet.serialize(&mut inner).unwrap();
            }
            _ => {}
        }
        parser = next;
    }
    around(&inner, &Recipients::new([to]), now)
}

/// A packet with a header of the present form, and a body of known length (RFC 9580, section 4.2.1).
pub(crate) fn packet(tag: u8, body: &[u8]) -> Vec<u8> {
    [&[0xc0 | tag, 0xff], &u32::try_from(body.len()).unwrap().to_be_bytes()[..], body].concat()
}

/// The packets that a message is made of, each as its tag and its body, which may be in parts.
pub(crate) fn packets(message: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut found = Vec::new();
    let mut rest = message;
    while let [tag, ..] = *rest {
        let mut body = Vec::new();
        rest = &rest[1..];
        loop {
            let (header, length) = match rest[0] {
                length @ 0..192 => (1, usize::from(length)),
                length @ 192..224 => (2, (usize::from(length) - 192) * 256 + usize::from(rest[1]) + 192),
                part @ 224..255 => (1, 1 << (part & 0x1f)),
                255 => (5, u32::from_be_bytes(rest[1..5].try_into().unwrap()) as usize),
            };
            let is_last = !(224..255).contains(&rest[0]);
            body.extend(&rest[header..header + length]);
            rest = &rest[header + length..];
            if is_last {
                break;
            }
        }
        found.push((tag & 0x3f, body));
    }
    found
}

/// Where in a message the body of its last packet begins: that of the encrypted data.
pub(crate) fn encrypted_body(message: &[u8]) -> usize {
    message.len() - packets(message).last().unwrap().1.len()
}

/// The message of these packets.
pub(super) fn joined(packets: &[(u8, Vec<u8>)]) -> Vec<u8> {
    packets.iter().flat_map(|(tag, body)| packet(*tag, body)).collect()
}
