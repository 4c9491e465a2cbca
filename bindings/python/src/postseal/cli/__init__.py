"""The command line: `python -m postseal`, or `postseal`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from .. import __version__
from ..errors import Error
from . import _fetch, _keygen, _open, _seal, _send
from ._failure import EXITS, Exit, Usage
from ._terminal import shown

COMMANDS = [_send, _fetch, _open, _seal, _keygen]


def main(arguments: Sequence[str] | None = None) -> int:
    """Carries out one command; what to tell the shell."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        return int(given.run(given))
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except Usage as why:
        print(f"postseal: {why}", file=sys.stderr)
        return Exit.USAGE
    except Error as error:
        print(shown(f"postseal: {error} [{error.code}]"), file=sys.stderr)
    except (OSError, UnicodeError) as error:
        print(f"postseal: {error}", file=sys.stderr)
    return Exit.FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="postseal",
        description="Secure mail: sends, fetches, opens and seals messages, and makes keys.",
        epilog=EXITS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"postseal {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        lines = (command.__doc__ or "").partition("\n")
        adding = commands.add_parser(
            command.NAME,
            help=lines[0].rstrip("."),
            description=command.__doc__,
            epilog=EXITS,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_arguments(adding)
        adding.set_defaults(run=command.run)
    return parser
