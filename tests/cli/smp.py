# SPDX-License-Identifier: MIT
"""SMP for tests, written apart from the C library: CBOR, messages, console lines, a client over UDP, and a scripted device."""
import base64
import os
import pty
import select
import socket
import struct
import threading
import time
import tty

READ, READ_REPLY, WRITE, WRITE_REPLY = range(4)
OS, IMAGE, STAT, SETTINGS, FS, SHELL, ENUM, BASIC = 0, 1, 2, 3, 8, 9, 10, 63


# --- CBOR ---------------------------------------------------------------------------------------------------------------------


def head(kind, value):
    if value < 24:
        return bytes([kind << 5 | value])
    for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if value < 1 << (8 * size):
            return bytes([kind << 5 | code]) + value.to_bytes(size, "big")
    raise ValueError(value)


def dump(value):
    if value is True or value is False:
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(dump, value))
    return head(5, len(value)) + b"".join(dump(key) + dump(item) for key, item in value.items())


def load_at(data, at):
    kind, low = data[at] >> 5, data[at] & 31
    at += 1
    size = {24: 1, 25: 2, 26: 4, 27: 8}.get(low, 0)
    value = int.from_bytes(data[at : at + size], "big") if size else low
    at += size
    if kind == 0:
        return value, at
    if kind == 1:
        return -1 - value, at
    if kind in (2, 3) and low != 31:
        text = data[at : at + value]
        return (text if kind == 2 else text.decode(errors="replace")), at + value
    if kind == 7:
        return {20: False, 21: True}.get(low), at
    items = []
    while (low == 31 and data[at] != 0xFF) or (low != 31 and len(items) < value * (2 if kind == 5 else 1)):
        item, at = load_at(data, at)
        items.append(item)
    at += low == 31
    if kind in (2, 3):
        return b"".join(items) if kind == 2 else "".join(items), at
    return (items if kind == 4 else dict(zip(items[::2], items[1::2]))), at


def load(data):
    return load_at(data, 0)[0] if data else {}


# --- messages -----------------------------------------------------------------------------------------------------------------


def message(op, group, command, sequence, body, version=1):
    data = body if isinstance(body, bytes) else dump(body)
    return struct.pack(">BBHHBB", op | version << 3, 0, len(data), group, sequence, command) + data


class Header:
    def __init__(self, data):
        first, self.flags, self.length, self.group, self.sequence, self.command = struct.unpack_from(">BBHHBB", data)
        self.op, self.version = first & 7, first >> 3 & 3
        self.key = (self.op, self.group, self.command)


def crc16(data):
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def lines(data, cut=124):
    """One packet as console lines."""
    text = base64.b64encode(struct.pack(">H", len(data) + 2) + data + struct.pack(">H", crc16(data)))
    return b"".join((b"\x04\x14" if at else b"\x06\x09") + text[at : at + cut] + b"\n" for at in range(0, len(text), cut))


class Unframe:
    """Lines in, messages out; what is no frame is kept in text."""

    def __init__(self):
        self.buffer, self.packet, self.text = b"", None, b""

    def feed(self, data):
        self.buffer += data
        found = []
        while b"\n" in self.buffer:
            line, self.buffer = self.buffer.split(b"\n", 1)
            start, more = line.rfind(b"\x06\x09"), line.rfind(b"\x04\x14")
            if start < 0 and more < 0:
                self.text += line + b"\n"
                continue
            if start >= 0:
                self.packet, at = b"", start + 2
            elif self.packet is None:
                continue
            else:
                at = more + 2
            self.packet += base64.b64decode(line[at:])
            size = struct.unpack(">H", self.packet[:2])[0]
            if len(self.packet) - 2 >= size:
                body = self.packet[2 : size + 2]
                assert crc16(body) == 0, body
                found.append(body[:-2])
                self.packet = None
        return found


class UdpClient:
    """One request at a time, each its own address; repeats what is not answered."""

    def __init__(self, port, host="127.0.0.1"):
        self.socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect((host, port))
        self.sequence = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, op, group, command, body, version=1):
        self.sequence = (self.sequence + 1) & 0xFF
        data = message(op, group, command, self.sequence, body, version)
        self.socket.send(data)
        return data

    def receive(self, wait=5.0):
        ready, _, _ = select.select([self.socket], [], [], wait)
        return self.socket.recv(65536) if ready else None

    def ask(self, op, group, command, body, version=1):
        data = self.send(op, group, command, body, version)
        for _ in range(10):
            reply = self.receive(1.0)
            if reply is None:
                self.socket.send(data)
            elif Header(reply).sequence == self.sequence:
                return load(reply[8:])
        raise AssertionError("no reply")


class Scripted(threading.Thread):
    """A device on a pseudo-terminal that a function plays: answer(header, body, raw) gives the bodies, messages or bytes to send.

    It returns a dict (the reply's body), bytes (a whole message), a list of both, or None (silence). Text given to say() goes out as
    it is, between frames."""

    def __init__(self, answer, framing="lines", cut=124):
        super().__init__(daemon=True)
        self.answer, self.framing, self.cut, self.seen, self.failure = answer, framing, cut, [], None
        self.open()
        self.ended = False

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *_):
        self.ended = True
        self.join()
        os.close(self.master)
        os.close(self.slave)
        if kind is None and self.failure is not None:
            raise self.failure

    def replug(self, link=None, away=0.3):
        """The port goes and another comes, as USB does over a reset; link: a symbolic link that then names it."""
        os.close(self.master)
        os.close(self.slave)
        if link:
            os.unlink(link)
        time.sleep(away)
        self.open()
        if link:
            os.symlink(self.line, link)

    def open(self):
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        self.line = os.ttyname(self.slave)
        self.unframe, self.buffer = Unframe(), b""

    def say(self, data):
        while data:
            data = data[os.write(self.master, data) :]

    def reply(self, header, answer):
        for one in answer if isinstance(answer, list) else [answer]:
            if isinstance(one, dict):
                one = message(header.op + 1, header.group, header.command, header.sequence, one, header.version)
            if one is not None:
                self.say(lines(one, self.cut) if self.framing == "lines" else one)

    def messages(self, data):
        if self.framing == "lines":
            return self.unframe.feed(data)
        self.buffer += data
        found = []
        while len(self.buffer) >= 8 and len(self.buffer) >= 8 + Header(self.buffer).length:
            size = 8 + Header(self.buffer).length
            found.append(self.buffer[:size])
            self.buffer = self.buffer[size:]
        return found

    def run(self):
        try:
            while not self.ended:
                ready, _, _ = select.select([self.master], [], [], 0.02)
                for raw in self.messages(os.read(self.master, 65536)) if ready else []:
                    header = Header(raw)
                    self.seen.append((header.key, load(raw[8:])))
                    self.reply(header, self.answer(header, load(raw[8:]), raw))
        except Exception as failure:  # told by the thread that waits
            self.failure = failure


def until(check, limit=20.0):
    end = time.monotonic() + limit
    while not check():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
