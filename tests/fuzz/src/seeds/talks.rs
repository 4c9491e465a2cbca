//! Whole sessions, recorded with the in-memory server: what it said.

use postseal_session::{
    Connector, ImapConnection, Pop3Connection, Runtime, Security, Server, SmtpConnection, TlsConfig,
};
use postseal_test_server::{Fault, Options, Protocol, Security as Port, TestCa, TestServer};

use super::Seed;
use crate::log::Log;
use crate::{imap, pop3, smtp};

/// A message with dots where they matter.
const DOTS: &[u8] = b"Subject: dots\r\n\r\n.\r\n..\r\n.leading\r\nthe end\r\n";
/// The user's name in all conversations.
const ALICE: &str = "alice";

/// A server as it is in one conversation.
struct Scene {
    protocol: Protocol,
    name: &'static str,
    options: Options,
    faults: Vec<Fault>,
}

impl Scene {
    /// An honest server that knows Alice by her password.
    fn new(protocol: Protocol, name: &'static str) -> Self {
        let options = Options::new().user(ALICE, "wonderland");
        Self { protocol, name, options: with_others(options), faults: Vec::new() }
    }

    /// An honest server that does not take the password.
    fn with_token(protocol: Protocol, name: &'static str, token: &str) -> Self {
        let options = Options::new().user(ALICE, "other").token(ALICE, token);
        Self { protocol, name, options: with_others(options), faults: Vec::new() }
    }

    fn without(mut self, capabilities: &str) -> Self {
        for capability in capabilities.split_whitespace() {
            self.options = self.options.without(self.protocol, capability);
        }
        self
    }

    fn preauth(mut self) -> Self {
        self.options = self.options.preauth(ALICE);
        self
    }

    fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// What the server says in it, and what comes of it for the client.
    async fn record(self, ca: &TestCa) -> (Seed, Log) {
        let server = TestServer::start(self.options.ca(ca)).await.unwrap();
        server.deliver(ALICE, "INBOX", DOTS);
        server.deliver(ALICE, "INBOX", &DOTS.repeat(100));
        self.faults.into_iter().for_each(|fault| server.inject(self.protocol, fault));
        let log = talk(&server, self.protocol).await;
        server.stop().await;
        let [conversation] = &server.transcript()[..] else { panic!("{}: not one conversation", self.name) };
        (Seed::new(target(self.protocol), self.name, conversation.server_bytes()), log)
    }
}

fn with_others(options: Options) -> Options {
    options.user("bob@example.test", "builder").user("zoë@example.test", "pw")
}

const fn target(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Smtp => "smtp",
        Protocol::Imap => "imap",
        Protocol::Pop3 => "pop3",
    }
}

async fn talk(server: &TestServer, protocol: Protocol) -> Log {
    let tls = TlsConfig::default().only_roots(server.ca().root_pem().as_bytes()).unwrap();
    let connector = &Connector::new(&Runtime::current().unwrap(), &tls).unwrap();
    let at = |port: u16| Server::new("localhost", port, Security::Tls).unwrap();
    match protocol {
        Protocol::Smtp => {
            smtp::talk(SmtpConnection::open(connector, &at(server.smtp(Port::Tls).port())).await).await
        }
        Protocol::Imap => {
            imap::talk(ImapConnection::open(connector, &at(server.imap(Port::Tls).port())).await).await
        }
        Protocol::Pop3 => {
            pop3::talk(Pop3Connection::open(connector, &at(server.pop3(Port::Tls).port())).await).await
        }
    }
}

/// All conversations, each with what came of it.
pub(super) fn recorded() -> Vec<(Seed, Log)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let ca = TestCa::new().unwrap();
        let mut seeds = Vec::new();
        for scene in [smtp_scenes(), imap_scenes(), pop3_scenes()].into_iter().flatten() {
            seeds.push(scene.record(&ca).await);
        }
        seeds
    })
}

fn smtp_scenes() -> Vec<Scene> {
    let honest = |name| Scene::new(Protocol::Smtp, name);
    vec![
        honest("honest"),
        honest("pipelining").without("CHUNKING"),
        honest("bare").without("PIPELINING CHUNKING 8BITMIME SMTPUTF8 DSN SIZE ENHANCEDSTATUSCODES"),
        honest("auth-login").without("AUTH=PLAIN AUTH=XOAUTH2"),
        Scene::with_token(Protocol::Smtp, "token", "looking-glass"),
        Scene::with_token(Protocol::Smtp, "login-refused", "other"),
        honest("message-refused").without("CHUNKING").fault(Fault::instead_of(".").refuse("552 5.2.2 full")),
        honest("chunk-refused").fault(Fault::instead_of("BDAT").refuse("452 4.3.1 later")),
        honest("sender-refused").fault(Fault::instead_of("MAIL").refuse("550 5.7.1 not you")),
        honest("goodbye").fault(Fault::instead_of("RCPT").refuse("421 4.3.2 going down")),
    ]
}

