use std::fmt;

use super::command::Command;
use super::date::Date;
use super::engine::{Access, Engine};
use super::flag::{Flag, flag_list};
use super::name::MailboxName;
use super::response::Data;
use super::session::ImapSession;
use super::uid::{Uid, UidSet, UidValidity};
use crate::{Error, PeerFault};

/// How deep searches may nest, so that none is too much for a server.
const MAX_DEPTH: usize = 32;

/// What to search for (RFC 9051, section 6.4.4). Texts are found in any case, wherever they stand.
///
/// ```
/// use postseal_session::imap::{Date, Flag, Search};
///
/// let unread = Search::without_flag(Flag::Seen).and(Search::since(Date::new(2024, 2, 1)?));
/// let wanted = unread.and(Search::from("Zoë").or(Search::subject("\"quoted\"")));
/// # Ok::<(), postseal_session::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search(Key);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Key {
    All,
    Text(&'static str, String),
    Header(String, String),
    Date(&'static str, Date),
    Size(&'static str, u32),
    Flag(Flag, bool),
    Uids(UidSet),
    And(Vec<Key>),
    Or(Box<Key>, Box<Key>),
    Not(Box<Key>),
}

impl Search {
    /// Every message.
    #[must_use]
    pub const fn all() -> Self {
        Self(Key::All)
    }

    /// The text in the From header.
    #[must_use]
    pub fn from(text: &str) -> Self {
        Self(Key::Text("FROM", text.to_owned()))
    }

    /// The text in the To header.
    #[must_use]
    pub fn to(text: &str) -> Self {
        Self(Key::Text("TO", text.to_owned()))
    }

    /// The text in the Cc header.
    #[must_use]
    pub fn cc(text: &str) -> Self {
        Self(Key::Text("CC", text.to_owned()))
    }

    /// The text in the Subject header.
    #[must_use]
    pub fn subject(text: &str) -> Self {
        Self(Key::Text("SUBJECT", text.to_owned()))
    }

    /// The text in the body.
    #[must_use]
    pub fn body(text: &str) -> Self {
        Self(Key::Text("BODY", text.to_owned()))
    }

    /// The text in the header or the body.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self(Key::Text("TEXT", text.to_owned()))
    }

    /// The text in a field of the header; any message with the field where the text is empty.
    #[must_use]
    pub fn header(field: &str, text: &str) -> Self {
        Self(Key::Header(field.to_owned(), text.to_owned()))
    }

    /// Taken in by the server on that day or later.
    #[must_use]
    pub const fn since(date: Date) -> Self {
        Self(Key::Date("SINCE", date))
    }

    /// Taken in by the server before that day.
    #[must_use]
    pub const fn before(date: Date) -> Self {
        Self(Key::Date("BEFORE", date))
    }

    /// Dated, by its header, on that day or later.
    #[must_use]
    pub const fn sent_since(date: Date) -> Self {
        Self(Key::Date("SENTSINCE", date))
    }

    /// Dated, by its header, before that day.
    #[must_use]
    pub const fn sent_before(date: Date) -> Self {
        Self(Key::Date("SENTBEFORE", date))
    }

    /// Larger than so many bytes.
    #[must_use]
    pub const fn larger(bytes: u32) -> Self {
        Self(Key::Size("LARGER", bytes))
    }

    /// Smaller than so many bytes.
    #[must_use]
    pub const fn smaller(bytes: u32) -> Self {
        Self(Key::Size("SMALLER", bytes))
    }

    /// With this flag.
    #[must_use]
    pub const fn with_flag(flag: Flag) -> Self {
        Self(Key::Flag(flag, true))
    }

    /// Without this flag.
    #[must_use]
    pub const fn without_flag(flag: Flag) -> Self {
        Self(Key::Flag(flag, false))
    }

    /// One of these messages. Servers may refuse a set of many hundred ranges.
    #[must_use]
    pub const fn uids(uids: UidSet) -> Self {
        Self(Key::Uids(uids))
    }

    /// What both find.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match self.0 {
            Key::And(mut keys) => {
                keys.push(other.0);
                Self(Key::And(keys))
            }
            key => Self(Key::And(vec![key, other.0])),
        }
    }

    /// What either finds.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(Key::Or(Box::new(self.0), Box::new(other.0)))
    }

    /// What it does not find.
    #[must_use]
    pub fn negate(self) -> Self {
        Self(Key::Not(Box::new(self.0)))
    }

    fn command(&self) -> Result<Command, Error> {
        let mut command = Command::new("UID SEARCH");
        // RFC 9051 drops the charset, RFC 3501 needs it for anything but ASCII.
        if !self.0.is_ascii() {
            command = command.arg("CHARSET UTF-8");
        }
        self.0.write(&mut command, 0)?;
        Ok(command)
    }
}

