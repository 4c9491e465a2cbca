"""Objects of ours around those of the core."""

from __future__ import annotations

from typing import Any, TypeVar

W = TypeVar("W", bound="Wrapper")


class Wrapper:
    """Holds an object of the core, and nothing else."""

    __slots__ = ("_native",)
    _native: Any

    @classmethod
    def _of(cls: type[W], theirs: Any) -> W:
        """The wrapper of an object that the core made."""
        ours = cls.__new__(cls)
        ours._native = theirs
        return ours
