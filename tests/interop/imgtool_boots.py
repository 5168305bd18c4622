# SPDX-License-Identifier: MIT
"""Images that imgtool signs start on both virtual boards, with the loaders that ship: each form of signature, several keys, protected
TLVs, trailers of both alignments. First as the application of a new board, then as an update that imgtool's own trailer asks for."""
import os
import tempfile

from checks import check, count
from virtual_board import BOARDS, Bench, evidence, imgtool_key, imgtool_sign, need, read, signed

need("imgtool")
from image_bytes import Image  # noqa: E402
from mcuboot_app import REVERT, App  # noqa: E402

ALL_TLVS = ["-s", "7", "--boot-record", "SPE", "-d", "(0,1.0.0),(1, 2.3.4+5)", "--vid", "example.com", "--cid", "board-one",
            "--custom-tlv", "0x00a0", "0x0102ff", "--custom-tlv", "0xfffe", "text"]
P256, ED25519 = "ecdsa-p256", "ed25519"

# Name, kind of key, options of imgtool.
FORMS = [
    ("ECDSA P-256", P256, []),
    ("ECDSA P-256, signature padded", P256, ["--pad-sig"]),
    ("ECDSA P-256, all protected TLVs", P256, [*ALL_TLVS, "--pad-sig"]),
    ("ECDSA P-256, padding of zeros", P256, ["-R", "0"]),
    ("Ed25519 over SHA-256", ED25519, []),
    ("Ed25519 over SHA-256, all protected TLVs", ED25519, ALL_TLVS),
    ("Ed25519 over SHA-512", ED25519, ["--sha", "512"]),
    ("Ed25519 over SHA-512, all protected TLVs", ED25519, ["--sha", "512", *ALL_TLVS]),
    ("Ed25519 pure", ED25519, ["--pure"]),
    ("Ed25519 pure, all protected TLVs", ED25519, ["--pure", *ALL_TLVS]),
]

# imgtool's alignments, the A of the trailer that it writes for them, and how to ask for a trial: --pad and --test are the same.
ALIGNMENTS = [(["--align", "4"], 8, "--pad"), (["--align", "8"], 8, "--test"), (["--align", "16"], 16, "--pad"),
              (["--align", "8", "--max-align", "16"], 16, "--test")]
CONFIRMED = "--confirm"


def check_update(bench, key, app, options, request):
    """imgtool's padded image is the whole secondary slot, trailer and request included."""
    name = f"{bench.name}, {' '.join([*options, request])}"
    file = os.path.join(bench.folder, "update.bin")
    bench.fill(1, signed(bench.board, "1.1.0", key, file, *options, request))
    bench.starts("1.1.0", 603, 604, without=(608, 610, 613))
    check(app.is_confirmed() == (request == CONFIRMED), f"{name}: confirmed {app.is_confirmed()}")
    check((app.swap_type() == REVERT) == (request != CONFIRMED), f"{name}: {app.swap_type()}")
    if request == CONFIRMED:
        bench.starts("1.1.0", without=(603, 605, 608, 613))
    else:
        bench.starts("1.0.0", 605, 604, without=(603, 608, 613))
    check(app.is_confirmed(), f"{name}: not settled")


def check_forms(folder, board, keys):
    benches = {kind: Bench(folder, board, keys[kind]) for kind in keys}
    tried = set()
    for number, (name, kind, options) in enumerate(FORMS):
        bench, key, file = benches[kind], keys[kind], os.path.join(folder, "image.bin")
        place = ["-F", hex(bench.addr[0])] if "all protected" in name else []
        bench.clear()
        bench.fill(0, signed(board, "1.0.0", key, file, *options, *place))
        bench.starts("1.0.0", 1001, 611, 1002, without=(603, 608, 610, 613))
        app = App(bench, bench.facts["align"])
        check_update(bench, key, app, [*options, *place], ("--test", CONFIRMED)[number % 2])
        print(f"{board}: {name} starts and is installed")
        if kind in tried:
            continue
        # The loader of the other kind of key has not this one.
        tried.add(kind)
        other = benches[ED25519 if kind == P256 else P256]
        other.clear()
        other.fill(0, read(file))
        other.stops(613, 303, 602)
        check(other.slot(0)[: os.path.getsize(file)] == read(file), f"{name}: refused, and its bytes are changed")


