//! A test file of curl's: what its server has, what curl was asked, and what curl is to say.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// The mail protocol of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Imap,
    Pop3,
    Smtp,
}

/// A case, with curl's macros filled in.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) protocol: Protocol,
    /// How the server differs from its usual self, line by line.
    pub(super) server: Vec<String>,
    /// What the server has: a message, a list.
    pub(super) data: String,
    /// The words of curl's command line, for each of its operations (`-:`).
    operations: Vec<Vec<String>>,
    /// The files that curl is given, as `-` or by their path.
    pub(super) files: Vec<(String, String)>,
    /// The lines that curl says.
    pub(super) said: Vec<String>,
    /// The message as curl says it, up to its end.
    pub(super) upload: Option<String>,
    pub(super) error: Option<u32>,
}

impl Case {
    /// Reads a test file; `None` where it has no mail server.
    pub(super) fn read(name: &str, text: &str) -> Option<Self> {
        let number = name.trim_start_matches("test");
        let text = conditions(text);
        let section =
            |tag: &str| section(&text, tag).map(|(attributes, body)| filled_in(&body, &attributes, number));
        let servers = section("server").unwrap_or_default();
        let protocols = [("imap", Protocol::Imap), ("pop3", Protocol::Pop3), ("smtp", Protocol::Smtp)];
        let protocol = servers.lines().find_map(|line| {
            protocols.iter().find(|(name, _)| line.starts_with(name)).map(|&(_, protocol)| protocol)
        })?;
        let lines = |tag: &str| -> Vec<String> {
            section(tag)
                .unwrap_or_default()
                .lines()
                .map(|line| line.trim_end_matches('\r').to_owned())
                .collect()
        };
        let files = ["stdin", "file", "file1", "file2", "file3", "file4"];
        let files = files.iter().filter_map(|tag| {
            let (attributes, body) = self::section(&text, tag)?;
            let name = attribute(&attributes, "name").unwrap_or_else(|| "-".to_owned());
            Some((filled_in(&name, "", number), filled_in(&body, &attributes, number)))
        });
        let files: Vec<(String, String)> = files.collect();
        let command = words(&section("command").unwrap_or_default());
        let operations = command.split(|word| word == "-:" || word == "--next");
        Some(Self {
            name: name.to_owned(),
            protocol,
            server: lines("servercmd"),
            data: section("data").unwrap_or_default(),
            operations: operations.map(|words| configured(words, &files)).collect(),
            files,
            said: mail(lines("protocol")),
            upload: section("upload"),
            error: section("errorcode").and_then(|code| code.trim().parse().ok()),
        })
    }

    /// Whether curl has to bring TLS up on a connection that begins in the clear.
    pub(super) fn starts_tls(&self) -> bool {
        let operation = self.operation(0);
        let is_clear = operation
            .0
            .iter()
            .any(|word| ["imap://", "pop3://", "smtp://"].iter().any(|scheme| word.starts_with(scheme)));
        is_clear && (operation.has("--ssl") || operation.has("--ssl-reqd"))
    }

    pub(super) fn operations(&self) -> impl Iterator<Item = Operation<'_>> {
        self.operations.iter().map(|words| Operation(words))
    }

    /// What curl does in its session of this number: one operation may make several.
    pub(super) fn operation(&self, session: usize) -> Operation<'_> {
        Operation(&self.operations[session.min(self.operations.len() - 1)])
    }

    /// The lines of each of curl's sessions: one begins where it asks what the server can do.
    pub(super) fn sessions(&self) -> Vec<Vec<String>> {
        let is_first = |line: &String| line.split(' ').any(|word| word.starts_with("CAPA") || word == "EHLO");
        let mut sessions = vec![Vec::new()];
        for line in &self.said {
            if is_first(line) && !sessions.last().unwrap().is_empty() {
                sessions.push(Vec::new());
            }
            sessions.last_mut().unwrap().push(line.clone());
        }
        sessions
    }
}

