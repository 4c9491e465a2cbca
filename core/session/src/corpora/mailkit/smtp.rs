//! SMTP.

use std::collections::VecDeque;

use postseal_types::{Address, Envelope};

use super::*;
use crate::corpora::server_end::ServerEnd;
use crate::{
    Delivery, NotSent, Receipt, Runtime, Security, SendOptions, SmtpConnection, SmtpExtensions, SmtpSession,
};

/// What is sent, with lines that begin with a dot.
const MESSAGE: &[u8] = b"Subject: dots\r\n\r\n.\r\n..one\r\nbody\r\n";

#[tokio::test]
async fn smtp_dialogues_are_read_whole_and_byte_by_byte() {
    play_all("smtp_dialogues_are_read_whole_and_byte_by_byte", "smtp", play).await;
}

/// A server that answers everything: what is laid out first, else yes.
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
                    peer.say("334 \r\n").await;
                    peer.line().await;
                }
                desk.take("login")
            }
            "DATA" => desk.take("DATA"),
            "BDAT" => {
                let message = peer.bytes(words.next().unwrap().parse().unwrap()).await.unwrap();
                assert_eq!(message, MESSAGE);
                desk.take(".")
            }
            kind => desk.take(kind),
        };
        let otherwise = match kind.as_str() {
            "EHLO" => "250-x\r\n250 AUTH PLAIN\r\n",
            "AUTH" => "235 in\r\n",
            "DATA" => "354 go on\r\n",
            "QUIT" => "221 bye\r\n",
            _ => "250 ok\r\n",
        };
        let reply = reply.unwrap_or_else(|| otherwise.into());
        peer.say(&reply).await;
        if kind == "DATA" && reply.starts_with(b"3") {
            let Some(()) = message(&mut peer).await else { return };
            peer.say(desk.take(".").unwrap_or_else(|| b"250 ok\r\n".to_vec())).await;
        }
    }
}

/// Takes the message, which has to be the one that was sent.
async fn message(peer: &mut ServerEnd) -> Option<()> {
    let mut message = Vec::new();
    loop {
        let line = peer.line().await?;
        if line == b"." {
            assert_eq!(message, MESSAGE);
            return Some(());
        }
        message.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        message.extend_from_slice(b"\r\n");
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
    let each = dialogue.steps.iter().enumerate();
    let mut steps: VecDeque<(usize, Step)> = each
        .flat_map(|(index, step)| step.each(replies).into_iter().map(move |step| (index, step)))
        .collect();
    while let Some((index, step)) = steps.pop_front() {
        if session.is_closed() {
            let Some(again) = play.log_in_again().await else { return play.log.done };
            (session, server) = again;
        }
        match step.kind().as_str() {
            "MAIL" => {
                let is_part = |(_, step): &&(usize, Step)| {
                    matches!(step.kind().as_str(), "RCPT" | "DATA" | "." | "RSET")
                };
                let count = steps.iter().take_while(is_part).count();
                play.send(&session, index, &step, steps.drain(..count).collect()).await;
            }
            "NOOP" => {
                play.log.desk.lay_out("NOOP", step.reply.clone());
                let outcome = told(session.noop().await, |()| "alive".to_owned());
                play.log.note(index, step.file.clone(), says_yes(&step.reply), outcome);
            }
            _ => {}
        }
        play.log.desk.clear();
    }
    let was_open = !session.is_closed();
    play.log.end(was_open, session.close().await, server).await;
    play.log.done
}

/// The replies in one recording: each ends with the line that has a blank behind its code.
fn replies(recording: &[u8]) -> Vec<Vec<u8>> {
    let mut replies = vec![Vec::new()];
    for line in recording.split_inclusive(|&byte| byte == b'\n') {
        replies.last_mut().unwrap().extend_from_slice(line);
        if line.get(3) != Some(&b'-') {
            replies.push(Vec::new());
        }
    }
    replies.retain(|reply| !reply.is_empty());
    replies
}

fn says_yes(reply: &[u8]) -> bool {
    matches!(reply.first(), Some(b'2' | b'3'))
}

impl Play<'_> {
    /// Connects and logs in; the session, and the server behind it.
    async fn log_in(&mut self) -> Option<(SmtpSession, JoinHandle<()>)> {
        let log = &mut self.log;
        log.desk.clear();
        let steps = &log.dialogue.steps;
        let hello = steps.iter().position(|step| step.kind() == "EHLO");
        let reply = hello.map(|index| steps[index].reply.clone());
        let expects = reply.as_ref().is_none_or(|reply| says_yes(reply));
        reply.into_iter().for_each(|reply| log.desk.lay_out("EHLO", reply));
        let (wire, peer, _) = ServerEnd::connected(self.chunks);
        let greeting = log.greeting().unwrap_or_else(|| b"220 ready\r\n".to_vec());
        let server = tokio::spawn(serve(peer, log.desk.clone(), greeting));
        let opened =
            SmtpConnection::begin(wire, Security::Tls, Runtime::current().unwrap(), timeouts()).await;
        let offers =
            opened.as_ref().map_or_else(|_| String::new(), |connection| offers(connection.extensions()));
        let connection = log.noted(hello.unwrap_or(0), expects, opened, &offers)?;
        let logins = logins(steps);
        let session = log.log_in(connection, &logins, says_yes, async |connection: SmtpConnection| {
            connection.log_in(&credentials()).await
        });
        Some((session.await?, server))
    }

    /// The same after a step that ended the session: what came of the login is known.
    async fn log_in_again(&mut self) -> Option<(SmtpSession, JoinHandle<()>)> {
        let known = std::mem::take(&mut self.log.done);
        let again = self.log_in().await;
        self.log.done = known;
        again
    }

    /// Sends a message from MAIL to the last dot, with the replies of its steps; what comes of it is told by the first that refuses, or
    /// the last.
    async fn send(&mut self, session: &SmtpSession, index: usize, mail: &Step, parts: Vec<(usize, Step)>) {
        let of = |kind: &'static str| {
            parts.iter().filter(move |(_, step)| step.kind() == kind).map(|(_, step)| step)
        };
        self.log.desk.lay_out("MAIL", mail.reply.clone());
        for kind in ["RCPT", "DATA", ".", "RSET"] {
            of(kind).for_each(|step| self.log.desk.lay_out(kind, step.reply.clone()));
        }
        let to: Vec<Address> = of("RCPT").map(|step| address(&step.said).unwrap_or_else(nobody)).collect();
        let to = if to.is_empty() { vec![nobody()] } else { to };
        let envelope = Envelope { from: address(&mail.said), to };
        let sent = session.send(&envelope, MESSAGE, &SendOptions::default()).await;
        let all = || std::iter::once(mail).chain(parts.iter().map(|(_, step)| step));
        let refusing = || all().filter(|step| step.kind() != "RSET" && !says_yes(&step.reply));
        let goes_on = to_somebody(of("RCPT")) && refusing().all(|step| step.kind() == "RCPT");
        let outcome = sent.map_err(Odd::from).and_then(|receipt| described(&receipt));
        let telling = refusing().chain(of(".")).next();
        self.log.note(index, telling.and_then(|step| step.file.clone()), goes_on, outcome);
    }
}

