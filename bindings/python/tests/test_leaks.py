"""Sessions by the thousand: memory and descriptors stay what they were."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable
from pathlib import Path

import pytest

import postseal
from postseal import blocking

from .servers import MailServer

SESSIONS = 2_000

#: Sessions at once: enough to be quick, few enough to be kind to the ports of loopback.
AT_ONCE = 20


def resident() -> int:
    """The memory of this process, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is only counted on Linux")
def test_two_thousand_sessions_leave_nothing_behind(server: MailServer) -> None:
    place, login, connector = server.place("imap"), server.credentials(), server.connector()

    async def one() -> None:
        async with await postseal.ImapSession.connect(place, login, connector=connector) as session:
            assert (await session.status("INBOX")).messages == 0

    async def many(times: int) -> None:
        for _ in range(times // AT_ONCE):
            await asyncio.gather(*(one() for _ in range(AT_ONCE)))

    flat(lambda times: asyncio.run(many(times)), SESSIONS)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is only counted on Linux")
def test_objects_and_calls_leave_nothing_behind(server: MailServer) -> None:
    message = b"Subject: hello\r\n\r\n" + b"0123456789abcdef\r\n" * 500
    with blocking.ImapSession.connect(
        server.place("imap"), server.credentials(), connector=server.connector()
    ) as session:

        def work(times: int) -> None:
            for _ in range(times):
                parsed = blocking.Message(message)
                assert parsed.parts[0].data and parsed.text
                token = blocking.CancelToken()
                token.cancel()
                with pytest.raises(blocking.CancelledError):
                    session.noop(cancel=token)
                with pytest.raises(blocking.InvalidInputError):
                    session.create("a\nb")

        flat(work, SESSIONS)


def flat(work: Callable[[int], None], times: int) -> None:
    """After a first part, which fills pools and caches, the rest must add next to nothing."""
    work(times // 4)
    gc.collect()
    memory, open_before = resident(), descriptors()
    work(times - times // 4)
    gc.collect()
    # 1,500 sessions that left as much as 5 KB each behind would show.
    assert resident() - memory < 8_000_000
    assert descriptors() <= open_before
