"""Sessions with an IMAP server."""

from __future__ import annotations

import datetime
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from .._connect import CancelToken, Connector, Credentials
from .._convert import from_native, to_native
from .._core import native
from .._mail import Bytes, octets
from .._progress import Progress
from .._search import Search
from .._values.imap import (
    Change,
    Fetched,
    FetchItems,
    MailboxInfo,
    MailboxStatus,
    Moved,
    Selected,
    Uid,
    Uids,
    native_flags,
    uid_set,
)
from .._values.servers import Server
from .._wrapper import Wrapper
from ..errors import raising
from ._bridge import Listener, call, listen
from ._message import Message
from ._pull import Pull
from ._session import Session, connected

if TYPE_CHECKING:
    from email.message import EmailMessage

#: How many messages cross over from the core at once, at most.
BATCH = 64


class FetchStream(AsyncIterator[Fetched]):
    """Messages, fetched batch by batch as they are asked for. Leaving the loop drains the batch under way."""

    def __init__(self, theirs: Any, listener: Listener | None, cancel: CancelToken | None) -> None:
        self._native = theirs
        self._listener = listener
        self._cancel = cancel
        self._pull = Pull()
        self._ready: deque[Any] = deque()

    def __aiter__(self) -> FetchStream:
        return self

    async def __anext__(self) -> Fetched:
        if not self._ready:
            batch = await self._pull.next(
                lambda: self._native.next_batch(BATCH, to_native(self._cancel)), self._listener
            )
            self._ready.extend(batch)
            if not self._ready:
                raise StopAsyncIteration
        fetched: Fetched = from_native(self._ready.popleft())
        return fetched

    async def stop(self) -> None:
        """Lets go of the messages, and ends a wait that is under way. May be called more than once."""
        self._ready.clear()
        self._pull.clear()
        await call(self._native.stop())


class Watch(Wrapper):
    """A mailbox that is being watched: an iterator of what changes. It ends with its `async with` block, or with `stop`."""

    __slots__ = ("_pull",)

    def __init__(self, theirs: Any) -> None:
        self._native = theirs
        self._pull = Pull()

    async def next(self, *, cancel: CancelToken | None = None) -> Change.Any | None:
        """Waits for the next change, for as long as it takes; `None` once the watch was stopped. Giving up the wait loses nothing."""
        change: Change.Any | None = from_native(await self._pull.next(lambda: self._native.next(to_native(cancel))))
        return change

    async def stop(self) -> None:
        """Ends the watch, and a wait that is under way. May be called more than once."""
        self._pull.clear()
        await call(self._native.stop())

    def __aiter__(self) -> Watch:
        return self

    async def __anext__(self) -> Change.Any:
        change = await self.next()
        if change is None:
            raise StopAsyncIteration
        return change

    async def __aenter__(self) -> Watch:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


