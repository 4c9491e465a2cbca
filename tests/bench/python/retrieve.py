"""All messages of a maildrop, by poplib."""

import poplib
import ssl
import sys
import time

port, root, user, password = sys.argv[1:5]
context = ssl.create_default_context(cafile=root)

begun = time.perf_counter()
pop = poplib.POP3_SSL("localhost", int(port), context=context)
pop.user(user)
pop.pass_(password)
count, _ = pop.stat()
size = 0
for number in range(1, count + 1):
    message = b"\r\n".join(pop.retr(number)[1]) + b"\r\n"
    size += len(message)
pop.quit()
took = time.perf_counter() - begun

print(f"messages: {count}\nbytes: {size}\nseconds: {took:.6f}")
