"""What the sessions with the three kinds of servers have in common."""

from __future__ import annotations

from types import TracebackType
from typing import Any, TypeVar

from .._connect import CancelToken, Connector, Credentials, Loops, default_connector
from .._convert import from_native, to_native
from .._values.servers import Server, TlsInfo
from .._wrapper import Wrapper
from ._bridge import call, current_loop

S = TypeVar("S", bound="Session")


async def connected(
    kind: Any, server: Server, credentials: Credentials, connector: Connector | None, cancel: CancelToken | None
) -> Any:
    """A session of the core of this kind, logged in."""
    connector = default_connector() if connector is None else connector
    loops = Loops()
    connecting = kind.connect(connector._native, to_native(server), credentials._for(loops), to_native(cancel))
    with loops.waiting(current_loop()):
        return await call(connecting)


class Session(Wrapper):
    """A session with a server, logged in. Used in `async with`, it ends with the block."""

    __slots__ = ()

    @property
    def tls(self) -> TlsInfo | None:
        """What the TLS handshake agreed on."""
        info: TlsInfo | None = from_native(self._native.tls())
        return info

    @property
    def is_closed(self) -> bool:
        """Whether the session has ended, or was told to."""
        return bool(self._native.is_closed())

    async def noop(self, *, cancel: CancelToken | None = None) -> None:
        """Asks for a sign of life."""
        await call(self._native.noop(to_native(cancel)))

    async def close(self, *, cancel: CancelToken | None = None) -> None:
        """Takes leave after what was begun, and ends the session. May be called more than once, and never waits for long."""
        await call(self._native.close(to_native(cancel)))

    async def __aenter__(self: S) -> S:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {'closed' if self.is_closed else 'open'}>"