/// Whether a recipient is accepted; where the dialogue tells of none, the server takes any.
fn to_somebody<'a>(recipients: impl Iterator<Item = &'a Step>) -> bool {
    let accepted: Vec<bool> = recipients.map(|step| says_yes(&step.reply)).collect();
    accepted.is_empty() || accepted.contains(&true)
}

/// What a receipt says; a refusal of the whole message as the error that it would be elsewhere.
fn described(receipt: &Receipt) -> Outcome {
    match &receipt.message {
        Delivery::Sent { text } => Ok(format!(
            "sent to {} of {}: {text}",
            receipt.recipients.len() - receipt.refused().count(),
            receipt.recipients.len()
        )),
        Delivery::NotSent(NotSent::Refused(refusal)) => Err(Error::Refused(refusal.clone()).into()),
        Delivery::NotSent(_) => {
            let refusal = receipt.refused().next().map(|(_, refusal)| refusal.clone());
            Err(refusal.map_or(Odd::Misread("not sent, and refused by nobody".to_owned()), |refusal| {
                Error::Refused(refusal).into()
            }))
        }
        Delivery::Unknown { because } => Err(because.clone().into()),
    }
}

/// The steps that end the presenting of a secret, by a command or the last line of an exchange.
fn logins(steps: &[Step]) -> Vec<usize> {
    let presents =
        |step: &Step| step.kind() == "AUTH" || (step.kind().len() > 4 && step.arguments().is_empty());
    (0..steps.len())
        .filter(|&index| presents(&steps[index]) && !steps[index].reply.starts_with(b"3"))
        .collect()
}

fn offers(extensions: &SmtpExtensions) -> String {
    let flags = [
        (extensions.eight_bit_mime, "8BITMIME"),
        (extensions.smtputf8, "SMTPUTF8"),
        (extensions.dsn, "DSN"),
        (extensions.pipelining, "PIPELINING"),
        (extensions.chunking, "CHUNKING"),
    ];
    let flags: Vec<&str> = flags.into_iter().filter_map(|(offered, name)| offered.then_some(name)).collect();
    let size = extensions.max_size.map_or("?".to_owned(), |size| size.to_string());
    format!("SIZE {size} {} AUTH {}", flags.join(" "), extensions.auth.join(" "))
}

/// The address in the angle brackets of a command.
fn address(command: &str) -> Option<Address> {
    let (_, rest) = command.split_once('<')?;
    Address::parse(rest.split('>').next()?).ok()
}

/// For a command whose address the dialogue doesn't tell.
fn nobody() -> Address {
    Address::parse("nobody@example.com").unwrap()
}
