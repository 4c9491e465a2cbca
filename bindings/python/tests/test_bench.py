"""What the benchmark runs of this package, in tiny sizes: every contestant works, however fast."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from .servers import program


def test_every_contestant_works() -> None:
    server = program("POSTSEAL_TEST_SERVER")
    bench = None if server is None else Path(server).with_name("postseal-bench")
    if bench is None or not bench.exists() or os.geteuid() != 0:
        pytest.skip("it needs root, Dovecot, and what `cargo xtask bindings python` builds")
    command = [str(bench), "fetch-python", "send-python", "--smoke", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    jobs = json.loads(done.stdout)
    assert [(job["job"], job["facts"], job["missing"]) for job in jobs] == [
        ("fetch-python", {"bytes": 1_250_000, "messages": 20}, []),
        ("send-python", {"messages": 1}, []),
    ]
    assert [[contestant["name"] for contestant in job["contestants"]] for job in jobs] == [
        ["asyncio", "blocking", "imaplib", "rust"],
        ["python", "rust"],
    ]
    assert [aim["met"] is not None for job in jobs for aim in job["aims"]] == [True] * 4