class ImapSession(Session):
    """A session with an IMAP server, logged in. Calls may come from anywhere at once: they are done one after another.

    Each names its mailbox as a text in Unicode; the session selects what a call is about.
    """

    __slots__ = ()

    @classmethod
    async def connect(
        cls,
        server: Server,
        credentials: Credentials,
        *,
        connector: Connector | None = None,
        cancel: CancelToken | None = None,
    ) -> ImapSession:
        """Connects and logs in."""
        return cls._of(await connected(native.ImapSession, server, credentials, connector, cancel))

    @property
    def capabilities(self) -> tuple[str, ...]:
        """What the server offers after the login, in upper case and in order."""
        return tuple(self._native.capabilities())

    def take_alerts(self) -> tuple[str, ...]:
        """Takes what the server wanted people to read since the last call, oldest first. Say that it comes from the server."""
        return tuple(self._native.take_alerts())

    async def list(self, *, cancel: CancelToken | None = None) -> tuple[MailboxInfo, ...]:
        """Lists every mailbox, in the server's order."""
        listed: tuple[MailboxInfo, ...] = from_native(await call(self._native.list(to_native(cancel))))
        return listed

    async def select(self, mailbox: str, *, cancel: CancelToken | None = None) -> Selected:
        """Selects a mailbox for reading and writing, and tells of it."""
        selected: Selected = from_native(await call(self._native.select(mailbox, to_native(cancel))))
        return selected

    async def examine(self, mailbox: str, *, cancel: CancelToken | None = None) -> Selected:
        """The same for reading alone: nothing of the mailbox changes by it."""
        selected: Selected = from_native(await call(self._native.examine(mailbox, to_native(cancel))))
        return selected

    async def status(self, mailbox: str, *, cancel: CancelToken | None = None) -> MailboxStatus:
        """Asks for the numbers of a mailbox without selecting it."""
        status: MailboxStatus = from_native(await call(self._native.status(mailbox, to_native(cancel))))
        return status

    async def create(self, mailbox: str, *, cancel: CancelToken | None = None) -> None:
        """Makes a mailbox, with its parents where the server does that."""
        await call(self._native.create(mailbox, to_native(cancel)))

    async def delete(self, mailbox: str, *, cancel: CancelToken | None = None) -> None:
        """Removes a mailbox with all messages in it."""
        await call(self._native.delete(mailbox, to_native(cancel)))

    async def rename(self, mailbox: str, to: str, *, cancel: CancelToken | None = None) -> None:
        """Gives a mailbox, and all below it, another name."""
        await call(self._native.rename(mailbox, to, to_native(cancel)))

    async def subscribe(self, mailbox: str, *, cancel: CancelToken | None = None) -> None:
        """Adds a mailbox to those that the user wants to see."""
        await call(self._native.subscribe(mailbox, to_native(cancel)))

    async def unsubscribe(self, mailbox: str, *, cancel: CancelToken | None = None) -> None:
        """Takes a mailbox from those that the user wants to see."""
        await call(self._native.unsubscribe(mailbox, to_native(cancel)))

    async def id(self, client: Mapping[str, str], *, cancel: CancelToken | None = None) -> dict[str, str]:
        """Tells the server who asks, and returns what it says of itself (ID)."""
        fields = [native.ServerField(name=name, value=value) for name, value in client.items()]
        told = await call(self._native.id(fields, to_native(cancel)))
        return {field.name: field.value for field in told}

    async def append(
        self,
        mailbox: str,
        message: Bytes | str | EmailMessage,
        flags: Iterable[str] = (),
        received: datetime.datetime | None = None,
        *,
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
    ) -> Uid | None:
        """Puts a message into a mailbox, byte by byte as given. Returns its handle where the server tells.

        `received` becomes the message's internal date; the server takes the present time where nothing is given.
        """
        received = None if received is None else received.astimezone(datetime.timezone.utc)
        listener = listen(progress)
        appending = self._native.append(
            mailbox, octets(message), native_flags(flags), received, listener, to_native(cancel)
        )
        uid: Uid | None = from_native(await call(appending, listener))
        return uid

    async def search(
        self, mailbox: str, search: Search | None = None, *, cancel: CancelToken | None = None
    ) -> tuple[Uid, ...]:
        """Searches a mailbox as it is now, for every message where no search is given; the handles come in ascending order."""
        wanted = Search() if search is None else search
        found: tuple[Uid, ...] = from_native(
            await call(self._native.search(mailbox, wanted._native, to_native(cancel)))
        )
        return found

    def fetch(
        self,
        mailbox: str,
        uids: Uids,
        items: FetchItems,
        *,
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
    ) -> FetchStream:
        """Fetches messages in ascending order of their UIDs, without marking them as read. Nothing happens before the first is asked for."""
        listener = listen(progress)
        with raising():
            stream = self._native.fetch(mailbox, uid_set(uids), to_native(items), listener)
        return FetchStream(stream, listener, cancel)

    async def message(
        self, mailbox: str, uid: Uid, *, progress: Progress | None = None, cancel: CancelToken | None = None
    ) -> Message:
        """Fetches one whole message, without marking it as read."""
        listener = listen(progress)
        fetching = self._native.message(mailbox, to_native(uid), listener, to_native(cancel))
        return Message._of(await call(fetching, listener))

    async def add_flags(
        self, mailbox: str, uids: Uids, flags: Iterable[str], *, cancel: CancelToken | None = None
    ) -> None:
        """Sets flags of messages; others stay. Messages that are not there any more are passed over."""
        change = native.FlagChange.ADD(native_flags(flags))
        await call(self._native.store(mailbox, uid_set(uids), change, to_native(cancel)))

    async def remove_flags(
        self, mailbox: str, uids: Uids, flags: Iterable[str], *, cancel: CancelToken | None = None
    ) -> None:
        """Takes flags away from messages; others stay."""
        change = native.FlagChange.REMOVE(native_flags(flags))
        await call(self._native.store(mailbox, uid_set(uids), change, to_native(cancel)))

    async def replace_flags(
        self, mailbox: str, uids: Uids, flags: Iterable[str], *, cancel: CancelToken | None = None
    ) -> None:
        """Sets flags of messages, and takes all others away."""
        change = native.FlagChange.REPLACE(native_flags(flags))
        await call(self._native.store(mailbox, uid_set(uids), change, to_native(cancel)))

    async def copy(
        self, mailbox: str, uids: Uids, to: str, *, cancel: CancelToken | None = None
    ) -> tuple[Moved, ...]:
        """Copies messages to another mailbox. Returns which became which, where the server tells."""
        moved: tuple[Moved, ...] = from_native(
            await call(self._native.copy(mailbox, uid_set(uids), to, to_native(cancel)))
        )
        return moved

    async def move_to(
        self, mailbox: str, uids: Uids, to: str, *, cancel: CancelToken | None = None
    ) -> tuple[Moved, ...]:
        """Moves messages to another mailbox.

        Where the server has neither MOVE nor UIDPLUS they are copied, and stay behind marked as deleted.
        """
        moved: tuple[Moved, ...] = from_native(
            await call(self._native.move_to(mailbox, uid_set(uids), to, to_native(cancel)))
        )
        return moved

    async def expunge(
        self, mailbox: str, uids: Uids | None = None, *, cancel: CancelToken | None = None
    ) -> None:
        """Removes the messages that are marked as deleted: every one of the mailbox, or those of `uids` (UIDPLUS)."""
        if uids is None:
            await call(self._native.expunge(mailbox, to_native(cancel)))
        else:
            await call(self._native.expunge_uids(mailbox, uid_set(uids), to_native(cancel)))

    async def watch(self, mailbox: str, *, cancel: CancelToken | None = None) -> Watch:
        """Watches a mailbox: by IDLE, or by asking every minute where the server has none. Other calls on this session go on meanwhile."""
        return Watch(await call(self._native.watch(mailbox, to_native(cancel))))
