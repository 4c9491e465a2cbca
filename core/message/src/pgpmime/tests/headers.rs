//! Protected header fields: which count, and what is said about the others.

use super::*;

const NONE: &[&str] = &[];

fn differing(opened: &Opened) -> Vec<(&str, &str, &str, bool)> {
    let list = opened.verdict.headers.differing.iter();
    list.map(|d| (d.name.as_str(), d.protected.as_str(), d.outside.as_str(), d.is_intended)).collect()
}

/// A text with these fields, which says that they are protected in this way.
fn protecting(fields: &str, how: &str) -> String {
    format!("{fields}Content-Type: text/plain; {how}\r\n\r\nhello\r\n")
}

const FIELDS: &str = "From: alice@example.test\r\nTo: bob@example.test\r\nSubject: inside\r\n";

#[test]
fn fields_inside_are_the_fields_of_the_message() {
    let (alice, bob, keyring) = alice_and_bob();
    let outer = "HP-Outer: Subject: outside\r\nHP-Outer: From: alice@example.test\r\n";
    let entity = protecting(&format!("{FIELDS}{outer}"), "hp=\"cipher\"");
    let mut bytes = b"Reply-To: eve@eve.test\r\nBcc: eve@eve.test\r\n".to_vec();
    bytes.extend(mail(&encrypted("e", &entity, &[&bob], Some(&alice))));
    let opened = opened(&bytes, &keyring);
    assert_eq!(opened.message.as_bytes(), entity.as_bytes());
    assert_eq!(opened.message.subject().as_deref(), Some("inside"));
    assert!(opened.message.reply_to().is_empty() && opened.message.addresses("Bcc").is_empty());
    assert_eq!(opened.verdict.level(), VerdictLevel::Sealed);
    assert_eq!(opened.verdict.headers.protected, ["From", "To", "Subject"]);
    assert_eq!(opened.verdict.headers.unprotected, NONE);
    assert_eq!(differing(&opened), [("Subject", "inside", "outside", true)]);
    assert_eq!(opened.verdict.reasons(), []);
}

#[test]
fn a_field_changed_on_the_way_is_told_and_not_shown() {
    let (alice, bob, keyring) = alice_and_bob();
    let entity = protecting(&format!("{FIELDS}HP-Outer: Subject: [...]\r\n"), "hp=\"cipher\"");
    let clear = protecting(FIELDS, "hp=\"clear\"");
    for (entity, level) in [
        (encrypted("e", &entity, &[&bob], Some(&alice)), VerdictLevel::Sealed),
        (signed("s", &clear, &alice), VerdictLevel::Authentic),
    ] {
        let opened = opened(&mail(&entity), &keyring);
        assert_eq!(opened.message.subject().as_deref(), Some("inside"));
        assert_eq!(differing(&opened), [("Subject", "inside", "outside", false)]);
        assert!(opened.verdict.reasons().contains(&Reason::HeaderDiffers { name: "Subject".to_owned() }));
        assert_eq!(opened.verdict.level(), level);
    }
}

#[test]
fn fields_inside_count_only_where_the_content_says_so() {
    let (alice, _, keyring) = alice_and_bob();
    let content = "From: eve@example.test\r\nSubject: inside\r\nContent-Type: text/plain\r\n\r\nhello\r\n";
    let opened = opened(&mail(&signed("s", content, &alice)), &keyring);
    assert_eq!(opened.message.subject().as_deref(), Some("outside"));
    assert_eq!(opened.message.headers().filter(|field| field.is("From")).count(), 1);
    assert_eq!(opened.verdict.headers.protected, NONE);
    assert_eq!(opened.verdict.headers.unprotected, ["From", "To", "Subject"]);
    assert_eq!(opened.verdict.level(), VerdictLevel::Authentic);
    // And only inside a layer of protection.
    let plain = mail(&protecting("", "hp=\"clear\""));
    let opened = super::opened(&plain, &keyring);
    assert_eq!((opened.message.as_bytes(), opened.verdict.level()), (plain.as_slice(), VerdictLevel::Plain));
    assert_eq!(opened.verdict.headers.protected, NONE);
}

