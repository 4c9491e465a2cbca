"""OpenPGP for data and files: encrypting, decrypting, signing, verifying. For mail there are `seal` and `open_message`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from .._connect import CancelToken
from .._convert import from_native, to_native
from .._core import native
from .._mail import Bytes, octets
from .._progress import Progress
from .._values.pgp import Decrypted, DecryptedFile, SignatureResult, Verified
from .._wrapper import Wrapper
from ..errors import raising
from ._bridge import call, listen
from ._keys import Certificate, Keyring, UnlockedKey


def _recipients(certificates: Sequence[Certificate], passphrases: Sequence[str], signer: UnlockedKey | None) -> Any:
    return native.PgpRecipients(
        certificates=[certificate._native for certificate in certificates],
        passphrases=list(passphrases),
        signer=to_native(signer),
    )


def encrypt(
    data: Bytes | str,
    certificates: Sequence[Certificate] = (),
    *,
    passphrases: Sequence[str] = (),
    signer: UnlockedKey | None = None,
    armored: bool = False,
) -> bytes:
    """Encrypts data in memory to the holders of certificates, and to whoever knows a passphrase. What is large is better a file.

    In binary form, or `armored` as text.
    """
    with raising():
        return bytes(native.encrypt(octets(data), _recipients(certificates, passphrases, signer), armored))


def decrypt(
    data: Bytes | str, keyring: Keyring, *, passphrases: Sequence[str] = (), max_bytes: int | None = None
) -> Decrypted:
    """Decrypts data in memory, armored or binary, and checks the signatures inside. A bad signature is no error: it is one of them."""
    options = native.PgpOptions(passphrases=list(passphrases), max_bytes=max_bytes)
    with raising():
        decrypted: Decrypted = from_native(native.decrypt(octets(data), keyring._native, options))
    return decrypted


def sign_detached(data: Bytes | str, key: UnlockedKey, *, armored: bool = False) -> bytes:
    """Makes a detached signature, in binary form or, `armored`, as text."""
    with raising():
        return bytes(native.sign_detached(octets(data), key._native, armored))


def sign_inline(data: Bytes | str, key: UnlockedKey, *, armored: bool = False) -> bytes:
    """Signs data into a message that holds it, in binary form or, `armored`, as text."""
    with raising():
        return bytes(native.sign_inline(octets(data), key._native, armored))


def sign_cleartext(text: str, key: UnlockedKey) -> str:
    """Signs a text so that it stays readable (cleartext signature)."""
    with raising():
        return str(native.sign_cleartext(text, key._native))


def verify_inline(message: Bytes | str, keyring: Keyring) -> Verified:
    """Reads a signed message, inline or cleartext-signed, armored or binary, and checks its signatures."""
    with raising():
        verified: Verified = from_native(native.verify_inline(octets(message), keyring._native))
    return verified


def verify_detached(data: Bytes | str, signature: Bytes | str, keyring: Keyring) -> tuple[SignatureResult, ...]:
    """Checks detached signatures, armored or binary. Returns each with what became of it; at least one."""
    with raising():
        results: tuple[SignatureResult, ...] = from_native(
            native.verify_detached(octets(data), octets(signature), keyring._native)
        )
    return results


async def encrypt_file(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    certificates: Sequence[Certificate] = (),
    *,
    passphrases: Sequence[str] = (),
    signer: UnlockedKey | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> None:
    """Encrypts a file into another one, which is there whole or not at all. It takes little memory, whatever its size.

    An `AlreadyExistsError` where the target is there and may not be overwritten.
    """
    listener = listen(progress)
    recipients = _recipients(certificates, passphrases, signer)
    paths = (os.fspath(source), os.fspath(target))
    await call(native.encrypt_file(*paths, recipients, overwrite, listener, to_native(cancel)), listener)


async def decrypt_file(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    keyring: Keyring,
    *,
    passphrases: Sequence[str] = (),
    max_bytes: int | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> DecryptedFile:
    """Decrypts a file, armored or binary, into another one, which is there only once the integrity of all of it is proven.

    A bad signature is no error: it is one of the signatures. `max_bytes` bounds the plaintext (4 GiB).
    """
    listener = listen(progress)
    options = native.PgpOptions(passphrases=list(passphrases), max_bytes=max_bytes)
    paths = (os.fspath(source), os.fspath(target))
    work = native.decrypt_file(*paths, keyring._native, options, overwrite, listener, to_native(cancel))
    decrypted: DecryptedFile = from_native(await call(work, listener))
    return decrypted


class Encryptor(Wrapper):
    """Encrypts data that comes in pieces, in little memory."""

    __slots__ = ()

    def __init__(
        self,
        certificates: Sequence[Certificate] = (),
        *,
        passphrases: Sequence[str] = (),
        signer: UnlockedKey | None = None,
    ) -> None:
        with raising():
            self._native = native.Encryptor(_recipients(certificates, passphrases, signer))

    def write(self, data: Bytes | str) -> bytes:
        """Takes the next piece of plaintext, and returns what of the message is ready: often nothing, and some megabytes at a time."""
        with raising():
            return bytes(self._native.write(octets(data)))

    def finish(self) -> bytes:
        """Ends the message, and returns the rest of it. Without it the message is cut, and nobody will open it."""
        with raising():
            return bytes(self._native.finish())
