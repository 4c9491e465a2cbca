//! The SMTP cases.

use std::sync::{Arc, Mutex};

use postseal_types::{Address, Envelope};

use super::case::Operation;
use super::server::Script;
use super::*;
use crate::corpora::server_end::ServerEnd;
use crate::{Delivery, NotSent, Runtime, Security, SendOptions, SmtpConnection, SmtpSession};

/// The messages as they came, each with the dots and the end of its transfer.
pub(super) type Received = Arc<Mutex<Vec<u8>>>;

pub(super) struct Server {
    peer: ServerEnd,
    script: Script,
    received: Received,
}

impl Server {
    pub(super) fn of(case: &Case, peer: ServerEnd, received: &Received) -> Self {
        Self { peer, script: Script::of(case), received: received.clone() }
    }

    pub(super) async fn serve(mut self) -> Option<()> {
        let greeting = self.script.greeting.clone();
        self.peer.say(greeting.unwrap_or_else(|| "220-curl\r\n220 SMTP server\r\n".to_owned())).await;
        loop {
            let line = String::from_utf8_lossy(&self.peer.line().await?).into_owned();
            let command = line.split(' ').next()?;
            let reply = match (command, self.script.reply(&line)) {
                ("AUTH", _) => {
                    self.script.exchange(&mut self.peer, &line, "334", "235 Authenticated\r\n").await?
                }
                (_, Some(reply)) => reply,
                (command, None) => self.usual(command, &line),
            };
            self.peer.say(&reply).await;
            if command == "DATA" && reply.starts_with('3') {
                self.receive().await?;
                self.peer.say("250 OK, data received!\r\n").await;
            }
        }
    }

    fn usual(&self, command: &str, line: &str) -> String {
        match command {
            "EHLO" => {
                // Our client never sends without a login, which these cases mostly do without.
                let mechanisms = if self.script.mechanisms.is_empty() {
                    "PLAIN".to_owned()
                } else {
                    self.script.mechanisms.join(" ")
                };
                let offers: String =
                    self.script.capabilities.iter().map(|name| format!("250-{name}\r\n")).collect();
                format!("250-ESMTP\r\n{offers}250 AUTH {mechanisms}\r\n")
            }
            "MAIL" => {
                let number = |text: &str| text.split_once("SIZE")?.1.get(1..)?.parse::<usize>().ok();
                let limit = self.script.capabilities.iter().find_map(|name| number(name));
                match (number(line), limit) {
                    (Some(size), Some(limit)) if size > limit => "552 Message size too large\r\n".to_owned(),
                    _ => "250 Sender OK\r\n".to_owned(),
                }
            }
            "RCPT" => {
                let takes_any = self.script.capabilities.iter().any(|name| name == "SMTPUTF8");
                let is_good = line.contains('@') && (takes_any || line.is_ascii());
                if is_good { "250 Recipient OK\r\n".to_owned() } else { "501 Invalid address\r\n".to_owned() }
            }
            "DATA" => "354 Show me the mail\r\n".to_owned(),
            "STARTTLS" => "500 STARTTLS is not dealt with!\r\n".to_owned(),
            "QUIT" => "221 bye\r\n".to_owned(),
            _ => "250 OK\r\n".to_owned(),
        }
    }

    async fn receive(&mut self) -> Option<()> {
        loop {
            let line = self.peer.line().await?;
            let mut received = self.received.lock().unwrap();
            received.extend_from_slice(&line);
            received.extend_from_slice(b"\r\n");
            if line == b"." {
                return Some(());
            }
        }
    }
}

pub(super) async fn play(case: &Case, chunks: Chunks, outcome: &mut Outcome) -> Result<(), Error> {
    for (index, said) in case.sessions().iter().enumerate() {
        let credentials = credentials(case, index)?;
        let envelope = envelope(case, index, said)?;
        let received = Received::default();
        let (wire, peer, heard) = ServerEnd::connected(chunks);
        outcome.heard.push(heard.clone());
        tokio::spawn(Server::of(case, peer, &received).serve());
        let connection = SmtpConnection::begin(wire, Security::Tls, Runtime::current()?, timeouts()).await?;
        let logged_in = connection.log_in(&credentials).await;
        let theirs = presented(said);
        if !theirs.is_empty() {
            outcome.note("presents by SASL", theirs == presented(&heard_lines(&heard)));
        }
        let session = logged_in?;
        for line in said {
            match line.split(' ').next().unwrap_or_default() {
                "MAIL" => send(case, case.operation(index), said, &session, &envelope, outcome).await?,
                "NOOP" => {
                    session.noop().await?;
                    outcome.note("alive", true);
                }
                other @ ("VRFY" | "EXPN" | "HELP" | "RSET" | "vrfy") => {
                    outcome.note(format!("no call for {other}"), false)
                }
                _ => {}
            }
        }
        session.close().await?;
        note_wire(case, said, &heard_lines(&heard), &received, outcome);
    }
    Ok(())
}

