//! The server as a program of its own, for tests in other languages: it says in one line of JSON where it listens, and then takes
//! commands, each a line of JSON on its standard input, and answers each with a line. It ends when its input does.

use std::io::{self, BufRead, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::{Fault, Protocol, Security, TestCa, TestServer};

/// Where a protocol is served, for [`hello`].
pub type Ports<'a> = &'a dyn Fn(Protocol, Security) -> u16;

/// The first line: the ports of the three protocols, the authority to trust, another one that vouches for nothing here, and who can log
/// in with what.
///
/// # Errors
///
/// Where no other authority can be made.
pub fn hello(host: &str, ports: Ports<'_>, ca: &TestCa, users: &[(&str, &str)]) -> io::Result<Value> {
    let pair = |protocol| json!({ "tls": ports(protocol, Security::Tls), "starttls": ports(protocol, Security::StartTls) });
    let users: Vec<_> =
        users.iter().map(|(address, password)| json!({ "address": address, "password": password })).collect();
    Ok(json!({
        "host": host,
        "smtp": pair(Protocol::Smtp),
        "imap": pair(Protocol::Imap),
        "pop3": pair(Protocol::Pop3),
        "ca": ca.root_pem(),
        "other_ca": TestCa::new()?.root_pem(),
        "users": users,
    }))
}

/// Says `hello`, and answers commands until the input ends.
///
/// # Errors
///
/// Where the input can't be read or the output can't be written.
pub fn converse(
    hello: &Value,
    commands: impl BufRead,
    mut answers: impl Write,
    mut obey: impl FnMut(&Value) -> Result<Value, String>,
) -> io::Result<()> {
    writeln!(answers, "{hello}")?;
    answers.flush()?;
    for line in commands.lines() {
        let command = serde_json::from_str(&line?).map_err(|error| error.to_string());
        let answer = command.and_then(|command| obey(&command));
        writeln!(answers, "{}", answer.unwrap_or_else(|why| json!({ "error": why })))?;
        answers.flush()?;
    }
    Ok(())
}

impl TestServer {
    /// Carries out one command.
    ///
    /// # Errors
    ///
    /// Why it can't be carried out, in words.
    pub fn obey(&self, command: &Value) -> Result<Value, String> {
        match text(command, "do")? {
            "deliver" => {
                let uid = self.deliver(text(command, "user")?, mailbox(command), &message(command)?);
                Ok(json!({ "uid": uid.ok_or("no such user")? }))
            }
            "messages" => Ok(json!({
                "messages": encoded(self.messages(text(command, "user")?, mailbox(command))),
            })),
            "accepted" => Ok(json!({ "accepted": self.accepted().iter().map(accepted).collect::<Vec<_>>() })),
            "fault" => {
                self.inject(protocol(command)?, fault(command)?);
                Ok(json!({}))
            }
            "clear-faults" => {
                self.clear_faults();
                Ok(json!({}))
            }
            "cut" => {
                self.cut_connections();
                Ok(json!({}))
            }
            "token" => {
                self.set_token(text(command, "user")?, command["token"].as_str());
                Ok(json!({}))
            }
            "connections" => {
                let conversations = self.transcript();
                let open = conversations.iter().filter(|conversation| !conversation.ended).count();
                Ok(json!({ "open": open, "all": conversations.len() }))
            }
            "heard" => {
                let received = self.view().received;
                let sought = text(command, "text")?.as_bytes();
                let times = received.windows(sought.len().max(1)).filter(|window| *window == sought).count();
                Ok(json!({ "times": times }))
            }
            "free-port" => Ok(json!({ "port": free_port().map_err(|error| error.to_string())? })),
            unknown => Err(format!("no command {unknown:?}")),
        }
    }
}

/// A port of loopback on which nobody listens.
fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn text<'a>(command: &'a Value, field: &str) -> Result<&'a str, String> {
    command[field].as_str().ok_or_else(|| format!("{field:?} is missing"))
}

fn mailbox(command: &Value) -> &str {
    command["mailbox"].as_str().unwrap_or("INBOX")
}

/// A message as text with any line ends, or as base64.
fn message(command: &Value) -> Result<Vec<u8>, String> {
    match command["base64"].as_str() {
        Some(encoded) => STANDARD.decode(encoded).map_err(|error| error.to_string()),
        None => {
            Ok(text(command, "message")?.lines().flat_map(|line| [line, "\r\n"]).collect::<String>().into())
        }
    }
}

/// Messages as base64.
pub fn encoded(messages: Vec<Vec<u8>>) -> Vec<String> {
    messages.iter().map(|bytes| STANDARD.encode(bytes)).collect()
}

fn accepted(accepted: &crate::Accepted) -> Value {
    let to: Vec<_> = accepted.recipients.iter().map(|recipient| recipient.address.as_str()).collect();
    let bytes = STANDARD.encode(&accepted.bytes);
    json!({ "user": accepted.user, "from": accepted.mail_from, "to": to, "base64": bytes })
}

fn protocol(command: &Value) -> Result<Protocol, String> {
    match text(command, "protocol")? {
        "smtp" => Ok(Protocol::Smtp),
        "imap" => Ok(Protocol::Imap),
        "pop3" => Ok(Protocol::Pop3),
        unknown => Err(format!("no protocol {unknown:?}")),
    }
}

/// `{"instead_of" | "before" | "after": STEP, "effect": …, "times": N}`; a step is a number or the start of a command.
fn fault(command: &Value) -> Result<Fault, String> {
    let places = [
        ("instead_of", crate::Place::InsteadOf as fn(_) -> _),
        ("before", crate::Place::Before),
        ("after", crate::Place::After),
    ];
    let (name, place) = places
        .into_iter()
        .find(|(name, _)| !command[*name].is_null())
        .ok_or("where it strikes is missing: instead_of, before or after")?;
    let step = match command[name].as_u64().and_then(|number| usize::try_from(number).ok()) {
        Some(number) => number.into(),
        None => text(command, name)?.into(),
    };
    let place: crate::Place = place(step);
    let fault = match text(command, "effect")? {
        "cut" => place.cut(),
        "stall" => place.stall(),
        "garble" => place.garble(),
        "refuse" => place.refuse(text(command, "text")?),
        "say" => place.say(text(command, "text")?),
        "trickle" => place.trickle(Duration::from_millis(command["millis"].as_u64().unwrap_or(1))),
        unknown => return Err(format!("no effect {unknown:?}")),
    };
    Ok(match command["times"].as_u64().and_then(|times| usize::try_from(times).ok()) {
        Some(times) => fault.times(times),
        None => fault,
    })
}
