"""The way of a message against Dovecot and Postfix, in both faces."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator

import pytest

import postseal
from postseal import blocking

from .servers import MailServer, program


@pytest.fixture(scope="module")
def live() -> Iterator[MailServer]:
    """The real servers; they start once for all of these tests."""
    path = program("POSTSEAL_LIVE_SERVER")
    if path is None or os.geteuid() != 0:
        pytest.skip("Dovecot and Postfix need root, and POSTSEAL_LIVE_SERVER: run `cargo xtask bindings python`")
    server = MailServer(path)
    yield server
    server.close()


def people(live: MailServer) -> tuple[str, str]:
    """Somebody who sends, and somebody who receives."""
    sender, receiver, *_ = live.passwords
    return sender, receiver


@pytest.mark.parametrize("security", list(postseal.Security), ids=lambda security: security.value)
def test_mail_goes_round_with_blocking_calls(live: MailServer, security: postseal.Security) -> None:
    sender, receiver = people(live)
    ring = blocking.Keyring(blocking.SecretKey.generate(user)[0] for user in (sender, receiver))

    def client(user: str) -> blocking.MailClient:
        smtp, imap = live.place("smtp", security), live.place("imap", security)
        account = blocking.Account(user, smtp, live.credentials(user), imap=imap)
        return blocking.MailClient(account, ring, connector=live.connector())

    with client(receiver) as reading, client(sender) as sending:
        before = len(reading.inbox())
        draft = blocking.Draft(from_=sender, to=[receiver], subject=security.value, text="Really.\n")
        report = sending.send(draft)
        assert report.is_sent_to_all and isinstance(report.own_copy, blocking.OwnCopy.Filed)
        summaries = wait_for_more(reading, before)
        opened = reading.open(summaries[-1].handle)
    assert (opened.verdict.level, opened.message.subject) == (blocking.VerdictLevel.SEALED, security.value)


def wait_for_more(client: blocking.MailClient, before: int) -> tuple[blocking.MessageSummary, ...]:
    """What is in the inbox once there is more than before: Postfix delivers a moment after it has accepted."""
    import time

    for _ in range(600):
        found = client.inbox()
        if len(found) > before:
            return found
        time.sleep(0.1)
    raise AssertionError("nothing was delivered within a minute")


def test_a_watch_tells_of_mail_in_an_event_loop(live: MailServer) -> None:
    sender, receiver = people(live)

    async def watched() -> postseal.Change.Any:
        connector = live.connector()
        imap = await postseal.ImapSession.connect(
            live.place("imap"), live.credentials(receiver), connector=connector
        )
        smtp = await postseal.SmtpSession.connect(live.place("smtp"), live.credentials(sender), connector=connector)
        async with imap, smtp, await imap.watch("INBOX") as watch:
            envelope = postseal.Envelope(sender, (receiver,))
            message = f"From: {sender}\r\nTo: {receiver}\r\nSubject: wake up\r\n\r\nHello.\r\n".encode()
            assert (await smtp.send(envelope, message)).is_sent_to_all
            async for change in watch:
                if isinstance(change, postseal.Change.Exists):
                    return change
        raise AssertionError("the watch ended")

    assert isinstance(asyncio.run(asyncio.wait_for(watched(), 90)), postseal.Change.Exists)
    with blocking.Pop3Session.connect(
        live.place("pop3"), live.credentials(receiver), connector=live.connector()
    ) as maildrop:
        listed = maildrop.messages()
        assert maildrop.message(listed[-1].number).subject is not None
