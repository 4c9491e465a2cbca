"""People, dates and texts of messages."""

from __future__ import annotations

import datetime
import enum
from typing import Any

from .._convert import mirrors, wraps
from .._core import native
from .._value import value
from ..errors import raising


@mirrors("Mailbox")
@value(frozen=True)
class Mailbox:
    """A person or a place that mail comes from or goes to."""

    address: str
    """The address, such as `bob@example.org`."""
    name: str | None = None
    """The display name."""

    @staticmethod
    def parse(text: str) -> Mailbox:
        """Reads `a@b`, `<a@b>`, `Name <a@b>` or `"Name" <a@b>`; anything else is an `InvalidInputError`."""
        with raising():
            parsed = native.parse_mailbox(text)
        return Mailbox(parsed.address, parsed.name)

    def __str__(self) -> str:
        return self.address if self.name is None else f"{self.name} <{self.address}>"


@mirrors("AddressList")
@value(frozen=True)
class AddressList:
    """What an address field holds."""

    mailboxes: tuple[Mailbox, ...]
    """The entries that are valid mailboxes."""
    invalid: tuple[str, ...]
    """The texts of the entries that are not. Nothing can be sent there."""

    def __str__(self) -> str:
        return ", ".join([*map(str, self.mailboxes), *self.invalid])


@mirrors("HeaderField")
@value(frozen=True)
class HeaderField:
    """A header field: of a draft, or of a message that came."""

    name: str
    value: str
    """Decoded, on one line."""


@mirrors("Text")
@value(frozen=True)
class Text:
    """Text of a message, decoded."""

    text: str
    charset: str | None
    """The charset that the part names."""
    is_faulty: bool
    """Whether something in it could not be decoded."""

    def __str__(self) -> str:
        return self.text


@mirrors("TransferEncoding")
class TransferEncoding(enum.Enum):
    """How the body of a part is encoded."""

    IDENTITY = "identity"
    QUOTED_PRINTABLE = "quoted-printable"
    BASE64 = "base64"
    UNKNOWN = "unknown"
    """In a way that is not known; the data is as it came."""


def _datetime(date: Any) -> datetime.datetime:
    """The date of a message with the UTC offset of the place where it was written."""
    place = datetime.timezone(datetime.timedelta(minutes=date.offset_minutes))
    written: datetime.datetime = date.time
    return written.astimezone(place)


wraps("MessageDate", _datetime)


def message_date(date: datetime.datetime) -> Any:
    """The date as the core takes it. One without a time zone is in that of this machine, as everywhere in Python."""
    aware = date.astimezone() if date.tzinfo is None else date
    offset = aware.utcoffset() or datetime.timedelta(0)
    return native.MessageDate(
        time=aware.astimezone(datetime.timezone.utc), offset_minutes=offset // datetime.timedelta(minutes=1)
    )
