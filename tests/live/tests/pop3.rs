//! POP3: what was sent comes back to the byte, and nothing goes that wasn't told to.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

#[macro_use]
mod common;

use std::time::{Duration, SystemTime};

use common::{WAYS, arrived, message, pop3, refusal, submit};
use postseal_live::{ALICE, Site, Tokens, UMLAUT, User};
use postseal_session::{
    Credentials, Error, Maildrop, Pop3Connection, Pop3Message, Pop3Session, Pop3Update, Security, SeenUids,
};
use postseal_test_server::Protocol;

scenarios! {
    what_was_sent_comes_back_to_the_byte;
    messages_are_listed_and_peeked_into;
    deletions_happen_at_quit_and_only_then;
    messages_left_on_the_server_are_fetched_once;
    a_message_that_is_not_there_leaves_the_session_usable;
    a_refused_login_hands_the_connection_back;
    a_bearer_token_logs_in_and_an_expired_one_does_not;
    a_name_and_password_beyond_ascii_log_in;
}

/// No message of these tests is longer.
const LIMIT: usize = 1 << 20;

async fn what_was_sent_comes_back_to_the_byte(site: &Site) {
    let (from, to) = (User::guest(), User::guest());
    let longest = "x".repeat(998);
    let lines = ["", ".", "..", ".dot", "From here", "", "trailing ", "\t", "grüße", &longest, ""];
    let sent = message(&lines.join("\r\n"));
    submit(site, from, &[to], &sent).await;
    arrived(site, to, 1).await;
    for security in WAYS {
        let session = pop3(site, to, security).await;
        let whole = session.retrieve_to_vec(1, LIMIT).await.unwrap();
        assert!(whole.ends_with(&sent), "{}", String::from_utf8_lossy(&whole));

        let mut stream = session.retrieve(1).await.unwrap();
        let mut chunks = Vec::new();
        while let Some(chunk) = stream.next_chunk().await.unwrap() {
            chunks.extend(chunk);
        }
        assert_eq!(chunks, whole);
        assert_eq!(session.quit().await, Ok(Pop3Update::Committed { deleted: 0 }));
    }
}

async fn messages_are_listed_and_peeked_into(site: &Site) {
    let (from, to) = (User::guest(), User::guest());
    for text in ["one", "two"] {
        submit(site, from, &[to], &message(text)).await;
    }
    arrived(site, to, 2).await;
    let session = pop3(site, to, Security::Tls).await;
    let listing = session.messages().await.unwrap();
    assert_eq!(listing.iter().map(|message| message.number).collect::<Vec<_>>(), [1, 2]);
    let octets = listing.iter().map(|message| message.size).sum();
    assert_eq!(session.stat().await, Ok(Maildrop { messages: 2, octets }));

    let [first, second] = listing.as_slice() else { unreachable!() };
    assert_ne!(first.uid, second.uid);
    let mut whole = session.retrieve_all(listing.clone(), LIMIT);
    while let Some(retrieved) = whole.next().await.unwrap() {
        let bytes = retrieved.bytes.unwrap();
        assert_eq!(bytes.len() as u64, retrieved.message.size);
        let top = session.top(retrieved.message.number, 0, LIMIT).await.unwrap();
        assert!(top.ends_with(b"\r\n\r\n") && bytes.starts_with(&top), "{}", String::from_utf8_lossy(&top));
    }
}

async fn deletions_happen_at_quit_and_only_then(site: &Site) {
    let (from, to) = (User::guest(), User::guest());
    submit(site, from, &[to], &message("here to stay")).await;
    arrived(site, to, 1).await;

    let session = pop3(site, to, Security::Tls).await;
    session.delete(1).await.unwrap();
    session.reset().await.unwrap();
    session.delete(1).await.unwrap();
    assert_eq!(session.messages().await.unwrap(), []);
    session.close().await.unwrap();

    let session = pop3(site, to, Security::Tls).await;
    assert_eq!(session.stat().await.unwrap().messages, 1, "closing is not quitting");
    session.delete(1).await.unwrap();
    assert_eq!(session.quit().await, Ok(Pop3Update::Committed { deleted: 1 }));
    assert_eq!(pop3(site, to, Security::Tls).await.stat().await, Ok(Maildrop { messages: 0, octets: 0 }));
}

