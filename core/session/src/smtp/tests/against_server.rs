//! The whole way over TLS on loopback, against the honest test server.

use postseal_test_server::{Fault, Options, Protocol, Security as Port, TestServer};
use postseal_types::Listener;

use super::*;
use crate::heard::Heard;
use crate::{
    Connector, Delivery, Dsn, EnvelopeId, Notify, ReturnedContent, SendOptions, Server as Address_, TlsConfig,
};

const MESSAGE: &[u8] = b"Subject: dots\r\n\r\n.\r\n..\r\n.leading\r\nlast line\r\n\r\n.\r\n";

async fn start(options: Options) -> TestServer {
    let options = options.user("alice", "wonderland").user("bob@example.test", "builder");
    TestServer::start(options).await.unwrap()
}

async fn connect(server: &TestServer, port: Port, timeouts: Timeouts) -> Result<SmtpConnection, Error> {
    let roots = server.ca().root_pem();
    let tls = TlsConfig::default().only_roots(roots.as_bytes()).unwrap();
    let connector = Connector::new(&Runtime::current().unwrap(), &tls).unwrap().with_timeouts(timeouts);
    let security = if port == Port::Tls { Security::Tls } else { Security::StartTls };
    let address = Address_::new("127.0.0.1", server.smtp(port).port(), security).unwrap();
    SmtpConnection::open(&connector, &address).await
}

