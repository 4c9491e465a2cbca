"""Options that several commands have, and what becomes of them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..blocking import (
    Account,
    Connector,
    Credentials,
    Draft,
    Keyring,
    MailClient,
    Protection,
    Security,
    Server,
    TlsOptions,
    import_certificates,
    import_secret_keys,
)
from . import _secrets
from ._failure import Usage


def add_server(parser: argparse.ArgumentParser, protocol: str, port: int, *, required: bool) -> None:
    """Adds where a server is."""
    parser.add_argument(
        f"--{protocol}",
        metavar="HOST[:PORT]",
        required=required,
        help=f"the {protocol.upper()} server; port {port} with TLS from the first byte, unless another one is named",
    )
    parser.add_argument(
        f"--{protocol}-starttls", action="store_true", help="TLS begins after STARTTLS there, as on ports 587 and 143"
    )


def add_login(parser: argparse.ArgumentParser) -> None:
    """Adds who logs in, and which authorities are trusted."""
    parser.add_argument("--user", metavar="NAME", help="the user name; the address where none is given")
    parser.add_argument("--ca", metavar="FILE", type=Path, help="trust the authorities in FILE (PEM) alone")
    _secrets.add_arguments(parser, "password")


def add_keys(parser: argparse.ArgumentParser) -> None:
    """Adds keys and certificates."""
    parser.add_argument("--key", metavar="FILE", type=Path, action="append", default=[], help="a file with secret keys")
    parser.add_argument(
        "--cert", metavar="FILE", type=Path, action="append", default=[], help="a file with certificates of others"
    )
    _secrets.add_arguments(parser, "passphrase")


def add_draft(parser: argparse.ArgumentParser) -> None:
    """Adds what a message is made of."""
    parser.add_argument("--from", dest="sender", metavar="MAILBOX", required=True, help="who the message is from")
    for field, words in (("to", "a recipient"), ("cc", "a recipient of a copy"), ("bcc", "a recipient of whom nobody learns")):
        parser.add_argument(f"--{field}", metavar="MAILBOX", action="append", default=[], help=words)
    parser.add_argument("--subject", metavar="TEXT")
    parser.add_argument("--text", metavar="TEXT", help="the text; read from standard input where none is given")
    parser.add_argument("--attach", metavar="FILE", action="append", default=[], help="a file to send along")
    parser.add_argument(
        "--protection",
        choices=[protection.value for protection in Protection],
        default=Protection.SIGN_AND_ENCRYPT.value,
        help="how the message is protected (%(default)s)",
    )


def server(arguments: argparse.Namespace, protocol: str, port: int) -> Server:
    """The server that was named."""
    given: str = getattr(arguments, protocol)
    host, colon, number = given.rpartition(":")
    if not colon or "]" in number:
        host, number = given, str(port)
    if not number.isdecimal():
        raise Usage(f"{number!r} is no port")
    starttls = getattr(arguments, f"{protocol}_starttls")
    return Server(host.strip("[]"), int(number), Security.START_TLS if starttls else Security.TLS)


def connector(arguments: argparse.Namespace) -> Connector:
    """What is trusted."""
    ca: Path | None = arguments.ca
    if ca is None:
        return Connector()
    # What is between the certificates is for people, in whatever encoding they like.
    roots = ca.read_text(encoding="utf-8", errors="replace")
    return Connector(TlsOptions(roots=[roots], only_given_roots=True))


def credentials(arguments: argparse.Namespace, user: str) -> Credentials:
    """What to log in with."""
    name = arguments.user or user
    return Credentials(name, _secrets.secret(arguments, "password", f"Password of {name}"))


def keyring(arguments: argparse.Namespace) -> Keyring:
    """The keys and certificates in the files that were named; keys are unlocked."""
    ring = Keyring()
    for path in arguments.cert:
        for certificate in import_certificates(path.read_bytes()):
            ring.add(certificate)
    for path in arguments.key:
        for key in import_secret_keys(path.read_bytes()):
            if key.is_protected:
                owner = key.certificate.user_ids[0].text if key.certificate.user_ids else key.fingerprint
                ring.add(key.unlock(_secrets.secret(arguments, "passphrase", f"Passphrase of the key of {owner}")))
            else:
                ring.add(key)
    return ring


def draft(arguments: argparse.Namespace) -> Draft:
    """The message that was described."""
    return Draft(
        from_=arguments.sender,
        to=arguments.to,
        cc=arguments.cc,
        bcc=arguments.bcc,
        subject=arguments.subject,
        text=sys.stdin.read() if arguments.text is None else arguments.text,
        attachments=arguments.attach,
    )


def client(arguments: argparse.Namespace, account: Account) -> MailClient:
    """A client for the account, with the keys that were named."""
    return MailClient(account, keyring(arguments), connector=connector(arguments))
