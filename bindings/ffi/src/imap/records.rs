use postseal::MailboxName;
use postseal::session::imap as core;

use crate::PostsealError;
use crate::numbers::{checked, signed};

/// The handle of a message in a mailbox: its UID, and the UIDVALIDITY under which that UID means this message. It can be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, uniffi::Record)]
pub struct Uid {
    /// The UIDVALIDITY of the mailbox when the UID was learnt.
    pub validity: i64,
    /// The UID itself.
    pub number: i64,
}

impl From<core::Uid> for Uid {
    fn from(uid: core::Uid) -> Self {
        Self { validity: uid.validity().value().into(), number: uid.number().into() }
    }
}

impl TryFrom<Uid> for core::Uid {
    type Error = PostsealError;

    fn try_from(uid: Uid) -> Result<Self, PostsealError> {
        let number = checked(uid.number, "number")?;
        Self::new(validity(uid.validity)?, number)
            .ok_or_else(|| PostsealError::invalid("number", "0 is no UID"))
    }
}

fn validity(value: i64) -> Result<core::UidValidity, PostsealError> {
    core::UidValidity::new(checked(value, "validity")?)
        .ok_or_else(|| PostsealError::invalid("validity", "0 is no UIDVALIDITY"))
}

/// Messages of one mailbox, under one UIDVALIDITY.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum UidSet {
    /// Every message of the mailbox.
    All {
        /// The UIDVALIDITY of the mailbox.
        validity: i64,
    },
    /// This message and every one that came after it.
    StartingAt {
        /// The first.
        first: Uid,
    },
    /// The messages from one to another, both included.
    Range {
        /// The first.
        first: Uid,
        /// The last.
        last: Uid,
    },
    /// These messages, in any order.
    Of {
        /// Their handles; all of one UIDVALIDITY, and at least one.
        uids: Vec<Uid>,
    },
}

impl TryFrom<UidSet> for core::UidSet {
    type Error = PostsealError;

    fn try_from(set: UidSet) -> Result<Self, PostsealError> {
        Ok(match set {
            UidSet::All { validity: value } => Self::all(validity(value)?),
            UidSet::StartingAt { first } => Self::starting_at(first.try_into()?),
            UidSet::Range { first, last } => Self::range(first.try_into()?, last.try_into()?)?,
            UidSet::Of { uids } => {
                Self::of(uids.into_iter().map(core::Uid::try_from).collect::<Result<Vec<_>, _>>()?)?
            }
        })
    }
}

/// A flag of a message.
#[derive(Debug, Clone, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum Flag {
    /// It was read.
    Seen,
    /// It was answered.
    Answered,
    /// It is marked for attention.
    Flagged,
    /// It is to be removed by the next expunge.
    Deleted,
    /// It is a draft.
    Draft,
    /// It was forwarded.
    Forwarded,
    /// It is junk.
    Junk,
    /// It is not junk.
    NotJunk,
    /// Any other keyword, or a system flag of the server's own.
    Keyword {
        /// Its name on the wire.
        name: String,
    },
}

impl From<&core::Flag> for Flag {
    fn from(flag: &core::Flag) -> Self {
        match flag {
            core::Flag::Seen => Self::Seen,
            core::Flag::Answered => Self::Answered,
            core::Flag::Flagged => Self::Flagged,
            core::Flag::Deleted => Self::Deleted,
            core::Flag::Draft => Self::Draft,
            core::Flag::Forwarded => Self::Forwarded,
            core::Flag::Junk => Self::Junk,
            core::Flag::NotJunk => Self::NotJunk,
            other => Self::Keyword { name: other.as_str().to_owned() },
        }
    }
}

impl TryFrom<Flag> for core::Flag {
    type Error = PostsealError;

    fn try_from(flag: Flag) -> Result<Self, PostsealError> {
        Ok(match flag {
            Flag::Seen => Self::Seen,
            Flag::Answered => Self::Answered,
            Flag::Flagged => Self::Flagged,
            Flag::Deleted => Self::Deleted,
            Flag::Draft => Self::Draft,
            Flag::Forwarded => Self::Forwarded,
            Flag::Junk => Self::Junk,
            Flag::NotJunk => Self::NotJunk,
            Flag::Keyword { name } => Self::keyword(&name)?,
        })
    }
}

pub(super) fn flags(flags: Vec<Flag>) -> Result<Vec<core::Flag>, PostsealError> {
    flags.into_iter().map(TryInto::try_into).collect()
}

fn shown(flags: &[core::Flag]) -> Vec<Flag> {
    flags.iter().map(Into::into).collect()
}

/// How flags are changed.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum FlagChange {
    /// These are set, others stay.
    Add {
        /// The flags.
        flags: Vec<Flag>,
    },
    /// These are taken away, others stay.
    Remove {
        /// The flags.
        flags: Vec<Flag>,
    },
    /// These are set, others are taken away.
    Replace {
        /// The flags.
        flags: Vec<Flag>,
    },
}

impl TryFrom<FlagChange> for core::FlagChange {
    type Error = PostsealError;

