//! The dialogues of MailKit's tests: what a client of theirs says, and the recorded reply of a real server to it.
//!
//! Our client says other words for the same ends. So each step is done with the call of ours that is for it, and a lenient server
//! gives the recorded reply to the command that the call needs it for; what our client asks beside that is answered as the RFC has
//! it. What no call of ours is for is left out here (`imap/tests/corpora` reads every reply by itself).
//!
//! The rule for each step: a reply that says yes is read without an error and brings as much as stands in it, one that says no is
//! the typed refusal. `tests/vectors/mailkit.json` says what each reply brings, and of each dialogue whether all of it is read so, or
//! what a step of it comes to instead, and why.

mod desk;
mod imap;
mod pop3;
mod smtp;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use postseal_test_server::script::Chunks;
use serde_json::Value;
use tokio::task::JoinHandle;

use self::desk::Desk;
use super::{corpus, notice, table, transcript};
use crate::{Credentials, Denied, Error, Timeouts};

const TABLE: &str = "tests/vectors/mailkit.json";
/// How long one dialogue may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A conversation, up to which there is a reply for everything that the client says.
struct Dialogue {
    name: String,
    steps: Vec<Step>,
    /// Whether MailKit's own client is to fail in it.
    fails: bool,
}

#[derive(Debug, Clone)]
struct Step {
    /// What MailKit's client says, without its tag.
    said: String,
    reply: Vec<u8>,
    /// The file that the reply is from, as the dialogue names it.
    file: Option<String>,
}

impl Step {
    /// What the step is for: `UID FETCH`, `CAPA`, …
    fn kind(&self) -> String {
        let mut words = self.said.split_whitespace();
        let first = words.next().unwrap_or_default().to_ascii_uppercase();
        match (first.as_str(), words.next()) {
            ("UID", Some(second)) => format!("UID {}", second.to_ascii_uppercase()),
            _ => first,
        }
    }

    /// What it is about: all behind the kind.
    fn arguments(&self) -> &str {
        let kind = self.kind();
        self.said.trim_end().get(kind.len()..).unwrap_or_default().trim_start()
    }

    /// Its commands one by one, with a reply for each, where MailKit sent several in one go.
    fn each(&self, split: impl Fn(&[u8]) -> Vec<Vec<u8>>) -> Vec<Self> {
        let commands: Vec<&str> = self.said.split_inclusive("\r\n").collect();
        let replies = split(&self.reply);
        if commands.len() < 2 || commands.len() != replies.len() {
            return vec![self.clone()];
        }
        let one =
            |(said, reply): (&str, Vec<u8>)| Self { said: said.to_owned(), reply, file: self.file.clone() };
        commands.into_iter().zip(replies).map(one).collect()
    }
}

/// Why a step did not bring what its reply says.
#[derive(Debug)]
enum Odd {
    /// The library says so.
    Error(Error),
    /// It says something else than stands in the reply: what.
    Misread(String),
}

impl From<Error> for Odd {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// What a call brought, in words.
type Outcome = Result<String, Odd>;

/// What a call brought, in the words of `words`.
fn told<T>(outcome: Result<T, Error>, words: impl FnOnce(T) -> String) -> Outcome {
    outcome.map(words).map_err(Odd::from)
}

/// What a step of a dialogue came to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Done {
    step: usize,
    file: Option<String>,
    /// What arrived, or the error, in words.
    outcome: String,
    /// Where the rule for each step is broken: how.
    complaint: Option<String>,
}

/// A dialogue under way: what is ready to be said, and what came of it so far.
struct Log<'a> {
    dialogue: &'a Dialogue,
    desk: Desk,
    done: Vec<Done>,
}

impl<'a> Log<'a> {
    fn new(dialogue: &'a Dialogue) -> Self {
        Self { dialogue, desk: Desk::default(), done: Vec::new() }
    }

    /// What the server greets with.
    fn greeting(&self) -> Option<Vec<u8>> {
        self.dialogue.steps.first().filter(|step| step.said.is_empty()).map(|step| step.reply.clone())
    }

    /// Lays out all replies to commands of this kind.
    fn lay_out_all(&self, kind: &str) {
        let steps = self.dialogue.steps.iter().filter(|step| step.kind() == kind);
        steps.for_each(|step| self.desk.lay_out(kind, step.reply.clone()));
    }

    /// Notes what a call brought, and holds it against the rule: `expects` is whether the reply says yes.
    fn note(&mut self, step: usize, file: Option<String>, expects: bool, outcome: Outcome) {
        let (outcome, complaint) = match outcome {
            Ok(outcome) => (outcome, (!expects).then(|| "a refusal was taken for success".to_owned())),
            Err(Odd::Misread(what)) => (format!("misread: {what}"), Some(what)),
            Err(Odd::Error(error)) => {
                let text = format!("{}: {error}", error.code());
                let is_refusal =
                    matches!(error, Error::Refused(_) | Error::LoginRefused(_) | Error::NotFound { .. });
                (text.clone(), (expects || !is_refusal).then_some(text))
            }
        };
        self.done.push(Done { step, file, outcome, complaint });
    }

