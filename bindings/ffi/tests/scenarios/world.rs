//! What a scenario is played with: its row in tests/vectors, a server, and connections to it.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postseal_ffi::*;
use postseal_test_server::{Options, Protocol, Security as Begin, TestCa, TestServer};
use serde_json::Value;

/// Longer than any scenario takes on a machine that does much else.
const BOUND: Duration = Duration::from_secs(120);

/// One scenario that is being played.
pub(crate) struct World {
    server: TestServer,
    other: TestCa,
    scenario: Value,
}

/// Plays a scenario on a server of its own.
pub(crate) async fn play<F: Future<Output = ()>>(name: &str, scene: impl FnOnce(World) -> F) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/scenarios.json");
    let whole: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let rows = whole["scenarios"].as_array().unwrap();
    let scenario =
        rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("no row {name}")).clone();
    let users = ["alice", "bob", "carol"];
    let options = users.iter().fold(Options::new().names(&["localhost"]), |options, user| {
        options.user(&format!("{user}@example.test"), &format!("{user}-pw"))
    });
    let world =
        World { server: TestServer::start(options).await.unwrap(), other: TestCa::new().unwrap(), scenario };
    for command in world.scenario["server"].as_array().unwrap() {
        world.tell(command);
    }
    tokio::time::timeout(BOUND, scene(world)).await.expect("the scenario takes too long");
}

impl World {
    /// What the scenario is played with.
    pub(crate) fn given(&self, field: &str) -> &Value {
        let value = &self.scenario["given"][field];
        assert!(!value.is_null(), "nothing is given for {field}");
        value
    }

    /// The same as a text.
    pub(crate) fn text(&self, field: &str) -> String {
        self.given(field).as_str().unwrap().to_owned()
    }

    /// What must come of it.
    pub(crate) fn expect(&self, field: &str) -> &Value {
        let value = &self.scenario["expect"][field];
        assert!(!value.is_null(), "nothing is expected of {field}");
        value
    }

    /// Gives the server a command.
    pub(crate) fn tell(&self, command: &Value) -> Value {
        self.server.obey(command).unwrap()
    }