async fn messages_left_on_the_server_are_fetched_once(site: &Site) {
    let (from, to) = (User::guest(), User::guest());
    let (day, now) =
        (Duration::from_secs(86_400), SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000));
    let mut seen = SeenUids::new();
    for (round, text) in (1..).zip(["one", "two"]) {
        submit(site, from, &[to], &message(text)).await;
        arrived(site, to, round).await;
        let session = pop3(site, to, Security::Tls).await;
        let listing = session.messages().await.unwrap();
        let new: Vec<&Pop3Message> = seen.new_messages(&listing);
        assert_eq!(new.len(), 1, "only what came since");
        for message in new {
            let bytes = session.retrieve_to_vec(message.number, LIMIT).await.unwrap();
            assert!(bytes.ends_with(format!("{text}\r\n").as_bytes()));
            assert!(seen.mark(message, now + day * round));
        }
        session.quit().await.unwrap();
        seen = SeenUids::from_bytes(&seen.to_bytes()).unwrap();
    }
    let session = pop3(site, to, Security::Tls).await;
    let listing = session.messages().await.unwrap();
    let old: Vec<u32> =
        seen.to_delete(&listing, now + day * 15, day * 14).iter().map(|message| message.number).collect();
    assert_eq!(old, [1]);
    assert_eq!(session.delete_all(&old).await, Ok(vec![Ok(())]));
    assert_eq!(session.quit().await, Ok(Pop3Update::Committed { deleted: 1 }));
}

async fn a_message_that_is_not_there_leaves_the_session_usable(site: &Site) {
    let session = pop3(site, User::guest(), Security::Tls).await;
    for refused in
        [session.delete(7).await.unwrap_err(), session.retrieve_to_vec(7, LIMIT).await.unwrap_err()]
    {
        assert!(matches!(refused, Error::Refused(_)), "{refused:?}");
    }
    assert_eq!(session.noop().await, Ok(()));
}

async fn a_refused_login_hands_the_connection_back(site: &Site) {
    let user = User::guest();
    for security in WAYS {
        let connection = connect(site, security).await;
        let wrong = User { password: "not the password", ..user }.credentials().unwrap();
        let denied = connection.log_in(&wrong).await.unwrap_err();
        assert_eq!(refusal(&denied.error).response_code.as_deref(), Some("AUTH"));
        let again = denied.connection.unwrap().log_in(&user.credentials().unwrap()).await.unwrap();
        assert_eq!(again.noop().await, Ok(()));
    }
}

async fn a_bearer_token_logs_in_and_an_expired_one_does_not(site: &Site) {
    let connection = connect(site, Security::Tls).await;
    let expired = Credentials::token(ALICE.address, Tokens::expired()).unwrap();
    let denied = connection.log_in(&expired).await.unwrap_err();
    assert!(matches!(denied.error, Error::LoginRefused(_)), "{denied:?}");
    let valid = Credentials::token(ALICE.address, Tokens::valid()).unwrap();
    let session: Pop3Session = denied.connection.unwrap().log_in(&valid).await.unwrap();
    assert_eq!(session.noop().await, Ok(()));
}

async fn a_name_and_password_beyond_ascii_log_in(site: &Site) {
    assert_eq!(pop3(site, UMLAUT, Security::Tls).await.noop().await, Ok(()));
}

async fn connect(site: &Site, security: Security) -> Pop3Connection {
    let server = site.server(Protocol::Pop3, security).unwrap();
    Pop3Connection::open(&site.connector().unwrap(), &server).await.unwrap()
}
