"""The reader of what the core returns, which stands in for the generated one."""

from __future__ import annotations

import ctypes
import struct

import pytest

from postseal._buffers import Reader
from postseal._core import native


class Buffer(ctypes.Structure):
    """As the core has it."""

    _fields_ = [("capacity", ctypes.c_uint64), ("len", ctypes.c_uint64), ("data", ctypes.POINTER(ctypes.c_char))]


NUMBERS = [
    ("i8", ">b", -5), ("u8", ">B", 250), ("i16", ">h", -300), ("u16", ">H", 65000), ("i32", ">i", -70000),
    ("u32", ">I", 4_000_000_000), ("i64", ">q", -(2**60)), ("u64", ">Q", 2**63), ("double", ">d", 0.1),
]  # fmt: skip


def test_values_are_read_in_their_order_and_not_past_the_end() -> None:
    content = b"".join(struct.pack(layout, number) for _, layout, number in NUMBERS) + b"tail"
    memory = ctypes.create_string_buffer(content, len(content))
    reader = Reader.from_rust_buffer(
        Buffer(len(content), len(content), ctypes.cast(memory, ctypes.POINTER(ctypes.c_char)))
    )
    for kind, _, number in NUMBERS:
        assert getattr(reader, f"read_{kind}")() == number
    assert reader.remaining() == 4 and reader.read(4) == b"tail" and reader.remaining() == 0
    with pytest.raises(EOFError):
        reader.read(1)
    with pytest.raises(struct.error):
        reader.read_u8()  # type: ignore[attr-defined]


def test_it_stands_where_the_generated_one_stood() -> None:
    assert native._UniffiRustBufferStream is Reader
    theirs = {"read", "remaining", "from_rust_buffer"} | {
        f"read_{kind}" for kind in "i8 u8 i16 u16 i32 u32 i64 u64 float double".split()
    }
    assert theirs <= set(dir(Reader))
