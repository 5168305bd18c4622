# SPDX-License-Identifier: MIT
"""Runs a command with a terminal of its own and types the passkey that the device shows: at_terminal.py DEVICE-LOG COMMAND..."""
import os
import pty
import re
import select
import sys
import time

pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
shown, typed = b"", False
while select.select([terminal], [], [], 60)[0]:
    try:
        data = os.read(terminal, 4096)
    except OSError:
        break
    shown += data
    if b"Passkey that" in shown and not typed:
        typed, passkeys = True, []
        until = time.monotonic() + 10
        while not passkeys and time.monotonic() < until:
            passkeys = re.findall(r"passkey (\d{6})", open(sys.argv[1], encoding="utf-8").read())
        os.write(terminal, passkeys[-1].encode() + b"\n")
print(shown.decode(errors="replace"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) if typed else 99)
