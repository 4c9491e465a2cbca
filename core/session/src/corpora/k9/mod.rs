//! The dialogues of K-9 Mail's tests (`k9-dialogues`), each played whole and byte by byte.
//!
//! Our client does not say word for word what K-9 says, so the server is lenient (see [`player`]), and what must be the same is the
//! verdict. `tests/vectors/k9.json` says what comes of each, and why where that is another verdict than K-9's.

mod dialogue;
mod player;
mod script;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use postseal_test_server::TestCa;
use postseal_test_server::script::Chunks;
use postseal_types::Secret;
use serde::Deserialize;

use self::dialogue::{Dialogue, Verdict, Written};
use self::player::Player;
use self::script::{Command, Script};
use super::peer::{self, Doorway, Heard, Peer};
use super::visit::{Deed, Protocol, Visit, visit};
use super::{corpus, files, notice, table};
use crate::{Credentials, Error, PeerFault, Security, TokenProvider};

/// What comes of a dialogue.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    dialogue: String,
    steps: Vec<String>,
    /// Why the verdict is another one than K-9's.
    reason: Option<String>,
}

#[tokio::test]
async fn dialogues_of_k9_have_the_same_verdict() {
    let Some(folder) = corpus("dialogues_of_k9_have_the_same_verdict", "k9-dialogues") else { return };
    let mut all = Written::new();
    for path in files(&folder, ".json") {
        let text = std::fs::read_to_string(&path).unwrap();
        match serde_json::from_str::<Written>(&text) {
            Ok(written) => all.extend(written),
            // Where a dialogue of it has a row in the table, that is missed there.
            Err(error) => notice(&format!("not read: {}: {error}", path.display())),
        }
    }
    let mut rows: Vec<Row> = table("k9.json");
    let mut wrong = Vec::new();
    for name in all.keys() {
        let Some(dialogue) = Dialogue::read(name, &all) else {
            notice(&format!("no protocol of ours: {name}"));
            continue;
        };
        let visit = both(&dialogue).await;
        match rows.iter().position(|row| row.dialogue == *name).map(|at| rows.swap_remove(at)) {
            Some(row) => wrong.extend(difference(&dialogue, &visit, &row)),
            None => {
                let told = told(&dialogue, &visit);
                notice(&format!("no row in tests/vectors/k9.json: {told}"));
                wrong.extend(is_misunderstood(&dialogue, &visit).then_some(told));
            }
        }
    }
    wrong.extend(rows.iter().map(|row| format!("{}: there is no such dialogue", row.dialogue)));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is not as the table has it.
fn difference(dialogue: &Dialogue, visit: &Visit, row: &Row) -> Option<String> {
    let name = &dialogue.name;
    if visit.steps != row.steps {
        return Some(format!("{name}: {:?}, not {:?}", visit.steps, row.steps));
    }
    match (agrees(dialogue.verdict, visit), &row.reason) {
        (false, None) => Some(format!("{name}: another verdict than {:?}, and no reason", dialogue.verdict)),
        (true, Some(reason)) => Some(format!("{name}: a reason for nothing: {reason}")),
        _ => None,
    }
}

/// What came of a dialogue, against its verdict.
fn told(dialogue: &Dialogue, visit: &Visit) -> String {
    let outcome = if agrees(dialogue.verdict, visit) { "agrees" } else { "differs" };
    format!("{}: {outcome} with {:?}: {:?}", dialogue.name, dialogue.verdict, visit.steps)
}

/// Whether something is wrong with a dialogue that has no row, whatever a row might say.
///
/// A refusal, a mechanism that is not offered or a server that hangs up may be a choice of ours, or of the lenient server's. But where
/// K-9 gets through a whole conversation, ours understands all that the server says.
fn is_misunderstood(dialogue: &Dialogue, visit: &Visit) -> bool {
    let makes_no_sense = matches!(
        visit.error,
        Some(
            Error::Peer(PeerFault::Unexpected { .. })
                | Error::Malformed { .. }
                | Error::LimitExceeded { .. }
                | Error::Internal { .. }
        )
    );
    dialogue.verdict == Verdict::Fine && dialogue.is_whole() && makes_no_sense
}

/// Whether ours has the same verdict. What K-9 passes over in silence is told to the caller here, in an error that keeps the session.
fn agrees(verdict: Verdict, visit: &Visit) -> bool {
    let is_not_sent = visit.steps.iter().any(|step| step.starts_with("send: not sent"));
    let is_through = matches!(visit.steps.last().map(String::as_str), Some("open" | "close"));
    let code = match &visit.error {
        None if is_not_sent => Some("refused"),
        error => error.as_ref().map(|error| error.code().as_str()),
    };
    match verdict {
        Verdict::Fine => is_through && !is_not_sent && visit.error.as_ref().is_none_or(Error::keeps_session),
        Verdict::Fails => code.is_some(),
        Verdict::Code(wanted) => code == Some(wanted),
    }
}

/// Plays a dialogue whole and byte by byte; the same must come of it.
async fn both(dialogue: &Dialogue) -> Visit {
    let whole = play(dialogue, Chunks::Whole).await;
    let bytes = play(dialogue, Chunks::OneByte).await;
    // How much of what should not be there has come by the time it is found is the network's affair.
    let is_injected =
        |visit: &Visit| matches!(visit.error, Some(Error::Peer(PeerFault::PlaintextAfterStartTls { .. })));
    if is_injected(&whole) || is_injected(&bytes) {
        assert!(whole.steps.len() == 1 && bytes.steps.len() == 1, "{}: {whole:?}, {bytes:?}", dialogue.name);
    } else {
        assert_eq!(whole.steps, bytes.steps, "{}", dialogue.name);
    }
    assert!(!matches!(whole.error, Some(Error::Internal { .. })), "{}: {:?}", dialogue.name, whole.error);
    whole
}

async fn play(dialogue: &Dialogue, chunks: Chunks) -> Visit {
    let ca = TestCa::new().unwrap();
    let script = Script::of(dialogue);
    let who = credentials(dialogue, &script);
    let (way, server) = if dialogue.starts_tls {
        // What is wrong with a certificate is not on the wire of the dialogue: here, nobody knows who issued it.
        let is_foreign = dialogue.verdict == Verdict::Code("certificate");
        let trusted = if is_foreign { &TestCa::new().unwrap() } else { &ca };
        let doorway = Doorway::open(&ca, trusted).await;
        let way = doorway.way(Security::StartTls);
        let protocol = dialogue.protocol;
        (way, tokio::spawn(async move { serve(doorway.accept(chunks).await, protocol, script).await }))
    } else {
        let (way, peer) = peer::in_memory(&ca, chunks);
        (way, tokio::spawn(serve(peer, dialogue.protocol, script)))
    };
    let deeds = deeds(dialogue);
    let visit = visit(dialogue.protocol, way, who.as_ref(), &deeds).await;
    server.await.unwrap().check(&dialogue.name);
    visit
}

async fn serve(peer: Peer, protocol: Protocol, script: Script) -> Heard {
    let mut player = Player::new(peer, protocol, script);
    // The end of the conversation is not the server's to judge.
    _ = player.play().await;
    player.peer.hang_up().await
}

/// What the client logs in with; nothing where the dialogue is over before.
fn credentials(dialogue: &Dialogue, script: &Script) -> Option<Credentials> {
    let means = dialogue.auth.as_deref().or(script.mechanism.as_deref());
    let credentials = match means {
        None if dialogue.protocol == Protocol::Smtp => return None,
        Some("XOAUTH2") => {
            // One that never comes to its login for want of a token.
            let are_there = script.mechanism.is_some() || dialogue.verdict != Verdict::Code("login-refused");
            Credentials::token_provider("user", Arc::new(Tokens { are_there }))
        }
        Some("EXTERNAL") => Credentials::certificate("user"),
        _ => Credentials::password("user", "password"),
    };
    Some(credentials.unwrap())
}

/// One token, and another one where that is refused; or none.
struct Tokens {
    are_there: bool,
}

impl TokenProvider for Tokens {
    fn token<'a>(
        &'a self,
        refused: Option<&'a Secret>,
    ) -> Pin<Box<dyn Future<Output = Result<Secret, String>> + Send + 'a>> {
        Box::pin(async move {
            let token = Secret::from(if refused.is_some() { "newToken" } else { "oldToken" });
            self.are_there.then_some(token).ok_or_else(|| "nobody is signed in".to_owned())
        })
    }
}

