//! The mail cases of curl's tests. Our client does what curl was asked, as far as a call of ours is for it, with the server that the case
//! describes; what arrives, what it presents and what it puts on the wire is held against the case.
//!
//! `tests/vectors/curl.json` says of each case whether it comes to the same (`same`), or what it comes to instead, and why. Whatever a
//! case is, it ends with a typed result, and no line end of its input is ever sent.

mod case;
mod given;
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
use self::given::Given;
use super::server_end::{Heard, ServerEnd};
use super::{corpus, files, notice, table};
use crate::wire::Wire;
use crate::{Credentials, Error, Protocol as Dialect, Timeouts, starttls};

const TABLE: &str = "tests/vectors/curl.json";
const PATIENCE: Duration = Duration::from_secs(60);

/// What a case comes to.
#[derive(Debug, Default)]
struct Outcome {
    /// What was done, in words, or the error.
    facts: Vec<String>,
    /// Whether all of it is what curl does.
    differs: bool,
    error: Option<Error>,
    /// What each server heard.
    heard: Vec<Heard>,
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
        let is_same = match (case.error, &self.error) {
            (None, None) => true,
            (Some(theirs), Some(ours)) => same_kind(theirs).contains(&ours.code().as_str()),
            _ => false,
        };
        is_same && !self.differs
    }

    /// Whether nothing was said to a server, because the input can't be used.
    fn is_refused_unsent(&self) -> bool {
        let is_silent = self.heard.iter().all(|heard| heard.lock().unwrap().is_empty());
        matches!(self.error, Some(Error::InvalidInput { .. })) && is_silent
    }

    fn text(&self) -> String {
        self.facts.join("; ")
    }
}

