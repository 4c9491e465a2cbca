"""Telling the caller how far a long operation is."""

from __future__ import annotations

import logging
from collections.abc import Callable

#: What a caller gives to be told how far a long operation is: bytes done, and of how many where that is known.
Progress = Callable[[int, int | None], None]


def tell(progress: Progress, done: int, total: int | None) -> None:
    """Calls the caller's function. That it fails is no reason to break off what it watches."""
    try:
        progress(done, total)
    except Exception:
        logging.getLogger("postseal").exception("the progress function failed")
