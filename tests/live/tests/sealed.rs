//! The main job: a sealed message goes round. Composed, signed and encrypted, submitted by SMTP, fetched by IMAP and by POP3, opened.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

#[macro_use]
mod common;

use std::time::SystemTime;

use common::{WAYS, address, arrived, imap, pop3, submit_as};
use postseal_live::{Site, User};
use postseal_message::mime::{Attachment, ContentType, Date, Draft, HeaderValue, Mailbox, MessageId};
use postseal_message::openpgp::{KeyProfile, Keyring, PgpError, SecretKey, UserId};
use postseal_message::pgpmime::{
    OpenError, Opened, Protection, SealOptions, Sealed, VerdictLevel, open, seal,
};
use postseal_session::Security;
use postseal_session::imap::{MailboxName, Search};

scenarios! {
    a_sealed_message_goes_round;
    who_is_in_bcc_can_read_it_and_nobody_else_can_tell;
    each_protection_arrives_as_what_it_is;
    a_server_that_changes_one_byte_is_found_out;
}

const SUBJECT: &str = "Überraschungsfest";
const TEXT: &str = "Am Freitag um acht.\n\nFrom the very best of friends\n.\n-- \nA.\n";

async fn a_sealed_message_goes_round(site: &Site) {
    for profile in [KeyProfile::Compatible, KeyProfile::Modern] {
        for security in WAYS {
            let people = People::new(profile);
            let sealed = people.seal(&people.draft(), Protection::SignAndEncrypt);
            people.send(site, &sealed, security).await;
            arrived(site, people.bob, 1).await;

            let by_imap = fetch_by_imap(site, people.bob, security).await;
            let by_pop3 = fetch_by_pop3(site, people.bob, security).await;
            for bytes in [by_imap, by_pop3] {
                assert_unreadable(&bytes);
                let opened = open_as(&people.keys(people.bob), &bytes, people.now).unwrap();
                assert_whole(&opened);
                assert_eq!(opened.verdict.level(), VerdictLevel::Sealed, "{:?}", opened.verdict);
                assert_eq!(opened.repairs, []);
            }
        }
    }
}

async fn who_is_in_bcc_can_read_it_and_nobody_else_can_tell(site: &Site) {
    let people = People::new(KeyProfile::Compatible);
    let sealed = people.seal(&people.draft().bcc(mailbox(people.carol)), Protection::SignAndEncrypt);
    assert_eq!(sealed.copies.len(), 2);
    people.send(site, &sealed, Security::Tls).await;
    for reader in [people.bob, people.carol] {
        arrived(site, reader, 1).await;
        let bytes = fetch_by_imap(site, reader, Security::Tls).await;
        assert_eq!(
            open_as(&people.keys(reader), &bytes, people.now).unwrap().verdict.level(),
            VerdictLevel::Sealed
        );
    }
    let of_bob = fetch_by_imap(site, people.bob, Security::Tls).await;
    let opened = open_as(&people.keys(people.bob), &of_bob, people.now).unwrap();
    for seen in [of_bob.as_slice(), opened.message.as_bytes()] {
        assert!(!String::from_utf8_lossy(seen).contains(people.carol.address));
    }
    let refused = open_as(&people.keys(people.carol), &of_bob, people.now).unwrap_err();
    assert!(matches!(refused, OpenError::Pgp(PgpError::KeyMissing { .. })), "{refused:?}");
}

async fn each_protection_arrives_as_what_it_is(site: &Site) {
    let people = People::new(KeyProfile::Modern);
    let session = imap(site, people.bob, Security::Tls).await;
    let inbox = MailboxName::inbox();
    for (count, (protection, level)) in (1..).zip([
        (Protection::None, VerdictLevel::Plain),
        (Protection::Sign, VerdictLevel::Authentic),
        (Protection::Encrypt, VerdictLevel::Encrypted),
        (Protection::SignAndEncrypt, VerdictLevel::Sealed),
    ]) {
        people.send(site, &people.seal(&people.draft(), protection), Security::Tls).await;
        arrived(site, people.bob, count).await;
        let newest = *session.search(&inbox, &Search::all()).await.unwrap().last().unwrap();
        let bytes = session.message(&inbox, newest).await.unwrap();
        let opened = open_as(&people.keys(people.bob), &bytes, people.now).unwrap();
        assert_whole(&opened);
        assert_eq!(opened.verdict.level(), level, "{protection:?} {:?}", opened.verdict);
    }
}