/// The codes of ours that say what one of curl's says; none for what a server has no part in.
fn same_kind(code: u32) -> &'static [&'static str] {
    match code {
        // CURLE_URL_MALFORMAT
        3 => &["invalid-input"],
        // CURLE_WEIRD_SERVER_REPLY, which is also what curl calls a no to a command.
        8 => &["refused", "protocol"],
        // CURLE_REMOTE_ACCESS_DENIED
        9 => &["refused"],
        // CURLE_READ_ERROR, of what was to be sent.
        26 => &["invalid-input"],
        // CURLE_SEND_ERROR, where a sender, a recipient or a message is not taken.
        55 => &["refused", "unsupported", "invalid-input"],
        // CURLE_RECV_ERROR
        56 => &["protocol"],
        // CURLE_USE_SSL_FAILED
        64 => &["unsupported", "refused"],
        // CURLE_LOGIN_DENIED
        67 => &["login-refused"],
        // CURLE_REMOTE_FILE_NOT_FOUND
        78 => &["uid-validity-changed", "not-found"],
        _ => &[],
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
fn heard_lines(heard: &Heard) -> Vec<String> {
    let heard = heard.lock().unwrap();
    let heard = String::from_utf8_lossy(&heard).into_owned();
    heard.strip_suffix("\r\n").unwrap_or(&heard).split("\r\n").map(str::to_owned).collect()
}

fn timeouts() -> Timeouts {
    Timeouts { progress: Duration::from_secs(20), close: Duration::from_secs(2), ..Timeouts::default() }
}

async fn play(case: &Case, chunks: Chunks) -> Outcome {
    let mut outcome = Outcome::default();
    if let Err(error) = act(case, chunks, &mut outcome).await {
        outcome.fail(error);
    }
    outcome
}

async fn act(case: &Case, chunks: Chunks, outcome: &mut Outcome) -> Result<(), Error> {
    // What can't be used is known before there is a connection, whichever operation it is for.
    Given::with_line_ends(case).iter().try_for_each(Given::hand_over)?;
    match case.protocol {
        _ if case.starts_tls() => negotiate(case, chunks, outcome).await,
        Protocol::Imap => imap::play(case, chunks, outcome).await,
        Protocol::Pop3 => pop3::play(case, chunks, outcome).await,
        Protocol::Smtp => smtp::play(case, chunks, outcome).await,
    }
}

/// Goes from the clear up to the handshake of TLS, which no server of these cases gets to.
async fn negotiate(case: &Case, chunks: Chunks, outcome: &mut Outcome) -> Result<(), Error> {
    let (stream, peer, heard) = ServerEnd::in_the_clear(chunks);
    outcome.heard.push(heard.clone());
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
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = || std::fs::read(&path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap();
        let Some(case) = is_case(&name).then(text).and_then(|text| Case::read(&name, &text)) else {
            notice(&format!("passed over: {name}: no case of a mail server"));
            continue;
        };
        let row = row(&table, &name);
        left.retain(|row| **row != name);
        for chunks in [Chunks::Whole, Chunks::OneByte] {
            let played = tokio::time::timeout(PATIENCE, play(&case, chunks)).await;
            let Ok(outcome) = played else {
                wrong.push(format!("{name}: too slow, {chunks:?}"));
                continue;
            };
            let hostile = Given::with_line_ends(&case);
            if !hostile.is_empty() && !outcome.is_refused_unsent() {
                wrong.push(format!("{name}: a line end was taken of {hostile:?}: {}", outcome.text()));
            }
            if let Some(defect @ Error::Internal { .. }) = &outcome.error {
                wrong.push(format!("{name}: {defect}"));
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

/// Whether a file is a case by its name, `test` and a number: folders have other files as well.
fn is_case(name: &str) -> bool {
    let number = name.strip_prefix("test").unwrap_or_default();
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

#[test]
fn a_case_is_known_by_its_name() {
    let names = ["test1", "test1982", "test", "test1.txt", "README", "retest1"];
    assert_eq!(names.map(is_case), [true, true, false, false, false, false]);
}

#[test]
fn an_error_is_the_same_only_where_it_is_of_the_same_kind() {
    let refused = ["timeout", "closed", "network", "internal", "cancelled"];
    for code in 0..128 {
        assert!(same_kind(code).iter().all(|ours| !refused.contains(ours)), "{code}");
    }
    assert_eq!(same_kind(67), ["login-refused"]);
    assert_eq!(same_kind(7), [""; 0]);
}

/// Cases of our own with a line end in each text that curl is given, in any of its operations: nothing is sent.
#[tokio::test]
async fn a_line_end_in_the_input_is_refused_before_anything_is_sent() {
    let imap = "imap://127.0.0.1/box -u user:secret";
    let smtp = "smtp://127.0.0.1 -u user:secret --mail-from a@example.com --mail-rcpt b@example.com";
    for (scheme, command) in [
        ("imap", "imap://127.0.0.1/box -u 'us\ner:secret'".to_owned()),
        ("imap", "imap://127.0.0.1/box -u 'user:sec\r\nret'".to_owned()),
        ("imap", "imap://127.0.0.1/box -u user --oauth2-bearer 'to\r\nken'".to_owned()),
        ("imap", "imap://us%0der:secret@127.0.0.1/box".to_owned()),
        ("imap", "imap://user:sec%0aret@127.0.0.1/box".to_owned()),
        ("imap", "imap://user:sec%0aret@127.0.0.1/box -u user:secret".to_owned()),
        ("imap", "imap://127.0.0.1/box%0d%0aNOOP -u user:secret".to_owned()),
        ("imap", "'imap://127.0.0.1/box;UIDVALIDITY=1%0d%0a' -u user:secret".to_owned()),
        ("imap", "'imap://127.0.0.1/box/;SECTION=%0d%0a' -u user:secret".to_owned()),
        ("imap", "'imap://127.0.0.1/box?SUBJECT%20x%0a' -u user:secret".to_owned()),
        ("imap", "imap://127.0.0.1/box -u 'user:sec\r\nret' --ssl-reqd".to_owned()),
        ("imap", format!("{imap} -: imap://127.0.0.1/other%0aNOOP -u user:secret")),
        ("imap", format!("{imap} -: imap://127.0.0.1/box -u 'user\n:secret'")),
        ("pop3", "pop3://127.0.0.1/1%0d%0aDELE%201 -u user:secret".to_owned()),
        ("pop3", "pop3://127.0.0.1/1 -u 'user:sec\nret' --ssl".to_owned()),
        ("smtp", smtp.replace("a@", "'a\r\n'@")),
        ("smtp", smtp.replace("b@example.com", "'b@example.com\r\nDATA'")),
        ("smtp", format!("{smtp} -: {}", smtp.replace("secret", "'sec\nret'"))),
        ("smtp", smtp.replace("user:", "'us\rer:'") + " --ssl"),
    ] {
        // A shell takes a line end in quotes as it stands.
        let command = command.replace("\\r", "\r").replace("\\n", "\n");
        let text = format!(
            "<testcase>\n<server>\n{scheme}\n</server>\n<command>\n{command}\n</command>\n</testcase>\n"
        );
        let case = Case::read("test1", &text).unwrap();
        assert_eq!(Given::with_line_ends(&case).len(), 1, "{command}");
        for chunks in [Chunks::Whole, Chunks::OneByte] {
            let outcome = play(&case, chunks).await;
            assert!(outcome.is_refused_unsent(), "{command}: {}", outcome.text());
        }
    }
}

/// The name that curl gives itself is none of ours: there a line end goes nowhere.
#[tokio::test]
async fn a_line_end_in_what_is_not_used_is_never_sent() {
    let text = "<testcase>\n<server>\nsmtp\n</server>\n<command>\nsmtp://127.0.0.1/me%0d%0aNOOP -u user:secret\n</command>\n\
                <protocol>\nEHLO me\nQUIT\n</protocol>\n</testcase>\n";
    let outcome = play(&Case::read("test1", text).unwrap(), Chunks::Whole).await;
    assert_eq!(outcome.error, None);
    let heard = outcome.heard[0].lock().unwrap();
    let said = String::from_utf8_lossy(&heard).into_owned();
    assert!(said.starts_with("EHLO [127.0.0.1]\r\nAUTH PLAIN ") && !said.contains("NOOP"), "{said}");
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
            let case = Case::read("test1", &text).unwrap();
            let outcome = play(&case, chunks).await;
            assert_eq!(outcome.text(), format!("in the clear only STARTTLS is said; {error}"));
            assert!(outcome.is_as_curl(&case));
        }
    }
}
