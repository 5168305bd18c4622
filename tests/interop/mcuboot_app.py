# SPDX-License-Identifier: MIT
"""mcuboot_app.py - what an application built for MCUboot sees in the slots and writes there, over a flash of plain bytes.

Written from MCUboot's and Zephyr's behaviour, not from Holdfast's code, so that the two can disagree.
Source: mcu-tools/mcuboot: boot/bootutil/src/bootutil_public.c (boot_set_next, boot_swap_type_multi, field offsets);
zephyrproject-rtos/zephyr: subsys/dfu/boot/mcuboot.c (boot_request_upgrade, boot_is_img_confirmed), img_mgmt's image list.
"""
import struct

MAGIC = {8: bytes.fromhex("77c295f360d2ef7f3552500f2cb67980"), 16: bytes.fromhex("10002de15d29410b8d77679c110f1f8a")}
GOOD, BAD, UNSET, SET = "good", "bad", "unset", "set"
NONE, TEST, PERM, REVERT = "none", "test", "perm", "revert"
TYPES = {NONE: 1, TEST: 2, PERM: 3, REVERT: 4}
HEADER_MAGIC = 0x96F3B83D


def fields(align, magic=False, image_ok=False, copy_done=False, swap_info=None):
    """The last 4A + 16 bytes of a slot, byte for byte. swap_info: one of TYPES."""
    def flag(value):
        return (b"\xff" if value is None else bytes([value])) + b"\xff" * (align - 1)
    return (b"\xff" * align + flag(TYPES[swap_info] if swap_info else None) + flag(1 if copy_done else None) + flag(1 if image_ok else None)
            + (MAGIC[align] if magic else b"\xff" * 16))


class Trailer:
    """A slot's trailer as the library of an application with this alignment reads and writes it. slot: bytes of the whole slot."""

    def __init__(self, slot, align):
        self.align = align
        self.size = len(slot)
        self.offs = {"image_ok": self.size - 16 - align, "copy_done": self.size - 16 - 2 * align, "swap_info": self.size - 16 - 3 * align}
        found = slot[-16:]
        self.magic = GOOD if found == MAGIC[align] else UNSET if found == b"\xff" * 16 else BAD
        self.image_ok, self.copy_done = (SET if byte == 1 else UNSET if byte == 0xFF else BAD
                                         for byte in (slot[self.offs["image_ok"]], slot[self.offs["copy_done"]]))

    def is_confirmed(self):
        return self.magic == UNSET or self.image_ok == SET

    def unit(self, name, value):
        return self.offs[name], bytes([value]) + b"\xff" * (self.align - 1)

    def request_upgrade(self, permanent):
        """(offset, bytes) of each write to the secondary, in order; None: it is refused."""
        if self.magic != UNSET:
            return [] if self.magic == GOOD else None
        return ([(self.size - 16, MAGIC[self.align])] + ([self.unit("image_ok", 1)] if permanent else [])
                + [self.unit("swap_info", TYPES[PERM if permanent else TEST])])

    def confirm(self):
        """The same for the primary."""
        if self.magic == BAD:
            return None
        return [self.unit("image_ok", 1)] if self.magic == GOOD and self.image_ok == UNSET else []


def swap_type(primary, secondary, is_offset_build):
    if is_offset_build and (secondary.magic, secondary.image_ok, secondary.copy_done) == (GOOD, UNSET, SET):
        return REVERT
    if secondary.magic == GOOD and secondary.image_ok in (UNSET, SET):
        return TEST if secondary.image_ok == UNSET else PERM
    return REVERT if (primary.magic, primary.image_ok, primary.copy_done) == (GOOD, UNSET, SET) else NONE


class App:
    """The application on a bench. is_offset_build: built for MCUboot's swap using offset, so it keeps updates one sector in."""

    def __init__(self, bench, align, is_offset_build=False):
        self.bench, self.align, self.is_offset_build = bench, align, is_offset_build

    def trailer(self, index):
        return Trailer(self.bench.slot(index), self.align)

    def swap_type(self):
        return swap_type(self.trailer(0), self.trailer(1), self.is_offset_build)

    def is_confirmed(self):
        return self.trailer(0).is_confirmed()

    def write(self, index, writes):
        """Flash words only lose bits; a line of RRAM is replaced."""
        assert writes is not None, "the application's library refuses"
        for off, data in writes:
            at = self.bench.addr[index] + off
            if self.bench.facts["write_unit_bytes"] == 4:
                assert all(old & new == new for old, new in zip(self.bench.flash[at : at + len(data)], data)), "this needs an erase first"
            self.bench.flash[at : at + len(data)] = data

    def upload(self, image):
        self.bench.fill(1, image, self.bench.facts["sector_bytes"] if self.is_offset_build else 0)

    def request_upgrade(self, permanent=False):
        self.write(1, self.trailer(1).request_upgrade(permanent))

    def confirm(self):
        self.write(0, self.trailer(0).confirm())

    def image_list(self):
        """{slot: (version, hash)} as img_mgmt finds it: header, then the hash by walking the TLVs."""
        found = {}
        for index in (0, 1):
            one_in = index == 1 and self.is_offset_build and self.swap_type() != REVERT
            image = self.bench.slot(index)[self.bench.facts["sector_bytes"] if one_in else 0 :]
            listed = list_entry(image)
            if listed:
                found[index] = listed
        return found


def list_entry(image):
    magic, _, header, protected, payload, _, major, minor, revision = struct.unpack_from("<IIHHIIBBH", image)
    if magic != HEADER_MAGIC or header + payload + protected + 4 > len(image):
        return None
    at = header + payload
    if protected:
        assert struct.unpack_from("<HH", image, at) == (0x6908, protected)
        at += protected
    info, total = struct.unpack_from("<HH", image, at)
    end = at + total
    at += 4
    while info == 0x6907 and at < end:
        kind, size = struct.unpack_from("<HH", image, at)
        if kind in (0x10, 0x11, 0x12):
            return f"{major}.{minor}.{revision}", image[at + 4 : at + 4 + size]
        at += 4 + size
    return None
