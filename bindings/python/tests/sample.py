"""A program as a user of the package might write it. It is not run: mypy and pyright look at it, as strictly as they can."""

from __future__ import annotations

import asyncio
import datetime
import logging
from email.message import EmailMessage
from pathlib import Path

import postseal
from postseal import blocking


async def token(refused: str | None) -> str:
    return "fresh" if refused else "first"


def told(done: int, total: int | None) -> None:
    print(done, total)


async def send(password: str, message: EmailMessage) -> list[str]:
    connector = postseal.Connector(
        postseal.TlsOptions(min_version=postseal.TlsVersion.TLS13),
        postseal.Timeouts(connect=10, progress=30.5),
        logging.getLogger("mail"),
    )
    key = await postseal.SecretKey(Path("alice.asc").read_bytes()).unlock("passphrase")
    keyring = postseal.Keyring([key, *postseal.import_certificates(memoryview(b""))])
    account = postseal.Account(
        postseal.Mailbox("alice@example.org", "Alice"),
        postseal.Server("smtp.example.org", 587, postseal.Security.START_TLS),
        postseal.Credentials.token_provider("alice@example.org", token),
        imap=postseal.Server("imap.example.org", 993),
        incoming_credentials=postseal.Credentials("alice@example.org", password),
        sent_copy=postseal.SentCopy.ALWAYS,
    )
    cancel = postseal.CancelToken()
    refused: list[str] = []
    async with postseal.MailClient(account, keyring, connector=connector) as client:
        report = await client.send(postseal.Draft.from_email(message), progress=told, cancel=cancel)
        for copy in report.copies:
            if copy.receipt is not None:
                refused += [outcome.address for outcome in copy.receipt.refused]
        match report.own_copy:
            case postseal.OwnCopy.Filed(mailbox, uid):
                print(mailbox.upper(), uid and uid.number)
            case postseal.OwnCopy.Failed(failure):
                print(failure.code)
            case _:
                pass
    return refused


async def read(session: postseal.ImapSession, keyring: postseal.Keyring, folder: Path) -> datetime.datetime | None:
    newest: datetime.datetime | None = None
    unseen = postseal.Search.without_flag(postseal.Flag.SEEN) & ~postseal.Search.larger(1_000_000)
    uids = await session.search("INBOX", unseen | postseal.Search.since(datetime.date(2026, 1, 1)))
    items = postseal.FetchItems(flags=True, whole=True, header_fields=("List-Id",))
    async for fetched in session.fetch("INBOX", uids, items, progress=told):
        opened = await postseal.open_message(fetched.whole or b"", keyring, passphrases=["another"])
        if opened.verdict.level >= postseal.VerdictLevel.ENCRYPTED:
            newest = opened.message.date or newest
        signature = opened.verdict.signature
        if isinstance(signature, postseal.SignatureVerdict.Valid):
            print(signature.signer.lower())
        for attachment in opened.message.attachments:
            await attachment.save(folder / (attachment.file_name or "attachment"))
    async with await session.watch("INBOX") as watch:
        async for change in watch:
            if isinstance(change, postseal.Change.Exists):
                print(change.count + 1)
    await session.add_flags("INBOX", uids, [postseal.Flag.SEEN, "work"])
    return newest


def fetch(password: str) -> int:
    total = 0
    login = blocking.Credentials("alice@example.org", password)
    try:
        with blocking.Pop3Session.connect(blocking.Server("pop.example.org", 995), login) as session:
            for retrieved in session.retrieve_all(session.messages(), progress=told):
                total += len(retrieved.data or b"")
            with session.retrieve(1) as stream:
                total += sum(len(chunk) for chunk in stream)
    except blocking.CertificateError as error:
        print(error.fault.chain[0].key_hash)
    except blocking.TimeoutError as error:
        print(error.after)
    except blocking.Error as error:
        print(error.code, error.retryable, error.session_usable)
    return total


def work_on_data(key: blocking.UnlockedKey, keyring: blocking.Keyring) -> bool:
    encrypted = blocking.encrypt(b"data", list(keyring), signer=key)
    blocking.encrypt_file("plain", Path("sealed"), list(keyring), progress=told)
    results = blocking.verify_detached(b"data", blocking.sign_detached(b"data", key), keyring)
    return blocking.decrypt(encrypted, keyring).signatures[0].is_good and all(result.is_good for result in results)


if __name__ == "__main__":
    asyncio.run(send("password", EmailMessage()))