    /// The same for a call whose value is still needed; with `word` for the outcome.
    fn noted<T>(&mut self, step: usize, expects: bool, outcome: Result<T, Error>, word: &str) -> Option<T> {
        // A dialogue may begin without its greeting: then this is the reply to something else.
        let is_meant = |found: &&Step| step > 0 || found.said.is_empty();
        let file = self.dialogue.steps.get(step).filter(is_meant).and_then(|step| step.file.clone());
        let (value, outcome) = match outcome {
            Ok(value) => (Some(value), Ok(word.to_owned())),
            Err(error) => (None, Err(error.into())),
        };
        self.note(step, file, expects, outcome);
        value
    }

    /// Notes what is wrong with how an open session ended, and with how its server did.
    async fn end(&mut self, was_open: bool, closed: Result<(), Error>, server: JoinHandle<()>) {
        let step = self.dialogue.steps.len();
        if let (true, Err(error)) = (was_open, closed) {
            self.note(step, None, true, Err(error.into()));
        }
        if let Err(error) = server.await {
            self.note(step, None, true, Err(Odd::Misread(format!("the server gave up: {error}"))));
        }
    }

    /// Logs in with the reply of each step that presents a secret, until one says yes. Where MailKit goes on without a login, our
    /// client still wants one; the server then says yes to it.
    async fn log_in<C, S>(
        &mut self,
        mut connection: C,
        logins: &[usize],
        says_yes: impl Fn(&[u8]) -> bool,
        log_in: impl AsyncFn(C) -> Result<S, Denied<C>>,
    ) -> Option<S> {
        let steps = &self.dialogue.steps;
        if logins.is_empty() {
            return self.noted(steps.len(), true, log_in(connection).await.map_err(Error::from), "logged in");
        }
        for &index in logins {
            let reply = steps[index].reply.clone();
            let expects = says_yes(&reply);
            self.desk.lay_out("login", reply);
            match log_in(connection).await {
                Ok(session) => return self.noted(index, expects, Ok(session), "logged in"),
                Err(Denied { error, connection: back }) => {
                    self.noted::<()>(index, expects, Err(error), "");
                    connection = back?;
                }
            }
        }
        None
    }
}

fn credentials() -> Credentials {
    Credentials::password("username", "password").unwrap()
}

fn timeouts() -> Timeouts {
    Timeouts { progress: Duration::from_secs(20), close: Duration::from_secs(2), ..Timeouts::default() }
}

/// The dialogues of a protocol. A step whose reply is not among the transcripts is left out.
fn dialogues(folder: &Path, protocol: &str) -> Vec<Dialogue> {
    let text = std::fs::read(folder.join("dialogues.json")).unwrap();
    let Value::Object(all) = serde_json::from_slice(&text).unwrap() else { panic!("no table of dialogues") };
    let of_protocol = all.into_iter().filter(|(name, _)| name.starts_with(protocol));
    of_protocol
        .map(|(name, entry)| {
            let steps = entry["steps"].as_array().unwrap();
            let steps = steps.iter().filter_map(|step| self::step(folder, protocol, step)).collect();
            Dialogue { name, steps, fails: entry.get("throws").is_some() }
        })
        .collect()
}

fn step(folder: &Path, protocol: &str, entry: &Value) -> Option<Step> {
    let said = entry["expect"].as_str().unwrap();
    // A tag, and what may follow it without a blank where the line goes on from another.
    let is_tagged = |said: &str| {
        said.len() > 9 && said.starts_with('A') && said.as_bytes()[1..9].iter().all(u8::is_ascii_digit)
    };
    let said = if is_tagged(said) { said[9..].trim_start_matches(' ') } else { said };
    let (reply, file) = match (entry["reply"].as_str(), entry["reply_file"].as_str()) {
        (Some("OK"), _) => (b"A######## OK completed\r\n".to_vec(), None),
        (Some("NO"), _) => (b"A######## NO failed\r\n".to_vec(), None),
        (Some("BAD"), _) => (b"A######## BAD failed\r\n".to_vec(), None),
        (Some("Plus"), _) => (b"+ \r\n".to_vec(), None),
        (_, Some(file)) => (transcript(&path(folder, protocol, file)?), Some(file.to_owned())),
        (reply, None) => {
            notice(&format!("no such reply, and left out: {reply:?} to {said:?}"));
            return None;
        }
    };
    Some(Step { said: said.to_owned(), reply, file })
}

/// The transcript that a dialogue means: `gmail.fetch.1.txt` is `fetch.1.txt` in the folder `gmail`.
fn path(folder: &Path, protocol: &str, file: &str) -> Option<PathBuf> {
    let (first, rest) = protocol.split_at(1);
    let resources = folder.join(first.to_ascii_uppercase() + rest).join("Resources");
    let in_folders = file.match_indices('.').map(|(at, _)| resources.join(&file[..at]).join(&file[at + 1..]));
    in_folders.chain([resources.join(file)]).find(|path| path.is_file())
}

