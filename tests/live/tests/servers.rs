//! The servers themselves, spoken to with nothing but a socket and rustls: what fails here is not Postseal's doing.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use postseal_live::{ALICE, BOB, HOST, Lab, Security, Tokens, UMLAUT, USERS, skip};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// A conversation in lines.
struct Lines<S>(BufReader<S>);

impl<S: Read + Write> Lines<S> {
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn send(&mut self, line: &str) {
        self.0.get_mut().write_all(format!("{line}\r\n").as_bytes()).unwrap();
        self.0.get_mut().flush().unwrap();
    }

    /// Sends a command and reads to the line that ends its reply: the first for which `last` holds.
    fn ask(&mut self, line: &str, last: impl Fn(&str) -> bool) -> String {
        self.send(line);
        loop {
            let line = self.line();
            assert!(!line.is_empty(), "the server closed the connection");
            if last(&line) {
                return line;
            }
        }
    }
}

type Tls = Lines<StreamOwned<ClientConnection, TcpStream>>;

fn plain(address: SocketAddr) -> Lines<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, Duration::from_secs(5)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    Lines(BufReader::new(stream))
}

fn tls(lab: &Lab, stream: TcpStream) -> Tls {
    let mut roots = RootCertStore::empty();
    roots.add(lab.ca().root_der()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = ClientConnection::new(Arc::new(config), ServerName::try_from(HOST).unwrap()).unwrap();
    Lines(BufReader::new(StreamOwned::new(client, stream)))
}

/// A connection inside TLS and the greeting that came first, whichever way the port gets there.
fn connect(
    lab: &Lab,
    address: SocketAddr,
    security: Security,
    upgrade: impl Fn(&mut Lines<TcpStream>),
) -> (Tls, String) {
    let mut lines = plain(address);
    match security {
        Security::Tls => {
            let mut lines = tls(lab, lines.0.into_inner());
            let greeting = lines.line();
            (lines, greeting)
        }
        Security::StartTls => {
            let greeting = lines.line();
            upgrade(&mut lines);
            (tls(lab, lines.0.into_inner()), greeting)
        }
    }
}

fn smtp_end(line: &str) -> bool {
    line.as_bytes().get(3) == Some(&b' ')
}

fn base64(text: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let encode = |chunk: &[u8]| {
        let bits = chunk.iter().fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte))
            << (8 * (3 - chunk.len()));
        let sextet = |at: usize| char::from(*ALPHABET.get(bits >> (18 - 6 * at) & 63).unwrap());
        (0..4).map(|at| if at <= chunk.len() { sextet(at) } else { '=' }).collect::<String>()
    };
    text.as_bytes().chunks(3).map(encode).collect()
}

fn imap(lab: &Lab, security: Security) -> (Tls, String) {
    connect(lab, lab.imap(security), security, |lines| {
        assert!(lines.ask("a STARTTLS", |line| line.starts_with("a ")).starts_with("a OK"));
    })
}

fn pop3(lab: &Lab, security: Security) -> (Tls, String) {
    connect(lab, lab.pop3(security), security, |lines| {
        assert!(lines.ask("STLS", |_| true).starts_with("+OK"));
    })
}

fn smtp(lab: &Lab, security: Security) -> (Tls, String) {
    connect(lab, lab.smtp(security), security, |lines| {
        lines.ask("EHLO client.test", smtp_end);
        assert!(lines.ask("STARTTLS", smtp_end).starts_with("220"));
    })
}

const WAYS: [Security; 2] = [Security::Tls, Security::StartTls];

#[test]
fn each_port_greets_and_lets_its_users_in() {
    let Some(lab) = lab("each_port_greets_and_lets_its_users_in") else { return };
    for security in WAYS {
        for user in USERS {
            let (mut imap, greeting) = imap(&lab, security);
            assert!(greeting.starts_with("* OK"), "{greeting}");
            let plain = base64(&format!("\0{}\0{}", user.address, user.password));
            let reply = imap.ask(&format!("b AUTHENTICATE PLAIN {plain}"), |line| line.starts_with("b "));
            assert!(reply.starts_with("b OK"), "{reply}");

            let (mut pop3, greeting) = pop3(&lab, security);
            assert!(greeting.starts_with("+OK"), "{greeting}");
            let reply = pop3.ask(&format!("AUTH PLAIN {plain}"), |_| true);
            assert!(reply.starts_with("+OK"), "{reply}");

            let (mut smtp, greeting) = smtp(&lab, security);
            assert!(greeting.starts_with("220"), "{greeting}");
            smtp.ask("EHLO client.test", smtp_end);
            let reply = smtp.ask(&format!("AUTH PLAIN {plain}"), smtp_end);
            assert!(reply.starts_with("235"), "{reply}");
        }
    }
}

