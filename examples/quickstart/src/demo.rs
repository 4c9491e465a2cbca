//! The whole way on this machine: a mail server in memory, an authority and two key pairs made on the spot.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use postseal::{
    Account, Connector, Credentials, Draft, ErrorCode, KeyProfile, Keyring, MailClient, Mailbox, Opened,
    Runtime, SecretKey, Security, Server, TlsConfig, UserId,
};
use postseal_test_server::{Options, Protocol, Security as Begin, TestServer};

use crate::cli::{Cli, Protect};
use crate::show::Show;
use crate::{Failure, letter, walk};

/// How long a message may take from the server's one half to its other.
const WAIT: Duration = Duration::from_secs(10);

/// One of the two people of the walk.
struct Person {
    mailbox: Mailbox,
    password: &'static str,
    keyring: Keyring,
}

pub(crate) fn run(cli: &Cli) -> Result<(), Failure> {
    let threads =
        tokio::runtime::Runtime::new().map_err(|error| Failure::new(format!("no threads: {error}")))?;
    threads.block_on(walk_round(cli))
}

async fn walk_round(cli: &Cli) -> Result<(), Failure> {
    println!("A sealed message goes round, over TLS, end to end.");
    let mut show = Show::default();
    let server = start_server(&mut show).await?;
    let [alice, bob] = make_people(&mut show)?;
    let tls = TlsConfig::default().only_roots(server.ca().root_pem().as_bytes())?;
    let connector = Connector::new(&Runtime::current()?, &tls)?;

    for (submit_by, fetch_by) in [(Begin::StartTls, Begin::Tls), (Begin::Tls, Begin::StartTls)] {
        let draft = letter::compose(cli, &alice.mailbox, std::slice::from_ref(&bob.mailbox))?;
        show.step(format!("Alice seals a message and submits it: SMTP, {}", name(submit_by)));
        show.recipients(&draft);
        let client = client(&connector, &alice, at(server.smtp(submit_by), submit_by)?, None)?;
        walk::send(&show, &client, &draft, cli.protect).await?;

        for protocol in [Protocol::Imap, Protocol::Pop3] {
            show.step(format!(
                "Bob fetches it and opens it: {}, {}",
                protocol_name(protocol),
                name(fetch_by)
            ));
            let opened = fetch(&connector, &server, &bob, (protocol, fetch_by), &draft).await?;
            show.opened(&opened);
            check_opened(&show, cli, &opened)?;
        }
    }
    show_what_the_server_saw(&mut show, cli, &server)?;
    show_tampering(&mut show, &connector, &server, &bob, cli).await?;
    server.stop().await;
    println!("\nThe message went round. Next: `quickstart --help`, and the README.");
    Ok(())
}

async fn start_server(show: &mut Show) -> Result<TestServer, Failure> {
    show.step("A mail server in memory, on loopback, with an authority made on the spot");
    let options =
        Options::new().user("alice@example.test", ALICE_PASSWORD).user("bob@example.test", BOB_PASSWORD);
    let server = TestServer::start(options).await;
    let server =
        server.map_err(|error| Failure::new(format!("the server in memory does not start: {error}")))?;
    for (protocol, address) in
        [("SMTP", TestServer::smtp as fn(&_, _) -> _), ("IMAP", TestServer::imap), ("POP3", TestServer::pop3)]
    {
        let (start_tls, implicit) = (address(&server, Begin::StartTls), address(&server, Begin::Tls));
        show.fact(protocol, format!("{start_tls} (STARTTLS), {implicit} (TLS)"));
    }
    Ok(server)
}

const ALICE_PASSWORD: &str = "a password of Alice";
const BOB_PASSWORD: &str = "a password of Bob";

/// Makes the two, each with a key pair of a profile of their own and with the other's certificate.
fn make_people(show: &mut Show) -> Result<[Person; 2], Failure> {
    show.step("Two key pairs");
    let alice = Mailbox::parse("Alice <alice@example.test>")?;
    let bob = Mailbox::parse("Bob <bob@example.test>")?;
    let alice_key = make_key(show, &alice, KeyProfile::Compatible)?;
    let bob_key = make_key(show, &bob, KeyProfile::Modern)?;
    let keyring = |own: &SecretKey, other: &SecretKey| -> Result<Keyring, Failure> {
        let mut keyring = Keyring::new();
        keyring.add_unlocked_key(own.unlock_unprotected()?);
        keyring.add_certificate(other.certificate().clone());
        Ok(keyring)
    };
    Ok([
        Person { mailbox: alice, password: ALICE_PASSWORD, keyring: keyring(&alice_key, &bob_key)? },
        Person { mailbox: bob, password: BOB_PASSWORD, keyring: keyring(&bob_key, &alice_key)? },
    ])
}

fn make_key(show: &Show, mailbox: &Mailbox, profile: KeyProfile) -> Result<SecretKey, Failure> {
    let user_id = UserId::new(mailbox.name(), mailbox.address());
    let (key, _revocation) = SecretKey::generate(profile, &user_id, None, SystemTime::now())?;
    show.fact(&user_id.to_string(), format!("{}  {}", key.certificate().algorithms(), key.fingerprint()));
    Ok(key)
}

