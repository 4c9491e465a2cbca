"""What a message is made of: drafts and their attachments."""

from __future__ import annotations

import datetime
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from ._convert import to_native
from ._core import native
from ._values.mail import HeaderField, Mailbox, message_date
from ._value import value
from ._wrapper import Wrapper
from .errors import raising

if TYPE_CHECKING:
    from email.message import EmailMessage

#: Bytes in any of the forms that Python has for them.
Bytes: TypeAlias = bytes | bytearray | memoryview


def octets(data: Bytes | str | EmailMessage) -> bytes:
    """The bytes of data or of a message; of a text, in UTF-8."""
    if isinstance(data, (bytes, bytearray, memoryview)):
        return bytes(data)
    if isinstance(data, str):
        return data.encode()
    if not hasattr(data, "as_bytes"):
        raise TypeError(f"bytes, a text or an EmailMessage is wanted, and not {type(data).__name__}")
    # Those who come without an EmailMessage need not load its parser.
    from email import policy

    return data.as_bytes(policy=policy.SMTP)


#: A person or place to write to: `"bob@example.org"` and `"Bob <bob@example.org>"` will do.
AnyMailbox: TypeAlias = Mailbox | str


class AttachmentData(Wrapper):
    """A file that travels with a message: its name, its type, its bytes."""

    __slots__ = ()

    def __init__(
        self,
        data: Bytes | str,
        file_name: str | None = None,
        media_type: str | None = None,
        content_id: str | None = None,
    ) -> None:
        """An attachment of bytes at hand, or of a text, in UTF-8. The media type is `application/octet-stream` where none is given."""
        with raising():
            self._native = native.Attachment(octets(data), file_name, media_type, content_id)

    @property
    def data(self) -> bytes:
        """The bytes of the file."""
        return bytes(self._native.data())

    @property
    def size(self) -> int:
        """How many bytes the file has."""
        return int(self._native.size())

    @property
    def file_name(self) -> str | None:
        """The file name. In a message that came it is safe to use below a folder: no path separators, no control characters."""
        name: str | None = self._native.file_name()
        return name

    @property
    def media_type(self) -> str:
        """The media type with its parameters, such as `text/plain; charset=utf-8`."""
        return str(self._native.media_type())

    @property
    def content_id(self) -> str | None:
        """The Content-ID, by which an HTML body refers to it as `cid:…`."""
        content_id: str | None = self._native.content_id()
        return content_id

    def __repr__(self) -> str:
        return f"<Attachment {self.file_name!r} {self.media_type}, {self.size} bytes>"


#: A file to attach: an attachment, or the path of a file, which is read when the message is sealed.
AnyAttachment: TypeAlias = AttachmentData | str | os.PathLike[str]


@value(kw_only=True)
class Draft:
    """A message to be composed. Everything in it is checked when it is sealed or sent, and what can't be used is named then."""

    from_: AnyMailbox
    """Who the message is from."""
    to: Sequence[AnyMailbox] = ()
    cc: Sequence[AnyMailbox] = ()
    bcc: Sequence[AnyMailbox] = ()
    """Recipients of whom nobody else learns."""
    reply_to: Sequence[AnyMailbox] = ()
    subject: str | None = None
    text: str | None = None
    """The text body. Any line breaks will do."""
    html: str | None = None
    """The HTML body. With a text body beside it the reader's program chooses between the two."""
    attachments: Sequence[AnyAttachment] = ()
    """Files, or their paths."""
    inline: Sequence[AttachmentData] = ()
    """What is shown within the body: by its Content-ID, where the HTML body refers to it as `cid:…`."""
    in_reply_to: Sequence[str] = ()
    """The identifiers of the messages to which this one is a reply."""
    references: Sequence[str] = ()
    """The identifiers of the messages of the same conversation; the oldest comes first."""
    headers: Sequence[HeaderField | tuple[str, str]] = ()
    """Any other header fields."""
    date: datetime.datetime | None = None
    """When it was written; now, in UTC, where nothing is given."""
    message_id: str | None = None
    """Its identifier; a random one in the domain of the sender where nothing is given."""

    @classmethod
    def from_email(cls, message: EmailMessage) -> Draft:
        """The draft that says what an `email.message.EmailMessage` says; a ValueError names what a draft has no place for."""
        from . import _email

        return _email.draft_of(message)

    def _to_native(self, attachments: Sequence[Any]) -> Any:
        """The draft as the core takes it, with attachments that were read."""
        return native.Draft(
            _from=_mailbox(self.from_),
            to=_mailboxes("to", self.to),
            cc=_mailboxes("cc", self.cc),
            bcc=_mailboxes("bcc", self.bcc),
            reply_to=_mailboxes("reply_to", self.reply_to),
            subject=self.subject,
            text=self.text,
            html=self.html,
            attachments=list(attachments),
            inline=to_native(self.inline),
            in_reply_to=_texts("in_reply_to", self.in_reply_to),
            references=_texts("references", self.references),
            headers=[to_native(given if isinstance(given, HeaderField) else HeaderField(*given)) for given in self.headers],
            date=None if self.date is None else message_date(self.date),
            message_id=self.message_id,
        )


def _mailbox(given: AnyMailbox) -> Any:
    return to_native(Mailbox.parse(given) if isinstance(given, str) else given)


def _mailboxes(name: str, given: Sequence[AnyMailbox]) -> list[Any]:
    return [_mailbox(one) for one in _no_text(name, given)]


def _texts(name: str, given: Sequence[str]) -> list[str]:
    return list(_no_text(name, given))


def _no_text(name: str, given: Sequence[Any]) -> Sequence[Any]:
    """Refuses a text where a list is due: it would be taken apart into letters."""
    if isinstance(given, str):
        raise TypeError(f"{name} takes a list: [{given!r}]")
    return given