#[tokio::test]
async fn messages_arrive_exactly_as_given_by_every_way() {
    let big: Vec<u8> = b".begins with a dot\r\nordinary\r\n".repeat(20_000);
    bounded(async {
        for port in [Port::Tls, Port::StartTls] {
            for missing in [&[][..], &["CHUNKING"], &["CHUNKING", "PIPELINING"]] {
                let options =
                    missing.iter().fold(Options::new(), |options, one| options.without(Protocol::Smtp, one));
                let server = start(options).await;
                let session = connect(&server, port, TIMEOUTS).await.unwrap().log_in(&alice()).await.unwrap();
                for message in [MESSAGE, &big] {
                    let receipt = session.send(&to_bob(), message, &SendOptions::default()).await.unwrap();
                    assert!(receipt.is_sent_to_all(), "{receipt:?}");
                }
                assert_eq!(server.messages("bob@example.test", "INBOX"), [MESSAGE, &big], "{missing:?}");
                session.noop().await.unwrap();
                session.close().await.unwrap();
                assert!(session.is_closed());
                let heard = server.transcript();
                assert_eq!(heard.len(), 1);
                assert_eq!(heard[0].client_lines().last().map(String::as_str), Some("QUIT"));
                let clear = heard[0].client_bytes_in_the_clear();
                let expected: &[u8] =
                    if port == Port::Tls { b"" } else { b"EHLO [127.0.0.1]\r\nSTARTTLS\r\n" };
                assert_eq!(clear, expected);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn parameters_reach_the_server_in_their_encoded_form() {
    bounded(async {
        let server = start(Options::new().relay()).await;
        let session = connect(&server, Port::Tls, TIMEOUTS).await.unwrap().log_in(&alice()).await.unwrap();
        let options = SendOptions {
            dsn: Some(Dsn {
                notify: Some(Notify::On { success: true, failure: true, delay: false }),
                returned: Some(ReturnedContent::Headers),
                envelope_id: Some(EnvelopeId::parse("id 7+8=15").unwrap()),
                original_recipient: true,
            }),
            ..SendOptions::default()
        };
        let envelope = envelope(
            "grüße@Bücher.example",
            &["a+b=c@bücher.example", "\"d e\"@example.test", "ö+x@example.test", "x@[IPv6:2001:db8::1]"],
        );
        let receipt = session.send(&envelope, "Grüße\r\n".as_bytes(), &options).await.unwrap();
        assert_eq!(receipt.message, Delivery::Sent { text: "queued as 1".to_owned() });
        let accepted = &server.accepted()[0];
        assert_eq!(accepted.mail_from, "grüße@xn--bcher-kva.example");
        assert_eq!(
            accepted.mail_params,
            ["SIZE=9", "BODY=8BITMIME", "SMTPUTF8", "RET=HDRS", "ENVID=id+207+2B8+3D15"]
        );
        let recipients: Vec<_> =
            accepted.recipients.iter().map(|to| (to.address.as_str(), to.params.join(" "))).collect();
        assert_eq!(
            recipients,
            [
                (
                    "a+b=c@xn--bcher-kva.example",
                    "NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;a+2Bb+3Dc@xn--bcher-kva.example".to_owned()
                ),
                (
                    "\"d e\"@example.test",
                    "NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;\"d+20e\"@example.test".to_owned()
                ),
                ("ö+x@example.test", "NOTIFY=SUCCESS,FAILURE ORCPT=utf-8;ö\\x{2B}x@example.test".to_owned()),
                (
                    "x@[IPv6:2001:db8::1]",
                    "NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;x@[IPv6:2001:db8::1]".to_owned()
                ),
            ]
        );
    })
    .await;
}

#[tokio::test]
async fn a_wrong_password_hands_the_connection_back() {
    bounded(async {
        let server = start(Options::new()).await;
        let connection = connect(&server, Port::StartTls, TIMEOUTS).await.unwrap();
        let wrong = Credentials::password("alice", "looking-glass").unwrap();
        let denied = connection.log_in(&wrong).await.err().unwrap();
        let Error::LoginRefused(refusal) = &denied.error else { panic!("{denied:?}") };
        assert_eq!((refusal.code, refusal.text.as_str()), (Some(535), "credentials are wrong"));
        let session = denied.connection.unwrap().log_in(&alice()).await.unwrap();
        session.noop().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn no_cut_makes_the_client_say_what_the_server_would_deny() {
    let server = start(Options::new()).await;
    let honest = submit(&server).await;
    assert!(honest.is_ok_and(|receipt| receipt.is_sent()));
    let said = server.transcript()[0].server_bytes().len() - "221 2.0.0 bye\r\n".len();
    for at in 0..said {
        let before = server.accepted().len();
        server.inject(Protocol::Smtp, Fault::at_byte(at).cut().times(1));
        let outcome = bounded(submit(&server)).await;
        let accepted = server.accepted().len() > before;
        match outcome.map(|receipt| receipt.message) {
            Ok(Delivery::Sent { .. } | Delivery::NotSent(_)) => panic!("{at}: no whole answer came"),
            Ok(Delivery::Unknown { .. }) => {}
            Err(error) => assert!(!accepted, "{at}: {error:?}"),
        }
        server.clear_faults();
    }
}

/// One message on a connection of its own, by STARTTLS.
async fn submit(server: &TestServer) -> Result<crate::Receipt, Error> {
    let session = connect(server, Port::StartTls, TIMEOUTS).await?.log_in(&alice()).await?;
    let receipt = session.send(&to_bob(), MESSAGE, &SendOptions::default()).await;
    session.close().await?;
    receipt
}

#[tokio::test]
async fn a_listener_is_told_how_much_of_a_message_went_out() {
    let big: Vec<u8> = b".begins with a dot\r\nordinary\r\n".repeat(20_000);
    bounded(async {
        for missing in [&[][..], &["CHUNKING"], &["CHUNKING", "PIPELINING"]] {
            let options =
                missing.iter().fold(Options::new(), |options, one| options.without(Protocol::Smtp, one));
            let server = start(options).await;
            let session =
                connect(&server, Port::Tls, TIMEOUTS).await.unwrap().log_in(&alice()).await.unwrap();
            let heard = Heard::default();
            let told = session.with_progress(heard.listener());
            for message in [MESSAGE, &big] {
                told.send(&to_bob(), message, &SendOptions::default()).await.unwrap();
                heard.assert_whole(message.len() as u64);
            }
            // Neither of one that was refused, nor through another handle.
            let refused = envelope("alice@example.test", &["nobody@example.test"]);
            told.send(&refused, MESSAGE, &SendOptions::default()).await.unwrap();
            session.send(&to_bob(), MESSAGE, &SendOptions::default()).await.unwrap();
            told.with_progress(None).send(&to_bob(), MESSAGE, &SendOptions::default()).await.unwrap();
            assert_eq!(heard.take(), []);

            // And of one that is refused at its end not that it came to it. Only DATA has an end that can be refused by itself.
            if missing.contains(&"CHUNKING") {
                let long = b"ordinary\r\n".repeat(20_000);
                server.inject(Protocol::Smtp, Fault::instead_of(".").refuse("552 5.2.2 full").times(1));
                let refused = told.send(&to_bob(), long.as_slice(), &SendOptions::default()).await.unwrap();
                assert!(matches!(refused.message, Delivery::NotSent(_)), "{refused:?}");
                heard.assert_unfinished(long.len() as u64);
            }

            let panicking = session.with_progress(Listener::new(|_, _| panic!("on purpose")));
            let receipt = panicking.send(&to_bob(), big.as_slice(), &SendOptions::default()).await.unwrap();
            assert!(receipt.is_sent_to_all());
            assert_eq!(server.messages("bob@example.test", "INBOX").last(), Some(&big));
            session.close().await.unwrap();
        }
    })
    .await;
}
