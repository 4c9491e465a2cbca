"""OpenPGP: what is said of keys, and how messages are protected."""

from __future__ import annotations

import datetime
import enum
from dataclasses import field
from typing import TypeAlias

from .._convert import mirrors
from .._value import value
from .verdict import Encryption


@mirrors("KeyProfile")
class KeyProfile(enum.Enum):
    """Which kind of key to make."""

    COMPATIBLE = "compatible"
    """A v4 key that every OpenPGP program reads, GnuPG included."""
    MODERN = "modern"
    """A v6 key of RFC 9580, with authenticated encryption. Programs before 2024, and GnuPG, can't read it."""
    POST_QUANTUM = "post-quantum"
    """A v6 key of RFC 9980, whose messages can't be read with a quantum computer of tomorrow either: ML-DSA-65 with Ed25519, ML-KEM-768 with X25519.
    Few programs read it yet."""


@mirrors("Protection")
class Protection(enum.Enum):
    """How a message is protected."""

    UNPROTECTED = "unprotected"
    """Not at all: everyone on the way can read and change it."""
    SIGN = "sign"
    """Signed: everyone can read it, nobody can change it unnoticed."""
    ENCRYPT = "encrypt"
    """Encrypted: only its recipients can read it; it does not prove who wrote it."""
    SIGN_AND_ENCRYPT = "sign-and-encrypt"
    """Signed, and encrypted together with its signature: what mail should be."""


@mirrors("UserId")
@value(frozen=True)
class UserId:
    """Who a certificate says it belongs to. It is a claim by the holder of the key, no more."""

    text: str
    """The whole text."""
    name: str | None
    """The name in it, where there is one."""
    address: str | None
    """The address in it, where there is exactly one."""

    def __str__(self) -> str:
        return self.text


@mirrors("MissingCertificate")
@value(frozen=True)
class MissingCertificate:
    """Somebody to whom nothing can be encrypted."""

    address: str
    """Whose certificate is wanted."""
    reason: str | None
    """Why the best one at hand can't be used; `None` where there is none at all."""


class SignatureStatus:
    """What became of one signature."""

    @mirrors("SignatureStatus.GOOD")
    @value(frozen=True)
    class Good:
        """The data is what was signed, by a key of a certificate that is at hand and can be used now."""

        certificate: str
        """The fingerprint of the certificate."""
        key: str
        """The fingerprint of its key that made the signature."""

    @mirrors("SignatureStatus.UNKNOWN_SIGNER")
    @value(frozen=True)
    class UnknownSigner:
        """The certificate of the signer is not at hand, so nothing can be said."""

    @mirrors("SignatureStatus.BAD")
    @value(frozen=True)
    class Bad:
        """The signature is not good."""

        reason: str
        """Names why not, such as `mismatch`: stable, and the same in every language."""

    Any: TypeAlias = Good | UnknownSigner | Bad


@mirrors("SignatureResult")
@value(frozen=True)
class SignatureResult:
    """One signature, and what became of it."""

    status: SignatureStatus.Any
    issuer: str | None
    """The key that it names as its maker: a claim, unless it is good."""
    made: datetime.datetime | None
    """When it was made, as its maker says."""
    hash: str | None
    """The hash algorithm, such as `SHA512`; `None` for a signature that could not be read."""

    @property
    def is_good(self) -> bool:
        """Whether it is good, of a certificate that is at hand."""
        return isinstance(self.status, SignatureStatus.Good)


@mirrors("Decrypted")
@value(frozen=True)
class Decrypted:
    """What was decrypted, and whose integrity is proven."""

    data: bytes = field(repr=False)
    encryption: Encryption
    signatures: tuple[SignatureResult, ...]
    """The signatures inside the encryption; empty where it is not signed."""


@mirrors("DecryptedFile")
@value(frozen=True)
class DecryptedFile:
    """A file that was decrypted, and whose integrity is proven."""

    length: int
    """How many bytes it has."""
    encryption: Encryption
    signatures: tuple[SignatureResult, ...]
    """The signatures inside the encryption; empty where it is not signed."""


@mirrors("Verified")
@value(frozen=True)
class Verified:
    """The data of a signed message, and its signatures. Whether to believe the data is up to these."""

    data: bytes = field(repr=False)
    signatures: tuple[SignatureResult, ...]
    """Each signature with what became of it; at least one."""
