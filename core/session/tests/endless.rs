//! A server that never stops talking: the session ends at a limit that has a name, and the memory of the process stays flat.
//!
//! The memory is that of a whole process, the server's few buffers included, so each flood gets a process of its own: memory that an
//! earlier one gave back would hide what a later one takes.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use futures::future::BoxFuture;
use postseal_session::imap::{FetchItems, MailboxName, Search, UidSet};
use postseal_session::{
    Connector, Credentials, Error, ImapConnection, ImapSession, Pop3Connection, Pop3Session, Runtime,
    Security, SendOptions, Server, SmtpConnection, SmtpSession, Timeouts, TlsConfig,
};
use postseal_test_server::{Fault, Options, Protocol, Security as Port, TestServer};
use postseal_types::{Address, Envelope};

const ALICE: &str = "alice@example.test";

/// No flood takes longer to end.
const PATIENCE: Duration = Duration::from_secs(120);

/// A flood: where it begins, what it is, and what it comes to.
struct Flood {
    name: &'static str,
    protocol: Protocol,
    port: Port,
    /// The command that is answered so; empty for the greeting.
    command: &'static str,
    opening: &'static str,
    again: String,
    act: Act,
    what: &'static str,
    limit: u64,
    /// The most that the process may grow by, in MiB.
    memory: u64,
}

/// Does what meets the flood.
type Act = fn(Place) -> BoxFuture<'static, Result<(), Error>>;

/// How to reach the server.
struct Place {
    connector: Connector,
    server: Server,
}

impl Place {
    async fn imap(&self) -> Result<ImapSession, Error> {
        Ok(ImapConnection::open(&self.connector, &self.server).await?.log_in(&alice()).await?)
    }

    async fn pop3(&self) -> Result<Pop3Session, Error> {
        Ok(Pop3Connection::open(&self.connector, &self.server).await?.log_in(&alice()).await?)
    }

    async fn smtp(&self) -> Result<SmtpSession, Error> {
        Ok(SmtpConnection::open(&self.connector, &self.server).await?.log_in(&alice()).await?)
    }
}

fn alice() -> Credentials {
    Credentials::password(ALICE, "wonderland").unwrap()
}

fn inbox() -> MailboxName {
    MailboxName::inbox()
}

/// What every flood has unless it says otherwise.
fn imap(name: &'static str, command: &'static str, again: impl Into<String>, act: Act) -> Flood {
    Flood {
        name,
        protocol: Protocol::Imap,
        port: Port::Tls,
        command,
        opening: "",
        again: again.into(),
        act,
        what: "",
        limit: 0,
        memory: 0,
    }
}

fn pop3(name: &'static str, command: &'static str, again: impl Into<String>, act: Act) -> Flood {
    Flood { protocol: Protocol::Pop3, opening: "+OK\r\n", ..imap(name, command, again, act) }
}

fn smtp(name: &'static str, command: &'static str, again: impl Into<String>, act: Act) -> Flood {
    Flood { protocol: Protocol::Smtp, ..imap(name, command, again, act) }
}

impl Flood {
    fn after(self, opening: &'static str) -> Self {
        Self { opening, ..self }
    }

    fn before_tls(self) -> Self {
        Self { port: Port::StartTls, ..self }
    }

    fn fault(&self) -> Fault {
        let place =
            if self.command.is_empty() { Fault::instead_of(0) } else { Fault::instead_of(self.command) };
        place.flood(self.opening, self.again.as_str())
    }

    fn place(&self, server: &TestServer) -> Place {
        let tls = TlsConfig::default().only_roots(server.ca().root_pem().as_bytes()).unwrap();
        let timeouts = Timeouts { close: Duration::from_secs(1), ..Timeouts::default() };
        let connector = Connector::new(&Runtime::current().unwrap(), &tls).unwrap().with_timeouts(timeouts);
        let address = match self.protocol {
            Protocol::Smtp => server.smtp(self.port),
            Protocol::Imap => server.imap(self.port),
            Protocol::Pop3 => server.pop3(self.port),
        };
        let security = if self.port == Port::Tls { Security::Tls } else { Security::StartTls };
        Place { connector, server: Server::new("localhost", address.port(), security).unwrap() }
    }

    /// The limit that it meets, and how many MiB that may take.
    fn ends_at(self, what: &'static str, limit: u64, memory: u64) -> Self {
        Self { what, limit, memory, ..self }
    }
}

