//! The mail cases of curl's tests. Our client does what curl was asked, as far as a call of ours is for it, with the server that the case
//! describes; what arrives, what it presents and what it puts on the wire is held against the case.
//!
//! `tests/vectors/curl.json` says of each case whether it comes to the same (`same`), or what it comes to instead, and why. Whatever a
//! case is, it ends with a typed result, and no line end of its input is ever sent.

mod case;
mod imap;
mod pop3;
mod server;
mod smtp;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use postseal_test_server::script::Chunks;
use serde_json::Value;

use self::case::{Case, Protocol};
use super::server_end::ServerEnd;
use super::{corpus, files, notice, table};
use crate::starttls::{self, Dialect};
use crate::wire::Wire;
use crate::{Credentials, Error, Timeouts};

const TABLE: &str = "tests/vectors/curl.json";
const PATIENCE: Duration = Duration::from_secs(60);

/// What a case comes to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    /// What was done, in words, or the error.
    facts: Vec<String>,
    /// Whether all of it is what curl does.
    differs: bool,
    error: Option<Error>,
}

impl Outcome {
    /// Notes something done, and whether it came out as in the case.
    fn note(&mut self, fact: impl Into<String>, is_same: bool) {
        let fact = fact.into();
        self.facts.push(if is_same { fact } else { format!("{fact} (differs)") });
        self.differs |= !is_same;
    }

    fn fail(&mut self, error: Error) {
        self.facts.push(format!("{}: {error}", error.code()));
        self.error = Some(error);
    }

    /// Whether curl comes to the same: no error, or one of the same kind.
    fn is_as_curl(&self, case: &Case) -> bool {
        let is_same = match (case.error, self.error.as_ref().map(|error| error.code().as_str())) {
            (None, None) => true,
            (Some(3), Some(code)) => code == "invalid-input",
            (Some(67), Some(code)) => code == "login-refused",
            (Some(78), Some(code)) => code == "uid-validity-changed",
            (Some(_), Some(_)) => true,
            _ => false,
        };
        is_same && !self.differs
    }

    fn text(&self) -> String {
        self.facts.join("; ")
    }
}

/// Who logs in: the user of the command line, or of the URL; where curl logs in as nobody, somebody.
fn credentials(case: &Case, session: usize) -> Result<Credentials, Error> {
    let operation = case.operation(session);
    let of_url = operation.urls().into_iter().next();
    let of_url = of_url.map(|url| (url.user.unwrap_or_default(), url.password.unwrap_or_default()));
    let (user, password) = match operation.options(&["-u", "--user"]).first() {
        Some(user) => {
            let (user, password) = user.split_once(':').unwrap_or((user, ""));
            (user.to_owned(), password.to_owned())
        }
        None => of_url.unwrap_or_default(),
    };
    let or = |text: String, otherwise: &str| if text.is_empty() { otherwise.to_owned() } else { text };
    let user = or(user, "user");
    match operation.options(&["--oauth2-bearer"]).first() {
        Some(&token) => Credentials::token(&user, token),
        None if operation.mentions("AUTH=EXTERNAL") => Credentials::certificate(&user),
        None => Credentials::password(&user, or(password, "secret")),
    }
}

/// Whether what curl is given holds a line end: a name, a secret, an address.
fn has_line_end(case: &Case) -> bool {
    case.operations.iter().enumerate().any(|(index, _)| {
        let operation = case.operation(index);
        let given = operation.options(&["-u", "--user", "--oauth2-bearer", "--mail-from", "--mail-rcpt"]);
        // With SMTP the path is the client's name for itself, which is always the same with ours.
        let is_used = case.protocol != Protocol::Smtp;
        let urls = operation.urls().into_iter().flat_map(|url| {
            url.user.into_iter().chain(url.password).chain(url.path.into_iter().filter(|_| is_used))
        });
        given.into_iter().map(str::to_owned).chain(urls).any(|text| text.contains(['\r', '\n']))
    })
}

/// What is presented in some lines, whether by a command or by an exchange: every word that is base64, decoded.
fn presented(lines: &[String]) -> Vec<Vec<u8>> {
    let begins = |line: &String| line.split(' ').any(|word| word.starts_with("AUTH"));
    let Some(start) = lines.iter().position(begins) else { return Vec::new() };
    let (first, rest) = lines[start..].split_first().unwrap();
    let initial = first.split_once("AUTH").and_then(|(_, rest)| rest.split(' ').nth(2)).map(str::to_owned);
    let exchanged = rest.iter().take_while(|line| !line.contains(' ') && !is_command(line));
    initial
        .iter()
        .chain(exchanged)
        .map(|word| BASE64.decode(word).unwrap_or_else(|_| word.clone().into_bytes()))
        .collect()
}

fn is_command(line: &str) -> bool {
    ["QUIT", "STAT", "LIST", "UIDL", "RSET", "NOOP", "DATA", "HELP", "CAPA"].contains(&line)
}

/// The lines that a server heard.
fn heard_lines(heard: &super::server_end::Heard) -> Vec<String> {
    let heard = heard.lock().unwrap();
    let heard = String::from_utf8_lossy(&heard).into_owned();
    heard.strip_suffix("\r\n").unwrap_or(&heard).split("\r\n").map(str::to_owned).collect()
}

fn timeouts() -> Timeouts {
    Timeouts { progress: Duration::from_secs(20), close: Duration::from_secs(2), ..Timeouts::default() }
}

