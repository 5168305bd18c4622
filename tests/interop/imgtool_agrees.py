#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""imgtool and holdfast make the same bytes from the same options, up to the signature, and accept each other's images."""
import json
import os
import random
import subprocess
import tempfile

from virtual_board import CLI, evidence, imgtool, need

need("imgtool")
from image_bytes import Image  # noqa: E402

TYPES = ["ecdsa-p256", "ed25519", "rsa-2048", "rsa-3072", "ecdsa-p384"]
BASE = "-v 1.2.3+4 -H 0x200 -S 0x10000 --pad-header"
SLOT = "-v 1.2.3 -H 0x200 -S 0x6000 --pad-header"

# Options beyond the base line: (line, keys it is for: None = no key too).
CASES = [
    (BASE, [None, *TYPES]),
    ("-v 0 -H 32 -S 0x10000 --pad-header", [None, "ed25519"]),
    ("-v 255.255.65535+4294967295 -H 0x800 -S 0x20000 --pad-header", ["ed25519", "ecdsa-p256"]),
    ("-v 7.1 -H 0x400 -S 0x10000 --pad-header -s auto", ["ed25519"]),
    (BASE + " --public-key-format full", TYPES),
    (BASE + " --pad-sig", ["ecdsa-p256", "ecdsa-p384"]),
    (BASE + " --pure", ["ed25519"]),
    (BASE + " --pure --public-key-format full -s 3", ["ed25519"]),
    (BASE + " --sha 512", [None, "ed25519"]),
    (BASE + " --sha 384", [None, "ecdsa-p384"]),
    (BASE + " --sha 256", [None, "ed25519", "rsa-2048", "ecdsa-p256"]),
    (BASE + " -s 0xffffffff", ["ed25519", "ecdsa-p256"]),
    (BASE + ' -d "(0,1.0.0),(1, 2.3.4+5)"', ["ed25519"]),
    (BASE + " --boot-record SPE", [None, *TYPES]),
    (BASE + " --boot-record SPE --sha 512", ["ed25519", None]),
    (BASE + " --vid 01234567-89ab-cdef-0123-456789abcdef --cid 0123456789ABCDEF0123456789abcdef", ["ed25519"]),
    (BASE + " --vid example.com --cid board-one", ["ed25519"]),
    (BASE + " --custom-tlv 0x00a0 0x0102ff --custom-tlv 41000 text", ["ed25519"]),
    (BASE + ' -s 5 --boot-record NSPE -d "(1,1.2)" --vid a.b --cid c --custom-tlv 0xfffe x --custom-tlv-file 0x1a0 app', ["ed25519"]),
    (BASE + " -F 0x10000", ["ed25519"]),
    (BASE + " -L 0x20000000", ["ed25519"]),
    (BASE + " --non-bootable", ["ed25519"]),
    (BASE + " -e big -s 9", ["ed25519"]),
    (SLOT + " --pad", ["ed25519", "ecdsa-p256"]),
    (SLOT + " --confirm", ["ed25519", None]),
    (SLOT + " --test --align 8", ["ed25519"]),
    (SLOT + " --confirm --align 4 -M 12", ["ed25519"]),
    (SLOT + " --confirm --align 16", ["ed25519"]),
    (SLOT + " --pad --align 32 -M 20", ["ed25519"]),
    (SLOT + " --confirm --align 8 --max-align 32", ["ed25519"]),
    (SLOT + " --confirm --align 4 --overwrite-only", ["ed25519"]),
    (SLOT + " --confirm -R 0", ["ed25519"]),
]


