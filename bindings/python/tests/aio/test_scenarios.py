"""The scenarios of tests/vectors/scenarios.json, in this face."""

from __future__ import annotations

import base64
import time
from pathlib import Path
from typing import Any

import postseal
import pytest

from ..conftest import Scenario
from ..servers import MailServer
from ._bridge import give_up, later, together

ALICE = "alice@example.test"
BOB = "bob@example.test"

SESSIONS = {"smtp": postseal.SmtpSession, "imap": postseal.ImapSession, "pop3": postseal.Pop3Session}
PROTOCOLS = tuple(SESSIONS)


async def connect(server: MailServer, protocol: str, user: str = ALICE, **timeouts: float) -> Any:
    """A session of that user."""
    connector, credentials = server.connector(**timeouts), server.credentials(user)
    return await SESSIONS[protocol].connect(server.place(protocol), credentials, connector=connector)


async def sealed_by_alice(profile: str, text: str, **fields: Any) -> tuple[Any, postseal.Keyring]:
    """What alice seals for bob, and the keys of both."""
    ring = postseal.Keyring()
    for user in (ALICE, BOB):
        key, _ = await postseal.SecretKey.generate(user, profile=postseal.KeyProfile(profile))
        ring.add(key)
    draft = postseal.Draft(from_=ALICE, to=[BOB], text=text, **fields)
    return await postseal.seal(draft, ring), ring


def facts(error: postseal.Error) -> dict[str, Any]:
    """What the scenarios expect of an error."""
    return {"code": error.code, "retryable": error.retryable, "session_usable": error.session_usable}


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_connect_refused(server: MailServer, scenario: Scenario, protocol: str) -> None:
    nowhere = postseal.Server("localhost", server.do("free-port")["port"])
    with pytest.raises(postseal.NetworkError) as caught:
        await SESSIONS[protocol].connect(nowhere, server.credentials(), connector=server.connector())
    scenario.expected(**facts(caught.value))
    assert isinstance(caught.value, ConnectionError)


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_wrong_certificate(server: MailServer, scenario: Scenario, protocol: str) -> None:
    session, place = SESSIONS[protocol], server.place(protocol)
    with pytest.raises(postseal.CertificateError) as caught:
        await session.connect(place, server.credentials(), connector=server.connector("other_ca"))
    fault = caught.value.fault
    key_hash = fault.chain[0].key_hash
    assert key_hash is not None
    scenario.expected(
        **facts(caught.value), reason=fault.reason.value, host=fault.host, key_hash_digits=len(key_hash)
    )
    trusting = postseal.TlsOptions(
        roots=[server.hello["other_ca"]],
        only_given_roots=True,
        trusted_keys=[postseal.HostKey(fault.host, key_hash)],
    )
    async with await session.connect(place, server.credentials(), connector=postseal.Connector(trusting)) as trusted:
        assert trusted.tls is not None and trusted.tls.key_hash == key_hash


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_login_refused(server: MailServer, scenario: Scenario, protocol: str) -> None:
    password = scenario.given["password"]
    credentials = server.credentials(password=password)
    with pytest.raises(postseal.LoginRefusedError) as caught:
        await SESSIONS[protocol].connect(server.place(protocol), credentials, connector=server.connector())
    scenario.expected(**facts(caught.value))
    assert password not in f"{caught.value!r} {vars(caught.value)} {credentials!r}"


async def test_send_with_one_bad_recipient(server: MailServer, scenario: Scenario) -> None:
    async with await connect(server, "smtp") as session:
        envelope = postseal.Envelope(ALICE, tuple(scenario.given["to"]))
        receipt = await session.send(envelope, b"Subject: hello\r\n\r\nHello.\r\n")
    refused = [(outcome.address, outcome.refusal) for outcome in receipt.refused]
    scenario.expected(
        delivery=type(receipt.delivery).__name__.lower(),
        is_sent=receipt.is_sent,
        is_sent_to_all=receipt.is_sent_to_all,
        refused=[
            {"address": address, "smtp_code": refusal.smtp_code, "enhanced_code": refusal.enhanced_code}
            for address, refusal in refused
        ],
        messages_of_bob=len(server.messages(BOB)),
    )


async def test_lost_reply(server: MailServer, scenario: Scenario) -> None:
    session = await connect(server, "smtp")
    envelope = postseal.Envelope(ALICE, tuple(scenario.given["to"]))
    receipt = await session.send(envelope, b"Subject: hello\r\n\r\nHello.\r\n")
    assert isinstance(receipt.delivery, postseal.Delivery.Unknown)
    scenario.expected(
        delivery="unknown",
        is_sent=receipt.is_sent,
        because=receipt.delivery.because.code,
        is_closed=session.is_closed,
        messages_of_bob=len(server.messages(BOB)),
    )


async def test_idle_wakes(server: MailServer, scenario: Scenario) -> None:
    async with await connect(server, "imap") as session, await session.watch("INBOX") as watch:
        await later(0.2, lambda: server.do("deliver", user=ALICE, message=scenario.given["message"]))
        async for change in watch:
            break
    assert isinstance(change, postseal.Change.Exists)
    scenario.expected(change="exists", count=change.count)


