//! A second opinion on IMAP: async-imap, with a parser that shares no code with ours, looks at the same mailboxes.
//!
//! docs/adr/0005 says why it is a peer in the tests and not a part of what ships.
#![allow(clippy::unwrap_used, reason = "a test stops where something is not as it should be")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};
use postseal_session::imap::{FetchItems, Flag, ImapSession, MailboxName, Search, UidSet};
use postseal_session::{Connector, Credentials, ImapConnection, Runtime, Server, TlsConfig};
use postseal_test_server::{Options, Security, TestServer};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const USER: &str = "alice@example.test";
const PASSWORD: &str = "wonderland";
/// No test takes longer.
const DEADLINE: Duration = Duration::from_secs(30);

type Peer = async_imap::Session<TlsStream<TcpStream>>;

async fn peer(server: &TestServer) -> Peer {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(server.ca().root_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(server.imap(Security::Tls)).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    let mut client = async_imap::Client::new(stream);
    client.read_response().await.unwrap().unwrap();
    client.login(USER, PASSWORD).await.map_err(|(error, _)| error).unwrap()
}

async fn ours(server: &TestServer) -> ImapSession {
    let tls = TlsConfig::default().only_roots(server.ca().root_pem().as_bytes()).unwrap();
    let connector = Connector::new(&Runtime::current().unwrap(), &tls).unwrap();
    let at =
        Server::new("localhost", server.imap(Security::Tls).port(), postseal_session::Security::Tls).unwrap();
    let connection = ImapConnection::open(&connector, &at).await.unwrap();
    connection
        .log_in(&Credentials::password(USER, PASSWORD).unwrap())
        .await
        .map_err(|denied| denied.error)
        .unwrap()
}

/// What is compared of a message: whether it was read, its size, header and whole content.
type Seen = (bool, u64, Vec<u8>, Vec<u8>);

async fn seen_by_peer(peer: &mut Peer, mailbox: &str) -> BTreeMap<u32, Seen> {
    peer.examine(mailbox).await.unwrap();
    let fetched =
        peer.uid_fetch("1:*", "(UID FLAGS RFC822.SIZE BODY.PEEK[HEADER] BODY.PEEK[])").await.unwrap();
    fetched
        .map_ok(|message| {
            let is_read = message.flags().any(|flag| flag == async_imap::types::Flag::Seen);
            let header = message.header().unwrap().to_vec();
            let size = u64::from(message.size.unwrap());
            (message.uid.unwrap(), (is_read, size, header, message.body().unwrap().to_vec()))
        })
        .try_collect()
        .await
        .unwrap()
}

async fn seen_by_us(session: &ImapSession, mailbox: &MailboxName) -> BTreeMap<u32, Seen> {
    let validity = session.examine(mailbox).await.unwrap().uid_validity;
    let items = FetchItems::new().flags().size().header().whole();
    let fetched = session.fetch(mailbox, &UidSet::all(validity), &items);
    fetched
        .map(|message| {
            let message = message.unwrap();
            let is_read = message.flags.unwrap().contains(&Flag::Seen);
            (
                message.uid.number(),
                (is_read, message.size.unwrap(), message.header.unwrap(), message.whole.unwrap()),
            )
        })
        .collect()
        .await
}

#[tokio::test]
async fn async_imap_and_we_see_the_same() {
    let compared = async {
        let server = TestServer::start(Options::new().user(USER, PASSWORD)).await.unwrap();
        for body in [
            &b"plain"[..],
            b"",
            b") {3}\r\n* 1 EXPUNGE\r\n",
            b"8-bit: \xe4\xf6\xfc \x80\xff",
            &[b'x'; 300_000],
        ] {
            let message = [
                b"Subject: the same\r\nFrom: =?utf-8?q?B=C3=B8b?= <bob@example.test>\r\n\r\n",
                body,
                b"\r\n",
            ]
            .concat();
            server.deliver(USER, "INBOX", &message).unwrap();
        }
        server.set_flags(USER, "INBOX", 2, &["\\Seen"]);
        let (mut peer, session) = (peer(&server).await, ours(&server).await);

        // What we append it reads, in a mailbox whose name has to be encoded; and the other way round.
        let named = MailboxName::new("Entwürfe & mehr").unwrap();
        session.create(&named).await.unwrap();
        let from_us = b"Subject: from us\r\n\r\nto you\r\n".to_vec();
        session.append(&named, from_us.clone(), &[Flag::Seen], None).await.unwrap();
        let from_peer = b"Subject: from you\r\n\r\nto us\r\n";
        peer.append("Entw&APw-rfe &- mehr", None, None, from_peer).await.unwrap();

        for (mailbox, wire_name) in [(MailboxName::inbox(), "INBOX"), (named, "Entw&APw-rfe &- mehr")] {
            let theirs = seen_by_peer(&mut peer, wire_name).await;
            assert_eq!(seen_by_us(&session, &mailbox).await, theirs, "{mailbox}");
            assert_eq!(theirs.len(), if mailbox.is_inbox() { 5 } else { 2 });
            let mut found: Vec<_> = peer.uid_search("SUBJECT \"same\"").await.unwrap().into_iter().collect();
            found.sort_unstable();
            let by_us = session.search(&mailbox, &Search::subject("same")).await.unwrap();
            assert_eq!(by_us.into_iter().map(|uid| uid.number()).collect::<Vec<_>>(), found);
        }
        peer.logout().await.unwrap();
        session.close().await.unwrap();
    };
    tokio::time::timeout(DEADLINE, compared).await.unwrap();
}