/// Plays every dialogue of a protocol, whole and one byte at a time, and holds what came of it against the rule and the table.
async fn play_all(test: &str, protocol: &str, play: impl AsyncFn(&Dialogue, Chunks) -> Vec<Done>) {
    let Some(folder) = corpus(test, "mailkit-transcripts") else { return };
    let mut expected = Expected::read(protocol);
    let mut wrong = Vec::new();
    for dialogue in dialogues(&folder, protocol) {
        let mut seen = None;
        for chunks in [Chunks::Whole, Chunks::OneByte] {
            let played = tokio::time::timeout(PATIENCE, play(&dialogue, chunks)).await;
            let Ok(played) = played else {
                wrong.push(format!("{}: too slow, {chunks:?}", dialogue.name));
                continue;
            };
            if seen.as_ref().is_some_and(|seen| *seen != played) {
                wrong.push(format!("{}: {played:?} {chunks:?}, and {seen:?}", dialogue.name));
            }
            seen = Some(played);
        }
        wrong.extend(expected.check(&dialogue, &seen.unwrap_or_default()));
    }
    assert_eq!(wrong, [""; 0]);
    // A row without its file is a wrong row.
    assert_eq!(expected.left(&folder), [""; 0]);
}

/// The part of the table that is about one protocol.
struct Expected {
    protocol: String,
    /// What a reply brings, by its file.
    replies: BTreeMap<String, String>,
    /// The steps of each dialogue that come to something else than their replies bring elsewhere.
    dialogues: BTreeMap<String, BTreeMap<String, String>>,
}

impl Expected {
    fn read(protocol: &str) -> Self {
        let table: Value = table("mailkit.json");
        let mine = |key: &str| {
            let Value::Object(rows) = table[key].clone() else { panic!("no {key}") };
            rows.into_iter().filter(move |(name, _)| name.starts_with(protocol))
        };
        let text = |value: Value| value.as_str().unwrap().to_owned();
        let replies = mine("replies").map(|(file, brings)| (file, text(brings))).collect();
        let dialogues = mine("dialogues").map(|(name, row)| {
            if row.as_str() == Some("read") {
                return (name, BTreeMap::new());
            }
            assert!(row["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{name}");
            let Value::Object(steps) = row["steps"].clone() else { panic!("{name}: no steps") };
            (name, steps.into_iter().map(|(step, outcome)| (step, text(outcome))).collect())
        });
        let dialogues = dialogues.collect();
        Self { protocol: protocol.to_owned(), replies, dialogues }
    }

    /// What is wrong with how a dialogue went.
    fn check(&mut self, dialogue: &Dialogue, played: &[Done]) -> Vec<String> {
        let row = self.dialogues.remove(&dialogue.name);
        if row.is_none() {
            notice(&format!("no row in {TABLE}: {}", dialogue.name));
        }
        let row = row.unwrap_or_default();
        let mut wrong = Vec::new();
        for Done { step, file, outcome, complaint } in played {
            let file = file.as_ref().map(|file| format!("{}/{file}", self.protocol));
            let expected = row.get(&step.to_string()).or_else(|| self.replies.get(file.as_ref()?));
            let named = || format!("{} step {step} ({file:?}): {outcome:?}", dialogue.name);
            match (expected, complaint) {
                (Some(expected), _) if expected == outcome => {}
                (Some(expected), _) => wrong.push(format!("{}, expected {expected:?}", named())),
                (None, Some(complaint)) if !dialogue.fails => wrong.push(format!("{}: {complaint}", named())),
                (None, _) if file.is_some() => {
                    notice(&format!("no row in {TABLE}: {}", named()));
                }
                (None, _) => {}
            }
        }
        wrong
    }

    /// The rows whose dialogue or file is not there.
    fn left(&self, folder: &Path) -> Vec<String> {
        let prefix = format!("{}/", self.protocol);
        let is_missing =
            |name: &&String| path(folder, &self.protocol, name.trim_start_matches(&prefix)).is_none();
        self.dialogues.keys().chain(self.replies.keys().filter(is_missing)).cloned().collect()
    }
}

/// What is misread is held against the row, is wrong without one, and is told where MailKit fails too.
#[test]
fn a_misread_step_is_a_complaint_and_no_panic() {
    let step = Step { said: "LIST\r\n".to_owned(), reply: Vec::new(), file: None };
    let check = |row: Option<&str>, fails: bool| {
        let dialogue = Dialogue { name: "own".to_owned(), steps: vec![step.clone()], fails };
        let mut log = Log::new(&dialogue);
        log.note(0, None, true, Err(Odd::Misread("2 of 3".to_owned())));
        let row = row.map(|outcome| BTreeMap::from([("0".to_owned(), outcome.to_owned())]));
        let dialogues = BTreeMap::from([("own".to_owned(), row.unwrap_or_default())]);
        let mut expected = Expected { protocol: "imap".to_owned(), replies: BTreeMap::new(), dialogues };
        expected.check(&dialogue, &log.done).len()
    };
    assert_eq!(check(None, false), 1);
    assert_eq!(check(None, true), 0);
    assert_eq!(check(Some("misread: 2 of 3"), false), 0);
    assert_eq!(check(Some("INBOX"), true), 1);
}
