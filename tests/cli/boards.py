# SPDX-License-Identifier: MIT
"""Scripted devices with image slots, as other servers behave: an old version 1 server, the serial recovery of MCUboot, direct-XIP, two images.

Source: zephyrproject-rtos/mcumgr: cmd/img_mgmt (version 1); mcu-tools/mcuboot: boot/boot_serial/src/boot_serial.c, docs/serial_recovery.md;
zephyrproject-rtos/zephyr: subsys/mgmt/mcumgr/grp/img_mgmt."""
import struct
import time

from smp import IMAGE, OS, READ, WRITE, message


def facts(data):
    """Version and hash of a whole image; None if it is not one."""
    if len(data) < 32 or data[:4] != b"\x3d\xb8\xf3\x96":
        return None
    header, protected, size = struct.unpack_from("<HHI", data, 8)
    major, minor, revision, build = struct.unpack_from("<BBHI", data, 20)
    at = header + size + protected
    if len(data) < at + 4 or data[at : at + 2] != b"\x07\x69":
        return None
    end = at + struct.unpack_from("<H", data, at + 2)[0]
    at += 4
    while at < end <= len(data):
        kind, length = struct.unpack_from("<HH", data, at)
        if kind == 0x10:
            return f"{major}.{minor}.{revision}" + (f".{build}" if build else ""), data[at + 4 : at + 4 + length]
        at += 4 + length
    return None


