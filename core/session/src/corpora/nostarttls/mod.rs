//! The hostile servers of the NO STARTTLS research (`nostarttls-fake-mail-server`), each played as its program plays it, on
//! loopback and with real TLS.
//!
//! What holds for every case is in [`check`]; what comes of each is in `tests/vectors/nostarttls.json`.

mod case;
mod imap;
mod pop3;
mod ron;
mod smtp;
mod stage;

use std::collections::BTreeMap;

use futures::StreamExt as _;
use postseal_test_server::TestCa;
use postseal_test_server::script::Chunks;
use serde::Deserialize;

use self::case::Case;
use self::stage::{MARK, Stage};
use super::peer::{Doorway, Heard, Turn};
use super::visit::{Deed, Protocol, Visit, visit};
use super::{corpus, files, notice, table};
use crate::{Credentials, Error, PeerFault, Security};

/// The most servers at a time.
const AT_ONCE: usize = 16;

/// What is sent.
const MESSAGE: &[u8] = b"Subject: tea\r\n\r\nat four\r\n";

/// What comes of a case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    case: String,
    steps: Vec<String>,
    /// Why it does not just end at the lie, or what a reader might wonder about.
    #[serde(default, rename = "reason")]
    _reason: Option<String>,
}

/// One run of a case.
struct Run {
    visit: Visit,
    heard: Heard,
    /// Whether something that was to bear the mark could not.
    has_left_unmarked: bool,
}

