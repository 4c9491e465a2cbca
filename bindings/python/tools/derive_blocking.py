"""Derives `postseal.blocking` from the asyncio face, so that the two can't drift apart.

    python tools/derive_blocking.py           write the blocking modules
    python tools/derive_blocking.py --check   say whether they are up to date (a test does)

Each module of `postseal/_aio` becomes one of `postseal/blocking`, and each test of the one face one of the other: `async` and `await` go, the names of the asynchronous protocols become
those of the plain ones, and the words about asyncio in docstrings change with them. What really differs is in `_bridge.py`, which each
face has of its own. Tokens are replaced and never lines, so a name inside a text is safe.
"""

from __future__ import annotations

import io
import re
import sys
import tokenize
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

#: From where to where.
FOLDERS = [
    (ROOT / "src" / "postseal" / "_aio", ROOT / "src" / "postseal" / "blocking"),
    (ROOT / "tests" / "aio", ROOT / "tests" / "blocking"),
]

#: Modules that are written by hand in both faces.
BY_HAND = {"_bridge.py", "__init__.py"}

NAMES = {
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "__aiter__": "__iter__",
    "__anext__": "__next__",
    "aclosing": "closing",
    "aiter": "iter",
    "anext": "next",
    "AsyncIterator": "Iterator",
    "StopAsyncIteration": "StopIteration",
}

DOCUMENTED = [
    (re.compile(r"\basync (with|for|def)\b"), r"\1"),
    (re.compile(r"\bawait "), ""),
    (re.compile(r"\bAsyncIterator\b"), "Iterator"),
]

#: What the tests import.
IMPORT = re.compile(r"^import postseal$", re.MULTILINE)

HEADER = "# Derived from ../{folder}/{name} by tools/derive_blocking.py: change that one.\n"


def derive(path: Path) -> str:
    """The blocking module for the asynchronous one at `path`."""
    source = IMPORT.sub("import postseal.blocking as postseal", path.read_text(encoding="utf-8"))
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    lines = source.splitlines(keepends=True)
    # Replacements as (line, start, end, text), made from the end of each line, so that columns stay true.
    edits = [edit for token in tokens if (edit := _edit(token, lines)) is not None]
    for (first, start), (last, end), text in reversed(edits):
        joined = "".join(lines[first - 1 : last])
        tail = len(lines[last - 1]) - end
        lines[first - 1 : last] = [joined[:start] + text + joined[len(joined) - tail :]]
        lines[first:first] = [""] * (last - first)
    return HEADER.format(folder=path.parent.name, name=path.name) + "".join(lines)


_Edit = tuple[tuple[int, int], tuple[int, int], str]


def _edit(token: tokenize.TokenInfo, lines: list[str]) -> _Edit | None:
    """What becomes of one token; `None` where it stays."""
    if token.type == tokenize.NAME and token.string in ("async", "await"):
        row, column = token.end
        blank = lines[row - 1][column : column + 1] == " "
        return token.start, (row, column + blank), ""
    if token.type == tokenize.NAME and token.string in NAMES:
        return token.start, token.end, NAMES[token.string]
    if token.type == tokenize.STRING:
        text = token.string
        for pattern, replacement in DOCUMENTED:
            text = pattern.sub(replacement, text)
        if text != token.string:
            return token.start, token.end, text
    return None


def update(source: Path, target: Path, *, write: bool) -> list[str]:
    """Brings the modules of one folder up to date, or only says which are not."""
    paths = [path for path in sorted(source.glob("*.py")) if path.name not in BY_HAND]
    said = []
    for path in paths:
        wanted, place = derive(path), target / path.name
        if not place.exists() or place.read_text(encoding="utf-8") != wanted:
            said.append(f"{'written' if write else 'stale'}: {place.relative_to(ROOT)}")
            if write:
                place.write_text(wanted, encoding="utf-8")
    left = {path.name for path in target.glob("*.py")} - BY_HAND - {path.name for path in paths}
    return said + [f"without a source: {target.relative_to(ROOT) / name}" for name in sorted(left)]


def main(arguments: list[str]) -> int:
    write = "--check" not in arguments
    said = [line for source, target in FOLDERS for line in update(source, target, write=write)]
    print("\n".join(said), end="\n" if said else "")
    return int(any(not line.startswith("written") for line in said))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
