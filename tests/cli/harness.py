# SPDX-License-Identifier: MIT
"""What the tests of the host tool share: running it, judging how it ended, a device to talk to.

A test file defines functions named test_*, and ends with harness.main(globals()). Each function gets a fresh folder as its
current one, and its own keyring.
"""
import contextlib
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback

sys.dont_write_bytecode = True
import schemas

CLI = os.environ.get("HOLDFAST_CLI", "holdfast")
FAKE = os.environ.get("HOLDFAST_FAKE_DEVICE", "")
OK, REFUSED, USAGE, FILE, DEVICE, INTERRUPTED = 0, 1, 2, 3, 4, 130


class Done:
    """One finished run."""

    def __init__(self, args, process):
        self.args, self.code = args, process.returncode
        self.out, self.err = process.stdout, process.stderr

    def text(self):
        return f"holdfast {' '.join(map(str, self.args))}\nexit {self.code}\n{self.out}{self.err}"

    def json(self):
        return json.loads(self.out)


COMMANDS = []  # filled at the first need


def command_of(args):
    """The command that these words begin with; None: there is no such command."""
    if not COMMANDS:
        text = subprocess.run([CLI, "--help"], capture_output=True, text=True, check=True).stdout
        COMMANDS.extend(re.findall(r"^  ([a-z]+(?: [a-z]+)?) {2,}\S", text.split("Exit codes")[0], re.M))
    for count in (2, 1):
        name = " ".join(map(str, args[:count]))
        if name in COMMANDS:
            return name
    return None


def check_json(args, text):
    """What was printed for --json is as docs/schema says."""
    words = [str(word) for word in args]
    words = words[:words.index("--")] if "--" in words else words
    if "--json" in words and text.startswith("{"):
        schemas.check(command_of(args) or "common", json.loads(text))


def run(*args, env=None, stdin=subprocess.DEVNULL, timeout=120, binary=False):
    """Runs the tool and hands back how it ended. JSON that it printed is checked against its schema."""
    process = subprocess.run([CLI, *map(str, args)], stdin=stdin, capture_output=True, text=not binary, timeout=timeout,
                             env={**os.environ, **(env or {})}, check=False)
    done = Done(args, process)
    if not binary:
        check_json(args, done.out)
    return done


def ok(*args, **more):
    done = run(*args, **more)
    assert done.code == OK, done.text()
    return done


NUMBERS = {}  # of reasons, by name; filled at the first need


def number_of(name):
    if not NUMBERS:
        NUMBERS.update({row["name"]: row["number"] for row in ok("reason", "--all", "--json").json()["reasons"]})
    return NUMBERS[name]


def fails(code, reason, *args, holds=(), **more):
    """The run ends with this exit code and this reason; the message holds each of the texts."""
    done = run(*args, **more)
    assert done.code == code, f"expected exit {code}\n{done.text()}"
    assert f"(HF-{number_of(reason):04d})" in done.err, f"expected {reason}\n{done.text()}"
    assert done.err.startswith("holdfast: "), done.text()
    for text in holds:
        assert text in done.err, f"expected '{text}'\n{done.text()}"
    return done


def on_terminal(*args):
    """Runs the tool with a terminal as its standard error; returns exit code and what it drew there."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([CLI, *args], stderr=theirs, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    os.close(theirs)
    drawn = b""
    while True:
        ready, _, _ = select.select([ours], [], [], 60)
        try:
            data = os.read(ours, 65536) if ready else b""
        except OSError:
            data = b""
        if not data:
            break
        drawn += data
    os.close(ours)
    return process.wait(timeout=60), drawn.decode(errors="replace")


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)
    return path


def read(path):
    with open(path, "rb") as file:
        return file.read()


def payload(size=3000, addr=0):
    """Bytes that look like an application linked for addr: stack, start, then something that is not all the same."""
    body = bytes((i * 7 + (i >> 8)) & 0xFF for i in range(size - 8))
    return struct.pack("<II", 0x20001000, addr + 0x201) + body


def signed(name, version, key, size=3000, *more):
    """Signs a made-up application with a header of 0x200 and no board; returns its path."""
    write(f"{name}.raw", payload(size))
    ok("sign", f"{name}.raw", f"{name}.bin", "-v", version, "-H", "0x200", "-S", "0x20000", "--pad-header", "-k", key, *more)
    return f"{name}.bin"


def leftovers():
    """Files that a run must not leave behind."""
    return [name for name in os.listdir(".") if name.startswith(".")]


class Device:
    """A fake device (fake_device.c) on a pseudo-terminal."""

    def __init__(self, key, app, fault="none", number=0):
        self.process = subprocess.Popen([FAKE, key, app, fault, str(number)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.line = self.process.stdout.readline().strip()
        assert self.line.startswith("/dev/"), f"the fake device did not start: {self.line}"

    def __enter__(self):
        return self.line

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=20)
        self.process.stdout.close()


def free_port(family=socket.AF_INET, host="127.0.0.1"):
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def serve(*args):
    """`holdfast serve` with what it said of itself."""
    process = subprocess.Popen([CLI, "serve", *args, "--boot-ms", "50", "--json"], stdout=subprocess.PIPE, text=True)
    text = ""
    while not text.endswith("\n}\n"):
        line = process.stdout.readline()
        assert line, f"serve ended: {text}"
        text += line
    try:
        said = json.loads(text)
        check_json(["serve", *args, "--json"], text)
        assert said["ok"], said
        yield said
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)
        process.stdout.close()


def main(names):
    failed, count = [], 0
    wanted = sys.argv[1:]
    for name, function in sorted(names.items()):
        if not name.startswith("test_") or (wanted and name not in wanted):
            continue
        count += 1
        home = os.getcwd()
        with tempfile.TemporaryDirectory(prefix="holdfast-cli-") as folder:
            os.environ["XDG_DATA_HOME"] = os.path.join(folder, "data")
            os.environ["XDG_CONFIG_HOME"] = os.path.join(folder, "config")
            os.mkdir(os.path.join(folder, "work"))
            os.chdir(os.path.join(folder, "work"))
            start = time.monotonic()
            try:
                function()
                print(f"ok   {name} ({time.monotonic() - start:.2f} s)")
            except Exception:  # the report is the point, whatever went wrong
                failed.append(name)
                print(f"FAIL {name}\n{traceback.format_exc()}")
            os.chdir(home)
    print(f"{count - len(failed)} of {count} passed")
    sys.exit(1 if failed or count == 0 else 0)
