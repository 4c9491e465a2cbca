"""Servers, what was agreed with them, and how they refuse."""

from __future__ import annotations

import datetime
import enum
from collections.abc import Sequence
from dataclasses import field

from .._convert import mirrors
from .._value import value


@mirrors("Security")
class Security(enum.Enum):
    """How TLS begins. There is no third way, and neither falls back to the other."""

    TLS = "tls"
    """TLS from the first byte: ports 465, 993 and 995. To be preferred."""
    START_TLS = "starttls"
    """A short exchange in the clear, then TLS: ports 587, 143 and 110. A server without it is an error, before anything secret is said."""


@mirrors("Server")
@value(frozen=True)
class Server:
    """Where a server listens, and how TLS begins there."""

    host: str
    """A domain name or an IP address: the certificate must be for it."""
    port: int
    security: Security = Security.TLS


@mirrors("HostKey")
@value(frozen=True)
class HostKey:
    """The key of a host."""

    host: str
    key_hash: str
    """The SHA-256 hash of its SubjectPublicKeyInfo: 64 hexadecimal digits, with colons or without."""


@mirrors("ClientCertificate")
@value(frozen=True)
class ClientCertificate:
    """A certificate of the client's own, with its key."""

    chain: str
    """The certificate and those that vouch for it, as PEM."""
    key: str = field(repr=False)
    """Its private key, as PEM."""


@mirrors("TlsVersion")
class TlsVersion(enum.Enum):
    """A version of TLS."""

    TLS12 = "TLS 1.2"
    """With forward secrecy and authenticated encryption only."""
    TLS13 = "TLS 1.3"


@mirrors("TlsOptions")
@value(frozen=True, kw_only=True)
class TlsOptions:
    """What is trusted, and what the client shows of itself. The default trusts what the operating system trusts.

    Verification can't be switched off: a private server is reached by adding its root or pinning its key.
    """

    roots: Sequence[str] = ()
    """Roots to trust, as PEM, beside the operating system's."""
    only_given_roots: bool = False
    """Trusts the given roots, and no others."""
    trusted_keys: Sequence[HostKey] = ()
    """Keys by which a host is trusted whatever its certificate says, after a person compared the hash."""
    required_keys: Sequence[HostKey] = ()
    """Keys that the certificate of a host must have besides all else."""
    client_certificate: ClientCertificate | None = None
    """A certificate to present to servers that ask for one."""
    min_version: TlsVersion | None = None
    """The oldest version to accept; TLS 1.2 where none is given."""


@value(frozen=True, kw_only=True)
class Timeouts:
    """How long each step may stand still, in seconds. They count the time in which no byte moves; `None` is the default."""

    connect: float | None = None
    """For a connection to be made (30 seconds)."""
    handshake: float | None = None
    """For the TLS handshake (30 seconds)."""
    progress: float | None = None
    """For the next byte of a reply, or until the peer takes the next one (60 seconds)."""
    final_reply: float | None = None
    """For the reply after a message was handed over (10 minutes): a shorter one causes messages to be sent twice."""
    close: float | None = None
    """For a farewell (5 seconds)."""
    token: float | None = None
    """For a token provider to answer (60 seconds)."""


@mirrors("TlsInfo")
@value(frozen=True)
class TlsInfo:
    """What a finished TLS handshake agreed on."""

    version: TlsVersion
    cipher_suite: str
    """By its IANA name."""
    key_exchange: str
    """The group; `X25519MLKEM768` is post-quantum."""
    resumed: bool
    """Whether an earlier session was resumed."""
    key_hash: str | None
    """The hash of the server's key, to be pinned."""


@mirrors("TrustSource")
class TrustSource(enum.Enum):
    """Where the trusted roots came from."""

    OPERATING_SYSTEM = "operating system"
    BUILT_IN = "built in"
    """Mozilla's list, because the operating system has no store or an empty one."""
    GIVEN = "given"
    """Only the roots that were given."""


@mirrors("CertificateReason")
class CertificateReason(enum.Enum):
    """Why a TLS certificate was refused."""

    UNKNOWN_ISSUER = "unknown-issuer"
    """No trusted root vouches for it; a self-signed certificate is one case."""
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    """Its time has not come yet; the device's clock may be wrong."""
    WRONG_NAME = "wrong-name"
    """It is for other hosts."""
    NOT_PINNED = "not-pinned"
    """None of the required keys is its key."""
    REVOKED = "revoked"
    BAD_SIGNATURE = "bad-signature"
    """A signature in the chain is of a kind that is not accepted."""
    WRONG_PURPOSE = "wrong-purpose"
    """It is not for authenticating servers."""
    MALFORMED = "malformed"
    """It can't be parsed, or has a critical extension that is not understood."""


@mirrors("CertificateInfo")
@value(frozen=True)
class CertificateInfo:
    """One certificate of a TLS server, as it can be shown to a person."""

    der: bytes = field(repr=False)
    subject: str
    issuer: str
    names: tuple[str, ...]
    """The host names and IP addresses that it is for."""
    not_before: datetime.datetime | None
    not_after: datetime.datetime | None
    key_hash: str | None
    """The hash of its key, for `TlsOptions`."""


@mirrors("CertificateFault")
@value(frozen=True)
class CertificateFault:
    """A certificate that was not trusted: all that an app needs to show it, and to offer a pin."""

    host: str
    """The host that was to be reached."""
    reason: CertificateReason
    text: str
    """The reason as a sentence."""
    chain: tuple[CertificateInfo, ...]
    """What the server presented, its own certificate first."""


@mirrors("Refusal")
@value(frozen=True)
class Refusal:
    """The server's "no", with its own words."""

    command: str
    """The command that was refused, without its arguments."""
    smtp_code: int | None
    """The SMTP reply code."""
    enhanced_code: str | None
    """The enhanced status code, such as `5.1.1` (RFC 3463)."""
    response_code: str | None
    """The IMAP or POP3 response code, such as `NONEXISTENT` or `IN-USE`."""
    text: str
    """The server's text: one line, for people."""
    is_transient: bool
    """Whether the server says that the same command may work later."""
