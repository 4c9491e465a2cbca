"""How the blocking face waits for the core. The asyncio face has a module of this name, and this is all in which they differ."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from queue import SimpleQueue
from typing import Any, TypeVar

from .. import errors
from .._core import native
from .._portal import Inbox, portal
from .._progress import Progress, tell

T = TypeVar("T")


class Listener(native.ProgressListener):  # type: ignore[misc]
    """Has the caller's `progress` called in the caller's own thread, which waits for the operation."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.inbox: Inbox = SimpleQueue()

    def progress(self, done: int, total: int | None) -> None:
        self.inbox.put(lambda: tell(self._progress, done, total))


def listen(progress: Progress | None) -> Listener | None:
    """What the core is given for the caller's `progress`."""
    return None if progress is None else Listener(progress)


def call(operation: Coroutine[Any, Any, T], listener: Listener | None = None) -> T:
    """Waits for an operation of the core; its errors become ours."""
    with errors.raising():
        return portal().run(operation, None if listener is None else listener.inbox)


def current_loop() -> asyncio.AbstractEventLoop | None:
    """The loop in which the caller's own coroutines can run; `None` where there is none."""
    return None
