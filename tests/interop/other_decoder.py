#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every message between the host tool and `holdfast serve` is read by a decoder that is not ours: the packages smp and cbor2, which know each
command's keys and types and refuse any other. Taken off a UDP path and off a serial line, where the framing is theirs to read too.

Wireshark's sources have no dissector for the protocol."""
import io
import os
import pty
import random
import select
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import tty

from checks import check, count
from virtual_board import CLI, evidence, need, run, write

need("smp", "cbor2")
import cbor2  # noqa: E402
from pydantic import ValidationError  # noqa: E402
from smp import (enumeration_management, file_management, header, image_management, os_management, packet, settings_management,  # noqa: E402
                 shell_management, statistics_management, zephyr_management)
from smp import error as smperror  # noqa: E402

MODULES = (os_management, image_management, file_management, settings_management, statistics_management, shell_management, enumeration_management,
           zephyr_management)
OWN_GROUP = 0x4846  # Holdfast's own: its keys are nobody else's to know, the rest of the message is
SLOT_INFO = frozenset({(0, 1, 6), (1, 1, 6)})  # smp 4.2 does not have it


def kinds():
    """{(op, group, id): classes}"""
    found = {}
    for module in MODULES:
        for name in dir(module):
            kind = getattr(module, name)
            if name.endswith(("Request", "Response")) and hasattr(kind, "_COMMAND_ID"):
                found.setdefault((int(kind._OP), int(kind._GROUP_ID), int(kind._COMMAND_ID)), []).append(kind)
    return found


KINDS = kinds()


def body_of(message):
    """One CBOR map, and nothing behind it."""
    stream = io.BytesIO(message[8:])
    body = cbor2.CBORDecoder(stream).decode() if len(message) > 8 else {}
    check(isinstance(body, dict) and not stream.read(), f"{message.hex()}: bytes behind the map")
    return body


def decode(message):
    if (message[0] & 7, *struct.unpack(">HxB", message[4:8])) in SLOT_INFO:
        body_of(message)
        return SLOT_INFO
    head = header.Header.loads(message[:8])
    check(head.length == len(message) - 8 and head.flags == 0 and message[0] >> 5 == 0, f"{message.hex()}: header")
    body = body_of(message)
    key = (int(head.op), int(head.group_id), int(head.command_id))
    if key[1] == OWN_GROUP:
        return key
    if key == (1, 0, 8) and "mode" in body:
        os_management.MCUbootModeQueryResponse(**body)
        return key
    if set(body) <= {"rc", "rsn"} and "rc" in body or set(body) == {"err"}:
        v1 = "rc" in body
        check(isinstance(body["rc"], int) if v1 else set(body["err"]) == {"group", "rc"}, f"{body}: shape of an error")
        smperror.MGMT_ERR(body["rc"]) if v1 else header.GroupId(body["err"]["group"])
        return key
    problems = []
    # smp says of the reply to a state write that it is one to a read; the keys are the same.
    for kind in KINDS.get(key, KINDS.get((1, *key[1:]), [])):
        try:
            kind.loads(message)
            check(True, "read")
            return key
        except ValidationError as problem:
            problems.append(f"{kind.__name__}: {problem}")
    raise SystemExit(f"FAILED: {key}, {body}: read as none of its kinds\n" + "\n".join(problems))


class Datagrams:
    """Between tool and device: passes on, and keeps."""

    def __init__(self, port):
        self.messages = []
        self.near, self.far = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        self.near.bind(("127.0.0.1", 0))
        self.far.connect(("127.0.0.1", port))
        self.device = f"udp:127.0.0.1:{self.near.getsockname()[1]}"
        threading.Thread(target=self.carry, daemon=True).start()

    def carry(self):
        client = None
        while True:
            for ready in select.select([self.near, self.far], [], [])[0]:
                if ready is self.near:
                    data, client = self.near.recvfrom(4096)
                    self.far.send(data)
                else:
                    data = self.far.recv(4096)
                    self.near.sendto(data, client)
                self.messages.append(data)


