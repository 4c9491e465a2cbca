//! Hostile texts in every field that a caller of a session fills: each is refused by type, with the exact error, before anything is
//! sent; or the recorded wire has exactly the commands that were meant, with arguments that decode to the very text.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use std::fmt::Debug;

use futures::TryStreamExt as _;
use postseal_session::imap::{FetchItems, Flag, FlagChange, MailboxName, PartNumber, Search, UidSet};
use postseal_session::{
    Connector, Credentials, Dsn, EnvelopeId, Error, Host, ImapConnection, ImapSession, Pop3Connection,
    Runtime, Security, SendOptions, Server, SmtpConnection, TlsConfig,
};
use postseal_test_server::{Options, Protocol, Security as Port, TestServer};
use postseal_types::{Address, AddressError, Envelope};

const ALICE: &str = "alice@example.test";

/// What an attacker would put into a field: ends of lines, of strings and of arguments, and what announces a literal.
const HOSTILE: [&str; 27] = [
    "a\r\nX LOGOUT",
    "a\nb",
    "a\rb",
    "a\0b",
    "a\tb",
    "a\u{7f}b",
    "a\u{85}b",
    "a\u{2028}b",
    "a\r\n.\r\nQUIT",
    "a\x01auth=Bearer x",
    "a\"b",
    "\"",
    "\\",
    "a\\\"b",
    "{3}",
    "a{5+}",
    "~{5}",
    "a b",
    "a) NIL (b",
    "(a",
    "a>b",
    "<a@b>",
    "*%",
    "a]",
    "a&b",
    "ü",
    "a+2Bb=c",
];

/// Those that have no control character in them.
fn is_printable(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
}

/// What a field makes of `text`, where it should take it; insists on the exact error where it should not.
fn admitted<T: Debug, E: Debug + PartialEq>(
    text: &str,
    takes: bool,
    outcome: Result<T, E>,
    error: impl Into<E>,
) -> Option<T> {
    match outcome {
        Ok(value) if takes => Some(value),
        Err(found) if !takes => {
            assert_eq!(found, error.into(), "{text:?}");
            None
        }
        other => panic!("{text:?}: {other:?}"),
    }
}

fn invalid(what: &'static str, reason: &str) -> Error {
    Error::InvalidInput { what, reason: reason.to_owned() }
}

/// A server, and what it has heard.
struct World {
    server: TestServer,
    connector: Connector,
}

impl World {
    async fn new(options: Options) -> Self {
        let server = TestServer::start(options.user(ALICE, "wonderland")).await.unwrap();
        let tls = TlsConfig::default().only_roots(server.ca().root_pem().as_bytes()).unwrap();
        let connector = Connector::new(&Runtime::current().unwrap(), &tls).unwrap();
        Self { server, connector }
    }

    fn at(&self, protocol: Protocol) -> Server {
        let address = match protocol {
            Protocol::Smtp => self.server.smtp(Port::Tls),
            Protocol::Imap => self.server.imap(Port::Tls),
            Protocol::Pop3 => self.server.pop3(Port::Tls),
        };
        Server::new("localhost", address.port(), Security::Tls).unwrap()
    }

    async fn imap(&self, credentials: &Credentials) -> ImapSession {
        let connection = ImapConnection::open(&self.connector, &self.at(Protocol::Imap)).await.unwrap();
        connection.log_in(credentials).await.unwrap()
    }

    /// What came on the newest connection.
    fn heard(&self) -> Vec<u8> {
        self.server.transcript().last().unwrap().client_bytes()
    }

    /// What came there while `act` ran.
    async fn hears<T>(&self, act: impl Future<Output = Result<T, Error>>) -> (T, Vec<u8>) {
        let before = self.heard().len();
        let value = act.await.unwrap();
        (value, self.heard().split_off(before))
    }
}

fn alice() -> Credentials {
    Credentials::password(ALICE, "wonderland").unwrap()
}

fn inbox() -> MailboxName {
    MailboxName::inbox()
}

/// The commands in what an IMAP client sent, without their tags, word by word and decoded. A parenthesis is a word.
fn commands(mut bytes: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let mut commands = vec![Vec::new()];
    while !bytes.is_empty() {
        if let Some(rest) = bytes.strip_prefix(b"\r\n") {
            bytes = rest;
            commands.push(Vec::new());
            continue;
        }
        let (word, rest) = word(bytes.strip_prefix(b" ").unwrap_or(bytes));
        commands.last_mut().unwrap().push(word);
        bytes = rest;
    }
    assert_eq!(commands.pop(), Some(Vec::new()), "the last line has an end");
    commands.iter().map(|words| words[1..].to_vec()).collect()
}

