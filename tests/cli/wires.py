#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Serial lines as they are: raw framing, log text and noise among the frames, shells, wrong speeds, other programs, missing rights."""
import fcntl
import os
import pwd
import random
import re
import shutil
import subprocess
import sys
import termios
import time

import harness
import smp
from harness import DEVICE, FILE, fails, ok, run
from smp import OS, WRITE, Scripted, message

FAST = ("--timeout", "250", "--tries", "2")


def prepare(size=9000):
    ok("key", "new", "k.pem")
    return harness.signed("old", "1.0.0", "k.pem"), harness.signed("new", "1.1.0", "k.pem", size)


def echo(header, body, raw):
    return {"r": body["d"]} if header.key == (WRITE, OS, 0) else {"rc": 8}


def raw(peer):
    return f"serial:{peer.line}?framing=raw"


def test_update_over_raw_framing():
    old, new = prepare(60000)
    with harness.serve(old, "--pty", "--raw", "-k", "k.pem") as said:
        where = f"serial:{said['pty']}?framing=raw&baud=1000000"
        ok("update", where, new)
        listed = ok("image", "list", where, "--json").json()["images"]
        assert listed[0]["version"] == "1.1.0" and listed[0]["confirmed"], listed
        blob = harness.write("a", random.Random(4).randbytes(30000))
        ok("fs", "upload", where, blob, "/lfs/a")
        ok("fs", "download", where, "/lfs/a", "b")
        assert harness.read("a") == harness.read("b")
        silent = fails(DEVICE, "HOST_DEVICE_SILENT", "echo", said["pty"], "x", *FAST, holds=["framing=raw"])
        assert silent.code == DEVICE
        time.sleep(3.2)  # the device throws away what it can't read after 3 seconds of silence
        ok("echo", where, "x")


def test_raw_framing_with_text_and_losses():
    count = [0]

    def answer(header, body, data):
        count[0] += 1
        whole = message(header.op + 1, header.group, header.command, header.sequence, {"r": body["d"]}, header.version)
        if count[0] == 1:
            return b"*** Booting ***\r\n" + whole
        if count[0] == 2:
            return whole[:11]  # the rest is lost; the second try finds its way after a pause
        return whole

    with Scripted(answer, framing="raw") as peer:
        shown = ok("echo", raw(peer), "one", "--log")
        assert "*** Booting ***" in shown.err and "one" in shown.out
        ok("echo", raw(peer), "two", "--timeout", "800", "--tries", "3")
        assert count[0] == 3


def test_text_and_noise_among_lines():
    noise = random.Random(6).randbytes(60).replace(b"\x06\x09", b"").replace(b"\x04\x14", b"").replace(b"\n", b"")

    def answer(header, body, data):
        reply = smp.lines(message(header.op + 1, header.group, header.command, header.sequence, {"r": body["d"]}, header.version), cut=20)
        first, rest = reply.split(b"\n", 1)
        return [b"[00:00:01.000] <inf> app: hello\r\n", noise + first + b"\n", b"<dbg> in the middle of a packet\n", rest]

    with Scripted(answer) as peer:
        peer.reply = lambda header, answers: [peer.say(part) for part in answers]
        shown = ok("echo", peer.line, "a text that takes several lines of a frame", "--log")
        assert "<inf> app: hello" in shown.err and "<dbg> in the middle of a packet" in shown.err, shown.err
        assert "bytes of text" in ok("echo", peer.line, "x", "-v").err


def test_damaged_lines_are_survived():
    count = [0]

    def answer(header, body, data):
        count[0] += 1
        reply = bytearray(smp.lines(message(header.op + 1, header.group, header.command, header.sequence, {"r": body["d"]}, header.version)))
        if count[0] % 2:
            reply[9] ^= 1
        return bytes(reply)

    with Scripted(answer) as peer:
        peer.reply = lambda header, data: peer.say(data)
        for _ in range(3):
            ok("echo", peer.line, "x", "--timeout", "300", "--tries", "4")


def line_that_says(said, echoes=False):
    """A device without SMP: whatever comes is answered with this."""
    peer = Scripted(lambda *_: None)
    peer.messages = lambda data: (peer.say((data if echoes else b"") + said), [])[1]
    return peer


def test_what_else_may_be_on_the_line():
    chance = random.Random(8)
    for reason, said, echoes in (
        ("HOST_DEVICE_ECHO", b"", True),
        ("HOST_DEVICE_ECHO", b"\r\nuart:~$ ", False),
        ("HOST_DEVICE_ECHO", b"AAoKAAABAAAC: command not found\r\n", False),
        ("HOST_DEVICE_ECHO", b"Traceback: SyntaxError: invalid syntax\r\n>>> ", False),
        ("HOST_DEVICE_SPEED", bytes(chance.randrange(128, 256) for _ in range(50)), False),
        ("HOST_DEVICE_TEXT_ONLY", b"I: sensor 23.4 degrees\r\n", False),
        ("HOST_DEVICE_SILENT", b"", False),
    ):
        with line_that_says(said, echoes) as peer:
            fails(DEVICE, reason, "echo", peer.line, "hello", *FAST)
            assert "hello" not in run("echo", peer.line, "hello", *FAST).out
    with Scripted(echo) as peer:  # console framing, asked in raw
        peer.messages = lambda data: (peer.say(smp.lines(message(3, 0, 0, 1, {"r": "x"}))), [])[1]
        fails(DEVICE, "HOST_DEVICE_GARBAGE", "echo", raw(peer), "x", *FAST, holds=["leave framing=raw out"])


def test_other_program_on_the_port():
    with Scripted(lambda *_: None) as peer:
        with subprocess.Popen([sys.executable, "-c", f"import time; port = open('{peer.line}'); print(1, flush=True); time.sleep(60)"],
                              stdout=subprocess.PIPE) as other:
            other.stdout.readline()
            failed = run("echo", peer.line, "x", *FAST)
            other.kill()
        assert re.search(rf"\(process {other.pid}\) has this port open too", failed.err), failed.err


def as_nobody(*args):
    """The tool without rights of its own; needs root to become somebody else."""
    shutil.copy(harness.CLI, "holdfast")
    os.chmod("holdfast", 0o755)
    for folder in (".", ".."):
        os.chmod(folder, 0o755)
    user = pwd.getpwnam("nobody")
    return subprocess.run([os.path.abspath("holdfast"), *args], capture_output=True, text=True, user=user.pw_uid, group=user.pw_gid, extra_groups=[],
                          env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}, timeout=60, check=False)


def test_port_without_permission_and_port_that_is_taken():
    if os.geteuid() != 0:
        return  # nobody to become
    with Scripted(echo) as peer:
        os.chmod(peer.line, 0o600)
        denied = as_nobody("echo", peer.line, "x")
        assert denied.returncode == FILE and f"HF-{harness.number_of('HOST_PORT_DENIED'):04d}" in denied.stderr, denied.stderr
        assert "dialout" in denied.stderr
        os.chmod(peer.line, 0o666)
        assert as_nobody("echo", peer.line, "x").returncode == 0
        fcntl.ioctl(peer.slave, termios.TIOCEXCL)
        busy = as_nobody("echo", peer.line, "x")
        fcntl.ioctl(peer.slave, termios.TIOCNXCL)
        assert busy.returncode == FILE and f"HF-{harness.number_of('HOST_PORT_BUSY'):04d}" in busy.stderr, busy.stderr


harness.main(globals())
