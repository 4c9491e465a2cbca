"""List or save the messages of a mailbox.

Messages are saved as they came, one file each; `postseal open` opens them. Nothing is marked as read.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ..blocking import FetchItems, ImapSession, Message, UidSet
from . import _options
from ._bar import bar
from ._failure import Exit, Usage
from ._terminal import shown

NAME = "fetch"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    _options.add_server(parser, "imap", 993, required=True)
    _options.add_login(parser)
    parser.add_argument("--mailbox", metavar="NAME", default="INBOX", help="which mailbox (%(default)s)")
    parser.add_argument("--into", metavar="FOLDER", type=Path, help="save them in FOLDER, as UIDVALIDITY-UID.eml")


def run(arguments: argparse.Namespace) -> int:
    """Carries it out."""
    if arguments.user is None:
        raise Usage("fetch needs --user")
    place, login = _options.server(arguments, "imap", 993), _options.credentials(arguments, arguments.user)
    with ImapSession.connect(place, login, connector=_options.connector(arguments)) as session:
        everything = UidSet.all(session.examine(arguments.mailbox).uid_validity)
        if arguments.into is None:
            _list(session, arguments.mailbox, everything)
        else:
            _save(session, arguments.mailbox, everything, arguments.into)
    return Exit.DONE


def _list(session: ImapSession, mailbox: str, everything: UidSet) -> None:
    for fetched in session.fetch(mailbox, everything, FetchItems(size=True, header=True)):
        message = Message(fetched.header or b"")
        date = "" if message.date is None else f"{message.date:%Y-%m-%d %H:%M}"
        told = f"{fetched.uid.number:>8}  {date:16}  {fetched.size:>10}  {message.from_}  {message.subject or ''}"
        print(shown(told))


def _save(session: ImapSession, mailbox: str, everything: UidSet, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for fetched in session.fetch(mailbox, everything, FetchItems(whole=True), progress=bar("fetching")):
        path = folder / f"{fetched.uid.validity}-{fetched.uid.number}.eml"
        if fetched.whole is not None and not path.exists():
            path.write_bytes(fetched.whole)
            print(path)