async def test_fetch_and_open(server: MailServer, scenario: Scenario) -> None:
    given = scenario.given
    sealed, ring = await sealed_by_alice(given["profile"], given["text"], subject=given["subject"])
    async with await connect(server, "smtp") as smtp:
        receipt = await smtp.send_copy(sealed.copies[0])
        assert receipt.is_sent_to_all
    async with await connect(server, "imap", BOB) as imap:
        (uid,) = await imap.search("INBOX")
        message = await imap.message("INBOX", uid)
        fetched = [one async for one in imap.fetch("INBOX", [uid], postseal.FetchItems(whole=True))]
    assert [one.whole for one in fetched] == [message.data] == server.messages(BOB)
    opened = await postseal.open_message(message, ring)
    assert (opened.message.subject, opened.message.text) == (given["subject"], given["text"])
    scenario.expected(
        level=str(opened.verdict.level),
        reasons=list(opened.verdict.reasons),
        outer_subject=message.subject,
    )


async def test_tampered_message(scenario: Scenario) -> None:
    sealed, ring = await sealed_by_alice(scenario.given["profile"], scenario.given["text"])
    lines = sealed.copies[0].data.split(b"\r\n")
    begin, end = lines.index(b"-----BEGIN PGP MESSAGE-----"), lines.index(b"-----END PGP MESSAGE-----")
    middle = (begin + end) // 2
    lines[middle] = (b"B" if lines[middle].startswith(b"A") else b"A") + lines[middle][1:]
    with pytest.raises(postseal.TamperedError) as caught:
        await postseal.open_message(b"\r\n".join(lines), ring)
    scenario.expected(**facts(caught.value))


async def test_wrong_passphrase(scenario: Scenario) -> None:
    right, wrong = scenario.given["passphrase"], scenario.given["wrong"]
    profile = postseal.KeyProfile(scenario.given["profile"])
    key, _ = await postseal.SecretKey.generate(ALICE, right, profile=profile)
    with pytest.raises(postseal.WrongPassphraseError) as caught:
        await key.unlock(wrong)
    scenario.expected(**facts(caught.value))
    told = f"{caught.value!r} {vars(caught.value)} {key!r}"
    assert right not in told and wrong not in told
    unlocked = await key.unlock(right)
    assert unlocked.fingerprint == key.fingerprint
    with pytest.raises(postseal.InvalidInputError) as refused:
        await unlocked.lock("")
    assert refused.value.field == "passphrase"


async def test_cancel_before_start(server: MailServer, scenario: Scenario) -> None:
    mailbox = scenario.given["mailbox"]
    token = postseal.CancelToken()
    token.cancel()
    async with await connect(server, "imap") as session:
        with pytest.raises(postseal.CancelledError) as caught:
            await session.create(mailbox, cancel=token)
        await session.noop()
    scenario.expected(**facts(caught.value), heard=server.heard(mailbox))


async def test_cancel_in_the_middle(server: MailServer, scenario: Scenario) -> None:
    given = scenario.given
    server.do("deliver", user=ALICE, message=given["message"] * given["lines"])
    after = given["after_millis"] / 1000
    async with await connect(server, "imap") as session:
        (uid,) = await session.search("INBOX")

        begun = time.monotonic()
        await give_up(lambda: session.message("INBOX", uid), after)
        own_way = time.monotonic() - begun

        token = postseal.CancelToken()
        await later(after, token.cancel)
        begun = time.monotonic()
        with pytest.raises(postseal.CancelledError) as caught:
            await session.message("INBOX", uid, cancel=token)
        by_token = time.monotonic() - begun

        server.do("clear-faults")
        await session.noop()
    most = scenario.expect["ends_within_millis"]
    assert own_way * 1000 < most and by_token * 1000 < most
    scenario.expected(**facts(caught.value), ends_within_millis=most)


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_timeout(server: MailServer, scenario: Scenario, protocol: str) -> None:
    session = await connect(server, protocol, progress=scenario.given["progress_millis"] / 1000)
    with pytest.raises(postseal.TimeoutError) as caught:
        await session.noop()
    assert isinstance(caught.value, TimeoutError)
    scenario.expected(**facts(caught.value), is_closed=session.is_closed)


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_close_twice(server: MailServer, scenario: Scenario, protocol: str) -> None:
    session = await connect(server, protocol)
    await session.close()
    await together(session.close, session.close)
    scenario.expected(is_closed=session.is_closed)


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_use_after_close(server: MailServer, scenario: Scenario, protocol: str) -> None:
    session = await connect(server, protocol)
    await session.close()
    with pytest.raises(postseal.ClosedError) as caught:
        await session.noop()
    scenario.expected(**facts(caught.value))


