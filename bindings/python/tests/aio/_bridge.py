"""How tests of the asyncio face do several things at once, and give something up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

T = TypeVar("T")


async def together(*calls: Callable[[], Awaitable[T]]) -> list[T]:
    """What the calls return that are made at the same time."""
    return list(await asyncio.gather(*(call() for call in calls)))


async def give_up(call: Callable[[], Awaitable[Any]], after: float) -> None:
    """Makes a call and gives it up after some seconds, by cancelling its task."""
    task = asyncio.ensure_future(call())
    await asyncio.sleep(after)
    assert not task.done()
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        return
    raise AssertionError("it was not given up")


async def later(after: float, act: Callable[[], Any]) -> None:
    """Has something done after some seconds; returns at once."""
    asyncio.get_running_loop().call_later(after, act)
