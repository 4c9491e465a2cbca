"""The verdict on a message: what can be believed about it, and every reason why it is not more."""

from __future__ import annotations

import datetime
import enum
import functools
from typing import TypeAlias

from .._convert import mirrors
from .._value import value


@mirrors("VerdictLevel")
@functools.total_ordering
class VerdictLevel(enum.Enum):
    """One word for what a message is worth. The levels compare by trust."""

    SUSPICIOUS = "suspicious"
    """It claims protection that it does not have."""
    PLAIN = "plain"
    """Nothing is proven: an ordinary message."""
    AUTHENTIC = "authentic"
    """All of it was signed, by a certificate that speaks for the From address. Everyone on the way could read it."""
    ENCRYPTED = "encrypted"
    """All of it was encrypted. Who wrote it is not proven."""
    SEALED = "sealed"
    """All of it was encrypted, and signed by a certificate that speaks for the From address."""

    def __lt__(self, other: VerdictLevel) -> bool:
        order = list(VerdictLevel)
        return order.index(self) < order.index(other)

    def __str__(self) -> str:
        return self.value


@mirrors("Reason")
@value(frozen=True)
class Reason:
    """Why a verdict is not better, or what else there is to know."""

    id: str
    """Names the reason, such as `not-signed`: stable, and the same in every language."""
    text: str
    """A sentence for people."""

    def __str__(self) -> str:
        return self.text


@mirrors("Repair")
@value(frozen=True)
class Repair:
    """What was put right before a message could be opened."""

    id: str
    """Names the repair, such as `line-ends`: stable, and the same in every language."""
    text: str
    """A sentence for people."""

    def __str__(self) -> str:
        return self.text


@mirrors("Encryption")
@value(frozen=True)
class Encryption:
    """To whom something is encrypted, and how."""

    recipients: tuple[str, ...]
    """The keys that it names, by fingerprint or key ID. Hidden recipients and passphrases aren't named."""
    cipher: str
    """Such as `AES-256`."""
    aead: str | None
    """The mode of authenticated encryption, such as `OCB`; `None` where a modification detection code protects the message instead."""


class EncryptionVerdict:
    """Whether a message was encrypted."""

    @mirrors("EncryptionVerdict.NOT_ENCRYPTED")
    @value(frozen=True)
    class NotEncrypted:
        """None of it was."""

    @mirrors("EncryptionVerdict.PART")
    @value(frozen=True)
    class Part:
        """A part of it was. Only that part is handed out."""

        encryption: Encryption

    @mirrors("EncryptionVerdict.ALL")
    @value(frozen=True)
    class All:
        """All of its content was."""

        encryption: Encryption

    Any: TypeAlias = NotEncrypted | Part | All


class SignatureVerdict:
    """Whether a message was signed. Unsigned is not forged, and an unknown key is neither."""

    @mirrors("SignatureVerdict.UNSIGNED")
    @value(frozen=True)
    class Unsigned:
        """There is no signature."""

    @mirrors("SignatureVerdict.VALID")
    @value(frozen=True)
    class Valid:
        """What the coverage says is as the holder of this certificate signed it, and the certificate can be used."""

        signer: str
        """The fingerprint of the certificate."""
        key: str
        """The fingerprint of its key that made the signature."""
        made: datetime.datetime | None
        """When it was made, as the signer says."""

    @mirrors("SignatureVerdict.UNKNOWN_SIGNER")
    @value(frozen=True)
    class UnknownSigner:
        """The certificate of the signer is not at hand."""

        issuer: str | None
        """The key that the signature names, where it names one: nobody has proven it."""

    @mirrors("SignatureVerdict.INVALID")
    @value(frozen=True)
    class Invalid:
        """The signature is not good, or no longer. The message is worth no more than one without."""

        reason: str
        """Names why not, such as `mismatch`: stable, and the same in every language."""

    Any: TypeAlias = Unsigned | Valid | UnknownSigner | Invalid


@mirrors("Coverage")
class Coverage(enum.Enum):
    """What a signature covers."""

    ALL = "all"
    """All of the content."""
    PART = "part"
    """Some of it; what is shown beside it is not signed."""
    CIPHERTEXT = "ciphertext"
    """The encrypted data, from outside: the signer need not have known what is in it."""


class SenderVerdict:
    """Whether the certificate that signed speaks for the address in the From field."""

    @mirrors("SenderVerdict.NOT_PROVEN")
    @value(frozen=True)
    class NotProven:
        """There is no valid signature, so nobody does."""

    @mirrors("SenderVerdict.SPOKEN_FOR")
    @value(frozen=True)
    class SpokenFor:
        """It has a user ID with this address, the only one in the From field."""

        address: str

    @mirrors("SenderVerdict.OTHER_ADDRESS")
    @value(frozen=True)
    class OtherAddress:
        """It has none with this address, the only one in the From field."""

        address: str

    @mirrors("SenderVerdict.NOT_ONE_ADDRESS")
    @value(frozen=True)
    class NotOneAddress:
        """The From field does not hold exactly one address, or there isn't exactly one From field."""

    Any: TypeAlias = NotProven | SpokenFor | OtherAddress | NotOneAddress


@mirrors("DifferingHeader")
@value(frozen=True)
class DifferingHeader:
    """A header field that says something else inside the protection than outside."""

    name: str
    inside: str
    outside: str
    is_intended: bool
    """Whether the sender wanted it so: an encrypted message has a stand-in for the subject outside."""


@mirrors("HeaderVerdict")
@value(frozen=True)
class HeaderVerdict:
    """Which header fields of a message were protected together with its content."""

    protected: tuple[str, ...]
    """The names of the fields that were inside the protection."""
    unprotected: tuple[str, ...]
    """The names of the fields that a reader acts on, but that come from outside: anyone on the way could change them."""
    differing: tuple[DifferingHeader, ...]
    """The fields that say something else inside than outside."""


@mirrors("Verdict")
@value(frozen=True)
class Verdict:
    """What can be believed about a message: one for each message, and never better than what was proven."""

    level: VerdictLevel
    """One word for what the message is worth."""
    reasons: tuple[Reason, ...]
    """Why it is not worth more, and whatever else is worth knowing: every reason, the worst first."""
    encryption: EncryptionVerdict.Any
    """Whether it was encrypted, to whom, and how."""
    signature: SignatureVerdict.Any
    """Whether it was signed, and by which certificate."""
    signature_coverage: Coverage | None
    """What the signature covers; `None` where there is no signature."""
    sender: SenderVerdict.Any
    """Whether the certificate that signed speaks for the address in the From field."""
    headers: HeaderVerdict
    """Which header fields were protected together with the content."""
