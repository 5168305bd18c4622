# SPDX-License-Identifier: MIT
"""Runs a command with a terminal of its own and types the passkey that the device shows, at each question: at_terminal.py DEVICE-LOG COMMAND...
Exit code 99: nothing was asked."""
import os
import pty
import re
import select
import sys
import time

QUESTION = b"Passkey that"


def passkeys():
    with open(sys.argv[1], encoding="utf-8") as log:
        return re.findall(r"passkey (\d{6})", log.read())


def one_more_than(known):
    """The device shows its passkey before the other side asks, but what it prints may come later."""
    until = time.monotonic() + 30
    while len(passkeys()) <= known and time.monotonic() < until:
        time.sleep(0.05)
    return passkeys()[known:][-1]


known = len(passkeys())
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
shown, typed = b"", 0
while select.select([terminal], [], [], 90)[0]:
    try:
        data = os.read(terminal, 4096)
    except OSError:
        break
    shown += data
    if shown.count(QUESTION) > typed:
        typed += 1
        passkey = one_more_than(known)
        known = len(passkeys())
        os.write(terminal, passkey.encode() + b"\n")
print(shown.decode(errors="replace"))
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.exit(code if typed else 99)
