//! From seal to open.

use postseal_types::{ErrorCode, Secret};

use super::*;
use crate::mime::{Attachment, Boundaries, ContentType, Date, Draft, HeaderValue, Mailbox, MessageId};
use crate::openpgp::PgpError;

pub(super) const PROFILES: [KeyProfile; 3] =
    [KeyProfile::Compatible, KeyProfile::Modern, KeyProfile::PostQuantum];

pub(super) fn mailbox(local: &str) -> Mailbox {
    Mailbox::from(address(local))
}

pub(super) fn draft() -> Draft {
    Draft::new(
        mailbox("alice"),
        Date::new(at(1_799_999_000), 60).unwrap(),
        MessageId::parse("<1@example.test>").unwrap(),
    )
}

pub(super) fn seal_options() -> SealOptions {
    SealOptions { boundaries: Some(Boundaries::from_seed([7; 16])), ..SealOptions::default() }
}

fn full_draft() -> Draft {
    let every_byte: Vec<u8> = (0..=255).cycle().take(5000).collect();
    let file =
        Attachment::named("data.bin", ContentType::parse("application/octet-stream").unwrap(), every_byte);
    let image =
        Attachment::new(ContentType::parse("image/png").unwrap(), b"\x89PNG\r\n\x1a\n".to_vec()).unwrap();
    draft()
        .to(mailbox("bob"))
        .cc(mailbox("carol"))
        .subject(HeaderValue::parse("Geheime Grüße").unwrap())
        .text("From here\r\n-- \r\ntrailing space \r\n")
        .html("<p>Grüße <img src=cid:a@b></p>")
        .inline(image.with_content_id(MessageId::parse("<a@b>").unwrap()))
        .attach(file.unwrap())
}

#[test]
fn every_protection_round_trips_with_both_profiles() {
    for profile in PROFILES {
        let time = at(1_700_000_000);
        let [alice, bob, carol] = ["alice", "bob", "carol"].map(|local| key_at(profile, local, time));
        let own = keyring([&alice], [&bob, &carol]);
        for (protection, level, reasons) in [
            (Protection::None, VerdictLevel::Plain, vec![Reason::NotSigned, Reason::NotEncrypted]),
            (Protection::Sign, VerdictLevel::Authentic, vec![Reason::NotEncrypted]),
            (Protection::Encrypt, VerdictLevel::Encrypted, vec![Reason::NotSigned]),
            (Protection::SignAndEncrypt, VerdictLevel::Sealed, vec![]),
        ] {
            let sealed = seal(&full_draft(), protection, &own, &seal_options(), now()).unwrap();
            assert_eq!(sealed.copies.len(), 1);
            for reader in [&alice, &bob, &carol] {
                let opened = opened(&sealed.copies[0].bytes, &keyring([reader], [&alice]));
                assert_eq!(opened.verdict.level(), level, "{protection:?}");
                assert_eq!(opened.verdict.reasons(), reasons, "{protection:?}");
                let message = &opened.message;
                assert_eq!(message.subject().as_deref(), Some("Geheime Grüße"));
                assert_eq!(message.to().mailboxes().cloned().collect::<Vec<_>>(), [mailbox("bob")]);
                assert_eq!(message.cc().mailboxes().cloned().collect::<Vec<_>>(), [mailbox("carol")]);
                assert_eq!(text(&opened), "From here\n-- \ntrailing space \n");
                let files: Vec<_> = message.attachments().collect();
                assert_eq!(files.len(), 1);
                assert_eq!(files[0].data(), (0..=255).cycle().take(5000).collect::<Vec<u8>>());
                let images: Vec<_> = message.inline_parts().collect();
                assert_eq!(images[0].data(), b"\x89PNG\r\n\x1a\n");
                assert_eq!(opened.repairs, []);
            }
        }
    }
}

/// Whether `bytes` holds `text`, in any case. A text with a mark in it does not come up in armor by chance.
fn mentions(bytes: &[u8], text: &str) -> bool {
    String::from_utf8_lossy(bytes).to_lowercase().contains(text)
}

