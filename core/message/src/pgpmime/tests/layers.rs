//! Which layers are opened, in which combinations, and to which depth.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::mime::{Limits, MimeError};
use crate::openpgp::tests::made::{packet, packets};
use crate::openpgp::{PgpError, PgpLimits, sign_cleartext, sign_inline};

const COVERED: &[&str] = &["Everyone on the way could read and change these fields: From, To, Subject."];

#[test]
fn a_message_without_protection_is_as_it_came() {
    let bytes = mail(&plain("hello"));
    let opened = opened(&bytes, &Keyring::new());
    assert_eq!(opened.message.as_bytes(), bytes);
    assert_eq!(opened.verdict.level(), VerdictLevel::Plain);
    assert_eq!(opened.verdict.reasons(), [Reason::NotSigned, Reason::NotEncrypted]);
    assert_eq!(opened.verdict.from, FromVerdict::NotProven);
    assert_eq!(opened.verdict.signature_coverage, None);
}

#[test]
fn signed_encrypted_and_both_ways_of_both() {
    let (alice, bob, keyring) = alice_and_bob();
    let to = [&bob];
    let inside = signed("s", &plain("hello"), &alice);
    for (entity, level, coverage) in [
        (signed("s", &plain("hello"), &alice), VerdictLevel::Authentic, Some(Coverage::All)),
        (encrypted("e", &plain("hello"), &to, None), VerdictLevel::Encrypted, None),
        (encrypted("e", &plain("hello"), &to, Some(&alice)), VerdictLevel::Sealed, Some(Coverage::All)),
        (encrypted("e", &inside, &to, None), VerdictLevel::Sealed, Some(Coverage::All)),
        (
            signed("o", &encrypted("e", &plain("hello"), &to, None), &alice),
            VerdictLevel::Encrypted,
            Some(Coverage::Ciphertext),
        ),
        (signed("o", &encrypted("e", &inside, &to, None), &alice), VerdictLevel::Sealed, Some(Coverage::All)),
        (
            encrypted("e", &encrypted("f", &inside, &to, None), &to, None),
            VerdictLevel::Sealed,
            Some(Coverage::All),
        ),
    ] {
        let opened = opened(&mail(&entity), &keyring);
        assert_eq!(opened.verdict.level(), level, "{entity}");
        assert_eq!(opened.verdict.signature_coverage, coverage, "{entity}");
        assert_eq!(is_by(&opened, &alice), coverage.is_some());
        assert_eq!((text(&opened).as_str(), opened.repairs.as_slice()), ("hello\n", &[][..]));
        assert_eq!(opened.message.root().content_type().essence(), "text/plain");
        assert_eq!(reasons(&opened).last().map(String::as_str), COVERED.first().copied());
    }
}

#[test]
fn the_verdict_says_to_whom_and_how() {
    let (alice, bob, keyring) = alice_and_bob();
    let opened = opened(&mail(&encrypted("e", &plain("hello"), &[&bob, &alice], Some(&alice))), &keyring);
    let EncryptionVerdict::All(encryption) = &opened.verdict.encryption else { panic!() };
    let named = |key: &SecretKey| {
        encryption
            .recipients
            .iter()
            .any(|handle| key.certificate().key_fingerprints().any(|own| handle.names(&own)))
    };
    assert_eq!((encryption.recipients.len(), named(&alice), named(&bob)), (2, true, true));
    assert_eq!((encryption.cipher.as_str(), encryption.aead.as_deref()), ("AES-256", None));
    let SignatureVerdict::Valid { signer, made, .. } = &opened.verdict.signature else { panic!() };
    assert_eq!((signer, *made), (alice.fingerprint(), Some(now())));
    assert_eq!(opened.verdict.from, FromVerdict::SpokenFor(address("alice")));
}

