//! The facade against the in-memory server: what is sent, filed, listed, fetched and opened, and what is refused.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops where something is not as it should be"
)]

mod dropping;
mod injection;
mod log;
mod progress;
mod reader;
mod watching;

use std::time::{Duration, SystemTime};

use postseal::{
    Account, Connector, Credentials, Date, Draft, ErrorCode, HeaderValue, KeyProfile, Keyring, MailClient,
    Mailbox, MailboxName, MessageHandle, MessageId, OwnCopy, Protection, Runtime, SealError, SecretKey,
    Security, SentCopy, Server, TlsConfig, UserId, VerdictLevel,
};
use postseal_test_server::{Fault, Options, Protocol, Security as Begin, TestServer};

/// No test takes longer.
const DEADLINE: Duration = Duration::from_secs(60);

struct World {
    server: TestServer,
    connector: Connector,
    keys: Vec<(Mailbox, SecretKey)>,
}

impl World {
    /// A server with Alice, Bob and Carol, who each have a key pair.
    async fn new() -> Self {
        Self::with(Options::new()).await
    }

    async fn with(options: Options) -> Self {
        let people = ["alice@example.test", "bob@example.test", "carol@example.test"];
        let options = people.iter().fold(options, |options, address| options.user(address, "a password"));
        let server = TestServer::start(options).await.unwrap();
        let tls = TlsConfig::default().only_roots(server.ca().root_pem().as_bytes()).unwrap();
        let connector = Connector::new(&Runtime::current().unwrap(), &tls).unwrap();
        let key = |address: &&str| {
            let mailbox = Mailbox::parse(address).unwrap();
            let user_id = UserId::new(None, mailbox.address());
            let made = SecretKey::generate(KeyProfile::Modern, &user_id, None, SystemTime::now());
            (mailbox, made.unwrap().0)
        };
        Self { server, connector, keys: people.iter().map(key).collect() }
    }

    /// A client for one of them, who knows the certificates of `known`.
    fn client(&self, name: &str, known: &[&str], incoming: Protocol) -> MailClient {
        self.client_with(name, known, incoming, |account| account)
    }

    fn client_with(
        &self,
        name: &str,
        known: &[&str],
        incoming: Protocol,
        change: impl FnOnce(Account) -> Account,
    ) -> MailClient {
        let (mailbox, key) = self.person(name);
        let mut keyring = Keyring::new();
        keyring.add_unlocked_key(key.unlock_unprotected().unwrap());
        known.iter().for_each(|name| keyring.add_certificate(self.person(name).1.certificate().clone()));
        let credentials = Credentials::password(&mailbox.address().to_string(), "a password").unwrap();
        let at = |port| Server::new("127.0.0.1", port, Security::Tls).unwrap();
        let account =
            Account::new(mailbox.clone(), at(self.server.smtp(Begin::Tls).port()), credentials.clone());
        let account = match incoming {
            Protocol::Pop3 => account.pop3(at(self.server.pop3(Begin::Tls).port()), credentials),
            _ => account.imap(at(self.server.imap(Begin::Tls).port()), credentials),
        };
        MailClient::new(&self.connector, change(account), keyring)
    }

    fn person(&self, name: &str) -> &(Mailbox, SecretKey) {
        self.keys.iter().find(|(mailbox, _)| mailbox.address().local() == name).unwrap()
    }

    fn mailbox(&self, name: &str) -> Mailbox {
        self.person(name).0.clone()
    }

    fn draft(&self) -> Draft {
        let date = Date::utc(SystemTime::now()).unwrap();
        Draft::new(self.mailbox("alice"), date, MessageId::random("example.test").unwrap())
            .subject(HeaderValue::parse("Between us").unwrap())
            .text("The text.\n")
    }
}

/// Runs a test within the deadline.
async fn bounded(test: impl Future<Output = ()>) {
    tokio::time::timeout(DEADLINE, test).await.unwrap();
}

