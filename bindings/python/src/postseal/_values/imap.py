"""IMAP: what a server says of mailboxes and of the messages in them."""

from __future__ import annotations

import datetime
import enum
from collections.abc import Iterable
from dataclasses import field
from typing import Any, ClassVar, TypeAlias

from .._convert import from_native, mirrors, to_native, wraps
from .._core import native
from .._value import value


@mirrors("Uid")
@value(frozen=True, order=True)
class Uid:
    """The handle of a message in a mailbox: its UID, and the UIDVALIDITY under which that UID means this message. It can be stored."""

    validity: int
    number: int


class UidSet:
    """Messages of one mailbox, under one UIDVALIDITY."""

    __slots__ = ("_native", "_text")

    def __init__(self, uids: Iterable[Uid]) -> None:
        """These messages, in any order; all of one UIDVALIDITY, and at least one."""
        given = list(uids)
        self._native: Any = native.UidSet.OF(to_native(given))
        self._text = ", ".join(str(uid.number) for uid in given)

    @classmethod
    def _of(cls, theirs: Any, text: str) -> UidSet:
        ours = cls.__new__(cls)
        ours._native, ours._text = theirs, text
        return ours

    @classmethod
    def all(cls, validity: int) -> UidSet:
        """Every message of the mailbox, which has this UIDVALIDITY."""
        return cls._of(native.UidSet.ALL(validity), "all")

    @classmethod
    def starting_at(cls, first: Uid) -> UidSet:
        """This message and every one that came after it."""
        return cls._of(native.UidSet.STARTING_AT(to_native(first)), f"from {first.number} on")

    @classmethod
    def range(cls, first: Uid, last: Uid) -> UidSet:
        """The messages from one to another, both included."""
        return cls._of(native.UidSet.RANGE(to_native(first), to_native(last)), f"{first.number} to {last.number}")

    def __repr__(self) -> str:
        return f"<UidSet {self._text}>"


#: Messages of one mailbox: one, several, or a set.
Uids: TypeAlias = UidSet | Uid | Iterable[Uid]


def uid_set(uids: Uids) -> Any:
    """The set as the core takes it."""
    if isinstance(uids, UidSet):
        return uids._native
    return UidSet([uids] if isinstance(uids, Uid) else uids)._native


class Flag(str):
    """A flag of a message, by its name on the wire; any keyword will do."""

    __slots__ = ()

    SEEN: ClassVar[Flag]
    ANSWERED: ClassVar[Flag]
    FLAGGED: ClassVar[Flag]
    DELETED: ClassVar[Flag]
    """It is to be removed by the next expunge."""
    DRAFT: ClassVar[Flag]
    FORWARDED: ClassVar[Flag]
    JUNK: ClassVar[Flag]
    NOT_JUNK: ClassVar[Flag]

    def __repr__(self) -> str:
        return f"Flag({str(self)!r})"


_FLAGS = {
    "SEEN": "\\Seen",
    "ANSWERED": "\\Answered",
    "FLAGGED": "\\Flagged",
    "DELETED": "\\Deleted",
    "DRAFT": "\\Draft",
    "FORWARDED": "$Forwarded",
    "JUNK": "$Junk",
    "NOT_JUNK": "$NotJunk",
}
for _name, _text in _FLAGS.items():
    setattr(Flag, _name, Flag(_text))
    wraps(f"Flag.{_name}", lambda variant: getattr(Flag, type(variant).__name__.partition(".")[2]))
wraps("Flag.KEYWORD", lambda flag: Flag(flag.name))
_VARIANTS = {text.lower(): name for name, text in _FLAGS.items()}


def native_flags(flags: Iterable[str]) -> list[Any]:
    """The flags as the core takes them."""
    if isinstance(flags, str):
        flags = [flags]
    return [_native_flag(flag) for flag in flags]


def _native_flag(flag: str) -> Any:
    variant = _VARIANTS.get(flag.lower())
    return native.Flag.KEYWORD(str(flag)) if variant is None else getattr(native.Flag, variant)()


@mirrors("FetchItems")
@value(frozen=True, kw_only=True)
class FetchItems:
    """What to fetch of each message."""

    flags: bool = False
    size: bool = False
    received: bool = False
    """When the server took it in."""
    envelope: bool = False
    """Its envelope, as the server sees it."""
    structure: bool = False
    """Its structure, as the server sees it."""
    whole: bool = False
    """The whole message."""
    header: bool = False
    header_fields: tuple[str, ...] = ()
    """These fields of its header alone."""
    parts: tuple[str, ...] = ()
    """These parts, by their numbers: `2.1` is the first part of the second part."""
    part_headers: tuple[str, ...] = ()
    """The MIME headers of these parts."""


@mirrors("ImapEnvelopeAddress")
@value(frozen=True)
class ImapEnvelopeAddress:
    """One address of an envelope, or a mark of a group: with no host it begins the group named by `mailbox`, with neither it ends one."""

    name: bytes | None
    mailbox: bytes | None
    host: bytes | None


@mirrors("ImapEnvelope")
@value(frozen=True)
class ImapEnvelope:
    """The envelope of a message as the server took it from its headers. The texts are the headers' own bytes, not decoded."""

    date: bytes | None
    subject: bytes | None
    from_: tuple[ImapEnvelopeAddress, ...]
    sender: tuple[ImapEnvelopeAddress, ...]
    reply_to: tuple[ImapEnvelopeAddress, ...]
    to: tuple[ImapEnvelopeAddress, ...]
    cc: tuple[ImapEnvelopeAddress, ...]
    bcc: tuple[ImapEnvelopeAddress, ...]
    in_reply_to: bytes | None
    message_id: bytes | None


