"""One person's mail account."""

from __future__ import annotations

from typing import Any

from ._connect import Credentials, Loops
from ._convert import to_native
from ._core import native
from ._mail import AnyMailbox
from ._value import value
from ._values.client import SentCopy
from ._values.mail import Mailbox
from ._values.servers import Server


@value(frozen=True)
class Account:
    """Whose account it is, where mail is submitted, and where it is fetched.

    Mail is fetched by IMAP where there is such a server, else by POP3; with neither, the account only sends.
    """

    mailbox: AnyMailbox
    """Whose account it is."""
    smtp: Server
    """Where mail is submitted."""
    credentials: Credentials
    """What to log in with, at every server."""
    imap: Server | None = None
    pop3: Server | None = None
    incoming_credentials: Credentials | None = None
    """What to log in with where mail is fetched, if that is something else."""
    sent_copy: SentCopy = SentCopy.AUTOMATIC
    """Whether own copies are filed in *Sent*."""

    def _to_native(self, loops: Loops) -> Any:
        """The account as the core takes it; token providers run in `loops`."""
        incoming = self.incoming_credentials or self.credentials
        mailbox = Mailbox.parse(self.mailbox) if isinstance(self.mailbox, str) else self.mailbox
        return native.Account(
            mailbox=to_native(mailbox),
            submission=_login(self.smtp, self.credentials, loops),
            imap=_login(self.imap, incoming, loops),
            pop3=_login(self.pop3, incoming, loops),
            sent_copy=to_native(self.sent_copy),
        )


def _login(server: Server | None, credentials: Credentials, loops: Loops) -> Any:
    if server is None:
        return None
    return native.Login(server=to_native(server), credentials=credentials._for(loops))