#[test]
fn what_servers_did_to_the_wrapper_is_repaired_and_told() {
    let (alice, bob, keyring) = alice_and_bob();
    let data = data_part(&plain("hello"), &[&bob], Some(&alice));
    let (empty, whole) = (plain(""), multipart(ENCRYPTED, "e", &[VERSION, &data]));
    let named = data.replacen("octet-stream", "octet-stream; name=encrypted.asc", 1);
    for (entity, repair) in [
        (multipart("mixed", "m", &[&empty, VERSION, &data]), Repair::MixedUp),
        (multipart("mixed", "m", &[VERSION, &data]), Repair::MixedUp),
        (multipart("mixed", "m", &[&empty, &whole]), Repair::Wrapped),
        (multipart("mixed", "m", &[&empty, &named]), Repair::AttachedData),
        (multipart(ENCRYPTED, "e", &[&data]), Repair::EncryptedParts),
        (multipart(ENCRYPTED, "e", &[&data, VERSION]), Repair::EncryptedParts),
    ] {
        let opened = opened(&mail(&entity), &keyring);
        assert_eq!(opened.verdict.level(), VerdictLevel::Sealed, "{entity}");
        assert_eq!((text(&opened).as_str(), opened.repairs.as_slice()), ("hello\n", &[repair][..]));
        assert!(opened.verdict.reasons().contains(&Reason::Repaired(repair)));
    }
    // With anything to see beside it, or under any other name, a file stays a file.
    for parts in [[plain("see the file"), named], [empty, data]] {
        let with_file = mail(&multipart("mixed", "m", &[&parts[0], &parts[1]]));
        let opened = opened(&with_file, &keyring);
        assert_eq!(opened.verdict.level(), VerdictLevel::Plain);
        assert_eq!(opened.message.as_bytes(), with_file);
    }
}

#[test]
fn line_ends_that_a_mail_store_changed_are_repaired() {
    let (alice, _, keyring) = alice_and_bob();
    let crlf = String::from_utf8(mail(&signed("s", &plain("one\r\ntwo"), &alice))).unwrap();
    let opened = opened(crlf.replace("\r\n", "\n").as_bytes(), &keyring);
    assert_eq!(
        (opened.verdict.level(), opened.repairs.as_slice()),
        (VerdictLevel::Authentic, &[Repair::LineEnds][..])
    );
}

#[test]
fn inline_pgp_opens() {
    let (alice, bob, keyring) = alice_and_bob();
    let own = alice.unlock_unprotected().unwrap();
    let cleartext = sign_cleartext("- hello\n", &own, now()).unwrap();
    let opaque = sign_inline(b"- hello\n", &own, now()).unwrap().to_armored();
    for (block, level) in [
        (armored("- hello\n", &[&bob], None), VerdictLevel::Encrypted),
        (armored("- hello\n", &[&bob], Some(&alice)), VerdictLevel::Sealed),
        (opaque, VerdictLevel::Authentic),
        (cleartext, VerdictLevel::Authentic),
    ] {
        let opened = opened(&mail(&plain(&block)), &keyring);
        assert_eq!(opened.verdict.level(), level, "{block} {:?}", reasons(&opened));
        assert_eq!(text(&opened).trim_end(), "- hello");
        assert_eq!(opened.message.subject().as_deref(), Some("outside"));
        let old = mail(&plain(&block).replace("text/plain", "application/pgp; x-action=encrypt"));
        assert_eq!(super::opened(&old, &keyring).verdict.level(), level);
    }
}

#[test]
fn decrypted_inline_text_is_no_header() {
    let (_, bob, keyring) = alice_and_bob();
    let block = armored("Subject: trick\nContent-Type: text/html\n\n<b>", &[&bob], None);
    let opened = opened(&mail(&plain(&block)), &keyring);
    assert_eq!(text(&opened), "Subject: trick\nContent-Type: text/html\n\n<b>");
    assert_eq!(opened.message.headers().filter(|field| field.is("Subject")).count(), 1);
}

#[test]
fn a_text_about_encryption_can_be_read() {
    let (_, _, keyring) = alice_and_bob();
    let block = armored("secret", &[&key("carol")], None);
    let alone = open_at(&mail(&plain(&block)), &keyring, now()).unwrap_err();
    let OpenError::Pgp(error @ PgpError::KeyMissing { .. }) = alone else { panic!("{alone:?}") };
    let bytes = mail(&plain(&format!("What is this?\r\n{block}")));
    let opened = opened(&bytes, &keyring);
    assert_eq!((opened.verdict.level(), opened.message.as_bytes()), (VerdictLevel::Plain, bytes.as_slice()));
    assert!(opened.verdict.reasons().contains(&Reason::UnreadablePart { error }));
}

