"""From the generated classes to ours, and back.

The generated records can be changed, print as `Server()`, and fail when compared with anything else, so ours stand before them: frozen
dataclasses and enums that carry the same names. They are matched by name, field by field, so none needs code of its own.
"""

from __future__ import annotations

import enum
import os
from collections.abc import Callable
from typing import Any, TypeVar

from ._core import native
from ._value import field_names

C = TypeVar("C", bound=type)

#: The attribute of a class of ours that names the generated one.
_NAME = "_native_name"

#: Our class, or how to make one of ours, by the name of the generated class.
_ours: dict[str, Callable[[Any], Any]] = {}


def mirrors(name: str) -> Callable[[C], C]:
    """Says that a dataclass or enum of ours stands for the generated one called `name`.

    A variant with fields is `Enum.VARIANT`; a dataclass for it is made from its fields, too.
    """

    def register(ours: C) -> C:
        if issubclass(ours, enum.Enum):
            _ours[name] = lambda value: ours[value.name]
        else:
            names = tuple(_their_name(name) for name in field_names(ours))
            _ours[name] = lambda value: ours(*(from_native(getattr(value, field)) for field in names))
        setattr(ours, _NAME, name)
        return ours

    return register


def _their_name(field: str) -> str:
    """`from_` is `_from` in the generated code."""
    return f"_{field[:-1]}" if field.endswith("_") else field


def wraps(name: str, wrap: Callable[[Any], Any]) -> None:
    """Says how an object of the generated class `name` is wrapped."""
    _ours[name] = wrap


def from_native(value: Any) -> Any:
    """What the core gives, in our classes; lists become tuples, since nothing that was received is meant to be changed."""
    if value is None or isinstance(value, (str, bytes, int, float)):
        return value
    if isinstance(value, list):
        return tuple(from_native(item) for item in value)
    make = _ours.get(type(value).__name__)
    return value if make is None else make(value)


def to_native(value: Any) -> Any:
    """What the core is given, in the generated classes."""
    if value is None or isinstance(value, (str, bytes, int, float)):
        return value
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return [to_native(item) for item in value]
    wrapped = getattr(value, "_native", None)
    if wrapped is not None:
        return wrapped
    name = getattr(type(value), _NAME, None)
    if name is None:
        return value
    theirs = native
    for part in name.split("."):
        theirs = getattr(theirs, part)
    if isinstance(value, enum.Enum):
        return theirs[value.name]
    return theirs(**{_their_name(field): to_native(getattr(value, field)) for field in field_names(type(value))})
