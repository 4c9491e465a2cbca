"""A sealed message with a large file, named by its path.

    python send.py PORT ROOT USER PASSWORD KEY FILE
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

# Whichever Python runs it: what is measured is this checkout.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from postseal import blocking  # noqa: E402


def main(port: str, root: str, user: str, password: str, key: str, file: str) -> None:
    begun, worked = time.perf_counter(), time.process_time()
    connector = blocking.Connector(blocking.TlsOptions(roots=[Path(root).read_text()], only_given_roots=True))
    keyring = blocking.Keyring([blocking.SecretKey(Path(key).read_bytes())])
    server, login = blocking.Server("localhost", int(port)), blocking.Credentials(user, password)
    with blocking.SmtpSession.connect(server, login, connector=connector) as session:
        draft = blocking.Draft(from_=user, to=[user], subject="A large file", text="See.", attachments=[file])
        (copy,) = blocking.seal(draft, keyring).copies
        sent = session.send_copy(copy).is_sent_to_all
    worked, took = time.process_time() - worked, time.perf_counter() - begun
    print(f"messages: {int(sent)}\nprocessor: {worked:.6f}\nseconds: {took:.6f}")


main(*sys.argv[1:])
