# Derived from ../_aio/_keys.py by tools/derive_blocking.py: change that one.
"""OpenPGP keys and certificates, and the ring that holds them. The time is that of the clock."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from typing import Any

from .._connect import CancelToken
from .._convert import from_native, to_native
from .._core import native
from .._mail import AnyMailbox, Bytes, octets
from .._values.mail import Mailbox
from .._values.pgp import KeyProfile, UserId
from .._wrapper import Wrapper
from ..errors import raising
from ._bridge import call


class Certificate(Wrapper):
    """A certificate: the public half of a key, with the user IDs that its holder gave it."""

    __slots__ = ()

    def __init__(self, data: Bytes | str) -> None:
        """Reads one certificate, armored or binary. Secret key material in it is dropped."""
        with raising():
            self._native = native.Certificate._import(octets(data))

    def export(self) -> bytes:
        """The certificate in binary form."""
        return bytes(self._native.export())

    def export_armored(self) -> str:
        """The certificate with ASCII armor: text that can go into a message or a file."""
        return str(self._native.export_armored())

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the primary key, which is the name of the certificate."""
        return str(self._native.fingerprint())

    @property
    def version(self) -> int:
        """The version of the key: 4 or 6."""
        return int(self._native.version())

    @property
    def key_fingerprints(self) -> tuple[str, ...]:
        """The fingerprints of all its keys, the primary one first."""
        return tuple(self._native.key_fingerprints())

    @property
    def created(self) -> datetime.datetime:
        """When the primary key was made."""
        created: datetime.datetime = self._native.created()
        return created

    @property
    def expires(self) -> datetime.datetime | None:
        """When it expires; `None` for never."""
        expires: datetime.datetime | None = self._native.expires()
        return expires

    @property
    def is_revoked(self) -> bool:
        """Whether its holder has revoked it, as far as the signatures at hand say."""
        return bool(self._native.is_revoked())

    @property
    def unusable(self) -> str | None:
        """Why it can't be used for anything, in words; `None` where it can be used."""
        reason: str | None = self._native.unusable()
        return reason

    @property
    def user_ids(self) -> tuple[UserId, ...]:
        """The user IDs that are bound and not revoked, the primary one first."""
        ids: tuple[UserId, ...] = from_native(self._native.user_ids())
        return ids

    def speaks_for(self, address: str) -> bool:
        """Whether one of its user IDs has this address (the case of ASCII letters doesn't matter)."""
        with raising():
            return bool(self._native.speaks_for(address))

    @property
    def algorithms(self) -> str:
        """The algorithms of its keys in words, as in `Ed25519, X25519`."""
        return str(self._native.algorithms())

    @property
    def can_encrypt(self) -> bool:
        """Whether one can encrypt to it now."""
        return bool(self._native.can_encrypt())

    @property
    def can_sign(self) -> bool:
        """Whether it has a key that can make signatures now. The secret part is another matter."""
        return bool(self._native.can_sign())

    def merge(self, other: Certificate) -> Certificate:
        """This certificate with everything that `other`, another version of it, knows."""
        with raising():
            return Certificate._of(self._native.merge(other._native))

    def revoke(self, revocation: RevocationCertificate) -> Certificate:
        """This certificate, revoked by `revocation`."""
        with raising():
            return Certificate._of(self._native.revoke(revocation._native))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Certificate) and self.export() == other.export()

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __repr__(self) -> str:
        owner = self.user_ids[0].text if self.user_ids else None
        return f"<Certificate {self.fingerprint} of {owner!r}>"


class RevocationCertificate(Wrapper):
    """A signature that, once published, says that a certificate must not be used any more. To be kept apart from the key."""

    __slots__ = ()

    def __init__(self, data: Bytes | str) -> None:
        """Reads a revocation certificate, armored or binary."""
        with raising():
            self._native = native.RevocationCertificate._import(octets(data))

    def export(self) -> bytes:
        """The revocation certificate in binary form."""
        return bytes(self._native.export())

    def export_armored(self) -> str:
        """The revocation certificate with ASCII armor, as other programs take it."""
        return str(self._native.export_armored())

    @property
    def revokes(self) -> str | None:
        """The key that it revokes, as far as the signature names it."""
        key: str | None = self._native.revokes()
        return key

    def __repr__(self) -> str:
        return f"<RevocationCertificate for {self.revokes}>"