/// What the dialogue's client does after its login, as far as ours does it too.
fn deeds(dialogue: &Dialogue) -> Vec<Deed> {
    if dialogue.verdict == Verdict::Code("closed") {
        return vec![Deed::Close, Deed::Noop];
    }
    let commands: Vec<Command> =
        dialogue.client_lines().filter_map(|line| Command::read(dialogue.protocol, line)).collect();
    let mut deeds: Vec<Deed> =
        commands.iter().filter_map(|command| deed(dialogue.protocol, command)).collect();
    deeds.extend(letter(&commands));
    deeds
}

fn deed(protocol: Protocol, command: &Command) -> Option<Deed> {
    match (protocol, command.kind.as_str()) {
        (Protocol::Imap, "LIST") => Some(Deed::List),
        (Protocol::Imap, "CREATE") => Some(Deed::Create(command.argument.clone())),
        (Protocol::Imap, "ID") => Some(Deed::Id),
        (Protocol::Imap, "IDLE") => Some(Deed::Watch),
        (Protocol::Imap, "UID FETCH") => Some(Deed::Fetch),
        (Protocol::Pop3, "RETR") => Some(Deed::Retrieve(command.argument.parse().ok()?)),
        (Protocol::Pop3, "STAT") => Some(Deed::Stat),
        (_, "NOOP") => Some(Deed::Noop),
        _ => None,
    }
}

