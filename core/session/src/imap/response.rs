//! The responses of a server, read from the bytes that the guard let through (RFC 3501, section 7; RFC 9051, section 7).
//!
//! What can't be read is not an error: a data response is then [`Data::Other`], an item of a message is named in
//! [`MessageData::unreadable`], and everything around it stands.

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::time::SystemTime;

use super::capabilities::Capabilities;
use super::cursor::Cursor;
use super::date;
use super::envelope::{self, Envelope};
use super::flag::Flag;
use super::name::MailboxName;
use super::structure::{PartNumber, Structure};

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Response {
    /// `+ …`: the server waits for more of the command.
    Continue(Vec<u8>),
    /// The end of a command.
    Done {
        tag: Vec<u8>,
        condition: Condition,
    },
    /// A condition that belongs to no command, or to the one that runs.
    Notice(Condition),
    Data(Data),
}

/// `OK`, `NO`, `BAD`, `PREAUTH` or `BYE`, with its text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) status: Status,
    pub(super) code: Option<Code>,
    /// The text for people.
    pub(super) text: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Ok,
    No,
    Bad,
    Preauth,
    Bye,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Code {
    Capability(Capabilities),
    /// The flags that can be changed for good, and whether new keywords can be made.
    PermanentFlags(Vec<Flag>, bool),
    ReadOnly,
    ReadWrite,
    UidNext(u32),
    UidValidity(u32),
    AppendUid(u32, Ranges),
    CopyUid(u32, Ranges, Ranges),
    /// Any other, by its name in upper case.
    Other(String),
}

/// UIDs as they were written: ascending or not, and none of them 0.
pub(super) type Ranges = Vec<RangeInclusive<u32>>;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Data {
    Capability(Capabilities),
    Flags(Vec<Flag>),
    Exists(u32),
    Expunge,
    Fetch(Box<MessageData>),
    List(ListData),
    /// The answer to LSUB.
    Subscribed(ListData),
    /// Sequence numbers or UIDs; `None` where they can't be read.
    Search(Option<Vec<u32>>),
    Status(MailboxName, Vec<(String, u64)>),
    Id(Vec<(String, String)>),
    /// What nobody asked for, or can't be read.
    Other,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct ListData {
    pub(super) attributes: Vec<String>,
    pub(super) delimiter: Option<char>,
    pub(super) name: MailboxName,
}

/// What one FETCH response says of a message. The large items are boxed: most responses have none of them, and there may be many.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct MessageData {
    pub(super) uid: Option<u32>,
    pub(super) flags: Option<Vec<Flag>>,
    pub(super) size: Option<u64>,
    pub(super) received: Option<SystemTime>,
    pub(super) envelope: Option<Box<Envelope>>,
    pub(super) structure: Option<Box<Structure>>,
    pub(super) sections: Vec<(Section, Vec<u8>)>,
    /// The names of the items that were sent and can't be read.
    pub(super) unreadable: Vec<String>,
}

/// What of a message a BODY item holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Section {
    Whole,
    /// The header, or some fields of it.
    Header,
    Part(PartNumber),
    /// The MIME header of a part.
    PartHeader(PartNumber),
}

impl Response {
    /// Reads a response; `None` where it is no response at all.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(bytes);
        if cursor.literal(b"+").is_some() {
            _ = cursor.space();
            return Some(Self::Continue(line_end(&mut cursor).to_vec()));
        }
        if cursor.literal(b"* ").is_some() {
            return Some(match condition(cursor) {
                Some(condition) => Self::Notice(condition),
                None => Self::Data(data(cursor).unwrap_or(Data::Other)),
            });
        }
        // Exchange forgets what belongs before the COPYUID of a MOVE.
        if let Some(code) = code(&mut cursor) {
            return Some(Self::Notice(Condition { status: Status::Ok, code: Some(code), text: Vec::new() }));
        }
        let tag = cursor.take_while(|byte| !matches!(byte, b' ' | b'\r' | b'\n')).to_vec();
        cursor.space()?;
        Some(Self::Done { tag, condition: condition(cursor)? })
    }
}

/// The rest of the line without its end.
fn line_end<'a>(cursor: &mut Cursor<'a>) -> &'a [u8] {
    cursor.take_while(|byte| !matches!(byte, b'\r' | b'\n'))
}