impl Key {
    fn is_ascii(&self) -> bool {
        match self {
            Self::Text(_, text) => text.is_ascii(),
            Self::Header(field, text) => field.is_ascii() && text.is_ascii(),
            Self::And(keys) => keys.iter().all(Self::is_ascii),
            Self::Or(one, other) => one.is_ascii() && other.is_ascii(),
            Self::Not(key) => key.is_ascii(),
            _ => true,
        }
    }

    /// The UIDVALIDITYs of all UIDs in it.
    fn validities(&self, into: &mut Vec<UidValidity>) {
        match self {
            Self::Uids(uids) => into.push(uids.validity()),
            Self::And(keys) => keys.iter().for_each(|key| key.validities(into)),
            Self::Or(one, other) => [one, other].iter().for_each(|key| key.validities(into)),
            Self::Not(key) => key.validities(into),
            _ => {}
        }
    }

    /// Writes the key with a blank before it.
    fn write(&self, command: &mut Command, depth: usize) -> Result<(), Error> {
        if depth > MAX_DEPTH {
            return Err(Error::invalid("search", "it nests too deep"));
        }
        let mut arg = |text: fmt::Arguments<'_>| command.text(&format!(" {text}"));
        match self {
            Self::All => arg(format_args!("ALL")),
            Self::Date(name, date) => arg(format_args!("{name} {date}")),
            Self::Size(name, bytes) => arg(format_args!("{name} {bytes}")),
            Self::Flag(flag, wanted) => arg(format_args!("{}", flag_key(flag, *wanted)?)),
            Self::Uids(uids) => arg(format_args!("UID {uids}")),
            Self::Text(name, text) => {
                arg(format_args!("{name} "));
                push_text(command, text)?;
            }
            Self::Header(field, text) => {
                arg(format_args!("HEADER "));
                push_text(command, field)?;
                command.text(" ");
                push_text(command, text)?;
            }
            Self::And(keys) => {
                command.text(" (ALL");
                keys.iter().try_for_each(|key| key.write(command, depth + 1))?;
                command.text(")");
            }
            Self::Or(one, other) => {
                arg(format_args!("OR"));
                one.write(command, depth + 1)?;
                other.write(command, depth + 1)?;
            }
            Self::Not(key) => {
                arg(format_args!("NOT"));
                key.write(command, depth + 1)?;
            }
        }
        Ok(())
    }
}

fn push_text(command: &mut Command, text: &str) -> Result<(), Error> {
    if text.contains('\0') {
        return Err(Error::invalid("search", "a text holds NUL, which IMAP can't carry"));
    }
    command.push_string(text.as_bytes());
    Ok(())
}

fn flag_key(flag: &Flag, wanted: bool) -> Result<String, Error> {
    let name = match flag {
        Flag::Seen => "SEEN",
        Flag::Answered => "ANSWERED",
        Flag::Flagged => "FLAGGED",
        Flag::Deleted => "DELETED",
        Flag::Draft => "DRAFT",
        // One of the server's own flags has no search key.
        keyword if keyword.as_str().starts_with('\\') => {
            return Err(Error::invalid("flag", "it can't be searched for"));
        }
        keyword => {
            flag_list(std::slice::from_ref(keyword))?;
            return Ok(format!("{}KEYWORD {keyword}", if wanted { "" } else { "UN" }));
        }
    };
    Ok(format!("{}{name}", if wanted { "" } else { "UN" }))
}

