# Derived from ../_aio/_pull.py by tools/derive_blocking.py: change that one.
"""Pulling items from the core, so that none is lost where a pull is given up."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from .._kept import Kept
from ..errors import raising
from ._bridge import Listener, call


class Pull:
    """What is pulled from a stream or a watch of the core's, one item after the other."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept = Kept()

    def next(self, begin: Callable[[], Coroutine[Any, Any, Any]], listener: Listener | None = None) -> Any:
        """The item that `begin` begins to wait for, or the one that came as an earlier pull was given up."""
        while (outcome := self._kept.take()) is None:
            call(self._kept.wait(begin()), listener)
        with raising():
            return outcome.result()

    def clear(self) -> None:
        """Forgets what came and was not taken: the stream has ended."""
        self._kept.clear()
