//! Python's mail clients, written by others, find the server fair.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use postseal_test_server::{Options, Security, TestServer};

#[tokio::test]
async fn smtplib_imaplib_and_poplib_work_with_it() {
    let options = Options::new().user("alice@example.test", "wonderland").user("bob@example.test", "builder");
    let server = TestServer::start(options.token("bob@example.test", "t0ken")).await.unwrap();
    let port = |address: std::net::SocketAddr| address.port().to_string();
    let python = Command::new("python3")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/clients.py"))
        .args([Security::Tls, Security::StartTls].map(|security| port(server.smtp(security))))
        .args([Security::Tls, Security::StartTls].map(|security| port(server.imap(security))))
        .args([Security::Tls, Security::StartTls].map(|security| port(server.pop3(security))))
        .env("ROOT_PEM", server.ca().root_pem())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(python) = python else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "python3 is missing, and CI skips nothing");
        let why = "skipped: smtplib_imaplib_and_poplib_work_with_it: python3 is not installed";
        writeln!(std::io::stderr(), "{why}").unwrap();
        return;
    };
    let waiting = tokio::task::spawn_blocking(|| python.wait_with_output());
    let output = tokio::time::timeout(Duration::from_secs(60), waiting).await;
    let output = output.expect("python3 takes too long").unwrap().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}\n{:#?}", server.transcript().pop());
    assert_eq!(String::from_utf8_lossy(&output.stdout), "fine\n");
    let leaked =
        server.transcript().iter().flat_map(|one| one.client_bytes_in_the_clear()).collect::<Vec<_>>();
    assert!(!String::from_utf8(leaked).unwrap().contains("alice"));
}
