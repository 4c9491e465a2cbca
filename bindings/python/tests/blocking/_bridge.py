"""How tests of the blocking face do several things at once, and give something up."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
from postseal._core import native

T = TypeVar("T")


def together(*calls: Callable[[], T]) -> list[T]:
    """What the calls return that are made at the same time, each in a thread of its own."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(lambda call: call(), calls))


def give_up(call: Callable[[], Any], after: float) -> None:
    """Makes a call and gives it up after some seconds, as a person does with Ctrl-C."""
    timer = threading.Timer(after, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        call()
    except KeyboardInterrupt:
        return
    finally:
        timer.cancel()
    raise AssertionError("it was not given up")


def give_up_as_it_comes(call: Callable[[], Any], patch: pytest.MonkeyPatch) -> None:
    """Makes a call, and presses Ctrl-C when its result is there, before anybody has looked at it."""
    hand_over = native._uniffi_set_future_result

    def and_give_up(future: Any, poll_code: int) -> None:
        if poll_code == native._UNIFFI_RUST_FUTURE_POLL_READY:
            os.kill(os.getpid(), signal.SIGINT)
            # The caller has given up by then.
            time.sleep(0.2)
        hand_over(future, poll_code)

    with patch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(native, "_uniffi_set_future_result", and_give_up)
        call()


def later(after: float, act: Callable[[], Any]) -> None:
    """Has something done after some seconds; returns at once."""
    threading.Timer(after, act).start()