class Line:
    """The same on a serial line; two streams of bytes."""

    def __init__(self, port):
        self.far = os.open(port, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.far)
        self.near, slave = pty.openpty()
        tty.setraw(slave)
        self.device = f"serial:{os.ttyname(slave)}"
        self.streams = {self.near: bytearray(), self.far: bytearray()}
        threading.Thread(target=self.carry, daemon=True).start()

    def carry(self):
        while True:
            for ready in select.select([self.near, self.far], [], [])[0]:
                data = os.read(ready, 4096)
                self.streams[ready] += data
                os.write(self.far if ready == self.near else self.near, data)

    def messages(self):
        for stream in self.streams.values():
            decoder = None
            for line in bytes(stream).split(b"\n"):
                if not line:
                    continue
                check(len(line) <= 126 and line[:2] in (b"\x06\x09", b"\x04\x14"), f"a line of {len(line)} bytes: {line[:8]}")
                if decoder is None:
                    decoder = packet.decode()
                    next(decoder)
                try:
                    decoder.send(line + b"\n")
                except StopIteration as end:
                    yield end.value
                    decoder = None
            check(decoder is None, "the last packet is whole")


def conversation(device, images):
    """Everything that the tool asks; refusals are in it."""
    def tool(*words, code=0):
        done = subprocess.run([CLI, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        check(done.returncode == code, f"holdfast {' '.join(words)}: {done.returncode}\n{done.stdout}")
    tool("echo", device, "Hällo, 世界")
    tool("info", device)
    for words in (("groups",), ("tasks",), ("memory",), ("datetime",), ("stat", "list"), ("stat", "show", "smp"), ("fs", "upload", images[0], "/lfs/a"),
                  ("fs", "status", "/lfs/a"), ("fs", "hash", "/lfs/a"), ("fs", "hashes",), ("fs", "download", "/lfs/a", os.devnull), ("fs", "close"),
                  ("settings", "read", "demo/name"), ("settings", "write", "a/b", "0102"), ("settings", "save"), ("settings", "load"), ("settings", "delete", "a/b"),
                  ("settings", "commit"), ("shell", "echo", "hi"), ("storage", "erase")):
        split = 2 if words[0] in ("stat", "fs", "settings", "storage") else 1
        tool(*words[:split], device, *words[split:])
    tool("image", "list", device)
    tool("image", "upload", device, images[1])
    tool("image", "test", device, images[1])
    tool("image", "upload", device, images[2], code=4)  # over a request
    tool("reset", device)
    tool("image", "list", device, "--tries", "10", "--timeout", "300")
    tool("image", "confirm", device)
    tool("image", "erase", device)
    tool("update", device, images[2])


def main():
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        pem = os.path.join(folder, "key.pem")
        run(CLI, "key", "new", pem)
        images = []
        for version in ("1.0.0", "1.1.0", "1.2.0"):
            app = write(os.path.join(folder, "payload"), random.Random(version).randbytes(9000))
            images.append(os.path.join(folder, f"{version}.bin"))
            run(CLI, "sign", app, images[-1], "-v", version, "-H", "0x200", "-S", "0x80000", "--pad-header", "-k", pem)
        probe.close()
        seen = {}
        for wire in ("udp", "serial"):
            words = ["--udp", f"127.0.0.1:{port}"] if wire == "udp" else ["--pty"]
            with subprocess.Popen([CLI, "serve", images[0], "-k", pem, "--boot-ms", "50", *words], stdout=subprocess.PIPE, text=True) as server:
                try:
                    said = ""
                    while "boot 1" not in said:
                        said += server.stdout.readline()
                    tap = Datagrams(port) if wire == "udp" else Line(next(word for word in said.split() if word.startswith("/dev/")))
                    conversation(tap.device, images)
                finally:
                    server.terminate()
            for message in tap.messages if wire == "udp" else tap.messages():
                key = decode(message)
                seen[key] = seen.get(key, 0) + 1
            print(f"{wire}: {sum(seen.values())} messages of {len(seen)} kinds", flush=True)
    check(len(seen) >= 16, f"more kinds were expected: {seen}")
    evidence("other_decoder.py", "each message of the host tool and of serve is read by smp and cbor2, on UDP and out of console frames", count())


main()