const LINE: &str = "the length of a line";
const ANSWER: &str = "the size of an answer";
const ITEMS: &str = "the items of an answer";
const RESPONSES: &str = "the responses to one command";
const DRAIN: &str = "what is read of an abandoned message";
const MIB: u64 = 1 << 20;

fn imap_noop(place: Place) -> BoxFuture<'static, Result<(), Error>> {
    Box::pin(async move { place.imap().await?.noop().await })
}

fn imap_list(place: Place) -> BoxFuture<'static, Result<(), Error>> {
    Box::pin(async move { place.imap().await?.list().await.map(drop) })
}

fn imap_select(place: Place) -> BoxFuture<'static, Result<(), Error>> {
    Box::pin(async move { place.imap().await?.examine(&inbox()).await.map(drop) })
}

fn imap_search(place: Place) -> BoxFuture<'static, Result<(), Error>> {
    Box::pin(async move { place.imap().await?.search(&inbox(), &Search::all()).await.map(drop) })
}

fn imap_headers(place: Place) -> BoxFuture<'static, Result<(), Error>> {
    imap_fetch(place, FetchItems::new().envelope().structure().header())
}

fn imap_message(place: Place) -> BoxFuture<'static, Result<(), Error>> {
    imap_fetch(place, FetchItems::new().whole())
}

fn imap_fetch(place: Place, items: FetchItems) -> BoxFuture<'static, Result<(), Error>> {
    Box::pin(async move {
        let session = place.imap().await?;
        let uids = UidSet::all(session.examine(&inbox()).await?.uid_validity);
        let mut messages = session.fetch(&inbox(), &uids, &items);
        while messages.next().await.transpose()?.is_some() {}
        Ok(())
    })
}

fn imap_open(place: Place) -> BoxFuture<'static, Result<(), Error>> {
    Box::pin(async move { ImapConnection::open(&place.connector, &place.server).await.map(drop) })
}

/// The news of an IDLE have no end by nature, so they add up instead; what is asked for meanwhile has one.
fn imap_idle(place: Place) -> BoxFuture<'static, Result<(), Error>> {
    Box::pin(async move {
        let session = place.imap().await?;
        let mut watch = session.watch(&inbox()).await?;
        for _ in 0..100 {
            watch.next().await?;
        }
        session.noop().await
    })
}

fn pop3_open(place: Place) -> BoxFuture<'static, Result<(), Error>> {
    Box::pin(async move { Pop3Connection::open(&place.connector, &place.server).await.map(drop) })
}

fn pop3_noop(place: Place) -> BoxFuture<'static, Result<(), Error>> {
    Box::pin(async move { place.pop3().await?.noop().await })
}

fn pop3_list(place: Place) -> BoxFuture<'static, Result<(), Error>> {
    Box::pin(async move { place.pop3().await?.messages().await.map(drop) })
}

fn pop3_message(place: Place) -> BoxFuture<'static, Result<(), Error>> {
    Box::pin(async move { place.pop3().await?.retrieve_to_vec(1, 1 << 20).await.map(drop) })
}

fn pop3_top(place: Place) -> BoxFuture<'static, Result<(), Error>> {
    Box::pin(async move { place.pop3().await?.top(1, 0, 1 << 16).await.map(drop) })
}

fn pop3_batch(place: Place) -> BoxFuture<'static, Result<(), Error>> {
    Box::pin(async move {
        let session = place.pop3().await?;
        let mut all = session.retrieve_all(session.messages().await?, 1 << 20);
        while all.next().await?.is_some() {}
        Ok(())
    })
}

/// A stream is pulled, so it ends when its reader has had enough: here after 64 MiB, of which none is kept.
fn pop3_stream(place: Place) -> BoxFuture<'static, Result<(), Error>> {
    Box::pin(async move {
        let session = place.pop3().await?;
        let (mut message, mut total) = (session.retrieve(1).await?, 0);
        while total < 64 << 20 {
            total += message.next_chunk().await?.unwrap().len();
        }
        drop(message);
        session.noop().await
    })
}

fn smtp_open(place: Place) -> BoxFuture<'static, Result<(), Error>> {
    Box::pin(async move { SmtpConnection::open(&place.connector, &place.server).await.map(drop) })
}

fn smtp_login(place: Place) -> BoxFuture<'static, Result<(), Error>> {
    Box::pin(async move { place.smtp().await.map(drop) })
}

