//! What our client does where MailKit's gives a command, and what it brings.

use std::collections::BTreeSet;

use super::server::{responses, uid};
use super::stated::{mailboxes, misread};
use super::*;
use crate::imap::{
    Change, FetchItems, Fetched, Flag, FlagChange, MailboxInfo, MailboxStatus, Search, Selected, Uid, UidSet,
};

/// How long a watch may take to tell what was said.
const WATCHING: Duration = Duration::from_secs(20);
/// As many messages of a range as are worth asking for.
const MANY: usize = 1000;

impl Play<'_> {
    /// Does what a step is for; `None` where no call of ours is.
    pub(super) async fn act(&mut self, session: &ImapSession, step: &Step) -> Option<Outcome> {
        let kind = step.kind();
        match kind.as_str() {
            "LIST" | "LSUB" if !step.said.contains(" \"\"\r\n") => {
                Some(self.list(session, &kind, &step.reply).await)
            }
            "SELECT" | "EXAMINE" => Some(self.select(session, &kind, step).await),
            "FETCH" | "UID FETCH" => self.fetch(session, step).await,
            "SEARCH" | "UID SEARCH" if !step.said.contains("RETURN") => {
                Some(self.search(session, step).await)
            }
            "UID STORE" | "UID COPY" | "UID MOVE" | "UID EXPUNGE" => self.change(session, &kind, step).await,
            "EXPUNGE" | "IDLE" => self.in_mailbox(session, &kind, step).await,
            _ => self.by_name(session, &kind, step).await,
        }
    }

    /// All mailboxes: what is recorded of LSUB answers both questions where the server needs two.
    async fn list(&self, session: &ImapSession, kind: &str, reply: &[u8]) -> Outcome {
        let listed = if kind == "LSUB" { replaced(reply, "* LSUB", "* LIST") } else { reply.to_vec() };
        self.log.desk.lay_out("LIST", listed);
        if kind == "LSUB" {
            self.log.desk.lay_out("LSUB", reply);
        }
        let listed = session.list().await?;
        // A mailbox that is told twice is one.
        let stated = mailboxes(&responses(reply)).len();
        if listed.len() != stated {
            return Err(Odd::Misread(format!("{} mailboxes of {stated}", listed.len())));
        }
        Ok(listed.iter().map(described).collect::<Vec<_>>().join(", "))
    }

    async fn select(&mut self, session: &ImapSession, kind: &str, step: &Step) -> Outcome {
        let mailbox = mailbox(step.arguments());
        self.log.desk.lay_out("SELECT", step.reply.clone());
        let selected = match kind {
            "SELECT" => session.select(&mailbox).await?,
            _ => session.examine(&mailbox).await?,
        };
        self.selected = Some((mailbox, selected.uid_validity));
        let Selected {
            uid_validity,
            uid_next,
            exists,
            flags,
            permanent_flags,
            allows_new_keywords,
            read_only,
        } = selected;
        let next = uid_next.map_or("?".to_owned(), |next| next.to_string());
        let new = if allows_new_keywords { " and new ones" } else { "" };
        let access = if read_only { "read only" } else { "read and write" };
        Ok(format!(
            "{exists} messages, validity {}, next {next}, {} flags of which {}{new} last, {access}",
            uid_validity.value(),
            flags.len(),
            permanent_flags.len(),
        ))
    }

    /// The mailbox that the step before this one has selected, and what its UIDs are worth.
    fn here(&self) -> (MailboxName, UidValidity) {
        self.selected.clone().unwrap_or_else(|| (MailboxName::inbox(), UidValidity::new(1).unwrap()))
    }

    /// The messages of a recording, by what of each was asked for.
    async fn fetch(&self, session: &ImapSession, step: &Step) -> Option<Outcome> {
        let (mailbox, validity) = self.here();
        let recording = with_uids(&step.reply);
        let numbers: BTreeSet<u32> =
            responses(&recording).iter().filter_map(|response| uid(response)).collect();
        // No message has the number 0: what a server says of one is not asked for.
        let uids = UidSet::of(numbers.iter().filter_map(|&number| Uid::new(validity, number))).ok()?;
        let tag = if says_yes(&step.reply) { &b""[..] } else { b"A######## OK done\r\n" };
        self.log.desk.lay_out("UID FETCH", [&recording, tag].concat());
        self.log.desk.lay_out("UID SEARCH", search_reply(&numbers));
        let mut stream = session.fetch(&mailbox, &uids, &items(step.arguments()));
        let mut messages = Vec::new();
        while let Some(message) = stream.next().await {
            match message {
                Ok(message) => messages.push(message),
                Err(error) => return Some(Err(error.into())),
            }
        }
        Some(stated(&messages, &numbers, &recording).map(|()| summary(&messages)))
    }

    async fn search(&self, session: &ImapSession, step: &Step) -> Outcome {
        self.log.desk.lay_out("UID SEARCH", step.reply.clone());
        let found = session.search(&self.here().0, &Search::all()).await?;
        let text = String::from_utf8_lossy(&step.reply).into_owned();
        let lines = text.lines().filter_map(|line| line.strip_prefix("* SEARCH"));
        let stated: BTreeSet<u32> = lines
            .flat_map(|line| line.split_whitespace().map_while(|word| word.parse().ok()))
            .filter(|&number| number > 0)
            .collect();
        let numbers: BTreeSet<u32> = found.iter().map(|uid| uid.number()).collect();
        if numbers != stated {
            return Err(Odd::Misread(format!("{numbers:?} found of {stated:?}")));
        }
        Ok(format!("{} found", found.len()))
    }

    /// What changes messages; `None` for what no call of ours does to them.
    async fn change(&self, session: &ImapSession, kind: &str, step: &Step) -> Option<Outcome> {
        let (mailbox, validity) = self.here();
        let uids = messages(step.arguments(), validity);
        self.log.desk.lay_out(kind, step.reply.clone());
        let to = || mailbox_behind_set(step.arguments());
        let pairs =
            |moved: Result<Vec<(Uid, Uid)>, Error>| told(moved, |moved| format!("{} handles", moved.len()));
        Some(match kind {
            // Labels are Gmail's own.
            "UID STORE" if step.said.contains("FLAGS") => {
                let change = FlagChange::Add(vec![Flag::Seen]);
                told(session.store(&mailbox, &uids, &change).await, |()| "stored".to_owned())
            }
            "UID COPY" => pairs(session.copy(&mailbox, &uids, &to()).await),
            "UID MOVE" => {
                // A server that has no MOVE is asked to copy.
                self.log.desk.lay_out("UID COPY", step.reply.clone());
                pairs(session.move_to(&mailbox, &uids, &to()).await)
            }
            "UID EXPUNGE" => told(session.expunge_uids(&mailbox, &uids).await, |()| "expunged".to_owned()),
            _ => return None,
        })
    }

    /// What is about all of the selected mailbox.
    async fn in_mailbox(&self, session: &ImapSession, kind: &str, step: &Step) -> Option<Outcome> {
        let (mailbox, _) = self.here();
        self.log.desk.lay_out(kind, step.reply.clone());
        if kind == "EXPUNGE" {
            return Some(told(session.expunge(&mailbox).await, |()| "expunged".to_owned()));
        }
        // The end of an IDLE is the reply to the next step; it comes when somebody else wants the session.
        let end = self.log.dialogue.steps.iter().find(|step| step.said.ends_with("DONE\r\n"))?;
        self.log.desk.lay_out("DONE", end.reply.clone());
        let said = [step.reply.as_slice(), &end.reply].concat();
        let watched = tokio::time::timeout(WATCHING, watched(session, &mailbox, &said)).await;
        Some(watched.unwrap_or_else(|_| Err(Odd::Misread("a watch does not tell all".to_owned()))))
    }

    /// What is about a mailbox by its name, or about none; `None` for what no call of ours does.
    async fn by_name(&self, session: &ImapSession, kind: &str, step: &Step) -> Option<Outcome> {
        if is_challenge(step) {
            return None;
        }
        let name = mailbox(step.arguments());
        self.log.desk.lay_out(kind, step.reply.clone());
        let done = |outcome: Result<(), Error>| told(outcome, |()| "done".to_owned());
        Some(match kind {
            "STATUS" => told(session.status(&name).await, |status| numbers(&status)),
            "ID" => told(session.id(&[]).await, |fields| format!("{} fields", fields.len())),
            "CREATE" => done(session.create(&name).await),
            "DELETE" => done(session.delete(&name).await),
            "RENAME" => done(session.rename(&name, &MailboxName::new("other").unwrap()).await),
            "SUBSCRIBE" => done(session.subscribe(&name).await),
            "UNSUBSCRIBE" => done(session.unsubscribe(&name).await),
            "NOOP" => {
                told(session.noop().await, |()| format!("alive, {} alerts", session.take_alerts().len()))
            }
            _ => return None,
        })
    }
}

