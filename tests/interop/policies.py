# SPDX-License-Identifier: MIT
"""What a loader's policy allows, and every layout of both boards: no-downgrade, counter, bootstrap, quiet, as the host tool writes them
into the loaders that ship. Images are signed by imgtool; the application is mcuboot_app.py."""
import os
import tempfile
import zlib

from virtual_board import BOARDS, CLI, Bench, Live, evidence, facts_of, imgtool_key, make_loader, need, payload, run, signed

need("imgtool")
from mcuboot_app import NONE, PERM, REVERT, App, fields  # noqa: E402

BLOCK_OFF, BLOCK_BYTES = 0x7800, 1024  # core/include/holdfast/config.h
count = 0


class Lab:
    """A bench with this policy, and an application on it."""

    def __init__(self, folder, board, key, policy=None, layout="two-slots"):
        self.key, self.layout = key, layout
        self.bench = Bench(folder, board, key, layout, policy)
        self.app = App(self.bench, self.bench.facts["align"])

    def image(self, version, *options, demo=None):
        """Signed as this version; what is in it says that it is the demo's version (the same, if there is one)."""
        return signed(self.bench.board, version, self.key, os.path.join(self.bench.folder, "image.bin"), *options, layout=self.layout,
                      app=payload(self.bench.board, demo or version, self.layout))

    def runs(self, version, *options, demo=None):
        """A new board with this image, started once."""
        self.bench.clear()
        self.bench.fill(0, self.image(version, *options, demo=demo))
        self.bench.starts(demo or version, without=(608, 613))

    def asks(self, image, permanent=False):
        self.app.upload(image)
        self.app.request_upgrade(permanent)

    def takes(self, image, demo, confirm=True):
        global count
        count += 1
        self.asks(image)
        self.bench.starts(demo, 603, 604, without=(605, 608))
        if confirm:  # seen by the loader when it starts next, which may be for another request
            self.app.confirm()

    def refuses(self, image, number, running):
        global count
        count += 1
        self.asks(image, permanent=count % 2 == 0)
        self.bench.starts(running, 608, number, without=(603, 605))
        assert self.app.swap_type() == NONE and self.app.is_confirmed()


def no_downgrade(folder, board, key):
    lab = Lab(folder, board, key)  # without the policy an older image is an update like any other
    lab.runs("1.1.0")
    lab.takes(lab.image("1.0.0"), "1.0.0")

    lab = Lab(folder, board, key, "no-downgrade")
    lab.runs("1.1.0")
    lab.refuses(lab.image("1.0.0"), 401, "1.1.0")
    lab.refuses(lab.image("1.0.65535", demo="1.0.0"), 401, "1.1.0")
    lab.takes(lab.image("1.1.0", demo="1.2.0"), "1.2.0")        # the same version, another image
    lab.takes(lab.image("1.1.1+1", demo="1.0.0"), "1.0.0")
    lab.takes(lab.image("1.1.1", demo="1.2.0"), "1.2.0")        # the build number does not count
    lab.takes(lab.image("2.0.0", demo="1.1.0"), "1.1.0", confirm=False)
    lab.bench.starts("1.2.0", 605, 604, without=(608,))           # the way back is no downgrade
    lab.refuses(lab.image("1.0.0"), 401, "1.2.0")
    lab.takes(lab.image("2.0.0", demo="1.1.0"), "1.1.0")
    lab.refuses(lab.image("1.1.1", demo="1.2.0"), 401, "1.1.0")
    print(f"{board}: no-downgrade")