#[test]
fn no_copy_shows_that_there_is_a_bcc() {
    let [alice, bob, carol, dave] = ["alice", "bob", "carol", "dave"].map(key);
    let own = keyring([&alice], [&bob, &carol, &dave]);
    let open_draft = draft().to(mailbox("bob")).subject(HeaderValue::parse("secret").unwrap()).text("hello");
    let hidden_draft = open_draft.clone().bcc(mailbox("carol")).bcc(mailbox("dave"));
    let names = |bytes: &[u8], key: &SecretKey| {
        let Ok(opened) = open_at(bytes, &keyring([key], [&alice]), now()) else { return None };
        let EncryptionVerdict::All(encryption) = opened.verdict.encryption else { return None };
        Some(encryption.recipients)
    };
    let subkeys = |key: &SecretKey| key.certificate().key_fingerprints().collect::<Vec<_>>();

    for protection in [Protection::Encrypt, Protection::SignAndEncrypt] {
        let sealed = seal(&hidden_draft, protection, &own, &seal_options(), now()).unwrap();
        let envelopes: Vec<_> = sealed.copies.iter().map(|copy| copy.envelope.to.as_slice()).collect();
        assert_eq!(envelopes, [[address("bob")], [address("carol")], [address("dave")]]);
        for (copy, readers) in sealed.copies.iter().zip([vec![&alice, &bob], vec![&carol], vec![&dave]]) {
            for key in [&alice, &bob, &carol, &dave] {
                let recipients = names(&copy.bytes, key);
                assert_eq!(
                    recipients.is_some(),
                    readers.iter().any(|r| r.fingerprint() == key.fingerprint())
                );
                // The encrypted data names its readers and nobody else.
                for recipient in recipients.into_iter().flatten() {
                    let is_reader =
                        |reader: &&SecretKey| subkeys(reader).iter().any(|own| recipient.names(own));
                    assert!(readers.iter().any(is_reader));
                }
            }
            let reader = keyring([readers[readers.len() - 1]], [&alice]);
            let opened = opened(&copy.bytes, &reader);
            for (bytes, what) in [(copy.bytes.as_slice(), "outside"), (opened.message.as_bytes(), "inside")] {
                for trace in ["bcc:", "carol@", "dave@"] {
                    assert!(!mentions(bytes, trace), "{trace} {what}");
                }
            }
        }
        // Outside the encrypted data, the copy for bob is to the octet what it is without a Bcc.
        let without = seal(&open_draft, protection, &own, &seal_options(), now()).unwrap();
        let head =
            |bytes: &[u8]| String::from_utf8_lossy(bytes).split("-----BEGIN").next().map(str::to_owned);
        assert_eq!(head(&sealed.copies[0].bytes), head(&without.copies[0].bytes));
        assert_eq!(sealed.own_copy(), Some(sealed.copies[0].bytes.as_slice()));
    }

    for protection in [Protection::None, Protection::Sign] {
        let sealed = seal(&hidden_draft, protection, &own, &seal_options(), now()).unwrap();
        assert_eq!(sealed.copies.len(), 3);
        for copy in &sealed.copies {
            assert!(!["bcc:", "carol@", "dave@"].iter().any(|trace| mentions(&copy.bytes, trace)));
        }
    }
}

#[test]
fn the_sender_can_read_the_own_copy_unless_told_otherwise() {
    let [alice, bob] = ["alice", "bob"].map(key);
    let own = keyring([&alice], [&bob]);
    let bcc_only = draft().bcc(mailbox("bob")).text("hello");
    let to_bob = draft().to(mailbox("bob")).text("hello");
    for draft in [&bcc_only, &to_bob] {
        let sealed = seal(draft, Protection::SignAndEncrypt, &own, &seal_options(), now()).unwrap();
        let opened = opened(sealed.own_copy().unwrap(), &own);
        assert_eq!((opened.verdict.level(), text(&opened).as_str()), (VerdictLevel::Sealed, "hello"));
    }
    let options = SealOptions { encrypt_to_self: false, ..seal_options() };
    let sealed = seal(&to_bob, Protection::SignAndEncrypt, &own, &options, now()).unwrap();
    assert_eq!(sealed.own_copy(), None);
    let error = open_at(&sealed.copies[0].bytes, &own, now()).unwrap_err();
    let OpenError::Pgp(PgpError::KeyMissing { recipients, .. }) = error else { panic!("{error:?}") };
    assert!(bob.certificate().key_fingerprints().any(|key| recipients[0].names(&key)));
    assert_eq!(recipients.len(), 1);
}

