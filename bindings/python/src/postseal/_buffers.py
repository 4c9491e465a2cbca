"""Reading what the core returns, in half the time.

The generated reader takes the bytes of each number out of the buffer and unpacks them; this one unpacks them where they are. A record of
eleven fields is read by it some 25 times, and a mailbox has thousands of them.
"""

from __future__ import annotations

import ctypes
from struct import Struct
from typing import Any

_view = ctypes.pythonapi.PyMemoryView_FromMemory
_view.argtypes = (ctypes.c_void_p, ctypes.c_ssize_t, ctypes.c_int)
_view.restype = ctypes.py_object

#: PyBUF_READ: the view can't be written to.
_READ_ONLY = 0x100


class Reader:
    """Stands in for `_UniffiRustBufferStream`: reads a buffer of the core's from its beginning to its end, while it is there."""

    __slots__ = ("_length", "_memory", "_offset")

    def __init__(self, memory: memoryview, length: int) -> None:
        self._memory = memory
        self._length = length
        self._offset = 0

    @classmethod
    def from_rust_buffer(cls, buffer: Any) -> Reader:
        address = ctypes.cast(buffer.data, ctypes.c_void_p)
        memory: memoryview = _view(address, buffer.len, _READ_ONLY) if buffer.len else memoryview(b"")
        return cls(memory, buffer.len)

    def remaining(self) -> int:
        return self._length - self._offset

    def read(self, size: int) -> bytes:
        end = self._offset + size
        if end > self._length:
            raise EOFError("a value of the core goes past the end of its buffer")
        data = self._memory[self._offset : end].tobytes()
        self._offset = end
        return data


def _reads(layout: str) -> Any:
    """A method that reads a number of this layout; past the end of the buffer it raises struct.error."""
    number = Struct(layout)
    unpack, size = number.unpack_from, number.size

    def read(self: Reader) -> Any:
        offset = self._offset
        value = unpack(self._memory, offset)[0]
        self._offset = offset + size
        return value

    return read


for _name, _layout in {
    "i8": ">b", "u8": ">B", "i16": ">h", "u16": ">H", "i32": ">i", "u32": ">I", "i64": ">q", "u64": ">Q",
    "float": ">f", "double": ">d",
}.items():  # fmt: skip
    setattr(Reader, f"read_{_name}", _reads(_layout))