def counter(folder, board, key):
    lab = Lab(folder, board, key)
    lab.runs("1.1.0", "-s", "5")
    lab.takes(lab.image("1.2.0", "-s", "4"), "1.2.0")

    lab = Lab(folder, board, key, "counter")
    lab.runs("1.0.0")                                             # none yet: anything may follow
    lab.takes(lab.image("1.1.0", "-s", "5"), "1.1.0")
    lab.refuses(lab.image("1.2.0", "-s", "4"), 402, "1.1.0")
    lab.refuses(lab.image("1.2.0"), 405, "1.1.0")
    lab.takes(lab.image("1.0.0", "-s", "5"), "1.0.0")             # a lower version is the other policy's matter
    lab.takes(lab.image("1.2.0", "-s", "0x80000000"), "1.2.0", confirm=False)
    lab.bench.starts("1.0.0", 605, 604, without=(608,))           # not confirmed: what it raised does not count
    lab.takes(lab.image("1.1.0", "-s", "6"), "1.1.0")
    lab.refuses(lab.image("1.2.0", "-s", "5"), 402, "1.1.0")
    lab.takes(lab.image("1.2.0", "-s", "0xffffffff"), "1.2.0")
    lab.refuses(lab.image("1.1.0", "-s", "0x7fffffff"), 402, "1.2.0")

    lab = Lab(folder, board, key, "no-downgrade,counter")
    lab.runs("1.1.0", "-s", "5")
    lab.refuses(lab.image("1.2.0", "-s", "4"), 402, "1.1.0")
    lab.refuses(lab.image("1.0.0", "-s", "6"), 401, "1.1.0")
    lab.takes(lab.image("1.2.0", "-s", "6"), "1.2.0")
    print(f"{board}: counter")


def installed(lab, version, *numbers):
    global count
    count += 1
    lab.bench.starts(version, *numbers, without=(608,))
    assert lab.app.is_confirmed() and lab.app.swap_type() == NONE
    tail = fields(lab.app.align, magic=True, copy_done=True, image_ok=True, swap_info=PERM)
    assert lab.bench.slot(0)[-len(tail):] == tail, f"{lab.bench.name}: the flags of an installed image"
    assert lab.bench.slot(1)[-len(tail):] == b"\xff" * len(tail), f"{lab.bench.name}: the request is still there"


def bootstrap(folder, board, key):
    for policy in (None, "bootstrap"):
        lab = Lab(folder, board, key, policy)
        for one_in in (False, True):
            lab.app.is_offset_build = one_in
            # Nothing in the primary, an image without a request in the secondary.
            lab.bench.clear()
            lab.app.upload(lab.image("1.1.0"))
            if policy:
                installed(lab, "1.1.0", 609, 604)
            else:
                uploaded = lab.bench.slot(1)
                lab.bench.stops(602)
                assert lab.bench.slot(1) == uploaded, f"{lab.bench.name}: the image was not kept"
            # With a request it is installed whatever the policy: something runs, or nothing does.
            lab.bench.clear()
            lab.asks(lab.image("1.1.0"))
            installed(lab, "1.1.0", 603, 604)
        lab.app.is_offset_build = False
        # An image that is not accepted is not installed, and not destroyed.
        lab.bench.clear()
        bad = bytearray(lab.image("1.1.0"))
        bad[0x1000] ^= 1
        lab.app.upload(bytes(bad))
        lab.bench.stops(602)
        lab.bench.stops(602)
        assert lab.bench.slot(1)[: len(bad)] == bad, f"{lab.bench.name}: the refused image was not kept"
        # The primary was damaged by something else; the update slot holds an image that was never asked for.
        lab.runs("1.0.0")
        lab.app.upload(lab.image("1.1.0"))
        damage(lab)
        if policy:
            installed(lab, "1.1.0", 613, 218, 609, 604)
        else:
            lab.bench.stops(613, 218, 602)
    # It is on in a loader made without --policy.
    lab = Lab(folder, board, key, "default")
    lab.app.upload(lab.image("1.1.0"))
    installed(lab, "1.1.0", 609, 604)
    print(f"{board}: bootstrap")


def damage(lab):
    lab.bench.flash[lab.bench.addr[0] + 0x1000] ^= 1


