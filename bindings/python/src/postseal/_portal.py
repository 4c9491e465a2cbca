"""An event loop in a thread of its own, for callers that have none.

The blocking face waits here, and so does whatever the core asks of Python from a thread without a loop. The thread starts with the first
use; a forked child gets one of its own.
"""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import os
import threading
from collections.abc import Callable, Coroutine
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")

#: What the core has to tell while the caller waits: called in the caller's own thread.
Inbox = SimpleQueue[Callable[[], None] | None]


class Portal:
    """A running event loop and its thread."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.loop = asyncio.new_event_loop()
        self._is_ending = False
        self._thread = threading.Thread(target=self._serve, name="postseal", daemon=True)
        self._thread.start()

    def run(self, operation: Coroutine[Any, Any, T], inbox: Inbox | None = None) -> T:
        """Runs `operation` to its end, serving `inbox` meanwhile.

        An exception in the calling thread (KeyboardInterrupt, or one from the inbox) gives the operation up.
        """
        if threading.current_thread() is self._thread:
            operation.close()
            raise RuntimeError("a blocking call can't be made from where the core calls back: it would wait for itself")
        future = asyncio.run_coroutine_threadsafe(operation, self.loop)
        try:
            if inbox is not None:
                future.add_done_callback(lambda _: inbox.put(None))
                for told in iter(inbox.get, None):
                    told()
            return future.result()
        except concurrent.futures.CancelledError:
            if self._is_ending:
                # The process ends, and this daemon thread with it: there is nobody to be told.
                threading.Event().wait()
            raise
        except BaseException:
            if future.cancel():
                self._settle()
            raise

    def _settle(self) -> None:
        """Waits until the loop has given an operation up: what had come of it is kept by then. Not for long, if something holds the loop up."""
        settled = threading.Event()
        self.loop.call_soon_threadsafe(lambda: self.loop.call_soon(settled.set))
        settled.wait(1)

    def _serve(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
            # Whoever still waits is a daemon thread of a program that ends.
            for task in asyncio.all_tasks(self.loop):
                task.cancel()
            self.loop.run_until_complete(asyncio.sleep(0))
        finally:
            self.loop.close()

    def stop(self) -> None:
        """Ends the loop and its thread: before the interpreter ends, or a late answer would find it half gone."""
        if self.pid == os.getpid():
            self._is_ending = True
            self.loop.call_soon_threadsafe(self.loop.stop)
            self._thread.join()


_portal: Portal | None = None
_starting = threading.Lock()


def portal() -> Portal:
    """The process's portal."""
    global _portal
    with _starting:
        if _portal is None or _portal.pid != os.getpid():
            _portal = Portal()
            atexit.register(_portal.stop)
        return _portal


def _forget_lock() -> None:
    # The parent may have held it at the moment of the fork.
    global _starting
    _starting = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_lock)