fn imap_scenes() -> Vec<Scene> {
    let honest = |name| Scene::new(Protocol::Imap, name);
    let all = "LITERAL+ SASL-IR ID ENABLE IDLE UIDPLUS MOVE UNSELECT NAMESPACE CHILDREN SPECIAL-USE CREATE-SPECIAL-USE \
               LIST-EXTENDED LIST-STATUS AUTH=XOAUTH2";
    let news = "* 7 EXISTS\r\n* 2 EXPUNGE\r\n* 1 FETCH (FLAGS (\\Seen))\r\n* OK still here\r\n";
    let no = "NO [NOPERM] not that one";
    vec![
        honest("honest"),
        honest("bare").without(all),
        honest("no-sasl").without("AUTH=PLAIN AUTH=XOAUTH2"),
        Scene::with_token(Protocol::Imap, "token", "looking-glass"),
        Scene::with_token(Protocol::Imap, "login-refused", "other"),
        honest("preauth").preauth(),
        honest("news").fault(Fault::after("IDLE").say(news)),
        honest("alerts").fault(Fault::before("LIST").say("* OK [ALERT] the disk is nearly full\r\n")),
        honest("refusals")
            .fault(Fault::instead_of("SUBSCRIBE").refuse(no))
            .fault(Fault::instead_of("UID STORE").refuse("NO [CANNOT] read-only"))
            .fault(Fault::instead_of("UID COPY").refuse("NO [TRYCREATE] no such mailbox"))
            .fault(Fault::instead_of("APPEND").refuse("NO [OVERQUOTA] full").times(1)),
        honest("odd-items").fault(Fault::before("UID FETCH").say(ODD_ITEMS)),
        honest("goodbye").fault(Fault::before("UID SEARCH").say("* BYE [UNAVAILABLE] going down\r\n")),
    ]
}

/// What some servers send: items that nobody asked for, in forms that are seldom.
const ODD_ITEMS: &str = "* 1 FETCH (UID 1 FLAGS (\\Seen \\*) MODSEQ (12) X-GM-LABELS (\"\\\\Inbox\" &APY-) \
    RFC822.SIZE 4294967296 INTERNALDATE \" 4-Jul-2001 00:00:00 -0330\" BODY[HEADER.FIELDS (\"Subject\")]<0> {3}\r\na\"b \
    ENVELOPE (NIL \"a\" ((NIL NIL \"b\" \"c\")(NIL NIL \"group\" NIL)) NIL NIL () NIL NIL \"\" \"<1@x>\") \
    BODYSTRUCTURE (((\"TEXT\" \"PLAIN\" (\"CHARSET\" \"x\" \"y\" {1}\r\nz) NIL NIL \"8BIT\" 1 1)\
    (\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 9 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) \
    (\"APPLICATION\" \"PDF\" NIL NIL NIL \"BASE64\" 10 NIL (\"attachment\" (\"filename\" \"a.pdf\")) NIL NIL) 1) \
    \"MIXED\" (\"BOUNDARY\" \"b\") NIL (\"en\" \"de\") \"http://x/\" (extra (1 2))) \"ALTERNATIVE\"))\r\n";

fn pop3_scenes() -> Vec<Scene> {
    let honest = |name| Scene::new(Protocol::Pop3, name);
    vec![
        honest("honest"),
        honest("bare").without("TOP UIDL PIPELINING RESP-CODES AUTH-RESP-CODE AUTH=PLAIN AUTH=XOAUTH2"),
        honest("sasl").without("USER PIPELINING"),
        Scene::with_token(Protocol::Pop3, "token", "looking-glass"),
        Scene::with_token(Protocol::Pop3, "login-refused", "other"),
        honest("no-capabilities").fault(Fault::instead_of("CAPA").refuse("-ERR what?")),
        honest("in-use").fault(Fault::instead_of("AUTH").refuse("-ERR [IN-USE] locked")),
        honest("not-removed").fault(Fault::instead_of("QUIT").refuse("-ERR some were not removed")),
        honest("refusals")
            .fault(Fault::instead_of("RETR").refuse("-ERR [SYS/TEMP] gone").times(1))
            .fault(Fault::instead_of("DELE").refuse("-ERR no such message").times(1))
            .fault(Fault::instead_of("UIDL").refuse("-ERR not now").times(1)),
    ]
}

#[cfg(test)]
mod tests {
    use postseal_types::ErrorCode;

    use super::*;
    use crate::talk::Pace;
    use crate::{imap_log, pop3_log, smtp_log};

    /// What came of it up to the watch: there the server says by itself what it does not say before its time when it is live.
    fn before_the_watch(log: &Log) -> Vec<(&'static str, Option<ErrorCode>)> {
        log.outcomes().iter().copied().take_while(|(operation, _)| *operation != "watch").collect()
    }

    #[test]
    fn what_was_recorded_is_heard_as_it_was_said() {
        for (seed, live) in recorded() {
            let replay = match seed.target {
                "smtp" => smtp_log(&seed.bytes, Pace::Lines),
                "imap" => imap_log(&seed.bytes, Pace::Lines),
                _ => pop3_log(&seed.bytes, Pace::Lines),
            };
            assert_eq!(before_the_watch(&replay), before_the_watch(&live), "{}/{}", seed.target, seed.name);
            assert!(seed.name != "honest" || live.outcomes().len() > 5, "{}: {live:?}", seed.target);
        }
    }
}
