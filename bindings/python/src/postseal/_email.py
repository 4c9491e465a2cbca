"""Drafts out of `email.message.EmailMessage`."""

from __future__ import annotations

import datetime
from email.headerregistry import Address, AddressHeader
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._mail import AttachmentData, Draft
    from ._values.mail import Mailbox

#: Fields that a draft has a place of its own for, or that are made anew with the message.
_KNOWN = {
    "from", "to", "cc", "bcc", "reply-to", "subject", "date", "message-id", "in-reply-to", "references",
    "mime-version", "content-type", "content-transfer-encoding", "content-disposition", "content-id",
}  # fmt: skip


def draft_of(message: EmailMessage) -> Draft:
    """The draft that says what `message` says.

    Raises ValueError where it has no From, or a content that a draft has no place for.
    """
    from ._mail import Draft

    senders = _mailboxes(message, "From")
    if len(senders) != 1:
        raise ValueError(f"the message has {len(senders)} addresses in its From field, and needs one")
    parts = _Parts(message)
    text, html = parts.text, parts.html
    return Draft(
        from_=senders[0],
        to=_mailboxes(message, "To"),
        cc=_mailboxes(message, "Cc"),
        bcc=_mailboxes(message, "Bcc"),
        reply_to=_mailboxes(message, "Reply-To"),
        subject=None if message["Subject"] is None else str(message["Subject"]),
        text=None if text is None else text.get_content(),
        html=None if html is None else html.get_content(),
        attachments=[_attachment(part) for part in parts.files],
        inline=[_attachment(part) for part in parts.inline],
        in_reply_to=str(message["In-Reply-To"] or "").split(),
        references=str(message["References"] or "").split(),
        headers=[(name, str(value)) for name, value in message.items() if name.lower() not in _KNOWN],
        date=_date(message),
        message_id=None if message["Message-ID"] is None else str(message["Message-ID"]).strip(),
    )


def _mailboxes(message: EmailMessage, field: str) -> list[Mailbox]:
    addresses: list[Address] = []
    for header in message.get_all(field, []):
        if not isinstance(header, AddressHeader):
            raise ValueError(f"the {field} field was not made with a modern policy (email.policy.default)")
        addresses.extend(header.addresses)
    from ._values.mail import Mailbox

    return [Mailbox(address.addr_spec, address.display_name or None) for address in addresses]


def _date(message: EmailMessage) -> datetime.datetime | None:
    date: Any = message["Date"]
    return None if date is None else date.datetime


class _Parts:
    """The leaves of a message, each in its place: as a body, within the body, or as a file."""

    def __init__(self, message: EmailMessage) -> None:
        self.text: Any = message.get_body(("plain",))
        self.html: Any = message.get_body(("html",))
        self.inline: list[Any] = []
        self.files: list[Any] = []
        self._place(message, "mixed")

    def _place(self, part: Any, around: str) -> None:
        """Puts a part that stands in a container of the kind `around` where it belongs. A ValueError where that is nowhere."""
        kind = part.get_content_type()
        if part is self.text or part is self.html:
            return
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            if kind not in ("multipart/mixed", "multipart/alternative", "multipart/related"):
                raise ValueError(f"a draft has no place for {kind}")
            for child in part.iter_parts():
                self._place(child, part.get_content_subtype())
        elif around == "alternative":
            # Neither of the two bodies, and no file: an invitation to a calendar, or a third way to say it.
            raise ValueError(f"a draft has no place for {kind} beside its text and its HTML")
        elif self.html is not None and part["Content-ID"] is not None and not part.is_attachment():
            self.inline.append(part)
        else:
            self.files.append(part)


def _attachment(part: Any) -> AttachmentData:
    from ._mail import AttachmentData

    content_id, charset = part["Content-ID"], part.get_content_charset()
    return AttachmentData(
        _data(part),
        file_name=part.get_filename(),
        media_type=part.get_content_type() + (f"; charset={charset}" if charset else ""),
        content_id=None if content_id is None else str(content_id).strip(),
    )


def _data(part: Any) -> bytes:
    """The bytes of a leaf; those of an attached message are the message."""
    if not part.is_multipart():
        data: bytes = part.get_payload(decode=True)
        return data
    if part.get_content_type() not in ("message/rfc822", "message/global"):
        raise ValueError(f"a draft has no place for {part.get_content_type()}")
    message: bytes = part.get_payload(0).as_bytes()
    return message
