# SPDX-License-Identifier: MIT
"""smp_raw.py - SMP over a console line by hand, for what no proper client sends. Standard library only."""
import base64
import binascii
import os
import select
import struct
import time
import tty


def cbor(value):
    """Definite lengths; dict, list, str, bytes, bool, int."""
    def head(major, number):
        for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
            if number < 24:
                return bytes([major << 5 | number])
            if number < 1 << 8 * size:
                return bytes([major << 5 | code]) + number.to_bytes(size, "big")
        raise ValueError(number)
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(cbor(v) for v in value)
    return head(5, len(value)) + b"".join(cbor(k) + cbor(v) for k, v in value.items())


def decode(data, at=0):
    """(value, end) of one item; indefinite maps and lists too."""
    major, info, at = data[at] >> 5, data[at] & 31, at + 1
    if major == 7:
        return {20: False, 21: True}.get(info), at
    number = info
    if 24 <= info <= 27:
        size = 1 << info - 24
        number, at = int.from_bytes(data[at:at + size], "big"), at + size
    if major < 2:
        return (number if major == 0 else -1 - number), at
    if major < 4:
        piece = data[at:at + number]
        return (piece if major == 2 else piece.decode()), at + number
    items = []
    while (data[at] != 0xff) if info == 31 else len(items) < number * (major - 3):
        item, at = decode(data, at)
        items.append(item)
    at += info == 31
    return (dict(zip(items[::2], items[1::2])) if major == 5 else items), at


def message(op, group, command, body=b"\xa0", sequence=0, version=1, length=None):
    return struct.pack(">BBHHBB", version << 3 | op, 0, len(body) if length is None else length, group, sequence, command) + body


def lines(data):
    """The packet's console lines."""
    packet = struct.pack(">H", len(data) + 2) + data + struct.pack(">H", binascii.crc_hqx(data, 0))
    out = b""
    for at in range(0, len(packet), 93):
        out += (b"\x06\x09" if at == 0 else b"\x04\x14") + base64.b64encode(packet[at:at + 93]) + b"\n"
    return out


class Line:
    """A serial port, and the messages that come over it."""

    def __init__(self, port):
        self.file = os.open(port, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.file)
        self.rest, self.sequence = b"", 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.file)

    def write(self, data):
        while data:
            data = data[os.write(self.file, data):]

    def read(self, seconds):
        """The next message; None: none came."""
        end, packet = time.monotonic() + seconds, b""
        while time.monotonic() < end:
            if b"\n" not in self.rest:
                if select.select([self.file], [], [], 0.05)[0]:
                    self.rest += os.read(self.file, 4096)
                continue
            line, self.rest = self.rest.split(b"\n", 1)
            for mark in (b"\x06\x09", b"\x04\x14"):
                if mark in line:
                    packet = (b"" if mark == b"\x06\x09" else packet) + base64.b64decode(line[line.index(mark) + 2:])
            if len(packet) >= 4 and len(packet) == struct.unpack(">H", packet[:2])[0] + 2:
                return packet[2:-2]
        return None

    def ask(self, op, group, command, body=None, seconds=10.0):
        """The decoded reply of a proper request; None: none came."""
        self.sequence = self.sequence + 1 & 255
        self.write(lines(message(op, group, command, cbor(body or {}), self.sequence)))
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            reply = self.read(end - time.monotonic())
            if reply is not None and reply[6] == self.sequence and reply[7] == command:
                return decode(reply[8:])[0]
        return None