/// An operation with what its files say: options of a configuration, a name and a password of a `.netrc`.
fn configured(words: &[String], files: &[(String, String)]) -> Vec<String> {
    let given = |names: &[&str]| {
        let name = Operation(words).options(names).into_iter().next()?;
        files.iter().find(|(of, _)| of == name).map(|(_, text)| text)
    };
    let mut all = words.to_vec();
    for line in given(&["-K", "--config"]).into_iter().flat_map(|text| text.lines()) {
        if let Some((option, value)) = line.split_once('=') {
            all.extend([format!("--{}", option.trim()), unquoted(value.trim())]);
        }
    }
    if let Some(text) = given(&["--netrc-file"]) {
        let value = |word: &str| text.split_once(&format!("{word} ")).map(|(_, rest)| rest.trim_start());
        let value = |word: &str| {
            value(word).map(|rest| {
                if rest.starts_with('"') {
                    unquoted(rest)
                } else {
                    rest.split_whitespace().next().unwrap_or_default().to_owned()
                }
            })
        };
        let (login, password) = (value("login").unwrap_or_default(), value("password").unwrap_or_default());
        all.extend(["-u".to_owned(), format!("{login}:{password}")]);
    }
    all
}

/// A string in quotes, without them and its escapes.
fn unquoted(text: &str) -> String {
    let mut plain = String::new();
    let mut chars = text.strip_prefix('"').unwrap_or(text).chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => plain.extend(chars.next().map(|escaped| match escaped {
                'r' => '\r',
                'n' => '\n',
                't' => '\t',
                other => other,
            })),
            c => plain.push(c),
        }
    }
    plain
}

/// One operation of a command line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Operation<'a>(&'a [String]);

impl<'a> Operation<'a> {
    /// The values of an option of curl's, by any of its names.
    pub(super) fn options(self, names: &[&str]) -> Vec<&'a str> {
        let pairs = self.0.windows(2).filter(|pair| names.contains(&pair[0].as_str()));
        pairs.map(|pair| pair[1].as_str()).collect()
    }

    pub(super) fn has(self, option: &str) -> bool {
        self.0.iter().any(|word| word == option)
    }

    /// Whether some word has this in it.
    pub(super) fn mentions(self, text: &str) -> bool {
        self.0.iter().any(|word| word.contains(text))
    }

    /// The URLs of the mail server.
    pub(super) fn urls(self) -> Vec<Url> {
        self.0.iter().filter_map(|word| Url::parse(word)).collect()
    }
}

/// The lines for the mail server, where curl comes to it from a web server.
fn mail(lines: Vec<String>) -> Vec<String> {
    match lines.iter().position(String::is_empty) {
        Some(end) if lines[0].starts_with("GET ") => lines[end + 1..].to_vec(),
        _ => lines,
    }
}

/// What of a URL says who asks for what.
#[derive(Debug)]
pub(super) struct Url {
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    /// The pieces of the path, with their escapes undone.
    pub(super) path: Vec<String>,
}

impl Url {
    fn parse(word: &str) -> Option<Self> {
        let schemes = ["imap://", "imaps://", "pop3://", "pop3s://", "smtp://", "smtps://"];
        let rest = schemes.iter().find_map(|scheme| word.strip_prefix(scheme))?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let info = authority.rsplit_once('@').map(|(info, _)| info);
        let (user, password) = match info.map(|info| info.split_once(':').unwrap_or((info, ""))) {
            // Options of curl's may stand behind a semicolon.
            Some((user, password)) => {
                let plain =
                    |text: &str| text.split(';').next().filter(|text| !text.is_empty()).map(unescaped);
                (plain(user), plain(password))
            }
            None => (None, None),
        };
        Some(Self { user, password, path: path.split(['/', '?']).map(unescaped).collect() })
    }
}

/// The attributes and the text between the tags.
fn section(text: &str, tag: &str) -> Option<(String, String)> {
    let open = [format!("\n<{tag}>"), format!("\n<{tag} ")];
    let start = open.iter().filter_map(|open| text.find(open)).min()?;
    let (head, rest) = text[start + 1..].split_once('>')?;
    let body = rest.strip_prefix('\n').unwrap_or(rest);
    let end = body.find(&format!("</{tag}>"))?;
    Some((head.to_owned(), body[..end].to_owned()))
}

fn attribute(head: &str, name: &str) -> Option<String> {
    let (_, rest) = head.split_once(&format!("{name}=\""))?;
    rest.split('"').next().map(str::to_owned)
}

/// Takes the part of `%if … %else … %endif` that is for a curl with everything.
fn conditions(text: &str) -> String {
    let mut taken = String::new();
    let mut stack = Vec::new();
    for line in text.split_inclusive('\n') {
        match line.trim_end() {
            start if start.starts_with("%if ") => stack.push(!start.starts_with("%if !")),
            "%else" => stack.last_mut().into_iter().for_each(|taking| *taking = !*taking),
            "%endif" => _ = stack.pop(),
            _ if stack.iter().all(|&taking| taking) => taken.push_str(line),
            _ => {}
        }
    }
    taken
}

