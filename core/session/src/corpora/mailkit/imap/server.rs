//! A server that answers every command: with the recorded reply where one is laid out, else with yes and nothing.

use std::collections::BTreeSet;

use super::*;

/// What is said of a mailbox that no recording tells of.
const SELECTED: &str = "* 1 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\nA######## OK selected\r\n";

pub(super) async fn serve(mut peer: ServerEnd, desk: Desk, greeting: Vec<u8>) {
    peer.say(greeting).await;
    let mut selected = SELECTED.as_bytes().to_vec();
    while let Some(line) = command(&mut peer).await {
        let (tag, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let mut words = rest.split(' ');
        let kind = match (words.next().unwrap_or_default(), words.next()) {
            ("UID", Some(second)) => format!("UID {second}"),
            (first, _) => first.to_owned(),
        };
        let reply = match kind.as_str() {
            "AUTHENTICATE" => {
                exchange(&mut peer, rest).await;
                desk.take("login").unwrap_or_else(|| b"A######## OK in\r\n".to_vec())
            }
            "LOGIN" => desk.take("login").unwrap_or_else(|| b"A######## OK in\r\n".to_vec()),
            "SELECT" | "EXAMINE" => {
                if let Some(reply) = desk.take("SELECT") {
                    selected = reply;
                }
                selected.clone()
            }
            "UID FETCH" => fetched(&desk, rest),
            "IDLE" => {
                peer.say(desk.take("IDLE").unwrap_or_else(|| b"+ \r\n".to_vec())).await;
                peer.line().await;
                desk.take("DONE").unwrap_or_else(|| b"A######## OK idled\r\n".to_vec())
            }
            kind => desk.take(kind).unwrap_or_else(|| otherwise(kind)),
        };
        peer.say(tagged(&reply, tag)).await;
    }
}

/// A command, with its literals in it; to each the server says yes.
async fn command(peer: &mut ServerEnd) -> Option<String> {
    let mut command = Vec::new();
    loop {
        let line = peer.line().await?;
        command.extend_from_slice(&line);
        let announced = String::from_utf8_lossy(&line).into_owned();
        let size = announced.strip_suffix('}').and_then(|line| line.rsplit_once('{')).map(|(_, size)| size);
        let Some(size) = size else { return Some(String::from_utf8_lossy(&command).into_owned()) };
        if !size.ends_with('+') {
            peer.say("+ go on\r\n").await;
        }
        let literal = peer.bytes(size.trim_end_matches('+').parse().ok()?).await?;
        command.extend_from_slice(&literal);
    }
}

/// The challenges of a mechanism, for a client that sends no initial response.
async fn exchange(peer: &mut ServerEnd, command: &str) {
    let challenges = match command.split(' ').collect::<Vec<_>>().as_slice() {
        [_, "LOGIN"] => 2,
        [_, _] => 1,
        _ => 0,
    };
    for _ in 0..challenges {
        peer.say("+ \r\n").await;
        peer.line().await;
    }
}

fn otherwise(kind: &str) -> Vec<u8> {
    let before = match kind {
        "CAPABILITY" => "* CAPABILITY IMAP4rev1\r\n",
        "LOGOUT" => "* BYE\r\n",
        _ => "",
    };
    format!("{before}A######## OK done\r\n").into_bytes()
}

/// The recorded responses about the messages that are asked for now. A recording answers one command; our client may ask for its
/// messages in several, and for their sizes first.
fn fetched(desk: &Desk, command: &str) -> Vec<u8> {
    let asked = numbers(command.split(' ').nth(2).unwrap_or_default());
    let recording = desk.take("UID FETCH").unwrap_or_else(|| otherwise("UID FETCH"));
    let (mut reply, mut later) = (Vec::new(), Vec::new());
    for response in responses(&recording) {
        match uid(&response) {
            Some(uid) if !asked.contains(&uid) => later.extend_from_slice(&response),
            Some(uid) if command.ends_with("(UID RFC822.SIZE)") => {
                reply.extend_from_slice(format!("* 1 FETCH (UID {uid} RFC822.SIZE 1)\r\n").as_bytes());
                later.extend_from_slice(&response);
            }
            _ if response.starts_with(b"A########") => {
                later.extend_from_slice(&response);
                reply.extend_from_slice(&response);
            }
            _ => reply.extend_from_slice(&response),
        }
    }
    desk.lay_out("UID FETCH", later);
    reply
}

/// The numbers of a set such as `1:3,5`.
fn numbers(set: &str) -> BTreeSet<u32> {
    let range = |piece: &str| {
        let (first, last) = piece.split_once(':').unwrap_or((piece, piece));
        Some(first.parse().ok()?..=last.parse().ok()?)
    };
    set.split(',').filter_map(range).flatten().collect()
}

/// A recording response by response, each with its literals.
pub(super) fn responses(recording: &[u8]) -> Vec<Vec<u8>> {
    let mut responses = vec![Vec::new()];
    let mut rest = recording;
    while !rest.is_empty() {
        let end = rest.windows(2).position(|pair| pair == b"\r\n").map_or(rest.len(), |at| at + 2);
        let (line, after) = rest.split_at(end);
        responses.last_mut().unwrap().extend_from_slice(line);
        let size = String::from_utf8_lossy(line);
        let size =
            size.trim_end().strip_suffix('}').and_then(|line| line.rsplit_once('{')?.1.parse::<usize>().ok());
        let (literal, after) = after.split_at(size.unwrap_or(0).min(after.len()));
        responses.last_mut().unwrap().extend_from_slice(literal);
        if size.is_none() {
            responses.push(Vec::new());
        }
        rest = after;
    }
    responses.retain(|response| !response.is_empty());
    responses
}

/// The UID in a FETCH response.
pub(super) fn uid(response: &[u8]) -> Option<u32> {
    let text = String::from_utf8_lossy(response);
    let fetch = text.starts_with("* ").then(|| text.split_once(" FETCH (")).flatten()?.1;
    fetch.split("UID ").skip(1).find_map(|rest| {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        rest[..digits].parse().ok()
    })
}

/// A reply with the tag of the command that it is for.
fn tagged(reply: &[u8], tag: &str) -> Vec<u8> {
    let mut rest = reply;
    let mut tagged = Vec::with_capacity(reply.len());
    while let Some(at) = rest.windows(9).position(|window| window == b"A########") {
        tagged.extend_from_slice(&rest[..at]);
        tagged.extend_from_slice(tag.as_bytes());
        rest = &rest[at + 9..];
    }
    tagged.extend_from_slice(rest);
    tagged
}
