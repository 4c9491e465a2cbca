//! TLS from end to end: what is trusted, what is refused and how, and that nothing secret is said to whoever is refused.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use postseal_session::{
    CertificateFault, CertificateReason, Connector, Credentials, Error, Host, PeerFault, Runtime, Security,
    Server, SmtpConnection, SpkiHash, SystemVerifier, Timeouts, TlsConfig, TlsInfo, TlsVersion, TrustSource,
};
use postseal_test_server::ca::Validity;
use postseal_test_server::{Fault, Options, Protocol, Security as Port, TestCa, TestServer, TlsVersions};
use postseal_types::Secret;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// Long enough for a busy machine.
const TIMEOUTS: Timeouts = Timeouts {
    connect: Duration::from_secs(5),
    handshake: Duration::from_secs(5),
    token: Duration::from_secs(5),
    progress: Duration::from_secs(5),
    final_reply: Duration::from_secs(5),
    close: Duration::from_secs(5),
};

/// For servers that never answer.
const SHORT: Timeouts =
    Timeouts { handshake: Duration::from_millis(300), progress: Duration::from_millis(400), ..TIMEOUTS };

/// All that may be said before TLS.
const IN_THE_CLEAR: &[u8] = b"EHLO [127.0.0.1]\r\nSTARTTLS\r\n";

const PORTS: [Port; 2] = [Port::Tls, Port::StartTls];

async fn bounded<T>(test: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), test).await.unwrap()
}

async fn start(options: Options) -> TestServer {
    TestServer::start(options.user("alice@example.test", "wonderland")).await.unwrap()
}

fn trusting(ca: &TestCa) -> TlsConfig {
    TlsConfig::default().only_roots(ca.root_pem().as_bytes()).unwrap()
}

fn connector(tls: &TlsConfig) -> Connector {
    Connector::new(&Runtime::current().unwrap(), tls).unwrap().with_timeouts(TIMEOUTS)
}

fn localhost() -> Host {
    Host::parse("localhost").unwrap()
}

/// Where `server` listens, by name.
fn address(server: &TestServer, port: Port) -> Server {
    let security = if port == Port::Tls { Security::Tls } else { Security::StartTls };
    Server::new("localhost", server.smtp(port).port(), security).unwrap()
}

async fn open(server: &TestServer, port: Port, tls: &TlsConfig) -> Result<SmtpConnection, Error> {
    bounded(SmtpConnection::open(&connector(tls), &address(server, port))).await
}

/// Opens, logs in and says goodbye.
async fn use_it(server: &TestServer, port: Port, tls: &TlsConfig) -> Result<TlsInfo, Error> {
    let alice = Credentials::password("alice@example.test", "wonderland").unwrap();
    let session = open(server, port, tls).await?.log_in(&alice).await?;
    bounded(session.close()).await?;
    Ok(session.tls().unwrap().clone())
}

async fn fault(server: &TestServer, port: Port, tls: &TlsConfig) -> CertificateFault {
    match open(server, port, tls).await {
        Err(Error::Certificate(fault)) => *fault,
        other => panic!("{other:?}"),
    }
}

/// Checks that nothing was said before TLS but the fixed words, and nothing at all after it where `refused`.
async fn check_silence(server: &TestServer, refused: bool) {
    server.stop().await;
    assert!(!server.transcript().is_empty());
    for conversation in server.transcript() {
        let clear = conversation.client_bytes_in_the_clear();
        assert!(IN_THE_CLEAR.starts_with(&clear), "{:?}", clear.escape_ascii().to_string());
        if refused {
            assert_eq!(conversation.client_bytes(), clear);
        }
    }
}