class Board:
    """What all of them share: slots, an upload, a table of answers. Give answer() to smp.Scripted. What BUFFER does not hold is dropped."""

    BUFFER = 1020

    def __init__(self, slots):
        self.slots = {number: bytes(data) for number, data in slots.items()}
        self.pending, self.permanent, self.trial = set(), set(), set()
        self.upload, self.resets, self.log = None, 0, []
        self.off_until = 0.0  # silent while it boots

    def answer(self, header, body, raw):
        if time.monotonic() < self.off_until or len(raw) > self.BUFFER:
            return None
        self.log.append((header.op, header.group, header.command, body, len(raw)))
        return self.reply(header, body)

    def count(self, op, group, command):
        return sum(entry[:3] == (op, group, command) for entry in self.log)

    def images(self):
        return {number: found for number, data in sorted(self.slots.items()) if (found := facts(data))}

    def take(self, slot, body, align=1):
        """Upload as servers count it; returns the next offset wanted."""
        if body["off"] == 0:
            self.upload = [slot, body["len"], b"", body.get("image")]
        if self.upload is None or body["off"] != len(self.upload[2]):
            return len(self.upload[2]) if self.upload else 0
        data = self.upload[2] + body["data"]
        if len(data) < self.upload[1]:
            data = data[: len(data) // align * align]
        self.upload[2] = data
        if len(data) == self.upload[1]:
            self.slots[self.upload[0]] = data
            self.upload = None
        return len(data)


class OldServer(Board):
    """Version 1 through and through: knows echo, reset and images; answers rc 8 to the rest; every success bears rc 0."""

    BUFFER = 124  # one console line

    def reply(self, header, body):
        header.version = 0
        key = header.key
        if key == (WRITE, OS, 0):
            return {"rc": 0, "r": body["d"]}
        if key == (WRITE, OS, 5):
            self.reset()
            return {"rc": 0}
        if key == (READ, IMAGE, 0):
            return self.listed()
        if key == (WRITE, IMAGE, 1):
            return {"rc": 0, "off": self.take(1, body)}
        if key == (WRITE, IMAGE, 0):
            return self.set_state(body)
        return {"rc": 8}

    def listed(self):
        return {"rc": 0, "splitStatus": 0, "images": [
            {"slot": slot, "version": version, "hash": digest, "bootable": True, "pending": slot in self.pending,
             "confirmed": slot == 0 and 0 not in self.trial, "active": slot == 0, "permanent": slot in self.permanent}
            for slot, (version, digest) in self.images().items()]}

    def set_state(self, body):
        if not body.get("hash"):
            self.trial.discard(0)
            return self.listed()
        for slot, (_, digest) in self.images().items():
            if digest == body["hash"] and slot == 1:
                self.pending.add(1)
                if body.get("confirm"):
                    self.permanent.add(1)
                return self.listed()
        return {"rc": 5}

    def reset(self):
        self.resets += 1
        self.off_until = time.monotonic() + 0.3
        if 1 in self.pending or 0 in self.trial:
            self.slots[0], self.slots[1] = self.slots[1], self.slots[0]
            self.trial = {0} if 1 in self.pending and 1 not in self.permanent else set()
        self.pending, self.permanent = set(), set()


class Recovery(Board):
    """MCUboot's serial recovery: uploads go straight to the first slot; errors are rc; version bits are echoed; a list checks signatures."""

    def __init__(self, slots, hashes=True, states=False, params=False, trusts=lambda data: True, application=None):
        super().__init__(slots)
        self.hashes, self.states, self.params, self.trusts, self.application = hashes, states, params, trusts, application
        self.running = None  # an application that answers once it has been started

    def reply(self, header, body):
        if self.running is not None:
            return self.running.reply(header, body)
        key = header.key
        if key == (WRITE, OS, 1):
            return {"rc": 0}
        if key == (WRITE, OS, 5):
            self.reset()
            return {"rc": 0}
        if key == (READ, OS, 6) and self.params:
            return {"buf_size": 1024, "buf_count": 1}
        if key == (READ, IMAGE, 0):
            return self.listed()
        if key == (WRITE, IMAGE, 1):
            if "off" not in body or "data" not in body or (body["off"] == 0 and "len" not in body):
                return {"rc": 3}
            return {"rc": 0, "off": self.take(0, body, align=8)}
        return {"rc": 8}

    def listed(self):
        entries = []
        for slot, (version, digest) in self.images().items():
            if not self.trusts(self.slots[slot]):
                continue
            flags = {"bootable": True, "confirmed": slot == 0, "active": slot == 0, "pending": False, "permanent": False} if self.states else {}
            entries.append({**flags, "slot": slot, **({"hash": digest} if self.hashes else {}), "version": version})
        return {"images": entries}

    def reset(self):
        self.resets += 1
        self.off_until = time.monotonic() + (0.3 if self.application else 3600)
        if self.application and 0 in self.images():
            self.running = self.application({0: self.slots[0]})


class Xip(Board):
    """Direct-XIP, version 2: the image with the higher version runs where it lies. revert: it must be confirmed."""

    def __init__(self, slots, revert=False):
        super().__init__(slots)
        self.revert, self.active, self.confirmed = revert, 0, {0}

    def reply(self, header, body):
        key = header.key
        if key == (READ, OS, 8):
            return {"mode": 5 if self.revert else 4} if body.get("query") == "mode" else {"bootloader": "MCUboot"}
        if key == (READ, OS, 6):
            return {"buf_size": 512, "buf_count": 3}
        if key == (WRITE, OS, 5):
            self.reset()
            return {}
        if key == (READ, IMAGE, 0):
            return self.listed()
        if key == (WRITE, IMAGE, 1):
            return {"off": self.take(1 - self.active, body)}
        if key == (WRITE, IMAGE, 0) and self.revert:
            if body.get("confirm"):
                self.confirmed.add(self.active)
            else:
                self.pending.add(1 - self.active)
            return self.listed()
        return {"rc": 8}

    def listed(self):
        return {"images": [{"slot": slot, "version": version, "hash": digest, "bootable": True, "active": slot == self.active,
                            "confirmed": slot in self.confirmed, "pending": slot in self.pending} for slot, (version, digest) in self.images().items()]}

    def reset(self):
        self.resets += 1
        self.off_until = time.monotonic() + 0.3
        images = self.images()
        newest = max(images, key=lambda slot: [int(part) for part in images[slot][0].split(".")])
        if newest != self.active and (not self.revert or newest in self.pending):
            self.confirmed.discard(newest)
            self.active = newest
        elif self.revert and self.active not in self.confirmed:
            del self.slots[self.active]
            self.active = 1 - self.active
        self.pending = set()


class TwoImages(Board):
    """Two pairs of slots (0 and 1, 2 and 3), version 2, swap. flat: uploads name a slot, counted from 1, and not an image."""

    def __init__(self, slots, flat=False):
        super().__init__(slots)
        self.flat, self.numbers = flat, []

    def reply(self, header, body):
        key = header.key
        if key == (READ, OS, 8):
            return {"mode": 3} if body.get("query") == "mode" else {"bootloader": "MCUboot"}
        if key == (READ, OS, 6):
            return {"buf_size": 1024, "buf_count": 4}
        if key == (WRITE, OS, 5):
            self.reset()
            return {}
        if key == (READ, IMAGE, 0):
            return self.listed()
        if key == (READ, IMAGE, 6):
            return {"images": [{"image": image, "slots": [{"slot": slot, "size": 65536, "upload_image_id": 1 + 2 * image + slot if self.flat else image}
                                                          for slot in (0, 1)]} for image in (0, 1)]}
        if key == (WRITE, IMAGE, 1):
            if body["off"] == 0:
                self.numbers.append(body.get("image", 0))
            number = self.numbers[-1]
            target = (number - 1 if number else 1) if self.flat else 2 * number + 1
            return {"off": self.take(target, body)} if target in (1, 3) else {"err": {"group": 1, "rc": 14}}
        if key == (WRITE, IMAGE, 0):
            return self.set_state(body)
        return {"rc": 8}

    def listed(self):
        return {"images": [{"image": slot // 2, "slot": slot % 2, "version": version, "hash": digest, "bootable": True, "active": slot == 0,
                            "confirmed": slot % 2 == 0 and slot not in self.trial, "pending": slot in self.pending}
                           for slot, (version, digest) in self.images().items()]}

    def set_state(self, body):
        wanted = body.get("hash") or self.images()[0][1]
        for slot, (_, digest) in self.images().items():
            if digest == wanted and slot % 2 == 0 and body.get("confirm"):
                self.trial.discard(slot)
                return self.listed()
            if digest == wanted and slot % 2 == 1:
                self.pending.add(slot)
                return self.listed()
        return {"err": {"group": 1, "rc": 8}}

    def reset(self):
        self.resets += 1
        self.off_until = time.monotonic() + 0.3
        turn = self.pending or {slot + 1 for slot in self.trial}
        for slot in turn:
            self.slots[slot - 1], self.slots[slot] = self.slots.get(slot, b""), self.slots.get(slot - 1, b"")
        self.trial = {slot - 1 for slot in self.pending}
        self.pending = set()


# Replies as they stand in the protocol's references, but for the sequence number (the byte at 6).
VECTORS = {
    "echo": bytes.fromhex("0b00000a00000000bf61726568656c6c6fff"),
    "v2 error image 27": bytes.fromhex("0b00001200010501a163657272a26567726f757001627263181b"),
    "v1 error 6": bytes.fromhex("0300000500010501a162726306"),
}


def vector(name, sequence):
    data = bytearray(VECTORS[name])
    data[6] = sequence
    return bytes(data)


def error(header, rc, **more):
    return message(header.op + 1, header.group, header.command, header.sequence, {"rc": rc, **more}, header.version)
