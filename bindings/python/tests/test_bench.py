"""bench/overhead.py, in tiny sizes: every contestant works, however fast."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .servers import program

OVERHEAD = Path(__file__).resolve().parents[1] / "bench" / "overhead.py"


def test_every_contestant_works() -> None:
    server, live = program("POSTSEAL_TEST_SERVER"), program("POSTSEAL_LIVE_SERVER")
    bench = None if server is None else Path(server).with_name("postseal-bench")
    if bench is None or not bench.exists() or live is None or os.geteuid() != 0:
        pytest.skip("it needs root, Dovecot, and what `cargo xtask bindings python` builds")
    command = [sys.executable, str(OVERHEAD), "--bench", str(bench), "--smoke"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "fetch: bytes 1250000, messages 20" and lines[5] == "sealed send of a file: messages 1"
    assert [line.split()[0] for line in lines[1:5] + lines[6:]] == [
        "rust", "asyncio", "blocking", "imaplib", "rust", "blocking",
    ]  # fmt: skip