def check_hex(folder, board, key):
    """imgtool's hex file as a programmer takes it: image and trailer at their addresses."""
    bench, file = Bench(folder, board, key), os.path.join(folder, "image.hex")
    for more in ([], [CONFIRMED]):
        bench.clear()
        imgtool_sign(board, "1.0.0", key, file, "-x", hex(bench.addr[0]), *more)
        bench.boot("Holdfast demo 1.0.0", "--load", file)
        bench.starts("1.0.0", without=(603, 608, 611, 613))
        check(App(bench, bench.facts["align"]).is_confirmed(), f"{board}: hex {more}")


def check_alignments(folder, board, key):
    """An application may have been built with the other alignment: its magic says so."""
    bench, file = Bench(folder, board, key), os.path.join(folder, "image.bin")
    for options, align, trial in ALIGNMENTS:
        app = App(bench, align)
        bench.clear()
        bench.fill(0, signed(board, "1.0.0", key, file, *options, CONFIRMED))
        bench.starts("1.0.0", 611, without=(603, 608, 610, 613))
        check(app.is_confirmed(), f"{bench.name}: flashed as confirmed, {options}")
        for request in (trial, CONFIRMED):
            check_update(bench, key, app, options, request)
        bench.clear()
        bench.fill(0, signed(board, "1.0.0", key, file, *options, "--pad"))
        bench.starts("1.0.0", 611, without=(603, 608, 610, 613))
        bench.starts("1.0.0", without=(603, 605, 608, 610, 611, 613))
    # A = 32 belongs to neither chip: the request is named as unreadable, and cleared.
    bench.fill(1, signed(board, "1.1.0", key, file, "--max-align", "32", "--pad"))
    bench.starts("1.0.0", 608, 504)
    bench.starts("1.0.0", without=(608,))
    print(f"{board}: trailers of both alignments are understood")


def check_short_signature(folder, board, path):
    """Once in some hundred signatures r or s is short, and imgtool's padding is longer than the two zeros that its comment names."""
    from imgtool.keys import load
    bench, key = Bench(folder, board, path), load(path)
    key.pad_sig = True
    data = signed(board, "1.0.0", path, os.path.join(folder, "image.bin"), "--pad-sig")
    image, signature = Image(data), b""
    while not signature.endswith(b"\0\0\0"):
        signature = key.sign(image.hashed)
    at = image.signature()[1]
    bench.fill(0, data[:at] + signature + data[at + len(signature) :])
    bench.starts("1.0.0", without=(613,))
    check(len(signature) == 72, "imgtool's padding")
    print(f"{board}: a short signature, padded")


def check_several_keys(folder, board):
    for kind in (P256, ED25519):
        keys = [imgtool_key(folder, kind, f"{kind}-{n}") for n in range(5)]
        bench, file = Bench(folder, board, keys[:4]), os.path.join(folder, "image.bin")
        for key in keys[:4]:
            bench.clear()
            bench.fill(0, signed(board, "1.0.0", key, file))
            bench.starts("1.0.0", without=(608, 613))
        bench.fill(1, signed(board, "1.1.0", keys[1], file, CONFIRMED))
        bench.starts("1.1.0", 603, 604, without=(608, 613))
        bench.fill(1, signed(board, "1.2.0", keys[4], file, "--test"))
        bench.starts("1.1.0", 608, 303, without=(603, 613))
    print(f"{board}: one loader, four keys of either kind")


def main():
    with tempfile.TemporaryDirectory() as folder:
        keys = {kind: imgtool_key(folder, kind) for kind in (P256, ED25519)}
        for board in BOARDS:
            check_forms(folder, board, keys)
            check_hex(folder, board, keys[P256])
            check_alignments(folder, board, keys[P256])
            check_several_keys(folder, board)
            check_short_signature(folder, board, keys[P256])
    evidence("imgtool_boots.py", "images that imgtool signs start on both virtual boards and are installed: ECDSA P-256, Ed25519 over SHA-256, over SHA-512 and pure, one of four keys, every protected TLV, trailers of alignment 8 and 16", count())


main()