#[test]
fn a_part_for_somebody_else_does_not_keep_the_rest_from_being_read() {
    let (alice, bob, keyring) = alice_and_bob();
    let carol = key("carol");
    let (text_part, signed_part) = (plain("see below"), signed("s", &plain("hello"), &alice));
    let for_carol = encrypted("c", &plain("secret"), &[&carol], None);
    let for_bob = encrypted("e", &plain("hello"), &[&bob], Some(&alice));
    let alone = open_at(&mail(&for_carol), &keyring, now()).unwrap_err();
    let OpenError::Pgp(error @ PgpError::KeyMissing { .. }) = alone else { panic!("{alone:?}") };
    let unreadable = Reason::UnreadablePart { error };

    for parts in [vec![text_part.as_str(), &for_carol], vec![&for_carol; OpenOptions::LAYERS + 1]] {
        let bytes = mail(&multipart("mixed", "m", &parts));
        let opened = opened(&bytes, &keyring);
        assert_eq!(opened.message.as_bytes(), bytes);
        assert_eq!(opened.verdict.level(), VerdictLevel::Plain);
        let notes = opened.verdict.reasons();
        assert_eq!(notes[..2], [Reason::NotSigned, Reason::NotEncrypted]);
        assert!(notes[2..].iter().all(|note| *note == unreadable), "{notes:?}");
        assert_eq!(notes.len(), 2 + (parts.len() - 1).min(OpenOptions::LAYERS));
    }
    // It hides neither a signed part nor one that can be read, and doesn't count as a layer.
    let beside = opened(&mail(&multipart("mixed", "m", &[&for_carol, &signed_part])), &keyring);
    assert_eq!(beside.verdict.signature_coverage, Some(Coverage::Part));
    assert!(is_by(&beside, &alice) && beside.verdict.reasons().contains(&unreadable));
    let both = mail(&multipart("mixed", "m", &[&for_carol, &for_bob]));
    let options = OpenOptions { layers: 2, ..OpenOptions::default() };
    let both = open(&both, &keyring, &options, now()).unwrap();
    assert_eq!((text(&both).as_str(), both.verdict.level()), ("hello\n", VerdictLevel::Suspicious));
    assert!(matches!(both.verdict.encryption, EncryptionVerdict::Part(_)));
    // What was changed is no part for somebody else.
    let lines: Vec<_> = for_bob.split_inclusive("\r\n").collect();
    let without_one = [&lines[..lines.len() - 8], &lines[lines.len() - 7..]].concat().concat();
    let outcome = open_at(&mail(&multipart("mixed", "m", &[&text_part, &without_one])), &keyring, now());
    assert_eq!(outcome.unwrap_err(), OpenError::Pgp(PgpError::Tampered));
}

/// Whether what is for somebody else could be opened is theirs to say.
#[test]
fn a_stub_for_somebody_else_does_not_keep_the_rest_from_being_read() {
    let (_, _, keyring) = alice_and_bob();
    let carol = key_at(KeyProfile::Compatible, "carol", now());
    let sealed = encrypt(b"secret", &Recipients::new([carol.certificate()]), now()).unwrap();
    let (tag, session_key) = &packets(sealed.as_bytes())[0];
    let stub = [packet(*tag, session_key), packet(18, &[1; 1 + 39])].concat();
    let part = format!(
        "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n",
        STANDARD.encode(stub)
    );
    let for_carol = multipart(ENCRYPTED, "c", &[VERSION, &part]);
    let bytes = mail(&multipart("mixed", "m", &[&plain("see below"), &for_carol]));
    let opened = opened(&bytes, &keyring);
    assert_eq!(opened.message.as_bytes(), bytes);
    let notes = opened.verdict.reasons();
    assert!(matches!(notes[2], Reason::UnreadablePart { error: PgpError::KeyMissing { .. } }), "{notes:?}");
}

