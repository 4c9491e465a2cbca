# Derived from ../_aio/_pop3.py by tools/derive_blocking.py: change that one.
"""Sessions with a POP3 server."""

from __future__ import annotations

from collections.abc import Iterator, Iterable, Sequence
from types import TracebackType
from typing import Any

from .._connect import CancelToken, Connector, Credentials
from .._convert import from_native, to_native
from .._core import native
from .._progress import Progress
from .._values.pop3 import Maildrop, Pop3Message, Pop3Retrieved, Pop3Update
from .._values.servers import Server
from ..errors import Error, raising
from ._bridge import Listener, call, listen
from ._message import Message
from ._pull import Pull
from ._session import Session, connected


class MessageStream(Iterator[bytes]):
    """A message on its way, in chunks.

    While it is neither read to its end nor stopped, the session's other calls wait: up to a minute, and then the stream is given up. It
    stops with its `with` block.
    """

    def __init__(self, theirs: Any, listener: Listener | None, cancel: CancelToken | None) -> None:
        self._native = theirs
        self._listener = listener
        self._cancel = cancel
        self._pull = Pull()

    def __iter__(self) -> MessageStream:
        return self

    def __next__(self) -> bytes:
        chunk = self._pull.next(lambda: self._native.next_chunk(to_native(self._cancel)), self._listener)
        if chunk is None:
            raise StopIteration
        return bytes(chunk)

    def stop(self) -> None:
        """Lets go of the message: the session goes on where little of it is left, and is closed otherwise."""
        self._pull.clear()
        call(self._native.stop())

    def __enter__(self) -> MessageStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class Pop3Retrieval(Iterator[Pop3Retrieved]):
    """Many messages, one after the other, as they are asked for. It may be let go of at any time."""

    def __init__(self, theirs: Any, listener: Listener | None, cancel: CancelToken | None) -> None:
        self._native = theirs
        self._listener = listener
        self._cancel = cancel
        self._pull = Pull()

    def __iter__(self) -> Pop3Retrieval:
        return self

    def __next__(self) -> Pop3Retrieved:
        retrieved: Pop3Retrieved | None = from_native(
            self._pull.next(lambda: self._native.next(to_native(self._cancel)), self._listener)
        )
        if retrieved is None:
            raise StopIteration
        return retrieved

    def stop(self) -> None:
        """Lets go of the messages, and ends a wait that is under way. May be called more than once."""
        self._pull.clear()
        call(self._native.stop())


class Pop3Session(Session):
    """A session with a POP3 server, logged in. Calls may come from anywhere at once: they are done one after another."""

    __slots__ = ()

    @classmethod
    def connect(
        cls,
        server: Server,
        credentials: Credentials,
        *,
        connector: Connector | None = None,
        cancel: CancelToken | None = None,
    ) -> Pop3Session:
        """Connects and logs in."""
        return cls._of(connected(native.Pop3Session, server, credentials, connector, cancel))

    def has_capability(self, name: str) -> bool | None:
        """Whether the server announced the capability, such as `TOP`; `None` where it announced nothing at all."""
        announced: bool | None = self._native.has_capability(name)
        return announced

    def capability_arguments(self, name: str) -> str | None:
        """What the server announced behind the capability: `60` for `EXPIRE 60`; empty where there is nothing."""
        arguments: str | None = self._native.capability_arguments(name)
        return arguments

    def stat(self, *, cancel: CancelToken | None = None) -> Maildrop:
        """How many messages there are, and how large they are together."""
        maildrop: Maildrop = from_native(call(self._native.stat(to_native(cancel))))
        return maildrop

    def messages(self, *, cancel: CancelToken | None = None) -> tuple[Pop3Message, ...]:
        """The messages with their sizes and unique ids, in the order of their numbers. Those marked as deleted are left out."""
        listed: tuple[Pop3Message, ...] = from_native(call(self._native.messages(to_native(cancel))))
        return listed

    def retrieve(
        self, number: int, *, progress: Progress | None = None, cancel: CancelToken | None = None
    ) -> MessageStream:
        """Retrieves a message in chunks, as they are asked for."""
        listener = listen(progress)
        stream = call(self._native.retrieve(number, listener, to_native(cancel)), listener)
        return MessageStream(stream, listener, cancel)

    def message(
        self, number: int, *, progress: Progress | None = None, cancel: CancelToken | None = None
    ) -> Message:
        """Retrieves a whole message of at most 64 MiB."""
        listener = listen(progress)
        return Message._of(call(self._native.message(number, listener, to_native(cancel)), listener))

    def retrieve_all(
        self,
        messages: Iterable[Pop3Message],
        *,
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
    ) -> Pop3Retrieval:
        """Retrieves messages one after the other, in their order, as they are asked for: the fast way to many."""
        listener = listen(progress)
        with raising():
            retrieval = self._native.retrieve_all(to_native(list(messages)), listener)
        return Pop3Retrieval(retrieval, listener, cancel)

    def top(self, number: int, lines: int = 0, *, cancel: CancelToken | None = None) -> bytes:
        """The header of a message and the first lines of its body."""
        return bytes(call(self._native.top(number, lines, to_native(cancel))))

    def delete(self, number: int, *, cancel: CancelToken | None = None) -> None:
        """Marks a message as deleted; `quit` has the server remove it."""
        call(self._native.delete(number, to_native(cancel)))

    def delete_all(
        self, numbers: Sequence[int], *, cancel: CancelToken | None = None
    ) -> tuple[Error | None, ...]:
        """Marks messages as deleted, in few round trips. Returns what went wrong with each, in their order; `None` where nothing did."""
        answers: tuple[Error | None, ...] = from_native(
            call(self._native.delete_all(list(numbers), to_native(cancel)))
        )
        return answers

    def reset(self, *, cancel: CancelToken | None = None) -> None:
        """Takes the marks off all messages."""
        call(self._native.reset(to_native(cancel)))

    def quit(self, *, cancel: CancelToken | None = None) -> Pop3Update.Any:
        """Ends the session, has the server remove the messages that were marked as deleted, and tells what became of them.

        `close`, and the end of an `with` block, remove nothing.
        """
        update: Pop3Update.Any = from_native(call(self._native.quit(to_native(cancel))))
        return update