class SecretKey(Wrapper):
    """A secret key as it is stored: with its certificate, and as a rule locked with a passphrase. It never shows a secret."""

    __slots__ = ()

    def __init__(self, data: Bytes | str) -> None:
        """Reads one secret key, armored or binary, locked or not."""
        with raising():
            self._native = native.SecretKey._import(octets(data))

    @classmethod
    def generate(
        cls,
        owner: AnyMailbox,
        passphrase: str | None = None,
        *,
        profile: KeyProfile = KeyProfile.COMPATIBLE,
        cancel: CancelToken | None = None,
    ) -> tuple[SecretKey, RevocationCertificate]:
        """Makes a key that certifies, signs and encrypts, and doesn't expire; and what revokes it, to be kept apart from the key.

        Without a passphrase the secret parts are stored in the clear.
        """
        mailbox = Mailbox.parse(owner) if isinstance(owner, str) else owner
        made = call(native.generate_key(to_native(profile), to_native(mailbox), passphrase, to_native(cancel)))
        return cls._of(made.key()), RevocationCertificate._of(made.revocation())

    def export(self) -> bytes:
        """The key in binary form, locked with its passphrase; an `InvalidInputError` where a part of it has none."""
        with raising():
            return bytes(self._native.export())

    def export_armored(self) -> str:
        """The key with ASCII armor, locked with its passphrase; an `InvalidInputError` where a part of it has none."""
        with raising():
            return str(self._native.export_armored())

    def dangerous_export_unprotected(self) -> bytes:
        """The key in binary form, whether or not it has a passphrase. Whoever reads an unprotected one can read and sign everything."""
        return bytes(self._native.dangerous_export_unprotected())

    @property
    def is_protected(self) -> bool:
        """Whether all secret parts are locked with a passphrase."""
        return bool(self._native.is_protected())

    def unlock(
        self, passphrase: str, *, max_memory: int | None = None, cancel: CancelToken | None = None
    ) -> UnlockedKey:
        """The key, ready for use; a `WrongPassphraseError` where this isn't its passphrase.

        A `LimitExceededError` where the derivation from the passphrase takes more memory than `max_memory` (64 MiB).
        """
        if max_memory is None:
            unlocking = self._native.unlock(passphrase, to_native(cancel))
        else:
            unlocking = self._native.unlock_within(passphrase, max_memory, to_native(cancel))
        return UnlockedKey._of(call(unlocking))

    def unlock_unprotected(self) -> UnlockedKey:
        """The key, ready for use, where it has no passphrase; a `KeyMissingError` where a part of it is locked."""
        with raising():
            return UnlockedKey._of(self._native.unlock_unprotected())

    def change_passphrase(self, old: str, new: str, *, cancel: CancelToken | None = None) -> SecretKey:
        """The same key, locked with another passphrase."""
        return SecretKey._of(call(self._native.change_passphrase(old, new, to_native(cancel))))

    @property
    def certificate(self) -> Certificate:
        """The public part."""
        return Certificate._of(self._native.certificate())

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the primary key."""
        return str(self._native.fingerprint())

    def __repr__(self) -> str:
        return f"<SecretKey {self.fingerprint} {'locked' if self.is_protected else 'without passphrase'}>"


class UnlockedKey(Wrapper):
    """A secret key ready for use. Its secret parts are kept encrypted in memory while they rest, and are wiped when it is let go of."""

    __slots__ = ()

    def lock(self, passphrase: str, *, cancel: CancelToken | None = None) -> SecretKey:
        """The same key, locked with a passphrase, to be stored."""
        return SecretKey._of(call(self._native.lock(passphrase, to_native(cancel))))

    def dangerous_unprotected(self) -> SecretKey:
        """The same key to be stored without a passphrase. Whoever reads it can read and sign everything."""
        with raising():
            return SecretKey._of(self._native.dangerous_unprotected())

    def revocation(self) -> RevocationCertificate:
        """A new revocation certificate, for a key that came without one."""
        with raising():
            return RevocationCertificate._of(self._native.revocation())

    @property
    def certificate(self) -> Certificate:
        """The public part."""
        return Certificate._of(self._native.certificate())

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the primary key."""
        return str(self._native.fingerprint())

    def __repr__(self) -> str:
        return f"<UnlockedKey {self.fingerprint}>"