async fn play(case: &Case, chunks: Chunks) -> Outcome {
    let mut outcome = Outcome::default();
    let played = match case.protocol {
        _ if case.starts_tls() => negotiate(case, chunks, &mut outcome).await,
        Protocol::Imap => imap::play(case, chunks, &mut outcome).await,
        Protocol::Pop3 => pop3::play(case, chunks, &mut outcome).await,
        Protocol::Smtp => smtp::play(case, chunks, &mut outcome).await,
    };
    if let Err(error) = played {
        outcome.fail(error);
    }
    outcome
}

/// Goes from the clear up to the handshake of TLS, which no server of these cases gets to.
async fn negotiate(case: &Case, chunks: Chunks, outcome: &mut Outcome) -> Result<(), Error> {
    let (stream, peer, heard) = ServerEnd::in_the_clear(chunks);
    let dialect = match case.protocol {
        Protocol::Imap => {
            tokio::spawn(imap::Server::of(case, peer).serve());
            Dialect::Imap
        }
        Protocol::Pop3 => {
            tokio::spawn(pop3::Server::of(case, peer).serve());
            Dialect::Pop3
        }
        Protocol::Smtp => {
            tokio::spawn(smtp::Server::of(case, peer, &smtp::Received::default()).serve());
            Dialect::Smtp
        }
    };
    let negotiated = starttls::negotiate(Wire::plain(stream), dialect, &timeouts()).await;
    let said = heard_lines(&heard);
    let is_harmless =
        |line: &String| ["EHLO [127.0.0.1]", "STARTTLS", "S1 STARTTLS", "STLS"].contains(&line.as_str());
    outcome.note("in the clear only STARTTLS is said", said.iter().all(is_harmless));
    negotiated?.into_stream()?;
    outcome.note("TLS begins", true);
    Ok(())
}

/// What the table expects of a case.
enum Row {
    Same,
    /// Something else than curl comes to, in our words.
    Ours(String),
}

fn row(table: &Value, name: &str) -> Option<Row> {
    match table.get(name)? {
        Value::String(word) if word == "same" => Some(Row::Same),
        row => {
            assert!(row["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{name}: no reason");
            Some(Row::Ours(row["ours"].as_str().unwrap().to_owned()))
        }
    }
}

#[tokio::test]
async fn a_case_comes_to_what_the_table_says() {
    let Some(folder) = corpus("a_case_comes_to_what_the_table_says", "curl-mail-tests/tests") else { return };
    let table: Value = table("curl.json");
    let mut left: Vec<&String> = table.as_object().unwrap().keys().collect();
    let mut wrong = Vec::new();
    for path in files(&folder, "") {
        let name = path.file_name().unwrap().to_str().unwrap();
        let case = Case::read(name, &String::from_utf8_lossy(&std::fs::read(&path).unwrap()));
        let row = row(&table, name);
        left.retain(|row| *row != name);
        for chunks in [Chunks::Whole, Chunks::OneByte] {
            let played = tokio::time::timeout(PATIENCE, play(&case, chunks)).await;
            let outcome = played.unwrap_or_else(|_| panic!("{name}: too slow, {chunks:?}"));
            let is_refused =
                matches!(outcome.error, Some(Error::InvalidInput { .. })) && outcome.facts.len() == 1;
            if has_line_end(&case) && !is_refused {
                wrong.push(format!("{name}: a line end was taken: {}", outcome.text()));
            }
            match &row {
                Some(Row::Same) if outcome.is_as_curl(&case) => {}
                Some(Row::Ours(expected)) if *expected == outcome.text() => {}
                Some(_) => wrong.push(format!("{name}: {}", outcome.text())),
                None => {
                    let as_curl = if outcome.is_as_curl(&case) { "same" } else { "differs" };
                    notice(&format!("no row in {TABLE}: {name}: {as_curl}: {}", outcome.text()));
                }
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
    // A row without its file is a wrong row.
    assert_eq!(left, [""; 0]);
}

/// A case of our own, as curl's are written: a server that has no TLS, and goes on as if it had.
#[tokio::test]
async fn a_case_with_starttls_stays_in_the_clear_no_longer_than_that() {
    let imap = "unsupported: the server does not support STARTTLS";
    let pop3 = "unsupported: the server does not support STLS";
    for (scheme, server, error) in [
        ("imap", r"REPLY STARTTLS S1 NO later\r\nS2 OK in", imap),
        ("pop3", r"REPLY STLS -ERR later\r\n+OK", pop3),
        ("smtp", r"REPLY STARTTLS 454 later\r\n235 in", "refused: the server refused STARTTLS: later"),
        ("imap", "CAPA IDLE", imap),
        ("pop3", "CAPA USER", pop3),
        ("smtp", "CAPA SIZE", imap),
    ] {
        let text = format!(
            "<testcase>\n<servercmd>\n{server}\n</servercmd>\n<server>\n{scheme}\n</server>\n<command>\n{scheme}://%HOSTIP -u \
             user:secret --ssl-reqd\n</command>\n<errorcode>\n64\n</errorcode>\n</testcase>\n"
        );
        for chunks in [Chunks::Whole, Chunks::OneByte] {
            let case = Case::read("test1", &text);
            let outcome = play(&case, chunks).await;
            assert_eq!(outcome.text(), format!("in the clear only STARTTLS is said; {error}"));
            assert!(outcome.is_as_curl(&case));
        }
    }
}
