"""How the asyncio face waits for the core. The blocking face has a module of this name, and this is all in which they differ."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from .. import errors
from .._core import native
from .._progress import Progress, tell

T = TypeVar("T")


class Listener(native.ProgressListener):  # type: ignore[misc]
    """Has the caller's `progress` called in the event loop, and not in the thread in which the core reports it."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._loop = asyncio.get_running_loop()

    def progress(self, done: int, total: int | None) -> None:
        self._loop.call_soon_threadsafe(tell, self._progress, done, total)


def listen(progress: Progress | None) -> Listener | None:
    """What the core is given for the caller's `progress`."""
    return None if progress is None else Listener(progress)


async def call(operation: Coroutine[Any, Any, T], listener: Listener | None = None) -> T:
    """Waits for an operation of the core; its errors become ours."""
    with errors.raising():
        return await operation


def current_loop() -> asyncio.AbstractEventLoop | None:
    """The loop in which the caller's own coroutines can run; `None` where there is none."""
    return asyncio.get_running_loop()
