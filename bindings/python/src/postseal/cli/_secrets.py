"""Passwords and passphrases: from a file, the environment or a prompt. Never from the arguments, which every user of the machine can read."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from pathlib import Path

from . import _failure


def add_arguments(parser: argparse.ArgumentParser, *kinds: str) -> None:
    """Adds `--KIND-file` for each kind of secret."""
    for kind in kinds:
        parser.add_argument(
            f"--{kind}-file",
            metavar="FILE",
            type=Path,
            help=f"read the {kind} from the first line of FILE; else it is ${_variable(kind)}, or asked for",
        )


def secret(arguments: argparse.Namespace, kind: str, prompt: str, *, twice: bool = False) -> str:
    """The secret of this kind: of the file, the environment, or the person."""
    file: Path | None = getattr(arguments, f"{kind}_file")
    if file is not None:
        return file.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
    given = os.environ.get(_variable(kind))
    if given is not None:
        return given
    if not sys.stdin.isatty():
        raise _failure.Usage(f"there is no terminal to ask for the {kind}: use --{kind}-file or ${_variable(kind)}")
    first = getpass.getpass(f"{prompt}: ", sys.stderr)
    if twice and getpass.getpass("Once more: ", sys.stderr) != first:
        raise _failure.Usage("the two are not the same")
    return first


def _variable(kind: str) -> str:
    return f"POSTSEAL_{kind.upper()}"
