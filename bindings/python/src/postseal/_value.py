"""Dataclasses that are made when they are first needed.

To make one takes 0.4 ms, and an app uses few of those that there are: this is a third of the time that `import postseal` would take.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

__all__ = ["field_names", "value"]

if TYPE_CHECKING:
    from dataclasses import dataclass as value
else:
    _making = threading.RLock()
    if hasattr(os, "register_at_fork"):
        # No child begins with a class that is half made.
        os.register_at_fork(
            before=_making.acquire, after_in_parent=_making.release, after_in_child=_making.release
        )

    def _reduce(self: Any) -> tuple[Any, ...]:
        """For copies and other processes, which make an instance without its `__init__`."""
        return _blank, (type(self),), vars(self)

    def _blank(kind: Any) -> Any:
        kind._make()
        return object.__new__(kind)

    def value(**options: Any) -> Callable[[type], type]:
        """`dataclasses.dataclass`, put off until the first instance is made."""

        def put_off(cls: type) -> type:
            def make() -> None:
                with _making:
                    if cls.__dict__.get("__init__") is __init__:
                        del cls.__init__
                        dataclass(**options)(cls)

            def __init__(self: Any, *args: Any, **named: Any) -> None:
                make()
                cls.__init__(self, *args, **named)

            cls.__init__, cls.__reduce__, cls._make = __init__, _reduce, staticmethod(make)
            return cls

        return put_off


def field_names(cls: type) -> tuple[str, ...]:
    """The names of the fields, in their order."""
    return tuple(name for name, kind in cls.__annotations__.items() if "ClassVar" not in kind)