fn word(bytes: &[u8]) -> (Vec<u8>, &[u8]) {
    match bytes[0] {
        b'(' | b')' => (bytes[..1].to_vec(), &bytes[1..]),
        b'"' => {
            let (mut text, mut at) = (Vec::new(), 1);
            while bytes[at] != b'"' {
                at += usize::from(bytes[at] == b'\\');
                assert!(!matches!(bytes[at], b'\r' | b'\n' | 0), "a line end in a quoted string");
                text.push(bytes[at]);
                at += 1;
            }
            (text, &bytes[at + 1..])
        }
        b'{' => {
            let end = bytes.iter().position(|&byte| byte == b'\n').unwrap() + 1;
            let digits: String =
                bytes[1..end].iter().map(|&byte| char::from(byte)).filter(char::is_ascii_digit).collect();
            let size: usize = digits.parse().unwrap();
            (bytes[end..end + size].to_vec(), &bytes[end + size..])
        }
        _ => {
            let end = bytes.iter().position(|byte| b" ()\r\n\"".contains(byte)).unwrap_or(bytes.len());
            (bytes[..end].to_vec(), &bytes[end..])
        }
    }
}

/// A command as its words.
fn words(words: &[&str]) -> Vec<Vec<u8>> {
    words.iter().map(|word| word.as_bytes().to_vec()).collect()
}

#[tokio::test]
async fn imap_names_of_mailboxes() {
    let refused = || invalid("mailbox name", "it is empty or holds a control character");
    for missing in ["X-NONE", "LITERAL+"] {
        let world = World::new(Options::new().without(Protocol::Imap, missing)).await;
        let session = world.imap(&alice()).await;
        for text in HOSTILE {
            let Some(name) = admitted(text, is_printable(text), MailboxName::new(text), refused()) else {
                continue;
            };
            let (_, heard) = world.hears(session.create(&name)).await;
            let commands = commands(&heard);
            assert_eq!((commands.len(), commands[0].len()), (1, 2), "{text:?}: {commands:?}");
            // Decoded by the server, from modified UTF-7 too, it is the very name.
            assert!(world.server.mailboxes(ALICE).contains(&(text.to_owned(), false)), "{text:?}");
            let listed = session.list().await.unwrap();
            assert!(listed.iter().any(|mailbox| mailbox.name == name && mailbox.name.as_str() == text));
            session.rename(&name, &MailboxName::new("done").unwrap()).await.unwrap();
            session.delete(&MailboxName::new("done").unwrap()).await.unwrap();
        }
        session.close().await.unwrap();
    }
}

#[tokio::test]
async fn imap_terms_of_searches() {
    let refused = || invalid("search", "a text holds NUL, which IMAP can't carry");
    for missing in ["X-NONE", "LITERAL+"] {
        let world = World::new(Options::new().without(Protocol::Imap, missing)).await;
        let session = world.imap(&alice()).await;
        session.examine(&inbox()).await.unwrap();
        for text in HOSTILE {
            let charset: &[&str] = if text.is_ascii() { &[] } else { &["CHARSET", "UTF-8"] };
            for (search, key) in [
                (Search::from(text), &["FROM", text][..]),
                (Search::to(text), &["TO", text]),
                (Search::cc(text), &["CC", text]),
                (Search::subject(text), &["SUBJECT", text]),
                (Search::body(text), &["BODY", text]),
                (Search::text(text), &["TEXT", text]),
                (Search::header("Subject", text), &["HEADER", "Subject", text]),
                (Search::header(text, "x"), &["HEADER", text, "x"]),
            ] {
                let before = world.heard().len();
                let outcome = session.search(&inbox(), &search).await;
                let heard = world.heard().split_off(before);
                if admitted(text, !text.contains('\0'), outcome, refused()).is_none() {
                    assert_eq!(heard, b"", "{text:?}");
                    continue;
                }
                let command = [&["UID", "SEARCH"], charset, key].concat();
                assert_eq!(commands(&heard), [words(&["NOOP"]), words(&command)], "{text:?}");
            }
        }
    }
}

