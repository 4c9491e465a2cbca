"""What comes of waiting for the core, kept for whoever asks next.

Whoever gives a wait up may do so in the moment in which its result has come. For an item of a stream that would be a loss.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any

from ._core import native, outcome_of


class Kept:
    """Results, and errors, that nobody has taken yet; the oldest first."""

    __slots__ = ("_outcomes",)

    def __init__(self) -> None:
        self._outcomes: deque[Future[Any]] = deque()

    async def wait(self, operation: Coroutine[Any, Any, Any]) -> None:
        """Waits for the operation, and keeps what comes of it, also where the wait is given up as it comes."""
        outcome: Future[Any] = Future()
        try:
            outcome.set_result(await operation)
        except asyncio.CancelledError as given_up:
            self._keep(outcome_of(given_up))
            raise
        except native.PostsealError.Cancelled:
            raise
        except (native.PostsealError, native.InternalError) as error:
            outcome.set_exception(error)
        self._keep(outcome)

    def _keep(self, outcome: Future[Any] | None) -> None:
        # That somebody's token has ended their wait is no news for whoever comes next.
        if outcome is not None and not isinstance(outcome.exception(), native.PostsealError.Cancelled):
            self._outcomes.append(outcome)

    def take(self) -> Future[Any] | None:
        """The oldest; `None` where there is none."""
        try:
            return self._outcomes.popleft()
        except IndexError:
            return None

    def clear(self) -> None:
        """Forgets them."""
        self._outcomes.clear()
