"""What a mail reader does, in this face."""

from __future__ import annotations

import postseal
import pytest

from ..servers import MailServer
from ._bridge import give_up_as_it_comes, later

ALICE = "alice@example.test"


def client(server: MailServer, **incoming: postseal.Server) -> postseal.MailClient:
    """Alice's client."""
    account = postseal.Account(ALICE, server.place("smtp"), server.credentials(), **incoming)
    return postseal.MailClient(account, connector=server.connector())


def deliver(server: MailServer, *subjects: str) -> None:
    for subject in subjects:
        server.do("deliver", user=ALICE, message=f"From: bob@example.test\nSubject: {subject}\n\nHello.\n")


async def test_messages_are_paged_read_flagged_moved_and_deleted(server: MailServer) -> None:
    deliver(server, "1", "2", "3")
    async with client(server, imap=server.place("imap")) as alice:
        newest = await alice.page("INBOX", 2)
        assert [one.subject for one in newest.messages] == ["3", "2"] and newest.has_more
        oldest = await alice.page("INBOX", 2, newest.messages[-1].handle)
        assert [one.subject for one in oldest.messages] == ["1"] and not oldest.has_more

        handle = oldest.messages[0].handle
        await alice.mark_read(handle)
        await alice.add_flags(handle, [postseal.Flag.FLAGGED, "work"])
        await alice.remove_flags(handle, [postseal.Flag.FLAGGED])
        assert [one.is_read for one in await alice.inbox()] == [True, False, False]

        mailboxes = {box.role: box.name for box in await alice.mailboxes()}
        assert mailboxes[postseal.Role.INBOX] == "INBOX"
        opened = await alice.open(handle)
        assert opened.verdict.level is postseal.VerdictLevel.PLAIN
        assert [reason.id for reason in opened.verdict.reasons] == ["not-signed", "not-encrypted"]

        moved = await alice.move_to(newest.messages[0].handle, mailboxes[postseal.Role.ARCHIVE])
        assert moved is not None and (await alice.fetch(moved)).subject == "3"
        assert isinstance(await alice.delete(moved), postseal.Deleted.Trashed)
        assert [one.subject for one in await alice.inbox()] == ["1", "2"]


async def test_what_had_begun_when_a_send_was_given_up_goes_out(server: MailServer) -> None:
    for step in (".", "BDAT"):
        server.do("fault", protocol="smtp", before=step, effect="stall")
    draft = postseal.Draft(from_=ALICE, to=["bob@example.test"], subject="once", text="Hello.")
    alice, token = client(server), postseal.CancelToken()
    await later(1, token.cancel)
    with pytest.raises(postseal.CancelledError):
        await alice.send(draft, postseal.Protection.UNPROTECTED, cancel=token)
    assert len(server.messages("bob@example.test")) == 1


async def test_a_send_that_was_given_up_can_be_asked_for(server: MailServer) -> None:
    ring = postseal.Keyring()
    draft = postseal.Draft(from_=ALICE, to=["bob@example.test"], subject="once", text="Hello.")
    (copy,) = (await postseal.seal(draft, ring, postseal.Protection.UNPROTECTED)).copies
    session = await postseal.SmtpSession.connect(
        server.place("smtp"), server.credentials(), connector=server.connector()
    )
    async with session:
        token, id = postseal.CancelToken(), postseal.SendId()
        for step in (".", "BDAT"):
            server.do("fault", protocol="smtp", before=step, effect="trickle", millis=50, times=1)
        await later(0.2, token.cancel)
        with pytest.raises(postseal.CancelledError):
            await session.send_copy(copy, postseal.SendOptions(id=id), cancel=token)
        receipt = await session.outcome(id)
        assert receipt.is_sent_to_all
    assert len(server.messages("bob@example.test")) == 1


async def test_a_watch_hands_out_what_arrives(server: MailServer) -> None:
    async with client(server, imap=server.place("imap")) as alice, await alice.watch() as watch:
        await later(0.2, lambda: deliver(server, "new"))
        async for change in watch:
            assert isinstance(change, postseal.MailboxChange.Arrived)
            assert [one.subject for one in change.messages] == ["new"]
            break
        await watch.close()
        assert await watch.next() is None


