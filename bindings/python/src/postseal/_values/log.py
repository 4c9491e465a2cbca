"""What sessions log. It holds the host and port that were given, words of the library, numbers and codes.

Never in it are secrets, addresses, or anything of a message or of a server's text.
"""

from __future__ import annotations

import enum

from .._convert import mirrors
from .._value import value


@mirrors("LogLevel")
class LogLevel(enum.Enum):
    """How much an event matters; the values are those of `logging`."""

    ERROR = 40
    """A session ended by a failure."""
    WARN = 30
    """Something did not work at the first try."""
    INFO = 20
    """TLS is up; a session ended as it should."""
    DEBUG = 10
    """How a connection comes about."""
    TRACE = 5
    """Each command and each answer."""


@mirrors("Protocol")
class Protocol(enum.Enum):
    """What a session speaks."""

    SMTP = "smtp"
    IMAP = "imap"
    POP3 = "pop3"


@mirrors("LogKind")
class LogKind(enum.Enum):
    """What happened to a session; the event's text has the particulars."""

    CONNECTING = "connecting"
    RETRY = "retry"
    """Something did not work, and another way is tried."""
    CONNECTED = "connected"
    """A TCP connection is up."""
    TLS = "tls"
    """TLS is up."""
    COMMAND = "command"
    """A command goes out, or a further line of one."""
    REPLY = "reply"
    TOKEN_AGAIN = "token-again"
    """The server refused the token, and its provider is asked for another one."""
    CLOSED = "closed"
    """It ended. This is the last event of a session, and comes once."""
    OTHER = "other"


@mirrors("LogEvent")
@value(frozen=True)
class LogEvent:
    """Something that a session did or met."""

    level: LogLevel
    session: int
    """Which session it is of: a number that no other connection of this process has."""
    protocol: Protocol
    kind: LogKind
    text: str
    """All of it in one line."""

    def __str__(self) -> str:
        return self.text
