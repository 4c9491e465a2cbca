"""Values: how they look, compare and convert."""

from __future__ import annotations

import copy
import dataclasses
import datetime
import pickle
import subprocess
import sys
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest

import postseal
from postseal import blocking
from postseal._mail import AttachmentData
from postseal.blocking import Attachment, Draft, Keyring, Mailbox, Message, Protection, SecretKey, seal

PASSWORD = "a password that nobody may see"


@pytest.fixture(scope="module")
def ring() -> Keyring:
    key, _ = SecretKey.generate("Alice <alice@example.test>", profile=postseal.KeyProfile.MODERN)
    return Keyring([key])


def composed(ring: Keyring, draft: Draft) -> Message:
    """What a draft becomes, without protection."""
    return Message(seal(draft, ring, Protection.UNPROTECTED).copies[0].data)


def test_values_are_frozen_comparable_and_show_what_they_are() -> None:
    server = postseal.Server("mail.example.test", 465)
    assert server == postseal.Server("mail.example.test", 465, postseal.Security.TLS)
    assert server != postseal.Server("mail.example.test", 587) and server != "mail.example.test"
    assert repr(server) == "Server(host='mail.example.test', port=465, security=<Security.TLS: 'tls'>)"
    assert dataclasses.replace(server, port=993).port == 993
    assert {server: 1}[postseal.Server("mail.example.test", 465)] == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        server.port = 25  # type: ignore[misc]


def test_values_can_be_stored_and_handed_to_other_processes() -> None:
    handle = postseal.MessageHandle.Imap("INBOX", postseal.Uid(7, 42))
    assert pickle.loads(pickle.dumps(handle)) == copy.deepcopy(handle) == copy.copy(handle) == handle
    # In a process that has not made such a value yet.
    program = (
        "import dataclasses, pickle, sys; stored = pickle.load(sys.stdin.buffer);"
        "twin = pickle.loads(pickle.dumps(stored)); assert stored == twin and len({stored, twin}) == 1;"
        "print(stored, [field.name for field in dataclasses.fields(stored)])"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, input=pickle.dumps(handle), capture_output=True, check=False)
    assert (done.stdout.decode(), done.stderr) == (f"{handle} ['mailbox', 'uid']\n", b"")