def fallback(folder, board, key):
    """The image of before comes back if the running one is damaged; not where that would be a downgrade."""
    for policy in (None, "no-downgrade", "counter"):
        lab = Lab(folder, board, key, policy)
        lab.runs("1.0.0", "-s", "1")
        lab.takes(lab.image("1.1.0", "-s", "2"), "1.1.0")
        damage(lab)
        if policy is None:
            installed(lab, "1.0.0", 613, 218, 609, 604)
        else:
            lab.bench.stops(613, 218, 602)
    # On trial it is simply taken back, whatever the policy.
    lab = Lab(folder, board, key, "no-downgrade,counter")
    lab.runs("1.0.0", "-s", "1")
    lab.takes(lab.image("1.1.0", "-s", "2"), "1.1.0", confirm=False)
    damage(lab)
    lab.bench.starts("1.0.0", 605, 604)
    print(f"{board}: the image of before comes back")


def quiet(folder, board, key):
    lab = Lab(folder, board, key, "quiet")
    lab.bench.clear()
    lab.bench.fill(0, lab.image("1.0.0"))
    text = lab.bench.boot("Holdfast demo 1.0.0")
    assert "HF-" not in text and "loader" not in text, text
    print(f"{board}: quiet")


def blocks(folder, board, key):
    """A configuration block that is not this chip's, or damaged: the loader that ships names it and starts nothing."""
    lab = Lab(folder, board, key)
    lab.runs("1.0.0")
    at = lab.bench.layout["loader_addr"] + BLOCK_OFF
    whole = bytes(lab.bench.flash[at : at + BLOCK_BYTES])
    used = int.from_bytes(whole[10:12], "little")

    def stops(off, value, number, right_crc=True):
        block = bytearray(whole)
        block[off : off + 4] = value.to_bytes(4, "little")
        if right_crc:
            block[used - 4 : used] = zlib.crc32(block[: used - 4]).to_bytes(4, "little")
        lab.bench.flash[at : at + BLOCK_BYTES] = block
        lab.bench.stops(number)

    stops(28, lab.bench.facts["flash_bytes"], 1003)  # HF-1003: the primary slot behind the end of the flash
    stops(24, 0x10, 1003)                            # a loader that ends before its own block
    stops(44, 16384, 1003)                           # sectors larger than the loader's buffer
    stops(12, int.from_bytes(whole[12:16], "little") & ~0xFF | 9, 1008)  # HF-1008: a mode that this loader does not have
    stops(56, 9600, 511, right_crc=False)             # another speed of the line, checksum as it was
    print(f"{board}: configuration blocks that do not fit")


def layouts(folder, board, key):
    """Each layout with a way back and both slots in the chip: trial, confirm, take back; an image for the other layout is refused; and the whole update over the line."""
    facts, _ = facts_of(board)
    inside = [row["name"] for row in facts["layouts"] if row["mode"] == "swap" and row["secondary_addr"] < facts["flash_bytes"]]
    for layout in inside:
        lab = Lab(folder, board, key, layout=layout)
        lab.runs("1.0.0")
        lab.takes(lab.image("1.1.0"), "1.1.0")
        lab.takes(lab.image("1.2.0"), "1.2.0", confirm=False)
        assert lab.app.swap_type() == REVERT
        lab.bench.starts("1.1.0", 605, 604)
        files = [os.path.join(folder, f"{version}.bin") for version in ("1.0.0", "1.1.0")]
        for file, version in zip(files, ("1.0.0", "1.1.0")):
            signed(board, version, key, file, layout=layout)
        loader = make_loader(board, key, folder, "--layout", layout, name=f"{layout}.hex")
        with Live(folder, board, "--layout", layout, "--loader", loader, "--app", files[0]) as live:
            run(CLI, "update", live.port, files[1], "--key", key)
            text = run(CLI, "info", live.port)
            status = live.control("status")
        assert "1.1.0" in text, text
        assert not status["findings"], status["findings"]
        print(f"{board}: {layout}, largest image {lab.bench.layout['size_max']} bytes")


def main():
    with tempfile.TemporaryDirectory() as folder:
        key = imgtool_key(folder, "ecdsa-p256")
        for board in BOARDS:
            for part in (no_downgrade, counter, bootstrap, fallback, quiet, blocks, layouts):
                part(folder, board, key)
    evidence("policies.py", "no-downgrade, counter, bootstrap, fallback and every layout, in the loaders that ship", count)


main()
