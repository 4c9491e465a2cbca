"""examples/python, as a person runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from postseal.blocking import (
    Attachment,
    Draft,
    Envelope,
    Keyring,
    SealedCopy,
    SecretKey,
    SmtpSession,
    seal,
)

from .conftest import REPOSITORY
from .servers import MailServer

PROGRAM = REPOSITORY / "examples" / "python" / "save_attachments.py"
ALICE, BOB = "alice@example.test", "bob@example.test"


def sealed(ring: Keyring) -> SealedCopy:
    """A message from alice with two files of one name."""
    files = [Attachment(b"first", "notes.txt", "text/plain"), Attachment(b"second", "notes.txt", "text/plain")]
    return seal(Draft(from_=ALICE, to=[BOB], subject="Files", text="See.", attachments=files), ring).copies[0]


@pytest.mark.parametrize("tampered", [False, True], ids=["as it was sent", "tampered with"])
def test_attachments_of_sealed_mail_are_saved(server: MailServer, tmp_path: Path, tampered: bool) -> None:
    alice, _ = SecretKey.generate(ALICE)
    bob, _ = SecretKey.generate(BOB, "bob's")
    (tmp_path / "ca.pem").write_text(server.hello["ca"])
    (tmp_path / "bob.asc").write_text(bob.export_armored())
    (tmp_path / "alice.asc").write_text(alice.certificate.export_armored())
    message = sealed(Keyring([alice, bob.certificate])).data
    if tampered:
        lines = message.split(b"\r\n")
        middle = (lines.index(b"-----BEGIN PGP MESSAGE-----") + lines.index(b"-----END PGP MESSAGE-----")) // 2
        lines[middle] = lines[middle].swapcase()
        message = b"\r\n".join(lines)

    options = ("--ca", "ca.pem", "--key", "bob.asc", "--cert", "alice.asc", "--into", "saved", "--once")
    program = subprocess.Popen(
        [sys.executable, str(PROGRAM), BOB, "localhost", "--port", str(server.hello["imap"]["tls"]), *options],
        cwd=tmp_path,
        env={**os.environ, "POSTSEAL_PASSWORD": server.passwords[BOB], "POSTSEAL_PASSPHRASE": "bob's"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    try:
        assert program.stdout.readline() == f"watching the inbox of {BOB}\n"
        with SmtpSession.connect(server.place("smtp"), server.credentials(), connector=server.connector()) as smtp:
            assert smtp.send(Envelope(ALICE, (BOB,)), message).is_sent_to_all
        told, _ = program.communicate(timeout=60)
    finally:
        program.kill()
        program.wait()
    assert program.returncode == 0
    saved = {path.name: path.read_bytes() for path in (tmp_path / "saved").iterdir()}
    if tampered:
        assert told.startswith(f"not opened: {ALICE}: ") and saved == {}
    else:
        assert told.startswith(f"sealed: {ALICE}: Files\n  saved: ")
        assert saved == {"notes.txt": b"first", "notes-2.txt": b"second"}