#[test]
fn a_passphrase_opens_a_message() {
    use postseal_types::Secret;

    let (right, wrong) = (Secret::from("right"), Secret::from("wrong"));
    let data =
        encrypt(plain("hello").as_bytes(), &Recipients::new([]).with_passphrase(&right), now()).unwrap();
    let part = format!("Content-Type: application/octet-stream\r\n\r\n{}", data.to_armored());
    let bytes = mail(&multipart(ENCRYPTED, "e", &[VERSION, &part]));
    let opened = |passphrases: &[Secret]| {
        let options = OpenOptions { passphrases, ..OpenOptions::default() };
        open(&bytes, &Keyring::new(), &options, now()).map(|opened| (opened.verdict.level(), text(&opened)))
    };
    assert_eq!(opened(&[wrong.clone(), right]), Ok((VerdictLevel::Encrypted, "hello\n".to_owned())));
    assert_eq!(opened(&[wrong]), Err(PgpError::WrongPassphrase.into()));
    let error = PgpError::KeyMissing { recipients: Vec::new(), takes_passphrase: true };
    assert_eq!(error.to_string(), "no secret key for this message: it is encrypted to a passphrase");
    assert_eq!(opened(&[]), Err(error.into()));
}

#[test]
fn another_protocol_is_named_and_not_looked_into() {
    const DETACHED: &str = "application/pkcs7-signature";
    let kind = format!("signed; protocol=\"{DETACHED}\"");
    let signature = format!("Content-Type: {DETACHED}\r\n\r\nx");
    let opaque = "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nx\r\n".to_owned();
    for (entity, protocol) in [
        (multipart(&kind, "s", &[&plain("hello"), &signature]), DETACHED),
        (opaque, "application/pkcs7-mime"),
    ] {
        let bytes = mail(&entity);
        let opened = opened(&bytes, &Keyring::new());
        assert_eq!(
            (opened.verdict.level(), opened.message.as_bytes()),
            (VerdictLevel::Plain, bytes.as_slice())
        );
        assert_eq!(opened.verdict.signature, SignatureVerdict::Unsigned);
        let protocol = Some(protocol.to_owned());
        assert!(opened.verdict.reasons().contains(&Reason::OtherProtocol { protocol }));
    }
}

/// A signature of another kind says nothing about what is inside, and does not keep it from being opened.
#[test]
fn what_another_protocol_signed_is_opened() {
    let (alice, bob, keyring) = alice_and_bob();
    let kind = "signed; protocol=\"application/pkcs7-signature\"";
    let signature = "Content-Type: application/pkcs7-signature\r\n\r\nx";
    for (inside, level) in [
        (encrypted("e", &plain("hello"), &[&bob], None), VerdictLevel::Encrypted),
        (encrypted("e", &plain("hello"), &[&bob], Some(&alice)), VerdictLevel::Sealed),
        (signed("s", &plain("hello"), &alice), VerdictLevel::Authentic),
    ] {
        let opened = opened(&mail(&multipart(kind, "o", &[&inside, signature])), &keyring);
        assert_eq!((opened.verdict.level(), text(&opened).as_str()), (level, "hello\n"));
        let protocol = Some("application/pkcs7-signature".to_owned());
        assert!(opened.verdict.reasons().contains(&Reason::OtherProtocol { protocol }));
        // With anything else in it, it is shown as it came.
        let bytes = mail(&multipart(kind, "o", &[&inside, signature, &plain("pay eve")]));
        let with_more = super::opened(&bytes, &keyring);
        assert_eq!(with_more.message.as_bytes(), bytes);
        assert_eq!(with_more.verdict.level(), VerdictLevel::Plain);
    }
}

#[test]
fn layers_have_a_limit() {
    let (alice, bob, keyring) = alice_and_bob();
    let mut entity = plain("hello");
    for layer in 0..=OpenOptions::LAYERS {
        if layer == OpenOptions::LAYERS {
            assert_eq!(text(&opened(&mail(&entity), &keyring)), "hello\n");
        }
        let boundary = format!("b{layer}");
        entity = if layer % 2 == 0 {
            encrypted(&boundary, &entity, &[&bob], None)
        } else {
            signed(&boundary, &entity, &alice)
        };
    }
    let limit = OpenOptions::LAYERS;
    assert_eq!(open_at(&mail(&entity), &keyring, now()).unwrap_err(), OpenError::TooManyLayers { limit });
}

