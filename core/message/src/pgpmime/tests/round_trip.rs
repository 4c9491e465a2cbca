//! From seal to open.

use super::*;
use crate::mime::{Attachment, Boundaries, ContentType, Date, Draft, HeaderValue, Mailbox, MessageId};

const PROFILES: [KeyProfile; 2] = [KeyProfile::Compatible, KeyProfile::Modern];

fn mailbox(local: &str) -> Mailbox {
    Mailbox::from(address(local))
}

fn draft() -> Draft {
    Draft::new(
        mailbox("alice"),
        Date::new(at(1_799_999_000), 60).unwrap(),
        MessageId::parse("<1@example.test>").unwrap(),
    )
}

fn seal_options() -> SealOptions {
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
        for (protection, level) in [
            (Protection::None, VerdictLevel::Plain),
            (Protection::Sign, VerdictLevel::Authentic),
            (Protection::Encrypt, VerdictLevel::Encrypted),
            (Protection::SignAndEncrypt, VerdictLevel::Sealed),
        ] {
            let sealed = seal(&full_draft(), protection, &own, &seal_options(), now()).unwrap();
            assert_eq!(sealed.copies.len(), 1);
            for reader in [&alice, &bob, &carol] {
                let opened = opened(&sealed.copies[0].bytes, &keyring([reader], [&alice]));
                assert_eq!(opened.verdict.level(), level, "{protection:?} {:?}", reasons(&opened));
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