    /// The messages of a user, in INBOX.
    pub(crate) fn messages_of(&self, user: &str) -> Vec<Vec<u8>> {
        let command = serde_json::json!({ "do": "messages", "user": format!("{user}@example.test") });
        let told = self.tell(&command);
        told["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|m| STANDARD.decode(m.as_str().unwrap()).unwrap())
            .collect()
    }

    /// A connector that trusts the server's authority alone.
    pub(crate) fn connector(&self) -> Arc<Connector> {
        Connector::new(Some(trusting(self.server.ca())), None, None).unwrap()
    }

    /// One that trusts an authority which has nothing to do with it.
    pub(crate) fn mistaken(&self) -> TlsOptions {
        trusting(&self.other)
    }

    /// One that tells a sink, or has other deadlines.
    pub(crate) fn connector_with(
        &self,
        timeouts: Option<Timeouts>,
        log: Option<Arc<dyn LogSink>>,
    ) -> Arc<Connector> {
        Connector::new(Some(trusting(self.server.ca())), timeouts, log).unwrap()
    }

    /// Where a protocol is served.
    pub(crate) fn server(&self, protocol: Protocol) -> Server {
        let address = match protocol {
            Protocol::Smtp => self.server.smtp(Begin::Tls),
            Protocol::Imap => self.server.imap(Begin::Tls),
            Protocol::Pop3 => self.server.pop3(Begin::Tls),
        };
        Server { host: "localhost".to_owned(), port: address.port().into(), security: Security::Tls }
    }

    pub(crate) async fn smtp(&self) -> Arc<SmtpSession> {
        let server = self.server(Protocol::Smtp);
        SmtpSession::connect(self.connector(), server, password("alice"), None).await.unwrap()
    }

    pub(crate) async fn imap(&self, user: &str) -> Arc<ImapSession> {
        let server = self.server(Protocol::Imap);
        ImapSession::connect(self.connector(), server, password(user), None).await.unwrap()
    }

    pub(crate) async fn pop3(&self) -> Arc<Pop3Session> {
        let server = self.server(Protocol::Pop3);
        Pop3Session::connect(self.connector(), server, password("alice"), None).await.unwrap()
    }

    /// Tries to connect by each of the protocols in turn.
    pub(crate) async fn try_each(
        &self,
        connector: &Arc<Connector>,
        server: impl Fn(Protocol) -> Server,
        credentials: &Arc<Credentials>,
    ) -> [Result<(), PostsealError>; 3] {
        let (c, who) = (|| connector.clone(), || credentials.clone());
        [
            SmtpSession::connect(c(), server(Protocol::Smtp), who(), None).await.map(drop),
            ImapSession::connect(c(), server(Protocol::Imap), who(), None).await.map(drop),
            Pop3Session::connect(c(), server(Protocol::Pop3), who(), None).await.map(drop),
        ]
    }

    /// The code, and what becomes of call and session, are those that are expected.
    pub(crate) fn assert_error(&self, error: &PostsealError) {
        assert_eq!(error.code(), self.expect("code").as_str().unwrap(), "{error:?}");
        assert_eq!(error.is_retryable(), self.expect("retryable").as_bool().unwrap(), "{error:?}");
        if let Some(usable) = self.scenario["expect"]["session_usable"].as_bool() {
            assert_eq!(error.keeps_session(), usable, "{error:?}");
        }
    }
}

fn trusting(ca: &TestCa) -> TlsOptions {
    TlsOptions { roots: vec![ca.root_pem()], only_given_roots: true, ..TlsOptions::default() }
}

/// What a user of the server logs in with.
pub(crate) fn password(user: &str) -> Arc<Credentials> {
    Credentials::password(&address(user), format!("{user}-pw")).unwrap()
}

pub(crate) fn address(user: &str) -> String {
    format!("{user}@example.test")
}

pub(crate) fn mailbox(user: &str) -> Mailbox {
    Mailbox { address: address(user), name: None }
}

/// A draft of alice's to bob.
pub(crate) fn draft(subject: &str, text: &str) -> Draft {
    Draft {
        from: mailbox("alice"),
        to: vec![mailbox("bob")],
        cc: Vec::new(),
        bcc: Vec::new(),
        reply_to: Vec::new(),
        subject: Some(subject.to_owned()),
        text: Some(text.to_owned()),
        html: None,
        attachments: Vec::new(),
        inline: Vec::new(),
        in_reply_to: Vec::new(),
        references: Vec::new(),
        headers: Vec::new(),
        date: None,
        message_id: None,
    }
}

/// The keyrings of alice and bob, who know each other.
pub(crate) async fn keyrings() -> [Arc<Keyring>; 2] {
    let mut keys = Vec::new();
    for user in ["alice", "bob"] {
        keys.push(generate_key(KeyProfile::Modern, mailbox(user), None, None).await.unwrap().key());
    }
    [0, 1].map(|own| {
        let keyring = Keyring::new();
        keyring.add_secret_key(&keys[own]);
        keyring.add_certificate(&keys[1 - own].certificate());
        keyring
    })
}

pub(crate) fn envelope(to: &[&str]) -> Envelope {
    Envelope { from: Some(address("alice")), to: to.iter().map(|&to| to.to_owned()).collect() }
}

/// A message that needs no key.
pub(crate) const PLAIN: &[u8] = b"From: alice@example.test\r\nSubject: plain\r\n\r\nHello.\r\n";

/// What a stable enum is called in the rows: `UnknownIssuer` as `unknown-issuer`.
pub(crate) fn kebab(name: impl std::fmt::Debug) -> String {
    let mut text = String::new();
    for letter in format!("{name:?}").chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push('-');
        }
        text.extend(letter.to_lowercase());
    }
    text
}