def test_a_value_may_be_the_base_of_a_class() -> None:
    # The first of its base, in a process that has none yet.
    program = """\
import postseal
class Place(postseal.Server):
    def __init__(self, host):
        super().__init__(host, 993)
print(Place("mail.example.test").port)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("993\n", "")


def test_nothing_that_holds_a_secret_shows_it() -> None:
    key, _ = SecretKey.generate("alice@example.test", PASSWORD)
    identity = postseal.ClientCertificate("-----BEGIN CERTIFICATE-----", PASSWORD)
    holders = [
        postseal.Credentials("alice", PASSWORD),
        postseal.Credentials.token("alice", PASSWORD),
        key,
        key.unlock(PASSWORD),
        Keyring([key]),
        identity,
        postseal.TlsOptions(client_certificate=identity),
    ]
    for holder in holders:
        assert PASSWORD not in f"{holder!r} {holder}"


def test_a_verdict_level_can_be_compared() -> None:
    level = postseal.VerdictLevel
    assert level.SUSPICIOUS < level.PLAIN < level.AUTHENTIC < level.ENCRYPTED < level.SEALED
    assert str(level.SEALED) == "sealed" and level.SEALED >= level.SEALED


def test_mailboxes_are_read_and_written() -> None:
    assert Mailbox.parse('"Bob B." <bob@example.test>') == Mailbox("bob@example.test", "Bob B.")
    assert str(Mailbox("bob@example.test", "Bob")) == "Bob <bob@example.test>"
    with pytest.raises(postseal.InvalidInputError) as caught:
        Mailbox.parse("bob@example.test\r\nRCPT TO:<eve@example.test>")
    assert caught.value.field == "mailbox" and isinstance(caught.value, ValueError)


def test_a_draft_names_the_field_that_cannot_be_used(ring: Keyring) -> None:
    with pytest.raises(postseal.InvalidInputError) as caught:
        seal(Draft(from_="alice@example.test", to=["bob@example.test"], subject="a\nb"), ring)
    assert caught.value.field == "subject"
    with pytest.raises(TypeError, match=r"to takes a list: \['bob@example.test'\]"):
        seal(Draft(from_="alice@example.test", to="bob@example.test"), ring)


def test_dates_keep_their_place(ring: Keyring) -> None:
    written = datetime.datetime(2026, 5, 17, 12, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=5, minutes=30)))
    draft = Draft(from_="alice@example.test", to=["bob@example.test"], text="x", date=written)
    date = composed(ring, draft).date
    assert date == written and date is not None and date.utcoffset() == written.utcoffset()
    local = dataclasses.replace(draft, date=datetime.datetime(2026, 5, 17, 12, 30))
    assert composed(ring, local).date == datetime.datetime(2026, 5, 17, 12, 30).astimezone()


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes_come_in_any_form(kind: type, ring: Keyring) -> None:
    assert Attachment(kind(b"abc"), "a.bin").data == b"abc"
    assert Message(kind(b"Subject: hi\r\n\r\nHello.\r\n")).subject == "hi"
    encrypted = blocking.encrypt(kind(b"secret"), list(ring), signer=ring.unlocked_keys[0])
    decrypted = blocking.decrypt(kind(encrypted), ring)
    assert decrypted.data == b"secret" and decrypted.signatures[0].is_good


def test_a_text_will_do_where_bytes_are_taken(ring: Keyring) -> None:
    assert Attachment("grün", "a.txt").data == "grün".encode()
    message = Message("Subject: hi\r\n\r\nHello.\r\n")
    assert (message.subject, message.text.strip()) == ("hi", "Hello.")
    assert blocking.open_message("Subject: hi\r\n\r\nHello.\r\n", ring).message.subject == "hi"
    (key,) = ring.unlocked_keys
    assert blocking.decrypt(blocking.encrypt("secret", list(ring)), ring).data == b"secret"
    assert blocking.verify_detached("data", blocking.sign_detached("data", key), ring)[0].is_good
    assert blocking.verify_inline(blocking.sign_inline("inside", key), ring).data == b"inside"


@pytest.mark.parametrize("wrong", [5, None, ["a"], Path("a")], ids=repr)
def test_anything_else_is_refused_by_its_kind(wrong: object, ring: Keyring) -> None:
    for take in (Message, Attachment, lambda data: blocking.encrypt(data, list(ring)), blocking.import_certificates):
        with pytest.raises(TypeError, match=f"bytes, a text or an EmailMessage is wanted, and not {type(wrong).__name__}"):
            take(wrong)


def test_files_are_attached_by_path(tmp_path: Path, ring: Keyring) -> None:
    file = tmp_path / "report.txt"
    file.write_bytes(b"all is well\n")
    draft = Draft(from_="alice@example.test", to=["bob@example.test"], text="x", attachments=[file, str(file)])
    attachments = composed(ring, draft).attachments
    assert [(one.file_name, one.data) for one in attachments] == [("report.txt", b"all is well\n")] * 2
    missing = dataclasses.replace(draft, attachments=[tmp_path / "missing"])
    with pytest.raises(postseal.NotFoundError):
        composed(ring, missing)


def email() -> EmailMessage:
    """A message with all that a draft has a place for."""
    message = EmailMessage()
    message["From"] = "Alice <alice@example.test>"
    message["To"] = "Bob <bob@example.test>, carol@example.test"
    message["Cc"] = "dave@example.test"
    message["Subject"] = "Grüße"
    message["Date"] = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
    message["Message-ID"] = "<1@example.test>"
    message["In-Reply-To"] = "<0@example.test>"
    message["References"] = "<a@example.test> <0@example.test>"
    message["X-Mood"] = "cheerful"
    message.set_content("plain\n")
    message.add_alternative('<p>html <img src="cid:dot@example.test"></p>\n', subtype="html")
    html = message.get_body(("html",))
    assert html is not None
    html.add_related(b"\x89PNG", "image", "png", cid="<dot@example.test>")
    message.add_attachment(b"\x00\x01", "application", "octet-stream", filename="data.bin")
    message.add_attachment("notes\n", filename="notes.txt")
    return message


def test_an_email_message_becomes_a_draft_and_comes_back(ring: Keyring) -> None:
    draft = Draft.from_email(email())
    assert draft.from_ == Mailbox("alice@example.test", "Alice")
    message = composed(ring, draft)
    assert [box.address for box in message.to.mailboxes] == ["bob@example.test", "carol@example.test"]
    assert (message.subject, message.message_id) == ("Grüße", "1@example.test")
    assert (message.in_reply_to, message.references) == (("0@example.test",), ("a@example.test", "0@example.test"))
    assert message.header("x-mood") == "cheerful"
    assert message.text.splitlines() == ["plain"] and "html" in str(message.html_body)
    assert [part.data for part in message.inline_parts] == [b"\x89PNG"]
    assert [(one.file_name, one.data.strip()) for one in message.attachments] == [
        ("data.bin", b"\x00\x01"),
        ("notes.txt", b"notes"),
    ]
    assert message.attachments[1].media_type == "text/plain; charset=utf-8"
    leaf = next(part for part in message.parts if part.media_type.startswith("text/plain"))
    assert leaf.parameter("charset") == "utf-8" and leaf.parent is not None and leaf.parent.media_type.startswith("multipart/alternative")
    assert leaf.raw == leaf.raw_header + leaf.raw_body
    back = message.to_email()
    assert back["Subject"] == "Grüße" and [part.get_filename() for part in back.iter_attachments()] == [
        "data.bin",
        "notes.txt",
    ]


def plain_email() -> EmailMessage:
    """A message with a text, and nothing else yet."""
    message = EmailMessage()
    message["From"], message["To"] = "alice@example.test", "bob@example.test"
    message.set_content("plain\n")
    return message


def test_pictures_of_an_email_message_in_html_alone_come_once(ring: Keyring) -> None:
    message = EmailMessage()
    message["From"], message["To"] = "alice@example.test", "bob@example.test"
    message.set_content('<p><img src="cid:dot@example.test"></p>\n', subtype="html")
    message.add_related(b"\x89PNG", "image", "png", cid="<dot@example.test>")
    message.add_related(b"body {}", "text", "css")
    draft = Draft.from_email(message)
    assert [part.data for part in draft.inline] == [b"\x89PNG"]
    assert [part.media_type for part in draft.attachments if isinstance(part, AttachmentData)] == ["text/css"]
    assert [part.data for part in composed(ring, draft).inline_parts] == [b"\x89PNG"]


def test_a_file_with_a_content_id_stays_a_file() -> None:
    message = plain_email()
    message.add_attachment(b"\x89PNG", "image", "png", filename="dot.png", cid="<dot@example.test>")
    draft = Draft.from_email(message)
    assert (len(draft.attachments), draft.inline) == (1, [])


def test_an_email_message_of_a_file_alone_becomes_a_draft() -> None:
    message = EmailMessage()
    message["From"] = "alice@example.test"
    message.set_content(b"%PDF", "application", "pdf")
    (file,) = Draft.from_email(message).attachments
    assert isinstance(file, AttachmentData) and (file.data, file.media_type) == (b"%PDF", "application/pdf")


def test_an_attached_message_comes_along() -> None:
    message = plain_email()
    message.add_attachment(email())
    (file,) = Draft.from_email(message).attachments
    assert isinstance(file, AttachmentData) and Message(file.data).message_id == "1@example.test"


def with_invitation() -> EmailMessage:
    message = plain_email()
    message.add_alternative("BEGIN:VCALENDAR\n", subtype="calendar")
    return message


def with_report() -> EmailMessage:
    message = plain_email()
    message.make_mixed()
    report = EmailMessage()
    report.add_header("Content-Type", "multipart/report")
    report.set_payload([plain_email()])
    message.attach(report)
    return message


def with_delivery_status() -> EmailMessage:
    message = plain_email()
    message.make_mixed()
    status = EmailMessage()
    status.add_header("Content-Type", "message/delivery-status")
    status.set_payload([plain_email(), plain_email()])
    message.attach(status)
    return message


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (with_invitation, "text/calendar"),
        (with_report, "multipart/report"),
        (with_delivery_status, "message/delivery-status"),
    ],
)
def test_what_a_draft_has_no_place_for_is_refused_by_its_name(message: Callable[[], EmailMessage], kind: str) -> None:
    with pytest.raises(ValueError, match=f"a draft has no place for {kind}"):
        Draft.from_email(message())


def test_an_email_message_without_one_sender_is_refused() -> None:
    message = EmailMessage()
    message["To"] = "bob@example.test"
    with pytest.raises(ValueError, match="0 addresses in its From field"):
        Draft.from_email(message)


def test_messages_and_keys_say_what_they_are(ring: Keyring) -> None:
    message = Message(email())
    assert repr(message) == f"<Message from 'Alice <alice@example.test>': 'Grüße', {message.size} bytes>"
    (certificate,) = ring
    assert repr(certificate) == f"<Certificate {certificate.fingerprint} of 'Alice <alice@example.test>'>"
    assert repr(ring) == "<Keyring of 1 certificates, 1 unlocked keys, 0 locked>" and len(ring) == 1
    assert repr(postseal.Flag.SEEN) == "Flag('\\\\Seen')" and postseal.Flag("\\Seen") == postseal.Flag.SEEN


def test_keys_are_exported_imported_and_compared(ring: Keyring) -> None:
    (certificate,) = ring
    again = blocking.Certificate(certificate.export_armored())
    assert again == certificate == blocking.Certificate(certificate.export()) and hash(again) == hash(certificate)
    assert certificate.speaks_for("ALICE@example.test") and not certificate.speaks_for("bob@example.test")
    assert (certificate.version, certificate.can_encrypt, certificate.unusable) == (6, True, None)
    with pytest.raises(postseal.MalformedError):
        blocking.Certificate("no armor")


def test_a_key_may_be_unlocked_within_a_limit() -> None:
    key, _ = SecretKey.generate("alice@example.test", PASSWORD, profile=postseal.KeyProfile.MODERN)
    with pytest.raises(postseal.InvalidInputError) as caught:
        key.unlock(PASSWORD, max_memory=-1)
    assert caught.value.field == "max_memory"
    assert key.unlock(PASSWORD, max_memory=1 << 31).fingerprint == key.fingerprint


def test_data_is_signed_and_verified(ring: Keyring) -> None:
    (key,) = ring.unlocked_keys
    signature = blocking.sign_detached(b"data", key)
    (result,) = blocking.verify_detached(b"data", signature, ring)
    assert isinstance(result.status, postseal.SignatureStatus.Good)
    assert result.status.certificate == key.fingerprint
    (changed,) = blocking.verify_detached(b"Data", signature, ring)
    assert changed.status == postseal.SignatureStatus.Bad("mismatch") and not changed.is_good
    assert blocking.verify_inline(blocking.sign_inline(b"inside", key), ring).data == b"inside"
    assert "readable" in blocking.sign_cleartext("readable\n", key)
    armored = blocking.sign_detached(b"data", key, armored=True)
    assert armored.startswith(b"-----BEGIN PGP SIGNATURE-----")
    assert blocking.verify_detached(b"data", armored.decode(), ring)[0].is_good


def test_files_are_encrypted_whole_or_not_at_all(tmp_path: Path, ring: Keyring) -> None:
    plain, sealed, opened = tmp_path / "plain", tmp_path / "sealed", tmp_path / "opened"
    plain.write_bytes(b"0123456789abcdef" * 65536)
    told: list[tuple[int, int | None]] = []
    blocking.encrypt_file(plain, sealed, list(ring), progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (1048576, 1048576)
    result = blocking.decrypt_file(sealed, opened, ring)
    assert result.length == 1048576 and opened.read_bytes() == plain.read_bytes()
    with pytest.raises(postseal.AlreadyExistsError) as caught:
        blocking.decrypt_file(sealed, opened, ring)
    assert isinstance(caught.value, FileExistsError)
    damaged = bytearray(sealed.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    sealed.write_bytes(damaged)
    with pytest.raises(postseal.TamperedError):
        blocking.decrypt_file(sealed, tmp_path / "never", ring)
    assert not (tmp_path / "never").exists()


def test_a_large_message_is_encrypted_in_pieces(ring: Keyring) -> None:
    encryptor = blocking.Encryptor(list(ring))
    piece = b"x" * 1_000_000
    message = b"".join([encryptor.write(piece) for _ in range(6)]) + encryptor.finish()
    assert blocking.decrypt(message, ring).data == piece * 6
    with pytest.raises(postseal.InvalidInputError):
        encryptor.finish()