#[test]
fn every_missing_certificate_is_named() {
    let [alice, bob] = ["alice", "bob"].map(key);
    let (carol, revocation) = SecretKey::generate(
        KeyProfile::Compatible,
        &UserId::new(None, &address("carol")),
        None,
        at(1_700_000_000),
    )
    .unwrap();
    let mut own = keyring([&alice], [&bob]);
    own.add_certificate(carol.certificate().clone().revoke(&revocation).unwrap());
    let draft = draft()
        .to(mailbox("bob"))
        .to(mailbox("dave"))
        .cc(mailbox("carol"))
        .bcc(mailbox("erin"))
        .text("hello");
    for protection in [Protection::Encrypt, Protection::SignAndEncrypt] {
        let error = seal(&draft, protection, &own, &seal_options(), now()).unwrap_err();
        let SealError::CertificatesMissing { recipients } = &error else { panic!("{error:?}") };
        let named: Vec<_> =
            recipients.iter().map(|missing| (missing.address.clone(), missing.unusable)).collect();
        assert_eq!(named[0], (address("dave"), None));
        assert_eq!(named[1].0, address("carol"));
        assert_eq!(named[2], (address("erin"), None));
        assert_eq!(error.code(), ErrorCode::KeyMissing);
        let text = error.to_string();
        assert!(
            ["dave", "carol", "erin"].iter().all(|local| text.contains(&format!("{local}@example.test")))
        );
    }
    assert_eq!(
        seal(&super::round_trip::draft(), Protection::None, &own, &seal_options(), now()),
        Err(SealError::NoRecipients)
    );
    let other = keyring([&bob], [&alice]);
    let unsigned = seal(&full_draft(), Protection::Sign, &other, &seal_options(), now());
    assert_eq!(unsigned, Err(SealError::SigningKey(PgpError::NoSecretKey)));
}

#[test]
fn a_locked_key_is_an_error_of_its_own_until_it_is_unlocked() {
    let secret = Secret::from("passphrase".to_owned());
    let user = UserId::new(None, &address("bob"));
    let (bob, _) =
        SecretKey::generate(KeyProfile::Compatible, &user, Some(&secret), at(1_700_000_000)).unwrap();
    let bytes = mail(&multipart(ENCRYPTED, "e", &[VERSION, &data_part(&plain("hello"), &[&bob], None)]));
    let mut keyring = keyring([&bob], []);
    let error = open_at(&bytes, &keyring, now()).unwrap_err();
    assert_eq!(error, OpenError::Pgp(PgpError::KeyLocked { keys: vec![bob.fingerprint().clone().into()] }));
    keyring.unlock(bob.fingerprint(), &secret).unwrap();
    assert_eq!(text(&opened(&bytes, &keyring)), "hello\n");
}

#[test]
fn the_clock_of_the_machine_does_not_matter() {
    for seconds in [500_000_000, 3_500_000_000] {
        for profile in PROFILES {
            let [alice, bob] = ["alice", "bob"].map(|local| key_at(profile, local, at(seconds)));
            let then = at(seconds + 1000);
            let draft = draft().to(mailbox("bob")).text("hello");
            let own = keyring([&alice], [&bob]);
            let sealed = seal(&draft, Protection::SignAndEncrypt, &own, &seal_options(), then).unwrap();
            let opened = open_at(&sealed.copies[0].bytes, &keyring([&bob], [&alice]), then).unwrap();
            assert_eq!(opened.verdict.level(), VerdictLevel::Sealed);
            let SignatureVerdict::Valid { made, .. } = opened.verdict.signature else { panic!() };
            assert_eq!(made, Some(then));
        }
    }
}
