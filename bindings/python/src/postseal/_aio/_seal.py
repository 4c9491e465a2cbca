"""Sealing a draft, and opening a message into one verdict."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from .._connect import CancelToken
from .._convert import from_native, to_native
from .._core import native
from .._mail import AttachmentData, Bytes, Draft
from .._value import value
from .._values.pgp import Protection
from .._values.smtp import Envelope
from .._values.verdict import Repair, Verdict
from .._wrapper import Wrapper
from ._bridge import call
from ._keys import Keyring
from ._message import Message


class SealedCopy(Wrapper):
    """One copy of a sealed message: whom it is for, and its bytes."""

    __slots__ = ()

    @property
    def envelope(self) -> Envelope:
        """Whom the copy is for. That of the sender's own copy is empty."""
        envelope: Envelope = from_native(self._native.envelope())
        return envelope

    @property
    def data(self) -> bytes:
        """The message, ready to be submitted."""
        return bytes(self._native.data())

    @property
    def size(self) -> int:
        """How many bytes the message has."""
        return int(self._native.size())

    async def save(self, path: str | os.PathLike[str], *, cancel: CancelToken | None = None) -> None:
        """Writes the message to a file, which must not exist yet."""
        await call(self._native.save(os.fspath(path), to_native(cancel)))

    def __repr__(self) -> str:
        return f"<SealedCopy for {', '.join(self.envelope.to) or 'the sender'}, {self.size} bytes>"


@value(frozen=True)
class Sealed:
    """A sealed message."""

    copies: tuple[SealedCopy, ...]
    """What is to be submitted: the copy for the `To` and `Cc` recipients, if there are any, then one for each Bcc recipient."""
    own_copy: SealedCopy | None
    """The copy for the sender's own records; `None` where the sender asked not to be able to read it."""


@value(frozen=True)
class Opened:
    """A message that was opened."""

    message: Message
    """The message inside all layers of protection, with the header fields that were protected."""
    verdict: Verdict
    """What can be believed about it."""
    repairs: tuple[Repair, ...]
    """What was put right to open it."""


async def native_draft(draft: Draft, cancel: CancelToken | None) -> Any:
    """The draft as the core takes it; files to attach are read now."""
    files = []
    for given in draft.attachments:
        if isinstance(given, AttachmentData):
            files.append(given._native)
        else:
            files.append(await call(native.Attachment.from_path(os.fspath(given), to_native(cancel))))
    return draft._to_native(files)


async def seal(
    draft: Draft,
    keyring: Keyring,
    protection: Protection = Protection.SIGN_AND_ENCRYPT,
    *,
    encrypt_to_self: bool = True,
    cancel: CancelToken | None = None,
) -> Sealed:
    """Seals a draft: one copy for the recipients who see each other, and one for each Bcc recipient.

    A `KeyMissingError` names everyone without a usable certificate; nothing is sealed with less protection instead. An
    `InvalidInputError` names the field of the draft that can't be used.
    """
    return sealed_of(
        await call(
            native.seal_message(
                await native_draft(draft, cancel),
                to_native(protection),
                keyring._native,
                native.SealOptions(encrypt_to_self=encrypt_to_self),
                to_native(cancel),
            )
        )
    )


async def open_message(
    message: Message | Bytes | str,
    keyring: Keyring,
    *,
    passphrases: Sequence[str] = (),
    max_bytes: int | None = None,
    cancel: CancelToken | None = None,
) -> Opened:
    """Opens a message: decrypts, verifies and judges it. One without any protection opens too, and its verdict says so.

    The passphrases are tried where no key opens it; `max_bytes` bounds the message and what is inside each layer of it (64 MiB). A
    `TamperedError` means that nothing is known of the content, since not one byte was handed out. A bad signature is no error: the
    verdict names it.
    """
    parsed = message if isinstance(message, Message) else Message(message)
    options = native.OpenOptions(passphrases=list(passphrases), max_bytes=max_bytes)
    opened = await call(native.open_message(parsed._native, keyring._native, options, to_native(cancel)))
    return opened_of(opened)


def sealed_of(theirs: Any) -> Sealed:
    """What the core has sealed, in our classes."""
    own = theirs.own_copy()
    return Sealed(tuple(map(SealedCopy._of, theirs.copies())), None if own is None else SealedCopy._of(own))


def opened_of(theirs: Any) -> Opened:
    """What the core has opened, in our classes."""
    return Opened(Message._of(theirs.message()), from_native(theirs.verdict()), from_native(theirs.repairs()))