#[tokio::test]
async fn what_is_sent_can_be_opened_by_imap_by_pop3_and_by_its_sender() {
    bounded(async {
        let world = World::new().await;
        let alice = world.client("alice", &["bob"], Protocol::Imap);
        let report =
            alice.send(&world.draft().to(world.mailbox("bob")), Protection::SignAndEncrypt).await.unwrap();
        assert!(report.is_sent_to_all());
        let OwnCopy::Filed { mailbox, uid: Some(uid) } = report.own_copy else {
            panic!("{:?}", report.own_copy)
        };
        assert_eq!(mailbox, MailboxName::new("Sent").unwrap());

        let own = alice.open(&MessageHandle::Imap { mailbox: mailbox.clone(), uid }).await.unwrap();
        assert_eq!(own.verdict.level(), VerdictLevel::Sealed);
        let listed = alice.messages(&mailbox).await.unwrap();
        let [summary] = listed.as_slice() else { panic!("{listed:?}") };
        assert_eq!((summary.is_read, summary.subject.as_deref()), (Some(true), Some("[...]")));

        for incoming in [Protocol::Imap, Protocol::Pop3] {
            let bob = world.client("bob", &["alice"], incoming);
            let inbox = bob.inbox().await.unwrap();
            let [summary] = inbox.as_slice() else { panic!("{inbox:?}") };
            assert_eq!(summary.from, "alice@example.test");
            let opened = bob.open(&summary.handle).await.unwrap();
            assert_eq!(opened.verdict.level(), VerdictLevel::Sealed);
            assert_eq!(opened.message.subject().as_deref(), Some("Between us"));
            // The same bytes are fetched as lie there, and fetching marks nothing as read.
            let stored = world.server.messages("bob@example.test", "INBOX");
            assert_eq!(stored, [bob.fetch(&summary.handle).await.unwrap()]);
            bob.close().await.unwrap();
        }
        alice.close().await.unwrap();
        assert!(!world.server.view().contains(b"Between us"));
    })
    .await;
}

#[tokio::test]
async fn without_a_key_for_everyone_nothing_is_sent_and_all_who_lack_one_are_named() {
    bounded(async {
        let world = World::new().await;
        let alice = world.client("alice", &["bob"], Protocol::Imap);
        let dave = Mailbox::parse("dave@example.test").unwrap();
        let draft = world.draft().to(world.mailbox("bob")).cc(world.mailbox("carol")).bcc(dave);
        let error = alice.send(&draft, Protection::SignAndEncrypt).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::KeyMissing);
        let postseal::Error::Seal(SealError::CertificatesMissing { recipients }) = error else {
            panic!("{error:?}")
        };
        let named: Vec<_> = recipients.iter().map(|missing| missing.address.to_string()).collect();
        assert_eq!(named, ["carol@example.test", "dave@example.test"]);
        assert!(world.server.transcript().is_empty(), "it did not even connect");
    })
    .await;
}

#[tokio::test]
async fn a_bcc_recipient_gets_a_copy_of_their_own_that_nobody_else_can_read() {
    bounded(async {
        let world = World::new().await;
        let alice = world.client("alice", &["bob", "carol"], Protocol::Imap);
        let draft = world.draft().to(world.mailbox("bob")).bcc(world.mailbox("carol"));
        let report = alice.send(&draft, Protection::SignAndEncrypt).await.unwrap();
        let envelopes: Vec<_> = report.copies.iter().map(|copy| copy.envelope.to.clone()).collect();
        assert_eq!(
            envelopes,
            [vec![world.mailbox("bob").address().clone()], vec![world.mailbox("carol").address().clone()]]
        );

        let of = |user| world.server.messages(user, "INBOX").pop().unwrap();
        let (to_bob, to_carol) = (of("bob@example.test"), of("carol@example.test"));
        assert!(!String::from_utf8_lossy(&to_bob).contains("carol"));
        let bob = world.client("bob", &["alice"], Protocol::Imap);
        let carol = world.client("carol", &["alice"], Protocol::Imap);
        assert_eq!(carol.open_bytes(to_carol.clone()).await.unwrap().verdict.level(), VerdictLevel::Sealed);
        assert_eq!(bob.open_bytes(to_carol).await.unwrap_err().code(), ErrorCode::KeyMissing);
        assert_eq!(carol.open_bytes(to_bob).await.unwrap_err().code(), ErrorCode::KeyMissing);
    })
    .await;
}

#[tokio::test]
async fn a_refused_recipient_and_a_lost_reply_are_told_apart() {
    bounded(async {
        let world = World::new().await;
        let alice = world.client("alice", &["bob"], Protocol::Imap);
        let nobody = Mailbox::parse("nobody@example.test").unwrap();
        let draft = world.draft().to(world.mailbox("bob")).to(nobody.clone());
        let report = alice.send(&draft, Protection::Sign).await.unwrap();
        assert!(report.may_be_sent() && !report.is_sent_to_all());
        let receipt = report.copies[0].receipt.as_ref().unwrap();
        let refused: Vec<_> =
            receipt.refused().map(|(address, refusal)| (address.clone(), refusal.code)).collect();
        assert_eq!(refused, [(nobody.address().clone(), Some(550))]);

        world.server.inject(Protocol::Smtp, Fault::before("BDAT").cut());
        let report = alice.send(&world.draft().to(world.mailbox("bob")), Protection::Sign).await.unwrap();
        assert!(matches!(
            report.copies[0].receipt.as_ref().unwrap().message,
            postseal::Delivery::Unknown { .. }
        ));
        assert!(report.may_be_sent() && !report.is_sent_to_all());
    })
    .await;
}

