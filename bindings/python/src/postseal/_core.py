"""The generated module, made fit for more than one event loop."""

from __future__ import annotations

import asyncio
import atexit
import ctypes
from concurrent.futures import Future
from typing import Any

from ._buffers import Reader
from ._native import postseal_ffi
from ._portal import portal

#: The generated module. It has no types that a checker could use; the modules around it do.
native: Any = postseal_ffi


def _event_loop() -> asyncio.AbstractEventLoop:
    """The loop for what goes on between the core and Python: the caller's, or one of ours for the core's own threads.

    The generated code has one loop for the whole process in its place, to be set anew with each `asyncio.run`.
    """
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return portal().loop


#: The attribute of a CancelledError that has what came of the call after all.
_OUTCOME = "_postseal_outcome"


def outcome_of(given_up: asyncio.CancelledError) -> Future[Any] | None:
    """What had come of a call of the core's in the moment in which it was given up; `None` where nothing had."""
    outcome: Future[Any] | None = getattr(given_up, _OUTCOME, None)
    return outcome


_generated_call = native._uniffi_rust_call_async


async def _call(future: Any, poll: Any, complete: Any, free: Any, lift: Any, errors: Any) -> Any:
    """The generated function, but for one thing: where a call is given up as its result comes, the exception has it."""
    try:
        return await _generated_call(future, poll, complete, _free_nothing, lift, errors)
    except asyncio.CancelledError as given_up:
        outcome: Future[Any] = Future()
        status = native._UniffiRustCallStatus.default()
        returned = complete(future, ctypes.byref(status))
        # Any other code says that nothing has come.
        if status.code in (status.CALL_SUCCESS, status.CALL_ERROR, status.CALL_UNEXPECTED_ERROR):
            try:
                native._uniffi_check_call_status(errors, status)
                outcome.set_result(lift(returned))
            except (native.PostsealError, native.InternalError) as error:
                outcome.set_exception(error)
            setattr(given_up, _OUTCOME, outcome)
        raise
    finally:
        free(future)


def _free_nothing(_: Any) -> None:
    """Leaves the core's future to `_call`."""


native._uniffi_rust_call_async = _call
native._uniffi_get_event_loop = _event_loop
native._UniffiRustBufferStream = Reader

# A thread of the core that calls into an interpreter which is ending would be killed, and the process with it: so none is left.
atexit.register(native.shut_down)
