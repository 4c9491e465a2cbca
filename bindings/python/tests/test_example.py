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


class Program:
    """The program, watching the inbox of bob, who has the certificate of alice."""

    def __init__(self, server: MailServer, folder: Path, *options: str) -> None:
        alice, _ = SecretKey.generate(ALICE)
        bob, _ = SecretKey.generate(BOB, "bob's")
        self.ring = Keyring([alice, bob.certificate])
        self.saved = folder / "saved"
        (folder / "ca.pem").write_bytes("# Főtanúsítvány\n".encode() + server.hello["ca"].encode())
        (folder / "bob.asc").write_text(bob.export_armored())
        (folder / "alice.asc").write_text(alice.certificate.export_armored())
        keys = ("--ca", "ca.pem", "--key", "bob.asc", "--cert", "alice.asc", "--into", "saved")
        self._process = subprocess.Popen(
            [sys.executable, str(PROGRAM), BOB, "localhost", "--port", str(server.hello["imap"]["tls"]), *keys, *options],
            cwd=folder,
            env={**os.environ, "POSTSEAL_PASSWORD": server.passwords[BOB], "POSTSEAL_PASSPHRASE": "bob's"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def __enter__(self) -> Program:
        assert self.line() == f"watching the inbox of {BOB}\n"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def line(self) -> str:
        """The next line that it prints."""
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def end(self) -> tuple[int, str]:
        """Its exit code, and the rest of what it prints."""
        told, _ = self._process.communicate(timeout=60)
        return self._process.returncode, told

    def files(self) -> dict[str, bytes]:
        """What was saved."""
        return {path.name: path.read_bytes() for path in self.saved.iterdir()}


def deliver(server: MailServer, *messages: bytes) -> None:
    with SmtpSession.connect(server.place("smtp"), server.credentials(), connector=server.connector()) as smtp:
        for message in messages:
            assert smtp.send(Envelope(ALICE, (BOB,)), message).is_sent_to_all


@pytest.mark.parametrize("tampered", [False, True], ids=["as it was sent", "tampered with"])
def test_attachments_of_sealed_mail_are_saved(server: MailServer, tmp_path: Path, tampered: bool) -> None:
    with Program(server, tmp_path, "--once") as program:
        message = sealed(program.ring).data
        if tampered:
            lines = message.split(b"\r\n")
            middle = (lines.index(b"-----BEGIN PGP MESSAGE-----") + lines.index(b"-----END PGP MESSAGE-----")) // 2
            lines[middle] = lines[middle].swapcase()
            message = b"\r\n".join(lines)
        deliver(server, message)
        code, told = program.end()
        assert code == 0
        if tampered:
            assert told.startswith(f"not opened: {ALICE}: ") and program.files() == {}
        else:
            assert told.startswith(f"sealed: {ALICE}: Files\n  saved: ")
            assert program.files() == {"notes.txt": b"first", "notes-2.txt": b"second"}


def nested(depth: int) -> bytes:
    """A message of parts within parts."""
    header = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n"
    return b"From: " + ALICE.encode() + b"\r\n" + b"".join(header % (level, level) for level in range(depth)) + b"\r\nx\r\n"


def test_nobody_who_writes_can_end_the_watch(server: MailServer, tmp_path: Path) -> None:
    with Program(server, tmp_path) as program:
        # The connection is lost as the first message is asked for, and then it is nested deeper than any limit allows.
        server.do("fault", protocol="imap", before="EXAMINE", effect="cut", times=1)
        deliver(server, nested(40), sealed(program.ring).data)
        told = [program.line() for _ in range(4)]
        assert told[0].startswith(f"not opened: {ALICE}: ")
        assert told[1] == f"sealed: {ALICE}: Files\n" and all(line.startswith("  saved: ") for line in told[2:])
        assert program.files() == {"notes.txt": b"first", "notes-2.txt": b"second"}
    assert server.heard("EXAMINE") >= 3
