# SPDX-License-Identifier: MIT
"""What an application built for MCUboot finds in both slots before, during and after a trial: the flags at the slots' ends byte for
byte, its image list, its answers to "confirmed?" and "what will happen?". Both chips, both alignments, updates at offset 0 (swap using
move or scratch) and one sector in (swap using offset). The application is mcuboot_app.py, which was not written from Holdfast's code.
"""
import os
import tempfile

from virtual_board import CLI, Bench, Live, evidence, facts_of, imgtool_key, imgtool_sign, need, run, signed

need("imgtool")
from image_bytes import Image  # noqa: E402
from mcuboot_app import NONE, PERM, REVERT, TEST, App, fields  # noqa: E402

AREA = 80  # bytes at a slot's end that belong to the flags of either alignment
count = 0


def same(found, expected, what):
    global count
    count += 1
    assert found == expected, f"{what}\nfound    {found}\nexpected {expected}"


class Story:
    """One board and one application; each method is a step of its life and looks at what the step left."""

    def __init__(self, bench, images, align, is_offset_build):
        self.bench, self.app, self.images = bench, App(bench, align, is_offset_build), images
        self.name = f"{bench.name}, A = {align}, update {'one sector in' if is_offset_build else 'at offset 0'}"
        self.hash = {version: Image(data).digest()[1] for version, data in images.items()}

    def ends(self, what, primary, secondary=None):
        """Keywords of fields() for each slot's end; None: erased. All 80 bytes are compared, whatever the alignment."""
        for index, wanted in ((0, primary), (1, secondary)):
            tail = fields(self.app.align, **(wanted or {}))
            same(self.bench.slot(index)[-AREA:].hex(" "), (b"\xff" * (AREA - len(tail)) + tail).hex(" "),
                 f"{self.name}, {what}: end of the {('primary', 'secondary')[index]} slot")

    def sees(self, what, confirmed, swap_type, primary, secondary):
        """The application's own answers. secondary None: no image listed."""
        same(self.app.is_confirmed(), confirmed, f"{self.name}, {what}: confirmed")
        same(self.app.swap_type(), swap_type, f"{self.name}, {what}: swap type")
        listed = {0: (primary, self.hash[primary])}
        if secondary:
            listed[1] = (secondary, self.hash[secondary])
        same(self.app.image_list(), listed, f"{self.name}, {what}: image list")

    def before(self):
        self.bench.clear()
        self.bench.fill(0, self.images["1.0.0"])
        self.bench.starts("1.0.0", 611)
        self.ends("pristine", None)
        self.sees("pristine", True, NONE, "1.0.0", None)

    def ask(self, version, permanent=False):
        self.app.upload(self.images[version])
        self.app.request_upgrade(permanent)

    def trial(self, old, new, settled):
        """settled: the primary's flags before."""
        self.ask(new)
        self.ends("test requested", settled, {"magic": True, "swap_info": TEST})
        self.sees("test requested", True, TEST, old, new)
        self.bench.starts(new, 603, 604, without=(605, 608))
        self.ends("on trial", {"magic": True, "copy_done": True, "swap_info": TEST})
        self.sees("on trial", False, REVERT, new, old)
        self.old_image_is_whole("on trial", old)

    def old_image_is_whole(self, what, old):
        """The way back lies where the next swap looks: one sector in after an update from offset 0, else at 0."""
        off = 0 if self.app.is_offset_build else self.bench.facts["sector_bytes"]
        image = self.images[old]
        same(self.bench.slot(1)[off : off + len(image)], image, f"{self.name}, {what}: way back")

    def confirm(self, old, new):
        self.app.confirm()
        confirmed = {"magic": True, "copy_done": True, "swap_info": TEST, "image_ok": True}
        self.ends("confirmed", confirmed)
        self.sees("confirmed", True, NONE, new, None if self.app.is_offset_build else old)
        for numbers in ((606,), ()):  # the loader takes notice once, and changes nothing of it
            text = self.bench.starts(new, *numbers, without=(603, 605, 608))
            assert numbers or "HF-0606" not in text, text
            self.ends("after the confirm", confirmed)
        self.old_image_is_whole("after the confirm", old)
        return confirmed

    def revert(self, old, new):
        self.bench.starts(old, 605, 604, without=(603, 608))
        reverted = {"magic": True, "copy_done": True, "swap_info": REVERT, "image_ok": True}
        self.ends("reverted", reverted)
        # The walk goes the other way round: the refused image lies at 0 after a revert of an update from offset 0.
        self.sees("reverted", True, NONE, old, new)
        self.bench.starts(old, without=(603, 605, 606, 608))
        self.ends("a boot after the revert", reverted)
        return reverted

    def permanent(self, old, new, settled):
        self.ask(new, permanent=True)
        self.ends("permanent requested", settled, {"magic": True, "swap_info": PERM, "image_ok": True})
        self.sees("permanent requested", True, PERM, old, new)
        self.bench.starts(new, 603, 604, without=(605, 608))
        installed = {"magic": True, "copy_done": True, "swap_info": PERM, "image_ok": True}
        self.ends("installed", installed)
        self.sees("installed", True, NONE, new, None if self.app.is_offset_build else old)
        self.bench.starts(new, without=(603, 605, 606, 608))
        self.ends("a boot after the installation", installed)
        return installed

    def refused(self, running, settled, permanent=False):
        """The flags say that nothing was asked; the bytes stay."""
        bad = bytearray(self.images["1.2.0"])
        bad[-200] ^= 1
        off = self.bench.facts["sector_bytes"] if self.app.is_offset_build else 0
        self.bench.fill(1, bytes(bad), off)
        self.app.request_upgrade(permanent)
        uploaded = self.bench.slot(1)
        self.bench.starts(running, 608, 218, without=(603, 605))
        self.ends("refused", settled)
        same(self.bench.slot(1)[:-AREA], uploaded[:-AREA], f"{self.name}, refused: bytes of the secondary")
        same(self.app.is_confirmed(), True, f"{self.name}, refused: confirmed")
        same(self.app.swap_type(), NONE, f"{self.name}, refused: swap type")
        self.bench.starts(running, without=(603, 605, 608))
        self.ends("a boot after the refusal", settled)

    def tell(self):
        self.before()
        self.refused("1.0.0", None)
        self.trial("1.0.0", "1.1.0", None)
        settled = self.revert("1.0.0", "1.1.0")
        self.refused("1.0.0", settled, permanent=True)
        self.trial("1.0.0", "1.1.0", settled)
        settled = self.confirm("1.0.0", "1.1.0")
        settled = self.permanent("1.1.0", "1.2.0", settled)
        self.refused("1.2.0", settled)
        self.trial("1.2.0", "1.1.0", settled)
        self.revert("1.2.0", "1.1.0")
        print(f"{self.name}: told")


