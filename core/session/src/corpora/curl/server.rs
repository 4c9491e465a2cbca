//! The server of curl's tests (`tests/ftpserver.pl` in curl's repository), as far as a client that is not curl meets it.
//!
//! It differs where that one is no mail server: it says IMAP4rev1 and its capabilities when asked, greets without a picture, takes
//! UIDs, and offers PLAIN where a case has no login at all and our client wants one. An exchange of SASL is followed line by line, as
//! curl sends no initial response where ours does, and the other way round.

use std::collections::VecDeque;

use super::case::Case;
use crate::corpora::server_end::ServerEnd;

/// What a case says of its server.
#[derive(Debug, Default)]
pub(super) struct Script {
    pub(super) greeting: Option<String>,
    pub(super) capabilities: Vec<String>,
    pub(super) mechanisms: Vec<String>,
    /// What stands behind a fetched message.
    pub(super) behind: String,
    /// Whether curl sends the first line of an exchange with its command.
    has_initial: bool,
    /// The replies to whole lines or to commands, in their order.
    replies: VecDeque<(String, String)>,
}

impl Script {
    pub(super) fn of(case: &Case) -> Self {
        let has_initial =
            |line: &String| line.split_once("AUTH").is_some_and(|(_, rest)| rest.split(' ').count() == 3);
        let mut script = Self { has_initial: case.said.iter().any(has_initial), ..Self::default() };
        for line in &case.server {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            match word {
                "REPLY" | "REPLYLF" => script.add(rest, if word == "REPLYLF" { "\n" } else { "\r\n" }),
                "CAPA" => script.capabilities = quoted_words(rest),
                "AUTH" => script.mechanisms = quoted_words(rest),
                "POSTFETCH" => rest.clone_into(&mut script.behind),
                // Pauses and what concerns files alone.
                _ => {}
            }
        }
        script
    }

    fn add(&mut self, rule: &str, end: &str) {
        let (key, reply) = match rule.strip_prefix('"').and_then(|rule| rule.split_once("\" ")) {
            Some(quoted) => quoted,
            None => rule.split_once(' ').unwrap_or((rule, "")),
        };
        let reply = reply.replace("\\r", "\r").replace("\\n", "\n").replace("\\\\", "\\") + end;
        match key {
            "welcome" => self.greeting = Some(reply),
            key => self.replies.push_back((key.to_owned(), reply)),
        }
    }

    /// The reply that the case has for a line, by the whole of it or by its command.
    pub(super) fn reply(&self, line: &str) -> Option<String> {
        let command = line.split(' ').next().unwrap_or_default();
        let found =
            |wanted: &str| self.replies.iter().find(|(key, _)| key == wanted).map(|(_, reply)| reply.clone());
        found(line).or_else(|| found(command))
    }

    /// One exchange of SASL, up to the last reply. `challenge` is how one begins, `yes` what the server says where the case is silent.
    pub(super) async fn exchange(
        &self,
        peer: &mut ServerEnd,
        line: &str,
        challenge: &str,
        yes: &str,
    ) -> Option<String> {
        let command = line.split(' ').next()?;
        let of_exchange = self.replies.iter().filter(|(key, _)| key == command || is_base64(key));
        let mut replies: VecDeque<String> = of_exchange.map(|(_, reply)| reply.clone()).collect();
        match (self.has_initial, line.split(' ').count() == 3) {
            // What comes on a line of its own with curl is here already, or the other way round.
            (false, true) => _ = replies.pop_front(),
            (true, false) => replies.push_front(format!("{challenge} \r\n")),
            _ if replies.is_empty() => replies.push_front(format!("{challenge} \r\n")),
            _ => {}
        }
        loop {
            let reply = replies.pop_front().unwrap_or_else(|| yes.to_owned());
            if !is_challenge(&reply) {
                return Some(reply);
            }
            peer.say(&reply).await;
            peer.line().await?;
        }
    }
}

fn is_challenge(reply: &str) -> bool {
    reply.starts_with("334") || reply.starts_with('+') && !reply.starts_with("+OK")
}

/// Words with a blank between them, those in quotes with blanks in them.
fn quoted_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, piece) in text.split('"').enumerate() {
        if index % 2 == 1 {
            words.push(piece.to_owned());
        } else {
            words.extend(piece.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// Whether a key is a line of an exchange; commands have no lower case, no digit and no padding.
fn is_base64(key: &str) -> bool {
    key.is_empty()
        || key == "="
        || key.len().is_multiple_of(4) && key.bytes().any(|byte| !byte.is_ascii_uppercase())
}