async fn a_server_that_changes_one_byte_is_found_out(site: &Site) {
    let people = People::new(KeyProfile::Modern);
    people.send(site, &people.seal(&people.draft(), Protection::SignAndEncrypt), Security::Tls).await;
    arrived(site, people.bob, 1).await;
    let bytes = fetch_by_pop3(site, people.bob, Security::Tls).await;
    // A character in the middle of the armor.
    let at = (bytes.len() / 2..).find(|&at| bytes.get(at) == Some(&b'A')).unwrap();
    let mut changed = bytes;
    *changed.get_mut(at).unwrap() = b'B';
    let refused = open_as(&people.keys(people.bob), &changed, people.now).unwrap_err();
    assert_eq!(refused, OpenError::Pgp(PgpError::Tampered));
}

/// Three users with a key each.
struct People {
    alice: User,
    bob: User,
    carol: User,
    secret: Vec<(User, SecretKey)>,
    now: SystemTime,
}

impl People {
    fn new(profile: KeyProfile) -> Self {
        let [alice, bob, carol] = std::array::from_fn(|_| User::guest());
        let now = SystemTime::now();
        let make = |user: User| {
            let user_id = UserId::new(None, &address(user.address));
            (user, SecretKey::generate(profile, &user_id, None, now).unwrap().0)
        };
        Self { alice, bob, carol, secret: [alice, bob, carol].map(make).into(), now }
    }

    /// What `owner` has: their own key, and everyone's certificate.
    fn keys(&self, owner: User) -> Keyring {
        let mut keyring = Keyring::new();
        for (user, key) in &self.secret {
            match *user == owner {
                true => keyring.add_unlocked_key(key.unlock_unprotected().unwrap()),
                false => keyring.add_certificate(key.certificate().clone()),
            }
        }
        keyring
    }

    fn draft(&self) -> Draft {
        let id = MessageId::random("example.test").unwrap();
        Draft::new(mailbox(self.alice), Date::utc(self.now).unwrap(), id)
            .to(mailbox(self.bob))
            .subject(HeaderValue::parse(SUBJECT).unwrap())
            .text(TEXT)
            .attach(Attachment::named("plan.bin", ContentType::octet_stream(), data()).unwrap())
    }

    fn seal(&self, draft: &Draft, protection: Protection) -> Sealed {
        seal(draft, protection, &self.keys(self.alice), &SealOptions::default(), self.now).unwrap()
    }

    async fn send(&self, site: &Site, sealed: &Sealed, security: Security) {
        for copy in &sealed.copies {
            submit_as(site, self.alice, &copy.envelope, &copy.bytes, security).await;
        }
    }
}

/// An attachment of some size, with every byte there is.
fn data() -> Vec<u8> {
    (0..=u8::MAX).cycle().take(100_000).collect()
}

fn mailbox(user: User) -> Mailbox {
    Mailbox::new(address(user.address))
}

async fn fetch_by_imap(site: &Site, user: User, security: Security) -> Vec<u8> {
    let session = imap(site, user, security).await;
    let inbox = MailboxName::inbox();
    let newest = *session.search(&inbox, &Search::all()).await.unwrap().last().unwrap();
    session.message(&inbox, newest).await.unwrap()
}

async fn fetch_by_pop3(site: &Site, user: User, security: Security) -> Vec<u8> {
    let session = pop3(site, user, security).await;
    let newest = session.stat().await.unwrap().messages;
    let bytes = session.retrieve_to_vec(newest, 1 << 20).await.unwrap();
    session.quit().await.unwrap();
    bytes
}

fn open_as(keyring: &Keyring, bytes: &[u8], now: SystemTime) -> Result<Opened, OpenError> {
    open(bytes, keyring, &Default::default(), now)
}

/// The server sees neither subject nor content nor what the attachment is called.
fn assert_unreadable(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for secret in ["berraschung", "Freitag", "friends", "plan.bin"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

fn assert_whole(opened: &Opened) {
    assert_eq!(opened.message.subject().as_deref(), Some(SUBJECT));
    assert_eq!(opened.message.text_body().unwrap().as_str(), TEXT);
    let attachments: Vec<_> = opened.message.attachments().collect();
    assert_eq!(attachments.iter().map(Attachment::file_name).collect::<Vec<_>>(), [Some("plan.bin")]);
    assert!(attachments.first().unwrap().data() == data());
}
