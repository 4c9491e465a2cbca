//! A dialogue as a server needs it: what to answer to which command.

use std::collections::VecDeque;

use super::dialogue::{Dialogue, Line};
use crate::corpora::visit::Protocol;

/// What the server says and does before it is the client's turn again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Round(pub(super) Vec<Line>);

impl Round {
    /// One line.
    pub(super) fn say(text: &str) -> Self {
        Self(vec![Line::Server(text.to_owned())])
    }

    /// What is said, line by line.
    pub(super) fn said(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0
            .iter()
            .filter_map(|line| if let Line::Server(text) = line { Some(text.as_str()) } else { None })
    }

    /// Whether it asks for more.
    pub(super) fn is_challenge(&self) -> bool {
        let asks =
            |line: &str| line.starts_with("334") || (line.starts_with('+') && !line.starts_with("+OK"));
        self.said().next_back().is_some_and(asks)
    }

    /// Whether it says yes.
    pub(super) fn is_yes(&self) -> bool {
        let says_yes = |line: &str| {
            line.starts_with('2') || line.starts_with("+OK") || line.split(' ').nth(1) == Some("OK")
        };
        self.said().any(says_yes)
    }
}

/// A command of the other client's, and its answer: more than one round where the client goes on in between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Exchange {
    pub(super) command: Command,
    pub(super) rounds: Vec<Round>,
}

/// A command, in the parts that matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Command {
    /// In IMAP.
    pub(super) tag: String,
    /// In upper case; every way to log in is `LOGIN`.
    pub(super) kind: String,
    /// The mechanism of a login: of SASL, or the name of the command.
    pub(super) mechanism: String,
    /// Whether a login brings all that it has with its first line.
    pub(super) is_whole: bool,
    pub(super) argument: String,
}

/// What there is to be said, each once.
#[derive(Debug, Default)]
pub(super) struct Script {
    pub(super) greeting: Round,
    exchanges: VecDeque<Exchange>,
    /// The mechanism of the first login, where there is one.
    pub(super) mechanism: Option<String>,
}

/// The commands that are looked at.
const fn words(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Smtp => "EHLO HELO STARTTLS AUTH MAIL RCPT DATA RSET NOOP QUIT",
        Protocol::Pop3 => "CAPA STLS AUTH USER APOP STAT LIST UIDL RETR TOP DELE RSET NOOP QUIT",
        Protocol::Imap => {
            "CAPABILITY STARTTLS AUTHENTICATE LOGIN LOGOUT NOOP LIST LSUB NAMESPACE ID ENABLE COMPRESS CREATE DELETE \
             RENAME SUBSCRIBE UNSUBSCRIBE STATUS APPEND IDLE SELECT EXAMINE CLOSE UNSELECT CHECK EXPUNGE SEARCH FETCH \
             STORE COPY MOVE UID"
        }
    }
}

impl Command {
    /// A line as a command; `None` where it is none but goes on with what was begun.
    pub(super) fn read(protocol: Protocol, line: &str) -> Option<Self> {
        let (tag, rest) = if protocol == Protocol::Imap { line.split_once(' ')? } else { ("", line) };
        let (word, argument) = rest.split_once(' ').unwrap_or((rest, ""));
        let word = word.to_ascii_uppercase();
        if !words(protocol).split_ascii_whitespace().any(|known| known == word) {
            return None;
        }
        let (mechanism, initial) = argument.split_once(' ').unwrap_or((argument, ""));
        let (kind, mechanism, is_whole) = match word.as_str() {
            "AUTHENTICATE" | "AUTH" => ("LOGIN", mechanism.to_ascii_uppercase(), !initial.is_empty()),
            "LOGIN" | "APOP" => ("LOGIN", word.clone() + " command", true),
            "USER" => ("LOGIN", word.clone(), false),
            "UID" if argument.to_ascii_uppercase().starts_with("FETCH") => ("UID FETCH", String::new(), true),
            _ => (word.as_str(), String::new(), true),
        };
        Some(Self {
            tag: tag.to_owned(),
            kind: kind.to_owned(),
            mechanism,
            is_whole,
            argument: argument.to_owned(),
        })
    }
}

impl Script {
    pub(super) fn of(dialogue: &Dialogue) -> Self {
        let mut script = Self::default();
        // The exchanges that wait for their answer: a client may send several commands at once.
        let mut waiting = VecDeque::new();
        let mut is_answered = true;
        for line in &dialogue.lines {
            match line {
                Line::Client(text) => {
                    if std::mem::take(&mut is_answered) {
                        waiting.clear();
                    }
                    match Command::read(dialogue.protocol, text) {
                        Some(command) => script.begin(command),
                        None => script.go_on(),
                    }
                    waiting.push_back(script.exchanges.len());
                }
                Line::Server(text) => {
                    is_answered = true;
                    script.round(waiting.front()).0.push(line.clone());
                    let goes_on = dialogue.protocol == Protocol::Smtp && text.get(3..4) == Some("-");
                    if !goes_on && waiting.len() > 1 {
                        waiting.pop_front();
                    }
                }
                Line::Tls | Line::Close => script.round(waiting.back()).0.push(line.clone()),
            }
        }
        script
    }

