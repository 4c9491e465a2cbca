"""The examples of the README and of docs/, run as they stand: only the names of hosts, people and passwords are changed."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import postseal
import pytest
from postseal.blocking import Draft, Keyring, SecretKey, seal

from .servers import MailServer

PACKAGE = Path(__file__).resolve().parents[1]

BLOCKS = [
    pytest.param(block, id=f"{path.name}-{number}")
    for path in (PACKAGE / "README.md", PACKAGE / "docs" / "coming-from.md")
    for number, block in enumerate(re.findall(r"^```python\n(.*?)^```", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE))
]

#: Has the connector for whoever gives none trust the test's server.
TRUST = """\
import postseal, postseal._connect
postseal._connect._default = postseal.Connector(postseal.TlsOptions(roots=[open("ca.pem").read()], only_given_roots=True))
"""


@pytest.fixture
def desk(tmp_path: Path, server: MailServer) -> Path:
    """A folder with the files that the examples name."""
    keys = {}
    for name, passphrase in (("alice", "correct horse"), ("bob", "battery staple")):
        keys[name], _ = SecretKey.generate(f"{name}@example.test", passphrase)
        (tmp_path / f"{name}-secret.asc").write_text(keys[name].export_armored())
        (tmp_path / f"{name}.asc").write_text(keys[name].certificate.export_armored())
    ring = Keyring([keys["alice"].unlock("correct horse"), keys["bob"].certificate])
    draft = Draft(from_="alice@example.test", to=["bob@example.test"], subject="Hi", text="Hello.")
    message = seal(draft, ring).copies[0].data
    (tmp_path / "message.eml").write_bytes(message)
    (tmp_path / "report.pdf").write_bytes(b"%PDF" * 1000)
    (tmp_path / "ca.pem").write_text(server.hello["ca"])
    for user in ("alice", "bob"):
        server.do("deliver", user=f"{user}@example.test", message=message.decode())
    return tmp_path


@pytest.mark.parametrize("block", BLOCKS)
def test_an_example_runs_as_it_stands(block: str, desk: Path, server: MailServer) -> None:
    user = "bob@example.test" if "bob-secret" in block else "alice@example.test"
    for given, meant in {
        'smtp.example.org", 465': f'localhost", {server.hello["smtp"]["tls"]}',
        'imap.example.org", 993': f'localhost", {server.hello["imap"]["tls"]}',
        "example.org": "example.test",
        '"password"': repr(server.passwords[user]),
    }.items():
        block = block.replace(given, meant)
    command = [sys.executable, "-W", "ignore::ResourceWarning", "-c", TRUST + block]
    done = subprocess.run(command, cwd=desk, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_works_in_the_callers_thread_is_named() -> None:
    readme = (PACKAGE / "README.md").read_text(encoding="utf-8")
    (told,) = re.findall(r"What works in memory alone.*?\n\n", readme, re.DOTALL)
    plain = {
        name
        for name in postseal.__all__
        if inspect.isfunction(getattr(postseal, name)) and not inspect.iscoroutinefunction(getattr(postseal, name))
    }
    assert plain <= set(re.findall(r"`(\w+)`", told)) and {"encrypt", "decrypt"} <= plain


def test_nothing_promises_that_a_send_that_was_given_up_was_not_sent() -> None:
    sources = [PACKAGE / "README.md", *(PACKAGE / "src" / "postseal").glob("*/_*.py")]
    promise = re.compile(r"exception\s+means\s+that\s+(nothing|the\s+message)\s+was", re.IGNORECASE)
    assert [path.name for path in sources if promise.search(path.read_text(encoding="utf-8"))] == []
