# SPDX-License-Identifier: MIT
"""Images that must not run: made by imgtool with a wrong key, flag, size or place, or damaged afterwards. As an update each one is
refused by the loaders that ship, with its number in the log, and nothing else happens: the old image runs, the refused bytes stay,
the request is gone, and the next update is taken."""
import os
import struct
import tempfile

from virtual_board import BOARDS, Bench, evidence, imgtool_key, need, payload, read, signed, write

need("imgtool")
from image_bytes import Image  # noqa: E402
from mcuboot_app import NONE, App, fields  # noqa: E402

P256, ED25519, RSA = "ecdsa-p256", "ed25519", "rsa-2048"
AREA_PROTECTED = ["-s", "1"]


def flip(where):
    """The image with one bit changed. where: a function from the image taken apart to an offset."""
    def change(data):
        changed = bytearray(data)
        changed[where(Image(data))] ^= 1
        return bytes(changed)
    return change


def grow_payload(data):
    """The header says that the payload is four bytes longer: what follows is not where it should be."""
    changed = bytearray(data)
    struct.pack_into("<I", changed, 12, struct.unpack_from("<I", data, 12)[0] + 4)
    return bytes(changed)


def unprotected_tlv(data):
    """A dependency added behind the signature, where nothing protects it."""
    image = Image(data)
    changed = bytearray(data[: image.end]) + struct.pack("<HH12s", 0x40, 12, bytes(12))
    struct.pack_into("<H", changed, len(image.hashed) + 2, image.end - len(image.hashed) + 16)
    return bytes(changed)


def signature_first(data):
    """The last TLV, the signature, moved to the front, before the hash of its key."""
    image = Image(data)
    entries = [struct.pack("<HH", kind, len(value)) + value for kind, _, value in image.tlvs]
    return data[: len(image.hashed) + 4] + b"".join(entries[-1:] + entries[:-1])


