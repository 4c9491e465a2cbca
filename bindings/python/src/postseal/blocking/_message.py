# Derived from ../_aio/_message.py by tools/derive_blocking.py: change that one.
"""Messages that came, their parts and their files."""

from __future__ import annotations

import datetime
import os
from typing import TYPE_CHECKING

from .._connect import CancelToken
from .._convert import from_native, to_native
from .._core import native
from .._mail import AttachmentData, Bytes, octets
from .._values.mail import AddressList, HeaderField, Text, TransferEncoding
from .._wrapper import Wrapper
from ..errors import raising
from ._bridge import call

if TYPE_CHECKING:
    from email.message import EmailMessage


class Attachment(AttachmentData):
    """A file that travels with a message: its name, its type, its bytes."""

    __slots__ = ()

    @classmethod
    def from_path(cls, path: str | os.PathLike[str], *, cancel: CancelToken | None = None) -> Attachment:
        """An attachment from a file of at most 32 MiB; its name and media type are those that the path says."""
        return cls._of(call(native.Attachment.from_path(os.fspath(path), to_native(cancel))))

    def save(self, path: str | os.PathLike[str], *, cancel: CancelToken | None = None) -> None:
        """Writes the bytes to a file, which must not exist yet."""
        call(self._native.save(os.fspath(path), to_native(cancel)))


class Message(Wrapper):
    """A message, parsed. Broken mail is read as far as it goes; only what goes past a limit is refused."""

    __slots__ = ()

    def __init__(self, data: Bytes | str | EmailMessage) -> None:
        """Parses the bytes of a message; a `LimitExceededError` past 64 MiB, 1,000 parts, or a nesting of 32."""
        with raising():
            self._native = native.Message.parse(octets(data))

    @classmethod
    def from_path(cls, path: str | os.PathLike[str], *, cancel: CancelToken | None = None) -> Message:
        """Parses a message from a file."""
        return cls._of(call(native.Message.from_path(os.fspath(path), to_native(cancel))))

    def save(self, path: str | os.PathLike[str], *, cancel: CancelToken | None = None) -> None:
        """Writes the message as it came to a file, which must not exist yet."""
        call(self._native.save(os.fspath(path), to_native(cancel)))

    def to_email(self) -> EmailMessage:
        """The message as the standard library parses it."""
        import email
        from email import policy

        return email.message_from_bytes(self.data, policy=policy.default)

    @property
    def data(self) -> bytes:
        """The message as it came."""
        return bytes(self._native.data())

    @property
    def size(self) -> int:
        """How many bytes the message has."""
        return int(self._native.size())

    @property
    def headers(self) -> tuple[HeaderField, ...]:
        """The header fields, in their order."""
        fields: tuple[HeaderField, ...] = from_native(self._native.headers())
        return fields

    def header(self, name: str) -> str | None:
        """The value of the first header field of that name, in any case, decoded."""
        value: str | None = self._native.header(name)
        return value

    def addresses(self, name: str) -> AddressList:
        """The entries of every address field of that name."""
        found: AddressList = from_native(self._native.addresses(name))
        return found

    @property
    def from_(self) -> AddressList:
        """Who the message says it is from."""
        return self.addresses("From")

    @property
    def sender(self) -> AddressList:
        """Who the message says sent it on behalf of `from_`."""
        return self.addresses("Sender")

    @property
    def reply_to(self) -> AddressList:
        """Where replies should go."""
        return self.addresses("Reply-To")

    @property
    def to(self) -> AddressList:
        """The recipients in the `To` field."""
        return self.addresses("To")

    @property
    def cc(self) -> AddressList:
        """The recipients in the `Cc` field."""
        return self.addresses("Cc")

    @property
    def date(self) -> datetime.datetime | None:
        """When the message says it was written, with the UTC offset of that place; `None` where it makes no sense."""
        date: datetime.datetime | None = from_native(self._native.date())
        return date

    @property
    def subject(self) -> str | None:
        """The subject, decoded, on one line."""
        subject: str | None = self._native.subject()
        return subject

    @property
    def message_id(self) -> str | None:
        """The identifier of the message, without angle brackets, where it has a valid one."""
        message_id: str | None = self._native.message_id()
        return message_id

    @property
    def in_reply_to(self) -> tuple[str, ...]:
        """The messages to which this one replies."""
        return tuple(self._native.in_reply_to())

    @property
    def references(self) -> tuple[str, ...]:
        """The messages of the same conversation, the oldest first."""
        return tuple(self._native.references())

    @property
    def text_body(self) -> Text | None:
        """The text body: the first text that is no file."""
        text: Text | None = from_native(self._native.text_body())
        return text

    @property
    def html_body(self) -> Text | None:
        """The HTML body, as it was sent: it may hold anything, so clean it before it is shown."""
        html: Text | None = from_native(self._native.html_body())
        return html

    @property
    def text(self) -> str:
        """The text of the text body; empty where there is none."""
        body = self.text_body
        return "" if body is None else body.text

    @property
    def inline_parts(self) -> tuple[Attachment, ...]:
        """What the HTML body shows by its Content-ID."""
        return tuple(Attachment._of(part) for part in self._native.inline_parts())

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """Everything that is neither body nor inline part; an attached message is one attachment."""
        return tuple(Attachment._of(part) for part in self._native.attachments())

    @property
    def root(self) -> Part:
        """The message as a part: the root of the part tree."""
        return Part._of(self._native.root())

    @property
    def parts(self) -> tuple[Part, ...]:
        """All parts in the order in which they begin, from the root on; those of attached messages included."""
        return tuple(Part._of(part) for part in self._native.parts())

    def __repr__(self) -> str:
        return f"<Message from {str(self.from_)!r}: {self.subject!r}, {self.size} bytes>"


