"""Make a key.

Writes the secret key, locked with a passphrase, and beside it the certificate to give to others (.cert.asc) and what revokes the key
(.revocation.asc), which belongs into a safe place.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from ..blocking import KeyProfile, SecretKey
from . import _secrets
from ._failure import Exit, Usage

NAME = "keygen"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("owner", metavar="MAILBOX", help='whose key it is: "Name <address>"')
    parser.add_argument("--output", metavar="FILE", type=Path, required=True, help="where to write the secret key (.asc)")
    parser.add_argument(
        "--profile",
        choices=[profile.value for profile in KeyProfile],
        default=KeyProfile.COMPATIBLE.value,
        help="compatible with every OpenPGP program, modern (RFC 9580), or post-quantum (RFC 9980)",
    )
    _secrets.add_arguments(parser, "passphrase")


def run(arguments: argparse.Namespace) -> int:
    """Carries it out."""
    path: Path = arguments.output
    certificate, revocation = path.with_suffix(".cert.asc"), path.with_suffix(".revocation.asc")
    for target in (path, certificate, revocation):
        if target.exists():
            raise Usage(f"{target} is there already")
    passphrase = _secrets.secret(arguments, "passphrase", "Passphrase for the new key", twice=True)
    if not passphrase:
        raise Usage("the passphrase is empty")
    key, revoking = SecretKey.generate(arguments.owner, passphrase, profile=KeyProfile(arguments.profile))
    _write(path, key.export_armored(), 0o600)
    _write(certificate, key.certificate.export_armored(), 0o644)
    _write(revocation, revoking.export_armored(), 0o600)
    print(f"{key.fingerprint}: {path}, {certificate}, {revocation}", file=sys.stderr)
    return Exit.DONE


def _write(path: Path, text: str, mode: int) -> None:
    """Writes a file that must not be there yet, and that others can't read before its mode is set."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="ascii") as file:
        file.write(text)
