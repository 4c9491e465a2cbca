"""Threads, event loops, forks, and the end of the process."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import postseal
from postseal import _connect, _value, blocking

from .servers import MailServer

ALICE = "alice@example.test"


def blocking_session(server: MailServer) -> blocking.ImapSession:
    return blocking.ImapSession.connect(server.place("imap"), server.credentials(), connector=server.connector())


def test_the_blocking_face_works_where_an_event_loop_runs(server: MailServer) -> None:
    async def within() -> int | None:
        with blocking_session(server) as session:
            return session.status("INBOX").messages

    assert asyncio.run(within()) == 0


def test_many_threads_share_a_session(server: MailServer) -> None:
    with blocking_session(server) as session, ThreadPoolExecutor(8) as pool:
        assert {status.messages for status in pool.map(lambda _: session.status("INBOX"), range(64))} == {0}


def test_objects_outlive_the_event_loop_that_made_them(server: MailServer) -> None:
    connector, asked = server.connector(), 0
    server.do("token", user=ALICE, token="fresh")

    async def provider(refused: str | None) -> str:
        nonlocal asked
        asked += asyncio.get_running_loop() is current
        return "fresh"

    credentials = postseal.Credentials.token_provider(ALICE, provider)

    async def connect() -> postseal.ImapSession:
        nonlocal current
        current = asyncio.get_running_loop()
        return await postseal.ImapSession.connect(server.place("imap"), credentials, connector=connector)

    current: asyncio.AbstractEventLoop
    first, second = asyncio.run(connect()), asyncio.run(connect())
    # Each was asked for its token in the loop that waited for it, and what is left can be used in a third.
    assert asked == 2
    asyncio.run(first.noop())
    asyncio.run(second.close())


def test_a_token_provider_whose_loop_is_gone_is_an_error_and_no_hang(server: MailServer) -> None:
    async def provider(refused: str | None) -> str:
        return "never"

    async def make() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    loops = _connect.Loops()
    credentials = postseal.Credentials.token_provider(ALICE, provider)._for(loops)
    connecting = postseal._core.native.ImapSession.connect(
        server.connector()._native, postseal._convert.to_native(server.place("imap")), credentials
    )
    with (
        loops.waiting(asyncio.run(make())),
        pytest.raises(postseal._core.native.PostsealError.InvalidInput, match="no event loop waits for the login"),
    ):
        asyncio.run(connecting)


def test_each_login_asks_for_its_token_in_its_own_event_loop(server: MailServer) -> None:
    server.do("token", user=ALICE, token="fresh")
    asked: list[tuple[str, str | None]] = []

    async def provider(refused: str | None) -> str:
        name = threading.current_thread().name
        asked.append((name, refused))
        if name == "second" or refused:
            return "fresh"
        # While the first login waits, another thread logs in with the same credentials.
        await asyncio.to_thread(log_in, "second")
        return "stale"

    credentials = postseal.Credentials.token_provider(ALICE, provider)

    async def connect() -> None:
        session = await postseal.ImapSession.connect(
            server.place("imap"), credentials, connector=server.connector()
        )
        await session.close()

    def log_in(name: str) -> None:
        thread = threading.Thread(target=lambda: asyncio.run(connect()), name=name)
        thread.start()
        thread.join(60)

    log_in("first")
    assert asked == [("first", None), ("second", None), ("first", "stale")]


def test_a_watch_logs_in_anew_in_the_event_loop_that_waits(server: MailServer) -> None:
    server.do("token", user=ALICE, token="fresh")
    asked: list[asyncio.AbstractEventLoop] = []

    async def provider(refused: str | None) -> str:
        asked.append(asyncio.get_running_loop())
        return "fresh"

    account = postseal.Account(
        ALICE,
        server.place("smtp"),
        postseal.Credentials.token_provider(ALICE, provider),
        imap=server.place("imap"),
    )
    client = postseal.MailClient(account, connector=server.connector())

    async def wait(watch: postseal.MailWatch) -> asyncio.AbstractEventLoop:
        with pytest.raises(postseal.Error):
            await watch.next()
        server.do("deliver", user=ALICE, message="Subject: new\n\nHello.\n")
        assert isinstance(await watch.next(), postseal.MailboxChange.Arrived)
        await watch.close()
        return asyncio.get_running_loop()

    watch = asyncio.run(client.watch())
    server.do("cut")
    loop = asyncio.run(wait(watch))
    assert asked[-1] is loop and len(asked) == 2


def test_progress_is_told_in_the_event_loop(server: MailServer) -> None:
    message = b"Subject: large\r\n\r\n" + b"0123456789abcdef\r\n" * 20_000
    told: list[tuple[int, int | None]] = []
    threads = set()

    def progress(done: int, total: int | None) -> None:
        told.append((done, total))
        threads.add(threading.current_thread())
        asyncio.get_running_loop()

    async def send() -> None:
        session = await postseal.SmtpSession.connect(
            server.place("smtp"), server.credentials(), connector=server.connector()
        )
        async with session:
            await session.send(postseal.Envelope(ALICE, ("bob@example.test",)), message, progress=progress)

    asyncio.run(send())
    assert told[-1] == (len(message), len(message)) and len(told) > 5
    assert threads == {threading.current_thread()}


def test_progress_is_told_in_the_thread_that_waits(server: MailServer) -> None:
    server.do("deliver", user=ALICE, message="Subject: large\n\n" + "0123456789abcdef\n" * 20_000)
    threads, told = set(), []

    def progress(done: int, total: int | None) -> None:
        threads.add(threading.current_thread())
        told.append((done, total))

    with blocking_session(server) as session:
        (uid,) = session.search("INBOX")
        message = session.message("INBOX", uid, progress=progress)
        streamed = list(session.fetch("INBOX", [uid], postseal.FetchItems(whole=True), progress=progress))
    assert streamed[0].whole == message.data
    assert told[-1][0] == told[-1][1] and threads == {threading.current_thread()}


def test_a_message_may_be_a_text_or_a_file_but_never_the_name_of_one(server: MailServer, tmp_path: Path) -> None:
    text = "Subject: hello\r\n\r\ngrün\r\n"
    (tmp_path / "message.eml").write_bytes(text.encode())
    envelope = postseal.Envelope(ALICE, ("bob@example.test",))
    with blocking.SmtpSession.connect(
        server.place("smtp"), server.credentials(), connector=server.connector()
    ) as session:
        for message in (text, tmp_path / "message.eml"):
            assert session.send(envelope, message).is_sent_to_all
        with pytest.raises(ValueError, match="name a file by a pathlib.Path"):
            session.send(envelope, str(tmp_path / "message.eml"))
    with blocking_session(server) as session:
        uid = session.append("INBOX", text)
        assert uid is not None and session.message("INBOX", uid).data == text.encode()
    assert [message.endswith(text.encode()) for message in server.messages("bob@example.test")] == [True, True]


def test_progress_that_fails_is_logged_and_changes_nothing(
    server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    def progress(done: int, total: int | None) -> None:
        raise ValueError("on purpose")

    with blocking.SmtpSession.connect(
        server.place("smtp"), server.credentials(), connector=server.connector()
    ) as session:
        receipt = session.send(
            postseal.Envelope(ALICE, ("bob@example.test",)), b"Subject: x\r\n\r\nx\r\n", progress=progress
        )
    assert receipt.is_sent_to_all
    assert {record.name for record in caplog.records} == {"postseal"} and "on purpose" in caplog.text


def test_sessions_log_to_a_logger(server: MailServer, caplog: pytest.LogCaptureFixture) -> None:
    options = postseal.TlsOptions(roots=[server.hello["ca"]], only_given_roots=True)
    caplog.set_level(1, "mail")
    connector = postseal.Connector(options, log=logging.getLogger("mail"))
    with blocking.ImapSession.connect(server.place("imap"), server.credentials(), connector=connector) as session:
        session.noop()
    levels = {record.levelno for record in caplog.records if record.name == "mail"}
    assert {logging.INFO, logging.DEBUG, postseal.LogLevel.TRACE.value} <= levels
    events = [record.event for record in caplog.records if record.name == "mail"]  # type: ignore[attr-defined]
    assert events[0].kind is postseal.LogKind.CONNECTING and events[-1].kind is postseal.LogKind.CLOSED


def test_a_blocking_call_where_the_core_calls_back_is_an_error_and_no_hang(server: MailServer) -> None:
    async def provider(refused: str | None) -> str:
        blocking_session(server)
        return "never"

    credentials = blocking.Credentials.token_provider(ALICE, provider)
    with pytest.raises(postseal.InvalidInputError, match="it would wait for itself"):
        blocking.ImapSession.connect(server.place("imap"), credentials, connector=server.connector())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_is_told_and_can_begin_anew(server: MailServer) -> None:
    session = blocking_session(server)

    def begin_anew() -> str:
        with pytest.raises(postseal.ForkedError) as caught:
            session.noop()
        with blocking_session(server) as another:
            return f"{caught.value.code} {another.status('INBOX').messages}"

    assert in_child(begin_anew) == "forked 0"
    session.noop()
    session.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_has_a_default_connector_of_its_own(server: MailServer) -> None:
    def told() -> str:
        """What comes of a call without a connector: nobody trusts this server, and that needs a connection to be found out."""
        with pytest.raises(postseal.Error) as caught:
            blocking.ImapSession.connect(server.place("imap"), server.credentials())
        return caught.value.code

    assert told() == "certificate"
    assert in_child(told) == "certificate"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_fork_while_another_thread_makes_something_is_no_hang() -> None:
    held = threading.Event()

    def hold() -> None:
        with _connect._making_default, _value._making:
            held.set()
            time.sleep(0.5)

    @_value.value()
    class New:
        number: int

    def begin_anew() -> str:
        return f"{New(1).number} {type(_connect.default_connector()).__name__}"

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    assert in_child(begin_anew) == "1 Connector"
    holder.join()


def in_child(work: Callable[[], str]) -> str:
    """What a forked child finds; it has ten seconds."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(10)
        try:
            os.write(writer, work().encode())
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader) as answer:
        found = answer.read()
    os.waitpid(child, 0)
    return found


