"""What to search for on an IMAP server."""

from __future__ import annotations

import datetime

from ._core import native
from ._values.imap import Uids, native_flags, uid_set
from ._wrapper import Wrapper
from .errors import raising


class Search(Wrapper):
    """What to search for; `&`, `|` and `~` combine. Texts are found in any case, wherever they stand."""

    __slots__ = ()

    def __init__(self) -> None:
        """Every message."""
        self._native = native.Search.all()

    @classmethod
    def from_(cls, text: str) -> Search:
        """The text in the From header."""
        return cls._of(native.Search._from(text))

    @classmethod
    def to(cls, text: str) -> Search:
        """The text in the To header."""
        return cls._of(native.Search.to(text))

    @classmethod
    def cc(cls, text: str) -> Search:
        """The text in the Cc header."""
        return cls._of(native.Search.cc(text))

    @classmethod
    def subject(cls, text: str) -> Search:
        """The text in the Subject header."""
        return cls._of(native.Search.subject(text))

    @classmethod
    def body(cls, text: str) -> Search:
        """The text in the body."""
        return cls._of(native.Search.body(text))

    @classmethod
    def text(cls, text: str) -> Search:
        """The text in the header or the body."""
        return cls._of(native.Search.text(text))

    @classmethod
    def header(cls, field: str, text: str) -> Search:
        """The text in a field of the header; any message with the field where the text is empty."""
        return cls._of(native.Search.header(field, text))

    @classmethod
    def since(cls, day: datetime.date) -> Search:
        """Taken in by the server on that day or later."""
        with raising():
            return cls._of(native.Search.since(day.year, day.month, day.day))

    @classmethod
    def before(cls, day: datetime.date) -> Search:
        """Taken in by the server before that day."""
        with raising():
            return cls._of(native.Search.before(day.year, day.month, day.day))

    @classmethod
    def sent_since(cls, day: datetime.date) -> Search:
        """Dated, by its header, on that day or later."""
        with raising():
            return cls._of(native.Search.sent_since(day.year, day.month, day.day))

    @classmethod
    def sent_before(cls, day: datetime.date) -> Search:
        """Dated, by its header, before that day."""
        with raising():
            return cls._of(native.Search.sent_before(day.year, day.month, day.day))

    @classmethod
    def larger(cls, size: int) -> Search:
        """Larger than so many bytes."""
        return cls._of(native.Search.larger(size))

    @classmethod
    def smaller(cls, size: int) -> Search:
        """Smaller than so many bytes."""
        return cls._of(native.Search.smaller(size))

    @classmethod
    def with_flag(cls, flag: str) -> Search:
        """With this flag."""
        with raising():
            return cls._of(native.Search.with_flag(*native_flags(flag)))

    @classmethod
    def without_flag(cls, flag: str) -> Search:
        """Without this flag."""
        with raising():
            return cls._of(native.Search.without_flag(*native_flags(flag)))

    @classmethod
    def uids(cls, uids: Uids) -> Search:
        """One of these messages."""
        with raising():
            return cls._of(native.Search.uids(uid_set(uids)))

    def __and__(self, other: Search) -> Search:
        return Search._of(self._native.and_also(other._native))

    def __or__(self, other: Search) -> Search:
        return Search._of(self._native.or_else(other._native))

    def __invert__(self) -> Search:
        return Search._of(self._native.negate())