#[tokio::test]
async fn a_copy_that_cannot_be_filed_is_told_and_the_message_is_sent_all_the_same() {
    bounded(async {
        let world = World::new().await;
        let alice = world.client("alice", &["bob"], Protocol::Imap);
        world.server.inject(Protocol::Imap, Fault::instead_of("APPEND").refuse("NO [OVERQUOTA] full"));
        let draft = world.draft().to(world.mailbox("bob"));
        let report = alice.send(&draft, Protection::Sign).await.unwrap();
        assert!(report.is_sent_to_all());
        let OwnCopy::Failed(error) = report.own_copy else { panic!("{:?}", report.own_copy) };
        assert_eq!(error.code(), ErrorCode::Refused);

        let alice = world
            .client_with("alice", &["bob"], Protocol::Imap, |account| account.sent_copy(SentCopy::Never));
        let report = alice.send(&draft, Protection::Sign).await.unwrap();
        assert_eq!(report.own_copy, OwnCopy::NotWanted);
    })
    .await;
}

#[tokio::test]
async fn a_message_that_is_gone_is_an_error_of_its_own_and_a_lost_session_is_replaced() {
    bounded(async {
        let world = World::new().await;
        world.server.deliver("bob@example.test", "INBOX", b"Subject: plain\r\n\r\nHello\r\n").unwrap();
        for incoming in [Protocol::Imap, Protocol::Pop3] {
            let bob = world.client("bob", &[], incoming);
            let inbox = bob.inbox().await.unwrap();
            world.server.cut_connections();
            let opened = loop {
                // The first use after the cut may still meet the dead connection.
                match bob.open(&inbox[0].handle).await {
                    Ok(opened) => break opened,
                    Err(error) => assert!(error.is_retryable(), "{error:?}"),
                }
            };
            assert_eq!(opened.verdict.level(), VerdictLevel::Plain);
            bob.close().await.unwrap();
        }
        let imap = world.client("bob", &[], Protocol::Imap);
        let pop3 = world.client("bob", &[], Protocol::Pop3);
        let handles = [(&imap, imap.inbox().await.unwrap()), (&pop3, pop3.inbox().await.unwrap())];
        pop3.close().await.unwrap();
        assert!(world.server.remove("bob@example.test", "INBOX", 1));
        for (client, inbox) in handles {
            assert_eq!(client.fetch(&inbox[0].handle).await.unwrap_err(), postseal::Error::MessageGone);
        }
    })
    .await;
}

#[tokio::test]
async fn a_wrong_password_is_a_login_refusal_and_stays_out_of_the_error() {
    bounded(async {
        let world = World::new().await;
        let alice = world.client("alice", &["bob"], Protocol::Imap);
        let wrong = Credentials::password("alice@example.test", "not the password").unwrap();
        let smtp = Server::new("127.0.0.1", world.server.smtp(Begin::Tls).port(), Security::Tls).unwrap();
        let account = Account::new(world.mailbox("alice"), smtp, wrong);
        let client = MailClient::new(&world.connector, account, alice.keyring());
        let error = client.send(&world.draft().to(world.mailbox("bob")), Protection::Sign).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::LoginRefused);
        assert!(!format!("{error} {error:?} {client:?}").contains("not the password"));
        let error = client.inbox().await.unwrap_err();
        assert_eq!(error, postseal::Error::NotConfigured { protocol: "IMAP or POP3" });
    })
    .await;
}

#[tokio::test]
async fn a_certificate_that_is_imported_later_counts_from_then_on() {
    bounded(async {
        let world = World::new().await;
        let alice = world.client("alice", &[], Protocol::Imap);
        let draft = world.draft().to(world.mailbox("bob"));
        let error = alice.seal(&draft, Protection::Encrypt).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::KeyMissing);
        let knows_bob = world.client("alice", &["bob"], Protocol::Imap).keyring();
        alice.clone().set_keyring(knows_bob);
        assert_eq!(alice.seal(&draft, Protection::Encrypt).await.unwrap().copies.len(), 1);
    })
    .await;
}
