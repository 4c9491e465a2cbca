"""All messages of a mailbox: by Postseal, with or without an event loop, or by imaplib, in ranges of UIDs as a quick program asks for them.

    python fetch.py asyncio|blocking|imaplib PORT ROOT USER PASSWORD
"""

from __future__ import annotations

import asyncio
import importlib
import sys
import time
from pathlib import Path

# Whichever Python runs it: what is measured is this checkout.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

#: How many messages imaplib asks for at a time: all at once would hold the whole mailbox in memory, twice.
RANGE = 64


async def with_asyncio(port: int, root: str, user: str, password: str) -> tuple[int, int]:
    import postseal

    connector = postseal.Connector(postseal.TlsOptions(roots=[Path(root).read_text()], only_given_roots=True))
    server, login = postseal.Server("localhost", port), postseal.Credentials(user, password)
    count = size = 0
    async with await postseal.ImapSession.connect(server, login, connector=connector) as session:
        everything = postseal.UidSet.all((await session.examine("INBOX")).uid_validity)
        async for fetched in session.fetch("INBOX", everything, postseal.FetchItems(whole=True)):
            count += 1
            size += len(fetched.whole or b"")
    return count, size


def with_blocking(port: int, root: str, user: str, password: str) -> tuple[int, int]:
    from postseal import blocking

    connector = blocking.Connector(blocking.TlsOptions(roots=[Path(root).read_text()], only_given_roots=True))
    server, login = blocking.Server("localhost", port), blocking.Credentials(user, password)
    count = size = 0
    with blocking.ImapSession.connect(server, login, connector=connector) as session:
        everything = blocking.UidSet.all(session.examine("INBOX").uid_validity)
        for fetched in session.fetch("INBOX", everything, blocking.FetchItems(whole=True)):
            count += 1
            size += len(fetched.whole or b"")
    return count, size


def with_imaplib(port: int, root: str, user: str, password: str) -> tuple[int, int]:
    import imaplib
    import ssl

    imap = imaplib.IMAP4_SSL("localhost", port, ssl_context=ssl.create_default_context(cafile=root))
    imap.login(user, password)
    imap.select("INBOX", readonly=True)
    uids = imap.uid("SEARCH", "ALL")[1][0].split()
    count = size = 0
    for start in range(0, len(uids), RANGE):
        part = uids[start : start + RANGE]
        answer = imap.uid("FETCH", f"{part[0].decode()}:{part[-1].decode()}", "(BODY.PEEK[])")[1]
        for item in answer:
            if isinstance(item, tuple):
                count += 1
                size += len(item[1])
    imap.logout()
    return count, size


#: What each way needs to have loaded before the clock starts.
MODULES = {"asyncio": "postseal", "blocking": "postseal.blocking", "imaplib": "imaplib"}


def main(way: str, *target: str) -> None:
    importlib.import_module(MODULES[way])
    port, (root, user, password) = int(target[0]), target[1:]
    begun, worked = time.perf_counter(), time.process_time()
    if way == "asyncio":
        count, size = asyncio.run(with_asyncio(port, root, user, password))
    elif way == "blocking":
        count, size = with_blocking(port, root, user, password)
    else:
        count, size = with_imaplib(port, root, user, password)
    worked, took = time.process_time() - worked, time.perf_counter() - begun
    print(f"messages: {count}\nbytes: {size}\nprocessor: {worked:.6f}\nseconds: {took:.6f}")


main(*sys.argv[1:])
