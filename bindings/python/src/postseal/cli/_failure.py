"""How the command ends."""

from __future__ import annotations

import enum


class Exit(enum.IntEnum):
    """What the shell is told."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_TO_ALL = 3
    """A message was not sent, or perhaps not, to one of its recipients."""
    SUSPICIOUS = 4
    """A message was opened that claims protection which it does not have."""
    INTERRUPTED = 130


EXITS = """\
exit codes:
  0  done
  1  it failed; the last line says why, with a stable code
  2  the command can't be understood
  3  a message was not sent, or perhaps not, to one of its recipients
  4  a message was opened that claims protection which it does not have
"""


class Usage(Exception):
    """The command can't be carried out as it was given."""
