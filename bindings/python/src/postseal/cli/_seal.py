"""Seal a message without sending it.

The copy for the recipients in To and Cc is written as a file that `postseal open` and any mail program with OpenPGP can read.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..blocking import Protection, seal
from . import _options
from ._failure import Exit, Usage

NAME = "seal"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    _options.add_draft(parser)
    _options.add_keys(parser)
    parser.add_argument("--output", metavar="FILE", type=Path, help="where to write it; standard output where none is given")


def run(arguments: argparse.Namespace) -> int:
    """Carries it out."""
    if arguments.bcc:
        raise Usage("a Bcc recipient has a copy of their own: send it")
    draft = _options.draft(arguments)
    (copy,) = seal(draft, _options.keyring(arguments), Protection(arguments.protection)).copies
    if arguments.output is None:
        sys.stdout.buffer.write(copy.data)
    else:
        copy.save(arguments.output)
    return Exit.DONE