/// The first of January of a year from 1970 on, by the Gregorian rule.
fn year(year: u64) -> SystemTime {
    let past = year - 1;
    let days = 365 * past + past / 4 - past / 100 + past / 400 - 719_162;
    UNIX_EPOCH + Duration::from_secs(days * 86_400)
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_shown_and_can_be_pinned() {
    use CertificateReason::{Expired, NotYetValid, UnknownIssuer, WrongName, WrongPurpose};
    let other = TestCa::new().unwrap();
    for (validity, names, foreign, reason, years) in [
        (Validity::Valid, vec!["mail.example.test"], false, WrongName, (2020, 2100)),
        (Validity::Valid, vec!["mail.example.test", "10.0.0.1"], false, WrongName, (2020, 2100)),
        (Validity::Expired, vec!["localhost"], false, Expired, (2020, 2021)),
        (Validity::NotYetValid, vec!["localhost"], false, NotYetValid, (2099, 2100)),
        (Validity::SelfSigned, vec!["localhost"], false, UnknownIssuer, (2020, 2100)),
        (Validity::Client, vec!["localhost"], false, WrongPurpose, (2020, 2100)),
        (Validity::Valid, vec!["localhost"], true, UnknownIssuer, (2020, 2100)),
    ] {
        for port in PORTS {
            let server = start(Options::new().certificate(validity).names(&names)).await;
            let tls = trusting(if foreign { &other } else { server.ca() });
            let fault = fault(&server, port, &tls).await;

            assert_eq!((fault.host.as_str(), &fault.reason), ("localhost", &reason));
            assert_eq!(fault.chain.len(), 1);
            let leaf = &fault.chain[0];
            assert_eq!(leaf.subject, format!("CN={}", names[0]));
            let root = "CN=Postseal test root";
            assert_eq!(leaf.issuer, if validity == Validity::SelfSigned { &leaf.subject } else { root });
            assert_eq!(leaf.names, names);
            assert_eq!((leaf.not_before, leaf.not_after), (Some(year(years.0)), Some(year(years.1))));
            let key = leaf.spki.unwrap();
            assert_eq!(SpkiHash::of(&leaf.der), Some(key));

            // The pin is for this key and this host, and for no other.
            let pinned = use_it(&server, port, &tls.clone().trust_key(&localhost(), key)).await.unwrap();
            assert_eq!(pinned.spki, Some(key));
            let elsewhere = tls.clone().trust_key(&Host::parse("mail.example.test").unwrap(), key);
            assert_eq!(self::fault(&server, port, &elsewhere).await.reason, reason);
            let other_key = tls.trust_key(&localhost(), SpkiHash::from_bytes([7; 32]));
            assert_eq!(self::fault(&server, port, &other_key).await.reason, reason);
        }
    }
}

#[tokio::test]
async fn nothing_is_said_to_a_server_that_is_not_trusted() {
    for port in PORTS {
        for validity in [Validity::Expired, Validity::NotYetValid, Validity::SelfSigned, Validity::Client] {
            let server = start(Options::new().certificate(validity)).await;
            fault(&server, port, &trusting(server.ca())).await;
            check_silence(&server, true).await;
        }
        for options in [Options::new(), Options::new().names(&["mail.example.test"])] {
            let server = start(options).await;
            fault(&server, port, &trusting(&TestCa::new().unwrap())).await;
            check_silence(&server, true).await;
        }
        let server = start(Options::new()).await;
        use_it(&server, port, &trusting(server.ca())).await.unwrap();
        check_silence(&server, false).await;
    }
}

#[tokio::test]
async fn a_required_key_binds_whatever_else_is_trusted() {
    let server = start(Options::new()).await;
    let tls = trusting(server.ca());
    let key = use_it(&server, Port::Tls, &tls).await.unwrap().spki.unwrap();
    let wrong = SpkiHash::from_bytes([7; 32]);
    let host = localhost();
    for tls in [
        tls.clone().require_key(&host, wrong),
        tls.clone().require_key(&host, wrong).trust_key(&host, key),
        // The key of the root is not the server's.
        tls.clone().require_key(&host, SpkiHash::of(&server.ca().root_der()).unwrap()),
    ] {
        let fault = fault(&server, Port::StartTls, &tls).await;
        assert_eq!((fault.reason, fault.chain[0].spki), (CertificateReason::NotPinned, Some(key)));
    }
    for tls in [
        tls.clone().require_key(&host, wrong).require_key(&host, key),
        tls.clone().require_key(&Host::parse("mail.example.test").unwrap(), wrong),
    ] {
        use_it(&server, Port::StartTls, &tls).await.unwrap();
    }
    // A required key does not stand in for trust.
    let untrusting = trusting(&TestCa::new().unwrap()).require_key(&host, key);
    assert_eq!(fault(&server, Port::Tls, &untrusting).await.reason, CertificateReason::UnknownIssuer);
}

#[tokio::test]
async fn roots_are_added_to_the_systems_or_stand_alone() {
    let server = start(Options::new()).await;
    let system = TlsConfig::default();
    assert_eq!(fault(&server, Port::Tls, &system).await.reason, CertificateReason::UnknownIssuer);
    let added = system.add_roots(server.ca().root_pem().as_bytes()).unwrap();
    use_it(&server, Port::Tls, &added).await.unwrap();
    assert_ne!(connector(&added).trust_source(), TrustSource::Given);
    assert_eq!(connector(&trusting(server.ca())).trust_source(), TrustSource::Given);

    for pem in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let connector = TlsConfig::default()
            .only_roots(pem.as_bytes())
            .and_then(|tls| Connector::new(&Runtime::current().unwrap(), &tls));
        assert!(matches!(connector, Err(Error::InvalidInput { .. })), "{pem:?}");
    }
}

