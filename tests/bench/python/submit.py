"""The same message, submitted many times by smtplib."""

import smtplib
import ssl
import sys
import time

port, root, user, password, file, count = sys.argv[1:7]
context = ssl.create_default_context(cafile=root)
with open(file, "rb") as opened:
    message = opened.read()

begun = time.perf_counter()
smtp = smtplib.SMTP_SSL("localhost", int(port), local_hostname="localhost", context=context)
smtp.login(user, password)
for _ in range(int(count)):
    smtp.sendmail("alice@example.test", ["bob@example.test"], message)
smtp.quit()
took = time.perf_counter() - begun

print(f"messages: {count}\nbytes: {len(message) * int(count)}\nseconds: {took:.6f}")