#[tokio::test]
async fn imap_flags_fields_and_parts() {
    let world = World::new(Options::new()).await;
    world.server.deliver(ALICE, "INBOX", b"Subject: x\r\n\r\n").unwrap();
    let session = world.imap(&alice()).await;
    let uids = UidSet::all(session.select(&inbox()).await.unwrap().uid_validity);
    let no_flag = || invalid("keyword", "only ASCII without blanks and (){%*\"\\] will do");
    let no_field = || invalid("header fields", "there are none, or one is no name of a field");
    for text in HOSTILE {
        let is_atom = ["a>b", "<a@b>", "a&b", "a+2Bb=c"].contains(&text);
        if let Some(flag) = admitted(text, is_atom, Flag::keyword(text), no_flag()) {
            let change = FlagChange::Add(vec![flag.clone()]);
            let (_, heard) = world.hears(session.store(&inbox(), &uids, &change)).await;
            assert_eq!(commands(&heard), [words(&["UID", "STORE", "1:*", "+FLAGS.SILENT", "(", text, ")"])]);
            let (found, heard) =
                world.hears(session.search(&inbox(), &Search::with_flag(flag.clone()))).await;
            assert_eq!(found.len(), world.server.messages(ALICE, "INBOX").len(), "{text:?}");
            assert_eq!(commands(&heard)[1], words(&["UID", "SEARCH", "KEYWORD", text]));
            let (_, heard) = world.hears(session.append(&inbox(), "x\r\n", &[flag], None)).await;
            assert_eq!(commands(&heard), [words(&["APPEND", "INBOX", "(", text, ")", "x\r\n"])]);
        }
        if let Some(items) = admitted(text, is_atom, FetchItems::new().header_fields(&[text]), no_field()) {
            let fetch = session.fetch(&inbox(), &uids, &items).try_collect::<Vec<_>>();
            let (_, heard) = world.hears(fetch).await;
            let fields = ["(", "UID", "BODY.PEEK[HEADER.FIELDS", "(", text, ")", "]", ")"];
            let fetched = commands(&heard).pop().unwrap();
            assert_eq!(fetched[..2], words(&["UID", "FETCH"]));
            assert_eq!(fetched[3..], words(&fields), "{text:?}");
        }
    }
    // A part is named by numbers, and the date of a message is a point in time: neither takes a text.
    assert_eq!(PartNumber::new(&[0]), Err(invalid("part number", "its steps begin at 1")));
    assert_eq!(PartNumber::new(&[1, 4_294_967_295]).unwrap().to_string(), "1.4294967295");
}

#[tokio::test]
async fn imap_messages_and_introductions() {
    for missing in ["X-NONE", "LITERAL+"] {
        let world = World::new(Options::new().without(Protocol::Imap, missing)).await;
        let session = world.imap(&alice()).await;
        for text in HOSTILE {
            let before = world.heard().len();
            let outcome = session.append(&inbox(), text, &[], None).await;
            let heard = world.heard().split_off(before);
            let no_nul = || invalid("message", "it holds a NUL, which IMAP can't carry");
            if admitted(text, !text.contains('\0'), outcome, no_nul()).is_some() {
                assert_eq!(commands(&heard), [words(&["APPEND", "INBOX", "(", ")", text])]);
                assert_eq!(world.server.messages(ALICE, "INBOX").pop().unwrap(), text.as_bytes());
            }
            for fields in [[("name", text)], [(text, "value")]] {
                let before = world.heard().len();
                let outcome = session.id(&fields).await;
                let heard = world.heard().split_off(before);
                let no_control = || invalid("client", "it holds a control character");
                let takes = !text.chars().any(char::is_control);
                if admitted(text, takes, outcome, no_control()).is_some() {
                    let [(name, value)] = fields;
                    assert_eq!(commands(&heard), [words(&["ID", "(", name, value, ")"])]);
                } else {
                    assert_eq!(heard, b"");
                }
            }
        }
    }
}

/// Whether a user name, and a password, may hold `text`.
fn may_log_in(text: &str) -> (bool, bool) {
    let is_user = !text.chars().any(char::is_control);
    (is_user, !text.contains(['\0', '\r', '\n', '\x01']))
}

/// Credentials with `text` in each place, as far as it is taken there, for users who exist.
fn hostile_credentials(server: &TestServer) -> Vec<(String, String, Credentials)> {
    let no_user = || invalid("user name", "it is empty or holds a control character");
    let no_secret = |what| invalid(what, "it is empty, not UTF-8, or holds CR, LF, NUL or 0x01");
    let mut all = Vec::new();
    for (number, text) in HOSTILE.into_iter().enumerate() {
        let (is_user, is_secret) = may_log_in(text);
        let refused = Credentials::token(ALICE, text).map(|_| ());
        _ = admitted(text, is_secret, refused, no_secret("token"));
        if let Some(credentials) = admitted(text, is_user, Credentials::password(text, "secret"), no_user()) {
            all.push((text.to_owned(), "secret".to_owned(), credentials));
        }
        let user = format!("user{number}@example.test");
        let password = Credentials::password(&user, text);
        if let Some(credentials) = admitted(text, is_secret, password, no_secret("password")) {
            all.push((user, text.to_owned(), credentials));
        }
    }
    all.iter().for_each(|(user, password, _)| server.add_user(user, password));
    all
}

