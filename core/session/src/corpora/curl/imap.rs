//! The IMAP cases.

use super::server::Script;
use super::*;
use crate::Runtime;
use crate::corpora::server_end::ServerEnd;
use crate::imap::{
    FetchItems, Flag, FlagChange, ImapConnection, ImapSession, MailboxName, PartNumber, Search, Uid, UidSet,
    UidValidity,
};

/// What a mailbox of the server has (RFC 3501's example).
const SELECTED: &str = "* 172 EXISTS\r\n* 1 RECENT\r\n* OK [UNSEEN 12] Message 12 is first unseen\r\n* OK [UIDVALIDITY 3857529045] UIDs \
                        valid\r\n* OK [UIDNEXT 4392] Predicted next UID\r\n* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n* OK \
                        [PERMANENTFLAGS (\\Deleted \\Seen \\*)] Limited\r\n";
const VALIDITY: u32 = 3_857_529_045;

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
        self.peer
            .say(greeting.unwrap_or_else(|| "* OK curl IMAP server ready to serve\r\n".to_owned()))
            .await;
        loop {
            let line = self.command().await?;
            let (tag, line) = line.split_once(' ')?;
            let command = line.split(' ').next()?;
            let reply = match (command, self.script.reply(line)) {
                ("AUTHENTICATE", _) => {
                    let yes = format!("{tag} OK AUTHENTICATE completed\r\n");
                    self.script.exchange(&mut self.peer, line, "+", &yes).await?
                }
                (_, Some(reply)) => reply,
                (_, None) => self.usual(tag, line),
            };
            self.peer.say(retagged(&reply, tag)).await;
        }
    }

    /// A command with its literals, to each of which the server says yes.
    async fn command(&mut self) -> Option<String> {
        let mut command = String::new();
        loop {
            let line = String::from_utf8_lossy(&self.peer.line().await?).into_owned();
            command.push_str(&line);
            let size = line.strip_suffix('}').and_then(|line| line.rsplit_once('{')?.1.parse().ok());
            let Some(size) = size else { return Some(command) };
            self.peer.say("+ Ready for literal data\r\n").await;
            command.push_str(&String::from_utf8_lossy(&self.peer.bytes(size).await?));
        }
    }

    fn usual(&self, tag: &str, line: &str) -> String {
        let mut words = line.split(' ');
        let before = match (words.next().unwrap_or_default(), words.next().unwrap_or_default()) {
            ("CAPABILITY", _) => {
                let mechanisms = self.script.mechanisms.iter().map(|name| format!("AUTH={name}"));
                let all: Vec<String> = self.script.capabilities.iter().cloned().chain(mechanisms).collect();
                format!("* CAPABILITY IMAP4rev1 {}\r\n", all.join(" "))
            }
            ("SELECT", _) => SELECTED.to_owned(),
            // The data of such a case is what it answers, without which there is no mailbox.
            ("EXAMINE", _) => format!("{}{SELECTED}", self.data),
            ("UID", "FETCH") => self.fetched(line),
            ("UID", "SEARCH") | ("LIST" | "LSUB" | "STATUS", _) => self.data.clone(),
            ("STARTTLS", _) => return format!("{tag} BAD STARTTLS is not dealt with!\r\n"),
            ("LOGOUT", _) => "* BYE curl IMAP server signing off\r\n".to_owned(),
            ("NOOP", _) => {
                "* 22 EXPUNGE\r\n* 23 EXISTS\r\n* 3 RECENT\r\n* 14 FETCH (FLAGS (\\Seen \\Deleted))\r\n"
                    .to_owned()
            }
            _ => String::new(),
        };
        format!("{before}{tag} OK completed\r\n")
    }

    /// Every message and part is the data of the case; a size is told for one only.
    fn fetched(&self, line: &str) -> String {
        let mut words = line.splitn(4, ' ').skip(2);
        let (uid, items) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        if items == "(UID RFC822.SIZE)" {
            return format!("* {uid} FETCH (UID {uid} RFC822.SIZE {})\r\n", self.data.len());
        }
        let section =
            items.split_once("BODY.PEEK").and_then(|(_, rest)| rest.split(']').next()).unwrap_or("[");
        format!(
            "* {uid} FETCH (UID {uid} BODY{section}] {{{}}}\r\n{}{})\r\n",
            self.data.len(),
            self.data,
            self.script.behind
        )
    }
}