fn condition(mut cursor: Cursor<'_>) -> Option<Condition> {
    let status = match cursor.atom()?.to_ascii_uppercase().as_str() {
        "OK" => Status::Ok,
        "NO" => Status::No,
        "BAD" => Status::Bad,
        "PREAUTH" => Status::Preauth,
        "BYE" => Status::Bye,
        _ => return None,
    };
    if cursor.space().is_none() && !cursor.is_at_end() {
        return None;
    }
    let code = code(&mut cursor);
    _ = cursor.space();
    Some(Condition { status, code, text: line_end(&mut cursor).to_vec() })
}

/// `[CODE …]`. One that can't be read as what it claims to be is taken by its name alone.
fn code(cursor: &mut Cursor<'_>) -> Option<Code> {
    let mut ahead = *cursor;
    ahead.literal(b"[")?;
    let name = ahead.take_while(|byte| !matches!(byte, b' ' | b']' | b'\r' | b'\n'));
    let name = String::from_utf8_lossy(name).to_ascii_uppercase();
    let mut known = ahead;
    if let Some(code) = known_code(&name, &mut known)
        && known.literal(b"]").is_some()
    {
        *cursor = known;
        return Some(code);
    }
    ahead.take_while(|byte| !matches!(byte, b']' | b'\r' | b'\n'));
    ahead.literal(b"]")?;
    *cursor = ahead;
    Some(Code::Other(name))
}

fn known_code(name: &str, cursor: &mut Cursor<'_>) -> Option<Code> {
    match name {
        "READ-ONLY" => return Some(Code::ReadOnly),
        "READ-WRITE" => return Some(Code::ReadWrite),
        _ => cursor.space()?,
    }
    Some(match name {
        "CAPABILITY" => {
            let names = cursor.take_while(|byte| !matches!(byte, b']' | b'\r' | b'\n'));
            Code::Capability(capabilities(names))
        }
        "PERMANENTFLAGS" => {
            let names = cursor.list(Cursor::flag)?;
            let may_be_made = names.contains(&"\\*");
            let flags = names.into_iter().filter(|&name| name != "\\*").map(Flag::from_wire).collect();
            Code::PermanentFlags(flags, may_be_made)
        }
        "UIDNEXT" => Code::UidNext(cursor.number32()?),
        "UIDVALIDITY" => Code::UidValidity(cursor.number32()?),
        "APPENDUID" => {
            let validity = cursor.number32()?;
            cursor.space()?;
            Code::AppendUid(validity, ranges(cursor)?)
        }
        "COPYUID" => {
            let validity = cursor.number32()?;
            cursor.space()?;
            let from = ranges(cursor)?;
            cursor.space()?;
            Code::CopyUid(validity, from, ranges(cursor)?)
        }
        _ => return None,
    })
}

fn capabilities(names: &[u8]) -> Capabilities {
    let names = String::from_utf8_lossy(names);
    Capabilities::new(names.split_ascii_whitespace())
}

fn ranges(cursor: &mut Cursor<'_>) -> Option<Ranges> {
    let mut ranges = Vec::new();
    loop {
        let first = uid(cursor)?;
        let last = if cursor.literal(b":").is_some() { uid(cursor)? } else { first };
        ranges.push(first.min(last)..=first.max(last));
        if cursor.literal(b",").is_none() {
            return Some(ranges);
        }
    }
}

fn uid(cursor: &mut Cursor<'_>) -> Option<u32> {
    cursor.number32().filter(|&uid| uid > 0)
}

fn data(mut cursor: Cursor<'_>) -> Option<Data> {
    if let Some(number) = cursor.number32() {
        cursor.space()?;
        return match cursor.atom()?.to_ascii_uppercase().as_str() {
            "EXISTS" => Some(Data::Exists(number)),
            "EXPUNGE" => Some(Data::Expunge),
            "FETCH" => {
                cursor.space()?;
                Some(Data::Fetch(Box::new(message(&mut cursor))))
            }
            _ => None,
        };
    }
    let name = cursor.atom()?.to_ascii_uppercase();
    _ = cursor.space();
    match name.as_str() {
        "CAPABILITY" => Some(Data::Capability(capabilities(line_end(&mut cursor)))),
        "FLAGS" => {
            let flags = cursor.list(Cursor::flag)?;
            Some(Data::Flags(flags.into_iter().map(Flag::from_wire).collect()))
        }
        "LIST" => list(&mut cursor).map(Data::List),
        "LSUB" => list(&mut cursor).map(Data::Subscribed),
        "SEARCH" => Some(Data::Search(search(&mut cursor))),
        "STATUS" => status(&mut cursor),
        "ID" => id(&mut cursor).map(Data::Id),
        _ => None,
    }
}