def holdfast(*args, good=True):
    done = subprocess.run([CLI, *args], capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == good, f"holdfast {args}\n{done.stdout}{done.stderr}"
    return done.stdout


def read(path):
    with open(path, "rb") as file:
        return file.read()


def words(line):
    """Splits an option line; what stands in double quotes is one word."""
    parts = line.split('"')
    return [word for i, part in enumerate(parts) for word in ([part] if i % 2 else part.split())]


def same_up_to_signature(ours, theirs, what):
    if ours == theirs:
        return
    a, b = Image(ours), Image(theirs)
    assert a.without_signature() == b.without_signature(), f"{what}: bytes differ outside the signature"
    assert a.signature()[0] == b.signature()[0], what
    tail_a, tail_b = ours[a.end :].lstrip(b"\xff"), theirs[b.end :].lstrip(b"\xff")
    assert tail_a == tail_b, f"{what}: the trailer differs"


def check_case(line, kind):
    key = ["-k", f"{kind}.pem"] if kind else []
    imgtool("sign", *words(line), *key, "app", "theirs.bin")
    holdfast("sign", *words(line), *key, "app", "ours.bin")
    ours, theirs, what = read("ours.bin"), read("theirs.bin"), f"{line} with {kind}"
    exact = kind in (None, "ed25519")
    if exact or "-e big" in line:
        assert ours == theirs, f"{what}: bytes differ"
    else:
        same_up_to_signature(ours, theirs, what)
    if "-e big" in line:
        return
    if exact or kind:
        # imgtool verify wants a hash that goes with the key; it can't be asked about SHA-384 and -512 without one
        if kind or "--sha" not in line or "--sha 256" in line:
            said = imgtool("verify", *key, "ours.bin")
            assert "Image was correctly validated" in said, what
    json.loads(imgtool("dumpinfo", "-f", "json", "ours.bin"))
    refused = "--non-bootable" in line or "full" in line
    fill = ["-R", "0"] if "-R 0" in line else []
    holdfast("verify", "theirs.bin", *(key or ["--hash-only"]), *fill, good=not refused)


def check_hex():
    for size in (3000, 70001):
        with open("app", "wb") as file:
            file.write(random.Random(size).randbytes(size))
        for addr, more in (("0xC000", []), ("0xFFF0", []), ("0x10000", ["--pad"]), ("0x27000", ["--confirm", "--align", "16"])):
            options = [*words("-v 1.0 -H 0x200 -S 0x18000 --pad-header -k ed25519.pem -x"), addr, *more]
            imgtool("sign", *options, "app", "theirs.hex")
            holdfast("sign", *options, "app", "ours.hex")
            assert read("ours.hex") == read("theirs.hex"), f"hex {size} {options}"
            imgtool("verify", "-k", "ed25519.pem", "ours.hex")
            holdfast("verify", "-k", "ed25519.pem", "theirs.hex")
    check_hex_input()


def check_hex_input():
    """A hex file as input: its address is kept, less the header that is put before it; holes are filled."""
    from intelhex import IntelHex
    for start, hole in ((0xC200, 0), (0xC200, 100), (0x10200, 5000), (0x100, 3)):
        hexfile = IntelHex()
        hexfile.frombytes(random.Random(2).randbytes(3001), offset=start)
        hexfile.frombytes(random.Random(3).randbytes(777), offset=start + 3001 + hole)
        hexfile.write_hex_file("app.hex")
        for output in ("hex", "bin"):
            for more in ([], ["--pad"], ["-x", "0x8000"]):
                options = [*words("-v 1.0 -H 0x100 -S 0x18000 --pad-header -k ed25519.pem"), *more]
                imgtool("sign", *options, "app.hex", f"theirs.{output}")
                holdfast("sign", *options, "app.hex", f"ours.{output}")
                assert read(f"ours.{output}") == read(f"theirs.{output}"), (start, hole, output, more)


def check_board_options():
    """What Zephyr's build passes for our boards, and what --board knows, are the same image."""
    import struct
    for board, line, addr in (("xiao_nrf52840", "-H 0x200 -S 0x76000 --align 4", 0xC000), ("xiao_nrf54l15", "-H 0x800 -S 0xB2000 --align 16", 0x10000)):
        with open("app", "wb") as file:
            file.write(struct.pack("<II", 0x20010000, addr + 0x1001) + random.Random(1).randbytes(9000))
        for more in ([], ["--confirm"]):
            imgtool("sign", "-v", "2.1.0+3", *words(line), "--pad-header", "-k", "ed25519.pem", *more, "app", "theirs.bin")
            holdfast("sign", "-v", "2.1.0+3", "--board", board, "--pad-header", "-k", "ed25519.pem", *more, "app", "ours.bin")
            assert read("ours.bin") == read("theirs.bin"), (board, more)
            holdfast("verify", "theirs.bin", "-k", "ed25519.pem", "--board", board)


def check_keys():
    for kind in TYPES:
        holdfast("key", "new", f"{kind}.pem", "--type", kind)
        imgtool("keygen", "-k", f"theirs-{kind}.pem", "-t", kind)
        for path in (f"{kind}.pem", f"theirs-{kind}.pem"):
            assert imgtool("getpub", "-e", "pem", "-k", path) == holdfast("key", "export", path)
            holdfast("key", "export", path, "--form", "der", "-o", "ours.der", "--force")
            imgtool("getpub", "-e", "raw", "-k", path, "-o", "theirs.der")
            assert read("ours.der") == read("theirs.der"), path
            imgtool("getpubhash", "-e", "raw", "-k", path, "-o", "hash")
            assert json.loads(holdfast("key", "show", path, "--json"))["hash_sha256"] == read("hash").hex()


def check_refusals():
    """What imgtool refuses, holdfast refuses too."""
    for line in ("-v 01 -H 0x200 -S 0x10000 --pad-header", "-v 1 -H 16 -S 0x10000 --pad-header", "-v 1 -H 0x200 -S 0x400 --pad-header",
                 "-v 1 -H 0x200 -S 0x10000", "-v 1 -H 0x200 -S 0x10000 --pad-header --custom-tlv 0x10 a",
                 "-v 1 -H 0x200 -S 0x10000 --pad-header --sha 512 -k ecdsa-p256.pem", "-v 1 -H 0x200 -S 0x10000 --pad-header -L 1 -F 2"):
        imgtool("sign", *words(line), "app", "x.bin", good=False)
        holdfast("sign", *words(line), "app", "x.bin", good=False)
    holdfast("sign", *words(BASE), "-k", "ed25519.pem", "app", "good.bin")
    changed = bytearray(read("good.bin"))
    changed[0x300] ^= 1
    with open("bad.bin", "wb") as file:
        file.write(changed)
    imgtool("verify", "-k", "ed25519.pem", "bad.bin", good=False)
    holdfast("verify", "-k", "ed25519.pem", "bad.bin", good=False)


def main():
    with tempfile.TemporaryDirectory(prefix="holdfast-imgtool-") as folder:
        os.environ["XDG_DATA_HOME"] = os.path.join(folder, "data")
        os.chdir(folder)
        check_keys()
        count = 0
        for size in (1000, 1027):
            with open("app", "wb") as file:
                file.write(random.Random(size).randbytes(size))
            for line, kinds in CASES:
                for kind in kinds:
                    if size == 1027 and kind not in (None, "ed25519"):
                        continue
                    check_case(line, kind)
                    count += 1
        check_refusals()
        check_hex()
        check_board_options()
    evidence("imgtool_agrees.py", "the same options give the same bytes as imgtool, up to the signature, and each accepts the other's; RSA and P-384, too", count)


main()