fn smtp_send(place: Place) -> BoxFuture<'static, Result<(), Error>> {
    Box::pin(async move {
        let alice = Address::parse(ALICE).unwrap();
        let envelope = Envelope { from: Some(alice.clone()), to: vec![alice] };
        let session = place.smtp().await?;
        session.send(&envelope, &b"Subject: x\r\n\r\n"[..], &SendOptions::default()).await.map(drop)
    })
}

/// Every flood. What a limit lets through may take a multiple of it: the buffer grows by doubling, and the parsed form is larger.
fn floods() -> Vec<Flood> {
    let many = |item: &str| item.repeat(1000);
    let address = "(NIL NIL \"a\" \"b\")";
    let flags = format!("* LIST ({}) \"/\" x\r\n", many("\\a "));
    let permanent = format!("* OK [PERMANENTFLAGS ({})] x\r\n", many("a "));
    let capability =
        format!("* OK [CAPABILITY {}] x\r\n", (0..1000).map(|n| format!("A{n} ")).collect::<String>());
    let copied = format!("* OK [COPYUID 1 {}1 1] x\r\n", many("1,"));
    let envelope =
        format!("* 1 FETCH (UID 1 ENVELOPE (NIL NIL ({}) NIL NIL NIL NIL NIL NIL NIL))\r\n", many(address));
    let part = "(\"\" \"\" NIL NIL NIL \"\" 0)";
    let structure = format!("* 1 FETCH (UID 1 BODYSTRUCTURE ({} \"x\"))\r\n", many(part));
    let header = format!("* 1 FETCH (UID 1 BODY[HEADER] {{8192}}\r\n{})\r\n", "x".repeat(8192));
    let whole = format!("* 1 FETCH (UID 1 BODY[] {{65536}}\r\n{})\r\n", "x".repeat(65536));
    let number = format!("* SEARCH{}\r\n", many(" 4294967295"));
    let (line, answer, items, responses) = (4 * MIB, 32 * MIB, 1_000_000, 250_000);
    vec![
        imap("a line", "NOOP", "x", imap_noop).after("* ").ends_at(LINE, line, 24),
        imap("a list in a line", "LIST", "\\a ", imap_list).after("* LIST (").ends_at(LINE, line, 24),
        imap("untagged responses", "NOOP", "* 1 EXISTS\r\n", imap_noop).ends_at(RESPONSES, responses, 64),
        imap("messages unasked", "NOOP", "* 1 FETCH (UID 1)\r\n", imap_noop).ends_at(ITEMS, items, 96),
        imap("alerts", "NOOP", "* OK [ALERT] x\r\n", imap_noop).ends_at(RESPONSES, responses, 64),
        imap("mailboxes", "LIST", flags, imap_list).ends_at(ITEMS, items, 96),
        imap("flags", "EXAMINE", permanent, imap_select).ends_at(ITEMS, items, 96),
        imap("capabilities", "NOOP", capability, imap_noop).ends_at(ITEMS, items, 96),
        imap("ranges", "NOOP", copied, imap_noop).ends_at(ITEMS, items, 48),
        imap("envelopes", "UID FETCH", envelope, imap_headers).ends_at(ITEMS, items, 96),
        imap("structures", "UID FETCH", structure, imap_headers).ends_at(ITEMS, items, 96),
        imap("headers", "UID FETCH", header, imap_headers).ends_at(ANSWER, answer, 64),
        imap("messages", "UID FETCH 1 (UID BODY.PEEK[])", whole, imap_message).ends_at(
            ANSWER,
            128 * MIB,
            192,
        ),
        imap("a search", "UID SEARCH", number, imap_search).ends_at(ITEMS, items, 24),
        imap("parentheses", "LIST", "(", imap_list)
            .after("* LIST ((((((((((((((((((((((((((((((((((\r\n")
            .ends_at("the depth of parentheses", 32, 16),
        imap("a literal", "LIST", "x", imap_list).after("* LIST () \"/\" {67108865}\r\n").ends_at(
            "the size of a literal",
            64 * MIB,
            16,
        ),
        imap("news", "IDLE", "* 5 EXISTS\r\n* 5 EXPUNGE\r\n", imap_idle)
            .after("+ idling\r\n")
            .ends_at(RESPONSES, responses, 64),
        imap("a greeting", "", "x", imap_open).ends_at(LINE, line, 24),
        imap("a greeting before TLS", "", "x", imap_open).before_tls().ends_at(LINE, 2048, 8),
        imap("responses before TLS", "STARTTLS", "* X\r\n", imap_open).before_tls().ends_at(
            "the lines of an answer before TLS",
            100,
            8,
        ),
        pop3("a status line", "NOOP", "x", pop3_noop).after("+OK ").ends_at(LINE, 2048, 8),
        pop3("a list", "LIST", "1 1\r\n", pop3_list).ends_at("the list of messages", 250_000, 16),
        pop3("a line of a list", "LIST", "1", pop3_list).ends_at(LINE, 2048, 8),
        pop3("unique ids", "UIDL", "1 a\r\n", pop3_list).ends_at("the list of unique ids", 250_000, 16),
        pop3("capabilities", "CAPA", "X\r\n", pop3_open).ends_at("the list of capabilities", 200, 8),
        pop3("a message", "RETR", "x", pop3_message).ends_at(DRAIN, MIB, 16),
        pop3("a header", "TOP", "x", pop3_top).ends_at(DRAIN, MIB, 16),
        pop3("a message of many", "RETR", "x", pop3_batch).ends_at(DRAIN, MIB, 16),
        pop3("a stream", "RETR", "x", pop3_stream).ends_at(DRAIN, MIB, 16),
        pop3("a greeting", "", "x", pop3_open).after("").ends_at(LINE, 2048, 8),
        pop3("a greeting before TLS", "", "x", pop3_open).after("").before_tls().ends_at(LINE, 2048, 8),
        smtp("a reply line", "EHLO", "x", smtp_open).after("250-").ends_at(LINE, 12_292, 8),
        smtp("a reply", "EHLO", "250-x\r\n", smtp_open).ends_at("the lines of a reply", 128, 8),
        smtp("a challenge", "AUTH", "x", smtp_login).after("334 ").ends_at(LINE, 12_292, 8),
        smtp("an answer", "MAIL", "250-x\r\n", smtp_send).ends_at("the lines of a reply", 128, 8),
        smtp("a greeting", "", "x", smtp_open).ends_at(LINE, 12_292, 8),
        smtp("a greeting before TLS", "", "x", smtp_open).before_tls().ends_at(LINE, 2048, 8),
        smtp("an answer before TLS", "EHLO", "250-x\r\n", smtp_open).before_tls().ends_at(
            "the lines of an answer before TLS",
            100,
            8,
        ),
    ]
}