async def test_attachment_of_25_mb_by_path(server: MailServer, scenario: Scenario, tmp_path: Path) -> None:
    given = scenario.given
    file, saved = tmp_path / given["file_name"], tmp_path / "saved"
    file.write_bytes(bytes(range(256)) * (given["bytes"] // 256))
    sealed, ring = await sealed_by_alice(given["profile"], "See the file.", attachments=[file])
    async with await connect(server, "smtp") as smtp:
        receipt = await smtp.send_copy(sealed.copies[0])
        assert receipt.is_sent_to_all
    async with await connect(server, "imap", BOB) as imap:
        (uid,) = await imap.search("INBOX")
        opened = await postseal.open_message(await imap.message("INBOX", uid), ring)
    (attachment,) = opened.message.attachments
    await attachment.save(saved)
    assert saved.read_bytes() == file.read_bytes()
    scenario.expected(
        level=str(opened.verdict.level), file_name=attachment.file_name, bytes=saved.stat().st_size
    )


async def test_concurrent_use_of_one_session(server: MailServer, scenario: Scenario) -> None:
    async with await connect(server, "imap") as session:
        calls = [lambda: session.status("INBOX")] * scenario.given["calls"]
        found = await together(*calls)
    (messages,) = {status.messages for status in found}
    scenario.expected(messages=messages)


async def test_first_sealed_mail(server: MailServer, scenario: Scenario) -> None:
    given = scenario.given
    ring = postseal.Keyring()
    for user in (ALICE, BOB):
        key, _ = await postseal.SecretKey.generate(user, profile=postseal.KeyProfile(given["profile"]))
        ring.add(key)

    def client(user: str) -> postseal.MailClient:
        credentials = server.credentials(user)
        account = postseal.Account(user, server.place("smtp"), credentials, imap=server.place("imap"))
        return postseal.MailClient(account, ring, connector=server.connector())

    async with client(ALICE) as alice:
        draft = postseal.Draft(from_=ALICE, to=given["to"], subject=given["subject"], text=given["text"])
        report = await alice.send(draft)
    assert isinstance(report.own_copy, postseal.OwnCopy.Filed)
    async with client(BOB) as bob:
        inbox = await bob.inbox()
        opened = await bob.open(inbox[0].handle)
    assert (opened.message.subject, opened.message.text) == (given["subject"], given["text"])
    scenario.expected(
        is_sent_to_all=report.is_sent_to_all,
        own_copy=type(report.own_copy).__name__.lower(),
        own_mailbox=report.own_copy.mailbox,
        inbox=len(inbox),
        level=str(opened.verdict.level),
        outer_subject=inbox[0].subject,
    )


async def test_token_expired_and_asked_again(server: MailServer, scenario: Scenario) -> None:
    asked: list[str | None] = []

    async def provider(refused: str | None) -> str:
        asked.append(refused)
        tokens: list[str] = scenario.given["tokens"]
        return tokens[len(asked) - 1]

    credentials = postseal.Credentials.token_provider(ALICE, provider)
    place, connector = server.place("imap"), server.connector()
    async with await postseal.ImapSession.connect(place, credentials, connector=connector) as session:
        await session.noop()
    scenario.expected(asked_with=asked)


async def test_token_provider_throws(server: MailServer, scenario: Scenario) -> None:
    def provider(refused: str | None) -> str:
        raise LookupError(scenario.given["text"])

    credentials = postseal.Credentials.token_provider(ALICE, provider)
    with pytest.raises(postseal.InvalidInputError) as caught:
        await postseal.ImapSession.connect(server.place("imap"), credentials, connector=server.connector())
    found = facts(caught.value)
    del found["session_usable"]
    assert scenario.given["text"] in caught.value.detail
    scenario.expected(**found, field=caught.value.field, detail_contains=scenario.given["text"])


async def test_log_sink_sees_no_secret(server: MailServer, scenario: Scenario) -> None:
    lines: list[str] = []
    failing = 0

    def log(event: postseal.LogEvent) -> None:
        nonlocal failing
        lines.append(f"{event} {event!r}")
        failing += 1
        raise ValueError("a sink that throws changes nothing")

    connector = postseal.Connector(
        postseal.TlsOptions(roots=[server.hello["ca"]], only_given_roots=True), log=log
    )
    wrong, right, text = scenario.given["password"], server.passwords[ALICE], scenario.given["text"]
    for protocol, session in SESSIONS.items():
        with pytest.raises(postseal.LoginRefusedError):
            await session.connect(server.place(protocol), server.credentials(password=wrong), connector=connector)
        async with await session.connect(server.place(protocol), server.credentials(), connector=connector) as one:
            if isinstance(one, postseal.SmtpSession):
                message = f"Subject: log\r\n\r\n{text}\r\n".encode()
                await one.send(postseal.Envelope(ALICE, tuple(scenario.given["to"])), message)
    told = "\n".join(lines)
    for secret in (wrong, right, text, f"\0{ALICE}\0{right}", f"\0{ALICE}\0{wrong}"):
        assert secret not in told
        assert base64.b64encode(secret.encode()).decode() not in told
    for protocol in PROTOCOLS:
        assert sum(protocol in line.lower() for line in lines) >= scenario.expect["lines_at_least"]
    assert failing == len(lines)