#[tokio::test]
async fn user_names_and_passwords() {
    // By SASL, and by the protocols' own commands. The server compares what it decoded: to be let in is to be understood.
    for missing in ["X-NONE", "AUTH=PLAIN"] {
        let options = [Protocol::Smtp, Protocol::Imap, Protocol::Pop3];
        let options = options.iter().fold(Options::new(), |options, &of| options.without(of, missing));
        let world = World::new(options).await;
        for (user, password, credentials) in hostile_credentials(&world.server) {
            let session = world.imap(&credentials).await;
            if missing == "AUTH=PLAIN" {
                assert_eq!(commands(&world.heard())[..1], [words(&["LOGIN", &user, &password])]);
            }
            session.close().await.unwrap();

            let connection = Pop3Connection::open(&world.connector, &world.at(Protocol::Pop3)).await.unwrap();
            let session = connection.log_in(&credentials).await.unwrap();
            if missing == "AUTH=PLAIN" {
                let lines = format!("CAPA\r\nUSER {user}\r\nPASS {password}\r\n");
                assert_eq!(String::from_utf8(world.heard()).unwrap(), lines);
            }
            session.close().await.unwrap();

            let connection = SmtpConnection::open(&world.connector, &world.at(Protocol::Smtp)).await.unwrap();
            connection.log_in(&credentials).await.unwrap().close().await.unwrap();
            let lines = world.server.transcript().pop().unwrap().client_lines();
            let expected = if missing == "AUTH=PLAIN" { 5 } else { 3 };
            assert_eq!(lines.len(), expected, "{user:?} {password:?}: {lines:?}");
        }
    }
}

#[tokio::test]
async fn tokens() {
    let world = World::new(Options::new()).await;
    for text in HOSTILE.into_iter().filter(|text| may_log_in(text).1) {
        world.server.set_token(ALICE, Some(text));
        let credentials = Credentials::token(ALICE, text).unwrap();
        world.imap(&credentials).await.close().await.unwrap();
        let lines = world.server.transcript().pop().unwrap().client_lines();
        assert_eq!(lines.len(), 2, "{text:?}: {lines:?}");
    }
}

#[test]
fn names_of_hosts() {
    for text in HOSTILE.into_iter().filter(|&text| text != "ü") {
        assert_eq!(Host::parse(text), Err(invalid("host", "not a domain name")), "{text:?}");
    }
    assert_eq!(Host::parse("ü").unwrap().to_string(), "xn--tda");
}

/// The error for `text` outside of quotes in a local part.
fn no_local_part(text: &str) -> AddressError {
    if text == "\"" {
        return AddressError::LocalPart;
    }
    let is_special = |c: &char| c.is_control() || " \t\"\\()<>[]@,;:\u{2028}".contains(*c);
    // Line ends are looked for first, wherever they stand.
    let first = text.chars().find(|c| c.is_control() || *c == '\u{2028}');
    AddressError::Forbidden { character: first.or_else(|| text.chars().find(is_special)).unwrap() }
}