def through_the_line(folder, board, key):
    """Our own application, asked over its serial line, writes byte for byte what MCUboot's library would have written."""
    story = Story(Bench(folder, board, key), {}, facts_of(board)[0]["align"], False)
    files = {version: os.path.join(folder, version + ".bin") for version in ("1.0.0", "1.1.0", "1.2.0")}
    for version, path in files.items():
        imgtool_sign(board, version, key, path)
    with Live(folder, board, "--app", files["1.0.0"], "--key", key) as live:
        def ends(what, *expected):
            story.bench.flash = bytearray(live.flash(story.bench.file))
            story.ends(f"over the line, {what}", *expected)
        def tool(*words):
            return run(CLI, *words[:2], live.port, *words[2:], "--tries", "20", "--timeout", "1000")
        tool("image", "upload", files["1.1.0"])
        ends("uploaded", None)
        tool("image", "test")
        ends("requested", None, {"magic": True, "swap_info": TEST})
        run(CLI, "reset", live.port)
        tool("image", "list")
        ends("on trial", {"magic": True, "copy_done": True, "swap_info": TEST})
        tool("image", "confirm")
        confirmed = {"magic": True, "copy_done": True, "swap_info": TEST, "image_ok": True}
        ends("confirmed", confirmed)
        tool("image", "upload", files["1.2.0"])
        ends("uploaded again", confirmed)
        tool("image", "test", "--permanent")
        ends("permanent requested", confirmed, {"magic": True, "swap_info": PERM, "image_ok": True})
        tool("image", "erase")
        ends("erased", confirmed)
    print(f"{board}: the demo's server writes the same flags")


def foreign_swap(folder, board, key):
    """MCUboot was replaced while it swapped: its primary's flags say so. What can be started is; else nothing is touched."""
    bench = Bench(folder, board, key)
    image = signed(board, "1.0.0", key, os.path.join(folder, "image.bin"))
    tail = fields(bench.facts["align"], magic=True, swap_info=TEST)
    for good in (True, False):
        bench.clear()
        bench.fill(0, image if good else image[:0x2000] + bytes(64) + image[0x2040:])
        bench.flash[bench.addr[0] + bench.size[0] - len(tail) : bench.addr[0] + bench.size[0]] = tail
        if good:
            bench.starts("1.0.0", 610, without=(603, 605, 608, 613))
            bench.starts("1.0.0", without=(603, 605, 608, 610, 613))
        else:
            before = bytes(bench.flash)
            bench.stops(610, 613, 218)
            same(bytes(bench.flash) == before, True, f"{board}: a swap that is not ours, nothing to start: the flash has changed")
    print(f"{board}: another bootloader's swap is named and not resumed")


STORIES = {"xiao_nrf52840": ((8, False), (8, True), (16, False)), "xiao_nrf54l15": ((16, False), (16, True), (8, False))}


def main():
    with tempfile.TemporaryDirectory() as folder:
        key = imgtool_key(folder, "ecdsa-p256")
        for board, stories in STORIES.items():
            bench = Bench(folder, board, key)
            images = {version: signed(board, version, key, os.path.join(folder, "image.bin")) for version in ("1.0.0", "1.1.0", "1.2.0")}
            for align, is_offset_build in stories:
                Story(bench, images, align, is_offset_build).tell()
            through_the_line(folder, board, key)
            foreign_swap(folder, board, key)
    evidence("trailers.py", "what an application built for MCUboot reads in both slots before, during and after a trial, byte for byte, with updates at offset 0 and one sector in", count)


main()
