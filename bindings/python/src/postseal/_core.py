"""The generated module, made fit for more than one event loop."""

from __future__ import annotations

import asyncio
import atexit
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


native._uniffi_get_event_loop = _event_loop
native._UniffiRustBufferStream = Reader

# A thread of the core that calls into an interpreter which is ending would be killed, and the process with it: so none is left.
atexit.register(native.shut_down)