class Part(Wrapper):
    """A part of a message: a container of parts, or a leaf with data. The message itself is one, too."""

    __slots__ = ()

    @property
    def media_type(self) -> str:
        """The media type with its parameters, such as `text/plain; charset=utf-8`."""
        return str(self._native.media_type())

    @property
    def disposition(self) -> str | None:
        """The kind of disposition, `inline` or `attachment` mostly, in lower case."""
        disposition: str | None = self._native.disposition()
        return disposition

    @property
    def file_name(self) -> str | None:
        """The file name, made safe to use below a folder."""
        name: str | None = self._native.file_name()
        return name

    @property
    def content_id(self) -> str | None:
        """The Content-ID, by which HTML refers to the part."""
        content_id: str | None = self._native.content_id()
        return content_id

    @property
    def transfer_encoding(self) -> TransferEncoding:
        """How the body is encoded."""
        encoding: TransferEncoding = from_native(self._native.transfer_encoding())
        return encoding

    @property
    def children(self) -> tuple[Part, ...]:
        """The parts right inside this one."""
        return tuple(Part._of(part) for part in self._native.children())

    @property
    def parent(self) -> Part | None:
        """The container around this part; `None` for the message itself."""
        around = self._native.parent()
        return None if around is None else Part._of(around)

    def parameter(self, name: str) -> str | None:
        """A parameter of the media type, decoded, such as `charset`."""
        parameter: str | None = self._native.parameter(name)
        return parameter

    @property
    def is_closed(self) -> bool:
        """Whether a `multipart/…` ends with its closing delimiter. Where it doesn't, something may have been cut off."""
        return bool(self._native.is_closed())

    @property
    def headers(self) -> tuple[HeaderField, ...]:
        """The header fields, in their order."""
        fields: tuple[HeaderField, ...] = from_native(self._native.headers())
        return fields

    def header(self, name: str) -> str | None:
        """The value of the first header field of that name, in any case, decoded."""
        value: str | None = self._native.header(name)
        return value

    @property
    def raw(self) -> bytes:
        """The part exactly as it stands in the message: its header section, the empty line, and its body."""
        return bytes(self._native.raw())

    @property
    def raw_header(self) -> bytes:
        """The header section as it stands, with the empty line that ends it."""
        return bytes(self._native.raw_header())

    @property
    def raw_body(self) -> bytes:
        """The body as it stands, still in its transfer encoding."""
        return bytes(self._native.raw_body())

    @property
    def data(self) -> bytes:
        """The body with its transfer encoding undone; of a container, the body as it stands."""
        return bytes(self._native.data())

    @property
    def text(self) -> Text:
        """The body as text, in the charset that the part names."""
        text: Text = from_native(self._native.text())
        return text

    def to_attachment(self) -> Attachment:
        """The part as a file."""
        return Attachment._of(self._native.to_attachment())

    def __repr__(self) -> str:
        return f"<Part {self.media_type}>"
