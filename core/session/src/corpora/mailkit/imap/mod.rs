//! IMAP.

mod acts;
mod server;
mod stated;

use super::*;
use crate::Runtime;
use crate::corpora::server_end::ServerEnd;
use crate::imap::{ImapConnection, ImapSession, MailboxName, UidValidity};

#[tokio::test]
async fn imap_dialogues_are_read_whole_and_byte_by_byte() {
    play_all("imap_dialogues_are_read_whole_and_byte_by_byte", "imap", play).await;
}

/// A dialogue under way.
struct Play<'a> {
    log: Log<'a>,
    chunks: Chunks,
    /// The mailbox that is selected, with its UIDVALIDITY.
    selected: Option<(MailboxName, UidValidity)>,
}

async fn play(dialogue: &Dialogue, chunks: Chunks) -> Vec<Done> {
    let mut play = Play { log: Log::new(dialogue), chunks, selected: None };
    let Some((mut session, mut server)) = play.log_in().await else { return play.log.done };
    for (index, step) in dialogue.steps.iter().enumerate() {
        if session.is_closed() {
            let Some(again) = play.log_in_again().await else { return play.log.done };
            (session, server) = again;
        }
        if let Some(outcome) = play.act(&session, step).await {
            play.log.note(index, step.file.clone(), says_yes(&step.reply), outcome);
        }
        play.log.desk.clear();
    }
    let was_open = !session.is_closed();
    play.log.end(was_open, session.close().await, server).await;
    play.log.done
}

/// Whether a reply ends its command with OK, or asks for more of it.
fn says_yes(reply: &[u8]) -> bool {
    let text = String::from_utf8_lossy(reply).to_ascii_uppercase();
    text.starts_with('+') || text.lines().any(|line| line.starts_with("A######## OK"))
}

impl Play<'_> {
    /// Connects and logs in; the session, and the server behind it.
    async fn log_in(&mut self) -> Option<(ImapSession, JoinHandle<()>)> {
        let log = &mut self.log;
        log.desk.clear();
        log.lay_out_all("CAPABILITY");
        self.selected = None;
        let (wire, peer, _) = ServerEnd::connected(self.chunks);
        let greeting = log.greeting().unwrap_or_else(|| b"* OK ready\r\n".to_vec());
        let server = tokio::spawn(server::serve(peer, log.desk.clone(), greeting));
        let opened = ImapConnection::over(wire, &Runtime::current().unwrap(), timeouts(), false).await;
        let connection = log.noted(0, true, opened, "open")?;
        let logins = logins(&log.dialogue.steps);
        let session = log.log_in(connection, &logins, says_yes, async |connection: ImapConnection| {
            connection.log_in(&credentials()).await
        });
        Some((session.await?, server))
    }

    /// The same after a step that ended the session: what came of the login is known.
    async fn log_in_again(&mut self) -> Option<(ImapSession, JoinHandle<()>)> {
        let known = std::mem::take(&mut self.log.done);
        let again = self.log_in().await;
        self.log.done = known;
        again
    }
}

/// The steps that end a login: by a command, or by the last line of an exchange, which has no blank in it.
fn logins(steps: &[Step]) -> Vec<usize> {
    let is_exchange = |index: usize| {
        index > 0 && !steps[index].said.trim_end().contains(' ') && is_challenge(&steps[index - 1])
    };
    let presents =
        |index: usize| matches!(steps[index].kind().as_str(), "LOGIN" | "AUTHENTICATE") || is_exchange(index);
    (0..steps.len()).filter(|&index| presents(index) && !is_challenge(&steps[index])).collect()
}

fn is_challenge(step: &Step) -> bool {
    step.reply == b"+ \r\n"
}

/// A dialogue of our own with what servers may say, if seldom: it is played to its end.
#[tokio::test]
async fn an_odd_dialogue_is_played_to_its_end() {
    let step = |said: &str, reply: &str| Step {
        said: said.to_owned(),
        reply: format!("{reply}A######## OK done\r\n").into_bytes(),
        file: None,
    };
    let twice = "* LIST () \"/\" a\r\n* LIST () \"/\" \"a\"\r\n";
    let steps = vec![
        step("LOGIN username password\r\n", ""),
        step("LIST \"\" \"*\"\r\n", twice),
        step("SELECT a\r\n", "* 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n"),
        step("UID FETCH 0 (FLAGS)\r\n", "* 1 FETCH (UID 0 FLAGS ())\r\n"),
        step("UID FETCH 1 (FLAGS)\r\n", "* 1 FETCH (UID 2 FLAGS ())\r\n* 1 FETCH (UID 2 FLAGS (\\Seen))\r\n"),
        step("UID STORE 0 FLAGS ()\r\n", ""),
        step("UID STORE 9:3 FLAGS ()\r\n", ""),
        step("UID STORE 1:4294967295 FLAGS ()\r\n", ""),
        step("UID SEARCH ALL\r\n", "* SEARCH 1\r\n* SEARCH 2\r\n"),
    ];
    let dialogue = Dialogue { name: "own".to_owned(), steps, fails: false };
    for chunks in [Chunks::Whole, Chunks::OneByte] {
        let done = play(&dialogue, chunks).await;
        let told: Vec<(usize, &str)> = done.iter().map(|done| (done.step, done.outcome.as_str())).collect();
        let selected = "3 messages, validity 7, next ?, 0 flags of which 0 and new ones last, read and write";
        let expected = [
            (0, "open"),
            (0, "logged in"),
            (1, "a"),
            (2, selected),
            (4, "1 messages, 1 flags"),
            (5, "stored"),
            (6, "stored"),
            (7, "stored"),
            (8, "2 found"),
        ];
        assert_eq!(told, expected);
        assert!(done.iter().all(|done| done.complaint.is_none()), "{done:?}");
    }
}