    fn try_from(change: FlagChange) -> Result<Self, PostsealError> {
        Ok(match change {
            FlagChange::Add { flags: given } => Self::Add(flags(given)?),
            FlagChange::Remove { flags: given } => Self::Remove(flags(given)?),
            FlagChange::Replace { flags: given } => Self::Replace(flags(given)?),
        })
    }
}

/// Which message became which: the handle in the old mailbox, and the one in the new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct Moved {
    /// The handle in the mailbox where it was.
    pub before: Uid,
    /// The handle in the mailbox where it is now.
    pub after: Uid,
}

/// Every pair that the server told of.
pub(super) fn moved(pairs: core::Moved) -> Vec<Moved> {
    pairs.into_iter().map(|(before, after)| Moved { before: before.into(), after: after.into() }).collect()
}

/// What a server or client says of itself (ID).
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ServerField {
    /// What it tells, such as `name`.
    pub name: String,
    /// The value.
    pub value: String,
}

/// A mailbox as the server lists it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct MailboxInfo {
    /// Its name, with its parents.
    pub name: String,
    /// The last level of its name.
    pub leaf: String,
    /// What stands between the levels of its name; none where there are none.
    pub delimiter: Option<String>,
    /// What it is for.
    pub role: Option<Role>,
    /// Whether it can hold messages; some names are there for their children only.
    pub selectable: bool,
    /// Whether the user has subscribed to it.
    pub subscribed: bool,
    /// Whether it has children.
    pub has_children: bool,
}

impl From<core::MailboxInfo> for MailboxInfo {
    fn from(info: core::MailboxInfo) -> Self {
        Self {
            name: info.name.as_str().to_owned(),
            leaf: MailboxName::leaf(&info.name, info.delimiter).to_owned(),
            delimiter: info.delimiter.map(String::from),
            role: info.role.and_then(Role::of),
            selectable: info.selectable,
            subscribed: info.subscribed,
            has_children: info.has_children,
        }
    }
}

/// What a mailbox is for: as the server says, or guessed from its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Role {
    /// Where mail arrives.
    Inbox,
    /// Messages that were sent.
    Sent,
    /// Messages that are being written.
    Drafts,
    /// What was thrown away.
    Trash,
    /// Spam.
    Junk,
    /// What was put aside for good.
    Archive,
    /// Every message there is, by the server's making.
    All,
    /// Every flagged message, by the server's making.
    Flagged,
    /// What the server deems important.
    Important,
}

impl Role {
    /// None for a role that is new in the core.
    fn of(role: core::Role) -> Option<Self> {
        Some(match role {
            core::Role::Inbox => Self::Inbox,
            core::Role::Sent => Self::Sent,
            core::Role::Drafts => Self::Drafts,
            core::Role::Trash => Self::Trash,
            core::Role::Junk => Self::Junk,
            core::Role::Archive => Self::Archive,
            core::Role::All => Self::All,
            core::Role::Flagged => Self::Flagged,
            core::Role::Important => Self::Important,
            _ => return None,
        })
    }
}

/// The numbers of a mailbox that is not selected. What the server doesn't say is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct MailboxStatus {
    /// How many messages there are.
    pub messages: Option<i64>,
    /// How many of them were not read.
    pub unseen: Option<i64>,
    /// The UID that the next message will have at least.
    pub uid_next: Option<i64>,
    /// Under which UIDVALIDITY its UIDs have their meaning.
    pub uid_validity: Option<i64>,
}

impl From<core::MailboxStatus> for MailboxStatus {
    fn from(status: core::MailboxStatus) -> Self {
        Self {
            messages: status.messages.map(Into::into),
            unseen: status.unseen.map(Into::into),
            uid_next: status.uid_next.map(Into::into),
            uid_validity: status.uid_validity.map(|validity| validity.value().into()),
        }
    }
}

/// What a server says of a mailbox when it is selected.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Selected {
    /// Under which UIDVALIDITY its UIDs have their meaning.
    pub uid_validity: i64,
    /// The UID that the next message will have at least, where the server says.
    pub uid_next: Option<i64>,
    /// How many messages there are.
    pub exists: i64,
    /// The flags that messages in it have or can have.
    pub flags: Vec<Flag>,
    /// The flags that can be changed for good.
    pub permanent_flags: Vec<Flag>,
    /// Whether new keywords can be made by using them.
    pub allows_new_keywords: bool,
    /// Whether nothing can be changed.
    pub read_only: bool,
}

impl From<core::Selected> for Selected {
    fn from(selected: core::Selected) -> Self {
        Self {
            uid_validity: selected.uid_validity.value().into(),
            uid_next: selected.uid_next.map(Into::into),
            exists: selected.exists.into(),
            flags: shown(&selected.flags),
            permanent_flags: shown(&selected.permanent_flags),
            allows_new_keywords: selected.allows_new_keywords,
            read_only: selected.read_only,
        }
    }
}