fn list(cursor: &mut Cursor<'_>) -> Option<ListData> {
    let attributes = cursor.list(Cursor::flag)?.into_iter().map(str::to_ascii_lowercase).collect();
    cursor.space()?;
    let delimiter = cursor.nstring()?;
    let delimiter = delimiter.and_then(|text| std::str::from_utf8(&text).ok()?.chars().next());
    cursor.space()?;
    let name = MailboxName::from_wire(&cursor.astring()?)?;
    Some(ListData { attributes, delimiter, name })
}

fn search(cursor: &mut Cursor<'_>) -> Option<Vec<u32>> {
    let mut numbers = Vec::new();
    while let Some(number) = cursor.number32() {
        numbers.push(number);
        _ = cursor.space();
    }
    // What may follow is a MODSEQ, which was not asked for.
    (cursor.is_at_end() || cursor.rest().starts_with(b"(")).then_some(numbers)
}

fn status(cursor: &mut Cursor<'_>) -> Option<Data> {
    let name = MailboxName::from_wire(&cursor.astring()?)?;
    cursor.space()?;
    let items = cursor.list(|cursor| {
        let item = cursor.atom()?.to_ascii_uppercase();
        cursor.space()?;
        match cursor.number() {
            Some(number) => Some(Some((item, number))),
            None => cursor.skip_value().map(|()| None),
        }
    })?;
    Some(Data::Status(name, items.into_iter().flatten().collect()))
}

fn id(cursor: &mut Cursor<'_>) -> Option<Vec<(String, String)>> {
    if cursor.word("NIL").is_some() {
        return Some(Vec::new());
    }
    let text = |text: Cow<'_, [u8]>| crate::error::server_text(&text);
    let fields = cursor.list(|cursor| {
        let name = cursor.string()?;
        cursor.space()?;
        let value = cursor.nstring()?;
        Some(value.map(|value| (text(name).to_ascii_lowercase(), text(value))))
    })?;
    Some(fields.into_iter().flatten().collect())
}

/// The items of a FETCH response. One that can't be read is skipped whole; where not even its end can be found, the rest is lost.
fn message(cursor: &mut Cursor<'_>) -> MessageData {
    let mut message = MessageData::default();
    if items(cursor, &mut message).is_none() {
        message.unreadable.push("FETCH".to_owned());
    }
    message
}

fn items(cursor: &mut Cursor<'_>, message: &mut MessageData) -> Option<()> {
    cursor.literal(b"(")?;
    let mut depth = 1_usize;
    loop {
        _ = cursor.space();
        // Where all items were read, a missing parenthesis harms nothing.
        if depth == 0 || cursor.is_at_end() {
            return Some(());
        }
        if cursor.literal(b")").is_some() {
            depth -= 1;
        } else if cursor.literal(b"(").is_some() {
            // Domino gives an item a list of its own.
            depth += 1;
        } else {
            let name = item_name(cursor)?;
            read_item(name, cursor, message)?;
        }
    }
}

/// Reads the value of an item. It ends where it ends by the rules for values, whatever its reader thinks of it; `None` where not
/// even that can be found.
fn read_item(name: String, cursor: &mut Cursor<'_>, message: &mut MessageData) -> Option<()> {
    _ = cursor.space();
    if cursor.rest().starts_with(b")") {
        // Yandex leaves out the NIL of a part without content.
        message.unreadable.extend(Some(name).filter(|name| section_of(name).is_none()));
        return Some(());
    }
    let start = *cursor;
    if cursor.skip_value().is_none() {
        message.unreadable.push(name);
        return None;
    }
    let length = start.rest().len() - cursor.rest().len();
    let mut value = Cursor::new(start.rest().get(..length)?);
    if item(&name, &mut value, message).is_none() || !value.is_at_end() {
        message.unreadable.push(name);
    }
    Some(())
}

