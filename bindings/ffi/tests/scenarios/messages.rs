//! Scenarios about what is in messages.

use postseal_ffi::*;
use postseal_test_server::Protocol;
use serde_json::json;

use crate::world::{World, address, draft, kebab, keyrings, mailbox, password, play};

#[tokio::test]
async fn fetch_and_open() {
    play("fetch_and_open", async |world| {
        let [alice, bob] = keyrings().await;
        let (subject, text) = (world.text("subject"), world.text("text"));
        let sealed = seal_message(draft(&subject, &text), Protection::SignAndEncrypt, alice, None, None)
            .await
            .unwrap();
        let receipt =
            world.smtp().await.send_copy(sealed.copies()[0].clone(), None, None, None).await.unwrap();
        assert!(receipt.is_sent_to_all, "{receipt:?}");
        let message = only_message(&world).await;
        assert_eq!(json!(message.subject()), *world.expect("outer_subject"));
        let opened = open_message(message, bob, None, None).await.unwrap();
        assert_eq!(kebab(opened.verdict().level), world.expect("level").as_str().unwrap());
        let reasons: Vec<_> = opened.verdict().reasons.into_iter().map(|reason| reason.id).collect();
        assert_eq!(json!(reasons), *world.expect("reasons"));
        assert_eq!(opened.message().subject().unwrap(), subject);
        assert_eq!(opened.message().text_body().unwrap().text, text);
    })
    .await;
}

/// The one message in bob's inbox.
async fn only_message(world: &World) -> std::sync::Arc<Message> {
    let session = world.imap("bob").await;
    let found = session.search("INBOX", Search::all(), None).await.unwrap();
    assert_eq!(found.len(), 1);
    session.message("INBOX", found[0], None, None).await.unwrap()
}

#[tokio::test]
async fn tampered_message() {
    play("tampered_message", async |world| {
        let [alice, bob] = keyrings().await;
        let sealed =
            seal_message(draft("s", &world.text("text")), Protection::SignAndEncrypt, alice, None, None)
                .await
                .unwrap();
        let whole = String::from_utf8(sealed.copies()[0].data().0).unwrap();
        let lines: Vec<&str> = whole.lines().collect();
        let at = |mark: &str| lines.iter().position(|line| line.starts_with(mark)).unwrap();
        let middle = (at("-----BEGIN PGP") + at("-----END PGP")) / 2;
        let changed: String = lines
            .iter()
            .enumerate()
            .map(|(number, line)| match line.split_at_checked(1) {
                Some(("A", rest)) if number == middle => format!("B{rest}\r\n"),
                Some((_, rest)) if number == middle => format!("A{rest}\r\n"),
                _ => format!("{line}\r\n"),
            })
            .collect();
        let message = Message::parse(changed.as_bytes()).unwrap();
        world.assert_error(&open_message(message, bob, None, None).await.unwrap_err());
    })
    .await;
}

#[tokio::test]
async fn wrong_passphrase() {
    play("wrong_passphrase", async |world| {
        let (right, wrong) = (world.text("passphrase"), world.text("wrong"));
        let made =
            generate_key(KeyProfile::Modern, mailbox("alice"), Some(right.clone()), None).await.unwrap();
        let error = made.key().unlock(wrong.clone(), None).await.unwrap_err();
        world.assert_error(&error);
        let told = format!("{error} {error:?}");
        assert!(!told.contains(&right) && !told.contains(&wrong), "{told}");
        assert_eq!(made.key().unlock(right, None).await.unwrap().fingerprint(), made.key().fingerprint());
    })
    .await;
}

#[tokio::test]
async fn attachment_of_25_mb_by_path() {
    play("attachment_of_25_mb_by_path", async |world| {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let size = usize::try_from(world.given("bytes").as_u64().unwrap()).unwrap();
        let bytes: Vec<u8> = (0..size).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        let name = world.text("file_name");
        std::fs::write(path(&name), &bytes).unwrap();
        let [alice, bob] = keyrings().await;
        let attachments = vec![Attachment::from_path(path(&name), None).await.unwrap()];
        let draft = Draft { attachments, ..draft("large", "See the file.") };
        let sealed = seal_message(draft, Protection::SignAndEncrypt, alice, None, None).await.unwrap();
        world.smtp().await.send_copy(sealed.copies()[0].clone(), None, None, None).await.unwrap();
        let opened = open_message(only_message(&world).await, bob, None, None).await.unwrap();
        assert_eq!(kebab(opened.verdict().level), world.expect("level").as_str().unwrap());
        let [file] = <[_; 1]>::try_from(opened.message().attachments()).unwrap();
        assert_eq!(json!(file.file_name()), *world.expect("file_name"));
        assert_eq!(json!(file.size()), *world.expect("bytes"));
        file.clone().save(path("saved"), None).await.unwrap();
        assert!(std::fs::read(path("saved")).unwrap() == bytes, "the file is another one");
        let again = file.save(path("saved"), None).await.unwrap_err();
        assert_eq!(again.code(), "already-exists");
    })
    .await;
}

#[tokio::test]
async fn first_sealed_mail() {
    play("first_sealed_mail", async |world| {
        let [alice, bob] = keyrings().await;
        let login = |protocol, user| Login { server: world.server(protocol), credentials: password(user) };
        let client = |user, keyring| {
            let account = Account {
                mailbox: mailbox(user),
                submission: login(Protocol::Smtp, user),
                imap: Some(login(Protocol::Imap, user)),
                pop3: None,
                sent_copy: None,
            };
            MailClient::new(&world.connector(), account, keyring).unwrap()
        };
        let (alice, bob) = (client("alice", alice), client("bob", bob));
        let draft = draft(&world.text("subject"), &world.text("text"));
        let report = alice.send(draft, Protection::SignAndEncrypt, None, None).await.unwrap();
        assert_eq!(json!(report.is_sent_to_all), *world.expect("is_sent_to_all"));
        let OwnCopy::Filed { mailbox, .. } = &report.own_copy else { panic!("{report:?}") };
        assert_eq!(world.expect("own_copy"), "filed");
        assert_eq!(json!(mailbox), *world.expect("own_mailbox"));
        let inbox = bob.inbox(None).await.unwrap();
        assert_eq!(json!(inbox.len()), *world.expect("inbox"));
        assert_eq!(json!(inbox[0].subject), *world.expect("outer_subject"));
        let opened = bob.open(inbox[0].handle.clone(), None, None, None).await.unwrap();
        assert_eq!(kebab(opened.verdict().level), world.expect("level").as_str().unwrap());
        assert_eq!(opened.message().text_body().unwrap().text, world.text("text"));
        assert_eq!(opened.message().from().mailboxes[0].address, address("alice"));
        for client in [alice, bob] {
            client.close(None).await.unwrap();
        }
    })
    .await;
}