#[test]
fn bearer_tokens_are_checked() {
    let Some(lab) = lab("bearer_tokens_are_checked") else { return };
    for (token, expected) in [(Tokens::valid(), "b OK"), (Tokens::expired(), "b NO")] {
        let (mut imap, _) = imap(&lab, Security::Tls);
        let answer = base64(&format!("user={}\x01auth=Bearer {token}\x01\x01", ALICE.address));
        // A refusal comes as a challenge with the reason first, which the client answers with an empty line (RFC 7628, 3.2.3).
        let reply = imap.ask(&format!("b AUTHENTICATE XOAUTH2 {answer}"), |line| !line.starts_with('*'));
        let reply = if reply.starts_with('+') { imap.ask("", |line| line.starts_with("b ")) } else { reply };
        assert!(reply.starts_with(expected), "{reply}\n{}", lab.log());
    }
}

#[test]
fn what_is_submitted_is_delivered() {
    let Some(lab) = lab("what_is_submitted_is_delivered") else { return };
    let (mut smtp, _) = smtp(&lab, Security::Tls);
    smtp.ask("EHLO client.test", smtp_end);
    let plain = base64(&format!("\0{}\0{}", ALICE.address, ALICE.password));
    smtp.ask(&format!("AUTH PLAIN {plain}"), smtp_end);
    for (command, code) in [
        (format!("MAIL FROM:<{}> SMTPUTF8", ALICE.address), "250"),
        (format!("RCPT TO:<{}>", BOB.address), "250"),
        (format!("RCPT TO:<{}>", UMLAUT.address), "250"),
        ("RCPT TO:<nobody@example.test>".to_owned(), "550 5.1.1"),
        ("RCPT TO:<carol@elsewhere.test>".to_owned(), "550 5.1.1"),
        ("DATA".to_owned(), "354"),
        ("Subject: hello\r\n\r\nLine\r\n.".to_owned(), "250"),
    ] {
        let reply = smtp.ask(&command, smtp_end);
        assert!(reply.starts_with(code), "{command:?}: {reply}");
    }
    for user in [BOB, UMLAUT] {
        let (mut pop3, _) = pop3(&lab, Security::Tls);
        let plain = base64(&format!("\0{}\0{}", user.address, user.password));
        pop3.ask(&format!("AUTH PLAIN {plain}"), |_| true);
        let until = Instant::now() + Duration::from_secs(20);
        while !pop3.ask("STAT", |_| true).starts_with("+OK 1 ") {
            assert!(Instant::now() < until, "nothing arrived for {}:\n{}", user.address, lab.log());
            std::thread::sleep(Duration::from_millis(100));
            pop3 = self::pop3(&lab, Security::Tls).0;
            pop3.ask(&format!("AUTH PLAIN {plain}"), |_| true);
        }
        pop3.ask("RETR 1", |line| line == "Subject: hello");
    }
}

#[test]
fn the_servers_end_with_their_lab_also_by_a_panic() {
    if Lab::unavailable().is_some() {
        return skip(
            "the_servers_end_with_their_lab_also_by_a_panic",
            &Lab::unavailable().unwrap_or_default(),
        );
    }
    let mut addresses = Vec::new();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let lab = Lab::start().unwrap();
        for security in WAYS {
            addresses.extend([lab.imap(security), lab.pop3(security), lab.smtp(security)]);
        }
        std::panic::resume_unwind(Box::new("as a failed test would"));
    }));
    assert!(panicked.is_err());
    assert_eq!(addresses.len(), 6);
    for address in addresses {
        assert!(TcpStream::connect(address).is_err(), "{address} is still there");
    }
}

fn lab(test: &str) -> Option<Arc<Lab>> {
    match Lab::unavailable() {
        Some(why) => {
            skip(test, &why);
            None
        }
        None => Some(Lab::shared().unwrap()),
    }
}
