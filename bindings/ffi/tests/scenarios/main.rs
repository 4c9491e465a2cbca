//! The scenarios of tests/vectors/scenarios.json, as Rust plays them over the very functions that the other languages call.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod messages;
mod providers;
mod world;

use std::sync::Arc;
use std::time::{Duration, Instant};

use postseal_ffi::*;
use postseal_test_server::Protocol;
use serde_json::json;

use world::{PLAIN, address, envelope, kebab, password, play};

#[tokio::test]
async fn connect_refused() {
    play("connect_refused", async |world| {
        let port = world.tell(&json!({ "do": "free-port" }))["port"].as_i64().unwrap();
        let nobody = |protocol| Server { port: i32::try_from(port).unwrap(), ..world.server(protocol) };
        for outcome in world.try_each(&world.connector(), nobody, &password("alice")).await {
            world.assert_error(&outcome.unwrap_err());
        }
    })
    .await;
}

#[tokio::test]
async fn wrong_certificate() {
    play("wrong_certificate", async |world| {
        let mistaken = Connector::new(Some(world.mistaken()), None, None).unwrap();
        let mut hashes = Vec::new();
        for outcome in world.try_each(&mistaken, |protocol| world.server(protocol), &password("alice")).await
        {
            let error = outcome.unwrap_err();
            world.assert_error(&error);
            let PostsealError::Certificate { fault, .. } = error else { panic!("{error:?}") };
            assert_eq!(kebab(fault.reason), world.expect("reason").as_str().unwrap());
            assert_eq!(fault.host, world.expect("host").as_str().unwrap());
            hashes.push(fault.chain[0].key_hash.clone().unwrap());
        }
        let digits = usize::try_from(world.expect("key_hash_digits").as_u64().unwrap()).unwrap();
        assert!(hashes.iter().all(|hash| hash.len() == digits), "{hashes:?}");
        let pins = hashes.into_iter().map(|key_hash| HostKey { host: "localhost".to_owned(), key_hash });
        let pinned = TlsOptions { trusted_keys: pins.collect(), ..world.mistaken() };
        let connector = Connector::new(Some(pinned), None, None).unwrap();
        for outcome in world.try_each(&connector, |protocol| world.server(protocol), &password("alice")).await
        {
            outcome.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn login_refused() {
    play("login_refused", async |world| {
        let wrong = Credentials::password(&address("alice"), world.text("password")).unwrap();
        for outcome in world.try_each(&world.connector(), |protocol| world.server(protocol), &wrong).await {
            let error = outcome.unwrap_err();
            world.assert_error(&error);
            assert!(!format!("{error} {error:?}").contains(&world.text("password")), "{error:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn send_with_one_bad_recipient() {
    play("send_with_one_bad_recipient", async |world| {
        let to: Vec<&str> = world.given("to").as_array().unwrap().iter().map(|to| to.as_str().unwrap()).collect();
        let session = world.smtp().await;
        let receipt = session.send(envelope(&to), PLAIN.into(), None, None, None).await.unwrap();
        assert!(matches!(receipt.delivery, Delivery::Sent { .. }), "{receipt:?}");
        assert_eq!(receipt.is_sent, world.expect("is_sent").as_bool().unwrap());
        assert_eq!(receipt.is_sent_to_all, world.expect("is_sent_to_all").as_bool().unwrap());
        let refused: Vec<_> = receipt
            .recipients
            .iter()
            .filter_map(|recipient| Some((recipient.address.as_str(), recipient.refusal.as_ref()?)))
            .map(|(address, refusal)| {
                json!({ "address": address, "smtp_code": refusal.smtp_code, "enhanced_code": refusal.enhanced_code })
            })
            .collect();
        assert_eq!(&json!(refused), world.expect("refused"));
        assert_eq!(json!(world.messages_of("bob").len()), *world.expect("messages_of_bob"));
    })
    .await;
}

#[tokio::test]
async fn lost_reply() {
    play("lost_reply", async |world| {
        let session = world.smtp().await;
        let receipt =
            session.send(envelope(&[&address("bob")]), PLAIN.into(), None, None, None).await.unwrap();
        let Delivery::Unknown { because } = &receipt.delivery else { panic!("{receipt:?}") };
        assert_eq!(because.code, world.expect("because").as_str().unwrap());
        assert_eq!(receipt.is_sent, world.expect("is_sent").as_bool().unwrap());
        session.close(None).await.unwrap();
        assert_eq!(json!(session.is_closed()), *world.expect("is_closed"));
        assert_eq!(json!(world.messages_of("bob").len()), *world.expect("messages_of_bob"));
    })
    .await;
}

#[tokio::test]
async fn idle_wakes() {
    play("idle_wakes", async |world| {
        let watch = world.imap("alice").await.watch("INBOX", None).await.unwrap();
        world.tell(&json!({ "do": "deliver", "user": address("alice"), "message": world.text("message") }));
        let change = watch.next(None).await.unwrap().unwrap();
        assert_eq!(world.expect("change"), "exists");
        assert_eq!(change, Change::Exists { count: world.expect("count").as_i64().unwrap() });
        // A wait that is under way ends with the watch.
        let (waited, ()) = tokio::join!(watch.next(None), watch.stop());
        assert_eq!(waited.unwrap(), None);
        assert_eq!(watch.next(None).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn cancel_before_start() {
    play("cancel_before_start", async |world| {
        let session = world.imap("alice").await;
        let token = CancelToken::new();
        token.cancel();
        let name = world.text("mailbox");
        let error = session.create(&name, Some(token.clone())).await.unwrap_err();
        world.assert_error(&error);
        assert!(token.is_cancelled());
        session.noop(None).await.unwrap();
        let heard = world.tell(&json!({ "do": "heard", "text": format!("CREATE {name}") }));
        assert_eq!(heard["times"], *world.expect("heard"));
    })
    .await;
}

#[tokio::test]
async fn cancel_in_the_middle() {
    play("cancel_in_the_middle", async |world| {
        let lines = usize::try_from(world.given("lines").as_u64().unwrap()).unwrap();
        let message = format!("{}{}", world.text("message"), "A line that nobody waits for.\n".repeat(lines));
        let uid =
            world.tell(&json!({ "do": "deliver", "user": address("alice"), "message": message }))["uid"]
                .as_i64();
        let session = world.imap("alice").await;
        let validity = session.examine("INBOX", None).await.unwrap().uid_validity;
        let uid = Uid { validity, number: uid.unwrap() };
        let after = Duration::from_millis(world.given("after_millis").as_u64().unwrap());
        let within = Duration::from_millis(world.expect("ends_within_millis").as_u64().unwrap());

        // Rust's own way of giving up is to drop the future.
        let given_up = tokio::time::timeout(after, session.message("INBOX", uid, None, None)).await;
        assert!(given_up.is_err(), "it was faster than the server");
        session.noop(None).await.unwrap();

        let (token, begun) = (CancelToken::new(), Instant::now());
        let cancelling = async {
            tokio::time::sleep(after).await;
            token.cancel();
        };
        let (outcome, ()) =
            tokio::join!(session.message("INBOX", uid, None, Some(token.clone())), cancelling);
        world.assert_error(&outcome.unwrap_err());
        assert!(begun.elapsed() < within, "{:?}", begun.elapsed());
        session.noop(None).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn timeout() {
    play("timeout", async |world| {
        let progress = Duration::from_millis(world.given("progress_millis").as_u64().unwrap());
        let short = Timeouts { progress: Some(progress), ..Timeouts::default() };
        let connector = world.connector_with(Some(short), None);
        let (c, alice) = (|| connector.clone(), || password("alice"));
        let smtp = SmtpSession::connect(c(), world.server(Protocol::Smtp), alice(), None).await.unwrap();
        let imap = ImapSession::connect(c(), world.server(Protocol::Imap), alice(), None).await.unwrap();
        let pop3 = Pop3Session::connect(c(), world.server(Protocol::Pop3), alice(), None).await.unwrap();
        let outcomes = [smtp.noop(None).await, imap.noop(None).await, pop3.noop(None).await];
        outcomes.into_iter().for_each(|outcome| world.assert_error(&outcome.unwrap_err()));
        for is_closed in [smtp.is_closed(), imap.is_closed(), pop3.is_closed()] {
            assert_eq!(json!(is_closed), *world.expect("is_closed"));
        }
    })
    .await;
}

#[tokio::test]
async fn close_twice() {
    play("close_twice", async |world| {
        let (smtp, imap, pop3) = (world.smtp().await, world.imap("alice").await, world.pop3().await);
        for first in [smtp.close(None).await, imap.close(None).await, pop3.close(None).await] {
            first.unwrap();
        }
        let again = tokio::join!(smtp.close(None), smtp.close(None), imap.close(None), imap.close(None));
        let more = tokio::join!(pop3.close(None), pop3.close(None));
        for outcome in [again.0, again.1, again.2, again.3, more.0, more.1] {
            outcome.unwrap();
        }
        for is_closed in [smtp.is_closed(), imap.is_closed(), pop3.is_closed()] {
            assert_eq!(json!(is_closed), *world.expect("is_closed"));
        }
    })
    .await;
}

#[tokio::test]
async fn use_after_close() {
    play("use_after_close", async |world| {
        let (smtp, imap, pop3) = (world.smtp().await, world.imap("alice").await, world.pop3().await);
        for closed in [smtp.close(None).await, imap.close(None).await, pop3.close(None).await] {
            closed.unwrap();
        }
        for outcome in [smtp.noop(None).await, imap.noop(None).await, pop3.noop(None).await] {
            world.assert_error(&outcome.unwrap_err());
        }
    })
    .await;
}

#[tokio::test]
async fn concurrent_use_of_one_session() {
    play("concurrent_use_of_one_session", async |world| {
        let session = world.imap("alice").await;
        let calls: Vec<_> = (0..world.given("calls").as_u64().unwrap())
            .map(|_| {
                let session: Arc<ImapSession> = session.clone();
                tokio::spawn(async move { session.status("INBOX", None).await })
            })
            .collect();
        for call in calls {
            assert_eq!(json!(call.await.unwrap().unwrap().messages), *world.expect("messages"));
        }
    })
    .await;
}
