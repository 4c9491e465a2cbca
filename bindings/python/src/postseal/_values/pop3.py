"""POP3: what a server says of a maildrop."""

from __future__ import annotations

from dataclasses import field
from typing import TypeAlias

from .._convert import mirrors
from .._value import value
from ..errors import Error
from .servers import Refusal


@mirrors("Maildrop")
@value(frozen=True)
class Maildrop:
    """What a maildrop holds."""

    messages: int
    """How many messages; those marked as deleted don't count."""
    octets: int
    """Their size together."""


@mirrors("Pop3Message")
@value(frozen=True)
class Pop3Message:
    """A message of a maildrop, as the server lists it. The number holds for one session only; the unique id is what an app may keep."""

    number: int
    """The number in this session, from 1."""
    size: int
    """The size in octets, as the server counts it: good for an estimate, and no promise."""
    uid: str | None
    """The unique id, where the server has UIDL."""


@mirrors("Pop3Retrieved")
@value(frozen=True)
class Pop3Retrieved:
    """One of many messages."""

    message: Pop3Message
    data: bytes | None = field(repr=False)
    """Its bytes, where they are had."""
    failure: Error | None
    """Why they are not, where they aren't; it concerns this message alone."""


class Pop3Update:
    """What became of the deletions at the end of a session."""

    @mirrors("Pop3Update.COMMITTED")
    @value(frozen=True)
    class Committed:
        """The server removed all that were marked."""

        deleted: int

    @mirrors("Pop3Update.FAILED")
    @value(frozen=True)
    class Failed:
        """The server says that it could not remove all of them; which ones, the next session shows."""

        refusal: Refusal

    @mirrors("Pop3Update.UNKNOWN")
    @value(frozen=True)
    class Unknown:
        """The answer was lost: the messages are there still, or they are not. The next session shows."""

        because: Error

    Any: TypeAlias = Committed | Failed | Unknown
