"""How tests of the asyncio face do several things at once, and give something up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest
from postseal._core import native

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


async def give_up_as_it_comes(call: Callable[[], Awaitable[Any]], patch: pytest.MonkeyPatch) -> None:
    """Makes a call and gives it up when its result is there, before anybody has looked at it."""
    hand_over = native._uniffi_set_future_result

    def and_give_up(future: Any, poll_code: int) -> None:
        hand_over(future, poll_code)
        if poll_code == native._UNIFFI_RUST_FUTURE_POLL_READY:
            task.cancel()

    task = asyncio.ensure_future(call())
    with patch.context() as patched, pytest.raises(asyncio.CancelledError):
        patched.setattr(native, "_uniffi_set_future_result", and_give_up)
        await task


async def later(after: float, act: Callable[[], Any]) -> None:
    """Has something done after some seconds; returns at once."""
    asyncio.get_running_loop().call_later(after, act)
