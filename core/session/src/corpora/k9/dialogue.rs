//! A dialogue as it is written down, and as one conversation: with what it calls put in its place.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::corpora::visit::Protocol;

/// The dialogues of a file, by name.
pub(super) type Written = BTreeMap<String, Entry>;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Entry {
    steps: Vec<Step>,
    auth: Vec<String>,
    security: Vec<String>,
    throws: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Step {
    server: Option<String>,
    client: Option<String>,
    event: Option<String>,
    call: Option<String>,
    args: Option<String>,
}

/// What is said or happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    Server(String),
    Client(String),
    Tls,
    Close,
}

/// One whole conversation.
#[derive(Debug)]
pub(super) struct Dialogue {
    pub(super) name: String,
    pub(super) protocol: Protocol,
    pub(super) lines: Vec<Line>,
    /// The kind of credentials, where it is named.
    pub(super) auth: Option<String>,
    /// Whether TLS begins by STARTTLS; where it does not, the dialogue is played as if TLS were up.
    pub(super) starts_tls: bool,
    pub(super) verdict: Verdict,
}

/// What the other client makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Fine,
    /// It fails, in the words of our codes.
    Code(&'static str),
    /// It fails somehow.
    Fails,
}

/// Openings that are called and stand in no file, as the openings that they are made of.
const UNWRITTEN: [(&str, [&str; 2]); 2] = [
    (
        "postAuthenticationDialogRequestingCapabilities",
        ["requestCapabilities", "simplePostAuthenticationDialog"],
    ),
    ("simpleOpenDialog", ["simplePreAuthAndLoginDialog", "simplePostAuthenticationDialog"]),
];

/// How the exceptions, and the results that a title names, are called here.
const VERDICTS: [(&str, Verdict); 11] = [
    ("AuthenticationFailedException", Verdict::Code("login-refused")),
    ("NegativeImapResponseException", Verdict::Code("refused")),
    ("NegativeSmtpReplyException", Verdict::Code("refused")),
    ("MissingCapabilityException", Verdict::Code("unsupported")),
    ("IOException", Verdict::Code("protocol")),
    ("IllegalStateException", Verdict::Code("closed")),
    ("should return AuthenticationError", Verdict::Code("login-refused")),
    ("should return ServerError", Verdict::Code("refused")),
    ("should return CertificateError", Verdict::Code("certificate")),
    ("should return MissingServerCapabilityError", Verdict::Code("unsupported")),
    ("should return ClientCertificate", Verdict::Fails),
];

impl Dialogue {
    /// The dialogue of this name; nothing where that names no protocol of ours.
    pub(super) fn read(name: &str, all: &Written) -> Option<Self> {
        let protocol = Protocol::of(name)?;
        let entry = &all[name];
        let mut lines = entry.lines(name, &Words::new(), all);
        if let Some(Line::Client(first)) = lines.first().cloned() {
            let opening = opening(name, &first, &lines, all);
            lines.splice(..0, opening);
        }
        Some(Self {
            name: name.to_owned(),
            protocol,
            auth: entry.auth.first().cloned(),
            starts_tls: entry.security.iter().any(|security| security.starts_with("STARTTLS")),
            verdict: entry.verdict(name),
            lines,
        })
    }

    /// Whether it is a conversation from the greeting on, and not an opening that others call.
    pub(super) fn is_whole(&self) -> bool {
        function(&self.name).contains(' ') && matches!(self.lines.first(), Some(Line::Server(_)))
    }

    /// What the client says, line by line.
    pub(super) fn client_lines(&self) -> impl Iterator<Item = &str> {
        self.lines
            .iter()
            .filter_map(|line| if let Line::Client(text) = line { Some(text.as_str()) } else { None })
    }
}

/// What `$name` stands for.
type Words = BTreeMap<String, String>;

impl Entry {
    fn verdict(&self, title: &str) -> Verdict {
        let is_meant = |word: &str| self.throws.iter().any(|thrown| thrown == word) || title.contains(word);
        let known = VERDICTS.iter().find(|(word, _)| is_meant(word)).map(|(_, verdict)| *verdict);
        let fails = !self.throws.is_empty() || title.ends_with("should throw");
        known.unwrap_or(if fails { Verdict::Fails } else { Verdict::Fine })
    }

