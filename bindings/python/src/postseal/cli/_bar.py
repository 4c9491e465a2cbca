"""A progress bar on the terminal; silent where stderr is none."""

from __future__ import annotations

import sys
import time

from .._progress import Progress

WIDTH = 30


def bar(title: str) -> Progress | None:
    """A function that draws how far something is."""
    if not sys.stderr.isatty():
        return None
    drawn = 0.0

    def draw(done: int, total: int | None) -> None:
        nonlocal drawn
        finished = done == total
        if not finished and time.monotonic() - drawn < 0.1:
            return
        drawn = time.monotonic()
        sys.stderr.write(f"\r\x1b[K{render(title, done, total)}" + "\n" * finished)
        sys.stderr.flush()

    return draw


def render(title: str, done: int, total: int | None) -> str:
    """The bar as text."""
    if not total:
        return f"{title} {done / 1e6:.1f} MB"
    filled = WIDTH * done // total
    return f"{title} [{'#' * filled}{'.' * (WIDTH - filled)}] {100 * done // total:3d} % of {total / 1e6:.1f} MB"
