"""The command line, as a shell runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from postseal import __version__
from postseal.cli._bar import render

from .servers import MailServer

ALICE, BOB = "alice@example.test", "bob@example.test"


def postseal(
    *arguments: str, cwd: Path, input: str = "", **environment: str
) -> tuple[int, str, str]:
    """The exit code, standard output and standard error of a command."""
    done = subprocess.run(
        [sys.executable, "-m", "postseal", *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        input=input,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def desk(tmp_path: Path, server: MailServer) -> Path:
    """A folder with keys, and the authority to trust."""
    (tmp_path / "ca.pem").write_text(server.hello["ca"])
    for name in ("alice", "bob"):
        code, _, _ = postseal(
            "keygen", f"{name}@example.test", "--output", f"{name}.asc", cwd=tmp_path, POSTSEAL_PASSPHRASE=f"{name}'s"
        )
        assert code == 0
    return tmp_path


def test_mail_goes_round(desk: Path, server: MailServer) -> None:
    (desk / "photo.jpg").write_bytes(b"\xff\xd8" * 1000)
    smtp, imap = (f"localhost:{server.hello[protocol]['tls']}" for protocol in ("smtp", "imap"))
    (desk / "password").write_text(server.passwords[ALICE] + "\n")
    sent = postseal(
        "send", "--smtp", smtp, "--imap", imap, "--ca", "ca.pem", "--password-file", "password",
        "--from", f"Alice <{ALICE}>", "--to", BOB, "--subject", "Hi", "--attach", "photo.jpg",
        "--key", "alice.asc", "--cert", "bob.cert.asc",
        cwd=desk, input="Hello, Bob.\n", POSTSEAL_PASSPHRASE="alice's",
    )  # fmt: skip
    assert sent == (0, "", f"sent to {BOB}\n")
    assert len(server.messages(ALICE, "Sent")) == 1

    login = ("--imap", imap, "--ca", "ca.pem", "--user", BOB)
    code, listed, _ = postseal("fetch", *login, cwd=desk, POSTSEAL_PASSWORD=server.passwords[BOB])
    assert code == 0 and ALICE in listed and "[...]" in listed
    code, saved, _ = postseal("fetch", *login, "--into", "mail", cwd=desk, POSTSEAL_PASSWORD=server.passwords[BOB])
    assert code == 0

    keys = ("--key", "bob.asc", "--cert", "alice.cert.asc")
    code, shown, told = postseal(
        "open", saved.strip(), *keys, "--save", "files", cwd=desk, POSTSEAL_PASSPHRASE="bob's"
    )
    assert (code, shown.splitlines()[-1]) == (0, "Hello, Bob.") and "Subject: Hi" in shown
    assert told.splitlines() == ["verdict: sealed", "attached: photo.jpg (image/jpeg, 2000 bytes)"]
    assert (desk / "files" / "photo.jpg").read_bytes() == (desk / "photo.jpg").read_bytes()


def test_a_sealed_message_is_written_and_read_from_a_pipe(desk: Path) -> None:
    keys = ("--key", "alice.asc", "--cert", "bob.cert.asc")
    code, message, told = postseal(
        "seal", "--from", ALICE, "--to", BOB, "--text", "Through a pipe.", *keys, cwd=desk, POSTSEAL_PASSPHRASE="alice's"
    )
    assert (code, told) == (0, "") and "Through a pipe." not in message
    code, shown, told = postseal("open", "-", "--key", "bob.asc", cwd=desk, input=message, POSTSEAL_PASSPHRASE="bob's")
    assert code == 0 and shown.endswith("\nThrough a pipe.\n") and told.startswith("verdict: encrypted\n")


def test_a_message_cannot_repaint_the_verdict_above_it(tmp_path: Path) -> None:
    (tmp_path / "forged.eml").write_bytes(
        b"From: eve@example.test\r\nSubject: Hi\r\nContent-Type: text/plain; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: 8bit\r\n\r\n"
        b"\x1b[3A\x1b[2Kverdict: sealed\r\n\x9b3A\x08\tgr\xc3\xbc\xc3\x9fe \xc2\x9b2K\xe2\x80\xaetxt.exe\r\n"
    )
    code, shown, told = postseal("open", "forged.eml", cwd=tmp_path, PYTHONIOENCODING="utf-8")
    assert (code, told.splitlines()[0]) == (0, "verdict: plain")
    assert shown.splitlines()[-2:] == ["\ufffd[3A\ufffd[2Kverdict: sealed", "\ufffd3A\ufffd\tgrüße \ufffd2K\ufffdtxt.exe"]


def test_authorities_may_be_described_in_any_encoding(desk: Path, server: MailServer) -> None:
    authorities = (desk / "ca.pem").read_bytes()
    (desk / "ca.pem").write_bytes("# Főtanúsítvány\n".encode() + "# Autorité\n".encode("latin-1") + authorities)
    imap = ("--imap", f"localhost:{server.hello['imap']['tls']}", "--ca", "ca.pem", "--user", ALICE)
    assert postseal("fetch", *imap, cwd=desk, POSTSEAL_PASSWORD=server.passwords[ALICE]) == (0, "", "")


def test_a_file_in_another_encoding_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "passphrase").write_bytes(b"caf\xe9\n")
    code, _, told = postseal("keygen", ALICE, "--output", "key.asc", "--passphrase-file", "passphrase", cwd=tmp_path)
    assert code == 1 and told.startswith("postseal: ") and told.count("\n") == 1


def test_what_fails_is_told_with_its_code(desk: Path, server: MailServer) -> None:
    draft = ("--from", ALICE, "--to", "carol@example.test", "--text", "x", "--key", "alice.asc")
    missing = postseal("seal", *draft, cwd=desk, POSTSEAL_PASSPHRASE="alice's")
    assert missing == (1, "", "postseal: no usable certificate for carol@example.test [key-missing]\n")
    code, _, told = postseal("seal", *draft, cwd=desk, POSTSEAL_PASSPHRASE="wrong")
    assert code == 1 and told.endswith("[wrong-passphrase]\n")
    imap = ("--imap", f"localhost:{server.hello['imap']['tls']}", "--user", ALICE)
    code, _, told = postseal("fetch", *imap, cwd=desk, POSTSEAL_PASSWORD="secret-word")
    assert code == 1 and told.endswith("[certificate]\n") and "secret-word" not in told
    code, _, told = postseal("open", "missing.eml", cwd=desk)
    assert code == 1 and told.endswith("[not-found]\n")


def test_a_refused_recipient_is_told_in_the_exit_code(desk: Path, server: MailServer) -> None:
    code, _, told = postseal(
        "send", "--smtp", f"localhost:{server.hello['smtp']['tls']}", "--ca", "ca.pem", "--protection", "unprotected",
        "--from", ALICE, "--to", BOB, "--to", "nobody@example.test", "--text", "x",
        cwd=desk, POSTSEAL_PASSWORD=server.passwords[ALICE],
    )  # fmt: skip
    assert code == 3 and told.splitlines()[0] == f"sent to {BOB}"
    assert told.splitlines()[1].startswith("not sent to nobody@example.test: ")


@pytest.mark.parametrize("command", ["send", "fetch", "open", "seal", "keygen"])
def test_every_command_has_help_and_takes_no_secret_as_an_argument(command: str, tmp_path: Path) -> None:
    code, text, _ = postseal(command, "--help", cwd=tmp_path)
    assert code == 0 and "exit codes:" in text
    for option in ("--password ", "--passphrase ", "--token"):
        assert option not in text


def test_what_cannot_be_understood_is_told_in_the_exit_code(tmp_path: Path) -> None:
    assert postseal("--version", cwd=tmp_path) == (0, f"postseal {__version__}\n", "")
    assert postseal("sned", cwd=tmp_path)[0] == 2
    code, _, told = postseal("keygen", ALICE, "--output", "key.asc", cwd=tmp_path)
    assert (code, told) == (
        2,
        "postseal: there is no terminal to ask for the passphrase: use --passphrase-file or $POSTSEAL_PASSPHRASE\n",
    )
    (tmp_path / "key.asc").write_text("something")
    code, _, told = postseal("keygen", ALICE, "--output", "key.asc", cwd=tmp_path, POSTSEAL_PASSPHRASE="x")
    assert (code, told) == (2, "postseal: key.asc is there already\n")


def test_a_secret_key_can_be_read_by_its_owner_alone(desk: Path) -> None:
    assert (desk / "alice.asc").stat().st_mode & 0o777 == 0o600


def test_a_bar_shows_how_far_it_is() -> None:
    assert render("sending", 5_000_000, 20_000_000) == f"sending [{'#' * 7}{'.' * 23}]  25 % of 20.0 MB"
    assert render("fetching", 1_500_000, None) == "fetching 1.5 MB"
