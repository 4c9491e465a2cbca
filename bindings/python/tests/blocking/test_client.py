# Derived from ../aio/test_client.py by tools/derive_blocking.py: change that one.
"""What a mail reader does, in this face."""

from __future__ import annotations

import postseal.blocking as postseal
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


def test_messages_are_paged_read_flagged_moved_and_deleted(server: MailServer) -> None:
    deliver(server, "1", "2", "3")
    with client(server, imap=server.place("imap")) as alice:
        newest = alice.page("INBOX", 2)
        assert [one.subject for one in newest.messages] == ["3", "2"] and newest.has_more
        oldest = alice.page("INBOX", 2, newest.messages[-1].handle)
        assert [one.subject for one in oldest.messages] == ["1"] and not oldest.has_more

        handle = oldest.messages[0].handle
        alice.mark_read(handle)
        alice.add_flags(handle, [postseal.Flag.FLAGGED, "work"])
        alice.remove_flags(handle, [postseal.Flag.FLAGGED])
        assert [one.is_read for one in alice.inbox()] == [True, False, False]

        mailboxes = {box.role: box.name for box in alice.mailboxes()}
        assert mailboxes[postseal.Role.INBOX] == "INBOX"
        opened = alice.open(handle)
        assert opened.verdict.level is postseal.VerdictLevel.PLAIN
        assert [reason.id for reason in opened.verdict.reasons] == ["not-signed", "not-encrypted"]

        moved = alice.move_to(newest.messages[0].handle, mailboxes[postseal.Role.ARCHIVE])
        assert moved is not None and (alice.fetch(moved)).subject == "3"
        assert isinstance(alice.delete(moved), postseal.Deleted.Trashed)
        assert [one.subject for one in alice.inbox()] == ["1", "2"]


def test_what_had_begun_when_a_send_was_given_up_goes_out(server: MailServer) -> None:
    for step in (".", "BDAT"):
        server.do("fault", protocol="smtp", before=step, effect="stall")
    draft = postseal.Draft(from_=ALICE, to=["bob@example.test"], subject="once", text="Hello.")
    alice, token = client(server), postseal.CancelToken()
    later(1, token.cancel)
    with pytest.raises(postseal.CancelledError):
        alice.send(draft, postseal.Protection.UNPROTECTED, cancel=token)
    assert len(server.messages("bob@example.test")) == 1


def test_a_send_that_was_given_up_can_be_asked_for(server: MailServer) -> None:
    ring = postseal.Keyring()
    draft = postseal.Draft(from_=ALICE, to=["bob@example.test"], subject="once", text="Hello.")
    (copy,) = (postseal.seal(draft, ring, postseal.Protection.UNPROTECTED)).copies
    session = postseal.SmtpSession.connect(
        server.place("smtp"), server.credentials(), connector=server.connector()
    )
    with session:
        token, id = postseal.CancelToken(), postseal.SendId()
        for step in (".", "BDAT"):
            server.do("fault", protocol="smtp", before=step, effect="trickle", millis=50, times=1)
        later(0.2, token.cancel)
        with pytest.raises(postseal.CancelledError):
            session.send_copy(copy, postseal.SendOptions(id=id), cancel=token)
        receipt = session.outcome(id)
        assert receipt.is_sent_to_all
    assert len(server.messages("bob@example.test")) == 1


def test_a_watch_hands_out_what_arrives(server: MailServer) -> None:
    with client(server, imap=server.place("imap")) as alice, alice.watch() as watch:
        later(0.2, lambda: deliver(server, "new"))
        for change in watch:
            assert isinstance(change, postseal.MailboxChange.Arrived)
            assert [one.subject for one in change.messages] == ["new"]
            break
        watch.close()
        assert watch.next() is None


