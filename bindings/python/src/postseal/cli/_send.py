"""Seal a message and send it.

It is signed and encrypted unless you ask for less, and not sent at all where a recipient's certificate is missing.
"""

from __future__ import annotations

import argparse
import sys

from ..blocking import Account, Delivery, Mailbox, Protection, SendReport
from . import _options
from ._bar import bar
from ._failure import Exit
from ._terminal import shown

NAME = "send"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    _options.add_server(parser, "smtp", 465, required=True)
    _options.add_server(parser, "imap", 993, required=False)
    _options.add_login(parser)
    _options.add_draft(parser)
    _options.add_keys(parser)


def run(arguments: argparse.Namespace) -> int:
    """Carries it out."""
    sender = Mailbox.parse(arguments.sender)
    login = _options.credentials(arguments, sender.address)
    imap = None if arguments.imap is None else _options.server(arguments, "imap", 993)
    account = Account(sender, _options.server(arguments, "smtp", 465), login, imap=imap)
    with _options.client(arguments, account) as client:
        report = client.send(
            _options.draft(arguments), Protection(arguments.protection), progress=bar("sending")
        )
    for line in told(report):
        print(shown(line), file=sys.stderr)
    return Exit.DONE if report.is_sent_to_all else Exit.NOT_TO_ALL


def told(report: SendReport) -> list[str]:
    """What became of each copy, in lines for people."""
    lines = []
    for copy in report.copies:
        receipt = copy.receipt
        if receipt is None:
            lines += [f"not sent to {address}: {copy.failure}" for address in copy.envelope.to]
            continue
        refused = {outcome.address: outcome.refusal for outcome in receipt.refused}
        for address in copy.envelope.to:
            refusal = refused.get(address)
            if refusal is not None:
                lines.append(f"not sent to {address}: {refusal.text}")
            elif isinstance(receipt.delivery, Delivery.Unknown):
                lines.append(f"perhaps sent to {address}: {receipt.delivery.because}")
            elif receipt.is_sent:
                lines.append(f"sent to {address}")
            else:
                lines.append(f"not sent to {address}")
    return lines
