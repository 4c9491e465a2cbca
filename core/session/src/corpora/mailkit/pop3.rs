//! POP3.

use super::*;
use crate::corpora::server_end::ServerEnd;
use crate::{Pop3Connection, Pop3Session, Runtime};

/// The largest message that is asked for.
const LIMIT: usize = 1 << 20;

#[tokio::test]
async fn pop3_dialogues_are_read_whole_and_byte_by_byte() {
    play_all("pop3_dialogues_are_read_whole_and_byte_by_byte", "pop3", play).await;
}

/// A server that answers everything: what is laid out first, else yes and nothing.
async fn serve(mut peer: ServerEnd, desk: Desk, greeting: Vec<u8>) {
    peer.say(greeting).await;
    while let Some(line) = peer.line().await {
        let line = String::from_utf8_lossy(&line).into_owned();
        let mut words = line.split(' ');
        let kind = words.next().unwrap_or_default().to_ascii_uppercase();
        let reply = match kind.as_str() {
            "AUTH" => {
                let challenges = match (words.next(), words.next()) {
                    (Some("LOGIN"), _) => 2,
                    (_, initial) => usize::from(initial.is_none()),
                };
                for _ in 0..challenges {
                    peer.say("+ \r\n").await;
                    peer.line().await;
                }
                desk.take("login")
            }
            "USER" => None,
            "PASS" => desk.take("login"),
            kind => desk.take(kind),
        };
        let otherwise = match kind.as_str() {
            "CAPA" => "-ERR what?\r\n",
            "LIST" | "UIDL" | "RETR" | "TOP" => "+OK\r\n.\r\n",
            "STAT" => "+OK 0 0\r\n",
            _ => "+OK\r\n",
        };
        peer.say(reply.unwrap_or_else(|| otherwise.into())).await;
    }
}

/// A dialogue under way.
struct Play<'a> {
    log: Log<'a>,
    chunks: Chunks,
}

async fn play(dialogue: &Dialogue, chunks: Chunks) -> Vec<Done> {
    let mut play = Play { log: Log::new(dialogue), chunks };
    let Some((mut session, mut server)) = play.log_in().await else { return play.log.done };
    for (index, step) in dialogue.steps.iter().enumerate() {
        for step in step.each(replies) {
            if session.is_closed() {
                let Some(again) = play.log_in_again().await else { return play.log.done };
                (session, server) = again;
            }
            if let Some(outcome) = play.act(&session, &step).await {
                play.log.note(index, step.file.clone(), says_yes(&step.reply), outcome);
            }
        }
    }
    let was_open = !session.is_closed();
    play.log.end(was_open, session.close().await, server).await;
    play.log.done
}

/// The replies in one recording: each ends with its first line, or with a lone dot where it goes on.
fn replies(recording: &[u8]) -> Vec<Vec<u8>> {
    let has_ends = recording.ends_with(b"\r\n.\r\n");
    let mut replies = vec![Vec::new()];
    for line in recording.split_inclusive(|&byte| byte == b'\n') {
        replies.last_mut().unwrap().extend_from_slice(line);
        if line == b".\r\n" || !has_ends {
            replies.push(Vec::new());
        }
    }
    replies.retain(|reply| !reply.is_empty());
    replies
}

fn says_yes(reply: &[u8]) -> bool {
    reply.starts_with(b"+")
}