#[test]
fn limits_hold_inside_the_encryption() {
    let (_, bob, keyring) = alice_and_bob();
    let bytes =
        |parts: usize| mail(&encrypted("e", &multipart("mixed", "m", &vec!["\r\nx"; parts]), &[&bob], None));
    let limits = Limits { parts: 10, ..Limits::default() };
    let open = |bytes: &[u8], options: &OpenOptions<'_>| open(bytes, &keyring, options, now()).map(|_| ());
    let options = OpenOptions { limits, ..OpenOptions::default() };
    assert_eq!(open(&bytes(9), &options), Ok(()));
    assert_eq!(open(&bytes(10), &options), Err(MimeError::TooManyParts { limit: 10 }.into()));

    let length = multipart("mixed", "m", &["\r\nx"; 9]).len();
    let limit = |plaintext: usize| {
        let pgp = PgpLimits { plaintext, ..PgpLimits::default() };
        OpenOptions { pgp, ..OpenOptions::default() }
    };
    let past = PgpError::LimitExceeded { what: "octets of plaintext", limit: length - 1 };
    assert_eq!(open(&bytes(9), &limit(length)), Ok(()));
    assert_eq!(open(&bytes(9), &limit(length - 1)), Err(past.into()));
}

#[test]
fn unobtrusive_signatures_are_verified() {
    let (alice, _, keyring) = alice_and_bob();
    let content = plain("hello");
    let sig = |content: &str| {
        let own = alice.unlock_unprotected().unwrap();
        let signature = sign_detached(content.as_bytes(), &own, now()).unwrap();
        format!("Sig: t=p; b=\r\n {}\r\n", STANDARD.encode(signature.as_bytes()))
    };
    let part = format!("{}{content}", sig(&content));
    let twice = format!("{}sig:t=x; b=abc\r\n{part}", sig("something else"));
    for part in [&part, &twice] {
        let opened = opened(&mail(&multipart("mixed", "m", &[part])), &keyring);
        assert_eq!((opened.verdict.level(), text(&opened).as_str()), (VerdictLevel::Authentic, "hello\n"));
        assert!(opened.message.header("Sig").is_none());
    }
    let changed = part.replace("hello", "pay eve");
    let changed = opened(&mail(&multipart("mixed", "m", &[&changed])), &keyring);
    assert_eq!(changed.verdict.level(), VerdictLevel::Suspicious);
    // With anything beside it, the part is no message, and nothing is said about it.
    let beside = opened(&mail(&multipart("mixed", "m", &[&part, &plain("pay eve")])), &keyring);
    assert_eq!(
        (beside.verdict.level(), beside.verdict.signature),
        (VerdictLevel::Plain, SignatureVerdict::Unsigned)
    );
}

#[test]
fn armor_that_became_html_is_repaired() {
    let (alice, bob, keyring) = alice_and_bob();
    let armor =
        armored("hello", &[&bob], Some(&alice)).replace("\r\n\r\n", "\r\n&nbsp;\r\n").replace('+', "&#43;");
    let lines: String = armor.lines().map(|line| format!("<div>{line}</div><br>\r\n")).collect();
    let page = |around: &str| {
        format!("Content-Type: text/html\r\n\r\n<html><body>{around}{lines}</body></html>\r\n")
    };
    let whole = opened(&mail(&page("")), &keyring);
    assert_eq!(
        (whole.verdict.level(), whole.repairs.as_slice()),
        (VerdictLevel::Sealed, &[Repair::HtmlArmor][..])
    );
    let part = opened(&mail(&page("<p>pay eve</p>\r\n")), &keyring);
    assert_eq!(part.verdict.level(), VerdictLevel::Suspicious);
    for opened in [whole, part] {
        assert_eq!((text(&opened).as_str(), opened.message.html_body()), ("hello", None));
    }
}
