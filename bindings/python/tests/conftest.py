"""What all tests share: the servers, the scenarios, and how tests of the asyncio face are run."""

from __future__ import annotations

import asyncio
import inspect
import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .servers import MailServer, program

REPOSITORY = Path(__file__).resolve().parents[3]
SCENARIOS = REPOSITORY / "tests" / "vectors" / "scenarios.json"

# What a shell starts in the background ignores Ctrl-C, and some tests press it.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Runs a coroutine in an event loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = {name: pyfuncitem.funcargs[name] for name in inspect.signature(pyfuncitem.obj).parameters}
    asyncio.run(asyncio.wait_for(pyfuncitem.obj(**wanted), 120))
    return True


class Scenario:
    """A scenario of tests/vectors/scenarios.json: what it is played with, and what must come of it."""

    def __init__(self, entry: dict[str, Any]) -> None:
        self.server: list[dict[str, Any]] = entry["server"]
        self.given: dict[str, Any] = entry["given"]
        self.expect: dict[str, Any] = entry["expect"]

    def expected(self, **found: Any) -> None:
        """What was found is what was expected, and nothing that was expected was left out."""
        assert found == self.expect


@pytest.fixture
def scenario(request: pytest.FixtureRequest) -> Scenario:
    """The scenario that gives the test its name."""
    name = request.function.__name__.removeprefix("test_")
    entries = json.loads(SCENARIOS.read_text(encoding="utf-8"))["scenarios"]
    return Scenario(next(entry for entry in entries if entry["name"] == name))


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[MailServer]:
    """A server of its own for each test, made ready as the scenario asks, where the test is one."""
    path = program("POSTSEAL_TEST_SERVER")
    if path is None:
        pytest.skip("POSTSEAL_TEST_SERVER is not set: run `cargo xtask bindings python`")
    server = MailServer(path)
    if "scenario" in request.fixturenames:
        for command in request.getfixturevalue("scenario").server:
            server.obey(command)
    yield server
    server.close()