#[tokio::test]
async fn hostile_servers_get_nothing_and_give_nothing_before_tls() {
    let test = "hostile_servers_get_nothing_and_give_nothing_before_tls";
    let Some(folder) = corpus(test, "nostarttls-fake-mail-server") else { return };
    let messages: Vec<Vec<u8>> =
        files(&folder.join("mails"), ".eml").iter().map(|path| std::fs::read(path).unwrap()).collect();
    let cases: Vec<Case> = files(&folder, ".ron").iter().flat_map(|path| Case::read(&folder, path)).collect();
    let runs = futures::stream::iter(cases).map(|case| all_ways(case, &messages)).buffer_unordered(AT_ONCE);
    let mut came: BTreeMap<String, Vec<String>> = runs.collect().await;

    let mut wrong = Vec::new();
    for row in table::<Vec<Row>>("nostarttls.json") {
        match came.remove(&row.case) {
            Some(steps) if steps == row.steps => {}
            Some(steps) => wrong.push(format!("{}: {steps:?}, not {:?}", row.case, row.steps)),
            None => wrong.push(format!("{}: there is no such case", row.case)),
        }
    }
    for (name, steps) in &came {
        notice(&format!("no row in tests/vectors/nostarttls.json: {name}: {steps:?}"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Plays a case as it is, once more with a mark on all that is said before TLS, and for a client that expects TLS from the first byte;
/// what came of the first.
async fn all_ways(case: Case, messages: &[Vec<u8>]) -> (String, Vec<String>) {
    let name = case.name.clone();
    let security = if case.has_implicit_tls() { Security::Tls } else { Security::StartTls };
    let (plain, marked) =
        tokio::join!(play(&case, messages, security, false), play(&case, messages, security, true));
    check(&case, &plain, messages);
    check(&case, &marked, messages);
    if !marked.has_left_unmarked {
        let codes = |run: &Run| (run.visit.steps.len(), run.visit.error.as_ref().map(Error::code));
        assert_eq!(codes(&plain), codes(&marked), "{name}");
    }
    if security == Security::StartTls {
        check_handshake(&name, &play(&case, messages, Security::Tls, true).await);
    }
    // That all of them came, byte for byte, is checked; how many there are is not the case's affair.
    let is_fetch = |step: &String| step.starts_with("fetch: ") && step.ends_with(" messages");
    let steps = plain.visit.steps.into_iter();
    (name, steps.map(|step| if is_fetch(&step) { "fetch: all".to_owned() } else { step }).collect())
}

/// A client that expects TLS from the first byte says nothing else, and gets nowhere: the server's words are no handshake, and where it
/// has none there is nothing to come.
fn check_handshake(name: &str, Run { visit, heard, .. }: &Run) {
    let is_over = matches!(
        visit.error,
        Some(
            Error::Tls { .. }
                | Error::Timeout { .. }
                | Error::Network { .. }
                | Error::Peer(PeerFault::Disconnected { .. })
        )
    );
    assert!(is_over && visit.steps.len() == 1, "{name}: {visit:?}");
    assert!(!visit.steps[0].contains(MARK) && heard.clear.starts_with(&[22, 3]), "{name}: {visit:?}");
}

/// Lets a client loose on the server; as far as that goes, it logs in, and sends or fetches.
async fn play(case: &Case, messages: &[Vec<u8>], security: Security, is_marked: bool) -> Run {
    let ca = TestCa::new().unwrap();
    let doorway = Doorway::open(&ca, &ca).await;
    let way = doorway.way(security);
    let server = tokio::spawn(serve(doorway, case.clone(), messages.to_vec(), is_marked));
    let alice = Credentials::password("alice@example.test", "wonderland-7731").unwrap();
    let deeds = match case.protocol {
        Protocol::Smtp => vec![letter()],
        Protocol::Imap => vec![Deed::List, Deed::Fetch],
        Protocol::Pop3 => vec![Deed::Stat, Deed::Fetch],
    };
    let visit = visit(case.protocol, way, Some(&alice), &deeds).await;
    let (heard, has_left_unmarked) = server.await.unwrap();
    Run { visit, heard, has_left_unmarked }
}

async fn serve(doorway: Doorway, case: Case, messages: Vec<Vec<u8>>, is_marked: bool) -> (Heard, bool) {
    let mut stage = Stage::new(doorway.accept(Chunks::Whole).await, case, is_marked);
    // The end of the conversation is not the server's to judge.
    _ = converse(&mut stage, &messages).await;
    (stage.peer.hang_up().await, stage.has_left_unmarked)
}

async fn converse(stage: &mut Stage, messages: &[Vec<u8>]) -> std::io::Result<()> {
    if stage.case.has_implicit_tls() {
        stage.peer.start_tls().await?;
    }
    match stage.case.protocol {
        Protocol::Smtp => smtp::serve(stage).await,
        Protocol::Imap => imap::serve(stage, messages).await,
        Protocol::Pop3 => pop3::serve(stage).await,
    }
}

fn letter() -> Deed {
    Deed::Send {
        from: "alice@example.test".to_owned(),
        to: vec!["bob@example.test".to_owned()],
        message: MESSAGE.to_vec(),
    }
}

/// What holds for every hostile server, known or not.
fn check(case: &Case, run: &Run, messages: &[Vec<u8>]) {
    let (name, steps) = (&case.name, &run.visit.steps);
    run.heard.check(name);
    assert!(!run.visit.shown.contains(MARK), "{name}: {}", run.visit.shown);
    let steps_with_mark = steps.iter().filter(|step| step.contains(MARK)).count();
    assert!(steps_with_mark <= usize::from(run.visit.error.is_some()), "{name}: {steps:?}");
    if let Some(error) = &run.visit.error {
        // A refusal, a farewell and a line that makes no sense are shown in the server's own words.
        let is_quoted = matches!(
            error,
            Error::Refused(_) | Error::Peer(PeerFault::Goodbye { .. } | PeerFault::Unexpected { .. })
        );
        assert!(is_quoted || !format!("{error} {error:?}").contains(MARK), "{name}: {error:?}");
        assert!(!matches!(error, Error::Internal { .. }), "{name}: {error:?}");
    }
    let fault = |fault: PeerFault| Some(Error::Peer(fault));
    if let Some(bytes) = run.heard.turns.iter().find_map(injected) {
        assert_eq!(run.visit.error, fault(PeerFault::PlaintextAfterStartTls { bytes }), "{name}");
    }
    let is_preauth = |(_, greeting): &Turn| {
        greeting.to_ascii_uppercase().starts_with(b"* PREAUTH ") && greeting.ends_with(b"\r\n")
    };
    if case.protocol == Protocol::Imap && run.heard.turns.first().is_some_and(is_preauth) {
        assert_eq!(run.visit.error, fault(PeerFault::PreauthBeforeTls), "{name}");
    }
    if steps.iter().any(|step| step.starts_with("send: sent")) {
        let whole = [MESSAGE, b".\r\n"].concat();
        assert!(run.heard.tls.windows(whole.len()).any(|bytes| bytes == whole), "{name}");
    }
    if steps.iter().any(|step| step.starts_with("fetch: ") && step.ends_with(" messages")) {
        let pop3: Vec<_> = pop3::MESSAGES.iter().map(|message| message.as_bytes().to_vec()).collect();
        let there = if case.protocol == Protocol::Imap { messages } else { &pop3 };
        assert!(run.visit.messages == there, "{name}");
    }
}

/// How many bytes came behind the yes to STARTTLS.
fn injected((command, answer): &Turn) -> Option<usize> {
    if !matches!(command.as_str(), "STARTTLS" | "S1 STARTTLS" | "STLS") {
        return None;
    }
    let mut rest = answer.as_slice();
    while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
        let (line, behind) = rest.split_at(end + 1);
        rest = behind;
        let is_untagged = line.starts_with(b"* ") && !line.to_ascii_uppercase().starts_with(b"* BYE");
        let goes_on = is_untagged || (line[0].is_ascii_digit() && line.get(3) == Some(&b'-'));
        if !goes_on {
            let words = [&b"220"[..], b"S1 OK", b"+OK"].iter().find_map(|yes| line.strip_prefix(*yes))?;
            let is_yes = words.starts_with(b" ") || words.starts_with(b"\r\n") || words == b"\n";
            return (is_yes && !behind.is_empty()).then_some(behind.len());
        }
    }
    None
}

#[test]
fn what_comes_behind_a_yes_to_starttls_is_counted() {
    for (command, answer, bytes) in [
        ("STARTTLS", "220 go\r\n", None),
        ("STARTTLS", "220 go\r\n250 x\r\n", Some(7)),
        ("STARTTLS", "220-go\r\n220 on\r\nx", Some(1)),
        ("STARTTLS", "220\nx", Some(1)),
        ("STARTTLS", "220go\r\nx", None),
        ("STARTTLS", "220 go", None),
        ("STARTTLS", "454 no\r\n220 go\r\n", None),
        ("EHLO a", "220 go\r\nx", None),
        ("S1 STARTTLS", "* OK hi\r\nS1 OK go\r\nx", Some(1)),
        ("S1 STARTTLS", "* BYE\r\nS1 OK go\r\nx", None),
        ("S1 STARTTLS", "S1 OKAY\r\nx", None),
        ("STLS", "+OK\r\nx", Some(1)),
        ("STLS", "+OKAY\r\nx", None),
        ("STLS", "+OK-go\r\nx", None),
    ] {
        let turn = (command.to_owned(), answer.as_bytes().to_vec());
        assert_eq!(injected(&turn), bytes, "{command} {answer:?}");
    }
}
