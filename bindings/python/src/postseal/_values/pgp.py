"""OpenPGP: what is said of keys, and how messages are protected."""

from __future__ import annotations

import enum

from .._convert import mirrors
from .._value import value


@mirrors("KeyProfile")
class KeyProfile(enum.Enum):
    """Which kind of key to make."""

    COMPATIBLE = "compatible"
    """A v4 key that every OpenPGP program reads, GnuPG included."""
    MODERN = "modern"
    """A v6 key of RFC 9580, with authenticated encryption. Programs before 2024, and GnuPG, can't read it."""


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
