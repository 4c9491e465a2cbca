//! Attachments by path.

use std::fs::File;

use postseal::{
    Attachment, Date, Draft, FieldError, MAX_ATTACHMENT, MAX_MESSAGE, Mailbox, MessageId, Protection,
    VerdictLevel, attach_file, open, seal,
};

use super::*;

async fn attached(desk: &Desk, name: &str) -> Result<Attachment, Error> {
    attach_file(&desk.runtime, &desk.path(name)).await
}

#[tokio::test]
async fn a_file_becomes_an_attachment_of_its_name_and_type() {
    let desk = Desk::new(KeyProfile::Modern, b"content");
    for (name, essence) in [
        ("Übersicht.PDF", "application/pdf"),
        ("photo.jpeg", "image/jpeg"),
        ("plain", "application/octet-stream"),
        (".profile", "application/octet-stream"),
    ] {
        fs::write(desk.path(name), b"content").unwrap();
        let attachment = attached(&desk, name).await.unwrap();
        assert_eq!(attachment.file_name(), Some(name));
        assert_eq!(attachment.content_type().to_string(), essence);
        assert_eq!(attachment.data(), b"content");
    }
}

#[tokio::test]
async fn the_limit_of_an_attachment_holds() {
    let desk = Desk::new(KeyProfile::Modern, b"");
    let file = File::create(desk.path("long.bin")).unwrap();
    file.set_len(MAX_ATTACHMENT as u64).unwrap();
    assert_eq!(attached(&desk, "long.bin").await.unwrap().data().len(), MAX_ATTACHMENT);
    file.set_len(MAX_ATTACHMENT as u64 + 1).unwrap();
    let too_long = attached(&desk, "long.bin").await.unwrap_err();
    assert_eq!(too_long.code(), ErrorCode::LimitExceeded);
    assert_eq!(too_long, Error::FileTooLong { path: desk.path("long.bin"), limit: MAX_ATTACHMENT });
}

/// Signed and encrypted it is at its longest.
#[tokio::test]
async fn the_longest_attachment_can_be_sealed_fetched_and_opened() {
    let desk = Desk::new(KeyProfile::Modern, &vec![0xff; MAX_ATTACHMENT]);
    let (alice, now) = (Mailbox::parse("alice@example.test").unwrap(), SystemTime::now());
    let id = MessageId::parse("1@example.test").unwrap();
    let draft = Draft::new(alice.clone(), Date::utc(now).unwrap(), id).to(alice);
    let draft = draft.attach(attached(&desk, "plain").await.unwrap());
    let sealed = seal(&draft, Protection::SignAndEncrypt, &desk.keyring, &Default::default(), now).unwrap();
    let message = sealed.own_copy().unwrap();
    assert!(message.len() < MAX_MESSAGE, "{}", message.len());
    let opened = open(message, &desk.keyring, &Default::default(), now).unwrap();
    assert_eq!(opened.verdict.level(), VerdictLevel::Sealed);
    let data = opened.message.attachments().next().unwrap().into_data();
    assert!(data == vec![0xff; MAX_ATTACHMENT]);
}

#[tokio::test]
async fn what_cannot_be_attached_is_named() {
    let desk = Desk::new(KeyProfile::Modern, b"");
    let missing = desk.file_error("reading", "missing", ErrorKind::NotFound);
    assert_eq!(attached(&desk, "missing").await, Err(missing));
    let folder = Error::NotAFile { path: desk.path("") };
    assert_eq!(attached(&desk, "").await, Err(folder));
    #[cfg(unix)]
    {
        fs::write(desk.path("a\nb"), b"").unwrap();
        let forbidden = FieldError::Forbidden { character: '\n' };
        assert_eq!(attached(&desk, "a\nb").await, Err(Error::Field(forbidden)));
    }
}