#[test]
fn the_older_form_takes_what_it_lacks_from_outside_but_for_what_diverts_replies() {
    let (alice, bob, keyring) = alice_and_bob();
    let entity = protecting("From: alice@example.test\r\nSubject: inside\r\n", "protected-headers=\"v1\"");
    let mut bytes = b"Reply-To: eve@eve.test\r\nDisposition-Notification-To: eve@eve.test\r\n".to_vec();
    bytes.extend(mail(&encrypted("e", &entity, &[&bob], Some(&alice))));
    let opened = opened(&bytes, &keyring);
    assert_eq!(opened.verdict.level(), VerdictLevel::Sealed);
    assert_eq!(opened.message.subject().as_deref(), Some("inside"));
    assert_eq!(opened.verdict.headers.protected, ["From", "Subject"]);
    assert_eq!(opened.verdict.headers.unprotected, ["To"]);
    assert!(!String::from_utf8_lossy(opened.message.as_bytes()).contains("eve.test"));
    assert_eq!(differing(&opened), [("Subject", "inside", "outside", false)]);

    let stand_in = String::from_utf8(bytes).unwrap().replace("Subject: outside", "Subject: ...");
    let opened = super::opened(stand_in.as_bytes(), &keyring);
    assert_eq!(differing(&opened), [("Subject", "inside", "...", true)]);
}

/// A byte order mark at the start of what is inside belongs to no field.
#[test]
fn a_byte_order_mark_costs_no_field() {
    let (alice, bob, keyring) = alice_and_bob();
    let entity = protecting("From: alice@example.test\r\nSubject: inside\r\n", "protected-headers=\"v1\"");
    let with_mark = ["\u{feff}", &entity].concat();
    for entity in [&entity, &with_mark] {
        let opened = opened(&mail(&encrypted("e", entity, &[&bob], Some(&alice))), &keyring);
        assert_eq!(opened.verdict.level(), VerdictLevel::Sealed);
        assert_eq!(opened.message.from().mailboxes().count(), 1);
        assert_eq!(opened.message.subject().as_deref(), Some("inside"));
    }
}

/// A From field inside is not checked by any server on the way: without a signature it must not replace the one outside unnoticed.
#[test]
fn a_from_field_inside_needs_a_signature_by_its_owner() {
    let (alice, bob, eve) = (key("alice"), key("bob"), key("eve"));
    let keyring = keyring([&bob], [&alice, &eve]);
    let entity = protecting(&format!("{FIELDS}HP-Outer: From: eve@example.test\r\n"), "hp=\"cipher\"");
    for signer in [None, Some(&eve)] {
        let bytes = from("eve@example.test", &encrypted("e", &entity, &[&bob], signer));
        assert_eq!(opened(&bytes, &keyring).verdict.level(), VerdictLevel::Suspicious);
    }
    // With one it counts, as where a mailing list puts its own address outside.
    let bytes = from("list@example.test", &encrypted("e", &entity, &[&bob], Some(&alice)));
    let opened = opened(&bytes, &keyring);
    assert_eq!(opened.verdict.level(), VerdictLevel::Sealed);
    assert!(opened.verdict.reasons().contains(&Reason::HeaderDiffers { name: "From".to_owned() }));
}

#[test]
fn a_second_from_field_inside_is_seen() {
    let (alice, bob, keyring) = alice_and_bob();
    let entity = protecting(&format!("From: eve@example.test\r\n{FIELDS}"), "hp=\"cipher\"");
    let opened = opened(&mail(&encrypted("e", &entity, &[&bob], Some(&alice))), &keyring);
    assert_eq!(opened.verdict.from, FromVerdict::NotOneAddress);
    assert_eq!(opened.verdict.level(), VerdictLevel::Suspicious);
}

/// Encryption that was added or taken away on the way is not the sender's.
#[test]
fn what_the_sender_says_about_encryption_is_compared() {
    let (alice, bob, keyring) = alice_and_bob();
    let clear = signed("s", &protecting(FIELDS, "hp=\"clear\""), &alice);
    let later = opened(&mail(&encrypted("e", &clear, &[&bob], None)), &keyring);
    assert_eq!(later.verdict.level(), VerdictLevel::Authentic);
    assert!(later.verdict.reasons().contains(&Reason::EncryptedLater));

    let cipher = signed("s", &protecting(FIELDS, "hp=\"cipher\""), &alice);
    let passed_on = opened(&mail(&cipher), &keyring);
    assert_eq!(passed_on.verdict.level(), VerdictLevel::Authentic);
    assert!(passed_on.verdict.reasons().contains(&Reason::Decrypted));
}