def cut_short(data):
    """An upload that ended in the middle, with a request behind it all the same."""
    return data[: len(data) // 2]


CASES = [
    # what, key, options of imgtool, what is done to the image, number
    ("signed by another key", "stranger", [], None, 303),
    ("signed by an Ed25519 key", ED25519, [], None, 303),
    ("signed by an RSA key", RSA, [], None, 303),
    ("not signed", None, [], None, 301),
    ("one bit of the payload changed", P256, [], flip(lambda image: len(image.hashed) - 9), 218),
    ("one bit of the version changed", P256, [], flip(lambda image: 20), 218),
    ("one bit of the padding of the header changed", P256, [], flip(lambda image: 40), 218),
    ("one bit of a protected TLV changed", P256, AREA_PROTECTED, flip(lambda image: len(image.hashed) - 1), 218),
    ("one bit of the signature changed", P256, [], flip(lambda image: image.signature()[1] + 20), 308),
    ("the signature is no DER", P256, [], flip(lambda image: image.signature()[1]), 307),
    ("one bit of the key's hash changed", P256, [], flip(lambda image: image.tlvs[1][1]), 303),
    ("the key in full", P256, ["--public-key-format", "full"], None, 314),
    ("header of another board", P256, "other header", None, 224),
    ("not bootable", P256, ["--non-bootable"], None, 223),
    ("encrypted", P256, ["-E", "public"], None, 220),
    ("encrypted with AES-256", P256, ["-E", "public", "--encrypt-keylen", "256"], None, 220),
    ("made for encryption, in plain", P256, ["-E", "public", "--clear"], None, 220),
    ("compressed", P256, ["--compression", "lzma2"], None, 221),
    ("linked for another address", P256, ["-F", "0x20000"], None, 225),
    ("big-endian", P256, ["-e", "big"], None, 202),
    ("header says a larger payload", P256, [], grow_payload, 210),
    ("header says another size of the protected area", P256, AREA_PROTECTED, flip(lambda image: 10), 208),
    ("a TLV that nothing protects", P256, [], unprotected_tlv, 215),
    ("the signature before its key", P256, [], signature_first, 302),
    ("cut short", P256, [], cut_short, 210),
    ("larger than the layout can swap", P256, "too large", None, 206),
    ("linked for another layout", P256, "other layout", None, 226),
]

CASES_ED25519 = [
    ("signed by another key", "stranger-ed25519", [], None, 303),
    ("pure, one bit changed", ED25519, ["--pure"], flip(lambda image: len(image.hashed) - 9), 308),
    ("pure, its mark is another value", ED25519, ["--pure"], flip(lambda image: image.tlvs[1][1]), 311),
    ("over SHA-512, one bit changed", ED25519, ["--sha", "512"], flip(lambda image: 0x900), 218),
    ("over SHA-512, one bit of the signature changed", ED25519, ["--sha", "512"], flip(lambda image: image.signature()[1] + 40), 308),
    ("signed by an ECDSA key", P256, [], None, 303),
]


def make(bench, keys, case):
    _, key, options, change, _ = case
    file = os.path.join(bench.folder, "bad.bin")
    more, app = {}, None
    if options == "other header":
        options = ["-H", "0x800" if bench.facts["header_bytes"] == 0x200 else "0x200"]
    elif options == "too large":
        app = write(os.path.join(bench.folder, "large.raw"), bytes(bench.layout["size_max"] - bench.facts["header_bytes"] - 100))
        options = ["--overwrite-only", "--align", "1"]
    elif options == "other layout":
        more, options = {"layout": bench.facts["layouts"][1]["name"]}, ["-S", hex(bench.size[1])]
        if bench.board == "xiao_nrf54l15":
            return moved(bench, keys[key], file)
    options = [keys["public"] if word == "public" else word for word in options]
    data = signed(bench.board, "1.2.0", keys[key] if key else None, file, *options, app=app, **more)
    return change(data) if change else data


def moved(bench, key, file):
    """The layouts of this board begin at the same address: an application linked elsewhere is made by moving its start."""
    raw = bytearray(read(payload(bench.board, "1.2.0")))
    struct.pack_into("<I", raw, 4, struct.unpack_from("<I", raw, 4)[0] + bench.size[0])
    return signed(bench.board, "1.2.0", key, file, app=write(os.path.join(bench.folder, "moved.raw"), bytes(raw)))


def check(bench, app, case, bad, running, good):
    """From a board that runs this version, confirmed, to one that runs the good image."""
    name, number = f"{bench.name}, {case[0]}", case[-1]
    before = bench.slot(0)
    app.upload(bad)
    app.request_upgrade()
    asked = bench.slot(1)
    text = bench.starts(running, 608, number, without=(603, 605, 611, 613))
    loader = text.partition("Holdfast demo")[0]
    assert f"HF-{number:04d} " in loader and f"HF-0608 a=0x{number:08x}" in loader, f"{name}\n{text}"
    tail = 4 * app.align + 16
    assert bench.slot(1) == asked[:-tail] + fields(app.align), f"{name}: the refused bytes or the trailer are not as they should be"
    assert bench.slot(0)[:-4096] == before[:-4096] and bench.slot(0)[-tail:] == before[-tail:], f"{name}: the primary has changed"
    assert app.swap_type() == NONE and app.is_confirmed(), name
    app.upload(good[1])
    app.request_upgrade(permanent=True)
    bench.starts(good[0], 603, 604, without=(605, 608, 613))
    assert app.swap_type() == NONE and app.is_confirmed(), name


def check_primary(bench, case, bad):
    """Flashed as the application, it is not started either; and its bytes are left alone, for whoever looks into it."""
    bench.clear()
    bench.fill(0, bad)
    before = bytes(bench.flash)
    bench.stops(613, case[-1], 602)
    assert bytes(bench.flash) == before, f"{bench.name}, {case[0]}: refused, and the flash has changed"


def main():
    count = 0
    with tempfile.TemporaryDirectory() as folder:
        keys = {kind: imgtool_key(folder, kind) for kind in (P256, ED25519, RSA)}
        keys["stranger"] = imgtool_key(folder, P256, "stranger")
        keys["stranger-ed25519"] = imgtool_key(folder, ED25519, "stranger-ed25519")
        keys["public"] = imgtool_key(folder, P256, "public")
        for board in BOARDS:
            for kind, cases in ((P256, CASES), (ED25519, CASES_ED25519)):
                bench = Bench(folder, board, keys[kind])
                app = App(bench, bench.facts["align"])
                images = [(version, signed(board, version, keys[kind], os.path.join(folder, "image.bin"))) for version in ("1.0.0", "1.1.0")]
                made = [(case, make(bench, keys, case)) for case in cases]
                for case, bad in made:
                    check_primary(bench, case, bad)
                bench.clear()
                bench.fill(0, images[0][1])
                bench.starts("1.0.0")
                for number, (case, bad) in enumerate(made):
                    check(bench, app, case, bad, images[number % 2][0], images[(number + 1) % 2])
                    print(f"{board}: {case[0]}: HF-{case[-1]:04d}, the old image runs on and the next update is taken")
                    count += 1
    evidence("imgtool_refused.py", "images of imgtool with a wrong key, flag, size or place, or damaged, are refused by number; the old image runs on and the next update is taken", count)


main()