/// A reply of the case with our tag instead of curl's (`A002`).
fn retagged(reply: &str, tag: &str) -> String {
    let is_tag = |word: &str| {
        word.len() == 4 && word.starts_with(['A', 'B']) && word[1..].bytes().all(|byte| byte.is_ascii_digit())
    };
    let retag = |line: &str| match line.split_once(' ') {
        Some((first, rest)) if is_tag(first) => format!("{tag} {rest}"),
        _ => line.to_owned(),
    };
    reply.split_inclusive('\n').map(retag).collect()
}

pub(super) async fn play(case: &Case, chunks: Chunks, outcome: &mut Outcome) -> Result<(), Error> {
    for (index, said) in case.sessions().iter().enumerate() {
        let credentials = credentials(case, index)?;
        // What the URL names has to be a name before anything is sent.
        let mailbox = match case.operation(index).urls().first().and_then(|url| url.path.first().cloned()) {
            Some(name) if !name.is_empty() => MailboxName::new(name.split(';').next().unwrap_or_default())?,
            _ => MailboxName::new(case.name.trim_start_matches("test"))?,
        };
        let (wire, peer, heard) = ServerEnd::connected(chunks);
        outcome.heard.push(heard.clone());
        tokio::spawn(Server::of(case, peer).serve());
        let connection = ImapConnection::over(wire, &Runtime::current()?, timeouts(), false).await?;
        let logged_in = connection.log_in(&credentials).await;
        note_login(said, &heard_lines(&heard), outcome);
        let session = logged_in?;
        for line in said {
            let line = line.split_once(' ').map_or("", |(_, line)| line);
            act(case, &session, &mailbox, line, &heard, outcome).await?;
        }
        session.close().await?;
    }
    Ok(())
}

/// Whether the same was presented, by an exchange or by LOGIN.
fn note_login(said: &[String], heard: &[String], outcome: &mut Outcome) {
    let login = |lines: &[String]| {
        let arguments = |line: &String| line.split_once(' ')?.1.strip_prefix("LOGIN ").map(strings);
        lines.iter().find_map(arguments)
    };
    let is_exchange = |lines: &[String]| lines.iter().any(|line| line.contains(" AUTHENTICATE "));
    match (login(said), login(heard)) {
        (None, _) if !is_exchange(said) => outcome.note("logs in", true),
        (None, None) => outcome.note("presents by SASL", presented(said) == presented(heard)),
        (theirs, ours) => outcome.note("presents by LOGIN", theirs == ours),
    }
}

/// Atoms and quoted strings, without their quotes and escapes.
fn strings(line: &str) -> Vec<String> {
    let (mut strings, mut current, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' if quoted => current.extend(chars.next()),
            '"' => quoted = !quoted,
            ' ' if !quoted => strings.push(std::mem::take(&mut current)),
            c => current.push(c),
        }
    }
    strings.push(current);
    strings
}