/// The envelope of a message as the server took it from its headers. The texts are the headers' own bytes, not decoded.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ImapEnvelope {
    /// The Date header.
    pub date: Option<Vec<u8>>,
    /// The Subject header.
    pub subject: Option<Vec<u8>>,
    /// The From header.
    pub from: Vec<ImapEnvelopeAddress>,
    /// The Sender header; the server puts From here where there is none.
    pub sender: Vec<ImapEnvelopeAddress>,
    /// The Reply-To header; the server puts From here where there is none.
    pub reply_to: Vec<ImapEnvelopeAddress>,
    /// The To header.
    pub to: Vec<ImapEnvelopeAddress>,
    /// The Cc header.
    pub cc: Vec<ImapEnvelopeAddress>,
    /// The Bcc header.
    pub bcc: Vec<ImapEnvelopeAddress>,
    /// The In-Reply-To header.
    pub in_reply_to: Option<Vec<u8>>,
    /// The Message-ID header.
    pub message_id: Option<Vec<u8>>,
}

impl From<core::Envelope> for ImapEnvelope {
    fn from(envelope: core::Envelope) -> Self {
        let all = |addresses: Vec<core::EnvelopeAddress>| addresses.into_iter().map(Into::into).collect();
        Self {
            date: envelope.date,
            subject: envelope.subject,
            from: all(envelope.from),
            sender: all(envelope.sender),
            reply_to: all(envelope.reply_to),
            to: all(envelope.to),
            cc: all(envelope.cc),
            bcc: all(envelope.bcc),
            in_reply_to: envelope.in_reply_to,
            message_id: envelope.message_id,
        }
    }
}

/// One address of an envelope, or a mark of a group: with no host it begins the group named by `mailbox`, with neither it ends one.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ImapEnvelopeAddress {
    /// The display name.
    pub name: Option<Vec<u8>>,
    /// What stands before the `@`.
    pub mailbox: Option<Vec<u8>>,
    /// What stands after the `@`.
    pub host: Option<Vec<u8>>,
}

impl From<core::EnvelopeAddress> for ImapEnvelopeAddress {
    fn from(address: core::EnvelopeAddress) -> Self {
        Self { name: address.name, mailbox: address.mailbox, host: address.host }
    }
}

/// A part of a message, as the server sees it: it serves to choose what to fetch, never to judge what a message is.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct BodyStructure {
    /// The number to fetch it by; none for a multipart at the top.
    pub number: Option<String>,
    /// How many parts are around it.
    pub depth: i32,
    /// What it is.
    pub kind: BodyKind,
    /// The media type in lower case, such as `text/plain`.
    pub media_type: String,
    /// The parameters of the media type.
    pub parameters: Vec<BodyParameter>,
    /// The disposition in lower case, such as `attachment`.
    pub disposition: Option<String>,
    /// The parameters of the disposition.
    pub disposition_parameters: Vec<BodyParameter>,
    /// The Content-ID, with its angle brackets.
    pub content_id: Option<Vec<u8>>,
    /// The Content-Description.
    pub description: Option<Vec<u8>>,
    /// The Content-Transfer-Encoding in lower case; none for a multipart.
    pub encoding: Option<String>,
    /// The size in bytes, encoded as it is; none for a multipart.
    pub size: Option<i64>,
    /// The envelope of a message in a message.
    pub envelope: Option<ImapEnvelope>,
}

/// What a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum BodyKind {
    /// Data: anything that is not made of parts.
    Single,
    /// A message in a message.
    Message,
    /// Parts.
    Multipart,
}

/// A parameter of a part, as it came.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct BodyParameter {
    /// The name in lower case.
    pub name: String,
    /// The value.
    pub value: Vec<u8>,
}

impl BodyStructure {
    /// The part and all in it, in the order of the message. Records can't hold themselves, so the tree comes as a list with depths.
    pub(super) fn flatten(root: &core::Structure) -> Vec<Self> {
        let (mut list, mut open) = (Vec::new(), vec![(root, 0)]);
        while let Some((part, depth)) = open.pop() {
            list.push(Self::of(part, depth));
            open.extend(part.parts().iter().rev().map(|inner| (inner, depth + 1)));
        }
        list
    }

    fn of(part: &core::Structure, depth: i32) -> Self {
        let (kind, single, envelope) = match &part.content {
            core::Content::Single(single) => (BodyKind::Single, Some(single), None),
            core::Content::Message { data, envelope, .. } => (BodyKind::Message, Some(data), Some(envelope)),
            _ => (BodyKind::Multipart, None, None),
        };
        Self {
            number: part.number.as_ref().map(ToString::to_string),
            depth,
            kind,
            media_type: part.media_type.clone(),
            parameters: parameters(&part.parameters),
            disposition: part.disposition.clone(),
            disposition_parameters: parameters(&part.disposition_parameters),
            content_id: single.and_then(|single| single.content_id.clone()),
            description: single.and_then(|single| single.description.clone()),
            encoding: single.map(|single| single.encoding.clone()),
            size: single.map(|single| signed(single.size)),
            envelope: envelope.map(|envelope| (**envelope).clone().into()),
        }
    }
}

fn parameters(parameters: &[(String, Vec<u8>)]) -> Vec<BodyParameter> {
    parameters
        .iter()
        .map(|(name, value)| BodyParameter { name: name.clone(), value: value.clone() })
        .collect()
}