@mirrors("StructureKind")
class StructureKind(enum.Enum):
    """What a part is, as the server sees it."""

    SINGLE = "single"
    """Data: anything that is not made of parts."""
    MESSAGE = "message"
    """A message in a message."""
    MULTIPART = "multipart"


@mirrors("StructureParameter")
@value(frozen=True)
class StructureParameter:
    """A parameter of a part, as it came."""

    name: str
    value: bytes


@mirrors("BodyStructure")
@value(frozen=True)
class BodyStructure:
    """A part of a message, as the server sees it: it serves to choose what to fetch, never to judge what a message is."""

    number: str | None
    """The number to fetch it by; `None` for a multipart at the top."""
    depth: int
    """How many parts are around it."""
    kind: StructureKind
    media_type: str
    parameters: tuple[StructureParameter, ...]
    disposition: str | None
    disposition_parameters: tuple[StructureParameter, ...]
    content_id: bytes | None
    description: bytes | None
    encoding: str | None
    size: int | None
    """In bytes, encoded as it is; `None` for a multipart."""
    envelope: ImapEnvelope | None
    """The envelope of a message in a message."""


@mirrors("FetchedPart")
@value(frozen=True)
class FetchedPart:
    """A part of a message that was fetched, or its header."""

    number: str
    data: bytes = field(repr=False)


class Unreadable:
    """Why something of a message can't be had."""

    @mirrors("Unreadable.MALFORMED")
    @value(frozen=True)
    class Malformed:
        """The server sent something for this item that is not what it should be."""

        item: str

    @mirrors("Unreadable.TOO_LARGE")
    @value(frozen=True)
    class TooLarge:
        """The message is too large to be fetched."""

        size: int

    Any: TypeAlias = Malformed | TooLarge


@value(frozen=True)
class Fetched:
    """What was fetched of a message. What was not asked for is `None` or empty."""

    uid: Uid
    flags: tuple[Flag, ...] | None
    size: int | None
    received: datetime.datetime | None
    envelope: ImapEnvelope | None
    structure: tuple[BodyStructure, ...]
    """The part itself first, then what is in it, in the order of the message."""
    header: bytes | None = field(repr=False)
    whole: bytes | None = field(repr=False)
    parts: tuple[FetchedPart, ...]
    part_headers: tuple[FetchedPart, ...]
    unreadable: tuple[Unreadable.Any, ...]
    """What was asked for and can't be had. The other fields stand."""


def _fetched(theirs: Any) -> Fetched:
    """What `mirrors` would do, in a third of the time: there are thousands of these."""
    uid = theirs.uid
    return Fetched(
        Uid(uid.validity, uid.number),
        theirs.flags and from_native(theirs.flags),
        theirs.size,
        theirs.received,
        theirs.envelope and from_native(theirs.envelope),
        theirs.structure and from_native(theirs.structure),
        theirs.header,
        theirs.whole,
        theirs.parts and from_native(theirs.parts),
        theirs.part_headers and from_native(theirs.part_headers),
        theirs.unreadable and from_native(theirs.unreadable),
    )


wraps("Fetched", _fetched)


@mirrors("Moved")
@value(frozen=True)
class Moved:
    """Which message became which: the handle in the old mailbox, and the one in the new."""

    before: Uid
    after: Uid


@mirrors("Role")
class Role(enum.Enum):
    """What a mailbox is for: as the server says, or guessed from its name."""

    INBOX = "inbox"
    SENT = "sent"
    DRAFTS = "drafts"
    TRASH = "trash"
    JUNK = "junk"
    ARCHIVE = "archive"
    ALL = "all"
    """Every message there is, by the server's making."""
    FLAGGED = "flagged"
    """Every flagged message, by the server's making."""
    IMPORTANT = "important"


@mirrors("MailboxInfo")
@value(frozen=True)
class MailboxInfo:
    """A mailbox as the server lists it."""

    name: str
    """Its name, with its parents."""
    leaf: str
    """The last level of its name."""
    delimiter: str | None
    """What stands between the levels of its name."""
    role: Role | None
    selectable: bool
    """Whether it can hold messages; some names are there for their children only."""
    subscribed: bool
    has_children: bool


@mirrors("MailboxStatus")
@value(frozen=True)
class MailboxStatus:
    """The numbers of a mailbox that is not selected. What the server doesn't say is `None`."""

    messages: int | None
    unseen: int | None
    uid_next: int | None
    """The UID that the next message will have at least."""
    uid_validity: int | None


@mirrors("Selected")
@value(frozen=True)
class Selected:
    """What a server says of a mailbox when it is selected."""

    uid_validity: int
    uid_next: int | None
    """The UID that the next message will have at least, where the server says."""
    exists: int
    """How many messages there are."""
    flags: tuple[Flag, ...]
    """The flags that messages in it have or can have."""
    permanent_flags: tuple[Flag, ...]
    """The flags that can be changed for good."""
    allows_new_keywords: bool
    """Whether new keywords can be made by using them."""
    read_only: bool
    """Whether nothing can be changed."""


class Change:
    """News of a mailbox. What adds up while nobody asks is told once."""

    @mirrors("Change.EXISTS")
    @value(frozen=True)
    class Exists:
        """Messages have come; this many there are now."""

        count: int

    @mirrors("Change.EXPUNGED")
    @value(frozen=True)
    class Expunged:
        """This many messages were removed."""

        count: int

    @mirrors("Change.FLAGS")
    @value(frozen=True)
    class Flags:
        """Flags of some messages have changed."""

    Any: TypeAlias = Exists | Expunged | Flags