/// Notes what it is asked, and answers as it is told.
#[derive(Debug)]
struct FakeSystem {
    answer: Result<(), CertificateReason>,
    asked: Mutex<Vec<(usize, Host)>>,
}

impl FakeSystem {
    fn answering(answer: Result<(), CertificateReason>) -> Arc<Self> {
        Arc::new(Self { answer, asked: Mutex::default() })
    }
}

impl SystemVerifier for FakeSystem {
    fn verify(&self, chain: &[&[u8]], host: &Host, now: SystemTime) -> Result<(), CertificateReason> {
        assert!(now > year(2020) && SpkiHash::of(chain[0]).is_some());
        self.asked.lock().unwrap().push((chain.len(), host.clone()));
        self.answer.clone()
    }
}

#[tokio::test]
async fn the_systems_verifier_is_asked_where_no_given_root_vouches() {
    let server = start(Options::new()).await;
    let accepting = FakeSystem::answering(Ok(()));
    let tls = TlsConfig::default().dangerous_system_verifier(accepting.clone());
    let key = use_it(&server, Port::Tls, &tls).await.unwrap().spki.unwrap();
    assert_eq!(*accepting.asked.lock().unwrap(), [(1, localhost())]);
    assert_eq!(connector(&tls).trust_source(), TrustSource::OperatingSystem);
    // What is pinned binds it, and what stands alone leaves it out.
    let other_key = tls.clone().require_key(&localhost(), SpkiHash::from_bytes([7; 32]));
    assert_eq!(fault(&server, Port::Tls, &other_key).await.reason, CertificateReason::NotPinned);
    let alone = tls.only_roots(TestCa::new().unwrap().root_pem().as_bytes()).unwrap();
    assert_eq!(fault(&server, Port::Tls, &alone).await.reason, CertificateReason::UnknownIssuer);
    assert_eq!(accepting.asked.lock().unwrap().len(), 1);

    let refusing = FakeSystem::answering(Err(CertificateReason::Revoked));
    let tls = TlsConfig::default().dangerous_system_verifier(refusing.clone());
    assert_eq!(fault(&server, Port::StartTls, &tls).await.reason, CertificateReason::Revoked);
    for trusted in
        [tls.clone().add_roots(server.ca().root_pem().as_bytes()).unwrap(), tls.trust_key(&localhost(), key)]
    {
        use_it(&server, Port::StartTls, &trusted).await.unwrap();
    }
    assert_eq!(refusing.asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_server_that_wants_a_certificate_gets_it() {
    for versions in [TlsVersions::Only12, TlsVersions::Only13] {
        let server = start(Options::new().client_certificates().tls(versions)).await;
        let issued = server.ca().issue(&["alice@example.test"], Validity::Client).unwrap();
        let tls = trusting(server.ca());
        let showing = tls
            .clone()
            .client_certificate(issued.chain_pem.as_bytes(), Secret::from(issued.key_pem.as_str()))
            .unwrap();
        use_it(&server, Port::Tls, &showing).await.unwrap();
        assert!(server.transcript()[0].handshake.as_ref().unwrap().as_ref().unwrap().client_certificate);

        // Without it the handshake fails; in TLS 1.3 the client only learns it with the first answer.
        let refused = open(&server, Port::Tls, &tls).await;
        assert!(matches!(&refused, Err(Error::Tls { .. })), "{refused:?}");

        // A key that does not fit the certificate is the caller's mistake.
        let stranger = server.ca().issue(&["alice@example.test"], Validity::Client).unwrap();
        let unfitting = tls
            .client_certificate(issued.chain_pem.as_bytes(), Secret::from(stranger.key_pem.as_str()))
            .and_then(|tls| Connector::new(&Runtime::current().unwrap(), &tls));
        assert!(
            matches!(unfitting, Err(Error::InvalidInput { what: "client certificate", .. })),
            "{unfitting:?}"
        );
    }
    let broken = TlsConfig::default().client_certificate(b"", Secret::from("no key")).err();
    let expected = Error::InvalidInput { what: "private key", reason: "not a PEM private key".to_owned() };
    assert_eq!(broken, Some(expected));
}

#[tokio::test]
async fn tls_1_2_is_the_least_and_can_be_ruled_out() {
    let old = start(Options::new().tls(TlsVersions::Only12)).await;
    let tls = trusting(old.ca());
    for port in PORTS {
        assert_eq!(use_it(&old, port, &tls).await.unwrap().version, TlsVersion::Tls12);
        let refused = open(&old, port, &tls.clone().min_version(TlsVersion::Tls13)).await;
        assert!(matches!(&refused, Err(Error::Tls { .. })), "{refused:?}");
    }
    let new = start(Options::new().tls(TlsVersions::Only13)).await;
    for tls in [trusting(new.ca()), trusting(new.ca()).min_version(TlsVersion::Tls13)] {
        assert_eq!(use_it(&new, Port::Tls, &tls).await.unwrap().version, TlsVersion::Tls13);
    }
}

#[tokio::test]
async fn the_key_exchange_is_post_quantum_and_sessions_are_resumed() {
    for (versions, group) in [(TlsVersions::Only13, "X25519MLKEM768"), (TlsVersions::Only12, "X25519")] {
        let server = start(Options::new().tls(versions)).await;
        let connector = connector(&trusting(server.ca()));
        let mut seen = Vec::new();
        for port in [Port::Tls, Port::StartTls, Port::Tls] {
            let connection =
                bounded(SmtpConnection::open(&connector, &address(&server, port))).await.unwrap();
            seen.push(connection.tls().unwrap().clone());
            bounded(connection.close()).await;
        }
        assert_eq!(seen[0].key_exchange, group);
        assert_eq!(seen.iter().map(|tls| tls.resumed).collect::<Vec<_>>(), [false, true, true]);
        assert!(seen.iter().all(|tls| tls.spki == seen[0].spki && tls.spki.is_some()));
        assert!(seen[0].cipher_suite.starts_with("TLS"), "{}", seen[0].cipher_suite);
        // Another connector shares nothing with it.
        let stranger = open(&server, Port::Tls, &trusting(server.ca())).await.unwrap();
        assert!(!stranger.tls().unwrap().resumed);
    }
}

#[tokio::test]
async fn a_server_without_starttls_hears_no_more() {
    let lacking = Options::new().without(Protocol::Smtp, "STARTTLS").login_before_tls();
    let server = start(lacking).await;
    let refused = open(&server, Port::StartTls, &trusting(server.ca())).await;
    assert_eq!(refused.err(), Some(Error::Unsupported { extension: "STARTTLS" }));
    check_silence(&server, true).await;

    let server = start(Options::new().login_before_tls()).await;
    server.inject(Protocol::Smtp, Fault::instead_of("STARTTLS").refuse("454 TLS not available now"));
    let refused = open(&server, Port::StartTls, &trusting(server.ca())).await.err().unwrap();
    let Error::Refused(refusal) = &refused else { panic!("{refused:?}") };
    assert_eq!((refusal.command, refusal.code), ("STARTTLS", Some(454)));
    assert_eq!(refusal.text, "TLS not available now");
    check_silence(&server, true).await;
}

#[tokio::test]
async fn what_is_injected_before_tls_is_an_error() {
    let injected = b"250-mx\r\n250 AUTH PLAIN\r\n";
    let server = start(Options::new()).await;
    server.inject(Protocol::Smtp, Fault::after("STARTTLS").say(*injected));
    let opened = open(&server, Port::StartTls, &trusting(server.ca())).await;
    let fault = PeerFault::PlaintextAfterStartTls { bytes: injected.len() };
    assert_eq!(opened.err(), Some(fault.into()));
    check_silence(&server, true).await;
}

#[tokio::test]
async fn what_was_said_before_tls_is_forgotten() {
    let server = start(Options::new().without(Protocol::Smtp, "CHUNKING")).await;
    let forged = "250-mx\r\n250-CHUNKING\r\n250-STARTTLS\r\n250 AUTH LOGIN FORGED\r\n";
    server.inject(Protocol::Smtp, Fault::instead_of("EHLO").say(forged).times(1));
    let connection = open(&server, Port::StartTls, &trusting(server.ca())).await.unwrap();
    let extensions = connection.extensions();
    assert!(!extensions.chunking);
    assert_eq!(extensions.auth, ["PLAIN", "LOGIN", "XOAUTH2"]);
}

#[tokio::test]
async fn the_two_kinds_of_port_are_not_taken_for_each_other() {
    let server = start(Options::new()).await;
    let connector = connector(&trusting(server.ca()));
    let port = |port: Port, security| Server::new("localhost", server.smtp(port).port(), security).unwrap();
    let plain = port(Port::StartTls, Security::Tls);
    let refused = bounded(SmtpConnection::open(&connector, &plain)).await.err();
    assert!(matches!(refused, Some(Error::Tls { .. })), "{refused:?}");
    let hidden = port(Port::Tls, Security::StartTls);
    let connector = connector.with_timeouts(SHORT);
    let timeout = Error::Timeout { step: "the greeting", after: SHORT.progress };
    assert_eq!(bounded(SmtpConnection::open(&connector, &hidden)).await.err(), Some(timeout));
}

/// A server on loopback that says `words` to whoever connects, and then nothing.
async fn silent(words: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            for line in words.split_inclusive(|&byte| byte == b'\n') {
                stream.write_all(line).await.unwrap();
                // The next line answers the next command.
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            kept.push(stream);
        }
    });
    address
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up_in_each_step() {
    let connector = connector(&TlsConfig::default()).with_timeouts(SHORT);
    let handshake = ("the TLS handshake", SHORT.handshake);
    for (words, security, (step, after)) in [
        (&b""[..], Security::Tls, handshake),
        (b"", Security::StartTls, ("the greeting", SHORT.progress)),
        (b"220 hi\r\n", Security::StartTls, ("EHLO", SHORT.progress)),
        (b"220 hi\r\n250 mx\r\n", Security::StartTls, ("STARTTLS", SHORT.progress)),
        (b"220 hi\r\n250 mx\r\n220 go\r\n", Security::StartTls, handshake),
    ] {
        let server = Server::new("127.0.0.1", silent(words).await.port(), security).unwrap();
        let timeout = Error::Timeout { step, after };
        assert_eq!(bounded(SmtpConnection::open(&connector, &server)).await.err(), Some(timeout));
    }
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_a_network_error() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let connector = connector(&TlsConfig::default());
    for host in ["127.0.0.1", "localhost"] {
        let server = Server::new(host, port, Security::Tls).unwrap();
        let refused = bounded(SmtpConnection::open(&connector, &server)).await.err().unwrap();
        let Error::Network { step, kind, .. } = &refused else { panic!("{refused:?}") };
        assert_eq!((*step, *kind), ("connecting", std::io::ErrorKind::ConnectionRefused));
        assert!(refused.is_retryable());
    }
    let nowhere = Server::new("nowhere.invalid", 465, Security::Tls).unwrap();
    let refused = bounded(SmtpConnection::open(&connector, &nowhere)).await.err().unwrap();
    let by_name = matches!(refused, Error::Network { step: "resolving the host name", .. });
    // A resolver that never answers is a timeout.
    assert!(by_name || matches!(refused, Error::Timeout { step: "connecting", .. }), "{refused:?}");
}

#[tokio::test]
async fn a_server_may_be_named_by_its_address() {
    let server = start(Options::new()).await;
    let connector = connector(&trusting(server.ca()));
    let by_address = Server::new("127.0.0.1", server.smtp(Port::Tls).port(), Security::Tls).unwrap();
    bounded(SmtpConnection::open(&connector, &by_address)).await.unwrap();
    open(&server, Port::Tls, &trusting(server.ca())).await.unwrap();
    let asked = |index: usize| {
        let handshake = server.transcript()[index].handshake.clone().unwrap().unwrap();
        handshake.server_name
    };
    // An address is not put into SNI (RFC 6066, section 3).
    assert_eq!((asked(0), asked(1).as_deref()), (None, Some("localhost")));
}

#[tokio::test]
async fn a_cut_in_the_handshake_is_typed() {
    // Closed at once, and closed after half a record.
    for words in [&b""[..], b"\x16\x03\x03"] {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let cutting = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            _ = stream.read(&mut [0; 16_384]).await;
            stream.write_all(words).await.unwrap();
        });
        let server = Server::new("127.0.0.1", port, Security::Tls).unwrap();
        let cut = bounded(SmtpConnection::open(&connector(&TlsConfig::default()), &server)).await.err();
        assert_eq!(cut, Some(PeerFault::Disconnected { step: "the TLS handshake" }.into()));
        cutting.await.unwrap();
    }
}
