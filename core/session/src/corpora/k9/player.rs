//! The server of a dialogue. It is lenient: what is said to a kind of command counts, not how that is worded, and what the dialogue
//! does not know is answered as any server would.

use std::io;

use super::dialogue::Line;
use super::script::{Command, Exchange, Round, Script};
use crate::corpora::peer::Peer;
use crate::corpora::visit::Protocol;

pub(super) struct Player {
    pub(super) peer: Peer,
    protocol: Protocol,
    script: Script,
    /// Whether a login was answered as the dialogue wants it.
    has_answered_login: bool,
    /// How many recipients there are for the next message.
    recipients: usize,
}

/// Whether the conversation goes on.
#[derive(PartialEq, Eq)]
enum Next {
    Command,
    End,
}

impl Player {
    pub(super) const fn new(peer: Peer, protocol: Protocol, script: Script) -> Self {
        Self { peer, protocol, script, has_answered_login: false, recipients: 0 }
    }

    /// Plays to the end of the conversation.
    pub(super) async fn play(&mut self) -> io::Result<()> {
        let greeting = std::mem::take(&mut self.script.greeting);
        if self.round(&greeting, "", "").await? == Next::End {
            return Ok(());
        }
        loop {
            let line = self.peer.line().await?;
            let Some(command) = Command::read(self.protocol, &line) else {
                self.say("", self.unknown()).await?;
                continue;
            };
            let exchange = self.script.take(&command.kind);
            let next = match (command.kind.as_str(), exchange) {
                ("LOGIN", exchange) => self.log_in(&command, exchange).await?,
                ("DATA", exchange) => self.data(exchange).await?,
                (_, Some(exchange)) => self.exchange(&command, exchange).await?,
                (_, None) => self.default(&command).await?,
            };
            if next == Next::End {
                return Ok(());
            }
        }
    }

    /// Does what stands in a round, in the name of our tag.
    async fn round(&mut self, round: &Round, their_tag: &str, our_tag: &str) -> io::Result<Next> {
        for line in &round.0 {
            match line {
                Line::Server(text) => {
                    let tagged = text.strip_prefix(their_tag).filter(|_| !their_tag.is_empty());
                    let text = tagged.map_or_else(|| text.clone(), |rest| format!("{our_tag}{rest}"));
                    self.peer.say(text + "\r\n").await?;
                }
                Line::Tls if !self.peer.is_tls() => self.peer.start_tls().await?,
                Line::Close => return Ok(Next::End),
                Line::Tls | Line::Client(_) => {}
            }
        }
        Ok(Next::Command)
    }

    /// An exchange as it is written. Where it stops in the middle of an answer the server hangs up; where it stops before one, the
    /// server answers like any other.
    async fn exchange(&mut self, command: &Command, exchange: Exchange) -> io::Result<Next> {
        self.recipients += usize::from(command.kind == "RCPT" && exchange.rounds[0].is_yes());
        for round in &exchange.rounds {
            if self.round(round, &exchange.command.tag, &command.tag).await? == Next::End {
                return Ok(Next::End);
            }
            if round.is_challenge() {
                self.peer.line().await?;
                continue;
            }
            if round.0.is_empty() {
                break;
            }
            let is_promise = matches!(command.kind.as_str(), "STARTTLS" | "STLS") && round.is_yes();
            let is_kept = self.peer.is_tls() || !is_promise;
            let is_over = !self.is_complete(round, &exchange.command.tag) || !is_kept;
            return Ok(if is_over { Next::End } else { Next::Command });
        }
        self.default(command).await
    }

    fn is_complete(&self, round: &Round, tag: &str) -> bool {
        match self.protocol {
            Protocol::Imap => round.said().any(|line| line.split(' ').next() == Some(tag)),
            Protocol::Smtp | Protocol::Pop3 => !round.0.is_empty(),
        }
    }

    /// A login: ours may take another mechanism, and other rounds, but it ends as the dialogue says.
    async fn log_in(&mut self, command: &Command, exchange: Option<Exchange>) -> io::Result<Next> {
        let Some(exchange) = exchange else {
            let is_welcome =
                !std::mem::replace(&mut self.has_answered_login, true) && self.script.mechanism.is_none();
            self.ask_all(command).await?;
            let [yes, no] = self.verdicts();
            return self.say(&command.tag, if is_welcome { yes } else { no }).await;
        };
        self.has_answered_login = true;
        let (theirs, last) = (&exchange.command, exchange.rounds.len() - 1);
        let is_same = theirs.mechanism == command.mechanism;
        if !is_same || (theirs.is_whole && !command.is_whole) {
            self.ask_all(command).await?;
        }
        // Our first line may bring what theirs holds back.
        let first = usize::from(command.is_whole && !theirs.is_whole);
        let mut at = if is_same { last.min(first) } else { last };
        loop {
            let round = &exchange.rounds[at];
            if self.round(round, &theirs.tag, &command.tag).await? == Next::End {
                return Ok(Next::End);
            }
            // The yes to USER asks for PASS.
            let asks = round.is_challenge() || (command.mechanism == "USER" && round.is_yes());
            if at == last || !asks {
                return Ok(if self.is_complete(round, &theirs.tag) { Next::Command } else { Next::End });
            }
            self.peer.line().await?;
            at += 1;
        }
    }

