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
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    shown = [part for part in (text, html) if part is not None]
    return Draft(
        from_=senders[0],
        to=_mailboxes(message, "To"),
        cc=_mailboxes(message, "Cc"),
        bcc=_mailboxes(message, "Bcc"),
        reply_to=_mailboxes(message, "Reply-To"),
        subject=None if message["Subject"] is None else str(message["Subject"]),
        text=None if text is None else text.get_content(),
        html=None if html is None else html.get_content(),
        attachments=[_attachment(part) for part in message.iter_attachments()],
        inline=[_attachment(part) for part in message.walk() if _is_inline(part, shown)],
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


def _is_inline(part: Any, shown: list[Any]) -> bool:
    """Whether HTML can show this part by its Content-ID."""
    return part["Content-ID"] is not None and not part.is_multipart() and all(part is not body for body in shown)


def _attachment(part: Any) -> AttachmentData:
    from ._mail import AttachmentData

    content_id, charset = part["Content-ID"], part.get_content_charset()
    return AttachmentData(
        part.get_payload(decode=True) if not part.is_multipart() else part.get_payload(0).as_bytes(),
        file_name=part.get_filename(),
        media_type=part.get_content_type() + (f"; charset={charset}" if charset else ""),
        content_id=None if content_id is None else str(content_id).strip(),
    )
