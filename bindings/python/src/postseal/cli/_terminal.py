"""What a stranger wrote, made fit for a terminal."""

from __future__ import annotations

import unicodedata


def shown(text: str) -> str:
    """The text without what could move the cursor, repaint lines, or turn the direction of writing; lines and tabs stay.

    A message must not be able to write over the verdict that stands above it.
    """
    return "".join(letter if letter in "\n\t" or _is_harmless(letter) else "\ufffd" for letter in text.replace("\r\n", "\n"))


def _is_harmless(letter: str) -> bool:
    return unicodedata.category(letter) not in ("Cc", "Cs") and letter not in _DIRECTIONS


#: What overrides or isolates the direction of writing: "exe.txt" may be "txt.exe".
_DIRECTIONS = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
