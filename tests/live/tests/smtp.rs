//! Submission: who gets the message, who is told what, and what the other end has to be.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

#[macro_use]
mod common;

use common::{WAYS, address, arrived, message, refusal};
use postseal_live::{ALICE, Site, Tokens, UMLAUT, User};
use postseal_session::{
    Credentials, Delivery, EnhancedCode, Error, NotSent, Receipt, Security, SendOptions, SmtpConnection,
    SmtpSession,
};
use postseal_test_server::Protocol;
use postseal_types::Envelope;

scenarios! {
    a_bad_recipient_is_named_and_the_others_get_the_message;
    all_or_nothing_sends_to_nobody_where_one_recipient_is_bad;
    several_messages_go_over_one_connection;
    sends_that_wait_have_each_an_outcome_of_its_own;
    a_local_part_beyond_ascii_is_a_recipient_like_any_other;
    a_refused_login_hands_the_connection_back;
    a_bearer_token_logs_in_and_an_expired_one_does_not;
}

async fn a_bad_recipient_is_named_and_the_others_get_the_message(site: &Site) {
    let (from, to) = (User::guest(), User::guest());
    for security in WAYS {
        let server = site.server(Protocol::Smtp, security).unwrap();
        let connection = SmtpConnection::open(&site.connector().unwrap(), &server).await.unwrap();
        let session = connection.log_in(&from.credentials().unwrap()).await.unwrap();
        let envelope = envelope(from, &["nobody@example.test", to.address]);
        let receipt = session.send(&envelope, message("hello"), &SendOptions::default()).await.unwrap();

        assert!(receipt.is_sent() && !receipt.is_sent_to_all(), "{receipt:?}");
        let refused: Vec<_> = receipt.refused().collect();
        assert_eq!(refused.len(), 1, "{receipt:?}");
        let (who, why) = refused.first().unwrap();
        assert_eq!(**who, address("nobody@example.test"));
        assert_eq!((why.command, why.code, why.enhanced), ("RCPT", Some(550), Some(EnhancedCode(5, 1, 1))));
        session.close().await.unwrap();
    }
}

async fn all_or_nothing_sends_to_nobody_where_one_recipient_is_bad(site: &Site) {
    let (from, to) = (User::guest(), User::guest());
    let session = logged_in(site, from).await;
    let options = SendOptions { all_or_nothing: true, ..SendOptions::default() };
    let envelope = envelope(from, &[to.address, "nobody@example.test"]);
    let receipt = session.send(&envelope, message("hello"), &options).await.unwrap();
    assert_eq!(receipt.message, Delivery::NotSent(NotSent::Recipients));
    assert_eq!(session.noop().await, Ok(()));
}

async fn several_messages_go_over_one_connection(site: &Site) {
    let (from, to) = (User::guest(), User::guest());
    let session = logged_in(site, from).await;
    for number in 0..3 {
        let receipt = send(&session, from, to, message(&number.to_string())).await;
        assert!(receipt.is_sent_to_all(), "{receipt:?}");
    }
}

async fn sends_that_wait_have_each_an_outcome_of_its_own(site: &Site) {
    let (from, to) = (User::guest(), User::guest());
    let session = logged_in(site, from).await;
    let sends = (0..9).map(async |number| {
        // Every third goes to nobody.
        let recipient = if number % 3 == 1 { "nobody@example.test" } else { to.address };
        let message = message(&number.to_string());
        session.send(&envelope(from, &[recipient]), message, &SendOptions::default()).await.unwrap()
    });
    for (number, receipt) in futures::future::join_all(sends).await.into_iter().enumerate() {
        let expected = number % 3 != 1;
        assert_eq!(receipt.is_sent_to_all(), expected, "{number}: {receipt:?}");
        assert_eq!(
            receipt.message == Delivery::NotSent(NotSent::Recipients),
            !expected,
            "{number}: {receipt:?}"
        );
    }
    arrived(site, to, 6).await;
}

async fn a_local_part_beyond_ascii_is_a_recipient_like_any_other(site: &Site) {
    let session = logged_in(site, UMLAUT).await;
    let receipt = send(&session, UMLAUT, UMLAUT, message("grüße")).await;
    assert!(receipt.is_sent_to_all(), "{receipt:?}");
}

async fn a_refused_login_hands_the_connection_back(site: &Site) {
    let user = User::guest();
    for security in WAYS {
        let server = site.server(Protocol::Smtp, security).unwrap();
        let connection = SmtpConnection::open(&site.connector().unwrap(), &server).await.unwrap();
        let wrong = User { password: "not the password", ..user }.credentials().unwrap();
        let denied = connection.log_in(&wrong).await.unwrap_err();
        let why = refusal(&denied.error);
        assert_eq!((why.command, why.code, why.enhanced), ("AUTH", Some(535), Some(EnhancedCode(5, 7, 8))));
        let again = denied.connection.unwrap();
        assert_eq!(again.log_in(&user.credentials().unwrap()).await.unwrap().noop().await, Ok(()));
    }
}

async fn a_bearer_token_logs_in_and_an_expired_one_does_not(site: &Site) {
    let server = site.server(Protocol::Smtp, Security::Tls).unwrap();
    let connection = SmtpConnection::open(&site.connector().unwrap(), &server).await.unwrap();
    let expired = Credentials::token(ALICE.address, Tokens::expired()).unwrap();
    let denied = connection.log_in(&expired).await.unwrap_err();
    assert_eq!((refusal(&denied.error).command, refusal(&denied.error).code), ("AUTH", Some(535)));
    assert!(!format!("{denied:?}").contains(&Tokens::expired()));
    let valid = Credentials::token(ALICE.address, Tokens::valid()).unwrap();
    assert_eq!(denied.connection.unwrap().log_in(&valid).await.unwrap().noop().await, Ok(()));
}

async fn logged_in(site: &Site, user: User) -> SmtpSession {
    let server = site.server(Protocol::Smtp, Security::Tls).unwrap();
    let connection = SmtpConnection::open(&site.connector().unwrap(), &server).await.unwrap();
    connection.log_in(&user.credentials().unwrap()).await.map_err(Error::from).unwrap()
}

async fn send(session: &SmtpSession, from: User, to: User, message: Vec<u8>) -> Receipt {
    session.send(&envelope(from, &[to.address]), message, &SendOptions::default()).await.unwrap()
}

fn envelope(from: User, to: &[&str]) -> Envelope {
    Envelope { from: Some(address(from.address)), to: to.iter().map(|to| address(to)).collect() }
}
