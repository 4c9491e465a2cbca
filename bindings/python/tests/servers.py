"""The in-memory mail server, as a child process that takes commands."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from typing import Any

from postseal import Connector, Credentials, Security, Server, Timeouts, TlsOptions


class MailServer:
    """A server that is told what to do; its certificate is for `localhost`. It ends with its input."""

    def __init__(self, program: str) -> None:
        self._process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.hello = self._read()
        self.passwords = {user["address"]: user["password"] for user in self.hello["users"]}

    def do(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Has a command carried out, and returns the answer."""
        return self.obey({"do": command, **arguments})

    def obey(self, command: dict[str, Any]) -> dict[str, Any]:
        """The same for a command as scenarios.json has it."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        answer = self._read()
        assert "error" not in answer, answer["error"]
        return answer

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """Ends it."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    def place(self, protocol: str, security: Security = Security.TLS) -> Server:
        """Where it serves a protocol."""
        return Server(self.hello["host"], self.hello[protocol][security.value], security)

    def connector(self, ca: str = "ca", **timeouts: float) -> Connector:
        """A connector that trusts this server alone."""
        return Connector(TlsOptions(roots=[self.hello[ca]], only_given_roots=True), Timeouts(**timeouts))

    def credentials(self, user: str = "alice@example.test", password: str | None = None) -> Credentials:
        """What a user logs in with."""
        return Credentials(user, self.passwords[user] if password is None else password)

    def messages(self, user: str, mailbox: str = "INBOX") -> list[bytes]:
        """What is in a mailbox."""
        found = self.do("messages", user=user, mailbox=mailbox)["messages"]
        return [base64.b64decode(message) for message in found]

    def heard(self, text: str) -> int:
        """How often the server was told this text."""
        times: int = self.do("heard", text=text)["times"]
        return times


def program(variable: str) -> str | None:
    """A server of the tests, where the test command has built it."""
    return os.environ.get(variable)