/// The message with the envelope of the dialogue.
fn letter(commands: &[Command]) -> Option<Deed> {
    let path = |command: &Command| {
        let (_, rest) = command.argument.split_once('<')?;
        Some(rest.split_once('>')?.0.to_owned())
    };
    let mail = commands.iter().find(|command| command.kind == "MAIL")?;
    let to = commands.iter().filter(|command| command.kind == "RCPT").filter_map(path).collect();
    let text = if mail.argument.contains("8BITMIME") { "grün" } else { "green" };
    let message = format!("Subject: tea\r\n\r\n{text}\r\n").into_bytes();
    Some(Deed::Send { from: path(mail)?, to, message })
}

/// A dialogue of SMTP that goes on after the login as `steps` say, and what comes of it.
async fn after_login(title: &str, steps: &str) -> (Dialogue, Visit) {
    let head = r#"{"server": "220 hi"}, {"client": "EHLO a"}, {"server": "250-hi"}, {"server": "250 AUTH PLAIN"},
        {"client": "AUTH PLAIN AGEAYg=="}, {"server": "235 in"}"#;
    let name = format!("smtp/a/{title}");
    let all: Written =
        serde_json::from_str(&format!(r#"{{"{name}": {{"steps": [{head}, {steps}]}}}}"#)).unwrap();
    let dialogue = Dialogue::read(&name, &all).unwrap();
    let visit = both(&dialogue).await;
    (dialogue, visit)
}

#[tokio::test]
async fn an_empty_sender_is_nobody_and_what_is_no_address_is_not_sent() {
    for (from, to, sent) in [
        ("", "c@d.test", "send: sent (taken); c@d.test accepted"),
        ("a", "c@d.test", "send: invalid-input: invalid address: the address has no @"),
        ("a@b.test", "", "send: invalid-input: invalid address: the address has no @"),
    ] {
        let steps = format!(
            r#"{{"client": "MAIL FROM:<{from}>"}}, {{"server": "250 ok"}}, {{"client": "RCPT TO:<{to}>"}}, {{"server": "250 ok"}}"#
        );
        let (_, visit) = after_login("some mail", &steps).await;
        assert_eq!(visit.steps, ["open", "log in", sent, "close"], "{from:?} {to:?}");
    }
}

#[tokio::test]
async fn a_dialogue_without_a_row_fails_where_what_k9_takes_is_not_understood() {
    for (title, answer, is_wrong) in [
        ("some noop", "250 ok", false),
        ("some noop", "500 no", false),
        ("some noop", "hello", true),
        ("some noop should throw", "hello", false),
        ("opening", "hello", false),
    ] {
        let steps = format!(r#"{{"client": "NOOP"}}, {{"server": "{answer}"}}"#);
        let (dialogue, visit) = after_login(title, &steps).await;
        assert_eq!(is_misunderstood(&dialogue, &visit), is_wrong, "{title}: {answer}");
    }
}