/// Whether the messages with these numbers arrived, each as the recording states it.
fn stated(messages: &[Fetched], numbers: &BTreeSet<u32>, recording: &[u8]) -> Result<(), Odd> {
    let arrived: BTreeSet<u32> = messages.iter().map(|message| message.uid.number()).collect();
    if !arrived.iter().eq(numbers.iter().filter(|&&number| number > 0)) {
        return Err(Odd::Misread(format!("{arrived:?} arrived of {numbers:?}")));
    }
    let responses = responses(recording);
    for message in messages {
        let misread = misread(message, &responses);
        if !misread.is_empty() {
            return Err(Odd::Misread(format!("{misread:?} of {}: {message:?}", message.uid)));
        }
    }
    Ok(())
}

fn numbers(status: &MailboxStatus) -> String {
    let number = |number: Option<u32>| number.map_or("?".to_owned(), |number| number.to_string());
    format!(
        "{} messages, {} unseen, next {}, validity {}",
        number(status.messages),
        number(status.unseen),
        number(status.uid_next),
        number(status.uid_validity.map(UidValidity::value)),
    )
}

/// Watches a mailbox until everything was told that the server says of it, one by one or added up.
async fn watched(session: &ImapSession, mailbox: &MailboxName, said: &[u8]) -> Outcome {
    let said = String::from_utf8_lossy(said).into_owned();
    let lines = |word: &'static str| said.lines().filter(move |line| line.split(' ').nth(2) == Some(word));
    let last = lines("EXISTS").next_back().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let stated = (last, u32::try_from(lines("EXPUNGE").count()).unwrap(), lines("FETCH").count() > 0);
    let mut watch = session.watch(mailbox).await?;
    let mut told = (None, 0, false);
    while told != stated {
        match watch.next().await? {
            Change::Exists(count) => told.0 = Some(count),
            Change::Expunged(count) => told.1 += count,
            Change::Flags => told.2 = true,
        }
        // The rest comes behind the end of the IDLE.
        session.noop().await?;
    }
    Ok(format!("{told:?}"))
}