    /// Asks for all that our mechanism has to bring.
    async fn ask_all(&mut self, command: &Command) -> io::Result<()> {
        let challenge = match self.protocol {
            _ if command.mechanism == "USER" => "+OK\r\n",
            Protocol::Smtp => "334 \r\n",
            Protocol::Imap | Protocol::Pop3 => "+ \r\n",
        };
        let count = if command.is_whole { 0 } else { 1 + usize::from(command.mechanism == "LOGIN") };
        for _ in 0..count {
            self.peer.say(challenge).await?;
            self.peer.line().await?;
        }
        Ok(())
    }

    const fn verdicts(&self) -> [&'static str; 2] {
        match self.protocol {
            Protocol::Smtp => ["235 in", "535 no more"],
            Protocol::Imap => ["OK in", "NO no more"],
            Protocol::Pop3 => ["+OK in", "-ERR no more"],
        }
    }

    const fn unknown(&self) -> &'static str {
        match self.protocol {
            Protocol::Smtp => "502 unknown",
            Protocol::Imap => "* BAD unknown",
            Protocol::Pop3 => "-ERR unknown",
        }
    }

    async fn say(&mut self, tag: &str, text: &str) -> io::Result<Next> {
        let blank = if tag.is_empty() { "" } else { " " };
        self.peer.say(format!("{tag}{blank}{text}\r\n")).await?;
        Ok(Next::Command)
    }

    /// The message, and what is said to its end.
    async fn data(&mut self, exchange: Option<Exchange>) -> io::Result<Next> {
        let rounds = exchange.map(|exchange| exchange.rounds).unwrap_or_default();
        let has_recipients = std::mem::take(&mut self.recipients) > 0;
        let go_ahead = Round::say(if has_recipients { "354 go" } else { "554 no recipients" });
        let go_ahead = rounds.first().cloned().unwrap_or(go_ahead);
        if self.round(&go_ahead, "", "").await? == Next::End {
            return Ok(Next::End);
        }
        if !go_ahead.said().any(|line| line.starts_with('3')) {
            return Ok(Next::Command);
        }
        while self.peer.line().await? != "." {}
        let verdict = rounds.last().filter(|_| rounds.len() > 1).cloned();
        self.round(&verdict.unwrap_or_else(|| Round::say("250 taken")), "", "").await
    }

    /// What any server would say.
    async fn default(&mut self, command: &Command) -> io::Result<Next> {
        let tag = &command.tag;
        if matches!(command.kind.as_str(), "QUIT" | "LOGOUT") {
            let farewell = match self.protocol {
                Protocol::Smtp => "221 bye".to_owned(),
                Protocol::Imap => format!("* BYE\r\n{tag} OK bye"),
                Protocol::Pop3 => "+OK bye".to_owned(),
            };
            self.say("", &farewell).await?;
            return Ok(Next::End);
        }
        self.recipients += usize::from(command.kind == "RCPT");
        let answer = match (self.protocol, command.kind.as_str()) {
            (Protocol::Smtp, "STARTTLS") => "502 unknown".to_owned(),
            (Protocol::Smtp, "EHLO") => "250-localhost\r\n250 AUTH PLAIN XOAUTH2".to_owned(),
            (Protocol::Smtp, _) => "250 ok".to_owned(),
            (Protocol::Pop3, "STLS" | "CAPA") => "-ERR unknown".to_owned(),
            (Protocol::Pop3, "LIST" | "UIDL") => "+OK\r\n.".to_owned(),
            (Protocol::Pop3, "STAT") => "+OK 0 0".to_owned(),
            (Protocol::Pop3, _) => "+OK".to_owned(),
            (Protocol::Imap, "STARTTLS") => format!("{tag} BAD unknown"),
            (Protocol::Imap, "CAPABILITY") => format!("* CAPABILITY IMAP4rev1\r\n{tag} OK"),
            (Protocol::Imap, "SELECT" | "EXAMINE") => {
                format!("* 0 EXISTS\r\n* OK [UIDVALIDITY 1] one\r\n{tag} OK")
            }
            (Protocol::Imap, _) => format!("{tag} OK"),
        };
        self.say("", &answer).await
    }
}
