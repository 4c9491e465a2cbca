# Derived from ../_aio/_client.py by tools/derive_blocking.py: change that one.
"""One person's mail: the facade."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable, Sequence
from types import TracebackType
from typing import Any, TypeVar

from .._account import Account
from .._connect import CancelToken, Connector, Loops, default_connector
from .._convert import from_native, to_native
from .._core import native
from .._mail import Draft
from .._progress import Progress
from .._values.client import Deleted, MailboxChange, MessageHandle, MessageSummary, Page, SendReport
from .._values.imap import MailboxInfo, native_flags
from .._values.pgp import Protection
from .._wrapper import Wrapper
from ..errors import raising
from ._bridge import Listener, call, current_loop, listen
from ._keys import Keyring
from ._message import Message
from ._pull import Pull
from ._seal import Opened, Sealed, native_draft, opened_of, sealed_of

T = TypeVar("T")


class MailWatch(Wrapper):
    """A mailbox that is watched for mail: an iterator of what changes. It ends with its `with` block, or with `close`."""

    __slots__ = ("_loops", "_pull")

    def __init__(self, theirs: Any, loops: Loops) -> None:
        self._native = theirs
        self._loops = loops
        self._pull = Pull()

    def next(self, *, cancel: CancelToken | None = None) -> MailboxChange.Any | None:
        """Waits for the next change, for as long as it takes; `None` once the watch was closed. Giving up the wait loses nothing.

        After an exception the watch goes on: the next call connects anew where that is needed, and tells what came meanwhile.
        """
        with self._loops.waiting(current_loop()):
            change = self._pull.next(lambda: self._native.next(to_native(cancel)))
        news: MailboxChange.Any | None = from_native(change)
        return news

    def close(self, *, cancel: CancelToken | None = None) -> None:
        """Ends the watch, a wait that is under way, and, politely, its session. May be called more than once."""
        self._pull.clear()
        call(self._native.close(to_native(cancel)))

    def __iter__(self) -> MailWatch:
        return self

    def __next__(self) -> MailboxChange.Any:
        change = self.next()
        if change is None:
            raise StopIteration
        return change

    def __enter__(self) -> MailWatch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class MailClient:
    """One person's mail: seals and sends, lists, fetches and opens.

    It connects when there is something to do, keeps its sessions, and opens a new one where one has ended. It uses what the keyring holds
    at each call. Used in `with`, its sessions end with the block.
    """

    __slots__ = ("_loops", "_native", "account", "keyring")

    account: Account
    """The account."""
    keyring: Keyring
    """The keys of the account's owner, and the certificates of the people they write to."""

    def __init__(self, account: Account, keyring: Keyring | None = None, *, connector: Connector | None = None) -> None:
        self.account = account
        self.keyring = Keyring() if keyring is None else keyring
        connector = default_connector() if connector is None else connector
        self._loops = Loops()
        with raising():
            self._native: Any = native.MailClient(
                connector._native, account._to_native(self._loops), self.keyring._native
            )

    def _call(self, operation: Coroutine[Any, Any, T], listener: Listener | None = None) -> T:
        """Waits for an operation; where it logs in, token providers may run in this loop."""
        with self._loops.waiting(current_loop()):
            return call(operation, listener)

    def send(
        self,
        draft: Draft,
        protection: Protection = Protection.SIGN_AND_ENCRYPT,
        *,
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
    ) -> SendReport:
        """Seals a draft, submits every copy of it, and files the sender's own copy in *Sent*.

        The protection is never less than asked for: where one recipient has no usable key nothing is sent at all, and a `KeyMissingError`
        names every such recipient. **Any `Error` but `CancelledError` means that nothing was sent**; once a copy was handed over there is
        a report. Where the call is given up (by a token, a cancelled task, a timeout around it, Ctrl-C), a copy that is being transmitted
        goes out; the copies after it, and the one for *Sent*, don't. Who has to know seals first, and sends each copy by
        `SmtpSession.send_copy` with an identifier, whose `outcome` can be asked for.
        """
        listener = listen(progress)
        ready = native_draft(draft, cancel)
        sending = self._native.send(ready, to_native(protection), listener, to_native(cancel))
        report: SendReport = from_native(self._call(sending, listener))
        return report

    def seal(
        self,
        draft: Draft,
        protection: Protection = Protection.SIGN_AND_ENCRYPT,
        *,
        cancel: CancelToken | None = None,
    ) -> Sealed:
        """Seals a draft as `send` does, without sending it."""
        ready = native_draft(draft, cancel)
        return sealed_of(self._call(self._native.seal(ready, to_native(protection), to_native(cancel))))

    def inbox(self, *, cancel: CancelToken | None = None) -> tuple[MessageSummary, ...]:
        """The messages in the inbox, in the server's order: the oldest first, as a rule."""
        found: tuple[MessageSummary, ...] = from_native(self._call(self._native.inbox(to_native(cancel))))
        return found

    def mailboxes(self, *, cancel: CancelToken | None = None) -> tuple[MailboxInfo, ...]:
        """The mailboxes of the account, with their roles (IMAP)."""
        found: tuple[MailboxInfo, ...] = from_native(self._call(self._native.mailboxes(to_native(cancel))))
        return found

    def messages(self, mailbox: str, *, cancel: CancelToken | None = None) -> tuple[MessageSummary, ...]:
        """The messages in a mailbox, in the server's order (IMAP)."""
        found: tuple[MessageSummary, ...] = from_native(self._call(self._native.messages(mailbox, to_native(cancel))))
        return found

    def fetch(
        self, handle: MessageHandle.Any, *, progress: Progress | None = None, cancel: CancelToken | None = None
    ) -> Message:
        """Fetches a message as it is on the server; it is not marked as read."""
        listener = listen(progress)
        fetching = self._native.fetch(to_native(handle), listener, to_native(cancel))
        return Message._of(self._call(fetching, listener))

    def open(
        self,
        handle: MessageHandle.Any,
        *,
        passphrases: Sequence[str] = (),
        max_bytes: int | None = None,
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
    ) -> Opened:
        """Fetches a message and opens it, as `open_message` does."""
        listener = listen(progress)
        options = native.OpenOptions(passphrases=list(passphrases), max_bytes=max_bytes)
        opening = self._native.open(to_native(handle), options, listener, to_native(cancel))
        return opened_of(self._call(opening, listener))

    def page(
        self,
        mailbox: str,
        count: int,
        before: MessageHandle.Any | None = None,
        *,
        cancel: CancelToken | None = None,
    ) -> Page:
        """So many messages of a mailbox, the newest first: the newest ones, or those right before one of an earlier page (IMAP)."""
        asking = self._native.page(mailbox, to_native(before), count, to_native(cancel))
        page: Page = from_native(self._call(asking))
        return page

    def mark_read(
        self, handle: MessageHandle.Any, is_read: bool = True, *, cancel: CancelToken | None = None
    ) -> None:
        """Marks a message as read, or as not read (IMAP)."""
        self._call(self._native.mark_read(to_native(handle), is_read, to_native(cancel)))

    def add_flags(
        self, handle: MessageHandle.Any, flags: Iterable[str], *, cancel: CancelToken | None = None
    ) -> None:
        """Sets flags of a message; others stay (IMAP)."""
        change = native.FlagChange.ADD(native_flags(flags))
        self._call(self._native.change_flags(to_native(handle), change, to_native(cancel)))

    def remove_flags(
        self, handle: MessageHandle.Any, flags: Iterable[str], *, cancel: CancelToken | None = None
    ) -> None:
        """Takes flags away from a message; others stay (IMAP)."""
        change = native.FlagChange.REMOVE(native_flags(flags))
        self._call(self._native.change_flags(to_native(handle), change, to_native(cancel)))

    def move_to(
        self, handle: MessageHandle.Any, mailbox: str, *, cancel: CancelToken | None = None
    ) -> MessageHandle.Any | None:
        """Moves a message to another mailbox. Returns its new handle, where the server tells (IMAP)."""
        moving = self._native.move_to(to_native(handle), mailbox, to_native(cancel))
        moved: MessageHandle.Any | None = from_native(self._call(moving))
        return moved

    def delete(self, handle: MessageHandle.Any, *, cancel: CancelToken | None = None) -> Deleted.Any:
        """Deletes a message: moves it to the trash, or removes it where there is no trash, or it is there already. By POP3, removes it."""
        deleted: Deleted.Any = from_native(self._call(self._native.delete(to_native(handle), to_native(cancel))))
        return deleted

    def watch(self, mailbox: str = "INBOX", *, cancel: CancelToken | None = None) -> MailWatch:
        """Watches a mailbox for mail, on a session of its own (IMAP)."""
        return MailWatch(self._call(self._native.watch(mailbox, to_native(cancel))), self._loops)

    def close(self, *, cancel: CancelToken | None = None) -> None:
        """Ends all sessions politely. The client stays usable: it connects again when there is something to do."""
        self._call(self._native.close(to_native(cancel)))

    def __enter__(self) -> MailClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<MailClient of {self.account.mailbox}>"