    /// The conversation, with `words` put in and calls carried out.
    fn lines(&self, name: &str, words: &Words, all: &Written) -> Vec<Line> {
        let own_name = function(name);
        // An entry that is an opening begins with its own head, which has the words that hold unless the caller has others.
        let head = self.steps.first().filter(|step| step.call.as_deref() == Some(own_name));
        let mut known = head.map(|step| arguments(step.args.as_deref())).unwrap_or_default();
        known.extend(words.clone());
        let mut lines = Vec::new();
        for step in self.steps.iter().skip(usize::from(head.is_some())) {
            lines.extend(step.server.iter().map(|text| Line::Server(put_in(text, &known))));
            lines.extend(step.client.iter().map(|text| Line::Client(put_in(text, &known))));
            lines.extend(step.event.iter().filter_map(|event| match event.as_str() {
                "startTls" => Some(Line::Tls),
                "closeConnection" => Some(Line::Close),
                _ => None,
            }));
            if let Some(call) = &step.call {
                lines.extend(called(call, name, &arguments(step.args.as_deref()), all));
            }
        }
        lines
    }
}

/// What stands in place of a call from the entry `from`.
fn called(call: &str, from: &str, words: &Words, all: &Written) -> Vec<Line> {
    let path = format!("{}/{call}", folder(from));
    if let Some(entry) = all.get(&path) {
        return entry.lines(&path, words, all);
    }
    let unwritten = UNWRITTEN.iter().find(|(name, _)| *name == call);
    unwritten
        .into_iter()
        .flat_map(|(_, parts)| parts)
        .flat_map(|part| called(part, from, words, all))
        .collect()
}

/// A dialogue that begins with the client goes on where an opening of its file ends: one that offers what the client says first.
fn opening(name: &str, first: &str, lines: &[Line], all: &Written) -> Vec<Line> {
    let openings = all.keys().filter(|path| folder(path) == folder(name) && !function(path).contains(' '));
    let words = offers(first, lines);
    let mut written = openings.map(|path| all[path].lines(path, &words, all));
    let offers_tls = |line: &Line| *line == Line::Server("STLS".to_owned());
    let fits = |opening: &Vec<Line>| {
        matches!(opening.first(), Some(Line::Server(_)))
            && opening.iter().any(offers_tls) == (first == "STLS")
    };
    let mut opened = written.find(fits).unwrap_or_default();
    // A list of nothing takes no line.
    opened.retain(|line| *line != Line::Server("250-".to_owned()));
    opened
}

/// What the server must have offered for the client to go on as it does.
fn offers(first: &str, lines: &[Line]) -> Words {
    let says =
        |word: &str| lines.iter().any(|line| matches!(line, Line::Client(text) if text.contains(word)));
    let is_pipelined = lines.windows(2).any(|pair| match pair {
        [Line::Client(one), Line::Client(_)] => one.starts_with("MAIL"),
        _ => false,
    });
    let extensions =
        [("PIPELINING", is_pipelined), ("8BITMIME", says("8BITMIME")), ("SMTPUTF8", says("SMTPUTF8"))];
    let offered: Vec<_> = extensions.iter().filter(|(_, is_used)| *is_used).map(|(name, _)| *name).collect();
    let mechanism = first.strip_prefix("AUTH ").and_then(|rest| rest.split(' ').next()).unwrap_or_default();
    Words::from([
        ("extension".to_owned(), offered.join("\r\n250-")),
        ("authenticationMethods".to_owned(), mechanism.to_owned()),
    ])
}

/// `a = "b"` and `a: String = "b"`.
fn arguments(text: Option<&str>) -> Words {
    let assigned = text.unwrap_or_default().split(", ").filter_map(|argument| argument.split_once('='));
    assigned
        .map(|(name, value)| {
            let name = name.split(':').next().unwrap_or_default().trim().to_owned();
            (name, value.trim_start_matches(' ').trim_matches('"').to_owned())
        })
        .collect()
}

/// A line with its words put in. The note that a line is to be encoded is left out: what it says then does not matter here.
fn put_in(text: &str, words: &Words) -> String {
    let text = text.strip_prefix("base64:").unwrap_or(text);
    words.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("${name}"), value))
}

/// `protocol/file/title`: the part before the title.
fn folder(name: &str) -> &str {
    name.strip_suffix(function(name)).unwrap_or(name).trim_end_matches('/')
}

/// The title; that of an opening is its name.
fn function(name: &str) -> &str {
    name.splitn(3, '/').nth(2).unwrap_or(name)
}