impl Play<'_> {
    /// Connects and logs in; the session, and the server behind it.
    async fn log_in(&mut self) -> Option<(Pop3Session, JoinHandle<()>)> {
        let log = &mut self.log;
        log.desk.clear();
        log.lay_out_all("CAPA");
        let (wire, peer, _) = ServerEnd::connected(self.chunks);
        let greeting = log.greeting().unwrap_or_else(|| b"+OK ready\r\n".to_vec());
        let server = tokio::spawn(serve(peer, log.desk.clone(), greeting));
        let opened = Pop3Connection::begin(Runtime::current().unwrap(), wire, true, timeouts()).await;
        let connection = log.noted(0, true, opened, "open")?;
        let logins = logins(&log.dialogue.steps);
        let session = log.log_in(connection, &logins, says_yes, async |connection: Pop3Connection| {
            connection.log_in(&credentials()).await
        });
        Some((session.await?, server))
    }

    /// The same after a step that ended the session: what came of the login is known.
    async fn log_in_again(&mut self) -> Option<(Pop3Session, JoinHandle<()>)> {
        let known = std::mem::take(&mut self.log.done);
        let again = self.log_in().await;
        self.log.done = known;
        again
    }

    /// Does what a step is for; `None` where no call of ours is.
    async fn act(&mut self, session: &Pop3Session, step: &Step) -> Option<Outcome> {
        let kind = step.kind();
        let number = step.arguments().split(' ').next().and_then(|word| word.parse().ok());
        self.log.desk.lay_out(&kind, step.reply.clone());
        let outcome = match (kind.as_str(), number) {
            ("STAT", _) => {
                let counted = session.stat().await;
                told(counted, |drop| format!("{} messages, {} octets", drop.messages, drop.octets))
            }
            ("LIST" | "UIDL", None) => self.list(session, &kind, &step.reply).await,
            ("RETR", Some(number)) => message(session.retrieve_to_vec(number, LIMIT).await, &step.reply),
            ("TOP", Some(number)) => message(session.top(number, 0, LIMIT).await, &step.reply),
            ("DELE", Some(number)) => told(session.delete(number).await, |()| "deleted".to_owned()),
            ("RSET", _) => told(session.reset().await, |()| "reset".to_owned()),
            ("NOOP", _) => told(session.noop().await, |()| "alive".to_owned()),
            ("QUIT", _) => told(session.quit().await, |update| format!("{update:?}")),
            _ => {
                // Our listing asks for all, and there is no call for languages and UTF-8.
                self.log.desk.clear();
                return None;
            }
        };
        self.log.desk.clear();
        Some(outcome)
    }

    /// A listing needs both lists; the one that is not recorded here has the same messages.
    async fn list(&self, session: &Pop3Session, kind: &str, reply: &[u8]) -> Outcome {
        let other = if kind == "LIST" { "UIDL" } else { "LIST" };
        let reply = String::from_utf8_lossy(reply);
        let numbers = reply.lines().skip(1).filter_map(|line| line.split(' ').next()?.parse::<u32>().ok());
        let numbers: String = numbers.map(|number| format!("{number} {number}\r\n")).collect();
        self.log.desk.lay_out(other, format!("+OK\r\n{numbers}.\r\n"));
        let listed = session.messages().await?.into_iter().map(|message| match (kind, message.uid) {
            ("UIDL", Some(uid)) => format!("{}={uid}", message.number),
            ("UIDL", None) => format!("{}=?", message.number),
            _ => format!("{}={}", message.number, message.size),
        });
        Ok(listed.collect::<Vec<_>>().join(" "))
    }
}

/// What was retrieved has to be what stands in the recording, taken out line by line.
fn message(retrieved: Result<Vec<u8>, Error>, recording: &[u8]) -> Outcome {
    let bytes = retrieved?;
    let lines = recording.split_inclusive(|&byte| byte == b'\n').skip(1);
    let lines = lines.take_while(|line| *line != b".\r\n");
    let expected: Vec<u8> = lines.flat_map(|line| line.strip_prefix(b".").unwrap_or(line)).copied().collect();
    if bytes != expected {
        return Err(Odd::Misread(format!("{} bytes arrived of {}", bytes.len(), expected.len())));
    }
    Ok(format!("{} bytes", bytes.len()))
}

/// The steps that end the presenting of a secret, by a command or the last line of an exchange.
fn logins(steps: &[Step]) -> Vec<usize> {
    let presents = |step: &Step| {
        let kind = step.kind();
        matches!(kind.as_str(), "PASS" | "APOP" | "AUTH") || (kind.len() > 4 && step.arguments().is_empty())
    };
    let is_challenge = |step: &Step| step.reply.starts_with(b"+ ") || step.reply.trim_ascii() == b"+";
    (0..steps.len()).filter(|&index| presents(&steps[index]) && !is_challenge(&steps[index])).collect()
}
