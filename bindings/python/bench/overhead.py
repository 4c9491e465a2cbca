"""What it costs to work from Python: the same work by the core in Rust, by this package, and by the standard library, side by side.

    python overhead.py --bench PROGRAM [--rounds N] [--smoke]

PROGRAM is `postseal-bench`, whose contestants are the core's own. Each contestant is a process of its own; they run in turn, round after
round, the first of which does not count, and the medians are compared; the start of Python and the loading of modules are left out of both
times. POSTSEAL_LIVE_SERVER names the program that serves Dovecot.
For figures that mean something all of it has to be built in release: `cargo xtask bench` says how a quiet machine is had.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from postseal import blocking  # noqa: E402

from tests.servers import MailServer  # noqa: E402

#: The sizes of messages, over and over: most mail is small, most bytes are in attachments. 62,500 on average.
SIZES = [
    3_000, 4_000, 5_000, 6_000, 8_000, 10_000, 12_000, 15_000, 18_000, 20_000, 25_000, 30_000, 35_000,
    40_000, 50_000, 60_000, 80_000, 120_000, 250_000, 459_000,
]  # fmt: skip


@dataclass
class Contestant:
    """Somebody who does the work, as a command."""

    name: str
    command: list[str]


@dataclass
class Measured:
    """What one run took."""

    seconds: float
    processor: float
    facts: dict[str, str]


def run(contestant: Contestant) -> Measured:
    """Runs a contestant once."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(contestant.command, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise SystemExit(f"{contestant.name} failed: {done.stderr}")
    facts = dict(line.split(": ") for line in done.stdout.splitlines())
    whole = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(float(facts.pop("seconds")), float(facts.pop("processor", whole)), facts)


def compare(title: str, contestants: list[Contestant], rounds: int) -> None:
    """Runs the contestants in turn, and prints their medians beside those of the first."""
    measured: dict[str, list[Measured]] = {contestant.name: [] for contestant in contestants}
    for number in range(rounds + 1):
        for contestant in contestants:
            result = run(contestant)
            if number > 0:
                measured[contestant.name].append(result)
    facts = {tuple(sorted(result.facts.items())) for results in measured.values() for result in results}
    if len(facts) != 1:
        raise SystemExit(f"{title}: the contestants did not do the same: {facts}")
    print(f"{title}: {', '.join(f'{name} {value}' for name, value in facts.pop())}")
    baseline = statistics.median(result.seconds for result in measured[contestants[0].name])
    for name, results in measured.items():
        seconds = statistics.median(result.seconds for result in results)
        processor = statistics.median(result.processor for result in results)
        print(f"  {name:12} {seconds * 1e3:8.1f} ms  {seconds / baseline:5.2f} x  processor {processor * 1e3:8.1f} ms")


def message(number: int, size: int) -> bytes:
    """A message of that size."""
    head = f"From: bob@example.test\r\nSubject: Message {number}\r\nMessage-ID: <{number}@example.test>\r\n\r\n".encode()
    line = f"{number:08}".encode() + bytes(65 + (number * 7 + place) % 26 for place in range(68)) + b"\r\n"
    return (head + line * (size // len(line) + 1))[: size - 2] + b"\r\n"


@contextlib.contextmanager
def sink(bench: str, folder: Path) -> Iterator[list[str]]:
    """A submission server that is faster than any client; how it is reached, as arguments."""
    root = folder / "sink.pem"
    process = subprocess.Popen([bench, "sink", str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdin is not None
    try:
        yield [process.stdout.readline().strip(), str(root), "alice@example.test", "any"]
    finally:
        process.stdin.close()
        process.wait(30)
        process.stdout.close()


@contextlib.contextmanager
def mailbox(folder: Path, count: int) -> Iterator[list[str]]:
    """A mailbox in Dovecot with so many messages; how it is reached, as arguments."""
    server = MailServer(os.environ["POSTSEAL_LIVE_SERVER"])
    try:
        user, password = next(iter(server.passwords.items()))
        with blocking.ImapSession.connect(
            server.place("imap"), server.credentials(user), connector=server.connector()
        ) as session:
            for number in range(count):
                session.append("INBOX", message(number, SIZES[number % len(SIZES)]))
        root = folder / "dovecot.pem"
        root.write_text(server.hello["ca"])
        yield [str(server.hello["imap"]["tls"]), str(root), user, password]
    finally:
        server.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", required=True, metavar="PROGRAM")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--smoke", action="store_true", help="tiny sizes and one round: whether everything works")
    given = parser.parse_args()
    rounds, count, size = (1, 20, 100_000) if given.smoke else (given.rounds, 2_000, 20_000_000)
    python = [sys.executable, str(HERE / "fetch.py")]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with mailbox(folder, count) as target:
            contestants = [Contestant("rust", [given.bench, "contestant", "imap-ours", *target])]
            contestants += [Contestant(way, [*python, way, *target]) for way in ("asyncio", "blocking", "imaplib")]
            compare("fetch", contestants, rounds)
        key, _ = blocking.SecretKey.generate("alice@example.test")
        (folder / "key.pgp").write_bytes(key.dangerous_export_unprotected())
        (folder / "large.bin").write_bytes(os.urandom(size))
        with sink(given.bench, folder) as target:
            arguments = [*target, str(folder / "key.pgp"), str(folder / "large.bin")]
            contestants = [
                Contestant("rust", [given.bench, "contestant", "send-file-ours", *arguments]),
                Contestant("blocking", [sys.executable, str(HERE / "send.py"), *arguments]),
            ]
            compare("sealed send of a file", contestants, rounds)


if __name__ == "__main__":
    main()