def test_what_comes_as_the_wait_is_given_up_is_not_lost(
    server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with client(server, imap=server.place("imap")) as alice, alice.watch() as watch:
        later(0.2, lambda: deliver(server, "new"))
        give_up_as_it_comes(watch.next, monkeypatch)
        change = watch.next()
        assert isinstance(change, postseal.MailboxChange.Arrived)
        assert [one.subject for one in change.messages] == ["new"]
    session = postseal.ImapSession.connect(
        server.place("imap"), server.credentials(), connector=server.connector()
    )
    with session:
        stream = session.fetch("INBOX", session.search("INBOX"), postseal.FetchItems(size=True))
        give_up_as_it_comes(stream.__next__, monkeypatch)
        assert len([one for one in stream]) == 1
        watched = session.watch("INBOX")
        later(0.2, lambda: deliver(server, "newer"))
        give_up_as_it_comes(watched.next, monkeypatch)
        assert watched.next() == postseal.Change.Exists(2)
        watched.stop()
    pop3 = postseal.Pop3Session.connect(
        server.place("pop3"), server.credentials(), connector=server.connector()
    )
    with pop3:
        retrieval = pop3.retrieve_all(pop3.messages())
        give_up_as_it_comes(retrieval.__next__, monkeypatch)
        whole = [one.data for one in retrieval]
        assert len(whole) == 2
        with pop3.retrieve(1) as chunks:
            give_up_as_it_comes(chunks.__next__, monkeypatch)
            assert b"".join([chunk for chunk in chunks]) == whole[0]


def test_what_was_not_taken_is_forgotten_with_the_watch(
    server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with client(server, imap=server.place("imap")) as alice, alice.watch() as watch:
        later(0.2, lambda: deliver(server, "new"))
        give_up_as_it_comes(watch.next, monkeypatch)
        watch.close()
        assert watch.next() is None


def test_a_maildrop_is_read_and_emptied(server: MailServer) -> None:
    deliver(server, "1", "2")
    session = postseal.Pop3Session.connect(
        server.place("pop3"), server.credentials(), connector=server.connector()
    )
    with session:
        assert (session.stat()).messages == 2 and session.has_capability("TOP")
        listed = session.messages()
        seen = postseal.SeenUids()
        assert seen.mark(listed[0]) and seen.new_messages(listed) == listed[1:]
        assert postseal.SeenUids(seen.save()).has_seen(listed[0])
        data = [one.data for one in session.retrieve_all(listed)]
        with session.retrieve(1) as stream:
            chunks = [chunk for chunk in stream]
        assert b"".join(chunks) == data[0] == (session.message(1)).data
        assert b"Subject: 2" in session.top(2)
        refused = session.delete_all([1, 9])
        assert refused[0] is None and isinstance(refused[1], postseal.RefusedError)
        assert session.quit() == postseal.Pop3Update.Committed(1)
    with client(server, pop3=server.place("pop3")) as alice:
        (left,) = alice.inbox()
        assert left.subject == "2" and left.is_read is None and isinstance(left.handle, postseal.MessageHandle.Pop3)


def test_mailboxes_are_made_searched_and_removed(server: MailServer) -> None:
    session = postseal.ImapSession.connect(
        server.place("imap"), server.credentials(), connector=server.connector()
    )
    with session:
        session.create("Büro")
        uid = session.append("Büro", b"Subject: kept\r\n\r\nHello.\r\n", [postseal.Flag.SEEN, "work"])
        assert uid is not None and (session.search("Büro", postseal.Search.subject("KEPT"))) == (uid,)
        assert session.search("Büro", ~postseal.Search.with_flag("work")) == ()
        items = postseal.FetchItems(flags=True, size=True, structure=True, header_fields=("Subject",))
        (fetched,) = [one for one in session.fetch("Büro", uid, items)]
        assert fetched.header == b"Subject: kept\r\n\r\n" and fetched.structure[0].media_type == "text/plain"
        assert fetched.flags is not None and {"\\Seen", "work"} <= set(fetched.flags)
        session.add_flags("Büro", [uid], [postseal.Flag.DELETED])
        session.expunge("Büro", [uid])
        assert (session.status("Büro")).messages == 0
        session.rename("Büro", "Office")
        session.delete("Office")
        assert "Office" not in [box.name for box in session.list()]
        assert "IMAP4REV1" in session.capabilities and session.take_alerts() == ()
