//! The POP3 cases.

use super::server::Script;
use super::*;
use crate::corpora::server_end::ServerEnd;
use crate::{Pop3Connection, Pop3Session, Runtime};

/// The largest message that is asked for.
const LIMIT: usize = 1 << 20;
/// The server's own list of ids.
const IDS: &str = "1 1\r\n2 2\r\n3 4\r\n";

pub(super) struct Server {
    peer: ServerEnd,
    script: Script,
    data: String,
}

impl Server {
    pub(super) fn of(case: &Case, peer: ServerEnd) -> Self {
        Self { peer, script: Script::of(case), data: case.data.clone() }
    }

    pub(super) async fn serve(mut self) -> Option<()> {
        let greeting = self.script.greeting.clone();
        self.peer.say(greeting.unwrap_or_else(|| "+OK curl POP3 server ready to serve\r\n".to_owned())).await;
        loop {
            let line = String::from_utf8_lossy(&self.peer.line().await?).into_owned();
            let reply = match (line.split(' ').next()?, self.script.reply(&line)) {
                ("AUTH", _) => self.script.exchange(&mut self.peer, &line, "+ ", "+OK in\r\n").await?,
                (_, Some(reply)) => reply,
                (command, None) => self.usual(command),
            };
            self.peer.say(reply).await;
        }
    }

    fn usual(&self, command: &str) -> String {
        let data = &self.data;
        match command {
            "CAPA" => {
                let mechanisms = &self.script.mechanisms;
                let sasl = (!mechanisms.is_empty()).then(|| format!("SASL {}", mechanisms.join(" ")));
                let named = self.script.capabilities.iter().filter(|name| *name != "APOP").cloned();
                let all: Vec<String> = named.chain(sasl).collect();
                if all.is_empty() {
                    return "-ERR Unrecognized command\r\n".to_owned();
                }
                format!("+OK List of capabilities follows\r\n{}\r\n.\r\n", all.join("\r\n"))
            }
            "RETR" | "TOP" => format!("+OK Mail transfer starts\r\n{data}.\r\n"),
            // The messages whose ids the server has, where the case lists none.
            "LIST" if data.is_empty() => format!("+OK Listing starts\r\n{IDS}.\r\n"),
            "LIST" => format!("+OK Listing starts\r\n{data}.\r\n"),
            "UIDL" if self.script.capabilities.iter().any(|name| name == "UIDL") => {
                format!("+OK Listing starts\r\n{IDS}.\r\n")
            }
            "UIDL" | "STLS" => "-ERR Unrecognized command\r\n".to_owned(),
            "STAT" => "+OK 3 4294967800\r\n".to_owned(),
            _ => "+OK\r\n".to_owned(),
        }
    }
}

pub(super) async fn play(case: &Case, chunks: Chunks, outcome: &mut Outcome) -> Result<(), Error> {
    for (index, said) in case.sessions().iter().enumerate() {
        let credentials = credentials(case, index)?;
        let (wire, peer, heard) = ServerEnd::connected(chunks);
        outcome.heard.push(heard.clone());
        tokio::spawn(Server::of(case, peer).serve());
        let connection = Pop3Connection::begin(Runtime::current()?, wire, true, timeouts()).await?;
        let logged_in = connection.log_in(&credentials).await;
        note_login(said, &heard_lines(&heard), outcome);
        let session = logged_in?;
        for line in said {
            act(case, &session, line, outcome).await?;
        }
        session.close().await?;
    }
    Ok(())
}

/// Whether the same was presented, by an exchange or by USER and PASS.
fn note_login(said: &[String], heard: &[String], outcome: &mut Outcome) {
    let login = |lines: &[String]| -> Vec<String> {
        lines.iter().filter(|line| line.starts_with("USER ") || line.starts_with("PASS ")).cloned().collect()
    };
    let is_same = login(said) == login(heard) && presented(said) == presented(heard);
    outcome.note(
        if login(heard).is_empty() { "presents by SASL" } else { "presents by USER and PASS" },
        is_same,
    );
}

/// Does what a line of curl's is for.
async fn act(case: &Case, session: &Pop3Session, line: &str, outcome: &mut Outcome) -> Result<(), Error> {
    let mut words = line.split(' ');
    let (command, first) = (words.next().unwrap_or_default(), words.next());
    let number = || first.and_then(|word| word.parse().ok()).unwrap_or(0);
    match command {
        "RETR" | "TOP" => {
            let bytes = match command {
                "RETR" => session.retrieve_to_vec(number(), LIMIT).await?,
                _ => session.top(number(), 0, LIMIT).await?,
            };
            outcome.note(format!("retrieved {} bytes", bytes.len()), bytes == without_stuffing(&case.data));
        }
        "LIST" | "UIDL" => {
            let listed = session.messages().await?.into_iter().map(|message| match (command, message.uid) {
                ("UIDL", Some(uid)) => format!("{} {uid}\r\n", message.number),
                _ => format!("{} {}\r\n", message.number, message.size),
            });
            let listed: Vec<String> = listed.collect();
            let stated = if command == "UIDL" { IDS } else { &case.data };
            outcome.note(format!("{} listed", listed.len()), first.is_none() && listed.concat() == stated);
        }
        "STAT" => {
            let maildrop = session.stat().await?;
            let is_same = (maildrop.messages, maildrop.octets) == (3, 4_294_967_800);
            outcome.note(format!("{} messages, {} octets", maildrop.messages, maildrop.octets), is_same);
        }
        "DELE" => {
            session.delete(number()).await?;
            outcome.note("deleted", true);
        }
        "RSET" => {
            session.reset().await?;
            outcome.note("reset", true);
        }
        "NOOP" => {
            session.noop().await?;
            outcome.note("alive", true);
        }
        _ => {}
    }
    Ok(())
}

/// What a message is without the dots that its transfer adds.
fn without_stuffing(data: &str) -> Vec<u8> {
    let lines = data.split_inclusive('\n').map(|line| line.strip_prefix('.').unwrap_or(line));
    lines.collect::<String>().into_bytes()
}
