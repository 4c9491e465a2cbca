"""Speaks to the server with the clients of Python's standard library, and prints "fine" in the end.

Arguments: the ports for SMTP, IMAP and POP3, each with implicit TLS and with STARTTLS. ROOT_PEM holds the root certificate.
"""

import base64
import imaplib
import os
import poplib
import smtplib
import ssl
import sys
import time

ports = [int(argument) for argument in sys.argv[1:]]
tls = ssl.create_default_context(cadata=os.environ["ROOT_PEM"])
USER, PASSWORD = "alice@example.test", "wonderland"
MESSAGE = b"From: alice@example.test\r\nSubject: dots\r\n\r\n.one\r\n..two\r\n\r\n.\r\nend\r\n"


def check(found, expected):
    assert found == expected, f"expected {expected!r}, found {found!r}"


def smtp(server):
    server.login(USER, PASSWORD)
    assert server.has_extn("size") and server.has_extn("dsn")
    options = {"mail_options": ["BODY=8BITMIME"], "rcpt_options": ["NOTIFY=NEVER"]}
    refused = server.sendmail(USER, ["bob@example.test", USER, "nobody@example.test"], MESSAGE, **options)
    check(list(refused), ["nobody@example.test"])
    check(refused["nobody@example.test"][0], 550)
    check(server.noop()[0], 250)
    check(server.verify("bob")[0], 252)
    server.quit()


with smtplib.SMTP_SSL("localhost", ports[0], context=tls, timeout=10) as server:
    try:
        server.login(USER, "wrong")
        raise AssertionError("a wrong password was accepted")
    except smtplib.SMTPAuthenticationError as error:
        check(error.smtp_code, 535)
    smtp(server)
with smtplib.SMTP("localhost", ports[1], timeout=10) as server:
    server.starttls(context=tls)
    smtp(server)
with smtplib.SMTP_SSL("localhost", ports[0], context=tls, timeout=10) as server:
    server.ehlo()
    server.user, server.password = USER, PASSWORD
    server.auth("LOGIN", server.auth_login)
with smtplib.SMTP_SSL("localhost", ports[0], context=tls, timeout=10) as server:
    server.ehlo()
    token = "user=bob@example.test\x01auth=Bearer t0ken\x01\x01"
    check(server.docmd("AUTH", "XOAUTH2 " + base64.b64encode(token.encode()).decode())[0], 235)


def ok(reply):
    check(reply[0], "OK")
    return reply[1]


def imap(server, uids):
    ok(server.login(USER, PASSWORD))
    assert "UIDPLUS" in server.capabilities
    check(ok(server.select("INBOX")), [b"2"])
    check(server.response("PERMANENTFLAGS")[1], [b"(\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)"])
    ok(server.store("1:*", "FLAGS.SILENT", "()"))
    data = ok(server.fetch("1", "(UID RFC822.SIZE FLAGS BODY.PEEK[])"))
    check(data[0][1], MESSAGE)
    assert f"RFC822.SIZE {len(MESSAGE)}".encode() in data[0][0]
    check(ok(server.search(None, "SUBJECT", '"DOTS"', "UNSEEN")), [b"1 2"])
    server.literal = "dots".encode()
    check(ok(server.uid("SEARCH", "CHARSET", "UTF-8", "TEXT")), [uids])
    check(ok(server.store("2", "+FLAGS", "(\\Seen $Label)")), [b"2 (FLAGS ($Label \\Seen))"])
    ok(server.create("Projekte"))
    folders = ok(server.list())
    assert b'(\\HasNoChildren \\Sent) "/" "Sent"' in folders, folders
    check(ok(server.status("Projekte", "(MESSAGES UIDNEXT)")), [b'"Projekte" (MESSAGES 0 UIDNEXT 1)'])
    now = imaplib.Time2Internaldate(time.time())
    appended = ok(server.append("Projekte", "(\\Draft)", now, b"\x00\xff literal\r\n"))
    assert appended[0].startswith(b"[APPENDUID "), appended
    ok(server.uid("COPY", uids.decode().split()[0], "Projekte"))
    ok(server.store("1", "+FLAGS.SILENT", "\\Deleted"))
    check(ok(server.expunge()), [b"1"])
    ok(server.select("Projekte", readonly=True))
    check(ok(server.fetch("1", "(BODY[])"))[0][1], b"\x00\xff literal\r\n")
    check(ok(server.fetch("2", "(BODY[TEXT]<1.4>)"))[0][1], b"one\r")
    ok(server.unselect())
    ok(server.rename("Projekte", "Alt"))
    ok(server.subscribe("Alt"))
    check(ok(server.lsub()), [b'() "/" "Alt"', b'() "/" "INBOX"'])
    ok(server.unsubscribe("Alt"))
    ok(server.delete("Alt"))
    check(server.logout()[0], "BYE")


with imaplib.IMAP4_SSL("localhost", ports[2], ssl_context=tls, timeout=10) as server:
    try:
        server.login(USER, "wrong")
        raise AssertionError("a wrong password was accepted")
    except imaplib.IMAP4.error:
        pass
    imap(server, b"1 2")
with imaplib.IMAP4_SSL("localhost", ports[2], ssl_context=tls, timeout=10) as server:
    ok(server.authenticate("PLAIN", lambda _: f"\0{USER}\0{PASSWORD}".encode()))
    ok(server.append("INBOX", None, None, MESSAGE))
with imaplib.IMAP4("localhost", ports[3], timeout=10) as server:
    ok(server.starttls(tls))
    imap(server, b"2 3")


def pop(server, user=USER, password=PASSWORD):
    server.user(user)
    server.pass_(password)
    count, size = server.stat()
    check(size, len(MESSAGE) * count)
    lines = server.retr(1)[1]
    check(b"".join(line + b"\r\n" for line in lines), MESSAGE)
    check(server.top(1, 2)[1][-2:], [b".one", b"..two"])
    check(len(server.uidl()[1]), count)
    check(server.list(1).split()[-1], str(len(MESSAGE)).encode())
    server.dele(1)
    server.rset()
    server.dele(count)
    server.quit()
    return count


pops = poplib.POP3_SSL("localhost", ports[4], context=tls, timeout=10)
assert "SASL" in pops.capa()
check(pop(pops, "bob@example.test", "builder"), 2)
pops = poplib.POP3("localhost", ports[5], timeout=10)
pops.stls(context=tls)
check(pop(pops, "bob@example.test", "builder"), 1)

print("fine")