/// The copy of the subject that an encrypted text begins with for older programs (RFC 9788, section 4.5.3) is not part of the text.
#[test]
fn copies_of_protected_fields_are_left_out_of_the_text() {
    let (alice, bob, keyring) = alice_and_bob();
    let plain = "Content-Type: text/plain; hp-legacy-display=1\r\n\r\nSubject: inside\r\n\r\nhello\r\n";
    let html = "Content-Type: text/html; hp-legacy-display=1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
        <div class=3D\"header-protection-legacy-display\"><pre>Subject: inside</pre></div><p>hello</p>\r\n";
    let both = |how: &str| {
        let kind = format!("alternative; {how}");
        format!("{FIELDS}{}", multipart(&kind, "a", &[plain, html]))
    };
    let bodies = |opened: &Opened| {
        let html = opened.message.html_body().unwrap().into_string();
        (text(opened).trim_end().to_owned(), html.trim_end().to_owned())
    };
    let opened = opened(&mail(&encrypted("e", &both("hp=\"cipher\""), &[&bob], Some(&alice))), &keyring);
    assert_eq!(bodies(&opened), ("hello".to_owned(), "<p>hello</p>".to_owned()));
    // The parts themselves, and the message as bytes, are as they were sealed.
    assert_eq!(opened.message.as_bytes(), both("hp=\"cipher\"").as_bytes());
    assert!(opened.message.parts().any(|part| part.text().as_str().starts_with("Subject: inside")));
    // Where the fields inside are not shown, or nothing was encrypted, there is nothing that the copy would repeat.
    for entity in [
        encrypted("e", &both("x=y"), &[&bob], Some(&alice)),
        signed("s", &both("hp=\"clear\""), &alice),
        both("hp=\"cipher\""),
    ] {
        let opened = super::opened(&mail(&entity), &keyring);
        let (text, html) = bodies(&opened);
        assert!(text.starts_with("Subject: inside\n\nhello") && html.contains("<pre>Subject: inside</pre>"));
    }
}

/// Whoever is on the way would have the answer, with the text in it.
#[test]
fn replies_to_what_is_encrypted_are_not_led_away_from_outside() {
    let (alice, bob, keyring) = alice_and_bob();
    let subject_only = protecting("Subject: inside\r\n", "protected-headers=\"v1\"");
    for content in [plain("hello"), subject_only] {
        for (fields, replies) in [
            ("Reply-To: Alice <eve@eve.test>\r\n", 0),
            ("Reply-To: alice@example.test, eve@eve.test\r\n", 0),
            ("Mail-Followup-To: eve@eve.test\r\n", 0),
            ("Reply-To: <eve@@eve.test>\r\n", 0),
            ("Reply-To: Me <Alice@example.test>\r\n", 1),
        ] {
            let mut bytes = fields.as_bytes().to_vec();
            bytes.extend(mail(&encrypted("e", &content, &[&bob], Some(&alice))));
            let opened = opened(&bytes, &keyring);
            assert_eq!(opened.verdict.level(), VerdictLevel::Sealed);
            let names = ["Reply-To", "Mail-Followup-To"];
            let is_told = |reason: &Reason| matches!(reason, Reason::HeaderDiffers { name } if names.contains(&name.as_str()));
            assert_eq!(opened.verdict.reasons().iter().any(is_told), replies == 0, "{fields}");
            assert!(opened.message.reply_to().is_empty() || replies > 0, "{fields}");
            let found: usize =
                names.iter().map(|name| opened.message.addresses(name).mailboxes().count()).sum();
            assert_eq!(found, replies, "{fields}");
        }
    }
}

/// A server looks at the From field outside: where there is none that it could read, the one inside is nobody's word.
#[test]
fn a_from_field_inside_that_no_server_could_look_at_is_told() {
    let (_, bob, keyring) = alice_and_bob();
    let entity = encrypted("e", &protecting(FIELDS, "hp=\"cipher\""), &[&bob], None);
    for (outside, level) in [
        ("From: alice@example.test\r\n", VerdictLevel::Encrypted),
        ("From: Liddell, Alice <alice@example.test>\r\n", VerdictLevel::Encrypted),
        ("", VerdictLevel::Suspicious),
        ("Sender: eve@example.test\r\n", VerdictLevel::Suspicious),
        ("From: alice@example.test, \"eve\" <eve@@eve.test>\r\n", VerdictLevel::Suspicious),
        ("From: alice@example.test\r\nFrom: alice@example.test\r\n", VerdictLevel::Suspicious),
        ("From: eve@example.test\r\n", VerdictLevel::Suspicious),
    ] {
        let bytes = format!("{outside}To: bob@example.test\r\n{entity}");
        assert_eq!(opened(bytes.as_bytes(), &keyring).verdict.level(), level, "{outside}");
    }
}

#[test]
fn fields_are_protected_by_no_signature_of_a_stranger() {
    let (_, _, keyring) = alice_and_bob();
    let entity = signed("s", &protecting(FIELDS, "hp=\"clear\""), &key("stranger"));
    let opened = opened(&mail(&entity), &keyring);
    assert_eq!(opened.verdict.headers.protected, NONE);
    assert_eq!(opened.verdict.headers.unprotected, ["From", "To", "Subject"]);
}