    fn begin(&mut self, command: Command) {
        if command.kind == "LOGIN" {
            self.mechanism.get_or_insert_with(|| command.mechanism.clone());
        }
        self.exchanges.push_back(Exchange { command, rounds: vec![Round::default()] });
    }

    /// The client goes on with the last command; what it says before the first is a command that nobody gives here.
    fn go_on(&mut self) {
        match self.exchanges.back_mut() {
            Some(last) => last.rounds.push(Round::default()),
            None => self.begin(Command::default()),
        }
    }

    /// The latest round of an exchange, counted from 1; without one, the greeting.
    fn round(&mut self, exchange: Option<&usize>) -> &mut Round {
        match exchange {
            Some(number) => self.exchanges[number - 1].rounds.last_mut().unwrap(),
            None => &mut self.greeting,
        }
    }

    /// The next exchange of this kind. What came before a change of state is over when that comes.
    pub(super) fn take(&mut self, kind: &str) -> Option<Exchange> {
        let at = self.exchanges.iter().position(|exchange| exchange.command.kind == kind)?;
        let is_over = if matches!(kind, "STARTTLS" | "STLS" | "LOGIN") { at } else { 0 };
        self.exchanges.drain(..is_over);
        self.exchanges.remove(at - is_over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpora::k9::dialogue::Written;

    /// The script of the dialogue `smtp/a/test` among those in `text`.
    fn script(text: &str) -> Script {
        let all: Written = serde_json::from_str(text).unwrap();
        Script::of(&Dialogue::read("smtp/a/test", &all).unwrap())
    }

    fn said(exchange: Option<Exchange>) -> Vec<Vec<String>> {
        let lines = |round: &Round| round.said().map(str::to_owned).collect();
        exchange.unwrap().rounds.iter().map(lines).collect()
    }

    #[test]
    fn each_of_several_commands_gets_its_own_answer() {
        let mut script = script(
            r#"{"smtp/a/test": {"steps": [
                {"server": "220 hi"},
                {"client": "MAIL FROM:<a@b>"}, {"client": "RCPT TO:<c@d>"}, {"client": "RCPT TO:<e@f>"},
                {"server": "250-one"}, {"server": "250 two"}, {"server": "550 three"}, {"server": "250 four"},
                {"client": "DATA"}, {"server": "354 go"}, {"client": "text"}, {"client": "."}, {"server": "250 five"}
            ]}}"#,
        );
        assert_eq!(script.greeting, Round::say("220 hi"));
        assert_eq!(said(script.take("RCPT")), [["550 three"]]);
        assert_eq!(said(script.take("RCPT")), [["250 four"]]);
        assert_eq!(said(script.take("MAIL")), [["250-one", "250 two"]]);
        assert_eq!(said(script.take("DATA")), [vec!["354 go"], vec![], vec!["250 five"]]);
        assert_eq!(script.take("DATA"), None);
    }

    #[test]
    fn what_is_called_stands_in_its_place_with_its_words() {
        let mut script = script(
            r#"{"smtp/a/test": {"steps": [
                {"call": "opening", "args": "more = \"SIZE 5\""}, {"client": "QUIT"}, {"event": "closeConnection"}
             ]},
             "smtp/a/opening": {"steps": [
                {"call": "opening", "args": "name: String = \"mx\", more: String = \"\""},
                {"server": "220 $name"}, {"client": "EHLO "}, {"server": "250 $more"}
             ]},
             "smtp/b/opening": {"steps": [{"server": "500 not this"}]}}"#,
        );
        assert_eq!(script.greeting, Round::say("220 mx"));
        assert_eq!(said(script.take("EHLO")), [["250 SIZE 5"]]);
        assert_eq!(script.take("QUIT").unwrap().rounds, [Round(vec![Line::Close])]);
    }

    #[test]
    fn what_came_before_a_change_of_state_is_over() {
        let mut script = script(
            r#"{"smtp/a/test": {"steps": [
                {"server": "220 hi"}, {"client": "EHLO a"}, {"server": "250 in the clear"},
                {"client": "STARTTLS"}, {"server": "220 go"}, {"event": "startTls"},
                {"client": "EHLO a"}, {"server": "250 through TLS"}
            ]}}"#,
        );
        let go = Round(vec![Line::Server("220 go".to_owned()), Line::Tls]);
        assert_eq!(script.take("STARTTLS").unwrap().rounds, [go]);
        assert_eq!(said(script.take("EHLO")), [["250 through TLS"]]);
    }
}