/// The first word of a command's arguments, as a mailbox.
fn mailbox(arguments: &str) -> MailboxName {
    let name = match arguments.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next().unwrap_or_default(),
        None => arguments.split(' ').next().unwrap_or_default(),
    };
    MailboxName::new(name).unwrap_or_else(|_| MailboxName::inbox())
}

/// The messages that the first word of a command's arguments names; the first one where it names none, as in a STORE to them all.
fn messages(arguments: &str, validity: UidValidity) -> UidSet {
    let named = arguments.split(' ').next().unwrap_or_default().split(',').flat_map(|range| {
        let (first, last) = range.split_once(':').unwrap_or((range, range));
        first.parse().and_then(|first| Ok(first..=last.parse()?)).unwrap_or(1..=1)
    });
    let uids = named.take(MANY).filter_map(|number: u32| Uid::new(validity, number));
    UidSet::of(uids).unwrap_or_else(|_| UidSet::from(Uid::new(validity, 1).unwrap()))
}

fn mailbox_behind_set(arguments: &str) -> MailboxName {
    mailbox(arguments.split_once(' ').map_or("", |(_, rest)| rest))
}

/// What our client asks for where MailKit asks for these items.
fn items(asked: &str) -> FetchItems {
    let has = |word: &str| asked.contains(word);
    let ask = |items: FetchItems, wanted: bool, item: fn(FetchItems) -> FetchItems| {
        if wanted { item(items) } else { items }
    };
    let items = ask(FetchItems::new(), has("FLAGS"), FetchItems::flags);
    let items = ask(items, has("RFC822.SIZE"), FetchItems::size);
    let items = ask(items, has("INTERNALDATE"), FetchItems::received);
    let items = ask(items, has("ENVELOPE"), FetchItems::envelope);
    let items = ask(items, has("BODYSTRUCTURE"), FetchItems::structure);
    let items = ask(items, has("[HEADER"), FetchItems::header);
    ask(items, has("BODY.PEEK[]"), FetchItems::whole)
}

