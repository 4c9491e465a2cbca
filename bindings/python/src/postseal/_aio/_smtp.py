"""Sessions with a submission server."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from .._connect import CancelToken, Connector, Credentials
from .._convert import from_native, to_native
from .._core import native
from .._mail import Bytes, octets
from .._progress import Progress
from .._values.servers import Server
from .._values.smtp import Envelope, Receipt, SendId, SendOptions, SmtpExtensions
from ._bridge import call, listen
from ._seal import SealedCopy
from ._session import Session, connected

if TYPE_CHECKING:
    from email.message import EmailMessage


class SmtpSession(Session):
    """A session with a submission server, logged in. Messages go one after the other, in the order of the calls."""

    __slots__ = ()

    @classmethod
    async def connect(
        cls,
        server: Server,
        credentials: Credentials,
        *,
        connector: Connector | None = None,
        cancel: CancelToken | None = None,
    ) -> SmtpSession:
        """Connects and logs in."""
        return cls._of(await connected(native.SmtpSession, server, credentials, connector, cancel))

    async def send(
        self,
        envelope: Envelope,
        message: Bytes | str | EmailMessage | os.PathLike[str],
        options: SendOptions | None = None,
        *,
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
    ) -> Receipt:
        """Sends one message, exactly as it is given: lines of at most 998 octets, each ended by CRLF. A `pathlib` path
        names a file with it.

        Where the server refuses some of the recipients the message goes to the others, unless the options say otherwise. **Any
        `Error` but `CancelledError` means that the message was not sent**; where that is not certain, the receipt says so. A send that is
        given up (by a token, a cancelled task, a timeout around it, Ctrl-C) once its data began runs to its end, and `outcome` tells of it
        where the options gave it an identifier.
        """
        listener = listen(progress)
        rest = (to_native(options), listener, to_native(cancel))
        if isinstance(message, os.PathLike):
            sending = self._native.send_file(to_native(envelope), os.fspath(message), *rest)
        elif isinstance(message, str) and "\n" not in message:
            raise ValueError("a text is the message itself, and this one has no lines: name a file by a pathlib.Path")
        else:
            sending = self._native.send(to_native(envelope), octets(message), *rest)
        receipt: Receipt = from_native(await call(sending, listener))
        return receipt

    async def send_copy(
        self,
        copy: SealedCopy,
        options: SendOptions | None = None,
        *,
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
    ) -> Receipt:
        """Sends a copy of a sealed message to whom it is for, as `send` does."""
        listener = listen(progress)
        sending = self._native.send_copy(copy._native, to_native(options), listener, to_native(cancel))
        receipt: Receipt = from_native(await call(sending, listener))
        return receipt

    async def outcome(self, id: SendId, *, cancel: CancelToken | None = None) -> Receipt:
        """What became of a send that was named by `id`, also of one that was given up. Waits until that is known.

        A session remembers the last 64 named sends, after its end too. A `NotFoundError` where it was never begun here or is forgotten; a
        `CancelledError` where it was abandoned before its data.
        """
        receipt: Receipt = from_native(await call(self._native.outcome(id._native, to_native(cancel))))
        return receipt

    @property
    def extensions(self) -> SmtpExtensions:
        """What the server can do."""
        extensions: SmtpExtensions = from_native(self._native.extensions())
        return extensions
