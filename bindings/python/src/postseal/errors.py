"""What can go wrong. Every exception of Postseal is an `Error` with a stable code, the same in every language.

Many are also of the built-in kind that a person expects: a deadline is a `TimeoutError`, a lost connection a `ConnectionError`, bad input a
`ValueError`. Match on the classes, or on `code`; the texts are for people and may change.
"""

from __future__ import annotations

import builtins
import contextlib
import datetime
from collections.abc import Iterator
from typing import Any, ClassVar

from ._convert import from_native as _convert
from ._convert import wraps
from ._core import native
from ._values.pgp import MissingCertificate
from ._values.servers import CertificateFault, Refusal


class Error(Exception):
    """Anything that Postseal reports."""

    code: ClassVar[str] = "internal"
    """The stable code, as docs/errors.md lists it."""

    detail: str
    """What happened, for people. Nothing secret is in it."""
    retryable: bool
    """Whether the same call may work later without a change by the caller."""
    session_usable: bool
    """Whether the session that reported the error can still be used."""

    def __init__(self, detail: str = "", *, retryable: bool = False, session_usable: bool = True) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retryable = retryable
        self.session_usable = session_usable

    def __str__(self) -> str:
        return self.detail


class InvalidInputError(Error, ValueError):
    """The caller gave something that can't be used. Nothing was sent."""

    code = "invalid-input"
    field: str | None = None
    """Which argument or field, where one is to blame."""


class UnsupportedError(Error):
    """The server, or this build, does not offer what was asked for."""

    code = "unsupported"
    what: str | None = None
    """The missing extension or algorithm."""


class RefusedError(Error):
    """The server said no. The session is usable."""

    code = "refused"
    refusal: Refusal | None = None
    """The server's own words, where it was a server."""


class LoginRefusedError(Error, PermissionError):
    """The server did not accept the credentials."""

    code = "login-refused"
    refusal: Refusal | None = None
    """The server's own words."""


class ProtocolError(Error, ConnectionError):
    """The peer broke the protocol, or hung up where an answer was due."""

    code = "protocol"


class LimitExceededError(Error):
    """Something is larger, deeper or more than a named limit allows."""

    code = "limit-exceeded"
    limit: int | None = None
    """The limit, in bytes or items."""


class TlsError(Error, ConnectionError):
    """The TLS handshake failed for a reason other than the certificate."""

    code = "tls"


class CertificateError(Error, ConnectionError):
    """The server's certificate is not trusted. A person may look at it, and pin its key."""

    code = "certificate"
    fault: CertificateFault
    """The chain, the reason and the hash of the key."""


class TimeoutError(Error, builtins.TimeoutError):
    """Nothing moved for the length of a deadline."""

    code = "timeout"
    step: str | None = None
    """What was waited for."""
    after: datetime.timedelta | None = None
    """The deadline that ran out."""


class NetworkError(Error, ConnectionError):
    """The name was not found, the connection was refused, or it broke."""

    code = "network"
    step: str | None = None
    """What was being done."""


class CancelledError(Error):
    """The operation was given up through its `CancelToken`.

    What had not begun was not done; what had begun may be carried out behind the scenes.
    """

    code = "cancelled"


class ClosedError(Error, ConnectionError):
    """The session was closed before this call."""

    code = "closed"
    because: str | None = None
    """The code of the failure that closed it, where it was one."""


class UidValidityChangedError(Error):
    """The mailbox was rebuilt: its UIDs mean other messages now."""

    code = "uid-validity-changed"
    expected: int | None = None
    """The UIDVALIDITY that the caller's handles carry."""
    actual: int | None = None
    """The mailbox's UIDVALIDITY now."""


class NotFoundError(Error, LookupError):
    """What was asked for is not there: a message, a part, a mailbox, a file."""

    code = "not-found"
    path: str | None = None
    """The file that is not there, where it is one."""


class KeyMissingError(Error, LookupError):
    """A key or certificate that is needed is missing, locked or unusable. Nothing was sent."""

    code = "key-missing"
    missing: tuple[MissingCertificate, ...] = ()
    """When sealing: everyone to whom nothing can be encrypted."""
    keys: tuple[str, ...] = ()
    """When opening: the keys that would do, by fingerprint or key ID."""
    takes_passphrase: bool = False
    """Whether a passphrase would do, too."""


class WrongPassphraseError(Error, ValueError):
    """The passphrase does not unlock the key, or none of those given opens the message."""

    code = "wrong-passphrase"


class TamperedError(Error, ValueError):
    """Encrypted data was changed or cut, or has no protection of its integrity. Nothing of it was handed out."""

    code = "tampered"


class MalformedError(Error, ValueError):
    """The data is not what it claims to be, or not what was asked for."""

    code = "malformed"


class AlreadyExistsError(Error, FileExistsError):
    """A file is there already, and overwriting it was not asked for."""

    code = "already-exists"
    path: str | None = None
    """The file, where it is one."""


class FileError(Error, OSError):
    """A file can't be read or written."""

    code = "file"
    path: str | None = None
    """The file, where it is one."""


class ForkedError(Error, RuntimeError):
    """The process was forked after the connector was made. Make a new one in the child."""

    code = "forked"


class InternalError(Error, RuntimeError):
    """A defect in Postseal. Please report it."""

    code = "internal"


#: Every class by its code: one for each that the core has.
BY_CODE: dict[str, type[Error]] = {kind.code: kind for kind in Error.__subclasses__()}


#: What every error has.
_COMMON = {"detail", "retryable", "session_usable"}


def from_native(error: Any) -> Error:
    """The exception for an error of the core."""
    if isinstance(error, native.InternalError):
        return InternalError(str(error), session_usable=False)
    fields = vars(error)
    kind = BY_CODE.get(error.code(), Error)
    ours = kind(error.detail, retryable=error.retryable, session_usable=error.session_usable)
    for name in fields.keys() - _COMMON:
        setattr(ours, name, _convert(fields[name]))
    return ours


@contextlib.contextmanager
def raising() -> Iterator[None]:
    """Has the core's errors raised as ours."""
    try:
        yield
    except (native.PostsealError, native.InternalError) as error:
        raise from_native(error) from None


def _failure(theirs: Any) -> Error:
    """An error that is part of a result, and not raised."""
    kind = BY_CODE.get(theirs.code, Error)
    return kind(theirs.detail, retryable=theirs.retryable, session_usable=theirs.session_usable)


wraps("Failure", _failure)