/// Whom the command line names, or, where curl is used as a library, the lines that it says.
fn envelope(case: &Case, session: usize, said: &[String]) -> Result<Envelope, Error> {
    let sends = said.is_empty() || said.iter().any(|line| line.starts_with("MAIL "));
    if !sends && case.operation(session).options(&["--mail-from"]).is_empty() {
        return Ok(Envelope { from: None, to: Vec::new() });
    }
    let invalid = |_| Error::invalid("address", "it is none");
    let of_line =
        |line: &String| line.split_once('<').and_then(|(_, rest)| rest.split('>').next()).map(str::to_owned);
    let said = |word: &'static str| {
        said.iter().filter(move |line| line.starts_with(word)).filter_map(of_line).collect()
    };
    let given = |option: &str| -> Vec<String> {
        case.operation(session).options(&[option]).into_iter().map(str::to_owned).collect()
    };
    let (from, to) = (given("--mail-from"), given("--mail-rcpt"));
    let (from, to) = if from.is_empty() && to.is_empty() { (said("MAIL"), said("RCPT")) } else { (from, to) };
    let from = from
        .first()
        .filter(|from| !from.is_empty())
        .map(|from| Address::parse(from))
        .transpose()
        .map_err(invalid)?;
    let to = to.iter().map(|to| Address::parse(to)).collect::<Result<_, _>>().map_err(invalid)?;
    Ok(Envelope { from, to })
}

/// What curl is given to send, or what it makes of several pieces.
fn message(case: &Case, operation: Operation<'_>) -> String {
    let name = operation.options(&["-T", "--upload-file"]).first().copied();
    let file =
        name.and_then(|name| case.files.iter().find(|(of, _)| of == name)).map(|(_, text)| text.clone());
    match file {
        Some(text) if operation.has("--crlf") => text.replace("\r\n", "\n").replace('\n', "\r\n"),
        Some(text) => text,
        None => {
            let upload = case.upload.clone().unwrap_or_default();
            let lines = upload.strip_suffix(".\r\n").unwrap_or(&upload).split_inclusive('\n');
            lines.map(|line| line.strip_prefix('.').unwrap_or(line)).collect()
        }
    }
}

async fn send(
    case: &Case,
    operation: Operation<'_>,
    said: &[String],
    session: &SmtpSession,
    envelope: &Envelope,
    outcome: &mut Outcome,
) -> Result<(), Error> {
    // By default curl sends to nobody where one is refused.
    let options =
        SendOptions { all_or_nothing: !operation.has("--mail-rcpt-allowfails"), ..SendOptions::default() };
    let receipt = session.send(envelope, message(case, operation).into_bytes(), &options).await?;
    match &receipt.message {
        Delivery::Sent { .. } => {
            let count = receipt.recipients.len() - receipt.refused().count();
            outcome.note(format!("sent to {count}"), said.iter().any(|line| line == "DATA"));
            Ok(())
        }
        Delivery::NotSent(NotSent::Refused(refusal)) => Err(Error::Refused(refusal.clone())),
        Delivery::NotSent(_) => Err(Error::Refused(receipt.refused().next().unwrap().1.clone())),
        Delivery::Unknown { because } => Err(because.clone()),
    }
}

/// Whether the same addresses, parameters and bytes went over the wire.
fn note_wire(case: &Case, said: &[String], heard: &[String], received: &Received, outcome: &mut Outcome) {
    let of = |lines: &[String], word: &str| -> Vec<String> {
        lines.iter().filter(|line| line.starts_with(word)).map(|line| line.trim_end().to_owned()).collect()
    };
    for word in ["MAIL", "RCPT"] {
        if !of(said, word).is_empty() {
            outcome.note(word, of(said, word) == of(heard, word));
        }
    }
    if let Some(upload) = &case.upload {
        outcome.note("message", received.lock().unwrap().as_slice() == upload.as_bytes());
    }
}