/// Names the flood that a child process plays, by its place in the list.
const CHILD: &str = "POSTSEAL_FLOOD";

#[test]
fn a_server_that_never_stops_talking_ends_at_a_limit_and_in_flat_memory() {
    let floods = floods();
    if let Some(chosen) = std::env::var_os(CHILD) {
        let index: usize = chosen.to_str().unwrap().parse().unwrap();
        return play(floods.into_iter().nth(index).unwrap());
    }
    let program = std::env::current_exe().unwrap();
    for (index, flood) in floods.iter().enumerate() {
        let mut child = std::process::Command::new(&program);
        child.args(["--exact", "a_server_that_never_stops_talking_ends_at_a_limit_and_in_flat_memory"]);
        // Where it fails its own words say why.
        let child = child.arg("--nocapture").env(CHILD, index.to_string()).output().unwrap();
        let said = [child.stdout, child.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(
            child.status.success() && said.contains("1 passed"),
            "{:?} {}: {said}",
            flood.protocol,
            flood.name
        );
    }
}

/// Plays one flood in this process.
fn play(flood: Flood) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (outcome, grown) = runtime.block_on(async {
        let server = TestServer::start(Options::new().user(ALICE, "wonderland")).await.unwrap();
        server.deliver(ALICE, "INBOX", b"Subject: x\r\n\r\nhello\r\n").unwrap();
        let fault = flood.fault();
        server.inject(flood.protocol, fault);
        let place = flood.place(&server);
        let before = memory::now();
        let outcome = tokio::time::timeout(PATIENCE, (flood.act)(place)).await.unwrap();
        (outcome, memory::peak().saturating_sub(before) / MIB)
    });
    assert_eq!(outcome, Err(Error::LimitExceeded { what: flood.what, limit: flood.limit }));
    assert!(grown <= flood.memory, "it took {grown} MiB");
}

/// The resident memory of this process in bytes, as the kernel counts it; always 0 where there is no `/proc`.
mod memory {
    /// What it is now.
    pub(super) fn now() -> u64 {
        field("VmRSS:")
    }

    /// The highest that it ever was.
    pub(super) fn peak() -> u64 {
        field("VmHWM:")
    }

    fn field(name: &str) -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        kibibytes.unwrap_or(0) * 1024
    }
}
