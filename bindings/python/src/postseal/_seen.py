"""Which messages of a POP3 maildrop were fetched before."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from ._convert import from_native, to_native
from ._core import native
from ._mail import Bytes, octets
from ._values.pop3 import Pop3Message
from ._wrapper import Wrapper
from .errors import raising


class SeenUids(Wrapper):
    """Which messages of a maildrop were fetched before, for those who leave them on the server. An app keeps one for each maildrop."""

    __slots__ = ()

    def __init__(self, data: Bytes = b"") -> None:
        """A list as it was saved; nothing at all is an empty one."""
        with raising():
            self._native = native.SeenUids.load(octets(data))

    def save(self) -> bytes:
        """The list as lines of text, to be kept."""
        return bytes(self._native.save())

    def new_messages(self, listing: Iterable[Pop3Message]) -> tuple[Pop3Message, ...]:
        """Those messages of a listing that were not seen yet. One without a unique id can't be remembered: it is always new."""
        with raising():
            new: tuple[Pop3Message, ...] = from_native(self._native.new_messages(to_native(list(listing))))
        return new

    def has_seen(self, message: Pop3Message) -> bool:
        """Whether a message was marked before."""
        with raising():
            return bool(self._native.has_seen(to_native(message)))

    def mark(self, message: Pop3Message) -> bool:
        """Marks a message as seen now; the time of an earlier mark stays. Whether it is remembered."""
        with raising():
            return bool(self._native.mark(to_native(message)))

    def to_delete(self, listing: Iterable[Pop3Message], keep: datetime.timedelta) -> tuple[Pop3Message, ...]:
        """Those messages of a listing that were first seen at least so long ago."""
        with raising():
            old: tuple[Pop3Message, ...] = from_native(self._native.to_delete(to_native(list(listing)), keep))
        return old

    def forget_gone(self, listing: Iterable[Pop3Message]) -> None:
        """Forgets the messages that are no longer in a listing, which must be a complete one: else they would be new again."""
        with raising():
            self._native.forget_gone(to_native(list(listing)))

    def __len__(self) -> int:
        return int(self._native.count())

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<SeenUids of {len(self)} messages>"