/// `FLAGS`, or `BODY[HEADER.FIELDS (FROM TO)]<0>`, in upper case.
fn item_name(cursor: &mut Cursor<'_>) -> Option<String> {
    let start = cursor.rest();
    cursor.take_while(|byte| !matches!(byte, b' ' | b'[' | b'(' | b')' | b'\r' | b'\n'));
    if cursor.literal(b"[").is_some() {
        cursor.take_while(|byte| !matches!(byte, b']' | b'\r' | b'\n'));
        cursor.literal(b"]")?;
        cursor.take_while(|byte| !matches!(byte, b' ' | b'(' | b')' | b'\r' | b'\n'));
    }
    let name = start.get(..start.len() - cursor.rest().len())?;
    (!name.is_empty()).then(|| String::from_utf8_lossy(name).to_ascii_uppercase())
}

fn item(name: &str, value: &mut Cursor<'_>, message: &mut MessageData) -> Option<()> {
    match name {
        "UID" => message.uid = Some(uid(value)?),
        "FLAGS" => {
            message.flags = Some(value.list(Cursor::flag)?.into_iter().map(Flag::from_wire).collect());
        }
        "RFC822.SIZE" => message.size = Some(value.number()?),
        "INTERNALDATE" => message.received = Some(date::parse_date_time(&value.nstring()??)?),
        "ENVELOPE" => message.envelope = Some(Box::new(envelope::parse(value)?)),
        "BODYSTRUCTURE" => message.structure = Some(Box::new(Structure::parse(value)?)),
        // What nobody asked for is skipped: extensions, sections of other kinds.
        _ => match section_of(name) {
            // NIL is what there is of a message that was expunged meanwhile, or of a part that isn't there.
            Some(section) => {
                let bytes = value.nstring()?;
                message.sections.extend(bytes.map(|bytes| (section, bytes.into_owned())));
            }
            None => value.skip_value()?,
        },
    }
    Some(())
}

fn section_of(item: &str) -> Option<Section> {
    let name = item.strip_prefix("BODY[")?.strip_suffix(']')?;
    if name.is_empty() {
        return Some(Section::Whole);
    }
    if name.starts_with("HEADER") {
        return Some(Section::Header);
    }
    let mut cursor = Cursor::new(name.as_bytes());
    let part = PartNumber::parse(&mut cursor)?;
    match cursor.rest() {
        b"" => Some(Section::Part(part)),
        b".MIME" => Some(Section::PartHeader(part)),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn fetched(items: &str) -> MessageData {
        match Response::parse(format!("* 3 FETCH {items}\r\n").as_bytes()) {
            Some(Response::Data(Data::Fetch(message))) => *message,
            other => unreachable!("{other:?}"),
        }
    }

    #[test]
    fn an_item_in_a_list_of_its_own_is_read() {
        let nothing = "NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL";
        let message = fetched(&format!("(UID 7 (ENVELOPE ({nothing})) RFC822.SIZE 5)"));
        assert_eq!((message.uid, message.size), (Some(7), Some(5)));
        assert_eq!(message.envelope.map(|envelope| envelope.subject), Some(None));
        assert_eq!(message.unreadable, [""; 0]);
    }

    #[test]
    fn a_missing_value_is_nothing_of_a_section_and_unreadable_of_anything_else() {
        for (items, unreadable) in
            [("(UID 7 BODY[2] )", &[][..]), ("(UID 7 BODY[2])", &[]), ("(UID 7 FLAGS )", &["FLAGS"])]
        {
            let message = fetched(items);
            assert_eq!((message.uid, message.sections.len()), (Some(7), 0), "{items}");
            assert_eq!(message.unreadable, unreadable, "{items}");
        }
    }

    #[test]
    fn a_code_without_its_ok_is_a_notice() {
        let Some(Response::Notice(condition)) = Response::parse(b"[COPYUID 55 31 6]\r\n") else {
            unreachable!()
        };
        assert_eq!(condition.status, Status::Ok);
        assert_eq!(condition.code, Some(Code::CopyUid(55, vec![31..=31], vec![6..=6])));
        assert_eq!(Response::parse(b"[COPYUID 55\r\n"), None);
    }

    #[test]
    fn no_uid_in_a_set_is_0() {
        for code in ["COPYUID 55 0 6", "COPYUID 55 1:0 6", "APPENDUID 55 0"] {
            let response = format!("* OK [{code}] done\r\n");
            let Some(Response::Notice(condition)) = Response::parse(response.as_bytes()) else {
                unreachable!()
            };
            let name = code.split(' ').next().unwrap();
            assert_eq!(condition.code, Some(Code::Other(name.to_owned())));
        }
    }
}