async def test_what_comes_as_the_wait_is_given_up_is_not_lost(
    server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with client(server, imap=server.place("imap")) as alice, await alice.watch() as watch:
        await later(0.2, lambda: deliver(server, "new"))
        await give_up_as_it_comes(watch.next, monkeypatch)
        change = await watch.next()
        assert isinstance(change, postseal.MailboxChange.Arrived)
        assert [one.subject for one in change.messages] == ["new"]
    session = await postseal.ImapSession.connect(
        server.place("imap"), server.credentials(), connector=server.connector()
    )
    async with session:
        stream = session.fetch("INBOX", await session.search("INBOX"), postseal.FetchItems(size=True))
        await give_up_as_it_comes(stream.__anext__, monkeypatch)
        assert len([one async for one in stream]) == 1
        watched = await session.watch("INBOX")
        await later(0.2, lambda: deliver(server, "newer"))
        await give_up_as_it_comes(watched.next, monkeypatch)
        assert await watched.next() == postseal.Change.Exists(2)
        await watched.stop()
    pop3 = await postseal.Pop3Session.connect(
        server.place("pop3"), server.credentials(), connector=server.connector()
    )
    async with pop3:
        retrieval = pop3.retrieve_all(await pop3.messages())
        await give_up_as_it_comes(retrieval.__anext__, monkeypatch)
        whole = [one.data async for one in retrieval]
        assert len(whole) == 2
        async with await pop3.retrieve(1) as chunks:
            await give_up_as_it_comes(chunks.__anext__, monkeypatch)
            assert b"".join([chunk async for chunk in chunks]) == whole[0]


async def test_what_was_not_taken_is_forgotten_with_the_watch(
    server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with client(server, imap=server.place("imap")) as alice, await alice.watch() as watch:
        await later(0.2, lambda: deliver(server, "new"))
        await give_up_as_it_comes(watch.next, monkeypatch)
        await watch.close()
        assert await watch.next() is None


async def test_a_maildrop_is_read_and_emptied(server: MailServer) -> None:
    deliver(server, "1", "2")
    session = await postseal.Pop3Session.connect(
        server.place("pop3"), server.credentials(), connector=server.connector()
    )
    async with session:
        assert (await session.stat()).messages == 2 and session.has_capability("TOP")
        listed = await session.messages()
        seen = postseal.SeenUids()
        assert seen.mark(listed[0]) and seen.new_messages(listed) == listed[1:]
        assert postseal.SeenUids(seen.save()).has_seen(listed[0])
        data = [one.data async for one in session.retrieve_all(listed)]
        async with await session.retrieve(1) as stream:
            chunks = [chunk async for chunk in stream]
        assert b"".join(chunks) == data[0] == (await session.message(1)).data
        assert b"Subject: 2" in await session.top(2)
        refused = await session.delete_all([1, 9])
        assert refused[0] is None and isinstance(refused[1], postseal.RefusedError)
        assert await session.quit() == postseal.Pop3Update.Committed(1)
    async with client(server, pop3=server.place("pop3")) as alice:
        (left,) = await alice.inbox()
        assert left.subject == "2" and left.is_read is None and isinstance(left.handle, postseal.MessageHandle.Pop3)


async def test_mailboxes_are_made_searched_and_removed(server: MailServer) -> None:
    session = await postseal.ImapSession.connect(
        server.place("imap"), server.credentials(), connector=server.connector()
    )
    async with session:
        await session.create("Büro")
        uid = await session.append("Büro", b"Subject: kept\r\n\r\nHello.\r\n", [postseal.Flag.SEEN, "work"])
        assert uid is not None and (await session.search("Büro", postseal.Search.subject("KEPT"))) == (uid,)
        assert await session.search("Büro", ~postseal.Search.with_flag("work")) == ()
        items = postseal.FetchItems(flags=True, size=True, structure=True, header_fields=("Subject",))
        (fetched,) = [one async for one in session.fetch("Büro", uid, items)]
        assert fetched.header == b"Subject: kept\r\n\r\n" and fetched.structure[0].media_type == "text/plain"
        assert fetched.flags is not None and {"\\Seen", "work"} <= set(fetched.flags)
        await session.add_flags("Büro", [uid], [postseal.Flag.DELETED])
        await session.expunge("Büro", [uid])
        assert (await session.status("Büro")).messages == 0
        await session.rename("Büro", "Office")
        await session.delete("Office")
        assert "Office" not in [box.name for box in await session.list()]
        assert "IMAP4REV1" in session.capabilities and session.take_alerts() == ()
