#!/usr/bin/env python3
"""Watches an inbox, opens what arrives, and saves the attachments of sealed messages.

    POSTSEAL_PASSWORD=… POSTSEAL_PASSPHRASE=… python save_attachments.py bob@example.org imap.example.org \\
        --key bob.asc --cert alice.cert.asc --into attachments

Only what is encrypted and signed by the person it says it is from is saved; anything else is named with the reason. The watch connects
anew when the connection is lost. Ctrl-C ends it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path

import postseal


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address", help="whose inbox it is")
    parser.add_argument("host", help="the IMAP server")
    parser.add_argument("--port", type=int, default=993)
    parser.add_argument("--ca", type=Path, help="trust the authorities in this file (PEM) alone")
    parser.add_argument("--key", type=Path, required=True, help="the secret key of the inbox's owner")
    parser.add_argument("--cert", type=Path, action="append", default=[], help="certificates of senders")
    parser.add_argument("--into", type=Path, default=Path("attachments"), help="where to save (%(default)s)")
    parser.add_argument("--once", action="store_true", help="end after the first message")
    return parser.parse_args()


async def keyring(key: Path, certificates: list[Path]) -> postseal.Keyring:
    """The owner's key, unlocked, and the certificates of those who write."""
    secret = await postseal.SecretKey(key.read_bytes()).unlock(os.environ["POSTSEAL_PASSPHRASE"])
    ring = postseal.Keyring([secret])
    for path in certificates:
        for certificate in postseal.import_certificates(path.read_bytes()):
            ring.add(certificate)
    return ring


def client(given: argparse.Namespace, ring: postseal.Keyring) -> postseal.MailClient:
    """A client for the inbox. It never sends, so where it would submit mail does not matter."""
    server = postseal.Server(given.host, given.port)
    login = postseal.Credentials(given.address, os.environ["POSTSEAL_PASSWORD"])
    trust = postseal.TlsOptions()
    if given.ca is not None:
        roots = given.ca.read_text(encoding="utf-8", errors="replace")
        trust = postseal.TlsOptions(roots=[roots], only_given_roots=True)
    account = postseal.Account(given.address, server, login, imap=server)
    return postseal.MailClient(account, ring, connector=postseal.Connector(trust))


async def save(opened: postseal.Opened, folder: Path) -> None:
    """Saves what is attached to a sealed message, under names that are not taken yet."""
    message, verdict = opened.message, opened.verdict
    print(f"{verdict.level}: {message.from_}: {message.subject}", flush=True)
    if verdict.level is not postseal.VerdictLevel.SEALED:
        for reason in verdict.reasons:
            print(f"  not saved: {reason}", flush=True)
        return
    for attachment in message.attachments:
        path = folder / (attachment.file_name or "attachment")
        number = 1
        while path.exists():
            number += 1
            path = path.with_stem(f"{path.stem.removesuffix(f'-{number - 1}')}-{number}")
        await attachment.save(path)
        print(f"  saved: {path} ({attachment.size} bytes)", flush=True)


async def handle(mail: postseal.MailClient, summary: postseal.MessageSummary, folder: Path) -> None:
    """Opens a message and saves what is attached. Whatever is wrong with it, nobody who writes here can end the watch by it."""
    while True:
        try:
            return await save(await mail.open(summary.handle), folder)
        except postseal.Error as error:
            if not error.retryable:
                print(f"not opened: {summary.from_}: {error}", flush=True)
                return
            print(f"{error}; trying again", file=sys.stderr)
            await asyncio.sleep(5)


async def watch(given: argparse.Namespace) -> None:
    given.into.mkdir(parents=True, exist_ok=True)
    async with client(given, await keyring(given.key, given.cert)) as mail, await mail.watch() as inbox:
        print(f"watching the inbox of {given.address}", flush=True)
        while True:
            try:
                change = await inbox.next()
            except postseal.Error as error:
                if not error.retryable:
                    raise
                print(f"{error}; connecting again", file=sys.stderr)
                await asyncio.sleep(5)
                continue
            if not isinstance(change, postseal.MailboxChange.Arrived):
                continue
            for summary in change.messages:
                await handle(mail, summary, given.into)
                if given.once:
                    return


if __name__ == "__main__":
    try:
        asyncio.run(watch(arguments()))
    except KeyboardInterrupt:
        sys.exit(130)
    except postseal.Error as error:
        sys.exit(f"{error} [{error.code}]")
