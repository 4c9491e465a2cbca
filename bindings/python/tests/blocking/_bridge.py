"""How tests of the blocking face do several things at once, and give something up."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

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


def later(after: float, act: Callable[[], Any]) -> None:
    """Has something done after some seconds; returns at once."""
    threading.Timer(after, act).start()
