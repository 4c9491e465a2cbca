"""Open a message: decrypt and verify it, and show what it says.

The verdict and its reasons go to standard error, the text to standard output.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..blocking import Message, Opened, VerdictLevel, open_message
from . import _options
from ._failure import Exit
from ._terminal import shown

NAME = "open"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("message", metavar="FILE", help="a file with the message; - for standard input")
    parser.add_argument("--save", metavar="FOLDER", type=Path, help="save the attachments in FOLDER")
    _options.add_keys(parser)


def run(arguments: argparse.Namespace) -> int:
    """Carries it out."""
    path: str = arguments.message
    message = Message(sys.stdin.buffer.read()) if path == "-" else Message.from_path(path)
    opened = open_message(message, _options.keyring(arguments))
    _show(opened)
    for attachment in opened.message.attachments:
        name = attachment.file_name or "attachment"
        print(shown(f"attached: {name} ({attachment.media_type}, {attachment.size} bytes)"), file=sys.stderr)
        if arguments.save is not None:
            arguments.save.mkdir(parents=True, exist_ok=True)
            attachment.save(arguments.save / name)
    return Exit.SUSPICIOUS if opened.verdict.level is VerdictLevel.SUSPICIOUS else Exit.DONE


def _show(opened: Opened) -> None:
    print(f"verdict: {opened.verdict.level}", file=sys.stderr)
    for reason in opened.verdict.reasons:
        print(shown(f"  {reason.text}"), file=sys.stderr)
    message = opened.message
    for name, value in (("From", message.from_), ("To", message.to), ("Date", message.date), ("Subject", message.subject)):
        if value is not None and str(value):
            print(shown(f"{name}: {value}"))
    print()
    text = shown(message.text)
    print(text, end="" if text.endswith("\n") else "\n")