#: Programs that end while something is still open or under way.
ENDS = {
    "sessions left open": "session = connect()\nasyncio.run(connect_async())\n",
    "closed at the last moment": "connect().close()\n",
    "a thread still waits": "import threading\nsession = connect()\nwatch = session.watch('INBOX')\n"
    "threading.Thread(target=watch.next, daemon=True).start()\n",
    "a log is still written": "session = connect(log=print)\n",
}

PROGRAM = """\
import asyncio, sys
import postseal
from postseal import blocking
host, port, ca, password = sys.argv[1:]
place, login = postseal.Server(host, int(port)), postseal.Credentials("alice@example.test", password)
def connector(**log):
    return postseal.Connector(postseal.TlsOptions(roots=[ca], only_given_roots=True), **log)
def connect(**log):
    return blocking.ImapSession.connect(place, login, connector=connector(**log))
async def connect_async():
    return await postseal.ImapSession.connect(place, login, connector=connector())
"""


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_a_process_ends_in_peace(end: str, server: MailServer) -> None:
    place = server.place("imap")
    command = [sys.executable, "-c", PROGRAM + end, place.host, str(place.port), server.hello["ca"]]
    for _ in range(5):
        done = subprocess.run(
            [*command, server.passwords[ALICE]], capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")


def test_importing_is_quick() -> None:
    measure = "import time; begun = time.process_time(); import postseal; print(time.process_time() - begun)"
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    command = [sys.executable, "-c", measure]
    times = [
        float(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
        for _ in range(5)
    ]
    # 60 to 75 ms of processor time where nothing else runs; the bound is for a machine that is busy.
    assert min(times) < 0.3


def test_the_standard_librarys_parser_is_only_loaded_by_those_who_use_it() -> None:
    names = "import postseal, postseal.blocking, sys; print('email.message' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", names], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