/// A recording of FETCH with the UID that UID FETCH brings, where MailKit did not ask for it: the message's number.
fn with_uids(recording: &[u8]) -> Vec<u8> {
    let add = |response: Vec<u8>| {
        let text = String::from_utf8_lossy(&response).into_owned();
        let number =
            text.strip_prefix("* ").and_then(|rest| rest.split_once(" FETCH (")).map(|(number, _)| number);
        match number {
            Some(number) if number.bytes().all(|byte| byte.is_ascii_digit()) && uid(&response).is_none() => {
                let start = format!("* {number} FETCH (");
                [format!("{start}UID {number} ").as_bytes(), &response[start.len()..]].concat()
            }
            _ => response,
        }
    };
    responses(recording).into_iter().map(add).collect::<Vec<_>>().concat()
}

fn search_reply(numbers: &BTreeSet<u32>) -> String {
    let numbers: String = numbers.iter().map(|number| format!(" {number}")).collect();
    format!("* SEARCH{numbers}\r\nA######## OK searched\r\n")
}

fn described(mailbox: &MailboxInfo) -> String {
    let role = mailbox.role.map_or(String::new(), |role| format!(" ({role:?})"));
    let selectable = if mailbox.selectable { "" } else { "/" };
    format!("{}{selectable}{role}", mailbox.name)
}

/// How many of each, and how many bytes.
fn summary(messages: &[Fetched]) -> String {
    let count = |has: fn(&Fetched) -> bool| messages.iter().filter(|message| has(message)).count();
    let bytes = |of: fn(&Fetched) -> usize| messages.iter().map(of).sum::<usize>();
    let facts = [
        ("flags", count(|message| message.flags.is_some())),
        ("sizes", count(|message| message.size.is_some())),
        ("dates", count(|message| message.received.is_some())),
        ("envelopes", count(|message| message.envelope.is_some())),
        ("structures", count(|message| message.structure.is_some())),
        ("bytes of headers", bytes(|message| message.header.as_ref().map_or(0, Vec::len))),
        ("bytes of messages", bytes(|message| message.whole.as_ref().map_or(0, Vec::len))),
        ("bytes of parts", bytes(|message| message.parts.iter().map(|(_, bytes)| bytes.len()).sum())),
        (
            "bytes of part headers",
            bytes(|message| message.part_headers.iter().map(|(_, bytes)| bytes.len()).sum()),
        ),
        ("unreadable", bytes(|message| message.unreadable.len())),
    ];
    let facts =
        facts.into_iter().filter(|(_, count)| *count > 0).map(|(name, count)| format!(", {count} {name}"));
    format!("{} messages{}", messages.len(), facts.collect::<String>())
}

fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    String::from_utf8_lossy(bytes).replace(from, to).into_bytes()
}