/// A client for one person; it fetches by `incoming`, if there is one.
fn client(
    connector: &Connector,
    person: &Person,
    smtp: Server,
    incoming: Option<(Protocol, Server)>,
) -> Result<MailClient, Failure> {
    let credentials = Credentials::password(&person.mailbox.address().to_string(), person.password)?;
    let account = Account::new(person.mailbox.clone(), smtp, credentials.clone());
    let account = match incoming {
        Some((Protocol::Imap, server)) => account.imap(server, credentials),
        Some((_, server)) => account.pop3(server, credentials),
        None => account,
    };
    Ok(MailClient::new(connector, account, person.keyring.clone()))
}

fn at(address: SocketAddr, begin: Begin) -> Result<Server, Failure> {
    let security = match begin {
        Begin::Tls => Security::Tls,
        Begin::StartTls => Security::StartTls,
    };
    Ok(Server::new(&address.ip().to_string(), address.port(), security)?)
}

async fn fetch(
    connector: &Connector,
    server: &TestServer,
    person: &Person,
    (protocol, begin): (Protocol, Begin),
    draft: &Draft,
) -> Result<Opened, Failure> {
    let address = if protocol == Protocol::Imap { server.imap(begin) } else { server.pop3(begin) };
    let smtp = at(server.smtp(begin), begin)?;
    let client = client(connector, person, smtp, Some((protocol, at(address, begin)?)))?;
    let opened = walk::fetch_and_open(&client, draft.message_id(), WAIT).await;
    client.close().await?;
    opened
}

const fn name(begin: Begin) -> &'static str {
    match begin {
        Begin::Tls => "TLS from the first byte",
        Begin::StartTls => "STARTTLS",
    }
}

const fn protocol_name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Smtp => "SMTP",
        Protocol::Imap => "IMAP",
        Protocol::Pop3 => "POP3",
    }
}

/// The verdict must be what was asked for, and the content what was sent.
fn check_opened(show: &Show, cli: &Cli, opened: &Opened) -> Result<(), Failure> {
    let wanted = walk::level(cli.protect);
    show.check(&format!("the verdict is {wanted:?}, as asked for"), opened.verdict.level() == wanted)?;
    if letter::is_built_in(cli) {
        let data: Vec<_> = opened.message.attachments().map(|attachment| attachment.into_data()).collect();
        show.check("the attachment is the same to the byte", data == [letter::attachment_data()])?;
    }
    Ok(())
}

/// The proof: all that the server, and the wire before TLS, had before their eyes.
fn show_what_the_server_saw(show: &mut Show, cli: &Cli, server: &TestServer) -> Result<(), Failure> {
    show.step("What could be seen on the way");
    let (mut clear, mut handshakes) = (BTreeSet::new(), BTreeSet::new());
    for conversation in server.transcript() {
        let before_tls = conversation.client_bytes_in_the_clear();
        clear.extend(String::from_utf8_lossy(&before_tls).lines().map(str::to_owned));
        if let Some(Ok(handshake)) = conversation.handshake {
            handshakes.insert(format!("{}, {}", handshake.version, handshake.group.unwrap_or_default()));
        }
    }
    show.fact("on the wire", format!("before TLS: {}", Vec::from_iter(clear).join("; ")));
    show.fact("", format!("then only TLS: {}", Vec::from_iter(handshakes).join("; ")));
    let view = server.view();
    if let Some(stored) = view.stored.iter().find(|message| message.mailbox == "INBOX") {
        show.excerpt("by the server", &stored.bytes, 24);
    }
    if cli.protect == Protect::Sign || !letter::is_built_in(cli) {
        return Ok(());
    }
    for (what, needle) in [
        ("the subject", letter::SUBJECT.as_bytes()),
        ("a line of the text", letter::TEXT_SAMPLE.as_bytes()),
        ("the attachment's name", letter::ATTACHMENT_NAME.as_bytes()),
    ] {
        let claim =
            format!("{what} is nowhere in the {} bytes that the server received", view.received.len());
        show.check(&claim, !view.contains(needle))?;
    }
    Ok(())
}

/// A message that was changed by one bit on the server must not open.
async fn show_tampering(
    show: &mut Show,
    connector: &Connector,
    server: &TestServer,
    bob: &Person,
    cli: &Cli,
) -> Result<(), Failure> {
    if cli.protect == Protect::Sign {
        return Ok(());
    }
    show.step("The server changes one bit of a stored message");
    let mut stored = server.messages("bob@example.test", "INBOX").pop().unwrap_or_default();
    flip_a_bit(&mut stored);
    let client = client(connector, bob, at(server.smtp(Begin::Tls), Begin::Tls)?, None)?;
    match client.open_bytes(stored).await {
        Ok(_) => show.check("it does not open", false),
        Err(error) => {
            show.fact("opening it", format!("{error} [{}]", error.code()));
            show.check("not one byte of it is handed out", error.code() == ErrorCode::Tampered)
        }
    }
}

/// Changes a letter of the armored data, near its end: in the encrypted text, and not in what says for whom it is.
fn flip_a_bit(message: &mut [u8]) {
    let marker = b"-----END PGP MESSAGE";
    let end = message.windows(marker.len()).position(|window| window == marker).unwrap_or_default();
    let data = message.get_mut(..end).unwrap_or_default();
    if let Some(byte) = data.iter_mut().rev().skip(40).find(|byte| byte.is_ascii_lowercase()) {
        *byte ^= 0x20;
    }
}
