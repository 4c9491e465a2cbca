"""What is sent with, and what came of it."""

from __future__ import annotations

import enum
from typing import Any, TypeAlias

from .._convert import mirrors
from .._core import native
from .._value import value
from ..errors import Error
from .servers import Refusal


@mirrors("Envelope")
@value(frozen=True)
class Envelope:
    """Who a message comes from and whom it goes to, as the servers see it. A Bcc recipient stands here and in no header."""

    from_: str | None
    """The address to which reports of non-delivery go; `None` for such a report itself."""
    to: tuple[str, ...]


class SendId:
    """The name of one send, unique in this process; see `SmtpSession.outcome`."""

    __slots__ = ("_native",)

    def __init__(self) -> None:
        self._native: Any = native.SendId()


@mirrors("Notify")
@value(frozen=True)
class Notify:
    """When a report is wanted; nothing set is the same as never."""

    success: bool = False
    """Once it is delivered."""
    failure: bool = False
    """When it can't be delivered."""
    delay: bool = False
    """When it takes unusually long."""


@mirrors("ReturnedContent")
class ReturnedContent(enum.Enum):
    """How much of a message a report of its failure carries."""

    FULL = "full"
    HEADERS = "headers"


@mirrors("Dsn")
@value(frozen=True, kw_only=True)
class Dsn:
    """Which reports are wanted on the way of a message (RFC 3461). What is `None` is left to the server."""

    notify: Notify | None = None
    returned: ReturnedContent | None = None
    envelope_id: str | None = None
    """Comes back in every report: up to 100 printable ASCII characters."""
    original_recipient: bool = False
    """Has reports name each recipient as it is given here, even after a forward changed it."""


@mirrors("SendOptions")
@value(frozen=True, kw_only=True)
class SendOptions:
    """How a message is to be sent. The default asks for nothing special."""

    id: SendId | None = None
    """Names the send, so that its outcome can still be asked for after it was cancelled."""
    all_or_nothing: bool = False
    """Sends to nobody where the server refuses one of the recipients. By default the message goes to those it accepts."""
    dsn: Dsn | None = None
    """Asks for delivery status notifications; the server must support DSN."""


class Delivery:
    """What became of a message. There are three answers, not two."""

    @mirrors("Delivery.SENT")
    @value(frozen=True)
    class Sent:
        """The server has taken it over, for the recipients that it accepted."""

        text: str
        """What the server said, often the name of the message in its queue."""

    @mirrors("Delivery.NOT_SENT")
    @value(frozen=True)
    class NotSent:
        """It was not sent to anybody."""

        refusal: Refusal | None
        """The refusal of the message as a whole; `None` where recipients were refused."""

    @mirrors("Delivery.UNKNOWN")
    @value(frozen=True)
    class Unknown:
        """It was handed over whole, but the server's answer was lost: the message may be on its way or not.

        Sending it again may deliver it twice, not sending it again may lose it: a person, or a look at what arrived, decides.
        """

        because: Error
        """What lost the answer."""

    Any: TypeAlias = Sent | NotSent | Unknown


@mirrors("RecipientOutcome")
@value(frozen=True)
class RecipientOutcome:
    """What the server said of one recipient."""

    address: str
    refusal: Refusal | None
    """`None` where the recipient was accepted."""


@mirrors("Receipt")
@value(frozen=True)
class Receipt:
    """What became of a message, and of each of its recipients."""

    delivery: Delivery.Any
    recipients: tuple[RecipientOutcome, ...]
    """In the order of the envelope."""
    is_sent: bool
    """Whether the server has the message, for at least one recipient."""
    is_sent_to_all: bool
    """Whether the server has the message, for every recipient."""

    @property
    def refused(self) -> tuple[RecipientOutcome, ...]:
        """The recipients that the server refused."""
        return tuple(recipient for recipient in self.recipients if recipient.refusal is not None)


@mirrors("SmtpExtensions")
@value(frozen=True)
class SmtpExtensions:
    """What a server says it can do, in its reply to EHLO over TLS."""

    size: bool
    max_size: int | None
    """The longest message that the server takes, in octets, where it says so."""
    eight_bit_mime: bool
    smtputf8: bool
    dsn: bool
    pipelining: bool
    chunking: bool
    auth: tuple[str, ...]
    """The SASL mechanisms, in upper case."""
