"""What connections are made with: trust, deadlines, a log, and what to log in with."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import inspect
import logging
import os
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any, Union

from ._convert import from_native, to_native
from ._core import native
from ._portal import portal
from ._values.log import LogEvent
from ._values.servers import Timeouts, TlsOptions, TrustSource
from ._value import field_names
from ._wrapper import Wrapper
from .errors import raising

#: Supplies OAuth 2 access tokens. It is given the token that the server has just refused, or `None` where none was, and may be `async`.
TokenProvider = Callable[[str | None], str | Awaitable[str]]


#: Takes what sessions log.
Log = Union[logging.Logger, Callable[[LogEvent], None]]


class CancelToken(Wrapper):
    """Ends the calls that it was given to: each ends as `CancelledError`, at once, also where it had not begun.

    It may be given to any number of calls, be used from any thread, and stays cancelled. Cancelling a task, or leaving it by a timeout,
    does the same to one call. What a call had begun on a session is carried to its end behind the scenes, so the session stays usable or
    says that it is closed.
    """

    __slots__ = ()

    def __init__(self) -> None:
        self._native = native.CancelToken()

    def cancel(self) -> None:
        """Ends every call that holds this token, now and later."""
        self._native.cancel()

    @property
    def is_cancelled(self) -> bool:
        """Whether it was cancelled."""
        return bool(self._native.is_cancelled())

    def __repr__(self) -> str:
        return f"<CancelToken {'cancelled' if self.is_cancelled else 'not cancelled'}>"


class Connector(Wrapper):
    """Opens connections: what is trusted, and the deadlines. It holds the store of resumable TLS sessions, so one is made and kept.

    Wherever none is given the process's own is used, which trusts what the operating system trusts.

    `log` is a logger, or a function that takes each event of each session. It is called in a thread of the core, which waits meanwhile;
    what it raises changes nothing.
    """

    __slots__ = ()

    def __init__(
        self, tls: TlsOptions | None = None, timeouts: Timeouts | None = None, log: Log | None = None
    ) -> None:
        sink = None if log is None else _Sink(log)
        with raising():
            self._native = native.Connector(to_native(tls), _timeouts(timeouts), sink)

    @property
    def trust_source(self) -> TrustSource:
        """Where the trusted roots came from."""
        source: TrustSource = from_native(self._native.trust_source())
        return source

    def __repr__(self) -> str:
        return f"<Connector trusting {self.trust_source.value} roots>"


class _Sink(native.LogSink):  # type: ignore[misc]
    """Passes on what sessions log."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def log(self, event: Any) -> None:
        ours: LogEvent = from_native(event)
        if isinstance(self._log, logging.Logger):
            self._log.log(ours.level.value, "%s", ours, extra={"event": ours})
        else:
            self._log(ours)


def _timeouts(timeouts: Timeouts | None) -> Any:
    if timeouts is None:
        return None
    given = {name: getattr(timeouts, name) for name in field_names(Timeouts)}
    return native.Timeouts(
        **{name: datetime.timedelta(seconds=value) for name, value in given.items() if value is not None}
    )


_default: Connector | None = None
_making_default = threading.Lock()


def default_connector() -> Connector:
    """The connector for whoever gives none: one in each process."""
    global _default
    with _making_default:
        if _default is None:
            _default = Connector()
        return _default


def _forget_default() -> None:
    # In a forked child the parent's is of no use, and the lock may have been held at the moment of the fork.
    global _default, _making_default
    _default, _making_default = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_default)


class Loops:
    """The event loops that wait for what one session or client does: whoever logs in for them runs the token provider in one of these."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.AbstractEventLoop | None] = []

    @contextlib.contextmanager
    def waiting(self, loop: asyncio.AbstractEventLoop | None) -> Iterator[None]:
        """`loop` waits meanwhile; `None` is a caller without one."""
        self._waiting.append(loop)
        try:
            yield
        finally:
            self._waiting.remove(loop)

    def running(self) -> asyncio.AbstractEventLoop:
        """The loop that began to wait last, and can run something; ours for a caller without one. A RuntimeError where there is none."""
        for loop in reversed(self._waiting.copy()):
            if loop is None:
                return portal().loop
            if loop.is_running():
                return loop
        raise RuntimeError("no event loop waits for the login any more")


class Credentials(Wrapper):
    """What a client logs in with. It never shows a secret."""

    __slots__ = ("_provider",)

    def __init__(self, user: str, password: str) -> None:
        with raising():
            self._native = native.Credentials.password(user, password)
        self._provider: TokenProvider | None = None

    @classmethod
    def _with(cls, theirs: Any, provider: TokenProvider | None = None) -> Credentials:
        ours = cls._of(theirs)
        ours._provider = provider
        return ours

    def _for(self, loops: Loops) -> Any:
        """What the core is given for logins that are waited for in `loops`: whoever else uses these credentials does so in others."""
        if self._provider is None:
            return self._native
        with raising():
            return native.Credentials.token_provider(self.user, _Asked(self._provider, loops))

    @classmethod
    def token(cls, user: str, token: str) -> Credentials:
        """A user name and an OAuth 2 access token."""
        with raising():
            return cls._with(native.Credentials.token(user, token))

    @classmethod
    def token_provider(cls, user: str, provider: TokenProvider) -> Credentials:
        """A user name, and a function that is asked for a token at each login, and once more where the server refuses that one.

        An `async` function runs in the event loop that waits for the login, or in one of ours in the blocking face; another one runs
        in a thread of its own. Its exception ends the login as an `InvalidInputError`.
        """
        with raising():
            return cls._with(native.Credentials.token_provider(user, _Asked(provider, Loops())), provider)

    @classmethod
    def certificate(cls, user: str) -> Credentials:
        """A user name alone: the client certificate of the connector has shown who it is (SASL EXTERNAL)."""
        with raising():
            return cls._with(native.Credentials.certificate(user))

    @property
    def user(self) -> str:
        """The user name."""
        return str(self._native.user())

    def __repr__(self) -> str:
        return f"<Credentials of {self.user!r}>"


class _Asked(native.TokenProvider):  # type: ignore[misc]
    """Asks the caller's function for a token, where it can run, and never in the core's thread."""

    def __init__(self, provider: TokenProvider, loops: Loops) -> None:
        self._provider = provider
        self._loops = loops

    def token(self, refused: str | None, answer: Any) -> None:
        if inspect.iscoroutinefunction(self._provider):
            self._await(self._provider(refused), answer)
        else:
            threading.Thread(target=self._call, args=(refused, answer), name="postseal-token", daemon=True).start()

    def _call(self, refused: str | None, answer: Any) -> None:
        try:
            token = self._provider(refused)
            if inspect.isawaitable(token):
                self._await(token, answer)
            else:
                answer.give(token)
        except Exception as error:
            answer.fail(_described(error))

    def _await(self, token: Awaitable[str], answer: Any) -> None:
        waiting = _answer(token, answer)
        try:
            asyncio.run_coroutine_threadsafe(waiting, self._loops.running())
        except RuntimeError as error:
            waiting.close()
            if isinstance(token, Coroutine):
                token.close()
            answer.fail(_described(error))


async def _answer(token: Awaitable[str], answer: Any) -> None:
    try:
        answer.give(await token)
    except Exception as error:
        answer.fail(_described(error))


def _described(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