fn filled_in(text: &str, attributes: &str, number: &str) -> String {
    let variables = [
        ("%TESTNUMBER", number),
        ("%HOSTIP", "127.0.0.1"),
        ("%IMAPPORT", "993"),
        ("%POP3PORT", "995"),
        ("%SMTPPORT", "465"),
        ("%LOGDIR", "log"),
        ("%VERSION", "8"),
        ("%LT", "<"),
        ("%GT", ">"),
        ("%SP", " "),
        ("%CR", "\r"),
    ];
    let text = variables.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value));
    let text = replaced(&text, "%repeat[", "]%", |inner| {
        let (count, what) = inner.split_once(" x ").unwrap_or(("0", ""));
        unescaped(what).repeat(count.trim().parse().unwrap_or(0))
    });
    let text = replaced(&text, "%hex[", "]hex%", unescaped);
    let text = replaced(&text, "%b64[", "]b64%", |inner| BASE64.encode(unescaped(inner)));
    let text = if attribute(attributes, "crlf").as_deref() == Some("yes") {
        text.replace("\r\n", "\n").replace('\n', "\r\n")
    } else {
        text
    };
    match attribute(attributes, "nonewline").as_deref() {
        Some("yes") => text.trim_end_matches('\n').trim_end_matches('\r').to_owned(),
        _ => text,
    }
}

fn replaced(text: &str, open: &str, close: &str, with: impl Fn(&str) -> String) -> String {
    let mut rest = text;
    let mut done = String::new();
    while let Some((before, inside)) = rest.split_once(open) {
        let (inner, after) = inside.split_once(close).unwrap_or((inside, ""));
        done.push_str(before);
        done.push_str(&with(inner));
        rest = after;
    }
    done + rest
}

/// Undoes `%41` and the like.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(escaped) if byte == b'%' => {
                bytes.push(escaped);
                rest = &after[2..];
            }
            _ => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The words of a command line as a shell takes them.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            ('\\', Some('"') | None) => word.get_or_insert_default().extend(chars.next()),
            ('\'' | '"', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, Some(open)) if c == open => quote = None,
            (c, None) if c.is_whitespace() => words.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_read_with_its_macros() {
        let text = "<testcase>\n<reply>\n<servercmd>\nREPLY %b64[%00u%00p]b64% A002 OK\n</servercmd>\n<data crlf=\"yes\">\na\n\nb\n</data>\n\
                    </reply>\n<client>\n<server>\nimap\n</server>\n<stdin nonewline=\"yes\">\n%repeat[2 x ab%0a]%\n</stdin>\n<command>\n\
                    'imap://u%40x;AUTH=PLAIN:p@%HOSTIP/%TESTNUMBER/;UID=1' -u \"a\\\"b:c d\"\n</command>\n</client>\n<verify>\n%if idn\n\
                    <errorcode>\n67\n</errorcode>\n%else\n<errorcode>\n3\n</errorcode>\n%endif\n<protocol crlf=\"yes\">\nA %hex[%c3%a4]hex% %LTx%GT\n\
                    </protocol>\n</verify>\n</testcase>\n";
        let case = Case::read("test7", text).unwrap();
        assert_eq!((case.protocol, case.error), (Protocol::Imap, Some(67)));
        assert_eq!(case.server, ["REPLY AHUAcA== A002 OK"]);
        assert_eq!(case.data, "a\r\n\r\nb\r\n");
        assert_eq!(case.files, [("-".to_owned(), "ab\nab".to_owned())]);
        assert_eq!(case.said, ["A ä <x>"]);
        assert_eq!(case.operation(5).options(&["-u"]), ["a\"b:c d"]);
        let url = &case.operation(0).urls()[0];
        assert_eq!((url.user.as_deref(), url.password.as_deref()), (Some("u@x"), Some("p")));
        assert_eq!(url.path, ["7", ";UID=1"]);
    }

    #[test]
    fn a_case_without_a_mail_server_is_none() {
        let text = "<testcase>\n<client>\n<server>\nhttp\n</server>\n</client>\n</testcase>\n";
        assert!(Case::read("test8", text).is_none());
    }
}