/// Does what a line of curl's is for.
async fn act(
    case: &Case,
    session: &ImapSession,
    mailbox: &MailboxName,
    line: &str,
    heard: &crate::corpora::server_end::Heard,
    outcome: &mut Outcome,
) -> Result<(), Error> {
    let line = line.strip_prefix("UID ").unwrap_or(line);
    let mut words = line.splitn(3, ' ');
    let (command, first, rest) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let number = || {
        let number = first.parse().ok().filter(|&number| number > 0).unwrap_or(1);
        Uid::new(UidValidity::new(VALIDITY).unwrap(), number).unwrap()
    };
    match command {
        "SELECT" => {
            let selected = session.select(mailbox).await?;
            let is_named = heard_lines(heard)
                .iter()
                .any(|line| line.split_once(" SELECT ").is_some_and(|(_, name)| strings(name) == [first]));
            outcome
                .note(format!("selected: {} messages", selected.exists), selected.exists == 172 && is_named);
            // A URL may say under which UIDVALIDITY its number has its meaning.
            let names = case.operation(0).urls().into_iter().flat_map(|url| url.path);
            let mut wanted = names.filter_map(|name| name.split_once("UIDVALIDITY=")?.1.parse().ok());
            if let Some(validity) = wanted.next().and_then(UidValidity::new) {
                let uids = Uid::new(validity, 1).unwrap();
                if let Some(message) = session.fetch(mailbox, &uids.into(), &FetchItems::new()).next().await {
                    message?;
                }
            }
        }
        "FETCH" => {
            let fetched = fetch(session, mailbox, number(), rest).await?;
            let is_same = fetched.as_deref() == Some(case.data.as_bytes());
            outcome.note(format!("fetched {} bytes", fetched.map_or(0, |bytes| bytes.len())), is_same);
        }
        "APPEND" => append(case, session, mailbox, line, heard, outcome).await?,
        "LIST" | "LSUB" => {
            let mailboxes = session.list().await?;
            let stated = case.data.lines().filter(|line| line.starts_with("* L")).count();
            outcome.note(format!("{} mailboxes", mailboxes.len()), mailboxes.len() == stated);
        }
        "EXAMINE" => {
            let selected = session.examine(mailbox).await?;
            outcome.note(format!("examined: {} messages", selected.exists), selected.read_only);
        }
        "STATUS" => {
            let status = session.status(mailbox).await?;
            let number =
                |name: &str| case.data.split_once(name)?.1.trim().split([' ', ')']).next()?.parse().ok();
            let is_same = status.messages == number("MESSAGES") && status.uid_next == number("UIDNEXT");
            outcome.note(format!("{:?} messages", status.messages), is_same);
        }
        "SEARCH" => {
            let found: Vec<u32> =
                session.search(mailbox, &Search::all()).await?.into_iter().map(Uid::number).collect();
            let stated = case.data.strip_prefix("* SEARCH").unwrap_or_default();
            let stated: Vec<u32> = stated.split_whitespace().filter_map(|word| word.parse().ok()).collect();
            outcome.note(format!("{} found", found.len()), found == stated);
        }
        "CREATE" => outcome.note("created", session.create(&MailboxName::new(first)?).await.is_ok()),
        "DELETE" => outcome.note("deleted", session.delete(&MailboxName::new(first)?).await.is_ok()),
        "RENAME" => {
            let renamed = session.rename(&MailboxName::new(first)?, &MailboxName::new(rest)?).await;
            outcome.note("renamed", renamed.is_ok());
        }
        "STORE" => {
            let change = FlagChange::Add(vec![Flag::Deleted]);
            session.store(mailbox, &UidSet::from(number()), &change).await?;
            outcome.note("stored", true);
        }
        "COPY" => {
            session.copy(mailbox, &UidSet::from(number()), &MailboxName::new(rest)?).await?;
            outcome.note("copied", true);
        }
        "EXPUNGE" => outcome.note("expunged", session.expunge(mailbox).await.is_ok()),
        "NOOP" => outcome.note("alive", session.noop().await.is_ok()),
        "CAPABILITY" | "LOGIN" | "AUTHENTICATE" | "LOGOUT" | "" => {}
        other => outcome.note(format!("no call for {other}"), false),
    }
    Ok(())
}

/// A part, or the whole message for everything else: that is no matter to this server.
async fn fetch(
    session: &ImapSession,
    mailbox: &MailboxName,
    uid: Uid,
    asked: &str,
) -> Result<Option<Vec<u8>>, Error> {
    let section = asked.split_once('[').and_then(|(_, rest)| rest.split(']').next()).unwrap_or_default();
    let steps: Vec<u32> = section.split('.').map_while(|step| step.parse().ok()).collect();
    let Ok(part) = PartNumber::new(&steps) else {
        return session.message(mailbox, uid).await.map(Some);
    };
    let mut stream = session.fetch(mailbox, &uid.into(), &FetchItems::new().part(part.clone()));
    let message = stream.next().await.transpose()?;
    Ok(message.and_then(|message| message.part(&part).map(<[u8]>::to_vec)))
}

async fn append(
    case: &Case,
    session: &ImapSession,
    mailbox: &MailboxName,
    line: &str,
    heard: &crate::corpora::server_end::Heard,
    outcome: &mut Outcome,
) -> Result<(), Error> {
    let message = case.upload.clone().unwrap_or_default();
    let flags = line.split_once('(').and_then(|(_, rest)| rest.split(')').next()).unwrap_or_default();
    let known = [Flag::Seen, Flag::Answered, Flag::Flagged, Flag::Deleted, Flag::Draft];
    let flags: Vec<Flag> = known.into_iter().filter(|flag| flags.contains(flag.as_str())).collect();
    session.append(mailbox, message.as_bytes(), &flags, None).await?;
    let heard = heard.lock().unwrap().clone();
    let sent = format!("{{{}}}\r\n{message}\r\n", message.len());
    let is_same = heard.windows(sent.len()).any(|window| window == sent.as_bytes());
    outcome.note(format!("appended {} bytes with {} flags", message.len(), flags.len()), is_same);
    Ok(())
}