impl ImapSession {
    /// Searches a mailbox as it is now; the handles come in ascending order.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for no such mailbox; [`Error::UidValidityChanged`] where the search names UIDs of another UIDVALIDITY;
    /// [`Error::InvalidInput`] for one that can't be written.
    pub async fn search(&self, mailbox: &MailboxName, search: &Search) -> Result<Vec<Uid>, Error> {
        let command = search.command()?;
        let mut validities = Vec::new();
        search.0.validities(&mut validities);
        let mailbox = mailbox.clone();
        self.run(move |engine| Box::pin(find(engine, mailbox, command, validities))).await
    }
}

async fn find(
    engine: &mut Engine,
    mailbox: MailboxName,
    command: Command,
    validities: Vec<UidValidity>,
) -> Result<Vec<Uid>, Error> {
    for expected in validities {
        engine.enter(&mailbox, Access::Read, Some(expected)).await?;
    }
    let validity = engine.enter_anew(&mailbox, None).await?;
    let numbers = engine.search(command).await?;
    Ok(numbers.into_iter().filter_map(|number| Uid::new(validity, number)).collect())
}

impl Engine {
    /// Runs a UID SEARCH; the UIDs ascending, each once.
    pub(super) async fn search(&mut self, command: Command) -> Result<Vec<u32>, Error> {
        let name = command.name;
        let mut numbers = Vec::new();
        for data in self.run(command).await?.into_data() {
            if let Data::Search(found) = data {
                // To pass it over would be to say that nothing was found.
                let unreadable = || PeerFault::unexpected(name, b"SEARCH");
                numbers.extend(found.ok_or_else(unreadable)?);
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        Ok(numbers)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::command::Part;
    use super::*;

    fn written(search: &Search) -> Result<String, Error> {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Literal(bytes) => format!("<{}>", String::from_utf8_lossy(bytes)),
        };
        Ok(search.command()?.parts.iter().map(part).collect())
    }

    #[test]
    fn keys_are_written_as_the_grammar_wants_them() {
        let day = Date::new(2024, 2, 1).unwrap();
        let unread = Search::without_flag(Flag::Seen);
        for (search, wire) in [
            (Search::all(), "UID SEARCH ALL"),
            (Search::from("a \"b\""), r#"UID SEARCH FROM "a \"b\"""#),
            (Search::subject("Grüße"), "UID SEARCH CHARSET UTF-8 SUBJECT <Grüße>"),
            (Search::text("a\r\nb"), "UID SEARCH TEXT <a\r\nb>"),
            (Search::header("ü", "x"), r#"UID SEARCH CHARSET UTF-8 HEADER <ü> "x""#),
            (Search::header("List-Id", ""), r#"UID SEARCH HEADER "List-Id" """#),
            (unread.clone().and(Search::since(day)), "UID SEARCH (ALL UNSEEN SINCE 1-Feb-2024)"),
            (Search::larger(9).or(Search::body("x")), r#"UID SEARCH OR LARGER 9 BODY "x""#),
            (unread.clone().or(Search::to("x")).negate(), r#"UID SEARCH NOT OR UNSEEN TO "x""#),
            (Search::with_flag(Flag::Junk), "UID SEARCH KEYWORD $Junk"),
            (Search::all().and(unread).and(Search::larger(1)), "UID SEARCH (ALL ALL UNSEEN LARGER 1)"),
        ] {
            assert_eq!(written(&search).unwrap(), wire.replace("( ", "(ALL "));
        }
    }

    #[test]
    fn what_cannot_be_written_is_refused() {
        assert!(written(&Search::text("a\0")).is_err());
        assert!(written(&Search::with_flag(Flag::from_wire("\\X"))).is_err());
        let deep = |depth| (0..depth).fold(Search::all(), |search, _| search.negate());
        assert!(written(&deep(MAX_DEPTH)).is_ok());
        assert_eq!(written(&deep(MAX_DEPTH + 1)), Err(Error::invalid("search", "it nests too deep")));
    }
}