class Keyring(Wrapper):
    """The certificates and secret keys at hand.

    What stands in it is believed: a certificate that is added speaks for the addresses in its user IDs, so whether to add one is your
    decision. It may be changed at any time and from any thread; a call that is under way goes on with what was there when it began.
    """

    __slots__ = ()

    def __init__(self, contents: Iterable[Certificate | SecretKey | UnlockedKey] = ()) -> None:
        self._native = native.Keyring()
        for one in contents:
            self.add(one)

    def add(self, one: Certificate | SecretKey | UnlockedKey) -> None:
        """Adds a certificate, or a key with its certificate; merges it with the version that is there.

        A secret key without a passphrase is ready for use; another one is once it is unlocked.
        """
        if isinstance(one, Certificate):
            self._native.add_certificate(one._native)
        elif isinstance(one, SecretKey):
            self._native.add_secret_key(one._native)
        else:
            self._native.add_unlocked_key(one._native)

    def unlock(self, fingerprint: str, passphrase: str, *, cancel: CancelToken | None = None) -> None:
        """Unlocks the secret key with this fingerprint; one that is ready for use stays so."""
        call(self._native.unlock(fingerprint, passphrase, to_native(cancel)))

    def remove(self, fingerprint: str) -> bool:
        """Removes a certificate, with its secret key where there is one. Whether it was there."""
        with raising():
            return bool(self._native.remove(fingerprint))

    def certificate(self, fingerprint: str) -> Certificate | None:
        """The certificate with this fingerprint (of its primary key)."""
        with raising():
            found = self._native.certificate(fingerprint)
        return None if found is None else Certificate._of(found)

    def by_handle(self, handle: str) -> tuple[Certificate, ...]:
        """The certificates that have a key, primary or subkey, of this fingerprint or key ID. By key ID there may be several."""
        with raising():
            return tuple(Certificate._of(found) for found in self._native.by_handle(handle))

    def by_address(self, address: str) -> tuple[Certificate, ...]:
        """The certificates that speak for an address, the best first."""
        with raising():
            return tuple(Certificate._of(found) for found in self._native.by_address(address))

    def encryption_certificate(self, address: str) -> Certificate | None:
        """The certificate to encrypt to for an address; `None` where there is none that can be used."""
        with raising():
            found = self._native.encryption_certificate(address)
        return None if found is None else Certificate._of(found)

    def signing_key(self, address: str) -> UnlockedKey:
        """The secret key to sign with as an address; a `KeyMissingError` where there is none, or it is locked or unusable."""
        with raising():
            return UnlockedKey._of(self._native.signing_key(address))

    @property
    def unlocked_keys(self) -> tuple[UnlockedKey, ...]:
        """The secret keys that are ready for use, in the order of their fingerprints."""
        return tuple(UnlockedKey._of(key) for key in self._native.unlocked_keys())

    @property
    def locked_keys(self) -> tuple[SecretKey, ...]:
        """The secret keys that have to be unlocked before use, in the order of their fingerprints."""
        return tuple(SecretKey._of(key) for key in self._native.locked_keys())

    def __iter__(self) -> Iterator[Certificate]:
        """All certificates, in the order of their fingerprints."""
        return iter([Certificate._of(certificate) for certificate in self._native.certificates()])

    def __len__(self) -> int:
        return len(self._native.certificates())

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<Keyring of {len(self)} certificates, {len(self.unlocked_keys)} unlocked keys, {len(self.locked_keys)} locked>"


def import_certificates(data: Bytes | str) -> tuple[Certificate, ...]:
    """Reads all certificates, armored (one block or several) or binary."""
    with raising():
        return tuple(Certificate._of(one) for one in native.import_certificates(octets(data)))


def import_secret_keys(data: Bytes | str) -> tuple[SecretKey, ...]:
    """Reads all secret keys, armored (one block or several) or binary; certificates without secret parts are left out."""
    with raising():
        return tuple(SecretKey._of(one) for one in native.import_secret_keys(octets(data)))