#[tokio::test]
async fn smtp_addresses() {
    let world = World::new(Options::new().relay()).await;
    let connection = SmtpConnection::open(&world.connector, &world.at(Protocol::Smtp)).await.unwrap();
    let session = connection.log_in(&alice()).await.unwrap();
    let mut addresses = Vec::new();
    for text in HOSTILE {
        let bare = format!("{text}@example.test");
        let takes = ["{3}", "a{5+}", "~{5}", "*%", "a&b", "ü", "a+2Bb=c"].contains(&text);
        let error = if takes { AddressError::LocalPart } else { no_local_part(text) };
        addresses.extend(admitted(text, takes, Address::parse(&bare), error));

        let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
        let quoted = format!("\"{escaped}\"@example.test");
        // Within quotes anything printable may stand but angle brackets, in which other programs see a second address.
        let bracket = text.chars().find(|c| matches!(c, '<' | '>')).filter(|_| is_printable(text));
        let takes = is_printable(text) && bracket.is_none();
        let error = match bracket {
            Some(character) => AddressError::Forbidden { character },
            None if takes => AddressError::LocalPart,
            None => no_local_part(text),
        };
        addresses.extend(admitted(text, takes, Address::parse(&quoted), error));

        let domain = format!("a@{text}.example");
        let is_domain = text == "ü";
        let error = no_domain(text).unwrap_or(AddressError::Domain);
        addresses.extend(admitted(text, is_domain, Address::parse(&domain), error));
    }
    let dsn = Some(Dsn { original_recipient: true, ..Dsn::default() });
    let options = SendOptions { dsn, ..SendOptions::default() };
    for address in addresses {
        let envelope = Envelope { from: Some(address.clone()), to: vec![address.clone()] };
        let (receipt, heard) = world.hears(session.send(&envelope, &b"x\r\n"[..], &options)).await;
        assert!(receipt.is_sent_to_all(), "{receipt:?}");
        let accepted = world.server.accepted().pop().unwrap();
        let wire = address.to_wire();
        assert_eq!((&accepted.mail_from, &accepted.recipients[0].address), (&wire, &wire));
        let heard = String::from_utf8(heard).unwrap();
        let lines: Vec<_> = heard.split("\r\n").collect();
        assert_eq!(lines.len(), 5, "{lines:?}");
        assert!(lines[0].starts_with(&format!("MAIL FROM:<{wire}> SIZE=3")), "{lines:?}");
        assert!(lines[1].starts_with(&format!("RCPT TO:<{wire}> ORCPT=")), "{lines:?}");
        assert_eq!(lines[2..], ["BDAT 3 LAST", "x", ""]);
        let original = accepted.recipients[0].params[0].split_once(';').unwrap().1;
        assert_eq!(unescape(original), wire);
    }
}

/// The error for a domain with `text` in it, where it is not that it is no domain.
fn no_domain(text: &str) -> Option<AddressError> {
    if !is_printable(text) {
        return Some(no_local_part(text));
    }
    // Everything before the last `@` is a local part.
    text.contains('@').then_some(AddressError::Forbidden { character: '@' })
}

/// Undoes xtext (RFC 3461, section 4), and the escapes of its UTF-8 form (RFC 6533, section 3).
fn unescape(xtext: &str) -> String {
    let (mut text, mut rest) = (String::new(), xtext);
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        let hex = match c {
            '+' => rest.split_at_checked(2),
            '\\' => rest.strip_prefix("x{").and_then(|rest| rest.split_once('}')),
            _ => None,
        };
        match hex {
            Some((digits, after)) => {
                let code = u32::from_str_radix(digits, 16).unwrap();
                text.push(char::from_u32(code).unwrap());
                rest = after;
            }
            None => text.push(c),
        }
    }
    text
}

#[tokio::test]
async fn smtp_envelope_ids_and_messages() {
    let world = World::new(Options::new().without(Protocol::Smtp, "CHUNKING")).await;
    let connection = SmtpConnection::open(&world.connector, &world.at(Protocol::Smtp)).await.unwrap();
    let session = connection.log_in(&alice()).await.unwrap();
    let address = Address::parse(ALICE).unwrap();
    let envelope = Envelope { from: Some(address.clone()), to: vec![address] };
    for text in HOSTILE {
        let is_id = text.chars().all(|c| matches!(c, ' '..='~'));
        let no_id = invalid("envelope id", "not 1 to 100 printable ASCII characters");
        if let Some(id) = admitted(text, is_id, EnvelopeId::parse(text), no_id) {
            let dsn = Some(Dsn { envelope_id: Some(id), ..Dsn::default() });
            let options = SendOptions { dsn, ..SendOptions::default() };
            session.send(&envelope, &b"x\r\n"[..], &options).await.unwrap();
            let params = world.server.accepted().pop().unwrap().mail_params;
            assert_eq!(params.len(), 2, "{params:?}");
            assert_eq!(unescape(params[1].strip_prefix("ENVID=").unwrap()), text);
        }
        // A message is not encoded: what could end it early is refused, or stuffed.
        let message = format!("{text}\r\n");
        let reason = if text.contains('\0') {
            "it holds a NUL"
        } else {
            "it holds a CR or LF that is not part of a CRLF"
        };
        let is_message = !["a\nb", "a\rb", "a\0b"].contains(&text);
        let (count, before) = (world.server.accepted().len(), world.heard().len());
        let outcome = session.send(&envelope, message.as_bytes(), &SendOptions::default()).await;
        if admitted(text, is_message, outcome, invalid("message", reason)).is_some() {
            let accepted = world.server.accepted();
            assert_eq!(accepted.len(), count + 1, "{text:?}");
            assert_eq!(accepted[count].bytes, message.as_bytes());
        } else {
            assert_eq!(world.heard().len(), before, "{text:?}");
        }
    }
    session.noop().await.unwrap();
}
