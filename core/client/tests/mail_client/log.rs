//! What a log sink gets to hear of a whole day's work: everything that happened, and nothing that is anybody's business.

use std::sync::{Arc, Mutex};

use postseal::{LogEvent, LogKind, LogSink, MailClient};

use super::*;

#[derive(Default)]
struct Kept(Mutex<Vec<LogEvent>>);

impl LogSink for Kept {
    fn log(&self, event: &LogEvent) {
        self.0.lock().unwrap().push(event.clone());
    }
}

/// Sends a sealed message, reads it, and does what a person does to it.
async fn work(world: &World, alice: &MailClient, bob: &MailClient) {
    let draft = world.draft().to(world.mailbox("bob")).bcc(world.mailbox("carol"));
    let report = alice.send(&draft, Protection::SignAndEncrypt).await.unwrap();
    assert!(report.is_sent_to_all());
    let summary = bob.inbox().await.unwrap().remove(0);
    assert_eq!(bob.open(&summary.handle).await.unwrap().verdict.level(), VerdictLevel::Sealed);
    if bob.mailboxes().await.is_ok() {
        bob.mark_read(&summary.handle, true).await.unwrap();
        bob.move_to(&summary.handle, &MailboxName::new("Private").unwrap()).await.unwrap_err();
    }
    alice.close().await.unwrap();
    bob.close().await.unwrap();
}

#[tokio::test]
async fn nothing_secret_and_nobodys_name_is_in_any_event() {
    bounded(async {
        let mut world = World::new().await;
        let sink = Arc::new(Kept::default());
        world.connector = world.connector.clone().with_log(Arc::<Kept>::clone(&sink));
        for incoming in [Protocol::Imap, Protocol::Pop3] {
            let alice = world.client("alice", &["bob", "carol"], incoming);
            let bob = world.client("bob", &["alice"], incoming);
            work(&world, &alice, &bob).await;
        }
        // A refused login, and a token.
        let wrong = Credentials::password("alice@example.test", "another secret").unwrap();
        let smtp = Server::new("127.0.0.1", world.server.smtp(Begin::Tls).port(), Security::Tls).unwrap();
        for credentials in [wrong, Credentials::token("alice@example.test", "a token of hers").unwrap()] {
            let account = Account::new(world.mailbox("alice"), smtp.clone(), credentials);
            let keyring = world.client("alice", &["bob"], Protocol::Imap).keyring().clone();
            let client = MailClient::new(&world.connector, account, keyring);
            let draft = world.draft().to(world.mailbox("bob"));
            let error = client.send(&draft, Protection::Sign).await.unwrap_err();
            assert_eq!(error.code(), ErrorCode::LoginRefused);
        }
        let events = sink.0.lock().unwrap().clone();
        let all: String = events.iter().map(|event| format!("{event}\n{event:?}\n")).collect();
        let all = all.to_lowercase();
        for secret in [
            "password",
            "another secret",
            "token of hers",
            "alice",
            "bob",
            "carol",
            "example.test",
            "between us",
            "text",
            "inbox",
            "sent",
            "private",
            "mailer",
            "YWxpY2U",
            "AGFsaWNl",
        ] {
            assert!(!all.contains(&secret.to_lowercase()), "{secret} is in the log:\n{all}");
        }
        // And it is all there.
        for verb in [
            "EHLO",
            "AUTH",
            "MAIL",
            "RCPT",
            "BDAT",
            "AUTHENTICATE",
            "APPEND",
            "UID FETCH",
            "UID STORE",
            "RETR",
        ] {
            let is_it = |event: &LogEvent| event.kind == LogKind::Command { verb };
            assert!(events.iter().any(is_it), "{verb} is not in the log");
        }
        let begun = events.iter().filter(|event| matches!(event.kind, LogKind::Connecting { .. })).count();
        let ended = events.iter().filter(|event| matches!(event.kind, LogKind::Closed { .. })).count();
        assert!(begun > 5 && begun == ended, "{begun} sessions, {ended} ends");
    })
    .await;
}
