"""What a mail client lists, and what came of what it sent."""

from __future__ import annotations

import datetime
import enum
from typing import TypeAlias

from .._convert import mirrors
from .._value import value
from ..errors import Error
from .imap import Uid
from .smtp import Envelope, Receipt


@mirrors("SentCopy")
class SentCopy(enum.Enum):
    """Whether the sender's own copy of a sent message is filed in the mailbox with the role *Sent*."""

    AUTOMATIC = "automatic"
    """File it, except where the submission server is known to do so itself."""
    ALWAYS = "always"
    NEVER = "never"


class MessageHandle:
    """Names one message on the server, for as long as the server keeps it. It can be stored and used with a later session."""

    @mirrors("MessageHandle.IMAP")
    @value(frozen=True)
    class Imap:
        """A message in an IMAP mailbox."""

        mailbox: str
        uid: Uid

    @mirrors("MessageHandle.POP3")
    @value(frozen=True)
    class Pop3:
        """A message in a POP3 maildrop."""

        id: str
        """Its unique id."""

    Any: TypeAlias = Imap | Pop3


@mirrors("MessageSummary")
@value(frozen=True)
class MessageSummary:
    """A message in a list: what its outer header says, unverified and, for an encrypted message, without its subject."""

    handle: MessageHandle.Any
    """Names the message for fetching and opening it."""
    size: int
    """In bytes, as the server tells."""
    is_read: bool | None
    """`None` with POP3, which does not know."""
    message_id: str | None
    date: datetime.datetime | None
    """When it says it was written."""
    from_: str
    """Whom it says it is from, for people to read."""
    subject: str | None
    """The subject that the servers can see; `[...]` in a message with a protected one."""


@mirrors("Page")
@value(frozen=True)
class Page:
    """A part of a mailbox."""

    messages: tuple[MessageSummary, ...]
    """The newest first."""
    has_more: bool
    """Whether there are older ones."""


class Deleted:
    """What became of a message that was deleted."""

    @mirrors("Deleted.TRASHED")
    @value(frozen=True)
    class Trashed:
        """It is in the trash."""

        handle: MessageHandle.Any | None
        """What names it there, where the server tells."""

    @mirrors("Deleted.REMOVED")
    @value(frozen=True)
    class Removed:
        """It is gone for good."""

    @mirrors("Deleted.MARKED")
    @value(frozen=True)
    class Marked:
        """It is marked as deleted, and waits for somebody to expunge the mailbox: the server can't remove it alone."""

    Any: TypeAlias = Trashed | Removed | Marked


class MailboxChange:
    """News of a mailbox that a mail client watches."""

    @mirrors("MailboxChange.ARRIVED")
    @value(frozen=True)
    class Arrived:
        """Messages have come."""

        messages: tuple[MessageSummary, ...]
        """The oldest first."""

    @mirrors("MailboxChange.CHANGED")
    @value(frozen=True)
    class Changed:
        """Messages were removed, or their flags have changed: what is shown of the mailbox may be out of date."""

    Any: TypeAlias = Arrived | Changed


@mirrors("CopyReport")
@value(frozen=True)
class CopyReport:
    """What became of one copy."""

    envelope: Envelope
    """Whom it was for."""
    receipt: Receipt | None
    """The server's receipt, where there is one."""
    failure: Error | None
    """Why there is none: the copy was not sent, because the session failed before its data."""


class OwnCopy:
    """Where the sender's own copy of a message went."""

    @mirrors("OwnCopy.FILED")
    @value(frozen=True)
    class Filed:
        """Filed by us."""

        mailbox: str
        """The mailbox with the role *Sent*."""
        uid: Uid | None
        """Its handle there, where the server tells."""

    @mirrors("OwnCopy.NOT_WANTED")
    @value(frozen=True)
    class NotWanted:
        """Not filed: the account says so, has no IMAP server, or its server files what is submitted by itself."""

    @mirrors("OwnCopy.NOTHING_SENT")
    @value(frozen=True)
    class NothingSent:
        """Not filed, because no copy was sent."""

    @mirrors("OwnCopy.FAILED")
    @value(frozen=True)
    class Failed:
        """The message was sent, but filing the copy failed. Never a reason to send it again."""

        failure: Error

    Any: TypeAlias = Filed | NotWanted | NothingSent | Failed


@mirrors("SendReport")
@value(frozen=True)
class SendReport:
    """What became of a sent draft: of each of its copies, and of the sender's own."""

    copies: tuple[CopyReport, ...]
    """One entry per copy: the one for the open recipients, then one for each Bcc recipient."""
    own_copy: OwnCopy.Any
    """Where the sender's own copy went."""
    is_sent_to_all: bool
    """Whether every copy was taken over for every recipient."""
    may_be_sent: bool
    """Whether some copy was taken over, or may have been."""
