//! The whole way over real TLS, against the in-memory server.

use postseal_test_server::{Options, Security, TestServer};

use super::*;
use crate::imap::{FetchItems, Flag, Role, Unreadable};
use crate::{Connector, Server, TlsConfig};

const ALICE: &str = "alice@example.test";

async fn start(options: Options) -> TestServer {
    TestServer::start(options.user(ALICE, "wonderland")).await.unwrap()
}

async fn open(server: &TestServer, security: Security) -> Result<ImapConnection, Error> {
    let tls = TlsConfig::default().only_roots(server.ca().root_pem().as_bytes()).unwrap();
    let connector = Connector::new(&Runtime::current().unwrap(), &tls).unwrap().with_timeouts(timeouts());
    let how = match security {
        Security::Tls => crate::Security::Tls,
        Security::StartTls => crate::Security::StartTls,
    };
    let address = Server::new("localhost", server.imap(security).port(), how).unwrap();
    ImapConnection::open(&connector, &address).await
}

async fn session(server: &TestServer) -> ImapSession {
    let credentials = Credentials::password(ALICE, "wonderland").unwrap();
    open(server, Security::Tls).await.unwrap().log_in(&credentials).await.unwrap()
}

async fn in_time<T>(test: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, test).await.unwrap()
}

#[tokio::test]
async fn a_message_goes_in_and_comes_out_byte_by_byte() {
    in_time(async {
        let server = start(Options::new()).await;
        for security in [Security::Tls, Security::StartTls] {
            let credentials = Credentials::password(ALICE, "wonderland").unwrap();
            let connection = open(&server, security).await.unwrap();
            assert!(!connection.is_preauthenticated());
            let session = connection.log_in(&credentials).await.unwrap();
            assert!(session.capabilities().has("idle"));

            let mailboxes = session.list().await.unwrap();
            let sent = mailboxes.iter().find(|info| info.role == Some(Role::Sent)).unwrap();
            let message = b"Subject: hi\r\n\r\n{5}\r\n\xe9 \"(\\\r\n".to_vec();
            let uid =
                session.append(&sent.name, message.clone(), &[Flag::Seen], None).await.unwrap().unwrap();
            assert_eq!(session.message(&sent.name, uid).await.unwrap(), message);

            let items = FetchItems::new().flags().size().envelope().structure();
            let fetched = session.fetch(&sent.name, &uid.into(), &items).next().await.unwrap().unwrap();
            assert_eq!(fetched.size, Some(message.len() as u64));
            assert!(fetched.flags.unwrap().contains(&Flag::Seen));
            assert_eq!(fetched.envelope.unwrap().subject.as_deref(), Some(&b"hi"[..]));
            assert_eq!(fetched.structure.unwrap().media_type, "text/plain");
            assert_eq!(fetched.unreadable, Vec::<Unreadable>::new());
            session.close().await.unwrap();
            assert!(session.is_closed());
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    in_time(async {
        let server = start(Options::new()).await;
        let session = session(&server).await;
        let nowhere = MailboxName::new("nowhere").unwrap();
        let missing = Error::NotFound { what: "mailbox" };
        assert_eq!(session.examine(&nowhere).await, Err(missing.clone()));
        assert_eq!(session.append(&nowhere, "x\r\n", &[], None).await, Err(missing));
        let selected = session.select(&inbox()).await.unwrap();
        let uid = Uid::new(selected.uid_validity, 999).unwrap();
        assert_eq!(session.message(&inbox(), uid).await, Err(Error::NotFound { what: "message" }));
    })
    .await;
}
